"""The row: the one unit of data that every room passes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelaudit.media.picture import Picture
    from modelaudit.media.sound import Sound

__all__ = ["Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of audited data, whatever its task.

    Attributes:
        id: stable within its table, `<table>:<line or position>`; the report names rows by it.
        text: the text that the model reads: a context where a question is put to it, the last message of a chat. For
            pre-tokenised rows the words joined by one space; empty for a picture or a sound.
        companion: the other text that is read together with `text`: the second sentence of a pair, or the question put
            to a context; or None.
        turns: messages of a chat that stand before `text`, the last of its user: (role, content) each; None where the
            text is no message of a chat.
        words: pre-tokenised words, or None for plain text.
        label: index of the true class (text classification), or None where it is not known.
        tags: index of the true tag of each word (token classification), or None.
        label_set: indices of the true labels, ascending (multi-label classification), or None.
        values: the true outputs (regression), or None.
        answer: what stands behind `text`, which is a prompt (text generation), with the white space that it begins
            with, since nothing is put between the two; the text that a sequence-to-sequence model should write, or what
            is said in a sound; or None.
        answers: texts of which each is a right answer to the question (question answering), none where the context
            holds no answer; or None where it is not known.
        spans: where these stand in `text`, as (first character, character behind the last), in step with `answers`; or
            None.
        picture, sound: what the model sees or hears, for rows that are no text; or None.
        group: document, person or other cluster that the row belongs to, or None.
        columns: the table's other cells, by column name.
    """

    id: str
    text: str
    words: tuple[str, ...] | None = None
    label: int | None = None
    tags: tuple[int, ...] | None = None
    label_set: tuple[int, ...] | None = None
    values: tuple[float, ...] | None = None
    answer: str | None = None
    group: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    companion: str | None = None
    turns: tuple[tuple[str, str], ...] | None = None
    answers: tuple[str, ...] | None = None
    spans: tuple[tuple[int, int], ...] | None = None
    picture: Picture | None = None
    sound: Sound | None = None

    @property
    def medium(self) -> Picture | Sound | None:
        """What stands in the place of text, or None for a row of text."""
        return self.picture if self.picture is not None else self.sound

    def with_text(self, text: str) -> Row:
        """Return the row with another text; only for rows that are not pre-tokenised.

        Whoever moves the text around an answer moves `spans` with it.

        Raises:
            ValueError: the row is pre-tokenised; use `with_words`.
        """
        if self.words is not None:
            raise ValueError(f"row {self.id} is pre-tokenised: use with_words, which keeps words and tags in step")
        return replace(self, text=text)

    def with_words(self, words: tuple[str, ...], tags: tuple[int, ...] | None) -> Row:
        """Return the pre-tokenised row with other words and the tags that go with them.

        Raises:
            ValueError: there are not as many tags as words.
        """
        if tags is not None and len(tags) != len(words):
            raise ValueError(f"row {self.id}: {len(words)} words but {len(tags)} tags")
        return replace(self, text=" ".join(words), words=words, tags=tags)
