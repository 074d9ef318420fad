"""What an explanation costs: against shap as its documentation has it, against shap at its best, and how near it comes.

    MODELAUDIT_DATA=… OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 python benchmarks/bench_opacity.py --models FOLDER

Rows are those of SST-2 that the model never saw. Arms take turns, portion by portion, and each figure is the median of
the ratios with its 95% interval, in CPU seconds at one thread. All arms are given the same number of evaluations a row:
500, shap's own default. An arm that explains another class than the model predicts would be void; none can.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shap
from engine.classifier import Classifier, fine_tuned_folder, real
from engine.clock import Clock
from engine.ours import Ours
from engine.turns import ratio_of
from real_run import sst2
from study import RESULTS, Figure, write_study
from transformers import pipeline
from transformers.utils import logging

from modelaudit.checkers.opacity.players import units_of
from modelaudit.checkers.opacity.shapley_values import all_coalitions, permutation_pairs
from modelaudit.checkers.opacity.solving import Effort, Game, ask, solve
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.rows import Row

EVALUATIONS = 500
BATCHES = (16, 64, 128)
EXACT_WORDS = 10


@dataclass(frozen=True)
class Arm:
    """One way of explaining texts, and the seconds for a text in each turn."""

    name: str
    run: Callable[[Sequence[str]], Any]
    seconds: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder of the fine-tuned model")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--rows", type=int, default=4, help="rows a turn for each arm")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    folder, data = fine_tuned_folder(arguments.models), os.environ.get("MODELAUDIT_DATA")
    if folder is None or not data:
        sys.exit("give the folder of the fine-tuned model with --models, and that of the data in MODELAUDIT_DATA")
    classifier, clock = real("cpu", folder), Clock(1)
    texts = [row["text"] for row in sst2(Path(data)).heldout]
    long = [" ".join(texts[start : start + 8]) for start in range(0, 400, 8)]
    figures = [Figure("model", classifier.name, ""), Figure("evaluations a row", EVALUATIONS, "coalitions")]
    with clock.running():
        ours = Ours(classifier)
        short = [text for text in texts if 10 <= len(text.split()) <= 40]
        figures += speed("rows of SST-2", classifier, ours, clock, short, arguments)
        cut = [_tokens(classifier, text, 126) for text in long]
        figures += speed("rows of 128 tokens", classifier, ours, clock, cut, arguments)
        figures += host(classifier, ours, clock, cut)
        figures += growth(ours, clock, texts)
        figures += error(classifier, ours, texts)
    command = "OMP_NUM_THREADS=1 python benchmarks/bench_opacity.py --models FOLDER"
    options = f"--turns {arguments.turns} --rows {arguments.rows}"
    write_study("bench_opacity", figures, 0, f"{command} {options}", arguments.out)


def speed(
    head: str, classifier: Classifier, ours: Ours, clock: Clock, texts: Sequence[str], arguments: argparse.Namespace
) -> list[Figure]:
    """Compare the arms on texts, each turn on texts of its own."""
    piped = pipeline("text-classification", model=classifier.model, tokenizer=classifier.tokenizer, top_k=None)
    default = shap.Explainer(piped)
    batched = {size: shap.Explainer(_function(classifier), shap.maskers.Text(classifier.tokenizer)) for size in BATCHES}
    tried = {
        size: clock.seconds(clock.time(lambda e=explainer, s=size: e(list(texts[:2]), batch_size=s, silent=True))[1])
        for size, explainer in batched.items()
    }
    best = min(tried, key=lambda size: tried[size])
    arms = [
        Arm("shap.Explainer(pipeline)", lambda some: default(list(some), silent=True), []),
        Arm(
            f"shap, batched function, batch size {best}",
            lambda some: batched[best](list(some), batch_size=best, silent=True),
            [],
        ),
        Arm("ours", lambda some: _ours(ours, some), []),
    ]
    draw = np.random.default_rng(0)
    for turn in range(arguments.turns):
        some = texts[2 + turn * arguments.rows :][: arguments.rows]
        for place in draw.permutation(len(arms)):
            ours.forget()
            arms[place].seconds.append(clock.seconds(clock.time(lambda a=arms[place], s=some: a.run(s))[1]) / len(some))
    alone, tuned, own = arms
    return [
        _ratio(alone, own).figure(f"{head}: ours / {alone.name}", least=6.0, unit="times as fast"),
        _ratio(tuned, own).figure(f"{head}: ours / {tuned.name}", least=2.0, unit="times as fast"),
        *(Figure(f"{head}: {arm.name}", float(np.median(arm.seconds)), "CPU seconds a row") for arm in arms),
        Figure(f"{head}: words a row", float(np.median([len(text.split()) for text in texts])), "words"),
    ]


def host(classifier: Classifier, ours: Ours, clock: Clock, texts: Sequence[str]) -> list[Figure]:
    """Return what an explanation costs beside the model: the same again, with every answer known."""
    some = texts[:20]
    _ours(ours, some)
    before = ours.engine.stats.computed
    seconds = [clock.seconds(clock.time(lambda: _ours(ours, some))[1]) / len(some) for _ in range(5)]
    if ours.engine.stats.computed != before:
        raise RuntimeError("an answer was not known, so this is no host cost")
    return [
        Figure(
            "host cost a row of 128 tokens: everything but the model, with each answer from the memo",
            1000.0 * float(np.median(seconds)),
            "milliseconds (CPU)",
            "<= 3",
            bool(1000.0 * np.median(seconds) <= 3.0),
        )
    ]


def growth(ours: Ours, clock: Clock, texts: Sequence[str]) -> list[Figure]:
    """Return how the cost grows with the words of a row, and with rows."""
    figures = []
    for words in (8, 16, 32, 64):
        some = [
            " ".join((text + " " + more).split()[:words])
            for text, more in zip(texts[:400], texts[400:800], strict=True)
        ]
        some = [text for text in some if len(text.split()) == words][:6]
        ours.forget()
        seconds = clock.seconds(clock.time(lambda s=some: _ours(ours, s, pairs=8))[1]) / len(some)
        figures.append(Figure(f"growth: {words} words, 8 permutation pairs", seconds, "CPU seconds a row"))
    for rows in (4, 16, 64):
        ours.forget()
        seconds = clock.seconds(clock.time(lambda n=rows: _ours(ours, texts[:n], pairs=4))[1])
        figures.append(Figure(f"growth: {rows} rows, 4 permutation pairs", seconds / rows, "CPU seconds a row"))
    return figures


def error(classifier: Classifier, ours: Ours, texts: Sequence[str]) -> list[Figure]:
    """Return how far estimates are from exact values on rows whose words are one token each, so that games agree."""
    short = [text for text in texts if 7 <= len(text.split()) <= EXACT_WORDS and _plain(classifier, text)][:16]
    games = _games(ours, short)
    whole = [all_coalitions(len(game.units)) for game in games]
    exact = [
        each.solve(game.target.value(answer)).values
        for game, each, answer in zip(games, whole, ask(ours.model, games, [each.keep for each in whole]), strict=True)
    ]
    explainer = shap.Explainer(_function(classifier), shap.maskers.Text(classifier.tokenizer))
    evaluations = 100
    theirs, own = [], []
    for game, truth, text in zip(games, exact, short, strict=True):
        n = len(game.units)
        values = explainer([text], max_evals=evaluations, batch_size=64, silent=True).values[0][
            1:-1, game.target.classes[0]
        ]
        theirs.append(_error(values, truth))
        pairs = max(2, round(evaluations / (2 * n)))
        draws = [permutation_pairs(n, pairs, rng=np.random.default_rng(seed)) for seed in range(20)]
        answers = ask(ours.model, [game] * len(draws), [each.keep for each in draws])
        own.append(
            float(
                np.mean(
                    [
                        _error(each.solve(game.target.value(answer)).values, truth)
                        for each, answer in zip(draws, answers, strict=True)
                    ]
                )
            )
        )
    ratio = float(np.median(own)) / float(np.median(theirs))
    return [
        Figure(
            f"error at {evaluations} evaluations, {len(games)} rows of 7 to 10 words: shap's default",
            float(np.median(theirs)),
            "L1 by exact L1",
        ),
        Figure(
            f"error at {evaluations} evaluations, {len(games)} rows of 7 to 10 words: ours",
            float(np.median(own)),
            "L1 by exact L1",
        ),
        Figure("error of ours by that of shap's default", ratio, "ratio", "<= 0.5", ratio <= 0.5),
    ]


def _ours(ours: Ours, texts: Sequence[str], *, pairs: int | None = None) -> Any:
    games = _games(ours, texts)
    found = []
    # As many permutation pairs as come nearest to the same number of evaluations, row by row in one call each.
    by_pairs: dict[int, list[Game]] = {}
    for game in games:
        by_pairs.setdefault(pairs or max(2, round(EVALUATIONS / (2 * len(game.units)))), []).append(game)
    for count, some in by_pairs.items():
        effort = Effort(exact_players=1, pairs=count, most_pairs=count, settled=1.0, random_orders=1)
        found += solve(ours.model, some, effort, seed=0)
    return found


def _games(ours: Ours, texts: Sequence[str]) -> list[Game]:
    rows = [Row(str(place), text) for place, text in enumerate(texts)]
    targets = targets_of(ours.model.predict(rows), ours.model.labels, "text-classification")
    return [
        Game(row, units_of(words, most=10_000), found[0])
        for row, words, found in zip(rows, ours.model.players(rows), targets, strict=True)
        if len(words) > 1
    ]


def _function(classifier: Classifier) -> Callable[[Sequence[str]], Any]:
    """Return a function from strings to log-odds that asks the model for all of them at once."""
    import torch

    def ask_all(texts: Sequence[str]) -> Any:
        with torch.inference_mode():
            batch = classifier.tokenizer(
                [str(text) for text in texts], padding=True, truncation=True, return_tensors="pt"
            )
            logits = classifier.model(**batch).logits.double()
        gap = (logits[:, 1] - logits[:, 0]).numpy()
        return np.stack([-gap, gap], axis=1)

    return ask_all


def _tokens(classifier: Classifier, text: str, count: int) -> str:
    ids = classifier.tokenizer(text, add_special_tokens=False)["input_ids"][:count]
    return str(classifier.tokenizer.decode(ids))


def _plain(classifier: Classifier, text: str) -> bool:
    """Tell whether every word of a text is one token."""
    return len(classifier.tokenizer(text, add_special_tokens=False)["input_ids"]) == len(text.split())


def _error(values: Any, truth: Any) -> float:
    return float(np.abs(np.asarray(values) - truth).sum() / np.abs(truth).sum())


def _ratio(slow: Arm, fast: Arm) -> Any:
    return ratio_of([a / b for a, b in zip(slow.seconds, fast.seconds, strict=True)])


if __name__ == "__main__":
    main()
