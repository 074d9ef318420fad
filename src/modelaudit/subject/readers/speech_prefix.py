"""What the decoder of a speech model reads before a transcript: where to start, the language, the task, no times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def speech_prefix(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, name: str) -> tuple[int, ...]:
    """Return the tokens that the decoder begins with.

    What the generation settings say of language and task comes first, then what the tokenizer puts before a transcript,
    since it is what the model was trained on; then tokens that the settings force. A model of many languages for which
    none is named is asked without one.

    Raises:
        ModelInputError: nothing says what the decoder begins with, or the model does not know the language.
    """
    settings = getattr(model, "generation_config", None)
    start = _setting(settings, model, "decoder_start_token_id")
    if start is None:
        raise ModelInputError(
            f"{name}: nothing says what its decoder begins with; set decoder_start_token_id in config.json, as it was "
            "when the model was trained"
        )
    language = getattr(settings, "language", None)
    if language and getattr(settings, "lang_to_id", None):
        return (int(start), *_told(settings, str(language), name))
    own = [int(token) for token in getattr(tokenizer, "prefix_tokens", None) or []]
    own = own[1:] if own[:1] == [start] else own
    return (int(start), *(own or _forced(settings, model)))


def _told(settings: Any, language: str, name: str) -> list[int]:
    """Language, task and absence of times, as the settings of Whisper name them."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    code = language.strip().lower().strip("<|>")
    mark = f"<|{TO_LANGUAGE_CODE.get(code, code)}|>"
    if mark not in settings.lang_to_id:
        raise ModelInputError(
            f"{name}: generation_config.json names the language {language!r}, which its lang_to_id does not have; "
            "correct it"
        )
    tasks = getattr(settings, "task_to_id", None) or {}
    told = [settings.lang_to_id[mark], tasks.get(getattr(settings, "task", None) or "transcribe")]
    told.append(getattr(settings, "no_timestamps_token_id", None))
    return [int(token) for token in told if token is not None]


def _forced(settings: Any, model: PreTrainedModel) -> list[int]:
    pairs = _setting(settings, model, "forced_decoder_ids") or []
    forced = [token for _, token in sorted(pairs)] if all(token is not None for _, token in pairs) else []
    first = _setting(settings, model, "forced_bos_token_id")
    return [int(token) for token in forced] or ([] if first is None else [int(first)])


def _setting(settings: Any, model: PreTrainedModel, key: str) -> Any:
    """What the generation settings say, or else the configuration."""
    found = getattr(settings, key, None)
    return getattr(model.config, key, None) if found is None else found
