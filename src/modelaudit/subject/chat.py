"""Chats: messages read from a table, and the prompt that a model's own chat template makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable
from modelaudit.subject.cells import written_list
from modelaudit.subject.columns import Tiers, find_column, mostly
from modelaudit.subject.tables import Table

if TYPE_CHECKING:
    from modelaudit.rows import Row
    from modelaudit.subject.encoding import Encoder

Turns = tuple[tuple[str, str], ...]

MESSAGE_COLUMNS: Tiers = (
    ("messages",),
    ("conversation", "conversations", "chat", "chats", "dialog", "dialogue"),
    ("prompt", "prompts"),
)
USER, ASSISTANT = "user", "assistant"
_ROLES = {"human": USER, "gpt": ASSISTANT}
"""Roles as ShareGPT calls them; others keep their name."""

_TODAY = {"%d": "26", "%m": "07", "%b": "Jul", "%B": "July", "%Y": "2024", "%y": "24", "%A": "Friday", "%H:%M": "12:00"}
_CLOCK = "".join(
    [
        "{% macro strftime_now(form) %}{{ form",
        *(f" | replace('{code}', '{said}')" for code, said in _TODAY.items()),
        " }}{% endmacro %}\n",
    ]
)
"""The day that it is for templates that ask, so that tomorrow's audit reads the same; Llama's takes it by itself."""

_STAND_INS = ("73519028460", "90417725836", "28840617953")
"""Messages that no chat holds: one is put where the user's own stands, to see what the template puts around it.

Digits, since a template that changes the case of letters leaves them as they are.
"""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that ends with a message of its user: the turns before it, the message, and the answer or None."""

    turns: Turns
    text: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat as the model reads it.

    Attributes:
        text: what the template makes of it, up to where the answer begins.
        start, end: where the user's own message stands in `text`; equal where the template does not show it.
        gap: white space that the template puts before an answer.
    """

    text: str
    start: int
    end: int
    gap: str = ""


def message_column(table: Table, named: str | None) -> str | None:
    """Return the column that holds messages, None where texts stand in the user's column or no column has messages.

    Raises DataInputError where two columns of one kind hold messages.
    """
    if named is not None:
        return named if named in table.columns and mostly(table, named, _is_chat) else None
    for names in MESSAGE_COLUMNS:
        found = [name for name in table.columns if name.strip().casefold() in names and mostly(table, name, _is_chat)]
        if found:
            return find_column(table, None, (names,), what="messages", flag="--text-column", fits=_is_chat)
    return None


def messages_in(cell: Any) -> Turns | None:
    """Return the messages of a cell as (role, content), None where it holds none, or one that is more than text.

    A message is a dict of `role` and `content`, or of `from` and `value`; its content a text, or a list of parts that
    are all texts. The list may be written out as JSON.
    """
    items = written_list(cell.strip()) if isinstance(cell, str) and cell.lstrip().startswith("[") else cell
    if not isinstance(items, list) or not items:
        return None
    found = [_message(item) for item in items]
    return None if None in found else tuple(message for message in found if message is not None)


def chat_in(cell: Any) -> Chat | None:
    """Return the chat of a cell; None for one that ends neither with its user's message nor with an answer to it."""
    messages = messages_in(cell)
    if messages is None:
        return None
    answer = messages[-1][1] if messages[-1][0] == ASSISTANT else None
    before = messages if answer is None else messages[:-1]
    if not before or before[-1][0] != USER:
        return None
    return Chat(before[:-1], before[-1][1], answer)


def answer_text(cell: Any) -> Any:
    """Return the text of an answer that is handed in as a message of its own; another cell as it is."""
    messages = messages_in(cell) if isinstance(cell, list) else None
    return messages[0][1] if messages is not None and len(messages) == 1 else cell


def messages_of(row: Row) -> list[dict[str, str]]:
    """Return a row of a chat as messages, its answer the last where it has one."""
    answer = () if row.answer is None else ((ASSISTANT, row.answer),)
    return [{"role": role, "content": said} for role, said in (*(row.turns or ()), (USER, row.text), *answer)]


def own_template(tokenizer: Any) -> str | None:
    """Return the chat template of a tokenizer, of several the one it takes by default; None where it has none."""
    return str(tokenizer.get_chat_template()) if tokenizer.chat_template else None


