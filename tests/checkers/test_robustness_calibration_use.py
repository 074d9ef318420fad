"""What the confidence is good for, by part, and what one temperature would mend; and answers of one kind."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from measured import context_of, findings_of, subject_of

from modelaudit import Audit
from modelaudit.checker import Data
from modelaudit.checkers.robustness.calibration import Calibration
from modelaudit.errors import DataInputError
from modelaudit.plugins import Plugins
from modelaudit.testing.planted import planted_classifier, planted_rows

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
SURE = {"good": 5.0, "bad": -5.0, "late": -1.0, "kind": 1.0}
CLASSES = ("largest_gap", "predicted class")


def of(n=1_500, seed=4, *, words=WORDS, temperature=1.0, labels="drawn", **more):
    rows = planted_rows(n, seed, words=words, labels=labels, numbered=True)
    return subject_of(planted_classifier(words, temperature=temperature), data=rows, **more)


@cache
def planted_findings(temperature):
    return findings_of(Calibration(), of(2_500, temperature=temperature))


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


def rows_of(finding):
    [table] = [item for item in finding.evidence if item.kind == "table"]
    return {row[0]: row[1:] for row in table.rows}


@pytest.mark.parametrize("planted", [0.25, 4.0])
def test_a_planted_temperature_is_named_and_undone_by_the_other_parts_fit(planted):
    found = planted_findings(planted)[("temperature", None)]
    assert found.metric.value * planted == pytest.approx(1.0, abs=0.1)
    assert found.statement.startswith(f"Divide the logits by {found.metric.value:.2f} ")
    assert ("too large" in found.statement) == (planted < 1)
    assert found.remedies[0].startswith(f"Divide the logits by {found.metric.value:.2f} ")
    rows = rows_of(found)
    error = {name: float(cells[1].partition("%")[0]) for name, cells in rows.items()}
    assert error["as audited"] > 5.0
    assert error["scaled, cross-fitted"] < 2.0
    assert rows["scaled, cross-fitted"][2] < rows["as audited"][2]


def test_an_honest_model_gets_no_advice():
    found = planted_findings(1.0)[("temperature", None)]
    low, high = interval(found)
    assert low < 1 < high
    assert found.remedies == ()
    assert "none other than 1 was shown to help" in found.statement


def test_proper_scores_and_order_are_worse_for_an_overconfident_model_where_they_should_be():
    honest, sure = planted_findings(1.0), planted_findings(0.25)
    for name in ("brier_score", "negative_log_likelihood"):
        assert interval(sure[(name, None)])[0] > interval(honest[(name, None)])[1]
    assert rows_of(sure[("brier_score", None)])["reliability"][0] > 0.05
    assert abs(rows_of(honest[("brier_score", None)])["reliability"][0]) < 0.01
    # A temperature leaves the order of two classes as it is.
    for name in ("aurc", "excess_aurc", "confidence_auroc"):
        assert sure[(name, None)].metric.value == pytest.approx(honest[(name, None)].metric.value, abs=0.01)
    for found in (honest, sure):
        assert found[("confidence_auroc", None)].metric.value > 0.6


def test_wrong_answers_that_are_sure_are_counted_beside_what_an_honest_model_would_have():
    honest, sure = (planted_findings(temperature)[("confident_errors", None)] for temperature in (1.0, 0.25))
    assert not honest.metric.primary
    assert interval(sure)[0] > interval(honest)[1]
    for found in (honest, sure):
        expected = float(found.statement.partition("would have ")[2].partition("%")[0]) / 100
        low, high = interval(found)
        assert (low <= expected <= high) == (found is honest)
    [examples] = [item for item in sure.evidence if item.kind == "examples"]
    scores = [item.before_score for item in examples.items]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0.99


def test_a_threshold_is_named_only_where_its_bound_holds():
    found = findings_of(Calibration(), of(words=SURE))[("aurc", None)]
    table = {row[0]: row[1:] for row in found.evidence[1].rows}
    named = float(found.statement.partition("With a confidence of ")[2].partition(" ")[0])
    bound = {threshold: float(cells[3].rstrip("%")) / 100 for threshold, cells in table.items()}
    assert bound[named] <= 0.05
    assert all(bound[threshold] > 0.05 for threshold in bound if table[threshold][0] > table[named][0])
    curve = found.evidence[0].series[0]
    assert curve.y[-1] == pytest.approx(float(table[0.0][2].rstrip("%")) / 100, abs=1e-4)
    few = findings_of(Calibration(), of(100, words=SURE))[("aurc", None)]
    assert "For no threshold can it be shown that 5% at most are wrong." in few.statement


def test_the_class_that_is_too_sure_is_found_and_a_class_of_three_rows_breaks_nothing():
    model = planted_classifier({"good": 3.0, "bad": -3.0}, bias=0.0, labels=("no", "yes", "<b>never\x00"))
    rng = np.random.default_rng(1)
    rows = [{"text": f"good case {place}", "label": 2} for place in range(3)]
    rows += [{"text": f"bad case {place}", "label": int(rng.random() < 0.5)} for place in range(400)]
    found = findings_of(Calibration(), subject_of(model, data=rows))[CLASSES]
    assert found.metric.value == pytest.approx(0.0, abs=0.05)
    table = rows_of(found)
    assert table["no"][0] == 400
    assert table["<b>never"] == (3, *("not assessed",) * 5)


def with_columns(n=1_200, seed=6):
    """Rows of three branches; in one of them every other label is drawn at random."""
    rng = np.random.default_rng(seed)
    rows = planted_rows(n, seed, words={"good": 2.0, "bad": -2.0}, labels="drawn", numbered=True)
    for place, row in enumerate(rows):
        row["branch"] = ("north", "south", "west")[place % 3]
        if place % 3 == 2:
            row["label"] = int(rng.random() < 0.5)
        row["clerk"] = None if place % 5 == 0 else f"clerk {place % 400}"
    return subject_of(planted_classifier({"good": 2.0, "bad": -2.0}), data=rows)


def test_a_group_that_the_whole_hides_is_found_by_its_column():
    found = findings_of(Calibration(by=("branch", "clerk")), with_columns())
    branch = found[("largest_gap", "column branch")]
    assert "in west" in branch.statement
    assert interval(branch)[0] > 0.2
    table = rows_of(branch)
    assert set(table) == {"north", "south", "west"}
    assert table["west"][4] == "< 0.001"
    assert float(table["north"][4]) > 0.05
    clerks = found[("largest_gap", "column clerk")]
    assert clerks.metric.value is None
    # Values of few rows may tell who they are.
    assert set(rows_of(clerks)) == {"values not listed: 320", "no value"}
    assert findings_of(Calibration(by="branch"), with_columns())[("largest_gap", "column branch")] == branch


def test_columns_that_are_not_there_or_not_plain():
    with pytest.raises(DataInputError, match=r"names 'colour', .* they have 'branch', 'clerk'"):
        findings_of(Calibration(by="colour"), with_columns(120))
    rows = planted_rows(150, 1, words=WORDS, labels="drawn", numbered=True)
    first, second = "x" * 60 + "1", "x" * 60 + "2"
    for place, row in enumerate(rows):
        row |= {first: "\ud800\x00" * 50 if place % 2 else "<b>", second: float("nan") if place % 3 else 10**6}
    found = findings_of(Calibration(by=(first, second, first)), subject_of(planted_classifier(WORDS), data=rows))
    groups = [group for name, group in found if name == "largest_gap"]
    assert groups == ["predicted class", "column " + "x" * 40 + "…", "column " + "x" * 40 + "… (2)"]


def all_wrong():
    rows = planted_rows(200, 3, words=WORDS, labels="certain", numbered=True)
    return subject_of(planted_classifier(WORDS), data=[{**row, "label": 1 - row["label"]} for row in rows])


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_right_or_all_wrong_are_defined(right):
    audited = of(200, 3, labels="certain") if right else all_wrong()
    found = findings_of(Calibration(), audited)
    assert {name for name, _ in found} == set(Calibration.info.metrics)
    temperature = found[("temperature", None)]
    assert temperature.metric.value == (0.02 if right else 50.0)
    assert "No temperature can be recommended" in temperature.statement
    assert found[("confidence_auroc", None)].metric.value is None
    assert found[("aurc", None)].metric.value == (0.0 if right else 1.0)
    assert found[("excess_aurc", None)].metric.value == 0.0
    errors = found[("confident_errors", None)].metric
    assert errors.value is None if right else errors.n == 200
    low, high = interval(found[("negative_log_likelihood", None)])
    assert low < found[("negative_log_likelihood", None)].metric.value < high


def test_hostile_rows_and_rows_without_a_label():
    texts = [
        "g",
        "",
        "!!!",
        "GOOD BAD",
        "good 好 плохо",
        "bad " * 5_000,
        "\ud800 good",
        "<b>\x00\u202ebad",
        "a" * 100_000,
    ]
    rows = [{"text": text, "label": place % 2} for place, text in enumerate(texts)]
    rows += planted_rows(120, 2, words=WORDS, labels="drawn", numbered=True)
    audited = subject_of(planted_classifier(WORDS), data=rows)
    unlabelled = tuple(replace(row, text=f"{row.text} Again.", label=None) for row in audited.data.evaluation[-5:])
    ctx = context_of(audited, Calibration(), data=Data((*audited.data.evaluation, *unlabelled)))
    found = list(Calibration().run(ctx))
    # The empty row never reaches a checker.
    assert found[0].metric.n == 120 + len(texts) - 1
    assert "5 rows have no label and were left out." in ctx.notes


def test_a_row_is_dealt_to_its_part_by_its_content_whatever_the_seed():
    audited = of(300)
    one, other = (rows_of(findings_of(Calibration(), audited, seed=seed)[("temperature", None)]) for seed in (0, 1))
    assert one["scaled, cross-fitted"] == other["scaled, cross-fitted"]


def test_a_part_is_assessed_from_thirty_answers_on():
    rows = planted_rows(300, 2, words=WORDS, labels="drawn", numbered=True)
    for place, row in enumerate(rows):
        row["branch"] = "large" if place >= 59 else "thirty" if place >= 29 else "fewer"
    found = findings_of(Calibration(by="branch"), subject_of(planted_classifier(WORDS), data=rows))
    table = rows_of(found[("largest_gap", "column branch")])
    assert {name: cells[0] for name, cells in table.items()} == {"large": 241, "thirty": 30, "values not listed: 1": 29}
    assert table["values not listed: 1"][1] == "not assessed"
    # The error needs more answers than the gap.
    assert table["thirty"][5] == "too few"


def test_a_function_is_told_its_temperature_too():
    model, tokenizer = planted_classifier(WORDS, temperature=0.5)
    rows = planted_rows(150, 4, words=WORDS, labels="drawn", numbered=True)

    def predict(texts):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        return model(**batch).logits.softmax(-1).detach().numpy()

    given = {"labels": ["negative", "positive"], "preset": "quick", "plugins": Plugins(installed=False)}
    report = Audit(predict, rows, **given).run(only=["modelaudit/calibration"]).report
    told = {finding.metric.id: finding.metric.value for result in report.results for finding in result.findings}
    direct = findings_of(Calibration(), subject_of((model, tokenizer), data=rows))
    for name in ("temperature", "negative_log_likelihood", "brier_score", "aurc"):
        assert told[name] == pytest.approx(direct[(name, None)].metric.value, rel=1e-4)
