"""Perturbation where answers are words: spans of a context, texts, continuations, and hidden tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from measured import backwards, context_of, exceeds, findings_of, subject_of
from planted_language import PlantedForCausalLM, PlantedForMaskedLM, planted_language
from prompt_models import question_answerer, question_rows, word_tokenizer
from transformers import BertConfig, BertForSequenceClassification, T5Config, T5ForConditionalGeneration

from modelaudit.checker import Answers, Cost
from modelaudit.checkers.robustness.attack.checker import AdversarialSearch
from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.answer_effects import AnswerEffects, Said
from modelaudit.checkers.robustness.perturbation.arms import Arm
from modelaudit.checkers.robustness.perturbation.scales import ON_PROMPTS, SHORT_ANSWERS, scale_of
from modelaudit.checkers.robustness.perturbation.sides import CONTEXT, QUESTION, kept_spans
from modelaudit.checkers.robustness.perturbation.suited import suited
from modelaudit.checkers.robustness.perturbation.trials import Sample, Trial, trials
from modelaudit.rows import Row
from modelaudit.text import bundled_perturbations
from modelaudit.text.perturbations import LowerCase, PunctuationDrop, SpacingDouble, Typos, UpperCase

SWAPS = (Typos(("swap",)), SpacingDouble())
BOTH = ("person", "travelled")
WORDS = tuple("claim paid court ruled clerk wrote judge asked bank lent city built".split())  # noqa: SIM905


def interval(finding, level=0.95):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == level)


def test_a_model_that_loses_answers_under_typing_errors_is_found_and_its_twin_is_not():
    rows = question_rows(240)
    fragile = findings_of(Perturbation(SWAPS), subject_of(question_answerer(cues=BOTH[:1]), data=rows))
    assert exceeds(fragile["flip_rate", "question: typing errors"], 0.05)
    assert exceeds(fragile["accuracy_drop", "question: typing errors"], 0.03)
    assert fragile["accuracy_drop", "question: typing errors"].metric.title == "Exact match lost"
    assert fragile["flip_rate", "context: typing errors"].metric.value == 0.0

    sound = findings_of(Perturbation(SWAPS), subject_of(question_answerer(cues=BOTH), data=rows))
    for kind in ("question: typing errors", "context: typing errors"):
        assert sound["flip_rate", kind].metric.value == sound["accuracy_drop", kind].metric.value == 0.0
        assert interval(sound["flip_rate", kind])[1] < 0.05


def test_the_numbers_do_not_hang_on_the_order_of_rows():
    subject = subject_of(question_answerer(cues=BOTH[:1]), data=question_rows(60))
    found = findings_of(Perturbation(SWAPS[:1]), subject)
    turned = findings_of(Perturbation(SWAPS[:1]), subject, data=backwards(subject.data))
    assert {key: each.metric for key, each in found.items()} == {key: each.metric for key, each in turned.items()}


def test_no_change_of_a_context_touches_an_answer_and_its_place_moves_along():
    text = "The Clerk said in the court that Anna Bell had paid the claim, and Anna Bell agreed."
    span = (text.index("Anna Bell"), text.index("Anna Bell") + 9)
    row = Row("t:1", text, companion="Who paid?", answers=("Anna Bell",), spans=(span,))
    for change in (UpperCase(), LowerCase(), Typos(("delete",)), SpacingDouble(), PunctuationDrop()):
        for level in change.levels:
            sample = Sample.of([row], (), CONTEXT, [kept_spans(row, "paid the claim")])
            for trial in trials(Arm(change, level, CONTEXT), sample, seed=level).changed:
                [(start, end)] = trial.edited.spans
                assert trial.edited.text[start - 1 : end + 1] == " Anna Bell "
                assert "paid the claim," in trial.edited.text, "nor the model's own answer"
                assert trial.edited.companion == "Who paid?"
                assert trial.edited.text != text
    asked = trials(Arm(UpperCase(), 1, QUESTION), Sample.of([row], (), QUESTION), seed=0).changed[0].edited
    assert (asked.companion, asked.text, asked.spans) == ("WHO PAID?", text, (span,))


def test_what_is_lost_is_counted_by_hand():
    rows = [Row(f"t:{i}", "context", companion="q", answers=(truth,)) for i, truth in enumerate("abcd")]
    said = Said(_answers("A.", "the b", "x", "d e"), np.full(4, np.nan))
    effects = AnswerEffects(tuple(rows), said, scale_of("question-answering", rows))
    tried = [Trial(place, row, (), 1) for place, row in enumerate(rows)]
    after = Said(_answers("a", "x", "c", "d e"), np.full(4, np.nan))
    effect = effects.effect(tried, after, unread=np.zeros(4, bool), same_input=np.zeros(4, bool))
    assert effect.flip.value == 0.5, "'A.' and 'a' are one answer"
    assert (effect.drop.value, effect.harm.value, effect.repair.value) == (0.0, 0.5, 0.5)
    assert effect.also.value == pytest.approx(0.0), "b's F1 is lost, c's is gained"
    assert effects.score() == 0.5
    assert effect.identical == 1


def test_prompts_without_room_and_changes_that_were_cut_off_are_left_out():
    rows = [Row(f"t:{i}", "prompt", answer=" a") for i in range(3)]
    answers = replace(_answers("a", "a", ""), log_probs=np.array([0.0, 0.0, np.nan]), truncated=np.array([0, 1, 0]) > 0)
    effects = AnswerEffects(tuple(rows), Said(answers, np.full(3, 0.5)), SHORT_ANSWERS)
    tried = [Trial(place, row, (), 1) for place, row in enumerate(rows)]
    same = np.ones(3, bool)
    unread = effects.unread(None, tried, Said(answers, np.full(3, 0.5)), same)
    assert unread.tolist() == [False, True, True]
    effect = effects.effect(tried, Said(answers, np.array([np.nan, 0.5, 0.5])), unread=unread, same_input=same)
    assert (effect.left_out, len(effect.trials), effect.drop.value) == (2, 1, 0.0)


def _answers(*texts):
    n = len(texts)
    return Answers(texts, np.zeros(n), np.ones(n, bool), np.zeros(n, bool))


def test_prompts_with_short_answers_are_scored_word_for_word_and_others_by_the_probability_of_the_right_one():
    short = [Row("t:1", "p", answer=" paid"), Row("t:2", "p", answer=" in full")]
    assert scale_of("text-generation", short) is SHORT_ANSWERS
    assert scale_of("text-generation", [replace(row, answer=" word" * 11) for row in short]) is ON_PROMPTS
    assert scale_of("text-generation", [replace(row, answer=None) for row in short]) is ON_PROMPTS


def prompts(n, *, seed=1):
    rng = np.random.default_rng(seed)
    return [
        {"prompt": f"Note {i} " + " ".join(map(str, rng.choice(WORDS, 6))) + " verdict", "answer": "granted"}
        for i in range(n)
    ]


def test_a_language_model_that_hangs_on_the_letter_case_of_a_prompt_is_found_and_its_twin_is_not():
    case = [LowerCase(), UpperCase()]
    adds = {("verdict", "granted"): 9.0, ("verdict", "verdict"): -9.0, ("granted", "."): 30.0}
    # "[UNK]" stands for what is not known, as words in capitals are not here.
    fragile = planted_language(PlantedForCausalLM, [*WORDS, "verdict", "granted", "denied", "."], adds=adds)
    found = findings_of(Perturbation(case), subject_of(fragile, data=prompts(40)))
    assert found["flip_rate", "letter case"].metric.value > 0.5
    assert exceeds(found["accuracy_drop", "letter case"], 0.03)
    everywhere = {("[CLS]", "granted"): 9.0, ("granted", "."): 30.0}
    sound = planted_language(PlantedForCausalLM, [*WORDS, "verdict", "granted", "denied", "."], adds=everywhere)
    assert findings_of(Perturbation(case), subject_of(sound, data=prompts(40)))[
        "accuracy_drop", "letter case"
    ].metric.value == pytest.approx(0.0)


def test_what_a_model_writes_is_compared_and_held_against_the_right_text():
    rng = np.random.default_rng(0)
    rows = [
        {"text": f"{i} " + " ".join(map(str, rng.choice(WORDS, 8))) + ".", "summary": "the court ruled"}
        for i in range(20)
    ]
    torch.manual_seed(0)
    tokenizer = word_tokenizer([*WORDS, "the", "."])
    tokenizer.add_special_tokens({"eos_token": "[SEP]"})
    small = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "initializer_factor": 8.0}
    config = T5Config(
        vocab_size=len(tokenizer), decoder_start_token_id=0, pad_token_id=0, eos_token_id=3, tie_word_embeddings=False,
        **small,
    )  # fmt: skip
    subject = subject_of((T5ForConditionalGeneration(config).eval(), tokenizer), data=rows, preset="quick")
    found = findings_of(Perturbation([UpperCase(), SpacingDouble()]), subject)
    flip, drop = found["flip_rate", "letter case"].metric, found["accuracy_drop", "letter case"].metric
    assert flip.value > 0.0, "words in capitals are not known, and something else is written"
    assert not flip.primary, "a text of many words changes with little cause"
    assert (drop.title, drop.unit, drop.primary) == ("chrF lost", "chrF", True)
    assert found["flip_rate", "spacing"].metric.value == 0.0
    cells = found["accuracy_drop", "letter case"].evidence[0]
    assert cells.columns[-2] == "unlike the text written before, chrF points"
    assert float(cells.rows[0][-2]) > 0
    assert "structurally invariant" in found["flip_rate", "spacing"].statement


def test_a_masked_model_that_recovers_words_by_their_neighbours_loses_them_when_these_are_mistyped():
    rows = [{"text": f"claim paid {WORDS[2 + i % 10]} {WORDS[2 + i // 10]} settled"} for i in range(60)]
    adds = {("claim", "settled"): 9.0, ("claim", "claim"): -9.0, ("[CLS]", "paid"): 3.0}
    for cue, kept in (("claim", False), ("[CLS]", True)):
        told = {(cue if word == "claim" else word, later): weight for (word, later), weight in adds.items()}
        planted = planted_language(PlantedForMaskedLM, [*WORDS, "settled"], adds=told)
        found = findings_of(Perturbation([Typos(("swap",))]), subject_of(planted, data=rows, preset="quick"))
        flip = found["flip_rate", "typing errors"].metric
        assert (flip.title, flip.primary) == ("Recovered tokens lost", False)
        assert (flip.value == 0.0) == kept
        assert found["accuracy_drop", "typing errors"].metric.title == "Recovery of hidden tokens lost"


@pytest.fixture(scope="module")
def pairs():
    torch.manual_seed(1)
    tokenizer = word_tokenizer(WORDS, pairs=True)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        initializer_range=2.0, num_labels=2,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    sentences = [" ".join(map(str, rng.choice(WORDS, 5))) for _ in range(80)]
    rows = [
        {"premise": f"{one}.", "hypothesis": f"{other}.", "label": i % 2}
        for i, (one, other) in enumerate(zip(sentences[:40], sentences[40:], strict=True))
    ]
    return subject_of((BertForSequenceClassification(config).eval(), tokenizer), data=rows, preset="quick")


def test_either_text_of_a_pair_is_changed_by_itself(pairs):
    asked = []
    model = pairs.model

    class Listening:
        def __getattr__(self, name):
            return getattr(model, name)

        def predict(self, rows):
            asked.append(rows)
            return model.predict(rows)

    ctx = context_of(pairs, Perturbation())
    ctx.model = Listening()
    found = {finding.metric.group: finding for finding in Perturbation([UpperCase()]).run(ctx)}
    assert {"first text: letter case", "second text: letter case"} < {*found}
    originals, first, second, *_ = asked
    assert [row.companion for row in first] == [row.companion for row in originals]
    assert [row.text.lower() for row in first] == [row.text for row in originals] != [row.text for row in first]
    assert [row.text for row in second] == [row.text for row in originals]
    assert all(row.companion.isupper() for row in second)


def test_the_attack_edits_the_first_text_of_a_pair_and_leaves_the_second_alone(pairs):
    found = list(AdversarialSearch(queries=12).run(context_of(pairs, AdversarialSearch())))
    assert any(finding.metric.value is not None for finding in found)


def test_dear_answers_are_asked_for_fewer_rows_and_fewer_kinds_and_the_cost_says_so(pairs):
    bundled = bundled_perturbations()
    quick, standard, full = (suited(bundled, "text-generation", each) for each in ("quick", "standard", "full"))
    assert {each.family for each in quick} >= {"typing errors", "letter case", "punctuation", "spacing"}
    assert len(quick) < len(standard) < len(full) < len(bundled)
    assert "distractor sentences" in {each.name for each in suited(bundled, "question-answering", "quick")}
    assert "distractor sentences" not in {each.name for each in suited(bundled, "text2text-generation", "full")}
    table = pairs.info.evaluation.model_copy(update={"rows": 1000, "mean_tokens": 10.0})
    info = pairs.info.model_copy(update={"task": "text-generation", "evaluation": table})
    # Each of 80 rows as it is and with either text changed, 16 tokens each.
    assert Perturbation([UpperCase()]).cost(info) == Cost(evaluations=80 * 3 * 16, tokens=80 * 3 * 16 * 10)
