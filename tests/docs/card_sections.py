"""Two sections of each checker's page, from its card of calibration; `tests/docs/card_sections.py` writes them anew.

Run it whenever a card is new. It puts `Calibration card` and `Cost` in front of `Example`, in the place of what may
stand there.
"""

from __future__ import annotations

import re
from pathlib import Path

from modelaudit.cards.card import Card, MeasuredCost, Rate, card_for
from modelaudit.checker import CheckerInfo
from modelaudit.plugins import Plugins

FOLDER = Path(__file__).parents[2] / "docs" / "checkers"
CHECKERS = [registered.checker.info for registered in Plugins(installed=False).checkers()]
SECTIONS = re.compile(r"^## Calibration card\n.*?(?=^## Example\n)|(?=^## Example\n)", re.MULTILINE | re.DOTALL)
MOST = 8
"""So many figures of one kind are shown; the record and the report have all."""
EXPLAINED = "[What a card is](../explanation/statistics.md#how-often-a-check-errs)."


def page_of(info: CheckerInfo) -> Path:
    return FOLDER / f"{info.id.partition('/')[2]}.md"


def rewritten(page: str, info: CheckerInfo) -> str:
    """Return a page with the two sections as the card in the package has them."""
    said = sections(card_for(info.id, info.version), info.version)
    return SECTIONS.sub(lambda _: said, page, count=1)


def sections(card: Card | None, version: str) -> str:
    """Return the two sections, ending in an empty line."""
    return f"## Calibration card\n\n{_calibration(card, version)}\n\n## Cost\n\n{_cost(card and card.cost)}\n\n"


def _calibration(card: Card | None, version: str) -> str:
    if card is None:
        return f"Not calibrated: nobody has measured yet how often this check errs. {EXPLAINED}"
    parts = [f"{card.study} {EXPLAINED}"]
    if not card.speaks_for(version):
        parts[0] += f" It was measured on version {card.version}; this is {version}: the figures are of another check."
    kinds = (
        ("false alarm", card.false_alarms),
        ("found", card.power),
        ("interval held the truth", card.coverage),
    )
    rows = [_row(kind, rate) for kind, rates in kinds for rate in rates[:MOST]]
    parts.append("\n".join(["| figure | of what | measured | 95% interval |", "|---|---|---|---|", *rows]))
    left = sum(max(0, len(rates) - MOST) for _, rates in kinds)
    made = "; ".join(f"`{source.command}` ({source.made_on})" for source in card.sources)
    if left:
        parts.append(f"{left} more figures are in the card that comes with the package.")
    if card.missing:
        parts.append(f"Not measured: {card.missing}")
    parts.append(f"Measured by {made}.")
    return "\n\n".join(parts)


def _row(kind: str, rate: Rate) -> str:
    of = re.sub(r"^(false alarms|power|coverage)[,:] ", "", rate.cell).replace("|", "\\|")
    nominal = getattr(rate, "nominal", None)
    promised = "" if nominal is None else f", promised {nominal:.0%}"
    return (
        f"| {kind} | {of} | {rate.k:,} of {rate.n:,}: {rate.rate:.1%}{promised} | {rate.low:.1%} to {rate.high:.1%} |"
    )


def _cost(cost: MeasuredCost | None) -> str:
    plan = "`modelaudit plan` says it for your model and rows."
    if cost is None:
        return f"Not measured apart. {plan}"
    asked = f"{cost.evaluations:,.0f} model evaluations, {cost.tokens:,.0f} tokens, {cost.seconds:.2g} s"
    return (
        f"{asked} on {cost.hardware}: the median of {cost.n:,} audits by this check alone, preset {cost.preset}, "
        f"of the tiny models of the calibration. {plan}"
    )


if __name__ == "__main__":
    for each in CHECKERS:
        file = page_of(each)
        file.write_text(rewritten(file.read_text(encoding="utf-8"), each), encoding="utf-8")
