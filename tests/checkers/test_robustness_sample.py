"""Rows that say the same count once, and where a row stands in its file changes nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from measured import context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.robustness.calibration import Calibration
from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Examples
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
LEXICON = {
    **dict.fromkeys(("Annika", "Robert", "Miriam", "Oscar", "Yusuf", "Helena"), "B-PER"),
    **dict.fromkeys(("Leeson", "Marsh", "Okafor"), "I-PER"),
    **dict.fromkeys(("Lisbon", "Oslo", "Quito", "Hanoi"), "B-LOC"),
    **dict.fromkeys(("Acme", "Initech", "Globex"), "B-ORG"),
}
ERROR = ("calibration_error", None)
BOTH = [(Perturbation(), "quick"), (Calibration(), "standard")]
NAMES = ["perturbation", "calibration"]


def rows_of(n, seed=3, **more):
    return planted_rows(n, seed, words=WORDS, labels="drawn", numbered=True, **more)


def numbers(found):
    return {key: finding.metric for key, finding in found.items()}


def scores(found):
    """What the examples show but for the ids of their rows."""
    return {
        key: [
            [(item.before, item.after, item.before_score, item.after_score) for item in shown.items]
            for shown in finding.evidence
            if isinstance(shown, Examples)
        ]
        for key, finding in found.items()
    }


def drawn_from(rows, size=1_000, *, seed=0):
    ctx = context_of(subject_of(planted_classifier(WORDS), data=rows_of(2)), Calibration(), seed=seed)
    return drawn(ctx, rows, size), ctx.notes


@pytest.mark.parametrize(("checker", "preset"), BOTH, ids=NAMES)
def test_rows_repeated_change_no_number_and_are_counted(checker, preset):
    planted, rows = planted_classifier(WORDS), rows_of(150)
    repeated = [row for row in rows for _ in range(20)]
    ctx = context_of(subject_of(planted, data=repeated, preset=preset), checker)
    found = {(finding.metric.id, finding.metric.group): finding for finding in checker.run(ctx)}
    assert numbers(found) == numbers(findings_of(checker, subject_of(planted, data=rows, preset=preset)))
    assert "2,850 rows repeat the text of another row; of each text one row was drawn." in ctx.notes


@pytest.mark.parametrize("checker", [Perturbation(), Calibration()], ids=NAMES)
def test_one_row_over_and_over_is_one_row(checker):
    with pytest.raises(NotAssessable, match="there are 1 "):
        findings_of(checker, subject_of(planted_classifier(WORDS), data=rows_of(1) * 200))


def test_repeated_rows_of_words_change_no_number():
    planted, rows = planted_tagger(LEXICON), planted_tag_rows(120, 1, lexicon=LEXICON)
    distinct = list({tuple(row["tokens"]): row for row in rows}.values())
    one, other = (
        findings_of(Perturbation(), subject_of(planted, data=data, preset="quick")) for data in (distinct, distinct * 5)
    )
    assert numbers(other) == numbers(one)


def test_an_honest_model_is_not_accused_for_rows_that_are_repeated():
    planted = planted_classifier(WORDS)
    found = [findings_of(Calibration(), subject_of(planted, data=rows_of(150, seed) * 30)) for seed in range(10)]
    assert not any(exceeds(one[ERROR], 0.05, p=0.05) for one in found)


def test_a_text_with_several_labels_is_right_as_often_as_its_labels_say():
    # Of each text's twenty labels sixteen are what the model says, with a confidence of .8: it is calibrated.
    rows = [{"text": f"good {place}", "label": int(copy < 16)} for place in range(600) for copy in range(20)]
    found = findings_of(Calibration(), subject_of(planted_classifier({"good": float(np.log(4))}), data=rows))
    low, high = next((b.low, b.high) for b in found["confidence_gap", None].metric.bounds if b.level == 0.95)
    assert found["confidence_gap", None].metric.n == 600
    assert low < 0 < high
    assert not exceeds(found[ERROR], 0.05, p=0.05)


def test_labelled_rows_are_drawn_before_others_of_the_same_text():
    rows = [Row(f"r:{place}", "one text", label=None) for place in range(9)] + [Row("r:9", "one text", label=1)]
    for seed in range(5):
        [row], notes = drawn_from(rows, seed=seed)
        assert row.label == 1
    assert notes == ["9 rows repeat the text of another row; of each text one row was drawn."]


def test_the_draw_depends_on_seed_and_content_alone():
    rows = [Row(f"r:{place}", f"text {place % 50}", label=place % 3) for place in range(300)]
    shuffled = list(rows)
    random.Random(1).shuffle(shuffled)
    renamed = [Row(f"r:{place}", row.text, label=row.label) for place, row in enumerate(shuffled)]
    said = [[(row.text, row.label) for row in drawn_from(one, 30)[0]] for one in (rows, shuffled, renamed)]
    assert said[0] == said[1] == said[2]
    assert len(set(said[0])) == 30
    assert said[0] != [(row.text, row.label) for row in drawn_from(rows, 30, seed=1)[0]]


@pytest.mark.parametrize(("checker", "preset"), BOTH, ids=NAMES)
def test_a_table_read_backwards_changes_no_number(checker, preset):
    planted, rows = planted_classifier(WORDS), rows_of(260)
    rows += [{**row, "label": 1 - row["label"]} for row in rows[:60]]
    one, other = (findings_of(checker, subject_of(planted, data=table, preset=preset)) for table in (rows, rows[::-1]))
    assert numbers(one) == numbers(other)
    assert scores(one) == scores(other)
    assert {key: finding.statement for key, finding in one.items()} == {
        key: finding.statement for key, finding in other.items()
    }


def test_rows_of_words_read_backwards_change_no_number():
    planted = planted_tagger(LEXICON, case_sensitive=True)
    rows = planted_tag_rows(300, 1, lexicon=LEXICON)
    one, other = (
        findings_of(Perturbation(), subject_of(planted, data=table, preset="quick")) for table in (rows, rows[::-1])
    )
    assert numbers(one) == numbers(other)


def test_of_rows_of_one_text_the_same_is_drawn_wherever_it_stands_in_the_file():
    subject = subject_of(planted_classifier(WORDS), data=rows_of(40))
    for contents in ([{"values": (float(k),)} for k in range(9)], [{"columns": {"region": k}} for k in "abcdefg"]):
        orders = contents, contents[::-1]
        one, other = (
            drawn(
                context_of(subject, Perturbation()), [Row(f"r:{k}", "same", **each) for k, each in enumerate(order)], 5
            )
            for order in orders
        )
        assert [(row.values, dict(row.columns)) for row in one] == [(row.values, dict(row.columns)) for row in other]
