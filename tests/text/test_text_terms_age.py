"""Ages: found where they are a person's and stand alone, exchanged with their article, and put back byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, Filler, apply
from modelaudit.text.articles import article_for
from modelaudit.text.english_terms import Ages

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
AGES = Ages()
FILLERS = [each for group in AGES.groups for each in AGES.fillers(group)]
FRAMES = (
    "{A} {x}-year-old nurse was hired.",
    "She is {x} years old and lives alone.",
    "He, aged {x}, applied for the loan.",
    "At age {x} she moved to Kent.",
    "the customer is {x} years of age",
    "I met {a} {x}-year-old.",
    "a friend , {a} {x} year old woman , called",
    "Aged {x}, he is {a} {x}-year-old man.",
)


def written(frame, filler, form):
    article = article_for(filler.forms[form])
    return frame.format(x=filler.forms[form], a=article, A=article.capitalize())


def put(text, age):
    document = Document(text)
    found = AGES.find(document)
    filler = next(each for each in FILLERS if each.name == age)
    return found.skipped or apply(document, AGES.edits(document, found.mentions, filler)).document.text


@UNHURRIED
@given(
    st.sampled_from(FRAMES), st.sampled_from(FILLERS), st.sampled_from(FILLERS), st.sampled_from(["figure", "words"])
)
def test_ages_are_found_exchanged_and_put_back(frame, own, other, form):
    text = written(frame, own, form)
    for document in (Document(text), Document.from_words(text.split(" "))):
        found = AGES.find(document)
        assert {(each.form, each.filler, each.group) for each in found.mentions} == {(form, own.name, own.group)}, text
        assert AGES.edits(document, found.mentions, own) == ()
        edited = apply(document, AGES.edits(document, found.mentions, other)).document
        assert edited.text == written(frame, other, form)
        back = apply(edited, AGES.edits(edited, AGES.find(edited).mentions, own)).document
        assert (back.text, back.words) == (document.text, document.words)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("An 80-year-old man fell.", "A 62-year-old man fell."),
        ("He is an 18-year-old.", "He is a 62-year-old."),
        ("Thirty years old, she said.", "Sixty-two years old, she said."),
        ("THE TWENTY-SEVEN-YEAR-OLD APPLICANT", "THE SIXTY-TWO-YEAR-OLD APPLICANT"),
        ("The house is 60 years old.", "not of a person"),
        ("a 30-year-old whisky", "not of a person"),
        ("Wine aged 25 months.", "not of a person"),
        ("She is 25 years old, he is 30 years old.", "several groups"),
        ("I am 45 years old.", "outside the ages"),
        ("She is a 12-year-old.", "outside the ages"),
        ("We ask people aged 20 to 30.", "range"),
        ("She died aged 70.", "bound by context"),
        ("He was born in 1990 and is 26 years old.", "bound by context"),
        ("A 65-year-old retired man.", "bound by context"),
        ("She is 24 years old and has 2 years of practice.", "bound by context"),
        ("A 24-year-old student.", "bound by context"),
        ("Anna Berg, a 24-year-old nurse, knows Tom Cruise.", "real person"),
        ("An 24-year-old nurse.", "a or an"),
        ("Route 66, 24 hours, 70 years.", "Route 66, 24 hours, 70 years."),
    ],
)
def test_which_ages_are_exchanged(text, out):
    assert put(text, "62") == out


def test_an_age_beside_those_on_offer_can_be_put_back():
    document = Document("An 80-year-old man fell.")
    (mention,) = AGES.find(document).mentions
    assert (mention.filler, mention.group) == ("80", "older")
    edited = apply(document, AGES.edits(document, [mention], FILLERS[0])).document
    own = Filler("80", "older", {"figure": "80", "words": "eighty"})
    assert apply(edited, AGES.edits(edited, AGES.find(edited).mentions, own)).document.text == document.text


def test_an_age_that_is_cut_by_words_is_left_alone():
    assert AGES.find(Document("She is aged 27", ((0, 13), (13, 14)))).skipped == "across words"


@UNHURRIED
@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("27 years old-"), max_size=60))
def test_any_text_can_be_searched(text):
    document = Document(text + " she is aged 27 " + text)
    found = AGES.find(document)
    edited = apply(document, AGES.edits(document, found.mentions, FILLERS[-1])).document
    assert (edited.text != document.text) == bool(found.mentions)
