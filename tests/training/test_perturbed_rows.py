"""Changed copies of rows to train on: labels and tags hold, and no copy is what an audit asks about."""

import random
from collections import Counter

import numpy as np

from modelaudit.checkers.robustness.perturbation.arms import main_arms
from modelaudit.checkers.robustness.perturbation.trials import Sample, trials
from modelaudit.rows import Row
from modelaudit.text import bundled_perturbations, entity_spans
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.measures.perturbation import perturbed

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
TEXT = "The actors in this film gave {} good reasons to watch it, and the story was never dull."


def texts(*rows):
    examples = tuple(
        Example(Row(f"t:{at}", text, label=at % 2, columns={"n": at}), weight=1.0 + at) for at, text in enumerate(rows)
    )
    return TrainingData("text-classification", ("bad", "good"), examples, dev=(Row("d:0", rows[0], label=0),))


def tagged(count):
    examples = []
    for at in range(count):
        words = ("In", "week", str(at), "John", "Miller", "was", "often", "in", "New", "York", ",", "they", "said", ".")
        tags = (0, 0, 0, 1, 2, 0, 0, 0, 3, 4, 0, 0, 0, 0)
        examples.append(Example(Row(f"s:{at}", " ".join(words), words=words, tags=tags)))
    return TrainingData("token-classification", TAGS, tuple(examples))


def copies_of(data, *, copies=1, seed=3):
    after = perturbed(data, copies=copies, rng=np.random.default_rng(seed))
    return [example for example in after.examples if example.origin is not None], after


def test_each_row_gets_as_many_changed_copies_under_its_label():
    data = texts(*(TEXT.format(at) for at in range(20)))
    copies, after = copies_of(data, copies=3)
    by_id = {example.row.id: example for example in data.examples}
    assert Counter(copy.origin for copy in copies) == dict.fromkeys(by_id, 3)
    for copy in copies:
        original = by_id[copy.origin]
        assert copy.row.text != original.row.text
        assert (copy.row.label, copy.row.columns) == (original.row.label, original.row.columns)
        assert copy.weight == original.weight
    assert len({copy.row.text for copy in copies}) == 60
    assert len({example.row.id for example in after.examples}) == 80
    assert after.examples[:20] == data.examples
    assert after.dev == data.dev


def test_tags_go_with_their_words():
    copies, _ = copies_of(tagged(60), copies=3)
    assert len(copies) == 180
    for copy in copies:
        assert len(copy.row.words) == len(copy.row.tags)
        assert copy.row.text == " ".join(copy.row.words)
        spans = entity_spans([TAGS[tag] for tag in copy.row.tags])
        assert [(end - start, kind) for start, end, kind in spans] == [(2, "PER"), (2, "LOC")]
    moved = [copy.row for copy in copies if len(copy.row.words) != 14]
    assert moved
    for row in moved:
        start, end, _ = entity_spans([TAGS[tag] for tag in row.tags])[0]
        assert row.words[start:end] == ("John", "Miller")


def test_kinds_are_drawn_evenly_and_counted():
    _, after = copies_of(texts(*(TEXT.format(at) for at in range(600))))
    step = after.steps[-1]
    kinds = {name: count for name, count in step.counts.items() if name.startswith("copies, ")}
    assert step.counts["copies"] == sum(kinds.values()) == 600
    everywhere = [kinds[f"copies, {name}"] for name in ("upper case", "lower case", "homoglyphs", "letters swapped")]
    assert min(everywhere) > 8
    assert max(everywhere) < 45


def test_only_changes_under_which_the_label_holds_are_made():
    risky = {arm.name for arm in main_arms(bundled_perturbations(), "text-classification") if not arm.judged}
    copies, _ = copies_of(texts(*(TEXT.format(at) for at in range(40))), copies=20)
    assert len(copies) > 700
    assert not {copy.row.id.split(" ", 1)[1] for copy in copies} & risky


def test_rows_are_not_changed_as_an_audit_of_the_same_seed_changes_them():
    data = tagged(30)
    copies = {copy.row.id: copy.row.words for copy in copies_of(data, copies=3)[0]}
    own = int(np.random.default_rng(3).integers(2**63))
    sample = Sample.of([example.row for example in data.examples], TAGS)
    same = drawn = 0
    for arm in main_arms(bundled_perturbations(), data.task):
        if arm.perturbation.family != "typing errors":
            continue
        for trial in trials(arm, sample, seed=own).changed:
            words = copies.get(f"{sample.rows[trial.place].id} {arm.name}")
            drawn += words is not None
            same += words == trial.edited.words
    assert drawn > 5
    assert same < drawn / 2


def test_where_no_change_finds_anything_the_row_is_counted():
    step = copies_of(texts("", " "))[1].steps[-1]
    assert step.counts == {"copies": 0, "rows in which no change found anything to change": 2}


def test_a_row_with_fewer_changes_than_asked_for_is_counted():
    copies, after = copies_of(texts("a"), copies=20)
    assert 0 < len(copies) < 20
    assert len({copy.row.text for copy in copies}) == len(copies)
    assert after.steps[-1].counts["rows with fewer copies than asked for"] == 1


def test_what_a_row_becomes_depends_on_itself_alone():
    rows = [TEXT.format(at) for at in range(10)]
    data = texts(*rows)
    shuffled = list(data.examples)
    random.Random(2).shuffle(shuffled)
    one = copies_of(data)
    two = copies_of(TrainingData(data.task, data.labels, tuple(shuffled[:5])))
    assert {copy.row.text for copy in two[0]} <= {copy.row.text for copy in one[0]}
    assert one[0] == copies_of(data)[0]
    assert one[0] != copies_of(data, seed=4)[0]


def test_chinese_rows_get_changes_of_chinese():
    copies, after = copies_of(texts("他在北京工作，是一位老师。", "这部电影很好看，我们都喜欢。"), copies=12)
    assert len(copies) > 16
    assert any("characters" in name for name in after.steps[-1].counts)
    assert not any("letters swapped" in name for name in after.steps[-1].counts)


def test_rows_of_another_language_get_no_changes_made_for_english():
    copies, after = copies_of(texts(*(f"Она сказала брату {at}, что придёт." for at in range(20))), copies=3)
    assert len(copies) == 60
    assert not {"copies, greeting and closing", "copies, filler words", "copies, distractor sentences"} & set(
        after.steps[-1].counts
    )


def test_copies_of_other_measures_are_not_copied():
    data = texts(TEXT, TEXT)
    copied = tuple(Example(each.row, origin="t:9") for each in data.examples)
    assert copies_of(TrainingData(data.task, data.labels, copied))[1].examples == copied


def test_hostile_rows_are_changed_without_harm():
    rows = ("\x00\x01\ud800", "\u202ethe end\u202c", "<script>alert('the film')</script>", "x" * 1_000_000)
    copies, after = copies_of(texts(*rows), copies=2)
    assert copies
    assert "script" not in repr(after.steps)
