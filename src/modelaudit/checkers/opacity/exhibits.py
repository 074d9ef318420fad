"""What the report shows beside the numbers on explanations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.opacity.explanation import Explanation
from modelaudit.checkers.opacity.faithfulness import SHARES
from modelaudit.evidence import Attribution, Bars, Curve, Histogram, Series
from modelaudit.statistics import mean_difference


def removal_curve(explanations: Sequence[Explanation]) -> Curve:
    """Return how far the explained probability falls as words are hidden, in either order, with 95% bands."""
    return Curve(
        title="Fall of the explained probability as words are hidden",
        x_label="share of the row's words hidden",
        y_label="fall of the probability",
        series=(
            _series("largest Shapley values first", [each.faithfulness.explained for each in explanations]),
            _series("random order", [each.faithfulness.random for each in explanations], reference=True),
        ),
    )


def _series(name: str, drops: Sequence[np.ndarray], *, reference: bool = False) -> Series:
    estimates = [mean_difference(column) for column in np.stack(drops).T]
    bands = [estimate.interval() for estimate in estimates]
    return Series(
        name=name,
        x=(0.0, *SHARES),
        y=(0.0, *(estimate.value or 0.0 for estimate in estimates)),
        low=(0.0, *(low for low, _ in bands)),
        high=(0.0, *(high for _, high in bands)),
        reference=reference,
    )


def concentration_histogram(explanations: Sequence[Explanation]) -> Histogram:
    """Return how many rows need how many words for 80% of the attribution."""
    counts = np.bincount([each.concentration for each in explanations])
    return Histogram(
        title="Words that carry 80% of a row's attribution",
        x_label="words",
        edges=tuple(index - 0.5 for index in range(1, len(counts) + 1)),
        groups=(Bars(name="rows", counts=tuple(int(count) for count in counts[1:])),),
    )


def chosen_attributions(explanations: Sequence[Explanation]) -> tuple[Attribution, ...]:
    """Return the attributions of a typical row and of rows at the ends, each with how it was picked."""
    share = np.array([each.concentration / len(each.game.units) for each in explanations])
    residual = np.array([each.shapley.residual_share or 0.0 for each in explanations])
    picks = {
        "Typical row (median share of words for 80% of the attribution)": int(
            np.argmin(np.abs(share - np.median(share)))
        ),
        "Most concentrated row (fewest of its words for 80%)": int(np.argmin(share)),
        "Least concentrated row (most of its words for 80%)": int(np.argmax(share)),
        "Least additive row (most left unexplained by a list of words)": int(np.argmax(residual)),
    }
    titles: dict[int, list[str]] = {}
    for title, index in picks.items():
        titles.setdefault(index, []).append(title)
    return tuple(_attribution("; ".join(found), explanations[index]) for index, found in titles.items())


def _attribution(title: str, explanation: Explanation) -> Attribution:
    shapley = explanation.shapley
    return Attribution(
        title=title,
        row=explanation.game.row.id,
        target=explanation.game.target.name,
        unit="log-odds",
        words=explanation.game.units.names,
        values=tuple(float(value) for value in shapley.values),
        errors=None if shapley.errors is None else tuple(float(error) for error in shapley.errors),
        base=shapley.base,
        output=shapley.output,
    )
