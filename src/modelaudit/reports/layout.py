"""What of a check's findings comes in full and what as rows of a table, so that ten thousand can still be read.

Nothing is left out unsaid: every finding has an anchor and its number in the page, once, and where its evidence or its
intervals at other levels are left to the JSON record, the page says so. A finding that does not come in full is a row
of the plot that draws it, or else of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from modelaudit.evidence import Evidence
from modelaudit.reports.badges import ABSENT, ACCEPTED, EXCEEDS, INCONCLUSIVE, WITHIN, Badge
from modelaudit.reports.findings import FindingView
from modelaudit.reports.words import Told, tag, told

FEW = 3
"""A check with no more judged findings has those that come in full unfolded."""
MOST_FULL = {EXCEEDS: 6, ACCEPTED: 100, INCONCLUSIVE: 1, ABSENT: 1, WITHIN: 0}
"""So many judged findings of one check in each state come in full, the gravest first; the others are rows."""
MOST_DRAWN = 16
"""So many judged findings of one check are drawn on common scales, the gravest first."""
MOST_ILLUSTRATED = 3
"""So many findings of one check that exceed their limit come with their evidence; where none does, the first."""
MOST_ALIKE = 2
"""So many pieces of evidence of one kind come with the gravest finding of a check, and one with each further one."""
FEW_CONTEXT = 1
"""Where no judged finding has evidence, so many for context come in full with theirs, or `FEW` where none is judged."""
MOST_CAVEATS = 8
"""So many caveats of findings in rows are told with a check, those of most findings first."""
CHUNK = 100
"""So many rows make one table; a browser lays out only those near the screen."""


@dataclass(frozen=True)
class Rows:
    """The findings of one table. `first` is the place of its first one, counted from 1, `of` how many there are."""

    views: tuple[FindingView, ...]
    first: int
    of: int

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
        """Its findings metric by metric; metrics with one finding only come first, together and without a name."""
        sizes = Counter(view.metric.id for view in self.views)
        found: dict[str, list[FindingView]] = {}
        for view in sorted(self.views, key=lambda view: sizes[view.metric.id] > 1):
            found.setdefault(view.metric.id if sizes[view.metric.id] > 1 else "", []).append(view)
        return tuple((views[0].name if key else "", tuple(views)) for key, views in found.items())


@dataclass(frozen=True)
class Pieces:
    """The evidence that comes with a finding.

    Attributes:
        shown: what is drawn. repeated: titles of what stands with a finding above. left_out: how many are not drawn.
    """

    shown: tuple[Evidence, ...] = ()
    repeated: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Layout:
    """How the findings of a check are laid out.

    Attributes:
        key: stem of the ids of the shared caveats.
        full: judged findings that come in full; brief: the others, as rows.
        context_full, context_brief: the same of the findings for context.
        common: caveats of all findings. shared: those of several, or of a finding in a row: told once, in this order.
        illustrated: anchors of the findings that come with their evidence; opened: of those that are unfolded.
        drawn: anchors of the findings that the plots show, judged or not.
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
    drawn: frozenset[str] = field(repr=False)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each shared caveat, counted from 1."""
        return {caveat: place for place, caveat in enumerate(self.shared, start=1)}

    def own_caveats(self, view: FindingView) -> tuple[str, ...]:
        """Return the caveats that stand with the finding itself."""
        told = (*self.common, *self.shared)
        return tuple(caveat for caveat in view.finding.caveats if caveat not in told)

    def shared_caveats(self, view: FindingView) -> tuple[tuple[int, int], ...]:
        """Return the first and the last places of the runs of caveats that are told once for several findings."""
        places = sorted({self.places[caveat] for caveat in view.finding.caveats if caveat in self.places})
        runs = groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
        found = [[place for _, place in run] for _, run in runs]
        return tuple((run[0], run[-1]) for run in found)

    @cached_property
    def pieces(self) -> dict[str, Pieces]:
        """The evidence of each finding that comes with its own; what several share is drawn once."""
        drawn: list[Evidence] = []
        found: dict[str, Pieces] = {}
        for view in (*self.full, *self.context_full):
            if view.anchor in self.illustrated:
                repeated = tuple(told(item.title).text for item in view.evidence if item in drawn)
                new = [item for item in view.evidence if item not in drawn]
                kinds, most = [item.kind for item in new], 1 if found else MOST_ALIKE
                shown = tuple(item for place, item in enumerate(new) if kinds[:place].count(item.kind) < most)
                found[view.anchor] = Pieces(shown, repeated, len(new) - len(shown))
                drawn += shown
        return found

    @property
    def brief_rows(self) -> tuple[Rows, ...]:
        """The judged findings that come as rows of tables, table by table."""
        return chunks(self._undrawn(self.brief))

    @property
    def context_rows(self) -> tuple[Rows, ...]:
        """The findings for context that come as rows of tables, table by table."""
        return chunks(self._undrawn(self.context_brief))

    @cached_property
    def in_full(self) -> frozenset[str]:
        """Anchors of the findings that come in full, to which their rows in a plot link."""
        return frozenset(view.anchor for view in (*self.full, *self.context_full))

    def _undrawn(self, views: Sequence[FindingView]) -> tuple[FindingView, ...]:
        return tuple(view for view in views if view.anchor not in self.drawn)

    def remarks(self, view: FindingView) -> tuple[Told, ...]:
        """Return what a row says besides its numbers: why there is none, why it can't be judged, what could be seen."""
        said = [told(view.metric.reason)] if view.metric.reason else []
        if view.finding.confounded is not None:
            said += view.reason
        if view.badge is INCONCLUSIVE and view.detectable_words:
            said.append(Told(view.detectable_words, tag()))
        return tuple(said)

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
    def judged_drawn(self) -> int:
        """How many judged findings the plots show."""
        return len(self.full) + len(self.brief) - self.undrawn

    @property
    def undrawn(self) -> int:
        """How many judged findings the plots leave to the tables."""
        return len(self._undrawn((*self.full, *self.brief)))

    @property
    def row_remedies(self) -> tuple[str, ...]:
        """Remedies of findings that come as rows."""
        views = (*self.brief, *self.context_brief)
        return tuple(dict.fromkeys(remedy for view in views for remedy in view.finding.remedies))


