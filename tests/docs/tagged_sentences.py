"""Sentences with tagged persons and places, in CoNLL's columns, as the page on training reads them."""

from __future__ import annotations

from pathlib import Path

PERSONS = ("Anna Berg", "Paul Stone", "Mary Hill", "John West", "Emma Reed", "Omar Khan")
PLACES = ("Oslo", "Paris", "Lagos", "Delhi")


def write_sentences(file: Path, count: int) -> None:
    """Write so many sentences, each of a person who went to a place."""
    lines = ["-DOCSTART- -X- -X- O", ""]
    for number in range(count):
        first, last = PERSONS[number % len(PERSONS)].split()
        place = PLACES[number // 2 % len(PLACES)]
        words = (first, "B-PER"), (last, "I-PER"), ("went", "O"), ("to", "O"), (place, "B-LOC"), (f"twice{number}", "O")
        lines += [*(f"{word} {tag}" for word, tag in words), ""]
    file.write_text("\n".join(lines), encoding="utf-8")
