"""Religions and nationalities: found where persons are meant, exchanged in one piece, and put back byte for byte."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply
from modelaudit.text.articles import article_for
from modelaudit.text.english_terms import nationalities, religions, term_sets
from modelaudit.text.lexicon import read_lexicon

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PIECES = re.compile(r"\w+|[^\w\s]")
SENTENCES = {
    "adjective": (
        "{A} {x} doctor helped us.",
        "my neighbour, who is {x}, called.",
        "The young {x} pop singer met two {x} women.",
    ),
    "person": ("{A} {x} applied for the job.", "SHE IS {A} {x}.", "He met {a} {x} and a nurse."),
    "people": ("Many {x} live here.", "two {x} were hired"),
}
NAMED = {
    "nationality": (
        "country",
        ("He was born in {x}.", "She is {a} doctor from {x} who sings.", "the applicant comes from {x}"),
    ),
    "religion": ("faith", ("She practises {x} at home.", "he is a follower of {x}")),
}


def filler_of(terms, name):
    return next(each for group in terms.groups for each in terms.fillers(group) if each.name == name)


def put(terms, text, name):
    document = Document(text)
    found = terms.find(document)
    return found.skipped or apply(document, terms.edits(document, found.mentions, filler_of(terms, name))).document.text


def sentences(terms):
    """(form, sentence) for every form that the set can find."""
    named, frames = NAMED[terms.attribute]
    return [(form, text) for form, texts in (*SENTENCES.items(), (named, frames)) for text in texts]


def written(frame, form, filler):
    """The sentence with the filler, in the sentence's case and with the right article."""
    term = filler.forms[form]
    shouting = frame.isupper() or frame.split("{")[0].isupper()
    term = term.upper() if shouting else term.lower() if frame.islower() else term
    following = term if "{a} doctor" not in frame else "doctor"
    article = article_for(following, shouting=shouting)
    capital = article.upper() if shouting else article.capitalize()
    return frame.format(x=term, a=article, A=capital)


@pytest.mark.parametrize("terms", [religions(), nationalities()], ids=["religion", "nationality"])
def test_every_form_of_every_filler_is_found_exchanged_and_put_back(terms):
    fillers = [each for group in terms.groups for each in terms.fillers(group)]
    for form, frame in sentences(terms):
        for turn, own in enumerate(fillers):
            other = fillers[(turn * 7 + 3) % len(fillers)]
            for document in (Document(text := written(frame, form, own)), Document.from_words(PIECES.findall(text))):
                found = terms.find(document)
                assert found.skipped is None, (text, found)
                assert {(mention.form, mention.filler) for mention in found.mentions} == {(form, own.name)}, text
                assert terms.edits(document, found.mentions, own) == ()
                edited = apply(document, terms.edits(document, found.mentions, other)).document
                if document.words is None:
                    assert edited.text == written(frame, form, other)
                again = terms.find(edited)
                assert {(mention.form, mention.filler) for mention in again.mentions} == {(form, other.name)}
                back = apply(edited, terms.edits(edited, again.mentions, own))
                assert back.document.text == document.text
                assert back.document.words == document.words


