"""What the perturbation check costs beside the model: limit A of the distinct inputs that it asked for, by its time.

The check runs as in an audit of the standard preset: rows are changed and tokenised, the model is asked, answers are
compared and intervals made, at the severity that decides and at the others. Every turn opens the model anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.audit_cost import distinct_questions
from engine.classifier import TRAINING, Classifier, fine_tuned_folder, real, tiny
from engine.clock import Clock
from engine.limits import Prepared, PreparedTokens, fastest_shape
from engine.turns import ratio_of
from real_run import prepared, sst2, wikiann
from transformers import AutoModelForTokenClassification, AutoTokenizer

from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.arms import main_arms
from modelaudit.checkers.robustness.perturbation.trials import Sample, trials
from modelaudit.text import bundled_perturbations
from robustness.asking import context_of

CHECKER = Perturbation.info.id
ROWS = 872
TWELVE = 12
LOOKED_AT = 100
SLOTS = {"cpu": 512, "cuda": 16_384}
"""Token slots of the engine's full batch."""
SEED = 0

Rows = list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A model with rows to change. `kind` lays them out for limit A."""

    task: str
    classifier: Classifier
    rows: Rows
    source: str
    kind: type[Prepared] = Prepared


def text_case(models: Path | None, data: Path | None, *, rows: int = ROWS, device: str = "cpu") -> Case | str:
    """Return the SST-2 classifier with its development rows, or why there is none."""
    if data is None:
        return "MODELAUDIT_DATA does not name the folder with the data"
    folder = fine_tuned_folder(models)
    if folder is None:
        return "there is no fine-tuned model; name its folder with --models"
    return Case("text-classification", real(device, folder), sst2(data).heldout[:rows], "SST-2")


def token_case(models: Path | None, data: Path | None, *, rows: int = ROWS, device: str = "cpu") -> Case | str:
    """Return a tagger fine-tuned on WikiANN English with rows it has not seen, or why there is none."""
    if data is None or models is None:
        return "MODELAUDIT_DATA does not name the folder with the data, or --models none for the tagger"
    case = wikiann(data)
    folder = models / "wikiann"
    prepared(case, folder, **TRAINING)
    model = AutoModelForTokenClassification.from_pretrained(folder).float().eval().to(device)
    name = "all-MiniLM-L6-v2 fine-tuned on WikiANN English"
    tagger = Classifier(model, AutoTokenizer.from_pretrained(folder), device, name, (), folder)
    return Case("token-classification", tagger, case.heldout[:rows], case.source, PreparedTokens)


def tiny_case(*, rows: int = 40) -> Case:
    """Return a tiny random model with rows of its own words, for tries."""
    classifier = tiny("cpu")
    words = classifier.words
    texts = [" ".join(words[(7 * i + 3 * j) % len(words)] for j in range(8)) for i in range(rows)]
    return Case("text-classification", classifier, [{"text": t, "label": i % 2} for i, t in enumerate(texts)], "tiny")


def measure(case: Case, *, turns: int = 3, clock: Clock | None = None) -> dict[str, Any]:
    """Return what twelve perturbations and what all cost beside limit A, ready for JSON."""
    clock = clock or Clock()
    with clock.running():
        chosen = twelve(case)
        # All of them take so long that they have one turn.
        measured = {
            f"{len(chosen)} perturbations": _suite(case, chosen, turns, clock),
            "all perturbations": _suite(case, None, 1, clock),
        }
    return {
        "model": case.classifier.name,
        "source": case.source,
        "rows": len(case.rows),
        "clock": clock.mode,
        "twelve": [each.name for each in chosen],
        "suites": measured,
    }


def twelve(case: Case) -> list[Any]:
    """Return the twelve that give the model another input for the most of the first rows."""
    reach: list[tuple[int, Any]] = []
    with _opened(case) as (ctx, _):
        some = ctx.data.evaluation[:LOOKED_AT]
        sample = Sample.of(some, ctx.model.labels)
        before = ctx.model.fingerprints(some)
        for arm in main_arms(bundled_perturbations(), case.task):
            changed = trials(arm, sample, seed=SEED).changed
            after = ctx.model.fingerprints([each.edited for each in changed])
            reached = sum(before[each.place] != now for each, now in zip(changed, after, strict=True))
            reach.append((reached, arm.perturbation))
    reach.sort(key=lambda pair: -pair[0])
    return [perturbation for reached, perturbation in reach[:TWELVE] if reached]


def _suite(case: Case, chosen: Sequence[Any] | None, turns: int, clock: Clock) -> dict[str, Any]:
    shares, walls, seconds, limits = [], [], [], []
    shape = None
    for _ in range(turns):
        checker = Perturbation(perturbations=chosen)
        with _opened(case) as (ctx, asked):
            findings, spent = clock.time(lambda checker=checker, ctx=ctx: list(checker.run(ctx)))
            if not findings:
                raise RuntimeError("the check found nothing to say, so its time says nothing")
        inputs = distinct_questions(asked)
        shape = shape or fastest_shape(case.classifier, inputs, SLOTS[case.classifier.device], clock, kind=case.kind)
        _, least = clock.time(case.kind(case.classifier, inputs, shape).run)
        shares.append(clock.seconds(least) / clock.seconds(spent))
        walls.append(least.wall / spent.wall)
        seconds.append(clock.seconds(spent))
        limits.append(clock.seconds(least))
    share, wall = ratio_of(shares), ratio_of(walls)
    return {
        "turns": turns,
        "share of limit A": {"value": share.value, "low": share.low, "high": share.high},
        "the same in wall time": {"value": wall.value, "low": wall.low, "high": wall.high},
        "seconds": seconds,
        "seconds of limit A": limits,
        "limit": str(shape),
        "perturbations": len(main_arms(bundled_perturbations() if chosen is None else chosen, case.task)),
        "rows asked for": sum(len(one) for _, one in asked),
        "distinct inputs": len(inputs),
        "tokens": sum(map(len, inputs)),
    }


def _opened(case: Case) -> Any:
    of = case.classifier
    return context_of(of.model, of.tokenizer, case.rows, checker=CHECKER, seed=SEED, device=of.device)
