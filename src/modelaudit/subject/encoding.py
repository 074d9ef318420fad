"""Encoding: rows to token ids, with what was cut off and which word each token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ints = NDArray[np.int32]
SPECIAL = -1


@dataclass(frozen=True, slots=True)
class Encoding:
    """One row as the model reads it.

    Attributes:
        input: the token ids for the engine.
        tokens_lost: tokens beyond the model's length.
        words: number of words that outputs are counted by (token classification), 0 otherwise.
        word_index: the words that have an output, in step with `input.gather`.
        beside: a digest of what the model reads of the row besides `input` when it is asked for its own answer, such as
            the other parts of a long context; empty where it reads nothing else.
    """

    input: ModelInput
    tokens_lost: int = 0
    words: int = 0
    word_index: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    beside: str = ""


def fingerprint(encoding: Encoding) -> str:
    """Return what two encodings share exactly where the model is given the same tokens and asked for the same words."""
    wanted = encoding.input.gather
    asked = "" if wanted is None else np.asarray(wanted, dtype="<i4").tobytes().hex()
    return f"{encoding.input.key.hex()}:{encoding.words}:{asked}:{encoding.beside}"


@dataclass(frozen=True, slots=True)
class Segments:
    """The maskable words ("players") of one row, and for each token its player or -1 (special tokens)."""

    players: tuple[str, ...]
    player_of_position: Ints


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of one row with the word of each (-1: special) and its characters, where the tokenizer knows them.

    `answer` marks the tokens of an answer, and of what stands around a message of a chat: they are no words of the row,
    and marked where words are not known.
    """

    ids: Ints
    types: Ints | None
    words: Ints | None
    spans: tuple[tuple[int, int], ...] | None = None
    answer: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Encoder:
    """A tokenizer together with how much the model takes; texts in, token ids out.

    Attributes:
        tokenizer: the model's. max_length: the most tokens of a row, special tokens included.
        template: the chat template of another model, by which chats are read; None for the tokenizer's own.

    Lone surrogates are replaced by U+FFFD, since no tokenizer takes them. A row without any token is encoded as one
    padding token, so that every row has an answer.
    """

    tokenizer: PreTrainedTokenizerBase
    max_length: int
    template: str | None = None

    def texts(self, texts: Sequence[str]) -> list[Encoding]:
        """Return one encoding a text, cut to the model's length; the row has one output."""
        tokens, lost = self._tokens([storable(text) for text in texts], split=False, words=False)
        return [Encoding(ModelInput(row.ids, row.types), cut) for row, cut in zip(tokens, lost, strict=True)]

    def words(self, rows: Sequence[Sequence[str]]) -> list[Encoding]:
        """Return one encoding a pre-tokenised row; the output of a word is that of its first token.

        Words that were cut off have no output, nor have words of which the tokenizer makes no token.
        """
        tokens, lost = self._tokens(_storable(rows), split=True, words=True)
        encodings = []
        for row, cut, words in zip(tokens, lost, rows, strict=True):
            index, first = np.unique(_words(row), return_index=True)
            inner = index != SPECIAL
            source = ModelInput(row.ids, row.types, first[inner].astype(np.int32))
            encodings.append(Encoding(source, cut, len(words), index[inner].astype(np.int32)))
        return encodings

    def text_segments(self, texts: Sequence[str]) -> list[Segments]:
        """Return the words of each text as the tokenizer splits them; its tokens where it knows no words."""
        clean = [storable(text) for text in texts]
        tokens, _ = self._tokens(clean, split=False, words=True)
        return [self.segments_of(row, text) for row, text in zip(tokens, clean, strict=True)]

    def word_segments(self, rows: Sequence[Sequence[str]]) -> list[Segments]:
        """Return the words of each pre-tokenised row up to the first that was cut off.

        A word without a token stays a player, so that players and words keep one numbering; hiding it changes nothing.
        """
        tokens, lost = self._tokens(_storable(rows), split=True, words=True)
        segments = []
        for row, cut, words in zip(tokens, lost, rows, strict=True):
            word_of = _words(row)
            kept = int(word_of.max(initial=SPECIAL)) + 1 if cut else len(words)
            segments.append(Segments(tuple(words[:kept]), word_of))
        return segments

    def counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens in each text, uncut, special tokens not counted."""
        if not texts:
            return np.zeros(0, dtype=np.int64)
        called = self.call([storable(text) for text in texts], split=False, cut=False, special=False)
        return np.array([len(ids) for ids in called["input_ids"]], dtype=np.int64)

    def _tokens(self, items: Sequence[Any], *, split: bool, words: bool) -> tuple[list[Tokens], list[int]]:
        """Tokens of each row within the model's length, and how many were lost."""
        if not items:
            return [], []
        if split and not self.tokenizer.is_fast:
            return self._slow_words(items)
        full = self.call(items, split=split, cut=False)
        lengths = [len(ids) for ids in full["input_ids"]]
        tokens = [self.row(full, i, words=words) for i in range(len(items))]
        long = [i for i, length in enumerate(lengths) if length > self.max_length]
        if long:
            cut = self.call([items[i] for i in long], split=split, cut=True)
            for place, i in enumerate(long):
                tokens[i] = self.row(cut, place, words=words)
        lost = [max(0, length - len(row.ids)) for length, row in zip(lengths, tokens, strict=True)]
        return tokens, lost

    def call(
        self,
        items: Sequence[Any],
        *,
        split: bool,
        cut: bool,
        special: bool = True,
        companions: Sequence[str] | None = None,
    ) -> Any:
        """Return what the tokenizer makes of items, cut to the model's length or not, with special tokens or not.

        With `companions` the items are the first texts of pairs and these the second; the longer of two texts is cut.

        Raises:
            ModelInputError: the items are words, which this tokenizer refuses.
        """
        limits = {"truncation": True, "max_length": self.max_length} if cut else {"truncation": False}
        try:
            return self.tokenizer(
                list(items),
                None if companions is None else list(companions),
                add_special_tokens=special,
                is_split_into_words=split,
                padding=False,
                return_attention_mask=False,
                verbose=False,
                **limits,
            )
        except AssertionError as error:
            if not split:
                raise
            raise ModelInputError(
                f"the tokenizer ({type(self.tokenizer).__name__}) takes no rows of words: it was saved without "
                'add_prefix_space. Write "add_prefix_space": true into its tokenizer_config.json, as the model was '
                "trained, or hand in AutoTokenizer.from_pretrained(folder, add_prefix_space=True)"
            ) from error

    def row(self, called: Any, place: int, *, words: bool) -> Tokens:
        """Return one item of what `call` gave; one without a token is a single blank."""
        ids = called["input_ids"][place]
        types = called["token_type_ids"][place] if "token_type_ids" in called else None
        if not ids:
            return self._empty()
        word_of, spans = None, None
        if words and self.tokenizer.is_fast:
            encoding = called.encodings[place]
            word_of = _ints(SPECIAL if word is None else word for word in encoding.word_ids)
            spans = tuple(encoding.offsets)
        return Tokens(_ints(ids), None if types is None else _ints(types), word_of, spans)

    def framed(self, called: Any, place: int) -> tuple[int, int]:
        """Return where the text of one item of `call` begins and ends among its tokens.

        What the tokenizer puts around a text is known by its place and not by what it is: a text may hold the same
        special tokens, such as the markup of a chat.
        """
        ids = called["input_ids"][place]
        if not self.tokenizer.is_fast:
            before, behind = self._frame
            return before, len(ids) - behind
        text = np.flatnonzero(np.array(called.encodings[place].special_tokens_mask) == 0)
        if len(text):
            return int(text[0]), int(text[-1]) + 1
        before = self._frame[0] if ids else 0
        return before, before

    @cached_property
    def _frame(self) -> tuple[int, int]:
        """How many special tokens the tokenizer puts before and behind a text."""
        tokenizer = self.tokenizer
        if tokenizer.is_fast:
            mask = np.array(self.call(["a"], split=False, cut=False).encodings[0].special_tokens_mask)
            text = np.flatnonzero(mask == 0)
            return (int(text[0]), len(mask) - 1 - int(text[-1])) if len(text) else (len(mask), 0)
        frame = tokenizer.build_inputs_with_special_tokens([])
        other = next(i for i in range(len(frame) + 1) if i not in frame)
        before = tokenizer.build_inputs_with_special_tokens([other]).index(other)
        return before, len(frame) - before

    @property
    def blank(self) -> int:
        """The token that stands where a row has none: padding, else the end of a text, else the unknown, else id 0."""
        tokenizer = self.tokenizer
        known = (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id, 0)
        return int(next(i for i in known if i is not None))

    @property
    def start(self) -> int:
        """The token that a language model reads where nothing stands before an answer: the start or end of a text."""
        known = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id)
        return int(next((i for i in known if i is not None), self.blank))

    def _empty(self) -> Tokens:
        return Tokens(_ints([self.blank]), None, _ints([SPECIAL]), ((0, 0),))

    def _slow_words(self, rows: Sequence[Sequence[str]]) -> tuple[list[Tokens], list[int]]:
        """Words through a tokenizer that can't say which token came from which word: word by word."""
        tokenizer = self.tokenizer
        before, behind = self._frame
        room = self.max_length - before - behind
        tokens, lost = [], []
        for words in rows:
            pieces = [tokenizer.encode(word, add_special_tokens=False, verbose=False) for word in words]
            flat = [(token, number) for number, piece in enumerate(pieces) for token in piece]
            kept = flat[:room]
            ids = tokenizer.build_inputs_with_special_tokens([token for token, _ in kept])
            word_of = np.full(len(ids), SPECIAL, dtype=np.int32)
            word_of[before : before + len(kept)] = [number for _, number in kept]
            tokens.append(Tokens(_ints(ids), None, word_of) if ids else self._empty())
            lost.append(len(flat) - len(kept))
        return tokens, lost

    def segments_of(self, row: Tokens, text: str) -> Segments:
        """Return the words of a text that was tokenised; its tokens where the tokenizer knows no words.

        Special tokens that stand in the text, such as the markup of a chat, are no words. Where the tokenizer takes
        several words for one, as some do that have no notion of words, the text's white space parts them.
        """
        if row.words is None or row.spans is None:
            return self._token_segments(row)
        marks = np.isin(row.ids, self.marks)
        word_of = _without_blanks(row, _by_spaces(row, np.where(marks, SPECIAL, row.words), text), text)
        inner = word_of != SPECIAL
        _, player = np.unique(word_of[inner], return_inverse=True)
        player_of = np.full(len(word_of), SPECIAL, dtype=np.int32)
        player_of[inner] = player
        starts, ends = np.array(row.spans)[inner].T
        groups = range(int(player.max(initial=SPECIAL)) + 1)
        low = np.full(len(groups), len(text))
        high = np.zeros(len(groups), dtype=np.int64)
        np.minimum.at(low, player, starts)
        np.maximum.at(high, player, ends)
        return Segments(tuple(text[low[i] : high[i]].strip() for i in groups), player_of)

    def _token_segments(self, row: Tokens) -> Segments:
        inner = ~np.isin(row.ids, self.marks)
        inner &= True if row.answer is None else ~row.answer
        player_of = np.where(inner, np.cumsum(inner) - 1, SPECIAL).astype(np.int32)
        return Segments(tuple(self.tokenizer.convert_ids_to_tokens(row.ids[inner].tolist())), player_of)

    @cached_property
    def marks(self) -> list[int]:
        """The special tokens that stand for no words; a token for unknown words alone stands for one."""
        tokenizer = self.tokenizer
        named = {name: token for name, token in tokenizer.special_tokens_map.items() if name != "unk_token"}
        alone = tokenizer.unk_token not in named.values()
        return [token for token in tokenizer.all_special_ids if not (alone and token == tokenizer.unk_token_id)]


