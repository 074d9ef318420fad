"""What an explanation costs beside the model, and how its cost grows with words and with rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from engine.limits import without_model
from study import Figure, at_most

from opacity.explaining import Explaining, nearest
from opacity.shap_arms import BUDGET
from opacity.speed import Bench
from opacity.texts import Texts, longest, vocabulary_rows

REPETITIONS = 15
WORDS = (8, 16, 32, 64)


def host(bench: Bench, *, rows: int) -> list[Figure]:
    """Return what an explanation of long rows costs beside the model, which answers zeros at once."""
    stub, clock = Explaining(without_model(bench.classifier)), bench.clock
    texts = vocabulary_rows(bench.classifier, rows)
    fresh, known = [], []
    with clock.running():
        for _ in range(REPETITIONS + 1):
            stub.ours.forget()
            stub.evaluations = 0
            fresh.append(clock.seconds(clock.time(lambda: stub.explain(texts, nearest(BUDGET)))[1]))
            evaluations = stub.evaluations / rows
            computed = stub.ours.engine.stats.computed
            known.append(clock.seconds(clock.time(lambda: stub.explain(texts, nearest(BUDGET)))[1]))
            if stub.ours.engine.stats.computed != computed:
                raise RuntimeError("an answer was not known, so this is no host cost")
    head = f"host cost of a row of {longest(bench.classifier)} tokens, {evaluations:.0f} evaluations"
    unit, name = f"milliseconds ({clock.mode})", f"{head}, each answer known"
    # The first time pays for what is made once.
    value = 1000.0 * statistics.median(known[1:]) / rows
    limit = bench.targets.host
    return [
        Figure(name, value, unit) if limit is None else at_most(name, value, limit, unit=unit),
        Figure(f"{name}, least of {REPETITIONS} times", 1000.0 * min(known) / rows, unit),
        Figure(
            f"{head}, with tokenising, packing and a model of zeros",
            1000.0 * statistics.median(fresh[1:]) / rows,
            unit,
        ),
    ]


def growth(bench: Bench, texts: Texts, *, words_rows: int, pairs: int, rows: Sequence[int]) -> list[Figure]:
    """Return the cost of a row by its words and by the number of rows."""
    figures = []
    for words in WORDS:
        if words + 2 > longest(bench.classifier):
            continue
        some = texts.of_words(words, words_rows)
        figures.append(
            Figure(
                f"growth: {words} words, {pairs} permutation pairs",
                _seconds(bench, some, pairs),
                f"{bench.clock.mode} a row",
            )
        )
    for number in rows:
        name = f"growth: {number} usual rows at once, 2 permutation pairs"
        figures.append(Figure(name, _seconds(bench, texts.usual[:number], 2), f"{bench.clock.mode} a row"))
    return figures


def _seconds(bench: Bench, texts: Sequence[str], pairs: int) -> float:
    bench.ours.ours.forget()
    with bench.clock.running():
        spent = bench.clock.time(lambda: bench.ours.explain(texts, lambda _: pairs))[1]
    return bench.clock.seconds(spent) / len(texts)
