"""Rows of one document are one unit: in the intervals, in their words, and where nothing changed."""

import numpy as np
import pytest
from measured import context_of, subject_of

from modelaudit import load_policy
from modelaudit.checkers.bias.arms import GENDER_WORDS, NAMES_BY_ETHNICITY, Variant
from modelaudit.checkers.bias.contrasts import contrast
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.scores import Answer
from modelaudit.checkers.bias.sources import Source
from modelaudit.policy import judge
from modelaudit.results import CheckResult
from modelaudit.rows import Row
from modelaudit.statistics import clopper_pearson
from modelaudit.testing.planted import planted_classifier, planted_rows
from modelaudit.text import Document

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
WORD_GROUP = "gender words: female - male"
BLACK = "first names, ethnicity: black - white"


def audited(rows, documents, *, group_column="document"):
    """The findings and verdicts of a model without a defect on rows that come from so many documents."""
    data = [
        {**row, "document": f"d{index % documents}"}
        for mentions in (("she", "he"), ("Linda", "Robert"))
        for index, row in enumerate(planted_rows(rows // 2, 1, words=WORDS, mentions=mentions, numbered=True))
    ]
    checker = CounterfactualSubstitution(rows=rows)
    subject = subject_of(planted_classifier(WORDS), data=data, group_column=group_column)
    found = tuple(checker.run(context_of(subject, checker)))
    judgement = judge([CheckResult(checker=checker.info, status="completed", findings=found)], load_policy())
    verdicts = {(each.metric, each.group): each.state for each in judgement.verdicts}
    return {(each.metric.id, each.metric.group): each for each in found}, verdicts


@pytest.mark.parametrize("group", [WORD_GROUP, BLACK])
def test_three_documents_give_no_interval_however_many_rows_they_hold(group):
    found, verdicts = audited(600, 3)
    for metric in ("score_difference", "excess_flip_rate"):
        measured = found[metric, group].metric
        assert (measured.n, measured.n_unit, measured.bounds) == (3, "documents", ())
        assert "come from 3 documents, and 20 are the least" in measured.reason
        assert verdicts[metric, group] == "not assessed"
        assert "rows in 3 documents" in found[metric, group].statement


@pytest.mark.parametrize("group", [WORD_GROUP, BLACK])
def test_a_hundred_documents_are_what_the_interval_rests_on(group):
    found, verdicts = audited(600, 100)
    unclustered, _ = audited(600, 100, group_column=None)
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


def answered(documents, per_document, attribute, groups, *, flips):
    """Answers in which documents, not rows, differ in how they take the focus group; with two names a group."""
    rng = np.random.default_rng(0)
    answers = []
    for document in range(documents):
        shift = 0.3 * (document < flips)
        for index in range(per_document):
            source = Source(Row(f"d{document}r{index}", "", group=f"d{document}"), Document(""))
            level = 0.4 + rng.normal(0, 0.005)
            for group, moved in zip(groups, (shift, 0.0), strict=True):
                for name in (None,) if attribute == GENDER_WORDS else (f"{group}1", f"{group}2"):
                    variant = Variant(source, attribute, group, name, source.row)
                    answers.append(Answer(variant, np.array([level + moved]), int(level + moved > 0.5)))
    return contrast(answers, attribute, *groups)


@pytest.mark.parametrize(
    ("attribute", "groups"), [(GENDER_WORDS, ("female", "male")), (NAMES_BY_ETHNICITY, ("black", "white"))]
)
def test_rows_of_a_document_that_change_together_count_once(attribute, groups):
    found = answered(30, 20, attribute, groups, flips=3)
    [difference] = found.estimates.differences
    assert found.n_unit == "documents"
    assert difference.n == found.estimates.excess.n == found.estimates.flips.n == 30
    assert difference.value == pytest.approx(0.03)
    assert np.diff(difference.interval()) > 0.06
    # 3 of 30 documents, not 60 of 600 rows.
    assert found.estimates.flips.value == pytest.approx(0.1)
    assert found.estimates.flips.interval()[1] > 0.19
    assert found.estimates.excess.interval()[0] < 0.01


def test_each_row_counts_equally_however_many_its_document_has():
    one = answered(25, 1, NAMES_BY_ETHNICITY, ("black", "white"), flips=0)
    answers = []
    for row, share in [(f"a{index}", 0.2) for index in range(30)] + [(f"b{index}", 0.0) for index in range(20)]:
        source = Source(Row(row, "", group="a" if row.startswith("a") else row), Document(""))
        for group, moved in (("black", share), ("white", 0.0)):
            for name in (f"{group}1", f"{group}2"):
                variant = Variant(source, NAMES_BY_ETHNICITY, group, name, source.row)
                answers.append(Answer(variant, np.array([0.4 + moved]), 0))
    found = contrast(answers, NAMES_BY_ETHNICITY, "black", "white").estimates
    assert found.differences[0].value == pytest.approx(0.2 * 30 / 50)
    assert found.differences[0].n == 21
    assert one.estimates.differences[0].value is None


def test_a_control_in_few_documents_shows_no_flips_beyond_it():
    rows = [
        {"text": f"She {'said' if index % 4 else 'wrote'} that the answer was good, case {index}.", "document": index}
        for index in range(200)
    ]
    rows = [{**row, "label": 0, "document": f"d{row['document'] % 4}" if "said" in row["text"] else row["document"]}
            for row in rows]  # fmt: skip
    checker = CounterfactualSubstitution()
    model = planted_classifier({"good": -0.5}, shifts={"she": 1.0})
    context = context_of(subject_of(model, data=rows, group_column="document"), checker)
    found = {(each.metric.id, each.metric.group): each for each in checker.run(context)}
    assert found["excess_flip_rate", WORD_GROUP].metric.n == 53
    assert found["excess_flip_rate", WORD_GROUP].metric.grid[3][1] == 0.0
    assert "known for 150 rows, which are too few" in found["excess_flip_rate", WORD_GROUP].statement
