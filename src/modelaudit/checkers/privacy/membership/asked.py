"""What the models say of all rows, asked once, and the attacks that follow from it without training anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelaudit.checker import Context, ModelHandle
from modelaudit.checkers.privacy.media_traits import traits
from modelaudit.checkers.privacy.membership.answer_signals import (
    span_signals,
    span_traits,
    transcript_signals,
    transcript_traits,
)
from modelaudit.checkers.privacy.membership.expected import expected
from modelaudit.checkers.privacy.membership.language_signals import (
    HEADLINE,
    HEADLINE_WITH_BASE,
    LIKELY,
    language_signals,
)
from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.membership.signals import (
    ENTITIES,
    EVERY_WORD,
    LOG_ODDS,
    LOSS,
    Signal,
    Vector,
    Words,
    classification_signals,
    tag_signals,
)
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.checkers.privacy.true_label import true_label_scores
from modelaudit.errors import CapabilityError

WORD_TASK, TEXT_TASK, LANGUAGE_TASK = "token-classification", "text-classification", "text-generation"
MASKED_TASK, SPAN_TASK, SPEECH_TASK = "fill-mask", "question-answering", "automatic-speech-recognition"
CLASS_TASKS = (TEXT_TASK, "image-classification", "audio-classification")
TASKS = (*CLASS_TASKS, WORD_TASK, LANGUAGE_TASK, MASKED_TASK, SPAN_TASK, "text2text-generation", SPEECH_TASK)
DISTILLED = "distilled-reference attack"
BLINDLY = "attack calibrated without a model"
FEWEST_WITH_ENTITIES = 20
"""Rows a side with an entity below which a tagger's headline attack reads all words."""
NO_BASE = "no base model was given (base_model=, --base-model)"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the models said of all rows, members first.

    Attributes:
        signals: the attacks of the model's own answers, the headline attack named by `headline`.
        plain: name of the attack that is put to the base model in the same words.
        phi, log_p: (n,) log-odds and log p of the truth, which reference models are held against.
        loss: (n,) in nats.
        base: (n,) what the plain attack's statistic is of the base model, by the model itself or by heads that were not
            trained on the row; None where there is none, and `why_no_base` says why.
        by_states: whether `base` is what states of the base model let expect of the audited one.
        words: the words of tagged rows; chosen: those that the headline attack reads.
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
    by_states: bool = False
    words: Words | None = None
    chosen: np.ndarray | None = None


def ask(ctx: Context, sides: Sides) -> Asked:
    """Ask the audited model about all rows, and the base model where it answers in the same way."""
    if ctx.subject.task == WORD_TASK:
        return _tags(ctx, sides)
    if ctx.subject.task in CLASS_TASKS:
        return _classes(ctx, sides)
    if ctx.subject.task == SPAN_TASK or "token_statistics" not in ctx.model.capabilities:
        return _parts(ctx, sides)
    return _tokens(ctx, sides)


def _classes(ctx: Context, sides: Sides) -> Asked:
    labels = np.array([-1 if row.label is None else row.label for row in sides.rows], dtype=np.int64)
    answers = ctx.model.predict(sides.rows)
    signals = classification_signals(answers.logits, labels)
    phi, loss = true_label_scores(answers.logits, labels)
    asked = Asked(signals, phi, -loss, loss, LOG_ODDS, LOG_ODDS, why_no_base=_why_no_base(ctx))
    base = _with_same_head(ctx)
    return asked if base is None else _calibrated(asked, true_label_scores(base.predict(sides.rows).logits, labels)[0])


def _tags(ctx: Context, sides: Sides) -> Asked:
    answers = ctx.model.predict(sides.rows)
    words = Words.of(sides.rows, ctx.model.labels)
    signals = tag_signals(answers.logits, words)
    headline, chosen = _headline_words(ctx, dict(signals), words, cut=len(sides.members))
    log_odds, loss = true_label_scores(answers.logits, words.tags)
    every = np.ones(len(words.tags), dtype=np.bool_)
    asked = Asked(
        signals, words.mean(log_odds, chosen), words.mean(-loss, chosen), words.mean(loss, every), headline,
        headline, why_no_base=_why_no_base(ctx), words=words, chosen=chosen,
    )  # fmt: skip
    base = _with_same_head(ctx)
    if base is None:
        return asked
    theirs, _ = true_label_scores(base.predict(sides.rows).logits, words.tags)
    return _calibrated(asked, words.mean(theirs, chosen))


def _parts(ctx: Context, sides: Sides) -> Asked:
    """Ask for the parts of true answers: of a span its start and end, of a transcript the whole of it.

    How hard a row is, is taken off by the base model where it answers such questions itself; else by its states, from
    which a regression learns on held-out rows what is to be expected; and without any model by lengths and traits.
    """
    spans = ctx.subject.task == SPAN_TASK

    def signals_of(model: ModelHandle) -> tuple[Signal, ...]:
        told = model.predict(sides.rows)
        offsets = np.arange(len(sides.rows) + 1) if told.offsets is None else told.offsets
        log_p = told.logits[:, 0]
        return span_signals(log_p, offsets) if spans else transcript_signals(log_p, offsets, sides.rows)

    own = signals_of(ctx.model)
    (name, phi), (_, log_p) = own[:2]
    blind = span_traits(sides.rows) if spans else np.hstack([transcript_traits(sides.rows), traits(sides.rows)])
    blindly: Signal = (BLINDLY, phi - expected(blind, phi, sides, seed=ctx.seed))
    asked = Asked((*own, blindly), phi, log_p, -log_p, name, name, why_no_base=_why_no_base(ctx))
    base = ctx.base_model
    if base is None:
        return asked
    if "predict" in base.capabilities:
        asked = _calibrated(asked, dict(signals_of(base))[name])
        return replace(asked, headline=asked.signals[-1][0])
    try:
        by_states = expected(base.embed(sides.rows), phi, sides, seed=ctx.seed)
    except CapabilityError as error:
        return replace(asked, why_no_base=str(error))
    return replace(
        asked,
        signals=((DISTILLED, phi - by_states), *asked.signals),
        headline=DISTILLED if np.isfinite(by_states).all() else name,
        base=by_states,
        by_states=True,
    )


def _tokens(ctx: Context, sides: Sides) -> Asked:
    """Ask for the tokens of answers, or of texts, one by one."""
    rows = sides.rows
    target = ctx.model.token_statistics(rows)
    base, told, why = ctx.base_model, None, NO_BASE
    if base is not None:
        if "token_statistics" in base.capabilities:
            told, why = base.token_statistics(rows), ""
        else:
            why = "the base model gives no token probabilities"
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
    if ctx.subject.task == MASKED_TASK:
        headline = LOSS if told is None else LIKELY
    return Asked(signals, phi, mean, -mean, headline, LOSS, base=base_mean, why_no_base=why)


def _with_same_head(ctx: Context) -> ModelHandle | None:
    """Return the base model where it answers with the same classes."""
    base = ctx.base_model
    return base if base is not None and "predict" in base.capabilities and base.labels == ctx.model.labels else None


def _why_no_base(ctx: Context) -> str:
    return NO_BASE if ctx.base_model is None else ""


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
