"""What an engine has done so far, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EngineStats"]


@dataclass(slots=True)
class EngineStats:
    """What an engine has done so far.

    Attributes:
        requested: rows asked for; `computed` of them went through the model.
        memo_hits: the other rows, known from before or equal to another row of the call.
        journal_hits: rows whose answer the journal had, counted neither as computed nor as memo hits.
        evicted: answers that the memo had to forget.
        tokens, padded_tokens: real tokens that went through the model, and token slots with padding and filling.
        batches: forward passes that gave answers.
        out_of_memory: times that memory ran out.
    """

    requested: int = 0
    computed: int = 0
    memo_hits: int = 0
    journal_hits: int = 0
    evicted: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    batches: int = 0
    out_of_memory: int = 0
