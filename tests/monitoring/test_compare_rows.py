"""The row file: what stands in it, what it refuses, and what is told from two of them."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pairs_of_reports import checked, number, report

from modelaudit.errors import InputError, OutputError
from modelaudit.monitoring import RowKey, RowOutcome, RowOutcomes, comparability, compare, read_row_file, write_row_file
from modelaudit.rows import Row

KEY = RowKey(b"sixteen bytes or more")
REPORT = report(checked(number(0.1)))


def outcomes(rights, *, key=KEY, task="text-classification", **more):
    rows = [
        RowOutcome(row=key.of("row", place), answer=int(right), confidence=0.5 + 0.4 * right, right=int(right), of=1)
        for place, right in enumerate(rights)
    ]
    values = {name: list(values) for name, values in more.items()}
    rows = [
        row.model_copy(update={name: found[place] for name, found in values.items()}) for place, row in enumerate(rows)
    ]
    return RowOutcomes(task, key.id, tuple(sorted(rows, key=lambda row: row.row)))


def by_metric(before, after):
    comparison = compare(REPORT, REPORT, before, after)
    return comparison, {change.metric: change for change in comparison.changes}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "r.rows.jsonl"
    write_row_file(path, outcomes([True, False, True]), REPORT)
    return path


def test_a_row_file_reads_back_and_only_its_owner_may_read_it(written):
    found = read_row_file(written, KEY, REPORT)
    assert found.rows == outcomes([True, False, True]).rows
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert lines[0]["format"] == "modelaudit.rows/1"
    assert [line["row"] for line in lines[1:]] == sorted(line["row"] for line in lines[1:])


def test_the_same_rows_in_another_order_give_the_same_file(tmp_path, written):
    turned = outcomes([True, False, True])
    write_row_file(tmp_path / "other", replace(turned, rows=turned.rows[::-1]), REPORT)
    assert (tmp_path / "other").read_bytes() == written.read_bytes()


def test_a_report_that_is_judged_again_keeps_its_row_file(written):
    judged = REPORT.model_copy(update={"policy": REPORT.policy.model_copy(update={"version": "4"})})
    assert judged.digest != REPORT.digest
    assert len(read_row_file(written, KEY, judged).rows) == 3


def line_changed(text, number, **update):
    lines = text.splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | update)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "does not begin as a row file"),
        (lambda text: '{"schema_version": "1.1"}\n', "does not begin as a row file"),
        (lambda text: "[" * 100_000, "does not begin as a row file"),
        (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "has 2 rows and says that it has 3"),
        (lambda text: line_changed(text, 0, record="sha256:0"), "belongs to another report"),
        (lambda text: line_changed(text, 0, key="0" * 16), "made with another key"),
        (lambda text: line_changed(text, 1, right=2), "line 2"),
        (lambda text: line_changed(text, 1, SECRET="SECRET"), "line 2: the line is not as it should be"),
        (lambda text: line_changed(text, 2, confidence=1.5), "line 3: confidence"),
        (lambda text: "\n".join(text.splitlines()[i] for i in (0, 2, 1, 3)) + "\n", "not in order"),
        (lambda text: "\n".join(text.splitlines()[i] for i in (0, 1, 1, 3)) + "\n", "not in order"),
    ],
)
def test_a_file_that_was_cut_changed_or_mixed_up_is_refused(written, change, said):
    written.write_text(change(written.read_text()))
    with pytest.raises(InputError) as error:
        read_row_file(written, KEY, REPORT)
    assert said in str(error.value)
    assert "SECRET" not in str(error.value)


def test_another_key_is_named_by_its_id_and_never_shown(written):
    other = RowKey(b"another secret of the user")
    with pytest.raises(InputError) as error:
        read_row_file(written, other, REPORT)
    assert KEY.id in str(error.value)
    assert other.id in str(error.value)
    assert "secret" not in repr(other).replace("secret=", "")
    with pytest.raises(InputError, match="two keys"):
        compare(REPORT, REPORT, outcomes([True]), outcomes([True], key=other))


def test_a_key_comes_from_a_file_or_the_environment_and_has_sixteen_bytes(tmp_path, monkeypatch):
    (tmp_path / "key").write_bytes(b"  sixteen bytes or more\n")
    assert RowKey.read(tmp_path / "key").id == KEY.id
    monkeypatch.setenv("MODELAUDIT_ROW_KEY", "sixteen bytes or more")
    assert RowKey.read().id == KEY.id
    monkeypatch.setenv("MODELAUDIT_ROW_KEY", "short")
    with pytest.raises(InputError, match="5 bytes and 16 are the least"):
        RowKey.read()
    monkeypatch.delenv("MODELAUDIT_ROW_KEY")
    with pytest.raises(InputError, match="none is given"):
        RowKey.read()
    with pytest.raises(InputError, match="can't be read"):
        RowKey.read(tmp_path / "none")


def test_hashes_hang_on_key_content_and_kind_of_row():
    text = Row("a:1", "New York")
    assert KEY.of_row(text) == KEY.of_row(replace(text, id="b:7", label=1, group="g"))
    others = [
        replace(text, text="new York"),
        replace(text, words=("New", "York")),
        replace(text, words=("New York",)),
        replace(text, text="New", answer=" York"),
        replace(text, text="New", answer="York"),
        replace(text, text="New York\ud800"),
    ]
    hashes = {KEY.of_row(row) for row in (text, *others)} | {RowKey(b"x" * 16).of_row(text)}
    assert len(hashes) == 8
    assert KEY.of("row", ["New York"]) != KEY.of("document", ["New York"])


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="can't be written"):
        write_row_file(tmp_path / "none" / "r.jsonl", outcomes([True]), REPORT)
    assert list(tmp_path.iterdir()) == []


def test_accuracy_is_compared_row_by_row_and_stands_once():
    before, after = outcomes([True] * 90 + [False] * 10), outcomes([False] * 12 + [True] * 78 + [False] * 10)
    comparison, found = by_metric(before, after)
    accuracy = found["accuracy"]
    assert (accuracy.kind, accuracy.paired, accuracy.n) == ("worse", True, 100)
    assert (accuracy.before, accuracy.after) == (0.9, 0.78)
    assert accuracy.p == pytest.approx(2 * 0.5**12)
    assert found["changed_answers"].difference == pytest.approx(0.12)
    assert found["changed_answers"].for_context
    assert found["mean_confidence"].difference == pytest.approx(-0.048)
    assert comparison.paired_rows == 100
    assert comparison.exit_code == 1


def test_the_same_answers_twice_are_no_change():
    comparison, found = by_metric(outcomes([True] * 90 + [False] * 10), outcomes([True] * 90 + [False] * 10))
    assert comparison.exit_code == 0
    assert found["accuracy"].p == 1.0
    assert found["changed_answers"].interval[0] == 0.0


def test_rows_of_few_documents_tell_less():
    rights = [True] * 90 + [False] * 10, [False] * 12 + [True] * 78 + [False] * 10
    documents = [KEY.of("document", place // 25) for place in range(100)]
    _, found = by_metric(*(outcomes(side, document=documents) for side in rights))
    assert found["accuracy"].kind == "no clear change"


TASK = "modelaudit/task-performance"


def task_report(value, **how):
    accuracy = None if value is None else number(value, id="accuracy", better="higher")
    return report(checked(*filter(None, [accuracy]), name=TASK, **how))


def with_rows(first, second, before, after):
    comparison = compare(first, second, before, after)
    return comparison, {(change.checker, change.metric): change for change in comparison.changes}


SAME = [True] * 90 + [False] * 10
FEWER = [False] * 12 + [True] * 78 + [False] * 10


def test_rows_take_the_place_of_what_the_reports_tell_of_the_same_score():
    comparison, found = with_rows(task_report(0.9), task_report(0.78), outcomes(SAME), outcomes(FEWER))
    assert found[TASK, "accuracy"].paired
    assert found[TASK, "accuracy"].title == "Changed answers"
    assert [key for key in found if key[1] == "accuracy"] == [(TASK, "accuracy")]
    assert comparison.exit_code == 1


def test_rows_do_not_hide_that_the_check_failed():
    failed = task_report(None, status="errored", reason="it broke")
    comparison, found = with_rows(task_report(0.9), failed, outcomes(SAME), outcomes(SAME))
    assert (found[TASK, "accuracy"].lost, found[TASK, "accuracy"].reason) == (True, comparability.FAILED)
    assert comparison.exit_code == 1
    beside = found["modelaudit/row-outcomes", "accuracy"]
    assert (beside.kind, beside.paired, beside.lost) == ("no clear change", True, False)


def test_rows_of_one_document_do_not_hide_what_the_reports_tell():
    one = [KEY.of("document", 1)] * 100
    sides = outcomes(SAME, document=one), outcomes(FEWER, document=one)
    comparison, found = with_rows(task_report(0.95), task_report(0.30), *sides)
    assert (found[TASK, "accuracy"].kind, found[TASK, "accuracy"].paired) == ("worse", False)
    assert comparison.exit_code == 1
    # What only the rows tell has no interval, so nothing is claimed and nothing is offered as context.
    only_rows = found["modelaudit/row-outcomes", "mean_confidence"]
    assert (only_rows.kind, only_rows.reason) == ("not comparable", comparability.NO_INTERVAL)
    assert "One cluster" in only_rows.detail
    assert not only_rows.for_context


def test_rows_do_not_hide_that_the_check_has_another_version():
    comparison, found = with_rows(task_report(0.9), task_report(0.78, version="2"), outcomes(SAME), outcomes(FEWER))
    refused = found[TASK, "accuracy"]
    assert (refused.kind, refused.reason) == ("not comparable", comparability.VERSION)
    beside = found["modelaudit/row-outcomes", "accuracy"]
    assert (beside.kind, beside.title) == ("worse", "Accuracy")
    assert comparison.exit_code == 1


def test_a_tagger_is_compared_by_words_and_entities():
    def tagger(right):
        n = len(right)
        return outcomes(
            [True] * n,
            task="token-classification",
            right=[10 if each else 6 for each in right],
            of=[10] * n,
            entities=[(2, 2, 2) if each else (0, 1, 2) for each in right],
        )

    _, found = by_metric(tagger([True] * 60), tagger([False] * 20 + [True] * 40))
    assert "accuracy" not in found
    assert found["word_accuracy"].kind == found["entity_f1"].kind == "worse"
    assert found["word_accuracy"].difference == pytest.approx(-80 / 600)
    assert found["entity_f1"].after == pytest.approx(160 / 220)


def test_losses_are_compared_by_row_and_rows_without_a_truth_are_left_out():
    def losses(values):
        n = len(values)
        empty = dict.fromkeys(("answer", "confidence", "right", "of"), [None] * n)
        return outcomes([True] * n, task="text-generation", loss=values, **empty)

    before = [1.0 + place % 7 / 10 for place in range(50)]
    _, found = by_metric(losses([*before, None]), losses([value + 0.1 for value in before] + [None]))
    assert set(found) == {"flip_rate", "mean_loss"}
    assert found["mean_loss"].kind == "worse"
    assert found["mean_loss"].n == 50


def test_rows_that_one_file_lacks_are_counted():
    comparison, _ = by_metric(outcomes([True] * 50), outcomes([True] * 40))
    assert comparison.paired_rows == 40
    assert comparability.FEWER_ROWS in comparison.notes
    assert comparison.details[comparability.FEWER_ROWS] == "40 / 50 / 40"


def test_rows_that_do_not_belong_together_are_refused():
    with pytest.raises(InputError, match="one audit alone"):
        compare(REPORT, REPORT, outcomes([True]))
    with pytest.raises(InputError, match="two tasks"):
        compare(REPORT, REPORT, outcomes([True]), outcomes([True], task="text-generation"))
    with pytest.raises(InputError, match="no row is in both"):
        compare(REPORT, REPORT, outcomes([True]), replace(outcomes([True, False]), rows=outcomes([1, 1]).rows[:0]))
    with pytest.raises(InputError, match="another report"):
        compare(REPORT, REPORT, replace(outcomes([True]), record="sha256:0"), outcomes([True]))
