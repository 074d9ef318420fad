"""Edits: what they change, what they leave alone, and where words, tags and spans go."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, Edit, apply, carry_tags, match_case, protected_spans, word_spans
from modelaudit.text.words import outside

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HOSTILE = st.text(alphabet=st.characters(codec=None), max_size=20)
WORD = st.text(alphabet="abcdeXYZ'-.é", min_size=1, max_size=6)
TAGS = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])


@st.composite
def edited_text(draw):
    text, edits = draw(HOSTILE), []
    for gap in draw(st.lists(st.text(st.characters(codec=None), min_size=1, max_size=10), max_size=4)):
        replaced = draw(st.text(min_size=1, max_size=5))
        edits.append(Edit(len(text), len(text) + len(replaced), draw(st.text(max_size=5)), "t"))
        text += replaced + gap
    return text, edits


@st.composite
def edited_words(draw):
    words = draw(st.lists(WORD, min_size=1, max_size=10))
    document = Document.from_words(words)
    edits = []
    for start, end in document.words:
        what = draw(st.sampled_from(["keep", "keep", "replace", "inside", "delete", "insert"]))
        if what == "replace":
            edits.append(Edit(start, end, " ".join(draw(st.lists(WORD, min_size=1, max_size=3))), "t"))
        elif what == "inside" and end - start > 1:
            edits.append(Edit(start, start + 1, draw(WORD), "t"))
        elif what == "delete":
            edits.append(Edit(start, end, "", "t"))
        elif what == "insert":
            edits.append(Edit(end, end, " new", "t"))
    return document, edits, draw(st.lists(TAGS, min_size=len(words), max_size=len(words)))


@UNHURRIED
@given(HOSTILE)
def test_no_edits_give_back_the_same_text(text):
    assert apply(Document(text), []).document.text == text


@UNHURRIED
@given(edited_text())
def test_replaced_ranges_read_as_their_replacement_and_the_rest_stays(case):
    text, edits = case
    edited = apply(Document(text), edits)
    out = edited.document.text
    position = 0
    for edit in edited.edits:
        assert out[slice(*edited.span(position, edit.start))] == text[position : edit.start]
        assert out[slice(*edited.span(edit.start, edit.end))] == edit.text
        position = edit.end
    assert out[slice(*edited.span(position, len(text)))] == text[position:]


@UNHURRIED
@given(edited_text())
def test_edits_can_be_undone(case):
    text, edits = case
    edited = apply(Document(text), edits)
    back = [Edit(*edited.span(edit.start, edit.end), text[edit.start : edit.end], "t") for edit in edited.edits]
    assert apply(edited.document, back).document.text == text


def test_offsets_and_spans_of_a_worked_example():
    edited = apply(Document("abcdefg"), [Edit(0, 1, "xxx", "t"), Edit(3, 5, "y", "t"), Edit(6, 6, "++", "t")])
    assert edited.document.text == "xxxbcyf++g"
    assert [edited.offset(i) for i in range(8)] == [0, 3, 4, 5, 6, 6, 7, 10]
    assert edited.offset(6, after_insertion=True) == 9
    assert edited.span(3, 5) == (5, 6)
    assert edited.span(5, 7) == (6, 10)
    assert edited.span(6, 7) == (9, 10)
    assert edited.span(6, 6) == (9, 9)


@UNHURRIED
@given(edited_text())
def test_offsets_are_monotone_and_within_the_text(case):
    text, edits = case
    edited = apply(Document(text), edits)
    offsets = [edited.offset(i) for i in range(len(text) + 1)]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(edited.document.text) for offset in offsets)


@UNHURRIED
@given(edited_words())
def test_words_and_tags_move_with_the_text(case):
    document, edits, tags = case
    edited = apply(document, edits)
    new = edited.document.word_texts()
    assert " ".join(new).split() == list(new)
    assert edited.document.text.split() == list(new)
    carried = edited.carry(tags)
    assert len(carried) == len(new)
    touched = {edit.start: edit for edit in edits if edit.start < edit.end}
    seen = []
    for index, (start, _) in enumerate(document.words):
        indices = edited.word_map[index]
        seen += indices
        if start not in touched:
            assert [new[i] for i in indices] == [document.word_texts()[index]]
        elif touched[start].end == document.words[index][1]:
            assert " ".join(new[i] for i in indices) == touched[start].text
    assert seen == sorted(seen)
    assert {carried[i] for i in range(len(new)) if i not in seen} <= {"O", "I-PER", "I-LOC"}


@UNHURRIED
@given(edited_words())
def test_labels_outside_edits_stay(case):
    document, edits, tags = case
    edited = apply(document, edits)
    carried = edited.carry(tags)
    deleted = {edit.start for edit in edits if not edit.text}
    for index, tag in enumerate(tags):
        before_deleted = index and document.words[index - 1][0] in deleted
        indices = edited.word_map[index]
        if indices and not before_deleted:
            assert carried[indices[0]] == tag


def test_a_longer_name_keeps_its_entity():
    document = Document.from_words(["Mr", "John", "Smith", "left", "."])
    edited = apply(document, [Edit(3, 7, "Mary Ann", "name"), Edit(3 + 4, 3 + 4, " de", "name")])
    assert edited.document.word_texts() == ("Mr", "Mary", "Ann", "de", "Smith", "left", ".")
    assert edited.carry(["O", "B-PER", "I-PER", "O", "O"]) == ("O", "B-PER", "I-PER", "I-PER", "I-PER", "O", "O")


def test_tags_of_other_schemes_and_of_deleted_heads():
    assert carry_tags(((0, 1, 2),), ["S-PER"]) == ("B-PER", "I-PER", "E-PER")
    assert carry_tags(((0, 1),), ["NOUN"]) == ("NOUN", "NOUN")
    assert carry_tags(((), (0,)), ["B-PER", "I-PER"]) == ("B-PER",)
    assert carry_tags(((0,),), ["O"], n_words=2) == ("O", "O")
    with pytest.raises(ValueError, match="one tag for each word"):
        carry_tags(((0,),), ["O", "O"])


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(2, 5, "", "t")],  # crosses the space
        [Edit(1, 2, "a b", "t")],  # splits a word
        [Edit(3, 4, "", "t")],  # merges two words
        [Edit(3, 3, "x", "t")],  # sticks to a word
        [Edit(4, 4, "x", "t")],
        [Edit(3, 4, "-", "t")],
        [Edit(0, 3, "a", "t"), Edit(2, 3, "b", "t")],
        [Edit(1, 1, "a", "t"), Edit(1, 1, "b", "t")],
        [Edit(0, 99, "a", "t")],
    ],
)
def test_edits_that_break_words_or_overlap_are_refused(edits):
    with pytest.raises(ValueError, match=r"\d"):
        apply(Document.from_words(["one", "two"]), edits)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="start=3, end=2"):
        Edit(3, 2, "", "t")
    with pytest.raises(ValueError, match="word 1"):
        Document("ab", ((0, 1), (0, 2)))
    with pytest.raises(ValueError, match="from_words"):
        Document("ab").word_texts()


def test_case_patterns():
    assert match_case("he", "She") == "she"
    assert match_case("HE", "she") == "SHE"
    assert match_case("He", "she") == "She"
    assert match_case("Mother-in-Law", "father-in-law") == "Father-in-Law"
    assert match_case("JOHN", "DeShawn") == "DESHAWN"
    assert match_case("John", "DeShawn") == "DeShawn"
    assert match_case("jOHN", "Mary") == "Mary"
    assert match_case("A", "an") == "An"
    assert match_case("A", "an", shouting=True) == "AN"
    assert match_case("", "x") == "x"


def test_words_are_cut_for_a_lexicon():
    text = "The man-made lake, she's at O'Brien's; don't. (s)he ma\u0301n m\u200ban her_id women\u2019s"
    words = [text[start:end] for start, end in word_spans(text)]
    assert words == [
        *("The", "man-made", "lake", "she", "'s", "at", "O'Brien", "'s", "don't", "s", "he"),
        *("ma\u0301n", "m\u200ban", "her_id", "women", "\u2019s"),
    ]
    text = "See https://her.example/man?x=his, ask her@man.org, @woman or #girl at king.com."
    barred = protected_spans(text)
    free = {text[start:end] for start, end in outside(word_spans(text), barred)}
    assert free == {"See", "ask", "or", "at"}


@UNHURRIED
@given(HOSTILE)
def test_words_of_any_text_are_spans_in_order(text):
    position = 0
    for start, end in word_spans(text):
        assert position <= start < end <= len(text)
        position = end
