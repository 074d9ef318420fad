"""What the report shows beside a comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.bias.arms import Variant
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.scores import Answer
from modelaudit.evidence import Example, Examples, Table

SHOWN = 5


def moved_and_typical(contrast: Contrast, scored: int, score_name: str) -> tuple[Examples, Examples]:
    """Return the rows whose score moved most, and rows about the median; so extremes don't pass for typical."""
    moves = {row: _row_difference(contrast, row, scored) for row in contrast.focus_answers}
    most = sorted(moves, key=lambda row: (-abs(moves[row]), row))[:SHOWN]
    middle = float(np.median(np.abs(list(moves.values()))))
    typical = sorted(moves, key=lambda row: (abs(abs(moves[row]) - middle), row))[:SHOWN]
    largest = f"the {len(most)} of {len(moves)} rows with the largest difference in the probability of {score_name}"
    nearest = f"the {len(typical)} of {len(moves)} rows whose difference is nearest to the median, {middle:.3f}"
    return (
        Examples(
            title=f"Rows that moved most ({contrast.title})",
            selection=largest,
            items=tuple(_example(contrast, row, scored) for row in most),
        ),
        Examples(
            title=f"Typical rows ({contrast.title})",
            selection=nearest,
            items=tuple(_example(contrast, row, scored) for row in typical),
        ),
    )


def _row_difference(contrast: Contrast, row: str, scored: int) -> float:
    focus, reference = contrast.focus_answers[row], contrast.reference_answers[row]
    return float(
        np.mean([each.scores[scored] for each in focus]) - np.mean([each.scores[scored] for each in reference])
    )


def _example(contrast: Contrast, row: str, scored: int) -> Example:
    """Return the pair of variants of one row whose difference is nearest to the row's mean difference."""
    mean = _row_difference(contrast, row, scored)
    pairs = [(b, a) for b in contrast.focus_answers[row] for a in contrast.reference_answers[row]]
    b, a = min(pairs, key=lambda pair: abs(float(pair[0].scores[scored] - pair[1].scores[scored]) - mean))
    change = f"{contrast.reference} to {contrast.focus}"
    if a.variant.name is not None:
        change += f": {a.variant.name} to {b.variant.name}"
    return Example(
        row=row,
        before=a.variant.row.text,
        after=b.variant.row.text,
        change=change,
        outcome="the decision changes" if a.decision != b.decision else "the decision stays",
        before_score=float(a.scores[scored]),
        after_score=float(b.scores[scored]),
    )


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long each name is for the model, and what that is counted in (`tokens`)."""

    unit: str
    of: Mapping[str, int]


def name_table(contrast: Contrast, scored: int, lengths: Lengths) -> Table:
    """Return how each name moves the score away from the mean of its rows; names are the lexicon's, not the rows'."""
    offsets: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, focus in contrast.focus_answers.items():
        reference = contrast.reference_answers[row]
        centre = (_mean(focus, scored) + _mean(reference, scored)) / 2.0
        for answer in (*focus, *reference):
            offsets[answer.variant.group, str(answer.variant.name)].append(float(answer.scores[scored]) - centre)
    ordered = sorted(offsets, key=lambda key: (float(np.mean(offsets[key])), key))
    return Table(
        title=f"Effect of each name ({contrast.title})",
        columns=("name", "group", "rows", lengths.unit, "score less the row's mean"),
        rows=tuple(
            (name, group, len(offsets[group, name]), lengths.of.get(name, 0), float(np.mean(offsets[group, name])))
            for group, name in ordered
        ),
    )


def _mean(answers: Sequence[Answer], scored: int) -> float:
    return float(np.mean([answer.scores[scored] for answer in answers]))


def group_table(contrast: Contrast, lengths: Lengths) -> Table:
    """Return how many names each group has and how long they are for the model, since that moves a model too."""
    names: dict[str, set[str]] = defaultdict(set)
    for side in (contrast.focus_answers, contrast.reference_answers):
        for answers in side.values():
            for answer in answers:
                names[answer.variant.group].add(str(answer.variant.name))
    return Table(
        title=f"Names compared ({contrast.title})",
        columns=("group", "names", f"mean {lengths.unit} a name"),
        rows=tuple(
            (group, len(found), float(np.mean([lengths.of.get(name, 0) for name in found])))
            for group, found in sorted(names.items())
        ),
    )


def left_out_table(examined: int, left_out: Counter[str], used: Mapping[str, int]) -> Table:
    """Return what became of the rows that were examined."""
    return Table(
        title="Rows examined, used and left out",
        columns=("what", "rows"),
        rows=(
            ("examined", examined),
            *((f"used for {attribute}", count) for attribute, count in used.items()),
            *((f"left out: {reason}", count) for reason, count in sorted(left_out.items())),
        ),
    )


def names_of(variants: Sequence[Variant]) -> list[str]:
    """Return the names that the variants hold, each once, in order."""
    return sorted({variant.name for variant in variants if variant.name is not None})
