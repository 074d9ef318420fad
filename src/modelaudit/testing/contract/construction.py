"""How a checker is made: a constructor that only stores its parameters."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from typing import Any

from modelaudit.checker import Checker
from modelaudit.testing.contract.runs import Runs
from modelaudit.testing.contract.watch import Watch

LONGEST = 0.05
"""Seconds of work that a constructor may take, the quickest of three times, however busy the machine is."""


def constructor_faults(runs: Runs) -> Iterator[str]:
    """What the constructor does beside storing: options could then not be read, changed, or shown in the report."""
    kind = type(runs.checker)
    parameters = inspect.signature(kind).parameters
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            yield f"{kind.__name__}() takes {parameter}: name each option, so that it can be set by keyword."
        elif not hasattr(runs.checker, name):
            yield f"{kind.__name__}() does not keep {name}: store it as self.{name}."
        elif parameter.default is parameter.empty:
            yield f"{kind.__name__}() has no default for {name}: give it one, a plugin is loaded without options."
    if any(not hasattr(runs.checker, name) or each.default is each.empty for name, each in parameters.items()):
        return
    options = {name: getattr(runs.checker, name) for name in parameters}
    watch = Watch()
    try:
        again, seconds = _made(kind, options, watch)
    except Exception as error:  # noqa: BLE001  a stranger's constructor may raise anything
        yield (
            f"{kind.__name__}() can't be made again with its own options ({type(error).__name__}): store options as "
            "they are given, and check them in run()."
        )
        return
    yield from dict.fromkeys([*_differences(again, options), *_differences(kind(), _defaults(kind))])
    if seconds > LONGEST:
        yield f"{kind.__name__}() takes {seconds:.2f} s: store the options, and do the work in run()."
    if touched := [*watch.network, *watch.programs, *watch.written, *watch.weights]:
        yield f"{kind.__name__}() touches {touched[0]}: store the options, and do the work in run()."
    if watch.printed:
        yield f"{kind.__name__}() prints: say what there is to say with ctx.note in run()."


def _defaults(kind: type[Checker]) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}


def _made(kind: type[Checker], options: dict[str, Any], watch: Watch) -> tuple[Checker, float]:
    """Return an instance, and the seconds that the quickest of three took."""
    found = []
    for _ in range(3):
        with watch.watching():
            started = time.thread_time()
            made = kind(**options)
            found.append(time.thread_time() - started)
    return made, min(found)


def _differences(made: Checker, options: dict[str, Any]) -> Iterator[str]:
    name = type(made).__name__
    for option, value in options.items():
        kept = getattr(made, option, None)
        if kept is not value and not _equal(kept, value):
            yield f"{name}({option}=...) keeps another value than it is given: store it as it is, and read it in run()."
    for extra in sorted(set(getattr(made, "__dict__", {})) - set(options) - {"info"}):
        yield (
            f"{name}() makes self.{extra}, which is none of its options: make it in run(), or as a property, so that "
            "the options alone say what the checker does."
        )


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001  arrays and strangers' values may not say
        return False
