"""The work that arms are given: texts of mixed length, masked variants of short rows, texts with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.classifier import Classifier
from modelaudit.checkers.opacity.shapley_values import permutation_pairs
from modelaudit.inference import ModelInput, masked_inputs
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoder

EVERY = 4
"""Of so many masked strings, one is given to arms that ask for each anew: their cost grows with the number alone."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHORT = (8, 9, 10, 11, 12)
"""Words of the rows that are masked; each length as often as the others."""


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """What an arm is asked in one turn: one answer for each text.

    Attributes:
        texts: as strings.
        inputs: the same as token ids.
        rows, keep: what the engine's own verbs take; `keep` has the variants of each row, or is None.
        labels: the true class of each text.
        first: answers that the sample covers, from the start on; the others are for the fastest arm alone.
        every: how many strings of the sample go for one that an arm is given to which repetitions are no help.
    """

    texts: Sequence[str]
    inputs: Sequence[ModelInput]
    rows: Sequence[Row]
    keep: Sequence[Flags] | None = None
    labels: NDArray[np.int64] | None = None
    first: int | None = None
    every: int = 1

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def sample(self) -> Task:
        """The first answers alone."""
        if self.first is None or self.first == len(self):
            return self
        rows = len(self.rows) * self.first // len(self)
        keep = None if self.keep is None else self.keep[:rows]
        return replace(
            self,
            texts=self.texts[: self.first],
            inputs=self.inputs[: self.first],
            rows=self.rows[:rows],
            keep=keep,
            first=None,
        )

    @cached_property
    def few(self) -> Task:
        """Strings from all over the sample, for arms that ask for each string anew."""
        sample = self.sample
        if self.every == 1:
            return sample
        texts, inputs = sample.texts[:: self.every], sample.inputs[:: self.every]
        return replace(sample, texts=texts, inputs=inputs, rows=[], keep=None, first=None, every=1)

    @cached_property
    def distinct(self) -> tuple[list[ModelInput], NDArray[np.int64]]:
        """The inputs without repetitions, and the place among them of each answer."""
        places: dict[bytes, int] = {}
        of_answer = [places.setdefault(item.ids.tobytes(), len(places)) for item in self.inputs]
        found: dict[int, ModelInput] = {}
        for place, item in zip(of_answer, self.inputs, strict=True):
            found.setdefault(place, item)
        return list(found.values()), np.array(of_answer)

    @cached_property
    def tokens(self) -> int:
        """Tokens of the distinct inputs: what can't be saved."""
        return sum(map(len, self.distinct[0]))


def encode(classifier: Classifier, texts: Sequence[str]) -> list[ModelInput]:
    """Return texts as token ids."""
    longest = min(512, int(classifier.model.config.max_position_embeddings))
    return [encoding.input for encoding in Encoder(classifier.tokenizer, longest).texts(texts)]


def mixed_texts(classifier: Classifier, n: int, *, seed: int) -> list[str]:
    """Return texts of 8 to 60 words, log-normal in length with a median of 22."""
    draw = np.random.default_rng(seed)
    lengths = np.clip(np.exp(draw.normal(np.log(22), 0.5, n)).astype(int), 8, 60)
    return [" ".join(draw.choice(classifier.words, length)) for length in lengths]


def texts_task(classifier: Classifier, texts: Sequence[str], *, seed: int) -> Task:
    """Return texts as a task, each with a label drawn by lot."""
    labels = np.random.default_rng(seed).integers(0, 2, len(texts))
    rows = [Row(str(i), text, label=int(label)) for i, (text, label) in enumerate(zip(texts, labels, strict=True))]
    return Task(texts, encode(classifier, texts), rows, labels=labels)


def masks_tasks(classifier: Classifier, *, rows: int, masks: int, turns: int, sampled: int, seed: int) -> list[Task]:
    """Return one task a turn, which share the rows out; of each, the first `sampled` rows are for slow arms."""
    if rows % turns or sampled % len(SHORT) or sampled > rows // turns:
        raise ValueError(f"{rows} rows can't be shared out over {turns} turns with {sampled} of them sampled")
    draw = np.random.default_rng(seed)
    each = rows // turns
    return [
        _masks_task(classifier, [SHORT[i % len(SHORT)] for i in range(each)], masks, sampled, draw)
        for _ in range(turns)
    ]


def _masks_task(
    classifier: Classifier, lengths: Sequence[int], masks: int, sampled: int, draw: np.random.Generator
) -> Task:
    words = [list(draw.choice(classifier.words, length, replace=False)) for length in lengths]
    texts = [" ".join(row) for row in words]
    keep = [_coalitions(length, masks, draw) for length in lengths]
    mask = classifier.tokenizer.mask_token
    variants = [
        " ".join(word if seen else mask for word, seen in zip(row, kept, strict=True))
        for row, kepts in zip(words, keep, strict=True)
        for kept in kepts
    ]
    inputs: list[ModelInput] = []
    for base, kepts in zip(encode(classifier, texts), keep, strict=True):
        # One token a word between the two special tokens: the words were chosen so.
        players = np.array([-1, *range(kepts.shape[1]), -1], np.int32)
        inputs += masked_inputs(base, players, keep=kepts, mask_id=int(classifier.tokenizer.mask_token_id))
    rows = [Row(str(i), text) for i, text in enumerate(texts)]
    return Task(variants, inputs, rows, keep=keep, first=sampled * masks, every=EVERY)


def _coalitions(players: int, masks: int, draw: np.random.Generator) -> Flags:
    """Return so many coalitions as the Shapley checker draws them: prefixes of permutations and of their reverses."""
    pairs = -(-masks // (2 * players))
    return permutation_pairs(players, pairs, rng=draw).keep[:masks]
