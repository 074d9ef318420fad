"""What reads pictures and sounds for a model: processors of the kinds that checkpoints come with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import transformers


@dataclass(frozen=True, slots=True)
class Processing:
    """A processor of transformers by its class, with its settings.

    Attributes:
        name: the class of the image processor or feature extractor.
        joined: the class that joins it with the tokenizer, for speech that is written down.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    joined: str | None = None

    def made(self, tokenizer: Any) -> Any:
        """Return the processor; joined with the tokenizer where there is one."""
        reader = getattr(transformers, self.name)(**self.settings)
        if tokenizer is None or self.joined is None:
            return reader
        return getattr(transformers, self.joined)(reader, tokenizer)


def picture(name: str, **settings: Any) -> Processing:
    """Return an image processor for pictures of 32 pixels a side."""
    return Processing(name, {"size": {"height": 32, "width": 32}, "crop_size": {"height": 32, "width": 32}} | settings)
