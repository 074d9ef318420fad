"""What the Shapley checker shows: which words depend on their company, how wide intervals are, and the method card."""

import numpy as np
import pytest
from measured import findings_of, subject_of

from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.shapley_values import exact_shapley, sample_shapley
from modelaudit.evidence import Attribution, Table
from modelaudit.reports.attribution import attribution_view, half_widths
from modelaudit.statistics import quantile
from modelaudit.subject.opened import OpenedCallable
from modelaudit.subject.subject import build_subject
from modelaudit.testing.planted import planted_classifier, planted_rows

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}


def shown(found):
    return [item for item in found["faithfulness_gain", None].evidence if isinstance(item, Attribution)]


def card(found):
    [table] = [item for item in found["self_check", None].evidence if isinstance(item, Table)]
    assert table.columns == ("What", "How")
    return dict(table.rows)


def test_words_that_count_only_together_are_said_to_vary():
    model = planted_classifier({"good": 1.0, "kind": 0.75}, pairs={("not", "never"): 3.0})
    rows = [{"text": f"good kind office {index}", "label": 1} for index in range(10)]
    rows.append({"text": "not good never desk", "label": 1})
    found = findings_of(ShapleyExplanation(), subject_of(model, data=rows, preset="quick"))
    [least] = [item for item in shown(found) if "Least additive" in item.title]
    steady = dict(zip(least.words, least.steadiness, strict=True))
    # Each raises the output by 3 where the other is hidden and lowers it by 3 where it is not: 0 on average.
    assert steady == pytest.approx({"not": 0.0, "never": 0.0, "good": 1.0, "desk": 1.0}, abs=1e-3)
    assert [(word.word, word.marks, word.told) for word in attribution_view(least).words] == [
        ("not", "v", "0.00 varies"),
        ("good", "u3", "+1.00"),
        ("never", "v", "0.00 varies"),
        ("desk", "", "0.00"),
    ]


def test_sampled_values_have_intervals_for_as_many_pairs_as_were_drawn_and_exact_ones_none():
    rows = planted_rows(30, 1, words=WORDS)
    long = [{"text": " ".join([row["text"], *(f"filler{place}" for place in range(10))]), "label": 1} for row in rows]
    model = planted_classifier(WORDS, pairs={("good", "kind"): 1.0})
    [sampled, *_] = shown(findings_of(ShapleyExplanation(pairs=4), subject_of(model, data=long, preset="quick")))
    assert sampled.degrees_of_freedom == 3
    assert half_widths(sampled) == pytest.approx([3.182446 * error for error in sampled.errors])
    short = [{"text": "good kind", "label": 1}, {"text": "poor rude", "label": 0}]
    [exact, *_] = shown(findings_of(ShapleyExplanation(), subject_of(model, data=short)))
    assert (exact.errors, exact.degrees_of_freedom) == (None, None)
    assert not any(half_widths(exact))


def test_intervals_of_four_pairs_hold_the_exact_value_as_often_as_they_say():
    covered, by_normal = [], []
    for game in range(12):
        rng = np.random.default_rng(game)
        values = rng.normal(size=2**8) + (np.arange(2**8)[:, None] >> np.arange(8) & 1) @ rng.normal(size=8)
        exact = exact_shapley(values)
        for _ in range(40):
            found = sample_shapley(lambda keep: values[keep @ (1 << np.arange(8))], 8, pairs=4, rng=rng)  # noqa: B023
            away = np.abs(found.values - exact)
            covered.append(away <= quantile(0.95, df=3) * found.errors)
            by_normal.append(away <= quantile(0.95) * found.errors)
    assert 0.92 < np.mean(covered) < 0.96
    assert np.mean(by_normal) < 0.87


def test_the_method_card_says_what_was_estimated_and_how():
    rows = [*planted_rows(20, 1, words=WORDS), {"text": "good", "label": 1}]
    rows.append({"text": " ".join(["good", *(f"w{place}" for place in range(80))]), "label": 1})
    subject = subject_of(planted_classifier(WORDS), data=rows, seed=3)
    told = card(findings_of(ShapleyExplanation(), subject, seed=3))
    assert told["Players"] == "the words that the model reads; in 1 longer rows, 64 groups of neighbouring words"
    assert told["Value of a set of words"] == "log-odds of the predicted class, with only these words in sight"
    assert told["Hidden words"] == "replaced by the token [MASK]"
    assert told["Estimator"].startswith("all coalitions of up to 10 players (exact)")
    assert told["Stopping rule"].startswith("4 pairs first; twice as many, up to 16,")
    assert told["Rows explained"].startswith("21 rows, 21 explanations")
    assert told["Rows left out"] == "1: fewer than two words, so there is nothing to share out"
    assert told["Best order"] == "greedy search, 21 rows"
    assert told["Self-check"].startswith("values against brute force on 3 rows")
    assert "additivity gap at most 0.01 log-odds" in told["Thresholds"]
    assert told["Thresholds"].endswith(f"(those of version {ShapleyExplanation.info.version})")
    assert (told["Seed"], told["Checker version"]) == ("3", ShapleyExplanation.info.version)


@pytest.mark.parametrize(("mask_word", "hidden"), [(None, "left out"), ("something", "replaced by 'something'")])
def test_the_method_card_says_how_words_are_hidden_from_a_function(mask_word, hidden):
    def function(texts):
        share = [min(0.9, 0.2 + 0.3 * text.count("good")) for text in texts]
        return [[1.0 - one, one] for one in share]

    opened = OpenedCallable(function=function, name="f", origin="tests.f", labels=("no", "yes"), mask_word=mask_word)
    data = [{"text": f"good day {place}", "label": "yes"} for place in range(4)]
    found = findings_of(ShapleyExplanation(), build_subject(opened, data=data, preset="quick", seed=0))
    assert card(found)["Hidden words"] == hidden
