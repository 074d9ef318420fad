"""The suite beside a peer, on the same models, the same rows and in one run.

The peer is ART's black-box attack, which learns from part of the members and non-members to tell them apart; it is
fitted on half of both sides, as its documentation does, and every arm is read on the other half. It lives in an
environment of its own and is handed what the model answers in a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from privacy.asking import HEADS, NO_TRAINING, REFERENCES, VERSION, context_of, suite_of
from privacy.bases import base_folder, reads_whole
from privacy.figures import auc_of, share_found
from privacy.tasks import CLASSIFIERS, pool
from privacy.truth import TARGET, Family, half, target_folder
from privacy.units import Result, Unit

PEER = Path(__file__).parent / "peer.py"
PEERS = Path(__file__).parents[2] / ".venv-peers" / "bin" / "python"
"""The interpreter that the peer runs in; MODELAUDIT_PEERS names another one."""

ART = "adversarial-robustness-toolbox"
NOT_MEASURED = {
    "RMIA of privacy-meter": "its newest release on PyPI is 1.0.1 of July 2023, which has no RMIA yet; the ratio "
    "attack of the suite is the same statistic",
}


def peers() -> Path | None:
    """Return the interpreter that has the peer, or None where there is none."""
    place = Path(os.environ.get("MODELAUDIT_PEERS", PEERS))
    return place if place.exists() else None


def units(families: tuple[Family, ...]) -> list[Unit]:
    """Return a unit for each classifier among the targets, at its most epochs."""
    return [
        Unit(
            f"comparison/{family.name}-{epochs}",
            compare,
            {
                **family.recipe, "epoch": epochs, "checker": VERSION, "references": REFERENCES,
                "peer": peers() is not None,
            },
            40.0,
        )
        for family in families
        if family.task in CLASSIFIERS
        for epochs in family.epochs[-1:]
    ]  # fmt: skip


def compare(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Return AUC, share found at 1% false alarms, and seconds of each arm."""
    rows, chosen = pool(recipe["task"], data), half(TARGET, recipe["rows"])
    inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    model = target_folder(folder, recipe, recipe["epoch"])
    base = base_folder(folder, rows, whole=reads_whole(recipe))
    members, nonmembers = rows.take(inside), rows.take(outside)
    is_member = np.arange(len(chosen)) < len(members)
    # The peer is fitted on the first half of each side.
    read = np.arange(len(chosen)) % len(members) >= len(members) // 2
    arms: dict[str, Any] = {}
    for name, tier in (("this suite, no training", NO_TRAINING), ("this suite, reference heads", HEADS)):
        suite = suite_of(model, base, members, nonmembers, tier=tier)
        arms[f"{name}: {suite.headline}"] = _numbers(suite.attacks[suite.headline], is_member, read, suite.seconds)
    answers, seconds = _answers(model, base, members, nonmembers)
    labels = np.array([row["label"] for row in (*members, *nonmembers)])
    started = time.perf_counter()
    loss = np.log(np.maximum(answers[np.arange(len(labels)), labels], 1e-300))
    arms["loss attack"] = _numbers(loss, is_member, read, seconds + time.perf_counter() - started)
    for kind, found in _peer(peers() if recipe["peer"] else None, answers, labels, is_member, read).items():
        if isinstance(found, str):
            arms[f"{ART}, {kind}"] = {"not measured": found}
        else:
            scores, took, number = found
            arms[f"{ART} {number}, {kind}"] = _numbers(scores, is_member, read, seconds + took)
    return {"arms": arms | {name: {"not measured": why} for name, why in NOT_MEASURED.items()}}


def _answers(model: Path, base: Path, members: list, nonmembers: list) -> tuple[np.ndarray, float]:
    """Probabilities of all rows, members first, and the seconds of asking for them."""
    with context_of(model, base, members, nonmembers) as ctx:
        started = time.perf_counter()
        answers = ctx.model.predict([*ctx.data.members, *ctx.data.heldout]).probabilities
        seconds = time.perf_counter() - started
        if len(answers) != len(members) + len(nonmembers):
            raise RuntimeError("rows of the two sides are equal but for case, so the arms are not of the same rows")
    return answers, seconds


def _peer(
    python: Path | None, answers: np.ndarray, labels: np.ndarray, is_member: np.ndarray, read: np.ndarray
) -> dict[str, Any]:
    """Scores of all rows, seconds and version of each kind of the peer's attack; or why there are none."""
    kinds = ("random forest", "neural network")
    if python is None:
        return dict.fromkeys(kinds, f"{ART} is not installed in .venv-peers; `make calibration-privacy` installs it")
    with tempfile.TemporaryDirectory(prefix="peer-") as place:
        asked, told = Path(place) / "asked.npz", Path(place) / "told.npz"
        np.savez(asked, answers=answers, labels=labels, is_member=is_member, fit=~read)
        done = subprocess.run([str(python), str(PEER), str(asked), str(told), *kinds], capture_output=True, text=True)
        if done.returncode:
            return dict.fromkeys(kinds, f"it failed: {done.stderr.strip().splitlines()[-1][:200]}")
        found = np.load(told)
        facts = json.loads(done.stdout.strip().splitlines()[-1])
        return {kind: (found[kind], facts[kind], facts["version"]) for kind in kinds}


def _numbers(scores: np.ndarray, is_member: np.ndarray, read: np.ndarray, seconds: float) -> dict[str, Any]:
    kept = read & np.isfinite(scores)
    return {
        "auc": auc_of(scores[kept], is_member[kept]),
        "tpr": share_found(scores[kept & is_member], scores[kept & ~is_member]),
        "seconds": round(seconds, 2),
    }
