"""Task performance: the numbers of the usual scorers, with intervals that cover, against baselines on the same rows."""

from __future__ import annotations

import time

import numpy as np
import pytest
from measured import backwards, context_of, findings_of, subject_of
from seqeval.metrics import f1_score as seqeval_f1
from sklearn.metrics import accuracy_score, f1_score

from modelaudit.checkers.performance.baselines import text_baselines
from modelaudit.checkers.performance.checker import TaskPerformance
from modelaudit.checkers.performance.findings import findings
from modelaudit.checkers.performance.outputs import Regression
from modelaudit.checkers.performance.tags import Tags
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.statistics import macro_f1, micro_f1
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}


def rows_of(n, seed=3, labels="drawn"):
    return planted_rows(n, seed, words=WORDS, labels=labels, numbered=True)


def measured(planted, rows, **more):
    return {
        key[0]: finding
        for key, finding in findings_of(TaskPerformance(), subject_of(planted, data=rows, **more)).items()
    }


def table_of(finding, title):
    return next(item for item in finding.evidence if item.kind == "table" and item.title.startswith(title))


def test_accuracy_and_macro_f1_are_those_of_scikit_learn():
    rows = rows_of(400)
    subject = subject_of(planted_classifier(WORDS), data=rows, train_data=rows_of(300, seed=4))
    found = {key[0]: finding for key, finding in findings_of(TaskPerformance(), subject).items()}
    truth = [row.label for row in subject.data.evaluation]
    said = subject.model.predict(subject.data.evaluation).labels
    assert found["accuracy"].metric.value == pytest.approx(accuracy_score(truth, said))
    assert found["macro_f1"].metric.value == pytest.approx(f1_score(truth, said, average="macro"))
    cells = {row[0]: row for row in table_of(found["accuracy"], "Each class").rows}
    assert cells["positive"][6] == pytest.approx(f1_score(truth, said), abs=5e-4)


def test_entity_f1_is_that_of_seqeval():
    rng = np.random.default_rng(3)
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    rows, logits, offsets, said = [], [], [0], []
    for place in range(60):
        length = int(rng.integers(1, 9))
        truth = rng.choice(5, size=length, p=[0.6, 0.1, 0.1, 0.1, 0.1])
        guess = np.where(rng.random(length) < 0.7, truth, rng.choice(5, size=length))
        rows.append(Row(f"r:{place}", "x", words=("x",) * length, tags=tuple(int(tag) for tag in truth)))
        logits.append(np.eye(5)[guess])
        offsets.append(offsets[-1] + length)
        said.append([tags[tag] for tag in guess])

    class Answers:
        labels = np.concatenate(logits).argmax(axis=1)

    Answers.offsets = np.array(offsets)
    scored = Tags.of(rows, Answers, tags)
    truth = [[tags[tag] for tag in row.tags] for row in rows]
    assert scored.headline.estimate.value == pytest.approx(seqeval_f1(truth, said))
    assert scored.of_baseline(said) == pytest.approx(seqeval_f1(truth, said))
    assert scored.gain(said).value == 0.0
    assert scored.of_baseline([["O"] * len(row) for row in truth]) == 0.0


def test_a_model_that_knows_more_than_word_counts_gains_and_one_that_answers_alike_does_not():
    train = rows_of(400, seed=5)
    able = measured(planted_classifier(WORDS), rows_of(400), train_data=train)
    assert able["gain_over_commonest"].metric.grid[3][1] > 0.1
    assert able["gain_over_linear"].metric.grid[3][1] <= 0.02, "word counts know as much as this model"
    blind = measured(planted_classifier({"nothing": 1.0}, bias=-1.0), rows_of(400), train_data=train)
    assert blind["gain_over_linear"].metric.grid[3][2] < 0
    assert "behind" in blind["gain_over_linear"].statement
    assert blind["gain_over_commonest"].metric.primary
    assert blind["gain_over_linear"].metric.primary


