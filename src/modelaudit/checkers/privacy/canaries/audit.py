"""Canary audit: what does the model show of rows that a coin put into its training data?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.privacy.canaries.findings import (
    Stratum,
    bound_finding,
    claim_finding,
    exposure_finding,
    null_finding,
)
from modelaudit.checkers.privacy.canaries.manifest import Manifest, check_planted, load_manifest
from modelaudit.checkers.privacy.canaries.scores import Scores, canary_rows, canary_scores
from modelaudit.checkers.privacy.folds import digest
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.results import Finding
from modelaudit.rows import Row
from modelaudit.statistics import OneRunAudit, one_run_audit

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]

TASKS = ("text-classification", "token-classification", "text-generation")
FEWEST = 20
"""The least canaries of a stratum, in and out together, and half of that on either side for an exposure."""
SUSPICIOUS = 0.99
TOKENS = 16
HOW = (
    "plant canaries before training with `modelaudit canaries plant`, train on what it writes, and name the manifest "
    'in the option manifest of modelaudit/canary-audit ([checkers."modelaudit/canary-audit"] in modelaudit.toml)'
)


class CanaryAudit:
    """Exposure of planted canaries, and a lower bound on the epsilon of the training from one run.

    Args:
        manifest: path of the manifest that was written when the canaries were planted.
        claimed_epsilon: epsilon that the training is claimed to have at `delta`, or None.
        delta: of the (epsilon, delta) that is bounded; less than one over the number of training rows says something.

    Raises:
        ValueError: an option that is no use.
    """

    info = CheckerInfo(
        id="modelaudit/canary-audit",
        version="1",
        risk=Risk.PRIVACY,
        title="Canary audit",
        question="How much does the model give away of rows that were planted in its training data to find out?",
        summary=(
            "Before training, made-up rows (canaries) were put into the training data or left out, each by the toss of "
            "a fair coin. The model is asked about all of them: the better it tells those that went in, the more a "
            "single row shows. From the number of right guesses follows a lower bound on the epsilon of differential "
            "privacy that this training can have had, and a claimed epsilon below that bound is refuted."
        ),
        means=(
            "The training gives away more about single rows than was allowed or claimed, so the people in the data "
            "are protected less than was planned. Someone who can query the model may be able to tell that a person's "
            "record was used. How far this holds for real records depends on how much they are like the planted rows, "
            "and on how many rows a person has."
        ),
        not_shown=(
            "The bound holds for the training run if the coins were fair and independent and whoever trained never saw "
            "the manifest. Nothing here can check that.",
            "A low bound, or none, does not show that epsilon is small: the canaries may be of a kind that this model "
            "does not take up, and one run with so many canaries can show a few units of epsilon at most.",
            "Canaries are made-up rows. Rows of real persons may be remembered more, or less.",
            "The bound is on one row as the unit of privacy; a person with many rows is protected less.",
        ),
        remedies=(
            "Train with differential privacy (clipping by example, and noise), and audit that run with canaries again.",
            "Train for fewer epochs, stop early, or fine-tune with LoRA or the head alone, and audit again.",
            "Remove duplicates from the training data: exposure grows with the number of copies.",
        ),
        measures=("differential-privacy", "early-stopping", "low-rank-adaptation", "deduplication"),
        references=(
            "Steinke, Nasr and Jagielski 2023, Privacy auditing with one (1) training run (arXiv 2305.08846)",
            "Carlini et al. 2019, The secret sharer (arXiv 1802.08232)",
            "Dwork and Roth 2014, The algorithmic foundations of differential privacy",
        ),
    )

    def __init__(
        self, *, manifest: str | None = None, claimed_epsilon: float | None = None, delta: float = 1e-5
    ) -> None:
        if manifest is not None and (not isinstance(manifest, str | Path) or not str(manifest).strip()):
            raise ValueError(f"the option manifest is {manifest!r:.40}; give the path of a manifest")
        if claimed_epsilon is not None and not (_number(claimed_epsilon) and 0 <= claimed_epsilon < math.inf):
            raise ValueError(f"the option claimed_epsilon is {claimed_epsilon!r:.40}; give a number of at least 0")
        if not (_number(delta) and 0 <= delta < 1):
            raise ValueError(f"the option delta is {delta!r:.40}; give a number from 0 to below 1")
        self.manifest = manifest
        self.claimed_epsilon = claimed_epsilon
        self.delta = delta

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task not in TASKS:
            return f"there are canaries for {', '.join(TASKS)}, not for {subject.task}"
        return HOW if self.manifest is None else None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each canary, by the model and by the base model where there is one."""
        try:
            canaries = len(load_manifest(self.manifest).canaries) if self.manifest is not None else 0
        except DataInputError:
            # `run` says what is wrong with it.
            canaries = 0
        models = 1 + (subject.base_model is not None)
        return Cost(models * canaries, models * canaries * TOKENS)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Measure exposure by how often canaries were planted, then the bound from those that were planted once.

        Raises:
            NotAssessable: there is no manifest, or too few canaries could be asked about.
            DataInputError: the manifest can't be read, was changed, or does not fit the model or the training rows.
        """
        if self.manifest is None:
            raise NotAssessable(f"there is no manifest of planted canaries; {HOW}")
        manifest = load_manifest(self.manifest)
        rows = self._rows(ctx, manifest)
        scores = canary_scores(ctx, rows)
        known = np.isfinite(scores.beyond_base)
        if lost := int((~known).sum()):
            ctx.note(f"{lost:,} canaries are longer than the model reads and were left out, whether planted or not.")
        included = np.array([canary.included for canary in manifest.canaries])
        repeats = np.array([canary.repeats for canary in manifest.canaries])
        ties = _ties(rows, seed=ctx.seed)
        strata = _strata(scores.beyond_base, included, repeats, known)
        null, what = self._null(scores, included, known, rows, seed=ctx.seed)
        confounded = _confounded(null, what)
        for place, stratum in enumerate(strata):
            yield exposure_finding(stratum, score=scores.what, primary=place == 0, confounded=confounded, caveats=())
        once = known & (repeats == 1)
        if once.sum() >= FEWEST:
            audit = one_run_audit(scores.beyond_base[once], included[once], delta=self.delta, ties=ties[once])
            yield bound_finding(
                audit, planted=int(included[once].sum()), confounded=confounded, caveats=self._caveats(ctx, manifest)
            )
            if self.claimed_epsilon is not None:
                yield claim_finding(audit, self.claimed_epsilon, confounded=confounded)
        else:
            ctx.note(
                f"There is no bound on epsilon: {int(once.sum())} canaries were planted once, and {FEWEST} are the "
                "least. Canaries with several copies speak of several rows at once."
            )
        if null is not None:
            yield null_finding(null, what)

    def _rows(self, ctx: Context, manifest: Manifest) -> list[Row]:
        if manifest.task != ctx.subject.task:
            raise DataInputError(
                f"the manifest's canaries are for {manifest.task}, and the model does {ctx.subject.task}; give the "
                "manifest of the data that this model was trained on"
            )
        rows = canary_rows(manifest, ctx.model.labels)
        if ctx.data.members is None:
            ctx.note(
                "The training rows were not given (train_data), so it was not checked that the canaries stand in them."
            )
            return rows
        sampled = ctx.subject.members is not None and ctx.subject.members.sampled_from is not None
        check_planted(manifest, rows, ctx.data.members, sampled=sampled)
        if sampled:
            ctx.note("Of a sample of the training rows it can't be told whether every planted canary stands in them.")
        return rows

    def _null(
        self, scores: Scores, included: Flags, known: Flags, rows: Sequence[Row], *, seed: int
    ) -> tuple[OneRunAudit | None, str]:
        """The same audit where there is nothing to find: the base model, or halves of the canaries left out."""
        if scores.base is not None:
            ties = _ties(rows, seed=seed)
            return (
                one_run_audit(scores.base[known], included[known], delta=self.delta, ties=ties[known]),
                "the base model, which never saw the canaries",
            )
        left_out = known & ~included
        what = "canaries that were all left out, half of them called planted"
        if left_out.sum() < FEWEST:
            return None, what
        coins = np.array([digest(_content(row), seed=seed, purpose="null coin")[0] % 2 == 0 for row in rows])
        ties = _ties(rows, seed=seed)
        return one_run_audit(scores.values[left_out], coins[left_out], delta=self.delta, ties=ties[left_out]), what

    def _caveats(self, ctx: Context, manifest: Manifest) -> tuple[str, ...]:
        caveats = []
        if self.delta > 0 and self.delta * manifest.rows_after > 1:
            caveats.append(
                f"delta {self.delta:g} is more than one over the {manifest.rows_after:,} training rows, so a training "
                "that publishes single rows could have it; choose a smaller one."
            )
        if ctx.data.members is None:
            caveats.append("That the model was trained on the planted rows is taken from the manifest, not checked.")
        return tuple(caveats)


def _strata(values: Vector, included: Flags, repeats: NDArray[np.int64], known: Flags) -> list[Stratum]:
    """Return the canaries that could be asked about by how often they were planted; NotAssessable if too few."""
    excluded = values[known & ~included]
    strata = [
        Stratum(int(times), values[known & included & (repeats == times)], excluded)
        for times in np.unique(repeats[known])
    ]
    strata = [stratum for stratum in strata if len(stratum.included) >= FEWEST // 2]
    if not strata or len(excluded) < FEWEST // 2:
        lost = int((~known).sum())
        unread = f" ({lost:,} are longer than the model reads)" if lost else ""
        raise NotAssessable(
            f"{int((known & included).sum())} planted canaries and {len(excluded)} others could be asked about, "
            f"and {FEWEST // 2} on either side are the least{unread}; plant more (1,000 let a small leak be seen)"
        )
    return strata


def _confounded(null: OneRunAudit | None, what: str) -> str | None:
    if null is None or null.bound(SUSPICIOUS) == 0:
        return None
    return (
        f"the null check failed: on {what}, the audit gives a lower bound of {null.bound(SUSPICIOUS):.2f} at "
        f"{SUSPICIOUS:.0%} confidence, where there is nothing to find. Check that fair coins were tossed for the "
        "canaries, and that the base model was not trained on them"
    )


def _ties(rows: Sequence[Row], *, seed: int) -> Vector:
    """A number for each canary that hangs on its content and the seed alone."""
    return np.array(
        [int.from_bytes(digest(_content(row), seed=seed, purpose="tie")[:6], "big") for row in rows], dtype=np.float64
    )


def _content(row: Row) -> str:
    return f"{row.text}\x1f{row.answer or ''}"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
