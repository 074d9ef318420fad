"""Calibrate a checker: audits of subjects without and with a planted fault, counted on a card."""

from __future__ import annotations

from pathlib import Path

from modelaudit.audit_report import Preset
from modelaudit.cards import Card
from modelaudit.checker import Checker
from modelaudit.testing.calibration.measuring import Progress, measure
from modelaudit.testing.calibration.tally import card_of
from modelaudit.testing.defect import Defect


def calibrate(
    checker: Checker,
    defect: Defect,
    *,
    nulls: int = 200,
    draws: int = 50,
    folder: str | Path,
    jobs: int = 1,
    preset: Preset = "quick",
    progress: Progress | None = None,
) -> Card:
    """Return the calibration card of a checker: how often it raises a false alarm, finds the fault, holds the truth.

    Each audit is kept in `folder` as soon as it is done. Stopped, a calibration goes on with the next audit; done, it
    asks for nothing a second time, until the checker, its options, the defect or the code changes. Equal seeds give an
    equal card, whatever `jobs`, but for the seconds and the day.

    Args:
        nulls: audits of the clean twin. draws: audits at each strength of the defect.
        folder: where the audits are kept; one folder may serve many checkers.
        jobs: processes. With more than one the checker and the defect have to be found in a module.
        progress: is called with how many of how many audits are done.

    Raises:
        InputError: the defect can't be planted or audited, nothing could be judged, or an argument is no use.
        PluginError: the checker lacks a part of the contract, or failed in every audit.
    """
    measured = measure(
        checker, defect, nulls=nulls, draws=draws, folder=folder, jobs=jobs, preset=preset, progress=progress
    )
    given = f"nulls={nulls}, draws={draws}, preset={preset!r}"
    return card_of(measured, command=f"calibrate({type(checker).__name__}(…), {defect.name!r}, {given})")


def card_text(card: Card) -> str:
    """Return a card as the file that a plugin brings."""
    content = card.model_dump_json(by_alias=True, exclude_defaults=True, indent=1)
    return content + "\n"
