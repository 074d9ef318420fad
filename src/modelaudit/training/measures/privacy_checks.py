"""What is looked at around private training: that its rows can be a unit of privacy, and that it did what it says.

A guarantee is worth nothing where copies of a row are counted as rows of their own, and a training that changed
nothing, or that learned nothing, keeps every secret (opacus issue 820 is of adapters that get false gradients).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from modelaudit.errors import InputError, ModelAuditError
from modelaudit.training.examples import TrainingData
from modelaudit.training.measures.opacus import opacus
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import PrivacySpent, TrainingScores
from modelaudit.training.scores import commonest, no_better

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["private_recipe_checked", "told", "weights_checked"]

COPYING = (
    "counterfactual-augmentation",
    "counterfactual-logit-pairing",
    "name-augmentation",
    "perturbation-augmentation",
)
LOOKING = {
    "split": "which rows were held back was decided by looking at all rows, so that one row more can move another one",
    "deduplication": "which rows were left out as repeated was decided by looking at all of them",
    "de-identification": "which surrogate stands for which name was decided by looking at all rows",
}


def private_recipe_checked(recipe: Recipe) -> None:
    """Refuse, before anything is read, what can't go with differentially private training.

    Raises:
        InputError: a measure that adds copies of rows or weighs rows by others, or that would do nothing, or an adapter
            that looks at gradients; or Opacus is not installed.
    """
    if recipe.dp_epsilon is None:
        return
    opacus()
    taken = [name for name in COPYING if name in recipe.measures]
    if taken:
        raise InputError(
            f"differentially private training protects one row, and {taken[0]} adds copies of rows, which it would "
            "count as others' rows; leave one of the two out"
        )
    if recipe.reweigh is not None:
        raise InputError(
            "differentially private training bounds what one row does, and reweighing weighs each row by all others; "
            "leave one of the two out"
        )
    if "early-stopping" in recipe.measures:
        raise InputError(
            "differentially private training saves no checkpoint and ends with its last weights, so early stopping "
            "would do nothing; leave one of the two out"
        )
    if recipe.adapter == "adalora":
        raise InputError(
            "adalora gives out its ranks by gradients without noise, which differential privacy does not allow; choose "
            "--adapter lora"
        )


def weights_checked(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
    """Return in words how far trained weights moved.

    Raises:
        ModelAuditError: one did not move at all, or is no number any more.
    """
    moved = []
    for name, old in before.items():
        new = after[name].detach().cpu()
        if not bool(new.isfinite().all()):
            raise ModelAuditError(
                f"the weights of {name!r:.100} are no numbers after private training, so the model is of no use; "
                "choose a smaller learning rate, or a larger dp_epsilon"
            )
        moved.append(float((new - old).norm()))
        if moved[-1] == 0:
            raise ModelAuditError(
                f"the weights of {name!r:.100} did not move in private training, so what was trained is not what was "
                "asked for, and its epsilon says nothing; train longer, or report this with the "
                "versions of opacus and peft"
            )
    total = sum(norm**2 for norm in moved) ** 0.5
    return f"all {len(moved)} trained tensors moved, by {total:.3g} in all, and are finite"


def told(spent: PrivacySpent, data: TrainingData, *, base_made: bool, scores: TrainingScores | None) -> PrivacySpent:
    """Return the account with what the guarantee leaves out, and whether the model learned anything.

    Args:
        data: as it was trained on.
        base_made: whether the base model, and so its vocabulary, was made from the training rows.
        scores: on the rows that were held back, or None.
    """
    outside = ["the label set, which was found in the rows"]
    if base_made:
        outside.insert(
            0,
            "THE VOCABULARY OF THE COMPACT BASE MODEL, which was learned from the training rows: a rare word of one "
            "row can stand in it in plain text",
        )
    outside += [LOOKING[step.name] for step in data.steps if step.name in LOOKING]
    outside.append(
        "the number of rows, and the hashes of the training table in the record: who has all other rows can test a "
        "guess of the last by them, so leave the record out of what you publish where that matters"
    )
    checks = dict(spent.checks) | {
        "not covered": "; ".join(outside),
        "rows held back": _held_back(len(data.dev)),
        "use": _use(scores),
    }
    unit = f"{spent.unit}; a person who stands in several is protected less, and rows that were held back are not"
    return spent.model_copy(update={"unit": unit, "checks": checks})


def _held_back(rows: int) -> str:
    if not rows:
        return "none"
    return (
        f"{rows:,} rows were scored, and a temperature was fitted to them where one was asked for, without noise: "
        "nothing is guaranteed for them. They are not among the examples that were trained on, whose last weights "
        "were kept"
    )


def _use(scores: TrainingScores | None) -> str:
    """Whether the model does better than naming the commonest class always, in words."""
    if scores is None or scores.accuracy is None or not scores.units:
        return "not looked at: no rows are held back"
    doubt = no_better(scores)
    if doubt is not None:
        return f"{doubt}. A model that learned nothing keeps every secret; a larger epsilon allows it to learn more"
    common = commonest(scores)
    return f"accuracy {scores.accuracy:.3f} on {scores.of} rows, where naming the commonest class gets {common:.3f}"
