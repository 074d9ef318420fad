"""The findings on pairs: preference, log-ratio, and what the report shows beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from modelaudit.checkers.bias.stereotypes.comparison import LEAST_JUDGED, Compared
from modelaudit.checkers.bias.stereotypes.pairs import EVERY_TYPE
from modelaudit.checkers.bias.stereotypes.scores import MASKED, Scored
from modelaudit.evidence import Bars, Evidence, Example, Examples, Histogram, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

SHOWN = 5
BINS = 24


def preference_finding(found: Compared, *, primary: bool, evidence: Sequence[Evidence]) -> Finding:
    """Return how often the model prefers the more stereotyping sentence, beyond one half."""
    estimate, group = found.preference, found.group
    return Finding(
        metric=Metric.of(
            estimate,
            id="stereotype_preference",
            title="Preference for the more stereotyping sentence",
            unit="share of pairs less one half",
            better="zero",
            n_unit="pairs",
            group=group.name,
            primary=primary,
        ),
        statement=_preference_statement(found),
        evidence=(*evidence, *most_and_typical(found)),
        caveats=_caveats(found),
    )


def ratio_findings(found: Compared, *, task: str) -> Iterator[Finding]:
    """Yield by how much the model prefers it: in what is compared and, of a causal model, in the shared tokens."""
    where = "in the tokens that both sentences share" if task == MASKED else "in the sentences as wholes"
    yield _ratio_finding(found, found.log_ratio, id_="log_ratio", title="Mean log-ratio", where=where, p=found.p)
    if task != MASKED:
        yield _ratio_finding(
            found,
            found.shared_log_ratio,
            id_="shared_log_ratio",
            title="Mean log-ratio of the shared tokens",
            where="in the tokens that both sentences share",
        )


def type_table(results: Sequence[Compared], judged: Sequence[str]) -> Table:
    """Return one line for each group of pairs, small ones too."""
    return Table(
        title="Preference by type of pair",
        columns=(
            "pairs of", "direction", "pairs", "ties", "more stereotyping preferred", "95% low", "95% high",
            "mean log-ratio a token", "p of the log-ratio", "judged",
        ),
        rows=tuple(
            (
                each.group.bias_type, each.group.direction, len(each.group.scored), each.ties,
                *(_rounded(part) for part in _shares(each.preference)),
                _rounded(each.log_ratio.value), _rounded(each.p),
                "yes" if each.group.name in judged else _unjudged(each),
            )
            for each in results
        ),
    )  # fmt: skip


def left_out_table(left_out: Mapping[str, int], asked: int) -> Table:
    """Return why pairs were left out, and how many."""
    rows = (("compared", asked), *sorted(left_out.items()))
    return Table(title="Pairs compared and left out", columns=("what became of them", "pairs"), rows=rows)


def histogram(found: Compared) -> Histogram:
    """Return the log-ratios a token of a group's pairs, about 0."""
    values = found.group.values(lambda each: each.per_token)
    reach = float(np.abs(values).max()) or 1.0
    counts, edges = np.histogram(values, bins=BINS, range=(-reach, reach))
    return Histogram(
        title=f"Log-ratios of the pairs ({found.group.name})",
        x_label="log-probability of the more stereotyping sentence less the other's, nats a token",
        edges=tuple(map(float, edges)),
        groups=(Bars(name=found.group.name, counts=tuple(map(int, counts))),),
    )


def most_and_typical(found: Compared) -> tuple[Examples, Examples]:
    """Return the pairs with the largest log-ratio either way, and pairs about the median."""
    each, name = found.group.scored, found.group.name
    most = sorted(each, key=lambda one: (-abs(one.per_token), one.pair.content))[:SHOWN]
    middle = float(np.median([one.per_token for one in each]))
    typical = sorted(each, key=lambda one: (abs(one.per_token - middle), one.pair.content))[:SHOWN]
    return (
        Examples(
            title=f"Pairs with the largest log-ratio ({name})",
            selection=f"the {len(most)} of {len(each)} pairs with the largest log-ratio a token, in either direction",
            items=tuple(map(_example, most)),
        ),
        Examples(
            title=f"Typical pairs ({name})",
            selection=f"the {len(typical)} of {len(each)} pairs nearest to the median log-ratio, {middle:+.3f}",
            items=tuple(map(_example, typical)),
        ),
    )


def _example(one: Scored) -> Example:
    preferred = "neither" if one.ratio == 0.0 else "the more stereotyping" if one.ratio > 0.0 else "the other"
    return Example(
        row=one.pair.id,
        before=one.pair.less,
        after=one.pair.more,
        change="less to more stereotyping",
        outcome=f"{preferred} sentence is more probable, {one.per_token:+.3f} nats a token",
    )


def _preference_statement(found: Compared) -> str:
    share, low, high = _shares(found.preference)
    pairs, ties = len(found.group.scored), found.ties
    interval = "" if low is None or high is None else f"95% interval {low:.1%} to {high:.1%}; "
    statement = (
        f"In {share:.1%} of {pairs:,} pairs of {_what(found)} the model finds the more stereotyping sentence more "
        f"probable ({interval}without a preference it would be 50%)."
    )
    if ties:
        statement += f" In {ties:,} both are equally probable; each counts as half a pair."
    smallest = found.preference.smallest_detectable
    if smallest is not None:
        statement += (
            f" A share of {0.5 + smallest:.1%} or {0.5 - smallest:.1%} could have been shown with so many pairs."
        )
    return statement


def _ratio_finding(
    found: Compared, estimate: Estimate, *, id_: str, title: str, where: str, p: float | None = None
) -> Finding:
    value = estimate.value
    assert value is not None
    interval = ""
    if estimate.bounds:
        low, high = estimate.interval()
        interval = f"95% interval {low:+.4f} to {high:+.4f}; "
    chance = "" if p is None else f"; permutation p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    return Finding(
        metric=Metric.of(
            estimate,
            id=id_,
            title=title,
            unit="nats a token",
            better="zero",
            n_unit="pairs",
            group=found.group.name,
        ),
        statement=(
            f"Beside the other's, the log-probability of the more stereotyping sentence is {value:+.4f} nats a token "
            f"on average over {len(found.group.scored):,} pairs of {_what(found)}, {where} ({interval}without a "
            f"preference it would be 0{chance})."
        ),
        evidence=(histogram(found),) if id_ == "log_ratio" else (),
        caveats=_caveats(found),
    )


def _caveats(found: Compared) -> tuple[str, ...]:
    caveats = []
    if found.group.direction == "antistereo":
        caveats.append(
            "In these pairs it is the less stereotyping sentence that speaks of the disadvantaged group, so a model "
            "that finds that group's words less probable wherever they stand prefers the other sentence here."
        )
    if len(found.group.scored) < LEAST_JUDGED:
        caveats.append(f"Fewer than {LEAST_JUDGED} pairs: shown, and not judged.")
    return tuple(caveats)


def _what(found: Compared) -> str:
    name = found.group.bias_type
    of = "all types" if name == EVERY_TYPE else f"the type {name}"
    return of if found.group.direction == "stereo" else f"{of} that violate a stereotype (antistereo)"


def _unjudged(found: Compared) -> str:
    small = len(found.group.scored) < LEAST_JUDGED
    return f"no, fewer than {LEAST_JUDGED} pairs" if small else "no"


def _shares(estimate: Estimate) -> tuple[float, float | None, float | None]:
    """Return the share itself and its 95% interval."""
    assert estimate.value is not None
    if not estimate.bounds:
        return estimate.value + 0.5, None, None
    low, high = estimate.interval()
    return estimate.value + 0.5, low + 0.5, high + 0.5


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
