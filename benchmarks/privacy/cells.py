"""What each cell says: the suite against the truth, against the plain loss attack, and against what could be known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from modelaudit.statistics import clopper_pearson_interval
from privacy.figures import FPR, auc_of, ratio_found, share_found, spearman
from privacy.truth import TARGET, Family, half

Floats = NDArray[np.float64]
LEAKS = 0.03
"""Share of members that the retrainings' own attack must surely find at 1% false alarms for a cell to count as leaking.

It has what no auditor has, models trained by the target's very recipe with and without each row. Where even that does
not surely find three times as many as guessing, no attack can be asked for three times as many as another.
"""
LOSS_FINDS = 0.2
WANTED = 3.0

Record = dict[str, Any]


def record_of(family: Family, epochs: int, results: Mapping[str, Mapping[str, Any]]) -> Record:
    """Return what a cell says, ready for JSON, from the results of its units."""
    key = str(epochs)
    pairs = [results[f"truth/{family.name}-{pair}"]["phi"][key] for pair in range(family.pairs)]
    phi = np.array([one for both in pairs for one in both])
    saw = np.array([side for pair in range(family.pairs) for side in _sides(pair, family.rows)])
    target = results[f"target/{family.name}"][key]
    asked = results[f"cell/{family.name}-{epochs}"]
    is_member = half(TARGET, family.rows)
    memory, oracle = memorisation(phi, saw), _oracle(phi, saw, np.array(target["phi"]))
    attacks = {
        name: np.array([np.nan if score is None else score for score in scores])
        for name, scores in asked["attacks"].items()
    }
    headline = attacks[asked["headline"]]
    kept = np.isfinite(headline)
    loss = -np.array(target["loss"])
    inside = is_member & kept
    return {
        "task": family.task,
        "way": family.way,
        "epochs": epochs,
        "tier": family.tier,
        "members": int(inside.sum()),
        "nonmembers": int((~is_member & kept).sum()),
        "retrainings": len(phi),
        "right": target["right"],
        "memorisation": float(memory[kept].mean()),
        "memorisation_agreement": _agreement(phi, saw, kept),
        "headline": asked["headline"],
        "attacks": {name: _numbers(scores, is_member, kept & np.isfinite(scores)) for name, scores in attacks.items()},
        "loss": _numbers(loss, is_member, kept),
        "oracle": _numbers(oracle, is_member, kept),
        "oracle_low": _low(oracle, is_member, kept),
        "spearman": {
            "headline, members": spearman(headline[inside], memory[inside]),
            "headline, all rows": spearman(headline[kept], memory[kept]),
            "loss attack, members": spearman(loss[inside], memory[inside]),
            "loss attack, all rows": spearman(loss[kept], memory[kept]),
        },
        "ratio": list(ratio_found(headline[kept], loss[kept], is_member[kept], seed=epochs)),
        "seconds": asked["seconds"],
    }


def leaks(record: Record) -> bool:
    """Whether the truth of a cell shows leakage that a loss attack does not see already."""
    return bool(record["oracle_low"] > LEAKS and record["loss"]["tpr"] <= LOSS_FINDS)


def significantly_worse(record: Record) -> bool:
    """Whether the headline attack surely finds fewer members than the loss attack."""
    return bool(record["ratio"][2] < 1.0)


def memorisation(phi: Floats, saw: NDArray[np.bool_]) -> Floats:
    """Return (rows,) mean phi of the models that saw a row, less that of the others; phi and saw are (models, rows)."""
    return np.asarray(_mean(phi, saw) - _mean(phi, ~saw))


def _mean(phi: Floats, chosen: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(chosen, phi, 0.0).sum(axis=0) / chosen.sum(axis=0))


def _oracle(phi: Floats, saw: NDArray[np.bool_], target: Floats) -> Floats:
    """LiRA with the retrainings as its shadow models, one spread for all rows (Carlini et al. 2022)."""
    inside, outside = _mean(phi, saw), _mean(phi, ~saw)
    spread = [float(np.sqrt(np.mean((phi - mean)[side] ** 2))) for mean, side in ((inside, saw), (outside, ~saw))]
    return np.asarray(norm.logpdf(target, inside, spread[0]) - norm.logpdf(target, outside, spread[1]))


def _agreement(phi: Floats, saw: NDArray[np.bool_], kept: NDArray[np.bool_]) -> float | None:
    """Spearman's correlation of the truths from two halves of the retrainings, stepped up to all of them."""
    pairs = np.arange(len(phi)) // 2
    first, second = (memorisation(phi[part], saw[part])[kept] for part in (pairs % 2 == 0, pairs % 2 == 1))
    found = spearman(first, second)
    return None if found is None or found <= -1.0 else 2.0 * found / (1.0 + found)


def _numbers(scores: Floats, is_member: NDArray[np.bool_], kept: NDArray[np.bool_]) -> dict[str, float]:
    inside, outside = scores[is_member & kept], scores[~is_member & kept]
    return {"auc": auc_of(scores[kept], is_member[kept]), "tpr": share_found(inside, outside)}


def _low(scores: Floats, is_member: NDArray[np.bool_], kept: NDArray[np.bool_]) -> float:
    """Lower 95% bound of the share found at 1% false alarms, at the threshold of these non-members."""
    inside, outside = scores[is_member & kept], scores[~is_member & kept]
    hits = round(share_found(inside, outside, fpr=FPR) * len(inside))
    return float(clopper_pearson_interval(hits, len(inside))[0])


def _sides(pair: int, rows: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    chosen = half(pair, rows)
    return chosen, ~chosen