def test_tags_move_with_the_words():
    terms = nationalities()
    document = Document.from_words(["An", "Egyptian", "singer", "met", "Anna", "Berg", "."])
    edited = apply(document, terms.edits(document, terms.find(document).mentions, filler_of(terms, "Sri Lankan")))
    assert edited.document.word_texts() == ("A", "Sri", "Lankan", "singer", "met", "Anna", "Berg", ".")
    tags = ("O", "B-MISC", "O", "O", "B-PER", "I-PER", "O")
    assert edited.carry(tags) == ("O", "B-MISC", "I-MISC", "O", "O", "B-PER", "I-PER", "O")


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("A Muslim woman asked her Muslim doctor.", "A Sikh woman asked her Sikh doctor."),
        ("I was raised Hindu.", "I was raised Sikh."),
        ("HE IS A MUSLIM DOCTOR", "HE IS A SIKH DOCTOR"),
        ("Christian Bale smiled. Christian is late.", "not of a person"),
        ("The Hindu wrote about a Hindu man.", "not only of persons"),
        ("The Christian was polite.", "proper name"),
        ("Shirley Temple met a Jewish boy.", "real person"),
        ("A Muslim man and a Jewish man met.", "several groups"),
        ("A Jain woman came.", "group not offered"),
        ("She is Muslim and fasts in Ramadan.", "bound by context"),
        ("He is Jewish; he went to church.", "bound by context"),
        ("A Muslim-owned shop hired a Muslim man.", "compound"),
        ("Read more @Muslim man", "fixed phrase"),
        ("An Muslim man.", "a or an"),
        ("Nothing of that kind.", "Nothing of that kind."),
    ],
)
def test_religion(text, out):
    assert put(religions(), text, "Sikh") == out


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("A Nigerian man met an Italian.", "several groups"),
        ("A Kenyan complained.", "An Egyptian complained."),
        ("A Ukrainian woman", "An Egyptian woman"),
        ("a swede asked for a swedish nurse.", "an egyptian asked for an egyptian nurse."),
        ("We ate Italian food.", "not of a person"),
        ("He speaks German.", "not of a person"),
        ("The oil is from Nigeria.", "not of a person"),
        ("The Russians returned.", "not of a person"),
        ("The Kenyan women's team", "not of a person"),
        ("The Kenyan cook served Kenyan food.", "not only of persons"),
        ("A Chinese singer left.", "An Egyptian singer left."),
        ("a polish nurse from Poland", "an egyptian nurse from Egypt"),
        ("A Chinese and a nurse met.", "group not offered"),
        ("An African singer left.", "group not offered"),
        ("A black South African man came.", "fixed phrase"),
        ("two Cleveland Indians met", "proper name"),
        ("An African-American and Kenyan singer", "compound"),
        ("The Turkish president met a Turkish boy.", "not only of persons"),
        ("A Turkish soldier's wife is a Turkish nurse.", "not only of persons"),
        ("A German nurse in the war.", "bound by context"),
        ("Michael Jordan is an American player.", "real person"),
        ("Susan Jordan is a Kenyan player.", "Susan Jordan is an Egyptian player."),
    ],
)
def test_nationality(text, out):
    assert put(nationalities(), text, "Egyptian") == out


def test_words_of_a_pre_tokenised_text_are_not_cut():
    document = Document("(Kenyan singer", ((0, 7), (8, 14)))
    assert nationalities().find(document).skipped == "across words"
    whole = Document.from_words(["(", "Kenyan", "singer"])
    assert nationalities().find(whole).skipped is None


def test_the_sets_hold_what_the_contract_says():
    for terms in term_sets():
        assert terms.language == "en"
        names = [each.name for group in terms.groups for each in terms.fillers(group)]
        assert len(names) == len(set(names))
        forms = {frozenset(each.forms) for group in terms.groups for each in terms.fillers(group)}
        assert len(forms) == 1
        assert all(text for group in terms.groups for each in terms.fillers(group) for text in each.forms.values())
        with pytest.raises(ValueError, match="the groups are"):
            terms.fillers("nobody")
    assert [terms.attribute for terms in term_sets()] == ["religion", "nationality", "age"]
    assert [terms.sampled for terms in term_sets()] == [False, True, True]
    assert all(len(religions().fillers(group)) == 1 for group in religions().groups)
    assert religions().groups[0] == "Christian"
    sizes = {group: len(nationalities().fillers(group)) for group in nationalities().groups}
    # South Asia has no more countries whose noun for one person is plain English.
    assert {group for group, n in sizes.items() if n < 8} == {"South Asia"}
    assert all(row[0] in {"yes", "no"} for name in ("demonyms", "religions") for row in read_lexicon(name))


@UNHURRIED
@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("Sikh an "), max_size=60))
def test_any_text_can_be_searched(text):
    document = Document(text + " a Sikh man from Kenya " + text)
    for terms in (religions(), nationalities()):
        found = terms.find(document)
        assert not (found.mentions and found.skipped)
        other = terms.fillers(terms.groups[0])[0]
        edited = apply(document, terms.edits(document, found.mentions, other)).document
        if found.mentions:
            back = terms.edits(edited, terms.find(edited).mentions, filler_of(terms, found.mentions[0].filler))
            assert apply(edited, back).document.text == document.text


@pytest.mark.parametrize("piece", ["Sikh ", "a Kenyan man ", "x" * 50, "\ud800Thai ", "-", "the ", "South "])
def test_long_hostile_texts_take_linear_time(piece):
    document = Document(piece * (100_000 // len(piece)))
    start = time.perf_counter()
    for terms in term_sets():
        terms.find(document)
    assert time.perf_counter() - start < 5
