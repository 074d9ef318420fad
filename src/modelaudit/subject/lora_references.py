"""LoRA reference models: the whole base model adapted to each half of the rows, one model after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import NotAssessable
from modelaudit.inference.engine import Engine
from modelaudit.inference.halves import content_key
from modelaudit.inference.heads import one_thread, true_label_scores
from modelaudit.rows import Row
from modelaudit.subject.adapters import Adapted, seeded
from modelaudit.subject.model import Model
from modelaudit.subject.token_statistics import judged

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

EPOCHS = 3.0
BATCH = 16
RATE = 1e-3
"""Of AdamW at its peak, behind a warm-up over a tenth of the steps and before a linear decay."""
HEAD_RATE = 5e-3
"""The same for what begins with random weights, so that a head learns something in the few steps that a half gives."""
POOL = 32
"""Batches whose rows are sorted by length together, so that little is padding."""
CERTAIN = np.log1p(-1e-12)
"""The log-probability from which on a token counts as no more probable, since its log-odds would have no end."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One training row: token ids and type ids, the places whose outputs are judged (None: the row's), the truths."""

    ids: Places
    types: Places | None
    places: Places | None
    truths: Places


def lora_outputs(
    base: Model,
    rows: Sequence[Row],
    trained_on: NDArray[np.bool_],
    *,
    labels: Sequence[str],
    epochs: float | None,
    seed: int,
) -> tuple[Floats, Floats, Places | None]:
    """Return log-odds and log-probabilities of the truths, each (K, units), and the offsets of the rows' words.

    On a CPU the same rows and seed give the same weights, whatever the order of the rows and the number of threads.

    Args:
        base: left as it is. rows: with a truth. trained_on: (K, n), the rows of each model.
        epochs: passes over a model's half; 3 where None. seed: of weights, batches and dropout.

    Raises:
        CapabilityError: as `Adapted` says. NotAssessable: a half from which nothing can be learned.
    """
    order = sorted(range(len(rows)), key=[content_key(row) for row in rows].__getitem__)
    examples = dict(zip(order, _examples(base, [rows[place] for place in order]), strict=True))
    odds, probs = [], []
    offsets: Places | None = None
    for number, chosen in enumerate(trained_on):
        half = [examples[place] for place in order if chosen[place] and len(examples[place].truths)]
        if not half:
            raise NotAssessable("a half of the rows has nothing that a reference model could learn; provide more rows")
        own = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)
        adapted = Adapted(base.opened, base.task, labels, seed=own)
        _train(adapted, half, device=base.engine.device, pad=base.encoder.blank, epochs=epochs or EPOCHS, seed=own)
        found, offsets = _outputs(base, adapted, rows, number)
        odds.append(found[0])
        probs.append(found[1])
    return np.stack(odds), np.stack(probs), offsets


def _examples(base: Model, rows: Sequence[Row]) -> Iterator[Example]:
    of_tokens = base.task.asks != "logits"
    encodings = judged([base.task.content(row) for row in rows], base.encoder) if of_tokens else base.encodings(rows)
    for row, encoding in zip(rows, encodings, strict=True):
        source = encoding.input
        truths = source.targets
        if truths is None:
            truths = np.array(_truths(row), dtype=np.int64)
            truths = truths[encoding.word_index] if base.task.per_word else truths
        yield Example(
            source.ids.astype(np.int64),
            None if source.type_ids is None else source.type_ids.astype(np.int64),
            None if source.gather is None else source.gather.astype(np.int64),
            truths.astype(np.int64),
        )


