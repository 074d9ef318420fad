"""The table of single words beside entity F1: the numbers of scikit-learn, under a title that says what it is not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import classification_report

from modelaudit.checkers.performance.findings import findings
from modelaudit.checkers.performance.tags import SHOWN, Tags
from modelaudit.reports.layout import MOST_ALIKE
from modelaudit.rows import Row

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


class Answers:
    def __init__(self, labels, offsets):
        self.labels, self.offsets = np.array(labels), np.array(offsets)


def tables(truth, said, labels=LABELS):
    rows = [Row(f"r:{place}", "", words=("w",) * len(tags), tags=tuple(tags)) for place, tags in enumerate(truth)]
    offsets = np.cumsum([0, *map(len, truth)])
    return Tags.of(rows, Answers([tag for row in said for tag in row], offsets), labels).evidence


def test_it_says_by_tag_and_on_average_what_scikit_learn_says():
    rng = np.random.default_rng(1)
    truth = [rng.choice(5, size=6, p=[0.6, 0.1, 0.1, 0.1, 0.1]).tolist() for _ in range(40)]
    said = [[tag if rng.random() < 0.8 else int(rng.integers(5)) for tag in row] for row in truth]
    entities, words = tables(truth, said)
    assert (entities.title, words.title) == ("Each type of entity", "Word by word, O included (not entity F1)")
    flat = [[LABELS[tag] for row in side for tag in row] for side in (truth, said)]
    report = classification_report(*flat, output_dict=True)
    accuracy = {"f1-score": report["accuracy"], "precision": report["accuracy"], "support": 240}
    named = {"micro average": accuracy} | {f"{name} average": report[f"{name} avg"] for name in ("macro", "weighted")}
    for row in words.rows:
        theirs = named.get(row[0]) or report[row[0]]
        assert row[1] == theirs["support"]
        assert row[3] == f"{theirs['precision']:.1%}"
        assert row[5] == pytest.approx(theirs["f1-score"], abs=6e-4)
    assert [row[0] for row in words.rows] == [*LABELS, *named]


def test_a_word_without_an_answer_counts_as_outside():
    words = tables([[1, 2, 0]], [[1, -1, -1]])[1]
    assert words.rows[0][:5] == ("O", 1, 2, "50.0%", "100.0%")
    assert words.rows[2][:5] == ("I-PER", 1, 0, None, "0.0%")


def test_of_many_tags_the_commonest_are_shown_and_the_averages_are_of_all():
    labels = ("O", *(f"B-T{number}" for number in range(150)))
    truth = [[number, number] for number in range(151)]
    words = tables([*truth, [150]], [*truth, [150]], labels)[1]
    assert len(words.rows) == SHOWN + 3
    assert words.rows[SHOWN - 1][0] == "B-T149"
    assert words.rows[-1][1] == 303


def test_entities_stand_by_type_and_in_all_and_strictly_beside_how_conll_reads_them():
    truth = [[1, 2, 0], [3, 0, 1]]
    said = [[2, 2, 0], [3, 0, 1]]
    entities = tables(truth, said)[0]
    assert entities.columns[-2:] == ("F1", "F1, strict")
    # An I without its B begins an entity for CoNLL's scorer, and none in seqeval's strict mode.
    assert [(row[0], row[1], row[-2], row[-1]) for row in entities.rows] == [
        ("LOC", 1, 1.0, 1.0),
        ("PER", 2, 1.0, round(2 / 3, 3)),
        ("micro average", 3, 1.0, 0.8),
    ]


def test_a_page_shows_both_tables_of_a_tagger():
    rows = [Row("r:0", "", words=("w",) * 3, tags=(1, 2, 0))]
    first = next(findings(Tags.of(rows, Answers([1, 2, 0], [0, 3]), LABELS), ()))
    assert [table.title for table in first.evidence[:MOST_ALIKE]] == [
        "Each type of entity",
        "Word by word, O included (not entity F1)",
    ]
