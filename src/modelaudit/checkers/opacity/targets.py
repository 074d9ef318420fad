"""What is explained: one output of the model on one row, as the value of a game and as the level that a reader sees.

Text classification: the class that the model predicts for the whole row. Multi-label classification: each label that it
gives, or the likeliest where it gives none. Regression: each output. Token classification: the predicted tags of each
entity that the model finds, averaged over the entity's words. Pictures and sounds that are classified: the predicted
class. Where answers are text, an answer that is fixed: its start and its end in the context (question answering), its
tokens (text generation, sequence-to-sequence), or a transcript as a whole (CTC).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modelaudit.checker import Predictions
from modelaudit.checkers.opacity.parts import PATCHES, SEGMENTS, WORDS, Parts

Floats = NDArray[np.float64]
Kind = Literal["class", "label", "output", "entity", "answer", "span"]

SUREST = math.log1p(-1e-5)
"""Log-probability beyond which float32 can't tell how sure a model is; log-odds of 11.5."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the values of one task's games are of, and counted in.

    Attributes:
        output: what is explained of a row, in words. unit: of the values.
        level: what is seen to fall as words are hidden. fall: its unit.
        reacts: the spread of the values from which on the output counts as reacting to hidden words; in the unit, or
            where `relative`, in standard deviations of the output from row to row.
        relative: whether the unit is the model's own, so that no size means something by itself.
        paneled: whether models of the task are in the calibration panel.
        parts: what is hidden of a row.
    """

    output: str
    unit: str
    level: str
    fall: str
    reacts: float
    relative: bool = False
    paneled: bool = False
    parts: Parts = WORDS

    @property
    def least(self) -> str:
        """The least spread, in words."""
        return f"{self.reacts:.0%} of how it varies from row to row" if self.relative else f"{self.reacts} {self.unit}"

    @property
    def sized(self) -> str:
        """What tolerances are counted in: the unit, or the spread of the output where sizes mean nothing."""
        return "of its spread" if self.relative else self.unit


def _probability(output: str, *, paneled: bool = True, parts: Parts = WORDS) -> Scale:
    level, fall = "the explained probability", "fall of probability"
    return Scale(output, "log-odds", level, fall, 0.1, paneled=paneled, parts=parts)


def _answer_scale(output: str, unit: str, *, parts: Parts = WORDS) -> Scale:
    """Return the scale of an answer's log-probability by so many units of text, "token"."""
    level, fall = f"the answer's probability a {unit}", f"fall of probability a {unit}"
    return Scale(output, f"nats a {unit}", level, fall, 0.05, parts=parts)


SCALES: dict[str, Scale] = {
    "text-classification": _probability("the predicted class"),
    "multi-label-classification": _probability(
        "a label that the model gives, or the likeliest where it gives none", paneled=False
    ),
    "token-classification": _probability("an entity's tags, mean over its words"),
    "text-regression": Scale("the output", "output units", "the output", "fall of the output", 0.05, relative=True),
    "text-generation": _answer_scale("the answer, mean over its tokens", "token"),
    "question-answering": _probability("the answer's start and end in the context, mean of both", paneled=False),
    "text2text-generation": _answer_scale("the answer, mean over its tokens", "token"),
    "image-classification": _probability("the predicted class", paneled=False, parts=PATCHES),
    "audio-classification": _probability("the predicted class", paneled=False, parts=SEGMENTS),
    "automatic-speech-recognition": _answer_scale("the transcript, mean over its tokens", "token", parts=SEGMENTS),
}
"""The tasks that are explained."""

FIXED = frozenset({"text-generation", "question-answering", "text2text-generation", "automatic-speech-recognition"})
"""Tasks whose answers are text, of which one is fixed for each row."""

SEVERAL_OUTPUTS = Scale(
    "each output, by how it varies from row to row",
    "standard deviations",
    "the output",
    "fall in standard deviations",
    0.05,
)
"""Of a regression with several outputs, which have units of their own and no common one."""

WHOLE_TRANSCRIPT = _answer_scale("the transcript, by the number of its characters", "character", parts=SEGMENTS)
"""Of a transcript by CTC, which is judged as a whole: longer ones would be less probable whatever was said."""


