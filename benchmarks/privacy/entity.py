"""False alarms, coverage and power of entity exposure, by simulation on names with shared words and unequal fame.

A world has persons with a first name and a surname, both drawn from skewed frequencies, so that names share words.
Some persons stand in many rows; those are famous, and the model knows them whoever trained it. Rows are split at random
in training and held-out rows of unequal size. The model's score of a name is the sum of effects of its words, of its
fame and of its own; where it memorises, names of the training rows get `shift` standard deviations of the score more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from study import Figure, at_least, at_most

from modelaudit.checker import Predictions, Row
from modelaudit.checkers.privacy.blind_guard import blind_guard
from modelaudit.checkers.privacy.entities.arms import Arm, draw, excess
from modelaudit.checkers.privacy.entities.decoys import DecoyMaker
from modelaudit.checkers.privacy.entities.frames import frames
from modelaudit.checkers.privacy.entities.names import Corpus, names_of
from modelaudit.checkers.privacy.entities.scores import standings
from modelaudit.statistics import Estimate, p_above

SEED = 20264
LABELS = ("O", "B-PER", "I-PER")
TYPES = frozenset({"PER"})
FRAMES = (
    "yesterday {X} wrote to the branch about the letter",
    "the office said that {X} had called in the morning",
    "a note by {X} was filed with the report",
)
NULLS, COVERED, POWERED = 400, 400, 60
LIMIT = 0.1


@dataclass(slots=True)
class World:
    """Effects of words and of whole names on the score; answers as a model handle does."""

    word: dict[str, float]
    whole: dict[tuple[str, str], float]
    labels: tuple[str, ...] = LABELS
    capabilities: frozenset[str] = frozenset({"predict", "token_counts"})

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Return logits of person against the rest, word by word."""
        offsets = np.concatenate([[0], np.cumsum([len(row.words) for row in rows])]).astype(np.int64)
        scores = np.zeros(int(offsets[-1]))
        for row, start in zip(rows, offsets, strict=False):
            words = row.words
            for place, word in enumerate(words):
                effect = self.word.get(word)
                if effect is None:
                    continue
                pair = words[place : place + 2] if place + 1 < len(words) and words[place + 1] in self.word else ()
                before = words[place - 1 : place + 1] if place else ()
                scores[start + place] = effect + self.whole.get(pair, self.whole.get(before, 0.0))
        logits = np.stack([np.zeros_like(scores), scores, np.zeros_like(scores)], axis=1)
        weights = np.exp(logits)
        return Predictions(
            logits, weights / weights.sum(axis=1, keepdims=True), np.zeros(len(rows), dtype=np.bool_), offsets
        )

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Return pieces of five letters."""
        return np.array([1 + len(text) // 5 for text in texts], dtype=np.int64)


def run(rng: np.random.Generator, *, names: int, shift: float, guarded: bool = False) -> tuple[Estimate, bool]:
    """Return the estimate of one world, and whether the guard would have withheld it."""
    first = [f"{_syllables(rng, 2)}" for _ in range(150)]
    last = [f"{_syllables(rng, 3)}" for _ in range(500)]
    persons = list(
        dict.fromkeys((first[_skewed(rng, len(first))], last[_skewed(rng, len(last))]) for _ in range(12 * names))
    )
    fame = rng.pareto(1.5, size=len(persons))
    chosen = rng.choice(len(persons), size=15 * names, p=(fame + 0.3) / (fame + 0.3).sum())
    rows = []
    for place, person in enumerate(chosen):
        frame = FRAMES[int(rng.integers(len(FRAMES)))].replace("{X}", " ".join(persons[person]))
        words = (*frame.split(), str(place))
        tags = tuple(1 if word == persons[person][0] else 2 if word == persons[person][1] else 0 for word in words)
        rows.append(Row(f"r:{place}", " ".join(words), words=words, tags=tags))
    inside = rng.random(len(rows)) < 0.65
    members = [row for row, held in zip(rows, inside, strict=True) if held]
    heldout = [row for row, held in zip(rows, inside, strict=True) if not held]
    world = World(
        {word: float(rng.normal()) for word in (*first, *last)},
        {person: float(rng.normal() + np.log1p(fame[at])) for at, person in enumerate(persons)},
    )
    if shift:
        spread = float(np.std([(world.word[a] + world.word[b]) / 2 + own for (a, b), own in world.whole.items()]))
        trained = {tuple(word for word, tag in zip(row.words, row.tags, strict=True) if tag) for row in members}
        world.whole = {pair: own + shift * spread * (pair in trained) for pair, own in world.whole.items()}
    trained_words, other_words = Corpus.of(members), Corpus.of(heldout)
    found = names_of(members, heldout, trained_words, other_words, labels=LABELS, types=TYPES, seed=0)
    drawn = draw(found, DecoyMaker(found.fresh, trained_words, world.token_counts, 0), size=names, decoys=8, fewest=20)
    asked = [*drawn.exposed, *drawn.fresh]
    stood = standings([world], asked, frames(heldout, labels=LABELS, types=TYPES, each=2, seed=0), types=TYPES)
    cut = len(drawn.exposed)
    exposed = Arm([trial.name for trial in drawn.exposed], stood[:cut])
    fresh = Arm([trial.name for trial in drawn.fresh], stood[cut:])
    fooled = guarded and blind_guard(exposed.rows("e"), fresh.rows("f"), n_labels=1, seed=0).fooled(margin=0.02)
    return excess(exposed, fresh, alike=drawn.alike), fooled


def null_figures(rng: np.random.Generator) -> list[Figure]:
    """Coverage and false alarms where no name was remembered."""
    found = []
    for names, audits in ((40, NULLS), (100, COVERED)):
        estimates = [run(rng, names=names, shift=0.0)[0] for _ in range(audits)]
        held = [e.interval()[0] <= 0.0 <= e.interval()[1] for e in estimates]
        said = f"entity exposure without memory, {names} names an arm, {audits} audits"
        found += [
            at_least(f"{said}: the 95% interval holds 0", float(np.mean(held)), 0.93),
            at_most(f"{said}: above 0 at 5%", _alarms(estimates, 0.0), 0.075),
            at_most(f"{said}: above {LIMIT} at 5%", _alarms(estimates, LIMIT), 0.05),
            Figure(f"{said}: half a width", float(np.mean([np.diff(e.interval()) / 2 for e in estimates])), "win rate"),
        ]
    guards = [run(rng, names=100, shift=0.0, guarded=True)[1] for _ in range(POWERED)]
    said = f"entity exposure, guard without a shift of names, {POWERED} audits: withheld"
    return [*found, at_most(said, float(np.mean(guards)), 0.05)]


def power_figures(rng: np.random.Generator) -> list[Figure]:
    """What is found where names are remembered, by the shift of their scores."""
    found = []
    for shift in (0.25, 0.5, 1.0, 2.0):
        estimates = [run(rng, names=100, shift=shift)[0] for _ in range(POWERED)]
        said = f"entity exposure, memory of {shift:g} SD, 100 names an arm, {POWERED} audits"
        found += [
            Figure(f"{said}: mean excess", float(np.mean([e.value for e in estimates])), "win rate"),
            Figure(f"{said}: found above 0 at 5%", _alarms(estimates, 0.0), "share"),
            Figure(f"{said}: found above {LIMIT} at 5%", _alarms(estimates, LIMIT), "share"),
        ]
    return found


def _alarms(estimates: Sequence[Estimate], limit: float) -> float:
    return float(np.mean([p_above(e.bounds, limit) <= 0.05 for e in estimates]))


def _skewed(rng: np.random.Generator, size: int) -> int:
    return min(int(size * rng.random() ** 2.5), size - 1)


def _syllables(rng: np.random.Generator, most: int) -> str:
    parts = ["".join((rng.choice(list("bdfgklmnprst")), rng.choice(list("aeiou")))) for _ in range(most)]
    return "".join(parts).capitalize() + str(rng.choice(list("nrsl")))
