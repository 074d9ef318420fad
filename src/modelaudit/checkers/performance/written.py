"""The findings on tasks whose answers are text: ask the model for its answers, score them, hold simple ones against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from modelaudit.checker import Answers, Context
from modelaudit.checkers.performance.answer_baselines import commonest_answer, copied, open_questions
from modelaudit.checkers.performance.answers import AnswerScores, questions, short_answers, texts
from modelaudit.checkers.performance.baselines import Baseline
from modelaudit.checkers.performance.findings import findings, plain_findings
from modelaudit.checkers.performance.scores import Alone, Score
from modelaudit.checkers.performance.speech import transcripts
from modelaudit.checkers.performance.tokens import judged_answers, judged_texts, token_scores
from modelaudit.checkers.writing import most_new_tokens, note_limits
from modelaudit.results import Finding
from modelaudit.rows import Row
from modelaudit.text.answer_scores import units_of

SHORT = 10
"""Words of an answer that is one of few right ones; longer ones are hardly ever given word for word."""
MOSTLY = 0.9
"""Share of answers that must be short for exact match to be asked."""

Told = Callable[[Context, Sequence[Row], Sequence[Row]], Iterator[Finding]]
"""What yields the findings from the rows, and training rows for a baseline."""


def about_questions(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> Iterator[Finding]:
    """Yield exact match and F1 of answers to questions, over those with an answer and those without."""
    scores, baselines = questions(rows, _asked(ctx, rows)), open_questions(rows)
    if not baselines:
        ctx.note(
            "Every question has an answer in its context, and no constant is right of different contexts, so no simple "
            "answer is held against the model."
        )
    return _held_against(scores, baselines)


def about_texts(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> Iterator[Finding]:
    """Yield the likeness of what is written to the right texts, and what a token of these costs."""
    losses = token_scores(rows, judged_answers(ctx, rows), of="the right texts")
    return findings(texts(rows, _asked(ctx, rows), losses), copied(rows))


def about_prompts(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> Iterator[Finding]:
    """Yield what a token of the answers, or of texts without one, costs; and exact match where answers are short."""
    if any(row.answer is None for row in rows):
        return plain_findings(Alone(*_first(token_scores(rows, judged_texts(ctx, rows), of="the texts"))))
    losses = token_scores(rows, judged_answers(ctx, rows), of="the answers")
    long = sum(len(units_of(row.answer or "")) > SHORT for row in rows)
    writes = "answers" in ctx.model.capabilities
    if writes and len(rows) - long >= MOSTLY * len(rows):
        return findings(short_answers(rows, _asked(ctx, rows), losses), commonest_answer(rows, training))
    if writes:
        ctx.note(f"{long:,} of {len(rows):,} answers are longer than {SHORT} words, so no exact match is counted.")
    else:
        ctx.note("The model can't be asked for answers of its own (verb answers), so no exact match is counted.")
    return plain_findings(Alone(*_first(losses)))


def about_masked_tokens(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> Iterator[Finding]:
    """Yield what a token costs that is hidden while all others are in sight."""
    scores = token_scores(rows, judged_answers(ctx, rows), of="the texts, hidden one at a time,", pseudo=True)
    return plain_findings(Alone(*_first(scores)))


def about_speech(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> Iterator[Finding]:
    """Yield the rates of wrong words and characters."""
    return plain_findings(transcripts(rows, _asked(ctx, rows)))


WRITTEN: dict[str, Told] = {
    "question-answering": about_questions,
    "text2text-generation": about_texts,
    "text-generation": about_prompts,
    "fill-mask": about_masked_tokens,
    "automatic-speech-recognition": about_speech,
}
"""By task."""
OWN_TRUTH = ("text-generation", "fill-mask")
"""Tasks whose texts are judged themselves where no answers stand behind them."""


def _asked(ctx: Context, rows: Sequence[Row]) -> Answers:
    most = most_new_tokens(ctx.subject.task)
    answers = ctx.model.answers(rows, max_new_tokens=most)
    note_limits(ctx, rows, answers, most=most)
    return answers


def _held_against(scores: AnswerScores, baselines: Sequence[Baseline]) -> Iterator[Finding]:
    return findings(scores, baselines) if baselines else plain_findings(scores)


def _first(scores: tuple[Score, Score]) -> tuple[Score, tuple[Score, ...]]:
    return scores[0], scores[1:]
