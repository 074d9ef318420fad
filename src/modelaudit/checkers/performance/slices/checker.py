"""Weak slices: is there a kind of row on which the model does worse?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Predictions, Risk, Row
from modelaudit.checkers.performance.slices.conditions import Flags, conditions, read_of
from modelaudit.checkers.performance.slices.confirming import on_the_other_half
from modelaudit.checkers.performance.slices.findings import finding
from modelaudit.checkers.performance.slices.search import FEWEST, searched
from modelaudit.checkers.writing import most_new_tokens, note_limits
from modelaudit.drawing import content, documents, drawn, medium_of
from modelaudit.errors import CapabilityError, NotAssessable
from modelaudit.results import Finding
from modelaudit.text import TEXT_AND_TOKENS, entity_spans
from modelaudit.text.answer_scores import exact_match
from modelaudit.text.tags import OUTSIDE

QUESTIONS = "question-answering"
TASKS = (*TEXT_AND_TOKENS, "image-classification", "audio-classification", QUESTIONS)
FEWEST_ROWS = 200
FEWEST_WRONG = 10


class WeakSlices:
    """Searches one half of the rows for subgroups with more errors, and tests them on the other half."""

    info = CheckerInfo(
        id="modelaudit/weak-slices",
        version="1",
        risk=Risk.PERFORMANCE,
        title="Weak slices",
        question="Is there a kind of row on which the model is wrong more often than on the others?",
        summary=(
            "Kinds of rows that a person can name (short or dark ones, those with a certain word, of one column's "
            "value, of one predicted class) are searched on one half of the rows for more errors than elsewhere. What "
            "is reported is what the other half shows, which had no part in the search."
        ),
        needs=("labels", "predict"),
        means=(
            "Rows of this kind get wrong answers more often than the average suggests. The people behind them may be "
            "a group of their own, such as those who write briefly or in another language, and the average hides how "
            "they fare. It depends on who they are, on how many they are, and on what a wrong answer brings about."
        ),
        not_shown=(
            "Kinds of rows that no condition of the search describes. Even the best searches miss many.",
            "Why the model does worse there: a condition may only go along with the cause.",
        ),
        remedies=(
            "Collect and label more rows of this kind, and train again.",
            "Until then, send rows of this kind to a person.",
        ),
        references=(
            "Sagadeeva and Boehm 2021, SliceLine: fast, linear-algebra-based slice finding",
            "Eyuboglu et al. 2022, Domino: discovering systematic errors (arXiv 2203.14960)",
            "Newcombe 1998, Statistics in Medicine 17:873",
        ),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task in TASKS:
            return None
        return f"it is defined for {', '.join(TASKS)}, where an answer is right or wrong, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row, and its states where the model has any."""
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        rows *= 2 if "embed" in subject.capabilities else 1
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Split, search, confirm; NotAssessable below 200 labelled rows, or 10 wrong answers among those searched."""
        labelled = [row for row in ctx.data.evaluation if _has_truth(row)]
        if missing := len(ctx.data.evaluation) - len(labelled):
            ctx.note(f"{missing:,} rows have no label and were left out.")
        rows = drawn(ctx, labelled, _most_rows(ctx.budget))
        if len(rows) < FEWEST_ROWS:
            raise NotAssessable(
                f"there are {len(rows)} labelled rows of different {medium_of(ctx.data.evaluation)}s and {FEWEST_ROWS} "
                "are the least, half of which are searched; provide more rows"
            )
        wrong, predicted = _answered(ctx, rows)
        search = np.array([_half(row, ctx.seed) for row in rows], dtype=np.bool_)
        if wrong[search].sum() < FEWEST_WRONG:
            raise NotAssessable(
                f"the model is wrong on {int(wrong[search].sum())} of the {int(search.sum()):,} rows that are "
                f"searched, and {FEWEST_WRONG} are the least that could lie together; provide more rows"
            )
        found = conditions(
            rows,
            search,
            predicted=predicted,
            pieces=_pieces(ctx, rows),
            states=_states(ctx, rows),
        )
        result = searched(found, wrong, search)
        if not result.slices:
            raise NotAssessable(
                f"none of the {len(found):,} conditions, alone or in pairs, holds {FEWEST} rows of either half with "
                "more errors than the others; provide more rows, or columns that describe them"
            )
        shown = on_the_other_half(result.slices, wrong, ~search, documents(rows))
        yield finding(shown, result.candidates, rows, wrong, search)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, 10**9)


def _has_truth(row: Row) -> bool:
    return row.label is not None or row.tags is not None or row.answers is not None


def _answered(ctx: Context, rows: Sequence[Row]) -> tuple[Flags, list[str] | None]:
    """Return which rows are answered wrongly, and the predicted class of each row where it has one.

    An answer to a question is right where it equals a right one (exact match); its class is whether there is any.
    """
    if ctx.subject.task == QUESTIONS:
        most = most_new_tokens(QUESTIONS)
        said = ctx.model.answers(rows, max_new_tokens=most)
        note_limits(ctx, rows, said, most=most)
        right = [exact_match(text, row.answers or ()) for text, row in zip(said.texts, rows, strict=True)]
        return ~np.array(right, dtype=np.bool_), ["answered" if text else "left open" for text in said.texts]
    answers = ctx.model.predict(rows)
    wrong = _wrong(rows, answers, ctx.model.labels)
    return wrong, [ctx.model.labels[each] for each in answers.labels] if answers.offsets is None else None


def _wrong(rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> Flags:
    """Return which rows are answered wrongly: another class, or not all entities and no others."""
    if answers.offsets is None:
        return np.asarray(answers.labels != np.array([row.label for row in rows]), dtype=np.bool_)
    names = [OUTSIDE if each < 0 else labels[each] for each in answers.labels]
    bounds = zip(rows, answers.offsets, answers.offsets[1:], strict=False)
    return np.array(
        [
            entity_spans(names[start:end]) != entity_spans([labels[tag] for tag in row.tags or ()])
            for row, start, end in bounds
        ],
        dtype=np.bool_,
    )


def _half(row: Row, seed: int) -> bool:
    """Whether a row is searched: seed and document decide, or its content where it has none."""
    keyed = f"{seed}\x1fslices\x1f{_unit(row)}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(keyed, digest_size=8).digest()[0] % 2 == 0


def _unit(row: Row) -> str:
    """Return what is independent of other rows: the row's document, the context of a question, or its content."""
    if row.group is not None:
        return f"group {row.group}"
    return f"text {content(row) if row.answers is None else row.text}"


def _pieces(ctx: Context, rows: Sequence[Row]) -> NDArray[np.int64] | None:
    return ctx.model.token_counts([read_of(row) for row in rows]) if "token_counts" in ctx.model.capabilities else None


def _states(ctx: Context, rows: Sequence[Row]) -> NDArray[np.float64] | None:
    if "embed" not in ctx.model.capabilities:
        return None
    try:
        return ctx.model.embed(rows)
    except CapabilityError:
        # A model of another make may have no states that can be asked for; there are no topics then.
        return None