def test_a_tagger_is_held_against_words_that_it_has_seen():
    rows = planted_tag_rows(200, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
    found = measured(planted_tagger(LEXICON), rows)
    assert found["entity_f1"].metric.value == 1.0
    assert found["gain_over_commonest"].metric.value == pytest.approx(0.0, abs=0.01), "each word has one tag here"
    blind = measured(
        planted_tagger({"Nobody": "B-PER", **dict.fromkeys(("X", "Y"), "B-LOC"), "Z": "B-ORG", "W": "I-PER"}), rows
    )
    assert blind["entity_f1"].metric.value == 0.0
    assert blind["gain_over_linear"].metric.grid[3][2] < -0.5


def test_without_training_rows_the_baselines_learn_across_folds_and_a_note_says_so():
    subject = subject_of(planted_classifier(WORDS), data=rows_of(200))
    ctx = context_of(subject, TaskPerformance())
    found = {finding.metric.id: finding for finding in TaskPerformance().run(ctx)}
    assert any("other four fifths" in note for note in ctx.notes)
    assert found["gain_over_linear"].metric.n == 200


def test_baselines_learn_from_training_rows_where_there_are_any():
    turned = [{**row, "label": 1 - row["label"]} for row in rows_of(300, seed=5)]
    found = measured(planted_classifier(WORDS), rows_of(300), train_data=turned)
    assert found["gain_over_linear"].metric.value > 0.5, "what they learnt is the opposite"


def test_no_row_is_answered_by_a_baseline_that_learnt_from_it():
    # Each text holds one word of its own, and its label hangs on nothing else: whoever has not seen it knows nothing.
    rng = np.random.default_rng(1)
    rows = [Row(f"r:{place}", f"word{place}", label=int(rng.integers(2))) for place in range(600)]
    [_, linear] = text_baselines(rows, [])
    assert np.mean([answer == row.label for answer, row in zip(linear.answers, rows, strict=True)]) < 0.57


def test_rows_of_one_document_are_in_one_fold():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 150)
    rows = [Row(f"r:{k}", f"word{k // 4} n{k}", label=int(labels[k // 4]), group=f"d{k // 4}") for k in range(600)]
    [_, linear] = text_baselines(rows, [])
    assert np.mean([answer == row.label for answer, row in zip(linear.answers, rows, strict=True)]) < 0.65


def test_rows_that_are_right_or_wrong_as_a_document_make_wider_intervals():
    rows = rows_of(400, labels="certain")
    for place, row in enumerate(rows):
        row["doc"] = f"d{place // 8}"
        row["label"] = 1 - row["label"] if place // 8 % 4 == 0 else row["label"]
    alone = measured(planted_classifier(WORDS), [{**row, "doc": None} for row in rows], group_column="doc")
    together = measured(planted_classifier(WORDS), rows, group_column="doc")
    for metric in ("accuracy", "macro_f1", "gain_over_commonest"):
        width = [np.diff(found[metric].metric.grid[3][1:])[0] for found in (alone, together)]
        assert width[1] > 1.4 * width[0], metric


def test_a_word_that_was_cut_off_is_outside_of_any_entity():
    rows = [{"tokens": ["Note"] * (k + 1) + ["Lisbon"], "ner_tags": ["O"] * (k + 1) + ["B-LOC"]} for k in range(60)]
    found = measured(planted_tagger(LEXICON, max_length=32), rows)
    assert [row[0] for row in table_of(found["entity_f1"], "Each type").rows] == ["LOC", "micro average"]
    recall = table_of(found["entity_f1"], "Each type").rows[0][4]
    assert 40 < float(recall.rstrip("%")) < 60


def test_a_constant_answer_does_not_gain_over_the_commonest_class():
    # Across folds the commonest class of the others is the rarer one of the fold, and wrong more often than chance.
    rows = [Row(f"r:{place}", f"text {place}", label=place % 2) for place in range(400)]
    [commonest, _] = text_baselines(rows, [])
    assert np.mean([answer == row.label for answer, row in zip(commonest.answers, rows, strict=True)]) == 0.5


def test_hundreds_of_classes_are_learnt_in_seconds():
    rng = np.random.default_rng(0)
    rows = [
        Row(f"r:{k}", f"word{label} x{k}", label=int(label)) for k, label in enumerate(rng.integers(0, 2_000, 3_000))
    ]
    started = time.perf_counter()
    [_, linear] = text_baselines(rows[:200], rows[200:])
    assert time.perf_counter() - started < 8
    assert "naive Bayes" in linear.said
    assert np.mean([answer == row.label for answer, row in zip(linear.answers, rows, strict=False)]) > 0.5


def test_entities_of_one_document_are_one_observation():
    tags = ["O", "B-PER"]

    def scored(group):
        rows, found = [], []
        for place in range(120):
            # A document's four rows are all right or all wrong.
            right = np.random.default_rng(place // 4).random() < 0.8
            rows.append(Row(f"r:{place}", "x", words=("x", "y"), tags=(1, 0), group=group(place)))
            found += [1 if right else 0, 0]

        class Answers:
            labels = np.array(found)
            offsets = np.arange(0, 241, 2)

        return Tags.of(rows, Answers, tags)

    alone, together = scored(lambda place: None), scored(lambda place: f"d{place // 4}")
    assert alone.headline.estimate.value == together.headline.estimate.value
    assert together.headline.estimate.n == 120, "n counts rows"
    width = [np.diff(each.headline.estimate.interval())[0] for each in (alone, together)]
    assert width[1] > 1.6 * width[0], "four rows that are right or wrong together tell about as much as one"
    theirs = [("O", "O")] * 120
    gains = [np.diff(each.gain(theirs).interval())[0] for each in (alone, together)]
    assert gains[1] > 1.6 * gains[0]


def test_an_output_that_never_varies_has_no_variance_to_explain():
    rows = [Row(f"r:{place}", f"text {place}", values=(3.3,)) for place in range(60)]

    class Answers:
        logits = np.full((60, 1), 5.0)

    scored = Regression.of(rows, Answers)
    assert scored.headline.estimate.value is None
    assert "no variance" in scored.headline.estimate.reason
    assert scored.gain([np.array([3.3])] * 60).value is None
    said = [finding.statement for finding in findings(scored, text_baselines(rows, []))]
    assert "was not measured" in said[0]
    assert all("was not measured" in sentence for sentence in (said[0], *said[2:])), "no share that is none"
    mixed = Regression.of([Row(row.id, row.text, values=(3.3, place)) for place, row in enumerate(rows)], Both)
    assert mixed.headline.estimate.value == pytest.approx(1.0), "of the output that varies"


class Both:
    logits = np.stack([np.full(60, 9.0), np.arange(60.0)], axis=1)


def test_regression_is_scored_by_variance_explained():
    rng = np.random.default_rng(2)
    values = rng.normal(3.0, 2.0, 300)
    rows = [Row(f"r:{place}", f"text {place}", values=(value,)) for place, value in enumerate(values)]

    class Answers:
        logits = (values + rng.normal(0, 1.0, 300))[:, None]

    scored = Regression.of(rows, Answers)
    expected = 1 - ((Answers.logits[:, 0] - values) ** 2).mean() / values.var()
    assert scored.headline.estimate.value == pytest.approx(expected)
    mean = [np.array([values.mean()])] * 300
    assert scored.of_baseline(mean) == pytest.approx(0.0)
    assert scored.gain(mean).value == pytest.approx(expected)
    low, high = scored.gain(mean).interval()
    assert low < 0.75 < high
    draws = [np.random.default_rng(seed).choice(300, 300) for seed in range(400)]
    resampled = [1 - ((Answers.logits[at, 0] - values[at]) ** 2).mean() / values[at].var() for at in draws]
    assert high - low == pytest.approx(3.92 * np.std(resampled), rel=0.2), "with the variance's own error in it"


def test_rows_without_labels_are_not_assessed_and_few_labels_neither():
    planted = planted_classifier(WORDS)
    rows = [{**row, "label": row["label"] if place < 20 else None} for place, row in enumerate(rows_of(100))]
    with pytest.raises(NotAssessable, match="20 labelled rows of different texts and 30 are the least"):
        measured(planted, rows)


def test_a_class_of_three_rows_and_answers_all_right_or_all_wrong_are_defined():
    words = {**WORDS, "rare": 9.0}
    rows = rows_of(200, labels="certain")
    right = measured(planted_classifier(words), rows)
    assert right["accuracy"].metric.value == 1.0
    assert right["accuracy"].metric.grid[3][1] > 0.97
    assert right["macro_f1"].metric.grid[3][1] < 1.0, "no certainty"
    wrong = measured(planted_classifier({word: -weight for word, weight in words.items()}), rows)
    assert wrong["accuracy"].metric.value == 0.0
    few = [{**row, "label": int(place < 3)} for place, row in enumerate(rows)]
    found = measured(planted_classifier(words), few)
    remark = {row[0]: row[-1] for row in table_of(found["accuracy"], "Each class").rows}
    assert remark == {"negative": None, "positive": "fewer than 30 true rows"}


def test_the_order_of_rows_changes_nothing():
    subject = subject_of(planted_classifier(WORDS), data=rows_of(150), train_data=rows_of(150, seed=9))
    one = list(TaskPerformance().run(context_of(subject, TaskPerformance())))
    other = list(TaskPerformance().run(context_of(subject, TaskPerformance(), data=backwards(subject.data))))
    assert one == other


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.08, 0.02)])
def test_macro_and_micro_f1_cover(shares):
    rng, n = np.random.default_rng(5), 300

    def draw(size):
        truth = rng.choice(len(shares), size=size, p=shares)
        return truth, np.where(rng.random(size) < 0.8, truth, rng.choice(len(shares), size=size))

    truth = macro_f1(*draw(400_000), classes=len(shares)).value
    intervals = [macro_f1(*draw(n), classes=len(shares)).interval() for _ in range(300)]
    assert np.mean([low <= truth <= high for low, high in intervals]) > 0.92

    def counted(size):
        true = rng.integers(0, 4, size)
        right = rng.binomial(true, 0.8)
        return np.stack([right, right + (rng.random(size) < 0.2), true], axis=1).astype(float)

    value = micro_f1(counted(400_000)).value
    intervals = [micro_f1(counted(n)).interval() for _ in range(300)]
    assert np.mean([low <= value <= high for low, high in intervals]) > 0.92
