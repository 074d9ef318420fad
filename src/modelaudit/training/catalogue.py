"""The catalogue of measures: what can be done while a model is trained to lower a risk that an audit found.

Names only, and no torch: reports and checkers' remedies name measures by the ids that stand here, `Recipe` turns them
into settings, and the modules of `measures` do them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from modelaudit.results import Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure of the reference trainer.

    Attributes:
        id: as `CheckerInfo.measures` and `modelaudit mend --measure` name it.
        risk: the family of risks that it is meant to lower.
        title: in a few words. does: what is done, in one sentence.
        flag: how `modelaudit train` turns it on, with the value that `settings` stand for.
        settings: the fields of a `Recipe` that turn it on.
        time: about how many times as long training takes, where the rows do not tell.
        price: what it is known to cost beside time, in one sentence.
        tasks: the tasks that it works for.
        extra: the extra of the package that it needs, or None.
    """

    id: str
    risk: Risk
    title: str
    does: str
    flag: str
    settings: Mapping[str, Any]
    price: str
    time: float = 1.0
    tasks: tuple[str, ...] = ("text-classification", "token-classification")
    extra: str | None = None


_ALL = (
    Measure(
        id="de-identification",
        risk=Risk.PRIVACY,
        title="De-identification",
        does="Replaces personal data and names of persons in the training rows by made-up ones of the same kind, the "
        "same one wherever the old one stood.",
        flag="--deidentify",
        settings={"deidentify": True},
        price="Little accuracy, unless the answer hangs on who is named.",
    ),
    Measure(
        id="deduplication",
        risk=Risk.PRIVACY,
        title="Deduplication",
        does="Keeps one of each group of equal or nearly equal training rows.",
        flag="--deduplicate",
        settings={"deduplicate": True},
        price="Little accuracy; rows that were repeated on purpose lose their weight.",
    ),
    Measure(
        id="early-stopping",
        risk=Risk.PRIVACY,
        title="Early stopping",
        does="Stops training when the loss on rows that are held back no longer falls, and keeps the best weights.",
        flag="--stop-on loss --patience 1",
        settings={"stop_on": "loss", "patience": 1},
        price="Often none; training is shorter.",
    ),
    Measure(
        id="dropout",
        risk=Risk.PRIVACY,
        title="More dropout",
        does="Switches off a larger part of the units at random while training.",
        flag="--dropout 0.3",
        settings={"dropout": 0.3},
        price="Some accuracy where there are few rows or few epochs.",
    ),
    Measure(
        id="label-smoothing",
        risk=Risk.PRIVACY,
        title="Label smoothing",
        does="Trains towards 90% of each label and spreads the rest over the others, so that being sure does not pay.",
        flag="--label-smoothing 0.1",
        settings={"label_smoothing": 0.1},
        price="Little accuracy; stated confidence is lower, which may or may not fit.",
    ),
    Measure(
        id="low-rank-adaptation",
        risk=Risk.PRIVACY,
        title="Low-rank adaptation (LoRA)",
        does="Leaves the base model's weights as they are and trains small matrices beside them, and the head.",
        flag="--adapter lora",
        settings={"adapter": "lora"},
        price="Some accuracy where the task is far from what the base model has seen.",
        extra="peft",
    ),
    Measure(
        id="differential-privacy",
        risk=Risk.PRIVACY,
        title="Differentially private training",
        does="Clips the gradient of each row and adds noise to their sum, so that what one row does to the weights is "
        "bounded (DP-SGD).",
        flag="--dp-epsilon 8",
        settings={"dp_epsilon": 8.0},
        price="Accuracy, the more the smaller epsilon and the fewer the rows.",
        time=3.0,
        extra="dp",
    ),
    Measure(
        id="counterfactual-augmentation",
        risk=Risk.BIAS,
        title="Counterfactual augmentation",
        does="Adds the training rows that speak of a person's group once more for another group, with their labels.",
        flag="--counterfactuals gender,ethnicity",
        settings={"counterfactuals": ("gender", "ethnicity")},
        price="Little accuracy; none where the group says nothing about the label.",
    ),
    Measure(
        id="counterfactual-logit-pairing",
        risk=Risk.BIAS,
        title="Counterfactual logit pairing",
        does="Adds to the loss how far the logits of a row lie from those of its copy for another group.",
        flag="--logit-pairing 1.0",
        settings={"logit_pairing": 1.0},
        time=2.0,
        price="Little accuracy, more with a larger weight.",
    ),
    Measure(
        id="name-augmentation",
        risk=Risk.BIAS,
        title="Name-diverse augmentation",
        does="Adds the sentences that name a person again with other names, as many of each gender and ethnic group.",
        flag="--name-copies 2",
        settings={"name_copies": 2},
        price="Little accuracy.",
        tasks=("token-classification",),
    ),
    Measure(
        id="reweighing",
        risk=Risk.BIAS,
        title="Reweighing by group",
        does="Weights the loss of rows so that group and label are independent in the training rows.",
        flag="--reweigh COLUMN",
        settings={},
        price="Some accuracy where group and label go together for a reason.",
        tasks=("text-classification",),
    ),
    Measure(
        id="perturbation-augmentation",
        risk=Risk.ROBUSTNESS,
        title="Perturbation augmentation",
        does="Adds changed copies of the training rows: typing and scanning errors, letter case, punctuation, spacing, "
        "wording, characters that look alike or can't be seen.",
        flag="--perturbed-copies 1",
        settings={"perturbed_copies": 1},
        price="Little accuracy on clean text.",
    ),
    Measure(
        id="temperature-scaling",
        risk=Risk.ROBUSTNESS,
        title="Temperature scaling",
        does="Divides the logits by one number fitted on rows that are held back, and writes it into the last layer.",
        flag="--temperature",
        settings={"temperature": True},
        price="None: no answer changes, only its stated confidence.",
    ),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.id: measure for measure in _ALL})
"""All measures by id, those of one risk together."""