@dataclass(frozen=True, slots=True)
class Target:
    """The output to explain.

    Attributes:
        kind: what it is. name: as the report calls it.
        classes: the class, label, output or tags.
        words: the words that are looked at (an entity's), the tokens of the answer, or its start and its end; None for
            the row as a whole.
        size: what an output of a regression is divided by, where it stands beside others of another scale, and a
            transcript that is judged as a whole, by the number of its characters.
        cut: whether the answer was cut, so that the token behind it, which ends it, is not looked at.
    """

    kind: Kind
    name: str
    classes: tuple[int, ...]
    words: tuple[int, ...] | None = None
    size: float = 1.0
    cut: bool = False

    @property
    def without_end(self) -> Target:
        """The answer as far as it goes, without the token that ends it."""
        return replace(self, classes=self.classes[:-1], words=(self.words or ())[:-1], cut=True)

    @property
    def own_words(self) -> tuple[int, ...] | None:
        """The words of the row that the output is of; None where it is of the row as a whole."""
        return self.words if self.kind == "entity" else None

    def value(self, predictions: Predictions) -> Floats:
        """Return (variants,) the value of the game, from the logits, so that it does not saturate.

        Log p - log(1 - p) of a class, a label, or the start and the end of a span; the output of a regression; the mean
        log-probability of an answer's tokens. Averaged over the words that are looked at.
        """
        logits = self._of_words(predictions, predictions.logits)
        own = self._own(logits)
        if self.kind in {"class", "entity"}:
            chosen = np.array(self.classes)
            others = np.where(np.arange(logits.shape[2])[None, None, :] == chosen[None, :, None], -np.inf, logits)
            # Of two classes the other one is all the rest, and the logarithm of its exponential is itself.
            own = own - (others.max(axis=2) if others.shape[2] == 2 else logsumexp(others, axis=2))
        if self.kind == "span":
            own = np.minimum(own, SUREST)
            own = own - np.log(-np.expm1(own))
        value: Floats = own.mean(axis=1) / self.size
        return value

    def level(self, predictions: Predictions) -> Floats:
        """Return (variants,) the probability of what is explained, of an answer the geometric mean over its tokens.

        For a regression it is the output. A span has the probability that both its ends have.
        """
        if self.kind == "span":
            return np.asarray(np.exp(self._own(self._of_words(predictions, predictions.logits)).sum(axis=1)))
        if self.kind in {"output", "answer"}:
            value = self.value(predictions)
            return value if self.kind == "output" else np.asarray(np.exp(value))
        level: Floats = self._own(self._of_words(predictions, predictions.probabilities)).mean(axis=1)
        return level

    def stays(self, before: Predictions, after: Predictions, found: Sequence[Target], *, spread: float) -> bool:
        """Whether an edit of the row left the answer as it was: `found` is what the model says of the edited row.

        A number or an answer's probability has stayed where it moved by less than half of what hiding words does.
        """
        there = [each.without_end for each in found] if self.cut else found
        if self.kind in {"answer", "span"} and replace(self, size=1.0) not in there:
            return False
        if self.kind in {"output", "answer", "span"}:
            return bool(abs(self.value(after) - self.value(before))[0] <= 0.5 * spread)
        return self in found

    def _own(self, outputs: Floats) -> Floats:
        """Return (variants, words) of (variants, words, C): each word's class."""
        return np.take_along_axis(outputs, np.array(self.classes)[None, :, None], axis=2)[..., 0]

    def _of_words(self, predictions: Predictions, outputs: Floats) -> Floats:
        """Return (variants, words of the target, C)."""
        if self.words is None:
            return outputs[:, None, :]
        if predictions.offsets is None:
            raise ValueError("a target with words is for answers word by word")
        chosen: Floats = outputs[predictions.offsets[:-1, None] + np.array(self.words)[None, :]]
        return chosen


def targets_of(predictions: Predictions, labels: Sequence[str], task: str) -> list[tuple[Target, ...]]:
    """Return what there is to explain of each row; nothing for a row without an entity or an answer."""
    rows = range(len(predictions))
    if task == "multi-label-classification":
        return [_labels(predictions.probabilities[row], labels) for row in rows]
    if task == "text-regression":
        outputs = tuple(Target("output", str(label), (index,)) for index, label in enumerate(labels))
        return [outputs for _ in rows]
    if predictions.offsets is None:
        return [(Target("class", str(labels[label]), (int(label),)),) for label in predictions.labels]
    spans = list(zip(predictions.offsets[:-1], predictions.offsets[1:], strict=True))
    if task in FIXED:
        known: NDArray[np.bool_] = np.isfinite(predictions.logits[:, 0])
        # An answer of which a part can't be told is none that can be explained.
        counts = [int(stop - start) if known[start:stop].all() else 0 for start, stop in spans]
        return [_span(count) if task == "question-answering" else _answer(count) for count in counts]
    tags = predictions.labels
    return [tuple(_entities(tags[start:stop], labels)) for start, stop in spans]


def _labels(probabilities: Floats, labels: Sequence[str]) -> tuple[Target, ...]:
    """Return the labels that are given, the likeliest first; where none is, the likeliest alone."""
    order = np.argsort(-probabilities, kind="stable")
    given = [int(index) for index in order if probabilities[index] >= 0.5] or [int(order[0])]
    return tuple(Target("label", str(labels[index]), (index,)) for index in given)


def _span(ends: int) -> tuple[Target, ...]:
    return (Target("span", "the answer", (0, 0), (0, 1)),) if ends == 2 else ()


def _answer(tokens: int) -> tuple[Target, ...]:
    return (Target("answer", "the answer", (0,) * tokens, tuple(range(tokens))),) if tokens else ()


def _entities(tags: NDArray[np.int64], labels: Sequence[str]) -> Iterator[Target]:
    names = [labels[tag] if tag >= 0 else "O" for tag in tags]
    start = 0
    while start < len(names):
        kind = entity_type(names[start])
        stop = start + 1
        while stop < len(names) and not names[stop].startswith(("B-", "S-", "U-")) and entity_type(names[stop]) == kind:
            stop += 1
        if kind is not None:
            chosen = tuple(int(tag) for tag in tags[start:stop])
            yield Target("entity", f"entity {kind}", chosen, tuple(range(start, stop)))
        start = stop


def entity_type(tag: str) -> str | None:
    """Return the type of a tag in any of the schemes IO, BIO and BIOES ("B-PER" is of type PER); None for "O"."""
    if tag == "O":
        return None
    head, dash, tail = tag.partition("-")
    return tail if dash and head in {"B", "I", "E", "S", "L", "U"} else tag
