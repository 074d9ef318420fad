"""Arms: one kind of corruption at one severity, and which of them an audit runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from modelaudit.media.corruptions import CORRUPTIONS, MIRRORED, Corruption, working
from modelaudit.media.sound_changes import SOUND_CHANGES, SoundChange
from modelaudit.media.sound_changes.speed import FAMILY as SPEED
from modelaudit.rows import Row

MIDDLE = 3
"""The severity that is judged."""

Kind = Corruption | SoundChange

KINDS: tuple[Kind, ...] = (*CORRUPTIONS, MIRRORED, *SOUND_CHANGES)
"""Of pictures and of sounds."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One kind at one severity."""

    kind: Kind
    severity: int

    @property
    def name(self) -> str:
        """The arm as the report names it: "fog, severity 3"."""
        return f"{self.kind.name}, severity {self.severity}" if graded(self.kind) else self.kind.name

    @property
    def published(self) -> bool:
        """Whether its kind counts towards the mean corruption error: of pictures those of ImageNet-C."""
        return self.kind.published if isinstance(self.kind, Corruption) else True

    @property
    def stretches(self) -> bool:
        """Whether it makes a sound longer or shorter."""
        return self.kind.family == SPEED

    def of(self, row: Row) -> Row:
        """Return the row with its picture or sound changed, which is done when it is looked at."""
        if isinstance(self.kind, Corruption):
            return row if row.picture is None else replace(row, picture=self.kind.of(row.picture, self.severity))
        return row if row.sound is None else replace(row, sound=self.kind.of(row.sound, self.severity))


def graded(kind: Kind) -> bool:
    """Return whether a kind has more than one severity."""
    return len(set(kind.levels)) > 1


def main_arms(task: str, *, mirrored: bool, without: Collection[str] = ()) -> list[Arm]:
    """Return each kind that a task's rows can be changed by, at the severity that is judged; some left out by name."""
    kinds: Sequence[Kind] = SOUND_CHANGES
    if task == "image-classification":
        kinds = (*CORRUPTIONS, MIRRORED) if mirrored else CORRUPTIONS
    return [Arm(kind, MIDDLE) for kind in kinds if kind.name not in without]


def dose_arms(main: Sequence[Arm], severities: Sequence[int]) -> list[Arm]:
    """Return the graded kinds at other severities."""
    return [Arm(arm.kind, severity) for arm in main if graded(arm.kind) for severity in severities]


def prepared(row: Row) -> Row:
    """Return the row as it is compared with: a large picture is reduced as its corrupted copies are."""
    return row if row.picture is None else replace(row, picture=working(row.picture))
