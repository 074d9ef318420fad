"""The examples do what their READMEs say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.heavy
def test_the_sentiment_monitor_warns_when_negative_items_surge_and_not_before(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES / "financial_sentiment"))
    import monitor

    looks = monitor.run(tmp_path, seed=0)
    states = [look.state for look in looks]
    assert states[: monitor.SURGE_DAY - 1] == ["no alarm"] * (monitor.SURGE_DAY - 1)
    assert "alarm" in states[monitor.SURGE_DAY - 1 : monitor.SURGE_DAY + 1]
    told = {each.name for look in looks for each in look.alarms}
    assert {f"alert: {monitor.RULE}", "prediction"} & told
    assert all(look.labelled == monitor.A_DAY for look in looks[monitor.LABELS_LATE :])
    # Nothing but the live files and the evaluation rows holds a headline.
    headline = json.loads((tmp_path / "live-01.jsonl").read_text().splitlines()[0])["text"]
    for name in ("watch.jsonl", "watch.state.json", "profile.json", "report.json"):
        assert headline not in (tmp_path / name).read_text()


def test_each_example_says_how_to_run_it_and_what_comes_of_it():
    for folder in EXAMPLES.iterdir():
        if folder.is_dir() and list(folder.glob("*.py")):
            said = (folder / "README.md").read_text(encoding="utf-8")
            scripts = [path.name for path in folder.glob("*.py")]
            assert any(f"{folder.name}/{script}" in said for script in scripts)
    assert "examples" not in sys.modules
