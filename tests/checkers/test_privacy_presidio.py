"""Presidio as the detector: what it finds, and that it asks nothing of the network. Needs the extra `presidio`."""

from __future__ import annotations

import itertools
import socket

import pytest

pytest.importorskip("presidio_analyzer", reason="needs modelaudit-core[presidio]")
# Its dependencies warn of their own old age.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def asked():
    """Every try to reach the network, which fails as it would without one."""
    tries = []

    def refuse(*arguments, **_):
        tries.append(arguments)
        raise OSError("there is no network in this test")

    with pytest.MonkeyPatch.context() as patched:
        for owner, name in ((socket.socket, "connect"), (socket, "getaddrinfo"), (socket, "create_connection")):
            patched.setattr(owner, name, refuse)
        yield tries


@pytest.fixture(scope="module")
def find(asked, tmp_path_factory):
    from modelaudit.checkers.privacy.personal.presidio import presidio_finder

    with pytest.MonkeyPatch.context() as patched:
        # A suffix list that an earlier run fetched would hide a try to fetch one.
        patched.setenv("TLDEXTRACT_CACHE", str(tmp_path_factory.mktemp("suffixes")))
        yield presidio_finder()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("mail anna@example.org now", "e-mail address", "anna@example.org"),
        ("card 4111 1111 1111 1111", "payment card number", "4111 1111 1111 1111"),
        ("pay DE89 3704 0044 0532 0130 00", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("from 192.168.1.17", "IP address", "192.168.1.17"),
        ("call (212) 555-0123", "phone number", "(212) 555-0123"),
        ("my ssn is 536-90-4399", "US social security number", "536-90-4399"),
    ],
)
def test_details_are_found_with_their_place_and_no_word_to_the_network(find, asked, text, kind, value):
    start = text.index(value)
    assert find(text) == [(kind, start, start + len(value))]
    assert asked == []


def test_text_of_every_kind_is_taken(find):
    for text in ("", "\ud800 a@example.org", "\x00", "😀" * 500, "no numbers", "a " * 20_000):
        for _, start, end in find(text):
            assert 0 <= start < end <= len(text)
    assert find("\ud800 anna@example.org") == [("e-mail address", 2, 18)]


def test_places_do_not_overlap(find):
    text = "4111111111111111 and 192.168.1.17 and anna@example.org, tel +44 20 7946 0958, 212-555-0123"
    found = find(text)
    assert all(one[2] <= other[1] for one, other in itertools.pairwise(found))
    assert len(found) >= 4
