"""The tiers: which attacks are made, by what the user wants to spend and what was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from modelaudit.checker import Context, ModelHandle, References
from modelaudit.checkers.privacy.folds import whole_text
from modelaudit.checkers.privacy.membership.attack import Attack
from modelaudit.checkers.privacy.membership.language_signals import HEADLINE, HEADLINE_WITH_BASE, language_signals
from modelaudit.checkers.privacy.membership.reference_attacks import RATIO_ONLINE, reference_attacks
from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.membership.signals import (
    ENTITIES,
    EVERY_WORD,
    LOG_ODDS,
    LOSS,
    OUTSIDE_ONLY,
    Signal,
    Vector,
    Words,
    classification_signals,
    tag_signals,
)
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.checkers.privacy.true_label import true_label_scores
from modelaudit.errors import CapabilityError, NotAssessable

Tier = Literal["no-training", "reference-heads", "reference-lora"]
TIERS: tuple[Tier, ...] = get_args(Tier)
KIND: dict[Tier, Literal["head", "lora"]] = {"reference-heads": "head", "reference-lora": "lora"}
DISTILLED = "distilled-reference attack"
FEWEST_WITH_ENTITIES = 20
"""Rows a side with an entity below which a tagger's headline attack reads all words."""
WORD_TASK, TEXT_TASK, LANGUAGE_TASK = "token-classification", "text-classification", "text-generation"
TASKS = (TEXT_TASK, WORD_TASK, LANGUAGE_TASK)
FEW_ROWS, SAME = 8, 1e-3
"""Rows whose states are compared, and how far apart they may lie in parts of the largest."""
LOST = {
    TEXT_TASK: "the model gave no number for them",
    WORD_TASK: "no entity, or no word within the model's length",
    LANGUAGE_TASK: "no token that has something before it",
}
"""Why a row may have no score."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the models said of all rows, members first.

    Attributes:
        signals: the attacks of the model's own answers, the headline attack named by `headline`.
        plain: name of the attack that is put to the base model in the same words.
        phi, log_p: (n,) log-odds and log p of the truth, which reference models are held against.
        base: (n,) what the plain attack's statistic is of the base model, by the model itself or by heads that were not
            trained on the row; None where there is none, and `why_no_base` says why.
        words: the words of tagged rows.
        headline: name of the attack of this tier that single numbers are read from.
    """

    signals: tuple[Signal, ...]
    phi: Vector
    log_p: Vector
    loss: Vector
    headline: str
    plain: str
    base: Vector | None = None
    why_no_base: str = ""
    words: Words | None = None
    chosen: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The suite of an audit; one attack of it as put to the model and to the base model; the losses for the tail."""

    suite: Suite
    plain: Attack
    base: Attack | None
    why_no_base: str
    loss: Attack


def make_suite(ctx: Context, sides: Sides, *, tier: Tier, references: int) -> Made:
    """Ask the models once, train reference models where the tier has them, and return the suite.

    CapabilityError where the tier needs a base model or an extra that is not there; NotAssessable where one side has no
    record with a score.
    """
    asked = _ask(ctx, sides)
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
            lengths=np.log1p([len(whole_text(row)) for row in sides.rows]),
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
        ctx.note(f"{headline}: {lost:,} rows have no score ({LOST[ctx.subject.task]}).")
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
    return Made(suite, plain, base, asked.why_no_base, attack("loss", asked.loss))


def _ask(ctx: Context, sides: Sides) -> Asked:
    rows = sides.rows
    if ctx.subject.task == LANGUAGE_TASK:
        return _ask_language(ctx, sides)
    answers = ctx.model.predict(rows)
    base = ctx.base_model
    shares_head = base is not None and "predict" in base.capabilities and base.labels == ctx.model.labels
    why = "" if base is not None else "no base model was given (base_model=, --base-model)"
    if answers.offsets is None:
        labels = np.array([-1 if row.label is None else row.label for row in rows], dtype=np.int64)
        signals = classification_signals(answers.logits, labels)
        phi, loss = true_label_scores(answers.logits, labels)
        asked = Asked(signals, phi, -loss, loss, LOG_ODDS, LOG_ODDS, why_no_base=why)
        if shares_head and base is not None:
            theirs, _ = true_label_scores(base.predict(rows).logits, labels)
            asked = _calibrated(asked, theirs)
        return asked
    words = Words.of(rows, ctx.model.labels)
    signals = tag_signals(answers.logits, words)
    headline, chosen = _headline_words(ctx, dict(signals), words, cut=len(sides.members))
    log_odds, loss = true_label_scores(answers.logits, words.tags)
    every = np.ones(len(words.tags), dtype=np.bool_)
    asked = Asked(
        signals, words.mean(log_odds, chosen), words.mean(-loss, chosen), words.mean(loss, every), headline,
        headline, why_no_base=why, words=words, chosen=chosen,
    )  # fmt: skip
    if shares_head and base is not None:
        theirs, _ = true_label_scores(base.predict(rows).logits, words.tags)
        asked = _calibrated(asked, words.mean(theirs, chosen))
    return asked


def _calibrated(asked: Asked, theirs: Vector) -> Asked:
    """With a base model that has the head: the difference to it is an attack (Watson et al. 2022)."""
    added: Signal = ("base-calibrated log-odds attack", asked.phi - theirs)
    return replace(asked, signals=(*asked.signals, added), base=theirs)


def _headline_words(ctx: Context, signals: dict[str, Vector], words: Words, *, cut: int) -> tuple[str, np.ndarray]:
    known = np.isfinite(signals[ENTITIES])
    if min(int(known[:cut].sum()), int(known[cut:].sum())) >= FEWEST_WITH_ENTITIES:
        ctx.note("The headline attack reads the words of gold entities, where memory of names shows.")
        return ENTITIES, words.entity
    ctx.note(f"Fewer than {FEWEST_WITH_ENTITIES} rows a side have an entity: the headline attack reads all words.")
    return EVERY_WORD, np.ones(len(words.tags), dtype=np.bool_)


def _ask_language(ctx: Context, sides: Sides) -> Asked:
    rows = sides.rows
    target = ctx.model.token_statistics(rows)
    base: ModelHandle | None = ctx.base_model
    told = None
    why = "no base model was given (base_model=, --base-model)"
    if base is not None:
        if "token_statistics" in base.capabilities:
            told, why = base.token_statistics(rows), ""
        else:
            why = "the base model is no language model"
    texts = [row.text if row.answer is None else row.answer for row in rows]
    try:
        signals = language_signals(target, told, texts)
    except ValueError as error:
        # A chat model whose added tokens stand in every row shares no row with its base model.
        told, why = None, str(error)
        signals = language_signals(target, None, texts)
    alone = Ragged.of(target.offsets)
    mean = alone.means(target.log_probs)
    base_mean = None if told is None else Ragged.of(told.offsets).means(told.log_probs)
    p = np.minimum(np.exp(target.log_probs), 1.0 - 1e-12)
    phi = alone.means(target.log_probs - np.log1p(-p))
    headline = HEADLINE if told is None else HEADLINE_WITH_BASE
    return Asked(signals, phi, mean, -mean, headline, LOSS, base=base_mean, why_no_base=why)


def _with_base_states(ctx: Context, sides: Sides, asked: Asked) -> Asked:
    """With a base model's states: the distilled reference as an attack, and heads for the guard where it has none.

    The heads are trained on complementary halves of all rows, and each row is asked of the one that did not see it.
    """
    if ctx.base_model is None or ctx.subject.task == LANGUAGE_TASK:
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
