"""`modelaudit watch`: one line of JSON and an exit code a run, and what it says where something can't be used."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import typer

sys.path.insert(0, str(Path(__file__).parent / "monitoring"))

from watched import KEY, live, watched

from modelaudit.cli_watch import _sides, watch
from modelaudit.monitoring import profile_text
from modelaudit.monitoring.measure import Measure
from modelaudit.reports import render_json
from modelaudit.terminal import mend_streams


@pytest.fixture(scope="module")
def case():
    return watched()


@pytest.fixture
def call(monkeypatch, capfd, tmp_path, case):
    """Run the command in a folder with the report, the profile and two windows, and return code, output and errors."""
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(render_json(case.report))
    Path("profile.json").write_text(profile_text(case.profile))
    Path("row.key").write_bytes(KEY.secret)
    Path("holdout.jsonl").write_text("\n".join(map(json.dumps, case.rows)))
    Path("usual.jsonl").write_text("\n".join(map(json.dumps, live(350, 1))))
    surge = live(200, 2, words={"bad": -2.0, "slow": -1.5, "poor": -1.0, "good": 2.0})
    Path("surge.jsonl").write_text("\n".join(map(json.dumps, surge)))
    app = typer.Typer()
    app.command()(watch)

    def called(*words):
        mend_streams()
        try:
            app([str(word) for word in words], standalone_mode=True)
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        said = capfd.readouterr()
        return code, said.out, said.err

    return called


USUAL = ("--baseline", "report.json", "--profile", "profile.json", "--key-file", "row.key")


def test_a_run_prints_one_line_and_ends_with_the_code_of_what_it_found(call):
    kept = ("--state", "watch.state.json", "--log", "watch.jsonl", "--alert", "negative+0.05")
    code, out, err = call(*USUAL, *kept, "--live", "usual.jsonl", "--prom", "watch.prom")
    assert code == 0
    line = json.loads(out)
    assert out.count("\n") == 1
    assert (line["schema"], line["state"], line["look"], line["rows"]) == ("modelaudit.watch/1", "no alarm", 1, 350)
    assert "look 1, 350 new rows: no alarm" in err
    assert re.search(r'^modelaudit_watch_alarm\{model="desk 1"\} 0\.0$', Path("watch.prom").read_text(), re.MULTILINE)

    code, out, err = call(*USUAL, *kept, "--live", "surge.jsonl", "--prom", "watch.prom")
    assert (code, json.loads(out)["alarmed"]) == (1, 2)
    assert "negative" in err
    assert "not harm" in err
    assert '--reset "reason"' in err
    assert 'modelaudit_watch_alarm{model="desk 1"} 1.0' in Path("watch.prom").read_text()
    assert len(Path("watch.jsonl").read_text().splitlines()) == 550

    code, out, err = call(*USUAL, *kept, "--live", "surge.jsonl")
    assert (code, out) == (2, "")
    assert "counts once" in err

    assert call(*USUAL, *kept, "--reset", "a new desk")[0] == 0
    assert json.loads(Path("watch.state.json").read_text())["resets"][0]["reason"] == "a new desk"


def test_other_rules_than_declared_are_named_in_plain_words(call):
    kept = (*USUAL, "--state", "watch.state.json", "--live")
    assert call(*kept, "usual.jsonl")[0] == 0
    code, _, err = call(*kept, "surge.jsonl", "--alert", "negative+0.05")
    assert code == 2
    assert "a watch with other alert rules;" in " ".join(err.split())


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (
            "length",
            97.7,
            97.7,
            "medians 97.7 before, 97.7 now; the shares of rows up to some value differ by as much as 0.2",
        ),
        ("prediction", 0.12341, 0.12349, "0.1234 before, 0.1235 now"),
        ("accuracy", 0.9, 0.7, "0.9 before, 0.7 now"),
    ],
)
def test_an_alarm_shows_what_differs(name, before, after, said):
    each = Measure(
        name=name, kind="input drift", scope="window", state="alarm", rows=9, reference_rows=9, unit="u", value=0.2
    )
    assert _sides(each.model_copy(update={"before": before, "after": after})) == said


def test_too_few_rows_end_with_3_and_leave_no_trace(call):
    Path("one.jsonl").write_text(json.dumps(live(1, 7)[0]))
    code, out, err = call(*USUAL, "--state", "watch.state.json", "--live", "one.jsonl")
    assert (code, json.loads(out)["state"]) == (3, "inconclusive")
    assert "1 new rows" in err
    assert not Path("watch.state.json").exists()


def test_a_profile_is_made_once_and_serves_as_the_reference_does(call):
    made = ("--baseline", "report.json", "--key-file", "row.key", "--reference", "holdout.jsonl")
    code, out, err = call(*made, "--make-profile", "made.json")
    assert (code, out) == (0, "")
    assert "400 rows as counts and keyed hashes, without embeddings" in err
    assert Path("made.json").read_text() == Path("profile.json").read_text()
    assert call(*made, "--make-profile", "made.json")[0] == 2
    by_reference = call(*made, "--live", "usual.jsonl")
    assert by_reference[:2] == call(*USUAL, "--live", "usual.jsonl")[:2]
    assert "holds for one look alone" in by_reference[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*USUAL,), "one of --live, --make-profile and --reset"),
        ((*USUAL, "--live", "usual.jsonl", "--reset", "x"), "2 are given"),
        ((*USUAL[:2], "--live", "usual.jsonl"), "needed once"),
        ((*USUAL, "--reset", "because"), "no state to reset"),
        ((*USUAL, "--reset", " ", "--state", "s.json"), "needs a reason"),
        ((*USUAL, "--make-profile", "p.json"), "name it with --reference"),
        ((*USUAL[:4], "--live", "usual.jsonl"), "MODELAUDIT_ROW_KEY"),
        ((*USUAL, "--live", "none.jsonl"), "can't be read"),
        ((*USUAL, "--live", "usual.jsonl", "--log", "l.jsonl"), "needs a state"),
        ((*USUAL, "--live", "usual.jsonl", "--alert", "sad>0.1"), "names no label"),
        ((*USUAL, "--live", "usual.jsonl", "--prom", "no/such/folder.prom"), "its folder is not there"),
        ((*USUAL, "--live", "usual.jsonl", "--prom", "holdout.jsonl"), "holds no metrics"),
    ],
)
def test_what_can_not_be_used_ends_with_2_and_one_sentence(call, monkeypatch, words, says):
    monkeypatch.delenv("MODELAUDIT_ROW_KEY", raising=False)
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())
    assert "Traceback" not in err


def test_broken_lines_are_named_by_number_and_not_shown(call):
    rows = Path("usual.jsonl").read_text().splitlines()
    Path("usual.jsonl").write_text("\n".join([*rows[:3], "{SECRET", *rows[3:]]))
    code, out, err = call(*USUAL, "--live", "usual.jsonl")
    assert code == 0
    assert json.loads(out)["broken_lines"][0]["line"] == 4
    assert "1 of 351 lines could not be read: 4" in err
    assert "SECRET" not in out + err
