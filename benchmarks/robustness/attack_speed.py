"""The attack beside TextAttack's DeepWordBug: rows attacked a second and flips found, at one budget of queries a row.

Arms take turns on the same rows, all of which the model answers rightly. A flip that an arm claims is asked of the
plain model, and an arm that claims one too many is void. Seconds are of the attack alone: models are loaded, and our
engine has chosen its layers, before the clock starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from engine.audit_cost import distinct_questions
from engine.classifier import Classifier, fine_tuned_folder, real
from engine.clock import Clock, Spent
from engine.limits import Prepared, Shape, fastest_shape, plain_probabilities
from engine.turns import DIFFERENCE, Ratio, ratio_of
from engine.work import encode
from real_run import sst2

from modelaudit.inference import ModelInput
from robustness.asking import context_of
from robustness.our_attack import CHECKER, search
from robustness.peer import DeepWordBug, Void

OURS = "ours"
FREE = "ours, as free as the peer"
FAIR = "DeepWordBug, padded to the longest"
SHIPPED = "DeepWordBug, as shipped"
RULES: Mapping[str, Mapping[str, Any]] = {OURS: {}, FREE: {"edit_share": 1.0, "similarity": 0.0}}
"""Our own rules on how much of a text is edited, and none, as the peer has none that a short text would meet."""

SLOTS = {"cpu": 512, "cuda": 16_384}
"""Token slots of the engine's full batch."""
SEED = 0

Row = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What an arm made of its rows in one turn: an outcome of each, and what that took."""

    outcomes: Sequence[Row]
    spent: Spent
    asked: Sequence[ModelInput] = ()

    def seconds(self, clock: Clock) -> float:
        """Return the seconds that a row took."""
        return clock.seconds(self.spent) / len(self.outcomes)


@dataclass(eq=False)
class Arm:
    """One way of attacking rows.

    Attributes:
        run: attacks rows. few: how many of each turn's rows it is given, None for all.
        void: why its figures say nothing, or None.
    """

    name: str
    run: Callable[[Sequence[Row]], Turn]
    few: int | None = None
    turns: list[Turn] = field(default_factory=list)
    void: str | None = None

    @property
    def outcomes(self) -> list[Row]:
        """The outcomes of all turns."""
        return [one for turn in self.turns for one in turn.outcomes]


def measure(
    models: Path,
    data: Path,
    *,
    rows: int = 200,
    budget: int = 64,
    turns: int = 5,
    shipped: int = 8,
    clock: Clock | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Return what each arm took and found, ready for JSON; `shipped` rows of a turn go to the slowest arm."""
    clock = clock or Clock(device=device)
    folder = fine_tuned_folder(models)
    if folder is None:
        return {"void": "there is no fine-tuned model; name its folder with --models"}
    classifier = real(device, folder)
    chosen = rightly_answered(classifier, sst2(data).heldout, rows)
    parts = [chosen[turn::turns] for turn in range(turns)]
    machine: dict[str, Any] = {"threads": clock.threads, "device": device}
    arms = [
        *(Arm(name, _ours(classifier, budget, clock, rules)) for name, rules in RULES.items()),
        Arm(FAIR, _peer(DeepWordBug(folder, budget, "longest", **machine), classifier)),
        Arm(SHIPPED, _peer(DeepWordBug(folder, budget, "shipped", **machine), classifier), few=shipped),
    ]
    limits: dict[str, list[float]] = {}
    shape: Shape | None = None
    draw = np.random.default_rng(SEED)
    with clock.running():
        for part in parts:
            for place in draw.permutation(len(arms)):
                _take(arms[place], part, classifier)
            for arm in arms:
                if arm.void is None and (asked := arm.turns[-1].asked):
                    shape = shape or fastest_shape(classifier, asked, SLOTS[device], clock)
                    _, least = clock.time(Prepared(classifier, asked, shape).run)
                    limits.setdefault(arm.name, []).append(clock.seconds(least) / len(part))
    by_name = {arm.name: arm for arm in arms}
    return {
        "model": classifier.name,
        "budget": budget,
        "rows": len(chosen),
        "turns": turns,
        "clock": clock.mode,
        "limit": str(shape),
        "arms": {arm.name: _told(arm, clock) for arm in arms},
        "times as fast": {
            f"{own} / {peer}": _plain(_faster(by_name[peer], by_name[own], by_name[FAIR], clock))
            for peer in (FAIR, SHIPPED)
            for own in RULES
        },
        "limits": {
            **{f"{own} / limit A of its own questions": _plain(_share(limits, by_name[own], clock)) for own in RULES},
            "limit A of its questions / DeepWordBug": _plain(_ceiling(limits, by_name[FAIR], clock)),
        },
        "more flips": {own: _gained(by_name[own], by_name[FAIR]) for own in RULES},
    }


def rightly_answered(classifier: Classifier, rows: Sequence[Row], most: int) -> list[Row]:
    """Return the first rows that the plain model answers rightly, without doubt about which answer it gives."""
    found = []
    answers = plain_probabilities(classifier, encode(classifier, [row["text"] for row in rows[: 3 * most]]))
    for row, positive in zip(rows, answers, strict=False):
        if _margin(positive, row["label"]) > DIFFERENCE:
            found.append(row)
    return found[:most]


def _margin(positive: float, label: int) -> float:
    """Return by how much the label is likelier than the other one."""
    return float((2 * label - 1) * (2.0 * positive - 1.0))


