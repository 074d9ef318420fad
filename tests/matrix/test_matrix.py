"""A part of the compatibility matrix: tiny models of many architectures, saved, opened, compared and audited whole."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

WHOLE = ("RoBERTa", "sentence-pairs")
ANSWERS = (("Llama", "text-generation"), ("ConvNeXt", "image-classification"))
LONG = (
    ("ModernBERT", "token-classification"),
    ("XLM-R", "question-answering"),
    ("BART", "text2text-generation"),
    ("AST", "audio-classification"),
    ("Wav2Vec2", "speech-ctc"),
    ("holes in id2label", "text-classification"),
)
"""One cell a family; `make matrix` runs all."""


def check_answers(outcome):
    assert outcome.note == ""
    assert outcome.identical
    assert outcome.difference <= 1e-5


def check_whole(outcome):
    check_answers(outcome)
    assert outcome.broken == {}
    assert outcome.states["completed"] >= 3


def test_an_architecture_is_audited_whole(cell_of):
    check_whole(cell_of(*WHOLE))


@pytest.mark.parametrize(("title", "task"), ANSWERS)
def test_an_architecture_answers_as_transformers_does(cell_of, title, task):
    check_answers(cell_of(title, task, audits=False))


@pytest.mark.heavy
@pytest.mark.parametrize(("title", "task"), LONG)
def test_further_architectures_are_audited_whole(cell_of, title, task):
    check_whole(cell_of(title, task))


def test_each_task_of_the_audit_has_cells_and_each_cell_its_rows(matrix):
    from modelaudit.subject.tasks import TASKS

    cells = matrix("catalogue").cells()
    assert len({architecture.name for architecture, _ in cells}) >= 45
    kinds = {"speech-ctc": "automatic-speech-recognition", "speech-seq2seq": "automatic-speech-recognition"}
    shown = {kinds.get(task, task) for _, task in cells}
    assert {task.name for task in TASKS} <= shown
    tables = matrix("tables")
    for task in {task for _, task in cells}:
        rows = tables.table(task, 3, 1)
        assert len(rows) == 3
        assert rows[0].keys() == tables.table(task, 3, 2)[0].keys()


@pytest.mark.parametrize("fault", ["other numbers", "other bits", "cut off"])
def test_answers_that_differ_are_found(matrix, fault):
    import numpy as np

    agreement = matrix("agreement")
    expected = np.array([[1.0, 2.0], [0.5, np.nan]])
    found = {
        "other numbers": expected + 1e-3,
        "other bits": expected.copy(),
        "cut off": np.array([[1.0, 2.0], [np.nan, np.nan]]),
    }[fault]
    apart = agreement.distance(found, expected)
    told = agreement.Agreement(apart, fault != "other bits", 1, "")
    assert not told.holds
    assert agreement.Agreement(agreement.distance(expected, expected), True, 1, "").holds


def test_a_cell_that_breaks_or_hangs_takes_no_other_down(matrix, monkeypatch):
    import time

    runner, cell = matrix("runner"), matrix("cell")
    names = ("breaks", "hangs", "dies", "works")
    architectures = [matrix("architecture").Architecture("bert", name, {}, ("fill-mask",)) for name in names]

    def run(architecture, task, *, audits):
        if architecture.title == "breaks":
            raise RuntimeError("no such layer")
        if architecture.title == "hangs":
            time.sleep(60)
        if architecture.title == "dies":
            import os

            os._exit(3)
        return cell.Outcome(architecture.title, task, "5", states={"completed": 1}, difference=0.0, identical=True)

    monkeypatch.setattr(runner, "run", run)
    told = {}
    runner.outcomes(
        [(one, "fill-mask") for one in architectures],
        jobs=4,
        limit=0.5,
        audits=True,
        tell=lambda outcome: told.update({outcome.architecture: outcome.note}),
    )
    assert told.pop("works") == ""
    assert "RuntimeError: no such layer" in told.pop("breaks")
    assert told == {"hangs": "stopped after 0.5 seconds", "dies": "the process ended with 3 and said nothing"}


def test_results_are_merged_and_the_page_names_what_is_not_right(matrix, tmp_path):
    records, cell, page = matrix("records"), matrix("cell"), matrix("page")
    path = tmp_path / "matrix.json"
    right = {"states": {"completed": 9}, "difference": 1e-7, "identical": True}
    records.merge([cell.Outcome("BERT", "fill-mask", "5.1", **right | {"difference": 1.0, "note": "old"})], path)
    records.merge(
        [
            cell.Outcome("BERT", "fill-mask", "5.1", **right),
            cell.Outcome("BERT", "fill-mask", "4.9", **right),
            cell.Outcome("OPT", "text-generation", "5.1", **right, broken={"vendor/check": "ValueError: x"}),
            cell.Outcome("Odd", "text-generation", "5.1", note="RuntimeError: shape '<a|b>'"),
        ],
        path,
    )
    found = records.read(path)
    assert len(json.loads(path.read_text())["cells"]) == 4
    assert [records.passed(one) for one in found] == [True, True, False, False]
    text = page.page(found)
    assert "2 of 4 cells are right, with transformers 4.9 and 5.1." in text
    assert "| BERT | fill-mask | yes | yes | 1e-07 |" in text
    assert "- OPT, text-generation, transformers 5.1: vendor/check errored" in text
    assert "- Odd, text-generation, transformers 5.1: RuntimeError: shape '\\<a\\|b>'" in text


def test_the_page_in_the_documentation_is_that_of_the_results(matrix):
    records, page = matrix("records"), matrix("page")
    assert page.PAGE.read_text(encoding="utf-8") == page.page(records.read())
    versions = {record["transformers"].split(".")[0] for record in records.read()}
    assert importlib.metadata.version("transformers").split(".")[0] in versions
