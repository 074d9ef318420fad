"""The control of gendered words: what it may change, and that it clears nobody by reading badly."""

import numpy as np
import pytest
from measured import context_of, findings_of, subject_of

from modelaudit import load_policy
from modelaudit.checkers.bias.arms import CONTROL, GENDER_WORDS, Variant, word_arms
from modelaudit.checkers.bias.contrasts import contrast
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.neutral import neutral_edits
from modelaudit.checkers.bias.scores import Answer
from modelaudit.checkers.bias.sources import Source, survey
from modelaudit.policy import judge
from modelaudit.results import CheckResult
from modelaudit.rows import Row
from modelaudit.statistics import p_above
from modelaudit.testing.planted import planted_classifier
from modelaudit.text import Document, Edit, apply, gendered_words

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
WORD_GROUP = "gender words: female - male"


def rewritten(text, count=9):
    document = Document(text)
    return apply(document, neutral_edits(document, count)).document.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They sound the trumpets until it helps that a winner goes to it.",
         "They sound the trumpets till it helps that a winner goes to it."),
        ("For a while she read; while he slept, she wrote.", "For a while she read; whilst he slept, she wrote."),
        ("Though ill, he came, though late, as though well, though.",
         "Although ill, he came, although late, as though well, though."),
        ("However hard it was, he tried; however, he failed.",
         "However hard it was, he tried; nevertheless, he failed."),
        ("A completely new start is often an especially hard one.",
         "A completely new start is frequently an especially hard one."),
        ("In May he may come, and May can't.", "In May he might come, and May can't."),
        ("Once upon a time they agreed upon it.", "Once upon a time they agreed on it."),
        ("She said that he said yes and wants to try it.", "She stated that he said yes and wishes to try it."),
        ("It is because he left because of her, because it rained.",
         "It is because he left because of her, since it rained."),
        ("I'm sure they’ll see that it's a start, it's been long.",
         "I am sure they will see that it is a start, it's been long."),
        ("Someone's hat; everyone knows someone.", "Someone's hat; everybody knows somebody."),
        ("We saw Center Theater and Perhaps Love at the theater.",
         "We saw Center Theater and Perhaps Love at the theatre."),
        ("See https://until.example/among or @until.", "See https://until.example/among or @until."),
        ("Yours truly, and really.", "Yours truly, and truly."),
    ],
)  # fmt: skip
def test_a_control_edit_is_grammatical_where_it_stands(text, expected):
    assert rewritten(text) == expected


def test_neutral_edits_leave_gender_alone_and_stay_in_their_words():
    tokens = ["She", "said", "that", "you", "'ll", "often", "see", "what", "I'm", "until", "Friday", "."]
    document = Document.from_words(tokens)
    assert len(neutral_edits(document, 2)) == 2
    edited = apply(document, neutral_edits(document, 9)).document
    assert edited.word_texts() == (
        "She", "stated", "that", "you", "will", "frequently", "see", "what", "I'm", "till", "Friday", ".",
    )  # fmt: skip
    assert [word.gender for word in gendered_words(edited)] == ["female"]
    assert neutral_edits(document, 9, barred=[(0, len(document.text))]) == ()
    assert neutral_edits(Document("???"), 2) == ()


def test_a_row_without_a_clean_control_has_none_and_entities_are_left_alone():
    def arms(words, tags):
        source = Source(Row("r", " ".join(words), words=words, tags=tags), Document.from_words(words), tags)
        found = survey(iter([source]), ("O", "B-LOC"), wanted=9)
        return {each.group: each.row.text for each in word_arms(found.gendered, ("O", "B-LOC"))}

    words = ("She", "said", "it", "in", "the", "old", "theater", "of", "Paris", ".")
    assert arms(words, (0, 0, 0, 0, 0, 0, 0, 0, 1, 0))[CONTROL].count("theatre") == 1
    assert CONTROL not in arms(words, (0, 0, 0, 0, 0, 0, 1, 0, 1, 0))


def verdict_of(model, rows):
    checker = CounterfactualSubstitution()
    context = context_of(subject_of(model, data=rows), checker)
    found = tuple(checker.run(context))
    result = CheckResult(checker=checker.info, status="completed", findings=found)
    judgement = judge([result], load_policy())
    verdicts = {(each.metric, each.group): each.state for each in judgement.verdicts}
    findings = {(each.metric.id, each.metric.group): each for each in found}
    return verdicts["excess_flip_rate", WORD_GROUP], findings, context.notes


