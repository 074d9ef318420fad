"""What comes of the panel's audits: a record for each, the tables of the page, and the bands drawn from them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelaudit import AuditReport
from modelaudit.results import Finding
from panel.models import GROUPS, Member

CHECKER = "modelaudit/shapley-explanation"
PANEL = "2026-11"

AXES = ("additive_fidelity", "normalised_faithfulness", "stability")
QUALITY = "explanation_quality"
BANDED = (QUALITY, *AXES)
METRICS = (
    *BANDED,
    "additive_share",
    "faithfulness_gain",
    "baseline_agreement",
    "randomised_agreement",
    "words_for_80pct",
    "cancellation",
    "context_share",
    "sampling_error",
)
LEVEL = 0.95
QUANTILES = (0.1, 0.5, 0.9)

Record = dict[str, Any]


def record_of(
    member: Member, report: AuditReport, *, seed: int, pairs: int | None, right: tuple[float | None, float | None]
) -> Record:
    """Return what one audit of a model says, ready for JSON.

    `pairs` is None where the preset's number was used; `right` are shares of training rows and of held-out rows.
    """
    [result] = [each for each in report.results if each.checker.id == CHECKER]
    by_id = {finding.metric.id: finding for finding in result.findings}
    return {
        "model": member.name,
        "group": member.group,
        "about": member.about,
        "right": {"training rows": right[0], "held-out rows": right[1]},
        "seed": seed,
        "pairs": pairs,
        "checker_version": result.checker.version,
        "status": result.status,
        "reason": result.reason,
        "metrics": {name: _score(by_id.get(name)) for name in METRICS},
        "limited_by": _limit(by_id.get(QUALITY)),
        "pairs_share": _pairs_share(by_id.get("additive_fidelity")),
        "words_for_80pct_over_rows": _over_rows(by_id.get("words_for_80pct")),
        "evaluations": report.run.computed,
    }


def _score(finding: Finding | None) -> dict[str, Any] | None:
    """Return value, interval and n of a metric; None where the audit did not give it."""
    if finding is None:
        return None
    metric = finding.metric
    bound = next((bound for bound in metric.bounds if bound.level == LEVEL), None)
    interval = None if bound is None else [bound.low, bound.high]
    return {"value": metric.value, "interval": interval, "n": metric.n, "reason": metric.reason}


def _limit(finding: Finding | None) -> str | None:
    """Return the axis that the statement names as the lowest."""
    if finding is None or finding.metric.value is None:
        return None
    return finding.statement.partition(": ")[2].partition(" is ")[0]


def _pairs_share(finding: Finding | None) -> float | None:
    """Return the share of the variation that pairs of words add, from the bar beside the additive fidelity."""
    parts = [part for item in (finding.evidence if finding else ()) if item.kind == "shares" for part in item.parts]
    return next((part.share for part in parts if "pairs" in part.name), None)


def _over_rows(finding: Finding | None) -> list[float] | None:
    """Return the quantiles over rows, from the curve of the share of rows up to each count."""
    curves = [item for item in (finding.evidence if finding else ()) if item.kind == "curve"]
    if not curves:
        return None
    [series] = curves[0].series
    points = list(zip(series.x, series.y, strict=True))
    return [next(x for x, share in points if share >= quantile - 1e-9) for quantile in QUANTILES]


def unsettled(audit: Record) -> bool:
    """Tell whether an audit has no quality, for its values have not settled."""
    quality = audit["metrics"][QUALITY]
    return quality is not None and quality["value"] is None and "settled" in (quality["reason"] or "")


def by_model(audits: Iterable[Record], *, more_pairs: bool = False) -> dict[str, list[Record]]:
    """Return the audits of each model in the order of their seeds: those on the preset's pairs, or those on more."""
    found: dict[str, list[Record]] = {}
    for audit in audits:
        if (audit["pairs"] is not None) == more_pairs:
            found.setdefault(audit["model"], []).append(audit)
    return found


def value_of(audits: Sequence[Record], metric: str) -> float | None:
    """Return the median of a metric over the audits of one model that gave a value; None where none did."""
    scores = [audit["metrics"].get(metric) for audit in audits]
    values = [score["value"] for score in scores if score and score["value"] is not None]
    return statistics.median(values) if values else None


