"""Words and numbers: visible strings, and figures as a reader knows them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import metric

from modelaudit.reports.badges import EXCEEDS, GRAVITY, severity_words
from modelaudit.reports.numbers import MINUS, brief, chance, decimal, duration, percent, scale_of, significant
from modelaudit.reports.text import either, listed, sentence, visible
from modelaudit.reports.words import say, speaking
from modelaudit.verdicts import Limit

ANY = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain café 中文 שלום", "plain café 中文 שלום"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"),
        ("a\x00\x1b", "a⟨U+0000⟩⟨U+001B⟩"),
        ("a\ud800b", "a⟨U+D800⟩b"),
        ("a\r\nb\tc\rd", "a↵ b⇥ c⟨U+000D⟩d"),
        ("\u3164\u2028", "⟨U+3164⟩⟨U+2028⟩"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301⟨U+0301⟩"),
    ],
)
def test_what_hides_is_shown(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_long_text_is_cut_and_the_cut_is_counted() -> None:
    assert visible("x" * 12, most=10) == "x" * 10 + "… (2 characters more)"


@given(ANY)
def test_nothing_hidden_is_left_and_a_second_pass_changes_nothing(text: str) -> None:
    seen = visible(text)
    assert not {unicodedata.category(character) for character in seen} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert visible(seen) == seen
    seen.encode()


def test_small_words() -> None:
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert either(["a", "b"]) == "a or b"
    assert (sentence("needs labels"), sentence("Why?"), sentence("")) == ("Needs labels.", "Why?", "")
    assert (sentence("需要标签"), sentence("为什么？")) == ("需要标签。", "为什么？")
    assert (say("count.rows", count=1), say("count.rows", count=1204)) == ("1 row", "1,204 rows")
    assert (EXCEEDS.count(1), EXCEEDS.count(2)) == ("1 exceeds its limit", "2 exceed their limits")
    assert severity_words("high") == "high severity"


def test_small_words_in_chinese() -> None:
    with speaking("zh"):
        assert (listed(["甲", "乙", "丙"]), either(["甲", "乙"])) == ("甲、乙和丙", "甲或乙")
        assert (EXCEEDS.words, EXCEEDS.count(2)) == ("超出限值", "2 项超出限值")
        assert visible("x" * 12, most=10) == "x" * 10 + "……（另有 2 个字符）"
        assert (duration(4.2), duration(7260)) == ("4.2 秒", "2 小时 1 分")
        share = scale_of(metric("flip_rate", "x", 0.1, 0.01))
        points = scale_of(metric("score_difference", "x", 0.1, 0.01, better="zero"))
        assert (share.interval(0.05, 0.1), points.value(0.031)) == ("5.0% 至 10.0%", "+3.1\u00a0个百分点")
        limit = Limit(checker="a/b", metric="m", max=0.05, rationale="long enough", source="law")
        assert share.limit(limit) == "不超过 5.0%"


def test_every_state_has_a_word_of_its_own_in_both_languages() -> None:
    for language in ("en", "zh"):
        with speaking(language):
            assert len({badge.words for badge in GRAVITY}) == len({badge.count(2) for badge in GRAVITY}) == len(GRAVITY)


@pytest.mark.parametrize(
    ("unit", "id", "better", "value", "words"),
    [
        ("share of rows", "flip_rate", "lower", 0.1214, "12.1%"),
        ("share of rows", "accuracy_drop", "lower", 0.031, "+3.1\u00a0points"),
        ("probability", "score_difference", "zero", -0.031, f"{MINUS}3.1\u00a0points"),
        ("share of rows", "gain_over_linear", "higher", -0.012, f"{MINUS}1.2\u00a0points"),
        ("AUC", "membership_auc", "lower", 0.5, "0.500"),
        ("log-odds", "shift", "zero", 1.2345, "+1.23"),
        ("words", "words_for_80pct", "neither", 3.0, "3"),
        ("percent", "share_lost", "lower", 4.0, "4.0%"),
    ],
)
def test_values_are_written_by_their_unit(unit: str, id: str, better: str, value: float, words: str) -> None:
    assert scale_of(metric(id, "x", value, 0.01, unit=unit, better=better)).value(value) == words


def test_limits_are_written_on_the_scale_of_their_metric() -> None:
    def limit(**bound: float) -> Limit:
        return Limit(checker="a/b", metric="m", rationale="long enough", source="law", **bound)

    share = scale_of(metric("flip_rate", "x", 0.1, 0.01))
    points = scale_of(metric("score_difference", "x", 0.1, 0.01, better="zero"))
    assert share.limit(limit(max=0.05)) == "at most 5.0%"
    assert points.limit(limit(min=-0.02)) == f"at least {MINUS}2.0\u00a0points"
    assert points.limit(limit(within=0.02)) == f"between {MINUS}2.0 and +2.0\u00a0points"


def test_numbers() -> None:
    assert decimal(-0.0004, places=2, signed=True) == "0.00"
    assert decimal(1234.5, places=1) == "1,234.5"
    assert (significant(0.012345), significant(-123456.7), significant(0)) == ("0.0123", f"{MINUS}123,457", "0")
    assert significant(1.5e-9) == f"1.50×10^{MINUS}9"
    assert significant(1.5e-9, signed=True) == f"+1.50×10^{MINUS}9"
    assert (chance(0.0004), chance(0.0123), chance(0.25)) == ("< 0.001", "= 0.012", "= 0.25")
    assert (percent(0.95), percent(0.99999)) == ("95%", "99.999%")
    assert (duration(4.2), duration(147), duration(7260)) == ("4.2 seconds", "2 min 27 s", "2 h 1 min")
    assert (brief(4.5), brief(-4.0)) == ("4.5", f"{MINUS}4")
