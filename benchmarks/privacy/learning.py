"""How the models of the studies learn: fully, by LoRA, or by their head alone, with snapshots on the way.

One run gives the models of several numbers of epochs, so the rate stays level after its warm-up. Word embeddings are
updated where they occur (sparse Adam), which leaves the others as they are, as Adam without weight decay does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from privacy.tasks import TextRow

Way = Literal["full", "lora", "head"]
WAYS: tuple[Way, ...] = ("full", "lora", "head")
IGNORED = -100
BATCH = 32
WARM_UP = 20
"""Steps."""
CHUNK = 8
"""Batches that are sorted by length together."""
HEAD_BATCH = 64


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: `epochs` are those after which a snapshot is taken, ascending."""

    way: Way
    epochs: tuple[int, ...]
    rate: float
    seed: int = 0


@dataclass(frozen=True)
class Teaching:
    """A model with its tokenizer and task, which is trained in place."""

    model: Any
    tokenizer: Any
    task: str


Batch = dict[str, Tensor]


def taught(teaching: Teaching, rows: Sequence[TextRow], recipe: Recipe) -> Iterator[tuple[int, Any]]:
    """Train on the rows and yield (epochs, model in evaluation mode) at each snapshot; LoRA yields a PeftModel.

    The model goes on learning after a snapshot, so what is needed of it is taken before the next.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        if recipe.way == "head":
            frozen = freeze(teaching, rows)
            for epoch, _ in head_taught(teaching.model, frozen, np.arange(len(frozen.truths)), recipe):
                yield epoch, teaching.model.eval()
        else:
            yield from _learnt(teaching, encode(teaching, rows), recipe)


def encode(teaching: Teaching, rows: Sequence[TextRow]) -> list[tuple[list[int], Any]]:
    """Return token ids of each row and its truth: a class, a tag of each token, or the next tokens themselves."""
    ids_of = teaching.model.config.label2id
    per_word = teaching.task == "token-classification"
    batch = teaching.tokenizer(
        [row["tokens"] if per_word else row["text"] for row in rows], is_split_into_words=per_word, truncation=True
    )
    found: list[tuple[list[int], Any]] = []
    for place, (row, ids) in enumerate(zip(rows, batch["input_ids"], strict=True)):
        if teaching.task == "text-generation":
            found.append((ids, ids))
        elif not per_word:
            found.append((ids, row["label"]))
        else:
            words = batch.word_ids(place)
            first = [word if word is not None and word != before else None for word, before in _pairs(words)]
            found.append((ids, [IGNORED if word is None else ids_of[row["ner_tags"][word]] for word in first]))
    return found


def padded(encoded: Sequence[tuple[list[int], Any]], pad: int) -> Batch:
    """Return rows as one batch; what is padded is ignored in the truth."""
    width = max(len(ids) for ids, _ in encoded)
    ids = torch.full((len(encoded), width), pad)
    mask = torch.zeros((len(encoded), width), dtype=torch.long)
    per_token = isinstance(encoded[0][1], list)
    labels = torch.full((len(encoded), width) if per_token else (len(encoded),), IGNORED)
    for place, (tokens, truth) in enumerate(encoded):
        ids[place, : len(tokens)] = torch.tensor(tokens)
        mask[place, : len(tokens)] = 1
        if per_token:
            labels[place, : len(tokens)] = torch.tensor(truth)
        else:
            labels[place] = truth
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def _pairs(words: Sequence[int | None]) -> Iterator[tuple[int | None, int | None]]:
    return zip(words, [None, *words[:-1]], strict=True)


def _learnt(teaching: Teaching, encoded: Sequence[Any], recipe: Recipe) -> Iterator[tuple[int, Any]]:
    model = _with_lora(teaching) if recipe.way == "lora" else teaching.model
    optimisers = _optimisers(model, recipe)
    draw, step, pad = np.random.default_rng([recipe.seed, 1]), 0, int(teaching.tokenizer.pad_token_id)
    for epoch in range(1, recipe.epochs[-1] + 1):
        model.train()
        for places in _batches([len(ids) for ids, _ in encoded], draw):
            step += 1
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = recipe.rate * min(1.0, step / WARM_UP)
            model(**padded([encoded[place] for place in places], pad)).loss.backward()
            for optimiser in optimisers:
                optimiser.step()
                optimiser.zero_grad()
        if epoch in recipe.epochs:
            yield epoch, model.eval()


def _with_lora(teaching: Teaching) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    kind, targets = {
        "text-classification": (TaskType.SEQ_CLS, ["query", "value"]),
        "token-classification": (TaskType.TOKEN_CLS, ["query", "value"]),
        "text-generation": (TaskType.CAUSAL_LM, ["c_attn", "c_proj", "c_fc"]),
    }[teaching.task]
    config = LoraConfig(
        task_type=kind,
        r=8,
        lora_alpha=16,
        lora_dropout=0.0,
        target_modules=targets,
        fan_in_fan_out=teaching.task == "text-generation",
    )
    return get_peft_model(teaching.model, config)


def _optimisers(model: Any, recipe: Recipe) -> list[torch.optim.Optimizer]:
    learning = [weights for weights in model.parameters() if weights.requires_grad]
    words = model.get_input_embeddings()
    tied = model.get_output_embeddings() is not None and model.get_output_embeddings().weight is words.weight
    if recipe.way == "lora" or tied:
        return [torch.optim.AdamW(learning, lr=recipe.rate, weight_decay=0.0)]
    words.sparse = True
    rest = [weights for weights in learning if weights is not words.weight]
    return [
        torch.optim.AdamW(rest, lr=recipe.rate, weight_decay=0.0),
        torch.optim.SparseAdam([words.weight], lr=recipe.rate),
    ]


def _batches(lengths: Sequence[int], draw: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the rows of each batch of an epoch: drawn by lot, and of like length within a chunk of batches."""
    order = draw.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), CHUNK * BATCH):
        chunk = sorted(order[start : start + CHUNK * BATCH], key=lengths.__getitem__)
        batches += [np.array(chunk[at : at + BATCH]) for at in range(0, len(chunk), BATCH)]
    draw.shuffle(batches)
    return batches


