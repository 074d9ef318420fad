"""Scores of answers in words: of questions to a context, of texts to write, of short answers to a prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers
from modelaudit.checkers.performance.scores import Floats, Score, mean_score
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.evidence import Cell, Evidence, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clustered_proportion, mean_difference
from modelaudit.text.answer_scores import chrf, chrf_counts, corpus_chrf, exact_match, rouge_l, same_answer, token_f1

LEAST = 2
"""Questions of a kind below which it has no score of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerScores:
    """Scores between 0 and 1 of each answer, `values` (rows,); `scored` gives that of another answer to a row."""

    rows: Sequence[Row]
    values: Floats
    scored: Callable[[str, Row], float]
    headline: Score
    others: tuple[Score, ...]
    evidence: tuple[Evidence, ...]

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return the mean score of a baseline's answers, texts."""
        return float(self._theirs(answers).mean())

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return the mean score less the baseline's, paired by row."""
        units = documents(self.rows)
        gains = self.values - self._theirs(answers)
        return mean_difference(gains, clusters=units, reach=1.0).keyed(unit_keys(self.rows, units))

    def _theirs(self, answers: Sequence[object]) -> Floats:
        return _scored(self.scored, cast("Sequence[str]", answers), self.rows)


def questions(rows: Sequence[Row], answers: Answers) -> AnswerScores:
    """Score answers that stand in a context, or that leave the question open, as SQuAD's scorers do."""
    f1, right = (_scored(score, answers.texts, rows) for score in (_question_f1, _question_match))
    has = np.array([bool(row.answers) for row in rows])
    overlap = mean_score(f1, rows)
    others = [_matched(right, rows, of="questions")]
    if min(has.sum(), (~has).sum()) >= LEAST:
        others += _apart(rows, f1, right, has)
    return AnswerScores(
        rows, f1, _question_f1,
        headline=Score(
            "answer_f1", "Answer F1", "F1", "higher", overlap,
            f"The words of an answer and of the right one agree with an F1 of {overlap.value or 0.0:.3f} over "
            f"{overlap.n:,} questions",
        ),
        others=tuple(others),
        evidence=(_by_kind(answers, f1, right, has),),
    )  # fmt: skip


def texts(rows: Sequence[Row], answers: Answers, losses: tuple[Score, ...]) -> AnswerScores:
    """Score texts that were written against the right ones: by their characters, their words, and as a whole."""
    likeness, order = (_scored(score, answers.texts, rows) for score in (_chrf, _rouge))
    right = np.array([_same(said, _truth(row)) for said, row in zip(answers.texts, rows, strict=True)])
    mean, words = mean_score(likeness, rows), mean_score(order, rows)
    return AnswerScores(
        rows, likeness, _chrf,
        headline=Score(
            "chrf", "chrF", "chrF", "higher", mean,
            f"What the model writes and the right texts agree by their characters with a chrF of "
            f"{mean.value or 0.0:.3f}, the mean over {mean.n:,} rows",
        ),
        others=(
            Score(
                "rouge_l", "ROUGE-L", "F1", "higher", words,
                f"Their longest common subsequence of words gives a ROUGE-L of {words.value or 0.0:.3f}",
            ),
            _matched(right, rows, of="texts"),
            *losses,
        ),
        evidence=(_as_written(rows, answers),),
    )  # fmt: skip


def short_answers(rows: Sequence[Row], answers: Answers, losses: tuple[Score, ...]) -> AnswerScores:
    """Score short answers to a prompt; of what is written, the first line counts where the right answer is one line."""
    said = [first_line(text, _truth(row)) for text, row in zip(answers.texts, rows, strict=True)]
    right = _scored(_answer_match, said, rows)
    return AnswerScores(
        rows, right, _answer_match, headline=_matched(right, rows, of="prompts"), others=losses, evidence=()
    )


def first_line(text: str, truth: str) -> str:
    """Return the first line of a text where the right one has a single line: plain models write on and on."""
    return text if "\n" in truth.strip() else text.strip().partition("\n")[0]


