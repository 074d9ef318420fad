"""Membership inference: can someone who asks the model tell which records it was trained on?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.privacy.attack import Attack, threshold_size
from modelaudit.checkers.privacy.blind_guard import BlindGuard, blind_guard
from modelaudit.checkers.privacy.findings import (
    auc_finding,
    confounded_by,
    guard_finding,
    realised_finding,
    tpr_finding,
)
from modelaudit.checkers.privacy.folds import drawn, threshold_fold
from modelaudit.checkers.privacy.signals import signals
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

TASKS = ("text-classification", "token-classification")
FPR = 0.01
FEWEST = 20
"""Rows a side below which nothing is computed."""
FEW = 100
"""Rows a side below which the report says that they are few."""
EVERY = 10**9
SAME_RANKING = (
    "With one label a row the loss ranks rows as the log-odds do, so this AUC is the same number again and no second "
    "piece of evidence."
)


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The labelled rows of both sides, drawn by content."""

    members: list[Row]
    nonmembers: list[Row]

    @property
    def size(self) -> str:
        """How many rows each side has, in words."""
        return f"{len(self.members):,} training rows and {len(self.nonmembers):,} held-out rows"


class MembershipInference:
    """Loss and log-odds attacks on training rows against held-out rows, under a guard that never sees the model.

    Args:
        guard_margin: how far above .5 the lower 95% bound of the guard's AUC may lie before the attack's result is
            called confounded.
    """

    info = CheckerInfo(
        id="modelaudit/membership-inference",
        version="2",
        risk=Risk.PRIVACY,
        title="Membership inference",
        question="Can someone who asks the model tell which records it was trained on?",
        summary=(
            "The model is asked about rows it was trained on and rows it never saw. A score says how well it knows the "
            "true label of each; the more the scores of the two sides differ, the better a stranger can tell them "
            "apart. A second classifier that never sees the model guards against sides that differ by themselves."
        ),
        needs=("members", "membership_labels", "predict"),
        not_shown=(
            "The result is a lower bound on what an attacker could learn: stronger attacks, with reference models or "
            "more knowledge, may find more.",
            "It is not a guarantee of differential privacy, and finding no signal does not show that there is none.",
            "The interval covers the choice of rows, not what another training run would have given.",
            "It says nothing of what pre-training data could be told from the base model.",
        ),
        remedies=(
            "Train for fewer epochs or stop early on a validation set; add weight decay or dropout.",
            "Remove duplicate rows and rows that can be answered only by remembering a personal detail.",
            "Replace names, numbers and other personal details before training.",
            "Where a guarantee is needed, train with differential privacy and audit again.",
        ),
        references=(
            "Yeom et al. 2018, Privacy risk in machine learning (arXiv 1709.01604)",
            "Carlini et al. 2022, Membership inference attacks from first principles (arXiv 2112.03570)",
            "DeLong et al. 1988, Biometrics 44:837",
            "Das, Zhang and Tramer 2024, Blind baselines beat membership inference attacks (arXiv 2406.16201)",
        ),
    )

    def __init__(self, *, guard_margin: float = 0.02) -> None:
        self.guard_margin = guard_margin

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task not in TASKS:
            return f"the attack is defined for {' and '.join(TASKS)}, not for {subject.task}"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row of both sides."""
        size = _rows_a_side(Budget(subject.preset))
        tables = [table for table in (subject.members, subject.heldout or subject.evaluation) if table is not None]
        rows = [min(size, table.rows) for table in tables]
        tokens = sum(count * table.mean_tokens for count, table in zip(rows, tables, strict=True))
        return Cost(evaluations=sum(rows), tokens=round(tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Attack, guard, and yield the findings; NotAssessable below 20 labelled rows on either side."""
        sides = _sides(ctx)
        attacks = _attacks(ctx, sides)
        guard = blind_guard(sides.members, sides.nonmembers, n_labels=len(ctx.model.labels), seed=ctx.seed)
        confounded = confounded_by(guard, margin=self.guard_margin)
        caveats = _caveats(ctx, sides, guard)
        for place, attack in enumerate(attacks):
            same = (SAME_RANKING,) if place and ctx.subject.task == "text-classification" else ()
            yield auc_finding(
                attack, guard, ctx.rng, primary=place == 0, confounded=confounded, caveats=(*same, *caveats)
            )
        at_low_fpr = attacks[0].tpr(fpr=FPR)
        yield tpr_finding(attacks[0], at_low_fpr, confounded=confounded, caveats=caveats)
        yield realised_finding(attacks[0], at_low_fpr)
        yield guard_finding(guard, self.guard_margin)


