"""Perturbed rows: copies with typing slips, other letter case, punctuation and spacing, under the same labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modelaudit.checkers.robustness.perturbation.arms import Arm, main_arms
from modelaudit.checkers.robustness.perturbation.trials import Sample
from modelaudit.rows import Row
from modelaudit.text import Document, apply, bundled_perturbations, row_rng
from modelaudit.training.examples import Example, Step, TrainingData

PURPOSE = "training"
"""Stands in front of a change's name in the seed of a row, so that no row is changed as an audit changes it."""


def perturbed(data: TrainingData, *, copies: int, rng: np.random.Generator) -> TrainingData:
    """Return the data with up to `copies` changed copies of each row, behind all other rows.

    The changes are those of the perturbation check whose rule says that the answer stays (tiers L0 to L2), each at its
    mild severity. Which of them a row gets is drawn, all alike; where one finds nothing to change, the next is tried.
    Copies of other measures are not copied again, and what a row becomes depends on itself alone.
    """
    seed = int(rng.integers(2**63))
    arms = [arm for arm in main_arms(bundled_perturbations(), data.task) if arm.judged]
    originals = [example for example in data.examples if example.origin is None]
    sample = Sample.of([example.row for example in originals], data.labels)
    counts: Counter[str] = Counter({"copies": 0})
    made: list[Example] = []
    for example, document, language, content in zip(
        originals, sample.documents, sample.languages, sample.contents, strict=True
    ):
        speaking = [arm for arm in arms if arm.speaks(language)]
        order = row_rng(seed, PURPOSE, 1, 0, content).permutation(len(speaking))
        texts = {document.text}
        wanted = copies
        for arm in (speaking[place] for place in order):
            if not wanted:
                break
            copy = _changed(example.row, document, arm, data.labels, seed=seed, content=content)
            if copy is None or copy.text in texts:
                continue
            texts.add(copy.text)
            wanted -= 1
            made.append(Example(copy, weight=example.weight, origin=example.row.id))
            counts[f"copies, {arm.perturbation.name}"] += 1
        counts["copies"] += copies - wanted
        if wanted == copies:
            counts["rows in which no change found anything to change"] += 1
        elif wanted:
            counts["rows with fewer copies than asked for"] += 1
    return data.after(Step("perturbation-augmentation", dict(sorted(counts.items()))), [*data.examples, *made])


def _changed(row: Row, document: Document, arm: Arm, labels: Sequence[str], *, seed: int, content: str) -> Row | None:
    """Return the row as the change leaves it; None where it finds nothing to change, or the tags can't go with it."""
    change = arm.perturbation
    rng = row_rng(seed, f"{PURPOSE}: {change.name}", change.version, arm.level, content)
    try:
        edited = apply(document, change.edits(document, level=arm.level, rng=rng))
    except ValueError:
        # An edit would split, merge or cross words, which have a tag each.
        return None
    if edited.document.text == document.text or not edited.document.text.strip():
        return None
    named = replace(row, id=f"{row.id} {arm.name}")
    if row.words is None:
        return named.with_text(edited.document.text)
    if row.tags is None:
        return named.with_words(edited.document.word_texts(), None)
    carried = edited.carry([labels[tag] for tag in row.tags])
    if not set(carried) <= set(labels):
        return None
    return named.with_words(edited.document.word_texts(), tuple(map(labels.index, carried)))
