"""Loading a saved model or adapter from its folder, after looking at what is in it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import safetensors

from modelaudit.errors import ModelInputError
from modelaudit.inference.families import IDS, reads, transcribes, translates
from modelaudit.subject.folder import check_code, find_weights, has_processor, has_tokenizer, read_json
from modelaudit.subject.label_names import complete_names, saved_outputs
from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.processors import processor_of
from modelaudit.subject.quiet import quiet
from modelaudit.subject.task import Medium, Task
from modelaudit.subject.tasks import TASKS, main_input, task_named, unknown_head
from modelaudit.subject.unused import unused_weights

HEADS = ("classifier", "score", "logits_proj", "pre_classifier", "qa_outputs", "classification_head")
PEFT = 'pip install "modelaudit-core[peft]"'


def load_folder(folder: Path, options: OpenOptions, *, name: str, base_model: str | None = None) -> OpenedModel:
    """Return the model saved in a folder; `options.headless` takes a model of any head as an encoder.

    Raises ModelInputError for a folder without weights, pickled weights or code that are not allowed, a head of no
    known task, weights that lack a part of the model, or a tokenizer that is missing.
    """
    config = read_json(folder, "config.json", name=name)
    task = _task_of_config(config)
    if options.headless and task is not None and task.masks:
        # An encoder is what a base model of this kind is asked for, and a checkpoint may lack the head.
        task = None
    if task is None and not options.headless:
        architectures = _architectures(config)
        if architectures:
            raise unknown_head(architectures[0])
        raise ModelInputError(
            f"{name}: config.json names no architecture, so the task is not known; save the model with save_pretrained "
            "from its class (such as ...ForSequenceClassification or ...ForTokenClassification)"
        )
    code = check_code(folder, options, name=name)
    weights = find_weights(folder, options, name=name)
    model = _load(folder, task, options, name=name, pickled=weights.pickled)
    return OpenedModel(
        model=model,
        **_readers_of(model, folder, options, name=name),
        name=name,
        base_model=base_model,
        remote_code=code,
        pickled_weights=weights.pickled,
    )


def load_adapter(folder: Path, options: OpenOptions, *, name: str, base_folder: Callable[[str], Path]) -> OpenedModel:
    """Return a PEFT adapter's base model with the adapter merged into its weights.

    `base_folder` finds the folder of the base model that `adapter_config.json` names.
    """
    try:
        import peft
    except ImportError as error:
        raise ModelInputError(f"{name}: this is a PEFT adapter, which needs another package; run {PEFT}") from error
    settings = read_json(folder, "adapter_config.json", name=name)
    weights = find_weights(folder, options, name=name, stem="adapter_model")
    base = settings.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise ModelInputError(
            f"{name}: adapter_config.json names no base model; set base_model_name_or_path to its hub id or folder"
        )
    place = base_folder(base)
    config = read_json(place, "config.json", name=base)
    code = check_code(place, options, name=base)
    base_weights = find_weights(place, options, name=base)
    shapes = {} if weights.pickled else _shapes(folder / "adapter_model.safetensors", name=name)
    task = _task_of_adapter(settings, config, shapes)
    if task is None or (task.masks and any(map(_is_head, shapes))):
        raise ModelInputError(
            f"{name}: the adapter's task_type {settings.get('task_type')!r} can't be audited; what works now is "
            f"{', '.join(dict.fromkeys(known.peft_type for known in TASKS if known.peft_type))}"
        )
    model = _load(place, task, options, name=base, pickled=base_weights.pickled, own_head=shapes, labels_from=folder)
    with quiet():
        try:
            adapted = peft.PeftModel.from_pretrained(model, str(folder))
            merged = adapted.merge_and_unload() if hasattr(adapted.base_model, "merge_and_unload") else None
        except LOAD_ERRORS as error:
            raise _not_loaded(name, error) from error
    if merged is None:
        raise ModelInputError(
            f"{name}: a {settings.get('peft_type')} adapter can't be merged into its base model; LoRA and its kin can"
        )
    readers = _readers_of(merged, folder if has_tokenizer(folder) else place, options, name=name, base=place)
    return OpenedModel(
        model=merged.eval(),
        **readers,
        name=name,
        base_model=base,
        adapter=name,
        remote_code=code,
        pickled_weights=weights.pickled or base_weights.pickled,
    )


def _readers_of(
    model: Any, folder: Path, options: OpenOptions, *, name: str, base: Path | None = None
) -> dict[str, Any]:
    """The tokenizer of a model that reads text, else its processor, and a tokenizer where it writes.

    An adapter's processor may lie in its own folder or in its base model's.
    """
    main = reads(model)
    if main == IDS:
        return {"tokenizer": _tokenizer_of(folder, options, name=name)}
    medium: Medium = "picture" if main == "pixel_values" else "sound"
    place = folder if base is None or has_processor(folder) else base
    writes = transcribes(model) or translates(model)
    return {
        "tokenizer": _tokenizer_of(folder, options, name=name) if writes else None,
        "processor": processor_of(options.processor or place, options, name=name, medium=medium),
    }


def load_tokenizer(source: str | Path, options: OpenOptions, *, name: str) -> Any:
    """Return the tokenizer of a folder or hub id; raise ModelInputError where it can't be loaded."""
    import transformers

    with quiet():
        try:
            return transformers.AutoTokenizer.from_pretrained(str(source), trust_remote_code=options.trust_remote_code)
        except Exception as error:
            # The tokenizers library raises a bare Exception for a file that it can't read.
            if type(error) is not Exception and not isinstance(error, LOAD_ERRORS):
                raise
            raise ModelInputError(
                f"{name}: the tokenizer can't be loaded ({_brief(error)}); save the model's own tokenizer beside it"
            ) from error


