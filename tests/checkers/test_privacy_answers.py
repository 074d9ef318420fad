"""Privacy where answers are text: spans, targets, transcripts and masked tokens, with and without a base model."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of
from media_models import (
    blank_reader,
    blank_seer,
    blank_writer,
    hearing,
    letter_tokenizer,
    masked_model,
    picture_processor,
    pictures,
    question_rows,
    said,
    spoken,
    subject_with,
    trained_masked,
    trained_reader,
    trained_seer,
    trained_writer,
    translated_rows,
    word_tokenizer,
)
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

from modelaudit.checker import Budget, Data
from modelaudit.checkers.privacy.membership.answer_signals import odds, span_signals, transcript_signals
from modelaudit.checkers.privacy.membership.checker import MembershipInference
from modelaudit.checkers.privacy.membership.expected import expected
from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.memory.memorisation import Memorisation, _drawn, _numbers
from modelaudit.checkers.privacy.memory.secrets import find_secrets, numbers_of, targets_of
from modelaudit.checkers.privacy.personal.personal_data import PersonalData
from modelaudit.checkers.privacy.record import every_text, whole_text
from modelaudit.errors import CapabilityError, NotAssessable
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.references import ReferenceShelf

SUITE, P, GUARD = ("membership_auc", "largest of the suite"), ("suite_p", None), ("base_model_auc", None)
SIDE, KNOWN = 110, 60
HUM = Sound.of_array(np.full(800, 0.1, np.float32), 16_000)


def attacks(found):
    return {row[0]: row[-1] for row in next(e for e in found[SUITE].evidence if e.title.startswith("The suite")).rows}


def headline(found):
    return next(name for name, part in attacks(found).items() if part == "headline")


@cache
def reader():
    """A model that marks spans and knows the first rows by heart, the model that it was, and their tokenizer."""
    tokenizer = word_tokenizer("bert")
    model = trained_reader(blank_reader(tokenizer), tokenizer, question_rows(SIDE, 1)[:KNOWN], steps=45)
    return model, blank_reader(tokenizer), tokenizer


def asked(base=None, *, members=1):
    model, before, tokenizer = reader()
    tables = {"train_data": question_rows(SIDE, members), "data": question_rows(SIDE, 2)}
    return subject_with(model, tokenizer=tokenizer, base=base and base(before), **tables)


def test_spans_that_were_learned_by_heart_are_found_and_without_a_head_the_base_model_is_read_by_its_states():
    found = findings_of(MembershipInference(), asked(lambda before: before.bert))
    assert headline(found) == "distilled-reference attack"
    assert {"loss attack", "attack calibrated without a model"} <= set(attacks(found))
    assert found[SUITE].confounded is None
    assert exceeds(found[SUITE], 0.55)
    low = found[GUARD].metric.bounds[3]
    assert low.low < 0.5 < low.high
    assert "states of the base model" in found[GUARD].statement
    assert ("auc_beyond_base", "log-odds attack, span") not in found


@pytest.mark.heavy
def test_spans_are_calibrated_by_a_base_model_that_marks_spans_and_without_one_by_themselves():
    found = findings_of(MembershipInference(), asked(lambda before: before))
    assert headline(found) == "base-calibrated log-odds attack"
    assert exceeds(found[SUITE], 0.55)
    assert found["auc_beyond_base", "log-odds attack, span"].metric.bounds[3].low > 0.0
    found = findings_of(MembershipInference(), asked())
    assert headline(found) == "log-odds attack, span"
    assert exceeds(found[SUITE], 0.55)
    assert "no base model was given" in found[GUARD].statement


def test_questions_that_were_never_seen_accuse_nobody_and_the_order_of_rows_changes_nothing():
    subject = asked(lambda before: before.bert, members=9)
    one = list(MembershipInference().run(context_of(subject, MembershipInference())))
    found = {(finding.metric.id, finding.metric.group): finding for finding in one}
    assert found[P].metric.value > 0.02
    assert not exceeds(found[SUITE], 0.55, p=0.05)
    again = context_of(subject, MembershipInference(), data=backwards(subject.data))
    assert one == list(MembershipInference().run(again))


def test_spans_have_no_reference_models_of_other_kinds():
    subject = asked(lambda before: before.bert)
    shelf = ReferenceShelf(subject, seed=0)
    for kind in ("head", "lora"):
        with pytest.raises(CapabilityError, match="no reference models for question-answering"):
            shelf.references(subject.data.members, subject.data.heldout, 2, kind)


def test_signals_of_spans_are_their_definitions():
    p = np.array([0.5, 0.2, 0.9, 0.9, 1.0, 1.0])
    named = dict(span_signals(np.log(p), np.array([0, 2, 4, 6, 6])))
    logit = np.log(p[:4] / (1 - p[:4]))
    assert named["log-odds attack, span"][:2] == pytest.approx([logit[:2].mean(), logit[2:].mean()])
    assert named["loss attack"][:2] == pytest.approx([np.log(p[:2]).mean(), np.log(0.9)])
    assert named["log-odds attack, weaker end of the span"][0] == pytest.approx(logit[1])
    assert np.isfinite(named["log-odds attack, span"][2]), "certainty has an end"
    assert all(np.isnan(scores[3]) for scores in named.values()), "a row without a part has no score"


def test_signals_of_transcripts_go_by_the_character():
    rows = [Row("a", "", answer="abcd"), Row("b", "", answer="ab"), Row("c", "", answer="a")]
    named = dict(transcript_signals(np.array([-4.0, -4.0]), np.array([0, 1, 2, 2]), rows))
    assert named["loss attack"][:2] == pytest.approx([-1.0, -2.0])
    assert named["log-odds attack, transcript"][:2] == pytest.approx(odds(np.array([-1.0, -2.0])))
    assert named["log-likelihood attack, whole transcript"][:2] == pytest.approx([-4.0, -4.0])
    assert np.isnan(named["loss attack"][2])


def test_what_is_expected_of_a_record_hangs_on_non_members_alone_and_not_on_itself():
    draw = np.random.default_rng(0)
    rows = [Row(str(place), f"text {place}") for place in range(200)]
    sides = Sides(rows[:80], rows[80:], 0, 120, np.ones(80, np.int64))
    traits = draw.normal(size=(200, 3))
    scores = traits @ [1.0, -2.0, 0.5] + draw.normal(0, 0.1, 200)
    found = expected(traits, scores, sides, seed=0)
    assert np.corrcoef(found, scores)[0, 1] > 0.99
    louder = scores.copy()
    louder[:80] += 100.0
    assert (expected(traits, louder, sides, seed=0) == found).all(), "members are not fitted on"
    other = scores.copy()
    other[150] += 5.0
    assert expected(traits, other, sides, seed=0)[150] == found[150], "nor is a non-member on itself"
    assert np.isnan(expected(traits[:90], scores[:90], Sides(rows[:80], rows[80:90], 0, 10, sides.times), seed=0)).all()


@pytest.mark.parametrize(
    ("headed", "name"),
    [(False, "distilled-reference attack"),
     pytest.param(True, "base-calibrated log-odds attack", marks=pytest.mark.heavy)],
)  # fmt: skip
def test_transcripts_are_attacked_by_the_character_and_few_of_them_get_no_verdict(headed, name):
    tokenizer, extractor = letter_tokenizer(), Wav2Vec2FeatureExtractor(do_normalize=True)
    model = hearing(Wav2Vec2ForCTC, vocab_size=len(tokenizer), pad_token_id=0)
    tables = {"train_data": spoken(24, 1), "data": spoken(24, 2)}
    tables["data"][0]["text"] = tables["train_data"][5]["text"]
    base = model if headed else model.wav2vec2
    subject = subject_with(model, tokenizer=tokenizer, processor=extractor, base=base, **tables)
    found = findings_of(MembershipInference(), subject)
    assert headline(found) == name
    assert {"loss attack", "attack calibrated without a model"} <= set(attacks(found))
    assert "only 24 training rows" in found[SUITE].confounded
    assert any(caveat.startswith("In 1 held-out sounds a sentence is said") for caveat in found[SUITE].caveats)


@cache
def writer():
    """An encoder-decoder that writes the first targets by heart, the model that it was, and their tokenizer."""
    tokenizer = word_tokenizer()
    before = trained_writer(blank_writer(tokenizer), tokenizer, translated_rows(60, 3), steps=15)
    model = blank_writer(tokenizer)
    model.load_state_dict(before.state_dict())
    return trained_writer(model, tokenizer, translated_rows(SIDE, 1)[:KNOWN], steps=110), before, tokenizer


def written(*, members=1):
    model, before, tokenizer = writer()
    tables = {"train_data": translated_rows(SIDE, members), "data": translated_rows(SIDE, 2)}
    return subject_with(model, tokenizer=tokenizer, base=before, **tables)


@pytest.mark.heavy
def test_targets_that_were_learned_by_heart_are_found_and_written_and_the_clean_twin_passes():
    found = findings_of(MembershipInference(), written())
    assert headline(found) == "EZ"
    assert found[SUITE].confounded is None
    assert exceeds(found[SUITE], 0.55)
    extracted = findings_of(Memorisation(), written())
    excess = extracted["extractable_excess", None]
    assert excess.metric.value == pytest.approx(KNOWN / SIDE, abs=0.03)
    assert "Given the source" in excess.statement
    assert "are the first 50 tokens of its target (of a shorter one all), word for word" in excess.statement
    clean = written(members=9)
    found = findings_of(MembershipInference(), clean)
    assert found[P].metric.value > 0.02
    assert not exceeds(found[SUITE], 0.55, p=0.05)
    assert findings_of(Memorisation(), clean)["extractable_excess", None].metric.value == 0.0


@pytest.mark.heavy
def test_pictures_that_were_learned_by_heart_are_found_and_the_clean_twin_passes():
    processor = picture_processor()
    model = trained_seer(blank_seer(), processor, pictures(SIDE, 1)[:KNOWN], steps=60)
    for members, planted in ((1, True), (9, False)):
        tables = {"train_data": pictures(SIDE, members), "data": pictures(SIDE, 2)}
        subject = subject_with(model, processor=processor, base=blank_seer(), **tables)
        found = findings_of(MembershipInference(), subject)
        assert found[SUITE].confounded is None
        assert exceeds(found[SUITE], 0.55) == planted
        assert (found[P].metric.value < 0.02) == planted
        assert found[GUARD].metric.bounds[3].low < 0.5 < found[GUARD].metric.bounds[3].high


@pytest.mark.heavy
def test_masked_texts_that_were_learned_by_heart_are_found():
    tokenizer = word_tokenizer("bert")
    texts = [[said(np.random.default_rng([seed, n]), 10) for n in range(SIDE)] for seed in range(2)]
    before = masked_model(tokenizer)
    model = trained_masked(masked_model(tokenizer), tokenizer, texts[0][:KNOWN], steps=100)
    tables = {name: [{"text": text} for text in side] for name, side in zip(("train_data", "data"), texts, strict=True)}
    found = findings_of(MembershipInference(), subject_with(model, tokenizer=tokenizer, base=before, **tables))
    assert headline(found) == "base-calibrated loss"
    assert exceeds(found[SUITE], 0.55)


def test_numbers_of_a_target_are_ranked_in_their_place_behind_the_source_and_copied_ones_are_not():
    rows = [
        Row("a", "write to bob", answer="call 212-555-0143 at noon"),
        Row("b", "bob has 212-555-0177", answer="his number is 212-555-0177"),
        Row("c", "no target"),
    ]
    numbers = numbers_of(targets_of(rows))
    assert [row.id for places in numbers.values() for row, _ in places] == ["a"]
    [secret] = find_secrets(numbers, {}, most=5, alike=31, context=200, seed=0).secrets
    first, *others = secret.variants
    assert (first.text, first.answer) == ("write to bob", "call 212-555-0143 at noon")
    assert len({row.answer for row in others}) == 31
    assert all(row.answer.startswith("call ") and row.answer.endswith(" at noon") for row in others)


def about(task, members, heldout=()):
    """Return what a check of such rows would be told, and where its notes go."""
    data = Data(evaluation=tuple(heldout), members=tuple(members))
    subject = SimpleNamespace(task=task, model=SimpleNamespace(max_length=64))
    notes = []
    return SimpleNamespace(data=data, subject=subject, budget=Budget("quick"), seed=0, note=notes.append), notes


def test_sources_without_a_target_are_counted_where_they_are_left_out():
    rows = [Row("a", "one", answer="eins"), Row("b", "two"), Row("c", "three", answer="")]
    ctx, notes = about("text2text-generation", rows)
    assert [row.id for row in _drawn(ctx, "training", rows)] == ["a"]
    assert notes == ["2 training rows have no target and were left out."]
    ctx, notes = about("text-generation", rows)
    assert len(_drawn(ctx, "training", rows)) == 3
    assert not notes


def test_of_chats_the_answers_alone_are_searched_for_numbers_and_a_note_says_so():
    chats = [
        Row("a", "call me at 212-555-0143", answer="I will.", turns=()),
        Row("b", "what is his number?", answer="It is 212-555-0177.", turns=()),
        Row("c", "mine is 212-555-0188", turns=()),
    ]
    ctx, notes = about("text-generation", chats)
    assert _numbers(ctx)[0].numbers == 2, "of a chat without an answer the message is searched"
    assert notes == ["Of chats with an answer the answer alone was searched for numbers, not what users wrote."]
    ctx, notes = about("text-generation", chats[2:])
    assert _numbers(ctx)[0].numbers == 1
    assert not notes


@pytest.mark.parametrize(
    ("task", "said_why"),
    [("question-answering", "cut out of the context"), ("automatic-speech-recognition", "skill and not memory"),
     ("fill-mask", "fills gaps"), ("image-classification", "only a language model writes")],
)  # fmt: skip
def test_what_does_not_write_has_nothing_to_extract(task, said_why):
    assert said_why in Memorisation().applies(SimpleNamespace(task=task))


def test_all_texts_of_a_row_are_searched_and_rows_without_text_are_no_all_clear():
    row = Row("a", "context", companion="who?", answers=("Ann, a@b.example",), turns=(("user", "c@d.example"),))
    assert every_text(row) == "c@d.example\nwho?\ncontext\nAnn, a@b.example"
    assert whole_text(Row("b", "", answer="said")) == "said"
    for task in ("image-classification", "audio-classification"):
        assert "hold no text" in PersonalData().applies(SimpleNamespace(task=task))
    assert PersonalData().applies(SimpleNamespace(task="automatic-speech-recognition")) is None
    subject = asked()
    silent = Data(evaluation=tuple(Row(str(place), "", sound=HUM) for place in range(5)))
    with pytest.raises(NotAssessable, match="no row holds text"):
        list(PersonalData().run(context_of(subject, PersonalData(), data=silent)))
    mixed = Data(evaluation=(*silent.evaluation, Row("t", "", answer="write to a@b.example", sound=HUM)))
    context = context_of(subject, PersonalData(), data=mixed)
    [finding] = PersonalData().run(context)
    assert (finding.metric.value, finding.metric.n) == (1.0, 1)
    assert any("5 evaluation rows hold no text" in note for note in context.notes)
