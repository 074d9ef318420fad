"""Addresses of the network: e-mail addresses and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from modelaudit.text.personal_data.match import Match, found_at, led_by

# Letters of ASCII and of the Latin supplements: beside Chinese, text runs up to an address without a space.
_ALNUM = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
# The signs of local parts in use; others that RFC 5322 allows (= / ? * `) stand around addresses more than in them.
# Nor does a character of no width before a dot end one.
_UNSEEN = r"[\u00ad\u200b-\u200d\u2060\ufeff](?=\.)"
_EMAIL = re.compile(
    rf"(?<![{_ALNUM}_])[{_ALNUM}_](?:(?:[{_ALNUM}_.%+'&-]|{_UNSEEN}){{0,62}}[{_ALNUM}_+-])?"
    rf"@((?:[{_ALNUM}](?:[{_ALNUM}-]{{0,61}}[{_ALNUM}])?\.){{1,8}}(?:xn--[a-z0-9-]{{2,58}}|[A-Za-z]{{2,24}}))"
    rf"(?![{_ALNUM}@])",
    re.IGNORECASE,
)
_FILES = re.compile(r"\.(?:avif|bmp|css|gif|heic|ico|jpe?g|js|json|pdf|png|svg|tiff?|webp)$", re.IGNORECASE)

_IPV4 = re.compile(
    r"(?<![0-9A-Za-z_.])(?<![0-9A-Za-z]-)(?<![A-Za-z]/)(?<!==)[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
    r"(?![0-9A-Za-z_]|[.-][0-9A-Za-z])"
)
_IPV6 = re.compile(r"(?<![0-9A-Za-z:._])[0-9A-Fa-f]{4}:[0-9A-Fa-f:]{2,34}(?![0-9A-Za-z])")
_NETWORK = re.compile(r"/(?:[0-9]|[12][0-9]|3[01])(?![0-9])")
_VERSION = re.compile(
    r"(?:(?<![a-z])(?:v|ver|version|versions|release|releases|rev|revision|build|firmware|driver|kernel|update|upgrade|"
    r"section|chapter|clause|article|paragraph|figure|table|ec|oid|objectidentifier)|版本号?|§)"
    r"[ .:=(\"']{0,3}$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:(?<![a-z])(?:ip|ips|ipv4|address|addresses|addr|host|hosts|server|client|gateway|dns|ping|login|logged in|"
    r"connection|connected|visitor)(?![a-z])|地址)[^\n;!?。；！？]{0,24}$",
    re.IGNORECASE,
)
_IDENTIFYING_V6 = tuple(ipaddress.ip_network(block) for block in ("2000::/3", "fc00::/7", "fe80::/10"))


def emails(text: str) -> list[Match]:
    """Return the e-mail addresses: a local part of letters, digits and . _ % + - ' &, and a domain with a top level.

    Names of files (``logo@2x.png``) have the same shape and are left out.
    """
    found: list[Match] = []
    if "@" not in text:
        return found
    for match in _EMAIL.finditer(text):
        # "see...joe@example.org": no local part has two dots in a row.
        start = match.end() - len(match[0].rpartition("..")[2])
        if not _FILES.search(match[1]):
            found.append(Match("e-mail address", start, match.end()))
    return found


def ip_addresses(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the addresses of hosts that can stand for a person's device.

    Left out are networks (``10.0.0.0/8``) and addresses that are the same on every machine: loopback, unspecified,
    multicast, reserved, netmasks; of IPv6 all but global unicast, unique local and link-local. Four numbers behind a
    word for versions or sections are no address, nor are four numbers of one digit, as in 1.2.3.4, unless a word for
    addresses or hosts stands before them.
    """
    found = []
    for match in found_at(_IPV4, text, starts):
        if _is_host(match[0]) and not _NETWORK.match(text, match.end()) and not _is_version(text, match):
            found.append(Match("IP address", *match.span()))
    for match in _IPV6.finditer(text) if ":" in text else ():
        written = match[0].rstrip(":") if not match[0].endswith("::") else match[0]
        address = _parsed_v6(written)
        end = match.start() + len(written)
        identifying = address is not None and any(address in block for block in _IDENTIFYING_V6)
        if identifying and not re.match(r"/[0-9]", text[end : end + 2]):
            found.append(Match("IP address", match.start(), end))
    return found


def _is_host(written: str) -> bool:
    try:
        address = ipaddress.IPv4Address(written)
    except ValueError:
        return False
    everywhere = address.is_loopback or address.is_multicast or address.is_reserved or address.is_link_local
    return not everywhere and int(address) >> 24 != 0


def _is_version(text: str, match: re.Match[str]) -> bool:
    if led_by(_VERSION, text, match.start(), reach=16):
        return True
    return all(len(part) == 1 for part in match[0].split(".")) and not led_by(_ADDRESS, text, match.start(), reach=40)


def _parsed_v6(written: str) -> ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(written)
    except ValueError:
        return None
