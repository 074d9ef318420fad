"""The findings on personal data: shares, the sentences that say them, counts by kind, and ids of rows."""

from __future__ import annotations

from collections.abc import Mapping

from modelaudit.checkers.privacy.personal.scan import NAME, Hits, Marked, Scan, Tally
from modelaudit.checkers.privacy.wording import could_be_shown
from modelaudit.evidence import Example, Examples, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, clopper_pearson, clustered_proportion

SHOWN = 100
"""Rows that are named by id; where there are more, the count says so."""
NAMED_KINDS = 3
POWER = 0.8
SHARE = "A share of {:.2%}"


def share_finding(found: Scan, *, of: int, detector: str) -> Finding:
    """Return the share of rows with personal data of any kind; judged. `of` is how many rows the table has."""
    share, smallest = _estimated(found.hits), _smallest(found.hits)
    return Finding(
        metric=Metric.of(
            share,
            id="rows_with_personal_data",
            title="Rows with personal data",
            unit="share of rows",
            better="lower",
            group=found.table,
            primary=True,
            smallest_detectable=smallest,
        ),
        statement=_statement(found, share) + could_be_shown(smallest, SHARE, "rows"),
        evidence=(_kinds_table(found.kinds, found.table), *_examples(found)),
        caveats=_caveats(found, of=of, detector=detector),
    )


def named_finding(found: Scan) -> Finding:
    """Return the share of rows in which a label marks a person's name; shown, never judged.

    A corpus for finding names holds names by its nature, so a limit on personal data would say nothing of it.
    """
    if found.named is None:
        raise ValueError(f"no labels of the {found.table} mark persons")
    tally, rows = found.named.tally, len(found.named.hits.found)
    share, smallest = _estimated(found.named.hits), _smallest(found.named.hits)
    return Finding(
        metric=Metric.of(
            share,
            id="rows_with_named_persons",
            title="Rows in which the labels mark a person's name",
            unit="share of rows",
            better="neither",
            group=found.table,
            smallest_detectable=smallest,
        ),
        statement=(
            f"In {_share(share)} of the {rows:,} {found.table} with labels for words ({tally.rows:,}; "
            f"{_interval(share)}) a label marks a person's name: {tally.matches:,} names, {tally.values:,} of them "
            "different. The names stay out of the share of rows with personal data, since such rows are there to "
            "teach names." + could_be_shown(smallest, SHARE, "rows")
        ),
        evidence=(_kinds_table({NAME: tally}, found.table),),
        caveats=("Names are those of the true labels, right or wrong. They may be of public or invented persons.",),
    )


def _statement(found: Scan, share: Estimate) -> str:
    if not found.marked:
        return f"In none of the {found.rows:,} {found.table} was personal data found ({_interval(share)})."
    kinds = [f"{kind} in {tally.rows:,} {'row' if tally.rows == 1 else 'rows'}" for kind, tally in found.kinds.items()]
    return (
        f"{_share(share)} of the {found.rows:,} {found.table} ({len(found.marked):,}; {_interval(share)}) hold "
        f"personal data: {', '.join(kinds[:NAMED_KINDS])}{', and more kinds' if len(kinds) > NAMED_KINDS else ''}."
    )


def _share(estimate: Estimate) -> str:
    return "none" if estimate.value is None else f"{estimate.value:.1%}"


def _interval(estimate: Estimate) -> str:
    low, high = estimate.interval()
    return f"95% interval {low:.1%} to {high:.1%}"


def _estimated(hits: Hits) -> Estimate:
    """Return the share of rows; rows of one document count for as much as they tell."""
    if hits.documents is None:
        return clopper_pearson(int(hits.found.sum()), len(hits.found))
    return clustered_proportion(hits.found, hits.documents)


def _smallest(hits: Hits) -> float:
    """Return the smallest share of which at least one row shows up among so many, four times in five."""
    return float(1.0 - (1.0 - POWER) ** (1.0 / hits.independent))


def _kinds_table(kinds: Mapping[str, Tally], table: str) -> Table:
    return Table(
        title=f"Personal data by kind, {table}",
        columns=("kind", "rows with it", "matches", "different values"),
        rows=tuple((kind, tally.rows, tally.matches, tally.values) for kind, tally in kinds.items()),
    )


def _examples(found: Scan) -> tuple[Examples, ...]:
    if not found.marked:
        return ()
    shown = found.marked[:SHOWN]
    rest = f"; {len(found.marked) - len(shown):,} more are not listed" if len(found.marked) > len(shown) else ""
    return (
        Examples(
            title=f"Where it was found, {found.table}",
            selection=f"Rows with personal data, those with most first, by id alone{rest}.",
            items=tuple(Example(row=row.row, outcome=_kinds_of(row)) for row in shown),
            private=True,
        ),
    )


def _kinds_of(row: Marked) -> str:
    return ", ".join(kind if count == 1 else f"{kind} ({count:,} times)" for kind, count in row.kinds.items())


def _caveats(found: Scan, *, of: int, detector: str) -> tuple[str, ...]:
    caveats = []
    if found.rows < of:
        caveats.append(
            f"Of {of:,} {found.table} {found.rows:,} were drawn and searched, as the preset quick does; the list of "
            "rows is not complete. Choose the preset standard to search all."
        )
    if found.split_words:
        caveats.append(
            f"{found.split_words:,} of the rows came as words, and are searched with one space between them: a detail "
            "that was cut into several words may be missed."
        )
    if found.hits.documents is not None:
        caveats.append(
            f"The rows come from {found.hits.independent:,} documents, persons or contexts of questions, which the "
            "interval takes as the independent units."
        )
    if detector == "presidio":
        caveats.append(
            "Searched with Presidio's recognizers for English, without a language model: it finds no names and no "
            "places, takes no date for one of birth, and its misses and false matches are its own."
        )
    return tuple(caveats)
