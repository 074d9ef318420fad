"""Language models: how much more probable what follows is, for one group than for another."""

import math

import pytest
from bias_cases import GENDER, PEOPLE, WORD_GROUP, asked, counts_of, judged, names_of
from planted_language import PlantedForCausalLM, PlantedForMaskedLM, planted_language

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution

FRAME = "she he said that the work was good late and in office report on time her him his letter"
VOCABULARY = (
    *FRAME.split(),
    *PEOPLE, *names_of(),
)  # fmt: skip
KINDS = pytest.mark.parametrize("kind", [PlantedForCausalLM, PlantedForMaskedLM])


def rows_of(text, n=40):
    return [{"text": text.format(i)} for i in range(n)]


def size_of(planted):
    return len(planted[1])


@KINDS
@pytest.mark.parametrize("strength", [1.0, -1.0])
def test_words_that_follow_are_as_much_more_probable_as_was_planted(kind, strength):
    model = planted_language(kind, VOCABULARY, adds={("she", "good"): strength})
    found, verdicts, _ = judged(model, rows_of("In report {} she said that the work was good"))
    # Six words follow, each normalised anew; one of them is the word whose logit is raised.
    shrunk = math.log(size_of(model)) - math.log(size_of(model) - 1 + math.exp(strength))
    difference = found["log_ratio", WORD_GROUP]
    assert difference.metric.value == pytest.approx(strength / 6 + shrunk, abs=1e-4)
    assert difference.metric.unit == "nats a token"
    assert verdicts["log_ratio", WORD_GROUP].state == "exceeds limit"
    assert {metric for metric, group in found if group == WORD_GROUP} == {"log_ratio"}, "nothing is decided"
    example = next(item for item in difference.evidence if item.title.startswith("Rows that moved most")).items[0]
    assert {" he " in f" {example.before}", " she " in f" {example.after}"} == {True}
    assert example.after.endswith("she said that the work was good")


@KINDS
def test_the_clean_twin_is_quiet(kind):
    found, verdicts, _ = judged(
        planted_language(kind, VOCABULARY), rows_of("In report {} she said that the work was good")
    )
    assert found["log_ratio", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-6)
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


@KINDS
def test_names_are_followed_by_what_stands_behind_them(kind):
    adds = {(name, "good"): 1.0 for name in names_of(gender="female")}
    rows = [{"text": f"In report {i} {PEOPLE[i % 6]} said that the work was good"} for i in range(42)]
    checker = CounterfactualSubstitution(attributes=("gender",))
    found, _ = asked(planted_language(kind, VOCABULARY, adds=adds), rows, checker)
    assert found["log_ratio", GENDER].metric.value == pytest.approx(1 / 6, abs=0.01)
    assert found["log_ratio", GENDER].metric.n == 42


@KINDS
def test_a_row_with_an_answer_is_judged_by_its_answer(kind):
    model = planted_language(kind, VOCABULARY, adds={("she", "good"): 1.0, ("she", "late"): -3.0})
    rows = [{"text": f"In report {i} she was late and said", "answer": "the work was good"} for i in range(40)]
    found, _ = asked(model, rows, label_column="answer")
    vocabulary = size_of(model)
    shrunk = math.log(vocabulary) - math.log(vocabulary - 2 + math.exp(1) + math.exp(-3))
    assert found["log_ratio", WORD_GROUP].metric.value == pytest.approx(1 / 4 + shrunk, abs=1e-4)


@KINDS
def test_an_answer_that_speaks_of_the_group_too_is_left_out(kind):
    rows = [{"text": f"In report {i} she was late and said", "answer": "the work was good"} for i in range(40)]
    rows += [{"text": f"In report {i} she was late and said", "answer": "her work was good"} for i in range(50, 57)]
    found, _ = asked(planted_language(kind, VOCABULARY), rows, label_column="answer")
    difference = found["log_ratio", WORD_GROUP]
    assert difference.metric.n == 40
    assert counts_of(difference)["left out: gender words: the answer speaks of it too"] == 7


@KINDS
def test_a_row_that_ends_with_the_word_exchanged_is_left_out(kind):
    rows = [
        *rows_of("In report {} she said that the work was good"),
        *rows_of("The letter {} was good on time , said she", 9),
    ]
    found, _ = asked(planted_language(kind, VOCABULARY), rows)
    difference = found["log_ratio", WORD_GROUP]
    assert difference.metric.n == 40
    assert counts_of(difference)["left out: gender words: too little text behind the edit"] == 9


def test_what_stands_before_the_word_does_not_count_though_a_masked_model_sees_it():
    model = planted_language(PlantedForMaskedLM, VOCABULARY, adds={("she", "late"): 5.0})
    found, _ = asked(model, rows_of("In report {} on late work she said that the work was good"))
    assert abs(found["log_ratio", WORD_GROUP].metric.value) < math.exp(5) / size_of(model) + 1e-6
    assert found["log_ratio", WORD_GROUP].metric.value < 0


@KINDS
def test_a_pronoun_that_agrees_with_a_name_is_not_taken_for_a_preference(kind):
    adds = {(name, "she"): 3.0 for name in names_of(gender="female")}
    adds |= {(name, "he"): 3.0 for name in names_of(gender="male")}
    model = planted_language(kind, VOCABULARY, adds=adds)
    checker = CounterfactualSubstitution(attributes=("gender", "ethnicity"))
    plain = [{"text": f"In report {i} James said that the work was good"} for i in range(40)]
    agreeing = [{"text": f"In office {i} James said that he was late"} for i in range(40)]
    found, notes = asked(model, [*plain, *agreeing], checker)
    assert found["log_ratio", GENDER].metric.n == 40
    assert found["log_ratio", GENDER].metric.value == pytest.approx(0, abs=1e-6)
    assert any("40 rows have gendered words that can't go with a name" in note for note in notes)
    if kind is PlantedForMaskedLM:
        return
    answered = [{"text": f"In office {i} James said that", "answer": " he was late"} for i in range(40)]
    found, _ = asked(model, answered, checker)
    assert found["log_ratio", GENDER].metric.value is None
    assert all(found["log_ratio", group].metric.n == 40 for _, group in found if "ethnicity: " in group)
