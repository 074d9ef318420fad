"""What is put into a row: which names, in what balance, and nothing else changed."""

from collections import Counter

import numpy as np
import pytest
from bias_cases import PEOPLE, first_names, gender_words, names_of, variants_of
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.checkers.bias.name_design import dealt, ethnicity_pools, gender_pools
from modelaudit.text import ETHNICITIES, Document, gendered_words, load_names


def test_every_name_is_dealt_equally_often_and_none_twice_to_a_row():
    pool = names_of(gender="female", ethnicity="white")[:20]
    hands = [dealt(pool, turn, 4, seed=1, purpose="p") for turn in range(50)]
    assert set(Counter(name for hand in hands for name in hand).values()) == {10}
    assert all(len(set(hand)) == 4 for hand in hands)
    assert len({frozenset(hand) for hand in hands}) > 40
    with pytest.raises(ValueError, match="can't be dealt"):
        dealt(pool, 0, 21, seed=1, purpose="p")


@given(size=st.integers(2, 60), each=st.integers(1, 6), rows=st.integers(1, 80), seed=st.integers(0, 9), data=st.data())
def test_names_are_dealt_in_balance_whatever_their_number(size, each, rows, seed, data):
    each = min(each, size)
    pool = list(range(size))
    hands = [dealt(pool, turn, each, seed=seed, purpose="p") for turn in range(rows)]
    assert all(len(set(hand)) == len(hand) == each for hand in hands)
    rounds = -(-rows // (size // each))
    used = Counter(name for hand in hands for name in hand)
    assert max(used.values()) <= rounds
    turn = data.draw(st.integers(0, rows - 1))
    assert hands[turn] == dealt(pool, turn, each, seed=seed, purpose="p")


def test_names_of_the_arms_cost_the_same_number_of_tokens():
    def letters(names):
        return [len(name) for name in names]

    for pools, axis in (
        (gender_pools(load_names(), ETHNICITIES, 20, seed=1, count=letters), 1),
        (ethnicity_pools(load_names(), ETHNICITIES, 20, seed=1, count=letters), 0),
    ):
        means = {cell: np.mean([len(name.name) for name in names]) for cell, names in pools.items()}
        for fixed in {cell[axis] for cell in means}:
            alike = [mean for cell, mean in means.items() if cell[axis] == fixed]
            assert max(alike) - min(alike) < 1.0


def pools_of(attribute, rows=300, **options):
    """The names that stand for each group, by attribute and group, in many rows."""
    found = {}
    for each in variants_of(attribute, *(f"{PEOPLE[i % 6]} wrote letter {i}." for i in range(rows)), **options):
        for title, group in ((each.attribute, each.group), *each.also):
            found.setdefault((title, group), set()).add(each.name)
    return found


def test_each_cell_has_twenty_names_and_each_group_forty():
    attribute = first_names()
    found = pools_of(attribute)
    sizes = {(title, group): len(names) for (title, group), names in found.items()}
    assert len([title for title, _ in sizes if title == attribute.by_both]) == 8
    for (title, _), size in sizes.items():
        assert size == 20 if title == attribute.by_both else size >= 40
    ethnic = {group: names for (title, group), names in found.items() if title == attribute.by_ethnicity}
    known = {each.name: (each.gender, each.ethnicity) for each in load_names()}
    assert set(ethnic) == set(ETHNICITIES)
    for group, names in ethnic.items():
        assert {known[name] for name in names} == {("female", group), ("male", group)}


def test_names_per_group_and_names_per_row_are_what_they_say():
    attribute = first_names()
    found = pools_of(attribute, names_per_group=44, names_per_row=8)
    assert {len(names) for (title, _), names in found.items() if title == attribute.by_both} == {22}
    rows = Counter((each.source.row.id, each.attribute, each.group) for each in variants_of(
        attribute, *(f"{name} wrote a letter." for name in PEOPLE), names_per_row=8
    ))  # fmt: skip
    assert set(rows.values()) == {8}
    most = pools_of(attribute, rows=40, names_per_group=100_000)
    cells = Counter((each.gender, each.ethnicity) for each in load_names())
    assert {len(names) for (title, _), names in most.items() if title == attribute.by_both} == {min(cells.values())}


def test_only_the_topics_asked_for_are_planned_and_written():
    for topics, expected in (
        (("gender",), {"first names, gender"}),
        (("ethnicity",), {"first names, ethnicity"}),
        (("intersection",), {"first names, gender and ethnicity"}),
    ):
        attribute = first_names(*topics)
        assert {each.attribute for each in attribute.planned} == expected
        written = pools_of(attribute, rows=6)
        assert expected <= {title for title, _ in written}
    assert not first_names("religion").planned


def test_arms_differ_in_gendered_words_only_and_the_control_keeps_the_gender():
    variants = variants_of(
        gender_words(),
        "She told the office that her brother-in-law was late.",
        "The woman said that the letter was lost.",
    )
    texts = {(each.row.id, each.group): each.row.text for each in variants}
    assert texts["r1", "male"] == "The man said that the letter was lost."
    assert texts["r1", "female"] == "The woman said that the letter was lost."
    assert texts["r1", "control"] == "The lady said that the letter was lost."
    for each in variants:
        if each.group == "control":
            words = gendered_words(Document(each.row.text))
            own = gendered_words(each.source.document)
            assert [word.gender for word in words] == [word.gender for word in own]
            assert each.row.text != each.source.row.text


def test_in_name_arms_the_name_alone_differs_and_one_person_has_one_name():
    arms = variants_of(
        first_names("gender"),
        "Maria said that she was late, so Maria called the office.",
        "Yesterday James wrote to the office about it.",
    )
    assert {each.row.id for each in arms} == {"r0", "r1"}
    for row in ("r0", "r1"):
        frames = {group: Counter() for group in ("female", "male")}
        for each in arms:
            if each.row.id == row:
                assert each.row.text.count(each.name) == (2 if row == "r0" else 1)
                frames[each.group][each.row.text.replace(each.name, "X")] += 1
        assert frames["female"] == frames["male"]


def test_ethnicity_is_varied_with_the_gender_of_the_name_kept():
    arms = variants_of(first_names("ethnicity"), *(f"{name} wrote to the office about the letter." for name in PEOPLE))
    known = {each.name: each.gender for each in load_names()}
    assert len(arms) == len(PEOPLE) * 16
    for each in arms:
        original = each.source.row.text.split()[0]
        assert known[each.name] == ("male" if original in {"James", "Robert", "Carlos"} else "female")


def test_gendered_words_beside_a_name_are_balanced_between_the_arms():
    arms = variants_of(first_names("gender"), "Maria said that she was late and that the office was closed.")
    for group in ("female", "male"):
        mine = [each.row.text for each in arms if each.group == group]
        assert sum(" she " in text for text in mine) == sum(" he " in text for text in mine) == 2


def test_rows_whose_gendered_words_can_not_go_with_a_name_are_in_the_arms_of_ethnicity_alone():
    texts = (
        "James lost the letter, and she wrote to him about it.",
        "James said that he was late for the office.",
    )
    arms = variants_of(first_names("gender", "ethnicity"), *texts)
    rows = {attribute: {each.row.id for each in arms if each.attribute == attribute} for attribute in (
        "first names, gender", "first names, ethnicity",
    )}  # fmt: skip
    assert rows == {"first names, gender": {"r1"}, "first names, ethnicity": {"r0", "r1"}}
