"""The control: the row with words changed that speak of no group."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.checkers.bias.source import Source
from modelaudit.text import Edit, Language

CONTROL = "control"
"""The arm's group."""


def neutral_control(
    source: Source,
    language: Language,
    swapped: Sequence[Edit],
    labels: Sequence[str],
    *,
    taken: Sequence[Edit] = (),
) -> tuple[Edit, ...]:
    """Return neutral edits, with those taken already as many as were swapped, outside of these and of entities.

    Where a language model is judged by what follows, nothing behind the last swapped word is changed, and nothing of a
    text to be written.
    """
    document, spans = source.document, source.document.words or ()
    barred = [
        *((edit.start, edit.end) for edit in (*taken, *swapped)),
        *(spans[word] for word in source.entity_words(labels)),
    ]
    barred += [(part.start, part.end) for part in source.parts if part.of == "answer"]
    if source.continues:
        barred.append((max(edit.end for edit in swapped), len(document.text)))
    return language.neutral_edits(document, len(swapped) - len(taken), barred=barred)


def unedited_entity_words(source: Source, edits: Sequence[Edit], labels: Sequence[str]) -> list[int]:
    """Return the entity words of a token classification that no arm edits."""
    spans = source.document.words or ()
    return [
        word
        for word in source.entity_words(labels)
        if not any(edit.start < spans[word][1] and spans[word][0] < edit.end for edit in edits)
    ]
