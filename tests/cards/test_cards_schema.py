"""Calibration cards: what a card must hold, that it is of the version that it says, and that no number was made up."""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from modelaudit.cards import Card, card_for, cards, parse_card
from modelaudit.checkers import modelaudit_checkers
from modelaudit.errors import DataInputError
from modelaudit.statistics import clopper_pearson_interval

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FIGURE = {"cell": "clean twin", "source": "calibration_x.json", "k": 12, "n": 400, "low": 0.0156, "high": 0.0518}
CARD: dict[str, Any] = {
    "schema": "modelaudit.card/1",
    "checker": "acme/rare-words",
    "version": "2.1",
    "study": "Models without rare words and with some.",
    "study_zh": "不含和含有罕见词的模型。",
    "sources": [{"file": "calibration_x.json", "made_on": "2026-11-24", "command": "python benchmarks/x.py"}],
    "false_alarms": [{**FIGURE, "nominal": 0.05}],
    "power": [
        {**FIGURE, "cell": "planted", "k": 390, "low": 0.95, "high": 0.99, "effect": 0.1, "unit": "share of rows"}
    ],
    "coverage": [{**FIGURE, "cell": "interval", "k": 380, "low": 0.92, "high": 0.97, "nominal": 0.95}],
}


def changed(**fields: Any) -> str:
    return json.dumps({**CARD, **fields})


def test_a_card_survives_the_round_trip_and_stays_as_it_is() -> None:
    card = parse_card(json.dumps(CARD), name="x.json")
    assert parse_card(card.model_dump_json(by_alias=True), name="again") == card
    assert card.false_alarms[0].rate == 0.03
    with pytest.raises(ValidationError):
        card.version = "2"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schema": "modelaudit.card/9"}, "schema"),
        ({"grade": "A"}, "grade"),
        ({"sources": []}, "sources"),
        ({"false_alarms": [{**FIGURE, "k": 100}]}, "100 of 400 is not inside"),
        ({"false_alarms": [{**FIGURE, "k": 401, "high": 1.0}]}, "is not inside"),
        ({"false_alarms": [{**FIGURE, "source": "calibration_y.json"}]}, "not among the sources"),
        ({"power": [{**FIGURE, "unit": "share of rows"}]}, "two figures come from the same cell"),
        ({"false_alarms": [], "power": [], "coverage": []}, "without figures"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused_with_its_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(DataInputError, match=r"broken\.json is not a calibration card") as caught:
        parse_card(changed(**fields), name="broken.json")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("own", "asked", "speaks"),
    [("3", "3", True), ("3", "3.2", True), ("2.1", "2.7.1", True), ("2.1", "3.1", False), ("1", "10", False)],
)
def test_a_card_speaks_for_its_major_version(own: str, asked: str, speaks: bool) -> None:
    assert parse_card(changed(version=own), name="x.json").speaks_for(asked) is speaks


def test_the_card_of_another_version_is_handed_out_as_such_and_none_where_there_is_none() -> None:
    card = card_for("modelaudit/perturbation", "99")
    assert card is not None
    assert not card.speaks_for("99")
    assert card_for("acme/rare-words", "1") is None


def test_the_cards_of_the_package_are_of_its_checkers_as_they_are_now() -> None:
    versions = {checker.info.id: checker.info.version for checker in modelaudit_checkers()}
    assert len(cards()) > 10
    assert {card.checker for card in cards()} <= versions.keys()
    assert [card.checker for card in cards() if not card.speaks_for(versions[card.checker])] == []


def test_every_figure_is_a_cell_of_a_committed_result_with_its_exact_interval() -> None:
    for card in cards():
        assert len({rate.cell for rate in card.rates}) == len(card.rates)
        for rate in card.rates:
            study = json.loads((BENCHMARKS / "results" / rate.source).read_text(encoding="utf-8"))
            [value] = [figure["value"] for figure in study["figures"] if figure["name"] == rate.cell]
            assert value in (rate.k, pytest.approx(rate.k / rate.n, abs=1e-9)), rate.cell
            told = re.search(r"(\d+) (?:audits|runs)\b", rate.cell)
            assert told is None or int(told[1]) == rate.n
            low, high = clopper_pearson_interval(rate.k, rate.n)
            assert [rate.low, rate.high] == pytest.approx([low, high], abs=6e-5)


def test_the_unfavourable_is_in_the_cards() -> None:
    labels = card_for("modelaudit/label-errors", "1")
    assert labels is not None
    assert max(alarm.rate for alarm in labels.false_alarms) == 0.47
    names = card_for("modelaudit/counterfactual-substitution", "3.0")
    assert names is not None
    assert min(power.rate for power in names.power) == 0.0


def test_the_script_makes_the_cards_of_the_package_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import_module("cards").write_cards(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = Path(str(sys.modules[Card.__module__].__file__)).with_name("data")
    assert made == {path.name: path.read_text(encoding="utf-8") for path in kept.iterdir()}
