"""Prompt robustness: options taken apart and put together again, and a model that answers by their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of
from prompt_models import chooser, option_rows

from modelaudit.checkers.robustness.prompts import PromptRobustness
from modelaudit.checkers.robustness.prompts.forms import EMPTY_SYSTEM, Form
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.text.perturbations.options import prompt_of, said_in
from modelaudit.text.perturbations.prompt_changes import PROMPT_CHANGES

LISTED = "Which city is in Italy?\nA) Paris\nB) Rome\nC) Oslo\nAnswer:"
BY_NAME = {change.name: change for change in PROMPT_CHANGES}


def changed(text: str, name: str, *, seed: int = 0) -> str | None:
    new = BY_NAME[name].changed(prompt_of(text), np.random.default_rng(seed))
    return None if new is None else new.text


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (LISTED, ("Paris", "Rome", "Oslo")),
        ("Pick one: (a) red (b) blue; (c) green. Answer:", ("red", "blue", "green.")),
        ("Steps:\n1. read\n2. think\n\nA. cat\nB. dog\n\nAnswer:", ("cat", "dog")),
        ("Choose.\n1: one way\n2: another way", ("one way", "another way")),
        ("选择：A、北京 B、上海\n答案：", ("北京", "上海")),
        ("Choose.\n(A)  first\n(B)  second\n", ("first", "second")),
        ("There is one option only: A) this one", ()),
        ("Q: Who?\nA: me\nQ: Where?\nA:", ()),
        ("Which?\nA) red\nB) blue\nC) all of the above", ()),
        ("Which?\nA) red\nB) RED", ()),
        ("Which?\nA) one\nB)   two", ()),
        ("A) " * 60_000, ()),
        ("A) red\nB) blue" + " " * 90_000, ("red", "blue")),
        ("\n".join(f"{number}. thing {number}" for number in range(1, 31)), ()),
        ("A) \ud800\nB) \u202e<b>", ("\ud800", "\u202e<b>")),
    ],
)
def test_options_are_found_where_they_can_be_told_apart(text: str, options: tuple[str, ...]) -> None:
    prompt = prompt_of(text)
    assert prompt.options == options
    assert prompt.text == text, "and the prompt can be put together again as it was"


@pytest.mark.parametrize(
    ("answer", "origin", "turned"),
    [
        (" B", 1, " B"),
        ("(c)", 2, "(A)"),
        (" A) Paris", 0, " C) Paris"),
        ("Rome", 1, "Rome"),
        ("a.", 0, "C."),
        (" D", None, None),
        (" B) Paris", None, None),
        ("none of these", None, None),
    ],
)
def test_a_right_answer_follows_its_option_in_the_form_that_it_has(
    answer: str, origin: int | None, turned: str | None
) -> None:
    prompt = prompt_of(LISTED)
    said = said_in(answer, prompt)
    assert (None if said is None else said.origin) == origin
    assert (None if said is None else said.of(prompt.reordered([2, 1, 0]), said.origin)) == turned


def test_each_change_leaves_the_words_of_a_question_alone() -> None:
    assert changed(LISTED, "options reversed") == "Which city is in Italy?\nA) Oslo\nB) Rome\nC) Paris\nAnswer:"
    assert changed(LISTED, "numbers with a full stop") == "Which city is in Italy?\n1. Paris\n2. Rome\n3. Oslo\nAnswer:"
    assert changed(LISTED, "letters with a bracket") is None, "they are marked so"
    assert changed(LISTED, "options in a row") == "Which city is in Italy? A) Paris B) Rome C) Oslo\nAnswer:"
    assert changed(LISTED, "framed by Q and A") == "Which city is in Italy?\nA) Paris\nB) Rome\nC) Oslo\nA:"
    assert changed("Who?", "framed by Question and Answer") == "Question: Who?\nAnswer:"
    assert changed("Question: Who?\nAnswer: me\nQuestion: Why?\nAnswer:", "framed in capitals") == (
        "QUESTION: Who?\nANSWER: me\nQUESTION: Why?\nANSWER:"
    )
    assert changed("谁？", "framed by Q and A") == "问：谁？\n答："
    assert changed("Translate this: cat", "instruction words in capitals") == "TRANSLATE this: cat"
    assert changed("Who?", "question in quotation marks") == '"Who?"'
    assert changed("Who?", "a space behind") == "Who? "
    # A text to be gone on with asks for nothing, and in another paragraph it would go on otherwise.
    assert {name for name in BY_NAME if changed("The claim was paid by", name)} == {"a space behind"}


def test_a_chat_gets_an_empty_system_message_and_loses_one_that_is_empty() -> None:
    said = ("user", "hi"), ("assistant", "hello")
    row = Row("t:1", "Who?", turns=said)
    added = Form.of(row).changed(EMPTY_SYSTEM, seed=0)
    assert added.row.turns == (("system", ""), *said)
    assert added.changed(EMPTY_SYSTEM, seed=0).row.turns == said
    told = replace(row, turns=(("system", "Speak French."), *said))
    assert Form.of(told).changed(EMPTY_SYSTEM, seed=0) is None, "what has a meaning stays"
    assert Form.of(replace(row, turns=None)).changed(EMPTY_SYSTEM, seed=0) is None


def test_a_model_that_answers_by_place_is_found_and_one_that_reads_is_not() -> None:
    rows = option_rows(80)
    placed = findings_of(PromptRobustness(), subject_of(chooser(by_place=True), data=rows))
    assert exceeds(placed["flip_rate", "option order"], 0.05)
    assert placed["flip_rate", "option order"].metric.value == 1.0, "moved up by one, every place holds another option"
    assert placed["flip_rate", "option markers"].metric.value == 0.0
    cells = {line[0]: line for line in placed["worst_accuracy_drop", None].evidence[0].rows}
    right = np.mean([row["answer"] == "B" for row in rows])
    assert cells["prompts as they are"][1] == f"{right:.1%}"
    moved = np.mean([row["answer"] == "C" for row in rows])
    assert cells["options moved up by one"][1] == f"{moved:.1%}"

    reads = findings_of(PromptRobustness(), subject_of(chooser(by_place=False), data=rows))
    for (metric, kind), finding in reads.items():
        assert finding.metric.value == 0.0, kind
        if metric == "flip_rate":
            assert next(bound.high for bound in finding.metric.bounds if bound.level == 0.95) < 0.06
    assert {kind for metric, kind in reads if metric == "flip_rate"} >= {"option order", "frame", "tone", "white space"}


def test_the_numbers_do_not_hang_on_the_order_of_rows() -> None:
    subject = subject_of(chooser(by_place=True), data=option_rows(24))
    found = findings_of(PromptRobustness(), subject)
    turned = findings_of(PromptRobustness(), subject, data=backwards(subject.data))
    assert {key: each.metric for key, each in found.items()} == {key: each.metric for key, each in turned.items()}


def test_prompts_without_options_are_answered_in_words() -> None:
    rows = [{"prompt": f"Case {i}. Which is a fruit?", "answer": "apple"} for i in range(30)]
    ctx = context_of(subject_of(chooser(by_place=True), data=rows, preset="quick"), PromptRobustness())
    found = {finding.metric.group for finding in PromptRobustness().run(ctx)}
    assert {"frame", "tone"} <= found
    assert "option order" not in found
    assert any("0 of 30 prompts have options" in note for note in ctx.notes)
    assert any("options reversed" in note and "no test" in note for note in ctx.notes)


def test_few_prompts_tell_nothing() -> None:
    with pytest.raises(NotAssessable, match="there are 19 evaluation rows"):
        findings_of(PromptRobustness(), subject_of(chooser(by_place=True), data=option_rows(19)))


TEMPLATE = "{% for m in messages %}{{ m.role }} . {{ m.content }} . {% endfor %}"
REFUSING = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE


@pytest.mark.parametrize("refuses", [False, True])
def test_an_empty_system_message_is_tried_where_the_chat_template_takes_one(refuses: bool) -> None:
    model, tokenizer = chooser(by_place=False)
    tokenizer.chat_template = REFUSING if refuses else TEMPLATE
    rows = [
        {"messages": [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["answer"]}]}
        for row in option_rows(24)
    ]
    ctx = context_of(subject_of((model, tokenizer), data=rows, preset="quick"), PromptRobustness())
    found = {finding.metric.group: finding for finding in PromptRobustness().run(ctx)}
    assert ("system message" in found) != refuses
    assert any("takes no system message" in note for note in ctx.notes) == refuses
    assert found["option order"].metric.value == 0.0
