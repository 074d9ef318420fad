"""What a checker says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.testing.contract.runs import Runs

SHORTEST = 20
"""Characters of a summary: a sentence."""


def metadata_faults(runs: Runs) -> Iterator[str]:
    """What a reader of the report would miss: every text of `info` stands there, and no metric comes unannounced."""
    info = runs.checker.info
    for name in ("title", "question", "summary", "version"):
        if not str(getattr(info, name)).strip():
            yield f"info.{name} is empty: write it, the report shows it."
    if info.question.strip() and not info.question.rstrip().endswith(("?", "？")):
        yield f"info.question is {info.question!r}, which is no question: ask what the check answers, with a ?."
    if 0 < len(info.summary.strip()) < SHORTEST:
        yield "info.summary is no sentence: say in two or three how the question is answered."
    if not info.not_shown:
        yield "info.not_shown is empty: name at least one thing that the check does not prove, whatever its outcome."
    if not info.remedies:
        yield "info.remedies is empty: name at least one thing that can be done where a limit is exceeded."
    for name in ("metrics", "needs", "not_shown", "remedies", "measures", "references"):
        if any(not str(text).strip() for text in getattr(info, name)):
            yield f"info.{name} holds an empty text: take it out."
    from modelaudit.plan import NEEDS, SHOWN
    from modelaudit.subject.tasks import TASKS

    known = {"embed", "token_counts", "saliency", "neighbours", *NEEDS, *SHOWN}.union(*(task.verbs for task in TASKS))
    for need in info.needs:
        if need not in known:
            yield f"info.needs names {need!r}, which no subject has: take one of {', '.join(sorted(known))}."
    if info.metrics:
        given = {finding.metric.id for finding in runs.result.findings}
        for metric in sorted(given - set(info.metrics)):
            yield f"run() gives the metric {metric!r}, which info.metrics does not name: add it there."
