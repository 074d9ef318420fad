"""Perturbation on planted models: a planted sensitivity is found under its own change and no other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.robustness.arms import arms, trials
from modelaudit.checkers.robustness.entities import Entity, Fates, entities, fates, moved
from modelaudit.checkers.robustness.outcomes import clustered_share, design_effect, f1_drop
from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.errors import NotAssessable
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from modelaudit.results import CheckResult
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}
CASE = ("lower case", "upper case", "title case")
HARMLESS = ("final punctuation dropped", "final punctuation added", "trailing whitespace")


def measured(planted, rows, **more):
    return findings_of(Perturbation(), subject_of(planted, data=rows, **more))


def rows_of(n: int = 400) -> list[dict]:
    return planted_rows(n, 3, words=WORDS, numbered=True)


def tag_rows_of(n: int) -> list[dict]:
    """Rows of which no two say the same, as each begins with its number."""
    rows = planted_tag_rows(n, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
    return rows


def interval(finding, level=0.95):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == level)


def test_case_sensitivity_is_found_under_the_case_that_breaks_and_its_clean_twin_is_not_accused():
    fragile = measured(planted_classifier(WORDS, case_sensitive=True), rows_of())
    for name in ("upper case", "title case"):
        assert exceeds(fragile["flip_rate", name], 0.05)
        assert exceeds(fragile["accuracy_drop", name], 0.03)
    for name in ("lower case", *HARMLESS):
        assert fragile["flip_rate", name].metric.value == 0.0

    sound = measured(planted_classifier(WORDS), rows_of())
    for name in (*CASE, *HARMLESS):
        for metric, limit in (("flip_rate", 0.05), ("accuracy_drop", 0.03)):
            assert interval(sound[metric, name])[1] < limit, f"{metric} under {name} is within"


def test_the_numbers_are_those_of_the_rows_counted_by_hand():
    # Upper case blinds this model: every log-odds is 0, the first class is answered, and rows of class 1 are lost.
    rows = rows_of()
    found = measured(planted_classifier(WORDS, case_sensitive=True), rows)
    ones = sum(row["label"] for row in rows)
    assert found["flip_rate", "upper case"].metric.value == pytest.approx(ones / len(rows))
    assert found["accuracy_drop", "upper case"].metric.value == pytest.approx(ones / len(rows))
    table = dict(found["flip_rate", "upper case"].evidence[0].rows)
    assert table["right before, wrong after (harm)"] == ones
    assert table["wrong before, right after (repair)"] == 0
    assert table["changed rows compared"] == len(rows)


def test_an_uncased_tokenizer_removes_case_and_the_report_says_so_without_examples():
    found = measured(planted_classifier(WORDS, lower_case=True), rows_of())
    for name in CASE:
        finding = found["flip_rate", name]
        assert "identical to the last bit" in finding.statement
        assert [item.kind for item in finding.evidence] == ["table"]
        assert dict(finding.evidence[0].rows)["answer identical to the last bit"] == finding.metric.n


def test_only_rows_with_something_to_change_are_counted():
    rows = [{**row, "text": row["text"].lower() if place % 4 else row["text"]} for place, row in enumerate(rows_of())]
    found = measured(planted_classifier(WORDS), rows)
    assert found["flip_rate", "lower case"].metric.n == 100
    assert found["flip_rate", "lower case"].metric.value == 0.0, "each row is compared with its own original"
    assert found["flip_rate", "upper case"].metric.n == 400


def test_a_strong_severity_is_shown_and_not_judged():
    found = measured(planted_classifier(WORDS), rows_of(100))
    assert found["flip_rate", "typos, severity 2"].metric.primary
    strong = found["flip_rate", "typos, severity 4"]
    assert not strong.metric.primary
    assert any("not judged" in caveat for caveat in strong.caveats)
    quick = measured(planted_classifier(WORDS), rows_of(100), preset="quick")
    assert ("flip_rate", "typos, severity 4") not in quick


def test_each_finding_states_the_rule_by_which_the_label_holds():
    found = measured(planted_classifier(WORDS), rows_of(60))
    assert found["flip_rate", "lower case"].caveats[0].startswith("Label rule (L1, ")
    assert found["flip_rate", "double spaces, severity 2"].caveats[0].startswith("Label rule (L0, ")


def test_examples_show_extremes_and_typical_rows_and_say_which():
    found = measured(planted_classifier(WORDS, case_sensitive=True), rows_of())
    largest, typical = found["flip_rate", "upper case"].evidence[1:]
    assert "changed most" in largest.selection
    assert "median" in typical.selection
    assert largest.items[0].after == largest.items[0].before.upper()
    moved_most = [abs(item.after_score - item.before_score) for item in largest.items]
    assert min(moved_most) >= max(abs(item.after_score - item.before_score) for item in typical.items)


def result_of(planted, rows, **more):
    """Return the result of the check as the runner makes it, and the state of a family that holds no other."""
    ctx = context_of(subject_of(planted, data=rows, **more), Perturbation())
    found = tuple(Perturbation().run(ctx))
    result = CheckResult(checker=Perturbation.info, status="completed", findings=found, notes=tuple(ctx.notes))
    [family] = judge([result], load_policy()).families
    return {(finding.metric.id, finding.metric.group): finding for finding in found}, ctx.notes, family


def test_rows_without_labels_have_a_flip_rate_and_one_line_for_their_missing_accuracy():
    rows = [{"text": row["text"]} for row in rows_of()]
    found, _, family = result_of(planted_classifier({"other": 1.0}), rows)
    assert found["flip_rate", "upper case"].metric.value == 0.0
    [missing] = [finding for finding in found.values() if finding.metric.id == "accuracy_drop"]
    assert (missing.metric.group, missing.metric.value, missing.metric.primary) == (None, None, True)
    assert "None of the rows has a true label" in missing.metric.reason
    assert family.counts == {"not assessed": 1, "within limit": 9}
    assert family.state == "incomplete", "what was not measured is no pass"


def test_a_change_that_finds_too_few_rows_is_not_assessed_and_its_family_incomplete():
    rows = rows_of()
    whole = result_of(planted_classifier({"other": 1.0}), rows)[2]
    assert whole.state == "within limit"
    lower = [{**row, "text": row["text"].lower()} for row in rows]
    found, notes, family = result_of(planted_classifier({"other": 1.0}), lower)
    for metric in ("flip_rate", "accuracy_drop"):
        finding = found[metric, "lower case"]
        assert (finding.metric.value, finding.metric.primary) == (None, True)
        assert finding.metric.reason == "The change found something to change in 0 of 400 rows; 20 are the least."
        assert "was not measured" in finding.statement
    assert family.counts == {"not assessed": 2, "within limit": 16}
    assert family.state == "incomplete"
    assert not any("lower case" in note for note in notes)


def test_an_arm_that_is_not_judged_is_missing_in_a_note_alone():
    rows = [{"text": f"It is so. {place}", "label": 0} for place in range(60)]
    found, notes, _ = result_of(planted_classifier(WORDS), rows)
    assert found["flip_rate", "typos, severity 2"].metric.value is None
    assert ("flip_rate", "typos, severity 4") not in found
    assert any(note.startswith("typos, severity 4: not measured.") for note in notes)


def test_entities_that_are_too_few_are_not_assessed():
    rows = [{"tokens": ["Nothing", "to", "see", str(place), "."], "ner_tags": ["O"] * 5} for place in range(60)]
    rows += tag_rows_of(1)
    with pytest.raises(NotAssessable, match="no change could be compared on 20 of the 61 rows"):
        measured(planted_tagger(LEXICON), rows)
    found, _, family = result_of(planted_tagger(LEXICON), rows[:20] + tag_rows_of(120))
    assert found["flip_rate", "lower case"].metric.value == 0.0
    assert family.counts.get("not assessed", 0) == 0, "spacing is not planned for rows of words"


def test_rows_of_words_have_no_spacing_to_change_and_the_notes_say_so():
    found, notes, _ = result_of(planted_tagger(LEXICON), tag_rows_of(120))
    assert not {group for _, group in found} & {"double spaces, severity 2", "no-break spaces, severity 2"}
    [note] = [note for note in notes if "The rows come as words" in note]
    assert all(name in note for name in ("double spaces", "no-break spaces", "trailing whitespace"))


def test_too_few_rows_are_not_assessed():
    planted = planted_classifier(WORDS)
    for rows in (rows_of(1), rows_of(19)):
        with pytest.raises(NotAssessable, match="evaluation rows of different texts and 20 are the least"):
            measured(planted, rows)


def test_typos_are_not_let_loose_on_another_language():
    rows = [{"text": f"Она сказала, что письмо номер {place} хорошее.", "label": 0} for place in range(40)]
    found, notes, family = result_of(planted_classifier(WORDS), rows)
    assert found["flip_rate", "lower case"].metric.value == 0.0
    typos = found["flip_rate", "typos, severity 2"].metric
    assert (typos.value, typos.primary) == (None, True)
    assert typos.reason == "The change is made for English, and none of the 40 rows looks English."
    assert any("40 rows do not look English" in note for note in notes)
    assert family.state == "incomplete"


def test_sizes_follow_the_preset_and_the_cost_is_an_upper_bound():
    subject = subject_of(planted_classifier(WORDS), data=rows_of(300), preset="quick")
    found = findings_of(Perturbation(), subject)
    assert found["flip_rate", "upper case"].metric.n == 200
    assert subject.engines[0].stats.requested <= Perturbation().cost(subject.info).evaluations


def test_the_order_of_rows_in_memory_changes_nothing():
    subject = subject_of(planted_classifier(WORDS, case_sensitive=True), data=rows_of(230), preset="quick")
    one = list(Perturbation().run(context_of(subject, Perturbation())))
    other = list(Perturbation().run(context_of(subject, Perturbation(), data=backwards(subject.data))))
    assert one == other


def test_entities_of_a_case_sensitive_tagger_are_lost_under_case_and_kept_under_punctuation():
    rows = tag_rows_of(200)
    found = measured(planted_tagger(LEXICON, case_sensitive=True), rows)
    for name in ("lower case", "upper case"):
        assert found["flip_rate", name].metric.value > 0.9
        assert exceeds(found["flip_rate", name], 0.05)
        assert exceeds(found["accuracy_drop", name], 0.03)
        assert found["flip_rate", name].metric.n_unit == "entities"
    for name in ("final punctuation dropped", "final punctuation added", "title case"):
        assert found["flip_rate", name].metric.value == 0.0
        assert interval(found["flip_rate", name])[1] < 0.05
        assert found["accuracy_drop", name].metric.value == 0.0
        assert interval(found["accuracy_drop", name])[1] < 0.03
    clean = measured(planted_tagger(LEXICON), rows)
    assert not exceeds(clean["flip_rate", "lower case"], 0.05, p=0.05)


def test_hostile_rows_go_through_and_no_text_is_in_what_is_said():
    hostile = [
        "<script>alert(1)</script>",
        "\u202eEvil\u202c word",
        "\x00\x07 Bell",
        " ",
        "\ud800 Lone",
        "É" * 3_000,
        "ŉ ß İ",
    ]
    rows = rows_of(40) + [{"text": text, "label": 0} for text in (*hostile, "ŉ ß İ")]
    for finding in measured(planted_classifier(WORDS), rows).values():
        assert "script" not in finding.statement
        assert all("script" not in caveat for caveat in finding.caveats)
    words = [["<b>", "\u202eEvil", "ß", "İstanbul"], ["Annika", "\x07"], ["\ufeff", "Lisbon", "."]]
    tagged = tag_rows_of(40) + [{"tokens": one, "ner_tags": ["O"] * len(one)} for one in words]
    assert measured(planted_tagger(LEXICON), tagged)


def test_an_arm_keeps_words_and_word_map_in_step():
    rows = [
        Row(f"r:{place}", " ".join(row["tokens"]), words=tuple(row["tokens"]), tags=(0,) * len(row["tokens"]))
        for place, row in enumerate(tag_rows_of(40))
    ]
    for arm in arms(stress=True):
        for trial in trials(arm, rows, seed=0).changed:
            assert len(trial.word_map) == len(rows[trial.place].words)
            places = [place for word in trial.word_map for place in word]
            assert places == sorted(set(places))
            assert all(place < len(trial.edited.words) for place in places)


def test_entities_are_read_alike_in_every_scheme():
    expected = [Entity(0, 2, "PER"), Entity(2, 3, "PER"), Entity(4, 5, "LOC")]
    assert entities(["B-PER", "I-PER", "B-PER", "O", "B-LOC"]) == expected
    assert entities(["B-PER", "E-PER", "S-PER", "O", "S-LOC"]) == expected
    assert entities(["B-PER", "L-PER", "U-PER", "O", "U-LOC"]) == expected
    assert entities(["I-PER", "I-PER", "B-PER", "O", "I-LOC"]) == expected
    assert entities(["PER", "PER", "O", "LOC"]) == [Entity(0, 2, "PER"), Entity(3, 4, "LOC")]
    assert entities(["I-PER", "I-LOC"]) == [Entity(0, 1, "PER"), Entity(1, 2, "LOC")]
    assert entities([]) == []


def test_fates_follow_the_words():
    word_map = ((0,), (1, 2), (), (3,))
    assert moved(Entity(0, 2, "PER"), word_map) == Entity(0, 3, "PER")
    assert moved(Entity(2, 3, "ORG"), word_map) is None
    before = [Entity(0, 2, "PER"), Entity(2, 3, "ORG"), Entity(3, 4, "LOC")]
    assert fates(before, [Entity(0, 3, "PER"), Entity(3, 4, "LOC")], word_map) == Fates(kept=2)
    assert fates(before, [Entity(1, 3, "PER")], word_map) == Fates(changed=1, lost=1)
    assert fates([], [Entity(0, 1, "PER")], word_map) == Fates(spurious=1)


tag_lists = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(tag_lists, tag_lists)
def test_every_entity_has_one_fate_and_an_unedited_sentence_keeps_all(before, after):
    length = min(len(before), len(after))
    one, two = entities(before[:length]), entities(after[:length])
    same = tuple((place,) for place in range(length))
    assert fates(one, two, same).before == len(one)
    assert fates(one, one, same) == Fates(kept=len(one))
    covered = sorted(word for entity in one for word in range(entity.start, entity.end))
    assert covered == [place for place, tag in enumerate(before[:length]) if tag != "O"]


def test_the_share_of_clustered_outcomes_covers_and_does_not_alarm_too_often():
    rng = np.random.default_rng(2)
    covered, draws, truth = 0, 600, 0.05
    for _ in range(draws):
        totals = rng.integers(1, 5, size=150)
        together = rng.random(150) < truth
        apart = rng.binomial(totals, truth)
        hits = np.where(rng.random(150) < 0.5, together * totals, apart).astype(float)
        low, high = clustered_share(hits, totals.astype(float)).interval()
        covered += low <= truth <= high
    assert covered / draws > 0.93


def test_a_share_without_exceptions_counts_rows_and_not_entities():
    totals = np.full(30, 10.0)
    assert clustered_share(np.zeros(30), totals).interval()[1] == pytest.approx(0.1157, abs=1e-4)
    assert clustered_share(totals, totals).interval()[0] == pytest.approx(0.8843, abs=1e-4)
    assert clustered_share(np.array([1.0]), np.array([2.0])).value is None


@pytest.mark.parametrize(("lost", "gained"), [(0.03, 0.03), (0.10, 0.02), (0.004, 0.0)])
def test_the_f1_drop_covers(lost, gained):
    rng = np.random.default_rng(4)

    def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
        true = rng.integers(1, 4, size=rows)
        found = rng.binomial(true, 0.85)
        dropped = rng.binomial(found, lost)
        again = rng.binomial(true - found, gained)
        extra = rng.random(rows) < 0.1
        after = found - dropped + again
        before_counts = np.stack([found, found + extra, true], axis=1).astype(float)
        return before_counts, np.stack([after, after + extra, true], axis=1).astype(float)

    big = draw(400_000)
    truth = f1_drop(*big).value
    intervals = [f1_drop(*draw(150)).interval() for _ in range(400)]
    assert np.mean([low <= truth <= high for low, high in intervals]) > 0.93


def test_an_f1_without_change_is_no_certainty():
    counts = np.tile([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], (25, 1))
    estimate = f1_drop(counts, counts)
    assert estimate.value == 0.0
    assert estimate.interval()[1] == pytest.approx(2.0096**2 / 50, rel=1e-3), "paired: what stays adds no noise"
    assert f1_drop(np.zeros((5, 3)), np.zeros((5, 3))).value is None


def test_the_design_effect_is_one_apart_and_the_cluster_size_together():
    values = np.random.default_rng(0).normal(size=300)
    assert design_effect(values, np.arange(300)) == pytest.approx(1.0)
    assert design_effect(np.repeat(values, 4), np.repeat(np.arange(300), 4)) == pytest.approx(4.0)
    assert design_effect(np.full(300, 0.1), np.repeat(np.arange(100), 3)) == 3.0, "likeness can't be seen"
