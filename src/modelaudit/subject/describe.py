"""Describing a model, so that it can be found again: names, sizes and hashes of its configuration and tokenizer."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from modelaudit.audit_report import ModelInfo

if TYPE_CHECKING:
    from modelaudit.subject.callable_model import CallableModel
    from modelaudit.subject.model import Model

VOLATILE = frozenset({"_name_or_path", "transformers_version", "dtype", "torch_dtype", "_attn_implementation"})
"""Entries of a configuration that change with the machine or the library and not with the model."""


def model_info(model: Model, *, weights_sha256: str) -> ModelInfo:
    """Return what the report says of a model."""
    opened = model.opened
    return ModelInfo(
        name=opened.name,
        architecture=type(opened.model).__name__,
        parameters=sum(parameter.numel() for parameter in opened.model.parameters()),
        labels=model.labels,
        max_length=model.max_length,
        weights_sha256=weights_sha256,
        config_sha256=config_sha256(opened.model.config),
        tokenizer_sha256=None if opened.tokenizer is None else tokenizer_sha256(opened.tokenizer),
        processor_sha256=None if opened.processor is None else processor_sha256(opened.processor),
        hidden_words=hidden_words(model),
        adapter=opened.adapter,
        base_model=opened.base_model,
        remote_code=opened.remote_code,
        pickled_weights=opened.pickled_weights,
    )


def callable_info(model: CallableModel) -> ModelInfo:
    """Return what the report says of a function: what it is called, where it is from, and whether it repeats itself."""
    company = model.engine.company
    return ModelInfo(
        kind="function",
        name=model.opened.name,
        architecture=model.opened.origin,
        parameters=None,
        labels=model.labels,
        max_length=None,
        weights_sha256=None,
        config_sha256=None,
        tokenizer_sha256=None,
        repeatable=company is None or company.repeatable,
        hidden_words=model.hidden_words,
    )


def hidden_words(model: Model) -> str | None:
    """Return what becomes of a hidden word, in words; None where the model can't hide any."""
    if not model.hidings:
        return None
    tokenizer = model.opened.tokenizer
    said = {
        "mask": f"replaced by the token {getattr(tokenizer, 'mask_token', None)}",
        "attention": "taken out of sight: no other word attends to them, and the others keep their places",
        "unknown": f"replaced by the token {getattr(tokenizer, 'unk_token', None)}",
        "delete": "taken out, and the others move up",
        "mean": "painted over with the picture's mean colour",
        "blur": "blurred",
        "silence": "silenced",
        "noise": "replaced by noise as loud as the sound",
    }
    return said[model.hidings[0]]


def config_sha256(config: Any) -> str:
    """Return the SHA-256 of a configuration's entries, without those that vary by machine and library."""
    entries = {key: value for key, value in config.to_dict().items() if key not in VOLATILE}
    return _sha256(entries)


def tokenizer_sha256(tokenizer: Any) -> str:
    """Return the SHA-256 of what a tokenizer does: its pipeline or vocabulary, and its special tokens.

    Padding and truncation, which a caller's last call leaves behind, don't count.
    """
    if tokenizer.is_fast:
        rules = json.loads(tokenizer.backend_tokenizer.to_str())
        content: Any = {key: value for key, value in rules.items() if key not in {"padding", "truncation"}}
    else:
        content = sorted(tokenizer.get_vocab().items())
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    return _sha256([type(tokenizer).__name__, content, special])


def processor_sha256(processor: Any) -> str:
    """Return the SHA-256 of the settings of an image processor or a feature extractor."""
    settings = {key: value for key, value in processor.to_dict().items() if key not in VOLATILE}
    return _sha256([type(processor).__name__, settings])


def _sha256(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
