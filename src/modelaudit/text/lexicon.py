"""The lexicons: small tab-separated tables of facts, each with its source and licence in its first lines."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_lexicon(name: str) -> tuple[tuple[str, ...], ...]:
    """Rows of ``lexicons/<name>.tsv``, each as long as the header; comment lines (#) and the header are left out.

    Raises ValueError where a row is longer or shorter than the header, with the file and line.
    """
    text = (files("modelaudit.text") / "lexicons" / f"{name}.tsv").read_text(encoding="utf-8")
    rows: list[tuple[str, ...]] = []
    width: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        fields = tuple(line.split("\t"))
        if width is None:
            width = len(fields)
            continue
        if len(fields) != width:
            raise ValueError(f"{name}.tsv line {number} has {len(fields)} fields, but the header has {width}")
        rows.append(fields)
    return tuple(rows)


@cache
def word_classes(name: str) -> dict[str, frozenset[str]]:
    """A two-column lexicon (class, words separated by spaces) as class -> words; a class may take several lines."""
    classes: dict[str, frozenset[str]] = {}
    for label, words in read_lexicon(name):
        classes[label] = classes.get(label, frozenset()) | frozenset(words.split())
    return classes
