"""What can't be beaten here: the model alone on prepared tensors (A), its matrix products alone (B), and no model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from transformers.modeling_outputs import SequenceClassifierOutput

from engine.classifier import Classifier
from engine.clock import Clock
from engine.work import Floats, Task
from modelaudit.inference import ModelInput
from modelaudit.inference.packing import Packing, Unpackable, padded

TRIED_TOKENS = 4096
"""Tokens by which the shape of limit A is chosen, for batches of 512; more for larger ones."""


@dataclass(frozen=True)
class Shape:
    """How limit A lays rows out: packed end to end into so many slots, or so many slots of one exact length."""

    packed: bool
    slots: int

    def __str__(self) -> str:
        return f"{'packed' if self.packed else 'exact lengths'}, {self.slots} slots"


@dataclass(frozen=True, eq=False)
class _Pack:
    ids: torch.Tensor
    lengths: list[int]
    slots: int


class Prepared:
    """Distinct inputs as tensors on the device, in batches, so that nothing but the model is left to do."""

    def __init__(self, classifier: Classifier, inputs: Sequence[ModelInput], shape: Shape) -> None:
        self._model = classifier.model
        self._packing = Packing(classifier.model) if shape.packed else None
        self._order = sorted(range(len(inputs)), key=lambda i: -len(inputs[i]))
        fill = int(classifier.model.config.pad_token_id or 0)
        self._packs = []
        batches = _batches([len(inputs[i]) for i in self._order], shape)
        for number, chosen in enumerate(batches, start=1):
            # Segments are left out, as one segment is what the model takes then.
            rows = [ModelInput(inputs[self._order[place]].ids) for place in chosen]
            ids = torch.from_numpy(padded(rows, fill=fill)[0]).to(classifier.device)
            lengths = list(map(len, rows))
            # All packs are full but the last, which is as small as it can be.
            slots = max(shape.slots, lengths[0]) if number < len(batches) else sum(lengths)
            self._packs.append(_Pack(ids, lengths, slots))

    def run(self) -> torch.Tensor:
        """Return the logits in the order of the batches."""
        with torch.inference_mode():
            return torch.cat([self._ask(pack) for pack in self._packs]).cpu()

    def read(self, logits: torch.Tensor) -> Floats:
        """Return the probability of class 1 of each input."""
        found = np.empty(len(logits))
        found[self._order] = torch.softmax(logits.double(), dim=-1)[:, 1].numpy()
        return found

    def _ask(self, pack: _Pack) -> torch.Tensor:
        heads = len(pack.lengths)
        running = (
            nullcontext()
            if self._packing is None
            else self._packing.packed(pack.lengths, slots=pack.slots, heads=heads)
        )
        with running:
            return self._model(input_ids=pack.ids).logits[:heads]


class PreparedTokens(Prepared):
    """The same for a model that answers every token; its logits come token by token, padding among them."""

    def _ask(self, pack: _Pack) -> torch.Tensor:
        packing = self._packing
        running = nullcontext() if packing is None else packing.packed(pack.lengths, slots=pack.slots, heads=None)
        with running:
            return self._model(input_ids=pack.ids).logits.flatten(0, 1)


def _batches(lengths: Sequence[int], shape: Shape) -> list[list[int]]:
    """Return places by batch; the lengths come longest first."""
    batches: list[list[int]] = []
    used = 0
    for place, length in enumerate(lengths):
        full = used + length > shape.slots
        other = not shape.packed and bool(batches) and lengths[batches[-1][0]] != length
        if not batches or full or other:
            batches.append([])
            used = 0
        batches[-1].append(place)
        used += length
    return batches


class LimitA:
    """Limit A of some tasks: the fastest shape known, everything prepared before the clock starts."""

    def __init__(self, classifier: Classifier, tasks: Sequence[Task], slots: int, clock: Clock) -> None:
        self.shape = fastest_shape(classifier, tasks[0].distinct[0], slots, clock)
        self._prepared = {task: Prepared(classifier, task.distinct[0], self.shape) for task in dict.fromkeys(tasks)}

    def run(self, task: Task) -> tuple[Task, torch.Tensor]:
        """Ask for a task's distinct inputs."""
        return task, self._prepared[task].run()

    def read(self, answer: tuple[Task, torch.Tensor]) -> Floats:
        """Return the probability of class 1 of each answer of the task."""
        task, logits = answer
        return self._prepared[task].read(logits)[task.distinct[1]]


