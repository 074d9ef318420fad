"""The loss a token and the perplexity of texts or answers that a model judges token by token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.checkers.performance.scores import Floats, Score
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.statistics import error_counts, error_rate, perplexity


class Judged(NamedTuple):
    """The nats that the judged tokens of each row cost, and how many these are; both (rows,), 0 for none."""

    nats: Floats
    tokens: Floats


def judged_answers(ctx: Context, rows: Sequence[Row]) -> Judged:
    """Return the cost of the rows' own answers, or of their texts where the task judges these."""
    found = ctx.model.predict(rows)
    assert found.offsets is not None
    return _judged(ctx, found.logits[:, 0], found.offsets, found.truncated)


def judged_texts(ctx: Context, rows: Sequence[Row]) -> Judged:
    """Return the cost of texts that no answer stands behind, from one pass of the model over each."""
    found = ctx.model.token_statistics(rows)
    return _judged(ctx, found.log_probs, found.offsets, found.truncated)


def _judged(ctx: Context, log_probs: Floats, offsets: NDArray[np.int64], truncated: NDArray[np.bool_]) -> Judged:
    """Return the sums of each row, and note the rows of which not all is judged."""
    tokens = np.diff(offsets)
    nats = -np.bincount(np.repeat(np.arange(len(tokens)), tokens), log_probs, minlength=len(tokens))
    if lost := int(truncated.sum()):
        ctx.note(f"{lost:,} rows are longer than the model takes; their loss is that of what it reads of them.")
    if none := int((tokens == 0).sum()):
        ctx.note(f"{none:,} rows have no token that can be judged, and are left out of the loss.")
    return Judged(np.asarray(nats, dtype=np.float64), tokens.astype(np.float64))


def token_scores(rows: Sequence[Row], judged: Judged, *, of: str, pseudo: bool = False) -> tuple[Score, Score]:
    """Return the loss a token over all rows together, and its perplexity; long rows count for more.

    `of` says what the tokens are of. `pseudo` is for tokens each of which is judged with all others in sight
    (Salazar et al. 2020, ACL): such a perplexity is not to be compared with one of a model that reads one way.
    """
    held = np.flatnonzero((judged.tokens > 0.0) & np.isfinite(judged.nats))
    kept = [rows[place] for place in held.tolist()]
    units = documents(kept)
    counts = error_counts(np.maximum(judged.nats[held], 0.0), judged.tokens[held], clusters=units, reach=0.0)
    loss = error_rate(counts).keyed(unit_keys(kept, units))
    spread = perplexity(loss)
    title, named = ("Pseudo-perplexity", "pseudo-perplexity") if pseudo else ("Perplexity", "perplexity")
    return (
        Score(
            "loss_per_token", "Loss a token", "nats a token", "lower", loss,
            f"A token of {of} costs the model {loss.value or 0.0:.3g} nats on average, over {judged.tokens.sum():,.0f} "
            f"tokens of {loss.n:,} rows",
        ),
        Score(
            "pseudo_perplexity" if pseudo else "perplexity", title, named, "lower", spread,
            f"That is a {named} of {spread.value or 0.0:.4g}: so many equally likely tokens would be as hard to tell",
        ),
    )  # fmt: skip
