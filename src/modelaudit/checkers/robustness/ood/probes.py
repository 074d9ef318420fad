"""Texts from outside: generated ones that say nothing, or that the user declares to be none of the model's data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from modelaudit.errors import DataInputError
from modelaudit.text import language_of
from modelaudit.text.lexicon import read_lexicon

COLUMN = "text"
LONGEST = 60
"""Words of a generated text at the most."""

Maker = Callable[[Sequence[str], np.random.Generator], str]


def generated(texts: Sequence[str], each: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Return `each` different texts of every kind, as long in words as the audited `texts`, which they are drawn by.

    Sentences of a language that the audited texts are in are left out. Fewer come where a kind has no more.
    """
    spoken = {language_of(text) for text in texts}
    makers: dict[str, Maker] = {
        "random letters": _letters,
        "words of the rows, shuffled": _shuffled,
        "rows read backwards": _reversed,
        "other languages": lambda of, rng: _sentences("language", of, rng, without=spoken),
        "source code": lambda of, rng: _sentences("code", of, rng),
        "placeholder text": lambda of, rng: _sentences("placeholder", of, rng),
        "one character repeated": _repeated,
    }
    return {kind: _different(maker, texts, each, rng) for kind, maker in makers.items()}


def declared(path: str) -> list[str]:
    """Return the different texts of a file: the column `text` of a csv file, or else one text a line, in UTF-8.

    Raises:
        DataInputError: the file can't be read, or has no such column, or no text.
    """
    file = Path(path)
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataInputError(f"{file.name}: can't be read as UTF-8 text ({type(error).__name__})") from error
    lines = _cells(content, file.name) if file.suffix.lower() == ".csv" else content.splitlines()
    texts = sorted({line.strip() for line in lines} - {""})
    if not texts:
        raise DataInputError(f"{file.name}: has no text in it")
    return texts


def _cells(content: str, name: str) -> list[str]:
    """Return the cells of the column of texts; only line feeds end a line of csv, other breaks stand in a cell."""
    most = csv.field_size_limit()
    csv.field_size_limit(max(most, len(content)))
    try:
        reader = csv.DictReader(io.StringIO(content, newline=""))
        if COLUMN not in (reader.fieldnames or ()):
            raise DataInputError(f"{name}: has no column {COLUMN!r}; name the column of texts so")
        return [line.get(COLUMN) or "" for line in reader]
    except csv.Error as error:
        raise DataInputError(
            f"{name}: is no csv file that can be read ({error}); quote cells that hold marks"
        ) from error
    finally:
        csv.field_size_limit(most)


def _different(maker: Maker, texts: Sequence[str], each: int, rng: np.random.Generator) -> list[str]:
    made: dict[str, None] = {}
    for _ in range(4 * each):
        if len(made) == each:
            break
        made[maker(texts, rng)] = None
    made.pop("", None)
    return list(made)


def _one(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return the words of one of the texts; single Han characters count as words."""
    text = texts[int(rng.integers(len(texts)))]
    words = text.split()
    return (words if len(words) > 1 or len(text) < 2 * LONGEST else [*text])[:LONGEST] or ["x"]


def _letters(texts: Sequence[str], rng: np.random.Generator) -> str:
    alphabet = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return " ".join("".join(rng.choice(alphabet, max(2, min(len(word), 12)))) for word in _one(texts, rng))


def _shuffled(texts: Sequence[str], rng: np.random.Generator) -> str:
    """Words of as many different rows as it has words, so that no row's meaning is left."""
    length = len(_one(texts, rng))
    words = []
    for _ in range(length):
        of = _one(texts, rng)
        words.append(of[int(rng.integers(len(of)))])
    return " ".join(words)


def _reversed(texts: Sequence[str], rng: np.random.Generator) -> str:
    return " ".join(_one(texts, rng))[::-1]


def _repeated(texts: Sequence[str], rng: np.random.Generator) -> str:
    mark = "abcxyz.,-!?0189#*"[int(rng.integers(17))]
    return mark * int(rng.integers(1, 5 * len(_one(texts, rng)) + 1))


def _sentences(
    kind: str,
    texts: Sequence[str],
    rng: np.random.Generator,
    *,
    without: Collection[str | None] = (),
) -> str:
    found: dict[str, list[str]] = {}
    for of_kind, language, sentence in read_lexicon("outside_sentences"):
        if of_kind == kind and language not in without:
            found.setdefault(language, []).append(sentence)
    of = found[sorted(found)[int(rng.integers(len(found)))]]
    wanted = len(_one(texts, rng))
    chosen: list[str] = []
    for place in rng.permutation(len(of)):
        if chosen and len(" ".join(chosen).split()) >= wanted:
            break
        chosen.append(of[place])
    return " ".join(chosen)
