"""Declared shares: shortfalls are found by column, label and language; options are read before the audit begins."""

from __future__ import annotations

import numpy as np
import pytest
from drift_rows import letters
from measured import exceeds, findings_of, subject_of

from modelaudit.checker import Data
from modelaudit.checkers.data.drift.checker import DataDrift
from modelaudit.checkers.data.drift.targets import gaps_of, targets_of
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier

GAP = "representation_gap", None


@pytest.fixture(scope="module")
def planted():
    return planted_classifier({"good": 2.0, "bad": -2.0})


@pytest.fixture(scope="module")
def audited(planted):
    regions = ("north", "North ", "north", "south")
    return subject_of(planted, data=letters(240, 1, positive=0.5, region=regions, age=("", "n/a", "30", "60")))


def line(finding, title):
    return next(row for row in finding.evidence[0].rows if row[0] == title)


def test_a_value_that_falls_short_is_named_with_its_size(audited):
    found = findings_of(DataDrift(targets={"region": {"north": 0.5, "SOUTH": 0.5}}), audited)[GAP]
    assert found.metric.primary
    assert found.metric.value == pytest.approx(0.25)
    assert exceeds(found, 0.10)
    assert "region: SOUTH: 60 of 240" in found.statement
    assert line(found, "region: north")[2] == 180, "cells that differ in case and spaces are one value"


def test_shares_that_are_met_are_not_accused(audited):
    found = findings_of(DataDrift(targets={"region": {"north": 0.75, "south": 0.25}}), audited)[GAP]
    assert found.metric.value == pytest.approx(0.0, abs=0.01)
    assert not exceeds(found, 0.0, p=0.05)


def test_labels_and_languages_can_be_declared_like_columns(audited):
    targets = {"label": {"positive": 0.9}, "language": {"en": 0.8, "zh": 0.2}}
    found = findings_of(DataDrift(targets=targets), audited)[GAP]
    assert "label: positive" in found.statement
    assert line(found, "language: zh")[2] == 0
    assert line(found, "language: en")[2] == 240


def test_rows_whose_value_is_not_known_count_for_nothing(audited):
    found = findings_of(DataDrift(targets={"age": {"30": 0.5, "60": 0.5}}), audited)[GAP]
    assert line(found, "age: 30")[2:4] == (60, 120)
    assert found.metric.value == pytest.approx(0.0, abs=0.01)


def test_an_empty_column_is_not_assessed_and_no_pass(planted):
    audited = subject_of(planted, data=letters(60, 1, region=("",)))
    found = findings_of(DataDrift(targets={"region": {"north": 0.5}}), audited)[GAP]
    assert found.metric.value is None
    assert "not assessed" in found.statement


def test_documents_make_shares_less_certain():
    targets = targets_of({"region": {"north": 0.5}})
    rows = [
        Row(id=str(n), text=str(n), columns={"region": "north" if n < 120 else "south"}, group=f"d{n // 20}")
        for n in range(240)
    ]
    together, alone = (
        gaps_of(targets, table, ())[0][0].estimate.interval()
        for table in (rows, [Row(row.id, row.text, columns=row.columns) for row in rows])
    )
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_a_column_or_label_that_is_not_there_is_said(audited):
    for targets, said in (
        ({"county": {"kent": 1.0}}, "county.*they have region"),
        ({"label": {"neutral": 0.2}}, "neutral.*negative, positive"),
        ({"language": {"en": 0.6, "de": 0.4}}, "'de'.*en, zh, other"),
    ):
        with pytest.raises(DataInputError, match=said):
            findings_of(DataDrift(targets=targets), audited)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({}, "give shares"),
        ("north", "give shares"),
        ({"region": 0.3}, "give shares"),
        ({"region": {}}, "give shares"),
        ({"region": {"north": 30}}, "30% is 0.3"),
        ({"region": {"north": True}}, "a share"),
        ({"region": {"north": 0}}, "a share"),
        ({"region": {"north": float("nan")}}, "a share"),
        ({"region": {"north": 0.7, "south": 0.4}}, "more than 1"),
        ({"region": {"north": 0.3, "North ": 0.4}}, "twice"),
    ],
)
def test_an_option_that_declares_no_shares_is_refused_before_the_audit(targets, said):
    with pytest.raises(ValueError, match=said):
        DataDrift(targets=targets)


def test_a_column_called_label_is_taken_for_the_column():
    rows = [Row(id=str(n), text=str(n), label=1, columns={"label": "red"}) for n in range(40)]
    gaps, few = gaps_of(targets_of({"label": {"red": 1.0}}), Data(tuple(rows)).evaluation, ("negative", "positive"))
    assert not few
    assert gaps[0].hits == 40


def test_a_cell_that_python_does_not_write_out_is_not_known():
    cells = [10**5000, *["north"] * 30]
    rows = [Row(f"data:{place}", "a text", columns={"region": cell}) for place, cell in enumerate(cells)]
    [gap], _ = gaps_of(targets_of({"region": {"north": 1.0}}), rows, ())
    assert (gap.hits, gap.rows) == (30, 30)


def test_the_order_of_rows_of_documents_changes_no_bit():
    drawn = [np.random.default_rng(seed).integers([2, 45], size=(144, 2)).tolist() for seed in range(12)]
    for pairs in drawn:
        rows = [
            Row(f"data:{at}", "a text", group=f"d{group}", columns={"region": ("north", "south")[value]})
            for at, (value, group) in enumerate(pairs)
        ]
        first, second = (gaps_of(targets_of({"region": {"north": 0.5}}), each, ())[0][0] for each in (rows, rows[::-1]))
        assert first.estimate == second.estimate
