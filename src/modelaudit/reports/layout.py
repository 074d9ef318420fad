"""What of a check's findings comes in full and what as rows of a table, so that ten thousand can still be read.

Nothing is left out unsaid: every finding has an anchor and its number in the page, and where its evidence or its
intervals at other levels are left to the JSON record, the page says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from modelaudit.reports.badges import ACCEPTED, EXCEEDS, INCONCLUSIVE, WITHIN
from modelaudit.reports.findings import FindingView

FEW = 3
"""A check with so many judged findings has them all in full and open."""
MOST_FULL = 200
"""So many judged findings of one check come in full, the gravest first."""
MOST_UNDECIDED = 4
"""So many inconclusive findings of one check come in full; the forest plot and a table hold the others."""
MOST_DRAWN = 24
"""So many judged findings of one check are drawn on common scales, the gravest first."""
MOST_ILLUSTRATED = 4
"""So many findings of one check that exceed their limit come with their evidence; where none does, the first."""
FEW_CONTEXT = 1
"""So many findings for context come in full with their evidence, or `FEW` where none is judged."""
MOST_CAVEATS = 8
"""So many caveats of findings in rows are told with a check, those of most findings first."""
FEW_ROWS = 12
"""Rows say in the checker's sentence what came out where no more findings than this come as rows."""
CHUNK = 100
"""So many rows make one table; a browser lays out only those near the screen."""


@dataclass(frozen=True)
class Rows:
    """The findings of one table. `first` is the place of its first one, counted from 1, `of` how many there are."""

    views: tuple[FindingView, ...]
    first: int
    of: int

    @property
    def told(self) -> bool:
        """Whether each row has the checker's sentence; in a long table the numbers say it."""
        return self.of <= FEW_ROWS

    @property
    def last(self) -> int:
        """The place of its last finding."""
        return self.first + len(self.views) - 1

    @property
    def whole(self) -> bool:
        """Whether no other table goes with it."""
        return len(self.views) == self.of

    @property
    def groups(self) -> tuple[tuple[str, tuple[FindingView, ...]], ...]:
        """Its findings metric by metric; the name is empty where the metric has one finding only."""
        found: dict[str, list[FindingView]] = {}
        for view in self.views:
            found.setdefault(view.metric.id if view.metric.group else view.anchor, []).append(view)
        return tuple((views[0].name if len(views) > 1 else "", tuple(views)) for views in found.values())


