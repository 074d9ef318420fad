"""The comparisons: each gives all arms one kind of work and makes figures of what they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from study import Figure

from engine import search
from engine.classifier import Classifier
from engine.clock import Clock
from engine.limits import LimitA, Products, plain_probabilities, without_model
from engine.ours import Ours
from engine.peers import Peers, Setting
from engine.turns import Arm, disagreement, few, ratio, sampled, take_turns
from engine.work import Floats, Task, masks_tasks, mixed_texts, texts_task

FASTER = "times as fast"
LIMIT_SHARE = "share of the limit's speed"
CHOSEN_BY = 160
"""Texts by which the pipeline's batch size is chosen."""


@dataclass(frozen=True)
class Targets:
    """What the figures should be; None for a number that is only reported."""

    limit: float | None = None
    pipeline: float | None = None
    masks: float | None = None


@dataclass(frozen=True, eq=False)
class Bench:
    """What all comparisons share: the model, the clock, and the engine and the peers around the model.

    Attributes:
        in_torch: the engine with its layers in torch, where `ours` has them elsewhere.
    """

    classifier: Classifier
    clock: Clock
    ours: Ours
    in_torch: Ours | None
    peers: Peers
    repetitions: int
    targets: Targets

    @classmethod
    def of(cls, classifier: Classifier, clock: Clock, repetitions: int, targets: Targets) -> Bench:
        """Return the engines on the clock's threads, and the peers."""
        with clock.running():
            ours = Ours(classifier)
            in_torch = Ours(classifier, backend="torch") if ours.engine.probe.onnx else None
        return cls(classifier, clock, ours, in_torch, Peers(classifier), repetitions, targets)

    @property
    def slots(self) -> int:
        """Token slots of the engine's full unit."""
        return int(self.ours.engine.numerics["batch_tokens"])

    def engine(self, name: str, run: Callable[[Task], Any], **others: Any) -> Arm:
        """Return an arm of the engine that forgets before each turn."""
        return Arm(name, run, others.pop("read", self.ours.read), ready=self.ours.forget, **others)

    def torch_alone(self, name: str, verb: str, **others: Any) -> list[Arm]:
        """Return the same with the layers in torch, where that is another arm."""
        if self.in_torch is None:
            return []
        engine = self.in_torch
        return [Arm(f"{name}, layers in torch", getattr(engine, verb), engine.read, ready=engine.forget, **others)]

    def limits(self, tasks: Sequence[Task], **others: Any) -> tuple[Arm, Arm]:
        """Return limit A and limit B of some tasks, prepared."""
        limit = LimitA(self.classifier, tasks, self.slots, self.clock)
        products = Products(self.classifier, self.slots)
        return (
            Arm(f"limit A: raw forward, {limit.shape}", limit.run, limit.read, **others),
            Arm("limit B: matrix products alone", products.of, **others),
        )


