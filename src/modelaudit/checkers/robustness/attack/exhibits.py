"""What is shown beside the numbers of an attack: its curve, what it took, and texts that were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelaudit.checker import Predictions
from modelaudit.checkers.robustness.attack.goal import EntityGoal
from modelaudit.checkers.robustness.attack.kind import Kind
from modelaudit.checkers.robustness.attack.measures import Measures
from modelaudit.checkers.robustness.attack.outcome import Outcome
from modelaudit.drawing import content
from modelaudit.evidence import Curve, Example, Examples, Series, Table

SHORTEST, TYPICAL = 10, 3


def curve(measures: Measures) -> Curve:
    """Return how the share of rows that hold falls with the budget."""
    budget, held, low, high = zip(*measures.curve(), strict=True)
    what = "accuracy under attack" if measures.labelled else "share of answers that hold"
    return Curve(
        title=f"{what.capitalize()} by the queries a row",
        x_label="queries a row",
        y_label=what,
        series=(Series(name=what, x=budget, y=held, low=low, high=high),),
        x_log=True,
    )


def took(outcomes: Sequence[Outcome], measures: Measures, *, without_site: int) -> Table:
    """Return what the search took, and what became of the texts that it made."""
    spent = [one.spent for one in outcomes if one.spent is not None]
    found = [one for one in outcomes if one.choice is not None]
    asked = np.array([one.queries for one in spent])
    rows: list[tuple[str, float | int | None]] = [
        ("rows without a word to edit, left out", without_site),
        ("rows with one", measures.rows),
        ("of these attacked", measures.attacked),
        ("flips found", measures.found),
        ("no flip found, budget spent", sum(one.queries >= measures.queries for one in spent) - _late(found, measures)),
        ("queries a row (mean)", _rounded(asked.mean() if len(asked) else None)),
        ("queries to a flip (median)", _rounded(np.median(measures.found_at) if found else None)),
        (
            "words edited in a flip (mean)",
            _rounded(np.mean([len(one.choice or ()) for one in found]) if found else None),
        ),
        (
            "share of words edited in a flip (mean)",
            _rounded(np.mean([one.edit_share for one in found]) if found else None),
        ),
        ("edited texts asked about", sum(one.edited for one in spent)),
        ("edited texts read like the original", sum(one.undone for one in spent)),
        ("edited texts read like another one", sum(one.repeated for one in spent)),
        ("edited texts too unlike the original", sum(one.unlike for one in spent)),
    ]
    if found and isinstance(found[0].subject.goal, EntityGoal):
        rows.append(("flips by edits outside of the entities alone", sum(map(_outside, found))))
    return Table(title="What the search took", columns=("what", "number"), rows=tuple(rows))


def examples(kind: Kind, outcomes: Sequence[Outcome], after: Predictions) -> tuple[Examples, ...]:
    """Return the flips with the fewest edits, and typical ones; `after` answers the flips, in order."""
    found = [one for one in outcomes if one.choice is not None]
    if not found:
        return ()
    edits = np.array([len(one.choice or ()) for one in found])
    median = float(np.median(edits))
    places = sorted(
        range(len(found)), key=lambda place: (len(found[place].edited.text), content(found[place].subject.row))
    )
    fewest = sorted(places, key=lambda place: int(edits[place]))
    typical = sorted(places, key=lambda place: abs(float(edits[place]) - median))
    return tuple(
        Examples(
            title=title,
            selection=f"{selection} Scores are the confidence in what was predicted for the original.",
            items=tuple(_example(kind, found[place], after, place) for place in chosen),
        )
        for title, selection, chosen in (
            (
                "Smallest edits",
                f"The {SHORTEST} flips with the fewest edits, of these the shortest.",
                fewest[:SHORTEST],
            ),
            ("Typical edits", f"{TYPICAL} flips with as many edits as the median one.", typical[:TYPICAL]),
        )
    )


def _example(kind: Kind, one: Outcome, after: Predictions, place: int) -> Example:
    edits = len(one.choice or ())
    return Example(
        row=one.subject.row.id,
        before=one.subject.row.text,
        after=one.edited.text,
        change=f"{kind.name} in {edits} of {one.sites.words:,} words, found by query {one.found_at:,}",
        outcome=one.subject.goal.outcome(after, place),
        before_score=one.subject.confidence,
        after_score=one.subject.goal.confidence(after, place),
    )


def _outside(one: Outcome) -> bool:
    goal = one.subject.goal
    assert isinstance(goal, EntityGoal)
    inside = {word for entity in goal.seen for word in range(entity.start, entity.end)}
    return not any(one.sites.sites[number].word in inside for number, _ in one.choice or ())


def _late(found: Sequence[Outcome], measures: Measures) -> int:
    """Return how many flips were found while the last of the budget was spent."""
    return sum(one.spent is not None and one.spent.queries >= measures.queries for one in found)


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
