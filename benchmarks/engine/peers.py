"""What people use today: one text at a time, the transformers pipeline, and batches sorted by length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from transformers import pipeline

from engine.classifier import Classifier
from engine.clock import Clock
from engine.work import Floats

BATCH_SIZES = (1, 8, 32, 128)
SORTED_BATCH = 32
"""Rows a batch of sentence-transformers' `encode`, unless one asks for another number."""


@dataclass(frozen=True)
class Setting:
    """How the pipeline is called: batch size, whether the caller sorts the texts by length first, loader processes."""

    batch_size: int
    ordered: bool = False
    loaders: int = 0

    def __str__(self) -> str:
        loaders = f", {self.loaders} loaders" if self.loaders else ""
        return f"batch size {self.batch_size}{', sorted by the caller' if self.ordered else ''}{loaders}"


class Peers:
    """The peers around one model. Answers are logits, or (label, score) pairs of the pipeline; `read` turns them."""

    def __init__(self, classifier: Classifier) -> None:
        self._model, self._tokenizer, self._device = classifier.model, classifier.tokenizer, classifier.device
        self.pipeline: Any = pipeline(
            "text-classification", model=self._model, tokenizer=self._tokenizer, device=self._device
        )

    def one_by_one(self, texts: Sequence[str]) -> Any:
        """Ask for each text alone."""
        with torch.inference_mode():
            rows = [self._tokenizer(text, return_tensors="pt").to(self._device) for text in texts]
            return torch.cat([self._model(**row).logits for row in rows]).cpu()

    def sorted_batches(self, texts: Sequence[str]) -> Any:
        """Ask as sentence-transformers does: longest texts first, tokenised and padded by batches of 32."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        found = []
        with torch.inference_mode():
            for start in range(0, len(order), SORTED_BATCH):
                batch = [texts[i] for i in order[start : start + SORTED_BATCH]]
                rows = self._tokenizer(batch, padding=True, return_tensors="pt").to(self._device)
                found.append(self._model(**rows).logits)
            logits = torch.cat(found).cpu()
        answer = torch.empty_like(logits)
        answer[order] = logits
        return answer

    def piped(self, texts: Sequence[str], setting: Setting) -> list[dict[str, Any]]:
        """Ask the pipeline."""
        options = {"batch_size": setting.batch_size, "num_workers": setting.loaders}
        if not setting.ordered:
            return self.pipeline(list(texts), **options)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        answers = self.pipeline([texts[i] for i in order], **options)
        back: list[Any] = [None] * len(texts)
        for place, answer in zip(order, answers, strict=True):
            back[place] = answer
        return back

    def read(self, answer: Any) -> Floats:
        """Return the probability of class 1."""
        if isinstance(answer, torch.Tensor):
            return torch.softmax(answer.double(), dim=-1)[:, 1].numpy()
        name = self._model.config.id2label[1]
        return np.array([one["score"] if one["label"] == name else 1.0 - one["score"] for one in answer])

    def best(self, texts: Sequence[str], clock: Clock) -> dict[Setting, float]:
        """Return the seconds of every setting on these texts, the fastest first.

        Loader processes are tried on a card alone: on a CPU they take the cores from the model.
        """
        loaders = (0,) if self._device == "cpu" else (0, 4)
        settings = [Setting(*one) for one in product(BATCH_SIZES, (False, True), loaders)]
        with clock.running():
            self.piped(texts[: max(BATCH_SIZES)], Setting(8))
            seconds = {
                setting: clock.seconds(clock.time(lambda s=setting: self.piped(texts, s))[1]) for setting in settings
            }
        return dict(sorted(seconds.items(), key=lambda pair: pair[1]))
