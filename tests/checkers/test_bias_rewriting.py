"""How far apart written texts are across groups beyond within them: coverage, false alarms and known values."""

from dataclasses import replace

import numpy as np
import pytest
from bias_cases import BY_NAMES, BY_WORDS, PROBABILITY, answer_of, source_of

from modelaudit.checkers.bias.attributes.control import CONTROL
from modelaudit.checkers.bias.change import WRITING, apart
from modelaudit.checkers.bias.contrasts import contrast
from modelaudit.checkers.bias.exhibits import Lengths, left_out_table
from modelaudit.checkers.bias.findings import findings_of
from modelaudit.checkers.bias.name_comparison import compare_names
from modelaudit.checkers.bias.units import units_of
from modelaudit.statistics import p_above
from modelaudit.statistics.distances import crossed_excess_distance
from modelaudit.text import Edit
from modelaudit.text.answer_scores import chrf

TEXTS = (
    "the bank approved the loan at once",
    "the bank approved the loan",
    "the bank approved a loan at last",
    "the bank looked at the loan",
    "the bank asked for more papers",
    "the bank refused the loan for now",
    "the bank refused the loan",
    "they refused it and sent him home",
)


def answered(source, planned, group, text, **options):
    return replace(answer_of(source, planned, group, **options), decision=None, written=text)


def draw(rng, *, rows=60, shift=0.0, slope=0.0, names=40, name_sd=1.0):
    """Texts that depend on the row and on the name, and where planted on the group."""
    offsets = {group: rng.normal(0, name_sd, names) for group in "ab"}
    sides = {"a": {}, "b": {}}
    for row in range(rows):
        source, level, own = source_of(f"r{row}"), rng.uniform(0, 7), rng.normal(0, slope)
        for group, side in sides.items():
            chosen = rng.choice(names, 4, replace=False)
            moved = level + (group == "b") * (shift + own)
            side[f"r{row}"] = [
                answered(
                    source,
                    BY_NAMES,
                    group,
                    TEXTS[int(np.clip(round(moved + offsets[group][name] + rng.normal(0, 0.5)), 0, 7))],
                    name=f"{group}{name}",
                )
                for name in chosen
            ]
    return compare_names(sides["b"], sides["a"], units_of(sides["b"]), [PROBABILITY]).flips


def findings(answers, planned):
    found = contrast(answers, planned, [PROBABILITY])
    told = findings_of(found, Lengths("tokens", {}), left_out_table(0, {}, {}))
    return {each.metric.id: each for each in told}


def test_texts_are_as_far_apart_as_chrf_says_whichever_comes_first():
    source = source_of("r")
    a, b = (answered(source, BY_NAMES, "black", TEXTS[place]) for place in (1, 6))
    assert apart(a, b) == apart(b, a) == 1 - (chrf(TEXTS[1], TEXTS[6]) + chrf(TEXTS[6], TEXTS[1])) / 2
    assert apart(a, a) == 0.0


@pytest.mark.parametrize("differs", [True, False])
def test_the_excess_over_names_is_the_distance_between_groups(differs):
    texts = {"black": TEXTS[6] if differs else TEXTS[1], "white": TEXTS[1]}
    answers = [
        answered(source_of(f"r{row}"), BY_NAMES, group, text, name=f"{group} {row % 4 * 2 + place}")
        for row in range(40)
        for group, text in texts.items()
        for place in range(2)
    ]
    told = findings(answers, BY_NAMES)
    distance = apart(answers[0], answers[2])
    assert told["excess_rewriting"].metric.value == pytest.approx(distance)
    assert told["excess_rewriting"].metric.primary
    assert told["rewriting"].metric.value == pytest.approx(distance)
    assert told["control_rewriting"].metric.value == 0.0
    assert f"{100 * distance:.1f} points of chrF more" in told["excess_rewriting"].statement
    [examples] = told["excess_rewriting"].evidence
    assert (len(examples.items) > 0) is differs


def test_fixed_words_have_bounds_as_decisions_have():
    answers = []
    for row in range(40):
        source, swap = source_of(f"r{row}"), [Edit(0, 0, "x", "gender")]
        answers += [
            answered(source, BY_WORDS, "female", TEXTS[6], edits=swap),
            answered(source, BY_WORDS, "male", TEXTS[1]),
            answered(source, BY_WORDS, CONTROL, TEXTS[1] if row % 2 else TEXTS[0], edits=swap),
        ]
    told = findings(answers, BY_WORDS)
    across, control = apart(answers[0], answers[1]), apart(answers[1], answers[2])
    assert told["rewriting"].metric.value == pytest.approx(across)
    assert told["control_rewriting"].metric.value == pytest.approx(control / 2)
    assert told["excess_rewriting"].metric.value == pytest.approx(across - control / 2)
    assert all(bound.high >= across - 1e-9 for bound in told["excess_rewriting"].metric.bounds)
    assert "for 40 of 40 rows" in told["excess_rewriting"].statement


def test_rows_that_stand_on_one_side_only_are_refused():
    sides = ([0.1, 0.2], [0.1, 0.2], ["r", "s"], ["r", "t"], ["a", "b"], ["c", "d"])
    with pytest.raises(ValueError, match="different rows"):
        crossed_excess_distance(*sides, control=0.1)
    assert crossed_excess_distance([], [], [], [], [], [], control=0.0).value is None


def test_a_row_with_one_name_of_a_group_tells_nothing_of_the_distance_within_it():
    two, one = ["r", "r", "s", "s"], ["r", "r", "s"]
    names = (["a", "b", "a", "b"], ["c", "d", "c"])
    with pytest.raises(ValueError, match="single name"):
        crossed_excess_distance([0.1] * 4, [0.1] * 3, two, one, *names, control=0.1)


@pytest.mark.heavy
@pytest.mark.parametrize("planted", [{}, {"shift": 1.0}])
def test_the_interval_covers_and_models_without_an_effect_raise_no_alarm(planted):
    rng = np.random.default_rng(3)
    found = [draw(rng, **planted) for _ in range(40)]
    assert {each.change for each in found} == {WRITING}
    values = np.array([each.excess.value for each in found])
    bounds = [each.excess.interval(0.95) for each in found]
    assert abs(values.mean() - (0.041 if planted else 0.0)) < 4 * values.std() / np.sqrt(len(values))
    covered = sum(low <= values.mean() <= high for low, high in bounds)
    assert covered >= 33, "of 40 intervals of 95%; fewer have a chance of 1 in 1,000"
    alarms = sum(p_above(each.excess.bounds, 0.0) < 0.05 for each in found)
    assert alarms >= 10 if planted else alarms <= 6
