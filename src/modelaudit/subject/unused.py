"""Unused weights: parts of a saved model that its configuration has no place for."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HARMLESS = re.compile(
    r"""(^|\.)(
        position_ids | token_type_ids | inv_freq | attn\.(masked_)?bias | attention\.masked_bias   # fixed buffers
        | pooler\..+                                                            # kept from the base model
        | lm_head\..+ | (generator|discriminator|mask)_predictions\..+          # heads of pre-training
        | loss_fct\..+ | class_weights                                          # used by the training loss alone
    )$
    | ^(cls|lm_loss|pred_layer|predictions|sop_classifier|vocab_(transform|layer_norm|projector))\.   # such heads too
    | ^config$                                                                  # in some older checkpoints
    """,
    re.VERBOSE,
)
"""What a saved model may hold unused; what transformers itself ignores for an architecture is not among the keys."""
_NUMBERED = re.compile(r"\.\d+\.")
_DECODER = re.compile(r"(^|\.)decoder\.")


def unused_weights(unexpected: Iterable[str], *, adapted: bool = False) -> list[str]:
    """Return those of the keys without a place in the model that change what the model is, in order.

    A checkpoint with more layers than its configuration, or with a head of another kind (a CRF), is another model than
    the one that would be loaded. The base model of an adapter (`adapted`) may bring any head or decoder, since the
    adapter has its own: there only numbered layers of the encoder count.
    """
    return sorted(
        key
        for key in unexpected
        if not _HARMLESS.search(key) and (not adapted or (_NUMBERED.search(key) and not _DECODER.search(key)))
    )
