"""Personal data: exact spans, checksums, what looks like it and is not, hostile text in linear time."""

from __future__ import annotations

import itertools
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from personal_sample import harmless, planted

from modelaudit.text.personal_data import KINDS, find_personal_data, person_words
from modelaudit.text.personal_data.folding import folded
from modelaudit.text.personal_data.payment import passes_luhn

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def found(text: str) -> list[tuple[str, str]]:
    return [(match.kind, text[match.start : match.end]) for match in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("mail john.doe+x@mail.example.co.uk now", "e-mail address", "john.doe+x@mail.example.co.uk"),
        ("邮箱zhang.san@example.com谢谢", "e-mail address", "zhang.san@example.com"),
        ("write to 'müller@bücher.example',", "e-mail address", "müller@bücher.example"),
        ("see...joe@example.org.", "e-mail address", "joe@example.org"),
        ("?email=foo@example.com&x=1", "e-mail address", "foo@example.com"),
        ("联系＋８６ １３８ ００１３ ８０００。", "phone number", "＋８６ １３８ ００１３ ８０００"),
        ("电话13800138000。", "phone number", "13800138000"),
        ("see wei\u200b.baker@acme.com", "e-mail address", "wei\u200b.baker@acme.com"),
        ("(+86)13800138000", "phone number", "(+86)13800138000"),
        ("him (+44 (0)161 496 0000) twice", "phone number", "+44 (0)161 496 0000"),
        ("(020 7946 0958)", "phone number", "020 7946 0958"),
        ("(020) 7946 0958", "phone number", "(020) 7946 0958"),
        ("0049 30 123456", "phone number", "0049 30 123456"),
        ("1-800-555-0199", "phone number", "1-800-555-0199"),
        ("212-555-0123x45", "phone number", "212-555-0123"),
        ("06.12.34.56.78", "phone number", "06.12.34.56.78"),
        ("my phone number is 5551234567!", "phone number", "5551234567"),
        ("5 4111-1111-1111-1111", "payment card number", "4111-1111-1111-1111"),
        ("4111 1111 1111 1111 123", "payment card number", "4111 1111 1111 1111"),
        ("3782 822463 10005", "payment card number", "3782 822463 10005"),
        ("IBAN:GB29 NWBK 6016 1331 9268 19.", "IBAN", "GB29 NWBK 6016 1331 9268 19"),
        ("de89370400440532013000", "IBAN", "de89370400440532013000"),
        ("my SSN is 219 09 9998", "US social security number", "219 09 9998"),
        ("AB 12 34 56 C", "UK national insurance number", "AB 12 34 56 C"),
        ("national insurance no ab123456c", "UK national insurance number", "ab123456c"),
        ("NHS number: 943 476 5919", "UK NHS number", "943 476 5919"),
        ("身份证号11010519491231002X，", "Chinese resident id", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "Chinese resident id", "１１０１０５１９４９１２３１００２Ｘ"),
        ("from 192.168.1.17:8080", "IP address", "192.168.1.17"),
        ("logged in from 1.2.3.4", "IP address", "1.2.3.4"),
        ("[2001:db8::1]:443", "IP address", "2001:db8::1"),
        ("fe80::1%eth0", "IP address", "fe80::1"),
        ("born in Boston, Massachusetts, on 5 May 1990", "date of birth", "5 May 1990"),
        ("(born May 5, 1990)", "date of birth", "May 5, 1990"),
        ("DOB 5/12/90", "date of birth", "5/12/90"),
        ("geb. 5. 3. 1990", "date of birth", "5. 3. 1990"),
        ("née le 5 mai 1990", "date of birth", "5 mai 1990"),
        ("1990年5月1日出生", "date of birth", "1990年5月1日"),
        ("出生日期：１９９０－０５－０１", "date of birth", "１９９０－０５－０１"),
        ("Visit 12/05/2024 DOB: 01/02/1990", "date of birth", "01/02/1990"),
    ],
)
def test_a_detail_is_found_with_its_exact_place(text, kind, value):
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "on 2023-05-12 10:30", "01.02.2023 12:30", "costs 1,234,567.89 USD", "$212-555-0123", "order 1234567890",
        "id 12345678901", "100 200 3000 4000", "01 02 03 04 05", "555-1234", "phone: 12/05/2023", "phone 2010-2015",
        "hotel 12345678", "iPhone 13 2000000", "+10000000", "C++11 +100", "a+4915112345678", "0.4111111111111111",
        "订单号13812345678", "version 1.2.3.4", "v10.2.3.1", "1.2.3.4", "pkg==10.2.3.1", "127.0.0.1", "0.0.0.0",
        "255.255.255.0", "10.0.0.0/8", "999.1.1.1", "12:30:45", "abc::def", "00:1A:2B:3C:4D:5E", "logo@2x.png",
        "@handle", "a@b.c", "550e8400-e29b-41d4-a716-446655440000", "ISBN 978-3-16-148410-0", "zip 02110-1301",
        "AT12 is the best of all worlds", "born in 1990", "born Max, died 5 May 1990", "born 31 February 1990",
        "born 5 May 1890", "born auguſt 5, 1990", "合同自1990年5月1日生效", "1990年5月1日发布", "943 476 5919",
    ],
)  # fmt: skip
def test_what_looks_like_it_and_is_nobodys_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130", "XX89 3704 0044 0532 0130 00",
        "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "078-05-1120", "BG123456A",
        "QQ123456C", "AB123456E", "NHS 943 476 5918", "110105194912310021", "110105194902310025", "991105194912310021",
        "1411 1111 1111 1111 ", "+44 12", "+999 123456789", "+44 20 794 095", "+86 138 001", "+1 123 555 0123",
    ],
)  # fmt: skip
def test_numbers_that_break_a_rule_are_not_found(text):
    assert found(text) == []


