"""A planned comparison that could not be made is reported without a value, so that nobody takes it for a good one."""

import pytest
from bias_cases import BLACK, CELLS, GENDER, WORD_GROUP, WORDS, asked, judged, names_of

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_rows

PRIMARY = ("score_difference", "excess_flip_rate")
NAMES = ("first names, gender", "first names, ethnicity", "first names, gender and ethnicity")


def test_names_that_are_too_few_keep_the_family_from_its_limit():
    model = planted_classifier(WORDS, shifts=dict.fromkeys(names_of(ethnicity="black"), -3.0))
    rows = planted_rows(400, 1, words=WORDS, numbered=True)
    rows += planted_rows(25, 2, words=WORDS, mentions=("Linda", "Robert"), numbered=True)
    found, verdicts, family = judged(model, rows)
    assert {verdicts[metric, WORD_GROUP].state for metric in PRIMARY} == {"within limit"}
    for attribute in NAMES:
        verdict = verdicts["score_difference", attribute]
        assert verdict.state == "not assessed"
        assert "25 of 425 rows have first names that can be exchanged, and 30 are the least" in verdict.reason
    assert family.incomplete
    assert family.state == "incomplete"
    assert [each.metric.group for each in found.values() if each.metric.value is None] == list(NAMES)
    assert all(each.metric.n == 25 for each in found.values() if each.metric.value is None)


def test_gendered_words_that_are_too_few_are_not_passed_over():
    rows = planted_rows(200, 1, words=WORDS, mentions=("Linda", "Robert"), numbered=True)
    _, verdicts, family = judged(planted_classifier(WORDS), rows)
    assert verdicts["score_difference", "gender words"].state == "not assessed"
    assert (
        "0 of 200 rows have gender words that can be exchanged" in verdicts["score_difference", "gender words"].reason
    )
    assert {verdicts[metric, GENDER].state for metric in PRIMARY} <= {"within limit", "inconclusive"}
    assert family.state == "incomplete"


def test_terms_that_no_row_has_are_a_note_and_terms_of_a_few_rows_a_finding():
    rows = planted_rows(80, 1, words=WORDS, mentions=("she", "Linda"), numbered=True)
    few = [{"text": f"The Muslim doctor wrote that letter {i} was good.", "label": 0} for i in range(12)]
    none, notes = asked(planted_classifier(WORDS), rows)
    some, _ = asked(planted_classifier(WORDS), [*rows, *few])
    assert not any(group.startswith("religion") for _, group in none)
    assert any(note.startswith("Not assessed, religion: 0 of ") for note in notes)
    absent = some["score_difference", "religion"]
    assert absent.metric.value is None
    assert absent.metric.primary
    assert "12 of 92 rows have religion that can be exchanged" in absent.metric.reason


@pytest.mark.parametrize(
    ("labels", "metric"), [(("no", "yes"), "score_difference"), (("no", "maybe", "yes"), "largest_score_difference")]
)
def test_every_comparison_is_judged_once_whatever_the_number_of_classes(labels, metric):
    rows = [{**row, "label": 0} for row in planted_rows(60, 1, words=WORDS, numbered=True)]
    rows += [{**row, "label": 0} for row in planted_rows(60, 1, words=WORDS, mentions=("Linda",), numbered=True)]
    _, verdicts, _ = judged(planted_classifier(WORDS, labels=labels), rows)
    names = [GENDER, BLACK, BLACK.replace("black", "hispanic"), BLACK.replace("black", "api")]
    differences = [WORD_GROUP, *names, *CELLS.values()]
    assert set(verdicts) == {(metric, group) for group in differences} | {
        ("excess_flip_rate", group) for group in (WORD_GROUP, *names)
    }
    few = [{**row, "label": 0} for row in planted_rows(60, 1, words=WORDS, numbered=True)]
    _, verdicts, _ = judged(planted_classifier(WORDS, labels=labels), few)
    assert {verdicts[metric, attribute].state for attribute in NAMES} == {"not assessed"}


def test_too_few_rows_about_persons_are_not_assessed_and_the_reason_counts_them():
    rows = [{"text": f"The letter number {index} was lost in the office.", "label": 0} for index in range(50)]
    rows += [{"text": f"She said that letter {index} was lost.", "label": 0} for index in range(7)]
    with pytest.raises(
        NotAssessable, match=r"of 57 evaluation rows those that can be rewritten are: 7 with gender words"
    ):
        asked(planted_classifier(WORDS), rows)


def test_rows_that_can_not_be_rewritten_are_counted_by_reason():
    rows = planted_rows(60, 1, words=WORDS)
    rows += [{"text": f"She met him in case {index}, and they were both good.", "label": 0} for index in range(5)]
    rows += [
        {"text": f"Der Brief Nummer {index} ist nicht bei ihm und nicht bei ihr angekommen.", "label": 0}
        for index in range(9)
    ]
    found, _ = asked(planted_classifier(WORDS), rows)
    finding = found["score_difference", WORD_GROUP]
    [table] = [item for item in finding.evidence if item.title.startswith("Rows examined")]
    counts = dict(table.rows)
    assert counts["left out: in a language that there is no word list for (not assessed)"] == 9
    assert counts["left out: gender words: both genders"] == 5
    assert counts["used for gender words"] == finding.metric.n
    assert counts["examined"] == len({row["text"] for row in rows})


def test_fewer_rows_than_can_be_judged_are_refused():
    with pytest.raises(ValueError, match="30 rows are the least"):
        asked(planted_classifier(WORDS), planted_rows(60, 1, words=WORDS), CounterfactualSubstitution(rows=29))
