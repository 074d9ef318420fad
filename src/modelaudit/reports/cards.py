"""What a check's calibration card says, in a sentence or two for the page, and where its worst figures are from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelaudit.cards import Card, Coverage, FalseAlarms, MeasuredCost, Power, Rate, card_for
from modelaudit.reports.numbers import decimal, percent
from modelaudit.reports.text import listed
from modelaudit.reports.words import Told, say, spoken
from modelaudit.results import CheckerInfo


@dataclass(frozen=True)
class CardView:
    """The card of one check, or that it has none.

    Attributes:
        sentences: what was measured, the least favourable figure of each kind first in line.
        cost: what an audit by a stranger's check took, where it was measured.
        worst: of false alarms and of power: (what is named, the study with the least favourable figure, its counts).
    """

    calibrated: bool
    sentences: tuple[str, ...]
    study: str = ""
    worst: tuple[tuple[str, Told, str], ...] = ()
    sources: str = ""
    cost: str = ""


def card_view(info: CheckerInfo, brought: Sequence[Card], *, plugin: str) -> CardView:
    """Return how often a checker errs, as far as it was measured for this version.

    Args:
        brought: cards that plugins brought of their own checkers. plugin: who brought the checker.
    """
    card = card_for(info.id, info.version, brought)
    if card is None:
        return CardView(False, (say("card.none"),))
    stale = () if card.speaks_for(info.version) else (say("card.stale", version=card.version, own=info.version),)
    whose = (say("card.brought", plugin=plugin),) if card in brought else ()
    missing = card.missing_zh if spoken() == "zh" else card.missing
    said = (_false_alarms(card.false_alarms), _power(card.power), _coverage(card.coverage), missing)
    return CardView(
        calibrated=True,
        sentences=(*whose, *stale, *filter(None, said)),
        study=card.study_zh if spoken() == "zh" else card.study,
        worst=tuple(_worst(card)),
        sources=_sources(card),
        # That of a bundled check stands on its page in the documentation.
        cost=_cost(card.cost) if whose else "",
    )


def _false_alarms(figures: Sequence[FalseAlarms]) -> str:
    if not figures:
        return say("card.false_alarms.none")
    worst = max(figures, key=_rate)
    promised = sorted({percent(figure.nominal) for figure in figures if figure.nominal is not None})
    return say(
        "card.false_alarms.measured",
        studies=say("count.studies", count=len(figures)),
        rate=share(worst),
        counts=counts_and_interval(worst),
        promised=say("card.promised", rates=listed(promised)) if promised else "",
    )


def _power(figures: Sequence[Power]) -> str:
    if not figures:
        return ""
    low, high = min(figures, key=_rate), max(figures, key=_rate)
    studies = say("count.studies", count=len(figures))
    if low.rate == high.rate:
        return say("card.power.one", studies=studies, rate=share(low), counts=counts(low))
    return say(
        "card.power.measured",
        studies=studies,
        low=share(low),
        low_counts=counts(low),
        high=share(high),
        high_counts=counts(high),
    )


def _coverage(figures: Sequence[Coverage]) -> str:
    if not figures:
        return ""
    worst = min(figures, key=_rate)
    return say(
        "card.coverage",
        level=percent(worst.nominal),
        studies=say("count.studies", count=len(figures)),
        rate=share(worst),
        counts=counts_and_interval(worst),
    )


def _worst(card: Card) -> Iterator[tuple[str, Told, str]]:
    kinds: tuple[tuple[str, Sequence[Rate]], ...] = (
        ("false_alarms", sorted(card.false_alarms, key=_rate, reverse=True)),
        ("power", sorted(card.power, key=_rate)),
    )
    for kind, figures in kinds:
        # Of a few studies the sentences have said it.
        if len(figures) > 3:
            yield say(f"card.kind.{kind}", count=len(figures)), Told(figures[0].cell, "en"), counts(figures[0])


def _cost(cost: MeasuredCost | None) -> str:
    if cost is None:
        return ""
    return say(
        "card.cost",
        evaluations=decimal(cost.evaluations, places=0),
        seconds=decimal(cost.seconds, places=1),
        preset=cost.preset,
        hardware=cost.hardware,
    )


def _sources(card: Card) -> str:
    return listed([say("card.source", file=source.file, day=str(source.made_on)) for source in card.sources])


def share(figure: Rate) -> str:
    """Return the share in percent."""
    return decimal(100 * figure.rate, places=1) + "%"


def counts(figure: Rate) -> str:
    """Return the counts: `9 of 204`."""
    return say("card.counts", k=figure.k, n=figure.n)


def counts_and_interval(figure: Rate) -> str:
    """Return the counts with the 95% interval of the share."""
    low, high = decimal(100 * figure.low, places=1) + "%", decimal(100 * figure.high, places=1) + "%"
    return say("card.interval", counts=counts(figure), interval=say("number.interval", low=low, high=high))


def _rate(figure: Rate) -> float:
    return figure.rate
