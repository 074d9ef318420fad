"""The picture of a card: a file of its own that shows each figure where it is, and tells it in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from modelaudit.cards import Card
from modelaudit.testing.calibration import card_svg

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = {"source": "a.json", "low": 0.2, "high": 0.9, "n": 10}


def card(**fields):
    return Card.model_validate(
        {
            "schema": "modelaudit.card/1",
            "checker": "acme/rare-words",
            "version": "2.1",
            "study": "A study of rare words.",
            "study_zh": "罕见词的研究。",
            "sources": [{"file": "a.json", "made_on": "2026-11-27", "command": "calibrate"}],
            "false_alarms": [{**FIGURE, "cell": "clean", "k": 1, "low": 0.01, "high": 0.3, "nominal": 0.05}],
            "power": [
                {**FIGURE, "cell": "weak", "k": 3, "effect": 0.1, "unit": "share of rows"},
                {**FIGURE, "cell": "strong", "k": 8, "effect": 0.4, "unit": "share of rows"},
            ],
            **fields,
        }
    )


def test_it_is_told_in_words_and_asks_nothing_of_the_network():
    root = ET.fromstring(card_svg(card()))
    assert root.get("role") == "img"
    ids = {each.get("id") for each in root}
    assert set(root.get("aria-labelledby").split()) <= ids
    assert root.find(f"{SVG}title").text == "Calibration of acme/rare-words, version 2.1"
    said = root.find(f"{SVG}desc").text
    assert "Without the fault 1 of 10 (1.0% to 30.0%) raised an alarm. At most 5% is promised." in said
    assert "0.1: 3 of 10 (20.0% to 90.0%); 0.4: 8 of 10" in said
    text = card_svg(card())
    assert text.count("http") == 1, "the name of the format alone"
    assert not re.search(r"<script|href|url\(|@import|<image", text)
    assert "prefers-color-scheme:dark" in text


def test_each_figure_stands_where_it_is_with_its_interval():
    root = ET.fromstring(card_svg(card()))
    ticks = {text.text: text for text in root.iter(f"{SVG}text")}
    height = {label: float(ticks[label].get("y")) - 4 for label in ("0%", "20%", "80%", "100%")}
    place = {label: float(ticks[label].get("x")) for label in ("0", "0.1", "0.4")}

    def starts(kind):
        paths = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == kind]
        # What the legend shows stands left of the axis.
        found = [tuple(map(float, each)) for path in paths for each in re.findall(r"M([\d.]+)[ ]?([\d.]+)", path)]
        return [point for point in found if point[0] > 40]

    per_share = (height["0%"] - height["100%"]) / 1.0
    at = lambda share: pytest.approx(height["0%"] - share * per_share, abs=0.2)  # noqa: E731
    assert starts("dots s0") == [(place["0.1"], at(0.3)), (place["0.4"], at(0.8))]
    assert starts("dots s1") == [(place["0"], at(0.1))]
    [alarm, *_] = starts("bar s1")
    assert alarm == (place["0"], at(0.01))
    assert (place["0.1"], at(0.2)) in starts("bar s0")
    assert starts("line reference")[0][1] == at(0.05)


def test_without_power_or_without_nulls_the_rest_is_drawn():
    assert "raise an alarm without it" in card_svg(card(power=[]))
    alone = card_svg(card(false_alarms=[]))
    assert "find the fault" in alone
    assert "promised" not in alone


def test_names_of_a_stranger_build_no_markup():
    hostile = card(
        power=[{**FIGURE, "cell": "weak", "k": 3, "effect": 1.0, "unit": "<script>\u202e\x00&\x1b ]]>" + "x" * 999}]
    )
    text = card_svg(hostile)
    ET.fromstring(text)
    assert "<script" not in text
    assert "\u202e" not in text
