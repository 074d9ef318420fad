"""What a finding holds: numbers with intervals, evidence of bearable size, no text of rows, nothing a file loses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelaudit.evidence import Evidence, Examples, Note, PictureEvidence, SoundEvidence
from modelaudit.results import CheckResult, Finding, Metric
from modelaudit.testing.contract.runs import TABLE_ROWS, Runs, texts_of

MOST_EVIDENCE = 256 * 1024
"""Bytes of JSON that the evidence of one finding may take; pictures and sounds have a cap of their own."""
LEVEL = 0.95
RUN = 4
"""Words in a row that a sentence and a row of the data may not share."""
_WORD = re.compile(r"\w+")


def intervals_faults(runs: Runs) -> Iterator[str]:
    """Which metrics can't be judged: without n, without an interval or a reason, or at odds with themselves."""
    for finding in runs.completed.findings:
        yield from (f"{_name(finding)} {fault}" for fault in _of_metric(finding.metric))


def _of_metric(metric: Metric) -> Iterator[str]:
    if metric.value is not None and metric.n < 1:
        yield "has a value that rests on n = 0: count the independent units that it rests on."
    if not metric.bounds and not (metric.reason or "").strip():
        yield "has neither an interval nor a reason: take one of modelaudit.statistics, or say why there is none."
    if metric.primary and metric.better == "neither":
        yield "is primary, and neither more nor less of it is better: say which is, or leave primary out."
    if metric.bounds and LEVEL not in {bound.level for bound in metric.bounds}:
        yield f"has no interval at the level {LEVEL}, from which policies judge: take one of modelaudit.statistics."
    if metric.value is not None and any(not bound.low <= metric.value <= bound.high for bound in metric.bounds[-1:]):
        yield "lies outside its own widest interval: one of the two is wrong."


def round_trip_faults(runs: Runs) -> Iterator[str]:
    """Whether the report is the same after it was written and read."""
    from modelaudit.reports.json import parse_report, render_json

    report = runs.report
    _ = runs.completed
    try:
        read = parse_report(render_json(report), where="the report")
    except Exception as error:  # noqa: BLE001  whatever a value makes of it
        yield f"The report can't be written and read again ({type(error).__name__}: {error!s:.120}): give plain values."
        return
    if runs.of(read) != runs.of(report):
        yield "The report is another one after it was written and read: give plain values of modelaudit.evidence."


def evidence_faults(runs: Runs) -> Iterator[str]:
    """Which findings carry more evidence than a page can bear."""
    for finding in runs.completed.findings:
        size = sum(_size(item) for item in finding.evidence)
        if size > MOST_EVIDENCE:
            yield (
                f"{_name(finding)} carries {size / 1024:,.0f} KB of evidence, and {MOST_EVIDENCE // 1024} KB are the "
                "most: show a few examples, and say in `selection` how they were picked."
            )


def row_text_faults(runs: Runs) -> Iterator[str]:
    """Which sentences hold text of the rows, which a report shows nowhere unless the user asks for it."""
    shared = {run for table in TABLE_ROWS for text in texts_of(runs.subject, table) for run in _runs_of_words(text)}
    for place, sentence in _sentences(runs.completed):
        if shared.intersection(_runs_of_words(sentence)):
            yield (
                f"{place} holds {RUN} words or more of a row: name rows by id, and put their text where the report can "
                "leave it out (Example.before and after, a Table with holds_text)."
            )


def _sentences(result: CheckResult) -> Iterator[tuple[str, str]]:
    yield from (("A note", note) for note in result.notes)
    for finding in result.findings:
        metric, name = finding.metric, _name(finding)
        yield f"The statement of {name}", finding.statement
        words = (metric.title, metric.unit, metric.n_unit, metric.method, metric.group, metric.reason)
        yield from ((f"The metric {metric.id}", text) for text in words if text)
        own = (finding.confounded, *finding.remedies, *finding.caveats)
        yield from ((f"A remark of {name}", text) for text in own if text)
        for item in finding.evidence:
            yield f"A title in the evidence of {name}", item.title
            if isinstance(item, Note):
                yield f"A note in the evidence of {name}", item.text
            if isinstance(item, Examples):
                told = (text for example in item.items for text in (example.change, example.outcome) if text)
                yield from ((f"An example of {name}", text) for text in told)


def _runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[place : place + RUN]) for place in range(len(words) - RUN + 1)}


def _size(item: Evidence) -> int:
    if isinstance(item, PictureEvidence):
        item = item.model_copy(update={"png": None})
    if isinstance(item, SoundEvidence):
        item = item.model_copy(update={"wav": None})
    return len(item.model_dump_json().encode())


def _name(finding: Finding) -> str:
    return finding.metric.id + (f" ({finding.metric.group:.60})" if finding.metric.group else "")
