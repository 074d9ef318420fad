"""Fields: what a model's output holds, whatever the family calls it."""

from __future__ import annotations

from typing import Any

from modelaudit.errors import CapabilityError
from modelaudit.inference.spans import span_logits

__all__ = ["field_of", "in_a_row", "logits_of"]


def field_of(output: Any, name: str) -> Any:
    """Return a field of an output; raise CapabilityError where it has none of this name."""
    value = getattr(output, name, None)
    if value is None:
        raise CapabilityError(
            f"this model gives no {name}; ask a model that has a head for logits, an encoder for states"
        )
    return value


def logits_of(output: Any) -> Any:
    """Return the logits of an output; those of spans as two for each token."""
    spans = span_logits(output)
    return field_of(output, "logits") if spans is None else spans


def in_a_row(states: Any) -> Any:
    """Return (n, places, H) of the states of an encoder: those of convolutions are (n, H, height, width)."""
    return states.flatten(2).transpose(1, 2) if states.dim() == 4 else states
