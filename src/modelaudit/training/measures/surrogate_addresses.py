"""Made-up addresses of the network, in domains and blocks that are kept for documentation (RFC 2606, 3849, 5737)."""

from __future__ import annotations

import ipaddress
import re
import string
from functools import cache
from random import Random

from modelaudit.text.names import load_known_names
from modelaudit.text.personal_data.folding import folded
from modelaudit.text.surnames import load_last_names

_DOMAINS = ("example.com", "example.org", "example.net")
_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")
_DOCUMENTED, _SAME_SHAPE = 60, 60
"""Attempts after which addresses of private networks, and longer local parts, are made too."""
_DOCUMENTED_V6 = ("2001", "0db8")


def value_of_email(written: str) -> str:
    """Return the address in small letters."""
    return folded(written).lower()


def email(value: str, rng: Random, attempt: int) -> str:
    """Return an address whose local part is made as the old one: names, digits and signs in the same places."""
    local = value.rpartition("@")[0]
    new = re.sub(r"[0-9]", lambda _: rng.choice(string.digits), local)
    new = re.sub(r"[^\W\d_]+", lambda run: _word(len(run[0]), rng, attempt), new)
    if attempt >= _SAME_SHAPE:
        new += "".join(rng.choices(string.digits, k=4))
    return f"{new}@{rng.choice(_DOMAINS)}"


def written_as_email(written: str, value: str) -> str:
    """Return the new address in the letter case of the old one, letter by letter in the local part."""
    local, _, domain = folded(written).rpartition("@")
    new, _, behind = value.rpartition("@")
    if len(new) == len(local):
        new = "".join(letter.upper() if old.isupper() else letter for old, letter in zip(local, new, strict=True))
    elif local.isupper():
        new = new.upper()
    return f"{new}@{behind.upper() if domain.isupper() else behind}"


def value_of_ip(written: str) -> str:
    """Return the address in full."""
    return ipaddress.ip_address(folded(written)).exploded


def ip_address(value: str, rng: Random, attempt: int) -> str:
    """Return an address for documentation; where these are used up, one of a private network (RFC 1918)."""
    if ":" in value:
        return ":".join([*_DOCUMENTED_V6, *(_group(old, rng, attempt) for old in value.split(":")[2:-1]), _last(rng)])
    if attempt < _DOCUMENTED:
        return f"{rng.choice(_BLOCKS)}.{rng.randint(1, 254)}"
    return f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"


def written_as_ip(written: str, value: str) -> str:
    """Return the new address, shortened where the old one was, in its letter case."""
    if ":" not in value:
        return value
    plain = folded(written)
    new = value if len(plain) == len(value) else ipaddress.ip_address(value).compressed
    return new.upper() if plain.isupper() and re.search("[A-F]", plain) else new


def _group(old: str, rng: Random, attempt: int) -> str:
    """Four hexadecimal digits; zeros stay, so that the address can be shortened as the old one was."""
    return old if not int(old, 16) and attempt < _DOCUMENTED else _last(rng)


def _last(rng: Random) -> str:
    return f"{rng.randint(1, 0xFFFF):04x}"


def _word(length: int, rng: Random, attempt: int) -> str:
    """A name in small letters that is as long, or letters where there is none or the names are used up."""
    names = _names().get(length, ())
    if names and attempt < _SAME_SHAPE // 2:
        return rng.choice(names)
    return "".join(rng.choices(string.ascii_lowercase, k=length))


@cache
def _names() -> dict[int, tuple[str, ...]]:
    names = sorted({name.name.lower() for name in (*load_known_names(), *load_last_names())})
    plain = [name for name in names if name.isascii() and name.isalpha()]
    return {size: tuple(name for name in plain if len(name) == size) for size in {len(name) for name in plain}}
