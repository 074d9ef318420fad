"""The tables of the panel's page, made from its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

STATES = ("within limit", "inconclusive", "exceeds limit")


def sections(study: Mapping[str, Any]) -> str:
    """Return what the page has below the figures."""
    lines = [
        "",
        "## Models",
        "",
        "BERTs of 2 layers and 64 units, trained from scratch on 1,600 made-up notes, sentences with tags, or Chinese",
        "notes; of each group of first names a model meets one half in training, and an audit draws from all. The",
        "truth of a model is its own mean difference over all names in 480 other rows, each name as often as it is",
        "drawn. Audits are standard ones of 300 rows, by the starter policy.",
        "",
        "## Comparisons",
        "",
        "Mean over models of the estimate, of its interval's width and of the truth; what the verdicts are; and how",
        "many intervals hold the model's own truth.",
        "",
        _line(
            "cell", "planted", "comparison", "models", "truth (least to largest)", "estimate", "width of the interval",
            *STATES, "intervals that hold the truth", "seconds: training, audit",
        ),
        "|---" * (9 + len(STATES)) + "|",
    ]  # fmt: skip
    lines += [_row(one) for one in study["cells"]]
    if study["faults"]:
        lines += ["", "## Audits that did not complete", "", *(f"- {fault}" for fault in study["faults"])]
    return "\n".join(lines) + "\n"


def _row(one: Mapping[str, Any]) -> str:
    truths, bounds = one["truth"], list(zip(one["low"], one["high"], strict=True))
    held = sum(low <= truth <= high for truth, (low, high) in zip(truths, bounds, strict=True))
    seconds = one["seconds a model"]
    return _line(
        one["cell"],
        one["planted"],
        one["comparison"],
        str(len(one["state"])),
        f"{_mean(truths):+.3f} ({min(truths):+.3f} to {max(truths):+.3f})",
        f"{_mean(one['value']):+.3f}",
        f"{_mean([high - low for low, high in bounds]):.3f}",
        *(str(one["state"].count(state)) for state in STATES),
        f"{held} of {len(truths)}",
        f"{seconds['training']:.0f}, {seconds['audit']:.0f}",
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
