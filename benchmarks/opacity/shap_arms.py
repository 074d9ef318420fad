"""shap as its documentation has it for a pipeline, and shap around a function that asks for whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import shap
import torch
from engine.classifier import Classifier
from engine.clock import Clock
from transformers import pipeline

BATCHES = (16, 64, 128)
BUDGET = 500
"""Evaluations a row that shap stops at by default."""


class ShapArms:
    """Explainers of shap around one model; each takes one text after the other.

    Attributes:
        evaluations: rows that the model was asked for by shap.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._model, self._tokenizer, self._device = classifier.model, classifier.tokenizer, classifier.device
        piped: Any = pipeline(
            "text-classification", model=self._model, tokenizer=self._tokenizer, device=self._device, top_k=None
        )
        self._documented = shap.Explainer(piped)
        self._function = shap.Explainer(self._log_odds, shap.maskers.Text(self._tokenizer))
        self.evaluations = 0

    def documented(self, texts: Sequence[str], **options: Any) -> Any:
        """Explain probabilities by `shap.Explainer(pipeline)`."""
        with self._counted():
            return self._documented(list(texts), silent=True, **options)

    def batched(self, texts: Sequence[str], size: int, **options: Any) -> Any:
        """Explain log-odds by a function that is given batches of this size."""
        with self._counted():
            return self._function(list(texts), batch_size=size, silent=True, **options)

    def best_batch(self, texts: Sequence[str], clock: Clock) -> dict[int, float]:
        """Return the seconds a text for each batch size, the fastest first."""
        # The first explanation pays for what shap compiles.
        self.batched(texts[:1], max(BATCHES))
        seconds = {
            size: clock.seconds(clock.time(lambda size=size: self.batched(texts, size))[1]) / len(texts)
            for size in BATCHES
        }
        return dict(sorted(seconds.items(), key=lambda pair: pair[1]))

    def _log_odds(self, texts: Sequence[str]) -> Any:
        with torch.inference_mode():
            rows = self._tokenizer([str(text) for text in texts], padding=True, truncation=True, return_tensors="pt")
            logits = self._model(**rows.to(self._device)).logits.double().cpu()
        gap = (logits[:, 1] - logits[:, 0]).numpy()
        return np.stack([-gap, gap], axis=1)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        def count(_module: Any, _args: Any, named: dict[str, Any]) -> None:
            self.evaluations += len(named["input_ids"])

        hook = self._model.register_forward_pre_hook(count, with_kwargs=True)
        try:
            yield
        finally:
            hook.remove()
