"""Tallies: what rows are like as counts by bin, so that no text has to be kept and windows can be added up."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from modelaudit.monitoring.row_key import RowKey
from modelaudit.text import language_of, word_spans

Feature = Literal["language", "length", "vocabulary", "prediction", "confidence", "accuracy"]
Tally = Mapping[str, Mapping[str, int]]
"""Counts by bin, for each feature that was measured; bins of numbers are whole numbers, written out."""

NUMBERS: tuple[Feature, ...] = ("length", "vocabulary", "confidence")
"""Features with one number a row; of the others each row has one class."""
RIGHT, WRONG = "right", "wrong"
MOST_CHARACTERS = 20_000
"""Of a row whose words and script are looked at; its length is that of the whole row."""
PER_DOUBLING, PER_LOG_ODD, PER_WORD = 16, 20, 50
"""Bins for each doubling of a length, for each unit of a confidence's log-odds, and between no and all words new."""
FARTHEST = 300
WORD_BYTES = 5
"""Of a word's hash: among 50,000 known words one in twenty million others looks known."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_LANGUAGES = {"en": "English", "zh": "Chinese"}


def text_tally(texts: Sequence[str], known: frozenset[bytes] | None, key: RowKey) -> Tally:
    """Return the tally of texts: languages and scripts, lengths, and words that are not among the known hashes."""
    found: dict[str, Counter[str]] = {"language": Counter(), "length": Counter()}
    found["language"].update(map(language, texts))
    found["length"].update(str(length_bin(len(text))) for text in texts)
    if known is not None:
        found["vocabulary"] = new_words(texts, known, key)
    return {name: dict(sorted(counts.items())) for name, counts in found.items() if counts}


def answer_tally(
    predictions: Sequence[int | None], confidences: Sequence[float | None], labels: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return the tally of a classifier's answers; features of which no row has a value are left out."""
    found: dict[str, Counter[str]] = {
        "prediction": Counter(labels[each] for each in predictions if each is not None),
        "confidence": Counter(str(confidence_bin(each)) for each in confidences if each is not None),
    }
    return {name: dict(sorted(counts.items())) for name, counts in found.items() if counts}


def accuracy_tally(pairs: Iterable[tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Return the tally of (predicted, true) classes; empty without any."""
    counts = Counter(RIGHT if predicted == true else WRONG for predicted, true in pairs)
    return {"accuracy": {RIGHT: counts[RIGHT], WRONG: counts[WRONG]}} if counts else {}


def added(tallies: Iterable[Tally]) -> Tally:
    """Return the tally of all rows together."""
    total: dict[str, Counter[str]] = {}
    for tally in tallies:
        for name, counts in tally.items():
            total.setdefault(name, Counter()).update(counts)
    return {name: dict(sorted(counts.items())) for name, counts in total.items()}


def size(counts: Mapping[str, int]) -> int:
    """Return how many rows were counted."""
    return sum(counts.values())


def language(text: str) -> str:
    """Return the language of a text where it is told, else the script of most of its letters."""
    told = language_of(text)
    if told is not None:
        return _LANGUAGES[told]
    scripts = Counter(_script(mark) for mark in text[:MOST_CHARACTERS] if mark.isalpha())
    return min(scripts, key=lambda name: (-scripts[name], name)) if scripts else "no letters"


def words(text: str) -> list[str]:
    """Return the words of a text without case; of Chinese each character."""
    head = text[:MOST_CHARACTERS].casefold()
    return [head[start:end] for start, end in word_spans(_HAN.sub(" ", head))] + _HAN.findall(head)


def word_hash(word: str, key: RowKey) -> bytes:
    """Return what stands for a word in a profile."""
    return bytes.fromhex(key.of("word", word))[:WORD_BYTES]


def new_words(texts: Sequence[str], known: frozenset[bytes], key: RowKey) -> Counter[str]:
    """Return the tally of each text's share of words that are not known; a text without words has none that is new."""
    counts: Counter[str] = Counter()
    hashes: dict[str, bool] = {}
    for text in texts:
        own = words(text)
        for word in own:
            if word not in hashes:
                hashes[word] = word_hash(word, key) in known
        share = sum(not hashes[word] for word in own) / max(len(own), 1)
        counts[str(round(PER_WORD * share))] += 1
    return counts


def length_bin(characters: int) -> int:
    """Return the bin of a length, sixteen of them to each doubling."""
    return round(PER_DOUBLING * math.log2(1 + characters))


def confidence_bin(confidence: float) -> int:
    """Return the bin of a confidence on the scale of log-odds, where .99 and .999 lie far apart."""
    if confidence <= 0.0 or confidence >= 1.0:
        return FARTHEST if confidence >= 1.0 else -FARTHEST
    return max(-FARTHEST, min(FARTHEST, round(PER_LOG_ODD * math.log(confidence / (1.0 - confidence)))))


def value_of(feature: str, place: float) -> float:
    """Return the number that a bin stands for: characters, a share of words, or a confidence."""
    if feature == "length":
        return float(2.0 ** (place / PER_DOUBLING) - 1.0)
    return place / PER_WORD if feature == "vocabulary" else 1.0 / (1.0 + math.exp(-place / PER_LOG_ODD))


def median(feature: str, counts: Mapping[str, int]) -> float:
    """Return the median of a feature with one number a row."""
    half, before = size(counts) / 2.0, 0
    places = sorted(map(int, counts))
    for place in places:
        before += counts[str(place)]
        if before >= half:
            return value_of(feature, place)
    raise ValueError("a tally without rows has no median")


def _script(mark: str) -> str:
    name = unicodedata.name(mark, "other").split()[0]
    return {"CJK": "Han", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}.get(name, name.capitalize())
