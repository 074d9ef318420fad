"""A look as Prometheus text, for the textfile collector of a node exporter; few series, and no name of a row in any."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport
from modelaudit.monitoring.look import Look

LONGEST = 120
"""Characters of a label's value; a name may be as long as a text."""


def prometheus_text(look: Look, report: AuditReport, *, now: dt.datetime) -> str:
    """Return the metrics of a look and of the audit that it leans on.

    One series a measure and scope, one an alert rule, one a waiver; labels of classes stand only in the rules that the
    user wrote.
    """
    model = {"model": look.model}
    measures = [({**model, "measure": each.name, "scope": each.scope}, each) for each in look.measures]
    parts = [
        _metric("modelaudit_watch_alarm", "1 where an alarm stands, until the reset", [(model, look.state == "alarm")]),
        _metric(
            "modelaudit_watch_inconclusive",
            "1 where this look could not tell",
            [(model, look.state == "inconclusive")],
        ),
        _metric(
            "modelaudit_watch_look", "Looks since the last reset", [] if look.look is None else [(model, look.look)]
        ),
        _metric("modelaudit_watch_rows", "New rows of this look", [(model, look.rows)]),
        _metric("modelaudit_watch_broken_lines", "Lines that could not be read", [(model, look.broken)]),
        _metric("modelaudit_watch_alpha_spent", "What of the error rate the looks have spent", [(model, look.spent)]),
        _metric(
            "modelaudit_watch_measure",
            "Difference of live rows from the baseline; a change, not harm",
            [(labels, each.value) for labels, each in measures if each.value is not None],
        ),
        _metric(
            "modelaudit_watch_measure_p",
            "p of no change, adjusted for all measures and looks",
            [(labels, each.adjusted) for labels, each in measures if each.adjusted is not None],
        ),
        _metric(
            "modelaudit_watch_measure_alarm",
            "1 where the measure raised the alarm at this look",
            [(labels, each.state == "alarm") for labels, each in measures],
        ),
        _metric(
            "modelaudit_watch_measure_inconclusive",
            "1 where the measure could not have shown the change that was asked for",
            [(labels, each.state == "inconclusive") for labels, each in measures],
        ),
        _metric(
            "modelaudit_watch_trigger",
            "1 where the audit should be made again for this reason",
            [({**model, "kind": kind}, 1) for kind in sorted({each.kind for each in look.triggers})],
        ),
        _metric(
            "modelaudit_waiver_expiry_timestamp_seconds",
            "When a waiver of the policy expires",
            [({"id": each.id}, _seconds(each.expires)) for each in report.policy.waiver],
        ),
        _metric("modelaudit_last_run_timestamp_seconds", "When this look was made", [(model, now.timestamp())]),
        _metric(
            "modelaudit_info",
            "What the look leans on",
            [
                (
                    {
                        **model,
                        "report_digest": report.digest,
                        "model_digest": report.subject.model.weights_sha256 or "",
                        "policy_digest": report.policy.sha256,
                        "version": __version__,
                    },
                    1,
                )
            ],
        ),
    ]
    return "".join(parts)


def _metric(name: str, told: str, samples: Iterable[tuple[dict[str, str], float | None]]) -> str:
    lines = [
        f"{name}{{{','.join(f'{key}={_quoted(value)}' for key, value in labels.items())}}} {float(value or 0.0)!r}"
        for labels, value in samples
    ]
    return "".join(f"{line}\n" for line in [f"# HELP {name} {told}", f"# TYPE {name} gauge", *lines]) if lines else ""


def _quoted(value: str) -> str:
    """Return a label's value: quoted, in one line, cut where it is long."""
    kept = value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
    plain = "".join(mark if mark.isprintable() or mark == " " else "?" for mark in kept)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _seconds(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp()
