"""`modelaudit train`: a flag for each choice, what it says and leaves, and how it ends on what can't be used."""

from __future__ import annotations

import json
import random
import sys

import pytest
import typer
from training_records import record_of

from modelaudit import Audit
from modelaudit.cli_train import Form, _say, recipe_of, train
from modelaudit.errors import InputError
from modelaudit.plugins import Plugins
from modelaudit.training.catalogue import MEASURES
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import StepInfo

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(train)


def conll(path, rows, seed):
    """Write sentences of a person who goes to a place, in IOB1 with MISC, as CoNLL-2003 has them."""
    rng = random.Random(seed)
    lines = ["-DOCSTART- -X- -X- O", ""]
    for number in range(rows):
        person, place, people = (
            rng.choice(("Anna", "Peter")),
            rng.choice(("Paris", "Oslo")),
            rng.choice(("Dutch", "Thai")),
        )
        words = [
            (person, "I-PER"),
            ("met", "O"),
            (people, "I-MISC"),
            (f"no{number}", "O"),
            ("in", "O"),
            (place, "I-LOC"),
        ]
        lines += [*(f"{word} NN I-NP {tag}" for word, tag in words), ""]
    path.write_text("\n".join(lines))


@pytest.fixture
def call(monkeypatch, capfd, tmp_path):
    monkeypatch.chdir(tmp_path)
    conll(tmp_path / "train.txt", 60, seed=1)
    conll(tmp_path / "test.txt", 20, seed=2)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
        try:
            app()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


def flags():
    return {option for parameter in typer.main.get_command(app).params for option in parameter.opts}


def test_every_choice_of_the_recipe_has_a_flag_and_every_measure_is_named_by_one():
    assert {f"--{field.replace('_', '-')}" for field in Recipe.model_fields} <= flags()
    named = {word for measure in MEASURES.values() for word in measure.flag.split() if word.startswith("--")}
    assert named <= flags()
    assert {"--dev", "--test", "--labels", "--tokenizer", "--device", "--report-to", "--resume", "--measure"} <= flags()


def test_help_says_the_defaults_that_the_recipe_has():
    usual = Recipe()
    for parameter in typer.main.get_command(app).params:
        default = getattr(usual, parameter.name, None)
        if default and isinstance(default, int | float | str):
            said = default if isinstance(default, str) else f"{default:g}"
            assert f"(default: {said})" in parameter.help


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_by_its_id_is_the_recipe_that_its_flag_makes(name):
    column = "group" if name == "reweighing" else None
    recipe = recipe_of({"reweigh": column}, [name])
    assert name in recipe.measures
    assert recipe == Recipe().with_measures([name], reweigh=column)


def test_what_is_given_by_a_flag_wins_over_a_measures_usual_strength():
    assert recipe_of({"dropout": 0.5, "patience": 0}, ["dropout", "early-stopping"]) == Recipe(
        dropout=0.5, stop_on="loss", patience=None
    )
    with pytest.raises(InputError, match="there is no measure 'magic'"):
        recipe_of({}, ["magic"])
    with pytest.raises(InputError, match="epochs is 0"):
        recipe_of({"epochs": 0.0}, [])


@pytest.mark.heavy
def test_a_model_is_trained_scored_left_in_its_folder_and_audited_with_all_that_belongs_to_it(call, tmp_path):
    code, out, err = call(
        "train.txt", "--task", "ner", "--base-model", "compact", "--out", "out", "--test", "test.txt",
        "--epochs", 9, "--batch-size", 8, "--seed", 3, "--dropout", 0.1, "--format", "json",
    )  # fmt: skip
    assert (code, err.count("Traceback")) == (0, 0)
    said = json.loads(out)
    assert [scores["of"] for scores in said["scores"]] == ["dev", "test"]
    test = said["scores"][1]
    micro = next(score for score in test["entities"] if score["name"] == "micro")
    assert (test["rows"], test["units"], micro["support"], micro["f1"]) == (20, 120, 60, pytest.approx(1.0, abs=0.1))
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert record["recipe"]["dropout"] == 0.1
    assert {"O", "B-MISC", "B-PER", "B-LOC"} <= set(record["labels"])
    made = Audit("out", "test.txt", device="cpu", preset="quick", plugins=Plugins(installed=False))
    assert made.subject.info.base_model.name == "base"
    held = {f"train.txt:{number}" for number in record["train"]["held_back"]}
    assert held
    assert {row.id for row in made.subject.data.members}.isdisjoint(held)
    assert len(made.subject.data.members) + len(held) == 60
    code, _, err = call("train.txt", "--task", "ner", "--base-model", "compact", "--out", "out")
    assert code == 2
    assert "holds a model, and none is ever written over" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train.txt", "--task", "poetry", "--base-model", "compact"), "task 'poetry' can't be trained"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--epochs", "0"), "epochs is 0"),
        (("nowhere.csv", "--task", "ner", "--base-model", "compact"), "no file nowhere.csv"),
        (("train.txt", "--task", "ner", "--base-model", "./nowhere"), "there is no folder"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--measure", "magic"), "no measure 'magic'"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--counterfactuals", "shoes"), "counterfactuals"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--dp-delta", "1e-5"), "nothing without dp_epsilon"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--tokenizer", "t"), "a tokenizer of its own"),
        (("train.txt", "--task", "ner", "--base-model", "compact", "--test", "no.txt"), "there is no file no.txt"),
    ],
)
def test_what_can_not_be_used_ends_in_one_sentence_and_leaves_nothing(call, tmp_path, words, said):
    code, out, err = call(*words, "--out", "out")
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", Form)
def test_how_a_training_ended_is_said_whatever_the_form_of_the_scores(form, tmp_path, capfd):
    (tmp_path / "logs").mkdir()
    doubt = StepInfo(name="outcome", notes=("WARNING: it learned nothing",))
    record = record_of(recipe=Recipe(epochs=12), epochs=3.0, best_epoch=1.0, steps=(doubt,))
    _say(tmp_path, record, [], form)
    said = " ".join(capfd.readouterr().err.split())
    assert "note: WARNING: it learned nothing" in said
    assert "training: stopped after epoch 3 of 12; the weights of epoch 1 were kept" in said
    assert "curves:" in said


def test_test_rows_that_do_not_fit_the_model_take_no_scores_away(call, tmp_path):
    (tmp_path / "other.txt").write_text("Anna NN I-NP I-THING\n")
    words = ("--task", "ner", "--base-model", "compact", "--out", "out", "--test", "other.txt", "--epochs", 1)
    code, out, err = call("train.txt", *words, "--max-length", 8)
    assert code == 2
    err = " ".join(err.split())
    assert "longer than the 8 tokens that the model takes" in err
    assert "THING" in err
    assert "Whole entities, strict (entity F1)" in out
    assert "written: out" in out
