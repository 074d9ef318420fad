"""Processors: what makes pixel values of a picture, or features of a sound, found in what the user handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelaudit.errors import ModelInputError
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.task import Medium

__all__ = ["extractor_in", "processor_of"]

_PARTS = ("image_processor", "feature_extractor")


def extractor_in(source: Any) -> Any:
    """Return the image processor or feature extractor that an object is or holds, or None."""
    from transformers import FeatureExtractionMixin, ImageProcessingMixin

    found = (source, *(getattr(source, part, None) for part in _PARTS))
    return next((part for part in found if isinstance(part, FeatureExtractionMixin | ImageProcessingMixin)), None)


def processor_of(source: Any, options: OpenOptions, *, name: str, medium: Medium) -> Any:
    """Return the image processor or feature extractor of a folder or hub id, or in an object.

    Raises:
        ModelInputError: there is none, or it can't be loaded.
    """
    from modelaudit.subject.readers.loading import load_processor

    if isinstance(source, str | Path):
        return load_processor(source, options, name=name, medium=medium)
    found = extractor_in(source)
    if found is None:
        kind = "image processor" if medium == "picture" else "feature extractor"
        raise ModelInputError(
            f"{name}: the model reads no text, and without its {kind} nothing can be shown to it; hand in (model, "
            "processor), or name the processor (processor= in Python, --processor)"
        )
    return found
