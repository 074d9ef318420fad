"""Membership inference on planted models: memory is found, its absence is not accused, and a shift is confounded."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.privacy.blind_guard import blind_guard
from modelaudit.checkers.privacy.folds import cross_folds, drawn
from modelaudit.checkers.privacy.membership.attack import Attack, threshold_size
from modelaudit.checkers.privacy.membership.checker import MembershipInference
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.true_label import true_label_scores
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.statistics import p_above
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
LEXICON = {"Ann": "B-PER", "Bob": "B-PER", "Lee": "I-PER", "Rome": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG"}
SUITE, LOG_ODDS = ("membership_auc", "largest of the suite"), ("membership_auc", "log-odds attack")
LOSS, ENTITIES = ("membership_auc", "loss attack"), ("membership_auc", "log-odds attack, entity words")
TPR, REALISED = ("tpr_at_1pct_fpr", "largest of the suite"), ("realised_fpr", "log-odds attack")
GUARD, P = ("blind_auc", None), ("suite_p", None)


def halves(n: int, m: int, *, seed: int = 5) -> tuple[list[dict], list[dict]]:
    """Two random parts of one table; each row has numbers of its own, so no two texts are alike, nor nearly so."""
    rows = planted_rows(n + m, seed, words=WORDS, labels="drawn")
    numbers = np.random.default_rng(seed).permutation(900_000)[: 4 * (n + m)].reshape(n + m, 4) + 100_000
    rows = [
        {**row, "text": f"{row['text']} Case {' '.join(map(str, own))}."}
        for row, own in zip(rows, numbers, strict=True)
    ]
    return rows[:n], rows[n:]


def measured(members, heldout, *, memory=0.0, preset="standard"):
    planted = planted_classifier(WORDS, members=members if memory else (), memory=memory)
    return findings_of(MembershipInference(), subject_of(planted, data=heldout, train_data=members, preset=preset))


def test_planted_memory_is_found_and_its_clean_twin_is_not_accused():
    members, heldout = halves(400, 1_200)
    leaky = measured(members, heldout, memory=3.0)
    assert exceeds(leaky[LOG_ODDS], 0.55)
    assert exceeds(leaky[TPR], 0.02)
    assert leaky[LOG_ODDS].metric.value > 0.75
    assert leaky[LOSS].metric.value == pytest.approx(leaky[LOG_ODDS].metric.value), "two classes: one ranking"
    assert leaky[LOG_ODDS].confounded is None
    assert leaky[SUITE].metric.value >= leaky[LOG_ODDS].metric.value
    assert leaky[P].metric.value < 0.002
    assert "p < 0.001" in leaky[SUITE].statement
    assert "of 2 attacks" in leaky[SUITE].statement, "two classes: all attacks that know the label are one"

    clean = measured(members, heldout)
    low, high = interval(clean[LOG_ODDS])
    assert low < 0.5 < high
    assert not exceeds(clean[LOG_ODDS], 0.55, p=0.05)
    assert not exceeds(clean[TPR], 0.02, p=0.05)
    assert clean[P].metric.value > 0.05
    assert [key for key, finding in clean.items() if finding.metric.primary] == [SUITE, TPR]
    assert "could have been shown" in clean[SUITE].statement


def interval(finding, level=0.95):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == level)


def test_the_attack_scores_the_true_label_and_memory_of_a_wrong_label_is_found_too():
    members, heldout = halves(300, 300)
    flipped = [{**row, "label": 1 - row["label"]} for row in members]
    found = measured(flipped, heldout, memory=6.0)
    assert found[LOG_ODDS].metric.value > 0.9


def test_a_shift_without_memory_is_confounded_and_says_what_to_do():
    members, heldout = halves(300, 300)
    easy = [{**row, "text": "In the spring " + row["text"], "label": int(score(row) > 0)} for row in members]
    found = measured(easy, heldout)
    assert interval(found[LOG_ODDS])[0] > 0.5, "the shift alone lets the attack succeed"
    for key in (SUITE, LOG_ODDS, LOSS, TPR, P):
        assert "differ by themselves" in found[key].confounded
    assert found[GUARD].metric.value > 0.9
    assert found[GUARD].metric.better == "neither"
    assert found[GUARD].confounded is None


def score(row) -> float:
    return sum(weight for word, weight in WORDS.items() for token in row["text"].split() if token.strip(".,") == word)


def test_a_difference_in_labels_alone_is_confounded():
    members, heldout = halves(600, 600)
    found = measured([row for row in members if row["label"] == 1], heldout)
    assert "labels of training rows and held-out rows are mixed differently" in found[SUITE].confounded
    assert "mixed alike" in measured(members, heldout)["label_imbalance", None].statement


def test_the_low_false_alarm_rate_is_not_estimated_from_too_few_rows():
    members, heldout = halves(200, 900)
    found = measured(members, heldout)
    assert found[TPR].metric.value is None
    assert "1000 negatives" in found[TPR].metric.reason
    assert "can't be estimated" in found[TPR].statement
    assert found[REALISED].metric.value is None


def test_the_threshold_gets_the_rows_that_it_needs_and_the_rest_check_it():
    assert threshold_size(900, fpr=0.01) == 450
    assert threshold_size(1_100, fpr=0.01) == 1_000
    assert threshold_size(2_000, fpr=0.01) == 1_000
    assert threshold_size(6_000, fpr=0.01) == 3_000
    members, heldout = halves(100, 1_100)
    found = measured(members, heldout)
    assert found[REALISED].metric.n == 100
    assert "on the other 100 it raised a false alarm" in found[TPR].statement
    assert found["tpr_at_0_1pct_fpr", "largest of the suite"].metric.value is None
    assert "10,000 are needed" in found["tpr_at_0_1pct_fpr", "largest of the suite"].statement


def test_few_rows_are_measured_and_never_judged():
    members, heldout = halves(60, 400)
    for memory in (0.0, 6.0):
        found = measured(members, heldout, memory=memory)
        for key in (SUITE, TPR):
            assert "there are only 60 training rows" in found[key].confounded
            assert "could have been shown" in found[key].confounded
    assert found[SUITE].metric.value > 0.9
    with pytest.raises(NotAssessable, match="1 training rows to attack and 2 are the least; provide more"):
        measured(members[:1], heldout)


def test_sizes_follow_the_preset_and_the_cost_says_so():
    members, heldout = halves(700, 800)
    planted = planted_classifier(WORDS)
    subject = subject_of(planted, data=heldout, train_data=members, preset="quick")
    found = findings_of(MembershipInference(), subject)
    assert found[LOG_ODDS].metric.n == 1_000
    assert MembershipInference().cost(subject.info).evaluations == 1_000
    full = subject_of(planted, data=heldout, train_data=members, preset="full")
    assert MembershipInference().cost(full.info).evaluations == 1_500


def test_rows_of_both_tables_are_removed_before_and_do_not_pass_for_members():
    members, heldout = halves(300, 300)
    subject = subject_of(planted_classifier(WORDS), data=heldout + members[:200], train_data=members)
    found = findings_of(MembershipInference(), subject)
    # 200 rows stand in both tables: they go on both sides, or the one would have more of what is repeated.
    assert found[SUITE].metric.n == 400
    assert found["near_duplicate_share", None].metric.value == pytest.approx(0.4)
    assert any("evaluation rows stood in" in caveat for caveat in found[SUITE].caveats)


def test_where_overlap_took_the_held_out_rows_the_reason_says_so():
    members, _ = halves(300, 10)
    subject = subject_of(planted_classifier(WORDS), data=members, train_data=members)
    with pytest.raises(NotAssessable, match=r"0 held-out rows .* 300 rows that are also in the training data"):
        findings_of(MembershipInference(), subject)


def test_the_order_of_rows_in_memory_changes_nothing():
    members, heldout = halves(150, 1_150)
    subject = subject_of(planted_classifier(WORDS, members=members, memory=1.0), data=heldout, train_data=members)
    one = list(MembershipInference().run(context_of(subject, MembershipInference())))
    turned = backwards(subject.data)
    other = list(MembershipInference().run(context_of(subject, MembershipInference(), data=turned)))
    assert one == other


def test_groups_are_kept_together_and_named_in_a_caveat():
    members, heldout = halves(200, 200)
    for rows, name in ((members, "m"), (heldout, "h")):
        for place, row in enumerate(rows):
            row["document"] = f"{name}{place // 4}"
    subject = subject_of(planted_classifier(WORDS), data=heldout, train_data=members, group_column="document")
    found = findings_of(MembershipInference(), subject)
    assert any("100 documents or persons" in caveat for caveat in found[SUITE].caveats)
    by_document = found["unit_auc", "log-odds attack"]
    assert by_document.metric.n == 100
    assert by_document.metric.primary
    assert by_document.confounded is not None
    assert "there are 50 and 50" in by_document.statement
    assert "could have been shown" in by_document.statement
    folds = cross_folds(subject.data.members, subject.data.heldout, 5, seed=0)
    of_document: dict[str, set[int]] = {}
    for row, fold in zip((*subject.data.members, *subject.data.heldout), folds, strict=True):
        of_document.setdefault(row.group, set()).add(int(fold))
    assert all(len(places) == 1 for places in of_document.values())


def test_groups_that_stand_on_both_sides_are_no_documents_and_get_a_table():
    members, heldout = halves(300, 300)
    for rows in (members, heldout):
        for place, row in enumerate(rows):
            row["gender"] = ("female", "male", "not said")[place % 3]
    for rows in (members, heldout):
        rows[0]["gender"] = None
    subject = subject_of(planted_classifier(WORDS, members=members, memory=3.0), data=heldout, train_data=members,
                         group_column="gender")  # fmt: skip
    found = findings_of(MembershipInference(), subject)
    assert found[SUITE].confounded is None
    assert ("unit_auc", "log-odds attack") not in found
    table = next(item for item in found[SUITE].evidence if item.title.startswith("Leakage by group"))
    assert {row[0] for row in table.rows} == {"female", "male", "not said"}
    assert all(row[4] > 0.55 for row in table.rows)


def test_one_document_a_side_is_measured_and_never_judged():
    members, heldout = halves(150, 150)
    for rows, name in ((members, "m"), (heldout, "h")):
        for row in rows:
            row["document"] = name
    subject = subject_of(planted_classifier(WORDS), data=heldout, train_data=members, group_column="document")
    found = findings_of(MembershipInference(), subject)
    assert found[SUITE].confounded is not None
    assert found[SUITE].metric.bounds == ()


def test_texts_that_the_source_repeats_accuse_nobody():
    alarms = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        letters = planted_rows(40, seed, words={"good": 3.0, "bad": -3.0}, numbered=True)
        rows = halves(1_000, 0, seed=seed)[0] + [letters[place] for place in rng.integers(40, size=120)]
        order = rng.permutation(len(rows))
        one, other = [rows[place] for place in order[:560]], [rows[place] for place in order[560:]]
        planted = planted_classifier({**WORDS, "good": 3.0, "bad": -3.0})
        found = findings_of(MembershipInference(), subject_of(planted, data=other, train_data=one))
        alarms += found[P].metric.value <= 0.05 and found[SUITE].confounded is None
    # At 5 %, three alarms or more of six would come once in four hundred and fifty such tests.
    assert alarms <= 2


def test_answers_that_differ_are_seen_by_the_guard():
    rows = [
        [Row(f"{side}:{n}", "Say it", answer=f" {word} {n * 7919 % 1000}") for n in range(120)]
        for side, word in (("m", "yes of course"), ("h", "no never"))
    ]
    assert blind_guard(*rows, n_labels=0, seed=0).fooled(margin=0.02)


def test_where_the_guard_could_not_be_run_nothing_is_read_as_memory_or_as_its_absence():
    members, heldout = halves(200, 200)
    for rows, name in ((members, "m"), (heldout, "h")):
        for place, row in enumerate(rows):
            row["document"] = f"{name}{place % 6}"
    for memory in (0.0, 3.0):
        planted = planted_classifier(WORDS, members=members if memory else (), memory=memory)
        subject = subject_of(planted, data=heldout, train_data=members, group_column="document")
        found = findings_of(MembershipInference(), subject)
        assert "could not be checked (Too few distinct documents (6)" in found[LOG_ODDS].confounded
        assert found[TPR].confounded is not None


def test_a_tagger_that_remembers_is_attacked_on_the_words_of_entities():
    members = planted_tag_rows(300, 1, lexicon=LEXICON)
    heldout = planted_tag_rows(300, 2, lexicon=LEXICON)
    for seed, rows in enumerate((members, heldout)):
        numbers = np.random.default_rng(7).permutation(10**6)[seed * 300 : seed * 300 + 300]
        for row, number in zip(rows, numbers, strict=True):
            row["tokens"], row["ner_tags"] = [*row["tokens"], str(number)], [*row["ner_tags"], "O"]
    leaky = subject_of(planted_tagger(LEXICON, members=members, memory=2.0), data=heldout, train_data=members)
    found = findings_of(MembershipInference(), leaky)
    assert exceeds(found[ENTITIES], 0.55)
    suite = next(item for item in found[SUITE].evidence if item.title.startswith("The suite"))
    roles = {row[0]: row[-1] for row in suite.rows}
    assert roles["log-odds attack, entity words"] == "headline"
    assert roles["log-odds attack, words outside entities"] == "control, not counted"
    clean = findings_of(MembershipInference(), subject_of(planted_tagger(LEXICON), data=heldout, train_data=members))
    assert not exceeds(clean[SUITE], 0.55, p=0.05)

    bare = [{"tokens": ["It", "was", "late", str(n)], "ner_tags": ["O"] * 4} for n in range(10**6, 10**6 + 300)]
    subject = subject_of(planted_tagger(LEXICON), data=bare, train_data=members)
    ctx = context_of(subject, MembershipInference())
    list(MembershipInference().run(ctx))
    assert any("reads all words" in note for note in ctx.notes)


def test_hostile_rows_go_through_and_no_text_is_in_what_is_said():
    hostile = ["<script>alert(1)</script>", "\u202eevil\u202c", "\x00\x07", "", "\ud800 lone", "😀" * 50, "a" * 5_000]
    members, heldout = halves(80, 80)
    for place, text in enumerate(hostile):
        members.append({"text": f"{text} {place}", "label": place % 2})
        heldout.append({"text": f"{place} {text}", "label": place % 2})
    found = measured(members, heldout)
    for finding in found.values():
        written = finding.model_dump_json()
        assert "script" not in written
        assert "office" not in written


def test_simulated_nulls_alarm_no_more_often_than_a_rate_of_five_percent_allows():
    rng = np.random.default_rng(11)
    alarms = exceeded = 0
    for _ in range(200):
        common = rng.normal(size=300)
        attacks = [Attack(f"attack {place}", *np.split(common + rng.normal(size=300), 2)) for place in range(6)]
        suite = Suite(tuple(attacks), "attack 0", np.arange(150))
        alarms += suite.p(rng).family <= 0.05
        exceeded += p_above(suite.largest_auc(rng).bounds, 0.5) <= 0.025
    assert alarms <= 18
    assert exceeded <= 12


def test_the_guard_keeps_quiet_on_halves_of_one_table_and_sees_a_shift():
    rows = [Row(f"r:{i}", row["text"], label=row["label"]) for i, row in enumerate(halves(2_000, 0)[0])]
    rng = np.random.default_rng(3)
    fooled = 0
    for seed in range(40):
        order = rng.permutation(len(rows))
        one, other = [rows[i] for i in order[:150]], [rows[i] for i in order[150:300]]
        fooled += blind_guard(one, other, n_labels=2, seed=seed).fooled(margin=0.02)
    assert fooled <= 6
    marked = [Row(row.id, f"{row.text} Regards", label=row.label) for row in rows[:75]] + rows[75:150]
    assert blind_guard(marked, rows[150:300], n_labels=2, seed=0).fooled(margin=0.02)


def test_the_guard_does_not_learn_duplicates_by_heart():
    texts = ["".join(letters) for letters in np.random.default_rng(1).choice(list("abcdefgh"), size=(60, 12))]
    members = [Row(f"m:{i}", texts[i % 30], label=0) for i in range(120)]
    heldout = [Row(f"h:{i}", texts[30 + i % 30], label=0) for i in range(120)]
    assert not blind_guard(members, heldout, n_labels=2, seed=0).fooled(margin=0.02)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-12, 12), min_size=3, max_size=3), min_size=1, max_size=6),
    st.integers(0, 2),
)
def test_log_odds_and_loss_are_those_of_the_softmax(logits, label):
    log_odds, loss = true_label_scores(np.array(logits, dtype=np.float64), np.full(len(logits), label))
    for row, odds, nats in zip(logits, log_odds, loss, strict=True):
        weights = [Fraction(math.exp(value)) for value in row]
        p = weights[label] / sum(weights)
        assert nats == pytest.approx(-math.log(p), abs=1e-9)
        assert odds == pytest.approx(math.log(p / (1 - p)), abs=1e-9)


def test_log_odds_do_not_saturate_where_probabilities_round_to_one():
    logits = np.array([[60.0, 0.0], [70.0, 0.0], [np.nan, np.nan], [1.0, 2.0]])
    log_odds, loss = true_label_scores(logits, np.array([0, 0, 0, -1]))
    assert log_odds[0] == pytest.approx(60.0)
    assert log_odds[1] == pytest.approx(70.0)
    assert np.isnan(log_odds[2:]).all()
    assert np.isnan(loss[2:]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 5))
def test_draws_depend_on_content_alone(n, size, seed):
    rows = [Row(f"r:{i}", f"text {i % 7}", label=0) for i in range(n)]
    chosen = [row.id for row in drawn(rows, size, seed=seed)]
    assert len(chosen) == min(n, size)
    assert chosen == [row.id for row in drawn(rows[::-1], size, seed=seed)]
