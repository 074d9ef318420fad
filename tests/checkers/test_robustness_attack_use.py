"""Adversarial search as a check: what it reports, of whom it says nothing, and what it never calls proof."""

from __future__ import annotations

import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.robustness.attack.checker import AdversarialSearch
from modelaudit.checkers.robustness.attack.findings import too_few
from modelaudit.checkers.robustness.attack.measures import Measures
from modelaudit.errors import CapabilityError, NotAssessable
from modelaudit.results import CheckResult
from modelaudit.subject.opened import OpenedCallable
from modelaudit.subject.subject import build_subject
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

FRAGILE = {"splendid": 2.0, "pleasant": 1.5, "dreadful": -2.0, "horrible": -1.5}
SHORT = {"fun": 2.0, "joy": 1.5, "bad": -2.0, "sad": -1.5}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}
CHARACTERS, INVISIBLE = "character edits", "invisible edits"


def measured(planted, rows, **options):
    return findings_of(AdversarialSearch(**options), subject_of(planted, data=rows, preset="quick"))


def rows_of(words, n=80):
    return planted_rows(n, 3, words=words, numbered=True)


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


@pytest.fixture(scope="module")
def fragile():
    return measured(planted_classifier(FRAGILE), rows_of(FRAGILE))


def test_a_model_that_hangs_on_words_is_broken_and_one_that_hangs_on_what_slips_leave_alone_is_not(fragile):
    assert exceeds(fragile["accuracy_drop", CHARACTERS], 0.3)
    # Words of three letters get no slip, so no character edit can touch what this model reads; "said" does not become
    # "sad", which is a word of the rows.
    sound = measured(planted_classifier(SHORT), rows_of(SHORT))
    assert sound["success_rate", CHARACTERS].metric.value == 0.0
    assert interval(sound["accuracy_drop", CHARACTERS])[1] < 0.1
    assert exceeds(sound["accuracy_drop", INVISIBLE], 0.3)


def test_the_numbers_add_up(fragile):
    for kind in (CHARACTERS, INVISIBLE):
        drop, robust, rate = (
            fragile[name, kind].metric for name in ("accuracy_drop", "robust_accuracy", "success_rate")
        )
        table = dict(fragile["accuracy_drop", kind].evidence[1].rows)
        assert (drop.n, robust.n, rate.n) == (
            table["rows with one"],
            table["rows with one"],
            table["of these attacked"],
        )
        assert drop.value == pytest.approx(table["flips found"] / drop.n)
        assert robust.value == pytest.approx((table["of these attacked"] - table["flips found"]) / robust.n)
        assert (drop.primary, robust.primary, rate.primary) == (True, False, False)
        (line,) = fragile["accuracy_drop", kind].evidence[0].series
        assert line.x == (8, 16, 32, 64)
        assert list(line.y) == sorted(line.y, reverse=True)
        assert line.y[-1] == pytest.approx(robust.value)


def test_wrong_answers_count_as_wrong_and_are_not_attacked():
    rows = rows_of(FRAGILE)
    turned = [{**row, "label": 1 - row["label"]} if place % 2 else row for place, row in enumerate(rows)]
    found = measured(planted_classifier(FRAGILE), turned)
    table = dict(found["accuracy_drop", CHARACTERS].evidence[1].rows)
    assert (table["rows with one"], table["of these attacked"]) == (80, 40)
    assert found["accuracy_drop", CHARACTERS].metric.value <= 0.5


def test_a_model_that_is_always_wrong_is_not_called_robust():
    rows = [{**row, "label": 1 - row["label"]} for row in rows_of(FRAGILE)]
    checker, subject = AdversarialSearch(), subject_of(planted_classifier(FRAGILE), data=rows, preset="quick")
    found = []
    with pytest.raises(NotAssessable):
        found.extend(checker.run(context_of(subject, checker)))
    assert not [one for one in found if one.metric.value is not None]


def test_a_model_that_is_nearly_always_wrong_does_not_pass_for_having_little_to_lose():
    rare, often = (Measures(1_000, right, (1,) * right, 64, labelled=True) for right in (99, 100))
    assert "one row in ten" in too_few(rare)
    assert too_few(often) is None


def test_without_labels_flips_are_counted_and_accuracy_is_not_assessed():
    rows = [{"text": row["text"]} for row in rows_of(FRAGILE)]
    found = measured(planted_classifier(FRAGILE), rows)
    assert found["success_rate", CHARACTERS].metric.value > 0.3
    assert found["accuracy_drop", None].metric.value is None
    assert found["accuracy_drop", None].metric.primary
    assert ("robust_accuracy", CHARACTERS) not in found


def test_each_finding_says_that_it_is_what_this_budget_found(fragile):
    for finding in fragile.values():
        assert "Within 64 queries a row" in finding.statement or "within 64 queries a row" in finding.statement
        assert any("lower bound of what an attacker can do" in each for each in finding.caveats)
    CheckResult(checker=AdversarialSearch.info, status="completed", findings=tuple(fragile.values()))


