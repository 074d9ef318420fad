"""The pluggy hooks, each with its exact meaning. An implementation may take any subset of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport
    from modelaudit.checker import Checker

__all__ = [
    "Renderer",
    "hookimpl",
    "modelaudit_cards",
    "modelaudit_checkers",
    "modelaudit_open_model",
    "modelaudit_renderers",
]

hookspec = pluggy.HookspecMarker("modelaudit")
hookimpl = pluggy.HookimplMarker("modelaudit")


@dataclass(frozen=True, slots=True)
class Renderer:
    """One way to write a report: the suffix that asks for it (`.html`, `.junit.xml`) and a pure function.

    Of several suffixes that a file's name ends in, the longest is meant. Text is written as UTF-8, bytes as they are.
    `ready` is asked before an audit starts, and raises `OutputError` where something is lacking that `render` needs.
    """

    suffix: str
    title: str
    render: Callable[[AuditReport], str | bytes]
    ready: Callable[[], None] | None = None


@hookspec
def modelaudit_checkers() -> Sequence[Checker] | None:
    """Return the checkers that this plugin brings, each an instance with its default options.

    Called once for each plugin when an audit or a plan is made. An id that an earlier plugin took is an error of
    the later one.
    """


@hookspec
def modelaudit_cards() -> Sequence[str] | None:
    """Return the calibration cards of this plugin's checkers, each the text of a file of `modelaudit calibrate`.

    Called once for each plugin, after `modelaudit_checkers`. A card of a checker that the plugin does not bring, or a
    text that is no card, is an error of the plugin. The report shows a card beside its check and says who brought it.
    """


@hookspec(firstresult=True)
def modelaudit_open_model(source: Any, options: Any) -> Any:
    """Return an opened model for a source that this plugin knows, or None.

    That is a `subject.opened.OpenedModel`, or a `subject.opened.OpenedCallable` for what can only be asked.

    Asked in turn, a stranger's plugins before the bundled one; the first that answers wins. `options` is the
    user's `subject.opened.OpenOptions` (tokenizer, remote code, pickled weights, and `headless` for a base model).
    Raise `ModelInputError` for a source that is recognised but can't be used; whatever else is raised, or an answer
    of another type, is recorded as the plugin's failure, and the next one is asked.
    """


@hookspec
def modelaudit_renderers() -> Sequence[Renderer] | None:
    """Return the renderers that this plugin brings; a suffix that is taken stays with its first owner.

    Called once for each plugin, as `modelaudit_checkers` is; suffixes are compared without regard to case. A renderer
    sees the finished report and can't change it.
    """
