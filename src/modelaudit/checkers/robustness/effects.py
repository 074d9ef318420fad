"""What an arm did to the model's answers, row by row and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.robustness.arms import Trial
from modelaudit.checkers.robustness.entities import Entity, Fates, entities, fates, moved
from modelaudit.checkers.robustness.outcomes import clustered_share, f1_drop
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clopper_pearson, paired_difference

NO_TRUTH = "No row that was changed has a true label."


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """The answers to the rows that an arm changed, against the answers to the originals.

    Attributes:
        trials: the rows that could be compared.
        flip: share of answers that changed; rows for text, originally predicted entities for token classification.
        drop: accuracy (text) or entity F1 (token classification) lost.
        before, after: confidence in the originally predicted labels, shape (trials,).
        outcomes: for each trial what happened, in words.
        counts: what is counted over all trials, with its name.
        identical: trials with logits equal to the last bit.
        cut: trials that no longer fit the model's length, though the original did.
        left_out: rows that can't be compared, since the model did not read the change (text) or every word (tokens).
    """

    trials: tuple[Trial, ...]
    flip: Estimate
    drop: Estimate
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    outcomes: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    identical: int
    cut: int
    left_out: int = 0

    @property
    def untouched(self) -> bool:
        """Whether no answer changed in any bit."""
        return self.identical == len(self.trials)


def text_effect(
    rows: Sequence[Row],
    trials: Sequence[Trial],
    before: Predictions,
    after: Predictions,
    labels: Sequence[str],
    *,
    unread: NDArray[np.bool_],
) -> Effect:
    """Compare predicted labels; `before` answers `rows`, `after` answers the trials, in their orders.

    Trials that are `unread` (shape (trials,)) are left out: an answer can't heed what the model never saw.
    """
    kept = np.flatnonzero(~unread)
    trials = [trials[int(number)] for number in kept]
    after = Predictions(after.logits[kept], after.probabilities[kept], after.truncated[kept])
    place = np.array([trial.place for trial in trials], dtype=np.int64)
    old, new = before.labels[place], after.labels
    truth = np.array([-1 if (label := rows[i].label) is None else label for i in place], dtype=np.int64)
    known, was_right, is_right = truth >= 0, old == truth, new == truth
    lost, gained = int((known & was_right & ~is_right).sum()), int((known & ~was_right & is_right).sum())
    flips = int((old != new).sum())
    drop = paired_difference(lost, gained, int(known.sum()))
    every = np.arange(len(place))
    return Effect(
        trials=tuple(trials),
        flip=clopper_pearson(flips, len(place)),
        drop=drop if known.any() else Estimate(value=None, n=0, method=drop.method, reason=NO_TRUTH),
        before=before.probabilities[place, old],
        after=after.probabilities[every, old],
        outcomes=tuple(
            f"{labels[one]}, as before" if one == other else f"{labels[one]} became {labels[other]}"
            for one, other in zip(old, new, strict=True)
        ),
        counts=(
            ("changed rows compared", len(place)),
            ("predicted label changed", flips),
            ("right before, wrong after (harm)", lost),
            ("wrong before, right after (repair)", gained),
        ),
        identical=int((before.logits[place] == after.logits).all(axis=1).sum()),
        cut=_newly_cut(before, after, place),
        left_out=int(unread.sum()),
    )


def token_effect(
    rows: Sequence[Row], trials: Sequence[Trial], before: Predictions, after: Predictions, labels: Sequence[str]
) -> Effect:
    """Compare predicted entities, word by word through each trial's word map.

    Rows with a word that has no answer (cut off) before or after are left out: what was not seen was not lost.
    """
    comparisons = [
        _compare(rows[trial.place], trial, _words(before, trial.place), _words(after, number), labels)
        for number, trial in enumerate(trials)
    ]
    kept = [(trial, one) for trial, one in zip(trials, comparisons, strict=True) if one is not None]
    found = [one for _, one in kept]
    gold = [(one.gold_before, one.gold_after) for one in found if one.gold_before and one.gold_after]
    fate = [one.fates for one in found]
    totals = np.array([one.before for one in fate], dtype=np.float64)
    drop = (
        f1_drop(np.array([one for one, _ in gold], dtype=np.float64), np.array([two for _, two in gold], np.float64))
        if gold
        else Estimate(value=None, n=0, method="linearised-paired-f1", reason=NO_TRUTH)
    )
    place = np.array([trial.place for trial in trials], dtype=np.int64)
    return Effect(
        trials=tuple(trial for trial, _ in kept),
        flip=clustered_share(np.array([one.changed + one.lost for one in fate], dtype=np.float64), totals),
        drop=drop,
        before=np.array([one.before for one in found]),
        after=np.array([one.after for one in found]),
        outcomes=tuple(_fate_in_words(one) for one in fate),
        counts=(
            ("changed rows compared", len(kept)),
            ("entities predicted before", int(totals.sum())),
            ("of these kept", sum(one.kept for one in fate)),
            ("of these changed in words or type", sum(one.changed for one in fate)),
            ("of these lost", sum(one.lost for one in fate)),
            ("new entities where there were none", sum(one.spurious for one in fate)),
        ),
        identical=sum(one.identical for one in found),
        cut=_newly_cut(before, after, place),
        left_out=len(trials) - len(kept),
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    fates: Fates
    gold_before: tuple[int, int, int] | None
    gold_after: tuple[int, int, int] | None
    before: float
    after: float
    identical: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    logits: NDArray[np.float64]


def _words(answers: Predictions, row: int) -> _Words:
    if answers.offsets is None:
        raise ValueError("these predictions are not of words")
    span = slice(answers.offsets[row], answers.offsets[row + 1])
    probabilities = answers.probabilities[span]
    return _Words(answers.labels[span], probabilities, answers.logits[span])


def _compare(row: Row, trial: Trial, old: _Words, new: _Words, labels: Sequence[str]) -> _Comparison | None:
    if (old.labels < 0).any() or (new.labels < 0).any() or not len(old.labels):
        return None
    one = entities(labels[index] for index in old.labels)
    two = entities(labels[index] for index in new.labels)
    pairs = [(word, place) for word, places in enumerate(trial.word_map) for place in places]
    old_at, new_at = ([pair[side] for pair in pairs] for side in (0, 1))
    tags = old.labels[old_at]
    counted = None if row.tags is None else _right_predicted_true(row.tags, one, two, trial, labels)
    return _Comparison(
        fates=fates(one, two, trial.word_map),
        gold_before=counted and counted[0],
        gold_after=counted and counted[1],
        before=float(old.probabilities[old_at, tags].mean()) if pairs else 1.0,
        after=float(new.probabilities[new_at, tags].mean()) if pairs else 1.0,
        identical=old.logits.shape == new.logits.shape and bool((old.logits == new.logits).all()),
    )


def _right_predicted_true(
    tags: Sequence[int], before: Sequence[Entity], after: Sequence[Entity], trial: Trial, labels: Sequence[str]
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return (right, predicted, true) before and after; an entity whose words are all deleted counts in neither."""
    places = {entity: moved(entity, trial.word_map) for entity in entities(labels[tag] for tag in tags)}
    gold = {entity for entity, place in places.items() if place is not None}
    gold_after = {place for place in places.values() if place is not None}
    predicted = {entity for entity in before if moved(entity, trial.word_map) is not None}
    return (
        (len(gold & predicted), len(predicted), len(gold)),
        (len(gold_after & set(after)), len(after), len(gold_after)),
    )


def _fate_in_words(fate: Fates) -> str:
    words = f"{fate.kept} of {fate.before} entities kept"
    return f"{words}, {fate.spurious} new" if fate.spurious else words


def _newly_cut(before: Predictions, after: Predictions, place: NDArray[np.int64]) -> int:
    return int((after.truncated & ~before.truncated[place]).sum())
