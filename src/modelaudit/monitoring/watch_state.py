"""The state of a watch: its looks, what of the error rate they have spent, and whether it has raised an alarm."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, computed_field

from modelaudit.audit_report import canonical_json
from modelaudit.errors import InputError, OutputError
from modelaudit.evidence import Frozen, Text
from modelaudit.monitoring.alert_rule import AlertRule
from modelaudit.monitoring.watch_log import Counted
from modelaudit.statistics.sequential import spent_share

SCHEMA = "modelaudit.watch-state/1"
RECENT = 5
"""Windows that are looked at together."""


class Seen(Frozen):
    """One look: its number since the last reset, the day, the window's keyed hash, its rows, and what came of it."""

    look: int = Field(ge=1)
    day: dt.date
    window: str
    rows: int = Field(ge=0)
    labelled: int = Field(ge=0)
    alarm: bool


class Reset(Frozen):
    """A new start of the looks: when, why, after how many looks, and whether an alarm stood."""

    day: dt.date
    reason: Text = Field(min_length=3)
    looks: int = Field(ge=0)
    alarmed: bool


class WatchState(Frozen):
    """What a watch remembers from look to look; it changes by making a new one.

    Attributes:
        record, profile: what it watches against. key: id of the key. alpha: the chance that it ever raises the alarm
            without a change, from one reset to the next. rules: its alert rules, fixed from the first look on.
        looks: how many since the last reset. alarmed: the look that raised the alarm, which stands until a reset.
        recent: the tallies of the last windows. seen: all looks that there were, before resets too.
        log: how much of the log belongs to them.
    """

    schema_: Literal["modelaudit.watch-state/1"] = Field(alias="schema", default="modelaudit.watch-state/1")
    record: str
    profile: str
    key: str
    alpha: float = Field(gt=0.0, le=0.5)
    rules: tuple[AlertRule, ...] = ()
    looks: int = Field(default=0, ge=0)
    alarmed: int | None = None
    recent: tuple[dict[str, dict[str, int]], ...] = ()
    seen: tuple[Seen, ...] = ()
    resets: tuple[Reset, ...] = ()
    log: Counted = Counted()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all but the digest itself."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"digest"})
        return "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def spent(self) -> float:
        """What of alpha the looks since the last reset have spent."""
        return self.alpha * spent_share(self.looks)

    def look_of(self, window: str) -> Seen | None:
        """Return the look that a window was handed to, or None."""
        return next((seen for seen in self.seen if seen.window == window), None)

    def after(self, seen: Seen, tally: dict[str, dict[str, int]], log: Counted) -> WatchState:
        """Return the state after one more look."""
        return self.model_copy(
            update={
                "looks": seen.look,
                "alarmed": self.alarmed or (seen.look if seen.alarm else None),
                "recent": (*self.recent, tally)[-RECENT:],
                "seen": (*self.seen, seen),
                "log": log,
            }
        )

    def reset(self, reason: str, day: dt.date, rules: Iterable[AlertRule], alpha: float) -> WatchState:
        """Return the state of a new start; looks and windows of before stay on record."""
        if len(reason.strip()) < 3:
            raise InputError("a reset needs a reason, which stays in the state: --reset 'retrained on 2026-11 data'")
        made = Reset(day=day, reason=reason, looks=self.looks, alarmed=self.alarmed is not None)
        return self.model_copy(
            update={
                "looks": 0,
                "alarmed": None,
                "recent": (),
                "resets": (*self.resets, made),
                "rules": tuple(rules),
                "alpha": alpha,
            }
        )


def read_state(path: str | Path) -> WatchState | None:
    """Read a state, or return None where there is no such file. InputError where it is none, or was changed."""
    where = f"the state {path}"
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        digest = content.pop("digest", None)
        state = WatchState.model_validate(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{where} can't be read: {error.strerror}. Give another place with --state") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{where} is no state of a watch ({SCHEMA}), or was cut. Take it from a backup; a new file is a new watch, "
            "with its whole error rate to spend again"
        ) from error
    if digest != state.digest:
        raise InputError(
            f"{where} was changed after it was written: its digest does not fit. Take it from a backup; a new file is "
            "a new watch, with its whole error rate to spend again"
        )
    return state


def write_state(path: str | Path, state: WatchState, *, read: WatchState | None) -> None:
    """Write a state whole or not at all, where the file is still what was `read` (None: not there).

    Raises:
        InputError: another run has written it in between. OutputError: it can't be written.
    """
    now = read_state(path)
    if (now and now.digest) != (read and read.digest):
        raise InputError(f"the state {path} was written by another run while this one looked. Run this look again")
    content = state.model_dump(mode="json", by_alias=True)
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n", what="state")


def write_atomically(path: str | Path, text: str, *, what: str, shared: bool = False) -> None:
    """Write a file whole or not at all: whoever reads it sees the old one or the new. OutputError where it can't be.

    The owner alone may read it, but for what is `shared`.
    """
    target = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".modelaudit-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644 if shared else 0o600)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise OutputError(f"the {what} {path} can't be written: {reason}. Choose another place") from error
