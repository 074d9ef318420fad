"""An opened model: what every way of opening one ends in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOptions:
    """What the user allows and asks for when a model is opened.

    Attributes:
        tokenizer: a tokenizer, or the name or folder of one, where it does not come with the model.
        trust_remote_code: run code that the model's folder or repository carries.
        allow_pickle: load pickled weights (`pytorch_model.bin`), which can run code.
        headless: take a model of any head, or of none, as an encoder; so base models are opened.
    """

    tokenizer: Any = None
    trust_remote_code: bool = False
    allow_pickle: bool = False
    headless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedModel:
    """A model in memory with its tokenizer.

    Attributes:
        name: as the report shows it (hub id, folder name, or class name).
        base_model: name or folder of the model that it was fine-tuned from, where that is known.
        base_folder: where that model lies, if the name alone doesn't lead there.
        adapter: folder or hub id of the PEFT adapter that was applied, or None.
        remote_code, pickled_weights: whether the user's permission was made use of.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    base_model: str | None = None
    base_folder: Path | None = None
    adapter: str | None = None
    remote_code: bool = False
    pickled_weights: bool = False