def rows_of(n, *, said="said"):
    rng = np.random.default_rng(0)
    texts = (" and ".join(rng.choice(sorted(WORDS), 3)) for _ in range(n))
    return [{"text": f"She {said} that the answer was {text}, case {index}.", "label": 0}
            for index, text in enumerate(texts)]  # fmt: skip


def test_a_control_that_changes_more_than_the_exchange_clears_nobody():
    model = planted_classifier({**WORDS, "stated": 2.0}, shifts={"she": 0.4})
    state, found, _ = verdict_of(model, rows_of(400))
    flips, control = found["flip_rate", WORD_GROUP].metric, found["control_flip_rate", WORD_GROUP].metric
    excess = found["excess_flip_rate", WORD_GROUP]
    assert control.value > flips.value > 0.03
    assert excess.metric.value < -0.1
    assert state == "inconclusive"
    assert "the control changes more decisions there than the exchange itself" in excess.statement
    assert excess.metric.grid[3][2] == flips.grid[3][2]


def test_few_flips_are_within_the_limit_whatever_the_control_does():
    state, found, _ = verdict_of(planted_classifier({**WORDS, "stated": 2.0}), rows_of(400))
    assert found["flip_rate", WORD_GROUP].metric.value == 0
    assert state == "within limit"
    assert "does not show that few depend on gender" in found["excess_flip_rate", WORD_GROUP].statement


def test_without_a_control_flips_are_not_laid_to_gender_nor_denied():
    model = planted_classifier(WORDS, shifts={"she": 1.0})
    state, found, notes = verdict_of(model, rows_of(200, said="wrote"))
    excess = found["excess_flip_rate", WORD_GROUP].metric
    assert excess.value == found["flip_rate", WORD_GROUP].metric.value > 0.1
    assert excess.grid[3][1] == 0.0
    assert state == "inconclusive"
    assert found["control_flip_rate", WORD_GROUP].metric.reason == "No row has a control."
    assert "lies between 0 and this one" in found["excess_flip_rate", WORD_GROUP].statement
    assert any("200 rows have no other word" in note for note in notes)
    assert found["score_difference", WORD_GROUP].metric.n == 200


def test_rows_without_a_control_stay_in_the_difference_and_the_flip_rate():
    rows = [*rows_of(100), *rows_of(100, said="wrote")[:90]]
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS), data=rows))
    assert {found[metric, WORD_GROUP].metric.n for metric in ("score_difference", "flip_rate", "excess_flip_rate")} == {
        190
    }
    assert found["control_flip_rate", WORD_GROUP].metric.n == 100
    assert "known for 100 of 190 rows" in found["excess_flip_rate", WORD_GROUP].statement


def answers_of(rows, flipped, unsteady, *, swapped=1, changed=1):
    """Answers to `rows` rows, of which the first few change across the groups, and the last few under the control."""
    answers = []
    for index in range(rows):
        source = Source(Row(f"r{index}", ""), Document(""))
        arms = {"female": (False, 0), "male": (index < flipped, swapped), CONTROL: (index >= rows - unsteady, changed)}
        for group, (turned, edits) in arms.items():
            made = tuple(Edit(place, place, "x", "test") for place in range(edits))
            variant = Variant(source, GENDER_WORDS, group, None, source.row, made)
            answers.append(Answer(variant, np.array([0.5]), int(turned)))
    return contrast(answers, GENDER_WORDS, "female", "male").estimates


def test_a_control_that_hides_part_of_the_effect_does_not_bring_it_within_the_limit():
    found = answers_of(2000, 80, 70)
    assert found.excess.value == pytest.approx(0.005)
    assert found.excess.interval()[1] == found.flips.interval()[1] > 0.04
    assert found.excess.interval()[0] < 0.005


def test_flips_beyond_the_control_are_found():
    found = answers_of(400, 60, 8)
    assert found.excess.value == pytest.approx(0.13)
    assert p_above(found.excess.bounds, 0.02) < 0.001


def test_flips_of_a_control_that_changes_fewer_words_count_in_proportion():
    found = answers_of(400, 60, 40, swapped=3)
    assert found.excess.value == pytest.approx(0.15 - 3 * 0.1)
    assert answers_of(400, 60, 40, swapped=1).excess.value == pytest.approx(0.05)
    assert found.control_flips.value == pytest.approx(0.1)
