"""The article before a word follows its sound, and the lexicons that bring no article edit need none."""

from __future__ import annotations

import pytest

from modelaudit.text.articles import article_before, article_edit, article_for
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.pronouns import Tokens


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (
            "an",
            "apple Egyptian uncle Uzbek hour honest heir heirloom MRI FBI X-ray 8 80-year-old 11 18-year-old 86",
        ),
        ("an", "unidentified unimportant uninsured umbrella aunt ordinary onion undergraduate urgent usher ex-wife"),
        (
            "a",
            "pear Kenyan Ukrainian Ugandan Uruguayan European ewe unit university unique one one-off once user useful",
        ),
        ("a", "uniform union usual utility house historian URL 7 70-year-old 110 UFO UK US 27 27-year-old"),
    ],
)
def test_the_sound_decides(article, words):
    for word in words.split():
        assert article_for(word) == article, word


def test_all_caps_are_read_as_words_among_all_caps():
    assert article_for("NATO") == "an"
    assert article_for("NURSE") == "a"
    assert article_for("THAI", shouting=True) == "a"
    assert article_for("FINN", shouting=True) == "a"
    assert article_for("FINN") == "an"
    assert article_for("") == "a"


@pytest.mark.parametrize(
    ("text", "old", "new", "mended"),
    [
        ("a Kenyan", "Kenyan", "Indian", "an"),
        ("An Indian", "Indian", "Kenyan", "A"),
        ("AN INDIAN", "INDIAN", "KENYAN", "A"),
        ("A KENYAN", "KENYAN", "INDIAN", "AN"),
        ("an Kenyan", "Kenyan", "Indian", None),
        ("a Kenyan", "Kenyan", "German", None),
        ("the Kenyan", "Kenyan", "Indian", None),
        ("a, Kenyan", "Kenyan", "Indian", None),
    ],
)
def test_an_article_is_mended_where_it_was_right(text, old, new, mended):
    edit = article_edit(Tokens.of(text), 1, old, new, "t")
    assert (edit.text if edit else None) == mended
    assert article_before(Tokens.of("Kenyan"), 0) is None


@pytest.mark.parametrize(
    "text", ["vitamin A Kenyan", "Plan a Kenyan", "James A Kenyan", "J. A Kenyan", "U.S.A Kenyan", "Mr. A Kenyan"]
)
def test_a_letter_is_no_article(text):
    tokens = Tokens.of(text)
    assert article_edit(tokens, len(tokens.lower) - 1, "Kenyan", "Indian", "t") is None


@pytest.mark.parametrize("text", ["Is she A Kenyan", "“A Kenyan", "(a Kenyan", "Yes. A Kenyan", "IT IS A KENYAN"])
def test_an_article_inside_a_text_is_one(text):
    tokens = Tokens.of(text)
    last = len(tokens.lower) - 1
    edit = article_edit(tokens, last, tokens.surfaces[last], "Indian", "t")
    assert edit is not None
    assert edit.text.lower() == "an"


def test_gendered_words_and_their_counterparts_take_the_same_article():
    pairs = [row[:2] for row in read_lexicon("gendered_words")]
    pairs += [row[1:] for row in read_lexicon("gendered_synonyms")]
    assert [pair for pair in pairs if article_for(pair[0]) != article_for(pair[1])] == []
