"""CoNLL columns: one word a line, its tag in the last column, a blank line between sentences."""

from __future__ import annotations

from modelaudit.errors import DataInputError

Sentences = tuple[tuple[str, ...], ...]


def read_conll(text: str, *, place: str) -> tuple[Sentences, Sentences]:
    """Return the words and the tags of each sentence, as the file spells them.

    Columns are set apart by tabs, or else by spaces; lines that start with `-DOCSTART-` or `# ` are skipped.
    Raises DataInputError, with the line, for a line with fewer columns than two.
    """
    sentences: list[list[tuple[str, str]]] = [[]]
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if not line.strip():
            sentences.append([])
            continue
        if line.startswith("-DOCSTART-") or (line.startswith("# ") and not sentences[-1]):
            continue
        cells = line.split("\t") if "\t" in line else line.split(" ")
        cells = [cell for cell in [cell.strip(" ") for cell in cells] if cell]
        if len(cells) < 2:
            raise DataInputError(f"{place}: line {number} has no tag; each line needs a word first and its tag last")
        sentences[-1].append((cells[0], cells[-1]))
    filled = [sentence for sentence in sentences if sentence]
    words = tuple(tuple(word for word, _ in sentence) for sentence in filled)
    return words, tuple(tuple(tag for _, tag in sentence) for sentence in filled)
