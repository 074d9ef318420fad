"""Intersections of gender and ethnicity, and what the user can choose."""

import pytest
from bias_cases import API, BLACK, CELLS, GENDER, HISPANIC, PEOPLE, WORDS, asked, clear, log_odds, names_of, sigmoid

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.errors import InputError
from modelaudit.testing.planted import planted_classifier, planted_rows

ROWS = planted_rows(120, 2, words=WORDS, mentions=PEOPLE)
BLACK_WOMEN = CELLS["female", "black"]


def shifted(strength, **wanted):
    return planted_classifier(
        WORDS, shifts=dict.fromkeys(names_of(), 0.0) | dict.fromkeys(names_of(**wanted), strength)
    )


@pytest.mark.parametrize("strength", [1.0, -1.0])
def test_a_shift_at_one_intersection_is_found_there_with_its_sign_and_size(strength):
    found, _ = asked(shifted(strength, gender="female", ethnicity="black"), ROWS)
    cells = {cell: found["score_difference", group].metric.value for cell, group in CELLS.items()}
    plain = sigmoid([log_odds(text) for text in {row["text"] for row in ROWS}])
    moved = sigmoid([log_odds(text) + strength for text in {row["text"] for row in ROWS}])
    assert cells["female", "black"] == pytest.approx((moved - plain).mean(), abs=0.01)
    assert clear(found["score_difference", BLACK_WOMEN])
    # Every other cell has this one among its seven others.
    for cell in CELLS:
        if cell != ("female", "black"):
            assert cells[cell] == pytest.approx(-cells["female", "black"] / 7, abs=0.01)
    assert not any(metric == "excess_flip_rate" and group in CELLS.values() for metric, group in found)


def test_effects_of_gender_and_of_ethnicity_that_add_up_show_in_the_cell_as_their_sum():
    women, black = names_of(gender="female"), names_of(ethnicity="black")
    shifts = {name: 0.5 * (name in women) + 0.5 * (name in black) for name in names_of()}
    found, _ = asked(planted_classifier(WORDS, shifts=shifts), ROWS)
    one, other = found["score_difference", GENDER].metric.value, found["score_difference", BLACK].metric.value
    cell = found["score_difference", BLACK_WOMEN].metric.value
    assert one == pytest.approx(other, abs=0.02)
    assert cell > 1.3 * one


def test_the_clean_twin_is_quiet_at_every_intersection():
    found, _ = asked(shifted(0.0, gender="female"), ROWS)
    for group in CELLS.values():
        assert found["score_difference", group].metric.value == pytest.approx(0, abs=1e-9)
        assert found["score_difference", group].metric.primary


def test_only_the_attributes_asked_for_are_tested():
    found, notes = asked(shifted(1.0, gender="female"), ROWS, CounterfactualSubstitution(attributes=("ethnicity",)))
    assert {group for _, group in found} == {BLACK, HISPANIC, API}
    assert not any("gender" in note for note in notes)
    found, _ = asked(shifted(1.0, gender="female"), ROWS, CounterfactualSubstitution(attributes=("intersection",)))
    assert {group for _, group in found} == set(CELLS.values())


def test_the_favourable_class_is_the_one_that_is_followed():
    model = planted_classifier(WORDS, shifts=dict.fromkeys(names_of(gender="female"), 1.0), labels=("yes", "no"))
    rows = [{**row, "label": int(row["label"])} for row in ROWS]
    last, _ = asked(model, rows)
    first, _ = asked(model, rows, CounterfactualSubstitution(favourable="yes"))
    assert first["score_difference", GENDER].metric.value == pytest.approx(
        -last["score_difference", GENDER].metric.value
    )
    assert "the probability of class yes" in first["score_difference", GENDER].statement
    assert first["excess_flip_rate", GENDER].metric.value == last["excess_flip_rate", GENDER].metric.value


def test_one_of_many_classes_can_be_followed_alone():
    model = planted_classifier(WORDS, shifts=dict.fromkeys(names_of(gender="female"), 1.0), labels=("a", "b", "c"))
    found, _ = asked(model, [{**row, "label": 0} for row in ROWS], CounterfactualSubstitution(favourable="b"))
    assert found["score_difference", GENDER].metric.value < -0.02
    assert not any(metric.startswith("largest") for metric, _ in found)


@pytest.mark.parametrize(("options", "message"), [
    ({"attributes": ("gender", "height")}, r"\['height'\]; choose from gender, ethnicity, intersection, religion"),
    ({"attributes": ()}, "has nothing; choose from gender"),
    ({"language": "de"}, "'de'; choose from en, zh"),
    ({"favourable": "maybe"}, "'maybe', but the model's labels are negative, positive"),
    ({"attributes": None}, "attributes is None; give a list of words"),
    ({"rows": 2.5}, "rows is 2.5; 30 rows are the least"),
    ({"names_per_group": "forty"}, "names_per_group is 'forty'; give a whole number"),
    ({"names_per_group": 5_000}, "names_per_group is 5000; give a whole number from 20 to 46"),
    ({"names_per_group": 19}, "names_per_group is 19; give a whole number from 20 to 46"),
    ({"names_per_row": 1}, "names_per_row is 1; give a whole number from 2 to 20"),
])  # fmt: skip
def test_what_can_not_be_used_is_refused_with_what_can(options, message):
    with pytest.raises((ValueError, InputError), match=message):
        asked(planted_classifier(WORDS), ROWS, CounterfactualSubstitution(**options))


def test_more_names_a_row_and_a_group_are_asked_where_the_user_wants_them():
    checker = CounterfactualSubstitution(attributes=("ethnicity",), names_per_group=46, names_per_row=8)
    found, _ = asked(shifted(0.0, gender="female"), ROWS, checker)
    [table] = [item for item in found["score_difference", BLACK].evidence if item.title.startswith("Names compared")]
    assert {row[0]: row[1] for row in table.rows} == {"black": 46, "white": 46}
