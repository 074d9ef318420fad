"""The contract between a checker and the audit: Checker, Context, and the model handle.

A checker asks plain questions of `ctx.model` and returns findings. It never sees a device, a batch or a torch
module, and it never decides whether a number is a risk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import Preset, SubjectInfo
from modelaudit.outputs import Answers, Losses, Predictions, ReferenceKind, References, TokenStatistics
from modelaudit.results import CheckerInfo, Finding, Risk
from modelaudit.rows import Row

__all__ = [
    "Answers",
    "Budget",
    "Checker",
    "CheckerInfo",
    "Context",
    "Cost",
    "Data",
    "Hiding",
    "Losses",
    "ModelHandle",
    "Predictions",
    "ReferenceKind",
    "References",
    "Risk",
    "Row",
    "SubjectInfo",
    "TextScorer",
    "TokenStatistics",
]

Floats = NDArray[np.float64]
Hiding = Literal["mask", "attention", "unknown", "delete", "mean", "blur", "silence", "noise"]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a checker will ask for: model evaluations (rows through the model) and tokens in them."""

    evaluations: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the user wants to spend."""

    preset: Preset

    def pick(self, quick: int, standard: int, full: int) -> int:
        """Return the size that belongs to the preset."""
        return {"quick": quick, "standard": standard, "full": full}[self.preset]


class ModelHandle(Protocol):
    """The questions that can be put to a model; target and base model alike.

    Every verb takes any number of rows, blocks, and returns numpy in the order asked. Equal inputs are computed
    once in an audit. A verb that this model lacks raises CapabilityError; `capabilities` names those it has.
    """

    labels: tuple[str, ...]
    capabilities: frozenset[str]
    hidings: tuple[Hiding, ...]
    """The ways in which this model's words can be hidden, the one to take by default first."""

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Return logits and probabilities, per word for token classification."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) probabilities of plain texts; for libraries that want a model function."""
        ...

    def fingerprints(self, rows: Sequence[Row]) -> list[str]:
        """Return for each row a string that two rows share exactly where the model is given the same input for both.

        It costs a tokenization and no evaluation, and every model has it. So a change that the tokenizer undoes is
        known for certain to leave every answer alone, and distinct questions can be counted. For a function the input
        is the text.
        """
        ...

    def loss(self, rows: Sequence[Row]) -> Losses:
        """Return the loss of each row's truth: cross-entropy in nats, or the squared error of a regression."""
        ...

    def players(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Return each row's maskable words, as the model's tokenizer splits them, without what was cut off.

        Words of a function's texts are what white space sets apart; players of a picture are patches, of a sound
        segments, each called by its place.
        """
        ...

    def predict_masked(
        self, rows: Sequence[Row], keep: Sequence[NDArray[np.bool_]], *, hide: Hiding = "mask"
    ) -> list[Predictions]:
        """Return predictions for variants of each row in which some words are hidden.

        `keep[i]` is bool (variants, players of row i). How words are hidden, on the token ids, so that the text is
        never tokenised again: "mask" puts the mask token in their place, "unknown" the token for unknown words, so
        that positions stay; "attention" lets nothing attend to them while the others keep their positions; "delete"
        takes them out, and the others move up. Where there is no mask token, "mask" stands for the first of `hidings`.
        Parts of a picture become the picture's "mean" colour, or a "blur" of it; parts of a sound become "silence", or
        "noise" of the sound's own loudness. In the texts of a function "mask" leaves words out, or puts the user's mask
        word there, and "delete" leaves them out.

        Raises:
            CapabilityError: a way that is not among `hidings`.
            ValueError: `keep` has another number of entries than there are rows, or of players than a row has.
        """
        ...

    def embed(self, rows: Sequence[Row]) -> Floats:
        """Return (n, H) mean-pooled last hidden states."""
        ...

    def gradients(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Return for each row (tokens, H) gradients of one class's logit by the input embeddings."""
        ...

    def saliency(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Return for each row (players,) how steeply one class's logit reacts to each word.

        It is the sum of the gradients' lengths over the word's tokens, without a sign. Models with `gradients` have it.
        """
        ...

    def neighbours(self, words: Sequence[str], k: int) -> list[tuple[str, ...]]:
        """Return for each word the k whole words of the vocabulary with the nearest input embeddings.

        The nearest come first; a word of several tokens has none. Models with `gradients` have it.
        """
        ...

    def generate(self, rows: Sequence[Row], *, max_new_tokens: int) -> list[str]:
        """Return greedy continuations of the rows' texts; only language models have this verb."""
        ...

    def answers(self, rows: Sequence[Row], *, max_new_tokens: int = 64) -> Answers:
        """Return what the model itself answers to each row, as text, whatever the row's own answers are.

        Models have it whose answers are text: for question answering, sequence-to-sequence, text generation and speech
        recognition. What is written is written greedily, as the model's own settings say, up to `max_new_tokens`.
        """
        ...

    def token_statistics(self, rows: Sequence[Row]) -> TokenStatistics:
        """Return how probable each token of the rows' answers is, or of their texts where a row has no answer.

        Only language models and sequence-to-sequence models have this verb; the latter judge answers alone.
        """
        ...

    def token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens in each text, special tokens not counted; a function has no such verb.

        The counts are int64, shape [n].
        """
        ...


class TextScorer(Protocol):
    """A text classifier that an audit uses and does not judge."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of its C classes."""
        ...

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) probabilities."""
        ...


@dataclass(frozen=True, slots=True)
class Data:
    """The rows of the audit.

    Attributes:
        evaluation: rows to judge the model on.
        members: rows it was trained on, or None.
        heldout: rows it never saw (by default `evaluation`); overlap with `members` is already removed.
        overlap: how many held-out rows were removed for it.
        shared: ids of the members whose text stood among the held-out rows as well.
    """

    evaluation: tuple[Row, ...]
    members: tuple[Row, ...] | None = None
    heldout: tuple[Row, ...] | None = None
    overlap: int = 0
    shared: frozenset[str] = frozenset()


class Context(Protocol):
    """What a checker is given to work with.

    `rng` is seeded by the audit's seed and the checker's id, so adding one checker never changes another.
    """

    data: Data
    model: ModelHandle
    base_model: ModelHandle | None
    subject: SubjectInfo
    budget: Budget
    rng: np.random.Generator
    seed: int

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Run a one-example search for many examples in lockstep; their model calls share batches."""
        ...

    def randomised(self) -> ModelHandle:
        """Return the audited model with all weights drawn anew from the audit's seed; one for all checkers.

        CapabilityError where it has no weights (a function), or its architecture can't be made anew.
        """
        ...

    def classifier(self, source: str | Path | Callable[[Sequence[str]], Floats]) -> TextScorer:
        """Return a text classifier that the user named, to score texts with; one for all checkers that name it.

        Args:
            source: a folder or hub id of a text classifier with one label a text; or a function from texts to
                (texts, labels) probabilities, which has an attribute `labels`, or labels that are called by number.

        Raises:
            ModelInputError: it can't be opened, or is no text classifier.
        """
        ...

    def references(
        self,
        members: Sequence[Row],
        nonmembers: Sequence[Row],
        k: int,
        kind: ReferenceKind = "head",
        *,
        epochs: float | None = None,
    ) -> References:
        """Train `k` reference models from the base model, each on half of the rows, and return what they say of all.

        "head" trains all heads together on states of the base encoder, for about one pass of the rows through it.
        "lora" trains k low-rank adaptations of the whole base model one after the other, which takes k short trainings;
        4 tell something, and `epochs` says how long each is (3 by default). Rows of equal text, but for case and white
        space, and rows of one group stay in one half. Content and the audit's seed decide, not the order of rows; equal
        arguments get the same answer, made once in an audit, which is read-only.

        Args:
            members, nonmembers: rows with a label or tags; at least one each, and of two or more documents in all.
            k: an even number of models, 2 or more.

        Raises:
            CapabilityError: there is no base model, it shows no states, the task has no such references (there are
                heads for text, word, picture and sound classification, adaptations for the first two and text
                generation), or "lora" lacks its package.
            DataInputError: a row without a label. NotAssessable: too few rows to be halved.
            ValueError: `k` is odd or below 2, or another argument is out of range.
        """
        ...

    def note(self, text: str) -> None:
        """Record a sentence beside the result (what was left out, and why)."""
        ...


@runtime_checkable
class Checker(Protocol):
    """One question about a model. No base class: a constructor that only stores keyword parameters, and these."""

    info: CheckerInfo

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None. Asks the model nothing."""
        ...

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return what `run` will ask of the model, about."""
        ...

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Measure, and yield findings. Raise `NotAssessable` where the data can't answer the question."""
        ...
