"""What the model did with each row, as rates and scores that can be compared between groups, whatever the task.

A rate counts hits among trials: selected rows among all rows, recognised entities among the true ones. A tally counts
errors, which may be more than what there was to get right: words of a transcript. A score is a mean over rows:
probability less outcome, error of a regression. Which of them are judged is said here, once a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.bias.groups.columns import shown
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.rows import Row
from modelaudit.text.tags import entity_spans

Floats = NDArray[np.float64]
SINGLE_LABEL_TASKS = ("text-classification", "image-classification", "audio-classification")
MOST_CLASSES = 10
"""Classes that get a column of their own in the table of selection rates."""


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """Hits among trials, by row (both (rows,)); `said` is what a hit is, in words."""

    title: str
    said: str
    hits: Floats
    totals: Floats
    unit: str = "rows"


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A mean over rows: values (rows,), NaN where there is none; `reach` is how far one row can lie from the usual.

    `signed` is for values on both sides of 0, which are then shown with their sign.
    """

    title: str
    said: str
    values: Floats
    unit: str
    reach: float | None = None
    signed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Errors by what there was to get right, by row (both (rows,)); a row that is not judged has 0 of both.

    `caveats` are what to bear in mind of them in every group.
    """

    title: str
    said: str
    errors: Floats
    totals: Floats
    unit: str
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One number for each group against the reference.

    Attributes:
        metric: id of the metric. of: the rate, score or tally that it compares. form: how.
        primary: whether it is judged between the groups of a column; crossed: of two columns crossed (None: not asked).
    """

    metric: str
    of: str
    form: Literal["difference", "parity ratio", "ratio"]
    primary: bool
    crossed: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """A stated probability of each row and whether it came true (both (rows,)), 1 or 0, NaN where that is not known."""

    said: str
    stated: Floats
    true: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """All that is compared.

    Attributes:
        rates, scores, tallies: by name. questions: in the order of the report.
        chances: what calibration is about, or None.
        classes: selection rate of each class where there is no favourable one, at most ten.
        clustered: whether one row can hold several trials.
    """

    rates: dict[str, Rate]
    scores: dict[str, Score]
    questions: tuple[Question, ...]
    chances: Chances | None = None
    classes: tuple[Rate, ...] = ()
    clustered: bool = False
    tallies: dict[str, Tally] = field(default_factory=dict)

    def title_of(self, name: str) -> str:
        """Return the title of the rate, score or tally of a name."""
        return (self.rates.get(name) or self.tallies.get(name) or self.scores[name]).title


def answers_of(
    rows: Sequence[Row], predicted: Predictions, labels: Sequence[str], *, task: str, favourable: str | None
) -> Answers:
    """Return the model's answers to the rows.

    Raises:
        DataInputError: `favourable` is no label, or the task has none.
        NotAssessable: nothing can be compared without labels.
    """
    if task == "token-classification":
        no_favourable(favourable, task)
        return _entities(rows, predicted, labels)
    if task == "text-regression":
        no_favourable(favourable, task)
        return _numbers(rows, predicted)
    chances = predicted.probabilities
    known = np.array([row.label is not None or row.label_set is not None for row in rows])
    true = np.zeros(chances.shape)
    for place, row in enumerate(rows):
        true[place, list(row.label_set or ()) if row.label is None else [row.label]] = 1.0
    if task == "multi-label-classification":
        chosen = (chances >= 0.5).astype(np.float64)
    else:
        chosen = np.eye(len(labels))[predicted.labels]
    if favourable is None and task in SINGLE_LABEL_TASKS and len(labels) == 2:
        favourable = labels[1]
    if favourable is not None:
        place = _place(favourable, labels)
        return _decisions(chosen[:, place], true[:, place], chances[:, place], known, name=favourable)
    return _classes(chosen, true, chances, known, labels, several=task == "multi-label-classification")


def _decisions(chosen: Floats, true: Floats, chances: Floats, known: NDArray[np.bool_], *, name: str) -> Answers:
    """One class is what a person would want, or is selected for; the others are not."""
    name, every = shown(name), np.ones(len(chosen))
    # A row without a label is in no class, so `true` is 0 for it.
    right, wrong = true, known * (1.0 - true)
    rates = {"selection rate": Rate("Selection rate", f"predicted {name}", chosen, every)}
    scores: dict[str, Score] = {}
    questions = [
        Question("selection_rate_ratio", "selection rate", "parity ratio", primary=True, crossed=True),
        Question("selection_rate_difference", "selection rate", "difference", primary=False),
    ]
    if known.any():
        rates |= {
            "TPR": Rate("True positive rate", f"predicted {name} among rows labelled so", chosen * right, right),
            "FPR": Rate("False positive rate", f"predicted {name} among rows not labelled so", chosen * wrong, wrong),
            "precision": Rate("Precision", f"labelled {name} among rows predicted so", chosen * right, chosen * known),
            "error": Rate("Error rate", "wrong predictions", known * (chosen != true), known.astype(np.float64)),
        }
        gap = np.where(known, chances - true, np.nan)
        scores["calibration"] = Score(
            "Calibration gap", f"mean probability of {name} less the share labelled so", gap, "probability", 1.0
        )
        questions += [
            Question("tpr_difference", "TPR", "difference", primary=True),
            Question("fpr_difference", "FPR", "difference", primary=True),
            Question("calibration_difference", "calibration", "difference", primary=True),
            Question("overall_error_difference", "error", "difference", primary=False),
        ]
    stated = Chances(f"the probability of {name}", chances, np.where(known, true, np.nan)) if known.any() else None
    return Answers(rates, scores, tuple(questions), stated)


