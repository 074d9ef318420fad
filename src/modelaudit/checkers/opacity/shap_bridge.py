"""The way to the library shap and back: findings as its explanations, and its explainers as a second opinion.

shap is imported when it is asked for, and not before: it takes more than a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.opacity.solving import Game, Solved, ask, one_a_row
from modelaudit.errors import InputError
from modelaudit.evidence import Attribution, Evidence, PictureEvidence, SoundEvidence
from modelaudit.media.patches import Patches
from modelaudit.media.segments import Segments
from modelaudit.results import Finding
from modelaudit.statistics import quantile

Floats = NDArray[np.float64]

ROWS = 5
MOST_WORDS = 10
"""Words up to which shap enumerates as we do."""


def to_shap(finding: Finding) -> Any:
    """Return the rows that a finding shows as a `shap.Explanation`, which shap's plots accept.

    Values are in the unit of the finding, one array a row; `lower_bounds` and `upper_bounds` are 95%
    intervals, equal to the values where these are exact. Words that the report may not show are numbered; patches
    and segments are called by their place.

    Raises:
        InputError: the finding shows no attributions.
    """
    import shap

    shown = [one for item in finding.evidence if (one := _attribution(item)) is not None]
    if not shown:
        raise InputError(f"the finding {finding.metric.id} shows no attributions; hand in that on faithfulness_gain")
    values = [np.array(item.values) for item in shown]
    widths = [
        quantile(0.95, df=item.degrees_of_freedom) * np.array(item.errors or [0.0] * len(item.values)) for item in shown
    ]
    return shap.Explanation(
        values=_ragged(values),
        base_values=np.array([item.base for item in shown]),
        data=_ragged([np.array(_names(item), dtype=object) for item in shown]),
        feature_names=[list(map(str, _names(item))) for item in shown],
        # Names of outputs would be taken for more than one output a row.
        instance_names=[f"{item.row}: {item.target}" for item in shown],
        lower_bounds=_ragged([value - width for value, width in zip(values, widths, strict=True)]),
        upper_bounds=_ragged([value + width for value, width in zip(values, widths, strict=True)]),
    )


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """How far shap's own explainers are from ours.

    Attributes:
        exact: largest distance to `ExactExplainer`, over `rows` short rows.
        sampled: median distance to `PermutationExplainer` in standard errors of ours, over longer rows; None where
            there are none.
    """

    exact: float
    rows: int
    sampled: float | None


def cross_check(model: ModelHandle, solved: Sequence[Solved]) -> CrossCheck | None:
    """Let shap explain a few rows; None where all rows are too long for its enumeration."""
    chosen = {id(game) for game in one_a_row([one.game for one in solved])}
    solved = [one for one in solved if id(one.game) in chosen]
    short = [one for one in solved if len(one.game.units) <= MOST_WORDS and one.shapley.errors is None][:ROWS]
    if not short:
        return None
    with _global_random_state_kept():
        gaps = [float(np.abs(_exact(model, one.game) - one.shapley.values).max()) for one in short]
        longer = [one for one in solved if one.shapley.errors is not None][:ROWS]
        apart = [np.abs(_sampled(model, one.game) - one.shapley.values) / _errors(one) for one in longer]
    sampled = float(np.median(np.concatenate(apart))) if apart else None
    return CrossCheck(max(gaps), len(short), sampled)


def _errors(one: Solved) -> Floats:
    assert one.shapley.errors is not None
    return np.maximum(one.shapley.errors, 1e-9)


def _exact(model: ModelHandle, game: Game) -> Floats:
    import shap

    return _explained(shap.explainers.ExactExplainer(*_function(model, game)), game)


def _sampled(model: ModelHandle, game: Game) -> Floats:
    import shap

    evaluations = 10 * (2 * len(game.units) + 1)
    explainer = shap.explainers.PermutationExplainer(*_function(model, game), seed=0)
    return _explained(explainer, game, max_evals=evaluations)


def _explained(explainer: Any, game: Game, **options: Any) -> Floats:
    found: Floats = np.asarray(explainer(np.ones((1, len(game.units))), silent=True, **options).values[0])
    return found


def _function(model: ModelHandle, game: Game) -> tuple[Any, Any]:
    """Return the game as shap sees it: rows of 1 for a word in sight and 0 for a hidden one, and a background of 0."""
    import shap

    def value(rows: Floats) -> Floats:
        return game.target.value(ask(model, [game], [rows > 0.5])[0])

    return value, shap.maskers.Independent(np.zeros((1, len(game.units))))


def _ragged(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    found = np.empty(len(arrays), dtype=object)
    found[:] = list(arrays)
    return found


def _attribution(item: Evidence) -> Attribution | None:
    """Return evidence as an attribution; that of a picture or a sound has its parts in the place of words."""
    if isinstance(item, Attribution):
        return item
    if not isinstance(item, PictureEvidence | SoundEvidence) or item.explained is None:
        return None
    told = item.explained
    return Attribution(
        title=item.title,
        row=item.row,
        target=told.target,
        unit=told.unit,
        words=_places(item),
        values=told.values,
        errors=told.errors,
        degrees_of_freedom=told.degrees_of_freedom,
        base=told.base,
        output=told.output,
    )


def _places(item: PictureEvidence | SoundEvidence) -> tuple[str, ...]:
    if isinstance(item, PictureEvidence):
        return Patches((0, 0), item.grid or (0, 0)).names
    return Segments(item.seconds, len(item.edges or ()) - 1).names


def _names(item: Attribution) -> list[str]:
    return list(item.words) if item.words is not None else [f"word {place}" for place in range(1, len(item.values) + 1)]


@contextmanager
def _global_random_state_kept() -> Iterator[None]:
    """shap seeds numpy's global generator, which belongs to the user."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
