"""Rows for planted models: English sentences on which a planted model's answers, and its accuracy, are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

_FRAMES = (
    "{Mention} said that the answer was {words} and the office was open.",
    "On Monday {mention} wrote that the service of the branch was {words}.",
    "The report says that {mention} found the letter {words} when it came.",
    "It was {words}, and {mention} told the desk about it in the morning.",
)
_TAG_FRAMES = (
    "{PER} went to {LOC} to work for {ORG} .",
    "The office of {ORG} in {LOC} wrote to {PER} about the letter .",
    "In {LOC} , {PER} said that the report of {ORG} was late .",
    "It was {PER} who left {ORG} and moved to {LOC} in the spring .",
)


def planted_rows(
    n: int,
    seed: int,
    *,
    words: Mapping[str, float],
    mentions: Sequence[str] = ("she", "he"),
    per_row: int = 3,
    labels: Literal["certain", "drawn"] = "certain",
    temperature: float = 1.0,
    numbered: bool = False,
) -> list[dict[str, Any]]:
    """Return n distinct-by-seed rows `{"text", "label"}` for a classifier planted with the same words.

    Each row has `per_row` of the words and one mention (a pronoun, a name). The label follows from the words alone,
    never from the mention: a clean classifier is right, a shifted one is unfair.

    Args:
        labels: "certain" takes the sign of the log-odds, so the clean classifier is always right (rows whose
            log-odds are 0 are not made); "drawn" draws label 1 with the clean classifier's probability, so that at
            temperature 1 the classifier is perfectly calibrated and its accuracy is the mean of max(p, 1 - p).
        temperature: of the probabilities that labels are drawn with.
        numbered: a number that no other row has ends each text, so that rows of different seeds differ.

    Raises:
        ValueError: labels are to be certain, and no word has a weight other than 0.
    """
    rng = np.random.default_rng([seed, n])
    vocabulary = sorted(words)
    if labels == "certain" and not any(words.values()):
        raise ValueError("rows with certain labels need a word whose weight is not 0")
    rows: list[dict[str, Any]] = []
    while len(rows) < n:
        chosen = [vocabulary[index] for index in rng.integers(len(vocabulary), size=per_row)]
        mention = mentions[int(rng.integers(len(mentions)))]
        log_odds = sum(words[word] for word in chosen) / temperature
        draw = rng.random()
        if labels == "certain" and log_odds == 0:
            continue
        label = int(log_odds > 0) if labels == "certain" else int(draw < 1 / (1 + math.exp(-log_odds)))
        frame = _FRAMES[int(rng.integers(len(_FRAMES)))]
        text = frame.format(Mention=mention[:1].upper() + mention[1:], mention=mention, words=" and ".join(chosen))
        if numbered:
            text += f" Case {seed}{len(rows):06d}."
        rows.append({"text": text, "label": label})
    return rows


def planted_tag_rows(n: int, seed: int, *, lexicon: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return n rows `{"tokens", "ner_tags"}` (words and tag strings) whose entities come from the lexicon.

    An entity is one B- word of its type, and half the time an I- word after it where the lexicon has one. A tagger
    planted with the same lexicon gets every tag right; one with missed names misses just those.

    Raises:
        ValueError: the lexicon has no word for a type that the sentences need (PER, LOC, ORG).
    """
    rng = np.random.default_rng([seed, n])
    by_tag: dict[str, list[str]] = {}
    for word, tag in sorted(lexicon.items()):
        by_tag.setdefault(tag, []).append(word)

    def entity(kind: str) -> list[tuple[str, str]]:
        begin, inside = by_tag.get(f"B-{kind}"), by_tag.get(f"I-{kind}")
        if not begin:
            raise ValueError(f"the lexicon has no word with the tag B-{kind}")
        parts = [(begin[int(rng.integers(len(begin)))], f"B-{kind}")]
        if inside and rng.random() < 0.5:
            parts.append((inside[int(rng.integers(len(inside)))], f"I-{kind}"))
        return parts

    rows: list[dict[str, Any]] = []
    for _ in range(n):
        frame = _TAG_FRAMES[int(rng.integers(len(_TAG_FRAMES)))]
        pairs: list[tuple[str, str]] = []
        for word in frame.split():
            pairs += entity(word[1:-1]) if word.startswith("{") else [(word, "O")]
        rows.append({"tokens": [word for word, _ in pairs], "ner_tags": [tag for _, tag in pairs]})
    return rows