def fastest_shape(
    classifier: Classifier,
    inputs: Sequence[ModelInput],
    slots: int,
    clock: Clock,
    *,
    kind: type[Prepared] = Prepared,
) -> Shape:
    """Return the fastest of the shapes known, by a timed pass over some of the inputs.

    `slots` is what the engine uses on this device; larger batches get their chance, as do plain ones.
    """
    share = TRIED_TOKENS * slots / 512 / sum(map(len, inputs))
    some = inputs[:: max(1, int(1 / share))]
    shapes = [Shape(packed, slots * times) for packed in (True, False) for times in (1, 2, 4)]
    seconds: dict[Shape, float] = {}
    with clock.running():
        for shape in shapes:
            try:
                prepared = kind(classifier, some, shape)
                seconds[shape] = min(clock.seconds(clock.time(prepared.run)[1]) for _ in range(2))
            except Unpackable:
                continue
    return min(seconds, key=lambda shape: seconds[shape])


class Products:
    """Limit B: the products of a full batch with every linear layer's weights, and nothing else."""

    def __init__(self, classifier: Classifier, slots: int) -> None:
        self._slots = slots
        self._device = classifier.device
        self._weights: list[tuple[torch.Tensor, bool]] = []
        hooks = [
            module.register_forward_hook(self._seen)
            for module in classifier.model.modules()
            if isinstance(module, torch.nn.Linear)
        ]
        with torch.inference_mode():
            classifier.model(input_ids=torch.full((2, 8), 5, device=classifier.device))
        for hook in hooks:
            hook.remove()

    def _seen(self, module: Any, args: tuple[Any, ...], _output: Any) -> None:
        # Layers of the head see one place a row, all others every token.
        self._weights.append((module.weight, args[0].dim() == 3))

    def run(self, tokens: int, rows: int) -> None:
        """Do the products of so many tokens in so many rows: full batches, and a smaller one for what is left."""
        full, rest = divmod(tokens, self._slots)
        heads = max(1, round(rows * self._slots / tokens))
        with torch.inference_mode():
            for batch, times in ((self._slots, full), (rest, int(rest > 0))):
                places = heads if batch == self._slots else max(1, rows - full * heads)
                sources = {
                    (count, weight.shape[1]): torch.ones(count, weight.shape[1], device=self._device)
                    for weight, every in self._weights
                    for count in [batch if every else places]
                }
                for _ in range(times):
                    for weight, every in self._weights:
                        torch.mm(sources[batch if every else places, weight.shape[1]], weight.t())

    def of(self, task: Task) -> None:
        """Do the products of a task's distinct inputs."""
        self.run(task.tokens, len(task.distinct[0]))


def without_model(classifier: Classifier) -> Classifier:
    """Return the classifier with a model that answers zeros at once: what is left is the work of the host."""
    stub = copy.deepcopy(classifier.model)
    zeros = torch.zeros(4096, stub.config.num_labels, device=classifier.device)

    def forward(
        input_ids: Any = None, attention_mask: Any = None, token_type_ids: Any = None, **_others: Any
    ) -> SequenceClassifierOutput:
        return SequenceClassifierOutput(logits=zeros[: len(input_ids)])

    stub.forward = forward
    return replace(classifier, model=stub, name=f"{classifier.name}, stub")


def plain_probabilities(classifier: Classifier, inputs: Sequence[ModelInput]) -> Floats:
    """Return the probability of class 1 as the model itself gives it: one length a batch, no padding, no packing."""
    answer = np.empty(len(inputs))
    by_length: dict[int, list[int]] = {}
    for place, item in enumerate(inputs):
        by_length.setdefault(len(item), []).append(place)
    with torch.inference_mode():
        for places in by_length.values():
            for start in range(0, len(places), 64):
                some = places[start : start + 64]
                ids = torch.from_numpy(np.stack([inputs[i].ids for i in some]).astype(np.int64))
                logits = classifier.model(input_ids=ids.to(classifier.device)).logits
                answer[some] = torch.softmax(logits.double(), dim=-1)[:, 1].cpu().numpy()
    return answer
