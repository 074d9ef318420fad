"""Windows: a question with one part of a long context after the other, as extractive question answering reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.encoding import SPECIAL, Encoder, Encoding, Ints, Segments, Tokens
from modelaudit.subject.tokenizer_lock import lock_of

Question = tuple[str, str]
"""A question and the context that it is put to."""
Span = tuple[int, int]

WINDOW = 384
OVERLAP = 128
AT_ONCE = 32
"""Rows that are cut into windows together; a long context makes many."""
_QUESTION, _CONTEXT = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A question and a part of its context, on token ids.

    Attributes:
        tokens: all tokens of the window; characters are counted in the text that a token belongs to.
        sides: int8 (L,), 0 for the question's tokens, 1 for the context's, -1 for special ones.
        nowhere: the place that stands for "the context holds no answer".
    """

    tokens: Tokens
    sides: NDArray[np.int8]
    nowhere: int

    @property
    def input(self) -> ModelInput:
        """The window as the model takes it; nothing is asked for yet."""
        return ModelInput(self.tokens.ids, self.tokens.types)

    @property
    def characters(self) -> NDArray[np.int64]:
        """(L, 2) the characters of the context that each of its tokens spells; empty ranges for all others."""
        spans = np.array(self.tokens.spans, dtype=np.int64).reshape(-1, 2)
        return np.where((self.sides == _CONTEXT)[:, None], spans, 0)

    def places_of(self, span: Span) -> tuple[int, int] | None:
        """Return the first and the last token of a span of the context, or None where a part lies outside."""
        begins, ends = self.characters.T
        inside = np.flatnonzero((ends > span[0]) & (begins < span[1]) & (ends > begins))
        if not inside.size or begins[inside].min() > span[0] or ends[inside].max() < span[1]:
            return None
        return int(inside[0]), int(inside[-1])

    def margin(self, places: tuple[int, int]) -> int:
        """Return how many tokens of the context stand on the poorer side of a span."""
        context = np.flatnonzero(self.sides == _CONTEXT)
        return int(min(places[0] - context[0], context[-1] - places[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All windows of one question and context, and how many tokens of a question that is too long were lost."""

    question: str
    context: str
    windows: tuple[Window, ...]
    lost: int

    def holding(self, span: Span) -> tuple[Window, tuple[int, int]] | None:
        """Return the window that holds a span most centrally, the first of equals, and the span's tokens in it."""
        found = [(window, places) for window in self.windows if (places := window.places_of(span)) is not None]
        return max(found, key=lambda one: one[0].margin(one[1])) if found else None

    def encoding(self, span: Span | None) -> Encoding:
        """Return the window that holds a span, its start and its end to be judged.

        An empty span stands for "no answer", which the first window is asked for. Nothing is judged of a span that is
        not known, or that no window holds whole.
        """
        window, places = self._judged(span)
        at = np.array(places or (), dtype=np.int32)
        parts = np.arange(len(at), dtype=np.int32)
        source = replace(window.input, gather=at, targets=parts)
        return Encoding(source, self.lost, len(parts), parts, beside=self._digest)

    def segments(self, span: Span | None, encoder: Encoder) -> Segments:
        """Return the words of question and context in the window of `encoding`, without those of the span."""
        window, places = self._judged(span)
        texts = (self.question, self.context)
        of = [encoder.segments_of(_of_side(window, side), text) for side, text in enumerate(texts)]
        if span is not None and span[0] < span[1] and places is not None:
            of[_CONTEXT] = _without(of[_CONTEXT], places)
        behind = of[_CONTEXT].player_of_position
        player_of = np.where(behind == SPECIAL, of[0].player_of_position, behind + len(of[0].players))
        return Segments((*of[0].players, *of[_CONTEXT].players), player_of.astype(np.int32))

    @property
    def _digest(self) -> str:
        """What all windows hold, where there is more than one."""
        if len(self.windows) == 1:
            return ""
        content = hashlib.blake2b(digest_size=16)
        for window in self.windows:
            content.update(window.input.key)
        return content.hexdigest()

    def _judged(self, span: Span | None) -> tuple[Window, tuple[int, int] | None]:
        first = self.windows[0]
        if span is None:
            return first, None
        if span[0] >= span[1]:
            return first, (first.nowhere, first.nowhere)
        return self.holding(span) or (first, None)


@dataclass(frozen=True, kw_only=True)
class QuestionReader(Encoder):
    """A tokenizer that reads a question together with its context, in windows that overlap.

    A window has at most 384 tokens and shares 128 of the context with the next one, as the examples and the pipeline
    of transformers do it; a third of the length, where the model takes fewer. A question may fill a third of a window
    and loses its end beyond that.

    Attributes:
        leaves_open: whether the model may answer that the context holds no answer.
    """

    leaves_open: bool = False

    @classmethod
    def of(cls, tokenizer: Any, *, length: int, name: str) -> QuestionReader:
        """Return the reader of a model that takes so many tokens.

        Raises ModelInputError for a tokenizer that can't tell where its tokens stand, or leaves no room for text.
        """
        if not tokenizer.is_fast:
            raise ModelInputError(
                f"{name}: its {type(tokenizer).__name__} can't tell where its tokens stand in the context, so no "
                "answer can be cut out of it; save the fast tokenizer of the model beside it (tokenizer.json)"
            )
        reader = cls(tokenizer, min(length, WINDOW))
        if reader._room < 2:
            raise ModelInputError(
                f"{name}: a row may have {length} tokens, too few for a question and a context; correct "
                "model_max_length of the tokenizer, or max_position_embeddings of the model"
            )
        return reader

    def readings(self, questions: Sequence[Question]) -> list[Reading]:
        """Return the windows of each question and context, the first part of the context first."""
        found: list[Reading] = []
        for start in range(0, len(questions), AT_ONCE):
            part = [(storable(question), storable(context)) for question, context in questions[start : start + AT_ONCE]]
            with lock_of(self.tokenizer):
                found += self._readings(part)
        return found

    @property
    def _special(self) -> int:
        return int(self.tokenizer.num_special_tokens_to_add(pair=True))

    @property
    def _longest_question(self) -> int:
        return (self.max_length - self._special) // 3

    @property
    def _room(self) -> int:
        """Tokens of the context that find room in a window, whatever the question."""
        return self.max_length - self._special - self._longest_question

    def _readings(self, questions: Sequence[Question]) -> Iterator[Reading]:
        shortened = list(self._shortened([question for question, _ in questions]))
        asked = [question for question, _ in shortened]
        contexts = [context for _, context in questions]
        # Models that read from the left, by their padding, are trained with the context before the question.
        question_first = self.tokenizer.padding_side == "right"
        called = self.tokenizer(
            *((asked, contexts) if question_first else (contexts, asked)),
            truncation="only_second" if question_first else "only_first",
            max_length=self.max_length,
            stride=min(OVERLAP, self.max_length // 3, self._room - 1),
            return_overflowing_tokens=True,
            padding=False,
            return_attention_mask=False,
            verbose=False,
        )
        windows: list[list[Window]] = [[] for _ in questions]
        for place, row in enumerate(called["overflow_to_sample_mapping"]):
            windows[int(row)].append(self._window(called, place, question_first=question_first))
        for (question, lost), context, own in zip(shortened, contexts, windows, strict=True):
            yield Reading(question, context, tuple(own), lost)

    def _shortened(self, questions: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Each question as far as it finds room, and how many of its tokens don't."""
        called = self.call(questions, split=False, cut=False, special=False)
        most = self._longest_question
        for place, question in enumerate(questions):
            over = len(called["input_ids"][place]) - most
            if over <= 0:
                yield question, 0
            else:
                # Read again together with the context, the rest of the question may have another token at its end.
                end = called.encodings[place].offsets[most - 1][1] if most else 0
                yield question[:end], over

    def _window(self, called: Any, place: int, *, question_first: bool) -> Window:
        tokens = self.row(called, place, words=True)
        known = called.encodings[place].sequence_ids or [None]
        order = {None: SPECIAL, 0: _QUESTION, 1: _CONTEXT} if question_first else {None: SPECIAL, 0: 1, 1: 0}
        return Window(tokens, np.array([order[side] for side in known], dtype=np.int8), self._nowhere(tokens.ids))

    def _nowhere(self, ids: Ints) -> int:
        """The place of "no answer": the token of the class, or else of the start, or else the first one."""
        for token in (self.tokenizer.cls_token_id, self.tokenizer.bos_token_id):
            found = np.flatnonzero(ids == token) if token is not None else np.zeros(0, dtype=np.int64)
            if found.size:
                return int(found[0])
        return 0


def _of_side(window: Window, side: int) -> Tokens:
    """The tokens of a window with the words of one text alone; the others' characters are counted in another text."""
    tokens = window.tokens
    assert tokens.words is not None
    assert tokens.spans is not None
    inside = window.sides == side
    spans = [span if here else (0, 0) for span, here in zip(tokens.spans, inside.tolist(), strict=True)]
    words = np.where(inside, tokens.words, SPECIAL).astype(np.int32)
    return replace(tokens, words=words, spans=tuple(spans))


def _without(segments: Segments, places: tuple[int, int]) -> Segments:
    """The words without those that have a token between two places; their tokens always stay."""
    player_of = segments.player_of_position
    taken = np.isin(np.arange(len(segments.players)), player_of[places[0] : places[1] + 1])
    numbers = np.where(taken, SPECIAL, np.cumsum(~taken) - 1)
    moved = np.where(player_of == SPECIAL, SPECIAL, numbers[player_of])
    left = tuple(word for word, gone in zip(segments.players, taken, strict=True) if not gone)
    return Segments(left, moved.astype(np.int32))
