"""What is handed in wrongly is refused in one sentence, before a model is opened; what is odd but right is read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelaudit import Audit
from modelaudit.audit_report import Declared
from modelaudit.errors import InputError, PolicyError
from modelaudit.policy_file import load_policy
from modelaudit.project_file import read_project_file
from policy_cases import HEAD, limit

DEEP = "x = " + "[" * 50_000
LONG = "9" * 5_000


def said(error):
    """The message, which is one line."""
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 1_000
    return text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"data": None}, "data is None; give the rows"),
        ({"data": ""}, "data is '', which names nothing"),
        ({"model": "x" * 300}, "model is a name of 300 characters"),
        ({"train_data": "a\0b"}, "train is 'a\\x00b', which names nothing"),
        ({"preset": "huge"}, "preset is 'huge'; give one of quick, standard, full"),
        ({"preset": ""}, "preset is ''"),
        ({"preset": []}, "preset is []"),
        ({"policy": 5}, "policy is a int; give the path"),
        ({"numerics": "exact"}, "numerics is 'exact'; give one of auto, strict, standard"),
        ({"numerics": None}, "numerics is None"),
        ({"sample": "x"}, "sample is 'x'; give a whole number of at least 1"),
        ({"sample": 0}, "sample is 0"),
        ({"sample": True}, "sample is True"),
        ({"seed": "a"}, "seed is 'a'; give a whole number of at least 0"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": -1}, "seed is -1; give a whole number of at least 0"),
        ({"seed": 10**5_000}, "seed is a number beyond all use"),
        ({"seed": -(10**5_000)}, "seed is a number beyond all use"),
        ({"batch_tokens": "many"}, "batch_tokens is 'many'"),
        ({"declared": {"foo": "x"}}, "declared has no 'foo'; it has use, use_case, owner, impact"),
        ({"declared": {"use": 5}}, "declared 'use': Input should be a valid string"),
        ({"declared": "sorts letters"}, "declared is a str; give a dict"),
        ({"options": {"modelaudit/perturbation": 5}}, "options of modelaudit/perturbation are a int"),
        ({"options": 5}, "options is a int"),
        ({"options": {"modelaudit/counterfactual-substitution": {5: 1}}}, "has no option 5"),
        ({"text_column": 0}, "text_column is 0; give the name of a column"),
        ({"tokenizer": 5}, "tokenizer is a int"),
        ({"plugins": ["mine"]}, "plugins is a list"),
        ({"project_file": 5}, "project_file is a int"),
    ],
)
def test_an_argument_that_makes_no_sense_is_one_sentence(given, says):
    with pytest.raises(InputError) as error:
        Audit(**{"model": "no/model", "data": "no.csv"} | given)
    assert says in said(error)


def test_numbers_of_numpy_are_numbers():
    audit = Audit("no/model", "no.csv", seed=np.int64(3), sample=np.int32(4))
    assert (type(audit.seed), audit.seed, type(audit.sample), audit.sample) == (int, 3, int, 4)


@pytest.mark.parametrize(
    ("only", "says"),
    [
        ([], "names nothing"),
        ("", "names nothing"),
        (["", " "], "names nothing"),
        (5, "only= holds a int"),
        ([["bias"]], "only= holds a list"),
        ("fairness", "only='fairness' is neither a family"),
        (["bias", ""], "only='' is neither a family"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "plan"])
def test_a_selection_that_names_nothing_is_refused(verb, only, says):
    with pytest.raises(InputError) as error:
        getattr(Audit("no/model", "no.csv"), verb)(only)
    assert says in said(error)


@pytest.mark.parametrize(
    "only", ["robustness", ("robustness",), iter(["robustness"])], ids=["name", "tuple", "iterator"]
)
def test_one_name_selects_as_a_list_does(classifier, rows, only):
    model, tokenizer = classifier
    report = Audit(model, rows[:40], tokenizer=tokenizer, preset="quick", device="cpu").run(only).report
    assert report.settings.only == ("robustness",)
    assert "--only robustness" in report.run.command
    ran = {result.checker.risk.value for result in report.results if "not selected" not in (result.reason or "")}
    assert ran == {"robustness"}


class Picky:
    """A checker whose constructor refuses a value."""

    def __init__(self, size=3):
        if size < 1:
            raise SystemExit(f"size {size} makes no sense")
        self.size = size


def test_a_value_that_a_constructor_refuses_is_the_users_to_mend(monkeypatch):
    from modelaudit.checkers.robustness.perturbation import Perturbation
    from modelaudit.hookspecs import hookimpl
    from modelaudit.plugins import Plugins

    class Checker(Picky, Perturbation):
        info = Perturbation.info.model_copy(update={"id": "test/picky"})

    class Module:
        @staticmethod
        @hookimpl
        def modelaudit_checkers():
            return [Checker()]

    with pytest.raises(InputError) as error:
        Audit("m", "d", options={"test/picky": {"size": 0}}, plugins=Plugins(extra={"m": Module()}, installed=False))
    assert "test/picky can't be made with the options size: SystemExit: size 0 makes no sense" in said(error)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed = -1", "'seed': Input should be greater than or equal to 0"),
        (f"seed = {LONG}", "is not valid TOML"),
        ("seed = 0x" + "f" * 5_000, "'seed'"),
        ("sample = true", "'sample': Input should be a valid integer"),
        ("sample = 0", "'sample'"),
        ("sample = 1.0", "'sample'"),
        (DEEP, "nested too deeply"),
        ("[subject]\nuse_cse = 'x'", "unknown key 'subject.use_cse'. Did you mean 'use_case'?"),
        ("prest = 'quick'", "unknown key 'prest'. Did you mean 'preset'?"),
        ("path = 'x'", "'path'"),
        ("sha256 = 'x'", "'sha256'"),
    ],
)
def test_a_project_file_that_makes_no_sense_is_one_sentence(tmp_path, text, says):
    file = tmp_path / "modelaudit.toml"
    file.write_text(text)
    with pytest.raises(InputError, match="project file") as error:
        read_project_file(file)
    assert says in said(error)


def test_a_project_file_that_is_no_file_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_project_file().path is None
    (tmp_path / "modelaudit.toml").symlink_to("gone.toml")
    with pytest.raises(InputError, match=r"project file modelaudit\.toml can't be read: No such file"):
        read_project_file()
    (tmp_path / "modelaudit.toml").unlink()
    (tmp_path / "modelaudit.toml").mkdir()
    with pytest.raises(InputError, match=r"project file modelaudit\.toml can't be read: Is a directory"):
        read_project_file()


def test_a_byte_order_mark_is_no_fault(tmp_path):
    project, policy = tmp_path / "modelaudit.toml", tmp_path / "policy.toml"
    project.write_text('seed = 4\npolicy = "policy.toml"\n', encoding="utf-8-sig")
    policy.write_text(HEAD + limit("max = 0.1"), encoding="utf-8-sig")
    audit = Audit("m", "d", project_file=project)
    assert (audit.seed, audit.policy.id) == (4, "t")


@pytest.mark.parametrize("place", ["europe", "eu-us", "us-zz", "Atlantis", "eu de", " ", "\x1b[2J"])
def test_a_place_that_nobody_knows_is_refused_where_it_is_declared(tmp_path, place):
    file = tmp_path / "modelaudit.toml"
    file.write_text(f"[subject]\njurisdictions = {json.dumps(['eu', place])}\n")
    with pytest.raises(
        InputError, match="is no place that is known; give eu or one of its member states, uk, cn, us"
    ) as e:
        read_project_file(file)
    assert said(e).isprintable()
    with pytest.raises(InputError, match="is no place that is known"):
        Audit("m", "d", declared={"jurisdictions": [place]})
    assert Declared(jurisdictions=(place,)).jurisdictions == (place,)


def test_places_are_recorded_as_they_were_declared(tmp_path):
    file = tmp_path / "modelaudit.toml"
    file.write_text('[subject]\njurisdictions = ["Germany", "中国", "us-nyc", "JP"]\n')
    assert read_project_file(file).subject.jurisdictions == ("Germany", "中国", "us-nyc", "JP")


@pytest.mark.parametrize(("text", "says"), [(f"q = {LONG}", "is not valid TOML"), (DEEP, "nested too deeply")])
def test_a_policy_that_makes_no_sense_is_one_sentence(tmp_path, text, says):
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(PolicyError) as error:
        load_policy(tmp_path / "policy.toml")
    assert says in said(error)
