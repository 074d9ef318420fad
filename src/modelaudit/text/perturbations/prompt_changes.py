"""Changes of a prompt that carry no meaning: the order of its options, their markers, its frame, its white space."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import Tier, check_level
from modelaudit.text.perturbations.options import Kind, Marker, Prompt, prompt_of

Change = Callable[[Prompt, np.random.Generator], Prompt | None]

_DESCRIPTOR = re.compile(
    r"^(?:(?P<question>question|q|问题|问)|(?P<answer>answer|a|response|答案|答))(?:[ \t]*[:：]|[ \t]+-)[ \t]*\n?",
    re.IGNORECASE | re.MULTILINE,
)
_INSTRUCTION = re.compile(
    r"(?:^|(?<=[.!?:]\s)|(?<=\n))(answer|choose|classify|complete|compare|decide|describe|explain|find|give|identify|label"
    r"|list|name|pick|read|reply|return|rewrite|say|select|solve|state|summari[sz]e|tell|translate|write)\b(?!\s*[:：-])",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class PromptChange:
    """One change of prompts, made or left alone as a whole; it has what perturbations say of themselves.

    `change` returns None where it finds nothing to change.
    """

    name: str
    family: str
    label_rule: str
    change: Change
    version: int = 1
    tier: Tier = "L2"
    levels: tuple[int, ...] = (1,)
    languages: tuple[str, ...] = ("*",)
    tasks: tuple[str, ...] = ("text-generation",)

    def changed(self, prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
        """Return the prompt in its other form, None where that is the form it has."""
        new = self.change(prompt, rng)
        return None if new is None or new.text == prompt.text else new

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """Return the change as one edit of a whole text, for prompts whose right answer names no option."""
        check_level(self.name, level, self.levels)
        new = self.changed(prompt_of(document.text), rng)
        return [] if new is None else [Edit(0, len(document.text), new.text, self.name)]


def asks(prompt: Prompt) -> bool:
    """Whether a prompt asks for something, and is not just a text to be gone on with."""
    text = prompt.text
    return bool(prompt.options or "?" in text or "？" in text or _DESCRIPTOR.search(text) or _INSTRUCTION.search(text))


def _order(place: Callable[[int, np.random.Generator], list[int]]) -> Change:
    def change(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
        return prompt.reordered(place(len(prompt.options), rng)) if prompt.options else None

    return change


def _reversed(count: int, rng: np.random.Generator) -> list[int]:
    return list(range(count))[::-1]


def _rotated(count: int, rng: np.random.Generator) -> list[int]:
    return [*range(1, count), 0]


def _shuffled(count: int, rng: np.random.Generator) -> list[int]:
    order: list[int] = rng.permutation(count).tolist()
    return order


def _marked(kind: Kind, before: str, behind: str) -> Change:
    def change(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
        return replace(prompt, marker=Marker(kind, before, behind), space=" ") if prompt.options else None

    return change


def _in_lines(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    if not prompt.options:
        return None
    tail = prompt.tail if not prompt.tail or prompt.tail.startswith("\n") else "\n" + prompt.tail.lstrip()
    return replace(prompt, head=prompt.head.rstrip() + "\n", gaps=("\n",) * len(prompt.gaps), tail=tail)


def _in_a_row(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    if not prompt.options:
        return None
    return replace(prompt, head=prompt.head.rstrip() + " ", gaps=(" ",) * len(prompt.gaps))


def _framed(question: str, answer: str, chinese: tuple[str, str]) -> Change:
    """The words in front of questions and answers; where a prompt has none, they are put there."""

    def change(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
        if not asks(prompt):
            return None
        words = chinese if _HAN.search(prompt.text) else (question, answer)

        def worded(found: re.Match[str]) -> str:
            named = words[0] if found["question"] else words[1]
            # An answer that is still to come has nothing behind it.
            return named if found.end() < len(found.string) else named.rstrip()

        head, tail = (_DESCRIPTOR.sub(worded, part) for part in (prompt.head, prompt.tail))
        if (head, tail) != (prompt.head, prompt.tail):
            return replace(prompt, head=head, tail=tail)
        if _DESCRIPTOR.search(prompt.head) or _DESCRIPTOR.search(prompt.tail):
            return None
        if not prompt.options:
            return replace(prompt, head=f"{words[0]}{prompt.head.rstrip()}\n{words[1].rstrip()}")
        return replace(prompt, head=words[0] + prompt.head, tail=f"{prompt.tail.rstrip()}\n{words[1].rstrip()}")

    return change


def _capitals(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    return replace(prompt, head=_INSTRUCTION.sub(lambda found: found[0].upper(), prompt.head))


def _polite(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    if not asks(prompt):
        return None
    please = "请回答下面的问题。" if _HAN.search(prompt.text) else "Please answer the following."
    return replace(prompt, head=f"{please}\n{prompt.head}")


def _quoted(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    """A question of one line that stands alone, in quotation marks."""
    text = prompt.text.strip()
    if prompt.options or "\n" in text or not asks(prompt) or _DESCRIPTOR.search(text) or '"' in text:
        return None
    return Prompt(f'"{text}"')


def _behind(white: str) -> Change:
    def change(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
        if "\n" in white and not asks(prompt):
            # A text that is to be gone on with would go on in another paragraph.
            return None
        if prompt.options:
            return replace(prompt, tail=prompt.tail.rstrip() + white)
        return replace(prompt, head=prompt.head.rstrip() + white)

    return change


def _blank_lines(prompt: Prompt, rng: np.random.Generator) -> Prompt | None:
    """Single line breaks doubled, as between paragraphs."""
    head, tail = (re.sub(r"(?<!\n)\n(?!\n)", "\n\n", part) for part in (prompt.head, prompt.tail))
    return replace(prompt, head=head, tail=tail)


_ORDER = "The options are the same; only the places that they stand at are others."
_MARKS = "The options and their order are the same; only what marks them is another."
_LAYOUT = "The options, their order and their markers are the same; only line breaks are others."
_FRAME = "The question is the same; only the words that announce a question and an answer are others."
_STRESS = "The words are the same; the verb that instructs is stressed."
_SPACE = "No word changes; only white space does, which a reader does not see."

PROMPT_CHANGES = (
    PromptChange("options reversed", "option order", _ORDER, _order(_reversed)),
    PromptChange("options moved up by one", "option order", _ORDER, _order(_rotated)),
    PromptChange("options shuffled", "option order", _ORDER, _order(_shuffled)),
    PromptChange("letters with a bracket", "option markers", _MARKS, _marked("upper", "", ")")),
    PromptChange("small letters in brackets", "option markers", _MARKS, _marked("lower", "(", ")")),
    PromptChange("letters with a full stop", "option markers", _MARKS, _marked("upper", "", ".")),
    PromptChange("numbers with a full stop", "option markers", _MARKS, _marked("number", "", ".")),
    PromptChange("options in lines", "option layout", _LAYOUT, _in_lines),
    PromptChange("options in a row", "option layout", _LAYOUT, _in_a_row),
    PromptChange("framed by Question and Answer", "frame", _FRAME,
                 _framed("Question: ", "Answer: ", ("问题：", "答案："))),
    PromptChange("framed by Q and A", "frame", _FRAME, _framed("Q: ", "A: ", ("问：", "答："))),
    PromptChange("framed in capitals", "frame", _FRAME, _framed("QUESTION: ", "ANSWER: ", ("问题: ", "答案: "))),
    PromptChange("framed with dashes", "frame", _FRAME, _framed("Question - ", "Answer - ", ("问题 - ", "答案 - "))),
    PromptChange("framed with line breaks", "frame", _FRAME,
                 _framed("Question:\n", "Answer:\n", ("问题：\n", "答案：\n"))),
    PromptChange("instruction words in capitals", "tone", _STRESS,
                 _capitals, tier="L1"),
    PromptChange("a request in front", "tone", "Asking politely asks for the same thing.", _polite),
    PromptChange("question in quotation marks", "tone", "A question stays the same within quotation marks.", _quoted),
    PromptChange("a space behind", "white space", _SPACE, _behind(" "), tier="L0"),
    PromptChange("a line break behind", "white space", _SPACE, _behind("\n"), tier="L0"),
    PromptChange("blank lines between", "white space", _SPACE, _blank_lines, tier="L0"),
)  # fmt: skip
"""Every change of the package, in the order of a report."""
