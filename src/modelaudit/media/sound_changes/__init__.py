"""Changes of sounds: noise at stated levels, loudness, speed, transmission and rooms, at five severities.

On numpy and scipy alone; levels are this project's own, from what telephones, rooms and recordings have.
"""

from __future__ import annotations

from modelaudit.media.sound_changes import channel, loudness, noise, room, speed
from modelaudit.media.sound_changes.sound_change import SEVERITIES, SoundChange

SOUND_CHANGES: tuple[SoundChange, ...] = (
    *noise.KINDS,
    *loudness.KINDS,
    *speed.KINDS,
    *channel.KINDS,
    *room.KINDS,
)
"""All kinds, family by family."""

__all__ = ["SEVERITIES", "SOUND_CHANGES", "SoundChange"]
