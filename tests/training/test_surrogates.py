"""Surrogates: of the same kind and form, valid by their check, of nobody, each for one value."""

from __future__ import annotations

import ipaddress
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.text.personal_data import KINDS, find_personal_data
from modelaudit.training.measures.surrogate_names import LatinNames, chinese
from modelaudit.training.measures.surrogates import FORMS, key_of, matched

CUES = {
    "US social security number": "SSN ",
    "UK NHS number": "NHS number ",
    "date of birth": "DOB: ",
    "phone number": "Tel: ",
}
KEY = key_of(b"seed", ["x"])
SAMPLES = [
    ("Chinese resident id", "11010519491231002X"),
    ("Chinese resident id", "11010519491231002x"),
    ("UK national insurance number", "AB 12 34 56 C"),
    ("US social security number", "219-09-9998"),
    ("US social security number", "219 09 9998"),
    ("UK NHS number", "943 476 5919"),
    ("IBAN", "GB29 NWBK 6016 1331 9268 19"),
    ("IBAN", "de89370400440532013000"),
    ("payment card number", "4111 1111 1111 1111"),
    ("payment card number", "3782 822463 10005"),
    ("payment card number", "6200123456789012347"),
    ("e-mail address", "John.Doe+x42@mail.example.co.uk"),
    ("e-mail address", "müller@bücher.example"),
    ("IP address", "192.168.1.17"),
    ("IP address", "2001:DB8::1"),
    ("IP address", "fe80:0000:0000:0000:0202:b3ff:fe1e:8329"),
    ("date of birth", "1990-05-12"),
    ("date of birth", "5/3/90"),
    ("date of birth", "3rd of May 1990"),
    ("date of birth", "May 12, 1990"),
    ("date of birth", "1990年5月12日"),
    ("phone number", "+44 (0)161 496 0000"),
    ("phone number", "0044 161 496 0000"),
    ("phone number", "(415) 555-0123"),
    ("phone number", "1-212-555-0123"),
    ("phone number", "06.12.34.56.78"),
    ("phone number", "138 0013 8000"),
    ("phone number", "+49 30 23125 123"),
    ("phone number", "０９０－１２３４－５６７８"),
]


def surrogate(kind, written, seed=b"seed"):
    form = FORMS[kind]
    value = form.value(written)
    return form.write(written, matched([value], form.make, key=key_of(seed, [value])).new[value])


def bare(text):
    """What stands between letters and digits, and the length of what stands there."""
    return re.sub(r"[^\W_]", "#", text)


@pytest.mark.parametrize(("kind", "written"), SAMPLES)
def test_a_surrogate_is_found_as_the_same_kind_and_is_written_as_the_old_value(kind, written):
    before = CUES.get(kind, "at ")
    assert [match.kind for match in find_personal_data(before + written)] == [kind]
    for seed in (b"1", b"2", b"3"):
        new = surrogate(kind, written, seed)
        found = find_personal_data(before + new)
        assert [(match.kind, match.start, match.end) for match in found] == [(kind, len(before), len(before + new))]
        assert FORMS[kind].value(new) != FORMS[kind].value(written)
        if kind not in ("IP address", "e-mail address"):
            assert bare(new) == bare(written)
            assert bool(re.search("[0-9]", new)) == bool(re.search("[0-9]", written))
    assert len({surrogate(kind, written, str(seed).encode()) for seed in range(8)}) > 1


