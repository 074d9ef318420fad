"""Corpora for tagging, and the yardstick that both arms of the training benchmark are held to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from seqeval.metrics import f1_score
from sklearn.metrics import f1_score as class_f1
from transformers import AutoModelForTokenClassification, AutoTokenizer

from modelaudit.subject.tables import read_table

BATCH = 128


@dataclass(frozen=True)
class Corpus:
    """Three CoNLL files; `bars` are what is asked of the reference trainer, `missing` why there are none."""

    name: str
    train: Path = Path()
    dev: Path = Path()
    test: Path = Path()
    bars: Mapping[str, float] = field(default_factory=dict)
    missing: str | None = None

    @property
    def sentences(self) -> int:
        """How many there are to train on."""
        return len(read_table(str(self.train), name="train"))


@dataclass(frozen=True)
class Measured:
    """One training: its arm, corpus and seed, seconds, updates of the weights, and scores on the test file."""

    arm: str
    corpus: str
    seed: int
    seconds: float
    updates: int
    scores: Mapping[str, float]

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def corpora(scratch: Path, *, most: int | None) -> Iterator[Corpus]:
    """Yield WikiANN English and CoNLL-2003, or why they are not there; `most` sentences of each file."""
    data, conll = os.environ.get("MODELAUDIT_DATA"), os.environ.get("CONLL2003")
    if data is None:
        yield Corpus("WikiANN English", missing="MODELAUDIT_DATA does not name the folder with the data")
    else:
        place = Path(data) / "wikiann-en"
        files = [_some(place / f"{part}.conll", scratch / f"wikiann-{part}.conll", most) for part in _PARTS]
        yield Corpus("WikiANN English", *files)
    if conll is None:
        yield Corpus("CoNLL-2003", missing="its files are not provided")
    else:
        names = ("train.txt", "valid.txt", "test.txt")
        files = [_some(Path(conll) / name, scratch / f"conll-{name}", most) for name in names]
        yield Corpus("CoNLL-2003", *files, bars={"entity F1": 0.88, "token micro F1": 0.975})


_PARTS = ("train", "dev", "test")


def _some(source: Path, target: Path, most: int | None) -> Path:
    if most is None:
        return source
    sentences = source.read_text(encoding="utf-8").split("\n\n")
    target.write_text("\n\n".join(sentences[:most]) + "\n", encoding="utf-8")
    return target


def scored(folder: Path, corpus: Corpus, device: str) -> dict[str, float]:
    """Return entity F1 (seqeval) and the micro average over words of a saved model on the test file."""
    frame = read_table(str(corpus.test), name="test").frame
    words, truth = list(frame["tokens"]), [list(tags) for tags in frame["ner_tags"]]
    tokenizer = AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    longest = min(256, tokenizer.model_max_length)
    model = AutoModelForTokenClassification.from_pretrained(folder).to(device).eval()
    order = sorted(range(len(words)), key=lambda place: len(words[place]))
    said: list[list[str]] = [[] for _ in words]
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        batch = tokenizer(
            [list(words[place]) for place in places],
            is_split_into_words=True, truncation=True, max_length=longest, padding=True, return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            best = model(**batch.to(device)).logits.argmax(-1).cpu().numpy()
        for row, place in enumerate(places):
            tags = ["O"] * len(words[place])
            numbers = batch.word_ids(row)
            for position, (before, number) in enumerate(pairwise([None, *numbers])):
                if number is not None and number != before:
                    tags[number] = model.config.id2label[int(best[row, position])]
            said[place] = tags
    flat = [[tag for row in rows for tag in row] for rows in (truth, said)]
    return {
        "entity F1": float(f1_score(truth, said)),
        "token micro F1": float(class_f1(*flat, average="micro")),
        "token macro F1": float(class_f1(*flat, average="macro", zero_division=0)),
    }
