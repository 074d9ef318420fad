"""Duplicates by simulation: recall of the search at its threshold, clean tables, power, coverage."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelaudit.checkers.data.duplicates.findings import leakage
from modelaudit.checkers.data.duplicates.twins import EVALUATION, TRAINING, twins_of
from modelaudit.rows import Row
from modelaudit.statistics import clustered_proportion
from modelaudit.text.near_duplicates import JACCARD, jaccard, near_twins
from modelaudit.text.pieces import pieces

STUDY = "duplicates"
AUDITS = 200
ROWS = 120
WORDS_A_ROW = 24


def study(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return what was asked and measured; coverage over `draws`, audits and pairs in proportion."""
    rng = np.random.default_rng([seed, 11])
    audits = min(draws, AUDITS)
    return [*_search(rng, min(draws, 1_000)), *_audits(rng, audits), *_coverage(rng, draws)]


def _search(rng: np.random.Generator, pairs: int) -> list[dict[str, Any]]:
    """Look for versions of texts whose Jaccard index is just above the threshold, and just below it."""
    words = _vocabulary(rng)
    texts: set[str] = set()
    near = {"above": set[tuple[str, str]](), "below": set[tuple[str, str]]()}
    for _ in range(20 * pairs):
        one = _text(rng, words)
        other = _changed(rng, one, words, changes=int(rng.integers(1, 4)))
        alike = jaccard(pieces(one), pieces(other))
        side = "above" if JACCARD <= alike < JACCARD + 0.05 else "below" if JACCARD - 0.05 <= alike < JACCARD else ""
        if side and len(near[side]) < pairs and one not in texts and other not in texts:
            near[side].add((one, other))
            texts |= {one, other}
        if min(map(len, near.values())) >= pairs:
            break
    ordered = sorted(texts)
    family = near_twins(ordered, np.ones((1, len(ordered)), dtype=np.bool_)).family
    place = {text: number for number, text in enumerate(ordered)}
    share = {
        side: float(np.mean([family[place[one]] == family[place[other]] for one, other in found]))
        for side, found in near.items()
    }
    return [
        _row("pairs of Jaccard index .80 to .85 that are found", ">= 0.99", share["above"], share["above"] >= 0.99,
             len(near["above"])),
        _row("pairs of Jaccard index .75 to .80 that are called twins", "0", share["below"], share["below"] == 0.0,
             len(near["below"])),
    ]  # fmt: skip


def _audits(rng: np.random.Generator, audits: int) -> list[dict[str, Any]]:
    """Audit tables without twins, and tables in which each evaluation row is leaked with the smallest share."""
    words = _vocabulary(rng)
    smallest = 1.0 - 0.2 ** (1.0 / ROWS)
    clean = sum(_leaks(rng, words, 0.0) for _ in range(audits)) / audits
    planted = sum(_leaks(rng, words, smallest) for _ in range(audits)) / audits
    # Of a rate of .8 itself 200 audits may show .73 (1% of the time less).
    return [
        _row(f"no twins, {ROWS} rows a table: audits that see a leak", "<= 0.09", clean, clean <= 18 / 200, audits),
        _row(
            f"near and equal twins at the smallest share that is printed ({smallest:.4f}): audits that see a leak",
            "0.8, less chance: >= 0.73",
            planted,
            planted >= 0.73,
            audits,
        ),
    ]


def _leaks(rng: np.random.Generator, words: list[str], share: float) -> bool:
    """Tell whether the audit's interval of the leaked share lies above 0."""
    training = [_text(rng, words) for _ in range(ROWS)]
    evaluation = [
        _changed(rng, training[place], words, changes=int(rng.integers(0, 2))).upper()
        if rng.random() < share
        else _text(rng, words)
        for place in range(ROWS)
    ]
    twins = twins_of([(EVALUATION, _rows(evaluation)), (TRAINING, _rows(training))])
    bounds = leakage(twins, 1, seen=1.0).metric.grid
    return next(low for level, low, _ in bounds if level == 0.95) > 0.0


def _coverage(rng: np.random.Generator, draws: int) -> list[dict[str, Any]]:
    """Draw tables of a known leaked share, rows by themselves and in families that are leaked together."""
    found = []
    for share, size, least in ((0.02, 1, 0.93), (0.10, 1, 0.93), (0.10, 4, 0.93)):
        held = 0
        for _ in range(draws):
            leaked = np.repeat(rng.random(500 // size) < share, size)
            low, high = clustered_proportion(leaked, np.repeat(np.arange(500 // size), size)).interval()
            held += low <= share <= high
        kind = "rows by themselves" if size == 1 else f"families of {size}"
        found.append(
            _row(
                f"share of {share:.0%} in 500 rows, {kind}: coverage of the 95% interval (never short by design)",
                f">= {least}",
                held / draws,
                held / draws >= least,
                draws,
            )
        )
    return found


def _vocabulary(rng: np.random.Generator) -> list[str]:
    return ["".join(map(chr, rng.integers(97, 123, size=int(rng.integers(3, 9))))) for _ in range(5_000)]


def _text(rng: np.random.Generator, words: list[str]) -> str:
    return " ".join(words[place] for place in rng.integers(len(words), size=WORDS_A_ROW))


def _changed(rng: np.random.Generator, text: str, words: list[str], *, changes: int) -> str:
    """Return the text with so many words replaced; of the drawn length, one keeps a Jaccard index of .8 or more."""
    parts = text.split(" ")
    for place in rng.choice(len(parts), size=changes, replace=False):
        parts[place] = words[int(rng.integers(len(words)))]
    return " ".join(parts)


def _rows(texts: list[str]) -> list[Row]:
    return [Row(id=str(place), text=text, label=0) for place, text in enumerate(texts)]


def _row(cell: str, asked: str, measured: float, holds: bool, draws: int) -> dict[str, Any]:
    return {"study": STUDY, "cell": cell, "asked": asked, "measured": measured, "holds": bool(holds), "draws": draws}
