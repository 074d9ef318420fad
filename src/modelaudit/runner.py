"""Runner: schedules checkers, makes their Context, and turns a fault into an errored result."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, Data, ModelHandle, ReferenceKind, References, TextScorer
from modelaudit.errors import CapabilityError, NotAssessable, PluginError
from modelaudit.evidence import Evidence, redacted
from modelaudit.faults import contained, message
from modelaudit.inference.engine import Engine
from modelaudit.inference.lockstep import lockstep_map
from modelaudit.masking import masked
from modelaudit.plan import plan
from modelaudit.plugins import Registered
from modelaudit.results import CheckResult, Finding
from modelaudit.rows import Row
from modelaudit.subject.model import Model
from modelaudit.subject.randomised import randomised
from modelaudit.subject.references import ReferenceShelf
from modelaudit.subject.scorers import Scorers
from modelaudit.subject.subject import Subject

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Listener(Protocol):
    """Who is told how far the audit is; the command line draws a bar from it."""

    def start(self, evaluations: int) -> None:
        """The whole audit will ask for about this many model evaluations."""

    def checker(self, name: str, position: int, of: int) -> None:
        """A checker begins."""

    def advance(self, evaluations: int) -> None:
        """So many evaluations more are answered."""

    def finish(self) -> None:
        """The audit is over, or was cut off."""


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


class Randomisation:
    """The audited model with random weights, made when it is first asked for and once in an audit."""

    def __init__(self, subject: Subject, *, seed: int, listener: Listener) -> None:
        self._subject = subject
        self._seed = seed
        self._listener = listener
        self._made: Model | None = None
        self._lock = threading.Lock()

    def model(self) -> ModelHandle:
        """Return the model; raise CapabilityError where there can be none."""
        with self._lock:
            if self._made is None:
                self._made = randomised(self._subject.model, seed=_random_seed(self._seed))
                self._made.engine.on_progress = self._listener.advance
            return self._made

    def close(self) -> None:
        """Give the model up."""
        if self._made is not None:
            self._made.engine.close()
            self._made = None


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
    random: Randomisation
    shelf: ReferenceShelf
    scorers: Scorers = field(default_factory=Scorers)
    notes: list[str] = field(default_factory=list)

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Run a one-example search for many examples in lockstep; their model calls share batches."""
        return lockstep_map(self.engine, fn, list(items))

    def randomised(self) -> ModelHandle:
        """Return the audited model with all weights drawn anew."""
        return self.random.model()

    def references(
        self,
        members: Sequence[Row],
        nonmembers: Sequence[Row],
        k: int,
        kind: ReferenceKind = "head",
        *,
        epochs: float | None = None,
    ) -> References:
        """Train `k` reference models from the base model, and return what they say of the rows."""
        return self.shelf.references(members, nonmembers, k, kind, epochs=epochs)

    def classifier(self, source: str | Path | Callable[[Sequence[str]], Any]) -> TextScorer:
        """Return a text classifier that the user named, to score texts with."""
        return self.scorers.classifier(source)

    def note(self, text: str) -> None:
        """Record a sentence beside the result."""
        if not isinstance(text, str):
            raise PluginError(f"ctx.note takes a sentence, not {type(text).__name__}")
        self.notes.append(text)


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a report shows of the text of audited rows: nothing by default, and personal data only where asked for."""

    shown: bool = False
    mask_personal_data: bool = True

    def of(self, item: Evidence) -> Evidence:
        """Return the evidence as it is recorded."""
        kept = redacted(item, show_text=self.shown)
        return masked(kept) if self.mask_personal_data else kept


@dataclass(frozen=True, slots=True)
class ChecksRun:
    """The results in the canonical order, and the seconds that each checker took."""

    results: tuple[CheckResult, ...]
    seconds: dict[str, float]


def run_checks(
    subject: Subject,
    checkers: Sequence[Registered],
    *,
    seed: int,
    only: Sequence[str] | None = None,
    text: ShownText = ShownText(),
    listener: Listener | None = None,
    scorers: Scorers | None = None,
) -> ChecksRun:
    """Run all checkers that apply and return their results in the canonical order.

    `scorers` open the classifiers that checkers are told to score texts with.

    Where the engine had to change its shapes (out of memory), numbers of two numerics would mix, so the whole audit
    runs again under the new ones.
    """
    listener, scorers = listener or Silent(), scorers or Scorers()
    try:
        while True:
            before = [engine.numerics_id for engine in subject.engines]
            run = _pass(subject, checkers, seed, only, text, listener, scorers)
            if [engine.numerics_id for engine in subject.engines] == before:
                return run
    finally:
        # Also after Ctrl-C: a bar that nobody takes away leaves the terminal without a cursor.
        for engine in subject.engines:
            engine.on_progress = None
        scorers.close()
        listener.finish()


def _pass(
    subject: Subject,
    checkers: Sequence[Registered],
    seed: int,
    only: Sequence[str] | None,
    text: ShownText,
    listener: Listener,
    scorers: Scorers,
) -> ChecksRun:
    lines = plan(checkers, subject.info, only)
    going = [line.registered.info.id for line in lines if line.status == "run"]
    listener.start(sum(line.cost.evaluations for line in lines))
    for engine in subject.engines:
        engine.on_progress = listener.advance
    results: list[CheckResult] = []
    seconds: dict[str, float] = {}
    shelf = ReferenceShelf(subject, seed=seed)
    with closing(Randomisation(subject, seed=seed, listener=listener)) as random:
        for line in lines:
            info = line.registered.info
            if line.status == "run":
                listener.checker(info.title, going.index(info.id) + 1, len(going))
                started = time.perf_counter()
                results.append(_run_one(line.registered, subject, seed, text, random, shelf, scorers))
                for engine in subject.engines:
                    engine.check_journal()
                seconds[info.id] = round(time.perf_counter() - started, 3)
            else:
                results.append(_result(line.registered, line.status, reason=line.reason))
    return ChecksRun(tuple(results), seconds)


def _run_one(
    item: Registered,
    subject: Subject,
    seed: int,
    text: ShownText,
    random: Randomisation,
    shelf: ReferenceShelf,
    scorers: Scorers,
) -> CheckResult:
    # Kept here too: a context is in a stranger's hands.
    notes: list[str] = []
    ctx = RunContext(
        data=subject.data,
        model=subject.model,
        base_model=subject.base_model,
        subject=subject.info,
        budget=Budget(subject.info.preset),
        rng=checker_rng(seed, item.info.id),
        seed=seed,
        engine=subject.model.engine,
        random=random,
        shelf=shelf,
        scorers=scorers,
        notes=notes,
    )
    try:
        with contained(NotAssessable, CapabilityError):
            findings = tuple(_checked(finding, text) for finding in item.checker.run(ctx))
            if not findings:
                raise NotAssessable("the checker returned no finding")
            result = _result(item, "completed", findings=findings, notes=_sentences(notes))
    except (NotAssessable, CapabilityError) as error:
        reason = message(error) or "the checker says that this data can't answer its question, and not why"
        return _result(item, "skipped", reason=reason, notes=_sentences(notes))
    except PluginError as error:
        return _result(item, "errored", reason=str(error), notes=_sentences(notes))
    return result


def _checked(finding: object, text: ShownText) -> Finding:
    if not isinstance(finding, Finding):
        raise PluginError(f"run() yielded {type(finding).__name__}, not a Finding")
    # model_construct and model_copy make values that nobody has checked, NaN among them.
    checked = Finding.model_validate(finding.model_dump(warnings=False))
    evidence = tuple(text.of(item) for item in checked.evidence)
    return checked.model_copy(update={"metric": checked.metric.with_influence(finding.metric), "evidence": evidence})


def _sentences(notes: Sequence[object]) -> tuple[str, ...]:
    return tuple(note for note in notes if isinstance(note, str))


def _result(item: Registered, status: str, **fields: Any) -> CheckResult:
    return CheckResult.model_validate(
        {"checker": item.info, "status": status, "plugin": item.plugin, "options": item.options, **fields}
    )


def _random_seed(seed: int) -> int:
    """Return a seed for weights that no training script begins with."""
    return int.from_bytes(hashlib.blake2b(f"random weights {seed}".encode(), digest_size=7).digest(), "big")


def checker_rng(seed: int, checker_id: str) -> np.random.Generator:
    """Return the generator of one checker, which no other checker's presence changes."""
    key = int.from_bytes(hashlib.blake2b(checker_id.encode(), digest_size=8).digest(), "big")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key])))
