"""Questions: what a model can be asked, each with the form of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Want

__all__ = ["Questions"]

Floats = NDArray[np.float32]


class Questions(Protocol):
    """The questions of an engine, put into words; each is one call of `ask`."""

    def ask(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        """Return one answer for each input."""
        ...

    def logits(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return logits: (C,) for each row, or (k, C) at the gathered positions of a model that answers per token."""
        return self.ask("logits", inputs, [0] * len(inputs))

    def hidden(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (H,) for each row: the mean of the last hidden state over the row's tokens."""
        return self.ask("hidden", inputs, [0] * len(inputs))

    def states(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (k, H) for each row: the last hidden state at each gathered place, at all its tokens where none is."""
        return self.ask("states", inputs, [0] * len(inputs))

    def log_probs(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (k,) for each row: the natural log of the probability of its targets, each at its place."""
        return self.ask("log_probs", inputs, [0] * len(inputs))

    def next_tokens(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (k,) for each row: the most probable token at each gathered place, as a whole number."""
        return self.ask("next_tokens", inputs, [0] * len(inputs))

    def token_statistics(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (k, 4) for each row, of its targets, each at its place: what `tokens.token_statistics` says of each.

        That is the natural log p of the target, the mean and the standard deviation of log p over the vocabulary under
        the model's own distribution, and 1 where the target is the most probable token, else 0.
        """
        return self.ask("token_statistics", inputs, [0] * len(inputs))

    def generated(self, inputs: Sequence[ModelInput], *, most: int) -> list[Floats]:
        """Return (k, 2) for each row: the tokens that the model writes, greedily, and the natural log of p of each.

        The last ends the answer unless `most` tokens were not enough. Of a model with CTC they are the labels that it
        hears, without a limit.
        """
        return self.ask("generated", inputs, [most] * len(inputs))

    def ctc_log_probs(self, inputs: Sequence[ModelInput]) -> list[Floats]:
        """Return (1,) for each row: the natural log of the probability of the transcript that its targets spell."""
        return self.ask("ctc_log_prob", inputs, [0] * len(inputs))

    def gradients(self, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        """Return (L, H) for each row: the gradient of its class's logit by the input embeddings.

        For a model that answers per token it is that of the mean logit over the gathered positions.
        """
        if len(classes) != len(inputs):
            raise ValueError(f"{len(classes)} classes for {len(inputs)} inputs; give one class a row")
        return self.ask("gradients", inputs, classes)
