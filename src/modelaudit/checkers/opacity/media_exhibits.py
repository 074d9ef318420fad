"""Pictures and sounds with what each of their parts adds, for the report."""

from __future__ import annotations

from modelaudit.checkers.opacity.explanation import Explanation
from modelaudit.checkers.opacity.parts import PATCHES, SEGMENTS
from modelaudit.evidence import Envelope, Explained, PictureEvidence, SoundEvidence, Table
from modelaudit.media.patches import Patches
from modelaudit.media.picture import Picture
from modelaudit.media.segments import Segments
from modelaudit.media.shown import envelope, png, sheet, wav
from modelaudit.media.sound import Sound

HEIGHT = 160
"""Pixels of the height in which a picture is shown."""
RATE = 16_000
"""Samples a second in which a sound can be played."""


def on_medium(title: str, explanation: Explanation, unit: str) -> PictureEvidence | SoundEvidence | Table:
    """Return the values over the row's picture or sound, which the report shows where the user asked for rows.

    A model that divides its rows otherwise than we do gets a table of its own names for the parts.
    """
    row, names = explanation.game.row, explanation.game.units.names
    if row.picture is not None and (patches := Patches.of(row.picture)).names == names:
        return _picture(title, row.id, explanation, unit, row.picture, patches)
    if row.sound is not None and (segments := Segments.of(row.sound)).names == names:
        return _sound(title, row.id, explanation, unit, row.sound, segments)
    values = zip(names, explanation.shapley.values.tolist(), strict=True)
    return Table(title=title, columns=("Part", f"Value ({unit})"), rows=tuple(values))


def _picture(
    title: str, row: str, explanation: Explanation, unit: str, picture: Picture, patches: Patches
) -> PictureEvidence:
    return PictureEvidence(
        title=title,
        row=row,
        caption=f"Each of the {len(patches)} {PATCHES.many} has its Shapley value.",
        png=png(sheet([picture.pixels()], HEIGHT)),
        grid=patches.grid,
        explained=_explained(explanation, unit),
    )


def _sound(
    title: str, row: str, explanation: Explanation, unit: str, sound: Sound, segments: Segments
) -> SoundEvidence:
    samples = sound.samples(RATE)
    low, high = envelope(samples)
    return SoundEvidence(
        title=title,
        row=row,
        caption=f"Each of the {len(segments)} {SEGMENTS.many} has its Shapley value.",
        seconds=sound.seconds,
        envelope=Envelope(low=low, high=high),
        wav=wav(samples, RATE),
        edges=segments.edges,
        explained=_explained(explanation, unit),
    )


def _explained(explanation: Explanation, unit: str) -> Explained:
    shapley = explanation.shapley
    return Explained(
        target=explanation.game.target.name,
        unit=unit,
        values=tuple(shapley.values.tolist()),
        errors=None if shapley.errors is None else tuple(shapley.errors.tolist()),
        degrees_of_freedom=None if shapley.by_pair is None else len(shapley.by_pair) - 1,
        base=shapley.base,
        output=shapley.output,
    )
