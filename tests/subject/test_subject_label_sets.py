"""Labels of rows that may have several: what is read, what is refused because it may be read otherwise."""

import pytest
from test_subject_tasks import EMOTIONS, classifier

from modelaudit.errors import DataInputError
from modelaudit.subject.label_sets import match_label_sets
from modelaudit.subject.subject import build_subject

TWO = ("joy", "fear")


def read(cells, labels=EMOTIONS, **declared):
    return match_label_sets(cells, labels, place="t: column 'labels'", **declared)


def subject_from(path, labels=EMOTIONS):
    opened = classifier(labels, problem_type="multi_label_classification")
    return build_subject(opened, data=path, device="cpu")


@pytest.mark.parametrize(
    ("off", "on"), [("0", "1"), ("0.0", "1.0"), ("False", "True"), ("FALSE", "true")], ids=lambda cell: cell
)
def test_a_column_for_each_label_is_never_read_as_indices(tmp_path, off, on):
    table = tmp_path / "t.csv"
    table.write_text(
        f"text,joy,anger,fear\nshe was good,{on},{off},{on}\na bad film,{off},{off},{off}\nnot,{on},{on},\n"
    )
    subject = subject_from(table)
    assert [row.label_set for row in subject.data.evaluation] == [(0, 2), ()]
    assert subject.info.evaluation.set_aside["rows without a label (left out)"] == 1


def test_columns_of_flags_in_python_and_for_one_label_and_for_two():
    opened = classifier(TWO, problem_type="multi_label_classification")
    rows = [{"text": "she", "joy": 0.0, "fear": 1.0}, {"text": "he", "joy": True, "fear": False}]
    subject = build_subject(opened, data=rows, device="cpu")
    assert [row.label_set for row in subject.data.evaluation] == [(1,), (0,)]
    opened = classifier(("joy",), problem_type="multi_label_classification")
    subject = build_subject(opened, data=[{"text": "she", "joy": 0}, {"text": "he", "joy": "0"}], device="cpu")
    assert [row.label_set for row in subject.data.evaluation] == [(), ()]


@pytest.mark.parametrize("cell", [2, "2", "yes", -1, 0.5, [1], {"a": 1}])
def test_a_cell_that_is_no_flag_is_named_with_its_column_and_row(cell):
    opened = classifier(EMOTIONS, problem_type="multi_label_classification")
    rows = [
        {"text": "", "joy": 7, "anger": 1, "fear": 0},
        {"text": "she", "joy": 1, "anger": 1, "fear": 0},
        {"text": "he", "joy": 1, "anger": cell, "fear": 0},
    ]
    with pytest.raises(DataInputError, match=r"row 3 of column 'anger' is .*0 or 1") as raised:
        build_subject(opened, data=rows, device="cpu")
    assert repr(cell) in str(raised.value)


@pytest.mark.parametrize(
    ("cells", "labels", "sets"),
    [
        ([[1, 0, 1], [], [0, 1, 0]], EMOTIONS, [(0, 2), (), (1,)]),
        (["[1.0, 0.0, 1.0]", "[]"], EMOTIONS, [(0, 2), ()]),
        (["true,False,true", "[false, true, false]"], EMOTIONS, [(0, 2), (1,)]),
        ([[], []], EMOTIONS, [(), ()]),
        ([[0, 1], [1, 1], []], TWO, [(1,), (0, 1), ()]),
        ([[0, 1], [0, 0]], TWO, [(1,), ()]),
        ([[True, False], [False, True]], TWO, [(0,), (1,)]),
        ([[0, 1], [0]], TWO, [(0, 1), (0,)]),
        ([0, 1], TWO, [(0,), (1,)]),
        ([[0], [1], []], ("joy",), [(), (0,), ()]),
        ([[False], [False]], ("joy",), [(), ()]),
        ([[0, 1, 2], [2]], EMOTIONS, [(0, 1, 2), (2,)]),
        ([["joy", "joy"], ["fear"]], EMOTIONS, [(0,), (2,)]),
    ],
)
def test_one_rule_holds_for_a_column(cells, labels, sets):
    assert read(cells, labels) == sets


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ([[0, 1], [1, 0]], TWO),
        ([[0, 1], []], TWO),
        (["[1, 0]"], TWO),
        ([[0.0, 1.0]], TWO),
        ([[0]], ("joy",)),
        ([[0], []], ("joy",)),
        ([["true", "false"]], ("True", "False")),
    ],
)
def test_flags_that_may_as_well_be_indices_are_refused(cells, labels):
    with pytest.raises(DataInputError, match=r"column 'labels': it is not clear what .* write the labels by name"):
        read(cells, labels)


def test_declared_names_of_classes_settle_that_values_are_indices():
    assert read([[0, 1], [1, 0]], TWO, class_names=("fear", "joy")) == [(0, 1), (0, 1)]
    assert read([[1, 1], [1, 0]], TWO, class_names=TWO) == [(0, 1), (0,)]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ([[1, 0, 1], [0, 1]], EMOTIONS),
        ([[1, 0, 1], [0, 0, 0, 1]], EMOTIONS),
        ([[1, 0, 1], [2]], EMOTIONS),
        ([["0", 0], [2]], EMOTIONS),
        ([[2, 2]], EMOTIONS),
        ([[1, 1], [0]], TWO),
        ([[True, False], [True]], TWO),
    ],
)
def test_lists_of_other_widths_beside_flags_are_refused(cells, labels):
    with pytest.raises(DataInputError, match=r"column 'labels': .* can't list labels by index"):
        read(cells, labels)


@pytest.mark.parametrize(
    "cell",
    [
        [["joy"]],
        "[['joy']]",
        [{"a": 1}],
        {"a": 1},
        "[{[1]: 2}]",
        ["joy", None],
        "[null]",
        [10**400],
        [10**5000],
        "[1+2j]",
        [float("inf")],
        "[" * 9999,
    ],
    ids=range(12),
)
def test_hostile_cells_are_named_and_end_in_no_traceback(cell):
    opened = classifier(EMOTIONS, problem_type="multi_label_classification")
    rows = [{"text": "he", "labels": ["joy"]}, {"text": "she", "labels": cell}]
    with pytest.raises(DataInputError, match="column 'labels'"):
        build_subject(opened, data=rows, device="cpu")


@pytest.mark.parametrize("cell", [10**400, 10**5000, [10**400], "[[1]]", "[1", [{"a": 1}], '{"a": 1}'], ids=range(7))
def test_hostile_numbers_are_named_and_end_in_no_traceback(cell):
    with pytest.raises(DataInputError, match=r"column 'score': .* is not the true value of a regression"):
        build_subject(classifier(("score",)), data=[{"text": "a", "score": 1}, {"text": "b", "score": cell}])


def test_several_numbers_are_read_from_the_text_of_a_cell(tmp_path):
    opened = classifier(("valence", "arousal"), problem_type="regression")
    table = tmp_path / "t.csv"
    table.write_text('text,score\nshe was good,"[1, -2.5]"\na bad film," [0.5,3]"\n')
    subject = build_subject(opened, data=table, device="cpu")
    assert [row.values for row in subject.data.evaluation] == [(1.0, -2.5), (0.5, 3.0)]
