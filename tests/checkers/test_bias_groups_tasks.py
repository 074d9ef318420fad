"""Group performance beyond two classes: several classes, label sets, entities and numbers."""

from __future__ import annotations

import numpy as np
import pytest
from group_tables import audited, classifier, tables_of, unlabelled

from modelaudit.checkers.bias.groups.checker import GroupPerformance
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.testing.planted import planted_tagger

LEXICON = {"Emily": "B-PER", "Aisha": "B-PER", "Oslo": "B-LOC"}


def three_classes():
    return classifier(labels=("refuse", "wait", "accept"))


def sentences(counts, **columns):
    """Rows by (word, label): the model accepts at `good`, and refuses otherwise."""
    return [
        {"text": f"it was {word} in case {word} {label} {place}", "label": label, **columns}
        for (word, label), n in counts.items()
        for place in range(n)
    ]


def test_of_several_classes_errors_are_judged_and_predictions_shown():
    rows = [
        *sentences({("good", "accept"): 50, ("bad", "refuse"): 40, ("bad", "wait"): 10}, sex="a"),
        *sentences({("good", "accept"): 30, ("bad", "refuse"): 30, ("bad", "wait"): 30}, sex="b"),
    ]
    found, notes = audited(rows, model=three_classes())
    error = found["error_difference", "sex: b - a"]
    assert error.metric.value == pytest.approx(30 / 90 - 10 / 100)
    assert error.metric.primary
    assert "calibration_difference" in {key[0] for key in found}
    assert "selection_rate_ratio" not in {key[0] for key in found}
    table = tables_of(found)["How often each class is predicted, by sex (95% intervals)"]
    assert table.columns == ("group", "refuse", "wait", "accept")
    assert table.rows[0][3].startswith("50.0% (")
    assert found["demographic_parity_difference", "sex"].metric.value == pytest.approx(60 / 90 - 50 / 100)
    assert any("No class was named favourable" in note for note in notes)


def test_a_favourable_one_of_several_classes_is_held_against_the_rest():
    rows = [
        *sentences({("good", "accept"): 50, ("bad", "refuse"): 50}, sex="a"),
        *sentences({("good", "accept"): 30, ("bad", "wait"): 60}, sex="b"),
    ]
    found, _ = audited(rows, model=three_classes(), favourable="accept")
    assert found["selection_rate_ratio", "sex: b - a"].metric.value == pytest.approx((30 / 90) / (50 / 100))
    # Refused where it should wait is no error on who is accepted.
    assert found["overall_error_difference", "sex: b - a"].metric.value == 0.0


def test_label_sets_are_compared_by_decision_or_by_the_label_named():
    model, tokenizer = classifier(labels=("urgent", "angry"))
    model.config.problem_type = "multi_label_classification"
    rows = [
        {"text": f"it was {word} {place}", "labels": labels, "sex": sex}
        for sex, given in (("a", [("good", ["angry"])] * 40 + [("bad", ["urgent"])] * 41), ("b", [("good", [])] * 40))
        for place, (word, labels) in enumerate([*given, *[("bad", ["urgent"])] * 20])
    ]
    found, _ = audited(rows, model=(model, tokenizer))
    error = found["error_difference", "sex: b - a"]
    assert error.metric.value == pytest.approx(40 / 120)
    assert "of 120 label decisions for b" in error.statement
    found, _ = audited(rows, model=(model, tokenizer), favourable="urgent")
    assert found["selection_rate_difference", "sex: b - a"].metric.value == pytest.approx(20 / 60 - 61 / 101)
    assert found["fpr_difference", "sex: b - a"].metric.value == 0.0


def entity_rows(name, n, **columns):
    return [
        {"tokens": ["today", name, "of", "Oslo", "came", str(place)],
         "ner_tags": ["O", "B-PER", "O", "B-LOC", "O", "O"], **columns}
        for place in range(n)
    ]  # fmt: skip


def test_entities_are_recalled_by_the_group_of_their_row():
    tagger = planted_tagger(LEXICON, missed=("Aisha",))
    rows = [*entity_rows("Emily", 50, ethnicity="x"), *entity_rows("Aisha", 40, ethnicity="y")]
    found, _ = audited(rows, model=tagger)
    recall = found["recall_difference", "ethnicity: y - x"]
    assert recall.metric.value == pytest.approx(0.5 - 1.0)
    assert recall.metric.primary
    assert "50.0% of 80 entities for y, 100.0% of 100 for x" in recall.statement
    # 80 entities of 40 rows are not 80 independent ones.
    assert recall.metric.bounds[3].high - recall.metric.bounds[3].low > 0.05
    assert recall.metric.n == 90
    assert found["precision_difference", "ethnicity: y - x"].metric.value == 0.0
    bare = [{key: cell for key, cell in row.items() if key != "ner_tags"} for row in rows]
    with pytest.raises(NotAssessable, match="provide tags"):
        audited(bare, model=tagger)


def regression():
    """A model with two outputs: -1 and 1 at `good`, and the other way round at `bad`."""
    model, tokenizer = classifier(labels=("low", "high"))
    model.config.problem_type = "regression"
    return model, tokenizer


def numbers(n, *, lift=0.0, noise=0.0, **columns):
    """Rows whose true values are the model's own, plus `lift`, and plus and minus `noise` in turn."""
    rows = []
    for place in range(n):
        sign = 2.0 * (place % 2) - 1.0
        off = lift + noise * (1.0 - 2.0 * (place // 2 % 2))
        word = "good" if sign > 0 else "bad"
        rows.append({"text": f"it was {word} {place}", "score": [off - sign, off + sign], **columns})
    return rows


def test_a_regression_is_compared_by_its_error_in_standard_deviations():
    rows = [*numbers(60, gender="a", noise=0.2), *numbers(40, gender="b", lift=-0.5, noise=0.2)]
    error = audited(rows, model=regression())[0]["mean_error_difference", "gender: b - a"]
    spread = np.std([row["score"] for row in rows], axis=0).mean()
    assert error.metric.value == pytest.approx(0.5 / spread, rel=1e-2)
    assert error.metric.unit == "standard deviations"
    assert error.metric.primary
    low, high = error.metric.bounds[3].low, error.metric.bounds[3].high
    assert low < error.metric.value < high
    assert low > 0.3


def test_errors_of_twice_the_size_give_a_ratio_of_two():
    rows = [*numbers(60, gender="a", noise=0.2), *numbers(40, gender="b", noise=0.4)]
    found, _ = audited(rows, model=regression())
    assert found["absolute_error_ratio", "gender: b - a"].metric.value == pytest.approx(2.0, rel=1e-3)
    assert found["mean_error_difference", "gender: b - a"].metric.value == pytest.approx(0.0, abs=1e-6)


def test_predictions_alone_are_shown_where_no_number_is_known():
    rows = [*unlabelled(60, 100, gender="a"), *unlabelled(20, 80, gender="b")]
    found, notes = audited(rows, model=regression())
    assert {key[0] for key in found} == {"prediction_difference"}
    assert not any(finding.metric.primary for finding in found.values())
    assert any("no labels" in note for note in notes)
    with pytest.raises(DataInputError, match="text-regression has none"):
        audited(rows, model=regression(), favourable="high")


def test_the_check_says_which_tasks_it_is_for():
    class Writing:
        task = "text-generation"

    assert "not for text-generation" in GroupPerformance().applies(Writing())
