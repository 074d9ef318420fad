"""Duplicates: do rows repeat one another within a table, and between training and evaluation?"""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.audit_report import SubjectInfo, TableInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.data.drawing import medium_of
from modelaudit.checkers.data.duplicates.accuracy import TASKS, leaked_accuracy
from modelaudit.checkers.data.duplicates.findings import accuracy, conflicts, contexts, leakage, repeats
from modelaudit.checkers.data.duplicates.twins import EVALUATION, HELDOUT, TRAINING, Twins, twins_of
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

EVERY = 10**9


class Duplicates:
    """Equal and nearly equal rows within and between the tables, and labels that contradict one another there."""

    info = CheckerInfo(
        id="modelaudit/duplicates",
        version="1",
        risk=Risk.DATA,
        title="Duplicates",
        question="Is the model judged on rows that it was trained on, or on the same row many times?",
        summary=(
            "Rows are equal where they differ in case, white space and unseen characters alone, and nearly equal where "
            "four fifths of their short pieces of text are the same. Pictures and sounds are nearly equal where they "
            "look or sound alike in outline and in detail and have no different labels. Counted are evaluation rows "
            "with such a twin among the training rows, repeats within each table, and equal rows with different labels."
        ),
        metrics=("leaked_rows", "conflicting_rows", "repeated_rows", "shared_contexts", "leaked_accuracy_difference"),
        needs=(),
        means=(
            "The evaluation may show the model better than it is, since rows that it has seen are counted, or single "
            "texts are counted many times. People who rely on that figure may put the model to a use for which it is "
            "not good enough, and those it is used on then meet errors that nobody expected. It depends on how large "
            "the share is, and on how much better the model is on these rows."
        ),
        not_shown=(
            "Paraphrases and translations of a training row are not found.",
            "Pictures that were cropped or mirrored, and sounds that were cut, are not found.",
            "Takes of one scene by one camera, or of one machine's hum, can count as nearly equal. That they are no "
            "copies shows only where their labels differ.",
            "Nothing is shown about rows that the model was trained on and that were not handed in.",
            "Which of two labels of one text is right is not told.",
        ),
        remedies=(
            "Take the rows with a twin in training out of the evaluation rows, or report them apart.",
            "Split by document or source, so that versions of one text stay on one side.",
            "Have the equal rows with different labels labelled anew, and write down the rule that decides.",
            "Keep one row of each group of repeats, unless repeats are what the model will meet.",
        ),
        measures=("deduplication",),
        references=(
            "Lee et al. 2022, Deduplicating training data makes language models better (arXiv 2107.06499)",
            "Broder 1997, On the resemblance and containment of documents (MinHash)",
            "Barz and Denzler 2020, Do we train on test data? (arXiv 1902.00423)",
            "Zauner 2010, Implementation and benchmarking of perceptual image hash functions",
        ),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return None: any rows can repeat one another."""
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the rows whose answers are compared: none without training rows and labels."""
        if subject.members is None or not subject.evaluation.labelled or subject.task not in TASKS:
            return Cost(0, 0)
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Compare all rows with one another; NotAssessable where no evaluation row has a visible character."""
        tables = [(EVALUATION, ctx.data.evaluation)]
        if ctx.data.members:
            tables.append((TRAINING, ctx.data.members))
        if ctx.data.heldout and not ctx.subject.heldout_is_evaluation:
            tables.append((HELDOUT, ctx.data.heldout))
        twins = twins_of(tables)
        if not twins.splits[0].rows:
            raise NotAssessable("no evaluation row has a visible character; provide rows with text")
        _say(ctx, twins)
        training = twins.place(TRAINING)
        seen = [_seen(ctx.subject.evaluation), *([] if training is None else [_seen(ctx.subject.members)])]
        yield leakage(twins, training, seen=seen[-1])
        if training is not None and (finding := contexts(twins, training, seen=seen[-1])) is not None:
            yield finding
        judged = [0, *([] if training is None or not twins.splits[training].rows else [training])]
        for of in judged:
            if (finding := conflicts(twins, of, task=ctx.subject.task, seen=seen[of])) is not None:
                yield finding
        for of in judged:
            yield repeats(twins, of, seen=seen[of])
        if training is not None and twins.splits[0].labelled.any():
            found = leaked_accuracy(ctx, twins, training=training, most=_most_rows(ctx.budget))
            yield accuracy(found, medium_of(twins.splits[0].rows))


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, EVERY)


def _seen(table: TableInfo | None) -> float:
    """Return which part of a table was read, 0 to 1."""
    return 1.0 if table is None or table.sampled_from is None else table.rows / table.sampled_from


def _say(ctx: Context, twins: Twins) -> None:
    for split in twins.splits:
        if split.empty:
            ctx.note(f"{split.empty:,} {split.name} have no visible character and were left out.")
    if twins.place(TRAINING) is None:
        ctx.note("There are no training rows, so only repeats within the evaluation rows were looked for.")
    if ctx.data.overlap and twins.place(HELDOUT) is not None:
        ctx.note(
            f"{ctx.data.overlap:,} held-out rows that equal a training row had been removed before; they are not in "
            "the counts of the held-out rows."
        )
