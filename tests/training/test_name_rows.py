"""Sentences that name a person, written again with names of every group."""

import numpy as np
import pytest

from modelaudit.checkers.bias.augmentation import held_out_names
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.text import GENDERS, LANGUAGES, entity_spans, load_last_names, load_names
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.measures.names import name_diverse

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
FIRST = {name.name: (name.ethnicity, name.gender) for name in load_names()}
LAST = {name.name: name.ethnicity for name in load_last_names()}


def sentences(*tagged, labels=TAGS):
    """Sentences of the form `word/TAG word/TAG`."""
    examples = []
    for at, sentence in enumerate(tagged):
        words, tags = zip(*(word.rsplit("/", 1) for word in sentence.split()), strict=True)
        row = Row(f"s:{at}", " ".join(words), words=words, tags=tuple(map(labels.index, tags)), columns={"n": at})
        examples.append(Example(row))
    return TrainingData("token-classification", labels, tuple(examples), dev=(examples[0].row,))


def copies_of(data, *, copies=1, seed=3):
    after = name_diverse(data, copies=copies, rng=np.random.default_rng(seed))
    return [example.row for example in after.examples if example.origin is not None], after


def many(count):
    return sentences(*(f"In/O week/O {at}/O John/B-PER Miller/I-PER was/O in/O Rome/B-LOC ./O" for at in range(count)))


def test_each_group_is_put_in_as_often_as_every_other():
    rows, after = copies_of(many(21), copies=2)
    cells = [FIRST[row.words[3]] for row in rows]
    counts = [cells.count((group, gender)) for group in ("white", "black", "hispanic", "api") for gender in GENDERS]
    assert sum(counts) == 42
    assert max(counts) - min(counts) == 1
    told = {name: count for name, count in after.steps[-1].counts.items() if name.startswith("persons with first")}
    assert sorted(told.values()) == sorted(counts)


def test_words_and_tags_stay_in_step_and_nothing_but_the_name_changes():
    data = many(8)
    rows, after = copies_of(data, copies=3)
    assert len(rows) == 24
    for row in rows:
        original = data.examples[row.columns["n"]].row
        assert (row.tags, row.columns) == (original.tags, original.columns)
        assert row.words[:3] + row.words[5:] == original.words[:3] + original.words[5:]
        assert row.words[3] != "John"
        assert row.text == " ".join(row.words)
    assert len({example.row.id for example in after.examples}) == len(after.examples)
    assert after.examples[:8] == data.examples
    assert after.dev == data.dev


def test_first_and_last_name_are_of_one_group():
    for row in copies_of(many(40))[0]:
        group = FIRST[row.words[3]][0]
        assert (row.words[4] == "Miller") == (group == "black")
        assert group == "black" or LAST[row.words[4]] == group


def test_no_name_is_put_in_that_is_held_out():
    rows, after = copies_of(many(60), copies=4)
    put_in = {row.words[3] for row in rows} | {row.words[4] for row in rows} - {"Miller"}
    assert len(put_in) > 80
    assert not put_in & held_out_names()
    assert "Half of the names" in after.steps[-1].notes[0]


def test_one_person_has_one_name_in_a_sentence_in_the_case_it_was_written_in():
    data = sentences(
        "John/B-PER F./I-PER Miller/I-PER met/O JOHN/B-PER MILLER/I-PER ,/O and/O Miller/B-PER said/O that/O it/O "
        "was/O John/B-PER 's/O ./O"
    )
    for row in copies_of(data, copies=8)[0]:
        first, initial, last, _, again, again_last, _, _, alone, *_, own, _, _ = row.words
        assert (initial, again, again_last) == ("F.", first.upper(), last.upper())
        assert (alone, own) == (last, first)


@pytest.mark.parametrize(
    ("sentence", "stays", "first", "last"),
    [
        ("Mr./B-PER James/I-PER was/O in/O the/O house/O", ["Mr."], None, 1),
        ("the/O minister/O Yeltsin/B-PER was/O there/O", [], None, 2),
        ("Maria/B-PER was/O in/O the/O house/O", [], 0, None),
        ("Vincent/B-PER van/I-PER Gogh/I-PER was/O in/O the/O house/O", ["van", "Gogh"], 0, None),
        ("Prince/B-PER Rupert/I-PER of/I-PER Baden/I-PER was/O there/O", ["Prince", "of", "Baden"], 1, None),
        ("(James/B-PER Hart's/I-PER was/O the/O best/O", [], 0, 1),
    ],
)
def test_a_name_gives_way_to_one_of_its_kind(sentence, stays, first, last):
    data = sentences(sentence)
    for row in copies_of(data, copies=6)[0]:
        original = data.examples[0].row
        assert row.tags == original.tags
        assert set(stays) <= set(row.words)
        if first is not None:
            assert row.words[first].strip("(") in FIRST
        if last is not None and row.words[last] != original.words[last]:
            assert row.words[last].removesuffix("'s") in LAST
        assert row.words != original.words


