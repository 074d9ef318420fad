"""Texts from outside: a model that heeds the words it knows is less sure of others; declared ones are judged."""

from __future__ import annotations

import time

import numpy as np
import pytest
from measured import backwards, context_of, findings_of, subject_of
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from modelaudit.checker import Predictions
from modelaudit.checkers.robustness.ood.checker import OutOfDistribution
from modelaudit.checkers.robustness.ood.findings import Told, findings
from modelaudit.checkers.robustness.ood.probes import declared, generated
from modelaudit.checkers.robustness.ood.scores import CONFIDENCE, Known, of_answers, of_distances
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 3.0, "kind": 2.5, "fine": 2.0, "bad": -3.0, "slow": -2.5, "poor": -2.0}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}


def rows_of(n=200):
    return planted_rows(n, 3, words=WORDS, numbered=True)


def cells(finding, score="confidence"):
    table = next(item for item in finding.evidence if item.kind == "table")
    return {row[1]: row for row in table.rows if row[0] == score}


def test_a_model_that_knows_its_words_is_less_sure_of_texts_without_them():
    subject = subject_of(planted_classifier(WORDS), data=rows_of())
    found = findings_of(OutOfDistribution(), subject)
    every = found["generated_auc", "generated texts"]
    assert every.metric.value > 0.8
    assert not every.metric.primary
    by_kind = cells(every)
    assert by_kind["random letters"][3] == pytest.approx(1.0, abs=0.02)
    assert by_kind["words of the rows, shuffled"][3] < 0.8, "its own words make it as sure"
    sure = found["confident_share", "generated texts"]
    assert 0 < sure.metric.value < 0.4


def test_a_model_that_is_always_sure_is_caught():
    found = findings_of(OutOfDistribution(), subject_of(planted_classifier({"nothing": 0.1}, bias=5.0), data=rows_of()))
    assert found["confident_share", "generated texts"].metric.value == 1.0
    assert found["generated_auc", "generated texts"].metric.value == pytest.approx(0.5, abs=0.02)


def test_declared_texts_are_judged(tmp_path):
    path = tmp_path / "outside.csv"
    path.write_text(
        "text\n" + "\n".join(f"the invoice of day {place} is paid" for place in range(60)), encoding="utf-8"
    )
    found = findings_of(OutOfDistribution(outside=str(path)), subject_of(planted_classifier(WORDS), data=rows_of()))
    finding = found["detection_auc", "declared texts"]
    assert finding.metric.primary
    assert finding.metric.value > 0.95
    alike = tmp_path / "alike.txt"
    alike.write_text(
        "\n".join(row["text"] for row in planted_rows(80, 9, words=WORDS, numbered=True)), encoding="utf-8"
    )
    found = findings_of(OutOfDistribution(outside=str(alike)), subject_of(planted_classifier(WORDS), data=rows_of()))
    low, high = found["detection_auc", "declared texts"].metric.grid[3][1:]
    assert low < 0.5 < high, "rows of the same source are told by chance alone"


