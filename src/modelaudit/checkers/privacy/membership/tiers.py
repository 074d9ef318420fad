"""The tiers: which attacks are made, by what the user wants to spend and what was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from modelaudit.checker import Context, References
from modelaudit.checkers.privacy.membership.asked import (
    CLASS_TASKS,
    DISTILLED,
    SPAN_TASK,
    SPEECH_TASK,
    WORD_TASK,
    Asked,
    ask,
)
from modelaudit.checkers.privacy.membership.attack import Attack
from modelaudit.checkers.privacy.membership.reference_attacks import RATIO_ONLINE, reference_attacks
from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.membership.signals import OUTSIDE_ONLY, Signal, Vector
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.record import extent
from modelaudit.errors import CapabilityError, NotAssessable

Tier = Literal["no-training", "reference-heads", "reference-lora"]
TIERS: tuple[Tier, ...] = get_args(Tier)
KIND: dict[Tier, Literal["head", "lora"]] = {"reference-heads": "head", "reference-lora": "lora"}
FEW_ROWS, SAME = 8, 1e-3
"""Rows whose states are compared, and how far apart they may lie in parts of the largest."""
LOST = {
    WORD_TASK: "no entity, or no word within the model's length",
    SPAN_TASK: "no answer within what the model reads",
    SPEECH_TASK: "no transcript that the model could write",
    **dict.fromkeys(CLASS_TASKS, "the model gave no number for them"),
}
NO_TOKEN = "no token that has something before it"
"""Why a row may have no score, by task; of texts whose tokens are judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The suite of an audit; one attack of it as put to the model and to the base model; the losses for the tail."""

    suite: Suite
    plain: Attack
    base: Attack | None
    why_no_base: str
    by_states: bool
    loss: Attack


def make_suite(ctx: Context, sides: Sides, *, tier: Tier, references: int) -> Made:
    """Ask the models once, train reference models where the tier has them, and return the suite.

    CapabilityError where the tier needs a base model or an extra that is not there; NotAssessable where one side has no
    record with a score.
    """
    asked = ask(ctx, sides)
    if asked.base is None or tier != "no-training":
        asked = _with_base_states(ctx, sides, asked)
    signals, headline = asked.signals, asked.headline
    if tier != "no-training":
        trained = ctx.references(sides.members, sides.nonmembers, references, KIND[tier])
        log_odds, log_probs = (_by_row(values, trained, asked) for values in (trained.log_odds, trained.log_probs))
        is_member = np.arange(len(sides.rows)) < len(sides.members)
        added = reference_attacks(
            phi=asked.phi,
            log_p=asked.log_p,
            log_odds=log_odds,
            log_probs=log_probs,
            trained_on=trained.trained_on,
            is_member=is_member,
            labels=np.array([-1 if row.label is None else row.label for row in sides.rows]),
            lengths=np.log1p([extent(row) for row in sides.rows]),
        )
        signals = (*signals, *added)
        # Where the encoder was left as it is, reference heads are trained as the audited head was.
        alike = tier == "reference-lora" or _same_states(ctx, sides)
        headline = RATIO_ONLINE if alike else headline
    return _made(ctx, sides, signals, headline, asked)


def _made(ctx: Context, sides: Sides, signals: Sequence[Signal], headline: str, asked: Asked) -> Made:
    cut = len(sides.members)

    def attack(name: str, scores: Vector) -> Attack:
        return Attack(name, scores[:cut], scores[cut:], control=name == OUTSIDE_ONLY)

    attacks = tuple(attack(name, scores) for name, scores in signals)
    first = next(one for one in attacks if one.name == headline)
    lost = sum(int((~side).sum()) for side in first.scored)
    if lost:
        ctx.note(f"{headline}: {lost:,} rows have no score ({LOST.get(ctx.subject.task, NO_TOKEN)}).")
    if not first.usable:
        raise NotAssessable(
            f"the {headline} has a score for {first.scored[0].sum()} training rows and {first.scored[1].sum()} "
            "held-out rows, and 2 of each are the least; provide more rows"
        )
    member_units, nonmember_units = sides.units()
    suite = Suite(
        tuple(one for one in attacks if one.usable or one.control),
        headline,
        sides.order(seed=ctx.seed),
        member_units,
        nonmember_units,
        ids=([row.id for row in sides.members], [row.id for row in sides.nonmembers]),
    )
    plain = next(one for one in attacks if one.name == asked.plain)
    base = None if asked.base is None else attack("base model", asked.base)
    return Made(suite, plain, base, asked.why_no_base, asked.by_states, attack("loss", asked.loss))


def _with_base_states(ctx: Context, sides: Sides, asked: Asked) -> Asked:
    """With a base model's states: the distilled reference as an attack, and heads for the guard where it has none.

    The heads are trained on complementary halves of all rows, and each row is asked of the one that did not see it.
    """
    if ctx.base_model is None or ctx.subject.task not in (*CLASS_TASKS, WORD_TASK):
        return asked
    try:
        if asked.base is None:
            heads = ctx.references(sides.members, sides.nonmembers, 2, "head")
            asked = replace(asked, base=_out_mean(_by_row(heads.log_odds, heads, asked), heads.trained_on))
        distilled = ctx.references(sides.members, sides.nonmembers, 1, "distilled")
    except (CapabilityError, NotAssessable) as error:
        return asked if asked.base is not None else replace(asked, why_no_base=str(error))
    expected = _by_row(distilled.log_odds, distilled, asked)[0]
    return replace(
        asked,
        signals=((DISTILLED, asked.phi - expected), *asked.signals),
        headline=DISTILLED,
    )


def _same_states(ctx: Context, sides: Sides) -> bool:
    """Tell whether the audited model has the states of the base model: then only its head was trained."""
    base = ctx.base_model
    if base is None or "embed" not in ctx.model.capabilities & base.capabilities:
        return False
    try:
        own, theirs = (model.embed(sides.rows[:FEW_ROWS]) for model in (ctx.model, base))
    except CapabilityError:
        # A model may turn out to show no states only when it is asked.
        return False
    return own.shape == theirs.shape and bool(np.abs(own - theirs).max() < SAME * max(1.0, np.abs(theirs).max()))


def _by_row(values: Vector, trained: References, asked: Asked) -> Vector:
    """(K, n) outputs of reference models, of words their mean over a row's words that the headline attack reads."""
    if trained.offsets is None or asked.words is None or asked.chosen is None:
        return values
    return np.stack([asked.words.mean(row, asked.chosen) for row in values])


def _out_mean(log_odds: Vector, trained_on: np.ndarray) -> Vector:
    """(n,) means over the reference models that were not trained on the row."""
    outside = ~trained_on
    return np.asarray(np.where(outside, log_odds, 0.0).sum(axis=0) / outside.sum(axis=0))
