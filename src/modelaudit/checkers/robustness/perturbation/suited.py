"""Which changes suit a task, and how many of them an audit can pay for."""

from __future__ import annotations

from collections.abc import Iterable

from modelaudit.audit_report import Preset
from modelaudit.text import Perturbation

_SHORTENING = {"end of the text dropped", "neutral text in front", "trailing whitespace"}
_ADDING = {
    "distractor sentences", "filler words", "greeting and closing", "social media noise", "final particle",
}  # fmt: skip
_WHOLE_TEXT = {
    "lower case", "upper case", "title case", "full-width digits and marks", "half-width digits and marks",
    "traditional characters", "simplified characters", "spaces between characters", "full-width letters made plain",
}  # fmt: skip
UNSUITED = {
    "question-answering": _SHORTENING,
    # What stands last in a prompt is what the answer goes on from.
    "text-generation": _SHORTENING | _ADDING | {"final punctuation added"},
    # What is added to a text to be translated or summed up has a place in the answer.
    "text2text-generation": _SHORTENING | _ADDING,
    # Where every word changes none is left to be recovered.
    "fill-mask": _SHORTENING | _ADDING | _WHOLE_TEXT,
}
"""Bundled changes by task whose label rule does not hold there, or that leave nothing to compare."""

_QUICK = {
    "letters swapped", "swapped characters", "lower case", "swapped case", "final punctuation dropped",
    "double spaces", "zero-width characters",
}  # fmt: skip
_STANDARD = _QUICK | {
    "neighbouring keys", "misspellings", "scanning errors", "upper case", "commas dropped", "quotes in the other form",
    "no-break spaces", "contractions", "number words", "form of numbers", "repeated letters", "homoglyphs",
    "sound-alike characters: same tone", "look-alike characters", "half-width digits and marks",
}  # fmt: skip
DEAR = ("text-generation", "text2text-generation", "fill-mask")
"""Tasks whose answer costs an evaluation a token."""


def suited(perturbations: Iterable[Perturbation], task: str, preset: Preset) -> list[Perturbation]:
    """Return the bundled changes that suit a task; fewer where answers are dear and the preset is not full."""
    left_out = UNSUITED.get(task, set())
    paid = {"quick": _QUICK, "standard": _STANDARD}.get(preset) if task in DEAR else None
    return [each for each in perturbations if each.name not in left_out and (paid is None or each.name in paid)]
