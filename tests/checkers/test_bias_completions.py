"""What a language model writes about persons, scored by a classifier that the user names."""

from pathlib import Path

import numpy as np
import pytest
from bias_cases import GENDER, PEOPLE, WORD_GROUP, clear, design_of, gender_words, names_of, source_of
from measured import context_of, subject_of
from planted_language import PlantedForCausalLM, PlantedForMaskedLM, planted_language

from modelaudit.checker import Answers
from modelaudit.checkers.bias.completions.checker import CompletionBias
from modelaudit.checkers.bias.completions.scoring import CompletionScoring
from modelaudit.errors import InputError
from modelaudit.plugins import registered

DIFFERENCE = ("completion_difference", GENDER)
VOCABULARY = ("awful", "good", "she", "he", ".", *PEOPLE, *names_of())
ROWS = [{"text": f"In case {i} the bank said that she asked for money"} for i in range(4)]


def kind(texts):
    """A classifier that finds texts with one word toxic."""
    return np.array([[0.1, 0.9] if "awful" in text else [0.9, 0.1] for text in texts])


kind.labels = ("fine", "toxic")


def checker(**options):
    given = {"classifier": kind, "unfavourable": "toxic", "new_tokens": 3, "sentences": 40, "attributes": ("gender",)}
    return CompletionBias(**given | options)


def writer(*, biased, **options):
    adds = {(name, "awful"): 3.0 for name in names_of(gender="female")} if biased else {}
    return planted_language(PlantedForCausalLM, VOCABULARY, adds={(".", "good"): 2.0, **adds}, **options)


def found_in(planted, asked, rows=ROWS):
    context = context_of(subject_of(planted, data=rows), asked)
    return {(each.metric.id, each.metric.group): each for each in asked.run(context)}, context.notes


def test_a_model_that_writes_worse_things_behind_names_of_women_is_found():
    found, notes = found_in(writer(biased=True), checker())
    assert found[DIFFERENCE].metric.value == pytest.approx(0.8, abs=1e-6), "the classifier's .9 less its .1"
    assert found["completion_shift", GENDER].metric.value == 1.0
    assert clear(found[DIFFERENCE])
    assert found[DIFFERENCE].metric.primary
    assert found[DIFFERENCE].metric.n == 40
    assert any("classifier kind" in note and "toxic" in note for note in notes)


def test_the_clean_twin_is_quiet():
    found, _ = found_in(writer(biased=False), checker())
    assert {key for key in found if key[0] == "completion_difference"} == {DIFFERENCE, (DIFFERENCE[0], WORD_GROUP)}
    assert all(each.metric.value == 0.0 for each in found.values())


class Saying:
    """A model handle that says of a row what its text is mapped to."""

    def __init__(self, says):
        self.says = says

    def answers(self, rows, *, max_new_tokens):
        assert max_new_tokens == 9
        texts = tuple(map(self.says, rows))
        none = np.zeros(len(texts), bool)
        return Answers(texts, np.zeros(len(texts)), ~none, none)


class Listening:
    labels, name = ("fine", "toxic"), "listening"

    def __init__(self):
        self.heard = []

    def __call__(self, texts):
        self.heard += texts
        return kind(texts)


def test_the_classifier_is_not_told_the_group():
    def says(row):
        who = row.text.split()[0]
        return f"Then {who} took {'her' if who == 'She' else 'his'} hat"

    scorer = Listening()
    scoring = CompletionScoring(Saying(says), scorer, unfavourable="toxic", new_tokens=9)
    words = gender_words()
    row = words.examine(source_of("r", "She paid and left."), ())
    answers = scoring.answers(list(words.variants([row], design_of())))
    assert {answer.variant.group for answer in answers} >= {"female", "male"}
    assert scorer.heard == ["Then He took his hat"], "also words that the sentence does not have"
    assert len({answer.scores[0] for answer in answers}) == 1


def test_nothing_written_is_counted_and_is_nothing_unfavourable():
    scoring = CompletionScoring(Saying(lambda row: " "), Listening(), unfavourable="toxic", new_tokens=9)
    words = gender_words()
    row = words.examine(source_of("r", "She paid and left."), ())
    answers = scoring.answers(list(words.variants([row], design_of())))
    assert {float(answer.scores[0]) for answer in answers} == {0.0}
    assert scoring.empty == scoring.asked == len(answers)


def test_words_that_can_not_be_put_in_one_form_are_counted():
    says = Saying(lambda row: "They gave her medicine")
    scoring = CompletionScoring(says, Listening(), unfavourable="toxic", new_tokens=9)
    words = gender_words()
    row = words.examine(source_of("r", "She paid and left."), ())
    answers = scoring.answers(list(words.variants([row], design_of())))
    assert scoring.gendered == scoring.asked == len(answers)


def test_without_a_classifier_it_says_how_to_name_one():
    info = subject_of(writer(biased=False), data=ROWS).info
    assert "option classifier" in CompletionBias().applies(info)
    assert checker().applies(info) is None
    masked = subject_of(planted_language(PlantedForMaskedLM, VOCABULARY), data=ROWS).info
    assert "fill-mask model writes nothing" in checker().applies(masked)
    small, large = (checker(new_tokens=tokens).cost(info) for tokens in (10, 20))
    assert small.evaluations == large.evaluations == 40 * (24 + 3)
    assert large.tokens > small.tokens


@pytest.mark.parametrize(
    "options",
    [
        {"unfavourable": None},
        {"unfavourable": 1},
        {"classifier": 3},
        {"new_tokens": 0},
        {"sentences": 29},
        {"sentences": True},
        {"attributes": ("looks",)},
    ],
)
def test_options_that_can_not_be_used_are_refused(options):
    with pytest.raises(ValueError, match="option"):
        checker(**options)


def test_a_label_that_the_classifier_lacks_is_an_error():
    with pytest.raises(InputError, match="fine, toxic"):
        found_in(writer(biased=False), checker(unfavourable="rude"))


def test_a_function_is_told_by_its_name_and_a_folder_by_itself():
    told = registered(checker(), "modelaudit").options
    assert told["classifier"] == "kind", "where it lies in memory differs from run to run"
    again = CompletionBias(classifier=checker().classifier, unfavourable="toxic")
    assert again.classifier == checker().classifier
    assert CompletionBias(classifier=Path("x"), unfavourable="toxic").classifier == Path("x")


def test_sentences_are_messages_where_the_users_rows_are():
    model, tokenizer = writer(biased=True)
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}good good good"
    rows = [{"messages": [{"role": "user", "content": f"In case {i} she asked"}]} for i in range(4)]
    found, _ = found_in((model, tokenizer), checker(), rows)
    assert found[DIFFERENCE].metric.value == pytest.approx(0.8, abs=1e-6)
