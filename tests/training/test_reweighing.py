"""Weights that make group and label independent in the training rows."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.measures.weights import reweighed


def rows_of(*cells, column="sex", labels=("no", "yes")):
    """Rows of (group, label)."""
    examples = tuple(
        Example(Row(f"t:{at}", f"text {at}", label=label, columns={column: group}))
        for at, (group, label) in enumerate(cells)
    )
    return TrainingData("text-classification", labels, examples, dev=(Row("d:0", "dev", label=0),))


def weight_by(data, what):
    found = Counter()
    for example in data.examples:
        found[what(example.row)] += example.weight
    return found


@given(st.lists(st.integers(1, 12), min_size=6, max_size=6))
def test_group_and_label_are_independent_under_the_weights(sizes):
    pairs = [(group, label) for group in ("f", "m") for label in (0, 1, 2)]
    cells = [pair for pair, size in zip(pairs, sizes, strict=True) for _ in range(size)]
    data = rows_of(*cells, labels=("a", "b", "c"))
    after = reweighed(data, column="sex")
    n = len(cells)
    both = weight_by(after, lambda row: (row.columns["sex"], row.label))
    groups, labels = Counter(group for group, _ in cells), Counter(label for _, label in cells)
    for group, label in pairs:
        assert both[group, label] == pytest.approx(groups[group] * labels[label] / n)
    assert np.mean([example.weight for example in after.examples]) == pytest.approx(1)
    assert [example.row for example in after.examples] == [example.row for example in data.examples]
    assert after.dev == data.dev


def test_weights_are_those_of_kamiran_and_calders():
    # Their table 1: ten applicants, of five men four are accepted, of five women two.
    cells = [("m", 1)] * 4 + [("m", 0)] + [("f", 1)] * 2 + [("f", 0)] * 3
    weights = [example.weight for example in reweighed(rows_of(*cells), column="sex").examples]
    assert weights == pytest.approx([0.75] * 4 + [2.0] + [1.5] * 2 + [0.67] * 3, abs=0.005)


def test_a_copy_weighs_what_its_original_does_and_counts_for_no_share():
    data = rows_of(*[("m", 1)] * 4, ("m", 0), *[("f", 1)] * 2, *[("f", 0)] * 3)
    copies = tuple(Example(Row(f"c:{at}", "copy", label=0, columns={"sex": "m"}), origin="t:4") for at in range(30))
    after = reweighed(TrainingData(data.task, data.labels, (*data.examples, *copies)), column="sex")
    weights = [example.weight for example in after.examples]
    assert weights[4:5] * 30 == weights[10:]
    assert weights[4] / weights[0] == pytest.approx(2.0 / 0.75)
    assert np.mean(weights) == pytest.approx(1)


def test_rows_without_a_group_are_a_group_of_their_own_and_counted():
    missing = [(None, 0), ("", 1), (float("nan"), 1), ("unknown", 1)]
    after = reweighed(rows_of(*[("f", 0)] * 3, *[("f", 1)] * 3, *missing), column="sex")
    assert after.steps[-1].counts == {
        "groups": 2,
        "rows weighted": 10,
        "rows without a group, weighted as a group of their own": 4,
    }
    assert [example.weight for example in after.examples[6:]] == pytest.approx([1.6, 0.8, 0.8, 0.8])


def test_cells_that_differ_in_case_and_white_space_are_one_group():
    cells = [("F ", 0), ("f", 0), ("ｆ", 1), ("M", 0), ("m", 1), ("m", 1)]
    assert reweighed(rows_of(*cells), column="sex").steps[-1].counts["groups"] == 2


def test_the_group_column_is_called_group():
    examples = tuple(
        Example(Row(f"t:{at}", "x", label=at % 2, group="a" if at < 6 else "b", columns={"n": at})) for at in range(9)
    )
    data = TrainingData("text-classification", ("no", "yes"), examples)
    assert reweighed(data, column="group").steps[-1].counts["groups"] == 2
    with pytest.raises(DataInputError, match="no column 'author' to weigh by; they have 'n'"):
        reweighed(data, column="author")


def test_rows_that_carry_much_and_pairs_without_rows_are_said():
    notes = reweighed(rows_of(*[("m", 1)] * 150, ("m", 0), *[("f", 0)] * 50), column="sex").steps[-1].notes
    assert any("1 rows weigh more than 10" in note for note in notes)
    assert any("1 pairs of group and label have no row" in note for note in notes)
    balanced = reweighed(rows_of(*[("m", 1), ("m", 0), ("f", 1), ("f", 0)] * 3), column="sex")
    assert balanced.steps[-1].notes == ("Weights run from 1.00 to 1.00.",)
    assert balanced.examples == rows_of(*[("m", 1), ("m", 0), ("f", 1), ("f", 0)] * 3).examples


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("m", 0), ("m", 1)] * 4, "has one group, so there is nothing to weigh"),
        ([(None, 0), (None, 1)] * 4, "has one group"),
        ([(f"person {at}", at % 2) for at in range(20)], "20 values in 20 rows: it tells rows apart"),
    ],
)
def test_a_column_that_parts_no_groups_is_an_error(cells, message):
    with pytest.raises(DataInputError, match=message):
        reweighed(rows_of(*cells), column="sex")


def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are():
    hostile = "\u202e<b>" + "x" * 10_000
    data = rows_of(("f", 0), ("m", 1), column=hostile)
    with pytest.raises(DataInputError) as error:
        reweighed(data, column="gender")
    assert "no column 'gender'" in str(error.value)
    assert "\u202e" not in str(error.value)
    assert len(str(error.value)) < 200


def test_values_of_the_column_are_in_no_count_and_no_note():
    after = reweighed(rows_of(*[("secret", 0), ("secret", 1), ("hidden", 1)] * 3), column="sex")
    assert "secret" not in repr(after.steps)
    assert "hidden" not in repr(after.steps)


def test_a_token_classification_cannot_be_weighted_by_label():
    row = Row("s:0", "Rome", words=("Rome",), tags=(0,), columns={"sex": "f"})
    with pytest.raises(DataInputError, match="one label a row"):
        reweighed(TrainingData("token-classification", ("O",), (Example(row),)), column="sex")
