"""First names in a text: where a person is meant, and the edits that exchange one name for another throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.names import Name, load_known_names
from modelaudit.text.pronouns import Tokens
from modelaudit.text.words import outside, protected_spans


@dataclass(frozen=True, slots=True)
class Mention:
    """A first name at ``[start, end)``: ``name`` as the lexicon spells it, and the gender it is known for, if any."""

    start: int
    end: int
    name: str
    gender: Literal["female", "male"] | None


def name_mentions(
    document: Document,
    known_names: Iterable[Name] | None = None,
    person_spans: Sequence[Span] | None = None,
) -> list[Mention]:
    """The first names of persons in a text, in order; ``known_names`` default to `load_known_names`.

    With ``person_spans`` (characters; for example the gold PER spans of token classification) the first word of a span
    counts when it is a known name, in any case, and nothing outside the spans does. Without them a known name counts
    when it is capitalised and the words around it speak for a person: no place ("San Antonio", "Austin Street"), not
    the second name of a person ("James Dean") or a surname behind a title ("Mr. Scott"). A name that is also a common
    word, month, place or surname counts only behind a title or before a capitalised surname, or where the same text
    has it once so. Lower-case and all-caps text has no capitals to tell by: nothing is found there without spans.
    """
    tokens = Tokens.of(document.text)
    lexicon = _default_lexicon() if known_names is None else {name.name.lower(): name for name in known_names}
    indices = _persons(tokens, lexicon) if person_spans is None else _first_words(tokens, person_spans, lexicon)
    free = set(outside(tokens.spans, protected_spans(document.text)))
    mentions = []
    for index in indices:
        span = tokens.spans[index]
        if span in free and document.within_word(*span):
            name = lexicon[tokens.lower[index]]
            mentions.append(Mention(*span, name.name, name.gender))
    return mentions


def name_edits(document: Document, mentions: Iterable[Mention], replacement: Mapping[str, str]) -> list[Edit]:
    """Edits that exchange every mention whose name ``replacement`` maps: one person keeps one name in a text."""
    return [
        Edit(
            mention.start,
            mention.end,
            match_case(document.text[mention.start : mention.end], replacement[mention.name]),
            "name",
        )
        for mention in mentions
        if mention.name in replacement
    ]


def _first_words(tokens: Tokens, spans: Sequence[Span], lexicon: Mapping[str, Name]) -> list[int]:
    """Index of the first word of each span that is a known name (behind a title, the word after it)."""
    found = []
    ordered = iter(sorted(set(spans)))
    span = next(ordered, None)
    for index, (start, end) in enumerate(tokens.spans):
        while span is not None and start >= span[1]:
            span = next(ordered, None)
        if span is None:
            break
        if start < span[0] or end > span[1]:
            continue
        if tokens.lower[index] in _context("title"):
            continue
        if tokens.lower[index] in lexicon:
            found.append(index)
        span = next(ordered, None)
    return found


def _persons(tokens: Tokens, lexicon: Mapping[str, Name]) -> list[int]:
    candidates = [
        index
        for index, word in enumerate(tokens.lower)
        if word in lexicon and _capitalised(tokens.surfaces[index]) and not _excluded(tokens, index)
    ]
    ambiguous = _ambiguous()
    sure = {
        index
        for index in candidates
        if tokens.lower[index] not in ambiguous or _has_surname(tokens, index) or _behind_title(tokens, index)
    }
    established = {tokens.lower[index] for index in sure}
    found: list[int] = []
    for index in candidates:
        second_name = bool(found) and found[-1] == index - 1 and tokens.gaps[index - 1] == " "
        if second_name:
            continue
        repeated = tokens.lower[index] in established and not _opens_question(tokens, index)
        if index in sure or repeated:
            found.append(index)
    return found


def _excluded(tokens: Tokens, index: int) -> bool:
    """A place, an institution, or a surname behind a title."""
    before = tokens.lower[index - 1] if index and tokens.gaps[index - 1].strip() in {"", "."} else ""
    behind = tokens.lower[index + 1] if index + 1 < len(tokens.lower) and tokens.gaps[index].strip() == "" else ""
    if before in _context("place_before") and tokens.surfaces[index - 1][0].isupper():
        return True
    if behind in _context("place_behind") and tokens.surfaces[index + 1][0].isupper():
        return True
    return before in _context("surname_title") and not _has_surname(tokens, index)


def _has_surname(tokens: Tokens, index: int) -> bool:
    """Whether a capitalised word that can be a surname follows directly, or an initial and then such a word."""
    for step in (1, 2):
        if index + step >= len(tokens.lower) or tokens.gaps[index + step - 1] not in {" ", ". "}:
            return False
        surface = tokens.surfaces[index + step]
        if len(surface) == 1 and surface.isupper() and step == 1:
            continue
        directly = step == 2 or tokens.gaps[index] == " "
        return directly and _capitalised(surface) and tokens.lower[index + step] not in _context("not_surname")
    return False


def _behind_title(tokens: Tokens, index: int) -> bool:
    return index > 0 and tokens.lower[index - 1] in _context("title") and tokens.gaps[index - 1].strip() in {"", "."}


def _opens_question(tokens: Tokens, index: int) -> bool:
    """ "Will he ...", "May I ...", "Mark the ...": a repeated name that is not one here."""
    first = index == 0 or any(mark in tokens.gaps[index - 1] for mark in '.!?\n"“:')
    return first and tokens.ahead(index, 1) in _context("not_surname") | {"there", "my", "your", "their", "our"}


def _capitalised(surface: str) -> bool:
    return surface[0].isupper() and not surface.isupper()


@cache
def _context(name: str) -> frozenset[str]:
    return word_classes("name_context")[name]


@cache
def _ambiguous() -> frozenset[str]:
    return frozenset().union(*word_classes("ambiguous_names").values())


@cache
def _default_lexicon() -> dict[str, Name]:
    return {name.name.lower(): name for name in load_known_names()}
