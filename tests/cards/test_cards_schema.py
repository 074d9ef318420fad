import json

import pytest
from pydantic import ValidationError

from modelaudit.cards import CalibrationCard, load_cards, parse_card
from modelaudit.errors import DataInputError

CARD = {
    "schema": "modelaudit.card/1",
    "checker": "modelaudit/calibration",
    "version": "1",
    "package_version": "0.1.0",
    "date": "2026-11-24",
    "command": "make calibration-statistics",
    "seeds": [0, 1],
    "nulls": [
        {
            "name": "perfectly calibrated model",
            "n": 400,
            "alarms": 12,
            "rate": 0.03,
            "interval": [0.015, 0.052],
            "bound": 31,
            "held": True,
        }
    ],
    "power": [{"effect": "temperature 0.5", "n": 200, "detected": 0.98, "interval": [0.95, 0.995]}],
    "coverage": [{"nominal": 0.95, "n": 2000, "covered": 0.951, "interval": [0.94, 0.96]}],
    "cost": {"evaluations": 1000, "seconds": 2.5, "hardware": "2 CPU cores"},
    "notes": ["English only."],
}


def changed(**fields):
    return json.dumps({**CARD, **fields})


def test_a_card_survives_the_round_trip():
    card = parse_card(json.dumps(CARD), name="calibration.json")
    assert parse_card(card.model_dump_json(by_alias=True), name="again") == card
    assert card.nulls[0].held
    with pytest.raises(ValidationError):
        card.version = "2"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"schema": "modelaudit.card/9"}, "schema"),
        ({"grade": "A"}, "grade"),
        ({"seeds": []}, "seeds"),
        ({"nulls": [{**CARD["nulls"][0], "rate": 0.01}]}, "is not 12 of 400"),
        (
            {"nulls": [{**CARD["nulls"][0], "alarms": 40, "rate": 0.1, "interval": [0.07, 0.13]}]},
            "40 alarms against 31",
        ),
        ({"power": [{**CARD["power"][0], "detected": 0.5}]}, "not inside its interval"),
        ({"coverage": [{**CARD["coverage"][0], "interval": [0.9, 1.2]}]}, "not inside its interval"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused_with_its_name(fields, sentence):
    with pytest.raises(DataInputError, match=r"broken\.json is not a calibration card") as caught:
        parse_card(changed(**fields), name="broken.json")
    assert sentence in str(caught.value)


def test_the_package_carries_only_valid_cards():
    for (checker, version), card in load_cards().items():
        assert isinstance(card, CalibrationCard)
        assert (card.checker, card.version) == (checker, version)
        assert all(null.held for null in card.nulls), f"{checker}: a null broke its bound"
