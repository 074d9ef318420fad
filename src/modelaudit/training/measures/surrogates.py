"""Surrogates: for each value its own made-up one, the same wherever the value stands.

A surrogate hangs on the recipe's seed and on all the values together, and not on where they stand: so who knows the
seed and a trained model can't try out guesses at one value without knowing all the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from modelaudit.text.personal_data import Kind
from modelaudit.training.measures.surrogate_addresses import (
    email,
    ip_address,
    value_of_email,
    value_of_ip,
    written_as_email,
    written_as_ip,
)
from modelaudit.training.measures.surrogate_births import birth, value_of_birth, written_as_birth
from modelaudit.training.measures.surrogate_numbers import (
    card,
    health_service,
    iban,
    national_insurance,
    resident,
    social_security,
    value_of_number,
    written_as,
)
from modelaudit.training.measures.surrogate_phones import phone, value_of_phone, written_as_phone

TRIES = 200
Make = Callable[[str, Random, int], str]
"""Makes a surrogate of a value; the last argument counts the attempts, for ranges that are used up."""


@dataclass(frozen=True, slots=True)
class Form:
    """How personal data of one kind is read, made up and written.

    Attributes:
        value: what all writings of the same share. make: another value.
        write: the new value as the old one is written.
    """

    value: Callable[[str], str]
    make: Make
    write: Callable[[str, str], str]


FORMS: Mapping[Kind, Form] = {
    "Chinese resident id": Form(value_of_number, resident, written_as),
    "UK national insurance number": Form(value_of_number, national_insurance, written_as),
    "US social security number": Form(value_of_number, social_security, written_as),
    "UK NHS number": Form(value_of_number, health_service, written_as),
    "IBAN": Form(value_of_number, iban, written_as),
    "payment card number": Form(value_of_number, card, written_as),
    "e-mail address": Form(value_of_email, email, written_as_email),
    "IP address": Form(value_of_ip, ip_address, written_as_ip),
    "date of birth": Form(value_of_birth, birth, written_as_birth),
    "phone number": Form(value_of_phone, phone, written_as_phone),
}


@dataclass(frozen=True, slots=True)
class Matched:
    """The surrogate of each value, and how many of them had to be shared, for there are too few of their kind."""

    new: Mapping[str, str]
    shared: int


def matched(
    values: Collection[str],
    make: Make,
    *,
    key: bytes,
    taken: Collection[str] = frozenset(),
    fits: Callable[[str, str], bool] = lambda value, new: True,
) -> Matched:
    """Return a surrogate for each value: none is a value, no two are alike, and each fits where one that fits is found.

    Args:
        taken: what no surrogate may be, beside the values.
        fits: says of a value and its surrogate whether the surrogate reads as the value does; asked last.

    Where all attempts fail, a surrogate may not fit; and where there are too few, it may be another value's, too. It is
    never the value itself.
    """
    barred = frozenset(values) | frozenset(taken)
    new: dict[str, str] = {}
    used: set[str] = set()
    shared = 0
    for value in sorted(values):
        rng = Random(_number(key, value))
        free = other = None
        for attempt in range(TRIES):
            made = make(value, rng, attempt)
            if made == value:
                continue
            other = other or made
            if made in barred or made in used:
                continue
            free = free or made
            if fits(value, made):
                free = made
                break
        if free is None:
            shared += other is not None
            free = other or value
        new[value] = free
        used.add(free)
    return Matched(new, shared)


def key_of(seed: bytes, values: Iterable[str]) -> bytes:
    """Return the secret that the surrogates of these values are drawn by."""
    digest = hashlib.blake2b(seed, digest_size=32)
    for value in sorted(values):
        digest.update(_encoded(value) + b"\x00")
    return digest.digest()


def _number(key: bytes, value: str) -> int:
    return int.from_bytes(hashlib.blake2b(_encoded(value), key=key, digest_size=16).digest(), "big")


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
