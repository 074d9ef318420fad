"""Whether the model does better on rows that it may have seen: accuracy on leaked rows less that on the others."""

from __future__ import annotations

import numpy as np

from modelaudit.checker import Context, Predictions, Row
from modelaudit.checkers.data.drawing import medium_of
from modelaudit.checkers.data.duplicates.twins import Twins
from modelaudit.drawing import digest, documents
from modelaudit.statistics import Estimate, rate_difference, trials

TASKS = (
    *("text-classification", "token-classification", "multi-label-classification"),
    *("image-classification", "audio-classification"),
)
FEWEST = 10
"""Different texts, pictures or sounds on either side below which nothing is compared."""


def leaked_accuracy(ctx: Context, twins: Twins, *, training: int, most: int) -> Estimate:
    """Return the share of right rows among leaked ones less that among the others, one row of each text.

    A row is right where its label is, all its labels are, or all the tags of its words that the model read. At most
    `most` rows are asked about, half of them leaked where there are so many.
    """
    method, split = "newcombe", twins.splits[0]
    if ctx.subject.task not in TASKS:
        return _none(f"Right and wrong rows are told apart for {', '.join(TASKS)}, not for {ctx.subject.task}.")
    if "predict" not in ctx.model.capabilities:
        return _none("The model gives no predictions.")
    leaked = twins.twinned(0, training)
    labelled = split.labelled
    sides = [_drawn(ctx, twins, leaked & labelled), _drawn(ctx, twins, ~leaked & labelled)]
    if min(map(len, sides)) < FEWEST:
        return _none(
            f"There are {len(sides[0])} {medium_of(split.rows)}s of labelled rows with a twin in the training rows and "
            f"{len(sides[1])} without one, and {FEWEST} on either side are the least.",
        )
    few = min(len(sides[0]), max(most // 2, most - len(sides[1])))
    sides = [sides[0][:few], sides[1][: most - few]]
    rows = [split.rows[place] for side in sides for place in side]
    predicted = ctx.model.predict(rows)
    right = np.array([_right(row, predicted, place) for place, row in enumerate(rows)], dtype=np.float64)
    parts = right[:few], right[few:]
    units = documents(rows)
    clusters = (None, None) if units is None else (units[:few], units[few:])
    read = [~np.isnan(part) for part in parts]
    found = [
        trials(part[known], clusters=None if code is None else code[known])
        for part, code, known in zip(parts, clusters, read, strict=True)
    ]
    return (
        rate_difference(found[0], found[1]) if all(one.n for one in found) else _none("No row could be read.", method)
    )


def _none(reason: str, method: str = "newcombe") -> Estimate:
    return Estimate(value=None, n=0, method=method, reason=reason)


def _drawn(ctx: Context, twins: Twins, chosen: np.ndarray) -> list[int]:
    """Return the places of chosen rows, one of each text, in an order that seed and content decide."""
    split = twins.splits[0]
    ordered = sorted(
        np.flatnonzero(chosen).tolist(),
        key=lambda place: (
            digest(twins.texts[split.text[place]], seed=ctx.seed, purpose="leaked accuracy"),
            split.text[place],
            str(split.rows[place].label),
            split.rows[place].id,
        ),
    )
    first: dict[int, int] = {}
    for place in ordered:
        first.setdefault(int(split.text[place]), place)
    return list(first.values())


def _right(row: Row, predicted: Predictions, place: int) -> float:
    """Return 1 where the model answers the row rightly, 0 where not, NaN where it read none of it."""
    if predicted.offsets is not None:
        answer = predicted.words_of(place)
        read = ~np.isnan(answer).any(axis=1)
        if not read.any():
            return float("nan")
        tags = np.array(row.tags, dtype=np.int64)[read]
        return float((answer[read].argmax(axis=1) == tags).all())
    if row.label_set is not None:
        return float(set(np.flatnonzero(predicted.probabilities[place] >= 0.5).tolist()) == set(row.label_set))
    return float(predicted.labels[place] == row.label)
