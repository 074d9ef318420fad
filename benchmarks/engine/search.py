"""Greedy substitution: a search that replaces word by word, and asks for each before it knows what to ask next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.classifier import Classifier
from engine.limits import plain_probabilities
from engine.ours import Ours
from engine.turns import disagreement
from engine.work import Floats, Task, encode, texts_task
from modelaudit.inference import lockstep_map

Found = tuple[str, float]
"""The text that a search ends with, and its probability of class 1."""


@dataclass(frozen=True)
class Search:
    """One row's search: its text, and the replacements to try at each of its first words."""

    text: str
    replacements: tuple[tuple[str, ...], ...]

    def run(self, ask: Callable[[list[str]], Floats]) -> Found:
        """Lower the probability of the row's label as far as each word allows; stop once the label has changed."""
        words = self.text.split()
        found = float(ask([self.text])[0])
        first = found > 0.5
        for place, replacements in enumerate(self.replacements):
            trials = [[*words[:place], new, *words[place + 1 :]] for new in replacements]
            answers = ask([" ".join(trial) for trial in trials])
            best = int(np.argmin(answers if first else -answers))
            if (answers[best] < found) == first:
                words, found = trials[best], float(answers[best])
            if (found > 0.5) != first:
                break
        return " ".join(words), found


def searches(classifier: Classifier, rows: int, *, words: int, replacements: int, seed: int) -> list[Search]:
    """Return searches over rows of 8 to 12 words, in which the first `words` words may be replaced."""
    draw = np.random.default_rng(seed)
    return [
        Search(
            " ".join(draw.choice(classifier.words, 8 + row % 5)),
            tuple(tuple(draw.choice(classifier.words, replacements)) for _ in range(words)),
        )
        for row in range(rows)
    ]


def by_engine(ours: Ours, todo: Sequence[Search]) -> list[Found]:
    """Run all searches in lockstep."""
    return lockstep_map(ours.engine, lambda one: one.run(lambda texts: ours.model.predict_proba(texts)[:, 1]), todo)


def by_peer(ask: Callable[[list[str]], Floats], todo: Sequence[Search]) -> list[Found]:
    """Run one search after the other, each with batches of its own."""
    return [one.run(ask) for one in todo]


def asked(classifier: Classifier, ours: Ours, todo: Sequence[Search]) -> Task:
    """Return what the searches ask for, as a task: the texts of all steps."""
    texts: list[str] = []

    def ask(some: list[str]) -> Floats:
        texts.extend(some)
        return ours.model.predict_proba(some)[:, 1]

    by_peer(ask, todo)
    return texts_task(classifier, texts, seed=0)


def check(classifier: Classifier, answer: Any) -> str | None:
    """Hold an arm's probabilities against the plain model's answers to the texts that the arm ended with."""
    texts = [text for text, _ in answer]
    expected = plain_probabilities(classifier, encode(classifier, texts))
    return disagreement(np.array([probability for _, probability in answer]), expected)
