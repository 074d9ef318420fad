"""What the drift check shows beside its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from modelaudit.checkers.data.drift.classes import FEW, Counts
from modelaudit.checkers.data.drift.profile import Profile, Shift, word_count, worded
from modelaudit.checkers.data.drift.sides import Sides
from modelaudit.checkers.data.drift.targets import Gap
from modelaudit.evidence import Bars, Cell, Histogram, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate

MOST_SHOWN = 40
"""Classes or declared values in a table."""
BINS = 12


def shift_table(shifts: Sequence[Shift]) -> Table:
    """Return how each measure differs, the largest difference first."""
    order = sorted(shifts, key=lambda each: (-abs((each.auc.value or 0.5) - 0.5), each.name))
    return Table(
        title="Measures of the rows, one by one",
        columns=(
            *("measure", "training (median, or mean of shares)", "evaluation"),
            "chance that an evaluation row has more (95% interval)",
            "p (Holm)",
        ),
        rows=tuple(
            (
                each.name,
                f"{each.training:.3g}",
                f"{each.evaluation:.3g}",
                _percent(each.auc),
                "< 0.001" if each.p < 0.001 else f"{each.p:.3f}",
            )
            for each in order
        ),
    )


def words_table(words: tuple[list[tuple[str, float]], list[tuple[str, float]]]) -> Table:
    """Return the words that tell most; they are text of the rows, those of the training rows among them."""
    return Table(
        title="Words that tell the tables apart",
        columns=("table", "word or pair of words", "weight"),
        rows=tuple(
            (name, word[:60], round(weight, 2))
            for name, found in zip(("training", "evaluation"), words, strict=True)
            for word, weight in found
        ),
        holds_text=True,
    )


def length_histogram(sides: Sides) -> Histogram:
    """Return the words of both sides over common bins of about equal size; seconds or pixels where there are none."""
    if worded(sides.rows):
        return _histogram(sides, word_count, title="Words a row", label="words")
    if sides.rows[0].sound is not None:
        return _histogram(sides, lambda row: row.sound.seconds if row.sound else 0.0, title="Seconds", label="seconds")
    sizes = {row.id: math.prod(row.picture.size) for row in sides.rows if row.picture is not None}
    return _histogram(sides, lambda row: sizes[row.id], title="Pixels a picture", label="pixels")


def _histogram(sides: Sides, measure: Callable[[Row], float], *, title: str, label: str) -> Histogram:
    training, evaluation = (
        np.array([measure(row) for row in side], dtype=np.float64) for side in (sides.training, sides.evaluation)
    )
    every = np.concatenate([training, evaluation])
    edges = np.unique(np.quantile(every, np.linspace(0.0, 1.0, BINS + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0], edges[0] + 1.0])
    return Histogram(
        title=title,
        x_label=label,
        edges=tuple(float(edge) for edge in edges),
        groups=tuple(
            Bars(name=name, counts=tuple(int(count) for count in np.histogram(values, edges)[0]))
            for name, values in (("training rows", training), ("evaluation rows", evaluation))
        ),
    )


def class_table(
    evaluation: Counts, training: Counts | None = None, differences: Mapping[int, Estimate] | None = None
) -> Table:
    """Return the share of each class, the commonest first; beside the training rows' share where there are any."""
    order = np.argsort(-evaluation.numbers, kind="stable")[:MOST_SHOWN].tolist()
    columns: tuple[str, ...] = ("class", f"evaluation {evaluation.unit}", "share (95% interval)")
    rows: list[tuple[Cell, ...]] = []
    for place in order:
        line: tuple[Cell, ...] = (
            evaluation.names[place],
            int(evaluation.numbers[place]),
            _percent(evaluation.share(place)),
        )
        if training is not None and differences is not None:
            apart = differences.get(place)
            line += (
                int(training.numbers[place]),
                _percent(training.share(place)),
                "in neither" if apart is None else _points(apart),
            )
        rows.append((*line, f"fewer than {FEW}" if evaluation.numbers[place] < FEW else ""))
    if training is not None:
        columns += (f"training {training.unit}", "share (95% interval) in training", "evaluation less training")
    rest = len(evaluation.names) - len(rows)
    title = "Classes" + (f", the {MOST_SHOWN} commonest of {len(evaluation.names)}" if rest else "")
    return Table(title=title, columns=(*columns, "remark"), rows=tuple(rows))


def profile_table(profile: Profile) -> Table:
    """Return the spread of each measure over the evaluation rows."""
    cuts = (0.0, 0.05, 0.5, 0.95, 1.0)
    return Table(
        title="Measures of the evaluation rows",
        columns=("measure", "mean", "least", "5% have less than", "median", "95% have less than", "most"),
        rows=tuple(
            (
                name,
                f"{profile.of(name).mean():.3g}",
                *(f"{value:.4g}" for value in np.quantile(profile.of(name), cuts)),
            )
            for name in profile.names
        ),
    )


def target_table(gaps: Sequence[Gap]) -> Table:
    """Return each declared share beside the observed one, the largest shortfall first."""
    order = sorted(gaps, key=lambda gap: (-(gap.estimate.value or 0.0), gap.target.title))
    rest = f", the {MOST_SHOWN} furthest below" if len(gaps) > MOST_SHOWN else ""
    return Table(
        title=f"Declared and observed shares{rest}",
        columns=("value", "declared", "rows", "of rows with a known value", "observed", "shortfall (95% interval)"),
        rows=tuple(
            (
                gap.target.title,
                f"{gap.target.share:.1%}",
                gap.hits,
                gap.rows,
                f"{gap.hits / gap.rows:.1%}",
                _points(gap.estimate),
            )
            for gap in order[:MOST_SHOWN]
        ),
    )


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return "none"
    if not estimate.bounds:
        return f"{estimate.value:.1%} (no interval)"
    low, high = estimate.interval()
    return f"{estimate.value:.1%} ({low:.1%} to {high:.1%})"


def _points(estimate: Estimate) -> str:
    if estimate.value is None or not estimate.bounds:
        return "none"
    low, high = estimate.interval()
    return f"{estimate.value * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})"
