"""Forms: a row's prompt as it is or changed, with the answers that it lets its reader choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelaudit.drawing import content
from modelaudit.rows import Row
from modelaudit.text import row_rng
from modelaudit.text.perturbations.options import Prompt, Said, prompt_of, said_in
from modelaudit.text.perturbations.prompt_changes import PromptChange

SYSTEM = "system"
EMPTY_SYSTEM = PromptChange(
    "empty system message",
    "system message",
    "A system message that says nothing asks for nothing; where there is an empty one, it is left out.",
    lambda prompt, rng: None,
)
"""The one change that is made beside the prompt, in the turns of a chat."""


@dataclass(frozen=True, slots=True)
class Form:
    """A row with one form of its prompt.

    Attributes:
        row: the row with that prompt, without an answer.
        prompt: the prompt, taken apart.
        truth: which option is right, and how the right answer names it; None for a prompt without options, or where
            the answer is not known.
    """

    row: Row
    prompt: Prompt
    truth: Said | None

    @classmethod
    def of(cls, row: Row) -> Form:
        """Take a row's prompt apart; where its right answer names none of the options, these are not its answers."""
        prompt = prompt_of(row.text)
        truth = None if row.answer is None or not prompt.options else said_in(row.answer, prompt)
        if row.answer is not None and truth is None:
            prompt = Prompt(row.text)
        return cls(replace(row, answer=None), prompt, truth)

    @property
    def choices(self) -> list[Row]:
        """The row with each of its options as the answer, in the order of the prompt as it was read."""
        said = self.truth or Said(0, True, before=self._before())
        answers = [said.of(self.prompt, origin) for origin in range(len(self.prompt.options))]
        # Nothing is put between a prompt and its answer, and no model has read two spaces there.
        open_end = self.row.turns is None and self.prompt.text[-1:].isspace()
        return [replace(self.row, answer=answer.lstrip() if open_end else answer) for answer in answers]

    def changed(self, change: PromptChange, *, seed: int) -> Form | None:
        """Return the form under a change, None where it finds nothing to change; seed and content decide."""
        if change is EMPTY_SYSTEM:
            return self._with_empty_system()
        rng = row_rng(seed, change.name, change.version, 1, content(self.row))
        prompt = change.changed(self.prompt, rng)
        return None if prompt is None else replace(self, row=self.row.with_text(prompt.text), prompt=prompt)

    def _with_empty_system(self) -> Form | None:
        turns = self.row.turns
        if turns is None:
            return None
        first = turns[0] if turns else None
        if first is not None and first[0] == SYSTEM:
            return None if first[1].strip() else replace(self, row=replace(self.row, turns=turns[1:]))
        return replace(self, row=replace(self.row, turns=((SYSTEM, ""), *turns)))

    def _before(self) -> str:
        return "" if self.row.turns is not None or not self.prompt.text[-1:].isascii() else " "


def forms_of(rows: Sequence[Row]) -> list[Form]:
    """Take the prompts of rows apart."""
    return [Form.of(row) for row in rows]
