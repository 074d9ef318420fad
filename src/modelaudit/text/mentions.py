"""First names in a text: where a person is meant, and the edits that exchange one name for another throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from modelaudit.text.articles import article_edit
from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.name_context import (
    acts_as_person,
    ambiguous_words,
    context,
    has_surname,
    is_behind_title,
    is_capitalised,
    is_exchangeable,
    is_shouted,
    opens_question,
)
from modelaudit.text.names import Name, load_known_names
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
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
    word, month, place or surname counts only behind a title or before a capitalised surname; where the same text has
    it once so, it counts again where it acts as a person (`acts_as_person`). Lower-case and all-caps text has no
    capitals to tell by: nothing is found there without spans, but the name in all caps of a person who is named with
    a capital elsewhere. The names of well-known persons (`names_real_person`) are never found, nor the same name
    elsewhere in such a text.

    A text that could come out half exchanged is left alone whole: one in which it is open whether a repeated name is
    the person's ("Aunt May came in May"), and one with a name that can't be put back (`is_exchangeable`).
    """
    reading = read_first_names(document, known_names, person_spans)
    return [] if reading.doubtful else list(reading.mentions)


@dataclass(frozen=True, slots=True)
class NameReading:
    """The names found in a text, and whether it is to be left alone, for it could come out half exchanged."""

    mentions: tuple[Mention, ...]
    doubtful: bool


def read_first_names(
    document: Document,
    known_names: Iterable[Name] | None = None,
    person_spans: Sequence[Span] | None = None,
) -> NameReading:
    """The first names of `name_mentions`, those of doubtful texts included."""
    tokens = Tokens.of(document.text)
    lexicon = _default_lexicon() if known_names is None else {name.name.lower(): name for name in known_names}
    if person_spans is None:
        indices, unclear = _persons(tokens, lexicon)
    else:
        indices, unclear = _first_words(tokens, person_spans, lexicon), []
    real = {tokens.lower[index] for index in real_person_words(tokens)} if indices else set()
    free = set(outside(tokens.spans, protected_spans(document.text))) if indices else set()
    doubtful = any(tokens.lower[index] not in real and tokens.spans[index] in free for index in unclear)
    mentions = []
    for index in indices:
        span = tokens.spans[index]
        if span in free and tokens.lower[index] not in real and document.within_word(*span):
            name = lexicon[tokens.lower[index]]
            mentions.append(Mention(*span, name.name, name.gender))
            doubtful = doubtful or not is_exchangeable(document, tokens, index)
    return NameReading(tuple(mentions), doubtful)


def name_edits(document: Document, mentions: Iterable[Mention], replacement: Mapping[str, str]) -> list[Edit]:
    """Edits that exchange every mention whose name ``replacement`` maps: one person keeps one name in a text.

    "a" and "an" in front of a name go with it.
    """
    tokens = Tokens.of(document.text)
    index_of = {start: index for index, (start, _) in enumerate(tokens.spans)}
    edits: list[Edit] = []
    for mention in mentions:
        if mention.name not in replacement:
            continue
        old = document.text[mention.start : mention.end]
        new = match_case(old, replacement[mention.name])
        index = index_of.get(mention.start)
        article = None if index is None else article_edit(tokens, index, old, new, "name")
        edits += [article] if article else []
        edits.append(Edit(mention.start, mention.end, new, "name"))
    return edits


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
        if tokens.lower[index] in context("title"):
            continue
        if tokens.lower[index] in lexicon:
            found.append(index)
        span = next(ordered, None)
    return found


def _persons(tokens: Tokens, lexicon: Mapping[str, Name]) -> tuple[list[int], list[int]]:
    """Index of each first name of a person, and of each word of which it is open whether it repeats one."""
    known = [index for index, word in enumerate(tokens.lower) if word in lexicon and not _excluded(tokens, index)]
    ambiguous = ambiguous_words()
    sure = {
        index
        for index in known
        if is_capitalised(tokens.surfaces[index])
        and (tokens.lower[index] not in ambiguous or has_surname(tokens, index) or is_behind_title(tokens, index))
    }
    established = {tokens.lower[index] for index in sure}
    found: list[int] = []
    unclear: list[int] = []
    for index in known:
        surface = tokens.surfaces[index]
        second_name = bool(found) and found[-1] == index - 1 and tokens.gaps[index - 1] == " "
        repeated = tokens.lower[index] in established and (is_capitalised(surface) or is_shouted(surface))
        if second_name or not repeated:
            continue
        if index in sure or tokens.lower[index] not in ambiguous or acts_as_person(tokens, index):
            found.append(index)
        elif not opens_question(tokens, index):
            unclear.append(index)
    return found, unclear


def _excluded(tokens: Tokens, index: int) -> bool:
    """A place, an institution, or a surname behind a title."""
    before = tokens.lower[index - 1] if index and tokens.gaps[index - 1].strip() in {"", "."} else ""
    behind = tokens.lower[index + 1] if index + 1 < len(tokens.lower) and tokens.gaps[index].strip() == "" else ""
    if before in context("place_before") and tokens.surfaces[index - 1][0].isupper():
        return True
    if behind in context("place_behind") and tokens.surfaces[index + 1][0].isupper():
        return True
    return before in context("surname_title") and not has_surname(tokens, index)


@cache
def _default_lexicon() -> dict[str, Name]:
    return {name.name.lower(): name for name in load_known_names()}
