"""Out of distribution: coverage of the AUC, and verdicts on declared texts at, above and below the limit."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtri

from modelaudit.statistics import delong, p_below
from robustness.cells import Cell, alarm_cell, coverage_cell, power_cell

LIMIT = 0.80
ROWS, TEXTS = 300, 100


def study(draws: int, seed: int) -> list[Cell]:
    rng = np.random.default_rng(seed)
    cells = []
    for truth in (0.5, LIMIT, 0.95):
        found = [delong(*_scores(truth, ROWS, TEXTS, rng)) for _ in range(draws)]
        held = np.mean([low <= truth <= high for low, high in (each.interval() for each in found)])
        cells.append(coverage_cell("AUC of the confidence", f"truth {truth}, {ROWS} rows, {TEXTS} texts", held, draws))
    # A verdict below the limit is due to chance where the truth lies on it.
    at_limit = [delong(*_scores(LIMIT, ROWS, TEXTS, rng)) for _ in range(200)]
    alarms = sum(p_below(each.bounds, LIMIT) <= 0.05 for each in at_limit)
    cells.append(alarm_cell("AUC below the limit", "truth on the limit", alarms, 200))
    # The standard error under no difference is the printed one; nearer to 1 it is smaller.
    stated = (delong(*_scores(LIMIT, ROWS, TEXTS, rng)).smallest_detectable or 0.5) - 0.5
    found = [delong(*_scores(LIMIT - stated, ROWS, TEXTS, rng)) for _ in range(draws)]
    share = float(np.mean([p_below(each.bounds, LIMIT) <= 0.05 for each in found]))
    cells.append(
        power_cell("AUC below the limit", f"truth {LIMIT - stated:.3f}, the printed effect below", share, draws)
    )
    return cells


def _scores(auc: float, rows: int, texts: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Confidences of normal log-odds whose AUC is as asked."""
    shift = np.sqrt(2.0) * float(ndtri(auc))
    return expit(rng.normal(shift, 1.0, rows)), expit(rng.normal(0.0, 1.0, texts))