def test_surrogates_are_of_ranges_that_belong_to_nobody():
    for seed in (b"1", b"2", b"3"):
        assert re.fullmatch(r"[A-Z][a-z]+\.[A-Z][a-z]+\+[a-z]\d\d@example\.(com|org|net)",
                            surrogate("e-mail address", "John.Doe+x42@acme.com", seed))  # fmt: skip
        block = ipaddress.ip_address(surrogate("IP address", "88.17.4.200", seed))
        assert any(block in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
        assert surrogate("IP address", "2a02:8108:0:1::7", seed).startswith("2001:db8:")
        assert re.fullmatch(r"\(415\) 555-01\d\d", surrogate("phone number", "(415) 712-3456", seed))
        assert re.fullmatch(r"\+44 20 7946 0\d{3}", surrogate("phone number", "+44 20 8123 4567", seed))
        assert surrogate("payment card number", "5212345678901234", seed).startswith("555555")
        assert surrogate("IBAN", "DE89370400440532013000", seed)[4:8] == "0000"
        assert surrogate("UK NHS number", "943 476 5919", seed).startswith("999 ")
        assert surrogate("Chinese resident id", "11010519491231002X", seed).startswith("110000")


def test_dates_keep_their_format_and_their_ordinals_are_right():
    for seed in range(12):
        new = surrogate("date of birth", "3rd of May 1990", str(seed).encode())
        assert re.fullmatch(r"(1st|2nd|3rd|[4-9]th) of May 19(8[5-9]|9[0-5])", new)
        assert re.fullmatch(r"05/(1\d|2[0-8])/\d{4}", surrogate("date of birth", "05/13/1990", str(seed).encode()))


@pytest.mark.parametrize(
    ("kind", "writings"),
    [
        ("phone number", ["+44 (0)161 496 0000", "+441614960000", "0044 161-496-0000"]),
        ("phone number", ["1-212-555-0123", "+1 (212) 555 0123"]),
        ("e-mail address", ["Joe@Acme.com", "joe@acme.com"]),
        ("IP address", ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"]),
        ("date of birth", ["12 May 1990", "1990-05-12", "12.05.1990", "19900512", "12/05/90", "1990年5月12日"]),
        ("US social security number", ["219-09-9998", "219 09 9998"]),
        ("IBAN", ["GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819"]),
    ],
)
def test_all_writings_of_one_value_get_one_surrogate(kind, writings):
    read = FORMS[kind].value
    assert len({read(written) for written in writings}) == 1
    assert len({read(surrogate(kind, written)) for written in writings}) == 1


@settings(max_examples=20)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32))
def test_no_surrogate_is_a_value_and_no_two_are_alike(kind, seed):
    form = FORMS[kind]
    start = form.value(next(written for of, written in SAMPLES if of == kind))
    values = {form.make(start, Random(seed + place), place) for place in range(60)} | {start}
    made = matched(values, form.make, key=KEY)
    assert set(made.new) == values
    assert made.shared == 0
    assert len(set(made.new.values())) == len(values)
    assert values.isdisjoint(made.new.values())


def test_a_used_up_range_is_left_and_numbers_are_still_found():
    form = FORMS["phone number"]
    values = {f"415712{number:04}" for number in range(1000)}
    new = matched(values, form.make, key=KEY).new
    assert len(set(new.values())) == 1000
    assert matched(sorted(values, reverse=True), form.make, key=KEY).new == new
    assert sum(number.startswith("41555501") for number in new.values()) == 100
    assert all(len(find_personal_data(f"({n[:3]}) {n[3:6]}-{n[6:]}")) == 1 for n in new.values())
    addresses = {f"88.1.{block}.{host}" for block in range(4) for host in range(250)}
    new = matched(addresses, FORMS["IP address"].make, key=KEY).new
    assert len(set(new.values())) == 1000
    assert sum(address.startswith("10.") for address in new.values()) >= 1000 - 3 * 254


def test_what_does_not_fit_is_drawn_again_and_what_can_only_be_shared_is_counted():
    made = matched(["a"], lambda value, rng, attempt: f"{attempt}", key=KEY, fits=lambda value, new: new == "7")
    assert made.new == {"a": "7"}
    assert matched(["a"], lambda value, rng, attempt: "b", key=KEY, fits=lambda value, new: False).new == {"a": "b"}
    few = matched(["a", "b"], lambda value, rng, attempt: "c", key=KEY)
    assert few.new == {"a": "c", "b": "c"}
    assert few.shared == 1
    assert matched(["a", "b"], lambda value, rng, attempt: "ab"[attempt % 2], key=KEY).new == {"a": "b", "b": "a"}


def test_a_guess_at_one_value_can_not_be_tried_out_with_the_seed_alone():
    form = FORMS["US social security number"]

    def drawn(values):
        return matched(values, form.make, key=key_of(b"known seed", values)).new["219099998"]

    assert drawn({"219099998", "123456789"}) != drawn({"219099998"})
    assert drawn({"219099998", "123456789"}) == drawn({"123456789", "219099998"})


def test_names_are_of_the_same_gender_and_group_and_made_up_where_the_lists_are_used_up():
    from modelaudit.text.names import load_known_names, load_names

    groups = {name.name.lower(): (name.gender, name.ethnicity) for name in load_names()}
    names = LatinNames({})
    known = [name.name.lower() for name in load_names()][:6]
    new = matched(known, names.make, key=KEY).new
    assert [groups[new[name]] for name in known] == [groups[name] for name in known]
    everyone = {name.name.lower() for name in load_known_names()}
    made = matched(everyone, names.make, key=KEY)
    assert made.shared == 0
    assert len(set(made.new.values())) == len(everyone)
    assert all(re.fullmatch("[a-z]{4,10}", name) for name in made.new.values())


def test_chinese_names_keep_their_number_of_characters():
    values = ["王伟", "欧阳娜娜", "李秀英", "克林顿", "王", "司马光"]
    new = matched(values, chinese, key=KEY).new
    assert [len(new[value]) for value in values] == [2, 4, 3, 3, 1, 3]
    assert set(new.values()).isdisjoint(values)
