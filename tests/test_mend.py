"""Mending up to the training: what is proposed, with what cost, and whether what lies here is what was audited."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "monitoring"))

from pairs_of_reports import checked, number, report

from modelaudit.errors import InputError, OutputError
from modelaudit.mend import Mend
from modelaudit.mend.arms import not_together, plans
from modelaudit.mend.audited import Audited, differing
from modelaudit.mend.command_read import read_command
from modelaudit.mend.located import differences
from modelaudit.outcome import AuditOutcome
from modelaudit.reports import load_report
from modelaudit.results import CheckResult, Risk
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import RECORD, TrainingRecord
from modelaudit.verdicts import Limit

ROWS = [
    (f"{('She said that', 'It is so:')[place % 4 // 2]} {['north', 'east', 'south', 'west'][place % 4]} {place} is "
     f"{('good', 'bad')[place % 2]}.", place % 2)
    for place in range(40)
]  # fmt: skip
SWAPS = "modelaudit/counterfactual-substitution"


def naming(*measures: str, name: str = "acme/made", value: float = 0.5, group: str | None = None) -> CheckResult:
    """A check whose number of this value names measures; limits below make 0.5 exceed and 0.1 inconclusive."""
    made = checked(number(value, 0.02, group=group), name=name)
    info = made.checker.model_copy(update={"measures": measures, "risk": Risk.BIAS})
    return made.model_copy(update={"checker": info})


def reported(*results: CheckResult, **updates: object):
    limits = tuple(
        Limit(checker=result.checker.id, metric="flip_rate", max=0.1, rationale="made for a test", source="the test")
        for result in results
    )
    return report(*results, policy__limit=limits, subject__model__labels=("no", "yes"), **updates)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "test.csv").write_text("text,label\nIt was good.,yes\n")
    with (tmp_path / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((text, ("no", "yes")[label]) for text, label in ROWS)])
    return tmp_path


def mending(found, folder, **values):
    given = {"model": folder / "model", "data": folder / "test.csv", **values}
    return Mend(found, train_data=folder / "train.csv", out=folder / "out", **given)


def record_of(mend: Mend, **values) -> TrainingRecord:
    train = mend._rows.train
    return TrainingRecord.model_validate(
        {
            "package_version": "1", "versions": {}, "task": "text-classification", "labels": ("no", "yes"),
            "base_model": "base", "base_made": True, "recipe": Recipe(), "train": train, "examples": 40, "updates": 4,
            "epochs": 3.0, "device": "cpu", "precision": "float32", "seconds": 60.0, **values,
        }
    )  # fmt: skip


def test_the_gravest_findings_name_the_first_proposals_and_others_come_after(folder) -> None:
    found = reported(
        naming("deduplication", name="acme/unsure", value=0.1),
        naming("counterfactual-augmentation", "dropout", value=0.5),
        naming("counterfactual-augmentation", name="acme/second", value=0.5),
    )
    proposed = mending(found, folder).proposals
    assert [each.measure.id for each in proposed[:3]] == ["counterfactual-augmentation", "dropout", "deduplication"]
    assert [[aim.state for aim in each.aims] for each in proposed[:3]] == [
        ["exceeds limit", "exceeds limit"],
        ["exceeds limit"],
        ["inconclusive"],
    ]
    assert not any(each.aims for each in proposed[3:])


def test_a_number_within_its_limit_calls_for_nothing(folder) -> None:
    assert not any(each.aims for each in mending(reported(naming("dropout", value=0.01)), folder).proposals)


def test_an_older_report_without_measures_asks_the_installed_checker(folder) -> None:
    found = reported(naming(name=SWAPS, group="gender words: female - male"))
    proposed = mending(found, folder).proposals
    assert proposed[0].measure.id == "counterfactual-augmentation"
    assert [aim.checker for aim in proposed[0].aims] == [SWAPS]


def test_the_cost_is_read_from_the_rows_and_the_time_of_the_last_training(folder) -> None:
    found = reported(naming("counterfactual-augmentation"))
    # Every other row speaks of a woman, so half as many come to it; a tenth of the rows is held back.
    first = mending(found, folder)
    assert first.proposals[0].factor == pytest.approx(1.5, abs=0.1)
    assert first.proposals[0].seconds is None
    (folder / "model" / RECORD).write_text(record_of(first).model_dump_json())
    assert mending(found, folder).proposals[0].seconds == pytest.approx(60 * first.proposals[0].factor)
    twice = mending(found, folder, settings={"epochs": 6})
    assert twice.proposals[0].seconds == pytest.approx(120 * first.proposals[0].factor)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("name-augmentation", "for token-classification"),
        ("reweighing", "--reweigh COLUMN"),
        ("no-measure", "there is no measure"),
    ],
)
def test_a_measure_that_can_not_be_taken_says_why(folder, name, why) -> None:
    with pytest.raises(InputError, match=why):
        mending(reported(naming(name)), folder).plans([name])


def test_a_number_of_the_rows_is_known_as_one_that_no_training_changes(folder) -> None:
    result = naming("deduplication", "dropout")
    rows = result.model_copy(update={"checker": result.checker.model_copy(update={"needs": ()})})
    assert [aim.of_rows for aim in mending(reported(rows), folder).proposals[0].aims] == [True]
    assert [aim.of_rows for aim in mending(reported(result), folder).proposals[0].aims] == [False]


def test_a_model_from_random_weights_is_trained_as_long_as_those_are_by_default(folder) -> None:
    found = reported(naming("dropout"))
    assert mending(found, folder).recipe.epochs == 3
    assert mending(found, folder, base_model="compact").recipe.epochs == 12
    assert mending(found, folder, base_model="compact", settings={"epochs": 5}).recipe.epochs == 5
    made = record_of(mending(found, folder), recipe=Recipe(epochs=7.0))
    (folder / "model" / RECORD).write_text(made.model_dump_json())
    assert mending(found, folder, base_model="compact").recipe.epochs == 7


def test_the_reports_of_an_arm_are_those_of_the_page_and_older_ones_stay(folder) -> None:
    mend = mending(reported(naming("dropout")), folder)
    one, other = (AuditOutcome(reported(naming("dropout", value=value))) for value in (0.5, 0.4))
    for outcome in (one, one, other, other):
        mend._save(Audited(outcome, rows=None, model="model"), folder / "arm")
    written = {path.name: load_report(path).digest for path in (folder / "arm").glob("*.json")}
    assert written == {"report.json": one.report.digest, "report-2.json": other.report.digest}
    assert sorted(path.name for path in (folder / "arm").glob("*.html")) == ["report-2.html", "report.html"]


def test_what_the_model_was_trained_with_is_not_proposed_again(folder) -> None:
    found = reported(naming("dropout"))
    record = record_of(mending(found, folder), recipe=Recipe(dropout=0.3))
    (folder / "model" / RECORD).write_text(record.model_dump_json())
    with pytest.raises(InputError, match="trained with it already"):
        mending(found, folder).plans(["dropout"])


def test_the_attributes_of_the_findings_are_those_that_rows_are_written_again_for(folder) -> None:
    with (folder / "train.csv").open("a") as file:
        file.write("The Muslim woman came.,yes\nThe Christian man came.,no\n" * 3)
    found = reported(naming("counterfactual-augmentation", group="religion: Muslim - Christian"))
    proposed = mending(found, folder).proposals[0]
    assert proposed.settings == {"counterfactuals": ("religion",)}
    assert proposed.strength.startswith("writes rows again for religion: ")


def test_all_takes_what_exceeded_limits_name_and_no_more(folder) -> None:
    found = reported(naming("dropout"), naming("deduplication", name="acme/unsure", value=0.1))
    (plan,) = [plan for plan in mending(found, folder).plans(every=True) if plan.measures]
    assert plan.measures == ("dropout",)


def test_a_control_is_trained_unless_the_record_shows_that_the_audited_model_is_one(folder) -> None:
    found = reported(naming("dropout"))
    first = mending(found, folder)
    assert [plan.name for plan in first.plans(["dropout"])] == ["control", "dropout"]
    (folder / "model" / RECORD).write_text(record_of(first).model_dump_json())
    assert [plan.name for plan in mending(found, folder).plans(["dropout"])] == ["dropout"]
    longer = mending(found, folder, settings={"epochs": 5})
    assert [plan.name for plan in longer.plans(["dropout"])] == ["control", "dropout"]
    other_dev = mending(found, folder, dev_data=folder / "test.csv")
    assert [plan.name for plan in other_dev.plans(["dropout"])] == ["control", "dropout"]
    other_base = mending(found, folder, base_model="acme/encoder")
    assert [plan.name for plan in other_base.plans(["dropout"])] == ["control", "dropout"]


def test_rows_that_the_model_was_not_trained_on_are_refused(folder) -> None:
    found = reported(naming("dropout"))
    (folder / "model" / RECORD).write_text(record_of(mending(found, folder)).model_dump_json())
    (folder / "train.csv").write_text("text,label\nIt was good.,yes\nIt was bad.,no\nIt was poor.,no\n")
    with pytest.raises(InputError, match=r"train.csv does not hold .* 40 rows, and here are 3"):
        mending(found, folder).plans(["dropout"])


def test_columns_of_the_training_are_those_that_its_record_names(folder) -> None:
    found = reported(naming("dropout"))
    record = record_of(mending(found, folder))
    rows = (folder / "train.csv").read_text().replace("text,label", "letter,sort")
    (folder / "train.csv").write_text(rows)
    train = record.train.model_copy(update={"text_column": "letter", "label_column": "sort"})
    (folder / "model" / RECORD).write_text(record.model_copy(update={"train": train}).model_dump_json())
    mend = mending(found, folder)
    assert [plan.name for plan in mend.plans(["dropout"])] == ["dropout"]
    assert mend.located.columns["text_column"] is None


def test_each_measure_is_trained_alone_too_where_few_are_picked_or_the_user_says_so(folder) -> None:
    chosen = mending(reported(naming("dropout")), folder).proposals
    few = [each for each in chosen if each.measure.id in ("dropout", "label-smoothing")]
    many = [each for each in chosen if each.refused is None and each.needed is None and not each.measure.extra][:5]
    assert next(plan.name for plan in plans(few, Recipe(), apart=None)) == "all-measures"
    assert len(plans(few, Recipe(), apart=None)) == 3
    assert len(plans(few, Recipe(), apart=False)) == len(plans(many, Recipe(), apart=None)) == 1
    assert len(plans(many, Recipe(), apart=True)) == 6
    assert plans(few, Recipe(), apart=None)[0].recipe == Recipe(dropout=0.3, label_smoothing=0.1)


def test_measures_that_do_not_go_together_are_trained_alone_and_the_reason_is_kept(folder) -> None:
    pytest.importorskip("opacus")
    mend = mending(reported(naming("dropout")), folder)
    both = ["differential-privacy", "counterfactual-augmentation"]
    planned = [plan for plan in mend.plans(both) if plan.measures]
    assert [plan.name for plan in planned] == both
    assert "adds copies of rows" in (not_together(planned, Recipe()) or "")
    with pytest.raises(InputError, match="can't be taken together"):
        mend.plans(both, apart=False)
    assert not_together(mend.plans(["dropout", "label-smoothing"]), Recipe()) is None


def test_a_choice_that_sets_a_measure_holds_where_the_measure_is_taken(folder) -> None:
    mend = mending(reported(naming("dropout")), folder, settings={"dropout": 0.5, "batch_size": 8})
    control, arm = mend.plans(["dropout"])
    assert (control.recipe.dropout, arm.recipe.dropout) == (None, 0.5)
    assert control.recipe.batch_size == arm.recipe.batch_size == 8


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"settings": {"dp_delta": 1e-6}}, "dp_delta is a setting of the measure differential-privacy"),
        ({"settings": {"patience": 5}}, "patience is a setting of the measure early-stopping"),
        ({"reweigh": "sex"}, "reweigh is a setting of the measure reweighing"),
        ({"settings": {"label_smoothing": 0.0}}, "turn label-smoothing off"),
    ],
)
def test_a_choice_that_would_change_nothing_is_refused(folder, given, why) -> None:
    with pytest.raises(InputError, match=why):
        mending(reported(naming("dropout")), folder, **given).plans(["dropout", "label-smoothing"])


@pytest.mark.parametrize(
    ("command", "model", "data", "options"),
    [
        ("modelaudit run m d.csv --seed 3", "m", "d.csv", {"--seed": "3"}),
        ("modelaudit run './-m' 'my data.csv' --train-data --x  # needs y", "./-m", "my data.csv",
         {"--train-data": "--x"}),
        ("modelaudit run m '<DataFrame in Python>' --base-model '<Model in Python>'", "m", None, {}),
        ("modelaudit run m d.csv --trust-remote-code --allow-pickle", "m", "d.csv", {}),
        ("modelaudit demo --seed 0", None, None, {}),
        ("modelaudit run 'm", None, None, {}),
        ("", None, None, {}),
    ],
)  # fmt: skip
def test_the_command_of_a_report_says_where_model_and_rows_lie(command, model, data, options) -> None:
    found = read_command(command)
    assert (found.model, found.data, dict(found.options)) == (model, data, options)


def test_places_come_from_the_user_else_from_the_report_and_nothing_is_fetched(folder) -> None:
    command = "modelaudit run model test.csv --trust-remote-code --text-column text"
    found = reported(naming("dropout"), run__command=command)
    located = Mend(found, train_data="train.csv", out="out").located
    assert (located.model, located.data) == ("model", "test.csv")
    assert located.columns["text_column"] == "text"
    assert located.settings["trust_remote_code"] is False
    elsewhere = reported(naming("dropout"), run__command="modelaudit run acme/model test.csv")
    with pytest.raises(InputError, match=r"'acme/model'.*--model"):
        Mend(elsewhere, train_data="train.csv", out="out")
    for option in ("--base-model", "--tokenizer", "--heldout"):
        named = reported(naming("dropout"), run__command=f"modelaudit run model test.csv {option} acme/other")
        with pytest.raises(InputError, match=f"'acme/other' for {option}"):
            Mend(named, train_data="train.csv", out="out")
    with pytest.raises(InputError, match="--data"):
        Mend(reported(naming("dropout"), run__command="modelaudit demo"), train_data="t", out="o", model="model")


def test_training_rows_that_the_audit_was_given_are_given_again_also_where_a_record_names_some(folder) -> None:
    (folder / "model" / RECORD).write_text(record_of(mending(reported(naming("dropout")), folder)).model_dump_json())
    for option, members in (
        ("", None),
        ("--train-data '<list in Python>'", "train.csv"),
        ("--train-data a", "train.csv"),
    ):
        found = reported(naming("dropout"), run__command=f"modelaudit run model test.csv {option}")
        assert Mend(found, train_data="train.csv", out="out").located.members == members


def test_what_is_not_what_was_audited_is_named() -> None:
    subject = reported(naming("dropout")).subject
    assert differences(reported(naming("dropout")), subject) == []
    other = subject.model_copy(
        update={
            "model": subject.model.model_copy(update={"weights_sha256": "12" * 32}),
            "members": subject.members.model_copy(update={"sha256": "34" * 32}),
        }
    )
    weights, members = differences(reported(naming("dropout")), other)
    assert "weights" in weights
    assert "121212121212 here" in weights
    assert "training rows" in members


def test_numbers_that_come_out_otherwise_when_the_audit_is_done_again_are_named() -> None:
    first = reported(naming("dropout", value=0.5), naming("dropout", name="acme/other", value=0.2))
    same = reported(naming("dropout", value=0.5 + 1e-12), naming("dropout", name="acme/other", value=0.2))
    other = reported(naming("dropout", value=0.51))
    assert differing(first, same) == (2, ())
    assert differing(first, other) == (2, ("acme/made · flip_rate", "acme/other · flip_rate"))


@pytest.mark.parametrize(
    ("updates", "why"),
    [
        ({"subject__model__kind": "function"}, "a function, which can't be trained"),
        ({"subject__task": "text-generation"}, "does text-generation"),
        ({"subject__evaluation__labelled": False}, "have no labels"),
    ],
)
def test_a_report_of_what_can_not_be_trained_is_refused(folder, updates, why) -> None:
    with pytest.raises(InputError, match=why):
        mending(reported(naming("dropout"), **updates), folder)


def test_nothing_is_written_over(folder) -> None:
    mend = mending(reported(naming("dropout")), folder, base_model="compact")
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        mend.run(["dropout"])
    (folder / "out" / "mended.json").write_text("{}")
    with pytest.raises(OutputError, match="finished"):
        mend.run(["dropout"], resume=True)
    inside = Mend(reported(naming("dropout")), train_data="train.csv", out="model/out", model="model", data="test.csv")
    with pytest.raises(OutputError, match="folder of the audited model"):
        inside.run(["dropout"])
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["mended.json", "mine.txt"]


def test_the_base_model_is_the_users_else_the_one_of_the_models_own_folder(folder) -> None:
    found = reported(naming("dropout"))
    with pytest.raises(InputError, match="--base-model"):
        _ = mending(found, folder)._base_model
    (folder / "model" / "README.md").write_text("---\nbase_model: acme/encoder\n---\n")
    assert mending(found, folder)._base_model == "acme/encoder"
    (folder / "model" / RECORD).write_text(record_of(mending(found, folder)).model_dump_json())
    assert mending(found, folder)._base_model == "compact"
    assert mending(found, folder, base_model="acme/other")._base_model == "acme/other"
