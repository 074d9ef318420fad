"""Effects on token classification: predicted entities, word by word through each trial's word map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.robustness.entities import Entity, Fates, entities, fates, moved
from modelaudit.checkers.robustness.perturbation.effect import NO_TRUTH, Effect
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import ENTITIES, Wording
from modelaudit.rows import Row
from modelaudit.statistics import Estimate
from modelaudit.statistics.row_outcomes import clustered_share, f1_drop

Flags = NDArray[np.bool_]
Counted = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """The answers to the words of one row: labels -1 where a word was cut off."""

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    logits: NDArray[np.float64]

    @property
    def whole(self) -> bool:
        return bool(len(self.labels)) and not bool((self.labels < 0).any())


@dataclass(frozen=True, slots=True, eq=False)
class _Original:
    words: _Words
    found: tuple[Entity, ...]
    gold: tuple[Entity, ...] | None

    @property
    def counted(self) -> Counted | None:
        """(right, predicted, true) entities, or None where the row is not labelled or not wholly read."""
        if self.gold is None or not self.words.whole:
            return None
        return len(set(self.gold) & set(self.found)), len(self.found), len(self.gold)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One trial. `sets` are (right, predicted, true) before and after; `kept` counts the true entities that were found
    before and after, only before, only after, never."""

    fates: Fates
    sets: tuple[Counted, Counted] | None
    kept: tuple[int, int, int, int]
    before: float
    after: float
    identical: bool


@dataclass(frozen=True, slots=True, eq=False)
class TokenEffects:
    """The entities of the original rows, against which those of changed rows are held."""

    answers: Predictions
    originals: tuple[_Original, ...]
    labels: Sequence[str]
    ids: tuple[str, ...]
    wording: Wording = ENTITIES
    left_out: str = "have words that the model gives no answer to"

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> TokenEffects:
        """Take the answers to the rows, in their order."""
        originals = []
        for place, row in enumerate(rows):
            words = _words(answers, place)
            gold = None if row.tags is None else tuple(entities(labels[tag] for tag in row.tags))
            originals.append(_Original(words, _found(words, labels), gold))
        return cls(answers, tuple(originals), labels, tuple(row.id for row in rows))

    def ask(self, model: ModelHandle, rows: Sequence[Row]) -> Predictions:
        """Ask about changed rows."""
        return model.predict(rows)

    def unread(self, model: ModelHandle, trials: Sequence[Trial], after: Predictions, same: Flags) -> Flags:
        """Return no trials: rows with a word that has no answer are left out when they are compared."""
        return np.zeros(len(trials), dtype=np.bool_)

    def effect(self, trials: Sequence[Trial], after: Predictions, *, unread: Flags, same_input: Flags) -> Effect:
        """Compare predicted entities; `after` answers the trials.

        Rows with a word that has no answer (cut off) before or after are left out: what was not seen was not lost.
        """
        compared = [self._compare(trial, _words(after, number)) for number, trial in enumerate(trials)]
        kept = [number for number, one in enumerate(compared) if one is not None and not unread[number]]
        found = [one for number in kept if (one := compared[number]) is not None]
        fate = [one.fates for one in found]
        totals = np.array([one.before for one in fate], dtype=np.float64)
        asked = [self.ids[trials[number].place] for number in kept]
        pairs = [one.sets for one in found if one.sets is not None]
        changed = {trials[number].place: one.sets for number, one in zip(kept, found, strict=True)}
        whole = [
            changed.get(place) or (counted, counted)
            for place, original in enumerate(self.originals)
            if (counted := original.counted) is not None
        ]
        both, lost, gained, never = np.array([one.kept for one in found], np.float64).reshape(-1, 4).T
        place = np.array([trial.place for trial in trials], dtype=np.int64)
        return Effect(
            trials=tuple(trials[number] for number in kept),
            flip=clustered_share(np.array([one.changed + one.lost for one in fate], dtype=np.float64), totals).keyed(
                asked
            ),
            drop=_drop(pairs).keyed([row for row, one in zip(asked, found, strict=True) if one.sets is not None]),
            relative=None,
            harm=clustered_share(lost, both + lost),
            repair=clustered_share(gained, gained + never),
            whole=_drop(whole).keyed(
                [row for row, one in zip(self.ids, self.originals, strict=True) if one.counted is not None]
            ),
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
                ("true entities found before and not after (harm)", int(lost.sum())),
                ("true entities found after and not before (repair)", int(gained.sum())),
            ),
            same_input=int(same_input[kept].sum()),
            identical=sum(one.identical for one in found),
            cut=int((after.truncated & ~self.answers.truncated[place]).sum()),
            left_out=len(trials) - len(kept),
        )

    def score(self) -> float | None:
        """Return the entity F1 on the labelled rows as they are, or None where there are no entities."""
        counted = [each for original in self.originals if (each := original.counted) is not None]
        right, predicted, true = (sum(column) for column in zip(*counted, strict=True)) if counted else (0, 0, 0)
        return 2.0 * right / (predicted + true) if true else None

    def _compare(self, trial: Trial, new: _Words) -> _Comparison | None:
        original = self.originals[trial.place]
        if not original.words.whole or not new.whole:
            return None
        after = _found(new, self.labels)
        pairs = [(word, place) for word, places in enumerate(trial.word_map) for place in places]
        old_at, new_at = ([pair[side] for pair in pairs] for side in (0, 1))
        tags = original.words.labels[old_at]
        sets, kept = _against_truth(original, after, trial)
        return _Comparison(
            fates=fates(original.found, after, trial.word_map),
            sets=sets,
            kept=kept,
            before=float(original.words.probabilities[old_at, tags].mean()) if pairs else 1.0,
            after=float(new.probabilities[new_at, tags].mean()) if pairs else 1.0,
            identical=original.words.logits.shape == new.logits.shape
            and bool((original.words.logits == new.logits).all()),
        )


