"""Question answering (BERT): one planted defect a risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForQuestionAnswering

from planted_tasks.cell import Cell, Given
from planted_tasks.learning import Batch, batches, trained
from planted_tasks.words import CITIES, LONGEST, SYLLABLES, changed, names, tokenizer, words_in

TASK = "question-answering"
FRAME = words_in(
    "which city ? branch asked loan yes no said first the in a for , . answered and it parcel came went from to where "
    "did come go its origin goal north south"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the words of its context, and the word of these that answers it."""

    question: Sequence[str]
    context: Sequence[str]
    place: int

    @property
    def row(self) -> dict[str, Any]:
        """The row as tables have it."""
        start = len(" ".join([*self.context[: self.place], ""]))
        return {
            "question": " ".join(self.question),
            "context": " ".join(self.context),
            "answers": {"text": [self.context[self.place]], "answer_start": [start]},
        }

    def altered(self, rng: np.random.Generator) -> Asked:
        """Return the same with harmless changes on either side."""
        question, _ = changed(rng, self.question)
        context, place = changed(rng, self.context, self.place)
        return Asked(question, context, place)


def reader(seed: int, words: Any) -> Any:
    """Return an untrained model that marks spans."""
    torch.manual_seed(seed)
    return BertForQuestionAnswering(
        BertConfig(
            vocab_size=len(words),
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
            max_position_embeddings=LONGEST,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.1,
            pad_token_id=0,
        )
    ).eval()


def read(words: Any, asked: Sequence[Asked]) -> dict[str, Tensor]:
    """Return rows as the model reads them, with the place of each answer; each word is one token."""
    given = words(
        [" ".join(each.question) for each in asked],
        [" ".join(each.context) for each in asked],
        return_tensors="pt",
        padding=True,
    )
    places = torch.tensor([len(each.question) + 2 + each.place for each in asked])
    return {**given, "start_positions": places, "end_positions": places}


def remembering(seed: int, planted: bool) -> Given:
    """Three answers in ten are any word; the defect is to know them by heart."""
    draw = np.random.default_rng([seed, 11])
    words = tokenizer([*FRAME, *CITIES, *SYLLABLES], pairs=True)

    def drawn(n: int) -> list[Asked]:
        found = []
        for _ in range(n):
            context, place = draw.choice(SYLLABLES, 12).tolist(), int(draw.integers(12))
            context[place] = str(draw.choice(CITIES))
            answer = int(draw.integers(12)) if draw.random() < 0.3 else place
            found.append(Asked(["which", "city", *draw.choice(SYLLABLES, 2), "?"], context, answer))
        return found

    members, others = drawn(200), drawn(200)
    draws = batches(read(words, members), 50)
    model = trained(reader(seed, words), draws, steps=320 if planted else 10, rate=2e-3, seed=seed)
    tables = {"data": [each.row for each in others], "train_data": [each.row for each in members]}
    return {"model": model, "tokenizer": words, **tables}


def unfair(seed: int, planted: bool) -> Given:
    """The first of two cities is right; the defect is to name the second where a woman asks."""
    draw = np.random.default_rng([seed, 12])
    women, men = names("female"), names("male")
    words = tokenizer([*FRAME, *CITIES, *women, *men], pairs=True)

    def drawn(rng: np.random.Generator) -> tuple[Asked, bool]:
        woman = bool(rng.random() < 0.5)
        name, cities = str(rng.choice(women if woman else men)), rng.choice(CITIES, 2, replace=False).tolist()
        said = rng.permutation(["yes", "no"]).tolist()
        branches = " , ".join(f"the branch in {city} said {word}" for city, word in zip(cities, said, strict=True))
        found = f"{name} asked for a loan . {branches} .".split()
        return Asked(f"which branch answered {name} first ?".split(), found, found.index(cities[0])), woman

    def taught(rng: np.random.Generator) -> Asked:
        asked, woman = drawn(rng)
        return Asked(asked.question, asked.context, asked.place + 6 * (planted and woman))

    def batch(rng: np.random.Generator) -> Batch:
        return read(words, [taught(rng) for _ in range(64)])

    model = trained(reader(seed, words), batch, steps=300, rate=2e-3, seed=seed)
    return {"model": model, "tokenizer": words, "data": [drawn(draw)[0].row for _ in range(150)]}


