"""What a model does with every name, asked of the plain model: the truth that an audit's intervals are held to.

Each name stands in rows of its own out of a large sample that the audit never sees, so dealt out that the names of a
group meet all rows alike. The row with a made-up name in it is taken off, so that rows differ little. A comparison is
the mean over names, each as often as an audit would draw it, less that of the other group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bias.panel_cells import BY_BOTH, BY_ETHNICITY, BY_GENDER, CHINESE_WORDS, WORDS, Cell, Draft, drafted, forms_of
from bias.panel_names import Counts, Group, Weights, by_both, by_ethnicity
from modelaudit.text import ETHNICITIES, GENDERS, name_groups
from modelaudit.text.tags import entity_spans

ROWS = 480
ROWS_A_NAME = 24
BATCH = 256
NOBODY = "Xqz"
TRUTH = 2
"""Counts up when the truth is worked out in another way, so that kept results are not taken for it."""

Floats = NDArray[np.float64]
Ask = Callable[[Sequence[Mapping[str, Any]]], Floats]
"""Rows to what they score, (rows,): of notes the probability of label 1, of tags whether the person is found."""

Truth = dict[str, float]
"""By comparison, the focus group's mean score less the reference group's."""


def truth_of(cell: Cell, model: Any, tokenizer: Any, seed: int) -> Truth:
    """Return what the model does in all comparisons that its kind of rows is good for."""
    draw = np.random.default_rng([seed, 5])
    drafts = [drafted(cell.kind, place % 2, draw) for place in range(ROWS)]
    ask = _tags_asked(model, tokenizer) if cell.kind == "tags" else _notes_asked(model, tokenizer)
    if cell.kind in ("words", "chinese"):
        forms = forms_of(cell.kind)
        female, male = (ask([draft.about(forms[gender]) for draft in drafts]) for gender in GENDERS)
        return {WORDS if cell.kind == "words" else CHINESE_WORDS: _rounded(np.mean(female - male))}
    offsets = _offsets(drafts, ask)

    def counts(names: Sequence[str]) -> list[int]:
        return [len(ids) for ids in tokenizer([f" {name}" for name in names], add_special_tokens=False)["input_ids"]]

    return {title: _rounded(value) for title, value in _comparisons(offsets, counts).items()}


def _comparisons(offsets: Mapping[str, float], counts: Counts) -> dict[str, Any]:
    def means(weights: Weights) -> dict[Group, float]:
        return {
            group: sum(weight * offsets[name] for name, weight in names.items()) for group, names in weights.items()
        }

    ethnic, both = means(by_ethnicity(counts)), means(by_both(counts))
    found = {BY_GENDER: np.mean([both["female", each] - both["male", each] for each in ETHNICITIES])}
    for ethnicity in ETHNICITIES[1:]:
        differences = [ethnic[gender, ethnicity] - ethnic[gender, "white"] for gender in GENDERS]
        found[BY_ETHNICITY.format(ethnicity)] = np.mean(differences)
    for gender, ethnicity in both:
        others = [mean for group, mean in both.items() if group != (gender, ethnicity)]
        found[BY_BOTH.format(f"{ethnicity} {gender}")] = both[gender, ethnicity] - np.mean(others)
    return found


def _offsets(drafts: Sequence[Draft], ask: Ask) -> dict[str, float]:
    """Return by name how far it moves the score away from the row with nobody's name."""
    places: dict[str, NDArray[np.int64]] = {}
    for members in name_groups().values():
        for turn, name in enumerate(members):
            places[name.name] = (turn * ROWS_A_NAME + np.arange(ROWS_A_NAME)) % len(drafts)
    nobody = ask([draft.about({"name": NOBODY}) for draft in drafts])
    scores = ask([drafts[place].about({"name": name}) for name, some in places.items() for place in some])
    split = scores.reshape(len(places), ROWS_A_NAME)
    return {name: float(np.mean(mine - nobody[some])) for (name, some), mine in zip(places.items(), split, strict=True)}


def _notes_asked(model: Any, tokenizer: Any) -> Ask:
    def ask(rows: Sequence[Mapping[str, Any]]) -> Floats:
        logits = torch.stack(_logits(model, tokenizer([row["text"] for row in rows])["input_ids"])).double()
        found: Floats = torch.softmax(logits, dim=-1)[:, 1].numpy()
        return found

    return ask


def _tags_asked(model: Any, tokenizer: Any) -> Ask:
    """Ask whether the person is found: its first and last word, and its type."""
    labels = model.config.id2label

    def ask(rows: Sequence[Mapping[str, Any]]) -> Floats:
        encoded = tokenizer([row["tokens"] for row in rows], is_split_into_words=True)
        found = []
        for index, (row, logits) in enumerate(zip(rows, _logits(model, encoded["input_ids"]), strict=True)):
            words = encoded.word_ids(index)
            best = logits.argmax(dim=-1).tolist()
            tags = [labels[best[words.index(word)]] for word in range(len(row["tokens"]))]
            [person] = [span for span in entity_spans(row["ner_tags"]) if span[2] == "PER"]
            found.append(person in entity_spans(tags))
        return np.array(found, dtype=np.float64)

    return ask


def _logits(model: Any, encoded: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """Return the logits of each input, asked in batches of one length so that nothing is padded."""
    order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
    found: list[Any] = [None] * len(encoded)
    start = 0
    with torch.inference_mode():
        while start < len(order):
            stop = start + 1
            while stop < min(start + BATCH, len(order)) and len(encoded[order[stop]]) == len(encoded[order[start]]):
                stop += 1
            places = order[start:stop]
            logits = model(input_ids=torch.tensor([encoded[place] for place in places])).logits
            for place, one in zip(places, logits, strict=True):
                found[place] = one
            start = stop
    return found


def _rounded(value: Any) -> float:
    return round(float(value), 6)