@dataclass(frozen=True, eq=False)
class Frozen:
    """What a frozen encoder hands to the head, computed once and without dropout.

    Attributes:
        states: (units, H) of labelled tokens, or (rows, 1, H) of each text's first token, which BERT's pooler takes.
        truths: (units,). owner: (units,) the row of each.
    """

    states: Tensor
    truths: Tensor
    owner: NDArray[np.int64]


def freeze(teaching: Teaching, rows: Sequence[TextRow]) -> Frozen:
    """Return the states of the rows."""
    encoded, pad = encode(teaching, rows), int(teaching.tokenizer.pad_token_id)
    given: list[Tensor] = []
    hook = _behind(teaching.model)[0].register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))
    states, truths, counts = [], [], []
    try:
        with torch.no_grad():
            for start in range(0, len(encoded), 64):
                batch = padded(encoded[start : start + 64], pad)
                labels = batch.pop("labels")
                teaching.model.eval()(**batch)
                found, per_token = given.pop(), labels.ndim > 1
                states.append(found[labels != IGNORED] if per_token else found[:, :1].clone())
                truths.append(labels[labels != IGNORED])
                counts.append((labels != IGNORED).reshape(len(labels), -1).sum(dim=1))
    finally:
        hook.remove()
    owner = np.repeat(np.arange(len(rows)), torch.cat(counts).numpy())
    return Frozen(torch.cat(states), torch.cat(truths), owner)


def head_taught(
    model: Any, frozen: Frozen, units: NDArray[np.int64], recipe: Recipe
) -> Iterator[tuple[int, torch.nn.Module]]:
    """Train what stands behind the encoder on some units; yield (epochs, that part) at each snapshot."""
    head = _behind(model)[1]
    optimiser = torch.optim.AdamW(head.parameters(), lr=recipe.rate, weight_decay=0.0)
    draw = np.random.default_rng([recipe.seed, 1])
    for epoch in range(1, recipe.epochs[-1] + 1):
        order = torch.from_numpy(draw.permutation(units))
        for start in range(0, len(order), HEAD_BATCH):
            some = order[start : start + HEAD_BATCH]
            torch.nn.functional.cross_entropy(head(frozen.states[some]), frozen.truths[some]).backward()
            optimiser.step()
            optimiser.zero_grad()
        if epoch in recipe.epochs:
            yield epoch, head


def _behind(model: Any) -> tuple[Any, torch.nn.Module]:
    """Return the module that the encoder's states enter, and all that is behind: of texts the pooler comes first."""
    pooler = getattr(model.base_model, "pooler", None)
    if pooler is None:
        return model.classifier, model.classifier
    return pooler, torch.nn.Sequential(pooler, model.classifier)
