"""Stability: would another draw, or another spelling of the same row, give another explanation?

Pictures and sounds have no spelling; they are changed so gently that a person sees or hears the same.

Sampled values differ from draw to draw, and what they differ by must not be billed to the model: the agreement between
the explanations of a row and of an edited row is divided by how well either agrees with itself (Spearman 1904,
correction for attenuation).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from modelaudit.checker import ModelHandle
from modelaudit.checkers.opacity.gentle import changed, kinds_of
from modelaudit.checkers.opacity.shapley_values import ShapleyValues
from modelaudit.checkers.opacity.solving import Game, Solved, cluster_of, on_coalitions, split
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.rows import Row
from modelaudit.text import Document, Perturbation, apply, bundled_perturbations, row_rng

Floats = NDArray[np.float64]

LEAST_WORDS = 4
"""Words that two explanations have to share: the rank correlation of fewer says next to nothing."""
TIERS = ("L0", "L1")
"""Edits after which a reader reads the same words."""
SEVERITY = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """How the explanation of one row fares under one edit that leaves the prediction as it is.

    Attributes:
        cluster: what the row belongs to.
        kind: the edit.
        agreement: Spearman's correlation of the values over the words that both rows share.
        corrected: the same without what sampling takes off, at most 1; None where either explanation does not agree
            with itself.
    """

    cluster: str
    kind: str
    agreement: float
    corrected: float | None


def reliability(shapley: ShapleyValues) -> float | None:
    """Return how well the values agree with themselves: 1 where they are exact.

    Otherwise Spearman's correlation of the sizes from either half of the permutation pairs, stepped up to all of them
    (Spearman and Brown 1910). None for fewer than four words or pairs, or where a half has no order.
    """
    if shapley.by_pair is None:
        return 1.0
    if len(shapley.by_pair) < 4 or shapley.by_pair.shape[1] < LEAST_WORDS:
        return None
    halves = [np.abs(shapley.by_pair[start::2].mean(axis=0)) for start in (0, 1)]
    found = spearman(*halves)
    return None if found is None else 2.0 * found / (1.0 + found) if found > -1.0 else -1.0


def edited(model: ModelHandle, solved: Sequence[Solved], *, task: str, seed: int, kinds: int) -> list[Edit]:
    """Return what comes of each row under the first so many of its kinds of edit that leave its prediction as it is.

    An edited row is explained on the same coalitions, so that no difference comes from another draw.
    """
    rows, places, names = _edited_rows(solved, seed=seed)
    taken: Counter[int] = Counter()
    games: list[Game] = []
    kept: list[int] = []
    if rows:
        players, predictions = model.players(rows), model.predict(rows)
        targets, after = targets_of(predictions, model.labels, task), split(predictions)
        plain = split(model.predict([one.game.row for one in solved]))
        for at, (row, place) in enumerate(zip(rows, places, strict=True)):
            before, spread = solved[place].game, solved[place].shapley.spread
            same_words = len(players[at]) == len(before.units.unit_of_word)
            stays = before.target.stays(plain[place], after[at], targets[at], spread=spread)
            if taken[place] < kinds and same_words and stays:
                taken[place] += 1
                games.append(Game(row, before.units, before.target))
                kept.append(at)
    again = on_coalitions(model, games, [solved[places[at]].coalitions for at in kept])
    edits = []
    for at, one in zip(kept, again, strict=True):
        first = solved[places[at]].shapley
        agreement = spearman(first.values, one.shapley.values)
        if agreement is not None:
            corrected = _corrected(agreement, reliability(first), reliability(one.shapley))
            edits.append(Edit(cluster_of(solved[places[at]].game.row), names[at], agreement, corrected))
    return edits


def spearman(one: Floats, other: Floats) -> float | None:
    """Return the rank correlation of two vectors; None where one of them has no order, or both are too short."""
    if len(one) < LEAST_WORDS:
        return None
    ranks = [rankdata(each) - (len(one) + 1) / 2.0 for each in (one, other)]
    size = math.sqrt(float(ranks[0] @ ranks[0]) * float(ranks[1] @ ranks[1]))
    return float(ranks[0] @ ranks[1]) / size if size > 0.0 else None


def _corrected(agreement: float, one: float | None, other: float | None) -> float | None:
    if one is None or other is None or one <= 0.0 or other <= 0.0:
        return None
    return min(1.0, agreement / math.sqrt(one * other))


def _edited_rows(solved: Sequence[Solved], *, seed: int) -> tuple[list[Row], list[int], list[str]]:
    rows: list[Row] = []
    places: list[int] = []
    names: list[str] = []
    for place, one in enumerate(solved):
        if len(one.game.units) < LEAST_WORDS:
            continue
        for name, row in _edits(one.game.row, seed=seed):
            rows.append(row)
            places.append(place)
            names.append(name)
    return rows, places, names


def _edits(row: Row, *, seed: int) -> Iterator[tuple[str, Row]]:
    """Yield the row after each kind of edit; each comes first for some rows, so that no kind alone stands for all."""
    if row.medium is not None:
        order = row_rng(seed, "kinds of change", 1, 0, row.medium.digest)
        for name in order.permutation(kinds_of(row)).tolist():
            yield name, changed(row, name)
        return
    perturbations = [each for each in bundled_perturbations() if each.tier in TIERS]
    order = row_rng(seed, "kinds of edit", 1, 0, row.words or row.text)
    for kind in order.permutation(len(perturbations)):
        found = _edit(row, perturbations[kind], seed=seed)
        if found is not None:
            yield perturbations[kind].name, found


def _edit(row: Row, perturbation: Perturbation, *, seed: int) -> Row | None:
    """Return the edited row, or None where the edit changes nothing or can't be made.

    Of a question put to a context the question is edited: an answer is marked by its place in the context.
    """
    question = row.companion if row.answers is not None else None
    text = row.text if question is None else question
    document = Document(text) if row.words is None else Document.from_words(row.words)
    level = SEVERITY if len(perturbation.levels) > 1 else perturbation.levels[0]
    # By what the row says, so that neither its place nor its id has a part in the draw.
    rng = row_rng(seed, f"stability, {perturbation.name}", perturbation.version, level, row.words or text)
    try:
        found = apply(document, perturbation.edits(document, level=level, rng=rng)).document
    except ValueError:
        return None
    if found.text == document.text:
        return None
    if question is not None:
        return replace(row, companion=found.text)
    if row.answer is not None:
        # What stands between a prompt and its answer decides how the answer's first word is spelt.
        edited = found.text.rstrip() + row.text[len(row.text.rstrip()) :]
        return row.with_text(edited) if edited != row.text else None
    return row.with_text(found.text) if row.words is None else row.with_words(found.word_texts(), None)
