"""Membership inference: can a stranger tell the rows that the model was trained on?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.privacy.blind_guard import BlindGuard, blind_guard
from modelaudit.checkers.privacy.membership import guards
from modelaudit.checkers.privacy.membership.asked import CLASS_TASKS, MASKED_TASK, TASKS, WORD_TASK
from modelaudit.checkers.privacy.membership.at_risk import at_risk
from modelaudit.checkers.privacy.membership.findings import (
    RATES,
    auc_finding,
    beyond_base_finding,
    largest_auc_finding,
    largest_tpr_finding,
    realised_finding,
    suite_p_finding,
    tail_gap_finding,
    tpr_finding,
)
from modelaudit.checkers.privacy.membership.guards import Guard, guards_table
from modelaudit.checkers.privacy.membership.sides import FEW, Sides, choose_sides
from modelaudit.checkers.privacy.membership.signals import LOSS
from modelaudit.checkers.privacy.membership.slices import slice_tables, unit_finding
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.membership.tiers import TIERS, Made, Tier, make_suite
from modelaudit.results import Finding
from modelaudit.statistics import Estimate, detectable_auc, tpr_at_fpr

BETA = 0.05
"""Share of training rows that the threshold of the tail leaves above it."""
KNOWN = {
    "text": "words, lengths and labels",
    "picture": "size, colours, sharpness, file format and labels",
    "sound": "length, loudness, spectrum, file format, words of transcripts and labels",
}
"""What the guard sees of rows that are text, pictures or sounds."""
EVERY = 10**9


class MembershipInference:
    """A fixed suite of attacks on training rows against held-out rows, under guards that don't ask the model.

    Args:
        tier: what to spend. "no-training" asks the model, and the base model where there is one, once about each row.
            "reference-heads" trains reference heads on the states of the base model; "reference-lora" trains adapters.
        references: reference heads, an even number. lora_references: reference adapters, likewise.
        guard_margin: how far beyond .5 the 95% bound of a guard's AUC may lie before the attack's result is called
            confounded.

    Raises:
        ValueError: an unknown tier, or an odd number of reference models.
    """

    info = CheckerInfo(
        id="modelaudit/membership-inference",
        version="3",
        risk=Risk.PRIVACY,
        title="Membership inference",
        question="Can someone who asks the model tell which records it was trained on?",
        summary=(
            "The model is asked about rows it was trained on and rows it never saw. A fixed suite of attacks scores "
            "how well it knows each; the more the scores of the two sides differ, the better a stranger can tell them "
            "apart. All attacks are shown, and the largest is judged with an interval and a p-value that count them "
            "all. Guards look for anything but memory that could explain the numbers. The result is empirical leakage."
        ),
        needs=("members", "membership_labels"),
        means=(
            "Someone who can query the model may find out that a certain person's record was among the training data. "
            "Where being in that data says something by itself (patients, debtors, people who complained), this alone "
            "can expose a person or put them at a disadvantage. How much it matters depends on who can query the "
            "model, on what the data are about, and on how many rows stand out."
        ),
        not_shown=(
            "The result is empirical leakage under these attacks: a lower bound on what an attacker could learn, and "
            "no bound on the epsilon of differential privacy. Stronger attacks, or more knowledge, may find more.",
            "Finding no signal does not show that there is none, only that it is smaller than what could have been "
            "shown.",
            "The interval covers the choice of rows, not what another training run would have given.",
            "It says nothing of what pre-training data could be told from the base model.",
        ),
        remedies=(
            "Remove duplicate rows and rows that can be answered only by remembering a personal detail.",
            "Train for fewer epochs or stop early on a validation set; add weight decay or dropout.",
            "Fine-tune with LoRA or only the head instead of all weights, and audit again.",
            "Replace names, numbers and other personal details before training.",
            "Where a guarantee is needed, train with differential privacy and audit it with canaries.",
        ),
        measures=(
            "early-stopping",
            "deduplication",
            "low-rank-adaptation",
            "dropout",
            "label-smoothing",
            "de-identification",
            "differential-privacy",
        ),
        references=(
            "Yeom et al. 2018, Privacy risk in machine learning (arXiv 1709.01604)",
            "Carlini et al. 2022, Membership inference attacks from first principles (arXiv 2112.03570)",
            "Zarifzadeh, Liu and Shokri 2024, Low-cost high-power membership inference attacks (arXiv 2312.03262)",
            "Watson et al. 2022, On the importance of difficulty calibration (arXiv 2111.08440)",
            "Bertran et al. 2023, Scalable membership inference attacks via quantile regression (arXiv 2307.03694)",
            "Das, Zhang and Tramer 2024, Blind baselines beat membership inference attacks (arXiv 2406.16201)",
            "Hothorn, Bretz and Westfall 2008, Simultaneous inference in general parametric models",
            "Westfall and Young 1993, Resampling-based multiple testing",
            "Bates et al. 2023, Testing for outliers with conformal p-values",
        ),
    )

    def __init__(
        self,
        *,
        tier: Tier = "no-training",
        references: int = 64,
        lora_references: int = 4,
        guard_margin: float = 0.02,
    ) -> None:
        for count in (references, lora_references):
            if isinstance(count, bool) or not isinstance(count, int) or count < 2 or count % 2:
                raise ValueError(f"reference models are trained in pairs: give an even number, not {count!r:.40}")
        if tier not in TIERS:
            raise ValueError(f"the option tier is {tier!r:.40}; give one of {', '.join(TIERS)}")
        self.tier = tier
        self.references = references
        self.lora_references = lora_references
        self.guard_margin = guard_margin

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task not in TASKS:
            return f"the attacks are defined for {', '.join(TASKS)}, not for {subject.task}"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row by each model, and those that training adapters takes."""
        size = _rows_a_side(Budget(subject.preset))
        tables = [table for table in (subject.members, subject.heldout or subject.evaluation) if table is not None]
        rows = [min(size, table.rows) for table in tables]
        models = 1 + (subject.base_model is not None)
        if self.tier == "reference-lora":
            models += int(self.lora_references)
        # A masked model is asked for each token in a copy of the row of its own.
        copies = [table.mean_tokens if subject.task == MASKED_TASK else 1.0 for table in tables]
        evaluations = sum(count * copy for count, copy in zip(rows, copies, strict=True))
        tokens = sum(count * copy * table.mean_tokens for count, copy, table in zip(rows, copies, tables, strict=True))
        return Cost(evaluations=round(models * evaluations), tokens=round(models * tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Choose, ask, guard, compare, and yield the findings; NotAssessable below 2 rows on either side."""
        references = self.lora_references if self.tier == "reference-lora" else self.references
        sides = choose_sides(ctx, size=_rows_a_side(ctx.budget))
        made = make_suite(ctx, sides, tier=self.tier, references=references)
        blind = blind_guard(sides.members, sides.nonmembers, n_labels=len(ctx.model.labels), seed=ctx.seed)
        watch = self._guards(ctx, sides, made, blind)
        confounded = _confounded(watch, made.suite)
        yield from _findings(ctx, sides, made, blind, watch, confounded)

    def _guards(self, ctx: Context, sides: Sides, made: Made, blind: BlindGuard) -> list[Guard]:
        suite, margin = made.suite, self.guard_margin
        on_base = None
        if made.base is not None and made.base.usable:
            on_base = suite.auc(made.base)
        return [
            guards.blind(blind, margin=margin),
            guards.base(
                on_base, made.why_no_base or "it has no score for one side", margin=margin, by_states=made.by_states
            ),
            guards.duplicates(sides),
            guards.length(sides, margin=margin),
            guards.labels(sides, n_labels=len(ctx.model.labels)),
            guards.half_split(suite, sides, ctx.rng, seed=ctx.seed),
        ]


def _rows_a_side(budget: Budget) -> int:
    return budget.pick(500, 2_000, EVERY)


def _confounded(watch: Sequence[Guard], suite: Suite) -> str | None:
    """Say why no verdict can be given, by all guards that object and where rows are too few; else None."""
    reasons = [guard.tripped for guard in watch if guard.tripped is not None]
    if suite.few:
        members, nonmembers = (int(side.sum()) for side in suite.first.scored)
        reasons.append(
            f"there are only {members:,} training rows and {nonmembers:,} held-out rows with a score, and {FEW} a side "
            f"are the least for a verdict; an AUC of {detectable_auc(members, nonmembers):.3f} could have been shown. "
            "Provide more rows"
        )
    return "; ".join(reason.rstrip(".") for reason in reasons) or None


def _findings(
    ctx: Context, sides: Sides, made: Made, blind: BlindGuard, watch: Sequence[Guard], confounded: str | None
) -> Iterator[Finding]:
    suite = made.suite
    caveats = _caveats(ctx, sides, blind)
    p = suite.p(ctx.rng)
    tables = [guards_table(watch), *slice_tables(suite, sides, ctx.model.labels)]
    yield largest_auc_finding(
        suite, suite.largest_auc(ctx.rng), p, blind,
        size=sides.size, evidence=tables, confounded=confounded, caveats=caveats,
    )  # fmt: skip
    for place, (fpr, name, said) in enumerate(RATES):
        yield largest_tpr_finding(
            suite, fpr=fpr, id=name, said=said, primary=place == 0, confounded=confounded, caveats=caveats
        )
    by_unit = unit_finding(suite, fewest=FEW, confounded=confounded)
    if by_unit is not None:
        yield by_unit
    yield at_risk(suite.first, sides.members, units=suite.member_units, confounded=confounded)
    yield suite_p_finding(suite, p, confounded=confounded)
    yield auc_finding(suite, suite.first, confounded=confounded)
    fpr, name, said = RATES[0]
    yield tpr_finding(suite, fpr=fpr, id=name, said=said, confounded=confounded)
    yield realised_finding(suite, fpr=fpr, said=said)
    loss = next((attack for attack in suite.attacks if attack.name == LOSS and attack.name != suite.headline), None)
    if loss is not None:
        yield auc_finding(suite, loss, confounded=confounded)
    if made.base is not None and made.base.usable and not made.by_states:
        beyond = beyond_base_finding(made.plain, made.base, grouped=sides.grouped, confounded=confounded)
        if beyond is not None:
            yield beyond
    yield tail_gap_finding(_tail_gap(made), beta=BETA)
    for guard in watch:
        yield guard.finding()


def _tail_gap(made: Made) -> Estimate:
    """Return the share of held-out rows whose loss is above 1 - beta of a half of the training rows."""
    members, nonmembers = made.loss.values
    # Drawn rows stand in an order by content, so every other one is a half by content as well.
    fold = np.arange(len(members)) % 2 == 0
    return tpr_at_fpr(nonmembers, members[fold], members[~fold], fpr=BETA).tpr


def _caveats(ctx: Context, sides: Sides, blind: BlindGuard) -> tuple[str, ...]:
    caveats = ["On a natural split of one model this is empirical leakage, and never a bound on epsilon."]
    if blind.auc.value is not None and blind.auc.smallest_detectable is not None:
        caveats.append(
            f"The guard that never saw the model knows {KNOWN[sides.medium]}. With these rows it could have shown an "
            f"AUC of {blind.auc.smallest_detectable:.3f}; a difference that it can't see may still help the attack."
        )
    if sides.grouped:
        documents = {row.group for row in sides.rows if row.group is not None}
        caveats.append(
            f"The rows come from {len(documents):,} documents or persons, which the intervals take as the independent "
            "units; the false-alarm rates of thresholds are still those of rows."
        )
    if sides.spoken:
        caveats.append(
            f"In {sides.spoken:,} held-out sounds a sentence is said that is said in training, too. What the model "
            "remembers of its words lifts their scores as well, so the attack is underestimated."
        )
    if ctx.subject.heldout_is_evaluation:
        caveats.append(
            "The evaluation rows stood in for held-out rows. If they were used to choose the model, the attack is "
            "underestimated."
        )
    if ctx.subject.task not in (*CLASS_TASKS, WORD_TASK):
        caveats.append("Public rows may stand in the data that the base model was pre-trained on, on either side.")
    return tuple(caveats)
