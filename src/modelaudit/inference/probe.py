"""The start-up probe: which shapes give a row the same bits, and does the packed encoder answer what the model answers?

Nothing here is promised for a machine that was not asked. Whether a product's rows depend on the number of rows
beside them is a matter of the kernels that this processor gets; the probe asks the audited model itself, and the
layout uses what was seen to hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError
from modelaudit.inference.families import IDS, reads
from modelaudit.inference.forward import Forward
from modelaudit.inference.half import Halved
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.onnx_encoder import Unexportable
from modelaudit.inference.packing import Packing, Unpackable
from modelaudit.inference.shapes import Runs, ask, holds_order, holds_places, holds_size, holds_width, same_everywhere
from modelaudit.inference.trial_rows import ROWS_A_LENGTH, judged_at, long_row, random_like, short_rows
from modelaudit.inference.units import OF_TOKENS, SLOTS_A_ROW, Layout, Want

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["AGREEMENT", "MISFITS", "Probe", "ask", "narrowed", "probe"]

Floats = NDArray[np.float32]

SHAPES = 2
"""Shapes of rows that are no text which are asked."""
WIDTHS = (4, 8, 16, 32, 64, 128)
WIDTHS_OF_VALUES = (1, 2, *WIDTHS)
"""Sounds are of many lengths, so that many of them stand alone; one of them is work enough for a unit."""
SIZES = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
AGREEMENT = 1e-4
"""Largest difference from the plain path, as a share of 1 + |answer|, with which the packed encoder is used."""

# What an architecture that is laid out in another way may raise when its encoder is handed packed rows.
MISFITS = (RuntimeError, TypeError, ValueError, AttributeError, KeyError, IndexError)


@dataclass(frozen=True, slots=True)
class Probe:
    """What the probe found.

    Attributes:
        layout: the layout to use from now on.
        identical: whether rows had the same bits in every place and company that the layout uses.
        difference: largest difference between packed and plain answers; None where rows are not packed.
        pruned: whether the last layer of the packed encoder runs for first tokens alone.
        onnx: whether ONNX Runtime runs the packed encoder.
        notes: sentences for the report.
    """

    layout: Layout
    identical: bool
    difference: float | None
    notes: tuple[str, ...]
    pruned: bool = False
    onnx: bool = False

    @property
    def sizes_hold(self) -> bool:
        """Whether units smaller than the full size may be used."""
        return self.layout.single or bool(self.layout.widths) or len(self.layout.sizes) > 1

    def describe(self) -> str:
        """Return the outcome in a few words, for the numerics of the report."""
        if not self.identical:
            return "one row a unit, rows are not independent"
        pruned = "; last layer for first tokens alone" if self.pruned else ""
        return f"bit-identical in every place and company{pruned}"


def probe(
    model: PreTrainedModel,
    forward: Forward,
    layout: Layout,
    *,
    onnx: bool = False,
    like: Sequence[ModelInput] = (),
) -> Probe:
    """Ask the model a few dozen short rows in many shapes, and return the layout that may be used.

    A packed encoder that disagrees with the plain path is dropped, with a note; so is ONNX Runtime, which runs the
    packed encoder where `onnx` is set. A model that reads no text is asked rows of the shapes of those it will read,
    `like` these; without any its rows go one by one.
    """
    layout = replace(layout, anywhere=forward.fills or forward.marks_spans)
    if reads(model) != IDS:
        return _of_values(forward, layout, like)
    found = _probed(model, forward, layout, onnx=onnx)
    return _with_tokens(found, forward, short_rows(model)) if forward.fills and not found.layout.single else found


def _probed(model: PreTrainedModel, forward: Forward, layout: Layout, *, onnx: bool) -> Probe:
    rows = short_rows(model)
    judges = forward.generates or forward.translates
    want: Want = "log_probs" if judges else "hidden" if forward.fills else "logits"
    try:
        plain = _by_length(forward, want, rows, layout, filled=False)
    except CapabilityError:
        want = "hidden"
        plain = _by_length(forward, want, rows, layout, filled=False)
    wants: tuple[Want, ...] = ("logits", "hidden") if want == "logits" else ("hidden",)
    # No architecture of a language model is packed.
    packed, difference, notes = None, None, list[str]()
    if want != "log_probs":
        packed, difference, notes = _packed(model, forward, wants, rows, plain, layout, onnx=onnx)
    if packed is not None:
        assert forward.packing is not None
        ways = {"pruned": forward.packing.pruned, "onnx": forward.packing.onnx}
        return Probe(packed, True, difference, tuple(notes), **ways)
    forward.packing = None
    if layout.single:
        return Probe(layout, True, None, (*notes, "Rows are asked one by one: the model has no padding token."))
    plain = _by_length(forward, want, rows, layout)
    if not holds_places(forward, want, rows, plain, layout):
        return Probe(replace(layout, single=True), False, None, tuple(notes))
    widths = tuple(width for width in WIDTHS if holds_width(forward, want, width, rows, plain, layout))
    return Probe(replace(layout, widths=widths, widened=_widened(forward, want)), True, None, tuple(notes))


def _answered(forward: Forward, layout: Layout, example: ModelInput) -> Want:
    """Return a question that a model has an answer to which reads no text."""
    judged = forward.translates and example.decoder is not None and example.targets is not None
    want: Want = "log_probs" if judged else "logits"
    try:
        ask(forward, replace(layout, single=True), want, [example])
    except CapabilityError:
        return "hidden"
    return want


def _widened(forward: Forward, want: Want) -> frozenset[Want]:
    """Return the questions that have the shapes of one."""
    if want in OF_TOKENS:
        return OF_TOKENS
    # How probable a span or a transcript is comes of the logits row by row.
    if want == "logits" and forward.transcribes:
        return frozenset({want, "ctc_log_prob"})
    return frozenset({want, "log_probs"}) if forward.marks_spans else frozenset({want})


def _of_values(forward: Forward, layout: Layout, like: Sequence[ModelInput]) -> Probe:
    """Return what holds for rows that are no text: random ones of the same shapes are asked in units of many widths."""
    examples = _shapes(layout, like)
    # Also of rows too large for company one is asked: what a processor makes may not be what the model takes.
    wants = [_answered(forward, layout, example) for example in (examples or like)[:1]]
    if not examples:
        return Probe(replace(layout, single=True), True, None, ())
    want = wants[0]
    widths = _widths_of(forward, want, replace(layout, packed=frozenset(), widths=()), examples, WIDTHS_OF_VALUES)
    if widths is None:
        return Probe(replace(layout, single=True), False, None, ())
    return Probe(replace(layout, widths=widths, widened=_widened(forward, want)), True, None, ())


def _shapes(layout: Layout, like: Sequence[ModelInput]) -> list[ModelInput]:
    """Return a row of each of a few shapes of which more than one row goes into a unit."""
    known = {(row.slots, row.form): row for row in like if 2 * row.slots <= layout.batch_tokens}
    return [known[key] for key in sorted(known, key=repr)[:SHAPES]]


def _widths_of(
    forward: Runs, want: Want, full: Layout, examples: Sequence[ModelInput], widths: Sequence[int]
) -> tuple[int, ...] | None:
    """Return those widths that give rows like the examples the bits of a full unit; None where its places differ."""
    held = list(widths)
    for example in examples:
        rows = random_like(example)
        plain = ask(forward, full, want, rows)
        if not same_everywhere(forward, want, full.batch_tokens // example.slots, rows, plain):
            return None
        held = [width for width in held if holds_width(forward, want, width, rows, plain, full)]
    return tuple(held)


def _with_tokens(found: Probe, forward: Forward, rows: Sequence[ModelInput]) -> Probe:
    """Return what was found, with the shapes in which the tokens of a masked language model keep their bits too."""
    layout = found.layout
    judged = [judged_at(row, place % len(row)) for place, row in enumerate(rows)]
    plain = _by_length(forward, "log_probs", judged, layout)
    if not holds_places(forward, "log_probs", judged, plain, layout):
        return replace(found, layout=replace(layout, single=True), identical=False)
    candidates = WIDTHS if layout.packed else layout.widths
    widths = (width for width in candidates if holds_width(forward, "log_probs", width, judged, plain, layout))
    return replace(found, layout=replace(layout, widths=tuple(widths), widened=layout.widened | OF_TOKENS))


def narrowed(
    model: PreTrainedModel, forward: Halved, layout: Layout, *, like: Sequence[ModelInput] = ()
) -> Layout | None:
    """Return the layout with those shapes alone in which a row keeps its bits in half precision too.

    None where rows of half precision depend on one another. What is asked is logits, the one thing that half
    precision answers; of a model that reads no text for rows of the shapes of `like`.

    Raises:
        CapabilityError: the model has no logits, or goes round its encoder.
        RuntimeError: whatever torch raises.
    """
    if layout.single:
        return layout
    if reads(model) != IDS:
        held = _widths_of(forward, "logits", replace(layout, widths=()), _shapes(layout, like), layout.widths)
        return None if held is None else replace(layout, widths=held)
    rows = short_rows(model)
    if "logits" not in layout.packed:
        plain = _by_length(forward, "logits", rows, layout)
        if not holds_places(forward, "logits", rows, plain, layout):
            return None
        widths = (width for width in layout.widths if holds_width(forward, "logits", width, rows, plain, layout))
        return replace(layout, widths=tuple(widths))
    full = layout.batch_tokens
    found = ask(forward, replace(layout, sizes=(full,)), "logits", rows)
    beside = long_row(model, rows, layout)
    if not holds_order(forward, replace(layout, sizes=(full,)), "logits", rows, found, beside=beside):
        return None
    sizes = (size for size in layout.sizes[:-1] if holds_size(forward, "logits", size, rows, found))
    return replace(layout, sizes=(*sizes, full))


def _packed(
    model: PreTrainedModel,
    forward: Forward,
    wants: tuple[Want, ...],
    rows: Sequence[ModelInput],
    plain: Sequence[Floats],
    layout: Layout,
    *,
    onnx: bool,
) -> tuple[Layout | None, float | None, list[str]]:
    """Return the packed layout, or None; the largest difference from the plain path; and notes.

    The ways to pack are tried from the fastest on, and the first that agrees is kept.
    """
    if layout.single or layout.batch_tokens < SLOTS_A_ROW * 4:
        return None, None, []
    per_row = wants[0] == "logits" and not forward.per_token
    ways = [(pruned, runtime) for runtime in (True, False) for pruned in (True, False)]
    notes: list[str] = []
    for pruned, runtime in ways:
        if pruned > per_row or runtime > onnx:
            continue
        found, difference, said = _packed_as(model, forward, wants, rows, plain, layout, pruned=pruned, onnx=runtime)
        if runtime and said:
            notes = [f"ONNX Runtime is not used. {said[0]}"]
        if found is not None:
            return found, difference, [] if runtime else notes
    return None, difference, said


def _packed_as(
    model: PreTrainedModel,
    forward: Forward,
    wants: tuple[Want, ...],
    rows: Sequence[ModelInput],
    plain: Sequence[Floats],
    layout: Layout,
    *,
    pruned: bool,
    onnx: bool,
) -> tuple[Layout | None, float | None, list[str]]:
    full = layout.batch_tokens
    try:
        _pack(model, forward, pruned=pruned, onnx=onnx)
        allowed = replace(layout, packed=frozenset(wants), sizes=(full,))
        found = ask(forward, allowed, wants[0], rows)
        difference, scale = _difference(found, plain)
        if not difference <= AGREEMENT * (1.0 + scale):
            return None, difference, [f"Rows are not packed: packed answers differ by up to {difference:.2g}."]
        if not holds_order(forward, allowed, wants[0], rows, found, beside=long_row(model, rows, layout)):
            return None, difference, ["Rows are not packed: their answers depend on their place in a pack."]
        sizes = [size for size in SIZES if size < full and holds_size(forward, wants[0], size, rows, found)]
        allowed = replace(allowed, sizes=(*sizes, full))
        # Where one question runs in ONNX Runtime and the next in torch, the shapes of the one say nothing of the other.
        apart = pruned and onnx
        beside = {want for want in wants[1:] if _agrees(model, forward, allowed, layout, want, rows, apart=apart)}
        return replace(allowed, packed=frozenset({wants[0], *beside})), difference, []
    except Unexportable as error:
        return None, None, [str(error)]
    except Unpackable:
        # A model of another layout is no finding: the numerics say in which shapes its rows were asked.
        return None, None, []
    except MISFITS as error:
        return None, None, [f"Rows are not packed: the encoder does not take them ({type(error).__name__})."]


def _pack(model: PreTrainedModel, forward: Forward, *, pruned: bool, onnx: bool) -> None:
    """Let the forward pass pack in this way; what it has already is not made again, or given up before it is."""
    before = forward.packing
    if before is None or (before.pruned, before.onnx) != (pruned, onnx):
        forward.packing = before = None
        forward.packing = Packing(model, pruned=pruned, onnx=onnx)


def _agrees(
    model: PreTrainedModel,
    forward: Forward,
    packed: Layout,
    layout: Layout,
    want: Want,
    rows: Sequence[ModelInput],
    *,
    apart: bool,
) -> bool:
    """Tell whether another question may be packed in the same shapes; `apart` says that it has kernels of its own."""
    full = replace(packed, sizes=packed.sizes[-1:])
    asked = rows if apart else rows[:: ROWS_A_LENGTH // 4]
    found = ask(forward, full, want, asked)
    difference, scale = _difference(found, _by_length(forward, want, asked, layout, filled=False))
    if not difference <= AGREEMENT * (1.0 + scale):
        return False
    return not apart or (
        holds_order(forward, full, want, asked, found, beside=long_row(model, rows, layout))
        and all(holds_size(forward, want, size, asked, found) for size in packed.sizes[:-1])
    )


def _difference(found: Sequence[Floats], expected: Sequence[Floats]) -> tuple[float, float]:
    """Return the largest difference, and the largest size of what was expected."""
    # A model whose answers overflow is refused elsewhere, with a sentence.
    with np.errstate(invalid="ignore"):
        differences = [float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True)]
    return max(differences), max(float(np.abs(b).max()) for b in expected)


def _by_length(
    forward: Runs, want: Want, rows: Sequence[ModelInput], layout: Layout, *, filled: bool = True
) -> list[Floats]:
    """Ask for rows in units of one length: full ones, or with less to compute as many rows as there are."""
    plain = replace(layout, packed=frozenset(), widths=())
    if filled:
        return ask(forward, plain, want, rows)
    answers: list[Floats] = []
    for _, alike in groupby(rows, key=len):
        few = list(alike)
        budget = min(layout.batch_tokens, few[0].slots * len(few))
        answers += ask(forward, replace(plain, batch_tokens=budget), want, few)
    return answers
