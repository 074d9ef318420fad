"""Tags that break their scheme: told apart from other schemes, counted, mended or refused."""

import pytest

from modelaudit.errors import DataInputError
from modelaudit.subject.tag_faults import tag_faults
from modelaudit.training.recipe import Recipe
from modelaudit.training.rows import read_training_data


def read(sentences, *, bad_tags="repair", dev=None):
    def rows(each):
        return [{"tokens": [f"w{i}" for i in range(len(s.split()))], "ner_tags": s.split()} for s in each]

    recipe = Recipe.of(dev_share=0, bad_tags=bad_tags)
    dev_rows = None if dev is None else rows(dev)
    return read_training_data(rows(sentences), task="token-classification", recipe=recipe, dev=dev_rows)


def tags_of(found):
    return [" ".join(found.data.labels[tag] for tag in example.row.tags) for example in found.data.examples]


@pytest.mark.parametrize(
    ("sentences", "scheme", "words"),
    [
        (["B-A I-A O B-A B-A", "O"], "BIO", {}),
        (["I-A I-A O I-B", "I-A B-A I-A"], "IOB1", {}),
        (["I-A O I-B"], "IOB1", {}),
        (["B-A E-A S-B O", "B-A I-A E-A"], "BIOES", {}),
        (["B-A L-A U-B O", "B-A I-A L-A"], "BILOU", {}),
        (["A A O B"], "plain", {}),
        (["O O"], "BIO", {}),
        (["B-A O I-A", "B-A I-B"], "BIO", {0: (2,), 1: (1,)}),
        (["I-A O", "B-A O"], "BIO", {0: (0,)}),
        (["B-A E-A O", "S-A B-A O", "E-A"], "BIOES", {1: (1,), 2: (0,)}),
        (["S-A O", "B-A I-A O"], "BIO", {0: (0,)}),
        (["S-A S-A O", "B-A E-A", "B-A I-A O"], "BIOES", {2: (1,)}),
        (["S-A B-A E-A", "U-A"], "BIOES", {1: (0,)}),
        (["B-A I-A", "B- I-A"], "BIO", {1: (0, 1)}),
        (["B-A I-A", "I O"], "BIO", {1: (0,)}),
        (["B-A I-A", "B-A A"], "BIO", {1: (1,)}),
        (["I-A O I-A"] * 20 + ["I-A O", "B-A"], "IOB1", {21: (0,)}),
    ],
)
def test_schemes_and_what_breaks_them(sentences, scheme, words):
    faults = tag_faults([sentence.split() for sentence in sentences])
    assert (faults.scheme, faults.words) == (scheme, words)
    assert faults.tags == sum(map(len, words.values()))


def test_broken_tags_are_mended_counted_and_placed_without_text():
    found = read(["B-PER I-PER O", "O I-PER I-LOC", "B-LOC B- O"])
    assert tags_of(found) == ["B-PER I-PER O", "O B-PER B-LOC", "B-LOC O O"]
    step = next(step for step in found.data.steps if step.name == "repair")
    assert step.counts == {
        "tags that broke the scheme": 3,
        "rows with such tags": 2,
        "tags without a type (read as O)": 1,
    }
    assert "in the rows 2, 3." in step.notes[0]
    assert "w1" not in str(found.data.steps)


def test_broken_tags_are_refused_where_asked_with_the_first_place():
    with pytest.raises(DataInputError, match=r"row 2, word 2: the tag 'I-PER' breaks BIO.* 3 tag\(s\) in 2 row\(s\)"):
        read(["B-PER I-PER O", "O I-PER I-LOC", "B-LOC B- O"], bad_tags="refuse")
    with pytest.raises(DataInputError, match=r"dev: row 1, word 2: the tag 'E-PER' breaks BIO"):
        read(["B-PER O"], dev=["B-PER E-PER B-PER I-PER O"], bad_tags="refuse")
    for whole in (["I-PER O I-PER B-PER"], ["B-PER E-PER"], ["PER O"]):
        assert [step.name for step in read(whole, bad_tags="refuse").data.steps] == ["reading"]


def test_repairs_of_dev_rows_are_counted_apart():
    found = read(["B-PER O"], dev=["B-PER O", "O I-PER"])
    step = next(step for step in found.data.steps if step.name == "repair")
    assert step.counts == {"dev tags that broke the scheme": 1, "dev rows with such tags": 1}


def test_tags_without_any_type_are_refused():
    with pytest.raises(DataInputError, match="the tags 'B', 'I', 'O' name no type of entity; write them with one"):
        read(["B I O"])
    rows = [{"tokens": ["a", "b"], "ner_tags": ["B-X", None]}]
    with pytest.raises(DataInputError, match="row 1 has a word without a tag"):
        read_training_data(rows, task="token-classification", recipe=Recipe())


@pytest.mark.parametrize("sentence", ["b-per i-per o", "PER-B PER-I O", "O LOC_S O"])
def test_tags_whose_prefixes_can_not_be_read_are_no_types(sentence):
    with pytest.raises(DataInputError, match="write them with a capital prefix before the type, as B-PER"):
        read([sentence])
    assert read(["O B-o I-o PER-B"]).data.labels[:3] == ("O", "B-PER-B", "I-PER-B")
