"""Single tokens of a language model's vocabulary: how probable one is at a place, and which is the most probable.

A vocabulary is large and answers are many, so that a place's logits are reduced to one number where they are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["NoToken", "at_places", "log_probs", "next_tokens", "token_statistics"]

AT_ONCE = 64
"""Places whose logits are worked on at once."""

IMPOSSIBLE = -1e4
"""A log p below which no float has a probability but 0."""


@contextmanager
def at_places(model: PreTrainedModel, places: Any) -> Iterator[None]:
    """Let a masked language model go through its vocabulary at these places alone, int64 (rows, k).

    Its logits are then (rows, k, vocabulary). A head that is laid out in another way still answers at every place.
    """
    head = model.get_output_embeddings()

    def pick(_module: object, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        states = args[0]
        if states.dim() != 3 or len(states) != len(places):
            return None
        return (states.gather(1, places[..., None].expand(-1, -1, states.shape[-1])), *args[1:])

    hook = None if head is None else head.register_forward_pre_hook(pick)
    try:
        yield
    finally:
        if hook is not None:
            hook.remove()


class NoToken(ValueError):
    """A place or a token was asked for that the row or the vocabulary does not have."""


def log_probs(logits: Any, rows: Sequence[ModelInput]) -> Any:
    """Return float32 (places of all rows,): the natural log of the probability of each target at its place.

    `logits` are (rows or more, the last places of each, vocabulary); normalised in float64.
    """
    chosen, targets = _at_places(logits, rows), _targets(rows, vocabulary=int(logits.shape[-1]))
    wanted: Any = torch.from_numpy(targets).to(logits.device)
    parts = [
        block.double().log_softmax(dim=-1).gather(1, of[:, None])[:, 0]
        for block, of in zip(chosen.split(AT_ONCE), wanted.split(AT_ONCE), strict=True)
    ]
    return torch.cat(parts).float()


def next_tokens(logits: Any, rows: Sequence[ModelInput]) -> Any:
    """Return float32 (places of all rows,): the most probable token at each place."""
    return _at_places(logits, rows).argmax(dim=-1).float()


def token_statistics(logits: Any, rows: Sequence[ModelInput]) -> Any:
    """Return float32 (places of all rows, 4): how each target stands in the distribution at its place.

    The columns are log p of the target (natural); the mean and the standard deviation of log p over the vocabulary,
    each token weighted by its probability; and 1 where the target is the most probable token, else 0. `logits` are as
    for `log_probs`; all is in float32, which is half the time of float64 and exact to some 1e-5.
    """
    row_of, behind = _places(logits, rows)
    targets = _targets(rows, vocabulary=int(logits.shape[-1]))
    count = len(targets)
    # Blocks of one shape: how a sum over the vocabulary is cut up may hang on how many there are.
    filled = np.minimum(np.arange(-(-count // AT_ONCE) * AT_ONCE), count - 1)
    parts = []
    for block in filled.reshape(-1, AT_ONCE):
        row, column, wanted = (torch.from_numpy(part[block]).to(logits.device) for part in (row_of, behind, targets))
        parts.append(_statistics(logits[row, column].float(), wanted))
    return torch.cat([*parts, torch.zeros(0, 4, device=logits.device)])[:count]


def _statistics(logits: Any, wanted: Any) -> Any:
    """Return float32 (n, 4) of (n, vocabulary) logits and the (n,) tokens that stand there; the logits are used up."""
    top = logits.argmax(dim=-1) == wanted
    logs, shares = logits.log_softmax(dim=-1), logits.softmax(dim=-1)
    own = logs.gather(1, wanted[:, None])[:, 0]
    # A token that can't be has a log of minus infinity and a share of 0, and counts for nothing.
    logs.clamp_(min=IMPOSSIBLE)
    mean = torch.mul(shares, logs, out=logits).sum(dim=-1)
    spread = logs.sub_(mean[:, None]).square_().mul_(shares).sum(dim=-1).sqrt()
    return torch.stack([own, mean, spread, top.float()], dim=1)


def _at_places(logits: Any, rows: Sequence[ModelInput]) -> Any:
    """Return (places of all rows, vocabulary)."""
    row_of, behind = _places(logits, rows)
    index = (torch.from_numpy(row_of).to(logits.device), torch.from_numpy(behind).to(logits.device))
    return logits[index]


def _places(logits: Any, rows: Sequence[ModelInput]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row and the column in `logits` of each place, (places of all rows,) each."""
    seen = int(logits.shape[1])
    places = [np.arange(len(row)) if row.gather is None else row.gather.astype(np.int64) for row in rows]
    if any(
        place.size and (place.min() < len(row) - seen or place.max() >= len(row))
        for place, row in zip(places, rows, strict=True)
    ):
        raise NoToken("a place was asked for that lies outside the row")
    row_of = np.repeat(np.arange(len(rows)), [len(place) for place in places])
    return row_of, np.concatenate([place - (len(row) - seen) for place, row in zip(places, rows, strict=True)])


def _targets(rows: Sequence[ModelInput], *, vocabulary: int) -> NDArray[np.int64]:
    if any(row.targets is None for row in rows):
        raise NoToken("a row names no tokens to be judged")
    targets = np.concatenate([row.targets.astype(np.int64) for row in rows if row.targets is not None])
    if targets.size and (targets.min() < 0 or targets.max() >= vocabulary):
        raise NoToken(f"a token was named outside the vocabulary of {vocabulary}")
    return targets
