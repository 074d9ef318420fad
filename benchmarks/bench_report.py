"""How large a report is and how long it takes: each format from one record, 10,000 findings, and opening in a browser.

    OMP_NUM_THREADS=1 python benchmarks/bench_report.py

Without `--record`, a model with planted defects is trained and audited on 1,000 rows with the default preset.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from parts import run
from study import RESULTS, Figure, at_most, write_study

from modelaudit.audit_report import AuditReport
from modelaudit.errors import ModelAuditError
from modelaudit.policy import judge
from modelaudit.reports import load_report, modelaudit_renderers, render_html
from modelaudit.reports.words import LANGUAGES, speaking
from modelaudit.results import CheckResult, Finding

NAME = "bench_report"
SEED = 0
ROWS = 1_000
FINDINGS = 10_000
MOST_BYTES = 400_000
"""A page of a default audit of 1,000 rows may have so many."""
MOST_SECONDS = 2.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCREEN = {"width": 1280, "height": 900}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", type=Path, help="a report.json; by default a planted model is audited")
    parser.add_argument("--turns", type=int, default=5, help="how often each thing is timed; the median counts")
    parser.add_argument("--findings", type=int, default=FINDINGS, help="of the long report; fewer are for tries")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    arguments = parser.parse_args()
    report = load_report(arguments.record) if arguments.record else planted()
    turns = arguments.turns
    figures = [
        Figure("record", "a planted model, audited by default" if arguments.record is None else "given", ""),
        Figure("findings of the record", sum(len(result.findings) for result in report.results), "findings"),
        Figure("load of the machine before the run", round(os.getloadavg()[0], 2), "processes"),
        *run(
            {
                "formats": lambda: formats(report, turns),
                "long": lambda: long(report, arguments.findings, turns),
                "browser": lambda: browser(report, arguments.findings, turns),
            },
            arguments.only,
        ),
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py"
    command += " --record report.json" if arguments.record else ""
    command += f" --only {' '.join(arguments.only)}" if arguments.only else ""
    write_study(NAME, figures, SEED, command, arguments.out)


def planted() -> AuditReport:
    """Return the report of a small model with planted defects, on the first rows of its data."""
    from modelaudit import Audit
    from modelaudit.plugins import Plugins
    from modelaudit.testing.demo import build_demo

    with tempfile.TemporaryDirectory(prefix="modelaudit-bench-") as folder:
        case = build_demo("classification", clean=False, seed=SEED, folder=Path(folder))
        with Path(case.data).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[:ROWS]
        audit = Audit(
            case.model,
            rows,
            train_data=case.train_data,
            heldout_data=case.heldout_data,
            seed=SEED,
            declared=case.declared,
            plugins=Plugins(installed=False),
        )
        return audit.run().report


def formats(report: AuditReport, turns: int) -> list[Figure]:
    """Return bytes and seconds of every format of the record, and of the page in each language."""
    figures = []
    for renderer in modelaudit_renderers():
        try:
            if renderer.ready:
                renderer.ready()
            content, seconds = timed(partial(renderer.render, report), 1 if renderer.ready else turns)
        except ModelAuditError:
            figures.append(Figure(f"{renderer.suffix}: not made, what it needs is not installed", None, ""))
            continue
        figures += sized(renderer.suffix, content, seconds)
    for language in LANGUAGES:
        with speaking(language):
            content, seconds = timed(lambda: render_html(report), turns)
        figures += [
            at_most(f"page in {language}", size(content), MOST_BYTES, unit="bytes"),
            at_most(f"page in {language}, rendering", seconds, MOST_SECONDS, unit="s"),
        ]
    return figures


def long(report: AuditReport, findings: int, turns: int) -> list[Figure]:
    """Return bytes and seconds of the page and the record of a report with very many findings."""
    grown = many(report, findings)
    figures = []
    for renderer in modelaudit_renderers():
        if renderer.suffix in (".html", ".json"):
            content, seconds = timed(partial(renderer.render, grown), min(turns, 2))
            figures += sized(f"{renderer.suffix} of {findings:,} findings", content, seconds)
    return figures


def browser(report: AuditReport, findings: int, turns: int) -> list[Figure]:
    """Return how long a browser takes to paint first and to have the page whole, and how much it scrolls."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        return [Figure("opening in a browser: not measured, there is no Chromium", None, "")]
    figures = []
    with tempfile.TemporaryDirectory(prefix="modelaudit-bench-") as folder, opened(program) as chromium:
        for name, content in (
            ("the page", render_html(report)),
            (f"the page of {findings:,} findings", render_html(many(report, findings))),
        ):
            file = Path(folder) / "report.html"
            file.write_text(content, encoding="utf-8")
            found = [opening(chromium, file.as_uri()) for _ in range(turns)]
            for measure in found[0]:
                value = statistics.median(each[measure] for each in found)
                figures.append(Figure(f"{name}: {measure}", round(value, 1), "ms"))
    return figures


@contextmanager
def opened(program: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def opening(chromium: Any, address: str) -> dict[str, float]:
    """Return milliseconds from the start of loading to what a reader meets, and of a jump to the page's end."""
    context = chromium.new_context(viewport=SCREEN)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    found = {
        "first paint": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
        "document there": page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"),
        "document whole": page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"),
        "jump to the end": page.evaluate(
            """() => new Promise(done => {
                const start = performance.now();
                scrollTo(0, document.documentElement.scrollHeight);
                requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
            })"""
        ),
    }
    context.close()
    return found


def many(report: AuditReport, count: int) -> AuditReport:
    """Return the report with one check alone, whose first judged finding stands in it `count` times, a group each."""
    result, finding = first_judged(report)
    findings = tuple(
        finding.model_copy(
            update={
                "metric": finding.metric.model_copy(update={"group": f"group {place:,}"}),
                "evidence": finding.evidence if place < 100 else (),
            }
        )
        for place in range(count)
    )
    results = (result.model_copy(update={"findings": findings}),)
    judgement = judge(results, report.policy, today=report.judgement.judged_on)
    return report.model_copy(update={"results": results, "judgement": judgement})


def first_judged(report: AuditReport) -> tuple[CheckResult, Finding]:
    judged = {(verdict.checker, verdict.metric, verdict.group) for verdict in report.judgement.verdicts}
    return next(
        (result, finding)
        for result in report.results
        for finding in result.findings
        if (result.checker.id, finding.metric.id, finding.metric.group) in judged and finding.metric.bounds
    )


def timed(work: Callable[[], str | bytes], turns: int) -> tuple[str | bytes, float]:
    """Return what the work gives and the median of its seconds."""
    seconds = []
    for _ in range(turns):
        started = time.perf_counter()
        content = work()
        seconds.append(time.perf_counter() - started)
    return content, statistics.median(seconds)


def sized(name: str, content: str | bytes, seconds: float) -> list[Figure]:
    return [Figure(name, size(content), "bytes"), Figure(f"{name}, rendering", round(seconds, 3), "s")]


def size(content: str | bytes) -> int:
    return len(content) if isinstance(content, bytes) else len(content.encode())


if __name__ == "__main__":
    main()
