"""De-identification: personal data in the training rows replaced by made-up data of the same kind.

The same value gets the same surrogate in every row, so that what rows say of one another stays, and tags stay where
they stand. Text only: labels, other columns and the rows that are held back are left as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelaudit.rows import Row
from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, apply
from modelaudit.text.personal_data import KINDS, Kind, find_personal_data
from modelaudit.training.examples import Example, Step, TrainingData
from modelaudit.training.measures.located import Found, Located, located, with_repeated
from modelaudit.training.measures.surrogate_names import LatinNames, chinese, initial
from modelaudit.training.measures.surrogates import FORMS, Matched, key_of, matched

ACROSS_WORDS = "values left, for they cross the border of a word"
_PLURALS = {
    "e-mail address": "e-mail addresses",
    "IP address": "IP addresses",
    "date of birth": "dates of birth",
    "name": "words of names",
    "initials": "initials",
}
_KNOWN_BY_DIGITS: tuple[Kind, ...] = (
    "phone number",
    "US social security number",
    "UK NHS number",
    "payment card number",
    "IP address",
)
"""What is found behind a word that tells it, or apart from letters and signs, and may stand elsewhere otherwise."""
_BEFORE, _BEHIND, _CONTEXTS = 64, 32, 3
_LETTERS = 26
_NOTES = (
    "Looked for were data with a shape, such as numbers, e-mail addresses and dates of birth, and names of persons: "
    "where tags mark them or, in plain English and Chinese text, where name lists, e-mail addresses and the words "
    "around tell them. Of words left that may be names, only those that name lists have are counted.",
    "Not looked for were postal addresses, user names, names without a tag, numbers of other states, and what tells of "
    "a person without a name. The rows are not free of personal data for sure.",
    "Made-up numbers are of ranges that belong to nobody where such are known. Elsewhere, US social security and UK "
    "national insurance numbers among them, one can by chance be somebody's.",
)


@dataclass(frozen=True, slots=True)
class _Surrogates:
    """What stands for each value, by kind; initials move so many steps on in the alphabet."""

    by_kind: Mapping[str, Matched]
    step: int

    def writing(self, found: Found, written: str) -> str | None:
        """Return what is written in the place of a value, or None where it stays."""
        if found.kind == "initials":
            return "".join(initial(letter, self.step) for letter in written)
        new = self.by_kind[found.kind].new.get(found.value)
        if new is None or found.kind == "Chinese name":
            return new
        if found.kind == "name":
            return match_case(written, new.capitalize(), shouting=True)
        return FORMS[found.kind].write(written, new)


def deidentified(data: TrainingData, *, rng: np.random.Generator) -> TrainingData:
    """Return the data with surrogates for the personal data of its training rows, partners included.

    Surrogates hang on the generator's state and on all values together, not on the order of the rows. Numbers of words
    and tags stay. The step counts what was replaced and what was left, by type, and holds no value.
    """
    rows = [row for example in data.examples for row in (example.row, example.partner) if row is not None]
    places = [located(row, data.labels) for row in rows]
    known = _known_by_digits(places)
    places = [with_repeated(place, known) for place in places]
    surrogates = _drawn(places, rng.bytes(32))
    counts: Counter[str] = Counter()
    changed = iter([_rewritten(row, place, surrogates, counts) for row, place in zip(rows, places, strict=True)])
    examples = []
    for example in data.examples:
        row = next(changed)
        examples.append(replace(example, row=row, partner=None if example.partner is None else next(changed)))
    return data.after(_step(counts, places, surrogates, data.examples, examples), examples)


def _known_by_digits(places: Iterable[Located]) -> dict[str, Found]:
    """The numbers that were found, by their digits; of two kinds with the same digits the more specific."""
    found = [each for place in places for each in place.found if each.kind in _KNOWN_BY_DIGITS]
    found.sort(key=lambda each: (KINDS.index(each.kind), each.value), reverse=True)
    return {re.sub("[^0-9]", "", each.value): each for each in found if ":" not in each.value}


def _drawn(places: Sequence[Located], seed: bytes) -> _Surrogates:
    values: dict[str, set[str]] = defaultdict(set)
    contexts: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    parts: Counter[str] = Counter()
    for place in places:
        for found in place.found:
            if found.kind == "initials" or not found.sure:
                continue
            values[found.kind].add(found.value)
            if found.kind == "name":
                parts[found.value] += found.place
            elif found.kind != "Chinese name":
                _remember(contexts[found.kind, found.value], place, found)
    key = key_of(seed, [value for of_kind in values.values() for value in of_kind])
    made = {}
    for kind in sorted(values):
        if kind == "name":
            made[kind] = matched(values[kind], LatinNames(parts).make, key=key)
        elif kind == "Chinese name":
            made[kind] = matched(values[kind], chinese, key=key)
        else:
            made[kind] = _of_kind(kind, values[kind], contexts, key)  # type: ignore[arg-type]
    return _Surrogates(defaultdict(lambda: Matched({}, 0), made), 1 + key[0] % (_LETTERS - 1))


def _remember(contexts: list[tuple[str, str, str]], place: Located, found: Found) -> None:
    """Keep the first few surroundings of a value, in an order that does not hang on that of the rows."""
    text = place.reading.text
    around = (
        text[max(found.start - _BEFORE, 0) : found.start],
        text[found.start : found.end],
        text[found.end : found.end + _BEHIND],
    )
    if around not in contexts:
        insort(contexts, around)
        del contexts[_CONTEXTS:]


def _of_kind(
    kind: Kind, values: set[str], contexts: Mapping[tuple[str, str], list[tuple[str, str, str]]], key: bytes
) -> Matched:
    def found_again(value: str, new: str) -> bool:
        for before, written, behind in contexts[kind, value]:
            writing = FORMS[kind].write(written, new)
            span = (len(before), len(before) + len(writing))
            matches = find_personal_data(before + writing + behind)
            if not any((match.kind, match.start, match.end) == (kind, *span) for match in matches):
                return False
        return True

    return matched(values, FORMS[kind].make, key=key, fits=found_again)


def _rewritten(row: Row, place: Located, surrogates: _Surrogates, counts: Counter[str]) -> Row:
    edits: list[Edit] = []
    for found in place.found:
        new = surrogates.writing(found, place.writing(found))
        if new is None:
            continue
        made = _edits(place, found, new)
        if made is None:
            counts[ACROSS_WORDS] += 1
            continue
        counts[f"{_plural(found.kind)} replaced"] += 1
        edits += made
    if not edits:
        return row
    if row.words is None:
        return row.with_text(apply(place.reading.document, edits).document.text)
    return row.with_words(_words(place.reading.document, edits), row.tags)


def _edits(place: Located, found: Found, new: str) -> list[Edit] | None:
    """The edits that put new text in the place of old, each within one word; None where that can't be."""
    reading = place.reading
    if reading.within_word(found.start, found.end):
        return [Edit(*reading.span(found.start, found.end), new, found.kind)]
    old = place.writing(found)
    if len(new) != len(old):
        return None
    positions = reading.positions[found.start : found.end]
    return [
        Edit(position, position + 1, character, found.kind)
        for position, before, character in zip(positions, old, new, strict=True)
        if character != before
    ]


