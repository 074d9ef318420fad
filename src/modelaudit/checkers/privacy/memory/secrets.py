"""Secrets: numbers of persons that stand in the training rows, each with look-alikes, ranked by a language model.

A model that saw a number in its place finds it more probable there than numbers of the same form that it did not see
(Carlini et al. 2019, "The secret sharer", arXiv 1802.08232): exposure is the rank among these, in bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, TokenStatistics
from modelaudit.checkers.privacy.folds import digest
from modelaudit.checkers.privacy.memory.lookalikes import look_alikes
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, exposure, exposure_cap, mean_difference
from modelaudit.text.personal_data import Match, find_personal_data

Vector = NDArray[np.float64]

CONTEXT = 200
"""Characters before a number that the model is given; more would cost as much again for each look-alike."""
LEAST_ALIKE = 31
"""Look-alikes without which a number is left out: the largest exposure among fewer is under five bits."""
_PUNCTUATION = str.maketrans("", "", " -./():")


@dataclass(frozen=True, slots=True)
class Secret:
    """One number, never shown.

    Attributes:
        row: id of the training row that it was taken from; rows: how many training rows hold it.
        kind: of personal data.
        context: what stands before it.
        number: it; alike: its look-alikes.
    """

    row: str
    rows: int
    kind: str
    context: str
    number: str
    alike: tuple[str, ...]

    @property
    def variants(self) -> list[Row]:
        """The context with the number first, and then with each of its look-alikes; nothing stands behind."""
        return [Row(self.row, self.context + number) for number in (self.number, *self.alike)]

    @property
    def cap(self) -> float:
        """The largest exposure in bits that can be shown."""
        return exposure_cap(len(self.alike))

    @property
    def chance(self) -> float:
        """The mean exposure in bits of a number that the model ranks anywhere."""
        ranks = np.arange(1, len(self.alike) + 2)
        return self.cap - float(np.log2(ranks).mean())


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the training rows: the drawn secrets, how many numbers there are, and those left out."""

    secrets: tuple[Secret, ...]
    numbers: int
    unlike: int


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """Exposures in bits of the ranked secrets, (n,) each; `base` is None without a base model.

    `cut` counts the secrets left out, since the model has no room for them.
    """

    secrets: tuple[Secret, ...]
    target: Vector
    base: Vector | None
    cut: int

    @property
    def unseen(self) -> Vector:
        """What each exposure would be without fine-tuning: the base model's, else what chance gives."""
        return np.array([secret.chance for secret in self.secrets]) if self.base is None else self.base

    def excess(self) -> Estimate:
        """Return the mean of exposures less what they would be without fine-tuning, with a bounded t interval."""
        reach = np.array([secret.cap for secret in self.secrets])
        return mean_difference(self.target - self.unseen, reach=reach)


def find_secrets(rows: Sequence[Row], *, most: int, alike: int, context: int, seed: int) -> Found:
    """Return at most `most` different numbers of persons in the rows, drawn by content, each with up to `alike` others.

    A number that stands in several rows is one secret, in the row that the draw meets first. `context` are characters.
    """
    places: dict[tuple[str, str], list[tuple[bytes, Row, Match]]] = {}
    for row in rows:
        for match in find_personal_data(whole(row)):
            number = whole(row)[match.start : match.end].translate(_PUNCTUATION).casefold()
            if any(character.isdigit() for character in number) and match.kind != "e-mail address":
                order = digest(whole(row), seed=seed, purpose="secret row")
                places.setdefault((match.kind, number), []).append((order, row, match))
    secrets: list[Secret] = []
    unlike = 0
    for key in sorted(places, key=lambda key: digest("\x1f".join(key), seed=seed, purpose="secret")):
        if len(secrets) == most:
            break
        _, row, match = min(places[key], key=lambda place: (place[0], place[2].start, place[1].id))
        rng = np.random.default_rng(int.from_bytes(digest("\x1f".join(key), seed=seed, purpose="look-alikes"), "big"))
        others = look_alikes(whole(row), match, count=alike, rng=rng)
        if len(others) < LEAST_ALIKE:
            unlike += 1
            continue
        text, held = whole(row), len({place[1].id for place in places[key]})
        before = _since_a_word(text[: match.start], context)
        secrets.append(Secret(row.id, held, match.kind, before, text[match.start : match.end], tuple(others)))
    return Found(tuple(secrets), len(places), unlike)


def ranked(model: ModelHandle, base: ModelHandle | None, secrets: Sequence[Secret]) -> Exposures:
    """Ask the models for the likelihood of each secret and its look-alikes in their place, and return the exposures."""
    kept, target, before = [], [], []
    for secret in secrets:
        found = [model.token_statistics(secret.variants)]
        found += [] if base is None else [base.token_statistics(secret.variants)]
        if any(bool(statistics.truncated.any()) for statistics in found):
            continue
        bits = list(_bits(found))
        kept.append(secret)
        target.append(bits[0])
        before += bits[1:]
    return Exposures(
        tuple(kept), np.array(target), None if base is None else np.array(before), cut=len(secrets) - len(kept)
    )


def whole(row: Row) -> str:
    """Return all text of a row, with its answer."""
    return row.text + (row.answer or "")


def _bits(found: Sequence[TokenStatistics]) -> Iterator[float]:
    for statistics in found:
        scores = Ragged.of(statistics.offsets).sums(statistics.log_probs)
        yield exposure(float(scores[0]), scores[1:])


def _since_a_word(text: str, characters: int) -> str:
    """Return the end of a text, of so many characters at most and from the start of a word where there is one."""
    if len(text) <= characters:
        return text
    end = text[-characters:]
    _, space, rest = end.partition(" ")
    return rest if space and rest else end
