"""Membership signals of language models: how well the tokens of a text are known, alone and beside the base model.

Every signal is one number a row, higher for rows that the model was trained on. All are known attacks; what they need
is one forward pass of the audited model and one of the model before fine-tuning.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import TokenStatistics
from modelaudit.checkers.privacy.token_rows import Ragged, Shared

Vector = NDArray[np.float64]

HEADLINE, HEADLINE_WITH_BASE = "Min-K%++", "EZ"
"""The attack that single numbers are read from, named before anything is measured."""
LIKELY = "base-calibrated loss"
"""The headline of masked models with a base model (Mireshghallah et al. 2022, arXiv 2203.03929)."""
LOWEST = 0.2
"""Share of a row's tokens that Min-K% looks at (Shi et al. 2024): the least expected ones."""
LEAST_DEVIATION = 1e-3
"""Nats. Where the model is all but certain, log p varies by less than float32 can tell, and z would be noise."""
FEWEST_ERRORS = 2
"""Tokens that the model must get wrong for their sum alone to say something; below, all tokens count."""
LEAST_CONSTANT = 1e-6


def language_signals(
    target: TokenStatistics, base: TokenStatistics | None, texts: Sequence[str]
) -> tuple[tuple[str, Vector], ...]:
    """Return the name and the scores (n,) of each attack, higher for members; NaN for a row without judged tokens.

    - loss attack: mean log p (Yeom et al. 2018); zlib: total log p by the bytes that zlib needs for the text (Carlini
      et al. 2021).
    - Min-K%: mean of the lowest fifth of log p (Shi et al. 2024); Min-K%++: of the lowest fifth of
      z = (log p - mean) / deviation, both over the vocabulary at that place (Zhang et al. 2025).
    - With a base model: mean log p and Min-K%++ less the base model's at each token (Watson et al. 2022), and EZ, the
      `error_zone` (Ilić et al. 2026).

    Args:
        target: of the audited model; base: of the model before fine-tuning on the same rows, or None.
        texts: (n,) what the judged tokens spell: a row's answer, or its text where it has none.

    A row whose tokens differ between the two models has NaN for the attacks that compare them; of a row that one of
    the two cut shorter, the tokens that both have are compared.

    Raises:
        ValueError: the three are of other rows, or no row has the same tokens for both models.
    """
    if len(texts) != len(target) or (base is not None and len(base) != len(target)):
        raise ValueError(f"statistics of {len(target)} rows, {len(texts)} texts and a base model's must be as many")
    alone = Ragged.of(target.offsets)
    z = _standardised(target)
    signals = [
        ("loss attack", alone.means(target.log_probs)),
        ("zlib", alone.sums(target.log_probs) / np.array([_zipped(text) for text in texts], dtype=np.float64)),
        ("Min-K%", alone.lowest_means(target.log_probs, LOWEST)),
        (HEADLINE, alone.lowest_means(z, LOWEST)),
    ]
    if base is not None:
        both = Shared.of(target, base)
        if alone.known.any() and not both.rows.known.any():
            raise ValueError("the base model reads every row as other tokens than the audited model does")
        gain = both.of_target(target.log_probs) - both.of_base(base.log_probs)
        signals += [
            (LIKELY, both.rows.means(gain)),
            (
                "base-calibrated Min-K%++",
                both.rows.lowest_means(both.of_target(z) - both.of_base(_standardised(base)), LOWEST),
            ),
            (HEADLINE_WITH_BASE, error_zone(gain, both.of_target(target.top), both.rows)),
        ]
    return tuple(signals)


def error_zone(gain: Vector, top: NDArray[np.bool_], rows: Ragged) -> Vector:
    """Return log((P + c) / (N + c)) of each row (Ilić et al. 2026, arXiv 2601.12104, smoothed).

    P is the sum of what tokens gained on the base model, N of what they lost, in nats, over the tokens that the audited
    model gets wrong (`top` is False): there a text that was learned and one that was only well guessed differ most. The
    released code gives rows with no such loss, or fewer than two such tokens, the lowest score, and those are the rows
    that the model knows by heart. Here c smooths the ratio: the median gain or loss of a token in all these rows, which
    holds members and non-members alike. A row with fewer than two wrong tokens is judged by all its tokens on the same
    scale, so that one known by heart, which has much to gain and nothing to lose, stands highest.
    """
    wrong = np.bincount(rows.owner[~top], minlength=rows.count)
    judged = ~top | (wrong < FEWEST_ERRORS)[rows.owner]
    sizes = np.abs(gain[rows.known[rows.owner]])
    constant = max(float(np.median(sizes)), LEAST_CONSTANT) if len(sizes) else LEAST_CONSTANT
    gained, lost = (rows.sums(np.where(judged, np.maximum(sign * gain, 0.0), 0.0)) for sign in (1.0, -1.0))
    scores: Vector = np.log((gained + constant) / (lost + constant))
    return scores


def _standardised(statistics: TokenStatistics) -> Vector:
    z: Vector = (statistics.log_probs - statistics.means) / np.maximum(statistics.deviations, LEAST_DEVIATION)
    return z


def _zipped(text: str) -> int:
    return len(zlib.compress(text.encode("utf-8", "surrogatepass")))
