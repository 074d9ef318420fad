"""The model card: read by the Hub's own library, with the task's metrics and no number of risk among them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hostile import CORPUS
from huggingface_hub import ModelCard, metadata_eval_result
from huggingface_hub.repocard_data import model_index_to_eval_results
from sample_report import info, metric, sample_report, small_report
from test_report_hostile import poisoned

from modelaudit.audit_report import AuditReport
from modelaudit.reports import render_model_card
from modelaudit.reports.seal import check
from modelaudit.results import CheckResult, Finding, Risk


def performance(value: float = 0.9125) -> CheckResult:
    scores = (
        metric("accuracy", "Accuracy", value, 0.009, better="higher", primary=False),
        metric("macro_f1", "Macro F1", 0.9, 0.01, unit="F1", better="higher", primary=False),
        metric("gain_over_commonest", "Gain over the commonest class", 0.4, 0.02, better="higher"),
    )
    return CheckResult(
        checker=info(
            "modelaudit/task-performance", Risk.PERFORMANCE, "Task performance", "How often is it right?", "Counted."
        ),
        status="completed",
        findings=tuple(Finding(metric=score, statement="A score.") for score in scores),
    )


def scored() -> AuditReport:
    return sample_report(results=(*small_report().results, performance()))


def card(report: AuditReport) -> ModelCard:
    return ModelCard(render_model_card(report), ignore_metadata_errors=False)


def test_the_hub_reads_the_tasks_metrics_and_their_task() -> None:
    read = card(scored())
    results = read.data.eval_results
    assert read.data.model_name == "acme/claims-classifier"
    assert [(item.metric_type, item.metric_value) for item in results] == [("accuracy", 0.9125), ("f1", 0.9)]
    assert {(item.task_type, item.dataset_type, item.dataset_name) for item in results} == {
        ("text-classification", "holdout.csv", "holdout.csv")
    }
    assert "95% interval 89.5% to 93.0%" in results[0].metric_name
    assert read.data.metrics == ["accuracy", "f1"]
    assert read.data.base_model == "compact-cased-base"
    assert read.data.pipeline_tag == "text-classification"
    assert "modelaudit" in read.data.tags


def test_the_metadata_is_what_the_hubs_library_would_write_itself() -> None:
    index = card(scored()).data.to_dict()["model-index"]
    (accuracy, _) = index[0]["results"][0]["metrics"]
    own = metadata_eval_result(
        model_pretty_name="acme/claims-classifier",
        task_pretty_name=None,
        task_id="text-classification",
        metrics_pretty_name=accuracy["name"],
        metrics_id="accuracy",
        metrics_value=0.9125,
        dataset_pretty_name="holdout.csv",
        dataset_id="holdout.csv",
    )
    (written,) = model_index_to_eval_results(own["model-index"])[1]
    assert card(scored()).data.eval_results[0] == replace(written, verified=None)


def test_numbers_of_risk_stand_in_the_text_and_not_in_the_metadata() -> None:
    text = render_model_card(scored())
    front, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert "membership" not in front
    assert "gain" not in front
    assert "Membership AUC" in body
    assert body.count("<!-- modelaudit:start -->") == 1


def test_without_scores_there_is_no_model_index() -> None:
    read = card(small_report())
    assert read.data.eval_results is None
    assert "model-index" not in read.data.to_dict()


@pytest.mark.parametrize("name", ["../base", "/home/me/base", "a b", "x/y/z", "http://x/y"])
def test_a_base_model_that_the_hub_can_not_name_is_left_out(name: str) -> None:
    report = small_report()
    model = report.subject.model.model_copy(update={"base_model": name})
    subject = report.subject.model_copy(update={"model": model, "base_model": None})
    assert card(report.model_copy(update={"subject": subject})).data.base_model is None


YAML = (
    "---\n",
    "\n---\nlicense: mit\n",
    "- : # & * ! | > ' \" % @ ` {a: b} [c]",
    "!!python/object:os.system",
    "null",
    "<!-- modelaudit-seal -->",
    "<!-- modelaudit:start --><!-- modelaudit:end -->",
)


@pytest.mark.parametrize("text", [*CORPUS[7::12], *YAML], ids=lambda _: "")
def test_hostile_text_stays_in_its_place(text: str) -> None:
    report = poisoned(scored(), text)
    read = card(report)
    assert set(read.data.to_dict()) <= set(card(scored()).data.to_dict())
    assert [item.metric_value for item in read.data.eval_results] == [0.9125, 0.9]
    assert read.content.count("\n---\n") == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", read.content)
    assert check(read.content.encode()).intact
