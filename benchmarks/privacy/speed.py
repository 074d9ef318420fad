"""What the checker costs, held against passes of the same rows through the same models.

Weights are of no matter for time, so models are pretrained encoders with a head that is drawn by lot, and a GPT-2 of
six layers with all weights drawn. Every turn opens models anew, so that nothing is remembered from the turn before.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from study import Figure, at_most
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from modelaudit.checkers.privacy.membership.checker import MembershipInference
from privacy.asking import context_of
from privacy.bases import base_folder, opened
from privacy.tasks import Pool, TextRow, pool

LIMIT = 1.10
"""Of a pass of all rows through each model."""
HEADS_LIMIT = 2.0
"""Passes that so many reference heads may cost."""
HEADS = 64


@dataclass(frozen=True)
class Work:
    """Rows of one task with their models; `rows` on each side."""

    pool: Pool
    model: Path
    base: Path
    rows: int

    @property
    def sides(self) -> tuple[Sequence[TextRow], Sequence[TextRow]]:
        """Members and non-members."""
        return self.pool.rows[: self.rows], self.pool.rows[self.rows : 2 * self.rows]


@dataclass(frozen=True)
class Spent:
    """Seconds of the process on all its cores, and of the clock on the wall."""

    cpu: float
    wall: float


def work(folder: Path, data: Path, task: str, rows: int) -> Work:
    """Return the work of a task; its model is made in the folder where it is not."""
    asked = pool(task, data)
    base = base_folder(folder, asked, whole=True)
    if task == "text":
        base = _large_generator(folder, base)
    place = folder / "speed" / task
    if not place.exists():
        model, tokenizer = opened(base, asked, seed=0)
        tokenizer.save_pretrained(place)
        model.save_pretrained(place)
    return Work(asked, place, base, min(rows, len(asked.rows) // 2))


def tier_cost(work: Work, *, turns: int) -> list[Figure]:
    """Return the cost of the tier without training by that of the bare passes that it can't do without."""
    checker, language = MembershipInference(), work.pool.task == "text-generation"

    def bare(ctx: Any) -> None:
        rows = [*ctx.data.members, *ctx.data.heldout]
        for model in (ctx.model, ctx.base_model):
            if language:
                model.token_statistics(rows)
            elif model is ctx.model:
                model.predict(rows)
            else:
                model.embed(rows)

    def whole(ctx: Any) -> None:
        list(checker.run(ctx))

    passes, audits = _turns(work, (bare, whole), turns)
    ratios = [one.cpu / other.cpu for one, other in zip(audits, passes, strict=True)]
    walls = [one.wall / other.wall for one, other in zip(audits, passes, strict=True)]
    name = f"tier without training, {work.pool.name}, {work.rows:,} rows a side: by one pass through each of two models"
    return [
        at_most(name, statistics.median(ratios), LIMIT, unit="CPU seconds, median ratio"),
        Figure(f"{name}, wall time", statistics.median(walls), "median ratio"),
        Figure(f"the passes, {work.pool.name}", statistics.median(one.cpu for one in passes), "CPU seconds"),
    ]


def heads_cost(work: Work, *, turns: int) -> list[Figure]:
    """Return the cost of reference heads, the pass that makes their features among it, by that of such a pass."""

    def bare(ctx: Any) -> None:
        ctx.base_model.embed([*ctx.data.members, *ctx.data.heldout])

    def heads(ctx: Any) -> None:
        ctx.references(ctx.data.members, ctx.data.heldout, HEADS)

    passes, trained = _turns(work, (bare, heads), turns)
    ratios = [one.cpu / other.cpu for one, other in zip(trained, passes, strict=True)]
    walls = [one.wall / other.wall for one, other in zip(trained, passes, strict=True)]
    name = f"{HEADS} reference heads, {work.pool.name}, {2 * work.rows:,} rows, their own pass included"
    return [
        at_most(f"{name}: by one pass", statistics.median(ratios), HEADS_LIMIT, unit="CPU seconds, median ratio"),
        Figure(f"{name}: by one pass, wall time", statistics.median(walls), "median ratio"),
        Figure(f"{name}", statistics.median(one.cpu for one in trained), "CPU seconds"),
    ]


def _turns(work: Work, arms: Sequence[Callable[[Any], None]], turns: int) -> list[list[Spent]]:
    """Let each arm do the work in turn, so that a slow spell of the machine meets all."""
    spent: list[list[Spent]] = [[] for _ in arms]
    members, nonmembers = work.sides
    for turn in range(turns):
        for place in range(len(arms)) if turn % 2 == 0 else reversed(range(len(arms))):
            with context_of(work.model, work.base, members, nonmembers) as ctx:
                cpu, wall = time.process_time(), time.perf_counter()
                arms[place](ctx)
                spent[place].append(Spent(time.process_time() - cpu, time.perf_counter() - wall))
    return spent


def _large_generator(folder: Path, small: Path) -> Path:
    """Return a GPT-2 of six layers and 384 units with the small one's tokenizer, so that a pass is worth timing."""
    place = folder / "speed" / "generator"
    if not place.exists():
        tokenizer = AutoTokenizer.from_pretrained(small)
        config = GPT2Config.from_pretrained(small, n_embd=384, n_layer=6, n_head=6)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = GPT2LMHeadModel(config)
        tokenizer.save_pretrained(place)
        model.save_pretrained(place)
    return place
