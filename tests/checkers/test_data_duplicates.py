"""Duplicates planted at known places: found, counted once, and told from rows that merely resemble one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checker import Data
from modelaudit.checkers.data.duplicates.checker import Duplicates
from modelaudit.checkers.data.duplicates.findings import repeats
from modelaudit.checkers.data.duplicates.twins import twins_of
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_tagger

WORDS = {"good": 2.0, "bad": -2.0, "kind": 1.5, "slow": -1.5}
PARTS = np.array([f"{a}{b}{c}{b}{a}" for a in "bcdfghklm" for b in "aeiou" for c in "nprstvz"])
LEAKED, ACCURACY = ("leaked_rows", None), ("leaked_accuracy_difference", None)
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def texts(n, seed):
    rng = np.random.default_rng(seed)
    return [" ".join([*rng.choice(PARTS, size=12), str(rng.choice(list(WORDS)))]) for _ in range(n)]


def labelled(some):
    return [{"text": text, "label": int(WORDS[text.split()[-1].lower()] > 0)} for text in some]


def interval(finding):
    return next((low, high) for level, low, high in finding.metric.grid if level == 0.95)


@pytest.fixture(scope="module")
def planted():
    return planted_classifier(WORDS)


@pytest.fixture(scope="module")
def leaky(planted):
    """200 evaluation rows: 20 equal a training row but for case, 10 but for a word; 8 stand twice, one conflicts."""
    train, own = texts(200, 1), texts(170, 2)
    near = [f"{text.partition(' ')[0]}xyz {text.partition(' ')[2]}" for text in train[20:30]]
    rows = labelled([*(text.upper() for text in train[:20]), *near, *own])
    rows[30:34] = [dict(row) for row in rows[40:44]]
    rows[30]["label"] = 1 - rows[30]["label"]
    return subject_of(planted, data=rows, train_data=labelled(train))


@pytest.fixture(scope="module")
def found(leaky):
    return findings_of(Duplicates(), leaky)


def test_leaked_rows_are_counted_and_judged(found):
    metric = found[LEAKED].metric
    assert metric.primary
    assert metric.value == pytest.approx(30 / 200)
    assert "20 an equal one, 10 only one that is nearly equal" in found[LEAKED].statement
    assert exceeds(found[LEAKED], 0.05)


def test_the_table_counts_each_pair_of_tables_both_ways(found):
    counts = {row[:2]: row[2:] for row in found[LEAKED].evidence[0].rows}
    assert counts["evaluation rows", "training rows"] == (200, 20, 10, 0)
    assert counts["training rows", "evaluation rows"] == (200, 20, 10, 0)
    assert counts["evaluation rows", "the same table"] == (200, 8, 0, 2)
    assert counts["training rows", "the same table"] == (200, 0, 0, 0)


def test_repeats_and_conflicts_are_shares_of_their_own_table(found):
    assert found["repeated_rows", "evaluation rows"].metric.value == pytest.approx(8 / 200)
    assert found["repeated_rows", "training rows"].metric.value == 0.0
    assert not found["repeated_rows", "evaluation rows"].metric.primary
    assert found["conflicting_rows", "evaluation rows"].metric.value == pytest.approx(2 / 200)
    assert found["conflicting_rows", "evaluation rows"].metric.primary
    assert found["conflicting_rows", "training rows"].metric.value == 0.0


def test_rows_are_named_by_id_and_their_text_stands_where_it_is_redacted(found):
    shown = found[LEAKED].evidence[1]
    assert len(shown.items) == 20
    assert all(item.row.startswith("evaluation") and item.outcome.startswith("training") for item in shown.items)
    assert all(item.before.split()[0].lower() in item.before.lower() for item in shown.items)
    said = " ".join([*(f.statement for f in found.values()), *(f"{i.change} {i.outcome}" for i in shown.items)])
    assert not any(part in said for part in PARTS)


def test_accuracy_on_leaked_rows_is_compared_where_the_model_answers(found, planted):
    assert found[ACCURACY].metric.value == pytest.approx(0.0, abs=0.01)
    assert not found[ACCURACY].metric.primary
    train = labelled(texts(60, 1))
    rows = labelled(texts(60, 2))
    for row in rows[:30]:
        row["label"] = 1 - row["label"]
    memory = findings_of(Duplicates(), subject_of(planted, data=[*rows, *train], train_data=train))
    low = next(bound.low for bound in memory[ACCURACY].metric.bounds if bound.level == 0.95)
    assert memory[ACCURACY].metric.value > 0.4
    assert low > 0.2


def test_clean_tables_are_within_any_sensible_limit(planted):
    clean = findings_of(
        Duplicates(), subject_of(planted, data=labelled(texts(400, 3)), train_data=labelled(texts(400, 4)))
    )
    assert clean[LEAKED].metric.value == 0.0
    assert next(bound.high for bound in clean[LEAKED].metric.bounds if bound.level == 0.95) < 0.01
    assert clean[ACCURACY].metric.value is None
    assert "10 on either side are the least" in clean[ACCURACY].metric.reason


def test_a_sample_shows_a_leak_and_never_rules_one_out(planted):
    train, own = labelled(texts(2_000, 1)), labelled(texts(200, 2))
    asked = {"train_data": train, "preset": "quick", "sample": 100}
    clean, leaky = (
        findings_of(Duplicates(), subject_of(planted, data=rows, **asked)) for rows in (own, [*own[:50], *train[:150]])
    )
    assert clean[LEAKED].metric.value == 0.0
    assert interval(clean[LEAKED])[1] > 0.3
    assert "5.00%" in clean[LEAKED].caveats[0]
    assert interval(clean["conflicting_rows", "evaluation rows"])[1] > 0.05
    low, high = interval(leaky[LEAKED])
    assert low <= 0.75 <= high


def test_copies_of_one_row_count_as_little_as_they_tell(planted):
    train = labelled(texts(100, 5))
    one = findings_of(Duplicates(), subject_of(planted, data=[*labelled(texts(60, 6)), *train[:40]], train_data=train))
    same = findings_of(
        Duplicates(), subject_of(planted, data=[*labelled(texts(60, 6)), *train[:1] * 40], train_data=train)
    )
    assert one[LEAKED].metric.value == same[LEAKED].metric.value == pytest.approx(0.4)
    wide, narrow = (next(b.high - b.low for b in f[LEAKED].metric.bounds if b.level == 0.95) for f in (same, one))
    assert wide > 2 * narrow


def test_without_training_rows_leakage_is_not_assessed_and_the_rest_is(planted):
    found = findings_of(Duplicates(), subject_of(planted, data=labelled(texts(50, 7)) * 2))
    metric = found[LEAKED].metric
    assert metric.primary
    assert metric.value is None
    assert "give train_data=" in metric.reason
    assert found["repeated_rows", "evaluation rows"].metric.value == 1.0
    assert set(found) == {LEAKED, ("repeated_rows", "evaluation rows"), ("conflicting_rows", "evaluation rows")}


def test_unlabelled_rows_are_compared_and_their_conflicts_are_not_assessed(planted):
    found = findings_of(Duplicates(), subject_of(planted, data=[{"text": text} for text in texts(40, 8) * 2]))
    assert found["repeated_rows", "evaluation rows"].metric.value == 1.0
    assert found["conflicting_rows", "evaluation rows"].metric.value is None
    assert "no labels" in found["conflicting_rows", "evaluation rows"].metric.reason


def test_tagged_rows_are_compared_by_their_words_and_tags():
    lexicon = {"Ann": "B-PER", "Rome": "B-LOC"}
    rows = [
        {"tokens": ["Ann", "went", "to", "Rome"], "ner_tags": ["B-PER", "O", "O", "B-LOC"]},
        {"tokens": ["ann", "went", "to", "Rome"], "ner_tags": ["O", "O", "O", "B-LOC"]},
        {"tokens": ["Rome", "is", "far"], "ner_tags": ["B-LOC", "O", "O"]},
    ]
    found = findings_of(Duplicates(), subject_of(planted_tagger(lexicon), data=rows))
    assert found["repeated_rows", "evaluation rows"].metric.value == pytest.approx(2 / 3)
    assert found["conflicting_rows", "evaluation rows"].metric.value == pytest.approx(2 / 3)


def test_hostile_rows_are_counted_and_break_nothing(planted):
    rows = [
        Row(id=f"a:{place}", text=text, label=0)
        for place, text in enumerate(["", " \u200b", "\ud800", "<b>\x00", "a", "A", "word " * 20_000, "!?", "\u6211"])
    ]
    subject = subject_of(planted, data=labelled(texts(5, 9)))
    ctx = context_of(subject, Duplicates(), data=Data(tuple(rows), members=(Row(id="b:1", text="\u200b"),)))
    found = {(finding.metric.id, finding.metric.group): finding for finding in Duplicates().run(ctx)}
    assert found["repeated_rows", "evaluation rows"].metric.n == 7
    assert "2 evaluation rows have no visible character and were left out." in ctx.notes
    assert found[LEAKED].metric.value == 0.0


def test_rows_without_a_visible_character_are_not_assessed(planted):
    subject = subject_of(planted, data=labelled(texts(5, 9)))
    with pytest.raises(NotAssessable, match="visible character"):
        findings_of(Duplicates(), subject, data=Data((Row(id="a:1", text=" "),)))


def test_the_order_of_rows_in_memory_changes_nothing(leaky):
    one = list(Duplicates().run(context_of(leaky, Duplicates())))
    other = list(Duplicates().run(context_of(leaky, Duplicates(), data=backwards(leaky.data))))
    assert one == other


def test_the_order_of_rows_of_documents_changes_no_bit():
    for seed in range(12):
        drawn = np.random.default_rng(seed).integers([60, 45], size=(100, 2)).tolist()
        rows = [Row(f"data:{at}", f"text {text}", label=0, group=f"d{group}") for at, (text, group) in enumerate(drawn)]
        first, second = (repeats(twins_of([("evaluation rows", each)]), 0, seen=1.0) for each in (rows, rows[::-1]))
        assert first.metric == second.metric


def test_the_cost_is_what_is_asked(leaky, planted):
    assert Duplicates().cost(leaky.info).evaluations == 200
    assert Duplicates().cost(subject_of(planted, data=labelled(texts(5, 9))).info).evaluations == 0


def test_the_study_holds_in_its_short_form(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from robustness.duplicates import study

    found = study(6, 0)
    assert [row["cell"] for row in found if row["measured"] < 0.5 and row["asked"].startswith(">=")] == []
    assert found[1]["measured"] == found[2]["measured"] == 0.0
