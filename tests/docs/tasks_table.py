"""Which check is for which task, as docs/tasks.md shows it; `python tests/docs/tasks_table.py` puts it there."""

from __future__ import annotations

import re
from pathlib import Path

from modelaudit.audit_report import ModelInfo, SubjectInfo, TableInfo
from modelaudit.checker import Checker
from modelaudit.checkers import modelaudit_checkers
from modelaudit.checkers.bias.completions.checker import CompletionBias
from modelaudit.checkers.privacy.canaries.audit import CanaryAudit
from modelaudit.subject.task import Task
from modelaudit.subject.tasks import TASKS

PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"
SHORT = {
    "text-classification": "text",
    "multi-label-classification": "labels",
    "text-regression": "numbers",
    "token-classification": "tokens",
    "text-generation": "causal",
    "fill-mask": "masked",
    "question-answering": "QA",
    "text2text-generation": "seq2seq",
    "image-classification": "image",
    "audio-classification": "audio",
    "automatic-speech-recognition": "speech",
}


def table() -> str:
    """Return the table in Markdown: a row a check, a column a task; a tick where the check is for the task."""
    tasks = {task.name: task for task in reversed(TASKS)}
    names = [name for name in SHORT if name in tasks]
    lines = [f"| | {' | '.join(SHORT[name] for name in names)} |", f"|---|{'---|' * len(names)}"]
    # A check that needs something handed in is for a task where that would be of use.
    handed: dict[str, Checker] = {
        CanaryAudit.info.id: CanaryAudit(manifest="canaries.json"),
        CompletionBias.info.id: CompletionBias(classifier="kind", unfavourable="toxic"),
    }
    for bundled in modelaudit_checkers():
        checker = handed.get(bundled.info.id, bundled)
        noun = checker.info.id.partition("/")[2]
        ticks = ["✓" if checker.applies(_subject(tasks[name])) is None else "–" for name in names]
        lines.append(f"| [{noun}](checkers/{noun}.md) | {' | '.join(ticks)} |")
    return "\n".join(lines)


def rewritten(page: str) -> str:
    """Return the page with the table as it is now."""
    return re.sub(r"^\| \| text \|.*(?:\n\|.*)*", lambda _: table(), page, count=1, flags=re.MULTILINE)


def _subject(task: Task) -> SubjectInfo:
    """An audit of a model of a task with all that a check could want."""
    rows = TableInfo(
        name="rows", rows=500, sha256="0" * 64, text_column="text", label_column="label", labelled=True,
        mean_words=12.0, mean_tokens=16.0, truncated=0, tokens_lost=0,
    )  # fmt: skip
    labels = () if "answers" in task.verbs or task.name == "fill-mask" else ("no", "yes")
    model = ModelInfo(
        name="model", architecture="Model", parameters=1000, labels=labels, max_length=128,
        weights_sha256="0" * 64, config_sha256="0" * 64, tokenizer_sha256="0" * 64,
    )  # fmt: skip
    return SubjectInfo(
        task=task.name,
        model=model,
        base_model=model,
        capabilities=tuple(sorted(task.verbs | {"embed", "token_counts"})),
        evaluation=rows,
        members=rows,
        heldout=rows,
    )


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
