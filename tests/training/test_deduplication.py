"""Deduplication: which rows make a group, which of them is kept, and what is counted."""

from __future__ import annotations

import random

from modelaudit.rows import Row
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.measures.duplicates import deduplicated

LONG = (
    "the committee met again on {} and agreed that the old bridge over the river has to be closed for repairs in spring"
)
TAGS = ("O", "B-PER", "I-PER", "B-LOC")


def plain(*rows):
    return TrainingData(
        "text-classification",
        ("no", "yes"),
        tuple(Example(Row(f"t:{number}", text, label=label)) for number, (text, label) in enumerate(rows)),
    )


def kept(data):
    return [example.row.id for example in deduplicated(data).examples]


def counts(data):
    return dict(deduplicated(data).steps[-1].counts)


def test_of_equal_rows_the_first_is_kept_whatever_their_case_and_spaces():
    data = plain(("Good film", 1), ("bad film", 0), ("good  FILM\u200b", 1), ("ｇｏｏｄ film", 1), ("fine film", 1))
    assert kept(data) == ["t:0", "t:1", "t:4"]
    assert counts(data) == {
        "rows before": 5,
        "equal rows left out": 2,
        "texts that had contradicting labels": 0,
        "nearly equal rows left out": 0,
        "nearly equal rows kept, for their labels differ": 0,
        "rows behind": 3,
    }


def test_contradicting_rows_take_the_label_that_most_have_and_else_the_first():
    data = plain(("a film", 0), ("a film", 1), ("a film", 1), ("b film", 1), ("b film", 0))
    assert kept(data) == ["t:1", "t:3"]
    assert counts(data)["texts that had contradicting labels"] == 2
    assert counts(data)["equal rows left out"] == 3


def test_of_nearly_equal_rows_the_first_of_each_label_is_kept():
    data = plain(
        (LONG.format("Monday"), 0), ("quite another text", 0), (LONG.format("Friday"), 0), (LONG.format("May"), 1)
    )
    assert kept(data) == ["t:0", "t:1", "t:3"]
    assert counts(data)["nearly equal rows left out"] == 1
    assert counts(data)["nearly equal rows kept, for their labels differ"] == 2


def tagged(*sentences):
    examples = []
    for number, (text, tags) in enumerate(sentences):
        words = tuple(text.split())
        row = Row(f"t:{number}", text, words, tags=(*tags, *[0] * (len(words) - len(tags))))
        examples.append(Example(row))
    return TrainingData("token-classification", TAGS, tuple(examples))


def test_tagged_rows_are_compared_by_their_tags_and_nearly_equal_ones_by_their_entities():
    behind = LONG.format("Monday")
    data = tagged(
        (f"Ann Lee said {behind}", (1, 2)),
        (f"Ann Lee said {behind}", (1, 2)),
        (f"Ann Lee said that {behind}", (1, 2)),
        (f"Ann Lee said to us {behind}", (1, 2, 0, 0, 3)),
    )
    assert kept(data) == ["t:0", "t:3"]


def test_which_rows_make_a_group_does_not_hang_on_their_order():
    rng = random.Random(0)
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(rng.choices(words, k=30)) for _ in range(20)]
    versions = [(number, text) for number, text in enumerate(texts)]
    versions += [(number, text.replace(text.split()[3], "other", 1)) for number, text in versions[:10]]
    versions += versions[5:15]
    for _ in range(3):
        rng.shuffle(versions)
        rows = deduplicated(plain(*((text, number % 2) for number, text in versions))).examples
        of = {text: number for number, text in versions}
        assert sorted(of[example.row.text] for example in rows) == list(range(20))


def test_an_example_is_kept_as_it_is_and_no_rows_are_no_error():
    data = plain(("one", 0))
    assert deduplicated(data).examples[0] is data.examples[0]
    assert deduplicated(plain()).examples == ()
    assert kept(plain(("", 0), (" ", 0), ("\ud800", 0))) == ["t:0", "t:2"]