def _against_truth(
    original: _Original, after: Sequence[Entity], trial: Trial
) -> tuple[tuple[Counted, Counted] | None, tuple[int, int, int, int]]:
    """Count the true entities found before and after; one whose words are all deleted counts in neither."""
    if original.gold is None:
        return None, (0, 0, 0, 0)
    places = {entity: place for entity in original.gold if (place := moved(entity, trial.word_map)) is not None}
    found_before = {entity for entity in original.found if moved(entity, trial.word_map) is not None}
    found_after = set(after)
    pairs = [(entity in found_before, place in found_after) for entity, place in places.items()]
    right = sum(one for one, _ in pairs), sum(other for _, other in pairs)
    sets = (right[0], len(found_before), len(places)), (right[1], len(found_after), len(places))
    both, lost, gained, never = (
        sum(pair == asked for pair in pairs) for asked in ((True, True), (True, False), (False, True), (False, False))
    )
    return sets, (both, lost, gained, never)


def _drop(pairs: Sequence[tuple[Counted, Counted]]) -> Estimate:
    if not pairs:
        return Estimate(value=None, n=0, method="linearised-paired-f1", reason=NO_TRUTH)
    return f1_drop(*(np.array([pair[side] for pair in pairs], dtype=np.float64) for side in (0, 1)))


def _words(answers: Predictions, row: int) -> _Words:
    if answers.offsets is None:
        raise ValueError("these predictions are not of words")
    span = slice(answers.offsets[row], answers.offsets[row + 1])
    probabilities = answers.probabilities[span]
    labels = np.full(len(probabilities), -1, dtype=np.int64)
    known = ~np.isnan(probabilities).any(axis=1)
    labels[known] = probabilities[known].argmax(axis=1)
    return _Words(labels, probabilities, answers.logits[span])


def _found(words: _Words, labels: Sequence[str]) -> tuple[Entity, ...]:
    return tuple(entities(labels[index] for index in words.labels)) if words.whole else ()


def _fate_in_words(fate: Fates) -> str:
    words = f"{fate.kept} of {fate.before} entities kept"
    return f"{words}, {fate.spurious} new" if fate.spurious else words
