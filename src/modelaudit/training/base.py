"""The base of a training: a model of the task with a new head for the labels, and its tokenizer."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.inference.weights import weights_sha256
from modelaudit.subject.callables import is_function
from modelaudit.subject.describe import tokenizer_sha256
from modelaudit.subject.limits import check_fit, check_numbers, max_length
from modelaudit.subject.opened import OpenedCallable, OpenedModel, OpenOptions
from modelaudit.subject.places import is_folder
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.training.compact import TaskName, compact_model
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import BASE_FOLDER

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["COMPACT", "Base", "open_base", "untrained"]

COMPACT = "compact"
"""The base model that is made from the data and needs no download."""
COMPACT_LENGTH = 128
LONGEST = 512
"""The most tokens of a row where the recipe names no number and the model takes more."""
_AUTO = {
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
}


@dataclass(frozen=True, slots=True)
class Base:
    """What training begins with.

    Attributes:
        model: float32, with a head for the labels whose weights are random and hang on the seed alone.
        name: hub id, absolute folder, `base` for one that was made, `BertModel in memory` for one of that class.
        made: whether it was made from the data, with random weights throughout.
        limit: the most tokens of a row, special ones included; the tokenizer's `model_max_length` is the same.
        notes: whole sentences on what was done to the model that was handed in.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    name: str
    made: bool
    limit: int
    notes: tuple[str, ...] = ()

    def identity(self) -> str:
        """Return what two bases share that are called alike and have the same weights and tokenizer."""
        return f"{self.name} {weights_sha256(self.model)} {tokenizer_sha256(self.tokenizer)}"


def open_base(
    base_model: Any,
    *,
    task: TaskName,
    labels: Sequence[str],
    texts: Iterable[str | Sequence[str]],
    recipe: Recipe,
    tokenizer: Any = None,
    options: OpenOptions = OpenOptions(),  # noqa: B008
) -> Base:
    """Return a model to train for the labels.

    What is handed in is left as it is; of a model in memory a copy is made. torch's generator is left as it was.

    Args:
        base_model: `compact`, a hub id, a folder of a model or adapter, a model in memory, or `(model, tokenizer)`.
        texts: what the vocabulary of `compact` is learned from; not read otherwise.
        tokenizer: where it does not come with the model.

    Raises:
        ModelInputError: the model or its tokenizer can't be opened, or can't be trained for this task.
        DataInputError: fewer than two labels.
    """
    if len(labels) < 2:
        raise DataInputError(
            f"the rows have {len(labels)} label(s), and a model that answers needs two or more; add rows of another "
            "label, or name all labels (labels= in Python, --labels)"
        )
    with _seeded(recipe.seed):
        if isinstance(base_model, str) and base_model == COMPACT:
            if tokenizer is not None:
                raise ModelInputError(
                    f"{COMPACT} learns a tokenizer of its own from the rows, and another was named; leave it out "
                    "(tokenizer= in Python, --tokenizer), or name a base model"
                )
            return _made(task, labels, texts, recipe)
        if is_function(base_model) or isinstance(base_model, OpenedCallable):
            raise ModelInputError("a function can't be trained; give a model, its folder, a hub id, or compact")
        opened = open_model(
            base_model, replace(options, headless=True, to_train=True, tokenizer=tokenizer, labels=None)
        )
        assert isinstance(opened, OpenedModel)
        return _with_new_head(opened, _name(base_model, opened), task, labels, recipe, options)


def untrained(model: PreTrainedModel, *, seed: int) -> PreTrainedModel:
    """Return a model of the same kind and shape with the random weights that it began with under the seed."""
    with _seeded(seed):
        fresh: PreTrainedModel = type(model)(copy.deepcopy(model.config))
    return fresh.eval()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _made(task: TaskName, labels: Sequence[str], texts: Iterable[str | Sequence[str]], recipe: Recipe) -> Base:
    limit = recipe.max_length or COMPACT_LENGTH
    model, tokenizer = compact_model(texts, labels=labels, task=task, max_length=limit, seed=recipe.seed)
    if recipe.dropout is not None:
        _set_dropout(model.config, recipe.dropout, name=COMPACT)
        model = untrained(model, seed=recipe.seed)
    return Base(model.train(), tokenizer, BASE_FOLDER, made=True, limit=limit)


def _name(base_model: Any, opened: OpenedModel) -> str:
    if not isinstance(base_model, str | Path):
        return f"{opened.name} in memory"
    folder = Path(os.path.expanduser(base_model))  # noqa: PTH111  Path.expanduser raises where there is no such home
    return str(folder.resolve()) if is_folder(folder) else str(base_model)


def _with_new_head(
    opened: OpenedModel, name: str, task: TaskName, labels: Sequence[str], recipe: Recipe, options: OpenOptions
) -> Base:
    """The opened model's encoder under a head of the task that knows nothing yet."""
    tokenizer = _ready(opened.tokenizer, task, name=opened.name)
    config = copy.deepcopy(opened.model.config)
    if getattr(config, "quantization_config", None) is not None:
        raise ModelInputError(
            f"{opened.name}: its weights are quantised, and such weights can't be trained; take the model that it was "
            "made from"
        )
    if task == "text-classification" and getattr(config, "is_encoder_decoder", False):
        raise ModelInputError(
            f"{opened.name}: a {config.model_type!r:.60} writes text from text, and no audit can ask its head for "
            "classes; choose an encoder, such as one of the BERT family"
        )
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.problem_type = "single_label_classification" if task == "text-classification" else None
    # A head that looks at the last token finds it by the padding behind it, so both must mean the same token.
    if getattr(config, "pad_token_id", None) is None or not _counts_from_padding(opened.model):
        config.pad_token_id = tokenizer.pad_token_id
    if recipe.dropout is not None:
        _set_dropout(config, recipe.dropout, name=opened.name)
    model = _headed(config, task, options, name=opened.name)
    begun = _take_over(model, opened)
    check_numbers(model, name=opened.name)
    limit = _limit(model, tokenizer, recipe, name=opened.name)
    tokenizer.model_max_length = limit
    check_fit(model, tokenizer, name=opened.name)
    notes = []
    if opened.model.base_model is not opened.model:
        notes.append("The head of the base model was left out, and a new one was trained.")
    if begun:
        notes.append("The base model has no pooling layer, so the one below the head began at random.")
    return Base(model.train(), tokenizer, name, made=False, limit=limit, notes=tuple(notes))


