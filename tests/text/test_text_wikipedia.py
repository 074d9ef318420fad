"""On real text: pronouns are told apart, no text comes out half-swapped, and every exchanged term can be put back."""

from __future__ import annotations

import os
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from modelaudit.text import Document, apply, gender_edits, gendered_words, last_name_mentions, name_edits
from modelaudit.text.english_terms import term_sets

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DATA = os.environ.get("MODELAUDIT_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="MODELAUDIT_DATA does not name the folder with the data")

PAIRS = (
    "she he, herself himself, woman man, women men, girl boy, girls boys, gal guy, gals guys, wife husband, "
    "mother father, daughter son, sister brother, aunt uncle, lady gentleman, mom dad, waitress waiter"
)
FEMALE = {pair.split()[0] for pair in PAIRS.split(", ")} | {"her", "hers"}
MALE = {pair.split()[1] for pair in PAIRS.split(", ")} | {"his", "him"}
TOLD = (
    "The man and his wife met a woman and her son.",
    "He told her that the waitress saw him.",
    "Her brother 's girlfriend left her for his uncle .",
    "SHE GAVE HIM HIS MOTHER'S RING.",
)


@pytest.fixture(scope="module")
def wikipedia():
    sys.path.insert(0, str(BENCHMARKS))
    yield import_module("pronouns_wikipedia")
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def documents(wikipedia):
    """20,000 sentences of Wikipedia, pre-tokenised, and 6,920 of film reviews, in lower case."""
    found = [
        Document.from_words(words)
        for name in ("dev", "test")
        for words in wikipedia.sentences(Path(DATA) / "wikiann-en" / f"{name}.conll")
    ]
    lines = (Path(DATA) / "sst2" / "train.tsv").read_text(encoding="utf-8").splitlines()
    return found + [Document(line.rsplit("\t", 1)[0]) for line in lines]


def genders(text):
    words = [word.strip(".,'`") for word in text.lower().replace("'s", "").split()]
    return [word in FEMALE for word in words if word in FEMALE | MALE]


@needs_data
def test_pronouns_of_held_out_wikipedia_text_are_told_apart(wikipedia):
    counts, _ = wikipedia.measure(Path(DATA) / "wikiann-en", wikipedia.SPLITS["held out"])
    total = Counter()
    for (_, outcome), n in counts.items():
        total[outcome] += n
    assert total.total() >= 300
    assert total["right"] >= 0.97 * (total["right"] + total["wrong"])
    assert total["right"] + total["wrong"] >= 0.95 * total.total()
    assert counts["him", "right"] >= 0.9 * (counts["him", "right"] + counts["him", "wrong"])


def test_the_measure_sees_a_pronoun_that_is_read_wrongly(wikipedia):
    assert [
        (gold, answer) for gold, answer, _ in wikipedia.resolved(["He", "saw", "him", "and", "his", "car", "."])
    ] == [
        ("him", "him"),
        ("his", "his"),
    ]
    assert list(wikipedia.resolved(["She", "saw", "him", "."])) == []
    assert [answer for _, answer, _ in wikipedia.resolved(["They", "gave", "his", "flowers", "."])] == [None]
    lines = list(wikipedia.report(Counter({("his", "right"): 9, ("him", "wrong"): 1, ("his", "open"): 2})))
    assert lines[0].startswith("his -> her: right 9/9 = 1.000 [0.664, 1.000]")
    assert lines[2].startswith("both: right 9/10 = 0.900")
    assert lines[3].endswith("0.500")


@pytest.mark.parametrize("text", TOLD)
def test_both_genders_of_a_text_change_places(text):
    edited = apply(Document(text), gender_edits(Document(text)).edits).document.text
    assert genders(edited) == [not female for female in genders(text)]
    assert len(set(genders(text))) == 2


@needs_data
def test_no_real_text_is_half_swapped(documents):
    swapped = mixed = 0
    for document in documents:
        before = genders(document.text)
        if len(set(before)) < 2:
            continue
        mixed += 1
        edits = gender_edits(document).edits
        if not edits:
            continue
        swapped += 1
        after = genders(apply(document, edits).document.text)
        assert after == [not female for female in before], document.text
        spans = {(word.start, word.end) for word in gendered_words(document)}
        assert {(edit.start, edit.end) for edit in edits} == spans
    assert mixed >= 50
    assert swapped >= 10


@needs_data
def test_terms_and_last_names_of_real_texts_can_be_put_back(documents):
    rewritten = Counter()
    for document in documents[10_000:]:
        for terms in term_sets():
            found = terms.find(document)
            if not found.mentions:
                continue
            fillers = {each.name: each for group in terms.groups for each in terms.fillers(group)}
            other = list(fillers.values())[len(document.text) % len(fillers)]
            edited = apply(document, terms.edits(document, found.mentions, other)).document
            assert edited.text != document.text or other.name == found.mentions[0].filler
            if own := fillers.get(found.mentions[0].filler):
                back = apply(edited, terms.edits(edited, terms.find(edited).mentions, own)).document
                assert (back.text, back.words) == (document.text, document.words)
                rewritten[terms.attribute] += 1
        if mentions := last_name_mentions(document):
            edited = apply(document, name_edits(document, mentions, {mentions[0].name: "Novak"})).document
            assert len(edited.word_texts()) == len(document.word_texts())
            rewritten["last name"] += 1
    assert rewritten["nationality"] >= 20
    assert rewritten["last name"] >= 1000
