"""Runs one checker on a planted model through the real subject and engine; shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import replace

from modelaudit.checker import Budget, Data
from modelaudit.results import Finding
from modelaudit.runner import Randomisation, RunContext, Silent, checker_rng
from modelaudit.statistics import p_above
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.references import ReferenceShelf
from modelaudit.subject.scorers import Scorers
from modelaudit.subject.subject import Subject, build_subject


def subject_of(planted, *, data, preset="standard", seed=0, **tables) -> Subject:
    model, tokenizer = planted
    return build_subject(
        OpenedModel(model=model, tokenizer=tokenizer, name="planted"),
        data=data,
        preset=preset,
        seed=seed,
        device="cpu",
        **tables,
    )


def context_of(subject: Subject, checker, *, seed=0, data: Data | None = None) -> RunContext:
    return RunContext(
        data=data or subject.data,
        model=subject.model,
        base_model=subject.base_model,
        subject=subject.info,
        budget=Budget(subject.info.preset),
        rng=checker_rng(seed, checker.info.id),
        seed=seed,
        engine=subject.engines[0],
        random=Randomisation(subject, seed=seed, listener=Silent()),
        shelf=ReferenceShelf(subject, seed=seed),
        scorers=Scorers(device="cpu"),
    )


def findings_of(checker, subject, *, seed=0, data: Data | None = None) -> dict[tuple[str, str | None], Finding]:
    """Return the findings by (metric, group)."""
    found = list(checker.run(context_of(subject, checker, seed=seed, data=data)))
    return {(finding.metric.id, finding.metric.group): finding for finding in found}


def backwards(data: Data) -> Data:
    """The same rows with the same ids, in the opposite order in memory."""
    return replace(
        data,
        evaluation=data.evaluation[::-1],
        members=None if data.members is None else data.members[::-1],
        heldout=None if data.heldout is None else data.heldout[::-1],
    )


def exceeds(finding: Finding, limit: float, *, p: float = 0.01) -> bool:
    """Whether a policy would see the metric above the limit, beyond doubt."""
    return bool(finding.metric.bounds) and p_above(finding.metric.grid, limit) < p
