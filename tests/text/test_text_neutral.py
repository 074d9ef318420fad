"""Neutral synonyms: grammatical where they stand, and silent about gender."""

import pytest

from modelaudit.text import Document, apply, gendered_words
from modelaudit.text.neutral import neutral_edits


def rewritten(text, count=9):
    document = Document(text)
    return apply(document, neutral_edits(document, count)).document.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They sound the trumpets until it helps that a winner goes to it.",
         "They sound the trumpets till it helps that a winner goes to it."),
        ("For a while she read; while he slept, she wrote.", "For a while she read; whilst he slept, she wrote."),
        ("Though ill, he came, though late, as though well, though.",
         "Although ill, he came, although late, as though well, though."),
        ("However hard it was, he tried; however, he failed.",
         "However hard it was, he tried; nevertheless, he failed."),
        ("A completely new start is often an especially hard one.",
         "A completely new start is frequently an especially hard one."),
        ("In May he may come, and May can't.", "In May he might come, and May can't."),
        ("Once upon a time they agreed upon it.", "Once upon a time they agreed on it."),
        ("She said that he said yes and wants to try it.", "She stated that he said yes and wishes to try it."),
        ("It is because he left because of her, because it rained.",
         "It is because he left because of her, since it rained."),
        ("I'm sure they’ll see that it's a start, it's been long.",
         "I am sure they will see that it is a start, it's been long."),
        ("Someone's hat; everyone knows someone.", "Someone's hat; everybody knows somebody."),
        ("We saw Center Theater and Perhaps Love at the theater.",
         "We saw Center Theater and Perhaps Love at the theatre."),
        ("See https://until.example/among or @until.", "See https://until.example/among or @until."),
        ("Yours truly, and really.", "Yours truly, and truly."),
    ],
)  # fmt: skip
def test_a_control_edit_is_grammatical_where_it_stands(text, expected):
    assert rewritten(text) == expected


def test_neutral_edits_leave_gender_alone_and_stay_in_their_words():
    tokens = ["She", "said", "that", "you", "'ll", "often", "see", "what", "I'm", "until", "Friday", "."]
    document = Document.from_words(tokens)
    assert len(neutral_edits(document, 2)) == 2
    edited = apply(document, neutral_edits(document, 9)).document
    assert edited.word_texts() == (
        "She", "stated", "that", "you", "will", "frequently", "see", "what", "I'm", "till", "Friday", ".",
    )  # fmt: skip
    assert [word.gender for word in gendered_words(edited)] == ["female"]
    assert neutral_edits(document, 9, barred=[(0, len(document.text))]) == ()
    assert neutral_edits(Document("???"), 2) == ()