def _classes(
    chosen: Floats, true: Floats, chances: Floats, known: NDArray[np.bool_], labels: Sequence[str], *, several: bool
) -> Answers:
    """No class is favourable: errors and calibration are compared, and how often each class is predicted is shown."""
    often = sorted(np.argsort(-chosen.sum(axis=0), kind="stable")[:MOST_CLASSES])
    every = np.ones(len(chosen))
    shares = tuple(
        Rate(shown(labels[place]), f"predicted {shown(labels[place])}", chosen[:, place], every) for place in often
    )
    if not known.any():
        return Answers({}, {}, (), classes=shares)
    if several:
        stated: Chances | None = None
        wrong, totals = known * (chosen != true).sum(axis=1), known * np.full(len(known), float(len(labels)))
        gap = (chances - true).mean(axis=1)
        error = Rate("Error rate", "wrong decisions on a label", wrong, totals, "label decisions")
        said = "mean probability of a label less the share that holds, over all labels"
    else:
        right = (chosen * true).sum(axis=1)
        error = Rate("Error rate", "wrong predictions", known * (1.0 - right), known.astype(np.float64))
        said = "mean confidence of the predicted class less accuracy"
        confidence = chances.max(axis=1)
        gap = confidence - right
        stated = Chances("the confidence of the predicted class", confidence, np.where(known, right, np.nan))
    return Answers(
        {"error": error},
        {"calibration": Score("Calibration gap", said, np.where(known, gap, np.nan), "probability", 1.0)},
        (
            Question("error_difference", "error", "difference", primary=True, crossed=True),
            Question("calibration_difference", "calibration", "difference", primary=True),
        ),
        chances=stated,
        classes=shares,
        clustered=several,
    )


def _entities(rows: Sequence[Row], predicted: Predictions, labels: Sequence[str]) -> Answers:
    """Entities count as found where their words and their type agree; words that are not read are left out."""
    if all(row.tags is None for row in rows):
        raise NotAssessable("entities are counted against true tags, and no evaluation row has any; provide tags")
    counts = np.zeros((len(rows), 3))
    for place, row in enumerate(rows):
        if row.tags is None:
            continue
        answer = predicted.words_of(place)
        read = int((~np.isnan(answer).any(axis=1)).sum())
        true = set(entity_spans([labels[tag] for tag in row.tags[:read]]))
        seen = set(entity_spans([labels[tag] for tag in answer[:read].argmax(axis=1)]))
        counts[place] = len(true & seen), len(true), len(seen)
    right, true_ones, seen_ones = counts.T
    return Answers(
        {
            "recall": Rate("Recall of entities", "true entities that are found", right, true_ones, "entities"),
            "precision": Rate("Precision of entities", "found entities that are true", right, seen_ones, "entities"),
        },
        {},
        (
            Question("recall_difference", "recall", "difference", primary=True, crossed=True),
            Question("precision_difference", "precision", "difference", primary=True),
        ),
        clustered=True,
    )


def _numbers(rows: Sequence[Row], predicted: Predictions) -> Answers:
    """Errors in standard deviations of the true values, the mean over outputs; predictions where none is known."""
    outputs = predicted.logits
    known = np.array([row.values is not None for row in rows])
    if not known.any():
        spread = _spreads(outputs)
        level = ((outputs - outputs.mean(axis=0)) / spread).mean(axis=1)
        said = "predicted value, in standard deviations of all predictions"
        return Answers(
            {},
            {"prediction": Score("Mean prediction", said, level, "standard deviations")},
            (Question("prediction_difference", "prediction", "difference", primary=False, crossed=False),),
        )
    true = np.array([row.values if row.values is not None else [np.nan] * outputs.shape[1] for row in rows])
    errors = (outputs - true) / _spreads(true[known])
    said = "prediction less true value, in standard deviations of the true values"
    return Answers(
        {},
        {
            "error": Score("Mean error", said, errors.mean(axis=1), "standard deviations"),
            "absolute error": Score(
                "Mean absolute error", "distance of the prediction", np.abs(errors).mean(axis=1), "standard deviations"
            ),
        },
        (
            Question("mean_error_difference", "error", "difference", primary=True, crossed=True),
            Question("absolute_error_ratio", "absolute error", "ratio", primary=False),
        ),
    )


def _spreads(values: Floats) -> Floats:
    """Return the standard deviation of each output (outputs,); 1 where all values are equal."""
    spread = values.std(axis=0)
    return np.where(spread > 0.0, spread, 1.0)


def _place(favourable: str, labels: Sequence[str]) -> int:
    if favourable not in labels:
        raise DataInputError(
            f"the option favourable is {favourable!r}, which is no label of the model; it has {', '.join(labels)}"
        )
    return list(labels).index(favourable)


def no_favourable(favourable: str | None, task: str) -> None:
    """Raise DataInputError where a class is named favourable to a task that has none."""
    if favourable is not None:
        raise DataInputError(f"the option favourable names a class, and {task} has none; leave it out")
