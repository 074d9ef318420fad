"""Rows of one document are one unit: in the intervals, in their words, and where nothing changed."""

from functools import cache

import numpy as np
import pytest
from bias_cases import BLACK, BY_NAMES, BY_WORDS, WORD_GROUP, WORDS, answer_of, asked, compared, judged, source_of

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.statistics import clopper_pearson
from modelaudit.testing.planted import planted_classifier, planted_rows


@cache
def audited(rows, documents, *, group_column="document"):
    """The findings and verdicts of a model without a defect on rows that come from so many documents."""
    data = [
        {**row, "document": f"d{index % documents}"}
        for mentions in (("she", "he"), ("Linda", "Robert"))
        for index, row in enumerate(planted_rows(rows // 2, 1, words=WORDS, mentions=mentions, numbered=True))
    ]
    checker = CounterfactualSubstitution(rows=rows, attributes=("gender", "ethnicity"))
    found, verdicts, _ = judged(planted_classifier(WORDS), data, checker, group_column=group_column)
    return found, {key: verdict.state for key, verdict in verdicts.items()}


@pytest.mark.parametrize("group", [WORD_GROUP, BLACK])
def test_three_documents_give_no_interval_however_many_rows_they_hold(group):
    found, verdicts = audited(400, 3)
    for metric in ("score_difference", "excess_flip_rate"):
        measured = found[metric, group].metric
        assert (measured.n, measured.n_unit, measured.bounds) == (3, "documents", ())
        assert "come from 3 documents, and 20 are the least" in measured.reason
        assert verdicts[metric, group] == "not assessed"
        assert "rows in 3 documents" in found[metric, group].statement


@pytest.mark.parametrize("group", [WORD_GROUP, BLACK])
def test_a_hundred_documents_are_what_the_interval_rests_on(group):
    found, verdicts = audited(400, 100)
    unclustered, _ = audited(400, 100, group_column=None)
    for metric in ("score_difference", "excess_flip_rate", "flip_rate", "control_flip_rate"):
        measured = found[metric, group].metric
        assert measured.n == 100 or (group == WORD_GROUP and metric == "control_flip_rate")
        assert measured.n_unit == "documents"
        assert unclustered[metric, group].metric.n_unit == "rows"
    assert "rows in 100 documents" in found["score_difference", group].statement
    nothing_seen = clopper_pearson(0, 100).interval()[1]
    assert found["excess_flip_rate", group].metric.grid[3][2] == pytest.approx(nothing_seen)
    assert found["score_difference", group].metric.grid[3][2] == pytest.approx(0.03, abs=0.001)
    assert verdicts["excess_flip_rate", group] == verdicts["score_difference", group] == "inconclusive"
    assert unclustered["excess_flip_rate", group].metric.grid[3][2] < 0.02


def answered(documents, per_document, planned, *, flips):
    """Answers in which documents, not rows, differ in how they take the focus group; with two names a group."""
    rng = np.random.default_rng(0)
    answers = []
    for document in range(documents):
        shift = 0.3 * (document < flips)
        for index in range(per_document):
            source = source_of(f"d{document}r{index}", group=f"d{document}")
            level = 0.4 + rng.normal(0, 0.005)
            for group, moved in ((planned.focus, shift), (planned.reference, 0.0)):
                for name in (None,) if planned.fixed else (f"{group}1", f"{group}2"):
                    value = level + moved
                    answers.append(answer_of(source, planned, group, name=name, value=value, decision=int(value > 0.5)))
    return compared(answers, planned)


@pytest.mark.parametrize("planned", [BY_WORDS, BY_NAMES])
def test_rows_of_a_document_that_change_together_count_once(planned):
    found = answered(30, 20, planned, flips=3)
    [difference] = found.estimates.differences
    flips = found.estimates.flips
    assert found.n_unit == "documents"
    assert difference.n == flips.excess.n == flips.across.n == 30
    assert difference.value == pytest.approx(0.03)
    assert np.diff(difference.interval()) > 0.06
    # 3 of 30 documents, not 60 of 600 rows.
    assert flips.across.value == pytest.approx(0.1)
    assert flips.across.interval()[1] > 0.19
    assert flips.excess.interval()[0] < 0.01


def test_each_row_counts_equally_however_many_its_document_has():
    one = answered(25, 1, BY_NAMES, flips=0)
    answers = []
    for row, share in [(f"a{index}", 0.2) for index in range(30)] + [(f"b{index}", 0.0) for index in range(20)]:
        source = source_of(row, group="a" if row.startswith("a") else row)
        for group, moved in (("black", share), ("white", 0.0)):
            for name in (f"{group}1", f"{group}2"):
                answers.append(answer_of(source, BY_NAMES, group, name=name, value=0.4 + moved))
    [found] = compared(answers, BY_NAMES).estimates.differences
    assert found.value == pytest.approx(0.2 * 30 / 50)
    assert found.n == 21
    assert one.estimates.differences[0].value is None


def test_a_control_in_few_documents_shows_no_flips_beyond_it():
    rows = [
        {"text": f"She {'said' if index % 4 else 'wrote'} that the answer was good, case {index}.", "document": index}
        for index in range(200)
    ]
    rows = [{**row, "label": 0, "document": f"d{row['document'] % 4}" if "said" in row["text"] else row["document"]}
            for row in rows]  # fmt: skip
    found, _ = asked(planted_classifier({"good": -0.5}, shifts={"she": 1.0}), rows, group_column="document")
    assert found["excess_flip_rate", WORD_GROUP].metric.n == 53
    assert found["excess_flip_rate", WORD_GROUP].metric.grid[3][1] == 0.0
    assert "known for 150 rows, which are too few" in found["excess_flip_rate", WORD_GROUP].statement
