"""Plugins that go wrong in every way: each is named in the report, and the rest of the audit is whole."""

from __future__ import annotations

import types

import pytest

from modelaudit import Audit
from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.errors import NotAssessable, OutputError, PluginError
from modelaudit.hookspecs import Renderer, hookimpl
from modelaudit.plugins import Plugins
from modelaudit.results import Finding, Metric
from modelaudit.subject.opened import OpenedModel


class Unspeakable(Exception):
    def __str__(self):
        raise ZeroDivisionError


class Panic(BaseException):
    """What a panic of a Rust library looks like in Python."""


def finding(**changes):
    metric = Metric(
        id="m", title="M", value=0.5, unit="share", better="lower", n=3, method="count", reason="no interval"
    )
    return Finding(metric=metric.model_copy(update=changes), statement="S.")


class Made:
    """A checker whose verbs are given."""

    info = CheckerInfo(id="test/made", version="1", risk=Risk.DATA, title="Made [bold]", question="Q?", summary="S.")

    def __init__(self, run=None, applies=lambda: None, cost=lambda: Cost(1, 10)):
        self._run, self._applies, self._cost = run or (lambda ctx: [finding()]), applies, cost

    def applies(self, subject):
        return self._applies()

    def cost(self, subject):
        return self._cost()

    def run(self, ctx):
        return self._run(ctx)


def module(**hooks):
    made = types.ModuleType("made")
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


class Good(Made):
    info = Made.info.model_copy(update={"id": "test/good"})


def plugins_with(**hooks):
    sound = module(modelaudit_checkers=lambda: [Good()])
    return Plugins(extra={"made": module(**hooks), "good": sound}, installed=False)


def report_of(classifier, rows, plugins, only=("data",)):
    model, tokenizer = classifier
    return Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cpu", plugins=plugins).run(only=only).report


def raising(error):
    def call(*_arguments, **_options):
        raise error

    return call


@pytest.fixture(scope="module")
def few(rows):
    return rows[:40]


STOPS = [SystemExit(0), GeneratorExit(), Panic("in Rust"), Unspeakable(), RecursionError("deep")]


@pytest.mark.parametrize("error", STOPS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("verb", ["applies", "cost", "run"])
def test_nothing_that_a_checker_raises_ends_the_audit(classifier, few, verb, error):
    plugins = plugins_with(modelaudit_checkers=lambda: [Made(**{verb: raising(error)})])
    report = report_of(classifier, few, plugins)
    states = {result.checker.id: result for result in report.results}
    assert states["test/made"].status == "errored"
    assert type(error).__name__ in states["test/made"].reason
    assert states["test/good"].status == "completed"
    assert report.judgement.gate.exit_code == 4


def test_only_ctrl_c_ends_it(classifier, few):
    plugins = plugins_with(modelaudit_checkers=lambda: [Made(raising(KeyboardInterrupt()))])
    with pytest.raises(KeyboardInterrupt):
        report_of(classifier, few, plugins)


def noting(ctx):
    ctx.note(123)
    return [finding()]


def noting_behind_our_back(ctx):
    ctx.notes.append(123)
    ctx.notes = None
    return [finding()]


@pytest.mark.parametrize(
    ("made", "status", "says"),
    [
        (Made(raising(NotAssessable())), "skipped", "and not why"),
        (Made(raising(NotAssessable(""))), "skipped", "and not why"),
        (Made(raising(PluginError())), "errored", "PluginError"),
        (Made(noting), "errored", "ctx.note takes a sentence, not int"),
        (Made(noting_behind_our_back), "completed", ""),
        (Made(lambda ctx: 5), "errored", "TypeError"),
        (Made(lambda ctx: [finding(value=float("nan"))]), "errored", "finite"),
        (Made(lambda ctx: [Finding.model_construct(metric=5, statement="S.")]), "errored", "Metric"),
        (Made(applies=lambda: True), "errored", "applies() returned True"),
        (Made(applies=lambda: ""), "errored", "applies() returned ''"),
        (Made(cost=lambda: 5), "errored", "cost() returned int, not a Cost"),
        (Made(cost=lambda: None), "errored", "cost() returned NoneType, not a Cost"),
        (Made(cost=lambda: Cost("5", 5)), "errored", "evaluations = '5'"),
        (Made(cost=lambda: Cost(1, float("nan"))), "errored", "tokens = nan"),
        (Made(cost=lambda: Cost(-1, 1)), "errored", "evaluations = -1"),
        (Made(cost=lambda: Cost(10**400, 1)), "errored", "evaluations = 1000"),
        (Made(cost=lambda: Cost(1.5, 2.5)), "completed", ""),
    ],
)
def test_an_answer_that_breaks_the_contract_is_an_errored_result(classifier, few, made, status, says):
    report = report_of(classifier, few, plugins_with(modelaudit_checkers=lambda: [made]))
    result = next(result for result in report.results if result.checker.id == "test/made")
    assert result.status == status
    assert says in (result.reason or "")


class Secretive(Made):
    def __init__(self, size=3):
        super().__init__()

    @property
    def size(self):
        raise ZeroDivisionError("no size")


class Vague(Made):
    info = Made.info.model_copy(update={"id": "No Id"})


@pytest.mark.parametrize(
    ("hooks", "says"),
    [
        ({"modelaudit_checkers": raising(SystemExit(0))}, "failed in modelaudit_checkers: SystemExit: 0"),
        ({"modelaudit_checkers": lambda: 5}, "it returned int, not a list"),
        ({"modelaudit_checkers": lambda: [Made]}, "Made is a class; give an instance of it, Made()"),
        ({"modelaudit_checkers": lambda: [Secretive()]}, "no size"),
        ({"modelaudit_checkers": lambda: [Vague()]}, "match pattern"),
        ({"modelaudit_renderers": raising(SystemExit(0))}, "failed in modelaudit_renderers: SystemExit: 0"),
        ({"modelaudit_renderers": lambda: 5}, "it returned int, not a list"),
        ({"modelaudit_renderers": lambda: [5]}, "it returned int in its list"),
        ({"modelaudit_renderers": lambda: [Renderer("txt", "T", str)]}, "needs a suffix such as '.txt'"),
        ({"modelaudit_open_model": raising(SystemExit(0))}, "failed in modelaudit_open_model: SystemExit: 0"),
        ({"modelaudit_open_model": raising(ZeroDivisionError("no"))}, "failed in modelaudit_open_model: ZeroDivision"),
        ({"modelaudit_open_model": lambda source: 5}, "it returned int, not an OpenedModel"),
    ],
)
def test_a_hook_that_breaks_is_named_and_its_plugin_brings_nothing(classifier, few, hooks, says):
    hooks = {"modelaudit_checkers": lambda: [Made()]} | hooks
    report = report_of(classifier, few, plugins_with(**hooks))
    record = next(plugin for plugin in report.provenance.plugins if plugin.name == "made")
    assert (record.status, record.checkers) == ("failed", ())
    assert says in record.reason
    states = {result.checker.id: result.status for result in report.results}
    assert "test/made" not in states
    assert states["test/good"] == "completed"


def test_a_module_that_stops_the_program_when_it_is_imported_is_named(tmp_path, monkeypatch):
    (tmp_path / "modelaudit_quitting.py").write_text("import sys\nsys.exit(0)\n")
    about = tmp_path / "modelaudit_quitting-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: modelaudit-quitting\n")
    (about / "entry_points.txt").write_text("[modelaudit]\nquitting = modelaudit_quitting\n")
    monkeypatch.syspath_prepend(tmp_path)
    record = next(record for record in Plugins().records() if record.name == "quitting")
    assert record.status == "failed"
    assert "SystemExit: 0 (modelaudit_quitting.py:2)" in record.reason
    assert record.version == "unknown"