def bands_of(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bands of a study: for each score and group, the lowest, the middle and the highest model.

    A group of few models has no other quantiles that could be trusted; a model without a value has no part.
    """
    models = by_model(study["audits"])
    versions = {audit["checker_version"] for audit in study["audits"]}
    if len(versions) != 1:
        raise ValueError(f"audits of several versions of the checker, {sorted(versions)}, make no bands")
    return {
        "schema": "modelaudit.bands/1",
        "panel": PANEL,
        "checker": CHECKER,
        "checker_version": versions.pop(),
        "command": study["command"],
        "models": [
            {"name": name, "group": audits[0]["group"], "about": audits[0]["about"]} for name, audits in models.items()
        ],
        "bands": [
            band for metric in BANDED for group in GROUPS if (band := _band(models.values(), metric, group)) is not None
        ],
    }


def _band(models: Iterable[Sequence[Record]], metric: str, group: str) -> dict[str, Any] | None:
    of_group = [audits for audits in models if audits[0]["group"] == group]
    values = [value for audits in of_group if (value := value_of(audits, metric)) is not None]
    if not of_group:
        return None
    return {
        "metric": metric,
        "group": group,
        "models": len(of_group),
        "measured": len(values),
        "low": round(min(values), 3) if values else None,
        "middle": round(statistics.median(values), 3) if values else None,
        "high": round(max(values), 3) if values else None,
    }


def sections(study: Mapping[str, Any]) -> str:
    """Return the tables of the page: the models, their scores, and the bands."""
    models, settled = by_model(study["audits"]), by_model(study["audits"], more_pairs=True)
    lines = ["", "## Models", ""]
    lines += _head("model", "group", "made from", "right on training rows", "right on held-out rows")
    for name, audits in models.items():
        first = audits[0]
        shares = ["" if share is None else f"{share:.2f}" for share in first["right"].values()]
        lines.append(_line(name, first["group"], first["about"], *shares))
    lines += [
        "",
        "## Scores",
        "",
        "On the settings of the standard preset. The first draw of rows has its 95% interval",
    ]
    lines.append("and its number of rows (`stability`: of edits); the values of further draws stand after a slash.")
    lines += _scores(models)
    lines += [
        "",
        *_head("model", "limited by", "pairs of words add", "words for 80%, at 10, 50, 90% of rows", "why not"),
    ]
    lines += [_line(name, *_rest(audits[0])) for name, audits in models.items()]
    lines += [
        "",
        "## More pairs",
        "",
        "Models whose values had not settled, again on fewer rows with more pairs a row.",
    ]
    lines += _scores(settled)
    lines += ["", "## Bands", "", "Over models; of each model the median of its draws on the standard settings.", ""]
    lines += _head("score", "group", "models with a value", "lowest", "middle", "highest")
    for band in bands_of(study)["bands"]:
        ends = ["none" if band[end] is None else f"{band[end]:.2f}" for end in ("low", "middle", "high")]
        lines.append(_line(f"`{band['metric']}`", band["group"], f"{band['measured']} of {band['models']}", *ends))
    return "\n".join(lines) + "\n"


def _scores(models: Mapping[str, Sequence[Record]]) -> list[str]:
    lines = []
    for metrics in (BANDED, METRICS[len(BANDED) :]):
        lines += ["", *_head("model", *(f"`{metric}`" for metric in metrics))]
        lines += [_line(name, *(_cell(audits, metric) for metric in metrics)) for name, audits in models.items()]
    return lines


def _head(*cells: str) -> list[str]:
    return [_line(*cells), "|---" * len(cells) + "|"]


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(audits: Sequence[Record], metric: str) -> str:
    """Return the value of each audit; the first with its interval."""
    score = audits[0]["metrics"].get(metric)
    shown = _value(audits[0], metric)
    if score and score["interval"]:
        shown += f" [{score['interval'][0]:.2f}, {score['interval'][1]:.2f}], n {score['n']}"
    elif score and score["value"] is not None:
        shown += f" without an interval, n {score['n']}"
    return " / ".join([shown, *(_value(audit, metric) for audit in audits[1:])])


def _value(audit: Record, metric: str) -> str:
    score = audit["metrics"].get(metric)
    if score is None:
        return "missing" if audit["status"] == "completed" else "not assessed"
    return "none" if score["value"] is None else f"{score['value']:.2f}"


def _rest(audit: Record) -> tuple[str, str, str, str]:
    quality = audit["metrics"].get(QUALITY)
    why = audit["reason"] or (quality or {}).get("reason") or ""
    share, over = audit["pairs_share"], audit["words_for_80pct_over_rows"]
    return (
        audit["limited_by"] or "",
        "" if share is None else f"{share:.0%}",
        "" if over is None else ", ".join(f"{count:g}" for count in over),
        why,
    )
