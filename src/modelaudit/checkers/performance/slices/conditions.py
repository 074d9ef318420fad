"""Conditions that a row meets or does not: what a slice is made of. None of them looks at the true label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.measures import measured
from modelaudit.rows import Row
from modelaudit.text import language_of, word_spans

Flags = NDArray[np.bool_]

RAREST, COMMONEST = 0.02, 0.5
"""Share of the rows that a word must stand in, for it to be a condition."""
MOST_WORDS = 400
MOST_VALUES = 20
MOST_OF_COLUMNS = 400
"""Conditions on the table's other columns: the work of a search grows with the square of all conditions."""
LONGEST = 60
_HAN = re.compile("[\u3400-\u9fff]")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|without|hardly|barely)\b|n['’]t\b|[不没无未非别莫勿否]", re.IGNORECASE
)

ASKING = (
    *("who", "what", "when", "where", "why", "how", "which", "whose", "whom"),
    *("谁", "什么", "何时", "哪", "为什么", "怎么", "多少", "几"),
)
"""Words that questions ask by; as a closed list they are no text of the rows."""

Signs = dict[str, Callable[[str], bool]]
SIGNS: Signs = {
    "has a digit": lambda text: any(each.isdigit() for each in text),
    "has an address or handle": lambda text: bool(re.search(r"https?://|www\.|[@#]\w", text)),
    "has a question mark": lambda text: "?" in text or "？" in text,
    "has an exclamation mark": lambda text: "!" in text or "！" in text,
    "has a negation": lambda text: bool(_NEGATION.search(text)),
    "has characters beyond the Latin alphabet": lambda text: any(each.isalpha() and ord(each) > 0x24F for each in text),
    "has no capital letter": lambda text: text == text.lower(),
    "is mostly in capitals": lambda text: sum(map(str.isupper, text)) > 0.5 * max(1, sum(map(str.isalpha, text))),
}


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A property of rows: `name` in words, and which rows have it (bool, rows).

    `kind` tells which conditions exclude one another, or say the same, and are never combined. `public` says it without
    text of the rows where the name has any, and is None where it has none.
    """

    name: str
    kind: str
    flags: Flags
    public: str | None = None


def conditions(
    rows: Sequence[Row],
    search: Flags,
    *,
    predicted: Sequence[str] | None,
    pieces: NDArray[np.int64] | None,
    states: NDArray[np.float64] | None,
) -> list[Condition]:
    """Return the conditions that some of the `search` rows (bool, rows) meet; their edges are set by these rows alone.

    Args:
        predicted: the predicted class of each row, where it has one.
        pieces: tokens of each row, or None.
        states: hidden states (rows, H) for topics, or None.
    """
    texts = [read_of(row) for row in rows]
    words = [_words(text) for text in texts]
    found = _of_media(rows, search) if rows[0].medium is not None else _of_texts(texts, words, search, pieces)
    if rows[0].answers is not None:
        found += _of_questions(rows, texts, search)
    found += _columns(rows, search)
    if predicted is not None:
        found += _values("predicted class", predicted, search, kind="predicted class")
    if states is not None:
        found += _topics(states, words, search)
    return [each for each in found if each.flags[search].any()]


def read_of(row: Row) -> str:
    """Return the text that conditions speak of: the question where one is put to a context, else both of a pair."""
    if row.companion is None:
        return row.text
    return row.companion if row.answers is not None else f"{row.text} {row.companion}"


def _of_texts(
    texts: Sequence[str], words: Sequence[Sequence[str]], search: Flags, pieces: NDArray[np.int64] | None
) -> list[Condition]:
    lengths = np.array([len(each) for each in words], dtype=np.float64)
    found = [
        *_thirds("words", lengths, search, "length"),
        *_signs(texts),
        *_languages(texts),
        *_common_words(words, search),
    ]
    if pieces is not None:
        found += _thirds("tokens a word", pieces / np.maximum(lengths, 1.0), search, "tokens")
    return found


def _of_questions(rows: Sequence[Row], texts: Sequence[str], search: Flags) -> list[Condition]:
    """How long the context is, and what the question asks by."""
    lengths = np.array([len(_words(row.text)) for row in rows], dtype=np.float64)
    asked = [_asked_by(text.lower()) for text in texts]
    return [
        *_thirds("words in the context", lengths, search, "context"),
        *_values("question word", asked, search, kind="question word"),
    ]


def _asked_by(question: str) -> str:
    """Return the word of `ASKING` that comes first in a question; empty where there is none."""
    words = {question[start:end]: start for start, end in reversed(word_spans(question))}
    places = {word: words.get(word, -1) if word.isascii() else question.find(word) for word in ASKING}
    there = {word: place for word, place in places.items() if place >= 0}
    return min(there, key=lambda word: (there[word], -len(word))) if there else ""


def _of_media(rows: Sequence[Row], search: Flags) -> list[Condition]:
    """Size, light, contrast, sharpness of pictures; length, loudness, frequency of sounds: lowest and highest third."""
    found = measured([row.medium for row in rows if row.medium is not None])
    return [
        each
        for name, values in zip(found.names, found.values.T, strict=True)
        for each in _thirds(name, values, search, name, named_first=True)
    ]


def _words(text: str) -> list[str]:
    """Return the words of a text in lower case; Han characters stand for themselves and in pairs."""
    text = text.lower()
    if _HAN.search(text):
        han = _HAN.findall(text)
        return [*han, *map("".join, pairwise(han))]
    return [text[start:end] for start, end in word_spans(text)]


def _thirds(
    name: str, values: NDArray[np.float64], search: Flags, kind: str, *, named_first: bool = False
) -> Iterator[Condition]:
    """The lowest and the highest third; a row whose value is not known (NaN) is in neither."""
    known = values[search & ~np.isnan(values)]
    if not len(known):
        return
    # Sampling rates and sizes are few, and a rate between two of them is one that no sound has.
    low, high = np.quantile(known, [1 / 3, 2 / 3], method="lower" if named_first else "linear")
    before, behind = (f"{name}: ", "") if named_first else ("", f" {name}")
    yield Condition(f"{before}at most {_edge(low)}{behind}", kind, values <= low)
    if high > low:
        yield Condition(f"{before}more than {_edge(high)}{behind}", kind, values > high)


def _edge(value: float) -> str:
    """Return an edge in four digits, or in all that stand before the point."""
    return f"{value:.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"


def _signs(texts: Sequence[str]) -> Iterator[Condition]:
    for name, sign in SIGNS.items():
        yield Condition(name, name, np.array([sign(text) for text in texts], dtype=np.bool_))


def _languages(texts: Sequence[str]) -> Iterator[Condition]:
    languages = [language_of(text) for text in texts]
    for language, name in (("en", "in English"), ("zh", "in Chinese"), (None, "in neither English nor Chinese")):
        yield Condition(name, "language", np.array([each == language for each in languages], dtype=np.bool_))


def _common_words(words: Sequence[Sequence[str]], search: Flags) -> Iterator[Condition]:
    held = [frozenset(each) for each in words]
    size = int(search.sum())
    counts = Counter(word for each, chosen in zip(held, search, strict=True) if chosen for word in each)
    common = [word for word, count in counts.items() if RAREST * size <= count <= COMMONEST * size]
    for word in sorted(common, key=lambda each: (-counts[each], each))[:MOST_WORDS]:
        flags = np.array([word in each for each in held], dtype=np.bool_)
        yield Condition(f"has the word {word[:LONGEST]!r}", f"word {word}", flags, public="has a certain word")


def _columns(rows: Sequence[Row], search: Flags) -> list[Condition]:
    """Thirds of numbers and the commonest of other values, of all columns; those that split the rows most evenly."""
    found: list[Condition] = []
    for column in sorted({name for row in rows for name in row.columns}):
        cells = [row.columns.get(column) for row in rows]
        known = [cell for cell in cells if cell is not None and cell != ""]
        numbers = np.array([_number(cell) for cell in cells])
        shown = f"column {column[:LONGEST]!r}"
        of_numbers = int((~np.isnan(numbers)).sum()) == len(known)
        if of_numbers and len(np.unique(numbers[search & ~np.isnan(numbers)])) > MOST_VALUES:
            found += _thirds(f"in {shown}", numbers, search, shown)
            continue
        values = [_written(cell) for cell in cells]
        different = set(values) - {""}
        # Few short values are categories. Many, or long ones, may be names or texts, which a report does not print.
        text = not of_numbers and (len(different) > MOST_VALUES or max(map(len, different), default=0) > LONGEST)
        public = f"has a certain value in {shown}" if text else None
        found += _values(shown, values, search, kind=shown, public=public)
    whole = int(search.sum())
    sizes = [int(each.flags[search].sum()) for each in found]
    order = sorted(range(len(found)), key=lambda place: (-min(sizes[place], whole - sizes[place]), found[place].name))
    return [found[place] for place in sorted(order[:MOST_OF_COLUMNS])]


def _values(
    name: str, values: Sequence[str], search: Flags, *, kind: str, public: str | None = None
) -> Iterator[Condition]:
    """A condition for each of the commonest values; an empty one is none."""
    counts = Counter(value for value, chosen in zip(values, search, strict=True) if chosen and value)
    commonest = sorted(counts, key=lambda each: (-counts[each], each))[:MOST_VALUES]
    place = {value: number for number, value in enumerate(commonest)}
    codes = np.array([place.get(value, -1) for value in values])
    for number, value in enumerate(commonest):
        yield Condition(f"{name} is {value[:LONGEST]!r}", kind, codes == number, public=public)


def _topics(states: NDArray[np.float64], words: Sequence[Sequence[str]], search: Flags) -> Iterator[Condition]:
    """Clusters of hidden states, fitted on the search rows and named by the words that they have more often.

    Where there are no words, a cluster has a number alone, the largest the first.
    """
    from sklearn.cluster import KMeans

    count = int(min(10, search.sum() // 50))
    if count < 2 or len(np.unique(states[search].round(9), axis=0)) < count:
        return
    means = KMeans(count, n_init=4, random_state=0).fit(states[search])
    cluster = np.asarray(means.predict(states))
    overall = Counter(word for each, chosen in zip(words, search, strict=True) if chosen for word in set(each))
    if not overall:
        # Which number the fit gave a cluster says nothing.
        ordered = sorted(range(count), key=lambda place: (-int((cluster[search] == place).sum()), place))
        for number, place in enumerate(ordered, start=1):
            yield Condition(f"kind {number} of {count} by the model's states", "topic", cluster == place)
        return
    for place in range(count):
        flags = cluster == place
        inside = Counter(
            word for each, chosen in zip(words, flags & search, strict=True) if chosen for word in set(each)
        )
        size, whole = max(1, int((flags & search).sum())), int(search.sum())
        excess = {word: n / size - overall[word] / whole for word, n in inside.items()}
        named = sorted(excess, key=lambda word: (-excess[word], word))[:3]
        words_of_it = ", ".join(repr(word[:20]) for word in named)
        yield Condition(f"topic of {words_of_it}", "topic", flags, public="of a certain topic")


def _number(cell: Any) -> float:
    """Return the cell as a number, as the cells of a csv file are written too; NaN where it is none."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str) or (isinstance(cell, str) and len(cell) > 40):
        return np.nan
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return np.nan
    return number if np.isfinite(number) else np.nan


def _written(cell: Any) -> str:
    try:
        return "" if cell is None else str(cell)
    except ValueError:
        # A whole number of thousands of digits, which Python does not write out.
        return ""
