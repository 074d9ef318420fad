"""What a checker says before it runs: whether it applies, and what it will cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Cost
from modelaudit.testing.contract.runs import Runs
from modelaudit.testing.contract.watch import Watch

OVER = 2
"""What a checker asks may be this many times its cost."""
UNDER = 25
"""Its cost may be this many times what it asks: how many rows hold what it looks for is not known before."""
SLACK = 100
"""Evaluations that are forgiven beyond that: a fixed handful weighs nothing."""
LONGEST = 0.5
"""Seconds of work that `applies` or `cost` may take, however busy the machine is."""

Said = TypeVar("Said")


def applies_faults(runs: Runs) -> Iterator[str]:
    """What is wrong with `applies`: it looks at the subject alone and has an answer for every task."""
    for info in subjects_of_all_tasks(runs.report.subject):
        said, faults = _quietly("applies", runs.checker.applies, info)
        yield from faults
        if not faults and not (said is None or (isinstance(said, str) and said.strip())):
            yield f"applies() returns {said!r:.40} for {info.task}: return None, or a sentence that says why not."
        elif not faults and runs.checker.applies(info) != said:
            yield f"applies() says now this and now that for {info.task}: let it depend on the subject alone."
        if faults:
            return


def cost_faults(runs: Runs) -> Iterator[str]:
    """What is wrong with `cost`: it looks at the subject alone, and what is then asked is about as much."""
    from modelaudit.plan import plan
    from modelaudit.plugins import registered

    own = registered(runs.checker, "conformance")
    for info in subjects_of_all_tasks(runs.report.subject):
        if plan([own], info, None)[0].status in {"not applicable", "skipped"}:
            continue
        for preset in ("quick", "standard", "full"):
            said, faults = _quietly("cost", runs.checker.cost, info.model_copy(update={"preset": preset}))
            yield from faults
            if not faults and not _is_cost(said):
                yield f"cost() returns {said!r:.60} for {info.task}: return a Cost of whole numbers of at least 0."
            if faults or not _is_cost(said):
                return
    if runs.result.status != "completed":
        return
    expected, asked = runs.checker.cost(runs.report.subject).evaluations, runs.report.run.evaluations
    if asked > OVER * expected + SLACK or expected > UNDER * asked + SLACK:
        yield (
            f"cost() says {expected:,} evaluations, and run() asks for {asked:,}: let cost() count what run() asks "
            f"for; it may ask {OVER} times as much, or a {UNDER}th. Plan, bar and the estimate of time are made of it."
        )


def subjects_of_all_tasks(info: SubjectInfo) -> Iterator[SubjectInfo]:
    """Yield the subject as it is, then as one of every task, with what models of that task can answer."""
    from modelaudit.subject.tasks import TASKS

    yield info
    for task in TASKS:
        yield info.model_copy(update={"task": task.name, "capabilities": tuple(sorted({*task.verbs, "embed"}))})


def _quietly(verb: str, ask: Callable[[SubjectInfo], Said], info: SubjectInfo) -> tuple[Said | None, list[str]]:
    """Return what a verb says, and what is wrong with how it finds that."""
    watch, said, raised = Watch(), None, None
    started = time.thread_time()
    with watch.watching():
        try:
            said = ask(info)
        except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
            raised = error
    seconds = time.thread_time() - started
    faults = []
    if touched := [*watch.network, *watch.weights, *watch.programs, *watch.written]:
        faults.append(f"{verb}() touches {touched[0]} for {info.task}: it is to look at the subject alone.")
    elif raised is not None:
        faults.append(
            f"{verb}() raises {type(raised).__name__} for {info.task} ({raised!s:.120}): it has to answer for every "
            "task; in applies() return a sentence for a task that the check is not made for."
        )
    if watch.printed:
        faults.append(f"{verb}() prints for {info.task}: it is to return its answer and nothing else.")
    if seconds > LONGEST:
        faults.append(f"{verb}() takes {seconds:.1f} s for {info.task}: do the work in run().")
    return said, faults


def _is_cost(said: object) -> bool:
    if not isinstance(said, Cost):
        return False
    counts = (said.evaluations, said.tokens)
    return all(isinstance(count, int | np.integer) and not isinstance(count, bool) and count >= 0 for count in counts)
