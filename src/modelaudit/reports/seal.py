"""The seal: a hash of a file's own bytes, written into the file, so that an accidental change of it is found.

Whoever can write the file can write a new seal as well. What a seal shows against somebody with intent is therefore
only what its copy shows that is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, TypeVar

from modelaudit._version import __version__
from modelaudit.reports.markdown import END, START

Kind = Literal["html", "markdown", "junit", "sarif", "pdf"]
Content = TypeVar("Content", str, bytes)

SEAL, DIGEST, VERSION = "modelaudit-seal", "modelaudit-digest", "modelaudit-version"

_FORMS: dict[Kind, tuple[str, str, str]] = {
    "html": ('<meta name="', '" content="', '">'),
    "markdown": ("<!-- ", " ", " -->"),
    "junit": ('<property name="', '" value="', '" />'),
    "sarif": ('"', '": "', '"'),
    "pdf": ("%", " ", "\n"),
}
"""What stands before, between and after the name and the value of a mark. No text of a stranger can look like it: each
format escapes a character that the form begins with or holds, and a PDF has its marks at the very end."""

_HEADS: dict[bytes, Kind] = {b"<!DOCTYPE html": "html", b"%PDF-": "pdf", b"<?xml": "junit", b"{": "sarif"}
_VALUE = rb"[A-Za-z0-9.:+-]*"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a file says of itself, and whether its seal is right.

    Attributes:
        kind: its format, or None where it has no seal that we know.
        seal: the seal that stands in the file; actual: the one that its bytes give.
        digest: the record's digest that the file names; version: of the package that wrote the file.
        line_ends: whether the bytes give the seal once line ends are put back to those we write.
        several: whether a file has a section's markers more than once, so that nobody can tell which section is ours.
    """

    kind: Kind | None
    seal: str | None = None
    actual: str | None = None
    digest: str | None = None
    version: str | None = None
    line_ends: bool = False
    several: bool = False

    @property
    def intact(self) -> bool:
        """Whether the bytes are those that were sealed."""
        return self.seal is not None and self.seal == self.actual


def mark(kind: Kind, name: str, value: str = "") -> str:
    """Return a mark as this format writes it; the seal's own is written without a value and filled by `sealed`."""
    before, between, after = _FORMS[kind]
    return f"{before}{name}{between}{value}{after}"


def marks(kind: Kind, digest: str) -> tuple[str, ...]:
    """Return the marks of a file: the version that wrote it, the record's digest, and the place of the seal."""
    return mark(kind, VERSION, __version__), mark(kind, DIGEST, digest), mark(kind, SEAL)


def sealed(content: Content) -> Content:
    """Return the content with the SHA-256 of its own bytes at the place of the seal.

    Raises:
        ValueError: there is not exactly one empty place for it, which is an error of the renderer.
    """
    data = content.encode() if isinstance(content, str) else content
    kind = kind_of(data)
    places = [] if kind is None else _places(data, kind, SEAL)
    if len(places) != 1 or places[0].group("value") or (kind == "markdown" and _several(data)):
        raise ValueError("the rendering has no single empty place for its seal")
    at = places[0].start("value")
    done = data[:at] + _hash(data, places[0], kind).encode() + data[at:]
    return done.decode() if isinstance(content, str) else done


def check(data: bytes) -> Sealed:
    """Return what a file says of itself and whether its bytes give the seal that stands in it."""
    kind = kind_of(data)
    if kind is None:
        return Sealed(None)
    if kind == "markdown" and _several(data):
        return Sealed(kind, several=True)
    places = _places(data, kind, SEAL)
    if len(places) != 1 or not places[0].group("value"):
        return Sealed(None, digest=_named(data, kind, DIGEST), version=_named(data, kind, VERSION))
    seal, actual = places[0].group("value").decode(), _hash(data, places[0], kind)
    return Sealed(
        kind=kind,
        seal=seal,
        actual=actual,
        digest=_named(data, kind, DIGEST),
        version=_named(data, kind, VERSION),
        line_ends=seal != actual and kind != "pdf" and b"\r\n" in data and check(data.replace(b"\r\n", b"\n")).intact,
    )


def kind_of(data: bytes) -> Kind | None:
    """Return the format of a file from its first bytes, or from the section's marker in it."""
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, kind in _HEADS.items():
        if head.startswith(start):
            return kind
    return "markdown" if START.encode() in data else None


def scope(data: bytes, kind: Kind | None) -> tuple[int, int]:
    """Return from where to where the seal covers the file: the whole of it, or the section of a model card."""
    if kind != "markdown":
        return 0, len(data)
    start = data.index(START.encode())
    end = data.find(END.encode(), start)
    return start, len(data) if end < 0 else end + len(END)


def _several(data: bytes) -> bool:
    return any(data.count(marker.encode()) > 1 for marker in (START, END))


def _places(data: bytes, kind: Kind, name: str) -> list[re.Match[bytes]]:
    before, between, after = (re.escape(part.encode()) for part in _FORMS[kind])
    pattern = before + re.escape(name.encode()) + between + rb"(?P<value>" + _VALUE + rb")" + after
    return list(re.compile(pattern).finditer(data, *scope(data, kind)))


def _hash(data: bytes, place: re.Match[bytes], kind: Kind | None) -> str:
    start, end = scope(data, kind)
    covered = data[start : place.start("value")] + data[place.end("value") : end]
    return "sha256:" + hashlib.sha256(covered).hexdigest()


def _named(data: bytes, kind: Kind, name: str) -> str | None:
    places = _places(data, kind, name)
    return places[0].group("value").decode() if len(places) == 1 else None
