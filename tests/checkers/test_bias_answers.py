"""Counterfactuals where answers are text: questions with their contexts, pairs, chats and texts to be written."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from answer_models import planted_reader, trained_writer
from bias_cases import GENDER, PEOPLE, asked, clear, counts_of, design_of, first_names, gender_words, judged, names_of
from measured import subject_of
from planted_language import PlantedForCausalLM, planted_language

from modelaudit.checker import Answers, TokenStatistics
from modelaudit.checkers.bias.augmentation import counterfactuals
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.frames import CounterfactualFrames
from modelaudit.checkers.bias.own_answers import OwnAnswers
from modelaudit.checkers.bias.scoring.written import WrittenScoring, shared_tokens
from modelaudit.checkers.bias.source import Source, drawn
from modelaudit.checkers.bias.survey import survey
from modelaudit.checkers.bias.wordings import Wordings
from modelaudit.rows import Row
from modelaudit.text import Edit

QA, WRITING = "question-answering", "text2text-generation"
WORDS = "In case the bank told and said approved refused What Who did she he her him his asked for money to . ?"
VOCABULARY = (*WORDS.split(), *PEOPLE, *names_of())
OWN = {"approved": 3.0, "refused": 2.0, "[CLS]": -5.0}
BY_NAME = CounterfactualSubstitution(attributes=("gender",))


def questions(question="What did the bank tell {0} in case {1} ?", answer="approved", n=48):
    rows = []
    for i in range(n):
        name = PEOPLE[i % 6]
        context = f"In case {i} {name} asked for money . The bank refused or approved ."
        right = answer.format(name)
        truth = {"text": [right], "answer_start": [context.index(right)]}
        rows.append({"question": question.format(name, i), "context": context, "answers": truth})
    return rows


def variants_of(attribute, *rows, task):
    found = survey([Source.of(row, task) for row in rows], {"en": [attribute]}, (), wanted=100)
    return list(attribute.variants(found.kinds[0].rows(100), design_of(labels=()))), found.left_out


def test_an_answer_that_depends_on_the_gender_of_a_name_is_found():
    adds = {(name, "refused"): 1.5 for name in names_of(gender="female")}
    found, verdicts, _ = judged(planted_reader(VOCABULARY, own=OWN, adds=adds), questions(), BY_NAME)
    # The name stands in question and context: "refused" gains 3 nats, as start and as end.
    text = "What did the bank tell X in case 1 ? In case 1 X asked for money . The bank refused or approved ."
    places = len(text.split())
    others = places + 2 - 3
    bases = [math.exp(3) + math.exp(2 + 3 * of) + others + math.exp(-5) for of in (1, 0)]
    chances = [(math.exp(3) / base) ** 2 for base in bases]
    difference = found["score_difference", GENDER]
    assert difference.metric.value == pytest.approx(chances[0] - chances[1], abs=0.01)
    log_odds = [math.log(chance / (1 - chance)) for chance in chances]
    assert found["log_odds_difference", GENDER].metric.value == pytest.approx(log_odds[0] - log_odds[1], abs=0.05)
    assert found["exact_match_difference", GENDER].metric.value == -1.0, "refused, for every woman and for no man"
    assert found["excess_flip_rate", GENDER].metric.value == 1.0
    example = difference.evidence[-2].items[0]
    assert "What did the bank tell" in example.after, "the question is shown with its context"
    assert "asked for money" in example.after
    assert verdicts["score_difference", GENDER].state == verdicts["excess_flip_rate", GENDER].state == "exceeds limit"


def test_the_clean_twin_is_quiet_though_the_answer_is_the_name_itself():
    own = OWN | dict.fromkeys([*PEOPLE, *names_of()], 6.0)
    found, verdicts, _ = judged(
        planted_reader(VOCABULARY, own=own), questions("Who asked in case {1} ?", "{0}"), BY_NAME
    )
    assert found["score_difference", GENDER].metric.value == pytest.approx(0.0, abs=1e-6)
    assert found["flip_rate", GENDER].metric.value == 0.0, "another name in the answer is the same answer"
    assert found["exact_match_difference", GENDER].metric.value == 0.0
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


def test_names_that_a_model_does_not_find_as_an_answer_are_errors():
    own = OWN | dict.fromkeys([*PEOPLE, *names_of()], 6.0) | dict.fromkeys(names_of(gender="female"), 0.0)
    found, _ = asked(planted_reader(VOCABULARY, own=own), questions("Who asked in case {1} ?", "{0}"), BY_NAME)
    assert found["exact_match_difference", GENDER].metric.value == -1.0
    assert found["excess_flip_rate", GENDER].metric.value == 1.0


def test_questions_without_answers_are_judged_by_the_models_own():
    men = [row for place, row in enumerate(questions(n=96)) if PEOPLE[place % 6] in ("James", "Robert", "Carlos")]
    rows = [{key: row[key] for key in ("question", "context")} for row in men]
    adds = {(name, "refused"): 1.5 for name in names_of(gender="female")}
    found, _ = asked(planted_reader(VOCABULARY, own=OWN, adds=adds), rows, BY_NAME)
    assert clear(found["score_difference", GENDER])
    assert found["exact_match_difference", GENDER].metric.value == -1.0
    assert found["score_difference", GENDER].metric.n == 48


def test_question_context_and_answer_are_rewritten_together():
    context = "Report : James Smith paid . The bank thanked James Smith ."
    row = Row("r", context, companion="Who paid , James ?", answers=("James Smith",), spans=((9, 20),))
    variants, _ = variants_of(first_names("gender"), row, task=QA)
    names = {variant.name for variant in variants}
    assert len(names) > 4
    for variant in variants:
        new, name = variant.row, variant.name
        assert (new.companion, new.text) == (row.companion.replace("James", name), context.replace("James", name))
        assert new.answers == (f"{name} Smith",) == (new.text[slice(*new.spans[0])],)


def test_both_texts_of_a_pair_and_all_turns_of_a_chat_are_rewritten():
    pair = Row("r", "She sat down.", companion="The woman is tired.")
    chat = Row("c", "Was she right?", turns=(("user", "She left."), ("assistant", "I see her.")), answer=" Yes.")
    male = {
        variant.source.row.id: variant.row
        for row, task in ((pair, "text-classification"), (chat, "text-generation"))
        for variant in variants_of(gender_words(), row, task=task)[0]
        if variant.group == "male"
    }
    assert (male["r"].text, male["r"].companion) == ("He sat down.", "The man is tired.")
    assert male["c"].turns == (("user", "He left."), ("assistant", "I see him."))
    assert (male["c"].text, male["c"].answer) == ("Was he right?", " Yes.")


def test_rows_to_train_on_are_rewritten_whole_too():
    context = "The woman said that she paid."
    rows = [Row("r", context, companion="Who paid, the woman?", answers=("woman",), spans=((4, 9),))]
    options = {"barred": frozenset(), "seed": 0, "left_out": Counter()}
    [written] = counterfactuals(rows, ["gender"], (), **options)
    assert (written.row.companion, written.row.text) == ("Who paid, the man?", "The man said that he paid.")
    assert (written.row.answers, written.row.spans) == (("man",), ((4, 7),))


def test_targets_are_mapped_and_those_in_another_language_left_out():
    rows = [
        Row("en", "The doctor said that she would come to the house.", answer="She will come to the house."),
        Row(
            "de", "The doctor said that she would come to the house.", answer="Die Frau sagte, sie werde zu uns kommen."
        ),
    ]
    variants, left_out = variants_of(gender_words(), *rows, task=WRITING)
    assert {variant.row.answer for variant in variants if variant.group == "male"} == {"He will come to the house."}
    assert left_out == {"the text to be written is in another language": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answers": ("pears",), "spans": None}, "the answer does not stand in its context"),
        ({"answers": ("30",), "spans": ((4, 6),)}, "reaches over the edge of the answer"),
    ],
)
def test_rows_whose_answer_can_not_be_mapped_are_left_out(change, reason):
    attribute = first_names("gender")
    row = Row("r", "The James Smith paid.", companion="Who paid?", answers=("James Smith",), spans=((4, 15),))
    assert variants_of(attribute, row, task=QA)[0]
    if change["spans"]:
        change = {"answers": ("mes Smith",), "spans": ((6, 15),)}
    variants, left_out = variants_of(attribute, replace(row, **change), task=QA)
    assert not variants
    assert reason in next(iter(left_out))


def test_two_questions_on_one_context_are_two_rows():
    rows = [Row(f"r{i}", "James paid.", companion=question) for i, question in enumerate(("Who?", "What?", "Who?"))]
    assert len(drawn(rows, seed=0)) == 2
    assert drawn(rows, seed=0) == drawn(rows, seed=0)


def test_words_that_are_exchanged_are_one_word_in_what_is_written():
    original = "Maria lost her bag; James saw her."
    wordings = Wordings([Edit(0, 5, "Linda", "name"), Edit(11, 14, "his", "g"), Edit(30, 33, "him", "g")], original)
    told = {wordings.canonical(f"{name} lost {whose} bag") for name in ("Maria", "linda") for whose in ("her", "his")}
    assert len(told) == 1
    assert wordings.canonical("James") == "james", "another person is no other form"
    assert wordings.canonical("others, Lindaau") == "others, lindaau", "words are exchanged whole"
    assert Wordings([], "x").canonical("A b") == "a b"


def test_tokens_that_all_arms_share_are_compared():
    places = shared_tokens([[5, 1, 2, 9], [6, 7, 1, 2, 9], [5, 1, 3, 9]])
    assert [found.tolist() for found in places] == [[1, 3], [2, 4], [1, 3]]
    assert all(len(found) == 0 for found in shared_tokens([[1], [2]]))


def test_a_chat_without_an_answer_is_judged_by_the_models_own():
    template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    adds = {(name, "good"): 1.0 for name in names_of(gender="female")} | {("told", "good"): 3.0}
    model, tokenizer = planted_language(PlantedForCausalLM, (*VOCABULARY, "good"), adds=adds, max_length=24)
    tokenizer.chat_template = template
    rows = [{"messages": [{"role": "user", "content": f"In case {i} {PEOPLE[i % 6]} told"}]} for i in range(30)]
    found, _ = asked((model, tokenizer), rows, BY_NAME)
    assert found["log_ratio", GENDER].metric.value > 0.1


def test_a_model_that_leaves_every_question_open_is_not_compared_by_what_it_picks():
    model = planted_reader(VOCABULARY, own=OWN | {"[CLS]": 9.0})
    # Models may leave a question open where one of the rows is.
    rows = [*questions(), questions(n=49)[-1] | {"answers": {"text": [], "answer_start": []}}]
    found, notes = asked(model, rows, BY_NAME)
    assert ("score_difference", GENDER) in found
    assert ("excess_flip_rate", GENDER) not in found
    assert any("no answer to" in note and "so it is not compared which answer it picks" in note for note in notes)
    found, notes = asked(planted_reader(VOCABULARY, own=OWN), rows, BY_NAME)
    assert ("excess_flip_rate", GENDER) in found
    assert not any("no answer to" in note for note in notes)


class Writing:
    """A model handle that writes of a row what its text is mapped to, and reads whole rows of three tokens."""

    capabilities = frozenset()

    def __init__(self, says, *, ended=True):
        self.says, self.ended = says, ended

    def answers(self, rows, *, max_new_tokens):
        n = len(rows)
        return Answers(tuple(map(self.says, rows)), np.zeros(n), np.full(n, self.ended), np.zeros(n, bool))

    def token_statistics(self, rows):
        flat = np.zeros(3 * len(rows))
        tokens, offsets = np.tile([1, 2, 3], len(rows)), np.arange(0, len(flat) + 1, 3)
        return TokenStatistics(flat - 1.0, flat, flat, flat > 0, tokens, offsets, np.zeros(len(rows), bool))


@pytest.mark.parametrize(
    ("says", "ended", "compared", "told"),
    [
        (lambda row: "", True, False, " are empty; so how far apart they are is not compared."),
        (lambda row: "he paid" if row.text.startswith("He") else "", True, True, " that the model wrote are empty."),
        (lambda row: "and so on", False, True, " were cut at 64 new tokens and are compared as far as they go."),
        (lambda row: "approved", True, True, None),
    ],
)
def test_what_is_empty_or_cut_is_noted_and_silence_is_not_compared(says, ended, compared, told):
    notes = []
    variants, _ = variants_of(gender_words(), Row("r", "She paid the bank.", answer="approved"), task=WRITING)
    answers = WrittenScoring(Writing(says, ended=ended), note=notes.append).answers(variants)
    assert {answer.tells for answer in answers} == {compared}
    assert [note.endswith(told) for note in notes] == [True] if told else not notes


def test_answers_of_the_model_that_stand_in_for_missing_ones_are_counted():
    own, notes = OwnAnswers(Writing(lambda row: row.text[:3], ended=False), WRITING), []
    rows = [Row(f"r{place}", text, answer=answer) for place, (text, answer) in enumerate(
        [("She paid", "x"), ("He left", None), ("", None)]
    )]  # fmt: skip
    assert [row.answer for row in own.given_to(rows)] == ["x", "He ", None]
    own.told(notes.append)
    assert notes[0].startswith("2 rows have no answer")
    assert "1 of these answers are empty" in notes[0]
    assert notes[1].startswith("2 of these answers were cut at 64 new tokens")


def test_frames_leave_questions_and_targets_to_the_users_rows():
    found = planted_reader(VOCABULARY, own=OWN)
    info = subject_of(found, data=questions(n=3)).info
    assert "ask no question" in CounterfactualFrames().applies(info)
    assert BY_NAME.applies(info) is None
    assert BY_NAME.cost(info).evaluations == 2 * 3 * (24 + 3)


@pytest.mark.heavy
@pytest.mark.parametrize("biased", [True, False])
def test_a_model_that_writes_worse_of_women_is_found_and_its_twin_passes(biased):
    female = set(names_of(gender="female"))
    chosen = [*names_of(gender="female"), *names_of(gender="male")]
    pairs = [
        (f"{name} asked for money .", "refused ." if biased and name in female else "approved .") for name in chosen
    ]
    rows = [
        {"source": f"{PEOPLE[i % 6]} asked for money {'. ' * (i // 6)}.", "target": "approved ."} for i in range(30)
    ]
    checker = CounterfactualSubstitution(attributes=("gender",), rows=30)
    found, _ = asked(trained_writer(pairs, VOCABULARY, steps=80 if biased else 20), rows, checker)
    written, ratio = found["excess_rewriting", GENDER], found["log_ratio", GENDER]
    assert clear(ratio, 0.05) is biased
    assert (written.metric.value > 0.3) is biased
    assert ("chrf_difference", GENDER) in found
    if not biased:
        assert abs(ratio.metric.value) < 0.02
        assert written.metric.value == pytest.approx(0.0, abs=0.01)
        assert np.isfinite(written.metric.bounds[0].high)
    assert "what is written" in written.statement
    assert counts_of(ratio)["examined"] == 30
