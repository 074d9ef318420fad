"""The context in which an audit would run a check, for a bench that runs the check alone and counts what it asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.audit_cost import Asked, listening

from modelaudit import Audit
from modelaudit.checker import Budget
from modelaudit.plugins import Plugins
from modelaudit.runner import Randomisation, RunContext, Silent, checker_rng
from modelaudit.subject.references import ReferenceShelf


@contextmanager
def context_of(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Any],
    *,
    checker: str,
    preset: str = "standard",
    seed: int = 0,
    device: str = "cpu",
) -> Iterator[tuple[RunContext, Asked]]:
    """Yield the context, in which nothing was asked yet, and the list that gets what its engine is asked."""
    audit = Audit(
        model,
        list(rows),
        tokenizer=tokenizer,
        preset=preset,
        seed=seed,
        device=device,
        plugins=Plugins(installed=False),
    )
    subject = audit.subject
    asked: Asked = []
    for each in subject.engines:
        each.ask = listening(each, asked)
    try:
        yield (
            RunContext(
                data=subject.data,
                model=subject.model,
                base_model=subject.base_model,
                subject=subject.info,
                budget=Budget(preset),
                rng=checker_rng(seed, checker),
                seed=seed,
                engine=subject.model.engine,
                random=Randomisation(subject, seed=seed, listener=Silent()),
                shelf=ReferenceShelf(subject, seed=seed),
            ),
            asked,
        )
    finally:
        for each in subject.engines:
            each.close()
