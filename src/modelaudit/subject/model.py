"""The model handle: plain questions to a model, answered through the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Hiding, Losses, Predictions, TokenStatistics
from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.answering import all_ends
from modelaudit.subject.continuation import read_prompts
from modelaudit.subject.embeddings import Embeddings, saliency
from modelaudit.subject.encoding import Encoder, Encoding, Segments, fingerprint
from modelaudit.subject.generation import greedy, written
from modelaudit.subject.hiding import Veil
from modelaudit.subject.joining import all_answers, joined
from modelaudit.subject.label_names import unnamed_said
from modelaudit.subject.limits import max_length
from modelaudit.subject.one_by_one import masked_one_by_one
from modelaudit.subject.screen import Screen
from modelaudit.subject.task import Settling
from modelaudit.subject.tasks import is_of
from modelaudit.subject.token_statistics import judged, lightened, statistics_of
from modelaudit.subject.tokenizer_lock import lock_of
from modelaudit.subject.unknown import hardly_read

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.inference.inputs import ModelInput
    from modelaudit.inference.units import Want
    from modelaudit.subject.opened import OpenedModel
    from modelaudit.subject.task import Answering, Task

Floats = NDArray[np.float64]
Value = TypeVar("Value", Encoding, Segments)

REMEMBERED = 200_000
"""Rows whose encoding is kept; the oldest go first."""
MEDIA_AT_ONCE = 64
"""Pictures or sounds that are held at once as the model takes them."""


class Model:
    """A model with its tokenizer and task; implements `checker.ModelHandle`.

    A model whose head does not belong to the task (a base model) offers `embed` and `token_counts` alone of the verbs
    that read rows, and `gradients` only where it has a head. The base model of a language model has its head.
    """

    def __init__(self, opened: OpenedModel, task: Task, engine: Engine) -> None:
        self.opened = opened
        self.task = task
        self.engine = engine
        self.encoder: Any = task.encoder(opened, length=max_length(opened.model, opened.tokenizer))
        self.has_head = is_of(opened.model, task)
        self.labels: tuple[str, ...] = task.labels(opened.model) if self.has_head else ()
        if task.masks and opened.tokenizer.mask_token_id is None:
            raise ModelInputError(
                f"{opened.name}: the tokenizer has no mask token, and without one a masked language model can't be "
                "asked for a token; pass the tokenizer that the model was trained with"
            )
        hides = self.has_head and "predict_masked" in task.verbs
        self._screen = Screen(task.medium) if hides and task.medium != "text" else None
        self._veil = Veil(task, self.encoder, engine, name=opened.name) if hides and task.medium == "text" else None
        hider = self._veil or self._screen
        self.hidings: tuple[Hiding, ...] = hider.ways if hider else ()
        verbs = (task.verbs if self.has_head else frozenset()) | {"embed"}
        verbs |= {"token_counts"} if task.medium == "text" else set()
        self.capabilities: frozenset[str] = verbs - (set() if self.hidings else {"predict_masked"})
        self._lock: AbstractContextManager[Any] = (
            lock_of(opened.tokenizer) if task.medium == "text" else threading.Lock()
        )
        self._encodings: dict[Hashable, Encoding] = {}
        self._segments: dict[Hashable, Segments] = {}
        self._judged: dict[Hashable, Encoding] = {}

    def settle(self, rows: Sequence[Row]) -> None:
        """Read rows from now on as these want it; called once, before any checker asks."""
        self.engine.events += unnamed_said(self.labels)
        if isinstance(self.task, Settling):
            self.encoder, said = self.task.settled(self.encoder, rows, opened=self.opened)
            self.engine.events += said

    @property
    def max_length(self) -> int | None:
        """The most tokens that a row may have, special tokens included; None for rows that are no text."""
        return int(self.encoder.max_length) if self.task.medium == "text" else None

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Return logits and probabilities, per word for token classification, per part where answers are text."""
        self._need("predict")
        return joined([self._predictions(self.encodings(part)) for part in self._parts(rows)])

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) probabilities of plain texts; for libraries that want a model function."""
        self._need("predict_proba")
        check_texts(texts)
        return self.predict([Row(str(i), text) for i, text in enumerate(texts)]).probabilities

    def fingerprints(self, rows: Sequence[Row]) -> list[str]:
        """Return for each row a string that rows share exactly where the model is given the same input."""
        return [fingerprint(encoding) for part in self._parts(rows) for encoding in self.encodings(part)]

    def loss(self, rows: Sequence[Row]) -> Losses:
        """Return the loss of each row's truth: cross-entropy in nats, or the squared error of a regression.

        For token classification a row's loss is the mean over the words that have an answer, for several labels over
        the labels, for text generation and masked language models over the judged tokens. Raises DataInputError for a
        row without a truth.
        """
        self._need("loss")
        return self.task.losses(rows, self.predict(rows))

    def players(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Return each row's maskable words, as the model's tokenizer splits them, without what was cut off.

        For token classification they are the row's own words, for text generation those of the prompt. Tokenizers
        that know no words give their tokens. Of a picture they are patches, of a sound segments.
        """
        self._need("players")
        if self._screen is not None:
            return [self._screen.players(row) for row in rows]
        return [segments.players for segments in self._segmented(rows)]

    def predict_masked(
        self, rows: Sequence[Row], keep: Sequence[NDArray[np.bool_]], *, hide: Hiding = "mask"
    ) -> list[Predictions]:
        """Return predictions for variants of each row in which some words are hidden.

        `keep[i]` is bool (variants, players of row i). `hidings` has the ways to hide words that this model has; "mask"
        stands for the first of them where it has no mask token. Raises ValueError where a width is another,
        CapabilityError for a way that it does not have.
        """
        self._need("predict_masked")
        if len(rows) != len(keep):
            raise ValueError(f"{len(rows)} rows need as many arrays of variants, not {len(keep)}")
        if self._screen is not None:
            way = self._screen.way(hide, name=self.opened.name)
            return [self.predict(self._screen.variants(row, kept, way)) for row, kept in zip(rows, keep, strict=True)]
        assert self._veil is not None
        encodings = self.encodings(rows)
        variants: list[ModelInput] = []
        for row, encoding, segments, kept in zip(rows, encodings, self._segmented(rows), keep, strict=True):
            if kept.ndim != 2 or kept.shape[1] != len(segments.players):
                raise ValueError(f"row {row.id} has {len(segments.players)} players, but keep has shape {kept.shape}")
            variants += self._veil.variants(encoding, segments, kept, hide)
        logits = self._asked(self.task.asks, variants)
        bounds = pairwise([0, *accumulate(len(kept) for kept in keep)])
        classes = len(self.labels)
        # Hidden or not, a row's words and what was cut off are the same in all its variants.
        return [
            self.task.predictions([encoding] * (end - start), logits[start:end], classes=classes)
            for encoding, (start, end) in zip(encodings, bounds, strict=True)
        ]

    def embed(self, rows: Sequence[Row]) -> Floats:
        """Return (n, H) mean-pooled last hidden states."""
        self._need("embed")
        hidden: list[NDArray[np.float32]] = []
        for part in self._parts(rows):
            hidden += self.engine.hidden([encoding.input for encoding in self.encodings(part)])
        return np.stack(hidden).astype(np.float64) if hidden else np.zeros((0, 0))

    def gradients(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Return for each row (tokens, H) gradients of one class's logit by the input embeddings."""
        self._need("gradients")
        if len(rows) != len(classes):
            raise ValueError(f"{len(rows)} rows need as many classes, not {len(classes)}")
        inputs = [encoding.input for encoding in self.encodings(rows)]
        return [gradient.astype(np.float64) for gradient in self.engine.gradients(inputs, classes)]

    def saliency(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Return for each row (players,) how steeply one class's logit reacts to each word."""
        return saliency(self._segmented(rows), self.gradients(rows, classes))

    def neighbours(self, words: Sequence[str], k: int) -> list[tuple[str, ...]]:
        """Return for each word the k words of the vocabulary with the nearest input embeddings, the nearest first."""
        self._need("gradients")
        with self._lock:
            return self._embeddings.neighbours(words, k)

    @cached_property
    def _embeddings(self) -> Embeddings:
        return Embeddings(self.opened.model, self.encoder)

    def generate(self, rows: Sequence[Row], *, max_new_tokens: int) -> list[str]:
        """Return greedy continuations of the rows' texts, as they stand behind these: to a text's end or the limit.

        A prompt loses its beginning where the model has no room behind it for the new tokens, or for half as many
        tokens as it takes. Each token is asked for on its own and all before it are read again, which suits answers of
        a few words.
        """
        self._need("generate")
        length: int = self.encoder.max_length
        room = min(max(max_new_tokens, 0), length // 2)
        shortened = replace(self.encoder, max_length=length - room)
        contents = [self.task.content(replace(row, answer=None)) for row in rows]
        with self._lock:
            prompts = self.task.encode(contents, shortened)
        new = greedy(prompts, self.engine, ends=all_ends(self.opened), most=max_new_tokens, length=length)
        with self._lock:
            return written(read_prompts(contents, self.encoder), prompts, new, self.encoder)

    def answers(self, rows: Sequence[Row], *, max_new_tokens: int = 64) -> Answers:
        """Return what the model itself answers to each row, as text: see `checker.ModelHandle.answers`."""
        self._need("answers")
        if max_new_tokens < 1:
            raise ValueError(f"max_new_tokens is {max_new_tokens}; ask for 1 or more")
        task = cast("Answering", self.task)
        told = all_answers(
            [
                task.answers(part, self.encoder, self.engine, opened=self.opened, most=max_new_tokens)
                for part in self._parts(rows)
            ]
        )
        if not self.engine.generates:
            # Of a language model NaN says that a prompt leaves no room for an answer.
            self._refuse_broken([told.log_probs.astype(np.float32)])
        return told

    def token_statistics(self, rows: Sequence[Row]) -> TokenStatistics:
        """Return how probable each token of the rows' answers is, or of their texts where a row has no answer."""
        self._need("token_statistics")
        found, stated = [], []
        for part in self._parts(rows):
            whole = self.task.asks == "log_probs" and not self.task.masks and not self.engine.translates
            encodings = self._remembered(part, self._judged, judged) if whole else self.encodings(part)
            found += self._asked("token_statistics", [encoding.input for encoding in encodings])
            stated += [lightened(encoding) for encoding in encodings]
        return statistics_of(stated, found)

    def token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens in each text, special tokens not counted."""
        with self._lock:
            counts: NDArray[np.int64] = self.encoder.counts(texts)
            return counts

    def encodings(self, rows: Sequence[Row]) -> list[Encoding]:
        """Return the rows as the model reads them; equal texts are tokenised once, pictures and sounds are not kept."""
        if self.task.medium == "text":
            return self._remembered(rows, self._encodings, self.task.encode)
        return self.task.encode([self.task.content(row) for row in rows], self.encoder)

    def encodings_of_all(self, rows: Sequence[Row]) -> list[Encoding]:
        """Return the rows as the model reads them, without pixels and samples: these are not held for all rows."""
        return [lightened(encoding) for part in self._parts(rows) for encoding in self.encodings(part)]

    def unknown_rows(self, encodings: Sequence[Encoding]) -> int:
        """Return how many rows the tokenizer can hardly spell."""
        return hardly_read(encodings, self.encoder.tokenizer) if self.task.medium == "text" else 0

    def remarks(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return how many rows are read otherwise than they stand in the table, by reason."""
        told = getattr(self.encoder, "remarks", None)
        return told(rows) if told is not None else {}

    def _parts(self, rows: Sequence[Row]) -> list[Sequence[Row]]:
        """Rows in portions that are held at once: what models see or hear of a row takes much more room than a text."""
        size = len(rows) if self.task.medium == "text" else MEDIA_AT_ONCE
        return [rows[start : start + size] for start in range(0, len(rows), size)] if rows else [rows]

    def _segmented(self, rows: Sequence[Row]) -> list[Segments]:
        return self._remembered(rows, self._segments, self.task.segment)

    def _remembered(
        self,
        rows: Sequence[Row],
        memory: dict[Hashable, Value],
        make: Callable[[Sequence[Any], Encoder], list[Value]],
    ) -> list[Value]:
        """Values by content of the row. The lock also keeps threads from one tokenizer, which can't be shared."""
        contents = [self.task.content(row) for row in rows]
        with self._lock:
            missing = list(dict.fromkeys(content for content in contents if content not in memory))
            made = dict(zip(missing, make(missing, self.encoder), strict=True))
            answers = [made[content] if content in made else memory[content] for content in contents]
            memory.update(made)
            while len(memory) > REMEMBERED:
                del memory[next(iter(memory))]
        return answers

    def _predictions(self, encodings: Sequence[Encoding]) -> Predictions:
        logits = self._asked(self.task.asks, [encoding.input for encoding in encodings])
        return self.task.predictions(encodings, logits, classes=len(self.labels))

    def _asked(self, want: Want, inputs: Sequence[ModelInput]) -> list[NDArray[np.float32]]:
        if self.task.masks:
            answers = masked_one_by_one(self.engine, want, inputs, mask_id=int(self.opened.tokenizer.mask_token_id))
        else:
            answers = self.engine.ask(want, inputs, [0] * len(inputs))
        self._refuse_broken(answers)
        return answers

    def _refuse_broken(self, answers: Sequence[NDArray[np.float32]]) -> None:
        if answers and not np.isfinite(np.concatenate(answers, axis=None)).all():
            raise ModelInputError(
                f"{self.opened.name} answers with NaN or infinity; its weights are broken, or were trained in "
                "another precision"
            )

    def _need(self, verb: str) -> None:
        if verb not in self.capabilities:
            head = f"is a {self.task.name} model" if self.has_head else f"has no {self.task.name} head"
            able = ", ".join(sorted(self.capabilities))
            raise CapabilityError(f"{self.opened.name} {head} and can't {verb}; it has {able}")


def check_texts(texts: Sequence[str]) -> None:
    """Raise TypeError for rows, which the other verbs take, where texts are wanted."""
    other = next((text for text in texts if not isinstance(text, str)), None)
    if other is not None:
        raise TypeError(
            f"predict_proba takes texts, not a {type(other).__name__}; for rows use predict(rows).probabilities"
        )
