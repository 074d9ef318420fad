"""A financial-sentiment monitor that warns when negative items surge.

    python examples/financial_sentiment/monitor.py --folder /tmp/sentiment

It trains a small classifier of headlines, audits it, keeps a profile of the audit's rows, and then looks at one day of
live headlines after the other. Bad news surges on day 6. The labels of a day come two days late.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import secrets
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from headlines import SURGE, USUAL, headlines, train

from modelaudit import Audit
from modelaudit.monitoring import Look, ModelSource, RowKey, Watch, make_profile, profile_text

DAYS, SURGE_DAY, A_DAY, LABELS_LATE = 8, 6, 250, 2
RULE = "negative+0.05"
FIRST_DAY = dt.date(2026, 11, 2)


def prepare(folder: Path, *, seed: int) -> Watch:
    """Train, audit, and return the watch; all files stand in the folder."""
    rng = np.random.default_rng([seed, 1])
    model, data, key = train(folder, seed=seed), folder / "holdout.jsonl", folder / "row.key"
    _write(data, headlines(800, rng))
    if not key.exists():
        key.write_text(secrets.token_hex(32))
        key.chmod(0o600)
    outcome = Audit(str(model), str(data), preset="quick", seed=seed).run(only="performance")
    outcome.save(folder / "report.json")
    source, secret = ModelSource(str(model)), RowKey.read(key)
    profile = make_profile(outcome.report, str(data), key=secret, model=source)
    (folder / "profile.json").write_text(profile_text(profile), encoding="utf-8")
    return Watch(
        outcome.report,
        profile,
        key=secret,
        model=source,
        alerts=[RULE],
        state=folder / "watch.state.json",
        log=folder / "watch.jsonl",
    )


def days(folder: Path, *, seed: int) -> list[Path]:
    """Write one file of live rows a day: the day's headlines with an id, and labels of two days before."""
    rng = np.random.default_rng([seed, 2])
    written, earlier = [], []
    for day in range(1, DAYS + 1):
        rows = headlines(A_DAY, rng, SURGE if day >= SURGE_DAY else USUAL)
        named = [{"id": f"{day}-{number}", **row} for number, row in enumerate(rows)]
        live: list[dict[str, Any]] = [{"id": row["id"], "text": row["text"]} for row in named]
        if day > LABELS_LATE:
            live += [{"id": row["id"], "label": row["label"]} for row in earlier[day - LABELS_LATE - 1]]
        earlier.append(named)
        written.append(folder / f"live-{day:02}.jsonl")
        _write(written[-1], live)
    return written


def run(folder: Path, *, seed: int = 0) -> list[Look]:
    """Return the looks of all days."""
    folder.mkdir(parents=True, exist_ok=True)
    watch = prepare(folder, seed=seed)
    files = days(folder, seed=seed)
    return [watch.look(file, today=FIRST_DAY + dt.timedelta(days=number)) for number, file in enumerate(files)]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def main() -> None:
    """Run the example and say what each look found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder for model, report, state and log")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for day, look in enumerate(run(options.folder, seed=options.seed), start=1):
        rule = next(each for each in look.measures if each.name.startswith("alert"))
        found = ", ".join(f"{each.name} ({each.scope}, adjusted p {each.adjusted:.1g})" for each in look.alarms)
        print(f"day {day}: {look.state:8} negative {rule.before:.1%} → {rule.after:.1%}  {found or look.reason or ''}")


if __name__ == "__main__":
    main()
