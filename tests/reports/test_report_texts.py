"""The Chinese of what bundled checkers say: complete, not stale, one for each text, and free of banned words."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache

import collected_texts as collected
import pytest
from collected_texts import GAP

from modelaudit.checker import Checker
from modelaudit.checkers import modelaudit_checkers
from modelaudit.reports.forms import LONGEST, Form, in_order, translated

FOLDER = collected.SOURCE / "reports" / "locales" / "zh" / "texts"
CONTENTS = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
TEXTS = [(entry["en"], entry["zh"]) for content in CONTENTS for entry in content.get("text", ())]
FORMS = [(entry["en"], entry["zh"]) for content in CONTENTS for entry in content.get("form", ())]
KNOWN = dict(TEXTS)
TRIED = in_order([Form.of(*entry) for entry in FORMS])

SYMBOLS = frozenset({"AUC", "F1", "n", "p", "q"})
"""Headings and units that are the same in Chinese."""
BANNED = re.compile(
    r"\b(compliant|certified|no bias|safe|unbiased|anonymous)\b|合规|认证|无偏见|没有偏见|安全", re.IGNORECASE
)
NAMES_OF_THINGS = ("美国社会安全号",)
"""What holds a banned word and is the name of something."""
LEAST_LETTERS = 5
"""So many letters of a text in the code must be fixed for it to account for a translation."""


@pytest.mark.parametrize("checker", modelaudit_checkers(), ids=lambda checker: checker.info.id.partition("/")[2])
def test_what_a_checker_says_of_itself_is_there_in_both_languages(checker: Checker) -> None:
    info = checker.info
    assert info.question.endswith("?")
    assert len(re.findall(r"[.](?= |$)", info.means)) in (2, 3)
    assert info.not_shown
    assert info.remedies
    assert [text for text in collected.own_texts(info) if text not in KNOWN] == []


def test_a_text_has_one_translation() -> None:
    counts = Counter(text for text, _ in (*TEXTS, *FORMS))
    assert [text for text, count in counts.items() if count > 1] == []


def test_texts_have_no_gaps_and_forms_have_the_same_in_both_languages() -> None:
    assert [entry for entry in TEXTS if re.search(r"[{}]", "".join(entry))] == []
    for text, translation in FORMS:
        gaps = re.findall(r"\{(\d)#?\}", text)
        assert gaps == [str(place) for place in range(len(gaps))], text
        assert sorted(re.findall(r"\{(\d)\}", translation)) == gaps, text


def test_no_banned_word() -> None:
    said = [*collected.every_own_text(), *(part for entry in (*TEXTS, *FORMS) for part in entry)]
    for name in NAMES_OF_THINGS:
        said = [text.replace(name, "") for text in said]
    assert [text for text in said if BANNED.search(text)] == []


def test_translations_are_chinese_with_chinese_punctuation() -> None:
    for text, translation in (*TEXTS, *FORMS):
        if re.search(r"[a-z]{3}", text) and text[:1] != "F":
            assert re.search(r"[一-鿿]", translation), text
        assert not re.search(r"[一-鿿][,;:?!](?!\d)|[一-鿿]\.(?:\s|$)|\(.*[一-鿿].*\)", translation), translation
        assert text.endswith((".", "?")) == translation.endswith(("。", "？")), text


def test_what_code_shows_under_a_name_is_translated() -> None:
    """Titles, units, headings, axes, names of lines, captions and caveats that the code gives as keywords."""
    missing = [
        (each.parameter, each.text)
        for each in collected.written()
        if each.room == "checkers" and each.parameter in collected.SHOWN_BY
        if each.text not in SYMBOLS and not _covered(each.text)
    ]
    assert missing == []


def test_no_translation_is_stale() -> None:
    """What no checker, no code and no list of names says any more has no translation either."""
    assert [text for text, _ in TEXTS if not _said(text)] == []
    assert [text for text, _ in FORMS if not all(map(_written_somewhere, re.split(r"\{\d#?\}", text)))] == []


def test_names_that_the_code_puts_together_are_translated() -> None:
    chinese = re.compile(r"[一-鿿]")
    names = [name for name in collected.named_in_code() if not chinese.match(name)]
    assert [name for name in names if translated(name, KNOWN, TRIED) is None] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Rows that moved most (age: older - younger)", "变动最大的样本（年龄：年长 − 年轻）"),
        ("Largest changes under 'letters lost, severity 2'", "“漏字母，程度 2”下变化最大的样本"),
        ("the first 5 of 50 rows by id, of 216", "共 216 条样本，其中 50 条按编号取前 5 条"),
        ("Groups by {0} <b>", "按 {0} <b> 划分的各组"),
        ("It is defined for a and b, not for c.", "本检查适用于 a and b，不适用于 c。"),
        ("60.1% to 70.2%", "60.1% 至 70.2%"),
    ],
)
def test_a_text_with_gaps_is_translated_with_what_stands_in_them(text: str, said: str) -> None:
    assert translated(text, KNOWN, TRIED) == said


@pytest.mark.parametrize(
    "text",
    [
        "ready to ship",
        "Groups by ",
        "Rows that moved most (",
        "Groups by " + "x" * LONGEST,
        "'" * LONGEST,
        "." * LONGEST,
        "a stranger's words",
        "",
    ],
)
def test_what_is_no_text_of_ours_is_left_alone(text: str) -> None:
    assert translated(text, KNOWN, TRIED) is None


def test_the_form_with_more_fixed_words_is_tried_first() -> None:
    forms = in_order([Form.of("{0} rows", "{0} 甲"), Form.of("{0} of {1} rows", "{1} 乙 {0}")])
    assert translated("3 of 4 rows", {"4": "四"}, forms) == "四 乙 3"


def _covered(text: str) -> bool:
    """Whether a text of the code, its gaps filled somehow, is translated; finite texts may be translated each."""
    if any(translated(text.replace(GAP, filling), KNOWN, TRIED) is not None for filling in ("7", "x")):
        return True
    return GAP in text and any(_skeleton(text).fullmatch(known) for known, _ in (*TEXTS, *FORMS))


@cache
def _said(text: str) -> bool:
    constants, skeletons, others = _in_code()
    if text in constants or text in others or any(skeleton.fullmatch(text) for skeleton in skeletons):
        return True
    return any(text[:cut] in constants and text[cut:] in constants for cut in range(1, len(text)))


@cache
def _in_code() -> tuple[frozenset[str], tuple[re.Pattern[str], ...], frozenset[str]]:
    texts = {each.text for each in collected.written()}
    telling = [text for text in texts if GAP in text and len(re.sub(r"\W", "", text)) >= LEAST_LETTERS]
    others = collected.every_own_text() | collected.named_in_code()
    return frozenset(texts), tuple(map(_skeleton, telling)), frozenset(others)


def _skeleton(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split(GAP))), re.DOTALL)


@cache
def _all_code() -> str:
    return "\n".join(sorted(_in_code()[0]))


def _written_somewhere(piece: str) -> bool:
    """Whether the fixed part of a form stands in the code, in one piece or in several."""
    rest = piece.strip(" ()'.:,;")
    while rest:
        cut = next((cut for cut in range(len(rest), 0, -1) if rest[:cut] in _all_code()), 0)
        if cut < min(LEAST_LETTERS, len(rest)):
            return False
        rest = rest[cut:].lstrip(" ()'.:,;")
    return True
