"""Label names: what the classes of a model are called, also where its configuration names some of them alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_HEADS = tuple(
    re.compile(rf"(?:.*\.)?{end}\.weight")
    for end in (r"(?:classifier|classification_head)\.(?:out_proj|linear_out)", "(?:classifier|score|logits_proj)")
)
"""Names of the matrices that give a row its classes, those of heads with a layer more first."""


def class_names(model: PreTrainedModel) -> tuple[str, ...]:
    """Return a model's class names by index; a class that `id2label` does not name is called `LABEL_<index>`.

    Raises ModelInputError where two are equal, id2label names a class that the model does not have, or label2id gives
    one another index.
    """
    config = model.config
    known = _named(config)
    # The count of a configuration is that of its names: of a model with unnamed classes only its head knows.
    count = int(getattr(model, "num_labels", None) or config.num_labels)
    beyond = sorted(index for index in known if not 0 <= index < count)
    if beyond:
        raise ModelInputError(
            f"the model has {count} classes, but id2label names {', '.join(map(str, beyond[:5]))}, counted from 0; "
            "correct id2label in config.json"
        )
    names = tuple(known.get(index, _unnamed(index)) for index in range(count))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ModelInputError(f"the model's id2label gives the name {twice!r} to two classes; make the names differ")
    inverse = {str(label): str(index) for label, index in (config.label2id or {}).items()}
    crossed = next((name for index, name in known.items() if inverse.get(name, str(index)) != str(index)), None)
    if crossed is not None:
        raise ModelInputError(
            f"the model's id2label and label2id contradict each other: label2id gives {crossed!r} the index "
            f"{inverse[crossed]}, id2label another; correct the wrong one in config.json"
        )
    return names


def unnamed_classes(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that stand for a class without a name, where other classes of the model have one."""
    found = tuple(label for index, label in enumerate(labels) if label == _unnamed(index))
    return found if len(found) < len(labels) else ()


def unnamed_said(labels: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for the report where some classes of a model have no name; no sentence elsewhere."""
    found = unnamed_classes(labels)
    if not found:
        return ()
    listed = f"{', '.join(found[:5])}{' …' if len(found) > 5 else ''}"
    return (f"The model's id2label names {len(labels) - len(found)} of {len(labels)} classes; called here: {listed}.",)


def complete_names(config: Any, outputs: int | None) -> None:
    """Give each class of a configuration a name, so that the model is made with as many outputs as it was saved with.

    Args:
        config: the configuration; changed in place where names are missing.
        outputs: the outputs of the saved head; None where they are not known, which leaves the largest index named.
    """
    known = _named(config)
    count = max([outputs or 0, *(index + 1 for index in known)])
    # Names beyond the head stay, for the error that says so; a head of one more output than a negative index is none.
    if not known or min(known) < 0 or sorted(known) == list(range(count)):
        return
    config.id2label = {index: known.get(index, _unnamed(index)) for index in range(count)}
    config.label2id = {name: index for index, name in config.id2label.items()} | dict(config.label2id or {})


def saved_outputs(folder: Path) -> int | None:
    """Return how many outputs the classifying head of a folder's safetensors weights has, None where none is found."""
    shapes: dict[str, Sequence[int]] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        try:
            with safetensors.safe_open(file, framework="pt") as content:
                for key in content.keys():  # noqa: SIM118  it is no mapping
                    if any(head.fullmatch(key) for head in _HEADS):
                        shapes[key] = content.get_slice(key).get_shape()
        except (safetensors.SafetensorError, OSError):
            # Whoever loads the weights tells of it.
            return None
    return _outputs_in(shapes)


def _outputs_in(shapes: Mapping[str, Sequence[int]]) -> int | None:
    for head in _HEADS:
        sizes = {int(shape[0]) for key, shape in shapes.items() if head.fullmatch(key) and len(shape) == 2}
        if sizes:
            return sizes.pop() if len(sizes) == 1 else None
    return None


def _named(config: Any) -> dict[int, str]:
    """The names of a configuration by index; an empty one is none."""
    named = {int(index): str(label) for index, label in (config.id2label or {}).items() if label is not None}
    return {index: label for index, label in named.items() if label.strip()}


def _unnamed(index: int) -> str:
    return f"LABEL_{index}"
