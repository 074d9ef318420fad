"""Limits: how long a row a model takes, and whether its tokenizer speaks its vocabulary, and its base model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SANE_LENGTH = 1_000_000
"""Tokenizers without a limit of their own say 10^30; what is beyond this is no limit."""
UNKNOWN_LENGTH = 512


def max_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None) -> int:
    """Return the most tokens that a row may have, special tokens included.

    The smaller of the tokenizer's limit and the model's positions; 512 where neither says.
    """
    told = (None if tokenizer is None else tokenizer.model_max_length, positions(model))
    limits = [limit for limit in told if limit and 0 < limit < SANE_LENGTH]
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
    """Raise ModelInputError where the tokenizer is not the model's, or leaves no room for text.

    Its ids must lie in the model's embedding, and reach near its end: embeddings are padded to round sizes, and tokens
    may be missing at the end, which `spare_ids` allows for. A larger gap is another model's vocabulary.
    """
    embedding = model.get_input_embeddings()
    rows = int(embedding.weight.shape[0])
    vocabulary = tokenizer.get_vocab()
    if len(vocabulary) <= len(set(tokenizer.all_special_ids)):
        raise ModelInputError(
            f"{name}: the tokenizer has no vocabulary beyond its special tokens; save the model's own tokenizer "
            "beside it"
        )
    largest = max(vocabulary.values())
    if largest >= rows or rows - 1 - largest > spare_ids(rows):
        raise ModelInputError(
            f"{name}: the tokenizer does not fit the model: it has token ids up to {largest}, but the model's "
            f"embedding ends at {rows - 1}; pass the tokenizer that the model was trained with"
        )
    special, room = int(tokenizer.num_special_tokens_to_add()), max_length(model, tokenizer)
    if room <= special:
        raise ModelInputError(
            f"{name}: a row may have {room} tokens and {special} of them are special tokens, so nothing of a text "
            "would be left; correct model_max_length of the tokenizer, or max_position_embeddings of the model"
        )


def check_vocabulary(
    base: PreTrainedTokenizerBase, tokenizer: PreTrainedTokenizerBase, *, name: str, target: str
) -> None:
    """Raise ModelInputError where a base model's tokenizer can't be what the target's was made from.

    Each token of its vocabulary must have the same id in the target's, which may have more. What was added to the base
    model's vocabulary later, such as a token for padding, may be missing.
    """
    of_base, own = base.get_vocab(), tokenizer.get_vocab()
    added = base.added_tokens_encoder
    apart = sum(own.get(token) != id_ and not (token in added and token not in own) for token, id_ in of_base.items())
    if apart:
        raise ModelInputError(
            f"{name}: the base model has another tokenizer than {target}: {apart:,} of its {len(of_base):,} tokens are "
            f"missing there or have another id, so {target} was not fine-tuned from it; name the model that it was "
            "fine-tuned from with base_model= (--base-model), or leave that out"
        )


def spare_ids(rows: int) -> int:
    """Return how many ids at the end of an embedding may have no token.

    Known models leave up to 2.4% free (102,400 rows for 100,015 tokens), small ones up to the multiple of 128 that
    their size was rounded to; the cased and the uncased BERT differ by 5%.
    """
    return max(128, round(0.03 * rows))


def check_numbers(model: PreTrainedModel, *, name: str) -> None:
    """Raise ModelInputError for weights that are not finite: every answer would be one failed check."""
    # Numbers of one byte (quantised weights) can't be asked, and have no infinity to begin with.
    plain = [(key, weight) for key, weight in model.named_parameters() if weight.element_size() > 1]
    broken = [key for key, weight in plain if not bool(weight.isfinite().all())]
    if broken:
        raise ModelInputError(
            f"{name}: the weights hold NaN or infinity ({', '.join(broken[:3])}{' and more' if broken[3:] else ''}); "
            "train the model again, or audit a checkpoint from before they broke"
        )