def test_files_that_are_none_say_what_to_do(tmp_path):
    with pytest.raises(DataInputError, match="can't be read"):
        declared(str(tmp_path / "none.txt"))
    (tmp_path / "a.csv").write_text("words\nx\n", encoding="utf-8")
    with pytest.raises(DataInputError, match="no column 'text'"):
        declared(str(tmp_path / "a.csv"))
    (tmp_path / "b.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(DataInputError, match="no text"):
        declared(str(tmp_path / "b.txt"))
    with pytest.raises(ValueError, match="path of a file"):
        OutOfDistribution(outside="")


def test_a_tagger_is_asked_in_words():
    rows = planted_tag_rows(120, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
    found = findings_of(OutOfDistribution(), subject_of(planted_tagger(LEXICON), data=rows, preset="quick"))
    assert found["generated_auc", "generated texts"].metric.n > 100


def test_generated_texts_leave_out_the_rows_own_language_and_are_all_different():
    made = generated(["It was a good day for all of us at the sea."] * 5, 30, np.random.default_rng(0))
    assert all(len(set(texts)) == len(texts) for texts in made.values())
    assert not any("ferry leaves" in text or "painted" in text for text in made["other languages"])
    chinese = generated(["这家店的服务很好，我很喜欢他们的态度。"] * 5, 30, np.random.default_rng(0))
    assert not any("渡船" in text for text in chinese["other languages"])
    for hostile in ("", "x", "\ud800", "1 2 3", "word " * 5_000):
        assert generated([hostile] * 3, 5, np.random.default_rng(0))["random letters"]


def test_each_score_is_higher_for_a_surer_answer_and_is_what_it_says():
    logits = np.array([[4.0, 0.0, 0.0], [1.0, 0.5, 0.0]])
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = of_answers(Predictions(logits, chances, np.zeros(2, dtype=bool)), logits=True)
    assert all(values[0] > values[1] for values in found.values())
    assert found["negative energy"] == pytest.approx(np.log(np.exp(logits).sum(axis=1)))
    assert found["negative entropy"] == pytest.approx((chances * np.log(chances)).sum(axis=1))
    assert "negative energy" not in of_answers(Predictions(logits, chances, np.zeros(2, dtype=bool)), logits=False)
    words = Predictions(
        np.vstack([logits, np.full((1, 3), np.nan)]),
        np.vstack([chances, np.full((1, 3), np.nan)]),
        np.zeros(2, dtype=bool),
        np.array([0, 2, 3]),
    )
    of_tags = of_answers(words, logits=True)[CONFIDENCE]
    assert of_tags[0] == pytest.approx(chances.max(axis=1).mean())
    assert np.isnan(of_tags[1]), "a row without any answer has no confidence, and is not unsure"


def test_shares_are_counted_at_their_thresholds():
    own, theirs = np.linspace(0.5, 1.0, 101), np.array([0.5, 0.52, 0.6, 0.89, 0.905, 0.95])
    told = Told("declared texts", {CONFIDENCE: own}, {CONFIDENCE: theirs})
    assert told.missed(CONFIDENCE) == pytest.approx(4 / 6), "95% of the rows are at .525 or above"
    found = {finding.metric.id: finding for finding in findings([told], told)}
    assert found["confident_share"].metric.value == pytest.approx(2 / 6)
    assert "to 19.8% of the data's rows" in found["confident_share"].statement


def test_distances_tell_a_shifted_cloud():
    rng = np.random.default_rng(1)
    centres = np.array([[3.0] + [0.0] * 7, [0.0, 3.0] + [0.0] * 6])
    classes = np.repeat([0, 1], 100)
    reference, own = (centres[classes] + rng.normal(size=(200, 8)) for _ in range(2))
    scores_own, scores_far = (of_distances(x, Known.of(reference, classes)) for x in (own, own + 4.0))
    for name, values in scores_own.items():
        both = np.concatenate([values, scores_far[name]])
        assert roc_auc_score(np.repeat([1, 0], 200), both) > 0.85, name


def test_mahalanobis_is_that_of_the_shrunk_covariance_and_many_classes_take_no_time():
    rng = np.random.default_rng(2)
    reference, own, classes = rng.normal(size=(60, 5)) * [1, 2, 3, 4, 5], rng.normal(size=(7, 5)), np.repeat([4, 9], 30)
    means = np.stack([reference[classes == each].mean(axis=0) for each in (4, 9)])
    precision = LedoitWolf(assume_centered=True).fit(reference - means[(classes == 9).astype(int)]).precision_
    expected = [min((row - mean) @ precision @ (row - mean) for mean in means) for row in own]
    found = of_distances(own, Known.of(reference, classes))["negative Mahalanobis distance"]
    assert -found == pytest.approx(np.array(expected))
    wide = rng.normal(size=(1_000, 256))
    started = time.perf_counter()
    assert np.isfinite(
        of_distances(wide, Known.of(wide + 0.1, np.arange(1_000) % 700))["likeness to the tenth neighbour"]
    ).all()
    assert time.perf_counter() - started < 5, "one pass for each class would take minutes"


def test_cells_of_a_csv_file_may_be_long_and_hold_other_line_breaks(tmp_path):
    path = tmp_path / "outside.csv"
    path.write_text('text,n\nfirst\u2028part,1\n"two\nlines",2\n' + "x" * 200_000 + ",3\n", encoding="utf-8")
    assert declared(str(path)) == ["first\u2028part", "two\nlines", "x" * 200_000]


def test_a_single_declared_text_has_no_interval_and_rows_of_documents_carry_a_caveat(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("the invoice is paid", encoding="utf-8")
    rows = [{**row, "doc": f"d{place // 4}"} for place, row in enumerate(rows_of(120))]
    subject = subject_of(planted_classifier(WORDS), data=rows, group_column="doc", preset="quick")
    finding = findings_of(OutOfDistribution(outside=str(path)), subject)["detection_auc", "declared texts"]
    assert not finding.metric.bounds
    assert "was not measured" in finding.statement
    assert any("documents or persons" in caveat for caveat in finding.caveats)


def test_texts_without_any_answer_are_not_called_unsure():
    none = Told("declared texts", {CONFIDENCE: np.array([0.5, 0.9])}, {CONFIDENCE: np.array([np.nan])})
    found = list(findings([none], none))
    assert "was not measured" in found[-1].statement
    assert found[-1].metric.value is None


def test_few_rows_are_not_assessed_and_their_order_changes_nothing():
    with pytest.raises(NotAssessable, match="40 are the least"):
        findings_of(OutOfDistribution(), subject_of(planted_classifier(WORDS), data=rows_of(39)))
    subject = subject_of(planted_classifier(WORDS), data=rows_of(80), preset="quick")
    one = list(OutOfDistribution().run(context_of(subject, OutOfDistribution())))
    other = list(OutOfDistribution().run(context_of(subject, OutOfDistribution(), data=backwards(subject.data))))
    assert one == other
