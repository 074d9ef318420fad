"""The particle at the end of a statement, which gives it a tone and no meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT, Tier, check_level

# Particles that may be left out; 吗, 呢 and 吧 ask or guess, and 了 says that something has happened.
_SPARE = "啊呀啦哦喔噢哟嘛"
_OTHERS = "吗呢吧么了着的得地之"
_ADDED = "啊"
_END = re.compile(rf"(?P<word>[\u4e00-\u9fff]{{3}})(?P<spare>[{_SPARE}]+)(?=[。！!.…~～\s]*\Z)")
_BARE = re.compile(rf"(?<=[\u4e00-\u9fff]{{3}})(?<![{_SPARE}{_OTHERS}])(?=[。！!.…~～\s]*\Z)")
# The end is looked for in so many last characters.
_CONSIDERED = 100


@dataclass(frozen=True, slots=True)
class FinalParticle:
    """啊 behind a text that ends in a statement, or its final 啊, 呀, 啦, 哦 or 嘛 left out; questions stay."""

    name: ClassVar[str] = "final particle"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "What is said stays; a particle of tone at the end is added or missing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """At most one edit; none in pre-tokenised text."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        before = max(len(document.text) - _CONSIDERED, 0)
        tail = document.text[before:]
        if (end := _END.search(tail)) is not None:
            return [Edit(before + end.start("spare"), before + end.end("spare"), "", self.name)]
        if (bare := _BARE.search(tail)) is not None:
            return [Edit(before + bare.start(), before + bare.start(), _ADDED, self.name)]
        return []
