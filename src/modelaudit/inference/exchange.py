"""What crosses between this process and its workers: units one way, their outcome the other."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.forward import Forward
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.packing import Packing
from modelaudit.inference.units import Unit, Want

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Fault", "Findings", "Outcome", "Parcel", "Sheaf"]

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


class Findings(NamedTuple):
    """What the probe of this process found out about the model, and a worker is told with each unit.

    Attributes:
        packing: whether the packed encoder may be used; pruned, onnx: how it runs, see `Packing`.
        per_token: whether the model answers per token.
    """

    packing: bool
    pruned: bool
    onnx: bool
    per_token: bool

    @classmethod
    def of(cls, forward: Forward) -> Findings:
        """Return what this forward pass goes by."""
        packing = forward.packing
        if packing is None:
            return cls(packing=False, pruned=False, onnx=False, per_token=forward.per_token)
        return cls(packing=True, pruned=packing.pruned, onnx=packing.onnx, per_token=forward.per_token)

    def apply(self, forward: Forward, model: PreTrainedModel) -> None:
        """Let another forward pass go by the same."""
        forward.per_token = self.per_token
        if self.packing and Findings.of(forward) != self:
            forward.packing = None
            forward.packing = Packing(model, pruned=self.pruned, onnx=self.onnx)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A unit as it travels: all its rows in one array, since each array that is sent on its own costs as much as a row.

    Attributes:
        want, classes, slots, width, packed, half: as in the unit.
        lengths: int32 (n,); ids: int32 (sum of lengths,); type_ids, positions: likewise, or None.
        gathers, targets: the places asked for and the tokens at them, one array or None a row.
        values: (n, ...) what rows are that are no text; decoders: int32 (n, D) what decoders read; or None.
    """

    want: Want
    classes: tuple[int, ...]
    slots: int
    width: int
    packed: bool
    half: bool
    lengths: Integers
    ids: Integers
    type_ids: Integers | None
    positions: Integers | None
    gathers: tuple[Integers | None, ...] | None
    targets: tuple[Integers | None, ...] | None
    values: Floats | None
    decoders: Integers | None

    @classmethod
    def of(cls, unit: Unit) -> Parcel:
        """Return the unit without the places that its rows have in the call."""
        rows = unit.inputs
        types = [row.type_ids for row in rows if row.type_ids is not None]
        positions = [row.positions for row in rows if row.positions is not None]
        values = [row.values for row in rows if row.values is not None]
        decoders = [row.decoder for row in rows if row.decoder is not None]
        return cls(
            unit.want,
            unit.classes,
            unit.slots,
            unit.width,
            unit.packed,
            unit.half,
            lengths=np.array([len(row) for row in rows], np.int32),
            ids=np.concatenate([row.ids for row in rows]),
            # The rows of a unit are of one form.
            type_ids=np.concatenate(types) if types else None,
            positions=np.concatenate(positions) if positions else None,
            gathers=tuple(row.gather for row in rows) if any(row.gather is not None for row in rows) else None,
            targets=tuple(row.targets for row in rows) if any(row.targets is not None for row in rows) else None,
            values=np.stack(values) if values else None,
            decoders=np.stack(decoders) if decoders else None,
        )

    def unit(self) -> Unit:
        """Return the unit, its rows numbered from 0."""
        count, ends = len(self.lengths), np.cumsum(self.lengths)[:-1]
        types = [None] * count if self.type_ids is None else np.split(self.type_ids, ends)
        positions = [None] * count if self.positions is None else np.split(self.positions, ends)
        gathers, targets = self.gathers or (None,) * count, self.targets or (None,) * count
        values = [None] * count if self.values is None else list(self.values)
        decoders = [None] * count if self.decoders is None else list(self.decoders)
        rows = map(ModelInput, np.split(self.ids, ends), types, gathers, targets, positions, values, decoders)
        places = tuple(range(count))
        return Unit(self.want, places, tuple(rows), self.classes, self.slots, self.width, self.packed, self.half)


@dataclass(frozen=True, slots=True)
class Sheaf:
    """Answers as they travel: all in one array.

    Attributes:
        shapes: the shape of each answer; values: float32, all answers end to end.
    """

    shapes: tuple[tuple[int, ...], ...]
    values: Floats

    @classmethod
    def of(cls, answers: Sequence[Floats]) -> Sheaf:
        """Return the answers end to end."""
        return cls(tuple(answer.shape for answer in answers), np.concatenate([answer.ravel() for answer in answers]))

    def answers(self) -> list[Floats]:
        """Return the answers, each read-only and with memory of its own."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        found = []
        for piece, shape in zip(np.split(self.values, ends), self.shapes, strict=True):
            # A copy: the memo shall hold an answer and not its whole unit, nor a piece of shared memory.
            answer = piece.reshape(shape).copy()
            answer.flags.writeable = False
            found.append(answer)
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception that a unit raised in a worker; `error` is the exception as it was, where it can be sent."""

    error: Exception

    @classmethod
    def of(cls, error: Exception) -> Fault:
        """Return the exception with the worker's traceback as a note; one that can't be sent becomes a RuntimeError."""
        note = "In a worker:\n" + "".join(traceback.format_exception(error)).rstrip()
        try:
            copy = pickle.loads(pickle.dumps(error))
        except Exception:  # noqa: BLE001  an exception of the model's own may refuse in any way
            copy = None
        if type(copy) is not type(error):
            error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(note)
        # What led to it holds frames and tensors; the note says it in words.
        error.__cause__ = error.__context__ = None
        return cls(error.with_traceback(None))


Outcome = Sheaf | Fault | None
"""The answers of a unit, what it raised, or None where memory ran out."""