def mixed(bench: Bench, *, rows: int, one_by_one: bool = True) -> list[Figure]:
    """Compare on a corpus of mixed lengths."""
    classifier, peers, ours, clock = bench.classifier, bench.peers, bench.ours, bench.clock
    task = texts_task(classifier, mixed_texts(classifier, rows, seed=1), seed=1)
    settings = peers.best(task.texts[:CHOSEN_BY], clock)
    called = next(setting for setting in settings if not setting.ordered)
    ordered = next(setting for setting in settings if setting.ordered)
    plain, helped = (_piped(peers, setting) for setting in (called, ordered))
    batches = Arm("sorted batches of 32", lambda task: peers.sorted_batches(task.texts), peers.read)
    texts, ids = bench.engine("engine from texts", ours.texts), bench.engine("engine from ids", ours.ids)
    limit, products = bench.limits([task])
    arms = [plain, helped, batches, texts, ids, limit, products]
    alone = bench.torch_alone("engine from texts", "texts")
    arms += alone
    if one_by_one:
        arms.append(Arm("one by one", lambda task: peers.one_by_one(task.texts), peers.read))
    _measure(bench, arms, [task] * bench.repetitions, seed=1)
    head = f"mixed lengths ({clock.mode})"
    best = min((plain, helped), key=lambda arm: arm.spent)
    wanted = bench.targets
    figures = [
        ratio(limit, texts).figure(f"{head}: engine from texts / limit A", least=wanted.limit, unit=LIMIT_SHARE),
        ratio(limit, ids).figure(f"{head}: engine from ids / limit A", unit=LIMIT_SHARE),
        ratio(plain, texts).figure(f"{head}: engine / {plain.name}", least=wanted.pipeline, unit=FASTER),
        ratio(helped, texts).figure(f"{head}: engine / {helped.name}", least=wanted.pipeline, unit=FASTER),
        ratio(best, limit).figure(f"{head}: limit A / best pipeline, sorted or not", unit=FASTER),
        ratio(best, products).figure(f"{head}: limit B / best pipeline, sorted or not", unit=FASTER),
        ratio(batches, texts).figure(f"{head}: engine / sorted batches of 32", unit=FASTER),
        *(ratio(arm, texts).figure(f"{head}: engine / {arm.name}", unit=FASTER) for arm in arms[7:]),
        *(ratio(limit, arm).figure(f"{head}: {arm.name} / limit A", unit=LIMIT_SHARE) for arm in alone),
        *(ratio(plain, arm).figure(f"{head}: {arm.name} / {plain.name}", unit=FASTER) for arm in alone),
        ratio(products, texts).figure(f"{head}: engine from texts / limit B", unit=LIMIT_SHARE),
        *_speeds(head, arms, clock),
        *(Figure(f"{head}: pipeline tried at {setting}", one, clock.mode) for setting, one in settings.items()),
        *_waste(head, ours),
    ]
    return figures


