"""Adversarial search: flips found against all that exist, coverage, power at the printed loss, clean twins."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from modelaudit.checkers.robustness.attack.kind import CHARACTERS, Forms
from modelaudit.checkers.robustness.attack.measures import Measures
from modelaudit.checkers.robustness.attack.outcome import Outcome, attacked, subjects_of
from modelaudit.checkers.robustness.attack.plan import Plan
from modelaudit.checkers.robustness.attack.site import Sites, sites_of
from modelaudit.rows import Row
from modelaudit.runner import RunContext
from modelaudit.statistics import p_above
from modelaudit.testing.planted import planted_classifier
from robustness.asking import context_of
from robustness.cells import Cell, alarm_cell, coverage_cell, power_cell

VOCABULARY = (
    *("table", "river", "stone", "cloud", "paper", "glass", "light", "sound"),
    *("bread", "chair", "field", "house", "music", "ocean", "plant", "smile"),
)
KNOWN_FORMS = 3
"""Misspellings of each word that the model knows as words of their own; all others are unknown to it."""
WORDS, EDITS, ROWS = 6, 2, 60
LIMIT = 0.10
"""That of the starter policy."""

Planted = tuple[Mapping[str, float], Mapping[tuple[str, str], float]]


def study(draws: int, seed: int) -> list[Cell]:
    """Return the cells; tiny models, each with a row of searches, are a hundredth of the draws."""
    rng = np.random.default_rng(seed)
    models = max(draws // 100, 1)
    return [
        *_against_all(models, rng),
        *_coverage(draws, rng),
        *_power(draws, rng),
        *_twins(rng),
    ]


def _against_all(models: int, rng: np.random.Generator) -> Iterator[Cell]:
    for interactions in (0, 12):
        kind = f"{interactions} interacting pairs" if interactions else "additive"
        made = [_planted(rng, interactions) for _ in range(models)]
        for search, ranking, queries in (("greedy", "mask", 64), ("greedy", "random", 64), ("beam", "mask", 128)):
            exist = found = false = 0
            for number, planted in enumerate(made):
                for sites, outcome in _searched(planted, number, search, ranking, queries):
                    possible = _flip_exists(sites, outcome, planted)
                    exist += possible
                    found += outcome.choice is not None and possible
                    false += outcome.choice is not None and not possible
            cell = f"{kind} models, {search} by {ranking}, {queries} queries"
            yield {
                "study": "flips found of those that exhaustive search finds",
                "cell": cell,
                "asked": ">= 0.95, and none that it does not find",
                "measured": found / max(exist, 1),
                "holds": found >= 0.95 * exist and not false,
                "draws": exist,
            }


def _planted(rng: np.random.Generator, interactions: int) -> Planted:
    """Draw weights of words and of their known misspellings, and pairs that count where one of two is there."""
    forms = Forms(CHARACTERS, 0)
    words = dict(zip(VOCABULARY, rng.normal(0, 1.5, len(VOCABULARY)), strict=True))
    for word in VOCABULARY:
        words |= {form: float(rng.normal(0, 1.0)) for form in forms.of(word)[:KNOWN_FORMS]}
    every = list(itertools.combinations(VOCABULARY, 2))
    chosen = rng.choice(len(every), interactions, replace=False)
    return words, {every[place]: float(rng.normal(0, 2.0)) for place in chosen}


def _searched(planted: Planted, seed: int, search: str, ranking: str, queries: int) -> Iterator[tuple[Sites, Outcome]]:
    words, pairs = planted
    rng = np.random.default_rng(seed)
    rows = [{"text": " ".join(rng.choice(VOCABULARY, WORDS, replace=False)), "label": 0} for _ in range(ROWS)]
    plan = Plan(search=search, ranking=ranking, queries=queries, edit_share=EDITS / WORDS + 0.01, similarity=0.0)
    model, tokenizer = planted_classifier(words, pairs=pairs)
    with context_of(model, tokenizer, rows, checker="modelaudit/adversarial-search") as (ctx, _):
        yield from _outcomes(ctx, ctx.data.evaluation, plan)


def _outcomes(ctx: RunContext, rows: Sequence[Row], plan: Plan) -> list[tuple[Sites, Outcome]]:
    bare = [Row(row.id, row.text) for row in rows]
    subjects = subjects_of(bare, ctx.model.predict(bare), ctx.model.fingerprints(bare), ctx.model.labels)
    forms = Forms(CHARACTERS, plan.seed)
    cases = [(one, sites_of(one.row, forms, frozenset())) for one in subjects]
    found = ctx.map(lambda case: attacked(*case, CHARACTERS, ctx.model, plan), cases)
    return list(zip([sites for _, sites in cases], found, strict=True))


def _flip_exists(sites: Sites, outcome: Outcome, planted: Planted) -> bool:
    """Try every set of up to two edits, by the model's own sum in closed form."""
    weights, pairs = planted
    words = sites.row.text.split()
    own = _log_odds(words, weights, pairs) > 0
    options = [{form if form in weights else "" for form in site.forms} for site in sites.sites]
    places = [words.index(sites.row.text[site.start : site.end]) for site in sites.sites]
    for count in range(1, EDITS + 1):
        for chosen in itertools.combinations(range(len(places)), count):
            for forms in itertools.product(*(sorted(options[place]) for place in chosen)):
                edited = list(words)
                for place, form in zip(chosen, forms, strict=True):
                    edited[places[place]] = form
                if (_log_odds(edited, weights, pairs) > 0) != own:
                    return True
    return False


def _log_odds(words: Sequence[str], weights: Mapping[str, float], pairs: Mapping[tuple[str, str], float]) -> float:
    there = set(words)
    joint = sum(value for (one, other), value in pairs.items() if (one in there) != (other in there))
    return sum(weights.get(word, 0.0) for word in words) + joint


def _coverage(draws: int, rng: np.random.Generator) -> Iterator[Cell]:
    """A proportion of independent rows with the exact interval, which covers at its level or above, always."""
    for n, rate in ((200, 0.01), (200, 0.1), (200, 0.5), (1_000, 0.05), (1_000, 0.9)):
        intervals = [_measures(n, int(found)).accuracy_drop.interval() for found in rng.binomial(n, rate, draws)]
        held = float(np.mean([low <= rate <= high for low, high in intervals]))
        yield coverage_cell("accuracy lost to the attack", f"n {n}, loss {rate}", held, draws, conservative=True)


def _power(draws: int, rng: np.random.Generator) -> Iterator[Cell]:
    for n in (200, 1_000):
        effect = _measures(n, 0).smallest_drop
        found = rng.binomial(n, effect, draws)
        above = float(np.mean([_measures(n, int(each)).accuracy_drop.interval()[0] > 0.0 for each in found]))
        yield power_cell("accuracy lost to the attack", f"n {n}, at the printed {effect:.4f}", above, draws)


def _twins(rng: np.random.Generator) -> Iterator[Cell]:
    """Models whose true loss is the limit exactly, or nothing at all: neither exceeds it."""
    for rate in (LIMIT, 0.0):
        found = rng.binomial(200, rate, 200)
        alarms = sum(p_above(_measures(200, int(each)).accuracy_drop.bounds, LIMIT) < 0.05 for each in found)
        yield alarm_cell("accuracy lost to the attack", f"a true loss of {rate}, limit {LIMIT}, 200 rows", alarms, 200)


def _measures(rows: int, found: int) -> Measures:
    return Measures(rows=rows, attacked=rows, found_at=(1,) * found, queries=64, labelled=True)
