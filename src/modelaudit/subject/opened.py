"""An opened model: what every way of opening one ends in."""

from __future__ import annotations

from collections.abc import Callable
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
        processor: likewise an image processor, a feature extractor, or the processor that holds one.
        trust_remote_code: run code that the model's folder or repository carries.
        allow_pickle: load pickled weights (`pytorch_model.bin`), which can run code.
        headless: take a model of any head, or of none, as an encoder; so base models are opened.
        to_train: it is opened to be trained, and a tokenizer may be named for it.
        labels, model_name, mask_word: what a function can't say of itself; see `OpenedCallable`.
    """

    tokenizer: Any = None
    processor: Any = None
    trust_remote_code: bool = False
    allow_pickle: bool = False
    headless: bool = False
    to_train: bool = False
    labels: tuple[str, ...] | None = None
    model_name: str | None = None
    mask_word: str | None = None

    def alone(self, *, headless: bool = False) -> OpenOptions:
        """Return what is allowed, without what was said of one model."""
        return OpenOptions(headless=headless, trust_remote_code=self.trust_remote_code, allow_pickle=self.allow_pickle)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedModel:
    """A model in memory with its tokenizer.

    Attributes:
        tokenizer: None for models that read no text and write none.
        processor: what makes pixel values of a picture or features of a sound; None for models that read text.
        name: as the report shows it (hub id, folder name, or class name).
        base_model: name or folder of the model that it was fine-tuned from, where that is known.
        base_folder: where that model lies, if the name alone doesn't lead there.
        adapter: folder or hub id of the PEFT adapter that was applied, or None.
        remote_code, pickled_weights: whether the user's permission was made use of.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | Any
    name: str
    processor: Any = None
    base_model: str | None = None
    base_folder: Path | None = None
    adapter: str | None = None
    remote_code: bool = False
    pickled_weights: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCallable:
    """A function in the place of a model, which nobody can look into.

    Attributes:
        function: takes a list of n texts and returns (n, C) probabilities.
        name: as the report shows it; the user's name for it, else its own.
        origin: where the function is defined, `package.module.function`.
        labels: names of the C classes, in the order of the columns.
        identity: name and version that the user gave it, by which a later run knows its answers again; None where they
            gave none.
        mask_word: what stands for a hidden word; None leaves the word out.
    """

    function: Callable[[list[str]], Any]
    name: str
    origin: str
    labels: tuple[str, ...]
    identity: str | None = None
    mask_word: str | None = None


def folder_at_hand(opened: OpenedModel | OpenedCallable) -> Path | None:
    """Return the folder of the base model that the model names; fetching one is the user's to ask for."""
    if isinstance(opened, OpenedCallable):
        return None
    if opened.base_folder is not None or opened.base_model is None:
        return opened.base_folder
    folder = Path(opened.base_model)
    try:
        return folder if folder.is_dir() else None
    except OSError:
        return None