def test_examples_show_the_edit_as_text_of_the_row_alone(fragile):
    shown = fragile["accuracy_drop", CHARACTERS].evidence[2]
    assert shown.kind == "examples"
    for item in shown.items:
        assert item.before != item.after
        assert item.before_score > 0.5 >= item.after_score
        assert not any(word in (item.change + item.outcome) for word in FRAGILE)


def test_the_order_of_rows_in_memory_changes_nothing():
    subject = subject_of(planted_classifier(FRAGILE), data=rows_of(FRAGILE, 60), preset="quick")
    checker = AdversarialSearch(rows=40)
    once = findings_of(checker, subject)
    assert once == findings_of(checker, subject, data=backwards(subject.data))


def test_tagged_rows_are_attacked_by_their_entities():
    rows = planted_tag_rows(60, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
    found = measured(planted_tagger(LEXICON), rows)
    assert exceeds(found["accuracy_drop", CHARACTERS], 0.5)
    table = dict(found["accuracy_drop", CHARACTERS].evidence[1].rows)
    assert table["flips by edits outside of the entities alone"] == 0


def test_a_function_is_attacked_as_well():
    def function(texts):
        return [[0.1, 0.9] if "splendid" in text else [0.9, 0.1] for text in texts]

    opened = OpenedCallable(function=function, name="f", origin="here.f", labels=("bad", "good"))
    rows = [{"text": f"a {word} day in house {i}", "label": int(word == "splendid")}
            for i in range(20) for word in ("splendid", "ordinary")]  # fmt: skip
    subject = build_subject(opened, data=rows, preset="quick", seed=0, device="cpu")
    checker = AdversarialSearch(stress=True, ranking="gradient")
    context = context_of(subject, checker)
    found = {(one.metric.id, one.metric.group): one for one in checker.run(context)}
    assert found["accuracy_drop", CHARACTERS].metric.value == pytest.approx(0.5)
    assert any("no embeddings" in note for note in context.notes)
    assert any("no gradients" in note for note in context.notes)
    with pytest.raises(CapabilityError):
        subject.model.neighbours(["day"], 3)


def test_stress_by_embedding_neighbours_is_shown_and_not_judged():
    words = {**FRAGILE, "superb": 1.8}
    found = measured(planted_classifier(words), rows_of(words), stress=True)
    stress = found["accuracy_drop", "word substitutes"]
    assert not stress.metric.primary
    assert stress.metric.value > 0.3


def test_neighbours_are_whole_words_nearest_first_and_never_the_word_itself():
    subject = subject_of(planted_classifier(FRAGILE), data=rows_of(FRAGILE))
    near, unknown = subject.model.neighbours(["splendid", "zzz"], 3)
    assert near[0].lower() == "pleasant" or near[0].lower() in FRAGILE
    assert "splendid" not in {word.lower() for word in near}
    assert set(map(str.lower, near[:1])) <= {"pleasant"}
    assert len(near) == 3
    assert unknown == subject.model.neighbours(["[UNK]"], 3)[0] or unknown == ()


def test_rows_that_no_edit_can_touch_and_hostile_rows_are_counted_and_break_nothing():
    words = rows_of(FRAGILE, 40)
    bad = ["a", "", "12 34", "!?", "\ud800 splendid", "a\u0301b c\u0301", "SPLENDID DREADFUL", "пример texto 例子",
           "splendid " * 5_000, "x" * 100_000, "<b>splendid</b>\x00"]  # fmt: skip
    rows = [*words, *({"text": text, "label": 1} for text in bad)]
    subject = subject_of(planted_classifier(FRAGILE, max_length=64), data=rows, preset="quick")
    found = findings_of(AdversarialSearch(queries=16), subject)
    table = dict(found["accuracy_drop", CHARACTERS].evidence[1].rows)
    assert table["rows without a word to edit, left out"] >= 4
    assert table["rows with one"] + table["rows without a word to edit, left out"] == len(subject.data.evaluation)


def test_too_few_rows_are_not_assessed():
    with pytest.raises(NotAssessable, match="20 are the least"):
        measured(planted_classifier(FRAGILE), rows_of(FRAGILE, 10))


@pytest.mark.parametrize(
    "options",
    [{"search": "magic"}, {"ranking": "x"}, {"queries": 0}, {"rows": 5}, {"edit_share": 2}, {"protected": "word"}],
)
def test_options_that_cannot_be_used_are_refused_at_once(options):
    with pytest.raises(ValueError, match="the option"):
        AdversarialSearch(**options)


def test_the_printed_loss_is_one_that_shows_with_a_chance_of_four_in_five():
    measures = Measures(rows=200, attacked=180, found_at=(), queries=64, labelled=True)
    assert (1 - measures.smallest_drop) ** 200 == pytest.approx(0.2)