def masks(bench: Bench, *, rows: int, variants: int, samples: int) -> list[Figure]:
    """Compare on masked variants of short rows; each turn has rows of its own.

    The engine does all of them; what is prepared for the limits are the first rows, with all their variants. Pipeline
    and sorted batches ask for each string anew, so that every fourth string of the first rows tells what they cost.
    """
    classifier, peers, ours, clock = bench.classifier, bench.peers, bench.ours, bench.clock
    tasks = masks_tasks(classifier, rows=rows, masks=variants, turns=bench.repetitions, sampled=samples, seed=2)
    first = tasks[0].sample
    settings = peers.best(first.texts[:: max(1, len(first) // CHOSEN_BY)], clock)
    piped = _piped(peers, next(iter(settings)), part=few)
    batches = Arm("sorted batches of 32", lambda task: peers.sorted_batches(task.texts), peers.read, part=few)
    masked = bench.engine("engine from rows and masks", ours.masked)
    ids = bench.engine("engine from ids", ours.ids, part=sampled)
    limit, products = bench.limits([task.sample for task in tasks], part=sampled)
    alone = bench.torch_alone("engine from rows and masks", "masked")
    arms = [piped, batches, masked, ids, limit, products, *alone]
    _measure(bench, arms, tasks, seed=2)
    head = f"masks, {rows} rows x {variants} ({clock.mode})"
    distinct = sum(len(task.distinct[0]) for task in tasks) / sum(map(len, tasks))
    against = ratio(piped, masked)
    figures = [
        against.figure(f"{head}: engine / {piped.name}", least=bench.targets.masks, unit=FASTER),
        ratio(limit, masked).figure(f"{head}: engine / limit A", unit=LIMIT_SHARE),
        ratio(limit, ids).figure(f"{head}: engine from ids / limit A", unit=LIMIT_SHARE),
        ratio(piped, limit).figure(f"{head}: limit A / {piped.name}", unit=FASTER),
        ratio(piped, products).figure(f"{head}: limit B / {piped.name}", unit=FASTER),
        ratio(batches, masked).figure(f"{head}: engine / sorted batches of 32", unit=FASTER),
        *(ratio(limit, arm).figure(f"{head}: {arm.name} / limit A", unit=LIMIT_SHARE) for arm in alone),
        *(ratio(piped, arm).figure(f"{head}: {arm.name} / {piped.name}", unit=FASTER) for arm in alone),
        ratio(products, masked).figure(f"{head}: engine / limit B", unit=LIMIT_SHARE),
        Figure(f"{head}: distinct variants", distinct, "share"),
        *_speeds(head, arms, clock),
        *_waste(head, ours),
    ]
    if against.value is not None:
        name = f"{head}: the first figure, were the caller of the pipeline to remove duplicates"
        figures.insert(1, Figure(name, against.value * distinct, f"{FASTER}, computed"))
    return figures


def searching(bench: Bench, *, rows: int, words: int, replacements: int) -> list[Figure]:
    """Compare on a greedy substitution search; the pipeline goes row by row with batches of its candidates."""
    classifier, peers, ours, clock = bench.classifier, bench.peers, bench.ours, bench.clock
    todo = search.searches(classifier, rows, words=words, replacements=replacements, seed=4)
    task = search.asked(classifier, ours, todo)

    def piped(size: int) -> Callable[[list[str]], Floats]:
        return lambda texts: peers.read(peers.piped(texts, Setting(size)))

    with clock.running():
        tried = {
            size: clock.seconds(clock.time(lambda size=size: search.by_peer(piped(size), todo[: rows // 8]))[1])
            for size in (1, replacements)
        }
    size = min(tried, key=lambda size: tried[size])
    alone = Arm(f"pipeline, batches of {size}", lambda _: search.by_peer(piped(size), todo), lambda answer: answer)
    together = bench.engine("engine in lockstep", lambda _: search.by_engine(ours, todo), read=lambda answer: answer)
    limit, products = bench.limits([task])
    arms = [alone, together, limit, products]
    expected = _expected(classifier)

    def check(asked: Task, answer: Any) -> str | None:
        if isinstance(answer, list):
            return search.check(classifier, answer)
        return disagreement(answer, expected(asked))

    _measure(bench, arms, [task] * bench.repetitions, seed=4, check=check)
    head = f"greedy search, {rows} rows ({clock.mode})"
    return [
        ratio(alone, together).figure(f"{head}: engine / {alone.name}", unit=FASTER),
        ratio(limit, together).figure(f"{head}: engine / limit A of its distinct inputs", unit=LIMIT_SHARE),
        ratio(products, together).figure(f"{head}: engine / limit B", unit=LIMIT_SHARE),
        Figure(f"{head}: texts asked for", len(task), "texts"),
        *_speeds(head, arms, clock),
        *_waste(head, ours),
    ]


def losses(bench: Bench, *, rows: int) -> list[Figure]:
    """Compare on the losses that a membership attack reads: texts with labels."""
    classifier, peers, ours, clock = bench.classifier, bench.peers, bench.ours, bench.clock
    task = texts_task(classifier, mixed_texts(classifier, rows, seed=5), seed=5)
    labels = task.labels
    assert labels is not None
    setting = next(iter(peers.best(task.texts[:CHOSEN_BY], clock)))

    def own(probability: Floats) -> Floats:
        return np.where(labels == 1, probability, 1.0 - probability)

    def peer(name: str, run: Callable[[Task], Any]) -> Arm:
        return Arm(name, lambda task: -np.log(own(peers.read(run(task)))), lambda answer: np.exp(-answer))

    piped = peer(f"pipeline, {setting}", lambda task: peers.piped(task.texts, setting))
    batches = peer("sorted batches of 32", lambda task: peers.sorted_batches(task.texts))
    engine = bench.engine("engine", ours.losses, read=ours.read_losses)
    limit, products = bench.limits([task])
    read = limit.read
    assert read is not None
    limit.read = lambda answer: own(read(answer))
    arms = [piped, batches, engine, limit, products]
    expected = own(_expected(classifier)(task))
    _measure(bench, arms, [task] * bench.repetitions, seed=5, check=lambda _, answer: disagreement(answer, expected))
    head = f"membership losses ({clock.mode})"
    return [
        ratio(piped, engine).figure(f"{head}: engine / {piped.name}", unit=FASTER),
        ratio(limit, engine).figure(f"{head}: engine / limit A", unit=LIMIT_SHARE),
        ratio(products, engine).figure(f"{head}: engine / limit B", unit=LIMIT_SHARE),
        *_speeds(head, arms, clock),
    ]


def host(bench: Bench, *, rows: int) -> list[Figure]:
    """Return how fast the host's own work goes: the same arms around a model that answers zeros at once."""
    stub = without_model(bench.classifier)
    ours, peers, clock = Ours(stub), Peers(stub), bench.clock
    task = texts_task(stub, mixed_texts(stub, rows, seed=6), seed=6)
    arms = [
        Arm("engine from texts", ours.texts, ready=ours.forget),
        Arm("engine from ids", ours.ids, ready=ours.forget),
        Arm("pipeline, batch size 32", lambda task: peers.piped(task.texts, Setting(32))),
        Arm("sorted batches of 32", lambda task: peers.sorted_batches(task.texts)),
    ]
    take_turns(arms, [task] * bench.repetitions, clock, check=lambda *_: None, seed=6)
    head = f"host ceiling, model of zeros ({clock.mode})"
    return [
        ratio(arms[2], arms[0]).figure(f"{head}: engine / {arms[2].name}", unit=FASTER),
        *_speeds(head, arms, clock),
    ]


def start(bench: Bench) -> list[Figure]:
    """Return what the engine's own start costs: its probe of the model."""
    with bench.clock.running():
        taken = [bench.clock.time(lambda: Ours(bench.classifier))[1] for _ in range(3)]
    seconds = sorted(bench.clock.seconds(one) for one in taken)[1]
    return [Figure("start: engine with its probe", seconds, bench.clock.mode)]


def _piped(peers: Peers, setting: Setting, **others: Any) -> Arm:
    return Arm(f"pipeline, {setting}", lambda task: peers.piped(task.texts, setting), peers.read, **others)


def _measure(bench: Bench, arms: Sequence[Arm], tasks: Sequence[Task], *, seed: int, **others: Any) -> None:
    expected = _expected(bench.classifier)
    check = others.pop("check", lambda task, answer: disagreement(answer, expected(task)))
    take_turns(arms, tasks, bench.clock, check=check, seed=seed, **others)


def _expected(classifier: Classifier) -> Callable[[Task], Floats]:
    """Return a function that knows what the plain model answers to the sample of a task."""
    known: dict[bytes, float] = {}

    def expected(task: Task) -> Floats:
        inputs, of_answer = task.sample.distinct
        missing = [one for one in inputs if one.ids.tobytes() not in known]
        answers = plain_probabilities(classifier, missing)
        known.update({one.ids.tobytes(): answer for one, answer in zip(missing, answers, strict=True)})
        return np.array([known[one.ids.tobytes()] for one in inputs])[of_answer]

    return expected


def _speeds(head: str, arms: Sequence[Arm], clock: Clock) -> list[Figure]:
    """Return each arm's speed in distinct tokens: padding and repetitions count for nothing."""
    unit = f"distinct tokens a second ({clock.mode})"
    return [
        Figure(f"{head}: {arm.name}{f': void, {arm.fault}' if arm.fault else ''}", _speed(arm), unit) for arm in arms
    ]


def _speed(arm: Arm) -> float | None:
    return None if arm.fault else arm.tokens / arm.spent


def _waste(head: str, ours: Ours) -> list[Figure]:
    """Return what the engine did not compute, and what it computed for nothing, since it was made."""
    before, stats = ours.counted, ours.engine.stats
    requested, computed = stats.requested - before.requested, stats.computed - before.computed
    tokens, slots = stats.tokens - before.tokens, stats.padded_tokens - before.padded_tokens
    ours.count_anew()
    return [
        Figure(f"{head}: duplicates removed by the engine", 1.0 - computed / requested, "share of rows"),
        Figure(f"{head}: padding and filling of the engine", 1.0 - tokens / slots, "share of token slots"),
    ]
