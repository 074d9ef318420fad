"""Perturbation of answers that are not independent, not read, not right by their words alone, or not there at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured import findings_of, subject_of
from prompt_models import question_answerer, question_rows
from spoken_for import Answering, context

from modelaudit.checker import Answers, TokenStatistics
from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.answer_effects import AnswerEffects, Said
from modelaudit.checkers.robustness.perturbation.documents import Documents
from modelaudit.checkers.robustness.perturbation.masked_effects import MaskedEffects
from modelaudit.checkers.robustness.perturbation.scales import ON_PROMPTS, SHORT_ANSWERS, scale_of
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.prompts.answers import answers_of
from modelaudit.checkers.robustness.prompts.checker import PromptRobustness
from modelaudit.checkers.robustness.prompts.forms import forms_of
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.text.perturbations import SpacingDouble, Typos


def said(*texts, chances=np.nan):
    n = len(texts)
    return Said(Answers(texts, np.zeros(n), np.ones(n, bool), np.zeros(n, bool)), np.full(n, chances))


def tried(rows):
    return [Trial(place, row, (), 1) for place, row in enumerate(rows)]


def questions(contexts, each):
    return [
        Row(f"r:{place}", f"context {place // each}", companion=f"{place}?", answers=("right",))
        for place in range(contexts * each)
    ]


def test_questions_on_one_context_count_as_one_in_every_interval():
    rows, moved = questions(40, 5), np.repeat(np.arange(40) < 4, 5)
    effects = AnswerEffects(tuple(rows), said(*["right"] * 200), scale_of("question-answering", rows))
    after = said(*["wrong" if each else "right" for each in moved])
    none = np.zeros(200, bool)
    effect = effects.effect(tried(rows), after, unread=none, same_input=none)
    alone = AnswerEffects(tuple(replace(row, text=row.id) for row in rows), effects.before, effects.scale)
    apart = alone.effect(tried(alone.rows), after, unread=none, same_input=none)
    for part in ("flip", "drop", "whole", "also", "relative"):
        (low, high), (lower, higher) = (getattr(each, part).interval() for each in (effect, apart))
        assert getattr(effect, part).value == pytest.approx(0.1)
        assert high - low > 1.8 * (higher - lower), "five alike tell hardly more than one"
    keys = effect.flip.influence.keys
    assert len(keys) == len(set(keys)) == 40
    assert effect.drop.influence.keys == keys
    assert apart.flip.method == "clopper-pearson"
    assert apart.drop.method == "tango-score"


def test_the_interval_of_flips_holds_the_truth_where_questions_on_one_context_are_alike():
    rng, rows = np.random.default_rng(0), questions(80, 5)
    units, place, missed = Documents.of(rows), np.arange(400), 0
    for _ in range(400):
        chances = rng.beta(0.4, 3.6, 80)
        low, high = units.flips(rng.random(400) < np.repeat(chances, 5), place).interval()
        missed += not low <= 0.1 <= high
    assert missed / 400 < 0.07, "taken as independent they miss in one of eight"


def test_a_caveat_says_that_the_interval_allows_for_contexts():
    rows = question_rows(60)
    one = [{**row, "context": rows[place // 3 * 3]["context"]} for place, row in enumerate(rows)]
    model = question_answerer(cues=("person", "travelled"))
    for data, contexts in ((one, True), (rows, False)):
        found = findings_of(Perturbation([SpacingDouble()]), subject_of(model, data=data, preset="quick"))
        caveats = [text for finding in found.values() for text in finding.caveats]
        assert any("20 contexts, documents or persons; the interval allows" in text for text in caveats) == contexts
        assert not any("treats rows as independent" in text for text in caveats)


def test_a_sign_lost_from_a_number_is_another_answer_and_a_wrong_one():
    rows = [Row(f"r:{place}", "prompt", answer=" 3") for place in range(4)]
    before, after = ("3", "3.", "-3", "1.5"), ("-3", "3", "-3", "15")
    none = np.zeros(4, bool)
    for scale in (SHORT_ANSWERS, ON_PROMPTS):
        effects = AnswerEffects(tuple(rows), said(*before, chances=0.5), scale)
        effect = effects.effect(tried(rows), said(*after, chances=0.5), unread=none, same_input=none)
        assert effect.flip.value == 0.5
        if scale is SHORT_ANSWERS:
            assert (effects.score(), effect.drop.value) == (0.5, 0.25)


def test_prompts_that_are_answered_with_the_other_sign_are_wrong_in_any_form():
    rows = [Row(f"r:{text}", "2 - 5 is", answer=" -3", columns={"said": text}) for text in ("3", "-3")]
    wrong, right = answers_of(Answering(), forms_of(rows), rows)
    assert (wrong.right, right.right) == (0.0, 1.0)
    assert wrong.key != right.key


def test_a_right_answer_that_no_longer_fits_is_left_out_where_its_probability_is_all_that_counts():
    rows = [Row(f"r:{place}", "prompt", answer=" word" * 20) for place in range(3)] + [Row("r:3", "prompt")]
    for scale, expected in ((ON_PROMPTS, [False, True, True, False]), (SHORT_ANSWERS, [False] * 4)):
        before, after = said(*"abcd", chances=0.5), said(*"abcd", chances=0.5)
        before.chances[[2, 3]] = np.nan
        after.chances[[1, 3]] = np.nan
        effects = AnswerEffects(tuple(rows), before, scale)
        assert effects.unread(None, tried(rows), after, np.zeros(4, bool)).tolist() == expected


def test_a_hidden_token_tells_nothing_of_a_change_behind_what_is_read():
    rows = [Row(f"r:{place}", "text") for place in range(4)]

    def told(cut):
        tokens = np.arange(8) % 2
        return TokenStatistics(
            np.zeros(8), np.zeros(8), np.zeros(8), tokens >= 0, tokens, np.arange(5) * 2, np.array(cut, dtype=bool)
        )

    effects = MaskedEffects.of(rows, told([1, 1, 0, 0]))
    unread = effects.unread(None, tried(rows), told([1, 0, 0, 1]), np.array([True, False, True, True]))
    assert unread.tolist() == [True, False, False, True]
    assert "beyond what the model reads" in effects.left_out


class Silent(Answering):
    def answers(self, rows, *, max_new_tokens=64):
        return replace(super().answers(rows, max_new_tokens=max_new_tokens), texts=("",) * len(rows))

    def fingerprints(self, rows):
        return [row.text for row in rows]


@pytest.mark.parametrize(
    ("checker", "task"),
    [
        (Perturbation([Typos(("swap",))]), "text2text-generation"),
        (Perturbation([Typos(("swap",))]), "text-generation"),
        (PromptRobustness(), "text-generation"),
    ],
)
def test_a_model_that_says_nothing_is_not_assessed_and_never_passes(checker, task):
    rows = [
        Row(f"r:{place}", f"the clerk wrote claim number {place}", answer=" yes", columns={"said": ""})
        for place in range(30)
    ]
    ctx = context(task, rows, model=Silent())
    with pytest.raises(NotAssessable, match="30 of 30 answers are empty"):
        list(checker.run(ctx))
    assert any("30 of 30 answers are empty" in note for note in ctx.notes)
