"""Continuations: a prompt and the answer behind it, as one row of token ids in which the answer's tokens are judged.

A causal model judges each token from what stands before it, a masked one from all that stands around it. A prompt may
be a chat, which the model's own template makes a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.chat import Turns, prompt_of
from modelaudit.subject.encoding import SPECIAL, Encoder, Encoding, Ints, Segments, Tokens

Content = tuple[str, str | None] | tuple[str, str | None, Turns]
"""A prompt with its answer; for a chat the last message of its user, the answer, and the turns before."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A prompt and an answer on token ids.

    Attributes:
        tokens: special tokens before the text, the prompt, the answer; nothing stands behind it. Of a chat only the
            last message of its user has words.
        text: what they spell.
        first: where the answer begins; at least 1, since its first token is judged from what stands before it.
        lost: tokens of the text that the model has no room for: of the prompt from its start, and of an answer that
            would take more than half of the room, from its end.
    """

    tokens: Tokens
    text: str
    first: int
    lost: int

    def encoding(self) -> Encoding:
        """Return the row with each token of the answer to be judged from all before it."""
        ids = self.tokens.ids
        places = np.arange(self.first - 1, len(ids) - 1, dtype=np.int32)
        source = ModelInput(ids, self.tokens.types, places, ids[places + 1])
        return Encoding(source, self.lost, len(places), np.arange(len(places), dtype=np.int32))

    def segments(self, encoder: Encoder) -> Segments:
        """Return the words of the prompt."""
        return encoder.segments_of(self.tokens, self.text)


def continuations(contents: Sequence[Content], encoder: Encoder) -> list[Continuation]:
    """Return prompts with their answers, each tokenised as one text, nothing put between the two.

    White space between them belongs neither to the prompt's words nor, as tokens of its own, to the answer. A token
    that reaches into the answer belongs to it, so that a space before its first word is part of that word where the
    tokenizer makes it so. Where the tokenizer puts no special token before a text, the start of a text
    (`Encoder.start`) stands for an empty prompt. A chat brings its special tokens with its template, so that none are
    put around it.

    Raises:
        DataInputError: a chat, where the tokenizer has no template or this refuses it.
    """
    found: dict[int, Continuation] = {}
    for chats in (False, True):
        places = [place for place, content in enumerate(contents) if (len(content) == 3) is chats]
        joined = [_of_chat(contents[place], encoder) if chats else _of_texts(contents[place]) for place in places]
        if joined:
            called = encoder.call([one.text for one in joined], split=False, cut=False, special=not chats)
            made = [_continuation(encoder, called, at, one) for at, one in enumerate(joined)]
            found |= dict(zip(places, made, strict=True))
    return [found[place] for place in range(len(contents))]


def read_prompts(contents: Sequence[Content], encoder: Encoder) -> list[str]:
    """Return the prompts as texts that are read, a chat as its template makes it; answers have no part in it."""
    return [
        prompt_of(content[2], content[0], None, encoder).text if len(content) == 3 else storable(content[0])
        for content in contents
    ]


def surrounded(contents: Sequence[Content], encoder: Encoder) -> list[Encoding]:
    """Return texts with their answers, joined as `continuations` are, each judged token at its own place.

    Judged are the tokens of the answer, or all tokens of a text that has no answer; never special tokens, whether the
    tokenizer puts them there or the text spells them. What does not fit goes as it does from a continuation: of a text
    without an answer its end.
    """
    if not contents:
        return []
    joined = [_of_texts(content) for content in contents]
    called = encoder.call([one.text for one in joined], split=False, cut=False)
    return [
        _surrounded(encoder, called, place, one, whole=content[1] is None)
        for place, (one, content) in enumerate(zip(joined, contents, strict=True))
    ]


def _surrounded(encoder: Encoder, called: Any, place: int, joined: _Joined, *, whole: bool) -> Encoding:
    row = encoder.row(called, place, words=True)
    front, end = encoder.framed(called, place)
    behind = len(row.ids) - end
    first = front if whole else _first_behind(encoder, row, joined, joined.edge, front, end)
    room = encoder.max_length - front - behind
    over = max(0, end - front - room)
    cut, short = _shares(over, front=front, first=first, end=end, room=room)
    kept = np.r_[0:front, front + cut : end - short, end : len(row.ids)]
    ids = row.ids[kept]
    judged = np.zeros(len(row.ids), dtype=np.bool_)
    judged[first : end - short] = True
    places = np.flatnonzero(judged[kept] & ~np.isin(ids, encoder.marks)).astype(np.int32)
    source = ModelInput(ids, None if row.types is None else row.types[kept], places, ids[places])
    return Encoding(source, over, len(places), np.arange(len(places), dtype=np.int32))


@dataclass(frozen=True, slots=True)
class _Joined:
    """Prompt and answer as one text: where the prompt ends, and where the answer's first character stands.

    `message` is where the words of a chat's last message stand in the prompt; None where all words are the prompt's.
    """

    text: str
    end: int
    edge: int
    message: tuple[int, int] | None = None


def _of_texts(content: Content) -> _Joined:
    return _joined(storable(content[0]), storable(content[1] or ""))


def _of_chat(content: Content, encoder: Encoder) -> _Joined:
    text, answer, turns = content[0], storable(content[1] or ""), content[2] if len(content) == 3 else ()
    prompt = prompt_of(turns, text, answer, encoder)
    joined = _joined(prompt.text, prompt.gap + answer)
    return replace(joined, message=(prompt.start, prompt.end))


def _joined(prompt: str, answer: str) -> _Joined:
    if not answer.strip():
        return _Joined(prompt, len(prompt), len(prompt))
    blank = len(answer) - len(answer.lstrip())
    return _Joined(prompt + answer, len(prompt.rstrip()), len(prompt) + blank)


def _continuation(encoder: Encoder, called: Any, place: int, joined: _Joined) -> Continuation:
    row = encoder.row(called, place, words=True)
    front, end = encoder.framed(called, place) if joined.message is None else _own_frame(row, called, place, encoder)
    first = _first_behind(encoder, row, joined, joined.edge, front, end)
    words = (0, _first_behind(encoder, row, joined, joined.end, front, end))
    if joined.message is not None:
        words = _covered(encoder, row, joined.text, joined.message, end=min(first, end))
    # The token that stands for an empty prompt takes room as well.
    most = max(encoder.max_length, 2) - int(first == 0)
    over = max(0, end - most)
    cut, short = _shares(over, front=front, first=first, end=end, room=most - front)
    kept = np.r_[0:front, front + cut : end - short]
    tokens = _picked(row, kept, words=words)
    first -= cut
    if first == 0:
        tokens, first = _behind(tokens, encoder.start), 1
    return Continuation(tokens, joined.text, min(first, len(tokens.ids)), over)


def _shares(over: int, *, front: int, first: int, end: int, room: int) -> tuple[int, int]:
    """Return how many of the tokens that are too many a prompt loses from its start, and an answer from its end.

    An answer gives way to its prompt as far as it takes more than half of the room.
    """
    short = min(over, max(0, (end - first) - max(room // 2, room - (first - front))))
    return over - short, short


def _first_behind(encoder: Encoder, row: Tokens, joined: _Joined, edge: int, front: int, end: int) -> int:
    """Return the first token that reaches behind a character of the text."""
    if edge == len(joined.text):
        return end
    if row.spans is not None:
        ends = np.array(row.spans)[:, 1]
        return int(next((at for at in range(front, end) if ends[at] > edge), end))
    # A tokenizer that can't say where its tokens stand: as many as the prompt has alone.
    alone = encoder.call([joined.text[: joined.end]], split=False, cut=False, special=False)["input_ids"][0]
    return min(front + len(alone), end)


def _own_frame(row: Tokens, called: Any, place: int, encoder: Encoder) -> tuple[int, int]:
    """Where the text of a chat begins, behind the token that its template begins with, and where it ends."""
    count = len(called["input_ids"][place])
    return int(count > 1 and int(row.ids[0]) == encoder.tokenizer.bos_token_id), count


def _covered(encoder: Encoder, row: Tokens, text: str, message: tuple[int, int], *, end: int) -> tuple[int, int]:
    """Return the range of tokens, before `end`, in which a message's characters stand."""
    start, stop = message
    if start == stop:
        return 0, 0
    if row.spans is not None:
        inside = [at for at in range(end) if row.spans[at][0] < stop and row.spans[at][1] > start]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)
    # A tokenizer that can't say where its tokens stand: as many as the text has up to there.
    called = encoder.call([text[:start], text[:stop]], split=False, cut=False, special=False)
    first, behind = (len(ids) for ids in called["input_ids"])
    return min(first, end), min(behind, end)


def _picked(row: Tokens, kept: NDArray[Any], *, words: tuple[int, int]) -> Tokens:
    """Return the kept tokens; those outside of the range of the words, such as the answer, belong to no word."""
    places = np.arange(len(row.ids))
    outside = (places < words[0]) | (places >= words[1])
    return Tokens(
        row.ids[kept],
        None if row.types is None else row.types[kept],
        None if row.words is None else np.where(outside, SPECIAL, row.words)[kept],
        None if row.spans is None else tuple(row.spans[at] for at in kept),
        answer=None if row.words is not None else outside[kept],
    )


def _behind(tokens: Tokens, start: int) -> Tokens:
    def with_first(part: Ints | None, value: int) -> Ints | None:
        return None if part is None else np.insert(part, 0, value).astype(np.int32)

    ids = np.insert(tokens.ids, 0, start).astype(np.int32)
    return Tokens(
        ids,
        with_first(tokens.types, 0),
        with_first(tokens.words, SPECIAL),
        None if tokens.spans is None else ((0, 0), *tokens.spans),
        answer=None if tokens.answer is None else np.insert(tokens.answer, 0, False),
    )
