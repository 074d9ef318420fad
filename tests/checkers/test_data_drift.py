"""Drift between training and evaluation rows: found where it was planted, and not between halves of one table."""

from __future__ import annotations

import numpy as np
import pytest
from drift_rows import letters
from measured import backwards, context_of, exceeds, findings_of, subject_of
from transformers import BertConfig, BertModel

from modelaudit.checker import Data
from modelaudit.checkers.data.drift.checker import DataDrift
from modelaudit.checkers.data.drift.classes import counts_of
from modelaudit.checkers.data.drift.sides import sides_of
from modelaudit.evidence import redacted
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel
from modelaudit.testing.planted import planted_classifier, planted_tag_rows, planted_tagger

DRIFT, SHIFT, SMALLEST, LANGUAGE = (
    (name, None) for name in ("drift_auc", "class_share_shift", "smallest_class_share", "main_language_share")
)
LEXICON = {"Ann": "B-PER", "Bob": "B-PER", "Lee": "I-PER", "Rome": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG"}


@pytest.fixture(scope="module")
def planted():
    return planted_classifier({"good": 2.0, "kind": 1.5, "bad": -2.0, "slow": -1.5})


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


def table(finding, title):
    return next(each for each in finding.evidence if each.kind == "table" and each.title.startswith(title))


def test_a_new_topic_is_found_and_named_by_its_words(planted):
    audited = subject_of(planted, data=letters(150, 1, new=0.8), train_data=letters(150, 2))
    found = findings_of(DataDrift(), audited)[DRIFT]
    assert found.metric.primary
    assert exceeds(found, 0.65)
    words = table(found, "Words")
    assert any("courier" in word for side, word, _ in words.rows if side == "evaluation")
    assert redacted(words, show_text=False).kind == "note", "words of training rows are shown to nobody who did not ask"
    assert "parcel" not in found.statement


def test_what_ends_each_text_for_the_classifier_is_no_telling_word(planted):
    rows = [[{"text": f"{word} {place} {end}"} for place in range(60)] for word, end in (("a", "good"), ("b", "bad"))]
    words = table(findings_of(DataDrift(), subject_of(planted, data=rows[0], train_data=rows[1]))[DRIFT], "Words")
    assert {"good", "bad"} < {word for _, word, _ in words.rows}
    assert all(word.isprintable() for _, word, _ in words.rows)


def test_halves_of_one_table_are_not_accused(planted):
    found = findings_of(DataDrift(), subject_of(planted, data=letters(250, 1), train_data=letters(250, 2)))
    low, high = interval(found[DRIFT])
    assert low < 0.5 < high
    assert not exceeds(found[SHIFT], 0.05, p=0.05)
    holm = [row[-1] for row in table(found[DRIFT], "Measures").rows]
    assert all(p != "< 0.001" for p in holm)


def test_without_training_rows_drift_is_not_assessed_and_no_pass(planted):
    found = findings_of(DataDrift(), subject_of(planted, data=letters(60, 1)))
    assert found[DRIFT].metric.value is None
    assert found[DRIFT].metric.primary
    assert "train_data" in found[DRIFT].metric.reason
    assert "not assessed" in found[DRIFT].statement
    assert found[SHIFT].metric.value is None
    assert "train_data" in found[SHIFT].metric.reason
    assert found[SMALLEST].evidence, "the balance of classes stands alone, so its table is here"
    assert found[LANGUAGE].metric.value == 1.0


def test_too_few_training_rows_are_not_assessed(planted):
    found = findings_of(DataDrift(), subject_of(planted, data=letters(80, 1), train_data=letters(49, 2)))
    assert found[DRIFT].metric.value is None
    assert "49 training rows" in found[DRIFT].metric.reason


def test_texts_of_both_tables_do_not_hide_drift(planted):
    train = letters(300, 2)
    evaluation = [*train[:200], *letters(200, 1, new=1.0)]
    found = findings_of(DataDrift(), subject_of(planted, data=evaluation, train_data=train))[DRIFT]
    assert exceeds(found, 0.65)
    assert any("200 texts stand in both tables" in caveat for caveat in found.caveats)


def test_copies_are_told_in_spite_of_case_and_spaces_and_each_text_counts_once():
    train = [Row(id=str(n), text=f"letter number {n}") for n in range(5)]
    evaluation = [Row(id="a", text="Letter  NUMBER 3"), *(Row(id=f"b{n}", text="another one") for n in range(4))]
    sides = sides_of(train, evaluation, 100, seed=0)
    assert sides.shared == 1
    assert sorted(row.text for row in sides.training) == [f"letter number {n}" for n in (0, 1, 2, 4)]
    assert [row.text for row in sides.evaluation] == ["another one"]


def test_the_order_of_rows_in_memory_changes_nothing(planted):
    audited = subject_of(planted, data=letters(90, 1, new=0.3), train_data=letters(90, 2))
    one = findings_of(DataDrift(), audited)
    other = findings_of(DataDrift(), audited, data=backwards(audited.data))
    assert one == other


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_of_documents_changes_no_bit_of_the_class_shares(seed):
    drawn = np.random.default_rng(seed).integers([3, 45], size=(144, 2)).tolist()
    rows = [Row(f"data:{at}", "text", label=label, group=f"d{group}") for at, (label, group) in enumerate(drawn)]
    first, second = (
        [counts_of(each, ("a", "b", "c")).share(place) for place in range(3)] for each in (rows, rows[::-1])
    )
    assert first == second


def test_a_changed_class_balance_is_found_with_its_size(planted):
    audited = subject_of(planted, data=letters(200, 1, positive=0.5), train_data=letters(200, 2, positive=0.8))
    found = findings_of(DataDrift(), audited)
    low, high = interval(found[SHIFT])
    assert 0.15 < low < 0.3 < high < 0.45
    assert exceeds(found[SHIFT], 0.05)
    whole = found["class_variation", None]
    assert whole.metric.value == pytest.approx(found[SHIFT].metric.value, abs=0.01), "of two classes both move alike"
    assert interval(whole)[0] > 0.1


def test_a_class_of_three_rows_is_named(planted):
    rows = letters(60, 1, positive=0.0)
    for row in rows[:3]:
        row["label"] = 1
    found = findings_of(DataDrift(), subject_of(planted, data=rows))[SMALLEST]
    assert found.metric.value == pytest.approx(3 / 60)
    assert "positive with 3 of 60 rows" in found.statement
    assert "fewer than 30" in found.statement


def test_unlabelled_rows_are_compared_by_text_alone(planted):
    bare = [[{"text": row["text"]} for row in letters(120, seed, new=new)] for seed, new in ((1, 0.9), (2, 0.0))]
    audited = subject_of(planted, data=bare[0], train_data=bare[1])
    ctx = context_of(audited, DataDrift())
    found = {finding.metric.id: finding for finding in DataDrift().run(ctx)}
    assert exceeds(found["drift_auc"], 0.65)
    assert found["class_share_shift"].metric.value is None
    assert found["class_share_shift"].metric.primary
    assert any("no labels" in note for note in ctx.notes)


def test_entity_types_of_taggers_are_compared_over_rows():
    train, evaluation = planted_tag_rows(200, 1, lexicon=LEXICON), planted_tag_rows(200, 2, lexicon=LEXICON)
    for row in evaluation:
        row["ner_tags"] = ["O" if tag.endswith("LOC") else tag for tag in row["ner_tags"]]
    audited = subject_of(planted_tagger(LEXICON), data=evaluation, train_data=train)
    found = findings_of(DataDrift(), audited)[SHIFT]
    assert exceeds(found, 0.1)
    assert "words of entities" in found.metric.unit
    assert "effective size" in found.metric.method, "words of one row are not independent"


def test_documents_with_many_like_rows_tell_no_more_than_their_number(planted):
    def documents(seed):
        rows = letters(30, seed)
        return [
            {**row, "text": f"{row['text']} Page {page}.", "document": f"d{seed}-{place}"}
            for place, row in enumerate(rows)
            for page in range(8)
        ]

    off = 0
    for seed in range(2):
        audited = subject_of(
            planted, data=documents(2 * seed), train_data=documents(2 * seed + 1), group_column="document"
        )
        found = findings_of(DataDrift(), audited)
        off += interval(found[DRIFT])[0] > 0.5
        assert "obuchowski" in found[DRIFT].metric.method
    assert off == 0


def test_the_base_model_is_asked_where_there_is_one_and_the_audited_model_never(planted):
    _, tokenizer = planted
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    base = OpenedModel(model=BertModel(config).eval(), tokenizer=tokenizer, name="base")
    tables = {"data": letters(60, 1), "train_data": letters(60, 2)}
    audited = subject_of(planted, base=base, **tables)
    assert DataDrift().cost(audited.info).evaluations == 120
    [caveat, *_] = findings_of(DataDrift(), audited)[DRIFT].caveats
    assert "base model's embeddings" in caveat
    alone = subject_of(planted, **tables)
    assert DataDrift().cost(alone.info).evaluations == 0
    assert "embeddings" not in findings_of(DataDrift(), alone)[DRIFT].caveats[0]


def test_hostile_texts_are_measured(planted):
    strange = ["", "?", "\ud800 \udfff", "\x00\x1b[31m", "ﷺ", "字" * 300, "<b>x</b>", "word " * 200]
    rows = [Row(id=f"e{n}", text=f"{strange[n % 8]} {n}", label=n % 2) for n in range(64)]
    rows += [Row(id="long", text="A" * 100_000, label=0), Row(id="empty", text="", label=1)]
    others = [Row(id=f"t{n}", text=f"{n} {strange[n % 5]}") for n in range(64)]
    found = findings_of(DataDrift(), subject_of(planted, data=letters(60, 1)), data=Data(tuple(rows), tuple(others)))
    assert 0.0 <= found[DRIFT].metric.value <= 1.0
    assert found[DRIFT].metric.bounds
