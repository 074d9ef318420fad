"""Hiding: how a model can be shown a row without some of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Hiding
from modelaudit.errors import CapabilityError
from modelaudit.inference.masks import masked_inputs, shortened_inputs
from modelaudit.subject.encoding import Encoding, Segments

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.inference.inputs import ModelInput
    from modelaudit.subject.encoding import Encoder
    from modelaudit.subject.task import Task

Flags = NDArray[np.bool_]

LEFT_TO_RIGHT = frozenset({"text-generation"})
"""Tasks whose models read nothing but what stands before a place, so that a mask token is no word that they learnt."""


class Veil:
    """The ways in which one model's words can be hidden, and the variants that each way makes.

    Args:
        task, encoder, engine: those of the model. name: as messages call it.
    """

    def __init__(self, task: Task, encoder: Encoder, engine: Engine, *, name: str) -> None:
        self._encoder = encoder
        self._name = name
        self._language = task.name in LEFT_TO_RIGHT
        self.ways = _ways(task, encoder, engine)

    def variants(self, encoding: Encoding, segments: Segments, keep: Flags, hide: Hiding) -> list[ModelInput]:
        """Return one input for each variant of a row; "mask" stands for the first way where there is no mask token.

        Raises:
            CapabilityError: the model does not have this way.
        """
        way = self.ways[0] if hide == "mask" and self.ways else hide
        if way not in self.ways:
            has = f"it has {', '.join(self.ways)}" if self.ways else "it has no way to hide words"
            raise CapabilityError(f"{self._name} can't hide words by {hide!r}: {has}")
        base, players = encoding.input, segments.player_of_position
        if way in {"mask", "unknown"}:
            return masked_inputs(base, players, keep=keep, mask_id=self._stand_in(way))
        blank = self._encoder.start if self._language else self._encoder.blank
        return shortened_inputs(base, players, keep=keep, blank=blank, positions=way == "attention")

    def _stand_in(self, way: Hiding) -> int:
        tokenizer = self._encoder.tokenizer
        return int(tokenizer.mask_token_id if way == "mask" else tokenizer.unk_token_id)


def _ways(task: Task, encoder: Encoder, engine: Engine) -> tuple[Hiding, ...]:
    """Return the ways that a model has, the one to take by default first.

    A mask token says that a word is missing to a model that learnt it. Without one, nothing attends to the word, which
    stays in nobody's way; where positions can't be told, the word for unknown words or an edited row is all there is.
    """
    tokenizer = encoder.tokenizer
    moves = not task.per_word
    masks = tokenizer.mask_token_id is not None and task.name not in LEFT_TO_RIGHT
    # A token that also ends or fills texts says more than that a word is unknown.
    named = {name: token for name, token in tokenizer.special_tokens_map.items() if name != "unk_token"}
    spells = tokenizer.unk_token_id is not None and tokenizer.unk_token not in named.values()
    found: dict[Hiding, bool] = {
        "mask": masks,
        "attention": moves and not masks and engine.heeds_positions(longest=encoder.max_length),
        "unknown": spells,
        "delete": moves,
    }
    return tuple(way for way, there in found.items() if there)
