"""Membership inference with a base model: what its states add, and what they keep from being called memory."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.privacy.membership.checker import MembershipInference
from modelaudit.errors import CapabilityError
from modelaudit.subject.opened import OpenedModel
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit

WORDS = [
    f"{first}{second}" for first in ("ba", "ko", "mi", "tu", "re", "lo", "sa") for second in ("n", "r", "st", "l", "x")
]
SUITE, P, GUARD = ("membership_auc", "largest of the suite"), ("suite_p", None), ("base_model_auc", None)
DISTILLED = ("membership_auc", "distilled-reference attack")
RISK = ("at_risk_share", "distilled-reference attack")


def sentences(n, seed, *, noise=0.5):
    """Rows of ten words; the label is that of the first word's half of the list, or at random with chance `noise`."""
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        words = draw.choice(len(WORDS), 10)
        label = int(draw.integers(2)) if draw.random() < noise else int((words < len(WORDS) // 2).sum() > 5)
        rows.append({"text": " ".join(WORDS[word] for word in words), "label": str(label)})
    return rows


@cache
def trained(*, epochs, noise, rows=200):
    """The model, fine-tuned on its own rows, and the base model that it began as, without a head."""
    members = sentences(rows, 1, noise=noise)
    texts = [row["text"] for row in members]
    made = {"labels": ["0", "1"], "task": "text-classification", "layers": 2, "hidden": 64, "heads": 2, "seed": 0}
    (model, tokenizer), (other, _) = compact_model(texts, **made), compact_model(texts, **made)
    with torch.no_grad():
        for start in (model, other):
            for parameter in start.bert.parameters():
                parameter.mul_(3.0)  # an untrained encoder gives all rows about the same states otherwise
    fit(model, tokenizer, members, task="text-classification", epochs=epochs, learning_rate=1e-3, seed=0)
    return (model, tokenizer), OpenedModel(model=other.bert, tokenizer=tokenizer, name="base")


def subject(*, epochs=25, noise=0.6, members=None, heldout=None, **more):
    model, base = trained(epochs=epochs, noise=noise)
    return subject_of(
        model,
        data=heldout or sentences(300, 2, noise=noise),
        train_data=members or sentences(200, 1, noise=noise),
        base=base,
        **more,
    )


def test_a_base_model_adds_the_distilled_reference_and_a_guard():
    found = findings_of(MembershipInference(), subject())
    assert exceeds(found[SUITE], 0.55)
    assert found[SUITE].confounded is None
    assert found[P].metric.value < 0.002
    low, high = (found[GUARD].metric.bounds[3].low, found[GUARD].metric.bounds[3].high)
    assert low < 0.5 < high
    assert found[DISTILLED].metric.value > 0.6
    beyond = found["auc_beyond_base", "log-odds attack"]
    assert beyond.metric.bounds[3].low > 0.05
    assert "came with fine-tuning" in beyond.statement


def test_rows_that_were_never_seen_are_not_accused():
    found = findings_of(MembershipInference(), subject(members=sentences(200, 7, noise=0.6)))
    assert not exceeds(found[SUITE], 0.55, p=0.05)
    assert found[P].metric.value > 0.02
    assert found[RISK].metric.value < 0.05


def test_a_difference_in_difficulty_that_texts_and_labels_do_not_show_is_confounded_by_the_base_model():
    model, base = trained(epochs=6, noise=0.0)
    easy, hard = sentences(300, 21, noise=0.0), sentences(300, 22, noise=0.9)
    of = subject_of(model, data=hard, train_data=easy, base=base)
    found = findings_of(MembershipInference(), of)
    assert found["membership_auc", "loss attack"].metric.value > 0.6, "the model finds the easy rows easier"
    assert found["blind_auc", None].metric.bounds[3].low < 0.52, "words and labels alone do not show it"
    assert "succeeds on the base model" in found[SUITE].confounded
    without = findings_of(MembershipInference(), subject_of(model, data=hard, train_data=easy))
    assert "no base model was given" in without[GUARD].statement
    assert without[GUARD].metric.value is None


@pytest.mark.parametrize(
    ("tier", "more"), [("reference-heads", {"references": 16}), ("reference-lora", {"lora_references": 2})]
)
def test_reference_tiers_make_all_their_attacks_and_still_accuse_nobody_who_was_not_seen(tier, more):
    if tier == "reference-lora":
        pytest.importorskip("peft")
    checker = MembershipInference(tier=tier, **more)
    found = findings_of(checker, subject())
    names = [row[0] for row in next(e for e in found[SUITE].evidence if e.title.startswith("The suite")).rows]
    assert {"LiRA attack, Student-t", "LiRA attack, online", "LiRA attack, offline"} <= set(names)
    assert {"RMIA ratio attack, online", "regression-calibrated attack", "loss attack"} <= set(names)
    assert exceeds(found[SUITE], 0.55)
    if tier == "reference-heads":
        clean = findings_of(checker, subject(members=sentences(200, 7, noise=0.6)))
        assert clean[P].metric.value > 0.02


def test_where_only_the_head_was_trained_the_headline_is_the_ratio_to_heads_that_were_trained_alike():
    (model, tokenizer), base = trained(epochs=6, noise=0.0)
    alike = copy.deepcopy(model)
    alike.bert.load_state_dict(base.model.state_dict(), strict=False)
    given = {"data": sentences(150, 2), "train_data": sentences(150, 1), "base": base}
    checker = MembershipInference(tier="reference-heads", references=4)
    found = findings_of(checker, subject_of((alike, tokenizer), **given))
    assert ("at_risk_share", "RMIA ratio attack, online") in found
    assert RISK in findings_of(checker, subject_of((model, tokenizer), **given))


def test_the_order_of_rows_changes_nothing_with_references_either():
    of, checker = subject(), MembershipInference(tier="reference-heads", references=4)
    one = list(checker.run(context_of(of, checker)))
    other = list(checker.run(context_of(of, checker, data=backwards(of.data))))
    assert one == other


def test_rows_at_risk_are_named_by_id_and_false_alarms_among_them_are_few():
    found = findings_of(MembershipInference(), subject(heldout=sentences(1_200, 2, noise=0.6)))
    risk = found[RISK]
    assert "most 10% of such rows are false alarms" in risk.statement or "No training row" in risk.statement
    for table in risk.evidence:
        assert all(row[0].startswith("training:") for row in table.rows)
        assert not any(word in table.model_dump_json() for word in WORDS if len(word) > 3)


def test_what_cannot_be_done_is_refused_with_the_next_step():
    with pytest.raises(CapabilityError, match="base_model="):
        findings_of(
            MembershipInference(tier="reference-heads"),
            subject_of(trained(epochs=6, noise=0.0)[0], data=sentences(150, 2), train_data=sentences(150, 1)),
        )
    with pytest.raises(ValueError, match="give one of no-training, reference-heads, reference-lora"):
        MembershipInference(tier="best")
    with pytest.raises(ValueError, match="even number"):
        MembershipInference(tier="reference-heads", references=3)


def test_classes_and_repeated_rows_stand_in_tables_of_their_own():
    members = sentences(200, 1, noise=0.6)
    found = findings_of(MembershipInference(), subject(members=members + members[:60] * 4))
    tables = {table.title: table for table in found[SUITE].evidence if table.kind == "table"}
    by_class = next(table for title, table in tables.items() if title.startswith("Leakage by class"))
    assert {row[0] for row in by_class.rows} == {"0", "1"}
    by_times = next(table for title, table in tables.items() if "stands in the training data" in title)
    assert [row[0] for row in by_times.rows] == ["once", "4 times or more"]


def test_near_copies_are_left_out_and_many_of_them_withhold_the_verdict():
    members = sentences(200, 1, noise=0.6)
    copies = [{**row, "text": row["text"] + " n"} for row in members]
    few = findings_of(MembershipInference(), subject(heldout=sentences(600, 2, noise=0.6) + copies[:20]))
    assert few["near_duplicate_share", None].metric.value == pytest.approx(20 / 620)
    assert few[SUITE].metric.n == 780, "the 20 training rows that have a copy go as well"
    assert few[SUITE].confounded is None
    many = findings_of(MembershipInference(), subject(heldout=sentences(60, 2, noise=0.6) + copies[:150]))
    assert "equal or nearly equal a training row" in many[SUITE].confounded
