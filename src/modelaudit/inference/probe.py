"""The start-up probe: which shapes give a row the same bits, and does the packed encoder answer what the model answers?

Nothing here is promised for a machine that was not asked. Whether a product's rows depend on the number of rows
beside them is a matter of the kernels that this processor gets; the probe asks the audited model itself, and the
layout uses what was seen to hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError
from modelaudit.inference.families import IDS, reads
from modelaudit.inference.forward import Forward
from modelaudit.inference.half import Halved
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.onnx_encoder import Unexportable
from modelaudit.inference.packing import Packing, Unpackable
from modelaudit.inference.trial_rows import ROWS_A_LENGTH, judged_at, long_row, random_like, short_rows
from modelaudit.inference.units import OF_TOKENS, SLOTS_A_ROW, Layout, Unit, Want

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["AGREEMENT", "MISFITS", "Probe", "ask", "narrowed", "probe"]

Floats = NDArray[np.float32]

SHAPES = 2
"""Shapes of rows that are no text which are asked."""
WIDTHS = (4, 8, 16, 32, 64, 128)
SIZES = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
AGREEMENT = 1e-4
"""Largest difference from the plain path, as a share of 1 + |answer|, with which the packed encoder is used."""

# What an architecture that is laid out in another way may raise when its encoder is handed packed rows.
MISFITS = (RuntimeError, TypeError, ValueError, AttributeError, KeyError, IndexError)


class _Runs(Protocol):
    def run(self, unit: Unit) -> list[Floats]: ...


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
    backwards = _by_length(forward, want, rows[::-1], layout)[::-1]
    if not _same(plain, backwards):
        return Probe(replace(layout, single=True), False, None, tuple(notes))
    widths = tuple(width for width in WIDTHS if _holds_width(forward, want, width, rows, plain, layout))
    return Probe(replace(layout, widths=widths, widened=_widened(forward, want)), True, None, tuple(notes))


def _answered(forward: Forward, layout: Layout, example: ModelInput) -> Want:
    """Return a question that a model has an answer to which reads no text."""
    if forward.translates and example.decoder is not None and example.targets is not None:
        return "log_probs"
    try:
        ask(forward, replace(layout, single=True), "logits", [example])
    except CapabilityError:
        return "hidden"
    return "logits"


def _widened(forward: Forward, want: Want) -> frozenset[Want]:
    """Return the questions that have the shapes of one."""
    if want in OF_TOKENS:
        return OF_TOKENS
    # How probable a span is comes of the logits row by row.
    return frozenset({want, "log_probs"}) if forward.marks_spans else frozenset({want})


def _of_values(forward: Forward, layout: Layout, like: Sequence[ModelInput]) -> Probe:
    """Return what holds for rows that are no text: random ones of the same shapes are asked in units of many widths."""
    known = {(row.slots, row.form): row for row in like if 2 * row.slots <= layout.batch_tokens}
    examples = [known[key] for key in sorted(known, key=repr)[:SHAPES]]
    if not examples:
        return Probe(replace(layout, single=True), True, None, ())
    want = _answered(forward, layout, examples[0])
    full = replace(layout, packed=frozenset(), widths=())
    widths = set(WIDTHS)
    for example in examples:
        rows = random_like(example)
        plain = ask(forward, full, want, rows)
        if not _same(plain, ask(forward, full, want, rows[::-1])[::-1]):
            return Probe(replace(layout, single=True), False, None, ())
        widths &= {width for width in widths if _holds_width(forward, want, width, rows, plain, layout)}
    held = replace(layout, widths=tuple(sorted(widths)), widened=_widened(forward, want))
    return Probe(held, True, None, ())


def _with_tokens(found: Probe, forward: Forward, rows: Sequence[ModelInput]) -> Probe:
    """Return what was found, with the shapes in which the tokens of a masked language model keep their bits too."""
    layout = found.layout
    judged = [judged_at(row, place % len(row)) for place, row in enumerate(rows)]
    plain = _by_length(forward, "log_probs", judged, layout)
    if not _same(plain, _by_length(forward, "log_probs", judged[::-1], layout)[::-1]):
        return replace(found, layout=replace(layout, single=True), identical=False)
    candidates = WIDTHS if layout.packed else layout.widths
    widths = (width for width in candidates if _holds_width(forward, "log_probs", width, judged, plain, layout))
    return replace(found, layout=replace(layout, widths=tuple(widths), widened=layout.widened | OF_TOKENS))


def narrowed(model: PreTrainedModel, forward: Halved, layout: Layout) -> Layout | None:
    """Return the layout with those shapes alone in which a row keeps its bits in half precision too.

    None where rows of half precision depend on one another. What is asked is logits, the one thing that half
    precision answers.

    Raises:
        CapabilityError: the model has no logits, or goes round its encoder.
        RuntimeError: whatever torch raises.
    """
    if layout.single:
        return layout
    rows = short_rows(model)
    if "logits" not in layout.packed:
        plain = _by_length(forward, "logits", rows, layout)
        if not _same(plain, _by_length(forward, "logits", rows[::-1], layout)[::-1]):
            return None
        widths = (width for width in layout.widths if _holds_width(forward, "logits", width, rows, plain, layout))
        return replace(layout, widths=tuple(widths))
    full = layout.batch_tokens
    found = ask(forward, replace(layout, sizes=(full,)), "logits", rows)
    beside = long_row(model, rows, layout)
    if not _holds_order(forward, replace(layout, sizes=(full,)), "logits", rows, found, beside=beside):
        return None
    sizes = (size for size in layout.sizes[:-1] if _holds_size(forward, "logits", size, rows, found))
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
        if not _holds_order(forward, allowed, wants[0], rows, found, beside=long_row(model, rows, layout)):
            return None, difference, ["Rows are not packed: their answers depend on their place in a pack."]
        sizes = [size for size in SIZES if size < full and _holds_size(forward, wants[0], size, rows, found)]
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
        _holds_order(forward, full, want, asked, found, beside=long_row(model, rows, layout))
        and all(_holds_size(forward, want, size, asked, found) for size in packed.sizes[:-1])
    )


def _difference(found: Sequence[Floats], expected: Sequence[Floats]) -> tuple[float, float]:
    """Return the largest difference, and the largest size of what was expected."""
    # A model whose answers overflow is refused elsewhere, with a sentence.
    with np.errstate(invalid="ignore"):
        differences = [float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True)]
    return max(differences), max(float(np.abs(b).max()) for b in expected)


def _by_length(
    forward: _Runs, want: Want, rows: Sequence[ModelInput], layout: Layout, *, filled: bool = True
) -> list[Floats]:
    """Ask for rows in units of one length: full ones, or with less to compute as many rows as there are."""
    plain = replace(layout, packed=frozenset(), widths=())
    if filled:
        return ask(forward, plain, want, rows)
    answers: list[Floats] = []
    for _, same in groupby(rows, key=len):
        few = list(same)
        budget = min(layout.batch_tokens, few[0].slots * len(few))
        answers += ask(forward, replace(plain, batch_tokens=budget), want, few)
    return answers


def ask(forward: _Runs, layout: Layout, want: Want, rows: Sequence[ModelInput]) -> list[Floats]:
    """Return the answers to rows that go through the model in this layout, one unit after the other."""
    answers: dict[int, Floats] = {}
    for unit in layout.units(want, rows, [0] * len(rows)):
        answers.update(zip(unit.places, forward.run(unit), strict=True))
    return [answers[place] for place in range(len(rows))]


def _holds_order(
    forward: _Runs,
    layout: Layout,
    want: Want,
    rows: Sequence[ModelInput],
    expected: Sequence[Floats],
    *,
    beside: ModelInput,
) -> bool:
    """Tell whether the rows have the same bits in another order, and so in another place of their pack.

    `beside` is a long row among them: nothing may depend on how long the longest is.
    """
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = ask(forward, layout, want, [*(rows[place] for place in order), beside])[:-1]
    return _same([expected[place] for place in order], shuffled)


def _holds_size(forward: _Runs, want: Want, size: int, rows: Sequence[ModelInput], expected: Sequence[Floats]) -> bool:
    """Tell whether a pack of `size` slots gives the bits that full packs gave."""
    places: list[int] = []
    for place in np.random.default_rng(size).permutation(len(rows)):
        used = sum(len(rows[i]) for i in places)
        if used + len(rows[place]) <= size and len(places) < size // SLOTS_A_ROW:
            places.append(int(place))
    unit = Unit(
        want, tuple(places), tuple(rows[i] for i in places), (0,) * len(places), size, size // SLOTS_A_ROW, True
    )
    return _same([expected[place] for place in places], forward.run(unit))


def _holds_width(
    forward: _Runs, want: Want, width: int, rows: Sequence[ModelInput], expected: Sequence[Floats], layout: Layout
) -> bool:
    """Tell whether units of so many rows give the bits that units of the full number gave, at every length."""
    for start in range(0, len(rows), ROWS_A_LENGTH):
        slots = rows[start].slots
        if layout.batch_tokens // slots <= width:
            continue
        places = range(start, min(len(rows), start + min(width, ROWS_A_LENGTH)))
        unit = Unit(
            want, tuple(places), tuple(rows[i] for i in places), (0,) * len(places), slots * width, width, False
        )
        if not _same([expected[place] for place in places], forward.run(unit)):
            return False
    return True


def _same(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
