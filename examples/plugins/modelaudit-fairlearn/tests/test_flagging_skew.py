"""What is measured, held against what is planted and against fairlearn's own numbers."""

import pytest
from fairlearn.metrics import false_positive_rate_difference
from modelaudit_fairlearn.checker import FEWEST, FlaggingSkew
from modelaudit_fairlearn.defect import FLAGGING_DEFECT

from modelaudit.testing import FakeModel, run_checker


def rows(sizes, label="fine", **cells):
    return [
        {"text": f"{group} {i}", "label": label, "identity": group, **cells}
        for group, size in sizes.items()
        for i in range(size)
    ]


def model(flagged):
    """A model that flags every text of one group whose number ends in such a digit."""
    group, digits = flagged
    return FakeModel(
        labels=("fine", "toxic"),
        predict=lambda row: (0.0, 1.0 if row.text.startswith(group) and row.text[-1] in digits else -1.0),
    )


@pytest.mark.parametrize("strength", [0.0, *FLAGGING_DEFECT.strengths])
def test_the_interval_holds_the_planted_truth(strength):
    finding = run_checker(FlaggingSkew(), FLAGGING_DEFECT.plant(strength, 3)).findings[0]
    bound = next(bound for bound in finding.metric.bounds if bound.level == pytest.approx(0.99))
    assert bound.low <= FLAGGING_DEFECT.truth(strength) <= bound.high
    assert finding.metric.group == "identity: south against north"


def test_the_numbers_are_fairlearns():
    # Rows that are rightly flagged count for nobody.
    data = [*rows({"a": 90, "b": 60, "c": 40}), *rows({"a": 5, "b": 50}, label="toxic")]
    result = run_checker(FlaggingSkew(), {"model": model(("b", "012")), "data": data})
    flagged = [int(row["text"].startswith("b") and row["text"][-1] in "012") for row in data]
    expected = false_positive_rate_difference(
        [int(row["label"] == "toxic") for row in data], flagged, sensitive_features=[row["identity"] for row in data]
    )
    found = {finding.metric.group: finding.metric for finding in result.findings}
    assert expected == pytest.approx(0.3)
    assert found["identity"].value == pytest.approx(expected)
    assert found["identity: b against a"].value == pytest.approx(0.3)
    assert found["identity: c against a"].value == 0.0
    assert found["identity: b against a"].n == 150


def test_a_group_that_is_too_small_is_counted_and_not_judged():
    data = rows({"a": 90, "b": 60, "c": FEWEST - 1, "d": 2})
    result = run_checker(FlaggingSkew(), {"model": model(("c", "0123456789")), "data": data})
    assert [f.metric.group for f in result.findings if f.metric.primary] == ["identity: b against a"]
    table = result.findings[0].evidence[0]
    assert ("c", FEWEST - 1, 1.0, "no") in table.rows
    assert "d" not in [row[0] for row in table.rows]  # two people are not named


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (rows({"a": 90, "b": FEWEST - 1}), "1 groups"),
        ([{"text": f"t {i}", "label": "fine"} for i in range(50)], "column"),
        (rows({"a": 40, "b": 40}, label="toxic"), "0 groups"),
    ],
)
def test_what_can_not_be_told_is_not_told(data, said):
    result = run_checker(FlaggingSkew(), {"model": model(("b", "0")), "data": data})
    assert result.status == "skipped"
    assert said in result.reason


def test_without_labels_it_compares_how_often_groups_are_flagged():
    data = [{"text": row["text"], "identity": row["identity"]} for row in rows({"a": 90, "b": 60})]
    result = run_checker(FlaggingSkew(), {"model": model(("b", "01234")), "data": data})
    assert (result.findings[0].metric.id, result.findings[0].metric.value) == ("flag_rate_difference", 0.5)


def test_a_class_that_is_not_there_is_said():
    result = run_checker(FlaggingSkew(flag="hate"), {"model": model(("b", "0")), "data": rows({"a": 40, "b": 40})})
    assert result.status == "errored"
    assert "hate" in result.reason