def _ints(values: Any) -> Ints:
    return np.fromiter(values, dtype=np.int32) if not isinstance(values, list) else np.array(values, dtype=np.int32)


def _storable(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[storable(word) for word in words] for words in rows]


def _words(row: Tokens) -> Ints:
    if row.words is None:
        raise ValueError("this row was tokenised without its words")
    return row.words


def _by_spaces(row: Tokens, words: Ints, text: str) -> Ints:
    """The word of each token, where the words that hold white space are parted by it."""
    ends = np.array([end for _, end in row.spans or ()], dtype=np.int64)
    starts = [int(not mark.isspace() and (i == 0 or text[i - 1].isspace())) for i, mark in enumerate(text)]
    part = np.maximum(np.array([0, *accumulate(starts)])[ends] - 1, 0)
    inner = words != SPECIAL
    _, number = np.unique(words[inner].astype(np.int64) * (len(text) + 1) + part[inner], return_inverse=True)
    parted = np.full(len(words), SPECIAL, dtype=np.int32)
    parted[inner] = number
    return parted


def _without_blanks(row: Tokens, words: Ints, text: str) -> Ints:
    """The word of each token, where tokens of white space alone belong to the next word, at the end to the last."""
    spans = row.spans or ()
    blank = np.array([word != SPECIAL and not text[a:b].strip() for word, (a, b) in zip(words, spans, strict=True)])
    if not blank.any() or blank[words != SPECIAL].all():
        return words
    real = np.flatnonzero((words != SPECIAL) & ~blank)
    next_ = real[np.minimum(np.searchsorted(real, np.flatnonzero(blank)), len(real) - 1)]
    moved = words.copy()
    moved[blank] = words[next_]
    return moved
