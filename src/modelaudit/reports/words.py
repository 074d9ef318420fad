"""The words of a report: one catalogue a language, keyed by stable ids, and texts of checkers by what they say.

Numbers and verdicts come from the record and words from the catalogue, so reports in two languages state the same
facts. What has no translation is shown as it is and marked with its language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from modelaudit.errors import InputError
from modelaudit.reports.forms import Form, in_order, translated

LANGUAGES: dict[str, str] = {"en": "en", "zh": "zh-Hans"}
"""The languages that a report can be written in, with the tag that a page names each by."""

_spoken: ContextVar[str] = ContextVar("language", default="en")


@dataclass(frozen=True, slots=True)
class Told:
    """A text of a record in the report's language where there is a translation, else as it is; `lang` is its tag."""

    text: str
    lang: str

    def __str__(self) -> str:
        return self.text


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let everything that is rendered inside speak this language.

    Raises:
        InputError: there is no catalogue of this language.
    """
    if language not in LANGUAGES:
        raise InputError(f"there are no reports in {language!r:.40}; choose one of {', '.join(LANGUAGES)}")
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """Return the language that is spoken now."""
    return _spoken.get()


def tag() -> str:
    """Return the BCP 47 tag of the language that is spoken now."""
    return LANGUAGES[spoken()]


def say(key: str, /, **values: Any) -> str:
    """Return the message of this id; `count` picks between `one` and `other` where the message has both.

    Whole numbers are written with separators of thousands. A key that is not there, or a value that the message wants
    and was not given, is an error of ours (KeyError).
    """
    message = catalogue(spoken())[key]
    if isinstance(message, dict):
        message = message["one"] if values["count"] == 1 and "one" in message else message["other"]
    return str(message).format_map({name: _written(value) for name, value in values.items()})


def told(text: str) -> Told:
    """Return a checker's own text in the language that is spoken now, or as it is."""
    if spoken() == "en":
        return Told(text, "en")
    said = translated(text, texts(spoken()), forms(spoken()))
    return Told(text, "en") if said is None else Told(said, tag())


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Return all messages of a language by their ids; a message is a string, or one string for one and one for more."""
    found: dict[str, Any] = {}
    for content in _files(language, "messages"):
        found |= _flat(content)
    return found


@cache
def texts(language: str) -> dict[str, str]:
    """Return the translations of what bundled checkers say of themselves, keyed by the English text."""
    found: dict[str, str] = {}
    for content in _files(language, "texts"):
        found |= {entry["en"]: entry[language] for entry in content.get("text", ())}
    return found


@cache
def forms(language: str) -> tuple[Form, ...]:
    """Return the translations of texts with gaps, those with the most fixed words first."""
    entries = [entry for content in _files(language, "texts") for entry in content.get("form", ())]
    return in_order([Form.of(entry["en"], entry[language]) for entry in entries])


def _files(language: str, part: str) -> Iterator[dict[str, Any]]:
    folder = resources.files("modelaudit.reports").joinpath("locales", language, part)
    for file in sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name):
        yield tomllib.loads(file.read_text(encoding="utf-8"))


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and "other" not in value:
            found |= _flat(value, f"{key}.")
        else:
            found[key] = value
    return found


def _written(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
