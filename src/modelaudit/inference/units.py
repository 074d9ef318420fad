"""Units of work: rows that go through the model together, in shapes that change no bit of an answer.

Floating point sums depend on the shape of the product they are part of. Each row's answer is therefore computed in
shapes that were shown to give the same bits (`probe.py`): the full size always, smaller ones where the probe allows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from modelaudit.inference.inputs import ModelInput

__all__ = ["OF_STATES", "OF_TOKENS", "SLOTS_A_ROW", "Layout", "Question", "Unit", "Want"]

Want = Literal[
    "logits",
    "hidden",
    "states",
    "gradients",
    "log_probs",
    "next_tokens",
    "token_statistics",
    "generated",
    "ctc_log_prob",
]
Question = tuple[Want, bool]

OF_TOKENS: frozenset[Want] = frozenset({"log_probs", "next_tokens", "token_statistics"})
"""Questions to a language model on single tokens of its vocabulary."""

OF_STATES: frozenset[Want] = frozenset({"hidden", "states"})
"""Questions to the encoder: the mean of a row's last hidden states, or these at its gathered places."""

SLOTS_A_ROW = 8
"""Token slots of a packed unit for each place in its head; a pack of shorter rows is closed before it is full."""

SPLIT_SLOTS = 256
"""A half-filled pack of at least so many slots goes as two smaller ones; below, two take as long as one."""
FILLED = 0.75
"""Share of its slots from which on a pack goes as it is."""

SPREAD = 2
"""Rows of a pack, each as long as the longest of them, fill at most so many times its slots: attention may spread rows
out to one length, and a pack of one long row and many short ones would be nearly all padding there."""

