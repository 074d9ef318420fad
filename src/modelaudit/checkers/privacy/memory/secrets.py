"""Secrets: numbers of persons that stand in rows, each with look-alikes, ranked by a language model.

A model that saw a number in its place finds it more probable there than numbers of the same form that it did not see
(Carlini et al. 2019, "The secret sharer", arXiv 1802.08232): exposure is the rank among these, in bits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, TokenStatistics
from modelaudit.checkers.privacy.folds import digest, unit
from modelaudit.checkers.privacy.memory.lookalikes import look_alikes
from modelaudit.checkers.privacy.record import whole_text
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.rows import Row
from modelaudit.statistics import exposure, exposure_cap
from modelaudit.text.personal_data import Match, find_personal_data

Vector = NDArray[np.float64]
Numbers = dict[tuple[str, str], list[tuple[Row, Match]]]
"""All places of each number, by its kind and its signs without punctuation."""

CONTEXT = 200
"""Characters before a number that the model is given; more would cost as much again for each look-alike."""
LEAST_ALIKE = 31
"""Look-alikes without which a number is left out: the largest exposure among fewer is under five bits."""
_PUNCTUATION = str.maketrans("", "", " -./():")


@dataclass(frozen=True, slots=True)
class Secret:
    """One number, never shown.

    Attributes:
        row: id of the row that it was taken from; rows: how many rows of its side hold it.
        units: the groups, or else the contents, of these rows; numbers that share one are not independent.
        kind: of personal data.
        context: what stands before it.
        number: it; alike: its look-alikes.
        source: what the model reads where the number stands in a target; None where it goes on with the context.
        turns: earlier messages of a chat, whose answer is the target.
        after: the rest of the target.
    """

    row: str
    rows: int
    units: frozenset[str]
    kind: str
    context: str
    number: str
    alike: tuple[str, ...]
    source: str | None = None
    turns: tuple[tuple[str, str], ...] | None = None
    after: str = ""

    @property
    def variants(self) -> list[Row]:
        """The context with the number first, and then with each of its look-alikes.

        Nothing stands behind, but in a target, which is judged to its end: it ends in the same way for all.
        """
        texts = [self.context + number + self.after for number in (self.number, *self.alike)]
        if self.source is None:
            return [Row(self.row, text) for text in texts]
        return [Row(self.row, self.source, answer=text, turns=self.turns) for text in texts]

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
    """What was found in the rows of one side.

    Attributes:
        secrets: the drawn ones.
        numbers: how many different numbers there are, those of both sides included.
        shared: those that stand on the other side as well; unlike: those drawn that have too few look-alikes.
    """

    secrets: tuple[Secret, ...]
    numbers: int
    shared: int
    unlike: int


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """Exposures in bits of the ranked secrets of one side, (n,) each; `base` is None without a base model.

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

    @property
    def gained(self) -> Vector:
        """What each exposure is beyond that."""
        return self.target - self.unseen

    @property
    def caps(self) -> Vector:
        """The largest exposure of each that can be shown."""
        return np.array([secret.cap for secret in self.secrets])

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of personal data among them."""
        return frozenset(secret.kind for secret in self.secrets)

    def of(self, kinds: Collection[str]) -> Exposures:
        """Return those of some kinds."""
        chosen = np.array([secret.kind in kinds for secret in self.secrets], dtype=np.bool_)
        kept = tuple(secret for secret in self.secrets if secret.kind in kinds)
        return Exposures(kept, self.target[chosen], None if self.base is None else self.base[chosen], self.cut)


def numbers_of(rows: Sequence[Row]) -> Numbers:
    """Return the numbers of persons in rows; one that is written in two ways is one number."""
    numbers: Numbers = {}
    for row in rows:
        for match in find_personal_data(whole(row)):
            number = _bare(whole(row)[match.start : match.end])
            if row.companion is not None and number in _bare(whole_text(replace(row, text=""))):
                continue
            if any(character.isdigit() for character in number) and match.kind != "e-mail address":
                numbers.setdefault((match.kind, number), []).append((row, match))
    return numbers


def targets_of(rows: Sequence[Row]) -> list[Row]:
    """Return the targets of rows as texts, each with its source, or the last message of its chat, as its companion."""
    return [replace(row, text=row.answer, answer=None, companion=row.text) for row in rows if row.answer]


def find_secrets(
    numbers: Numbers,
    elsewhere: Numbers,
    *,
    most: int,
    alike: int,
    context: int,
    seed: int,
    kinds: Collection[str] | None = None,
) -> Found:
    """Return at most `most` numbers that do not stand `elsewhere`, drawn by content, each with up to `alike` others.

    A number that stands in several rows is one secret, in the row that the draw meets first. `context` are characters;
    `kinds` are those that are drawn from, by default all.
    """
    others = {number for _, number in elsewhere}
    secrets: list[Secret] = []
    unlike = 0
    for key in sorted(numbers, key=lambda key: digest("\x1f".join(key), seed=seed, purpose="secret")):
        if len(secrets) == most:
            break
        if key[1] in others or (kinds is not None and key[0] not in kinds):
            continue
        row, match = min(numbers[key], key=lambda place: _order(*place, seed=seed))
        rng = np.random.default_rng(int.from_bytes(digest("\x1f".join(key), seed=seed, purpose="look-alikes"), "big"))
        made = look_alikes(whole(row), match, count=alike, rng=rng)
        if len(made) < LEAST_ALIKE:
            unlike += 1
            continue
        text, of_target = whole(row), row.companion is not None
        held = {place.id: place for place, _ in numbers[key]}
        secrets.append(
            Secret(
                row=row.id,
                rows=len(held),
                units=frozenset(unit(place) for place in held.values()),
                kind=match.kind,
                context=text[: match.start] if of_target else _since_a_word(text[: match.start], context),
                number=text[match.start : match.end],
                alike=tuple(made),
                source=row.companion,
                turns=row.turns,
                after=text[match.end :] if of_target else "",
            )
        )
    return Found(tuple(secrets), len(numbers), sum(number in others for _, number in numbers), unlike)


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


def _bare(text: str) -> str:
    return text.translate(_PUNCTUATION).casefold()


def whole(row: Row) -> str:
    """Return all text of a row, with its answer."""
    return row.text + (row.answer or "")


def _order(row: Row, match: Match, *, seed: int) -> tuple[bytes, int, str]:
    return digest(whole(row), seed=seed, purpose="secret row"), match.start, row.id


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
