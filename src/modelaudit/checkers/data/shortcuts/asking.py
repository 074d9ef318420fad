"""What the model is asked: rows as they are, with a cue put in, and with a cue hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context, Row
from modelaudit.checkers.data.shortcuts.association import Giveaway
from modelaudit.checkers.data.shortcuts.cues import Cue
from modelaudit.checkers.data.shortcuts.insertion import Insertion
from modelaudit.checkers.data.shortcuts.reliance import (
    FEWEST_TRIED,
    Tried,
    beyond_others,
    can_lose,
    log_odds,
    tried,
)
from modelaudit.statistics import Estimate

HIDDEN_ROWS = 50
"""Rows with a cue in which it is hidden."""
Question = tuple[str, str | None]
"""The text of a row as it is asked, and the second text of a pair, which stays as it is."""
OTHERS = 3
"""Times that as many other words of a row are hidden, drawn at random."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The evaluation rows as they are: each row's cues, its label, and whether the model's answer is right (rows,)."""

    rows: tuple[Row, ...]
    cues: tuple[frozenset[Cue], ...]
    labels: NDArray[np.int64]
    right: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    def having(self, cue: Cue) -> NDArray[np.bool_]:
        """Return which rows have the cue (rows,)."""
        return np.array([cue in cues for cues in self.cues], dtype=np.bool_)


def put_in(ctx: Context, asked: Asked, plans: Sequence[tuple[Insertion, int | None]], size: int) -> list[Tried | None]:
    """Put each cue into at most `size` rows that lack it and have another label than its own; of any label for None.

    Rows that the model does not read to their end are left out, since it would not see what is put there. None where
    fewer than 30 rows are left, or so few of them are answered rightly with the control that none could be lost.
    """
    chosen = []
    for plan, label in plans:
        fits = asked.whole & ~asked.having(plan.cue)
        if label is not None:
            fits &= asked.labels != label
        chosen.append(np.flatnonzero(fits)[:size])
    questions: dict[Question, Row] = {}
    for (plan, _), places in zip(plans, chosen, strict=True):
        if len(places) >= FEWEST_TRIED:
            for place in places:
                row = asked.rows[place]
                for text in (plan.with_control(row.text), plan.with_cue(row.text)):
                    questions.setdefault((text, row.companion), row.with_text(text))
    answers = ctx.model.predict(list(questions.values())).labels if questions else np.empty(0, dtype=np.int64)
    found = dict(zip(questions, answers.tolist(), strict=True))
    results: list[Tried | None] = []
    for (plan, _), places in zip(plans, chosen, strict=True):
        if len(places) < FEWEST_TRIED:
            results.append(None)
            continue
        rows = [asked.rows[place] for place in places]
        truth = asked.labels[places]
        control, cue = (
            np.array([found[made(row.text), row.companion] for row in rows]) == truth
            for made in (plan.with_control, plan.with_cue)
        )
        results.append(tried(rows, control, cue) if can_lose(control) else None)
    return results


def hidden(ctx: Context, asked: Asked, giveaways: Sequence[Giveaway]) -> list[Estimate | None]:
    """Return how far each cue holds up its label: log-odds lost where it is hidden, beyond those of other words.

    As many words as the cue has are hidden in the same row, three times, drawn at random among the others. None where
    the model can't hide words, or fewer than two rows have the cue among the words that it hides.
    """
    if "predict_masked" not in ctx.model.capabilities:
        return [None] * len(giveaways)
    found: list[Estimate | None] = []
    for giveaway in giveaways:
        rows = [asked.rows[place] for place in np.flatnonzero(asked.having(giveaway.cue))[:HIDDEN_ROWS]]
        players = ctx.model.players(rows) if rows else []
        places = [_places(words, giveaway.cue) for words in players]
        usable = [
            (row, held, len(words))
            for row, held, words in zip(rows, places, players, strict=True)
            if held and len(words) >= 2 * len(held)
        ]
        keeps = [_variants(held, size, ctx.rng) for _, held, size in usable]
        answers = ctx.model.predict_masked([row for row, _, _ in usable], keeps) if usable else []
        drops = []
        for answer in answers:
            odds = log_odds(answer.logits, giveaway.label)
            drops.append(float(odds[1:].mean() - odds[0]))
        found.append(beyond_others(drops, [row for row, _, _ in usable]))
    return found


def _variants(held: Sequence[int], size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return what is kept: all but the cue, and all but as many other words, each time others (1 + OTHERS, size)."""
    keep = np.ones((1 + OTHERS, size), dtype=np.bool_)
    keep[0, list(held)] = False
    others = np.setdiff1d(np.arange(size), held)
    for line in keep[1:]:
        line[rng.choice(others, size=len(held), replace=False)] = False
    return keep


def _places(players: Sequence[str], cue: Cue) -> list[int]:
    """Return which of the words that a model can hide make up the cue, each time it is there."""
    words = [player.casefold().strip("▁Ġ") for player in players]
    if cue.form == "number":
        return [place for place, word in enumerate(words) if any(map(str.isdigit, word))]
    if cue.form in ("contains", "ends"):
        marks = [place for place, word in enumerate(words) if word and cue.key and set(word) == {cue.key}]
        return marks if cue.form == "contains" else marks[-1:]
    if not cue.is_text:
        return []
    bare = [word.strip("\"'“”‘’.,;:!?()[]{}") or word for word in words]
    wanted = cue.key.replace(" ", "")
    found: list[int] = []
    for start in range(len(bare)):
        made, end = "", start
        while end < len(bare) and len(made) < len(wanted) and wanted.startswith(made + bare[end]):
            made += bare[end]
            end += 1
        if made == wanted:
            found.extend(range(start, end))
    return sorted(set(found))