def layout(
    key: str, judged: Sequence[FindingView], context: Sequence[FindingView], drawn: Iterable[FindingView]
) -> Layout:
    """Lay out findings that are sorted, the gravest first; `drawn` are those that the plots show."""
    few = len(judged) <= FEW
    full = _full(judged)
    kept = {view.anchor for view in full}
    brief = [view for view in judged if view.anchor not in kept]
    grave = _illustrated(full)
    with_evidence = [] if grave else [view for view in context if view.evidence][: FEW_CONTEXT if judged else FEW]
    illustrated = grave | {view.anchor for view in with_evidence}
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
        drawn=frozenset(view.anchor for view in drawn),
    )


def _full(judged: Sequence[FindingView]) -> list[FindingView]:
    places: Counter[Badge] = Counter()
    grave = []
    for view in judged:
        places[view.badge] += 1
        if places[view.badge] <= MOST_FULL[view.badge]:
            grave.append(view)
    if any(view.evidence for view in grave):
        return grave
    within = [view for view in judged if view.badge is WITHIN]
    shown = [view for view in within if view.evidence] or ([] if grave else within)
    return [*grave, *shown[:1]]


def _illustrated(full: Sequence[FindingView]) -> set[str]:
    with_evidence = [view for view in full if view.evidence]
    grave = [view.anchor for view in with_evidence if view.badge in (EXCEEDS, ACCEPTED)][:MOST_ILLUSTRATED]
    return set(grave) or {view.anchor for view in with_evidence[:1]}


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
