"""Personal data in a text: e-mail addresses, numbers of phones, cards, accounts and persons, IP addresses, births.

Pure detectors by shape, checksum and the words around. Names of persons have no shape: they are read from the tags of
a token classification (`person_words`).
"""

from __future__ import annotations

from modelaudit.text.personal_data.addresses import emails, ip_addresses
from modelaudit.text.personal_data.births import birth_dates
from modelaudit.text.personal_data.folding import folded
from modelaudit.text.personal_data.match import KINDS, Kind, Match, apart, number_starts
from modelaudit.text.personal_data.named import person_words
from modelaudit.text.personal_data.national_ids import person_numbers
from modelaudit.text.personal_data.payment import cards, ibans
from modelaudit.text.personal_data.phones import phone_numbers

__all__ = ["KINDS", "Kind", "Match", "find_personal_data", "person_words"]


def find_personal_data(text: str) -> list[Match]:
    """Return the personal data in a text, in order, as character spans of that very text.

    Spans do not overlap: of two readings of one place the longer is kept, and of two as long the more specific one
    (`KINDS` is in that order). Full-width forms, digits of other scripts and the various spaces and dashes are read as
    their ASCII counterparts. Any string is taken, lone surrogates and all; the time is linear in its length.
    """
    plain = folded(text)
    found = emails(plain)
    # All else has a digit in it.
    if starts := number_starts(plain):
        for detect in (person_numbers, ibans, cards, ip_addresses, birth_dates, phone_numbers):
            found += detect(plain, starts)
    return apart(found, len(text))
