"""Scores of text classification: accuracy, macro F1, and each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.performance.scores import Score
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.evidence import Evidence, Table
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    clopper_pearson_interval,
    clustered_proportion,
    macro_f1,
    mean_difference,
    mean_influence,
    paired_difference,
)

Labels = NDArray[np.int64]
SHOWN = 100
FEW = 30
"""True rows of a class below which its recall says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Scores of a text classification; `found` and `truth` are class indices, shape (rows,)."""

    rows: Sequence[Row]
    found: Labels
    truth: Labels
    labels: Sequence[str]
    headline: Score
    others: tuple[Score, ...]
    evidence: tuple[Evidence, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> Classes:
        """Score the answers against the rows' labels."""
        found = answers.labels
        truth = np.array([cast("int", row.label) for row in rows], dtype=np.int64)
        units = documents(rows)
        keys = unit_keys(rows, units)
        accuracy = clustered_proportion(found == truth, units).keyed(keys)
        macro = macro_f1(truth, found, classes=len(labels), clusters=units).keyed(keys)
        return cls(
            rows, found, truth, labels,
            headline=Score(
                "accuracy", "Accuracy", "share of rows", "higher", accuracy,
                f"The model is right in {accuracy.value:.1%} of {accuracy.n:,} labelled rows",
            ),
            others=(
                Score(
                    "macro_f1", "Macro F1", "F1", "higher", macro,
                    f"F1, averaged over the classes that occur so that each counts alike, is {macro.value or 0.0:.3f}",
                ),
            ),
            evidence=(_by_class(truth, found, labels), _confused(truth, found, labels)),
        )  # fmt: skip

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return a baseline's accuracy."""
        return float((np.asarray(answers) == self.truth).mean())

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return accuracy less the baseline's, paired by row."""
        right, theirs = self.found == self.truth, np.asarray(answers) == self.truth
        units, gains = documents(self.rows), right.astype(np.float64) - theirs
        if units is not None:
            return mean_difference(gains, clusters=units, reach=1.0).keyed(unit_keys(self.rows, units))
        gain = paired_difference(int((right & ~theirs).sum()), int((theirs & ~right).sum()), len(right))
        return replace(gain, influence=mean_influence(gains, reach=1.0)).keyed(unit_keys(self.rows))


def _by_class(truth: Labels, found: Labels, labels: Sequence[str]) -> Table:
    rows = []
    for place, name in enumerate(labels):
        true, said = truth == place, found == place
        hits = int((true & said).sum())
        low, high = clopper_pearson_interval(hits, int(true.sum()))
        total = int(true.sum() + said.sum())
        rows.append(
            (
                name,
                int(true.sum()),
                int(said.sum()),
                f"{hits / said.sum():.1%}" if said.any() else None,
                f"{hits / true.sum():.1%}" if true.any() else None,
                f"{low:.1%} to {high:.1%}" if true.any() else None,
                round(2 * hits / total, 3) if total else None,
                f"fewer than {FEW} true rows" if true.sum() < FEW else None,
            )
        )
    order = sorted(range(len(rows)), key=lambda place: (-rows[place][1], rows[place][0]))[:SHOWN]
    cut = f"; {SHOWN} of {len(rows):,}" if len(rows) > SHOWN else ""
    return Table(
        title=f"Each class, the commonest first{cut}",
        columns=("class", "true rows", "predicted", "precision", "recall", "95% interval of recall", "F1", "remark"),
        rows=tuple(rows[place] for place in order),
    )


def _confused(truth: Labels, found: Labels, labels: Sequence[str]) -> Table:
    wrong = truth != found
    pairs, counts = np.unique(np.stack([truth[wrong], found[wrong]], axis=1), axis=0, return_counts=True)
    order = sorted(range(len(pairs)), key=lambda place: (-counts[place], *pairs[place]))[:10]
    return Table(
        title="The commonest confusions",
        columns=("true class", "predicted class", "rows"),
        rows=tuple((labels[pairs[each][0]], labels[pairs[each][1]], int(counts[each])) for each in order),
    )
