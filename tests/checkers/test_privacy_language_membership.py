"""Membership inference on a language model: the suite with and without the model that it was before."""

from __future__ import annotations

from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.privacy.membership.checker import MembershipInference
from modelaudit.subject.opened import OpenedModel
from rememberers import blank, remembering, texts

SUITE, P = ("membership_auc", "largest of the suite"), ("suite_p", None)


def subject(target="model", base="base", *, members=None, heldout=None):
    model, before, tokenizer, inside, outside = remembering()
    handles = {"model": model, "base": before, "blank": blank()}
    return subject_of(
        (handles[target], tokenizer),
        data=[{"text": text} for text in heldout or outside],
        train_data=[{"text": text} for text in members or inside],
        base=None if base is None else OpenedModel(model=handles[base], tokenizer=tokenizer, name="base"),
    )


def attacks(found):
    return {row[0]: row[-1] for row in next(e for e in found[SUITE].evidence if e.title.startswith("The suite")).rows}


def test_texts_that_were_learned_by_heart_are_found_and_the_base_model_is_taken_off():
    found = findings_of(MembershipInference(), subject())
    assert attacks(found)["EZ"] == "headline"
    assert {"loss attack", "zlib", "Min-K%", "Min-K%++", "base-calibrated loss"} <= set(attacks(found))
    assert found[SUITE].confounded is None
    assert exceeds(found[SUITE], 0.55)
    low = found["base_model_auc", None].metric.bounds[3]
    assert low.low < 0.5 < low.high
    assert found["auc_beyond_base", "loss attack"].metric.bounds[3].low > 0.0
    assert found["at_risk_share", "EZ"].metric.value > 0.2


def test_without_a_base_model_the_suite_is_that_of_the_model_alone_and_no_labels_are_asked_for():
    found = findings_of(MembershipInference(), subject(base=None))
    assert attacks(found)["Min-K%++"] == "headline"
    assert "EZ" not in attacks(found)
    assert exceeds(found[SUITE], 0.55)


def test_texts_that_nobody_learned_accuse_nobody():
    for target in ("model", "base"):
        found = findings_of(
            MembershipInference(), subject(target, members=texts(150, seed=31), heldout=texts(150, seed=32))
        )
        assert found[P].metric.value > 0.02
        assert not exceeds(found[SUITE], 0.55, p=0.05)


def test_the_order_of_texts_changes_nothing_and_no_text_is_said():
    of, checker = subject(), MembershipInference()
    one = list(checker.run(context_of(of, checker)))
    assert one == list(checker.run(context_of(of, checker, data=backwards(of.data))))
    said = "\n".join(finding.model_dump_json() for finding in one)
    assert not any(text[:30] in said for text in remembering()[3])
