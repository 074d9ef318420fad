"""Rows that training writes once more for another group, as rows of their own or as partners."""

import random

import numpy as np
import pytest

from modelaudit.checkers.bias.augmentation import held_out_names
from modelaudit.errors import InputError
from modelaudit.rows import Row
from modelaudit.text import GENDERS, entity_spans, load_last_names, name_groups
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.measures.counterfactual import augmented, paired

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
TEXTS = (
    "She said that her brother was kind to the old man.",
    "Maria Lopez wrote that the film was good and long.",
    "The weather was fine in the north of the country.",
    "他在北京工作，是老师。",
    "The waitress gave the book to the guests in the evening.",
    "James Hart told us that he was late for the train.",
)


def texts(*rows, labels=("bad", "good")):
    examples = tuple(
        Example(Row(f"t:{at}", text, label=at % 2, columns={"source": at}), weight=1.0 + at)
        for at, text in enumerate(rows)
    )
    return TrainingData("text-classification", labels, examples, dev=(Row("d:0", rows[0], label=0),))


def sentences(*tagged):
    """Sentences of the form `word/TAG word/TAG`."""
    examples = []
    for at, sentence in enumerate(tagged):
        words, tags = zip(*(word.rsplit("/", 1) for word in sentence.split()), strict=True)
        row = Row(f"s:{at}", " ".join(words), words=words, tags=tuple(map(TAGS.index, tags)))
        examples.append(Example(row))
    return TrainingData("token-classification", TAGS, tuple(examples))


TAGGED = sentences(
    "Yesterday/O Mary/B-PER Smith/I-PER told/O us/O that/O she/O liked/O the/O trip/O to/O New/B-LOC York/I-LOC ./O",
    "The/O actress/O Susan/B-PER Hart/I-PER was/O born/O in/O the/O town/O of/O Leeds/B-LOC ./O",
    "王/B-PER 伟/I-PER 说/O ，/O 他/O 在/O 北/B-LOC 京/I-LOC 工/O 作/O 。/O",
)


def rng(seed=5):
    return np.random.default_rng(seed)


def copies_of(data):
    return [example for example in data.examples if example.origin is not None]


def test_a_row_that_speaks_of_a_group_stands_there_once_more_under_its_label():
    before = texts(*TEXTS)
    after = augmented(before, attributes=["gender"], rng=rng())
    assert after.examples[: len(TEXTS)] == before.examples
    assert after.dev == before.dev
    by_id = {example.row.id: example for example in before.examples}
    copies = copies_of(after)
    for copy in copies:
        original = by_id[copy.origin]
        assert copy.row.text != original.row.text
        assert (copy.row.label, copy.row.columns) == (original.row.label, original.row.columns)
        assert copy.weight == original.weight
    assert {copy.origin for copy in copies} == {"t:1", "t:3", "t:4", "t:5"}
    assert len({example.row.id for example in after.examples}) == len(after.examples)
    assert {"她在北京工作，是老师。", TEXTS[4].replace("waitress", "waiter")} <= {copy.row.text for copy in copies}


def test_the_step_counts_what_was_written_and_what_was_not():
    step = augmented(texts(*TEXTS), attributes=["gender"], rng=rng()).steps[-1]
    assert step.name == "counterfactual-augmentation"
    assert step.counts["copies"] == sum(count for name, count in step.counts.items() if name.startswith("copies, "))
    assert step.counts["left out, gender words: both genders"] == 1


def test_tags_stay_in_step_with_words():
    for copy in copies_of(augmented(TAGGED, attributes=["gender", "ethnicity"], rng=rng())):
        original = next(example.row for example in TAGGED.examples if example.row.id == copy.origin)
        assert len(copy.row.words) == len(copy.row.tags)
        assert copy.row.text == " ".join(copy.row.words)
        kinds = [[kind for _, _, kind in entity_spans([TAGS[tag] for tag in row.tags])] for row in (original, copy.row)]
        assert kinds[0] == kinds[1]


def test_names_that_are_held_out_are_put_into_no_row():
    rows = [f"{name} wrote that the film was good and long." for name in ("Maria", "James Miller", "Mrs. Lopez")]
    after = augmented(texts(*rows * 60), attributes=["gender", "ethnicity"], rng=rng())
    words = {word.strip(".,") for copy in copies_of(after) for word in copy.row.text.split()}
    put_in = words & ({name.name for cell in name_groups().values() for name in cell}) - {"Maria", "James"}
    assert len(put_in) > 50
    assert not put_in & held_out_names()
    assert any("Half of the names" in note for note in after.steps[-1].notes)


