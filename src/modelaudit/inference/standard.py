"""Standard numerics: float16 under a certificate, where the device is faster at it and the model allows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.inference.executor import Executor
from modelaudit.inference.forward import Forward, is_out_of_memory
from modelaudit.inference.half import Halved
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.precision import Certificate, RescoringExecutor, certify, compared
from modelaudit.inference.probe import Probe, ask, narrowed
from modelaudit.inference.units import Layout

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["NUMERICS", "Standard"]

NUMERICS = ("auto", "strict", "standard")

# What a model that was never meant for half precision may raise in it.
_MISFITS = (CapabilityError, RuntimeError, TypeError, ValueError, AttributeError, KeyError, IndexError)


class Standard:
    """Whether one engine answers in half precision, and what was found when that was decided.

    Until rows are given to compare, and wherever half precision does not pass, all is float32.

    Args:
        wanted: "strict", float32 throughout; "standard", half precision where the device has it; "auto", the same.
        on: the kinds of device that are faster in float16. A processor is not: there it is for tests.

    Attributes:
        certificate: of the half precision in use; None while all is float32.
        rows: what the two precisions are compared on.

    Raises:
        ModelInputError: `wanted` is none of these.
    """

    def __init__(self, wanted: str = "auto", *, on: Collection[str] = ("cuda",)) -> None:
        if wanted not in NUMERICS:
            raise ModelInputError(f"numerics={wanted!r} is not known; use {', '.join(NUMERICS)}")
        self.certificate: Certificate | None = None
        self.rows: tuple[ModelInput, ...] = ()
        self._wanted = wanted
        self._full = ""
        self._on = on

    def on(self, device: str) -> bool:
        """Tell whether half precision is to be tried on this device."""
        return self._wanted != "strict" and device.split(":")[0] in self._on

    def refusal(self, device: str) -> list[str]:
        """Return a sentence where standard numerics were asked for by name on a device that is slower in float16."""
        if self._wanted != "standard" or self.on(device):
            return []
        return [f"Standard numerics were asked for and strict ones used: on {device!r} float16 is slower than float32."]

    def compare_on(self, rows: Sequence[ModelInput]) -> None:
        """Take these rows, or 256 spread over them, to compare the precisions on; equal rows count once."""
        self.rows = tuple(compared(rows))

    def settled(self, found: Probe, model: PreTrainedModel, forward: Forward, device: str) -> Probe:
        """Return what the probe found with the shapes and notes of both precisions, and decide which is used.

        Raises:
            RuntimeError: memory ran out.
        """
        self.certificate = None
        if not self.rows or not self.on(device):
            return found
        halved = Halved(forward)
        try:
            layout = narrowed(model, halved, found.layout, like=self.rows)
            if layout is None:
                return _noted(found, "float16 is not used: in it a row's answer depends on the rows beside it.")
            rows = self.rows
            certificate = certify(ask(halved, layout, "logits", rows), ask(forward, layout, "logits", rows))
        except _MISFITS as error:
            if isinstance(error, RuntimeError) and is_out_of_memory(error):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return _noted(found, f"float16 is not used: the model does not run in it ({reason:.200}).")
        if not certificate.holds:
            return _noted(found, certificate.describe())
        self.certificate = certificate
        self._full = "states, gradients" if forward.headless else "head, states, gradients"
        return replace(found, layout=layout)

    def over(self, inner: Executor, layout: Layout) -> Executor:
        """Return what runs units in the precision that was decided on."""
        if self.certificate is None:
            return inner
        return RescoringExecutor(inner, layout, within=self.certificate.rescored_within)

    def describe(self) -> dict[str, str]:
        """Return what half precision adds to the numerics of the report."""
        if self.certificate is None:
            return {}
        within = f"{self.certificate.rescored_within:.2g}"
        return {
            "dtype": f"float16, decisions within {within} of the boundary in float32; {self._full} float32",
            "certificate": self.certificate.describe(),
        }


def _noted(found: Probe, note: str) -> Probe:
    return replace(found, notes=(*found.notes, note))
