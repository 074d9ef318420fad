"""The command that a report gives: read by the program's own parser, it asks for the same audit."""

from __future__ import annotations

import hashlib
import shlex
import shutil
from pathlib import Path

import pytest
import typer

from modelaudit import Audit, cli, load_policy
from policy_cases import HEAD, limit

PARSER = typer.main.get_command(cli.app).commands["run"]
BASELINE = Path(__file__).parent / "reports" / "fixtures" / "report-1.4.json"
POLICY = HEAD + limit("max = 0.1")


def parsed(command):
    """The settings that the command line reads from a command."""
    words = shlex.split(command, comments=True)
    assert words[:2] == ["modelaudit", "run"]
    return PARSER.make_context("run", words[2:]).params


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "our policy.toml").write_text(POLICY)
    shutil.copy(BASELINE, tmp_path / "base.json")
    return tmp_path


NO_PART_IN_A_NUMBER = {
    "--resume", "--journal", "--keep-journal", "--workers", "--language", "--rows-out", "--key-file",
}  # fmt: skip
"""Options that change how an audit gets to its numbers, or what is written of them, and none of them."""


def test_the_command_read_back_asks_for_the_same_audit(folder):
    audit = Audit(
        "acme/model",
        "the rows.csv",
        train_data="train.csv",
        heldout_data="held out.csv",
        base_model="bert-base-cased",
        tokenizer="acme/tokenizer",
        processor="acme/processor",
        text_column="the text",
        label_column="label",
        group_column="-person",
        pair_column="",
        chat=False,
        policy="our policy.toml",
        baseline="base.json",
        mask_personal_data=False,
        preset="quick",
        sample=50,
        seed=7,
        device="cpu",
        backend="torch",
        options={"modelaudit/shapley-explanation": {"cross_check": "shap"}},
        numerics="strict",
        show_text=True,
        trust_remote_code=True,
        allow_pickle=True,
    )
    command = audit.command(only=["bias", "modelaudit/perturbation"])
    assert "#" not in command
    said = parsed(command)
    left = {"out_files", *(name.strip("-").replace("-", "_") for name in NO_PART_IN_A_NUMBER)}
    assert {name: getattr(value, "value", value) for name, value in said.items() if name not in left} == {
        "model": "acme/model",
        "data": "the rows.csv",
        "train_data": "train.csv",
        "heldout": "held out.csv",
        "base_model": "bert-base-cased",
        "tokenizer": "acme/tokenizer",
        "processor": "acme/processor",
        "text_column": "the text",
        "label_column": "label",
        "group_column": "-person",
        "pair_column": "",
        "chat": False,
        "only": "bias,modelaudit/perturbation",
        "policy": folder.relative_to(folder) / "our policy.toml",
        "baseline": folder.relative_to(folder) / "base.json",
        "show_personal_data": True,
        "seed": 7,
        "device": "cpu",
        "backend": "torch",
        "cross_check": "shap",
        "numerics": "strict",
        "preset": "quick",
        "sample": 50,
        "show_text": True,
        "trust_remote_code": True,
        "allow_pickle": True,
    }


def test_every_option_of_the_program_can_be_in_the_command(folder):
    whole = Audit(
        "m", "d", train_data="t", heldout_data="h", base_model="b", tokenizer="k", processor="p", text_column="x",
        label_column="y", group_column="z", pair_column="w", chat=True, policy="our policy.toml",
        baseline="base.json", sample=1, show_text=True, mask_personal_data=False, trust_remote_code=True,
        allow_pickle=True, backend="onnx", options={"modelaudit/shapley-explanation": {"cross_check": "shap"}},
    ).command("bias")  # fmt: skip
    options = {name for parameter in PARSER.params for name in parameter.opts if name.startswith("--")}
    assert options - {"--out", "--help", *NO_PART_IN_A_NUMBER} == {
        word for word in shlex.split(whole) if word.startswith("--")
    }


def test_what_the_project_file_sets_is_spelt_out_and_the_file_is_named(folder):
    content = b'seed = 3\npolicy = "our policy.toml"\n[checkers."modelaudit/perturbation"]\n'
    (folder / "modelaudit.toml").write_bytes(content)
    command = Audit("m", "d").command()
    said = parsed(command)
    assert (said["seed"], str(said["policy"])) == (3, "our policy.toml")
    assert f"# needs modelaudit.toml with sha256 {hashlib.sha256(content).hexdigest()}" in command
    other = Audit("m", "d", project_file=folder / "modelaudit.toml").command()
    assert f"# needs {folder / 'modelaudit.toml'} with sha256" in other
    assert "as modelaudit.toml in the working folder" in other


def test_what_only_python_can_give_is_named(folder):
    command = Audit(
        "m",
        "d",
        options={"modelaudit/counterfactual-substitution": {"rows": 90}},
        declared={"use": "x"},
        batch_tokens=64,
    ).command()
    comment = command.partition("  # needs ")[2]
    assert comment == "options of checkers, what is declared of the model and batch_tokens=64, given in Python"
    parsed(command)
    given = Audit("m", [{"text": "a"}], policy=load_policy()).command()
    assert "'<list in Python>'" in given
    assert "--policy '<Policy in Python>'" in given


def test_a_folder_that_looks_like_an_option_is_still_a_folder(folder):
    assert parsed(Audit("-model", "-rows.csv").command())["model"] == "./-model"
