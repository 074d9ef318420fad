"""Unknown tokens: rows that the tokenizer can't spell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelaudit.subject.encoding import Encoding

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MOST = 0.2


def hardly_read(encodings: Sequence[Encoding], tokenizer: PreTrainedTokenizerBase) -> int:
    """Return of how many rows more than a fifth of the tokens are unknown, special ones not counted.

    They are counted and not refused: that a model can't read its users' texts is what an audit should show, and a
    vocabulary of whole words is honestly small. A token that also has another meaning (padding, the end of a text)
    does not stand for the unknown; a tokenizer that spells everything has no such token.
    """
    unknown = tokenizer.unk_token_id
    named = {name: token for name, token in tokenizer.special_tokens_map.items() if name != "unk_token"}
    if not encodings or unknown is None or tokenizer.unk_token in named.values():
        return 0
    lengths = np.array([len(encoding.input.ids) for encoding in encodings])
    ids = np.concatenate([encoding.input.ids for encoding in encodings])
    row_of = np.repeat(np.arange(len(encodings)), lengths)
    special = np.isin(ids, [token for token in tokenizer.all_special_ids if token != unknown])
    tokens = np.bincount(row_of, ~special, minlength=len(encodings))
    lost = np.bincount(row_of, ids == unknown, minlength=len(encodings))
    return int((lost > MOST * tokens).sum())
