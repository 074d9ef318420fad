"""Runner: schedules checkers, makes their Context, and turns a fault into an errored result."""

from __future__ import annotations

import hashlib
import inspect
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, Checker, Cost, Data, ModelHandle
from modelaudit.errors import CapabilityError, InputError, NotAssessable, PluginError
from modelaudit.evidence import redacted
from modelaudit.inference.engine import Engine
from modelaudit.inference.lockstep import lockstep_map
from modelaudit.plugins import Registered
from modelaudit.results import CheckResult, Finding, Risk
from modelaudit.subject.subject import Subject

Item = TypeVar("Item")
Answer = TypeVar("Answer")

NEEDS = {
    "labels": "needs true labels: name the column with label_column= (--label-column)",
    "membership_labels": (
        "needs true labels in the training rows and the held-out rows alike: name the column with label_column= "
        "(--label-column)"
    ),
    "members": "needs the rows that the model was trained on: give train_data= (--train-data)",
    "base_model": "needs the model before fine-tuning: give base_model= (--base-model)",
}
REASON_LENGTH = 300
NOTHING = Cost(0, 0)


class Listener(Protocol):
    """Who is told how far the audit is; the command line draws a bar from it."""

    def start(self, evaluations: int) -> None:
        """The whole audit will ask for about this many model evaluations."""

    def checker(self, name: str, position: int, of: int) -> None:
        """A checker begins."""

    def advance(self, evaluations: int) -> None:
        """So many evaluations more are answered."""

    def finish(self) -> None:
        """The audit is over."""


class Silent:
    """A listener that does nothing."""

    def start(self, evaluations: int) -> None:
        """Ignore."""

    def checker(self, name: str, position: int, of: int) -> None:
        """Ignore."""

    def advance(self, evaluations: int) -> None:
        """Ignore."""

    def finish(self) -> None:
        """Ignore."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one checker would do: run at a cost, or not and why."""

    registered: Registered
    status: Literal["run", "not applicable", "skipped", "errored"]
    reason: str | None = None
    cost: Cost = NOTHING


