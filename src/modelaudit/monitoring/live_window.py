"""A live window: new rows, late labels of earlier ones, and what of both can be counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelaudit.monitoring.live_rows import LiveRow
from modelaudit.monitoring.profile import in_drawn_order
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.watch_log import Logged
from modelaudit.rows import Row


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that no earlier look has counted. name: hash of its id, or of its text; row: hash of its text."""

    text: str
    name: str
    row: str
    live: LiveRow


@dataclass(frozen=True, slots=True)
class LateLabel:
    """The label of a row of an earlier look: the hash of its name, the class that was predicted, and the true one."""

    name: str
    prediction: int
    label: int


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """What one look was handed.

    Attributes:
        new: in a random order that key and texts decide, one of each document.
        late: labels of rows of earlier looks. again: rows that are there a second time, in this window or in the log.
        lost: labels of rows that no log knows a prediction of. shared: rows left out, since their document has another.
        digest: hash of what was handed in, whatever its order and whether it counts.
    """

    new: tuple[NewRow, ...]
    late: tuple[LateLabel, ...]
    again: int
    lost: int
    shared: int
    digest: str

    @property
    def texts(self) -> list[str]:
        """Texts of the new rows."""
        return [row.text for row in self.new]


def window_of(rows: Sequence[LiveRow], logged: Mapping[str, Logged], key: RowKey) -> LiveWindow:
    """Return the window of live rows, given what earlier looks have logged.

    A row with an id is new once. One without is new each time, unless it brings a label and the log has its text
    without one: then it is taken for that label.
    """
    new: dict[str, NewRow] = {}
    late: dict[str, LateLabel] = {}
    said: list[list[str | int | None]] = []
    again = lost = 0
    for at, live in enumerate(rows):
        text = "" if live.text is None else key.of_row(Row("", live.text))
        name = text if live.id is None else key.of("id", live.id)
        before = logged.get(name)
        said.append([name, text, live.prediction, live.label])
        if live.id is None and (before is None or before.labelled or live.label is None):
            new[f"row {at}"] = NewRow(live.text or "", name, text, live)
        elif before is None and name not in new and live.text is not None:
            new[name] = NewRow(live.text, name, text, live)
        elif before is None and name in new:
            again += live.text is not None
            new[name] = _labelled(new[name], live)
        elif before is None or before.prediction is None:
            lost += live.label is not None
            again += live.text is not None
        else:
            again += live.text is not None
            if live.label is not None and not before.labelled:
                late[name] = LateLabel(name, before.prediction, live.label)
    kept, shared = _one_of_each_document(list(new.values()), key)
    digest = key.of("window", sorted(said, key=str))
    return LiveWindow(kept, tuple(late[name] for name in sorted(late)), again, lost, shared, digest)


def _labelled(row: NewRow, live: LiveRow) -> NewRow:
    """Return a row with the label that a later line of the same window brings."""
    return row if live.label is None else replace(row, live=replace(row.live, label=live.label))


def _one_of_each_document(rows: Sequence[NewRow], key: RowKey) -> tuple[tuple[NewRow, ...], int]:
    seen: set[str] = set()
    kept = []
    for place in in_drawn_order([_apart(row) for row in rows], key, "window"):
        group = rows[place].live.group
        if group is None or group not in seen:
            kept.append(rows[place])
            seen |= set() if group is None else {group}
    return tuple(kept), len(rows) - len(kept)


def _apart(row: NewRow) -> tuple[str, ...]:
    live = row.live
    return row.text, row.name, str(live.prediction), str(live.confidence), str(live.label), live.group or ""