def prompt_of(turns: Turns, text: str, answer: str | None, encoder: Encoder) -> Prompt:
    """Return a chat as the model's template renders it, ready for its answer.

    Where the message stands is found by what the template puts around another in its place, since templates may trim
    or change it. The gap is what the template puts before an answer; none where that is more than white space.

    Raises:
        DataInputError: the tokenizer has no template, or the template refuses the chat.
    """
    rendered = _rendered(turns, text, encoder)
    start, end = _place(rendered, turns, text, encoder)
    return Prompt(rendered, start, end, _gap(rendered, turns, text, answer, encoder) if answer else "")


def shows_message(turns: Turns, text: str, encoder: Encoder) -> bool:
    """Return whether the user's own message can be found in what the template makes of a chat."""
    prompt = prompt_of(turns, text, None, encoder)
    return prompt.start < prompt.end


def _place(rendered: str, turns: Turns, text: str, encoder: Encoder) -> tuple[int, int]:
    for stand_in in _STAND_INS:
        before, found, behind = _rendered(turns, stand_in, encoder).partition(stand_in)
        if found and stand_in not in behind and len(rendered) >= len(before) + len(behind):
            end = len(rendered) - len(behind)
            if rendered.startswith(before) and rendered.endswith(behind):
                return len(before), end
    own = storable(text).strip()
    at = rendered.rfind(own) if own else -1
    return (at, at + len(own)) if at >= 0 else (0, 0)


def _gap(rendered: str, turns: Turns, text: str, answer: str, encoder: Encoder) -> str:
    """The white space that the template puts between the prompt and an answer that begins with none."""
    if answer[:1].isspace():
        return ""
    stand_in = _STAND_INS[0]
    whole = _rendered((*turns, (USER, text)), stand_in, encoder, role=ASSISTANT)
    between, found, _ = whole.removeprefix(rendered).partition(stand_in)
    return between if whole.startswith(rendered) and found and (not between or between.isspace()) else ""


def _rendered(turns: Turns, text: str, encoder: Encoder, *, role: str = USER) -> str:
    """What the template makes of turns and one message more; behind a user's message it opens the answer."""
    messages = [{"role": who, "content": storable(said)} for who, said in (*turns, (role, text))]
    if not (encoder.template or encoder.tokenizer.chat_template):
        raise DataInputError(
            "the rows are chats, and the model's tokenizer has no chat template to put them to the model by; hand in "
            "the tokenizer of the chat model, or turn chats off (chat=False in Python, --no-chat) and name a "
            "column of plain prompts with --text-column (text_column= in Python)"
        )
    template = encoder.tokenizer.get_chat_template(encoder.template)
    clock = _CLOCK if "strftime_now" in template else ""
    try:
        return str(
            encoder.tokenizer.apply_chat_template(
                messages, chat_template=clock + template, tokenize=False, add_generation_prompt=role == USER
            )
        )
    except Exception as error:
        # A template is a program of the model's author, and what it raises may be anything; what it says may hold a
        # row's text, but for a sentence that stands in the template itself.
        said = str(error).strip()
        reason = f" ({said[:100]})" if said and said in template else f" ({type(error).__name__})"
        raise DataInputError(
            f"the model's chat template refuses a chat with the roles {', '.join(_roles(messages))}{reason}; leave "
            "such rows out, or the messages that it does not take"
        ) from error


def _roles(messages: Sequence[Mapping[str, str]]) -> list[str]:
    """The roles of the first messages, as a message can show them."""
    roles = [message["role"] for message in messages[:8]]
    return [role if role.isalpha() and len(role) < 20 else "another" for role in roles]


def _message(item: Any) -> tuple[str, str] | None:
    if not isinstance(item, Mapping):
        return None
    role, content = (item.get("role"), item.get("content")) if "role" in item else (item.get("from"), item.get("value"))
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        content = "".join(part for part in parts if isinstance(part, str)) if _are_texts(parts) else None
    if not isinstance(role, str) or not isinstance(content, str) or item.get("tool_calls"):
        return None
    return _ROLES.get(role, storable(role)), storable(content)


def _are_texts(parts: Sequence[Any]) -> bool:
    return all(isinstance(part, str) for part in parts)


def _is_chat(cell: Any) -> bool:
    """Whether a cell is a list of messages, whatever these hold."""
    items = written_list(cell.strip()) if isinstance(cell, str) and cell.lstrip().startswith("[") else cell
    return isinstance(items, list) and bool(items) and all(_is_message(item) for item in items)


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping) and ({"role", "content"} <= {*item} or {"from", "value"} <= {*item})