@dataclass(slots=True)
class RunContext:
    """The Context that checkers are given; see `checker.Context`."""

    data: Data
    model: ModelHandle
    base_model: ModelHandle | None
    subject: SubjectInfo
    budget: Budget
    rng: np.random.Generator
    seed: int
    engine: Engine
    notes: list[str] = field(default_factory=list)

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Run a one-example search for many examples in lockstep; their model calls share batches."""
        return lockstep_map(self.engine, fn, list(items))

    def note(self, text: str) -> None:
        """Record a sentence beside the result."""
        self.notes.append(text)


@dataclass(frozen=True, slots=True)
class ChecksRun:
    """The results in the canonical order, and the seconds that each checker took."""

    results: tuple[CheckResult, ...]
    seconds: dict[str, float]


def configured(checkers: Sequence[Registered], options: Mapping[str, Mapping[str, Any]]) -> list[Registered]:
    """Return the checkers with the user's options, in the canonical order (family, then id).

    Raises:
        InputError: options for a checker that is not there, or an option that it does not have.
    """
    known = {registered.checker.info.id: registered for registered in checkers}
    for checker_id in options:
        if checker_id not in known:
            raise InputError(
                f"options are given for {checker_id}, which no plugin brings; there are {', '.join(known)}"
            )
    chosen = []
    for checker_id, registered in known.items():
        checker = registered.checker
        given = options.get(checker_id)
        if given:
            taken = set(inspect.signature(type(checker)).parameters)
            unknown = sorted(set(given) - taken)
            if unknown:
                raise InputError(
                    f"{checker_id} has no option {unknown[0]!r}; it has {', '.join(sorted(taken)) or 'none'}"
                )
            checker = type(checker)(**{name: getattr(checker, name) for name in taken} | dict(given))
        chosen.append(Registered(checker, registered.plugin))
    order = list(Risk)
    return sorted(chosen, key=lambda item: (order.index(item.checker.info.risk), item.checker.info.id))


def selected(checkers: Sequence[Registered], only: Sequence[str] | None) -> set[str]:
    """Return the ids that `only` (risk families or checker ids) selects.

    Raises:
        InputError: a name that is neither.
    """
    ids = {registered.checker.info.id: registered.checker.info.risk.value for registered in checkers}
    if only is None:
        return set(ids)
    for name in only:
        if name not in ids and name not in ids.values():
            families = ", ".join(sorted(set(ids.values())))
            raise InputError(f"only={name!r} is neither a family ({families}) nor a checker ({', '.join(ids)})")
    return {checker_id for checker_id, risk in ids.items() if checker_id in only or risk in only}


def plan(checkers: Sequence[Registered], subject: SubjectInfo, only: Sequence[str] | None) -> list[PlanLine]:
    """Say for each checker whether it would run, why not, and what it would ask of the model."""
    chosen = selected(checkers, only)
    return [
        _plan_line(registered, subject)
        if registered.checker.info.id in chosen
        else PlanLine(registered, "skipped", f"not selected (only {', '.join(only or ())})")
        for registered in checkers
    ]


def _plan_line(registered: Registered, subject: SubjectInfo) -> PlanLine:
    checker = registered.checker
    try:
        reason = checker.applies(subject)
        if reason is not None:
            return PlanLine(registered, "not applicable", reason)
        unmet = _unmet(checker, subject)
        return (
            PlanLine(registered, "skipped", unmet)
            if unmet
            else PlanLine(registered, "run", None, checker.cost(subject))
        )
    except Exception as error:  # noqa: BLE001  a checker may be a stranger's; its fault is a result, never a pass
        return PlanLine(registered, "errored", fault(error))


def _unmet(checker: Checker, subject: SubjectInfo) -> str | None:
    have = set(subject.capabilities)
    have |= {"labels"} if subject.evaluation.labelled else set()
    have |= {"members"} if subject.members is not None else set()
    sides = (subject.members, subject.heldout or subject.evaluation)
    have |= {"membership_labels"} if all(side is not None and side.labelled for side in sides) else set()
    have |= {"base_model"} if subject.base_model is not None else set()
    for need in checker.info.needs:
        if need not in have:
            return NEEDS.get(need, f"needs a model that can answer {need!r}, which this one can't")
    return None


def run_checks(
    subject: Subject,
    checkers: Sequence[Registered],
    *,
    seed: int,
    only: Sequence[str] | None = None,
    show_text: bool = False,
    listener: Listener | None = None,
) -> ChecksRun:
    """Run all checkers that apply and return their results in the canonical order.

    Where the engine had to change its shapes (out of memory), numbers of two numerics would mix, so the whole audit
    runs again under the new ones.
    """
    listener = listener or Silent()
    while True:
        before = [engine.numerics_id for engine in subject.engines]
        run = _pass(subject, checkers, seed, only, show_text, listener)
        if [engine.numerics_id for engine in subject.engines] == before:
            listener.finish()
            return run


def _pass(
    subject: Subject,
    checkers: Sequence[Registered],
    seed: int,
    only: Sequence[str] | None,
    show_text: bool,
    listener: Listener,
) -> ChecksRun:
    lines = plan(checkers, subject.info, only)
    going = [line.registered.checker.info.id for line in lines if line.status == "run"]
    listener.start(sum(line.cost.evaluations for line in lines))
    for engine in subject.engines:
        engine.on_progress = listener.advance
    results: list[CheckResult] = []
    seconds: dict[str, float] = {}
    for line in lines:
        info = line.registered.checker.info
        if line.status == "run":
            listener.checker(info.title, going.index(info.id) + 1, len(going))
            started = time.perf_counter()
            results.append(_run_one(line.registered, subject, seed, show_text))
            for engine in subject.engines:
                engine.check_journal()
            seconds[info.id] = round(time.perf_counter() - started, 3)
        else:
            results.append(_result(line.registered, line.status, reason=line.reason))
    return ChecksRun(tuple(results), seconds)


def _run_one(registered: Registered, subject: Subject, seed: int, show_text: bool) -> CheckResult:
    checker = registered.checker
    ctx = RunContext(
        data=subject.data,
        model=subject.model,
        base_model=subject.base_model,
        subject=subject.info,
        budget=Budget(subject.info.preset),
        rng=checker_rng(seed, checker.info.id),
        seed=seed,
        engine=subject.model.engine,
    )
    try:
        findings = tuple(_checked(finding, show_text) for finding in checker.run(ctx))
        if not findings:
            raise NotAssessable("the checker returned no finding")
        return _result(registered, "completed", findings=findings, notes=tuple(ctx.notes))
    except (NotAssessable, CapabilityError) as reason:
        return _result(registered, "skipped", reason=str(reason), notes=tuple(ctx.notes))
    except Exception as error:  # noqa: BLE001  a checker may be a stranger's; its fault is a result, never a pass
        return _result(registered, "errored", reason=fault(error), notes=tuple(ctx.notes))


def tokens_per_second(subject: Subject, *, rows: int = 64) -> float:
    """Return how many tokens a second the model takes on this machine, measured on a few evaluation rows."""
    engine = subject.model.engine
    asked = subject.data.evaluation[:rows]
    subject.model.predict(asked[:1])
    tokens, started = engine.stats.tokens, time.perf_counter()
    subject.model.predict(asked)
    done = engine.stats.tokens - tokens
    return done / (time.perf_counter() - started) if done else subject.info.evaluation.mean_tokens


def _checked(finding: Any, show_text: bool) -> Finding:
    if not isinstance(finding, Finding):
        raise PluginError(f"run() yielded {type(finding).__name__}, not a Finding")
    return finding.model_copy(
        update={"evidence": tuple(redacted(item, show_text=show_text) for item in finding.evidence)}
    )


def _result(registered: Registered, status: str, **fields: Any) -> CheckResult:
    checker = registered.checker
    return CheckResult.model_validate(
        {
            "checker": checker.info,
            "status": status,
            "plugin": registered.plugin,
            "options": options_of(checker),
            **fields,
        }
    )


def options_of(checker: Checker) -> dict[str, str]:
    """Return the options that a checker was made with, as text."""
    names = inspect.signature(type(checker)).parameters
    return {name: repr(getattr(checker, name, None)) for name in names}


def checker_rng(seed: int, checker_id: str) -> np.random.Generator:
    """Return the generator of one checker, which no other checker's presence changes."""
    key = int.from_bytes(hashlib.blake2b(checker_id.encode(), digest_size=8).digest(), "big")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key])))


def fault(error: BaseException) -> str:
    """Return one line on an exception: its type, its message, and the file and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    message = " ".join(str(error).split())[:REASON_LENGTH]
    return f"{type(error).__name__}: {message}{place}"
