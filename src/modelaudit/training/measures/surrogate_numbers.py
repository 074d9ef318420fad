"""Made-up numbers of cards, accounts and persons: as long as the old, valid by their check, of nobody where possible.

Values are letters and digits alone, in capitals.
"""

from __future__ import annotations

import re
import string
from random import Random

from modelaudit.text.personal_data.folding import folded

_TEST_CARDS = {
    "4": "411111", "51": "555555", "52": "555555", "53": "555555", "54": "555555", "55": "555555", "34": "378282",
    "37": "378282", "6011": "601111", "30": "305693", "38": "385200", "35": "353011",
}  # fmt: skip
"""How the numbers begin that payment companies publish for tests, by the issuer's first digits."""
_ISSUER = 4
_BANK = range(4, 8)
"""Where the bank stands in an IBAN; no bank is known by four zeros."""
_NINO_FIRST, _NINO_SECOND = "ABCEGHJKLMNPRSTWXYZ", "ABCEGHJKLMNPRSTWXYZ"
_NINO_UNUSED = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
_NHS_TESTS = "999"
"""The National Health Service gives no person a number that begins so."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_FIRST_BIRTH, _LAST_BIRTH = 1930, 2020


def value_of_number(written: str) -> str:
    """Return the letters and digits of a number, in capitals, whatever stands between them."""
    return re.sub("[^0-9A-Z]", "", folded(written).upper())


def written_as(written: str, value: str, places: list[int] | None = None) -> str:
    """Return the new value in the separators, letter case, width and script of the old writing.

    Args:
        places: of the characters that are written over, as many as the value has; None for all letters and digits.
    """
    plain = folded(written)
    if places is None:
        places = [place for place, character in enumerate(plain) if character.isascii() and character.isalnum()]
    # An X for a check digit is small where the old one was; digits have no case.
    small = any(character.islower() for character in plain)
    new = list(written)
    for place, character in zip(places, value, strict=True):
        fitting = character.lower() if small else character
        shift = ord(written[place]) - ord(plain[place])
        fits = shift and plain[place].isdigit() == fitting.isdigit()
        new[place] = chr(ord(fitting) + shift) if fits else fitting
    return "".join(new)


def digits(rng: Random, count: int) -> str:
    """Return so many random digits."""
    return "".join(rng.choices(string.digits, k=count))


def card(value: str, rng: Random, attempt: int) -> str:
    """Return a number of the same issuer; where there are such, it begins like those that are published for tests."""
    begin = next((_TEST_CARDS[value[:size]] for size in (4, 2, 1) if value[:size] in _TEST_CARDS), value[:_ISSUER])
    body = begin + digits(rng, len(value) - len(begin) - 1)
    return body + _luhn(body)


def iban(value: str, rng: Random, attempt: int) -> str:
    """Return an account of the same country at a bank "0000" or "XXXX" that does not exist."""
    account = "".join(
        rng.choice(string.digits if old.isdigit() else string.ascii_uppercase)
        if place not in _BANK
        else ("0" if old.isdigit() else "X")
        for place, old in enumerate(value)
        if place >= _BANK.start
    )
    turned = int("".join(str(int(character, 36)) for character in f"{account}{value[:2]}00"))
    return f"{value[:2]}{98 - turned % 97:02}{account}"


def social_security(value: str, rng: Random, attempt: int) -> str:
    """Return a US number that could be given out; none of those are reserved for nobody."""
    area = rng.choice([area for area in range(1, 900) if area != 666])
    return f"{area:03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}"


def national_insurance(value: str, rng: Random, attempt: int) -> str:
    """Return a UK number with a prefix that is in use."""
    while (prefix := rng.choice(_NINO_FIRST) + rng.choice(_NINO_SECOND)) in _NINO_UNUSED:
        pass
    return prefix + digits(rng, 6) + rng.choice("ABCD")


def health_service(value: str, rng: Random, attempt: int) -> str:
    """Return a UK NHS number of the range that is kept for tests."""
    while True:
        body = _NHS_TESTS + digits(rng, 6)
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), body, strict=True)) % 11
        if check < 10:
            return f"{body}{check}"


def resident(value: str, rng: Random, attempt: int) -> str:
    """Return a Chinese resident id of the same province and sex, born at another time, of no county ("0000")."""
    born = f"{rng.randint(_FIRST_BIRTH, _LAST_BIRTH)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    sex = rng.choice("13579" if int(value[16]) % 2 else "02468")
    body = f"{value[:2]}0000{born}{digits(rng, 2)}{sex}"
    return body + _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def _luhn(body: str) -> str:
    """Luhn's check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