@settings(max_examples=40)
@given(
    numbers=st.lists(st.from_regex("1[3-9][0-9]{9}", fullmatch=True), min_size=1, max_size=4),
    sign=st.sampled_from(["、", "，", ",", ";", "；", ", "]),
    around=st.sampled_from([("手机", "。"), ("Tel: ", ""), ("她的电话是", "，谢谢")]),
)
def test_each_chinese_mobile_number_of_a_list_is_found(numbers, sign, around):
    listed = sign.join(numbers)
    assert found(around[0] + listed + around[1]) == [("phone number", number) for number in numbers]
    assert found(f"订单号{listed}") == found(f"id {listed} ok") == []
    assert found(f"手机{listed},123") == [("phone number", number) for number in numbers[:-1]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_sample_is_found_where_it_stands(kind):
    rng = np.random.default_rng(KINDS.index(kind))
    hits, false = 0, 0
    for _ in range(200):
        text, start, end = planted(kind, rng)
        spans = [(match.kind, match.start, match.end) for match in find_personal_data(text)]
        hits += (kind, start, end) in spans
        false += sum(span != (kind, start, end) for span in spans)
    assert hits >= 196
    assert false <= 4


def test_a_generated_sample_of_harmless_numbers_gives_hardly_a_match():
    rng = np.random.default_rng(99)
    false = [match for _ in range(2_000) for match in find_personal_data(harmless(rng))]
    assert len(false) <= 4


def test_random_numbers_pass_for_cards_no_more_often_than_prefix_and_check_digit_allow():
    rng = np.random.default_rng(5)
    numbers = ["".join(str(digit) for digit in digits) for digits in rng.integers(0, 10, size=(4_000, 16))]
    hits = sum(bool(find_personal_data(number)) for number in numbers)
    # Prefixes in use begin about three in ten numbers, and one in ten passes Luhn's check.
    assert 40 <= hits <= 160


def test_any_one_changed_digit_breaks_a_checked_number():
    for number in ("4111111111111111", "DE89370400440532013000", "11010519491231002X"):
        kind = found(number)[0][0]
        for place, digit in enumerate(number):
            if digit.isdigit() and place > 5:
                for other in set("0123456789") - {digit}:
                    assert kind not in dict(found(number[:place] + other + number[place + 1 :]))


@UNHURRIED
@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_is_taken_and_spans_lie_apart_and_inside(text):
    matches = find_personal_data(text)
    place = 0
    for match in matches:
        assert place <= match.start < match.end <= len(text)
        assert match.kind in KINDS
        place = match.end


PIECES = (
    "+", "00", "(", ")", " ", "-", ".", "/", ":", "@", "born ", "tel ", "1990", "年5月", "日", "4111", "2001:", "a",
    "\ud800", "\u200b", "０", "DE89", "5", "12", "NHS ", "出生", "x", "v", "%", "\n",
)  # fmt: skip


@UNHURRIED
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_text_made_of_the_signs_that_detectors_look_for_is_taken_too(text):
    matches = find_personal_data(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(matches))
    values = [text[match.start : match.end] for match in matches]
    assert values == [value.strip(" \n") for value in values]


@UNHURRIED
@given(st.text(st.characters(codec=None), max_size=50))
def test_folding_keeps_every_character_in_its_place(text):
    plain = folded(text)
    assert len(plain) == len(text)
    assert all(a == b for a, b in zip(text, plain, strict=True) if a.isascii())


@UNHURRIED
@given(st.sampled_from(KINDS), st.integers(0, 10_000))
def test_full_width_writing_changes_no_place(kind, seed):
    text, start, end = planted(kind, np.random.default_rng(seed))
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert [(m.kind, m.start, m.end) for m in find_personal_data(wide)] == [
        (m.kind, m.start, m.end) for m in find_personal_data(text)
    ]
    assert any((m.start, m.end) == (start, end) for m in find_personal_data(wide))


@UNHURRIED
@given(st.text("0123456789", min_size=2, max_size=19))
def test_luhn_takes_one_check_digit_of_ten(digits):
    assert sum(passes_luhn(digits + last) for last in "0123456789") == 1


HOSTILE = {
    "digits": "1", "spaced digits": "1 ", "card groups": "4111 ", "a@": "a@", "addresses": "a@b.", "plus": "+1",
    "parentheses": "(0", "tel": "tel ", "born": "born ", "hextets": "2001:", "dashes": "01-", "dates": "01.02.",
    "countries": "DE89 ", "months": "may 1 ", "出生": "出生", "births": "born 1.1.1990 ", "dots": "a.", "hyphens": "a-",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_time_in_step_with_its_length(name):
    piece = HOSTILE[name]
    texts = [f"x@{piece * (size // len(piece))}@" for size in (25_000, 100_000)]
    started = time.process_time()
    find_personal_data(texts[1])
    seconds = time.process_time() - started
    # Quadratic time would be hours for some of these, cubic never end.
    assert seconds < 4
    if seconds > 0.4:
        started = time.process_time()
        find_personal_data(texts[0])
        assert seconds < 10 * (time.process_time() - started)


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-PER I-PER O B-LOC", [(0, 2)]),
        ("I-PER I-PER B-PER O", [(0, 2), (2, 3)]),
        ("B-PER E-PER S-PER O", [(0, 2), (2, 3)]),
        ("B-PERSON L-PERSON U-person", [(0, 2), (2, 3)]),
        ("PER PER O PER", [(0, 2), (3, 4)]),
        ("B-name I-name B-company", [(0, 2)]),
        ("person-actor person-actor location-city", [(0, 2)]),
        ("B-first_name B-last_name", [(0, 1), (1, 2)]),
        ("B-LOC I-PER I-PER", [(1, 3)]),
        ("B-人名 I-人名 O", [(0, 2)]),
        ("B-PERCENT B-PERderiv O", []),
        ("", []),
    ],
)
def test_names_are_read_from_tags_of_every_scheme(tags, spans):
    assert person_words(tags.split()) == spans


def test_kinds_of_a_mixed_text_are_told_apart():
    text = (
        "Anna (DOB 05/12/1990, SSN 123-45-6789) pays with 4111 1111 1111 1111 or from DE89 3704 0044 0532 0130 00; "
        "call +44 20 7946 0958 or mail anna@example.org from 192.168.1.17."
    )
    assert Counter(kind for kind, _ in found(text)) == Counter(
        {
            "date of birth": 1, "US social security number": 1, "payment card number": 1, "IBAN": 1, "phone number": 1,
            "e-mail address": 1, "IP address": 1,
        }
    )  # fmt: skip
