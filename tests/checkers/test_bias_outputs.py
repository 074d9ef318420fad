"""Regression: differences in standard deviations of the model's outputs, and no decisions."""

import numpy as np
import pytest
from bias_cases import GENDER, PEOPLE, WORD_GROUP, WORDS, asked, judged, log_odds, names_of, table_of
from planted_language import planted_regression

from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_rows

ROWS = [{"text": row["text"]} for row in planted_rows(120, 1, words=WORDS, numbered=True)]


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_a_shift_is_measured_by_the_spread_of_the_outputs_whatever_their_unit(scale):
    words = {word: scale * weight for word, weight in WORDS.items()}
    found, verdicts, _ = judged(planted_regression(words, shifts={"she": scale * 0.5, "he": 0.0}), ROWS)
    outputs = [log_odds(row["text"]) + 0.5 * (" she " in f" {row['text'].lower()} ") for row in ROWS]
    difference = found["standardised_difference", WORD_GROUP]
    assert difference.metric.value == pytest.approx(0.5 / np.std(outputs, ddof=1), rel=1e-4)
    assert difference.metric.unit == "standard deviations of the output"
    assert verdicts["standardised_difference", WORD_GROUP].state == "exceeds limit"
    assert not any("flip" in metric or "shift" in metric for metric, _ in found)
    assert {metric for metric, group in found if group == WORD_GROUP} == {"standardised_difference"}


def test_the_clean_twin_is_quiet():
    found, verdicts, _ = judged(planted_regression(WORDS), ROWS)
    assert found["standardised_difference", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-6)
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


def test_of_two_outputs_the_largest_is_judged_and_names_are_compared_too():
    rows = [{"text": row["text"]} for row in planted_rows(90, 2, words=WORDS, mentions=PEOPLE)]
    shifts = dict.fromkeys(names_of(), 0.0) | dict.fromkeys(names_of(gender="female"), -1.0)
    found, _ = asked(planted_regression(WORDS, outputs=2, shifts=shifts), rows)
    largest = found["largest_standardised_difference", GENDER]
    by_output = {row[0]: row[1] for row in table_of(largest, "Difference of each class")}
    assert by_output["low"] == pytest.approx(-by_output["high"], rel=1e-4)
    assert by_output["high"] < -0.3
    assert largest.metric.value == pytest.approx(-by_output["high"], rel=1e-4)


def test_outputs_that_never_differ_give_no_unit_to_measure_by():
    with pytest.raises(NotAssessable, match="the same for all 120 evaluation rows"):
        asked(planted_regression({"unheard": 1.0}), ROWS)