def _words(document: Document, edits: Sequence[Edit]) -> tuple[str, ...]:
    """The words behind edits that lie within words: as many, also where a word has white space in it."""
    words = list(document.word_texts())
    spans = document.words or ()
    starts = [start for start, _ in spans]
    by_word: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        word = bisect_right(starts, edit.start) - 1
        by_word[word].append(Edit(edit.start - starts[word], edit.end - starts[word], edit.text, edit.kind))
    for word, own in by_word.items():
        words[word] = apply(Document(words[word]), own).document.text
    return tuple(words)


def _step(
    counts: Counter[str],
    places: Sequence[Located],
    surrogates: _Surrogates,
    before: Sequence[Example],
    behind: Sequence[Example],
) -> Step:
    left = Counter(reason for place in places for reason in place.left)
    different = {f"different {_plural(kind)} found": len(made.new) for kind, made in sorted(surrogates.by_kind.items())}
    shared = sum(made.shared for made in surrogates.by_kind.values())
    told = {
        "rows changed": sum(old.row is not new.row for old, new in zip(before, behind, strict=True)),
        **dict(sorted(counts.items())),
        **different,
        **dict(sorted(left.items())),
    }
    if shared:
        told["values that share a surrogate, for there are too few"] = shared
    return Step("de-identification", told, _NOTES)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind}s")
