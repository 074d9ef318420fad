"""From the units of a calibration to its card: nothing is estimated here, only counted."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from modelaudit.cards import Card, Coverage, FalseAlarms, MeasuredCost, Power, Source
from modelaudit.errors import InputError, PluginError
from modelaudit.reports.text import visible
from modelaudit.statistics import clopper_pearson, interval_at
from modelaudit.testing.calibration.measuring import Measured
from modelaudit.testing.calibration.unit import LEVEL, Unit
from modelaudit.testing.calibration.wording import audits, missing_words, study_words

PLACES = 4
"""Decimals of an interval's bounds, rounded so that it holds the share."""


def card_of(measured: Measured, *, command: str) -> Card:
    """Return the card of a calibration.

    Audits of the clean twin that did not complete are no quiet ones: the rate is of those that were judged, and the
    card tells the others. Audits of a fault that did not complete did not find it.

    Args:
        command: what makes the card again.

    Raises:
        InputError, PluginError: no audit gave anything that could be judged; the message says why.
    """
    _check_judged(measured)
    source = f"{file_stem(measured.checker)}.units.json"
    study, study_zh = study_words(measured)
    missing, missing_zh = missing_words(measured)
    return Card.model_validate(
        {
            "schema": "modelaudit.card/1",
            "checker": measured.checker,
            "version": measured.version,
            "study": study,
            "study_zh": study_zh,
            "missing": missing,
            "missing_zh": missing_zh,
            "sources": [Source(file=source, made_on=max(unit.made_on for unit in measured.units), command=command)],
            "false_alarms": false_alarms(measured, source),
            "power": power(measured, source),
            "coverage": coverage(measured, source),
            "cost": cost(measured),
        }
    )


def file_stem(checker: str) -> str:
    """Return how files of a checker are called: `vendor--noun`."""
    return checker.replace("/", "--")


def false_alarms(measured: Measured, source: str) -> list[FalseAlarms]:
    """Return the share of judged audits of the clean twin that raised an alarm; nothing where none was judged."""
    judged = [unit for unit in measured.at(0.0) if unit.judged]
    if not judged:
        return []
    cell = f"false alarms, clean twin of {measured.defect.name}, {audits(len(judged))}"
    counted = _counted(judged, cell, source, measured)
    return [FalseAlarms(**counted, nominal=measured.q)]


def power(measured: Measured, source: str) -> list[Power]:
    """Return for each strength the share of audits that found the fault."""
    found = []
    for strength, units in _by_strength(measured):
        cell = f"power, {measured.defect.name} of {strength:g}, {audits(len(units))}"
        counted = _counted(units, cell, source, measured)
        found.append(Power(**counted, effect=strength, unit=measured.defect.unit))
    return found


def coverage(measured: Measured, source: str) -> list[Coverage]:
    """Return for each strength, the clean twin's included, the share of intervals that hold the truth."""
    defect = measured.defect
    if defect.truth is None or defect.metric is None:
        return []
    found = []
    for strength, units in [(0.0, measured.at(0.0)), *_by_strength(measured)]:
        held = [holds for unit in units if (holds := unit.holds(defect.truth(strength))) is not None]
        if held:
            cell = f"coverage, {defect.name} of {strength:g}, {audits(len(held))}"
            counted = _figure(sum(held), len(held), cell, source, defect.metric)
            found.append(Coverage(**counted, nominal=LEVEL))
    return found


def cost(measured: Measured) -> MeasuredCost | None:
    """Return what an audit of the clean twin takes, or None where none completed on one kind of machine."""
    units = [unit for unit in measured.at(0.0) if unit.completed]
    if not units:
        return None
    kinds = sorted({unit.hardware for unit in units})
    return MeasuredCost(
        n=len(units),
        preset=measured.preset,
        evaluations=median(unit.evaluations for unit in units),
        tokens=median(unit.tokens for unit in units),
        seconds=round(median(unit.seconds for unit in units), 3),
        hardware="; ".join(kinds),
    )


def _by_strength(measured: Measured) -> list[tuple[float, tuple[Unit, ...]]]:
    return [(strength, units) for strength in measured.defect.strengths if (units := measured.at(float(strength)))]


def _counted(units: Sequence[Unit], cell: str, source: str, measured: Measured) -> dict[str, Any]:
    return _figure(sum(unit.alarm for unit in units), len(units), cell, source, measured.defect.metric)


def _figure(k: int, n: int, cell: str, source: str, metric: str | None) -> dict[str, Any]:
    low, high = interval_at(clopper_pearson(k, n).bounds, LEVEL)
    bounds = {"low": round(low, PLACES), "high": round(high, PLACES)}
    return {"cell": cell, "source": source, "metric": metric, "k": k, "n": n, **bounds}


def _check_judged(measured: Measured) -> None:
    """Refuse a card that would say only that nothing worked."""
    if any(unit.judged for unit in measured.units):
        return
    name, defect = measured.checker, measured.defect
    silent = next((unit for unit in measured.units if not unit.completed), None)
    if silent is not None:
        said = f"{name} gave no answer in any of {audits(len(measured.units))}; the first is {silent.status}: "
        said += visible(silent.reason or "no reason", most=300)
        if silent.status == "errored":
            raise PluginError(said)
        raise InputError(f"{said}. Plant the fault in a subject that the check applies to")
    what = f"the metric {defect.metric}" if defect.metric else "any metric"
    limits = f'limits={{"{defect.metric or "metric_id"}": {{"max": 0.05}}}}'
    raise InputError(
        f"no policy limit could be held against {what} of {name}, so that no audit could raise an alarm. Give the "
        f"defect a limit, such as {limits}, and see that the metric is primary"
    )