def _take(arm: Arm, part: Sequence[Row], classifier: Classifier) -> None:
    """Give an arm its turn, unless it is void already, and hold what it claims against the plain model."""
    if arm.void is not None:
        return
    rows = part[: arm.few]
    try:
        turn = arm.run(rows)
    except Void as reason:
        arm.void = str(reason)
        return
    arm.turns.append(turn)
    skipped = sum(one["state"] == "skipped" for one in turn.outcomes)
    claims = [
        (one["text"], row["label"]) for one, row in zip(turn.outcomes, rows, strict=True) if one["state"] == "success"
    ]
    answers = plain_probabilities(classifier, encode(classifier, [text for text, _ in claims])) if claims else []
    kept = sum(_margin(answer, label) > DIFFERENCE for answer, (_, label) in zip(answers, claims, strict=True))
    if skipped:
        arm.void = f"it passed over {skipped} rows that the model answers rightly"
    elif kept:
        arm.void = f"{kept} of its {len(claims)} flips are none"


def _ours(
    classifier: Classifier, budget: int, clock: Clock, rules: Mapping[str, Any]
) -> Callable[[Sequence[Row]], Turn]:
    def run(rows: Sequence[Row]) -> Turn:
        where = {"checker": CHECKER, "seed": SEED, "device": classifier.device}
        with context_of(classifier.model, classifier.tokenizer, rows, **where) as (ctx, asked):
            outcomes, spent = clock.time(lambda: search(ctx, ctx.data.evaluation, budget=budget, **rules))
        return Turn(outcomes, spent, distinct_questions(asked))

    return run


def _peer(peer: DeepWordBug, classifier: Classifier) -> Callable[[Sequence[Row]], Turn]:
    def run(rows: Sequence[Row]) -> Turn:
        told = peer.attack(rows)
        spent = Spent(*(sum(row[kind] for row in told["rows"]) for kind in ("cpu", "wall")))
        # It counts the original as a query, which ours gets for nothing.
        outcomes = [{**row, "queries": row["queries"] - 1, "versions": told["versions"]} for row in told["rows"]]
        texts = list(dict.fromkeys(told["asked"])) if peer.padding == "longest" else []
        return Turn(outcomes, spent, encode(classifier, texts) if texts else ())

    return run


def _told(arm: Arm, clock: Clock) -> dict[str, Any]:
    """Return an arm's figures over all turns."""
    outcomes = arm.outcomes
    if arm.void is not None or not outcomes:
        return {"void": arm.void or "it had no turn"}
    seconds = sum(clock.seconds(turn.spent) for turn in arm.turns)
    flips = [one for one in outcomes if one["state"] == "success"]
    return {
        "rows": len(outcomes),
        "rows a second": len(outcomes) / seconds,
        "rows a second, wall time": len(outcomes) / sum(turn.spent.wall for turn in arm.turns),
        "seconds a row by turn": [turn.seconds(clock) for turn in arm.turns],
        "flips": len(flips),
        "queries a row": sum(one["queries"] for one in outcomes) / len(outcomes),
        "queries of a flip": sum(one["queries"] for one in flips) / len(flips) if flips else None,
        "versions": outcomes[0].get("versions", {}),
    }


def _faster(slow: Arm, fast: Arm, fair: Arm, clock: Clock) -> Ratio:
    """Return how many times as fast a row is attacked.

    An arm that is given few rows is held against what the fair arm took on the very same ones, and that against ours
    on all, since rows differ in length more than turns do.
    """
    for arm in (slow, fast, fair):
        if arm.void is not None:
            return Ratio(None, fault=f"{arm.name}: {arm.void}")
    ratios = []
    for theirs, own, bridge in zip(slow.turns, fast.turns, fair.turns, strict=True):
        few = len(theirs.outcomes)
        same = Turn(
            bridge.outcomes[:few], Spent(*(sum(one[k] for one in bridge.outcomes[:few]) for k in ("cpu", "wall")))
        )
        ratios.append(theirs.seconds(clock) / same.seconds(clock) * bridge.seconds(clock) / own.seconds(clock))
    return ratio_of(ratios)


def _share(limits: Mapping[str, Sequence[float]], arm: Arm, clock: Clock) -> Ratio:
    """Return an arm's speed as a share of the model's alone on the same distinct questions."""
    if arm.void is not None:
        return Ratio(None, fault=f"{arm.name}: {arm.void}")
    return ratio_of([least / turn.seconds(clock) for least, turn in zip(limits[arm.name], arm.turns, strict=True)])


def _ceiling(limits: Mapping[str, Sequence[float]], fair: Arm, clock: Clock) -> Ratio:
    """Return how many times as fast the fair arm's own questions can be asked here at the most."""
    share = _share(limits, fair, clock)
    if share.value is None:
        return share
    return ratio_of([turn.seconds(clock) / least for least, turn in zip(limits[fair.name], fair.turns, strict=True)])


def _gained(own: Arm, peer: Arm) -> dict[str, Any]:
    """Return how many of the same rows only one of the two flips."""
    for arm in (own, peer):
        if arm.void is not None:
            return {"void": f"{arm.name}: {arm.void}"}
    pairs = [
        (one["state"] == "success", other["state"] == "success")
        for one, other in zip(own.outcomes, peer.outcomes, strict=True)
    ]
    return {
        "rows": len(pairs),
        "only ours": sum(one and not other for one, other in pairs),
        "only the peer": sum(other and not one for one, other in pairs),
    }


def _plain(ratio: Ratio) -> dict[str, Any]:
    if ratio.value is None:
        return {"void": ratio.fault}
    return {"value": ratio.value, "low": ratio.low, "high": ratio.high}
