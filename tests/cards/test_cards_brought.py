"""Cards that a stranger's plugin brings of its own checkers: recorded in the report, shown, and said to be theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cards_schema import CARD

from modelaudit import Audit
from modelaudit.hookspecs import hookimpl
from modelaudit.plugins import Plugins
from modelaudit.reports import parse_report, render_html, render_json
from modelaudit.testing.planted import planted_classifier, planted_rows

COST = {"n": 40, "preset": "quick", "evaluations": 100, "tokens": 1600, "seconds": 0.31, "hardware": "2 cores"}


class Bringing:
    """The sample plugin's checker, with cards."""

    def __init__(self, checker, *cards):
        self.checker, self.cards = checker, cards

    @hookimpl
    def modelaudit_checkers(self):
        return [self.checker]

    @hookimpl
    def modelaudit_cards(self):
        return self.cards


@pytest.fixture
def shouting(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "sample_plugin" / "src"))
    from modelaudit_shouting import Shouting

    return Shouting()


def card(**fields):
    return json.dumps({**CARD, "checker": "sample/shouting", "version": "1.2.3", "cost": COST, **fields})


def audited(shouting, *cards):
    words = {"good": 1.0, "bad": -1.0}
    model, tokenizer = planted_classifier(words)
    plugins = Plugins(extra={"loud": Bringing(shouting, *cards)}, installed=False)
    audit = Audit(
        model, planted_rows(40, 1, words=words), tokenizer=tokenizer, plugins=plugins, project_file=False, device="cpu"
    )
    return audit.run(only=["sample/shouting", "modelaudit/calibration"]).report


def test_the_card_is_recorded_and_shown_as_the_plugins_own(shouting):
    report = audited(shouting, card())
    assert [each.checker for each in report.cards] == ["sample/shouting"]
    again = parse_report(render_json(report), where="x")
    page = render_html(again)
    assert "These figures came with the plugin loud, whose author measured them." in page
    assert "at most 3.0% of simulated audits raised an alarm (12 of 400" in page
    assert "An audit: 100 evaluations, 0.3 s (quick, 2 cores)." in page
    assert page.count("whose author measured them") == 1


def test_without_a_card_the_check_is_not_calibrated(shouting):
    report = audited(shouting)
    assert report.cards == ()
    assert "Not calibrated" in render_html(report)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (card(checker="modelaudit/calibration"), "a card of modelaudit/calibration, which is none of its checkers"),
        (card(grade="A"), "is not a calibration card"),
        (7, "not the text of a card"),
    ],
)
def test_a_wrong_card_fails_its_plugin_alone(shouting, text, says):
    plugins = Plugins(extra={"loud": Bringing(shouting, text)}, installed=False)
    record = next(record for record in plugins.records() if record.name == "loud")
    assert record.status == "failed"
    assert says in record.reason
    assert "sample/shouting" not in {item.info.id for item in plugins.checkers()}
    assert plugins.checkers()
