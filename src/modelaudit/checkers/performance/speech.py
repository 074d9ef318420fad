"""Scores of what was understood of speech: errors by word and by character, over what was said."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.checker import Answers
from modelaudit.checkers.performance.scores import Alone, Score
from modelaudit.checkers.spoken_errors import error_caveats
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.evidence import Cell, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, error_counts, error_rate
from modelaudit.text.answer_scores import Errors, character_errors, word_errors


def transcripts(rows: Sequence[Row], answers: Answers) -> Alone:
    """Score transcripts; case and punctuation make no difference to the scores, and are counted in the table."""
    pairs = [(said, row.answer or "") for said, row in zip(answers.texts, rows, strict=True)]
    by_word, by_character = [word_errors(*pair) for pair in pairs], [character_errors(*pair) for pair in pairs]
    words, characters = _rate(by_word, rows), _rate(by_character, rows)
    of_words, of_characters = (
        error_caveats([each.errors for each in counts], [each.total for each in counts], ~answers.ended)
        for counts in (by_word, by_character)
    )
    return Alone(
        headline=Score(
            "word_error_rate", "Word error rate", "share of words", "lower", words,
            f"The model's transcripts have {words.value or 0.0:.1%} as many wrong words (replaced, left out or put in) "
            f"as there are words in {words.n:,} rows", of_words,
        ),
        others=(
            Score(
                "character_error_rate", "Character error rate", "share of characters", "lower", characters,
                f"Counted in characters it is {characters.value or 0.0:.1%}", of_characters,
            ),
        ),
        evidence=(_counted(pairs, by_word, by_character),),
    )  # fmt: skip


def _rate(counts: Sequence[Errors], rows: Sequence[Row]) -> Estimate:
    units = documents(rows)
    errors, totals = [each.errors for each in counts], [each.total for each in counts]
    return error_rate(error_counts(errors, totals, clusters=units)).keyed(unit_keys(rows, units))


def _counted(pairs: Sequence[tuple[str, str]], by_word: Sequence[Errors], by_character: Sequence[Errors]) -> Table:
    def line(name: str, counts: Sequence[Errors]) -> tuple[Cell, ...]:
        errors, total = sum(each.errors for each in counts), sum(each.total for each in counts)
        return name, errors, total, f"{errors / total:.1%}" if total else None, sum(each.errors == 0 for each in counts)

    return Table(
        title="Errors, counted in different ways",
        columns=("counted in", "errors", "words or characters said", "rate", "rows without an error"),
        rows=(
            line("words", by_word),
            line("words, case and punctuation as written", [word_errors(*pair, as_written=True) for pair in pairs]),
            line("characters", by_character),
            line(
                "characters, case and punctuation as written",
                [character_errors(*pair, as_written=True) for pair in pairs],
            ),
        ),
    )