@dataclass(frozen=True)
class Layout:
    """How the findings of a check are laid out.

    Attributes:
        key: stem of the ids of the shared caveats.
        full: judged findings that come in full; brief: those that come as rows.
        context_full, context_brief: the same of the findings for context.
        common: caveats of all findings. shared: those of several, or of a finding in a row: told once, in this order.
        illustrated: anchors of the findings that come with their evidence; opened: of those that are unfolded.
        drawn: the judged findings that the forest plots show.
    """

    key: str
    full: tuple[FindingView, ...]
    brief: tuple[FindingView, ...]
    context_full: tuple[FindingView, ...]
    context_brief: tuple[FindingView, ...]
    common: tuple[str, ...]
    shared: tuple[str, ...]
    illustrated: frozenset[str]
    opened: frozenset[str]
    drawn: tuple[FindingView, ...] = field(repr=False)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each shared caveat, counted from 1."""
        return {caveat: place for place, caveat in enumerate(self.shared, start=1)}

    def own_caveats(self, view: FindingView) -> tuple[str, ...]:
        """Return the caveats that stand with the finding itself."""
        told = (*self.common, *self.shared)
        return tuple(caveat for caveat in view.finding.caveats if caveat not in told)

    def shared_caveats(self, view: FindingView) -> tuple[int, ...]:
        """Return the places of the caveats that are told once for several findings."""
        return tuple(self.places[caveat] for caveat in view.finding.caveats if caveat in self.places)

    @property
    def brief_rows(self) -> tuple[Rows, ...]:
        """The judged findings that come as rows, table by table."""
        return chunks(self.brief)

    @property
    def context_rows(self) -> tuple[Rows, ...]:
        """The findings for context that come as rows, table by table."""
        return chunks(self.context_brief)

    @property
    def untold(self) -> int:
        """How many caveats of findings in rows are in the record only."""
        views = (*self.brief, *self.context_brief)
        return len({caveat for view in views for caveat in self.own_caveats(view)})

    @property
    def unillustrated(self) -> int:
        """How many findings have evidence that the page leaves to the record."""
        views = (*self.full, *self.brief, *self.context_full, *self.context_brief)
        return sum(bool(view.evidence) and view.anchor not in self.illustrated for view in views)

    @property
    def undrawn(self) -> int:
        """How many judged findings the forest plots leave to the tables."""
        return len(self.full) + len(self.brief) - len(self.drawn)

    @property
    def row_remedies(self) -> tuple[str, ...]:
        """Remedies of findings that come as rows."""
        views = (*self.brief, *self.context_brief)
        return tuple(dict.fromkeys(remedy for view in views for remedy in view.finding.remedies))


def layout(key: str, judged: Sequence[FindingView], context: Sequence[FindingView]) -> Layout:
    """Lay out findings that are sorted, the gravest first."""
    few = len(judged) <= FEW
    full = list(judged) if few else _full(judged)
    kept = {view.anchor for view in full}
    brief = [view for view in judged if view.anchor not in kept]
    with_evidence = [view for view in context if view.evidence][: FEW_CONTEXT if judged else FEW]
    illustrated = _illustrated(full) | {view.anchor for view in with_evidence}
    rest = [view for view in context if view.anchor not in illustrated]
    every = [*judged, *context]
    common = _common(every)
    return Layout(
        key=key,
        full=tuple(full),
        brief=tuple(brief),
        context_full=tuple(with_evidence),
        context_brief=tuple(rest),
        common=common,
        shared=_shared(every, [*brief, *rest], common),
        illustrated=frozenset(illustrated),
        opened=frozenset(view.anchor for view in full if few or view.badge is EXCEEDS),
        drawn=tuple(judged[:MOST_DRAWN]),
    )


def _full(judged: Sequence[FindingView]) -> list[FindingView]:
    undecided = [view for view in judged if view.badge is INCONCLUSIVE][MOST_UNDECIDED:]
    left = {view.anchor for view in undecided}
    return [view for view in judged if view.badge is not WITHIN and view.anchor not in left][:MOST_FULL]


def _illustrated(full: Sequence[FindingView]) -> set[str]:
    grave = [view.anchor for view in full if view.badge in (EXCEEDS, ACCEPTED)][:MOST_ILLUSTRATED]
    return set(grave) or {view.anchor for view in full[:1]}


def _common(views: Sequence[FindingView]) -> tuple[str, ...]:
    """Return the caveats of all findings, where there are several."""
    if len(views) < 2:
        return ()
    others = [set(view.finding.caveats) for view in views[1:]]
    return tuple(caveat for caveat in views[0].finding.caveats if all(caveat in own for own in others))


def _shared(views: Sequence[FindingView], rows: Sequence[FindingView], common: tuple[str, ...]) -> tuple[str, ...]:
    """Return the caveats of several findings, and as many of single rows as there is room for."""
    counts = Counter(caveat for view in views for caveat in view.finding.caveats if caveat not in common)
    several = [caveat for caveat, count in counts.most_common() if count > 1]
    single = [caveat for view in rows for caveat in view.finding.caveats if counts[caveat] == 1]
    return (*several, *single[: max(0, MOST_CAVEATS - len(several))])


def chunks(views: Sequence[FindingView]) -> tuple[Rows, ...]:
    """Return the findings table by table."""
    starts = range(0, len(views), CHUNK)
    return tuple(Rows(tuple(views[start : start + CHUNK]), start + 1, len(views)) for start in starts)
