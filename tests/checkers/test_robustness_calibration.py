"""Calibration on planted temperatures: overconfidence is found with its sign, an honest model is not accused."""

from __future__ import annotations

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.robustness.calibration import Calibration
from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
LEXICON = {"Ann": "B-PER", "Bob": "B-PER", "Lee": "I-PER", "Rome": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG"}
ERROR, GAP = ("calibration_error", None), ("confidence_gap", None)


def subject(n=2_000, *, temperature=1.0, **more):
    rows = planted_rows(n, 4, words=WORDS, labels="drawn")
    return subject_of(planted_classifier(WORDS, temperature=temperature), data=rows, **more)


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


@pytest.mark.parametrize(("temperature", "sign"), [(0.25, 1), (4.0, -1)])
def test_a_planted_temperature_is_found_with_its_sign(temperature, sign):
    found = findings_of(Calibration(), subject(temperature=temperature))
    assert exceeds(found[ERROR], 0.05)
    assert found[ERROR].metric.primary
    low, high = interval(found[GAP])
    assert low * sign > 0
    assert high * sign > 0
    assert ("surer than it should be" if sign > 0 else "less sure") in found[GAP].statement


def test_an_honest_model_is_not_accused():
    found = findings_of(Calibration(), subject())
    assert not exceeds(found[ERROR], 0.05, p=0.05)
    low, high = interval(found[GAP])
    assert low < 0 < high
    assert interval(found[ERROR])[0] == 0.0


def test_honest_models_of_few_rows_alarm_no_more_often_than_a_rate_of_five_percent_allows():
    planted = planted_classifier(WORDS)
    alarms = 0
    for seed in range(40):
        rows = planted_rows(200, seed, words=WORDS, labels="drawn")
        alarms += exceeds(findings_of(Calibration(), subject_of(planted, data=rows))[ERROR], 0.05, p=0.05)
    assert alarms <= 6


def test_the_diagram_has_the_diagonal_for_reference_and_its_bins_hold_every_row():
    found = findings_of(Calibration(), subject(500))
    curve = found[ERROR].evidence[0]
    model, diagonal = curve.series
    assert diagonal.reference
    assert diagonal.x == diagonal.y
    assert all(low <= y <= high for low, y, high in zip(model.low, model.y, model.high, strict=True))
    assert any("p = " in caveat or "p < " in caveat for caveat in found[ERROR].caveats)


def test_too_few_rows_are_not_assessed():
    with pytest.raises(NotAssessable, match="99 labelled rows and 100 are the least"):
        findings_of(Calibration(), subject(99))


def test_sizes_follow_the_preset_and_the_cost_says_so():
    quick = subject(1_400, preset="quick")
    assert findings_of(Calibration(), quick)[ERROR].metric.n == 1_000
    assert Calibration().cost(quick.info).evaluations == 1_000


def test_the_order_of_rows_in_memory_changes_nothing():
    audited = subject(400)
    one = list(Calibration().run(context_of(audited, Calibration())))
    other = list(Calibration().run(context_of(audited, Calibration(), data=backwards(audited.data))))
    assert one == other


def test_words_outside_of_entities_are_left_out_and_likeness_within_rows_widens_the_interval():
    rows = planted_tag_rows(300, 2, lexicon=LEXICON)
    wrong = np.random.default_rng(0).random(len(rows)) < 0.4
    for row, flip in zip(rows, wrong, strict=True):
        if flip:
            row["ner_tags"] = ["O"] * len(row["tokens"])
    audited = subject_of(planted_tagger(LEXICON), data=rows)
    ctx = context_of(audited, Calibration())
    found = {finding.metric.id: finding for finding in Calibration().run(ctx)}
    entity_words = sum(word in LEXICON for row in rows for word in row["tokens"])
    assert found["calibration_error"].metric.n == entity_words
    assert found["calibration_error"].metric.n_unit == "words"
    assert exceeds(found["calibration_error"], 0.05)
    assert any("design effect of" in caveat for caveat in found["calibration_error"].caveats)
    assert "design effect" in found["calibration_error"].metric.method


def test_documents_widen_the_interval_too():
    rows = planted_rows(400, 4, words=WORDS, labels="drawn")
    alone = findings_of(Calibration(), subject_of(planted_classifier(WORDS), data=rows))
    copied = [{**row, "document": f"d{place}"} for place, row in enumerate(rows) for _ in range(3)]
    grouped = subject_of(planted_classifier(WORDS), data=copied, group_column="document")
    together = findings_of(Calibration(), grouped)
    width = [np.subtract(*interval(found[GAP])[::-1]) for found in (alone, together)]
    assert width[1] == pytest.approx(width[0], rel=0.02), "three copies of a row tell no more than the row"
