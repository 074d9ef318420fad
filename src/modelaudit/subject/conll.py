"""CoNLL columns: one word a line, its tag in the last column, a blank line between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from modelaudit.errors import DataInputError

Sentences = tuple[tuple[str, ...], ...]
_DOCUMENT, _COMMENT = "-DOCSTART-", "# "
_TAG = re.compile(r"O|[BIESLU][-_].+")


def read_conll(text: str, *, place: str) -> tuple[Sentences, Sentences]:
    """Return the words and the tags of each sentence, as the file spells them.

    Columns are set apart by tabs, or else by spaces. Lines that start with `-DOCSTART-` end a sentence and are skipped,
    and so are comments: lines before a sentence that start with `# `, unless they have as many columns as the file, a
    tag in the last and no `=` as in `# id = 7`, which makes a word of the mark. Raises DataInputError, with the line,
    for a line with fewer columns than two.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    columns = _columns(lines)
    sentences: list[list[tuple[str, str]]] = [[]]
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(_DOCUMENT):
            sentences.append([])
            continue
        cells = _cells(line)
        if line.startswith(_COMMENT) and not sentences[-1] and not _is_word(cells, columns):
            continue
        if len(cells) < 2:
            raise DataInputError(f"{place}: line {number} has no tag; each line needs a word first and its tag last")
        sentences[-1].append((cells[0], cells[-1]))
    filled = [sentence for sentence in sentences if sentence]
    words = tuple(tuple(word for word, _ in sentence) for sentence in filled)
    return words, tuple(tuple(tag for _, tag in sentence) for sentence in filled)


def _columns(lines: Iterable[str]) -> int:
    """How many columns the file has, by its first line that can be nothing but a word; 0 where there is none."""
    words = (line for line in lines if line.strip() and not line.startswith((_DOCUMENT, _COMMENT)))
    return next((len(_cells(line)) for line in words), 0)


def _is_word(cells: Sequence[str], columns: int) -> bool:
    """Whether a line that starts with a number sign is a word with its tag and no comment."""
    return len(cells) == columns and cells[2:3] != ["="] and _TAG.fullmatch(cells[-1]) is not None


def _cells(line: str) -> list[str]:
    cells = line.split("\t") if "\t" in line else line.split(" ")
    return [cell for cell in [cell.strip(" ") for cell in cells] if cell]
