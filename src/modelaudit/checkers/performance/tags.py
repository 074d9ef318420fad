"""Scores of token classification: by whole entities (CoNLL), all and of each type, and, set apart, by single words."""

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
from modelaudit.evidence import Cell, Evidence, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clustered_share, f1_drop, micro_f1
from modelaudit.statistics.class_scores import ClassCount, counted_classes, counted_entities, macro, micro, weighted
from modelaudit.text import entity_spans
from modelaudit.text.strict_tags import strict_reader
from modelaudit.text.tags import OUTSIDE

Counts = NDArray[np.float64]
Entities = frozenset[tuple[int, int, str]]
SHOWN = 100
"""The most word tags that a table shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """Scores of a tagger; `counts` are right, predicted and true entities of each row, shape (rows, 3)."""

    rows: Sequence[Row]
    truth: tuple[Entities, ...]
    counts: Counts
    headline: Score
    others: tuple[Score, ...]
    evidence: tuple[Evidence, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> Tags:
        """Score the answers against the rows' tags; a word that was cut off counts as outside of any entity."""
        assert answers.offsets is not None
        found = answers.labels
        said = [
            _entities([OUTSIDE if tag < 0 else labels[tag] for tag in found[start:end]])
            for start, end in zip(answers.offsets, answers.offsets[1:], strict=False)
        ]
        truth = tuple(_entities([labels[tag] for tag in cast("tuple[int, ...]", row.tags)]) for row in rows)
        counts = _counts(truth, said)
        f1 = replace(micro_f1(_by_document(counts, rows)), n=_held(counts)).keyed(unit_keys(rows, documents(rows)))
        return cls(
            rows, truth, counts,
            headline=Score(
                "entity_f1", "Entity F1", "F1", "higher", f1,
                f"Entity F1 over {len(rows):,} rows with {int(counts[:, 2].sum()):,} true entities is "
                f"{f1.value or 0.0:.3f}",
            ),
            others=(),
            evidence=(_by_type(rows, (truth, said), _strict(rows, answers, labels)), _by_word(rows, found, labels)),
        )  # fmt: skip

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return a baseline's entity F1; `answers` has the tags of each row."""
        right, predicted, true = self._theirs(answers).sum(axis=0)
        return float(2.0 * right / (predicted + true)) if true else 0.0

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return entity F1 less the baseline's, paired by row."""
        theirs = self._theirs(answers)
        drop = f1_drop(_by_document(self.counts, self.rows), _by_document(theirs, self.rows))
        return replace(drop, n=_held(self.counts + theirs)).keyed(unit_keys(self.rows, documents(self.rows)))

    def _theirs(self, answers: Sequence[object]) -> Counts:
        return _counts(self.truth, [_entities(cast("Sequence[str]", tags)) for tags in answers])


def _entities(tags: Sequence[str]) -> Entities:
    return frozenset(entity_spans(list(tags)))


def _strict(rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> tuple[ClassCount, ...]:
    """Counts by type, as seqeval's strict mode has them: tags that break their scheme make no entity."""
    assert answers.offsets is not None
    read = strict_reader(labels)
    said = [
        read([OUTSIDE if tag < 0 else labels[tag] for tag in answers.labels[start:end]])
        for start, end in zip(answers.offsets, answers.offsets[1:], strict=False)
    ]
    truth = [read([labels[tag] for tag in cast("tuple[int, ...]", row.tags)]) for row in rows]
    return counted_entities(truth, said)


def _counts(truth: Sequence[Entities], said: Sequence[Entities]) -> Counts:
    counted = [(len(one & other), len(other), len(one)) for one, other in zip(truth, said, strict=True)]
    return np.array(counted, dtype=np.float64).reshape(-1, 3)


def _held(counts: Counts) -> int:
    """Return how many rows hold any entity, true or predicted."""
    return int((counts[:, 1:].sum(axis=1) > 0).sum())


def _by_document(counts: Counts, rows: Sequence[Row]) -> Counts:
    """Return the counts of whole documents where rows share any: F1 is linearised over what is independent."""
    code = documents(rows)
    if code is None:
        return counts
    return np.stack([np.bincount(code, weights=column) for column in counts.T], axis=1)


def _by_type(
    rows: Sequence[Row], sides: tuple[Sequence[Entities], Sequence[Entities]], strict: Sequence[ClassCount]
) -> Table:
    """Scores of each type and of all, and beside them F1 where every entity must be spelled as its scheme demands."""
    kinds = sorted({entity[2] for side in sides for row in side for entity in row})
    strictly = {count.name: count.f1 for count in strict}
    cells: list[tuple[Cell, ...]] = []
    for kind in kinds:
        counts = _counts(*([frozenset(e for e in row if e[2] == kind) for row in side] for side in sides))
        right, predicted, true = counts.sum(axis=0)
        counted = _by_document(counts, rows)
        recall = clustered_share(counted[:, 0], counted[:, 2])
        low, high = recall.interval() if recall.bounds else (0.0, 1.0)
        cells.append(
            (
                kind,
                int(true),
                int(predicted),
                f"{right / predicted:.1%}" if predicted else None,
                f"{right / true:.1%}" if true else None,
                f"{low:.1%} to {high:.1%}" if true else None,
                round(2.0 * right / (predicted + true), 3),
                _rounded(strictly.get(kind)),
            )
        )
    right, predicted, true = map(int, _counts(*sides).sum(axis=0))
    every = ClassCount("micro average", right, predicted, true)
    shares = (*map(_percent, (every.precision, every.recall)), None)
    cells.append((every.name, true, predicted, *shares, _rounded(every.f1), _rounded(micro(strict).f1)))
    return Table(
        title="Each type of entity",
        columns=(
            "type",
            "true entities",
            "predicted",
            "precision",
            "recall",
            "95% interval of recall",
            "F1",
            "F1, strict",
        ),
        rows=tuple(cells),
    )


def _by_word(rows: Sequence[Row], found: NDArray[np.int64], labels: Sequence[str]) -> Table:
    """Scores of single words, the outside ones among them, which lift every average far above entity F1."""
    outside = labels.index(OUTSIDE) if OUTSIDE in labels else -1
    truth = np.array([tag for row in rows for tag in cast("tuple[int, ...]", row.tags)], dtype=np.int64)
    counts = counted_classes(truth, np.where(found < 0, outside, found), labels)
    shown = sorted(counts, key=lambda count: -count.true)[:SHOWN]
    cells = [
        (count.name, count.true, count.predicted, *map(_percent, (count.precision, count.recall)), _rounded(count.f1))
        for count in sorted(shown, key=counts.index)
    ]
    predicted = sum(count.predicted for count in counts)
    for average, name in ((micro, "micro average"), (macro, "macro average"), (weighted, "weighted average")):
        mean = average(counts)
        cells.append((name, mean.true, predicted, *map(_percent, (mean.precision, mean.recall)), _rounded(mean.f1)))
    return Table(
        title="Word by word, O included (not entity F1)",
        columns=("tag", "true words", "predicted", "precision", "recall", "F1"),
        rows=tuple(cells),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
