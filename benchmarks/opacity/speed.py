"""How fast rows are explained: ours, shap both ways, and the plain model on what ours asks of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.classifier import Classifier
from engine.clock import Clock
from engine.limits import LimitA
from engine.turns import Arm, Ratio, ratio, ratio_of, take_turns
from engine.work import Task
from study import Figure

from opacity.explaining import Explaining, Recorder, nearest
from opacity.shap_arms import BUDGET, ShapArms

FASTER = "times as fast"
LIMIT_SHARE = "share of the limit's speed"


@dataclass(frozen=True)
class Targets:
    """What the figures should be; None for a number that is only reported."""

    documented: float | None = None
    batched: float | None = None
    limit: float | None = None
    equal_error: float | None = None
    error: float | None = None
    host: float | None = None


@dataclass(frozen=True, eq=False)
class Bench:
    """What all parts share: the model, the clock, and the arms around the model.

    Attributes:
        slots: token slots of the engine's full unit.
    """

    classifier: Classifier
    clock: Clock
    ours: Explaining
    shap: ShapArms
    targets: Targets

    @classmethod
    def of(cls, classifier: Classifier, clock: Clock, targets: Targets) -> Bench:
        """Return the arms on the clock's threads."""
        with clock.running():
            return cls(classifier, clock, Explaining(classifier), ShapArms(classifier), targets)

    @property
    def slots(self) -> int:
        return int(self.ours.ours.engine.numerics["batch_tokens"])


@dataclass(eq=False)
class _Counted:
    """An arm with the evaluations a row of each of its turns."""

    arm: Arm
    evaluations: list[float] = field(default_factory=list)


def speed(bench: Bench, head: str, texts: Sequence[str], *, turns: int, rows: int, at_once: int) -> list[Figure]:
    """Compare the arms on rows of one length: shap on rows of its own each turn, ours on these and others at once."""
    some, pairs = list(texts), nearest(BUDGET)
    if len(some) < rows * (turns + 1):
        raise ValueError(f"{head}: {len(some)} rows are too few")
    tuning, some = some[:rows], some[rows:]
    parts = [(some[turn * rows :] + some[: turn * rows])[:at_once] for turn in range(turns)]
    recorder = Recorder(bench.classifier)
    with bench.clock.running():
        tried = bench.shap.best_batch(tuning, bench.clock)
        tasks = [recorder.task(part, pairs) for part in parts]
    best = next(iter(tried))
    first = _first(rows)
    documented = _counting(
        "shap.Explainer(pipeline)", lambda task: bench.shap.documented(task.texts), bench.shap, part=first
    )
    batched = _counting(
        f"shap with a batched function, batch size {best}",
        lambda task: bench.shap.batched(task.texts, best),
        bench.shap,
        part=first,
    )
    own = _counting(
        "ours", lambda task: bench.ours.explain(task.texts, pairs), bench.ours, ready=bench.ours.ours.forget
    )
    limit = LimitA(bench.classifier, tasks, bench.slots, bench.clock)
    alone = Arm(f"limit A: raw forward of the distinct masked inputs, {limit.shape}", limit.run)
    shap_arms = [documented, batched]
    take_turns([*(one.arm for one in shap_arms), own.arm, alone], tasks, bench.clock, check=lambda *_: None, seed=0)
    mode, wanted = bench.clock.mode, bench.targets
    distinct = sum(len(task.distinct[0]) for task in tasks) / len(tasks) / len(parts[0])
    arms = [one.arm for one in shap_arms] + [own.arm, alone]
    return [
        _by_evaluation(documented, own).figure(
            f"{head}: ours / {documented.arm.name}, same evaluations", least=wanted.documented, unit=FASTER
        ),
        _by_evaluation(batched, own).figure(
            f"{head}: ours / {batched.arm.name}, same evaluations", least=wanted.batched, unit=FASTER
        ),
        ratio(alone, own.arm).figure(f"{head}: ours / {alone.name}", least=wanted.limit, unit=LIMIT_SHARE),
        _by_evaluation(documented, _Counted(alone, own.evaluations)).figure(
            f"{head}: limit A / {documented.arm.name}, same evaluations", unit=FASTER
        ),
        *(Figure(f"{head}: {arm.name}", statistics.median(arm.seconds), f"{mode} a row") for arm in arms),
        *(
            Figure(f"{head}: evaluations of {one.arm.name}", statistics.fmean(one.evaluations), "a row")
            for one in (*shap_arms, own)
        ),
        Figure(f"{head}: distinct masked inputs of ours", distinct, "a row"),
        Figure(f"{head}: rows a turn of shap, and of ours", f"{rows}, {len(parts[0])}", f"rows; {turns} turns"),
        *(Figure(f"{head}: shap tried at batch size {size}", one, f"{mode} a row") for size, one in tried.items()),
    ]


def _first(rows: int) -> Callable[[Task], Task]:
    """Return what shap is given of a task; its inputs are no matter, as they are ours."""
    parts: dict[Task, Task] = {}
    return lambda task: parts.setdefault(task, Task(task.texts[:rows], task.inputs[:rows], rows=[]))


def _counting(name: str, run: Callable[[Task], Any], asked: Explaining | ShapArms, **others: Any) -> _Counted:
    def counted(task: Task) -> Any:
        before = asked.evaluations
        answer = run(task)
        found.evaluations.append((asked.evaluations - before) / len(task))
        return answer

    found = _Counted(Arm(name, counted, **others))
    return found


def _by_evaluation(slow: _Counted, fast: _Counted) -> Ratio:
    """Return the ratio of seconds for an evaluation: pairs are whole, so that counts differ by a few in a hundred."""
    turns = len(slow.arm.seconds)
    # On a card the arms were warmed up before their turns.
    counts = zip(slow.evaluations[-turns:], fast.evaluations[-turns:], strict=True)
    seconds = zip(slow.arm.seconds, fast.arm.seconds, strict=True)
    return ratio_of([(a / asked) / (b / own) for (a, b), (asked, own) in zip(seconds, counts, strict=True)])
