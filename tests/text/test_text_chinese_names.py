"""Chinese names: a known given name behind a surname, no parts of words, and the surname stays."""

from __future__ import annotations

import pytest

from modelaudit.text import Document, apply
from modelaudit.text import name_edits as english_name_edits
from modelaudit.text.chinese import load_known_names, load_names, name_edits, name_mentions
from modelaudit.text.chinese.surnames import surnames


def found(text: str) -> list[tuple[str, str | None]]:
    mentions = name_mentions(Document(text))
    assert all(text[mention.start : mention.end] == mention.name for mention in mentions)
    return [(mention.name, mention.gender) for mention in mentions]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王秀英和李国强来了", [("秀英", "female"), ("国强", "male")]),
        ("欧阳秀英在这里", [("秀英", "female")]),
        ("张伟说，张伟很好", [("伟", "male"), ("伟", "male")]),
        ("秀英来了", []),
        ("王先生来了", []),
        ("上周建军节", []),
        ("李建国际学校", []),
        ("高超的技术", []),
        ("国王建军", []),
        ("王伟大", []),
        ("@王秀英 来了", []),
    ],
)
def test_a_person_is_surname_and_known_given_name(text, names):
    assert found(text) == names


def test_names_are_many_and_of_one_sex_and_two_characters():
    names = load_names()
    for gender in ("female", "male"):
        own = [name for name in names if name.gender == gender]
        assert len({name.name for name in own}) == len(own) >= 45
        assert all(len(name.name) == 2 and name.ethnicity is None for name in own)
    known = [name.name for name in load_known_names()]
    assert len(set(known)) == len(known)
    assert {name.name for name in names} <= set(known)
    assert len([surname for surname in surnames() if len(surname) == 1]) == 100


def test_every_name_is_found_again_behind_every_kind_of_surname():
    for name in load_names():
        for surname in ("王", "高", "欧阳"):
            assert found(f"听说{surname}{name.name}来了。") == [(name.name, name.gender)]


def test_one_person_keeps_one_name_and_the_surname_stays():
    document = Document("王秀英走了，我想王秀英。张伟没走。")
    mentions = name_mentions(document)
    for edits in (name_edits, english_name_edits):
        edited = apply(document, edits(document, mentions, {"秀英": "国强", "伟": "志明"}))
        assert edited.document.text == "王国强走了，我想王国强。张志明没走。"


def test_one_character_words_are_exchanged_word_by_word():
    document = Document.from_words(list("王秀英和张伟来了"))
    mentions = name_mentions(document)
    edited = apply(document, name_edits(document, mentions, {"秀英": "国强", "伟": "志明"}))
    assert edited.document.word_texts() == tuple("王国强和张志明来了")
    tags = ["B-PER", "I-PER", "I-PER", "O", "B-PER", "I-PER", "O", "O"]
    assert edited.carry(tags) == ("B-PER", "I-PER", "I-PER", "O", "B-PER", "I-PER", "I-PER", "O", "O")
    back = apply(edited.document, name_edits(edited.document, name_mentions(edited.document), {"志明": "伟"}))
    assert back.document.word_texts() == tuple("王国强和张伟来了")


def test_person_spans_give_names_that_need_not_be_known():
    document = Document.from_words(list("于和伟见了欧阳秀英和马克龙总统"))
    first = document.words[0][0], document.words[2][1]
    second = document.words[5][0], document.words[8][1]
    mentions = name_mentions(document, person_spans=[second, first])
    assert [(mention.name, mention.gender) for mention in mentions] == [("和伟", None), ("秀英", "female")]
    edited = apply(document, name_edits(document, mentions, {"和伟": "志明"}))
    assert edited.document.word_texts() == tuple("于志明见了欧阳秀英和马克龙总统")
    assert name_mentions(document, person_spans=[]) == []


def test_known_names_can_be_given():
    names = [name for name in load_names() if name.name == "国强"]
    assert [mention.name for mention in name_mentions(Document("王国强和王秀英"), names)] == ["国强"]