def test_no_two_persons_of_a_sentence_get_one_name():
    firsts = [
        *("John", "James", "Mary", "Susan", "Peter", "Paul", "Anna", "Emma"),
        *("Robert", "Linda", "Karen", "Brian"),
    ]
    data = sentences("the/O list/O has/O " + " ".join(f"{first}/B-PER and/O" for first in firsts))
    for row in copies_of(data, copies=8)[0]:
        assert len(set(row.words[3::2])) == len(firsts)


def test_a_tag_of_first_names_takes_first_names():
    data = sentences("Xochitl/B-FIRSTNAME was/O in/O the/O house/O", labels=("O", "B-FIRSTNAME"))
    assert copies_of(data)[0][0].words[0] in FIRST


def test_chinese_names_give_way_to_names_of_either_gender():
    data = sentences(
        "王/B-PER 伟/I-PER 说/O ，/O 他/O 在/O 北/B-LOC 京/I-LOC 。/O", "欧阳建国/B-PER 是/O 老师/O ，/O 工作/O 好/O"
    )
    rows, after = copies_of(data, copies=6)
    for row in rows:
        tags = [TAGS[tag] for tag in row.tags]
        assert len(tags) == len(row.words)
        [(start, end, _), *_] = entity_spans(tags)
        name = "".join(row.words[start:end])
        given = name[1:] if row.columns["n"] == 0 else name[2:]
        assert given in {each.name for each in LANGUAGES["zh"].names()} - held_out_names()
        assert not name.startswith(("王伟", "欧阳建国"))
    counts = after.steps[-1].counts
    assert counts["persons with first names, female"] == counts["persons with first names, male"] == 6


def test_a_copy_that_needs_a_tag_that_the_data_lack_is_left_out_and_counted():
    labels = ("O", "B-PER", "E-PER")
    data = sentences("王/B-PER 伟/E-PER 说/O ，/O 他/O 是/O 老/O 师/O", labels=labels)
    rows, after = copies_of(data)
    assert rows == []
    assert after.steps[-1].counts["copies left out, the data lack a tag for them"] == 1


def test_what_a_sentence_becomes_does_not_depend_on_the_order_of_sentences():
    data = many(12)
    other = TrainingData(data.task, data.labels, data.examples[::-1])
    one, two = (copies_of(each, copies=2) for each in (data, other))
    assert {(row.id, row.words) for row in one[0]} == {(row.id, row.words) for row in two[0]}
    assert one[1].steps == two[1].steps
    assert {row.words for row in copies_of(data, copies=2, seed=4)[0]} != {row.words for row in one[0]}


def test_copies_of_other_measures_are_not_copied():
    data = many(2)
    copied = tuple(Example(each.row, origin="s:9") for each in data.examples)
    after = copies_of(TrainingData(data.task, data.labels, copied))[1]
    assert after.examples == copied
    assert "nothing was added" in after.steps[-1].notes[0]


def test_sentences_that_cannot_be_rewritten_are_counted():
    data = sentences("4711/B-PER was/O in/O the/O house/O", "Маша/B-PER была/O дома/O", "Rome/B-LOC was/O the/O best/O")
    counts = copies_of(data)[1].steps[-1].counts
    assert counts["sentences that name a person"] == 2
    assert counts["left out, no name that can be exchanged"] == 1
    assert counts["left out, in a language without names"] == 1


def test_hostile_names_are_left_alone_or_exchanged_in_their_place():
    words = ("x" * 1_000_000, "John\ud800", "\u202eJames\u202c", "", "<b>", "said", "that", "the", "John" + "'" * 30)
    tags = (1, 1, 1, 0, 1, 0, 0, 0, 1)
    row = Row("h:0", " ".join(words), words=words, tags=tags)
    data = TrainingData("token-classification", TAGS, (Example(row),))
    [copy] = copies_of(data)[0]
    assert copy.tags == tags
    assert copy.words[0] == words[0]
    assert copy.words[1].endswith("\ud800")
    assert copy.words[1] != words[1]


def test_a_text_classification_has_no_tags_to_find_persons_by():
    data = TrainingData("text-classification", ("bad", "good"), (Example(Row("t:0", "John was late.", label=0)),))
    with pytest.raises(DataInputError, match="counterfactual augmentation instead"):
        name_diverse(data, copies=1, rng=np.random.default_rng(0))
