"""Half precision: the encoder of a model in float16, its head in float32.

This is torch's autocast around the model's encoder, and not a float16 copy of the model. Matrix products take float16
and add up in float32; layer norm, softmax and the sums of the residual stream stay float32, and so does the head, so
that a logit is not rounded to the eleven bits of a float16. Autocast runs every architecture as its authors wrote it,
also one that names float32 in its code, and there is no second model to hold (a copy takes half of its memory again)
or to send to workers. What it costs is time: weights and states are converted at each product that they go into, where
a copy of the weights is converted once. In inference mode torch keeps no converted weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel

from modelaudit.errors import CapabilityError
from modelaudit.inference.units import Unit

if TYPE_CHECKING:
    from modelaudit.inference.forward import Forward

__all__ = ["Halved", "half"]

# Flash attention, which float16 would get on CUDA, splits the sum over a long row by how many rows are beside it, and
# the short rows of the start-up probe would not show that.
_UNSPLIT = [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]


class Halved:
    """A forward pass whose units all run in half precision.

    An answer that is no number comes out as NaN throughout: it is never used, and NaN has many patterns of bits.
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def run(self, unit: Unit) -> list[NDArray[np.float32]]:
        """Return one float32 answer for each row of the unit."""
        answers = self._forward.run(replace(unit, half=True))
        return [answer if np.isfinite(answer).all() else np.full_like(answer, np.nan) for answer in answers]


@contextmanager
def half(encoder: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Let this part of a model run in float16, and hand float32 on to what follows it.

    Raises:
        CapabilityError: the model was asked and did not call its encoder.
    """
    running: list[ExitStack] = []
    calls = 0

    def enter(*_call: Any) -> None:
        nonlocal calls
        calls += 1
        running.append(ExitStack())
        running[-1].enter_context(torch.autocast(device.type, dtype=torch.float16))
        if device.type == "cuda":
            running[-1].enter_context(sdpa_kernel(_UNSPLIT))

    def leave(*call: Any) -> Any:
        running.pop().close()
        return _widened(call[-1])

    hooks = encoder.register_forward_pre_hook(enter), encoder.register_forward_hook(leave)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        # Where the encoder raised, its second hook was not called.
        while running:
            running.pop().close()
    if not calls:
        raise CapabilityError("the model goes round its own encoder")


def _widened(output: Any) -> Any:
    """Return the output with its tensors in float32: a head's weights are, and torch mixes no types."""
    if isinstance(output, torch.Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, dict):
        for name in output:
            output[name] = _widened(output[name])
    return tuple(map(_widened, output)) if type(output) is tuple else output