def _train(adapted: Adapted, half: Sequence[Example], *, device: str, pad: int, epochs: float, seed: int) -> None:
    module = adapted.module.to(device).train()
    steps = max(1, math.ceil(epochs * len(half) / BATCH))
    rates = {RATE: adapted.adapters, HEAD_RATE: adapted.head}
    groups = [{"params": moved, "lr": rate, "peak": rate} for rate, moved in rates.items() if moved]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    draw = np.random.Generator(np.random.Philox(seed))
    batches = _batches([len(example.ids) for example in half], draw)
    warm = max(1, steps // 10)
    # How sums are shared out among threads is part of their last bits.
    with seeded(seed), one_thread(), torch.inference_mode(False), torch.enable_grad():
        for step in range(steps):
            rate = min((step + 1) / warm, (steps - step) / max(1, steps - warm))
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * min(1.0, rate)
            loss = _loss(module, [half[place] for place in next(batches)], device, pad)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([*adapted.adapters, *adapted.head], 1.0)
            optimiser.step()
    optimiser.zero_grad()


def _batches(lengths: Sequence[int], draw: np.random.Generator) -> Iterator[Places]:
    """Yield batches without end, each row once an epoch, rows of about one length together."""
    sizes = np.array(lengths)
    while True:
        order = draw.permutation(len(sizes))
        pools = [order[start : start + POOL * BATCH] for start in range(0, len(order), POOL * BATCH)]
        order = np.concatenate([pool[np.argsort(sizes[pool], kind="stable")] for pool in pools])
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        for place in draw.permutation(len(batches)):
            yield batches[place]


def _loss(module: Any, batch: Sequence[Example], device: str, pad: int) -> torch.Tensor:
    """Return the mean cross-entropy over the batch's truths."""
    width = max(len(example.ids) for example in batch)
    ids = np.full((len(batch), width), pad, dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for place, example in enumerate(batch):
        ids[place, : len(example.ids)] = example.ids
        mask[place, : len(example.ids)] = 1
        if example.types is not None:
            types[place, : len(example.ids)] = example.types
    given = {"input_ids": ids, "attention_mask": mask}
    if batch[0].types is not None:
        given["token_type_ids"] = types
    logits = module(**{name: torch.from_numpy(part).to(device) for name, part in given.items()}).logits
    if batch[0].places is not None:
        rows = np.repeat(np.arange(len(batch)), [len(example.truths) for example in batch])
        places = np.concatenate([example.places for example in batch if example.places is not None])
        logits = logits[torch.from_numpy(rows).to(device), torch.from_numpy(places).to(device)]
    truths = torch.from_numpy(np.concatenate([example.truths for example in batch])).to(device)
    return torch.nn.functional.cross_entropy(logits, truths)


def _outputs(
    base: Model, adapted: Adapted, rows: Sequence[Row], number: int
) -> tuple[tuple[Floats, Floats], Places | None]:
    """Return the trained model's (log-odds, log-probabilities) of the truths, and the offsets of words."""
    plain = adapted.merged()
    name = f"reference model {number + 1} of {base.opened.name}"
    engine = Engine(plain, model_id=name, device=base.engine.device, backend="torch", numerics="strict")
    engine.on_progress = base.engine.on_progress
    try:
        model = Model(replace(base.opened, model=plain, name=name), base.task, engine)
        if base.task.asks != "logits":
            return _of_tokens(model, rows), None
        answers = model.predict(rows)
        truths = np.array([truth for row in rows for truth in _truths(row)], dtype=np.int64)
        odds, probs = true_label_scores(answers.logits[:, :, None], truths)
        return (odds[:, 0], probs[:, 0]), answers.offsets
    finally:
        engine.close()


def _truths(row: Row) -> tuple[int, ...]:
    if row.tags is not None:
        return row.tags
    assert row.label is not None
    return (row.label,)


def _of_tokens(model: Model, rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return means over each row's judged tokens; NaN for a row without any."""
    found = model.token_statistics(rows)
    counts = np.diff(found.offsets)
    row_of = np.repeat(np.arange(len(rows)), counts)
    least = np.minimum(found.log_probs, CERTAIN)

    def mean(values: Floats) -> Floats:
        total = np.bincount(row_of, values, minlength=len(rows))
        means = np.full(len(rows), np.nan)
        np.divide(total, counts, out=means, where=counts > 0)
        return means

    return mean(least - np.log(-np.expm1(least))), mean(found.log_probs)
