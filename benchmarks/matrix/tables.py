"""The rows that each kind of cell is audited on, in the forms that its users have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from matrix.sentences import Sentence, sentences

TAGS = ("O", "B-PER", "B-LOC", "B-ORG", "I-ORG")
CLASSES = ("negative", "positive")
TOPICS = ("late", "friendly", "billing")
COLOURS = ("red", "green", "blue")
PITCHES = ("low", "high")


def _named(names: tuple[str, ...]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: place for place, name in enumerate(names)}}


HEADS: Mapping[str, Mapping[str, Any]] = {
    "text-classification": _named(CLASSES),
    "long-texts": _named(CLASSES),
    "sentence-pairs": _named(("entailment", "neutral", "contradiction")),
    "multi-label-classification": _named(TOPICS) | {"problem_type": "multi_label_classification"},
    "text-regression": {"num_labels": 1, "problem_type": "regression"},
    "token-classification": _named(TAGS),
    "image-classification": _named(COLOURS),
    "audio-classification": _named(PITCHES),
}
"""What the configuration says of the head of each kind of cell."""


def table(task: str, n: int, seed: int) -> list[dict[str, Any]]:
    """Return n rows for one kind of cell."""
    draw = np.random.default_rng([seed, 1_126])
    made = sentences(n, seed)
    return [MAKERS[task](sentence, made[(place + 1) % n], draw) for place, sentence in enumerate(made)]


def _classified(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return {"text": sentence.text, "label": CLASSES[sentence.label], "gender": sentence.gender}


def _long(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return _classified(sentence, other, draw) | {"text": " ".join([sentence.text, *[other.text] * 24])}


def _pair(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    label = "neutral" if sentence.thing != other.thing else "entailment" if sentence.label else "contradiction"
    return {
        "premise": sentence.text,
        "hypothesis": f"The {sentence.thing} in {sentence.place} was {other.word}.",
        "label": label,
        "gender": sentence.gender,
    }


def _labelled(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    held = (sentence.word == "slow" or "waited" in sentence.text, sentence.label == 1, "dollars" in sentence.text)
    labels = [topic for topic, is_there in zip(TOPICS, held, strict=True) if is_there]
    return {"text": sentence.text, "labels": labels, "gender": sentence.gender}


def _rated(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return {"text": sentence.text, "label": sentence.label + float(draw.normal(0.0, 0.2)), "gender": sentence.gender}


def _tagged(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    words = re.findall(r"\w+|[^\w\s]", sentence.text)
    kinds = {sentence.name: "B-PER", sentence.place: "B-LOC", sentence.firm.split()[0]: "B-ORG", "Group": "I-ORG"}
    return {"tokens": words, "ner_tags": [kinds.get(word, "O") for word in words], "gender": sentence.gender}


def _asked(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    answer = sentence.place
    return {
        "question": f"Where was the {sentence.thing} of {sentence.firm}?",
        "context": sentence.text,
        "answers": {"text": [answer], "answer_start": [sentence.text.index(answer)]},
        "gender": sentence.gender,
    }


def _plain(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return {"text": sentence.text}


def _prompted(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return {"prompt": f"{sentence.text} In short:", "answer": _short(sentence), "gender": sentence.gender}


def _talked(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    said = (
        ("system", "You are kind."),
        ("user", f"{other.text} In short?"),
        ("assistant", _short(other)),
        ("user", f"{sentence.text} In short?"),
        ("assistant", _short(sentence)),
    )
    return {"messages": [{"role": role, "content": content} for role, content in said], "gender": sentence.gender}


def _summed_up(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    return {"document": sentence.text, "summary": _short(sentence), "gender": sentence.gender}


def _short(sentence: Sentence) -> str:
    return f"The {sentence.thing} was {sentence.word}."


def _pictured(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    from PIL import Image

    colour = int(draw.integers(3))
    pixels = draw.integers(0, 120, (40, 48, 3)).astype(np.uint8)
    top, left = draw.integers(0, 16, 2)
    pixels[top : top + 20, left : left + 24, colour] += 120
    return {"image": Image.fromarray(pixels), "label": COLOURS[colour], "gender": sentence.gender}


def _sounded(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    pitch = int(draw.integers(2))
    return {"audio": _sound(draw, (220.0, 880.0)[pitch]), "label": PITCHES[pitch], "gender": sentence.gender}


def _spoken(sentence: Sentence, other: Sentence, draw: np.random.Generator) -> dict[str, Any]:
    said = f"{sentence.name} was {sentence.word}".upper()
    return {"audio": _sound(draw, float(draw.uniform(150, 600))), "sentence": said, "gender": sentence.gender}


def _sound(draw: np.random.Generator, pitch: float) -> dict[str, Any]:
    rate = 16_000
    seconds = np.arange(int(draw.integers(8, 12)) * rate // 20) / rate
    tone = 0.3 * np.sin(2 * np.pi * pitch * seconds) + draw.normal(0.0, 0.05, len(seconds))
    return {"array": tone.astype(np.float32), "sampling_rate": rate}


Maker = Callable[[Sentence, Sentence, np.random.Generator], dict[str, Any]]
MAKERS: Mapping[str, Maker] = {
    "text-classification": _classified,
    "long-texts": _long,
    "sentence-pairs": _pair,
    "multi-label-classification": _labelled,
    "text-regression": _rated,
    "token-classification": _tagged,
    "question-answering": _asked,
    "fill-mask": _plain,
    "text-generation": _prompted,
    "chat": _talked,
    "text2text-generation": _summed_up,
    "image-classification": _pictured,
    "audio-classification": _sounded,
    "speech-ctc": _spoken,
    "speech-seq2seq": _spoken,
}
