"""Limits: how long a row a model takes, and whether its tokenizer speaks its vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SANE_LENGTH = 1_000_000
"""Tokenizers without a limit of their own say 10^30; what is beyond this is no limit."""
UNKNOWN_LENGTH = 512


def max_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the most tokens that a row may have, special tokens included.

    The smaller of the tokenizer's limit and the model's positions; 512 where neither says.
    """
    limits = [limit for limit in (tokenizer.model_max_length, positions(model)) if limit and 0 < limit < SANE_LENGTH]
    return int(min(limits, default=UNKNOWN_LENGTH))


def positions(model: PreTrainedModel) -> int | None:
    """Return how many positions a model has for tokens, or None where it has no such limit.

    Models of the RoBERTa family count positions from their padding index on, which leaves fewer than the
    configuration says.
    """
    declared: Any = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(declared, int) or declared <= 0:
        return None
    for name, module in model.named_modules():
        padding = getattr(module, "padding_idx", None)
        if name.rpartition(".")[2] == "position_embeddings" and padding is not None:
            return declared - int(padding) - 1
    return declared


def check_fit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, name: str) -> None:
    """Raise ModelInputError where the tokenizer has ids that the model's embedding lacks, or hardly any vocabulary."""
    embedding = model.get_input_embeddings()
    rows = int(embedding.weight.shape[0])
    vocabulary = tokenizer.get_vocab()
    if len(vocabulary) <= len(set(tokenizer.all_special_ids)):
        raise ModelInputError(
            f"{name}: the tokenizer has no vocabulary beyond its special tokens; save the model's own tokenizer "
            "beside it"
        )
    largest = max(vocabulary.values())
    if largest >= rows:
        raise ModelInputError(
            f"{name}: the tokenizer does not fit the model: it has token ids up to {largest}, but the model's "
            f"embedding ends at {rows - 1}; pass the tokenizer that the model was trained with"
        )
