"""Opening a model: hub id, folder, model in memory, pipeline or PEFT adapter; a bundled plugin, behind the hook."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelaudit.errors import ModelInputError
from modelaudit.hookspecs import hookimpl
from modelaudit.subject.callables import is_function, is_zero_shot, open_callable, open_zero_shot, refuse_names
from modelaudit.subject.folder import ALLOW_PICKLE, PICKLES, card_base_model, has_pickles, read_json
from modelaudit.subject.opened import OpenedCallable, OpenedModel, OpenOptions
from modelaudit.subject.places import is_file, is_folder, shown
from modelaudit.subject.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from modelaudit.subject.task import Medium

LONGEST_HUB_ID = 96
_HUB_ID = re.compile(r"[\w][\w.-]*(/[\w][\w.-]*)?")
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "README.md")


@hookimpl
def modelaudit_open_model(source: Any, options: Any) -> OpenedModel | OpenedCallable | None:
    """Open what transformers knows, and functions; None for a source of another kind."""
    if isinstance(source, OpenedCallable):
        return source
    options = options if options is not None else OpenOptions()
    if isinstance(source, OpenedModel):
        opened: OpenedModel | None = source
    elif isinstance(source, str | Path):
        opened = _from_name(source, options)
    elif is_zero_shot(source) and not options.headless:
        return open_zero_shot(source, options)
    else:
        opened = _from_memory(source, options)
    if opened is None and is_function(source):
        return open_callable(source, options)
    if opened is not None:
        refuse_names(options, name=opened.name)
    return opened


def open_model(source: Any, options: OpenOptions = OpenOptions()) -> OpenedModel | OpenedCallable:  # noqa: B008
    """Return a model with its tokenizer, or a function.

    Args:
        source: hub id, folder (of a model or a PEFT adapter), `PreTrainedModel` (with `options.tokenizer`),
            `(model, tokenizer)`, a transformers pipeline, an `OpenedModel`, or a function from texts to probabilities
            (with `options.labels`).
        options: what is allowed.

    Raises:
        ModelInputError: what is wrong with the source, and the next step.
    """
    opened = modelaudit_open_model(source, options)
    if opened is None:
        raise ModelInputError(
            f"a model can't be opened from a {type(source).__name__}; hand in a hub id, a folder, a PreTrainedModel "
            "with its tokenizer, a transformers pipeline, the folder of a PEFT adapter, or a function with labels="
        )
    return opened


def _from_name(source: str | Path, options: OpenOptions) -> OpenedModel:
    text = str(source)
    folder = Path(os.path.expanduser(source))  # noqa: PTH111  Path.expanduser raises where there is no such home
    if is_folder(folder):
        return _from_folder(folder, options, name=folder.resolve().name)
    if is_file(folder):
        raise ModelInputError(f"{text} is a file; name the folder that holds config.json and the weights")
    if isinstance(source, Path) or not _HUB_ID.fullmatch(text) or len(text) > LONGEST_HUB_ID:
        raise ModelInputError(f"there is no folder {shown(text)}; check the path, or give a hub id such as owner/name")
    return _from_folder(_downloaded(text, options), options, name=text)


def _downloaded(hub_id: str, options: OpenOptions) -> Path:
    """The folder of a hub model in the local cache, fetched where the network allows it."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    patterns = [*_FILES]
    patterns += ["*.py"] if options.trust_remote_code else []
    patterns += ["*.bin"] if options.allow_pickle else []
    with quiet():
        try:
            folder = Path(huggingface_hub.snapshot_download(hub_id, allow_patterns=patterns, ignore_patterns=["*/*"]))
        except RepositoryNotFoundError as error:
            reason = "the hub has no such model, or it is private or gated"
            raise _unreachable(hub_id, reason) from error
        except (OSError, ValueError, HfHubHTTPError) as error:
            raise _unreachable(hub_id, "the hub could not be reached, and it is not in the local cache") from error
    if not options.allow_pickle and not any(folder.glob("*.safetensors")):
        raise ModelInputError(f"{hub_id}: {_no_weights(hub_id, folder)}")
    return folder


def _no_weights(hub_id: str, folder: Path) -> str:
    """Why there are no weights to load and what to do; permission for pickles is named only where there are some."""
    import huggingface_hub

    pickled = has_pickles(folder)
    if not pickled:
        with quiet():
            try:
                pickled = not set(PICKLES).isdisjoint(
                    file.removesuffix(".index.json") for file in huggingface_hub.list_repo_files(hub_id)
                )
            except Exception:  # noqa: BLE001  what a client without a network raises differs by its version
                return (
                    "the local cache holds no weights of it, and the hub could not be asked for them; check the "
                    "network, or give the folder of a saved model"
                )
    if not pickled:
        return "the hub has no weights of it for PyTorch; give a model that has safetensors weights"
    return (
        "the hub has no safetensors weights of it; pickled ones, which can run code, are not fetched unless you allow "
        f"them with {ALLOW_PICKLE}"
    )


def _unreachable(hub_id: str, reason: str) -> ModelInputError:
    return ModelInputError(
        f"{hub_id!r} is no folder here, and as a hub id it can't be opened: {reason}; check the name and the network, "
        "or give the folder of a saved model"
    )