GRADIENT_SLOTS = 256
"""Token slots of a unit that is asked for gradients; always full, since no smaller size was shown to hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Rows that go through the model together; all that a worker needs beside the model.

    Attributes:
        want: what is asked of the model.
        places: where the rows stand in the call; inputs, classes: the rows, and the class of each for gradients, or the
            most new tokens of each for what is generated.
        slots: token slots of the whole unit; width: rows that the head (packed) or the whole model (else) sees.
        packed: rows lie end to end without padding; otherwise all have one length and the unit is filled up with
            copies of its last row.
        half: the encoder runs in float16 (`half.py`).
    """

    want: Want
    places: tuple[int, ...]
    inputs: tuple[ModelInput, ...]
    classes: tuple[int, ...]
    slots: int
    width: int
    packed: bool
    half: bool = False

    @property
    def question(self) -> Question:
        """What is asked, and in which precision."""
        return self.want, self.half

    @property
    def tokens(self) -> int:
        """Real tokens in it."""
        return sum(map(len, self.inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows become units.

    Attributes:
        batch_tokens: token slots of a full unit.
        packed: the questions that the packed encoder answers.
        sizes: token slots that a packed unit may have, ascending; the last is `batch_tokens`.
        widths: rows that a unit of one length may have beside the full number, ascending, for the questions `widened`.
        single: one row a unit, for models that can't take more or whose rows are not independent.
        generated: rows of a unit that is asked to write, always as many: what is written token by token has other
            shapes than what is read at once, and no other number was shown to give the same bits.
        anywhere: tokens are asked for at any places of a row, as masked language models are; rows of one unit then have
            as many places, where otherwise these lie among as many of the last ones.
    """

    batch_tokens: int
    packed: frozenset[Want] = frozenset()
    sizes: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()
    widened: frozenset[Want] = frozenset()
    single: bool = False
    anywhere: bool = False
    generated: int = 1

    def units(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> Iterator[Unit]:
        """Yield units that hold every row once, the longest rows first, so that memory runs out early or not at all."""
        packable = _shaped_as(want) in self.packed
        order = sorted(range(len(inputs)), key=lambda place: (-inputs[place].slots, inputs[place].type_ids is None))
        alike: dict[tuple[int, Hashable, int], list[int]] = {}
        packs: dict[bool, list[int]] = {True: [], False: []}
        for place in order:
            item = inputs[place]
            plain = item.positions is not None or item.values is not None or item.decoder is not None
            if packable and not plain and len(item) <= self.batch_tokens:
                packs[item.type_ids is not None].append(place)
            else:
                asked = self._asked(item) if want in OF_TOKENS else classes[place] if want == "generated" else 0
                alike.setdefault((item.slots, item.form, asked), []).append(place)
        for (slots, _, _), places in alike.items():
            yield from self._plain(want, slots, places, inputs, classes)
        for places in packs.values():
            yield from self._packs(want, places, inputs, classes)

    def describe(self) -> str:
        """Return the rule in a few words, for the numerics of the report."""
        plain = "1 row" if self.single else "batch_tokens // length rows"
        rest = f", or {' '.join(map(str, self.widths))}" if self.widths else ""
        rule = f"{plain} of one exact length{rest}"
        if not self.packed:
            return rule
        return f"{', '.join(sorted(self.packed))} packed into {' '.join(map(str, self.sizes))} slots; else {rule}"

    def _asked(self, item: ModelInput) -> int:
        """Return how many places of a row the head sees."""
        if item.decoder is not None:
            return item.decoder.size
        if not self.anywhere:
            return item.tail
        return len(item) if item.gather is None else item.gather.size

    def _plain(
        self, want: Want, length: int, places: Sequence[int], inputs: Sequence[ModelInput], classes: Sequence[int]
    ) -> Iterator[Unit]:
        budget = min(self.batch_tokens, GRADIENT_SLOTS) if want == "gradients" else self.batch_tokens
        most = 1 if self.single else max(1, budget // length)
        if want == "generated":
            most = min(most, self.generated)
        widths = self.widths if _shaped_as(want) in self.widened else ()
        for start in range(0, len(places), most):
            chosen = places[start : start + most]
            width = next((width for width in widths if len(chosen) <= width < most), most)
            yield _unit(want, chosen, inputs, classes, slots=length * width, width=width, packed=False)

    def _packs(
        self, want: Want, places: Sequence[int], inputs: Sequence[ModelInput], classes: Sequence[int]
    ) -> Iterator[Unit]:
        chosen: list[int] = []
        tokens = 0
        for place in places:
            length = len(inputs[place])
            if (
                tokens + length > self.batch_tokens
                or len(chosen) == self.batch_tokens // SLOTS_A_ROW
                # The first is the longest.
                or (chosen and (len(chosen) + 1) * len(inputs[chosen[0]]) > SPREAD * self.batch_tokens)
            ):
                yield from self._shared_out(want, chosen, inputs, classes)
                chosen, tokens = [], 0
            chosen.append(place)
            tokens += length
        yield from self._shared_out(want, chosen, inputs, classes)

    def _shared_out(
        self, want: Want, places: Sequence[int], inputs: Sequence[ModelInput], classes: Sequence[int]
    ) -> Iterator[Unit]:
        """Yield rows that fit into one pack as one, or as smaller ones where it would be half empty."""
        while places:
            here = self._share(places, inputs)
            yield self._pack(want, places[:here], sum(len(inputs[place]) for place in places[:here]), inputs, classes)
            places = places[here:]

    def _share(self, places: Sequence[int], inputs: Sequence[ModelInput]) -> int:
        """Return how many of the last rows go into one pack: all, or what fills the next smaller size."""
        lengths = accumulate(len(inputs[place]) for place in places)
        needs = [max(tokens, SLOTS_A_ROW * rows) for rows, tokens in enumerate(lengths, start=1)]
        slots = self._slots(needs[-1])
        smaller = [size for size in self.sizes if size < slots]
        if not smaller or slots < SPLIT_SLOTS or needs[-1] >= FILLED * slots:
            return len(places)
        return bisect_right(needs, smaller[-1]) or len(places)

    def _slots(self, need: int) -> int:
        return next(size for size in self.sizes if size >= need)

    def _pack(
        self, want: Want, places: Sequence[int], tokens: int, inputs: Sequence[ModelInput], classes: Sequence[int]
    ) -> Unit:
        slots = self._slots(max(tokens, SLOTS_A_ROW * len(places)))
        return _unit(want, places, inputs, classes, slots=slots, width=slots // SLOTS_A_ROW, packed=True)


def _shaped_as(want: Want) -> Want:
    """Return the question whose shapes hold for this one: single states are what a row's mean is taken of."""
    return "hidden" if want in OF_STATES else want


def _unit(
    want: Want,
    places: Sequence[int],
    inputs: Sequence[ModelInput],
    classes: Sequence[int],
    *,
    slots: int,
    width: int,
    packed: bool,
) -> Unit:
    return Unit(
        want,
        tuple(places),
        tuple(inputs[place] for place in places),
        tuple(classes[place] for place in places),
        slots,
        width,
        packed,
    )
