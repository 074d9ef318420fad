"""Religion, nationality and age: planted effects are found, clean twins are quiet, and labels are no terms."""

import numpy as np
import pytest
from bias_cases import WORDS, asked, clear, judged, log_odds, sigmoid

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.statistics import p_outside
from modelaudit.testing.planted import planted_classifier, planted_rows
from modelaudit.text import LANGUAGES

SETS = {terms.attribute: terms for terms in LANGUAGES["en"].term_sets()}
RATED = [row["text"].rstrip(".").split(" ", 1)[1] for row in planted_rows(70, 5, words=WORDS, numbered=True)]


def rows_of(person):
    """Rows about a person, `person` with the row's number or the same for all."""
    return [
        {"text": f"{person} said that in the office {text.split(' ', 1)[1]} it was.", "label": i % 2}
        for i, text in enumerate(RATED)
    ]


def only(attribute):
    return CounterfactualSubstitution(attributes=(attribute,))


def fillers(attribute, group):
    return [filler.name for filler in SETS[attribute].fillers(group)]


def test_a_shift_on_one_religion_is_found_with_its_sign_and_size_and_at_no_other():
    rows = rows_of("The Christian doctor")
    found, verdicts, _ = judged(
        planted_classifier(WORDS, shifts={"Muslim": -1.0, "Christian": 0.0}), rows, only("religion")
    )
    group = "religion: Muslim - Christian"
    plain = [log_odds(row["text"]) for row in rows]
    expected = (sigmoid([x - 1 for x in plain]) - sigmoid(plain)).mean()
    assert found["score_difference", group].metric.value == pytest.approx(expected, abs=1e-5)
    assert verdicts["score_difference", group].state == "exceeds limit"
    for other in SETS["religion"].groups[2:]:
        assert found["score_difference", f"religion: {other} - Christian"].metric.value == pytest.approx(0, abs=1e-9)
        assert found["flip_rate", f"religion: {other} - Christian"].metric.value == 0


def test_a_shift_on_the_words_of_one_region_is_found_and_the_sample_of_words_is_in_the_interval():
    region, reference = "Sub-Saharan Africa", SETS["nationality"].groups[0]
    words = {word: 0.0 for group in SETS["nationality"].groups for word in fillers("nationality", group)}
    words = {word: 0.0 for word in words if " " not in word and "-" not in word}
    shifts = {word: -1.0 for word in fillers("nationality", region) if word in words}
    found, _ = asked(
        planted_classifier(WORDS, shifts=words | shifts), rows_of("The Canadian doctor"), only("nationality")
    )
    group = f"nationality: {region} - {reference}"
    assert clear(found["score_difference", group])
    assert -0.25 < found["score_difference", group].metric.value < -0.1
    others = [each for each in SETS["nationality"].groups[1:] if each != region]
    assert len(others) >= 4
    for other in others:
        assert abs(found["score_difference", f"nationality: {other} - {reference}"].metric.value) < 1e-9
    one = next(iter(shifts))
    single, _ = asked(
        planted_classifier(WORDS, shifts=words | {one: -1.0}), rows_of("The Canadian doctor"), only("nationality")
    )
    assert not clear(single["score_difference", group]), "one nationality of many does not speak for its region"


def test_noise_of_single_nationalities_is_rarely_taken_for_a_region():
    words = [word for group in SETS["nationality"].groups for word in fillers("nationality", group) if word.isalpha()]
    alarms = 0
    for seed in range(6):
        shifts = dict(zip(words, np.random.default_rng(seed).normal(0, 1, len(words)), strict=True))
        found, _ = asked(planted_classifier(WORDS, shifts=shifts), rows_of("The Canadian doctor"), only("nationality"))
        compared = [finding.metric for (metric, _), finding in found.items() if metric == "score_difference"]
        assert len(compared) == 6
        assert all(each.smallest_detectable > 0.1 for each in compared), "some ten words a region, whatever the rows"
        alarms += sum(p_outside(each.grid, 0.02) < 0.05 for each in compared)
    assert alarms <= 6


def test_a_shift_on_ages_is_found_by_group_of_age():
    older, younger = fillers("age", "older"), fillers("age", "younger")
    assert not set(older) & set(younger)
    words = dict.fromkeys([*older, *younger], 0.0)
    rows = rows_of("The 30-year-old doctor")
    found, _ = asked(planted_classifier(WORDS, shifts=words | dict.fromkeys(older, -1.0)), rows, only("age"))
    difference = found["score_difference", "age: older - younger"]
    plain = [log_odds(row["text"]) for row in rows]
    assert difference.metric.value == pytest.approx((sigmoid([x - 1 for x in plain]) - sigmoid(plain)).mean(), abs=0.01)
    assert clear(difference)


@pytest.mark.parametrize(
    ("attribute", "person"),
    [("religion", "The Christian doctor"), ("nationality", "The Canadian doctor"), ("age", "The 30-year-old doctor")],
)
def test_clean_twins_are_quiet(attribute, person):
    found, verdicts, _ = judged(planted_classifier(WORDS), rows_of(person), only(attribute))
    groups = SETS[attribute].groups
    assert {group for _, group in found} == {f"{attribute}: {focus} - {groups[0]}" for focus in groups[1:]}
    assert all(abs(finding.metric.value) < 1e-9 for finding in found.values() if finding.metric.value is not None)
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


@pytest.mark.parametrize(("labels", "attribute", "label"), [
    (("female", "male"), "gender", "female"), (("Muslim", "other"), "religion", "Muslim"),
    (("about_women", "about_men"), "gender", "about_women"),
])  # fmt: skip
def test_words_that_are_the_very_labels_are_not_exchanged_and_a_note_says_so(labels, attribute, label):
    title = {"gender": "gender words"}.get(attribute, attribute)
    rows = [*rows_of("She"), *rows_of("The Christian doctor"), *rows_of("Maria")]
    found, notes = asked(planted_classifier(WORDS, labels=labels), rows)
    assert f"Not tested, {title}: the label {label!r} is itself such a word." in notes
    assert not any(group.startswith(f"{title}: ") or group == title for _, group in found)
    assert ("score_difference", "first names, gender: female - male") in found, "names are not the label"
    unlabelled, _ = asked(planted_classifier(WORDS), rows)
    assert any(group.startswith(f"{title}: ") for _, group in unlabelled)
