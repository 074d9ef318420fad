"""How well "her" is read as "his" or "him": ``MODELAUDIT_DATA=folder python benchmarks/pronouns_wikipedia.py``.

The gold comes free: in masculine text his and him are unambiguous, so Wikipedia sentences (WikiANN, ``wikiann-en/``)
are made feminine and resolved back. The rules were developed on the train file; dev and test are held out.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelaudit.statistics import clopper_pearson_interval
from modelaudit.text.pronouns import Tokens, resolve_her, resolve_his

FEMININE = {"he": "she", "him": "her", "his": "her", "himself": "herself"}
SPLITS = {"development": ("train",), "held out": ("dev", "test")}


def sentences(path: Path) -> Iterator[list[str]]:
    """The sentences of a CoNLL file, as words."""
    words: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            words.append(line.split("\t")[0])
        elif words:
            yield words
            words = []
    if words:
        yield words


def resolved(words: Sequence[str]) -> Iterator[tuple[str, str | None, str]]:
    """(gold, answer or None, sentence) for each his and him of a sentence that is made feminine; "hers" is left out."""
    masculine, text = Tokens.of(" ".join(words)), " ".join(words)
    if {"her", "hers", "she"} & set(masculine.lower):
        return
    golds = {
        index: word
        for index, word in enumerate(masculine.lower)
        if word == "him" or (word == "his" and resolve_his(masculine, index) == "her")
    }
    pieces, position = [], 0
    for (start, end), surface, word in zip(masculine.spans, masculine.surfaces, masculine.lower, strict=True):
        new = FEMININE.get(word, surface)
        pieces += (text[position:start], new.capitalize() if word in FEMININE and surface[0].isupper() else new)
        position = end
    feminine = Tokens.of("".join((*pieces, text[position:])))
    for index, gold in golds.items():
        yield gold, resolve_her(feminine, index), text


def measure(folder: Path, files: Sequence[str]) -> tuple[Counter[tuple[str, str]], list[tuple[str, str | None, str]]]:
    """Counts of (gold, "right" | "wrong" | "open") over the files, and the cases that are not right."""
    counts: Counter[tuple[str, str]] = Counter()
    missed: list[tuple[str, str | None, str]] = []
    for name in files:
        for words in sentences(folder / f"{name}.conll"):
            for gold, answer, text in resolved(words):
                outcome = "open" if answer is None else "right" if answer == gold else "wrong"
                counts[gold, outcome] += 1
                if outcome != "right":
                    missed.append((gold, answer, text))
    return counts, missed


def report(counts: Counter[tuple[str, str]]) -> Iterator[str]:
    """One line for each pronoun, one for both, and the balanced accuracy."""
    accuracies = []
    for label, golds in (("his -> her", ("his",)), ("him -> her", ("him",)), ("both", ("his", "him"))):
        right, wrong, left = (sum(counts[gold, outcome] for gold in golds) for outcome in ("right", "wrong", "open"))
        answered, n = right + wrong, right + wrong + left
        if not answered:
            continue
        accuracies.append(right / answered)
        yield f"{label}: right {_rate(right, answered)} of those answered; answered {_rate(answered, n)}"
    if len(accuracies) == 3:
        yield f"balanced accuracy of the answered: {sum(accuracies[:2]) / 2:.3f}"


def _rate(k: int, n: int) -> str:
    low, high = clopper_pearson_interval(k, n)
    return f"{k}/{n} = {k / n:.3f} [{low:.3f}, {high:.3f}]"


def main() -> int:
    """Print the figures of both parts; with --missed also the sentences of the development part that are not right."""
    root = os.environ.get("MODELAUDIT_DATA")
    if root is None:
        print("skipped: MODELAUDIT_DATA does not name the folder with the data")
        return 0
    for part, files in SPLITS.items():
        counts, missed = measure(Path(root) / "wikiann-en", files)
        print(part, *report(counts), sep="\n  ")
        if "--missed" in sys.argv and part == "development":
            for gold, answer, text in missed:
                print(f"    {gold} read as {answer}: {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
