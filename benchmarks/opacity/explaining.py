"""Our explanations as an arm: the words of rows as players, all rows in one call, evaluations as many as asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from engine.classifier import Classifier
from engine.limits import without_model
from engine.ours import Ours
from engine.work import Task

from modelaudit.checkers.opacity.players import row_rng, units_of
from modelaudit.checkers.opacity.shapley_values import permutation_pairs
from modelaudit.checkers.opacity.solving import Game, Solved, on_coalitions
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.inference import ModelInput
from modelaudit.inference.units import Want
from modelaudit.rows import Row

Pairs = Callable[[int], int]
"""Permutation pairs by the number of a row's words."""


def nearest(evaluations: int) -> Pairs:
    """Return the pairs whose evaluations come nearest to so many; a pair takes two a word."""
    return lambda words: max(1, round(evaluations / (2 * words)))


def at_most(evaluations: float) -> Pairs:
    """Return the most pairs that take no more than so many evaluations."""
    return lambda words: max(1, int(evaluations // (2 * words)))


class Explaining:
    """Explains texts through an engine around a model.

    Attributes:
        evaluations: masked variants that were asked for, repetitions included.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.ours = Ours(classifier)
        self.evaluations = 0

    def games(self, texts: Sequence[str]) -> list[Game]:
        """Return what is explained of each text: the class that the model predicts, word by word."""
        model = self.ours.model
        rows = [Row(str(place), text) for place, text in enumerate(texts)]
        targets = targets_of(model.predict(rows), model.labels, "text-classification")
        # A checker explains long rows by 64 groups of words; here each word is one, as each token is for shap.
        return [
            Game(row, units_of(words, most=len(words)), found[0])
            for row, words, found in zip(rows, model.players(rows), targets, strict=True)
        ]

    def explain(self, texts: Sequence[str], pairs: Pairs) -> list[Solved]:
        """Return the Shapley values of each text with their standard errors and residual share, in log-odds."""
        games = self.games(texts)
        drawn = [
            permutation_pairs(n, pairs(n), rng=row_rng(game.row, seed=0, purpose="permutations"))
            for game in games
            for n in [len(game.units)]
        ]
        self.evaluations += sum(len(one.keep) for one in drawn)
        return on_coalitions(self.ours.model, games, drawn)


class Recorder:
    """Tells what an explanation asks the model, by a model that answers at once: no question depends on an answer."""

    def __init__(self, classifier: Classifier) -> None:
        self._explaining = Explaining(without_model(classifier))

    def task(self, texts: Sequence[str], pairs: Pairs) -> Task:
        """Return the texts as a task whose inputs are all that is asked about them."""
        asked: list[ModelInput] = []
        engine = self._explaining.ours.engine
        ask = engine.ask

        def recording(want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[np.ndarray]:
            asked.extend(inputs)
            return ask(want, inputs, classes)

        engine.ask = recording
        try:
            self._explaining.explain(texts, pairs)
        finally:
            engine.ask = ask
            self._explaining.ours.forget()
        return Task(texts, asked, rows=[])
