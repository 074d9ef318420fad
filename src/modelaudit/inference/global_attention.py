"""What a Longformer that answers questions attends to from everywhere: the question, in front of the context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["attended_from_everywhere"]

MARKS_GLOBALLY = "LongformerForQuestionAnswering"


def attended_from_everywhere(model: PreTrainedModel, ids: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return (rows, tokens) ones at tokens that all others attend to, or None where the model is not told.

    It is what transformers makes for this model by itself, the tokens before the first separator (Beltagy, Peters and
    Cohan 2020, arXiv 2004.05150, section 4), but without its demand for exactly three separators in each row: the text
    of a row may hold one more. Where there is none, as in rows of random tokens, it is the first token alone.
    """
    separator: Any = getattr(model.config, "sep_token_id", None)
    if type(model).__name__ != MARKS_GLOBALLY or separator is None:
        return None
    behind = np.cumsum(ids == separator, axis=1) > 0
    behind[~behind.any(axis=1) | behind[:, 0], 1:] = True
    behind[:, 0] = False
    return (~behind).astype(np.int64)
