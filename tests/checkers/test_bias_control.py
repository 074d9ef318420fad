"""The control of gendered words: what it may change, and that it clears nobody by reading badly."""

import numpy as np
import pytest
from bias_cases import (
    BY_WORDS,
    WORD_GROUP,
    WORDS,
    answer_of,
    asked,
    compared,
    design_of,
    gender_words,
    judged,
    source_of,
)

from modelaudit.checkers.bias.attributes.gender_words import CONTROL
from modelaudit.checkers.bias.source import Source
from modelaudit.rows import Row
from modelaudit.statistics import p_above
from modelaudit.testing.planted import planted_classifier
from modelaudit.text import Document, Edit


def test_a_row_without_a_clean_control_has_none_and_entities_are_left_alone():
    def arms(words, tags):
        source, labels = (
            Source(Row("r", " ".join(words), words=words, tags=tags), Document.from_words(words), tags),
            ("O", "B-LOC"),
        )
        attribute = gender_words()
        return {
            each.group: each.row.text
            for each in attribute.variants([attribute.examine(source, labels)], design_of(labels=labels))
        }

    words = ("She", "said", "it", "in", "the", "old", "theater", "of", "Paris", ".")
    assert arms(words, (0, 0, 0, 0, 0, 0, 0, 0, 1, 0))[CONTROL].count("theatre") == 1
    assert CONTROL not in arms(words, (0, 0, 0, 0, 0, 0, 1, 0, 1, 0))


def rows_of(n, *, said="said"):
    rng = np.random.default_rng(0)
    texts = (" and ".join(rng.choice(sorted(WORDS), 3)) for _ in range(n))
    return [{"text": f"She {said} that the answer was {text}, case {index}.", "label": 0}
            for index, text in enumerate(texts)]  # fmt: skip


def test_a_control_that_changes_more_than_the_exchange_clears_nobody():
    model = planted_classifier({**WORDS, "stated": 2.0}, shifts={"she": 0.4})
    found, verdicts, _ = judged(model, rows_of(400))
    flips, control = found["flip_rate", WORD_GROUP].metric, found["control_flip_rate", WORD_GROUP].metric
    excess = found["excess_flip_rate", WORD_GROUP]
    assert control.value > flips.value > 0.03
    assert excess.metric.value < -0.1
    assert verdicts["excess_flip_rate", WORD_GROUP].state == "inconclusive"
    assert "the control changes more decisions there than the exchange itself" in excess.statement
    assert excess.metric.grid[3][2] == flips.grid[3][2]


def test_few_flips_are_within_the_limit_whatever_the_control_does():
    found, verdicts, _ = judged(planted_classifier({**WORDS, "stated": 2.0}), rows_of(400))
    assert found["flip_rate", WORD_GROUP].metric.value == 0
    assert verdicts["excess_flip_rate", WORD_GROUP].state == "within limit"
    assert "does not show that few depend on the group" in found["excess_flip_rate", WORD_GROUP].statement


def test_without_a_control_flips_are_not_laid_to_gender_nor_denied():
    model = planted_classifier(WORDS, shifts={"she": 1.0})
    rows = rows_of(200, said="wrote")
    found, verdicts, _ = judged(model, rows)
    _, notes = asked(model, rows)
    excess = found["excess_flip_rate", WORD_GROUP].metric
    assert excess.value == found["flip_rate", WORD_GROUP].metric.value > 0.1
    assert excess.grid[3][1] == 0.0
    assert verdicts["excess_flip_rate", WORD_GROUP].state == "inconclusive"
    assert found["control_flip_rate", WORD_GROUP].metric.reason == "No row has a control."
    assert "lies between 0 and this one" in found["excess_flip_rate", WORD_GROUP].statement
    assert any("200 rows have no other word" in note for note in notes)
    assert found["score_difference", WORD_GROUP].metric.n == 200


def test_rows_without_a_control_stay_in_the_difference_and_the_flip_rate():
    rows = [*rows_of(100), *rows_of(100, said="wrote")[:90]]
    found, _ = asked(planted_classifier(WORDS), rows)
    assert {found[metric, WORD_GROUP].metric.n for metric in ("score_difference", "flip_rate", "excess_flip_rate")} == {
        190
    }
    assert found["control_flip_rate", WORD_GROUP].metric.n == 100
    assert "known for 100 of 190 rows" in found["excess_flip_rate", WORD_GROUP].statement


def flips_of(rows, flipped, unsteady, *, swapped=1, changed=1):
    """Flips of `rows` rows, of which the first few change across the groups, and the last few under the control."""
    answers = []
    for index in range(rows):
        source = source_of(f"r{index}")
        arms = {"female": (False, 0), "male": (index < flipped, swapped), CONTROL: (index >= rows - unsteady, changed)}
        for group, (turned, edits) in arms.items():
            made = [Edit(place, place, "x", "test") for place in range(edits)]
            answers.append(answer_of(source, BY_WORDS, group, decision=int(turned), edits=made))
    return compared(answers, BY_WORDS).estimates.flips


def test_a_control_that_hides_part_of_the_effect_does_not_bring_it_within_the_limit():
    found = flips_of(2000, 80, 70)
    assert found.excess.value == pytest.approx(0.005)
    assert found.excess.interval()[1] == found.across.interval()[1] > 0.04
    assert found.excess.interval()[0] < 0.005


def test_flips_beyond_the_control_are_found():
    found = flips_of(400, 60, 8)
    assert found.excess.value == pytest.approx(0.13)
    assert p_above(found.excess.bounds, 0.02) < 0.001


def test_flips_of_a_control_that_changes_fewer_words_count_in_proportion():
    found = flips_of(400, 60, 40, swapped=3)
    assert found.excess.value == pytest.approx(0.15 - 3 * 0.1)
    assert flips_of(400, 60, 40, swapped=1).excess.value == pytest.approx(0.05)
    assert found.within.value == pytest.approx(0.1)
