"""An audit with workers gives the report of an audit without, and leaves nothing running."""

from __future__ import annotations

import json

import pytest

from modelaudit import Audit, InputError


def content(report):
    data = json.loads(report.model_dump_json(by_alias=True))
    data.pop("run")
    return data


def test_two_workers_give_the_report_of_one_process(classifier, rows):
    model, tokenizer = classifier
    only = ["modelaudit/perturbation", "modelaudit/calibration"]
    alone = Audit(model, rows, tokenizer=tokenizer, preset="quick").run(only).report
    audit = Audit(model, rows, tokenizer=tokenizer, preset="quick", workers=2)
    together = audit.run(only).report
    assert content(together) == content(alone)
    assert together.run.computed == alone.run.computed


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "two", "ray:0", "ray:", "", None])
def test_a_number_of_workers_that_makes_no_sense_is_one_sentence(classifier, rows, workers):
    model, tokenizer = classifier
    with pytest.raises(InputError, match="give a number from 1 up, auto, ray or ray:N"):
        Audit(model, rows, tokenizer=tokenizer, workers=workers)
