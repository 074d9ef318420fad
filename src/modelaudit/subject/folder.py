"""A saved model's folder: what is in it, read without loading anything that could run code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelaudit.errors import ModelInputError
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.places import is_file, shown

ALLOW_PICKLE = "--allow-pickle (allow_pickle=True in Python)"
TRUST = "--trust-remote-code (trust_remote_code=True in Python)"
PICKLES = ("pytorch_model.bin", "adapter_model.bin")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spm.model",
)
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
UNFINISHED = "checkpoints/begun.json"
"""Where the reference trainer writes down what it began; it is gone from a folder with a whole model."""
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_BASE_MODEL = re.compile(
    r"^base_model:[ \t]*(?:\r?\n[ \t]*-[ \t]*)?(?:\[[ \t]*)?"
    r"""("(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|[^\s,\]]+)""",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a folder: whether they are pickled, which can run code when they are read."""

    pickled: bool


def read_json(folder: Path, file: str, *, name: str) -> dict[str, Any]:
    """Return the object in a JSON file of the folder; raise ModelInputError where it is missing or broken."""
    path = folder / file
    if not path.is_file() and (folder / UNFINISHED).is_file():
        raise ModelInputError(
            f"{name}: the folder holds a training that was not finished, and no model yet; go on with it by the same "
            "modelaudit train command with --resume, or name another folder"
        )
    if not path.is_file():
        raise ModelInputError(
            f"{name}: the folder has no {file}, so it holds no saved transformers model; write it with "
            "save_pretrained, or name another folder"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelInputError(f"{name}: {file} can't be read ({error.strerror}); check its permissions") from error
    except (ValueError, RecursionError) as error:
        raise ModelInputError(f"{name}: {file} is broken JSON; save the model again") from error
    if not isinstance(content, dict):
        raise ModelInputError(f"{name}: {file} holds no JSON object; save the model again")
    return content


def find_weights(folder: Path, options: OpenOptions, *, name: str, stem: str = "model") -> Weights:
    """Return which weights to load; raise ModelInputError where there are none, or only pickled ones not allowed.

    `stem` is `model` for a whole model and `adapter_model` for an adapter.
    """
    index = folder / f"{stem}.safetensors.index.json"
    if (folder / f"{stem}.safetensors").is_file():
        return Weights(pickled=False)
    if index.is_file():
        _check_shards(folder, index.name, name=name)
        return Weights(pickled=False)
    pickle = "pytorch_model.bin" if stem == "model" else f"{stem}.bin"
    if has_pickles(folder, pickle):
        if not (folder / pickle).is_file():
            _check_shards(folder, f"{pickle}.index.json", name=name)
        if options.allow_pickle:
            return Weights(pickled=True)
        raise ModelInputError(
            f"{name}: the weights are pickled ({pickle}), and reading a pickle can run code; save them as safetensors, "
            f"or, if you trust their source, allow them with {ALLOW_PICKLE}"
        )
    foreign = next((file for file in ("tf_model.h5", "flax_model.msgpack") if (folder / file).is_file()), None)
    found = f"only {foreign}, which is not for PyTorch" if foreign else f"no {stem}.safetensors"
    raise ModelInputError(
        f"{name}: the folder has no weights that can be loaded ({found}); save the model with "
        "save_pretrained, which writes them"
    )


def has_pickles(folder: Path, *files: str) -> bool:
    """Return whether the folder holds pickled weights, whole or in shards."""
    return any((folder / f"{file}{end}").is_file() for file in files or PICKLES for end in ("", ".index.json"))


def _check_shards(folder: Path, index: str, *, name: str) -> None:
    shards = read_json(folder, index, name=name).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ModelInputError(f"{name}: {index} has no weight_map that names the files of the weights; save them again")
    missing = sorted({str(shard) for shard in shards.values() if not is_file(folder / str(shard))})
    if missing:
        raise ModelInputError(f"{name}: weights are incomplete, {shown(missing[0])} is missing; copy the whole folder")


def check_code(folder: Path, options: OpenOptions, *, name: str) -> bool:
    """Return whether the folder carries code of its own; raise ModelInputError where it does and is not trusted."""
    named = ("config.json", "tokenizer_config.json", *PROCESSOR_FILES)
    files = [file for file in named if (folder / file).is_file()]
    own = [file for file in files if read_json(folder, file, name=name).get("auto_map")]
    if own and not options.trust_remote_code:
        raise ModelInputError(
            f"{name}: the model runs code of its own (auto_map in {own[0]}); "
            f"read that code, and if you trust it, allow it with {TRUST}"
        )
    return bool(own)


def has_tokenizer(folder: Path) -> bool:
    """Return whether any file of a tokenizer is in the folder."""
    return any((folder / file).is_file() for file in TOKENIZER_FILES)


def has_processor(folder: Path) -> bool:
    """Return whether any file of an image processor or a feature extractor is in the folder."""
    return any((folder / file).is_file() for file in PROCESSOR_FILES)


def card_base_model(folder: Path) -> str | None:
    """Return the `base_model` of the front matter of the folder's README (the first of a list), or None."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    matter = _FRONT_MATTER.match(card.read_text(encoding="utf-8", errors="replace"))
    found = _BASE_MODEL.search(matter[1]) if matter else None
    value = _unquoted(found[1]) if found else ""
    return value if value and value not in {"null", "~"} and not value.startswith(("#", "-")) else None


def _unquoted(scalar: str) -> str:
    """What a scalar of a card's front matter says; escapes are read where it is written as JSON would write it."""
    if scalar.startswith('"'):
        try:
            return str(json.loads(scalar))
        except ValueError:
            pass
    return scalar.strip("'\"")