def _matched(right: Floats | NDArray[np.bool_], rows: Sequence[Row], *, of: str) -> Score:
    units = documents(rows)
    share = clustered_proportion(right > 0.5, units).keyed(unit_keys(rows, units))
    return Score(
        "exact_match", "Exact match", f"share of {of}", "higher", share,
        f"The model's answer is the right one word for word in {share.value or 0.0:.1%} of {share.n:,} {of}",
    )  # fmt: skip


def _apart(rows: Sequence[Row], f1: Floats, right: Floats, has: NDArray[np.bool_]) -> list[Score]:
    """Return the scores of questions that the context answers, and of those that it does not."""
    answered, open_ones = ([row for row, one in zip(rows, kind, strict=True) if one] for kind in (has, ~has))
    found, left = mean_score(f1[has], answered), _matched(right[~has], open_ones, of="questions without an answer")
    return [
        Score(
            "has_answer_f1", "Answer F1, questions with an answer", "F1", "higher", found,
            f"Where the context holds an answer F1 is {found.value or 0.0:.3f} over {found.n:,} questions",
        ),
        Score(
            "no_answer_accuracy", "Questions rightly left open", left.unit, "higher", left.estimate,
            f"Where it holds none the model leaves {left.estimate.value or 0.0:.1%} of {left.estimate.n:,} questions "
            "open",
        ),
    ]  # fmt: skip


def _by_kind(answers: Answers, f1: Floats, right: Floats, has: NDArray[np.bool_]) -> Table:
    empty = np.array([not text.strip() for text in answers.texts])

    def line(name: str, kind: NDArray[np.bool_]) -> tuple[Cell, ...]:
        if not kind.any():
            return name, 0, None, None, None
        exact, overlap, left_open = (float(each[kind].mean()) for each in (right, f1, empty))
        return name, int(kind.sum()), f"{exact:.1%}", round(overlap, 3), f"{left_open:.1%}"

    return Table(
        title="Questions with and without an answer in their context",
        columns=("questions", "rows", "exact match", "F1", "left open"),
        rows=(line("with an answer", has), line("without an answer", ~has), line("all", has | ~has)),
    )


def _as_written(rows: Sequence[Row], answers: Answers) -> Table:
    counts = np.stack([chrf_counts(said, _truth(row)) for said, row in zip(answers.texts, rows, strict=True)])
    lengths = [np.array([len(text) for text in side]) for side in (answers.texts, [_truth(row) for row in rows])]
    figures: tuple[tuple[str, Cell], ...] = (
        ("chrF of all texts together, as sacreBLEU gives it for a corpus (0 to 1)", round(corpus_chrf(counts), 4)),
        ("characters written, mean a row", round(float(lengths[0].mean()), 1)),
        ("characters of the right text, mean a row", round(float(lengths[1].mean()), 1)),
        ("rows with nothing written", int((lengths[0] == 0).sum())),
        ("rows cut at the limit on new tokens", int((~answers.ended).sum())),
    )
    return Table(title="What was written", columns=("figure", "value"), rows=figures)


def _scored(score: Callable[[str, Row], float], said: Sequence[str], rows: Sequence[Row]) -> Floats:
    return np.array([score(text, row) for text, row in zip(said, rows, strict=True)], dtype=np.float64)


def _question_f1(said: str, row: Row) -> float:
    return token_f1(said, row.answers or ())


def _question_match(said: str, row: Row) -> float:
    return float(exact_match(said, row.answers or ()))


def _answer_match(said: str, row: Row) -> float:
    return float(same_answer(said, _truth(row)))


def _chrf(said: str, row: Row) -> float:
    return chrf(said, _truth(row))


def _rouge(said: str, row: Row) -> float:
    return rouge_l(said, _truth(row))


def _same(said: str, truth: str) -> float:
    """Tell whether two texts are one but for white space; in a text to write, case and punctuation count."""
    return float(said.split() == truth.split())


def _truth(row: Row) -> str:
    return row.answer or ""