def test_a_model_that_no_other_plugin_can_open_names_the_one_that_broke():
    plugins = plugins_with(modelaudit_open_model=raising(ZeroDivisionError("broken on purpose")))
    with pytest.raises(PluginError, match="plugin made failed in modelaudit_open_model: ZeroDivisionError: broken"):
        plugins.open_model(12345, None)
    plugins = plugins_with(modelaudit_open_model=raising(ZeroDivisionError("broken on purpose")))
    with pytest.raises(Exception, match=r"no folder mine://x.*Before that, plugin made failed .*broken on purpose"):
        plugins.open_model("mine://x", None)


@pytest.mark.parametrize(
    ("render", "says"),
    [
        (raising(SystemExit(0)), "SystemExit: 0"),
        (raising(ZeroDivisionError("torn")), "ZeroDivisionError: torn"),
        (lambda report: 5, "it returned int, not a string"),
        (lambda report: "\ud800", "UnicodeEncodeError"),
    ],
)
def test_a_renderer_that_breaks_is_named_and_the_other_files_are_written(classifier, few, tmp_path, render, says):
    model, tokenizer = classifier
    plugins = plugins_with(modelaudit_renderers=lambda: [Renderer(".txt", "T", render)])
    audit = Audit(model, few, tokenizer=tokenizer, preset="quick", device="cpu", plugins=plugins)
    outcome = audit.run(only="test/good")
    with pytest.raises(PluginError, match=rf"plugin made could not write the \.txt report: {says}") as caught:
        outcome.save(tmp_path / "a.txt", tmp_path / "b.json")
    assert not isinstance(caught.value, OutputError)
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


def test_what_a_checker_says_of_itself_is_read_once(classifier, few):
    class Fickle(Made):
        asked = 0

        @property
        def info(self):
            self.asked += 1
            if self.asked > 1:
                raise ZeroDivisionError
            return Made.info

    report = report_of(classifier, few, plugins_with(modelaudit_checkers=lambda: [Fickle()]))
    assert next(result.status for result in report.results if result.checker.id == "test/made") == "completed"


def test_a_strangers_model_is_audited(classifier, few):
    model, tokenizer = classifier
    opened = OpenedModel(model=model, tokenizer=tokenizer, name="mine")
    plugins = plugins_with(modelaudit_open_model=lambda source: opened if source == "mine://x" else None)
    audit = Audit("mine://x", few, preset="quick", device="cpu", plugins=plugins)
    assert audit.subject.info.model.name == "mine"
