"""Group performance of a decision: fairlearn's definitions, the regulator's example, and what is judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from group_tables import audited, by_sex, classifier, labelled, tables_of, unlabelled
from measured import backwards, subject_of

from modelaudit import Audit
from modelaudit.checkers.bias.groups.checker import GroupPerformance
from modelaudit.errors import DataInputError
from modelaudit.plugins import Plugins
from modelaudit.statistics import koopman_interval, newcombe_interval, trials

ID = "modelaudit/group-performance"

# fairlearn 0.15.0 on the counts of `group_tables`: MetricFrame by group, and its differences and ratios.
FAIRLEARN = {
    "female": {"selection": 0.35714285714285715, "tpr": 0.6, "fpr": 0.175, "accuracy": 0.7285714285714285},
    "male": {"selection": 0.52, "tpr": 0.8, "fpr": 0.24, "accuracy": 0.78},
    "other": {"selection": 0.5, "tpr": 0.5714285714285714, "fpr": 0.4, "accuracy": 0.5833333333333334},
}


@pytest.fixture(scope="module")
def found():
    return audited(by_sex())[0]


def test_the_numbers_are_fairlearns(found):
    value = {key: finding.metric.value for key, finding in found.items()}
    assert value["demographic_parity_difference", "sex"] == pytest.approx(0.16285714285714287)
    assert value["demographic_parity_ratio", "sex"] == pytest.approx(0.6868131868131868)
    assert value["equalized_odds_difference", "sex"] == pytest.approx(0.22857142857142865)
    for name in ("female", "other"):
        one, other, pair = FAIRLEARN[name], FAIRLEARN["male"], f"sex: {name} - male"
        assert value["selection_rate_difference", pair] == pytest.approx(one["selection"] - other["selection"])
        assert value["selection_rate_ratio", pair] == pytest.approx(one["selection"] / other["selection"])
        assert value["tpr_difference", pair] == pytest.approx(one["tpr"] - other["tpr"])
        assert value["fpr_difference", pair] == pytest.approx(one["fpr"] - other["fpr"])
        assert value["overall_error_difference", pair] == pytest.approx(other["accuracy"] - one["accuracy"])


def test_each_number_has_the_interval_of_its_counts(found):
    female, male = trials(np.arange(30) < 18), trials(np.arange(50) < 40)
    low, high = newcombe_interval(female, male)
    bound = next(bound for bound in found["tpr_difference", "sex: female - male"].metric.bounds if bound.level == 0.95)
    assert (bound.low, bound.high) == pytest.approx((low, high))
    low, high = koopman_interval(trials(np.arange(70) < 25), trials(np.arange(100) < 52))
    bound = next(
        bound for bound in found["selection_rate_ratio", "sex: female - male"].metric.bounds if bound.level == 0.95
    )
    assert (bound.low, bound.high) == pytest.approx((low, high))


def test_only_a_few_numbers_are_judged(found):
    judged = {key[0] for key, finding in found.items() if finding.metric.primary}
    assert judged == {"selection_rate_ratio", "tpr_difference", "fpr_difference", "calibration_difference"}
    assert {finding.metric.better for key, finding in found.items() if key[0] == "tpr_difference"} == {"zero"}


def test_the_table_prints_the_regulators_example():
    # Rules on New York City Local Law 144: 92 men with a rate of 54.3%, 76 women with 44.7%. Only 50 and 34 give these.
    rows = [*unlabelled(50, 92, sex="Male"), *unlabelled(34, 76, sex="Female")]
    found, notes = audited(rows)
    table = tables_of(found)["Groups by sex"]
    shown = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    columns = ("rows", "selection rate", "impact ratio")
    assert [shown["Male"][column] for column in columns] == [92, "54.3%", "1.00"]
    assert [shown["Female"][column] for column in columns] == [76, "44.7%", "0.82"]
    ratio = found["selection_rate_ratio", "sex: Female - Male"]
    assert "the lower is 0.82 of the higher (95% interval 0.60 to 1.00)" in ratio.statement
    assert {key[0] for key in found} == {
        "selection_rate_ratio", "selection_rate_difference", "demographic_parity_difference", "demographic_parity_ratio"
    }  # fmt: skip
    assert any("no labels" in note for note in notes)
    assert any("positive, the second of two, counts as selected" in note for note in notes)


def test_the_favourable_class_and_the_reference_can_be_named():
    rows = [*unlabelled(60, 100, sex="m"), *unlabelled(40, 80, sex="f")]
    found, notes = audited(rows, favourable="negative", reference="F")
    finding = found["selection_rate_difference", "sex: m - f"]
    assert finding.metric.value == pytest.approx(0.4 - 0.5)
    assert "predicted negative" in finding.statement
    assert not any("second of two" in note for note in notes)
    for options, message in (
        ({"favourable": "good"}, "no label of the model; it has negative, positive"),
        ({"reference": "divers"}, "no group of the columns sex"),
        ({"columns": "gender"}, "names 'gender', which the evaluation rows do not have; they have 'sex'"),
    ):
        with pytest.raises(DataInputError, match=message):
            audited(rows, **options)


def test_calibration_is_compared_by_group():
    # The model says .88 and .12 of all; of the first group's rows that is true, of the second's a half is positive.
    honest = [("good", 1)] * 88 + [("good", 0)] * 12 + [("bad", 1)] * 12 + [("bad", 0)] * 88
    other = [("good", 1)] * 50 + [("good", 0)] * 50 + [("bad", 1)] * 50 + [("bad", 0)] * 50
    rows = [
        {"text": f"it was {word} {place}", "label": label, "race": name}
        for name, group in (("one", honest), ("two", [*other, ("bad", 0)]))
        for place, (word, label) in enumerate(group)
    ]
    found, _ = audited(rows, reference="one")
    gap = found["calibration_difference", "race: two - one"]
    assert gap.metric.value == pytest.approx(0.0, abs=0.01)
    assert "mean probability of positive less the share labelled so" in gap.statement
    table = tables_of(found)["Calibration by race: the probability of positive"]
    errors = {row[0]: float(row[5].partition("%")[0]) for row in table.rows}
    assert errors["one"] < 2.0
    assert errors["two"] > 30.0
    [curve] = [each for finding in found.values() for each in finding.evidence if each.kind == "curve"]
    assert {series.name for series in curve.series} == {"one", "two", "perfect calibration"}


def test_rows_of_one_document_widen_the_intervals():
    rows = [{**row, "file": f"{place // 10}"} for place, row in enumerate(by_sex())]
    found, _ = audited(rows, tables={"group_column": "file"})
    alone, _ = audited(by_sex())
    key = ("selection_rate_difference", "sex: female - male")
    assert found[key].metric.value == pytest.approx(alone[key].metric.value)
    assert found[key].metric.n_unit == "documents"
    widths = [each[key].metric.bounds[3].high - each[key].metric.bounds[3].low for each in (found, alone)]
    assert widths[0] > 1.5 * widths[1]


def test_the_order_of_rows_changes_nothing():
    rows = [{**row, "race": "ab"[place % 2]} for place, row in enumerate(by_sex())]
    plain, notes = audited(rows)
    turned, other_notes = audited(rows, data=backwards)
    assert plain == turned
    assert notes == other_notes
    assert audited(rows[::-1])[0] == plain


@pytest.fixture(scope="module")
def verdicts():
    """Verdicts under the starter policy, on rows where one group is selected half as often and on equal ones."""

    def judged(rates):
        rows = [
            row | {"label": int("good" in row["text"])}
            for name, rate in rates.items()
            for row in unlabelled(round(600 * rate), 600, gender=name)
        ]
        # Sure of itself, and right: so the calibration is equal too.
        model, tokenizer = classifier(temperature=0.2)
        outcome = Audit(model, rows, tokenizer=tokenizer, plugins=Plugins(installed=False), device="cpu").run(only=[ID])
        return {(each.metric, each.group): each for each in outcome.report.judgement.verdicts if each.checker == ID}

    return judged({"a": 0.3, "b": 0.6}), judged({"a": 0.6, "b": 0.6})


def test_an_unequal_selection_exceeds_the_starter_limit_and_an_equal_one_is_within(verdicts):
    unequal, equal = verdicts
    key = ("selection_rate_ratio", "gender: b - a")
    assert (unequal[key].state, unequal[key].severity) == ("exceeds limit", "medium")
    assert {state.state for (metric, _), state in unequal.items() if metric != key[0]} == {"within limit"}
    assert {verdict.state for verdict in equal.values()} == {"within limit"}


def test_a_rate_that_rests_on_a_handful_says_so():
    rows = [*labelled((2, 1, 30, 30), sex="a"), *labelled((40, 20, 30, 30), sex="b")]
    found, _ = audited(rows)
    finding = found["tpr_difference", "sex: a - b"]
    assert any("rests on fewer than 5" in caveat for caveat in finding.caveats)
    assert finding.metric.bounds[3].high - finding.metric.bounds[3].low > 0.5
    rows = [*labelled((0, 0, 30, 30), sex="a"), *labelled((40, 20, 30, 30), sex="b")]
    finding = audited(rows)[0]["tpr_difference", "sex: a - b"]
    assert finding.metric.value is None
    assert "nothing to count" in finding.metric.reason


def test_rows_without_a_label_count_for_selection_alone():
    def unlabel(data):
        # The true positives of one group lose their label: they are selected all the same.
        hidden = [row.columns["sex"] == "female" and row.label == 1 and "good" in row.text for row in data.evaluation]
        rows = (replace(row, label=None) if hide else row for row, hide in zip(data.evaluation, hidden, strict=True))
        return replace(data, evaluation=tuple(rows))

    found, notes = audited(by_sex(), data=unlabel)
    assert found["tpr_difference", "sex: female - male"].metric.value == pytest.approx(0.0 - 0.8)
    assert found["selection_rate_difference", "sex: female - male"].metric.value == pytest.approx(25 / 70 - 0.52)
    assert any("18 rows have no label" in note for note in notes)


def test_the_cost_is_the_rows_that_the_preset_draws():
    subject = subject_of(classifier(), data=by_sex(), preset="quick").info
    assert GroupPerformance().cost(subject).evaluations == 230
    assert GroupPerformance(rows=60).cost(subject).evaluations == 60
    with pytest.raises(ValueError, match="two groups of 30"):
        GroupPerformance(rows=20).cost(subject)
