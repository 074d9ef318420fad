"""Entities and numbers exchanged for others: of which type, how many, and what becomes of their tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_perturbations import UNHURRIED, perturb, seeded, tagged, ways

from modelaudit.text import Document, apply
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.names import load_known_names
from modelaudit.text.perturbations.entities import EntitySwap, entity_class, own_pool
from modelaudit.text.perturbations.number_swap import NumberSwap
from modelaudit.text.tags import entity_spans

OWN = {kind: set(names) for kind, names in own_pool(["PER", "LOC", "ORG"]).items()}


def sentence(text):
    """A document of words, "Oslo/B-LOC" with its tag; and the tags."""
    pairs = [word.rpartition("/") if "/" in word else (word, "", "O") for word in text.split()]
    tags = [tag for _, _, tag in pairs]
    return Document.from_words([word for word, _, _ in pairs], entity_spans(tags)), tags


def swapped(text, level=2, seed=0, perturbation=None):
    """The words of the entities after the swap, with their types, and the edited document."""
    document, tags = sentence(text)
    edited = apply(document, seeded(perturbation or EntitySwap(), document, level, seed))
    words, carried = edited.document.word_texts(), edited.carry(tags)
    return [(" ".join(words[start:end]), kind) for start, end, kind in entity_spans(carried)], edited


@pytest.mark.parametrize("seed", range(8))
def test_each_entity_becomes_another_of_its_type_with_its_tags(seed):
    text = "Anna/B-PER Lee/I-PER of Acme/B-ORG saw San/B-LOC Jose/I-LOC and Acme/B-ORG"
    found, edited = swapped(text, seed=seed)
    assert [kind for _, kind in found] == ["PER", "ORG", "LOC", "ORG"]
    assert all(name in OWN[kind] for name, kind in found)
    assert [len(name.split()) for name, _ in found] == [2, 1, 2, 1]
    assert found[1] == found[3]
    assert {"of", "saw", "and"} <= set(edited.document.word_texts())


def test_one_entity_at_the_first_level_with_all_of_its_mentions():
    text = "Acme/B-ORG sued Oslo/B-LOC and Acme/B-ORG paid Bergen/B-LOC"
    old = ["Acme", "Oslo", "Acme", "Bergen"]
    seen = set()
    for seed in range(30):
        found, _ = swapped(text, level=1, seed=seed)
        changed = {before for (after, _), before in zip(found, old, strict=True) if after != before}
        assert len(changed) == 1
        seen |= changed
    assert seen == set(old)


def test_names_come_from_the_pool_and_types_without_one_stay():
    pool = {"person": ["Bo  Li", "Ann Xu", " ", "12"], "MISC": ["Kimwipe"]}
    text = "Al/B-PER Ito/I-PER saw a Pixel/B-MISC in Oslo/B-LOC ."
    for seed in range(9):
        found, _ = swapped(text, seed=seed, perturbation=EntitySwap(pool))
        assert found[0][0] in {"Bo Li", "Ann Xu"}
        assert found[1:] == [("Kimwipe", "MISC"), ("Oslo", "LOC")]
    assert EntitySwap(pool).name != EntitySwap().name
    both = EntitySwap({"PER": ["Quo"], "PERSON": ["Zed"]})
    assert {swapped("Ito/B-PER ran", seed=seed, perturbation=both)[0][0][0] for seed in range(20)} == {"Quo", "Zed"}


def test_the_order_of_a_pool_does_not_matter():
    names = ["Quo", "Zed", "Ytt", "Xob", "Wim"]
    one, other = EntitySwap({"PER": names}), EntitySwap({"PER": [*reversed(names), "Zed"]})
    document, _ = sentence("Ito/B-PER ran")
    assert [perturb(one, document, seed=seed) for seed in range(9)] == [
        perturb(other, document, seed=seed) for seed in range(9)
    ]


def test_no_word_of_the_text_comes_again():
    pool = {"LOC": ["New Oslo", "Rome"], "ORG": ["Bank of Rome", "Bank of Lima"]}
    seen = set()
    for seed in range(20):
        found, _ = swapped("Oslo/B-LOC sued Acme/B-ORG of course", seed=seed, perturbation=EntitySwap(pool))
        seen.add(tuple(name for name, _ in found))
    assert seen == {("Rome", "Bank of Lima"), ("Oslo", "Bank of Rome")}
    assert swapped("we like Rome/B-LOC", perturbation=EntitySwap({"LOC": ["Rome"]}))[0] == [("Rome", "LOC")]


def test_first_names_keep_their_gender_and_last_names_stay_last_names():
    gender = {name.name: name.gender for name in load_known_names()}
    for seed in range(20):
        found, _ = swapped("Maria/B-PER met James/B-PER , Robert/B-PER Smith/I-PER and Tolstoy/B-PER", seed=seed)
        assert [gender.get(name.split()[0]) for name, _ in found] == ["female", "male", "male", None]


def test_case_articles_and_places_with_an_article():
    assert all(way.split()[1].isupper() for way in ways(EntitySwap(), sentence("in LONDON/B-LOC")[0]))
    assert all(not way.split()[1].isupper() for way in ways(EntitySwap(), sentence("the EU/B-ORG")[0]))
    assert all(way.islower() for way in ways(EntitySwap(), sentence("in london/B-LOC")[0]))
    assert perturb(EntitySwap(), sentence("the Alps/B-LOC rise , so we love Alps/B-LOC")[0]).count("Alps") == 2
    for way in ways(EntitySwap(), sentence("an Acme/B-ORG car")[0], seeds=60):
        assert way.split()[1][0] in "AEIO"


def test_types_are_known_by_many_names():
    assert {entity_class(kind) for kind in ("PER", "person", "B-PER", "I-Person")} == {"person"}
    assert (entity_class("GPE"), entity_class("LOCATION"), entity_class("ORGANIZATION")) == (
        "state",
        "place",
        "organisation",
    )
    assert entity_class("Disease") == "disease"
    # Where cities are GPE, a LOC is a river or a mountain: the lexicon has none.
    assert set(own_pool(["GPE", "LOC", "PERSON", "Disease"])) == {"GPE", "PERSON"}
    assert swapped("in Oslo/B-GPE on the Rhine/B-LOC by Glomma/B-LOC")[0][2] == ("Glomma", "LOC")


def test_without_entities_or_without_context_nothing_is_done():
    assert seeded(EntitySwap(), Document("Anna saw Oslo"), 2) == []
    assert seeded(EntitySwap(), sentence("Oslo/B-LOC , Bergen/B-LOC ( 3 )")[0], 2) == []
    plain = Document("Anna saw Oslo.", entities=((0, 4, "PER"), (9, 13, "LOC")))
    assert perturb(EntitySwap(), plain).endswith(".")
    assert "Oslo" not in perturb(EntitySwap(), plain)
    nested = Document("we saw Oslo Airport", entities=((7, 19, "ORG"), (7, 11, "LOC")))
    assert len(seeded(EntitySwap(), nested, 2)) == 1


def test_our_own_names_are_clean():
    rows = read_lexicon("entity_names")
    assert len(set(rows)) == len(rows) > 200
    for _, name in rows:
        assert name == " ".join(name.split())
        assert name[0].isupper()
        assert name.replace(" ", "").replace(".", "").isalpha()


@UNHURRIED
@given(tagged(), st.integers(0, 9))
def test_only_entities_are_replaced(document, seed):
    spans = {(start, end) for start, end, _ in document.entities}
    for edit in seeded(EntitySwap(), document, 2, seed):
        assert (edit.start, edit.end) in spans
    for edit in seeded(NumberSwap(), document, 2, seed):
        old = document.text[edit.start : edit.end]
        assert [c if c in ",." else "d" for c in old] == [c if c in ",." else "d" for c in edit.text]


@pytest.mark.parametrize(
    "text",
    [
        "in 1999 , 2024 and 1066",
        "on May 12 , 12 June , 12 Sept",
        "12/05 , 10:30 , 3-2 , 5th , U2 , 007 , 12345678 , v1.2.3",
        "at 10 am , 5 o'clock , 12 : 30 , 555 - 1234",
        "0 or 1 of them , 100 % and 100 percent",
        "a Boeing 747 and Apollo 13",  # no entities are known: the number may be part of a name
        "@user12 , a12@b.org , http://a.org/12",
    ],
)
def test_numbers_that_are_more_than_a_number_stay(text):
    assert ways(NumberSwap(), sentence_of(text), seeds=3) == {text}


def sentence_of(text):
    """A document of words without entities."""
    return Document.from_words(text.split())


def test_numbers_keep_their_shape():
    text = "he paid $5,000.50 for 3 cars , 42 tyres and 7500 bolts , 20% off"
    for way in ways(NumberSwap(), Document(text)):
        new = [word.strip("$%") for word in way.split() if word.strip("$%")[0].isdigit()]
        assert [len(number) for number in new] == [8, 1, 2, 4, 2]
        assert new[0][1] == ","
        assert all(before != after for before, after in zip(("5,000.50", "3", "42", "7500", "20"), new, strict=True))
        assert new[1] in set("2456789")
        assert int(new[3]) >= 3000
    assert len({edit.start for seed in range(40) for edit in seeded(NumberSwap(), Document(text), 1, seed)}) == 5
    assert all(len(seeded(NumberSwap(), Document(text), 1, seed)) == 1 for seed in range(9))


def test_numbers_in_entities_change_only_where_the_type_is_of_numbers():
    document, tags = sentence("Boeing/B-ORG 747/I-ORG carried 300/B-CARDINAL men and 42 bags")
    edited = apply(document, seeded(NumberSwap(), document, 2))
    words = edited.document.word_texts()
    assert words[:2] == ("Boeing", "747")
    assert words[3] != "300"
    assert words[6] != "42"
    assert list(edited.carry(tags)) == tags
