"""Look-alikes: numbers of the same form as one that was found, so that its form gives none of them away.

What may be known of a number without having seen it stays: the issuer of a card, the bank of an account, the place in
a Chinese resident id, the network of an address, all but the last four digits of a phone number, a year of birth but
for three years. The other digits are drawn anew and check digits computed, and a look-alike is taken only where the
detector takes it for what the number is. So a model that never saw the number has little reason to rank it before or
behind them; what reason it has, numbers of held-out rows show.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from modelaudit.text.personal_data import Match, find_personal_data

CUE = 80
"""Characters before a number that a detector may need: "born on", "SSN"."""
TRIES = 8
"""Numbers drawn at most for each look-alike that is wanted."""
REDRAWN = 4
"""Digits of a phone number, from its end, that are drawn anew; country, area and exchange, or block, are no secret."""
YEARS = 3
"""By so many years at most a drawn date differs: which years are frequent is no secret."""
_RUNS = re.compile(r"[0-9]+")
_GROUPS = re.compile(r"([.:]+)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

Draw = Callable[[str, np.random.Generator], str]


def look_alikes(text: str, found: Match, *, count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different numbers of the kind and form of the one found in the text, none of them itself.

    Fewer, perhaps none, where its kind has no digits to draw (an e-mail address), or where there are not so many.
    """
    secret, before = text[found.start : found.end], text[max(0, found.start - CUE) : found.start]
    draw = _DRAWS.get(found.kind)
    if draw is None or any(character.isdigit() and not character.isascii() for character in secret):
        return []
    # Where the cue stands behind the number, the detector can't tell without it, and is not asked.
    checked = _is_read(before + secret, found, len(before))
    made: dict[str, None] = {}
    for _ in range(TRIES * count):
        if len(made) == count:
            break
        other = draw(secret, rng)
        if other not in {secret, *made} and (not checked or _is_read(before + other, found, len(before))):
            made[other] = None
    return list(made)


def _is_read(text: str, found: Match, start: int) -> bool:
    return any(
        match.kind == found.kind and match.start == start and match.end == len(text)
        for match in find_personal_data(text)
    )


def _with_digits(secret: str, digits: str) -> str:
    """Return the number as it was written, with other digits."""
    left = iter(digits)
    return "".join(next(left) if character.isdigit() else character for character in secret)


def _digits(secret: str) -> str:
    return "".join(character for character in secret if character.isdigit())


def _random(count: int, rng: np.random.Generator) -> str:
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def _all_digits(secret: str, rng: np.random.Generator) -> str:
    return _with_digits(secret, _random(len(_digits(secret)), rng))


def _phone(secret: str, rng: np.random.Generator) -> str:
    digits = _digits(secret)
    kept = max(3, len(digits) - REDRAWN)
    return _with_digits(secret, digits[:kept] + _random(len(digits) - kept, rng))


def _card(secret: str, rng: np.random.Generator) -> str:
    digits = _digits(secret)
    body = digits[:6] + _random(len(digits) - 7, rng)
    # Of the digits before the check digit, every second from the end counts double.
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return _with_digits(secret, body + str(-total % 10))


def _iban(secret: str, rng: np.random.Generator) -> str:
    """Country and the first four characters of the account, as a rule the bank, stay; so do letters."""
    plain = [character for character in secret if character.isalnum()]
    account = plain[4:8] + [_random(1, rng) if character.isdigit() else character for character in plain[8:]]
    number = "".join(str(int(character, 36)) for character in [*account, *plain[:2], "0", "0"])
    check = f"{98 - int(number) % 97:02d}"
    left = iter([*plain[:2], *check, *account])
    return "".join(next(left) if character.isalnum() else character for character in secret)


def _resident(secret: str, rng: np.random.Generator) -> str:
    body = secret[:6] + _day(int(secret[6:10]), rng) + _random(3, rng)
    weighted = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    check = "10X98765432"[weighted % 11]
    return body + (check.lower() if secret[-1] == "x" else check)


def _health_service(secret: str, rng: np.random.Generator) -> str:
    while True:
        body = _random(9, rng)
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), body, strict=True)) % 11
        if check < 10:
            return _with_digits(secret, body + str(check))


def _day(year: int, rng: np.random.Generator) -> str:
    """Return a day as eight digits, in a year near this one."""
    return f"{year + rng.integers(-YEARS, YEARS + 1)}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"


def _date(secret: str, rng: np.random.Generator) -> str:
    """Another day, written in the same way: a run of four digits is a year, one of eight a whole date."""

    def drawn(run: re.Match[str]) -> str:
        value, width = int(run[0]), len(run[0])
        if width == 8:
            return _day(int(run[0][:4]), rng)
        if width == 4 or value > 31:
            return f"{(value + rng.integers(-YEARS, YEARS + 1)) % 10**width:0{width}d}"
        # Which of two is the day can't be told, unless the number says so.
        most = 28 if value > 12 else 12
        least = 10 if width == 2 and run[0][0] != "0" and value <= 12 else 1
        return f"{rng.integers(least, min(most, 10**width - 1) + 1):0{width}d}"

    return _RUNS.sub(drawn, secret)


def _address(secret: str, rng: np.random.Generator) -> str:
    """Another IP address of the network that the first two groups name, with as many digits in each group."""
    parts = _GROUPS.split(secret)
    return "".join(
        part if place < 4 or not part.isalnum() else _group(part, secret, rng) for place, part in enumerate(parts)
    )


def _group(part: str, secret: str, rng: np.random.Generator) -> str:
    if ":" in secret:
        return "".join(_hexadecimal(character, rng) for character in part)
    least, most = ((0, 10), (10, 100), (100, 256))[min(len(part), 3) - 1]
    return str(rng.integers(least, most))


def _hexadecimal(character: str, rng: np.random.Generator) -> str:
    """Another digit for a digit, another letter for a letter."""
    if character.isdigit():
        return _random(1, rng)
    letters = "abcdef" if character.islower() else "ABCDEF"
    return letters[int(rng.integers(0, 6))]


_DRAWS: dict[str, Draw] = {
    "payment card number": _card,
    "IBAN": _iban,
    "Chinese resident id": _resident,
    "UK NHS number": _health_service,
    "US social security number": _all_digits,
    "UK national insurance number": _all_digits,
    "IP address": _address,
    "date of birth": _date,
    "phone number": _phone,
}
