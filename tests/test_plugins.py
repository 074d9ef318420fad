"""Plugins: a stranger's checker counts as a bundled one, and a broken plugin is named and takes nobody down."""

from __future__ import annotations

import types

import pytest

from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.errors import InputError, ModelInputError
from modelaudit.hookspecs import Renderer, hookimpl
from modelaudit.plan import configured, selected
from modelaudit.plugins import Plugins
from modelaudit.subject.opened import OpenedModel


class Tiny:
    info = CheckerInfo(id="test/tiny", version="1", risk=Risk.DATA, title="T", question="Q?", summary="S.")

    def __init__(self, size: int = 3) -> None:
        self.size = size

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(0, 0)

    def run(self, ctx):
        return iter(())


def module(**hooks):
    made = types.ModuleType("made")
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


def test_bundled_checkers_come_through_the_entry_point_and_the_hook():
    plugins = Plugins(installed=False)
    ids = {registered.checker.info.id for registered in plugins.checkers()}
    assert {"modelaudit/membership-inference", "modelaudit/counterfactual-substitution"} <= ids
    assert {record.name for record in plugins.records()} == {"checkers", "models", "renderers"}
    assert all(record.status == "loaded" for record in plugins.records())
    assert set(plugins.renderers()) == {".html", ".json", ".md", ".card.md", ".junit.xml", ".sarif", ".pdf"}


def test_a_strangers_checker_stands_beside_the_bundled_ones():
    plugins = Plugins(extra={"mine": module(modelaudit_checkers=lambda: [Tiny()])}, installed=False)
    assert ("test/tiny", "mine") in {(item.checker.info.id, item.plugin) for item in plugins.checkers()}


def raising():
    raise ZeroDivisionError("broken on purpose")


class Shapeless:
    info = Tiny.info


class Twin(Tiny):
    info = CheckerInfo(
        id="modelaudit/perturbation", version="1", risk=Risk.DATA, title="T", question="Q?", summary="S."
    )


@pytest.mark.parametrize(
    ("hooks", "says"),
    [
        ({"modelaudit_checkers": raising}, "broken on purpose"),
        ({"modelaudit_checkers": lambda: [Shapeless()]}, "lacks applies, cost, run"),
        ({"modelaudit_checkers": lambda: [object()]}, "must be a modelaudit CheckerInfo"),
        ({"modelaudit_checkers": lambda: [Twin()]}, "modelaudit/perturbation is taken by plugin checkers"),
        ({"modelaudit_chekers": lambda: []}, "there is no hook modelaudit_chekers"),
    ],
)
def test_a_broken_plugin_is_named_and_the_others_stay_whole(hooks, says):
    plugins = Plugins(
        extra={"bad": module(**hooks), "good": module(modelaudit_checkers=lambda: [Tiny()])}, installed=False
    )
    records = {record.name: record for record in plugins.records()}
    assert records["bad"].status == "failed"
    assert says in records["bad"].reason
    ids = [item.checker.info.id for item in plugins.checkers()]
    assert "test/tiny" in ids
    assert ids.count("modelaudit/perturbation") == 1


def test_a_hook_without_its_mark_is_refused():
    bare = types.ModuleType("bare")
    bare.modelaudit_checkers = lambda: [Tiny()]
    record = next(r for r in Plugins(extra={"bare": bare}, installed=False).records() if r.name == "bare")
    assert record.status == "failed"
    assert "@hookimpl" in record.reason


def test_a_strangers_model_source_is_asked_first_and_the_bundled_one_still_answers():
    special = OpenedModel(model=object(), tokenizer=object(), name="special")
    plugins = Plugins(
        extra={"opener": module(modelaudit_open_model=lambda source: special if source == "mine://x" else None)},
        installed=False,
    )
    assert plugins.open_model("mine://x", None) is special
    with pytest.raises(ModelInputError):
        plugins.open_model(12345, None)


def test_a_taken_suffix_stays_with_its_first_owner():
    mine = module(modelaudit_renderers=lambda: [Renderer(".html", "x", str), Renderer(".txt", "x", lambda report: "x")])
    renderers = Plugins(extra={"mine": mine}, installed=False).renderers()
    assert renderers[".html"].title != "x"
    assert renderers[".txt"].title == "x"


def test_options_reach_the_checker_and_unknown_ones_are_refused():
    registered = Plugins(extra={"mine": module(modelaudit_checkers=lambda: [Tiny()])}, installed=False).checkers()
    chosen = {item.checker.info.id: item.checker for item in configured(registered, {"test/tiny": {"size": 9}})}
    assert chosen["test/tiny"].size == 9
    with pytest.raises(InputError, match="no option 'sise'; it has size"):
        configured(registered, {"test/tiny": {"sise": 9}})
    with pytest.raises(InputError, match="test/none, which no plugin brings"):
        configured(registered, {"test/none": {}})


def test_only_takes_families_and_ids_and_refuses_the_rest():
    registered = Plugins(extra={"mine": module(modelaudit_checkers=lambda: [Tiny()])}, installed=False).checkers()
    of_data = {f"modelaudit/{name}" for name in ("duplicates", "label-errors", "data-drift", "shortcuts")}
    assert selected(registered, ["data"]) == {"test/tiny", *of_data}
    names = ("membership-inference", "canary-audit", "entity-exposure", "memorisation", "personal-data")
    assert selected(registered, ["test/tiny", "privacy"]) == {"test/tiny", *(f"modelaudit/{name}" for name in names)}
    with pytest.raises(InputError, match="neither a family"):
        selected(registered, ["fairness"])
