"""What the report shows beside a comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.bias.change import Change, apart, change_of
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.passage import joined
from modelaudit.checkers.bias.scoring.score import Answer
from modelaudit.checkers.bias.variant import Variant
from modelaudit.evidence import Bars, Example, Examples, Histogram, Table

SHOWN = 5
BINS = 12


def moved_and_typical(contrast: Contrast, scored: int) -> tuple[Examples, Examples]:
    """Return the rows whose score moved most, and rows about the median; so extremes don't pass for typical."""
    moves = {row: _row_difference(contrast, row, scored) for row in contrast.focus_answers}
    most = sorted(moves, key=lambda row: (-abs(moves[row]), row))[:SHOWN]
    middle = float(np.median(np.abs(list(moves.values()))))
    typical = sorted(moves, key=lambda row: (abs(abs(moves[row]) - middle), row))[:SHOWN]
    largest = f"the {len(most)} of {len(moves)} rows with the largest difference in {contrast.scores[scored].name}"
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


def changed_decisions(contrast: Contrast, kind: Change) -> Examples:
    """Return rows whose answer changes between the groups, in this way, each by one pair of its variants."""
    pairs = {row: _apart(contrast, row) for row in contrast.focus_answers}
    changed = sorted(row for row, pair in pairs.items() if pair is not None)
    return Examples(
        title=f"{kind.examples} ({contrast.title})",
        selection=f"the first {min(SHOWN, len(changed))} of {len(changed)} rows by id, of {len(pairs)}",
        items=tuple(_pair(contrast, row, *pair, 0) for row in changed[:SHOWN] if (pair := pairs[row]) is not None),
    )


def _apart(contrast: Contrast, row: str) -> tuple[Answer, Answer] | None:
    pairs = ((b, a) for b in contrast.focus_answers[row] for a in contrast.reference_answers[row])
    return next(((b, a) for b, a in pairs if apart(b, a)), None)


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
    return _pair(contrast, row, b, a, scored)


def _pair(contrast: Contrast, row: str, b: Answer, a: Answer, scored: int) -> Example:
    change = f"{contrast.planned.reference} to {contrast.planned.focus}"
    if a.variant.name is not None:
        change += f": {a.variant.name} to {b.variant.name}"
    return Example(
        row=row,
        before=_text(a),
        after=_text(b),
        change=change,
        outcome=_outcome(a, b),
        before_score=float(a.scores[scored]),
        after_score=float(b.scores[scored]),
    )


def _text(answer: Answer) -> str:
    row = answer.variant.row
    if answer.variant.source.parts:
        return joined(row, with_answer=True)[0]
    return row.text if row.answer is None else f"{row.text}{row.answer}"


def _outcome(a: Answer, b: Answer) -> str | None:
    if not a.tells:
        return None
    changes, stays = change_of(a).outcome
    return changes if apart(a, b) else stays


def class_table(contrast: Contrast) -> Table:
    """Return the signed difference of each class or output that is followed."""
    return Table(
        title=f"Difference of each class ({contrast.title})",
        columns=("of", "difference", "95% from", "to"),
        rows=tuple(
            (str(score.label), estimate.value, *(estimate.interval() if estimate.bounds else (None, None)))
            for score, estimate in zip(contrast.scores, contrast.estimates.differences, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long each name is for the model, and what that is counted in (`tokens`)."""

    unit: str
    of: Mapping[str, int]

    def each(self, names: Sequence[str]) -> list[int]:
        """Return the length of each name."""
        return [self.of[name] for name in names]


def name_effects(contrast: Contrast, scored: int, lengths: Lengths) -> tuple[Histogram, Table]:
    """Return how far each name moves the score from the mean of its rows: all as a histogram, the furthest by name.

    Names are the lexicon's, not the rows'.
    """
    offsets: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, focus in contrast.focus_answers.items():
        reference = contrast.reference_answers[row]
        centre = (_mean(focus, scored) + _mean(reference, scored)) / 2.0
        for answer in (*focus, *reference):
            offsets[_group(contrast, answer), str(answer.variant.name)].append(float(answer.scores[scored]) - centre)
    means = {key: float(np.mean(found)) for key, found in offsets.items()}
    groups = sorted({group for group, _ in means})
    edges = np.histogram_bin_edges(list(means.values()), bins=BINS)
    bars = tuple(
        Bars(name=group, counts=tuple(map(int, np.histogram(_of(means, group), edges)[0]))) for group in groups
    )
    ordered = [key for group in groups for key in _furthest(means, group)]
    histogram = Histogram(
        title=f"Effects of names ({contrast.title})",
        x_label=f"{contrast.scores[scored].name}, less the row's mean",
        edges=tuple(map(float, edges)),
        groups=bars,
    )
    table = Table(
        title=f"Names with the largest effects either way ({contrast.title})",
        columns=("name", "group", "answers", lengths.unit, "score less the row's mean"),
        rows=tuple(
            (name, group, len(offsets[group, name]), lengths.of.get(name, 0), means[group, name])
            for group, name in ordered
        ),
    )
    return histogram, table


def _of(means: Mapping[tuple[str, str], float], group: str) -> list[float]:
    return [mean for (each, _), mean in means.items() if each == group]


def _furthest(means: Mapping[tuple[str, str], float], group: str) -> list[tuple[str, str]]:
    """Return the names of a group that move the score down most and up most, from down to up."""
    ordered = sorted((key for key in means if key[0] == group), key=lambda key: (means[key], key))
    return ordered if len(ordered) <= 2 * SHOWN else [*ordered[:SHOWN], *ordered[-SHOWN:]]


def _group(contrast: Contrast, answer: Answer) -> str:
    return answer.variant.group_in(contrast.planned.attribute) or answer.variant.group


def _mean(answers: Sequence[Answer], scored: int) -> float:
    return float(np.mean([answer.scores[scored] for answer in answers]))


def group_table(contrast: Contrast, lengths: Lengths) -> Table:
    """Return how many names each group has and how long they are for the model, since that moves a model too."""
    names: dict[str, set[str]] = defaultdict(set)
    for side in (contrast.focus_answers, contrast.reference_answers):
        for answers in side.values():
            for answer in answers:
                names[_group(contrast, answer)].add(str(answer.variant.name))
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