def _from_folder(folder: Path, options: OpenOptions, *, name: str) -> OpenedModel:
    # torch comes with this import; naming the plugins should not wait for it.
    from modelaudit.subject.loading import load_adapter, load_folder

    if (folder / "adapter_config.json").is_file():
        opened = load_adapter(folder, options, name=name, base_folder=lambda base: _base_folder(base, folder, options))
        return replace(opened, base_folder=_folder_at_hand(opened.base_model or "", folder))
    base = card_base_model(folder)
    try:
        return replace(load_folder(folder, options, name=name, base_model=base), base_folder=_inside(folder, base))
    except ModelInputError as error:
        if isinstance(error.__cause__, ValueError):
            _check_architecture(folder, name=name)
        raise


def _check_architecture(folder: Path, *, name: str) -> None:
    """Raise ModelInputError where a folder can't be loaded because its kind of model is none that is known here."""
    import transformers

    kind = read_json(folder, "config.json", name=name).get("model_type")
    if isinstance(kind, str) and kind not in transformers.CONFIG_MAPPING:
        raise ModelInputError(
            f"{name}: its architecture {shown(kind)} is not known to the installed transformers "
            f"{transformers.__version__}; upgrade transformers if a newer one knows it. A model of modelaudit.testing "
            "is known only in Python, after import modelaudit.testing.planted"
        )


def _base_folder(base: str, adapter: Path, options: OpenOptions) -> Path:
    """The folder of an adapter's base model: beside the adapter, as a path, or from the hub."""
    at_hand = _folder_at_hand(base, adapter)
    if at_hand is not None:
        return at_hand
    if not _HUB_ID.fullmatch(base) or len(base) > LONGEST_HUB_ID:
        raise ModelInputError(
            f"{adapter.name}: the adapter's base model {shown(base)} is not here; put it there, or correct "
            "base_model_name_or_path in adapter_config.json"
        )
    return _downloaded(base, options)


def _folder_at_hand(base: str, adapter: Path) -> Path | None:
    places = (Path(os.path.expanduser(base)), adapter / base)  # noqa: PTH111  as above
    return next((folder for folder in places if is_folder(folder)), None)


def _inside(folder: Path, base: str | None) -> Path | None:
    """The folder of the base model that a model's card names, where it lies in the model's own."""
    if base is None:
        return None
    place = folder / base
    return place if is_folder(place) and folder.resolve() in place.resolve().parents else None


def _from_memory(source: Any, options: OpenOptions) -> OpenedModel | None:
    from transformers import PreTrainedModel

    if _comes_from(source, "transformers.pipelines"):
        processor = getattr(source, "image_processor", None) or getattr(source, "feature_extractor", None)
        options = replace(options, processor=processor or options.processor)
        source = (source.model, source.tokenizer)
    model, tokenizer = source if isinstance(source, tuple) and len(source) == 2 else (source, options.tokenizer)
    adapter = None
    if _comes_from(model, "peft"):
        model, adapter = _adapted(model)
    if not isinstance(model, PreTrainedModel):
        return None
    return OpenedModel(model=model, **_readers(model, tokenizer, options), name=type(model).__name__, adapter=adapter)


def _readers(model: PreTrainedModel, beside: Any, options: OpenOptions) -> dict[str, Any]:
    """The tokenizer of a model in memory or, of one that reads no text, its processor, and a tokenizer if it writes.

    `beside` is what was handed in with the model: of a model that reads no text its processor, or else its tokenizer.
    """
    from modelaudit.inference.families import IDS, reads, transcribes, translates
    from modelaudit.subject.processors import extractor_in, processor_of

    main = reads(model)
    if main == IDS:
        return {"tokenizer": _tokenizer(model, beside, options)}
    given = options.processor if options.processor is not None else beside
    inner = getattr(given, "tokenizer", None)
    tokenizer = inner if inner is not None else beside if extractor_in(beside) is None else options.tokenizer
    writes = transcribes(model) or translates(model)
    medium: Medium = "picture" if main == "pixel_values" else "sound"
    return {
        "tokenizer": _tokenizer(model, tokenizer, options) if writes else None,
        "processor": processor_of(given, options, name=type(model).__name__, medium=medium),
    }


def _comes_from(source: Any, package: str) -> bool:
    """Whether a class of the package is among the source's; without importing a package that may not be there."""
    return any(f"{base.__module__}.".startswith(f"{package}.") for base in type(source).__mro__)


def _adapted(model: Any) -> tuple[Any, str | None]:
    """A PeftModel's inner model, whose layers carry the adapter, and the adapter's name."""
    inner = getattr(model, "get_base_model", lambda: None)()
    settings = getattr(model, "active_peft_config", None)
    if inner is None or getattr(settings, "is_prompt_learning", False):
        raise ModelInputError(
            f"a {type(model).__name__} that works through prompts can't be audited; merge a LoRA adapter and hand in "
            "that"
        )
    return inner, str(getattr(settings, "peft_type", "PEFT")).rpartition(".")[2]


def _tokenizer(model: PreTrainedModel, tokenizer: Any, options: OpenOptions) -> Any:
    from modelaudit.subject.loading import load_tokenizer

    if tokenizer is None:
        raise ModelInputError(
            f"{type(model).__name__}: a model in memory needs its tokenizer; hand in (model, tokenizer), or name the "
            "tokenizer (tokenizer= in Python, --tokenizer)"
        )
    if isinstance(tokenizer, str | Path):
        return load_tokenizer(tokenizer, options, name=str(tokenizer))
    return tokenizer