def _tokenizer_of(folder: Path, options: OpenOptions, *, name: str) -> Any:
    if options.tokenizer is not None:
        named = isinstance(options.tokenizer, str | Path)
        return load_tokenizer(options.tokenizer, options, name=name) if named else options.tokenizer
    if not has_tokenizer(folder):
        # The tokenizer of an audit's base model can't be named.
        nameable = options.to_train or not options.headless
        raise ModelInputError(
            f"{name}: the folder has no tokenizer; save it there (tokenizer.save_pretrained)"
            f"{', or name one (tokenizer= in Python, --tokenizer)' if nameable else ''}"
        )
    return load_tokenizer(folder, options, name=name)


def _task_of_config(config: dict[str, Any]) -> Task | None:
    return next((task for task in map(task_named, _architectures(config)) if task is not None), None)


def _task_of_adapter(
    settings: dict[str, Any], config: dict[str, Any], shapes: dict[str, tuple[int, ...]]
) -> Task | None:
    """The task that an adapter names, where its base model reads what that takes; else that of the base model's head.

    PEFT has no names for tasks of pictures and sounds. There a classifier that the adapter brings tells the task, or
    the labels of a transcript.
    """
    able = [task for task in TASKS if main_input(next(iter(_architectures(config)), "")) in task.reads]
    named = settings.get("task_type") or None
    task = next((known for known in able if known.peft_type == named), None) or _task_of_config(config)
    if task is not None:
        return task
    parts = {part for key in shapes if "lora_" not in key for part in key.split(".")}
    heads = {"classifier": ("ForImageClassification", "ForAudioClassification"), "lm_head": ("ForCTC",)}
    endings = {ending for head, brought in heads.items() if head in parts for ending in brought}
    return next((known for known in able if known.medium != "text" and endings & set(known.suffixes)), None)


def _architectures(config: dict[str, Any]) -> list[str]:
    names = config.get("architectures")
    return [str(name) for name in names] if isinstance(names, list) else []


