"""The loop: `transformers.Trainer` with a loss that knows weights of rows and pairs of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import Trainer

__all__ = ["MODEL_INPUTS", "Loop"]

MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What the model is given of a batch of `features.Collator`."""

Batch = Mapping[str, Tensor]


class Loop(Trainer):  # type: ignore[misc]
    """A Trainer whose loss is the weighted mean cross-entropy over the units of a whole update.

    Units are rows (text classification) or labelled words (token classification). With all weights 1 that is the loss
    of a plain Trainer; under gradient accumulation it is the mean over all units of the update, not the mean of the
    batches' means. While training, labels are smoothed by `args.label_smoothing_factor` and pairs are held together;
    on dev rows the loss is the plain one.

    Args:
        pairing: weight of the distance between the logits of a row and of its partner (counterfactual logit pairing;
            Garg et al. 2019, arXiv 1809.10610, equation 3): the sum over classes of |difference|, over all units of
            the update, to which units without a partner add nothing. For two classes whose logits are each other's
            negative this is the paper's distance of log-odds.
        settings: of a `transformers.Trainer`; batches come from `features.Collator`.
    """

    def __init__(self, *, pairing: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.pairing = pairing
        # The loss is over the whole update; else Trainer would divide it by the number of batches once more.
        self.model_accepts_loss_kwargs = True

    def unit_losses(self, model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the cross-entropy of each unit of a batch, its weight, and its row, each (U,)."""
        return self._unit_losses(_logits(model, batch), batch)

    def _unit_losses(self, logits: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        units, rows = batch["units"], batch["unit_rows"]
        smoothing = float(self.args.label_smoothing_factor) if self.model.training else 0.0
        losses = cross_entropy(
            logits.flatten(0, -2)[units].float(),
            batch["labels"].flatten()[units],
            reduction="none",
            label_smoothing=smoothing,
        )
        weights = batch["weight"][rows] if "weight" in batch else torch.ones_like(losses)
        return losses, weights, rows

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | float | None = None,
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Return a batch's share of the update's loss; `num_items_in_batch` is the update's whole weight."""
        logits = _logits(model, inputs)
        losses, weights, _ = self._unit_losses(logits, inputs)
        total = weights.sum() if num_items_in_batch is None else num_items_in_batch
        loss = (losses * weights).sum()
        if self.pairing and "left" in inputs:
            flat = logits.flatten(0, -2).float()
            apart = (flat[inputs["left"]] - flat[inputs["right"]]).abs().sum(dim=-1)
            loss = loss + self.pairing * apart.sum()
        # An update may hold no labelled word at all; then there is nothing to learn, and no NaN either.
        loss = loss / (total + (total == 0))
        return (loss, {"logits": logits[: len(inputs["labels"])]}) if return_outputs else loss

    def take_weights(self, checkpoint: Path) -> None:
        """Put the weights of a checkpoint, an adapter's among them, into the model."""
        self._load_from_checkpoint(str(checkpoint))

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, *rest: Any) -> tuple[list[Any], Any]:
        """Return the batches of the next update, and the sum of the weights of their units."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, *rest)
        return batches, _weight(batches)


def _logits(model: Any, batch: Batch) -> Tensor:
    logits: Tensor = model(**{name: batch[name] for name in MODEL_INPUTS if name in batch}).logits
    return logits


def _weight(batches: Iterable[Batch]) -> Tensor | float:
    return sum(
        (batch["weight"][batch["unit_rows"]].sum() if "weight" in batch else float(len(batch["units"])))
        for batch in batches
    )