def _counts_from_padding(model: PreTrainedModel) -> bool:
    """Whether places in a row are numbered from the padding token's id, as RoBERTa does it, so that it can't change."""
    return any(hasattr(part, "padding_idx") and hasattr(part, "position_embeddings") for part in model.modules())


def _headed(config: Any, task: TaskName, options: OpenOptions, *, name: str) -> PreTrainedModel:
    import transformers

    setattr(config, "dtype" if hasattr(config, "dtype") else "torch_dtype", torch.float32)
    with quiet():
        try:
            model: PreTrainedModel = getattr(transformers, _AUTO[task]).from_config(
                config, trust_remote_code=options.trust_remote_code
            )
        except (ValueError, TypeError, AttributeError, ImportError, OSError) as error:
            raise ModelInputError(
                f"{name}: there is no {task} model of the kind {config.model_type!r:.60}; choose another base model, "
                "such as an encoder of the BERT family"
            ) from error
    return model


def _take_over(model: PreTrainedModel, opened: OpenedModel) -> bool:
    """Copy the encoder's weights into the model; return whether a pooling layer had to begin at random.

    Raises ModelInputError where the encoder can't be told from its head, or has other layers.
    """
    try:
        gaps = model.base_model.load_state_dict(opened.model.base_model.state_dict(), strict=False)
    except RuntimeError as error:
        raise _not_taken(opened, "its weights have other shapes than its configuration says") from error
    missing = [key for key in gaps.missing_keys if "pooler" not in key.split(".")]
    if missing or model.base_model is model:
        raise _not_taken(opened, f"it lacks {missing[0]}" if missing else "its encoder can't be told from its head")
    return bool(gaps.missing_keys)


def _not_taken(opened: OpenedModel, reason: str) -> ModelInputError:
    hint = "merge its adapter first (merge_and_unload)" if opened.adapter else "take another base model"
    return ModelInputError(f"{opened.name}: its weights can't be put under a new head: {reason}; {hint}")


def _limit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, recipe: Recipe, *, name: str) -> int:
    most = max_length(model, tokenizer)
    if recipe.max_length is not None and recipe.max_length > most:
        raise ModelInputError(
            f"{name}: a row may have {most} tokens at most, and {recipe.max_length} were asked for; lower max_length "
            "(--max-length), or leave it out"
        )
    return recipe.max_length or min(most, LONGEST)


def _ready(tokenizer: Any, task: TaskName, *, name: str) -> PreTrainedTokenizerFast:
    """A copy of the tokenizer with a padding token, that takes words apart as it does within a text."""
    if not getattr(tokenizer, "is_fast", False):
        raise ModelInputError(
            f"{name}: its tokenizer is a slow one, which can't say which word a token belongs to; save the model's "
            "fast tokenizer (tokenizer.json) beside it, or name one (tokenizer= in Python, --tokenizer)"
        )
    ready: PreTrainedTokenizerFast = copy.deepcopy(tokenizer)
    if ready.pad_token is None:
        if ready.eos_token is None:
            raise ModelInputError(
                f"{name}: its tokenizer has neither a padding token nor one for the end of a text; give it a padding "
                "token that the model knows (tokenizer.pad_token)"
            )
        ready.pad_token = ready.eos_token
    return _spacing(ready) if task == "token-classification" else ready


def _spacing(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The tokenizer with a space before each word of a row, where a byte-level one would join the words."""
    from transformers import AutoTokenizer

    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    if not _add_spaces(parts["pre_tokenizer"]):
        return tokenizer
    with quiet(), tempfile.TemporaryDirectory(prefix="modelaudit-tokenizer-") as folder:
        tokenizer.save_pretrained(folder)
        (Path(folder) / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
        spaced: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    spaced.name_or_path = tokenizer.name_or_path
    return spaced


def _add_spaces(part: Any) -> bool:
    """Ask the byte-level parts of a pre-tokenizer's description for a space before each word; whether any lacked it."""
    inner = part.get("pretokenizers", ()) if isinstance(part, dict) else ()
    lacking = [_add_spaces(each) for each in inner]
    if isinstance(part, dict) and part.get("add_prefix_space") is False:
        part["add_prefix_space"] = True
        lacking.append(True)
    return any(lacking)


def _set_dropout(config: Any, share: float, *, name: str) -> None:
    """Set every entry for dropout of a configuration, and that of the head."""
    found = [
        entry
        for entry, value in config.to_dict().items()
        if ("dropout" in entry or entry.endswith("pdrop")) and (value is None or isinstance(value, float | int))
    ]
    if not found:
        raise ModelInputError(
            f"{name}: a model of the kind {config.model_type!r:.60} has no dropout to set; leave --dropout out"
        )
    for entry in (*found, "classifier_dropout"):
        setattr(config, entry, share)