def _load(
    folder: Path,
    task: Task | None,
    options: OpenOptions,
    *,
    name: str,
    pickled: bool,
    own_head: dict[str, tuple[int, ...]] | None = None,
    labels_from: Path | None = None,
) -> Any:
    """The model of a folder, in float32; `own_head` are tensors that an adapter brings, by name."""
    import torch
    import transformers

    auto = getattr(transformers, task.auto_class) if task else _headless_class(folder, name=name)
    with quiet(), nullcontext() if options.to_train else torch.random.fork_rng(devices=[]):
        if not options.to_train:
            # What a checkpoint lacks of an encoder, as a pooler that nobody asks, is drawn: the same each time. The
            # generators of cards are left alone, since nobody would put them back.
            torch.default_generator.manual_seed(0)
        try:
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=options.trust_remote_code)
            _set_labels(config, own_head or {}, labels_from)
            complete_names(config, saved_outputs(folder) if labels_from is None else None)
            model, info = auto.from_pretrained(
                folder,
                config=config,
                torch_dtype=torch.float32,
                use_safetensors=not pickled,
                trust_remote_code=options.trust_remote_code,
                output_loading_info=True,
            )
        except LOAD_ERRORS as error:
            raise _not_loaded(name, error) from error
    missing = sorted(key for key in info["missing_keys"] if not _brought(key, own_head or {}))
    if task is not None and missing:
        raise ModelInputError(
            f"{name}: the weights lack {', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}, which would "
            "be random; audit the fine-tuned model, saved with its head"
        )
    unused = unused_weights(info["unexpected_keys"], adapted=labels_from is not None) if task is not None else []
    if unused:
        raise ModelInputError(
            f"{name}: the weights hold {', '.join(unused[:3])}{' and more' if len(unused) > 3 else ''}, for which "
            "config.json has no place, so another model than the trained one would be audited; correct config.json, "
            "or save the model again from its class"
        )
    return model.eval()


def _headless_class(folder: Path, *, name: str) -> Any:
    """The class of a model without a head; the encoder that was saved of a T5 gets no decoder."""
    import transformers

    named = next(iter(_architectures(read_json(folder, "config.json", name=name))), "")
    known = getattr(transformers, named, None) if named.endswith("EncoderModel") else None
    return known or transformers.AutoModel


def _set_labels(config: Any, own_head: dict[str, tuple[int, ...]], labels_from: Path | None) -> None:
    """Give a base model's configuration the classes of an adapter: named beside it, or counted in its head."""
    if labels_from is None:
        return
    beside = (labels_from / "config.json").is_file()
    names = read_json(labels_from, "config.json", name=labels_from.name).get("id2label") if beside else None
    if isinstance(names, dict) and names:
        config.id2label = {int(index): str(label) for index, label in names.items()}
        config.label2id = {label: index for index, label in config.id2label.items()}
        return
    matrices = [shape for key, shape in own_head.items() if _is_head(key) and key.endswith(".weight")]
    sizes = [shape[0] for shape in matrices if len(shape) == 2]
    if sizes and sizes[-1] != config.num_labels:
        config.num_labels = sizes[-1]


def _is_head(key: str) -> bool:
    return any(part in HEADS for part in key.split(".")) and "lora_" not in key


def _brought(key: str, own_head: dict[str, tuple[int, ...]]) -> bool:
    """Whether an adapter brings a tensor that the base model's weights lack."""
    return any("lora_" not in own and (own.endswith(key) or key in own) for own in own_head)


def _shapes(file: Path, *, name: str) -> dict[str, tuple[int, ...]]:
    try:
        with safetensors.safe_open(file, framework="pt") as content:
            return {key: tuple(content.get_slice(key).get_shape()) for key in sorted(content.keys())}
    except (safetensors.SafetensorError, OSError) as error:
        raise _not_loaded(name, error) from error


def _not_loaded(name: str, error: Exception) -> ModelInputError:
    return ModelInputError(
        f"{name}: the model can't be loaded ({_brief(error)}); save it again, or copy the whole folder"
    )


def _brief(error: Exception) -> str:
    """The first line of an error, short enough for one sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(" .;:")


LOAD_ERRORS = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    pickle.UnpicklingError,
    safetensors.SafetensorError,
)
