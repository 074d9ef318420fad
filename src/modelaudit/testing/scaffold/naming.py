"""What a plugin is called: its package, its module, its checker and who ships it, from one short name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelaudit.errors import InputError

PREFIX = "modelaudit-"
LONGEST = 40
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BARE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
OWN = frozenset({"core", "modelaudit"})
"""Names that would be taken for a package of ours."""
OURS = "modelaudit"
"""The vendor of the bundled checkers."""


@dataclass(frozen=True, slots=True)
class PluginName:
    """The names of a plugin, all made of one.

    Attributes:
        name: lower-case words joined by single hyphens, as package indexes normalise names (PEP 503): `tone-of-voice`.
        vendor: who ships it, the first part of the checker's id; by default the name.
    """

    name: str
    vendor: str

    @classmethod
    def of(cls, given: str, vendor: str | None = None) -> PluginName:
        """Return the names for what a user typed, with or without the prefix `modelaudit-`.

        Raises:
            InputError: it can't be a package's name, or the vendor's can't be part of an id.
        """
        bare = given[len(PREFIX) :] if given.startswith(PREFIX) else given
        if not _fits(_BARE, bare):
            raise InputError(
                f"{_shown(given)} can't name a plugin: take lower-case letters, digits and single hyphens, a letter "
                f"first, {LONGEST} characters at most, as in: modelaudit new-plugin tone-of-voice"
            )
        if bare in OWN:
            raise InputError(f"The name {bare} is taken. Name the plugin after what it asks, as in tone-of-voice.")
        own = bare if vendor is None else vendor
        if not _fits(_NAME, own):
            raise InputError(
                f"{_shown(own)} can't be the vendor in a checker's id: take lower-case letters, digits and single "
                f"hyphens, {LONGEST} characters at most, as in --vendor acme"
            )
        if own == OURS:
            raise InputError(f"The vendor {OURS} is that of the bundled checkers. Give your own with --vendor.")
        return cls(bare, own)

    @property
    def package(self) -> str:
        """The name of the package and of its folder: `modelaudit-tone-of-voice`."""
        return PREFIX + self.name

    @property
    def module(self) -> str:
        """What Python imports: `modelaudit_tone_of_voice`."""
        return self.package.replace("-", "_")

    @property
    def checker(self) -> str:
        """The class of the checker: `ToneOfVoiceCheck`."""
        return "".join(word.capitalize() for word in self.name.split("-")) + "Check"

    @property
    def constant(self) -> str:
        """The name of the planted defect: `TONE_OF_VOICE_DEFECT`."""
        return self.name.replace("-", "_").upper() + "_DEFECT"

    @property
    def title(self) -> str:
        """What a report shows: `Tone of voice`."""
        return self.name.replace("-", " ").capitalize()

    @property
    def id(self) -> str:
        """The checker's id: `acme/tone-of-voice`."""
        return f"{self.vendor}/{self.name}"


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= LONGEST and pattern.fullmatch(text) is not None


def _shown(text: str) -> str:
    """Return what was typed, short and in ASCII, so that no character of it acts on a terminal."""
    return ascii(text if len(text) <= LONGEST else text[:LONGEST] + "...")
