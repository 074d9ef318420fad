"""Generated text with personal data whose kind and place are known, and with numbers that look like it and are not.

Written apart from the detectors: check digits are searched for by trial, not computed by the code under test.
"""

from __future__ import annotations

import itertools

import numpy as np

PHONES = [
    "+44 20 7946 0#0#", "+44 (0)161 496 0##0", "+1 212-555-01##", "(415) 555-01##", "646-555-01##", "+49 30 9018#2##",
    "0171 23#45##", "+33 1 99 00 5# ##", "06 39 98 2# ##", "+86 138 0013 8###", "手机13900##9###", "020 7946 0###",
    "+39 06 698#2###", "+91 98#65 43#1#", "0412 ##5 6#8", "Tel: 55#-12##", "phone 7#8 55 1###", "+351 21#345#78",
]  # fmt: skip
BANKS = {"DE": (22, "#"), "GB": (22, "ABCD"), "FR": (27, "#"), "NL": (18, "INGB"), "ES": (24, "#"), "CH": (21, "#")}
CARDS = {"4": 16, "51": 16, "2221": 16, "37": 15, "6011": 16, "3528": 16, "36": 14, "62": 16}
FRAMES = [
    "Please note {} in the file.", "She wrote {} on the form, and we kept it.", "{}", "Kontakt: {}.", "联系{}，谢谢。",
    "The customer ({}) called twice about 350 euros on 12 May 2021.", "wie besprochen {} bitte ändern", "\tid;{};7\n",
]  # fmt: skip
HARMLESS = [
    "It cost 1,2##,#00.50 dollars.", "Order 100######## was sent.", "on 2021-0#-1# at 12:3#",
    "version 10.#.2.1# is out", "ISBN 978-3-16-14841#-0", "between 2010-2015 and 1999/2000", "pi is 3.14159265358#79",
    "room 1#-2#, floor #", "scores 10 20 30 40 5#", "01 02 03 04 05 0#", "loss 0.41111111111#111",
    "a@b and @handle##", "logo@2x.png", "550e8400-e29b-41d4-a716-44665544####", "1#:3#:5#", "born in 19##",
    "died 5 May 19##", "AB-12##-C", "std::vec a::b##", "订单号138########", "合同自1990年5月1#日生效",
    "1990年5月1#日发布", "#### #### ####", "12.03.2021 1#:30", "$2##,555,01##", "127.0.0.1", "mask 255.255.255.0",
    "10.0.0.0/8", "§ 3.2.1.#", "v1.2.3.#", "1.2.3.#", "pkg==1#.2.3.1", "zip 0211#-1301", "case 12####",
    "call 5## people", "hotel 1234567#", "iPhone 13 sold 2000000#", "+1# points", "C++1# in 201#",
]  # fmt: skip


def filled(pattern: str, rng: np.random.Generator) -> str:
    """Return the pattern with a random digit for each #."""
    return "".join(str(rng.integers(10)) if character == "#" else character for character in pattern)


def by_trial(rng: np.random.Generator, make, passes) -> str:
    """Return the first made number that passes."""
    while not passes(number := make(rng)):
        pass
    return number


def luhn(number: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(number[::-1])]
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0


def card(rng: np.random.Generator) -> str:
    prefix = str(rng.choice(list(CARDS)))
    number = by_trial(rng, lambda r: filled(prefix + "#" * (CARDS[prefix] - len(prefix)), r), luhn)
    groups = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[len(number)]
    places = np.cumsum((0, *groups))
    return str(rng.choice(["", " ", "-"])).join(number[a:b] for a, b in itertools.pairwise(places))


def iban(rng: np.random.Generator) -> str:
    country = str(rng.choice(list(BANKS)))
    length, bank = BANKS[country]
    account = filled(bank + "#" * (length - 4 - len(bank)), rng)
    value = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    number = f"{country}{98 - value % 97:02}{account}"
    spaced = " ".join(number[place : place + 4] for place in range(0, length, 4))
    return str(rng.choice([number, spaced]))


