"""The tables of the calibration's page, made from its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from privacy.dose import DOSES, growth

Record = Mapping[str, Any]


def sections(study: Mapping[str, Any]) -> str:
    """Return what the page has below the figures."""
    lines: list[str] = []
    for part in (_models, _cells, _attacks, _doses, _nulls, _shifts, _comparison):
        lines += part(study)
    return "\n".join(lines) + "\n"


def _models(study: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Models and rows", ""]
    lines += [f"- {said}" for said in study["made_from"]]
    return lines


def _cells(study: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "## Truth by retraining",
        "",
        "Memorisation is the mean log-odds of a row over models that were trained on it, less that over models that",
        "were not (of a language model, the mean log-probability a token). The retrainings' own attack (LiRA with the",
        "retrainings as its shadow models) is what could be known. Shares found are at 1% false alarms; the ratio has",
        "an interval from 2,000 draws of records.",
        "",
        *_head(
            "task", "way", "epochs", "members, others", "right in / out", "retrainings",
            "memorisation (agreement)", "headline attack", "AUC: suite, loss, retrainings",
            "found: suite, loss, retrainings", "ratio suite / loss",
            "rank correlation with the truth, members: suite, loss", "all rows: suite, loss",
        ),
    ]  # fmt: skip
    for cell in study["cells"]:
        suite, loss, oracle = cell["attacks"][cell["headline"]], cell["loss"], cell["oracle"]
        ratio, low, high = cell["ratio"]
        ranks = cell["spearman"]
        lines.append(
            _line(
                cell["task"],
                cell["way"],
                str(cell["epochs"]),
                f"{cell['members']:,}, {cell['nonmembers']:,}",
                " / ".join(f"{share:.2f}" for share in cell["right"]),
                str(cell["retrainings"]),
                f"{cell['memorisation']:.2f} ({_two(cell['memorisation_agreement'])})",
                cell["headline"],
                ", ".join(f"{one['auc']:.3f}" for one in (suite, loss, oracle)),
                ", ".join(f"{one['tpr']:.1%}" for one in (suite, loss, oracle)),
                f"{ratio:.2f} [{low:.2f}, {high:.2f}]",
                f"{_two(ranks['headline, members'])}, {_two(ranks['loss attack, members'])}",
                f"{_two(ranks['headline, all rows'])}, {_two(ranks['loss attack, all rows'])}",
            )
        )
    return lines


def _attacks(study: Mapping[str, Any]) -> list[str]:
    """All attacks of each cell, so that nobody has to take the headline on trust."""
    names = list(dict.fromkeys(name for cell in study["cells"] for name in cell["attacks"]))
    lines = ["", "## All attacks", "", "AUC, and the share found at 1% false alarms.", ""]
    lines += _head("attack", *(f"{cell['task']} {cell['way']} {cell['epochs']}" for cell in study["cells"]))
    for name in names:
        found = [cell["attacks"].get(name) for cell in study["cells"]]
        lines.append(_line(name, *("" if one is None else f"{one['auc']:.3f}, {one['tpr']:.1%}" for one in found)))
    return lines


def _doses(study: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "## Dose and response",
        "",
        "AUC of the headline attack, of the loss attack and of the largest of the suite for rows that stand in the",
    ]
    lines += ["training data so many times, against rows that do not.", ""]
    lines += _head("task", "way", "epochs", "attack", *(f"{dose} times" for dose in DOSES), "rank correlation")
    for told in study["doses"]:
        for name in dict.fromkeys((told["headline"], "loss attack", "largest of the suite")):
            aucs = told["auc"][name]
            row = (told["task"], told["way"], str(told["epochs"]), name)
            lines.append(_line(*row, *(_two(auc) for auc in aucs), _two(growth(aucs))))
    return lines


def _nulls(study: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Honest nulls, by task", ""]
    lines += _head(
        "tier", "task", "audits", "false findings", "limit exceeded", "p at or below .05", "verdict withheld"
    )
    for name, audits in study.items():
        if name.startswith("null, "):
            for task in dict.fromkeys(audit["task"] for audit in audits):
                some = [audit for audit in audits if audit["task"] == task]
                lines.append(_line(name.removeprefix("null, "), task, *_counts(some)))
    return lines


def _shifts(study: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Shifted sides, by task, kind and size", ""]
    lines += _head(
        "task", "kind", "share of the one kind", "audits", "wrong findings", "limit exceeded", "p at or below .05",
        "verdict withheld",
    )  # fmt: skip
    audits = study["shifts"]
    for key in dict.fromkeys((audit["task"], audit["kind"], audit["share"]) for audit in audits):
        some = [audit for audit in audits if (audit["task"], audit["kind"], audit["share"]) == key]
        lines.append(_line(*map(str, key), *_counts(some)))
    return lines


def _comparison(study: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "## Beside a peer",
        "",
        "On the half of the records that the peer was not fitted on. Seconds include one",
    ]
    lines += ["pass of the rows through the model; those of the peer, its fitting.", ""]
    lines += _head("model", "arm", "AUC", "found at 1% false alarms", "seconds")
    for record in study["comparison"]:
        for name, arm in record["arms"].items():
            model = f"{record['task']} {record['way']} {record['epoch']}"
            if "not measured" in arm:
                lines.append(_line(model, name, f"not measured: {arm['not measured']}", "", ""))
            else:
                lines.append(_line(model, name, f"{arm['auc']:.3f}", f"{arm['tpr']:.1%}", f"{arm['seconds']:.1f}"))
    return lines


def _counts(audits: Sequence[Record]) -> tuple[str, ...]:
    small = sum(audit["p"] is not None and audit["p"] <= 0.05 for audit in audits)
    counts = [sum(bool(audit[name]) for audit in audits) for name in ("found", "exceeds")]
    return (str(len(audits)), *map(str, counts), str(small), str(sum(audit["confounded"] for audit in audits)))


def _head(*cells: str) -> list[str]:
    return [_line(*cells), "|---" * len(cells) + "|"]


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _two(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
