"""What a mend would do to these rows before it is done: settings, rows, time, and what can't be done as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from modelaudit import Audit
from modelaudit.errors import InputError
from modelaudit.mend.located import locate
from modelaudit.plugins import Plugins
from modelaudit.project_file import read_project_file
from modelaudit.reports import render_json
from modelaudit.training.record import RECORD
from test_cli_mend import app
from test_mend import SWAPS, folder, mending, naming, record_of, reported  # noqa: F401  folder is a fixture

AUGMENTATION = "counterfactual-augmentation"
RELIGION, GENDER = "religion: Muslim - Christian", "gender words: female - male"


def about(*groups: str, values: tuple[float, ...] = ()):
    """A report whose findings of substitution are about these groups; 0.5 exceeds and 0.1 is inconclusive."""
    given = values or (0.5,) * len(groups)
    made = [naming(AUGMENTATION, name=f"acme/made{place}", value=value, group=group)
            for place, (group, value) in enumerate(zip(groups, given, strict=True))]  # fmt: skip
    return reported(*made)


def religious(folder: Path) -> None:  # noqa: F811
    with (folder / "train.csv").open("a") as file:
        file.write("The Muslim woman came.,yes\nThe Christian man came.,no\n" * 3)


def test_rows_are_written_again_for_all_that_exceeds(folder) -> None:  # noqa: F811
    religious(folder)
    proposed = mending(about(RELIGION, GENDER), folder).proposals[0]
    assert proposed.settings == {"counterfactuals": ("gender", "religion")}
    assert (proposed.changed or 0) > (mending(about(GENDER), folder).proposals[0].changed or 0) > 0
    assert proposed.strength == f"writes rows again for gender, religion: {proposed.changed} rows"


def test_a_measure_is_for_the_findings_that_its_rows_are_written_for(folder) -> None:  # noqa: F811
    religious(folder)
    proposed = mending(about(RELIGION, GENDER, values=(0.5, 0.1)), folder).proposals[0]
    assert [aim.group for aim in proposed.aims] == [RELIGION]


def test_where_no_row_speaks_of_what_exceeds_others_are_written_and_that_is_said(folder) -> None:  # noqa: F811
    proposed = mending(about(RELIGION), folder).proposals[0]
    assert proposed.settings == {"counterfactuals": ("gender",)}
    assert proposed.left == "no row can be written again for religion."
    assert (proposed.changed or 0) > 10
    both = mending(about(RELIGION, GENDER), folder).proposals[0]
    assert (both.settings, both.left) == ({"counterfactuals": ("gender",)}, proposed.left)


def test_a_measure_that_changes_no_row_is_left_out_and_refused(folder) -> None:  # noqa: F811
    rows = (folder / "train.csv").read_text().replace("She said that", "Look here:")
    (folder / "train.csv").write_text(rows)
    mend = mending(about(RELIGION), folder)
    why = "no row can be written again for religion, ethnicity, gender"
    assert {each.measure.id: each.refused for each in mend.proposals}[AUGMENTATION] == why
    with pytest.raises(InputError, match=why):
        mend.plans([AUGMENTATION])
    found = reported(naming(AUGMENTATION, "dropout", group=RELIGION))
    every = mending(found, folder)
    assert [plan.name for plan in every.plans(every=True)] == ["control", "dropout"]
    assert [each.refused for each in every.left_out] == [why]
    chosen = mending(about(RELIGION), folder, settings={"counterfactuals": ["age"]})
    with pytest.raises(InputError, match="no row can be written again for age"):
        chosen.plans([AUGMENTATION])


def test_exceeded_findings_that_no_measure_is_known_for_are_named(folder) -> None:  # noqa: F811
    found = reported(naming(name="acme/lonely"), naming(name="acme/unsure", value=0.1), naming("dropout"))
    assert [aim.checker for aim in mending(found, folder).unnamed] == ["acme/lonely"]
    (folder / "report.json").write_text(render_json(found))
    told = CliRunner().invoke(app, ["report.json", "--train-data", "train.csv", "--out", "out", "--model", "model",
                                    "--data", "test.csv"])  # fmt: skip
    assert "No measure is known for: Changed answers, acme/lonely" in " ".join(told.output.split())


def test_a_folder_that_is_taken_is_refused_before_a_plan_is_told(folder) -> None:  # noqa: F811
    (folder / "report.json").write_text(render_json(reported(naming("dropout"), run__seconds=600.0)))
    arguments = ["report.json", "--train-data", "train.csv", "--out", "out", "--model", "model", "--data", "test.csv",
                 "--measure", "dropout"]  # fmt: skip
    told = " ".join(CliRunner().invoke(app, arguments).output.split())
    assert "2 trainings (control, dropout) and 3 audits" in told
    assert "the audits about 30 min" in told
    assert "dropout: dropout = 0.3" in told
    (folder / "out").mkdir(exist_ok=True)
    (folder / "out" / "mine.txt").write_text("mine")
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert "not empty" in refused.output
    assert "trainings (" not in refused.output


def test_as_many_other_rows_are_told_as_such(folder) -> None:  # noqa: F811
    found = reported(naming("dropout"))
    (folder / "model" / RECORD).write_text(record_of(mending(found, folder)).model_dump_json())
    (folder / "train.csv").write_text((folder / "train.csv").read_text().replace("good", "fine"))
    with pytest.raises(InputError, match="40 rows, and here is the same number of rows, but their content differs"):
        mending(found, folder).plans(["dropout"])


def test_an_audit_of_a_mend_reads_no_project_file(folder, monkeypatch) -> None:  # noqa: F811
    from modelaudit.mend import audited

    (folder / "modelaudit.toml").write_text(f'preset = "full"\n[checkers."{SWAPS}"]\nrows = 77\n')
    assert read_project_file().preset == "full"
    assert read_project_file(False).preset is None
    rows = [{item.info.id: item.options for item in Audit("m", "d", project_file=place).checkers}[SWAPS]["rows"]
            for place in (None, False)]  # fmt: skip
    assert rows == ["77", "None"]
    seen = {}
    monkeypatch.setattr(audited, "Audit", lambda *given, **settings: seen.update(settings) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        audited.audit("model", mending(reported(naming("dropout")), folder).located, only=None, language="en", key=None)
    assert seen["project_file"] is False


def test_options_of_a_report_are_set_again_and_those_that_can_not_be_are_named(folder) -> None:  # noqa: F811
    options = {SWAPS: {"rows": "64", "names_per_group": "<object at 0x1>"},
               "modelaudit/canary-audit": {"manifest": "PosixPath('canaries.json')"}}  # fmt: skip
    found = reported(naming("dropout", name=SWAPS), naming("dropout"), settings__checker_options=options)
    given = mending(found, folder)._given
    located = locate(found, folder / "train.csv", given, Plugins())
    assert located.settings["options"][SWAPS] == {"rows": 64}
    assert located.settings["options"]["modelaudit/canary-audit"] == {"manifest": "canaries.json"}
    assert set(located.unlike) == {
        "acme/made is not installed",
        f"{SWAPS} is done without the report's option names_per_group",
    }


def test_a_temperature_that_was_not_written_is_no_measure_that_was_taken(folder) -> None:  # noqa: F811
    from modelaudit.training.recipe import Recipe

    found = reported(naming("temperature-scaling"))
    for written, why in ((None, "no temperature was written"), (1.5, "trained with it already")):
        record = record_of(mending(found, folder), recipe=Recipe(temperature=True), temperature=written)
        (folder / "model" / RECORD).write_text(record.model_dump_json())
        with pytest.raises(InputError, match=why):
            mending(found, folder).plans(["temperature-scaling"])
        (folder / "model" / RECORD).unlink()
