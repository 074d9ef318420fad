"""The model card: a README.md for the Hub, with the audit's summary in it and the task's metrics as `model-index`.

Only what says how well the model does its task is a metric of the Hub's; a number of risk needs its limit and its
verdict beside it, and stands in the text. Nothing is sent anywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from modelaudit.audit_report import AuditReport
from modelaudit.reports.checks import check_views
from modelaudit.reports.findings import FindingView
from modelaudit.reports.markdown import plain
from modelaudit.reports.numbers import percent
from modelaudit.reports.seal import sealed
from modelaudit.reports.section import section
from modelaudit.reports.text import code_point, visible
from modelaudit.reports.words import say

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

TAG = "modelaudit"
TASK_CHECK = "modelaudit/task-performance"
HUB_METRICS = {
    "macro_f1": "f1",
    "entity_f1": "f1",
    "answer_f1": "f1",
    "mean_absolute_error": "mae",
    "word_error_rate": "wer",
    "character_error_rate": "cer",
    "rouge_l": "rouge",
}
HUB_TASKS = {"text-regression": "text-classification"}
"""What the Hub calls metrics and tasks that have another name here."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
NAME_LENGTH = 200


def render_model_card(report: AuditReport) -> str:
    """Return a whole model card: front matter for the Hub, a heading, and the summary between its markers."""
    model = plain(report.subject.model.name)
    parts = [f"---\n{_front_matter(report)}\n---", f"# {model}", say("model_card.intro"), section(report)]
    return sealed("\n\n".join(parts))


def scores(card: str) -> list[EvalResult] | None:
    """Return the scores in a card's front matter, or None where it has none that bears our tag.

    Raises:
        ValueError: it bears the marks of front matter and the Hub's library can't read it.
    """
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    if not REGEX_YAML_BLOCK.search(card):
        return None
    try:
        data = ModelCard(card).data.__dict__
    except Exception as error:  # Front matter of a stranger: the library and its parser raise what they like.
        raise ValueError("the front matter can't be read") from error
    return list(data.get("eval_results") or ()) if TAG in (data.get("tags") or ()) else None


def _front_matter(report: AuditReport) -> str:
    """Return the metadata as the Hub's own library writes it."""
    from huggingface_hub import EvalResult, ModelCardData

    subject = report.subject
    level = percent(report.judgement.level)
    rows, task = _named(subject.evaluation.name), _named(HUB_TASKS.get(subject.task, subject.task))
    base = subject.model.base_model or (subject.base_model.name if subject.base_model else None)
    results = [
        EvalResult(
            task_type=task,
            dataset_type=rows,
            dataset_name=rows,
            metric_type=HUB_METRICS.get(view.metric.id, view.metric.id),
            metric_value=view.metric.value,
            metric_name=_named(
                say("model_card.metric", title=view.title, level=level, interval=view.interval_words, n=view.n_words)
            ),
        )
        for view in _task_metrics(report)
    ]
    data = ModelCardData(
        base_model=base if base and _HUB_ID.fullmatch(base) else None,
        library_name="transformers" if subject.model.kind == "transformers" else None,
        metrics=sorted({result.metric_type for result in results}) or None,
        model_name=_named(subject.model.name) if results else None,
        eval_results=results or None,
        pipeline_tag=task,
        tags=[TAG],
    )
    return data.to_yaml()


def _task_metrics(report: AuditReport) -> list[FindingView]:
    """Return the scores of the task that have a number and an interval, in the order of the check; no gains."""
    check = next((check for check in check_views(report) if check.info.id == TASK_CHECK), None)
    if check is None:
        return []
    views = {(view.metric.id, view.metric.group): view for view in check.findings}
    found = [views[finding.metric.id, finding.metric.group] for finding in check.result.findings]
    return [
        view
        for view in found
        if view.metric.value is not None and view.interval and not view.metric.id.startswith("gain_over_")
    ]


def _named(text: str) -> str:
    # No name opens a comment: the markers of the section stand in a card once.
    return visible(text, most=NAME_LENGTH).replace("<!--", f"{code_point('<')}!--")