def test_half_of_each_group_is_held_out():
    for cell in name_groups().values():
        assert len({name.name for name in cell} & held_out_names()) in (len(cell) // 2, len(cell) // 2 + 1)
    for group in ("white", "hispanic", "api"):
        lasts = {name.name for name in load_last_names() if name.ethnicity == group}
        assert 0.4 < len(lasts & held_out_names()) / len(lasts) < 0.6
    assert set(GENDERS) == {gender for gender, _ in name_groups()}


@pytest.mark.parametrize("measure", [augmented, paired])
def test_what_a_row_becomes_does_not_depend_on_the_order_of_rows(measure):
    rows = [
        f"{name} wrote that the film was {how}." for name in ("Maria", "James", "Susan") for how in ("fine", "dull")
    ]
    data = texts(*rows, *TEXTS)
    shuffled = list(data.examples)
    random.Random(1).shuffle(shuffled)
    other = TrainingData(data.task, data.labels, tuple(shuffled))
    one, two = (measure(each, attributes=["gender", "ethnicity"], rng=rng()) for each in (data, other))

    def made(after):
        return {(e.row.id, e.row.text, e.partner and e.partner.text) for e in after.examples}

    assert made(one) == made(two)
    assert one.steps == two.steps


def test_copies_of_other_measures_are_neither_copied_nor_paired():
    data = texts(*TEXTS)
    copied = tuple(Example(each.row, origin="t:0") for each in data.examples)
    data = TrainingData(data.task, data.labels, copied)
    assert augmented(data, attributes=["gender"], rng=rng()).examples == copied
    assert paired(data, attributes=["gender"], rng=rng()).examples == copied


def test_a_partner_is_the_row_for_another_group():
    data = texts(*TEXTS)
    after = paired(data, attributes=["gender"], rng=rng())
    assert [example.row for example in after.examples] == [example.row for example in data.examples]
    partners = {example.row.id: example.partner for example in after.examples if example.partner}
    assert set(partners) == {"t:1", "t:3", "t:4", "t:5"}
    assert all(partner.text != data.examples[int(row[2:])].row.text for row, partner in partners.items())
    assert after.steps[-1].counts["rows with a partner"] == 4
    assert [example.weight for example in after.examples] == [example.weight for example in data.examples]


def test_a_tagged_row_takes_only_a_partner_with_its_own_tags():
    after = paired(TAGGED, attributes=["gender"], rng=rng())
    for example in after.examples:
        assert example.partner is not None
        assert example.partner.tags == example.row.tags
    # A given name of one character would give way to one of two, which are two words.
    assert after.steps[-1].counts["copies left out, other words under the tags"] == 1


def test_one_of_several_copies_is_drawn_as_the_partner():
    data = texts(*(f"Maria said in week {at} that she was fine and that the film was long." for at in range(30)))
    after = paired(data, attributes=["gender"], rng=rng())
    kinds = {example.partner.id.split(" ", 1)[1] for example in after.examples}
    assert kinds == {"gender words", "first names"}


def test_an_attribute_that_a_label_names_is_left_alone_and_said():
    data = texts(*TEXTS, labels=("man", "woman"))
    after = augmented(data, attributes=["gender"], rng=rng())
    assert not [copy for copy in copies_of(after) if copy.row.id.endswith("gender words")]
    assert any("the label 'man' is itself such a word" in note for note in after.steps[-1].notes)


def test_where_nothing_speaks_of_the_group_the_step_says_so():
    data = texts(TEXTS[2], TEXTS[2])
    for measure, done in ((augmented, "added"), (paired, "paired")):
        after = measure(data, attributes=["religion"], rng=rng())
        assert after.examples == data.examples
        assert after.steps[-1].notes == (
            f"No row could be written for another group (religion), so nothing was {done}.",
        )


def test_rows_in_another_language_are_counted():
    step = augmented(texts("Она сказала, что её брат дома."), attributes=["gender"], rng=rng()).steps[-1]
    assert step.counts["rows in a language without word lists"] == 1


@pytest.mark.parametrize("attributes", [["sex"], []])
def test_an_attribute_that_there_is_not_is_an_error(attributes):
    with pytest.raises(InputError, match="choose from gender, ethnicity"):
        augmented(texts(*TEXTS), attributes=attributes, rng=rng())


def test_the_same_seed_gives_the_same_rows_and_leaves_global_generators_alone():
    state = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    one, two, three = (
        augmented(texts(*TEXTS), attributes=["gender", "ethnicity"], rng=rng(seed)) for seed in (1, 1, 2)
    )
    assert one == two != three
    assert (np.random.get_state()[1].tolist(), random.getstate()) == state  # noqa: NPY002


def test_hostile_rows_are_written_or_left_alone():
    rows = ("\x00\x01 she \u202e was \ud800 here", "<script>She was the one</script>", "x" * 1_000_000, "", " ")
    after = augmented(texts(*rows), attributes=["gender", "ethnicity"], rng=rng())
    assert {copy.row.text for copy in copies_of(after)} >= {"<script>He was the one</script>"}
    assert "script" not in repr(after.steps)