def resident(rng: np.random.Generator) -> str:
    body = f"{rng.choice(['110101', '310104', '440305', '510107'])}{date(rng).replace('-', '')}{rng.integers(1000):03}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    return body + "0123456789X"[(1 - total) % 11]


def date(rng: np.random.Generator) -> str:
    return f"{rng.integers(1930, 2015)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"


def birth(rng: np.random.Generator) -> tuple[str, str]:
    """Return a text before the date, and the date."""
    year, month, day = date(rng).split("-")
    name = ["January", "May", "October"][int(month) % 3]
    forms = [
        ("born ", f"{int(day)} {name} {year}"), ("DOB: ", f"{day}/{month}/{year}"),
        ("geboren am ", f"{day}.{month}.{year}"), ("出生日期：", f"{year}年{int(month)}月{int(day)}日"),
        ("date of birth ", f"{year}-{month}-{day}"),
        ("born in Leeds on ", f"{name} {int(day)}, {year}"),
    ]  # fmt: skip
    return forms[rng.integers(len(forms))]


def phone(rng: np.random.Generator) -> tuple[str, str]:
    written = filled(str(rng.choice(PHONES)), rng)
    cue = next((cue for cue in ("手机", "Tel: ", "phone ") if written.startswith(cue)), "")
    return cue, written[len(cue) :]


def ssn(rng: np.random.Generator) -> str:
    return f"{rng.integers(100, 660)}-{rng.integers(1, 100):02}-{rng.integers(1, 10_000):04}"


def nino(rng: np.random.Generator) -> str:
    parts = [str(rng.choice(["AB", "JC", "PX", "SK"])), *filled("## ## ##", rng).split(), str(rng.choice(list("ABCD")))]
    return str(rng.choice(["", " "])).join(parts)


def nhs(rng: np.random.Generator) -> str:
    def passes(number: str) -> bool:
        return sum(int(digit) * (10 - place) for place, digit in enumerate(number)) % 11 == 0

    number = by_trial(rng, lambda r: filled("9#########", r), passes)
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def address(rng: np.random.Generator) -> str:
    if rng.integers(3) == 0:
        return f"2001:db8:{rng.integers(1, 9999):x}::{rng.integers(1, 9999):x}"
    return ".".join(str(part) for part in (rng.choice([10, 88, 192, 203]), *rng.integers(10, 255, size=3)))


def email(rng: np.random.Generator) -> str:
    name = str(rng.choice(["anna.kovacs", "j_smith+shop", "zhang.wei", "o'neill", "müller"]))
    domain = rng.choice(["example.org", "mail.example.co.uk", "post.example.de", "büro.example"])
    return f"{name}{rng.integers(100)}@{domain}"


MAKERS = {
    "e-mail address": lambda rng: ("", email(rng)),
    "phone number": phone,
    "payment card number": lambda rng: ("", card(rng)),
    "IBAN": lambda rng: ("", iban(rng)),
    "US social security number": lambda rng: ("", ssn(rng)),
    "UK national insurance number": lambda rng: ("", nino(rng)),
    "UK NHS number": lambda rng: ("NHS number ", nhs(rng)),
    "Chinese resident id": lambda rng: ("", resident(rng)),
    "IP address": lambda rng: ("", address(rng)),
    "date of birth": birth,
}


def planted(kind: str, rng: np.random.Generator) -> tuple[str, int, int]:
    """Return a text with one detail of the kind, and where it begins and ends."""
    cue, value = MAKERS[kind](rng)
    before, _, behind = str(rng.choice(FRAMES)).partition("{}")
    start = len(before) + len(cue)
    return f"{before}{cue}{value}{behind}", start, start + len(value)


def harmless(rng: np.random.Generator) -> str:
    """Return a text with numbers and signs that are nobody's."""
    return " ".join(filled(str(part), rng) for part in rng.choice(HARMLESS, size=2, replace=False))
