"""Batch sizes for models of three sizes: the CPU defaults of `numerics.choose_batch_tokens` come from this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from study import Figure

from engine.classifier import Classifier, random_bert
from engine.clock import Clock
from engine.ours import Ours
from engine.turns import Arm, take_turns
from engine.work import Task, mixed_texts, texts_task
from modelaudit.inference.numerics import choose_batch_tokens

MODELS = {"6x384": (384, 6), "4x256": (256, 4), "2x128": (128, 2), "2x32": (32, 2)}
BUDGETS = (256, 512, 1024)


def figures(
    classifier: Classifier, clock: Clock, *, rows: int, models: Sequence[str], repetitions: int
) -> list[Figure]:
    """Return the tokens a second of random models by the token slots of a batch."""
    texts = mixed_texts(classifier, rows, seed=13)
    found = []
    for name in models:
        width, layers = MODELS[name]
        model = random_bert(width, layers, vocabulary=len(classifier.tokenizer)).to(classifier.device)
        other = replace(classifier, model=model, name=name, folder=None)
        found += _of_model(other, clock, texts_task(other, texts, seed=13), repetitions)
    return found


def _of_model(classifier: Classifier, clock: Clock, task: Task, repetitions: int) -> Sequence[Figure]:
    engines = {budget: Ours(classifier, batch_tokens=budget) for budget in BUDGETS}
    default = str(choose_batch_tokens(classifier.device))
    arms = [Arm(str(budget), ours.ids, ready=ours.forget) for budget, ours in engines.items()]
    take_turns(arms, [task] * repetitions, clock, check=lambda *_: None, seed=13)
    return [
        Figure(
            f"batch sizes: {classifier.name}, {arm.name} slots{' (default)' if arm.name == default else ''}",
            arm.tokens / arm.spent,
            f"tokens a second ({clock.mode})",
        )
        for arm in arms
    ]
