"""The rows that the bias check rewrites, and how it finds those that can be rewritten."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelaudit.rows import Row
from modelaudit.text import (
    Document,
    GenderEdits,
    Mention,
    Span,
    is_probably_english,
    name_mentions,
    to_group,
)

PERSON_TYPES = frozenset({"per", "person"})
CUT_OFF = -1


@dataclass(frozen=True, slots=True)
class Source:
    """One row as it is rewritten.

    `tags` has the reference tag of each word of a token classification, as label indices: the row's own, or the
    model's on the original where the row has none (`CUT_OFF` for words that it does not read); None otherwise.
    """

    row: Row
    document: Document
    tags: tuple[int, ...] | None = None

    def entity_words(self, labels: Sequence[str]) -> list[int]:
        """Return the words whose reference tag is not "O"."""
        tags = self.tags or ()
        return [word for word, tag in enumerate(tags) if tag != CUT_OFF and labels[tag] != "O"]

    def person_spans(self, labels: Sequence[str]) -> list[Span] | None:
        """Return the characters of each person named in a token classification; None for plain text."""
        if self.tags is None or self.document.words is None:
            return None
        spans: list[Span] = []
        inside = False
        for tag, (start, end) in zip(self.tags, self.document.words, strict=True):
            name = labels[tag] if tag != CUT_OFF else "O"
            person = name.rpartition("-")[2].lower() in PERSON_TYPES
            if person and inside and not name.startswith(("B-", "S-", "U-")):
                spans[-1] = (spans[-1][0], end)
            elif person:
                spans.append((start, end))
            inside = person
        return spans


@dataclass(frozen=True, slots=True)
class GenderedRow:
    """A row whose gendered words can be made female and male; exactly one of the two leaves it as it is."""

    source: Source
    female: GenderEdits
    male: GenderEdits


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row that names a person: all mentions of the first person in it who is named."""

    source: Source
    mentions: tuple[Mention, ...]

    @property
    def gender(self) -> str | None:
        """The gender that the original name is known for, or None."""
        return self.mentions[0].gender


@dataclass
class Survey:
    """What was found among the rows examined, in drawn order."""

    examined: int = 0
    gendered: list[GenderedRow] = field(default_factory=list)
    gendered_and_named: list[GenderedRow] = field(default_factory=list)
    named: list[NamedRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def row_key(row: Row, *, seed: int, purpose: str) -> bytes:
    """Return 32 bytes that depend on the seed, the purpose and the row's words: not on where it stands in memory."""
    words = (row.text,) if row.words is None else ("", *row.words)
    content = "\x1f".join([str(seed), purpose, *words]).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=32).digest()


def drawn(rows: Sequence[Row], *, seed: int) -> list[Row]:
    """Return the rows in the pseudo-random order in which they are taken, texts that occur twice once only."""
    keyed = sorted(((row_key(row, seed=seed, purpose="draw"), row.id, row) for row in rows), key=lambda item: item[:2])
    return list({key: row for key, _, row in reversed(keyed)}.values())[::-1]


def survey(sources: Iterator[Source], labels: Sequence[str], *, wanted: int) -> Survey:
    """Return the rows that can be rewritten, up to `wanted` of each kind, with the reasons why others can't."""
    found = Survey()
    for source in sources:
        if len(found.gendered) >= wanted and len(found.named) >= wanted:
            break
        found.examined += 1
        if not is_probably_english(source.row.text):
            found.left_out["not English, so there is no word list for it"] += 1
            continue
        _survey_words(source, labels, found, wanted)
        _survey_names(source, labels, found, wanted)
    return found


def _survey_words(source: Source, labels: Sequence[str], found: Survey, wanted: int) -> None:
    female, male = to_group(source.document, "female"), to_group(source.document, "male")
    room = found.gendered
    if (female.skipped | male.skipped).keys() == {"first_name"}:
        female, male = (
            to_group(source.document, "female", named="keep"),
            to_group(source.document, "male", named="keep"),
        )
        room = found.gendered_and_named
    reasons = female.skipped | male.skipped
    if reasons:
        found.left_out.update(f"gender words: {reason.replace('_', ' ')}" for reason in list(reasons)[:1])
    elif female.edits or male.edits:
        row = GenderedRow(source, female, male)
        if source.tags is not None and not unedited_entity_words(row, labels):
            found.left_out["gender words: no entity besides the edited words"] += 1
        elif len(room) < wanted:
            room.append(row)


def unedited_entity_words(row: GenderedRow, labels: Sequence[str]) -> list[int]:
    """Return the entity words of a token classification that neither arm edits."""
    spans = row.source.document.words or ()
    edits = (*row.female.edits, *row.male.edits)
    return [
        word
        for word in row.source.entity_words(labels)
        if not any(edit.start < spans[word][1] and spans[word][0] < edit.end for edit in edits)
    ]


def _survey_names(source: Source, labels: Sequence[str], found: Survey, wanted: int) -> None:
    mentions = name_mentions(source.document, person_spans=source.person_spans(labels))
    if mentions and len(found.named) < wanted:
        first = mentions[0].name
        found.named.append(NamedRow(source, tuple(mention for mention in mentions if mention.name == first)))
