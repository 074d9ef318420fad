"""Where the panel's models lie: the file is held to its schema and to the study, and findings say so."""

import copy
import json
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from measured import findings_of, subject_of
from test_opacity_shapley import bert

from modelaudit import Audit
from modelaudit.checkers.opacity import bands as banding
from modelaudit.checkers.opacity.bands import load_bands, orientation, parse_bands
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.errors import DataInputError
from modelaudit.testing.planted import planted_classifier, planted_rows

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
STUDY = BENCHMARKS / "results" / "calibration_opacity.json"
AXES = ("additive_fidelity", "normalised_faithfulness", "stability")
WORDS = {"good": 2.0, "poor": -2.0, "kind": 1.5, "late": -1.5}


@pytest.fixture
def scores():
    """The benchmark's module that draws bands from a study."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield import_module("panel.scores")
    finally:
        sys.path.remove(str(BENCHMARKS))


def two_groups(low=0.7, high=0.8):
    """Bands of two well-trained models, and of one with shuffled labels between `low` and `high`."""
    kinds = ("well-trained", "well-trained", "labels shuffled")
    ends = {"well-trained": (2, 0.6, 0.65, 0.7), "labels shuffled": (1, low, (low + high) / 2, high)}
    return {
        "schema": "modelaudit.bands/1",
        "panel": "2026-01",
        "checker": "acme/some-check",
        "checker_version": "1.0",
        "command": "python study.py",
        "models": [{"name": f"model {place}", "group": kind, "about": "made up"} for place, kind in enumerate(kinds)],
        "bands": [
            {"metric": "stability", "group": kind, "models": n, "measured": n, "low": a, "middle": b, "high": c}
            for kind, (n, a, b, c) in ends.items()
        ],
    }


def test_the_committed_bands_are_those_of_the_committed_study(scores):
    study = json.loads(STUDY.read_text(encoding="utf-8"))
    assert scores.bands_of(study) == load_bands().model_dump(by_alias=True, mode="json")


def test_the_panel_has_eight_models_and_a_band_for_each_axis_and_for_the_quality():
    bands = load_bands()
    assert len(bands.models) >= 8
    for metric in ("explanation_quality", *AXES):
        assert bands.of(metric)["well-trained"].measured


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda told: told.update(schema="modelaudit.bands/2"), "schema"),
        (lambda told: told.update(panel="November"), "panel"),
        (lambda told: told.update(bands=[]), "bands"),
        (lambda told: told["bands"][0].update(low=0.9), "do not ascend"),
        (lambda told: told["bands"][0].update(low=None), "where a model was measured"),
        (lambda told: told["bands"][0].update(measured=3), "3 of 2 models"),
        (lambda told: told["bands"].append(dict(told["bands"][0])), "one metric and group"),
        (lambda told: told["models"].pop(), "group 'labels shuffled' has 0 models"),
        (lambda told: told["bands"][0].update(high=float("nan")), "high"),
        (lambda told: told.update(more=1), "more"),
    ],
)
def test_a_broken_file_is_refused_by_name_and_fault(change, fault):
    told = copy.deepcopy(two_groups())
    parse_bands(json.dumps(told), name="sound.json")
    change(told)
    with pytest.raises(DataInputError, match=rf"(?s)broken\.json does not hold bands.*{re.escape(fault)}"):
        parse_bands(json.dumps(told), name="broken.json")


def test_text_that_is_no_json_is_refused():
    with pytest.raises(DataInputError, match="does not hold bands"):
        parse_bands("{", name="cut.json")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.2, 0.3, "on these few models the others lie below"),
        (0.2, 0.6, "does not tell well-trained from labels shuffled"),
        # A control that scores higher is no comfort either.
        (0.9, 0.95, "does not tell well-trained from labels shuffled"),
    ],
)
def test_the_sentence_says_whether_the_groups_can_be_told_apart(monkeypatch, low, high, said):
    bands = parse_bands(json.dumps(two_groups(low, high)), name="made up")
    monkeypatch.setattr(banding, "load_bands", lambda: bands)
    [sentence] = orientation("stability")
    assert "panel 2026-01" in sentence
    assert "well-trained 0.60 to 0.70 (2 of 2 models)" in sentence
    assert said in sentence
    assert orientation("faithfulness_gain") == ()


def test_a_group_without_a_value_is_named_and_no_comparison_is_drawn_from_it(monkeypatch):
    told = two_groups()
    told["bands"][1].update(measured=0, low=None, middle=None, high=None)
    bands = parse_bands(json.dumps(told), name="made up")
    monkeypatch.setattr(banding, "load_bands", lambda: bands)
    [sentence] = orientation("stability")
    assert sentence.endswith("well-trained 0.60 to 0.70 (2 of 2 models), labels shuffled no value (0 of 1 models).")


def test_the_quality_and_each_axis_carry_the_sentence_with_the_version_and_are_not_judged():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(20, 3, words=WORDS), preset="quick")
    found = findings_of(ShapleyExplanation(), subject)
    for metric in ("explanation_quality", *AXES):
        finding = found[metric, None]
        assert orientation(metric)[0] in finding.caveats
        assert f"panel {load_bands().panel}" in orientation(metric)[0]
        assert not finding.metric.primary


def test_a_quality_that_is_not_known_is_not_placed_between_bands():
    words = [f"w{place}" for place in range(14)]
    _, tokenizer = planted_classifier(dict.fromkeys(words, 0.0), max_length=64)
    data = [{"text": " ".join(words[start : start + 12]), "label": 0} for start in range(3)]
    subject = subject_of((bert(tokenizer), tokenizer), data=data)
    quality = findings_of(ShapleyExplanation(pairs=2), subject)["explanation_quality", None]
    assert quality.metric.value is None
    assert not any("For orientation" in caveat for caveat in quality.caveats)


def test_the_page_is_made_from_the_studys_json(scores):
    study = json.loads(STUDY.read_text(encoding="utf-8"))
    page = STUDY.with_suffix(".md").read_text(encoding="utf-8")
    assert page.endswith(scores.sections(study))


def test_what_an_audit_says_is_recorded_and_what_it_lacks_shows_as_missing(scores):
    models = import_module("panel.models")
    rows = planted_rows(20, 3, words=WORDS)
    model, tokenizer = planted_classifier(WORDS)
    report = Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cpu").run(only=[scores.CHECKER]).report
    member = models.Member("some model", models.WELL_TRAINED, "made up", Path(), False, lambda: None, rows)
    record = scores.record_of(member, report, seed=0, pairs=None, right=(None, 0.5))
    assert record["metrics"]["additive_fidelity"]["value"] == pytest.approx(1.0)
    assert record["metrics"]["context_share"] is None
    low, middle, high = record["words_for_80pct_over_rows"]
    assert low <= middle <= high
    assert not scores.unsettled(record)
    study = {"command": "python study.py", "audits": [json.loads(json.dumps(record))]}
    page = scores.sections(study)
    assert "missing" in page
    assert "not assessed" not in page
    parse_bands(json.dumps(scores.bands_of(study)), name="of one model")


def test_audits_of_two_versions_make_no_bands(scores):
    study = json.loads(STUDY.read_text(encoding="utf-8"))
    study["audits"][0]["checker_version"] = "0.9"
    with pytest.raises(ValueError, match="several versions"):
        scores.bands_of(study)