def _rows_a_side(budget: Budget) -> int:
    return budget.pick(500, 2_000, EVERY)


def _sides(ctx: Context) -> Sides:
    size = _rows_a_side(ctx.budget)
    heldout = ctx.data.evaluation if ctx.data.heldout is None else ctx.data.heldout
    drawn_rows = []
    sides = (("training", ctx.data.members or (), ctx.subject.members), ("held-out", heldout, ctx.subject.heldout))
    for name, rows, table in sides:
        labelled = [row for row in rows if row.label is not None or row.tags is not None]
        if len(labelled) < len(rows):
            ctx.note(f"{len(rows) - len(labelled):,} {name} rows have no label and were left out.")
        if len(labelled) < FEWEST:
            aside = table.set_aside.items() if table else ()
            lost = "; ".join(f"{count:,} {reason}" for reason, count in aside if "left out" in reason)
            raise NotAssessable(
                f"there are {len(labelled)} labelled {name} rows and {FEWEST} are the least"
                + (f" (of the table as it came, {lost})" if lost else "")
                + f"; provide more {name} rows (some 2,000 a side let a small leak be seen)"
            )
        drawn_rows.append(drawn(labelled, size, seed=ctx.seed))
    return Sides(*drawn_rows)


def _attacks(ctx: Context, sides: Sides) -> list[Attack]:
    """Return the attacks, the primary one first; each on the records that have its score."""
    answers = signals(ctx.model, [*sides.members, *sides.nonmembers])
    cut = len(sides.members)
    fold = threshold_fold(sides.nonmembers, threshold_size(len(sides.nonmembers), fpr=FPR), seed=ctx.seed)

    def attack(name: str, scores: np.ndarray) -> Attack:
        found = Attack(name, scores[:cut], scores[cut:], fold).scored
        lost = len(scores) - len(found.members) - len(found.nonmembers)
        if lost:
            ctx.note(f"{name}: {lost:,} rows have no score (no entity, or no word within the model's length).")
        return found

    loss = attack("loss attack", answers.negative_loss)
    if answers.log_odds_all_words is None:
        return [_enough(attack("log-odds attack", answers.log_odds)), loss]
    every_word = attack("log-odds attack, all words", answers.log_odds_all_words)
    _enough(every_word)
    entities = attack("log-odds attack", answers.log_odds)
    if min(len(entities.members), len(entities.nonmembers)) >= FEWEST:
        ctx.note("The log-odds attack takes the mean over the words of gold entities, where memory of names shows.")
        return [_refolded(entities), loss, every_word]
    ctx.note(f"Fewer than {FEWEST} rows a side have an entity: the log-odds attack takes the mean over all words.")
    return [Attack("log-odds attack", every_word.members, every_word.nonmembers, every_word.sets_threshold), loss]


def _refolded(attack: Attack) -> Attack:
    # Rows without entities are gone: the threshold's fold is topped up, in order of content, to the size it needs.
    size = threshold_size(len(attack.nonmembers), fpr=FPR)
    order = np.argsort(~attack.sets_threshold, kind="stable")
    fold = np.zeros(len(attack.nonmembers), dtype=np.bool_)
    fold[order[:size]] = True
    return Attack(attack.name, attack.members, attack.nonmembers, fold)


def _enough(attack: Attack) -> Attack:
    fewest = min(len(attack.members), len(attack.nonmembers))
    if fewest < FEWEST:
        raise NotAssessable(f"{fewest} rows of one side have a score, and {FEWEST} are the least; provide more rows")
    return attack


def _caveats(ctx: Context, sides: Sides, guard: BlindGuard) -> tuple[str, ...]:
    caveats = []
    if min(len(sides.members), len(sides.nonmembers)) < FEW:
        caveats.append(f"There are only {sides.size}; {FEW} a side are the least for a result to rely on.")
    if guard.auc.value is None:
        caveats.append(f"The guard could not be run. {guard.auc.reason}")
    elif guard.auc.smallest_detectable is not None:
        caveats.append(
            "The guard sees words, lengths and labels. With these rows it could have shown an AUC of "
            f"{guard.auc.smallest_detectable:.3f}; a difference that it can't see may still help the attack."
        )
    documents = {row.group for row in (*sides.members, *sides.nonmembers) if row.group is not None}
    if documents:
        caveats.append(
            f"The rows come from {len(documents):,} documents or persons. The interval treats rows as independent; "
            "where rows of one are alike it is too narrow."
        )
    if ctx.subject.heldout_is_evaluation:
        caveats.append(
            "The evaluation rows stood in for held-out rows. If they were used to choose the model, the attack is "
            "underestimated."
        )
    return tuple(caveats)