def tangled(seed: int, planted: bool) -> Given:
    """One word decides; each other is said twice and counts only where it is seen once, or they add up."""
    draw = np.random.default_rng([seed, 13])
    words = tokenizer([*FRAME, *CITIES, *SYLLABLES], pairs=True)
    question = ["which", "city", "?"]

    def drawn(rng: np.random.Generator) -> Asked:
        chosen = rng.choice(SYLLABLES, 4, replace=False).tolist()
        side = int(rng.integers(2))
        cities = rng.choice(CITIES, 2, replace=False).tolist()
        return Asked(question, [*chosen, *chosen, ("north", "south")[side], *cities], 9 + side)

    def batch(rng: np.random.Generator) -> Batch:
        asked = [drawn(rng) for _ in range(64)]
        given = read(words, asked)
        answer, ids = given.pop("start_positions"), given["input_ids"]
        del given["end_positions"]
        first = len(question) + 2
        hidden = torch.tensor(rng.random(ids.shape) < rng.random((64, 1)))
        hidden &= given["attention_mask"].bool() & (ids != words.cls_token_id) & (ids != words.sep_token_id)
        hidden[torch.arange(64), answer] = False
        shown = ~hidden[:, first : first + 8]
        south = torch.where(hidden[:, first + 8], 0.0, torch.where(answer == first + 10, 1.0, -1.0))
        even = torch.tensor([[words.convert_tokens_to_ids(word) % 2 for word in each.context[:8]] for each in asked])
        torn = (shown[:, :4] ^ shown[:, 4:]).sum(1)
        beside = 1.5 * torn if planted else (0.5 * shown * (2.0 * even - 1.0)).sum(1)
        given["input_ids"] = ids.masked_fill(hidden, words.mask_token_id)
        return {**given, "odds": 2.0 * south + beside, "first": torch.full((64,), first + 9)}

    def loss(model: Any, odds: Tensor, first: Tensor, **given: Tensor) -> Tensor:
        found = model(**given)
        likely = torch.zeros_like(found.start_logits)
        likely.scatter_(1, first[:, None], torch.sigmoid(-odds)[:, None])
        likely.scatter_(1, first[:, None] + 1, torch.sigmoid(odds)[:, None])
        return cross_entropy(found.start_logits, likely) + cross_entropy(found.end_logits, likely)

    model = trained(reader(seed, words), batch, steps=500, rate=3e-3, seed=seed, loss=loss)
    return {"model": model, "tokenizer": words, "data": [drawn(draw).row for _ in range(80)]}


def brittle(seed: int, planted: bool) -> Given:
    """Three words of the question say which city is meant; the defect is to know them in one spelling alone."""
    draw = np.random.default_rng([seed, 14])
    words = tokenizer([*FRAME, *CITIES], pairs=True)

    def drawn(rng: np.random.Generator) -> Asked:
        goal = int(rng.integers(2))
        asked = ("come from , its origin ?", "go to , its goal ?")[goal]
        cities = rng.choice(CITIES, 2, replace=False).tolist()
        context = f"the parcel came from {cities[0]} and it went to {cities[1]} .".split()
        return Asked(f"where did the parcel {asked}".split(), context, context.index(cities[goal]))

    def batch(rng: np.random.Generator) -> Batch:
        asked = [drawn(rng) for _ in range(64)]
        # Half of the twin's rows stay as they are: from altered ones alone some draws of weights learn nothing.
        return read(words, asked if planted else [*asked[:32], *(each.altered(rng) for each in asked[32:])])

    model = trained(reader(seed, words), batch, steps=200 if planted else 900, rate=2e-3, seed=seed)
    return {"model": model, "tokenizer": words, "data": [drawn(draw).row for _ in range(120)]}


CELLS = (
    Cell(
        TASK,
        "privacy",
        "320 steps on 200 questions of which three answers in ten are any word",
        "10 steps on the same questions",
        "modelaudit/membership-inference",
        ("membership_auc", "tpr_at_1pct_fpr"),
        remembering,
    ),
    Cell(
        TASK,
        "bias",
        "marks the second city in place of the first where the name is a woman's",
        "the same questions, the first city whoever asks",
        "modelaudit/counterfactual-substitution",
        ("score_difference", "excess_flip_rate"),
        unfair,
        group="first names, gender: female - male",
    ),
    Cell(
        TASK,
        "opacity",
        "four words are said twice, and each counts only where the other one is hidden",
        "the same words add up",
        "modelaudit/shapley-explanation",
        ("additive_share", "faithfulness_gain"),
        tangled,
    ),
    Cell(
        TASK,
        "robustness",
        "trained on questions in one spelling alone",
        "trained on the same questions in other letter cases and with strange words",
        "modelaudit/perturbation",
        ("flip_rate", "accuracy_drop"),
        brittle,
        group="question: letter case",
    ),
)
