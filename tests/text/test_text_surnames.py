"""Last names: found behind titles and first names, kept through a text, and never those of well-known persons."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_time import takes_linear_time

from modelaudit.text import Document, apply, gender_edits, name_edits, name_mentions
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.real_persons import names_real_person
from modelaudit.text.surnames import last_name_mentions, load_last_names

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(text, **options):
    return [text[mention.start : mention.end] for mention in last_name_mentions(Document(text), **options)]


def test_the_lexicon_holds_what_its_header_promises():
    names = load_last_names()
    sizes = {group: sum(name.ethnicity == group for name in names) for group in ("white", "hispanic", "api", "black")}
    # 37 last names have 80% Asian bearers; two are words. One has 80% Black bearers, too few for a sample.
    assert sizes == {"white": 40, "hispanic": 40, "api": 35, "black": 0}
    assert len({name.name for name in names}) == len(names)
    assert all(name.share >= 0.8 and name.gender is None and name.count > 10_000 for name in names)
    words = {"Bishop", "Fox", "Cook", "Rose", "Kennedy", "Chavez", "Le", "Ho", "Day", "Church", "Obrien"}
    assert not words & {name.name for name in names}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("James Miller called. Miller's dog and Mrs. Miller left.", ["Miller", "Miller", "Miller"]),
        ("Mr. Garcia met Dr Chen; Prof. Jane Novak spoke.", ["Garcia", "Chen", "Novak"]),
        ("Miller said so before James R. Miller came.", ["Miller", "Miller"]),
        ("Emily Rose Huber, Jr. and Susan O'Brien", ["Huber", "O'Brien"]),
        ("James Miller lives in Miller Street near Port Miller.", ["Miller"]),
        ("Emily Street is near Susan University.", []),
        ("Cleveland Indians, Roman Catholic, Austin Texas, Summer Olympics", []),
        ("Emily Smith-Jones and James of Kent", []),
        ("Adrian Van Dyke, Carlos Ruiz de Tejada, James de la Cruz", []),
        ("George Bush spoke; Mr. Bush left. James Miller stayed.", ["Miller"]),
        ("James Miller Lake Park Road", []),
        ("mr. garcia and JAMES MILLER", []),
        ("Mr. Novak … NOVAK! Mr. McDonald, MCDONALD", ["Novak", "NOVAK", "McDonald", "MCDONALD"]),
        ("Mrs. White saw the White House.", []),
        ("Mrs. White saw us. White's dog barked, then White left.", ["White", "White", "White"]),
        ("Sarah Brown likes Brown rice.", []),
        ("Sarah Brown likes brown rice. J. Brown does not.", ["Brown", "Brown"]),
        ("Mr. Young is young; Young people like him.", []),
        ("Mr. King met the King of Spain.", []),
        ("Mr. Long came. They told Long. Long said no, Ms. Long too.", ["Long", "Long", "Long", "Long"]),
        ("Mr. Novak took Novak' car.", []),
        ("Not an Novak of the line of Mr. Novak.", []),
        ("Mr. Monday, Mr. The, Mr. X", []),
        ("Write to James Miller@example.org", []),
        ("", []),
    ],
)
def test_which_last_names_are_found(text, names):
    assert found(text) == names


def test_person_spans_decide_where_they_are_given():
    document = Document.from_words(["Mr.", "Novak", "met", "Ana", "Garcia", "in", "Garcia", "with", "Pele", "."])
    spans = [document.words[1], (document.words[3][0], document.words[4][1]), document.words[8]]
    mentions = last_name_mentions(document, person_spans=spans)
    assert [document.text[mention.start : mention.end] for mention in mentions] == ["Novak", "Garcia"]
    assert [mention.start for mention in mentions] == [document.words[1][0], document.words[4][0]]
    assert last_name_mentions(document, person_spans=[]) == []


@UNHURRIED
@given(st.sampled_from(load_last_names()), st.sampled_from(load_last_names()), st.booleans())
def test_one_person_keeps_one_name_that_can_be_put_back(own, other, words):
    text = f"Emily {own.name} 's boss , Ms. {own.name} , said that {own.name} left ."
    document = Document.from_words(text.split()) if words else Document(text)
    mentions = last_name_mentions(document)
    assert {(mention.name, mention.gender) for mention in mentions} == {(own.name, None)}
    edited = apply(document, name_edits(document, mentions, {own.name: other.name})).document
    assert edited.text == text.replace(own.name, other.name)
    back = name_edits(edited, last_name_mentions(edited), {other.name: own.name})
    assert apply(edited, back).document.text == text


def test_the_article_goes_with_the_name():
    for text in ("Ms. Huffman is a Huffman cousin .", "Ms. Huffman : A HUFFMAN is a Huffman ."):
        for document in (Document(text), Document.from_words(text.split(" "))):
            edits = name_edits(document, last_name_mentions(document), {"Huffman": "Acevedo"})
            edited = apply(document, edits).document
            exchanged = text.replace("Huffman", "Acevedo").replace("HUFFMAN", "ACEVEDO")
            assert edited.text == exchanged.replace("a A", "an A").replace("A A", "AN A")
            back = name_edits(edited, last_name_mentions(edited), {"Acevedo": "Huffman"})
            assert apply(edited, back).document == document


@pytest.mark.parametrize("piece", ["Mr. Miller ", "Mr. Miller … MILLER ", "James Miller said Miller. ", "Mr. White "])
def test_long_texts_take_linear_time(piece):
    assert takes_linear_time(lambda text: last_name_mentions(Document(text)), piece)
    every = len(piece)
    assert takes_linear_time(
        lambda text: last_name_mentions(
            Document(text), [(start, start + every - 1) for start in range(0, len(text) - every + 1, every)]
        ),
        piece,
    )


def test_well_known_persons_are_left_alone():
    text = "Hillary Clinton lost her keys, Hillary said."
    assert names_real_person(Document(text))
    assert name_mentions(Document("Susan met George Bush; George left.")) == name_mentions(Document("Susan met him."))
    assert dict(gender_edits(Document(text)).skipped) == {"real_person": 1}
    assert dict(gender_edits(Document("he liked tom  cruise")).skipped) == {}
    assert dict(gender_edits(Document("he liked tom cruise")).skipped) == {"real_person": 1}
    assert not names_real_person(Document("Hillary Miller met Emily Clinton."))
    names = [name for _, line in read_lexicon("real_persons") for name in line.split(";")]
    assert len(names) == len(set(names))
    assert all(name == name.lower().strip() and " " in name for name in names)


@UNHURRIED
@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("Mr. Lee "), max_size=60))
def test_any_text_can_be_searched(text):
    document = Document(text + " James Miller " + text)
    for spans in (None, [(0, len(text)), (len(text) + 1, len(text) + 13)]):
        mentions = last_name_mentions(document, person_spans=spans)
        apply(document, name_edits(document, mentions, {mention.name: "Chen" for mention in mentions}))
