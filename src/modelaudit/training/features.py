"""Features: training rows as token ids with their labels, encoded once and exactly as an audit would read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoder, Encoding
from modelaudit.training.examples import Example, TrainingData

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["IGNORED", "Collator", "Features", "dev_features", "features_of"]

IGNORED = -100
"""The label of what carries none: pieces behind a word's first, special tokens, padding."""
AT_ONCE = 2000
"""Rows that are tokenised together, so that memory does not grow with the data."""

Item = dict[str, Any]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The encoded examples; a dataset of dicts, as `transformers.Trainer` takes it.

    An item has `input_ids`, `token_type_ids` where the tokenizer makes them, `labels` (an int, or one a token with
    -100 where there is none), `weight` where any example has another than 1, and `partner` where there is one: its
    `input_ids` and `token_type_ids`, and in `left` and `right` the places whose logits are held together.

    Attributes:
        truncated: examples that were cut to the length. tokens_lost: tokens that were cut off from them.
        per_word: whether labels are those of words.
    """

    items: tuple[Item, ...]
    truncated: int
    tokens_lost: int
    per_word: bool

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Item:
        return self.items[place]


def features_of(data: TrainingData, tokenizer: PreTrainedTokenizerBase, *, limit: int) -> Features:
    """Return the examples as the model reads them, cut to `limit` tokens, special ones included.

    The first piece of a word carries its tag; a word without any token, or beyond the limit, has none.

    Raises:
        DataInputError: an example without a label, or with more or fewer tags than words.
    """
    encoder = Encoder(tokenizer, limit)
    per_word = data.task == "token-classification"
    weighted = any(example.weight != 1.0 for example in data.examples)
    paired = [example.partner for example in data.examples if example.partner is not None]
    partners = _encoded(encoder, paired, per_word=per_word)
    items, lost = [], []
    rows = _encoded(encoder, (example.row for example in data.examples), per_word=per_word)
    for example, encoding in zip(data.examples, rows, strict=True):
        item = _inputs(encoding)
        item["labels"] = _tags(example.row, encoding) if per_word else _label(example.row)
        if weighted:
            item["weight"] = example.weight
        if example.partner is not None:
            item["partner"] = _partner(encoding, next(partners), per_word=per_word)
        items.append(item)
        lost.append(encoding.tokens_lost)
    return Features(tuple(items), sum(count > 0 for count in lost), sum(lost), per_word)


def dev_features(data: TrainingData, tokenizer: PreTrainedTokenizerBase, *, limit: int) -> Features:
    """Return the rows that are held back as features, the longest first, so that little of a batch is padding."""
    held = features_of(
        replace(data, examples=tuple(Example(row) for row in data.dev)),
        tokenizer,
        limit=limit,
    )
    return replace(held, items=tuple(sorted(held.items, key=lambda item: -len(item["input_ids"]))))


def _encoded(encoder: Encoder, rows: Iterable[Row], *, per_word: bool) -> Iterator[Encoding]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield from _encode(encoder, part, per_word=per_word)
            part = []
    yield from _encode(encoder, part, per_word=per_word)


def _encode(encoder: Encoder, rows: Sequence[Row], *, per_word: bool) -> list[Encoding]:
    return encoder.words([row.words or () for row in rows]) if per_word else encoder.texts([row.text for row in rows])


def _inputs(encoding: Encoding) -> Item:
    source = encoding.input
    types = {} if source.type_ids is None else {"token_type_ids": source.type_ids}
    return {"input_ids": source.ids, **types}


def _label(row: Row) -> int:
    if row.label is None:
        raise DataInputError(
            f"row {row.id!r:.80} has no label, so nothing can be learned from it; label it, or drop it"
        )
    return row.label


def _tags(row: Row, encoding: Encoding) -> Longs:
    words = row.words or ()
    if row.tags is None or len(row.tags) != len(words):
        found = "no tags" if row.tags is None else f"{len(row.tags):,} tags"
        raise DataInputError(f"row {row.id!r:.80} has {len(words):,} words and {found}; each word needs one tag")
    labels = np.full(len(encoding.input), IGNORED, dtype=np.int64)
    labels[encoding.input.gather] = np.array(row.tags, dtype=np.int64)[encoding.word_index]
    return labels


def _partner(row: Encoding, partner: Encoding, *, per_word: bool) -> Item:
    """A partner's input, and the places of the words that both have an output for; place 0 is a row's one output."""
    if not per_word:
        one = np.zeros(1, dtype=np.int64)
        return {**_inputs(partner), "left": one, "right": one}
    if row.words != partner.words:
        raise DataInputError(
            f"a row of {row.words:,} words is paired with one of {partner.words:,}; pairs need equally many words"
        )
    _, left, right = np.intersect1d(row.word_index, partner.word_index, assume_unique=True, return_indices=True)
    return {**_inputs(partner), "left": _places(row)[left], "right": _places(partner)[right]}


def _places(encoding: Encoding) -> Longs:
    assert encoding.input.gather is not None
    return encoding.input.gather.astype(np.int64)


class Collator:
    """Pads items to the longest of the batch and lists the units that have a loss, so that no device looks for them.

    A batch has `input_ids`, `attention_mask` and perhaps `token_type_ids`, each (rows + partners, width), partners
    behind the rows; `labels` (rows,) or (rows, width); `units` (U,), the places of labelled units among the outputs of
    the whole batch laid end to end, and `unit_rows` (U,), their rows; `weight` (rows,) where rows are weighted;
    `left` and `right` (P,), the places of outputs that are held together, where there are partners.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.pad_id = Encoder(tokenizer, 1).blank

    def __call__(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """Return the batch, all on the CPU."""
        partners = [(row, item["partner"]) for row, item in enumerate(items) if "partner" in item]
        inputs = [*items, *(partner for _, partner in partners)]
        width = max(len(item["input_ids"]) for item in inputs)
        per_token = not isinstance(items[0]["labels"], int)
        ids = np.full((len(inputs), width), self.pad_id, dtype=np.int64)
        mask = np.zeros((len(inputs), width), dtype=np.int64)
        for row, item in enumerate(inputs):
            length = len(item["input_ids"])
            ids[row, :length] = item["input_ids"]
            mask[row, :length] = 1
        arrays: dict[str, NDArray[Any]] = {"input_ids": ids, "attention_mask": mask}
        if all("token_type_ids" in item for item in inputs):
            types = np.zeros((len(inputs), width), dtype=np.int64)
            for row, item in enumerate(inputs):
                types[row, : len(item["token_type_ids"])] = item["token_type_ids"]
            arrays["token_type_ids"] = types
        labels = np.full((len(items), width) if per_token else len(items), IGNORED, dtype=np.int64)
        for row, item in enumerate(items):
            labels[(row, slice(len(item["labels"]))) if per_token else row] = item["labels"]
        units = np.flatnonzero(labels != IGNORED)
        outputs = width if per_token else 1
        arrays |= {"labels": labels, "units": units, "unit_rows": units // outputs}
        if "weight" in items[0]:
            arrays["weight"] = np.array([item["weight"] for item in items], dtype=np.float32)
        if partners:
            places = [
                (row * outputs + partner["left"], (len(items) + number) * outputs + partner["right"])
                for number, (row, partner) in enumerate(partners)
            ]
            arrays["left"], arrays["right"] = (np.concatenate(side) for side in zip(*places, strict=True))
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
