"""Trials: rows under an arm."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelaudit.checkers.robustness.perturbation.arms import Arm
from modelaudit.checkers.robustness.perturbation.sides import WHOLE, Side
from modelaudit.drawing import content
from modelaudit.rows import Row
from modelaudit.text import Document, Edit, Span, apply, entity_spans, language_of, row_rng
from modelaudit.text.perturbations import is_traditional


@dataclass(frozen=True, slots=True)
class Sample:
    """The drawn rows as a perturbation reads them: text, words, known entities, and the language of each.

    `kept` has the parts of each text that no change touches, as (first character, end).
    """

    rows: tuple[Row, ...]
    documents: tuple[Document, ...]
    languages: tuple[str | None, ...]
    contents: tuple[str, ...]
    kept: tuple[tuple[Span, ...], ...]
    side: Side = WHOLE

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        labels: Sequence[str],
        side: Side = WHOLE,
        kept: Sequence[tuple[Span, ...]] | None = None,
    ) -> Sample:
        """Read one side of the rows; `labels` names the tags of rows that have any."""
        return cls(
            tuple(rows),
            tuple(_document(row, labels, side) for row in rows),
            tuple(_language(side.text(row)) for row in rows),
            tuple(content(row) for row in rows),
            tuple(kept) if kept is not None else ((),) * len(rows),
            side,
        )

    def first(self, size: int) -> Sample:
        """Return the first rows; the order of a draw is random, so they are a sample of it."""
        return replace(
            self,
            rows=self.rows[:size],
            documents=self.documents[:size],
            languages=self.languages[:size],
            contents=self.contents[:size],
            kept=self.kept[:size],
        )

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the known entities of the rows by type, each name once."""
        found: dict[str, set[str]] = {}
        for document in self.documents:
            for start, end, kind in document.entities:
                found.setdefault(kind, set()).add(document.text[start:end])
        return {kind: tuple(sorted(found[kind])) for kind in sorted(found)}


@dataclass(frozen=True, slots=True)
class Trial:
    """One row under one arm. `word_map` says for each old word its new places (token classification)."""

    place: int
    edited: Row
    word_map: tuple[tuple[int, ...], ...]
    edits: int


@dataclass(frozen=True, slots=True)
class Trials:
    """The rows that an arm changed, and how many it could not be applied to, by reason."""

    changed: tuple[Trial, ...]
    no_site: int
    refused: int
    other_language: int


def trials(arm: Arm, sample: Sample, *, seed: int) -> Trials:
    """Apply an arm to rows; the draw for a row depends on the seed, the arm and the row's text alone."""
    changed: list[Trial] = []
    no_site = refused = other_language = 0
    perturbation = arm.perturbation
    for place, (row, document) in enumerate(zip(sample.rows, sample.documents, strict=True)):
        if not arm.speaks(sample.languages[place]):
            other_language += 1
            continue
        name = arm.side.prefix + perturbation.name
        rng = row_rng(seed, name, perturbation.version, arm.level, sample.contents[place])
        try:
            edits = perturbation.edits(document, level=arm.level, rng=rng)
            edited = apply(document, [each for each in edits if not _touches(each, sample.kept[place])])
        except ValueError:
            # An edit that would split, merge or cross words has no answer to compare; it is counted, never kept.
            refused += 1
            continue
        if edited.document.text == document.text:
            no_site += 1
            continue
        changed.append(Trial(place, arm.side.changed(row, edited), edited.word_map, len(edited.edits)))
    return Trials(tuple(changed), no_site, refused, other_language)


def _language(text: str) -> str | None:
    return language_of(text) or ("zh-Hant" if is_traditional(text) else None)


def _touches(edit: Edit, kept: Sequence[Span]) -> bool:
    """Whether an edit changes something of the spans that are kept, which are apart and in order."""
    place = bisect_right(kept, edit.start, key=lambda span: span[1])
    return place < len(kept) and kept[place][0] < edit.end


def _document(row: Row, labels: Sequence[str], side: Side) -> Document:
    if row.words is None or side.companion:
        return Document(side.text(row))
    tagged = row.tags is not None and len(row.tags) == len(row.words)
    return Document.from_words(row.words, entity_spans([labels[tag] for tag in row.tags or ()]) if tagged else ())
