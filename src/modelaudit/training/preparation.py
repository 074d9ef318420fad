"""Preparation: the measures that change rows, one after the other, each with random numbers of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from modelaudit.errors import DataInputError
from modelaudit.training.examples import TrainingData
from modelaudit.training.recipe import Recipe

Change = Callable[[TrainingData, np.random.Generator], TrainingData]


def prepared(data: TrainingData, recipe: Recipe) -> TrainingData:
    """Return the data as the recipe's measures leave it; a measure never changes what another draws.

    Raises:
        DataInputError: a measure that this data can't take, with the reason.
    """
    _check_stopping(data, recipe)
    for name, change in _changes(recipe):
        data = change(data, np.random.default_rng([recipe.seed, zlib.crc32(name.encode())]))
    return data


def _check_stopping(data: TrainingData, recipe: Recipe) -> None:
    """Refuse early stopping that would do nothing, and stand in the record as a measure that was taken."""
    if "early-stopping" not in recipe.measures:
        return
    if not data.dev:
        raise DataInputError(
            "early stopping by the loss needs rows that are held back, and there are none; name dev rows, or hold back "
            "a share of the training rows"
        )
    if recipe.adapter == "adalora":
        raise DataInputError(
            "adalora saves no checkpoint and ends with its last weights, so early stopping would do nothing; leave one "
            "of the two out, or choose lora"
        )


def _changes(recipe: Recipe) -> list[tuple[str, Change]]:
    """The measures of the recipe in the order in which they are done: first what removes, then what adds."""
    from modelaudit.training.measures import counterfactual, deidentification, duplicates, names, perturbation, weights

    found: list[tuple[str, Change]] = []
    if recipe.deduplicate:
        found.append(("deduplication", lambda data, rng: duplicates.deduplicated(data)))
    if recipe.deidentify:
        found.append(("de-identification", lambda data, rng: deidentification.deidentified(data, rng=rng)))
    if recipe.name_copies:
        found.append(
            ("name-augmentation", lambda data, rng: names.name_diverse(data, copies=recipe.name_copies, rng=rng))
        )
    if recipe.counterfactuals:
        found.append(
            (
                "counterfactual-augmentation",
                lambda data, rng: counterfactual.augmented(data, attributes=recipe.counterfactuals, rng=rng),
            )
        )
    if recipe.logit_pairing:
        found.append(
            (
                "counterfactual-logit-pairing",
                lambda data, rng: counterfactual.paired(data, attributes=recipe.pairing_attributes, rng=rng),
            )
        )
    if recipe.perturbed_copies:
        found.append(
            (
                "perturbation-augmentation",
                lambda data, rng: perturbation.perturbed(data, copies=recipe.perturbed_copies, rng=rng),
            )
        )
    if recipe.reweigh is not None:
        column = recipe.reweigh
        found.append(("reweighing", lambda data, rng: weights.reweighed(data, column=column)))
    return found
