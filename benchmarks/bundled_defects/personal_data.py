"""Personal data: rows full of numbers that are nobody's, and a share of rows with a detail of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelaudit.checkers.privacy.personal.personal_data import PersonalData
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier

WORDS = {"good": 1.0, "late": -1.0}
ROWS = 1_000
MOST_HARMLESS = 2
FIRST = "anna bruno clara david elena felix greta henri ida jonas".split()  # noqa: SIM905
LAST = "adler baker clark duval evans fisher graham hansen irving jensen".split()  # noqa: SIM905
Draw = np.random.Generator


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Draw rows, each with up to two numbers that are nobody's, and a share of them with a detail of a person."""
    draw = np.random.default_rng([seed, 54])
    rows = [_row(draw, place, marked=bool(draw.random() < strength)) for place in range(ROWS)]
    model, tokenizer = planted_classifier(WORDS)
    return {"model": model, "tokenizer": tokenizer, "data": rows}


def truth(strength: float) -> float:
    """Return the share of rows with a detail, over all rows that could be drawn."""
    return strength


def _row(draw: Draw, place: int, *, marked: bool) -> dict[str, Any]:
    word = str(draw.choice(list(WORDS)))
    told = [_one(draw, HARMLESS) for _ in range(int(draw.integers(MOST_HARMLESS + 1)))]
    if marked:
        told.insert(int(draw.integers(len(told) + 1)), _one(draw, DETAILS))
    text = " ".join([f"Note {place}: the answer was {word}.", *told])
    return {"text": text, "label": int(WORDS[word] > 0)}


def _one(draw: Draw, kinds: tuple[Callable[[Draw], str], ...]) -> str:
    return kinds[int(draw.integers(len(kinds)))](draw)


def _digits(draw: Draw, count: int) -> str:
    return "".join(map(str, draw.integers(0, 10, count)))


def _luhn(digits: str) -> int:
    """Return the digit that makes a card's number pass its checksum (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return -sum(value - 9 * (value > 9) for value in doubled) % 10


def _card(draw: Draw) -> str:
    body = f"4{_digits(draw, 14)}"
    return f"Paid by card {body}{_luhn(body)}."


def _iban(draw: Draw) -> str:
    account = _digits(draw, 18)
    # DE is 13 and 14 of the letters' numbers, and 00 stands for the check (ISO 13616).
    return f"Pay to DE{98 - int(f'{account}131400') % 97:02d}{account}."


def _mail(draw: Draw) -> str:
    return f"Write to {draw.choice(FIRST)}.{draw.choice(LAST)}{draw.integers(1, 100)}@example.com."


def _phone(draw: Draw) -> str:
    return f"Call 212-{draw.integers(2, 10)}{_digits(draw, 2).replace('1', '2')}-{_digits(draw, 4)}."


def _not_a_card(draw: Draw) -> str:
    body = f"4{_digits(draw, 14)}"
    return f"The item 4{body[1:]}{(_luhn(body) + int(draw.integers(1, 10))) % 10} was sent."


DETAILS = (_card, _iban, _mail, _phone)
HARMLESS: tuple[Callable[[Draw], str], ...] = (
    _not_a_card,
    lambda draw: f"The order {_digits(draw, 8)} was packed.",
    lambda draw: f"It came at {draw.integers(24):02d}:{draw.integers(60):02d} on 2024-05-{draw.integers(1, 29):02d}.",
    lambda draw: f"The price was {draw.integers(1, 9000):,}.{draw.integers(100):02d}.",
    lambda draw: (
        f"Page {draw.integers(1, 900)}-{draw.integers(900, 2000)} of part {_digits(draw, 3)}/{_digits(draw, 4)}."
    ),
)
CHECKER = PersonalData()
DEFECT = Defect(
    name="details of persons in the rows",
    name_zh="数据行中的个人信息",
    unit="share of rows with one",
    strengths=(0.015, 0.02, 0.035),
    plant=plant,
    metric="rows_with_personal_data",
    truth=truth,
)
NULLS, DRAWS = 200, 50
