"""Answers: the option that the model finds most probable, or what it writes behind a prompt without options."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.robustness.perturbation.scales import SHORT
from modelaudit.checkers.robustness.prompts.forms import Form
from modelaudit.rows import Row
from modelaudit.text.answer_scores import exact_words, same_answer, token_f1, units_of

MOST_NEW_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        key: what the same answers share; None where there is none, since the prompt leaves no room for it.
        text: as an example shows it.
        right: 1 where it is right, 0 where it is wrong, NaN where nobody knows.
        shares: how probable each option is among all, by the places that they had; empty without options.
        weight: the mean log-probability of what was answered, whose last bit tells two answers apart.
    """

    key: Hashable | None
    text: str
    right: float
    shares: tuple[float, ...]
    weight: float

    def likeness(self, other: Answer) -> float:
        """Return how much of an `other` answer is in this one: the share of that option, or the words of the text."""
        if other.shares and isinstance(other.key, int):
            return self.shares[other.key] if self.shares else 0.0
        return token_f1(self.text, [other.text])


def answers_of(model: ModelHandle, forms: Sequence[Form], truths: Sequence[Row]) -> list[Answer]:
    """Ask for the answers to forms of prompts; `truths` are the rows that have the right ones.

    Options are chosen by their mean log-probability a token (as lm-evaluation-harness does in `acc_norm`), so that long
    ones are not passed over; nothing is written for them.
    """
    choosing = [place for place, form in enumerate(forms) if form.prompt.options]
    writing = [place for place, form in enumerate(forms) if not form.prompt.options]
    found: dict[int, Answer] = {}
    rows = [row for place in choosing for row in forms[place].choices]
    losses = model.loss(rows).per_row if rows else np.zeros(0)
    start = 0
    for place in choosing:
        end = start + len(forms[place].prompt.options)
        found[place] = _chosen(forms[place], losses[start:end])
        start = end
    if writing:
        told = model.answers([forms[place].row for place in writing], max_new_tokens=MOST_NEW_TOKENS)
        for number, place in enumerate(writing):
            found[place] = _written(told.texts[number], truths[place], float(told.log_probs[number]))
    return [found[place] for place in range(len(forms))]


def _chosen(form: Form, losses: NDArray[np.float64]) -> Answer:
    if np.isnan(losses).any():
        return Answer(None, "no answer", np.nan, (), np.nan)
    best = int(losses.argmin())
    weights = np.exp(losses.min() - losses)
    right = np.nan if form.truth is None else float(best == form.truth.origin)
    prompt = form.prompt
    text = prompt.options[prompt.origins.index(best)]
    return Answer(best, text, right, tuple((weights / weights.sum()).tolist()), float(-losses[best]))


def _written(text: str, truth: Row, log_prob: float) -> Answer:
    if np.isnan(log_prob):
        return Answer(None, "no answer", np.nan, (), np.nan)
    line = text.strip().partition("\n")[0]
    right = np.nan
    if truth.answer is not None and len(units_of(truth.answer)) <= SHORT and "\n" not in truth.answer.strip():
        right = float(same_answer(line, truth.answer))
    return Answer(tuple(exact_words(line)), line, right, (), log_prob)
