"""`modelaudit calibrate`: the files that it writes, what it prints, and how it ends where something is no use."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
import typer

from modelaudit import cli_calibrate
from modelaudit.cards import parse_card
from modelaudit.testing import calibration

CHECKER, DEFECT = "modelaudit_shouting:Shouting", "marked_rows:MARKED"


@pytest.fixture
def ask(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(cli_calibrate.calibrate)

    def call(*words):
        with pytest.raises(SystemExit) as stop:
            app([str(word) for word in words])
        said = capfd.readouterr()
        return stop.value.code, said.out, said.err

    return call


def test_it_writes_card_picture_and_units_and_says_what_was_found(ask, tmp_path):
    words = (CHECKER, "--defect", DEFECT, "--nulls", 3, "--draws", 2, "--out", "cards")
    code, out, err = ask(*words)
    assert code == 0, err
    card = parse_card((tmp_path / "cards" / "sample--shouting.json").read_text(), name="written")
    assert card.sources[0].command == (
        "modelaudit calibrate modelaudit_shouting:Shouting --defect marked_rows:MARKED --nulls 3 --draws 2 "
        "--preset quick"
    )
    ET.fromstring((tmp_path / "cards" / "sample--shouting.svg").read_text())
    units = json.loads((tmp_path / "cards" / card.sources[0].file).read_text())
    assert [unit["strength"] for unit in units["units"]] == [0.0, 0.0, 0.0, 0.1, 0.1, 0.4, 0.4]
    assert sum(unit["alarm"] for unit in units["units"]) == sum(rate.k for rate in (*card.power, *card.false_alarms))
    assert "false alarms: 0 of 3 audits (0.0%; 95% interval 0.0% to 70.8%); at most 5% is promised, and the" in out
    assert "found at 0.4 (share of rows): 2 of 2 audits" in out
    assert "not measured: Other faults" in out
    assert "7 of 7 audits" in err
    code, _, err = ask(*words)
    assert (code, "7 of 7 audits (kept from before)" in err) == (0, True)


def test_more_false_alarms_than_promised_are_called_so(ask):
    code, out, _ = ask("marked_rows:STATING", "--defect", DEFECT, "--nulls", 3, "--draws", 0)
    assert code == 0
    assert "false alarms: 3 of 3 audits (100.0%; 95% interval 29.2% to 100.0%)" in out
    assert "at most 5% is promised, and this is more" in out
    assert "How often it finds a fault was not measured." in out


def test_without_a_defect_the_standard_one_of_the_risk_is_planted(ask, tmp_path):
    code, _, err = ask(CHECKER, "--nulls", 1, "--draws", 0)
    # Nobody has set a limit on the sample's metric.
    assert code == 2
    assert "no policy limit could be held against" in err
    [key] = [json.loads(path.read_text()) for path in (tmp_path / ".calibration").glob("*/key.json")]
    assert key["defect"] == "a reader that capitals mislead"


def test_stopped_it_says_how_to_go_on_and_exits_as_a_shell_expects(ask, monkeypatch):
    def stopped(*given, progress, **others):
        progress(2, 9)
        raise KeyboardInterrupt

    monkeypatch.setattr(calibration, "measure", stopped)
    code, _, err = ask(CHECKER, "--defect", DEFECT)
    assert code == 130
    assert "2 of 9 audits are kept in .calibration; the same command goes on" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["shouting"], "is not of the form PACKAGE:CHECKER"),
        (["no_such_module:X"], "there is no module 'no_such_module' here"),
        (["modelaudit_shouting:Shoutin"], "has nothing called Shoutin. Did you mean Shouting?"),
        (["modelaudit_shouting:np"], "modelaudit_shouting:np is no checker"),
        (["marked_rows:MARKED"], "marked_rows:MARKED is no checker: Defect.info must be a modelaudit CheckerInfo"),
        (["marked_rows:Demanding"], "marked_rows:Demanding can't be made without arguments: TypeError"),
        ([CHECKER, "--defect", "marked_rows:ROWS"], "marked_rows:ROWS is of type int, not a modelaudit.testing.Defect"),
        ([CHECKER, "--defect", DEFECT, "--nulls", "0", "--draws", "0"], "there is nothing to measure"),
    ],
)
def test_what_is_no_use_is_said_before_anything_is_asked(ask, words, says):
    code, _, err = ask(*words)
    assert code == 2
    assert says in " ".join(err.split())


def test_a_module_of_the_working_folder_is_found_and_a_broken_one_is_named(ask, tmp_path):
    (tmp_path / "here_alone.py").write_text("from modelaudit_shouting import Shouting as Own\n")
    (tmp_path / "here_broken.py").write_text("import modelaudit_shouting.absent\n")
    code, _, err = ask("here_alone:Own", "--defect", DEFECT, "--nulls", 1, "--draws", 0)
    assert code == 0, err
    code, _, err = ask("here_broken:Own", "--defect", DEFECT)
    assert code == 2
    assert "here_broken can't be imported: ModuleNotFoundError: No module named 'modelaudit_shouting.absent'" in err
