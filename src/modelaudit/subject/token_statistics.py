"""Token statistics: the tokens of a row that are judged one by one, and what a language model says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import TokenStatistics
from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.continuation import Content, Continuation, continuations
from modelaudit.subject.encoding import SPECIAL, Encoder, Encoding


def judged(contents: Sequence[Content], encoder: Encoder) -> list[Encoding]:
    """Return rows whose answer's tokens are judged, or all tokens of the text where a row has no answer.

    A text is cut to the model's length from its end, so that what stands at its beginning keeps what stood before it.
    Of a text all tokens are judged that have something before them: the first as well where the tokenizer puts a
    special token there. Of a chat without an answer the words of its last message are judged, behind what the template
    puts before them.
    """
    whole = [content[0] for content in contents if _is_text(content)]
    rows = iter(continuations([content for content in contents if not _is_text(content)], encoder))
    texts = iter(_whole_texts(whole, encoder))
    return [
        next(texts) if _is_text(content) else _of_row(next(rows), encoder, answered=content[1] is not None)
        for content in contents
    ]


def _is_text(content: Content) -> bool:
    return content[1] is None and len(content) == 2


def _of_row(row: Continuation, encoder: Encoder, *, answered: bool) -> Encoding:
    if answered:
        return row.encoding()
    ids = row.tokens.ids
    words = np.flatnonzero(row.segments(encoder).player_of_position != SPECIAL)
    places = words[words > 0].astype(np.int32) - 1
    source = ModelInput(ids, row.tokens.types, places, ids[places + 1])
    return Encoding(source, row.lost, len(places), np.arange(len(places), dtype=np.int32))


def statistics_of(encodings: Sequence[Encoding], answers: Sequence[NDArray[np.float32]]) -> TokenStatistics:
    """Return what the engine said of the judged tokens, (tokens, 4) a row, as flat arrays over all rows."""
    flat = np.concatenate([np.zeros((0, 4), np.float32), *answers]).astype(np.float64)
    tokens = [encoding.input.targets for encoding in encodings if encoding.input.targets is not None]
    offsets = np.concatenate([[0], np.cumsum([len(answer) for answer in answers], dtype=np.int64)])
    return TokenStatistics(
        log_probs=flat[:, 0],
        means=flat[:, 1],
        deviations=flat[:, 2],
        top=flat[:, 3] > 0.0,
        tokens=np.concatenate([np.zeros(0, np.int64), *tokens]).astype(np.int64),
        offsets=offsets.astype(np.int64),
        truncated=np.array([encoding.tokens_lost > 0 for encoding in encodings], dtype=np.bool_),
    )


def lightened(encoding: Encoding) -> Encoding:
    """Return an encoding without the values that the model has read."""
    if encoding.input.values is None:
        return encoding
    return replace(encoding, input=replace(encoding.input, values=None))


def _whole_texts(texts: Sequence[str], encoder: Encoder) -> list[Encoding]:
    if not texts:
        return []
    called = encoder.call([storable(text) for text in texts], split=False, cut=False)
    return [_whole_text(encoder, called, place) for place in range(len(texts))]


def _whole_text(encoder: Encoder, called: Any, place: int) -> Encoding:
    row = encoder.row(called, place, words=False)
    front, end = encoder.framed(called, place)
    # What the tokenizer puts behind a text is no part of it; a row without a token keeps the one that stands for it.
    kept = max(1, min(end, encoder.max_length))
    ids = row.ids[:kept]
    places = np.arange(max(front, 1) - 1, len(ids) - 1, dtype=np.int32)
    source = ModelInput(ids, None if row.types is None else row.types[:kept], places, ids[places + 1])
    return Encoding(source, max(0, end - kept), len(places), np.arange(len(places), dtype=np.int32))
