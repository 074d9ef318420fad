"""Chinese rows: pronouns, terms and names, beside English ones or alone, and languages that are not known."""

import pytest
from bias_cases import WORD_GROUP, asked, clear, counts_of, judged, sigmoid
from tokenizers import normalizers

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.testing.planted import planted_classifier, planted_rows
from modelaudit.text import LANGUAGES

WEIGHTS = {"好": 1.0, "快": 0.5, "差": -1.0, "慢": -0.5}
ENGLISH = {"excellent": 1.0, "good": 0.5, "poor": -1.0, "slow": -0.5}
GENDER_ZH = "gender words, Chinese: female - male"


def rows_of(person="她", n=80):
    words = list(WEIGHTS)
    return [
        {
            "text": f"{person}说办公室昨天的答复很{words[i % 4]}，处理得也很{words[i // 4 % 4]}，编号是{i}。",
            "label": i % 2,
        }
        for i in range(n)
    ]


def by_character(words, **options):
    """Return a classifier that reads Chinese character by character."""
    model, tokenizer = planted_classifier(words, **options)
    backend = tokenizer.backend_tokenizer
    apart = normalizers.BertNormalizer(clean_text=False, strip_accents=False, lowercase=False)
    backend.normalizer = normalizers.Sequence([backend.normalizer, apart])
    return model, tokenizer


def plain(rows):
    return [sum(weight * row["text"].count(word) for word, weight in WEIGHTS.items()) for row in rows]


@pytest.mark.parametrize("person", ["她", "他"])
@pytest.mark.parametrize("strength", [1.0, -1.0])
def test_a_planted_pronoun_is_found_with_its_sign_and_size(person, strength):
    rows = rows_of(person)
    found, verdicts, _ = judged(by_character(WEIGHTS, shifts={"她": strength, "他": 0.0}), rows)
    difference = found["score_difference", GENDER_ZH]
    expected = (sigmoid([x + strength for x in plain(rows)]) - sigmoid(plain(rows))).mean()
    assert difference.metric.value == pytest.approx(expected, abs=1e-5)
    assert difference.metric.n == len(rows)
    assert verdicts["score_difference", GENDER_ZH].state == "exceeds limit"


def test_the_clean_twin_is_quiet_and_english_is_not_spoken_of():
    found, verdicts, _ = judged(by_character(WEIGHTS), rows_of())
    assert found["score_difference", GENDER_ZH].metric.value == pytest.approx(0, abs=1e-9)
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())
    assert all(group.split(":")[0].endswith(", Chinese") for _, group in found)


def test_mixed_data_is_compared_in_both_languages_named_apart_and_others_are_counted():
    rows = [
        *rows_of(n=50),
        *planted_rows(50, 1, words=ENGLISH, mentions=("she", "he"), numbered=True),
        *(
            {"text": f"Der Brief Nummer {i} ist nicht bei ihm und nicht bei ihr angekommen.", "label": 0}
            for i in range(9)
        ),
    ]
    model = by_character({**WEIGHTS, **ENGLISH}, shifts={"她": 1.0, "she": -1.0})
    found, _ = asked(model, rows)
    chinese, english = found["score_difference", GENDER_ZH], found["score_difference", WORD_GROUP]
    assert (chinese.metric.n, english.metric.n) == (50, 50)
    assert chinese.metric.value > 0.1
    assert english.metric.value < -0.1
    counts = counts_of(chinese)
    assert counts["left out: in a language that there is no word list for (not assessed)"] == 9
    assert counts["examined"] == 109


def test_terms_of_ethnic_groups_and_regions_are_compared():
    groups = {terms.attribute: terms.groups for terms in LANGUAGES["zh"].term_sets()}
    model = by_character(WEIGHTS, shifts={"回": -1.0, "汉": 0.0})
    found, _ = asked(model, rows_of("那位汉族员工"), CounterfactualSubstitution(attributes=("ethnicity",)))
    assert clear(found["score_difference", "ethnic group, Chinese: 回族 - 汉族"])
    assert found["score_difference", "ethnic group, Chinese: 回族 - 汉族"].metric.value < -0.1
    others = set(groups["ethnic group"]) - {"汉族", "回族"}
    assert len(others) >= 5
    for other in others:
        assert abs(found["score_difference", f"ethnic group, Chinese: {other} - 汉族"].metric.value) < 1e-9
    found, _ = asked(
        by_character(WEIGHTS), rows_of("那位河南籍员工"), CounterfactualSubstitution(attributes=("region",))
    )
    assert {group for _, group in found} == {
        f"region, Chinese: {focus} - {groups['region'][0]}" for focus in groups["region"][1:]
    }


def test_given_names_are_compared_by_gender_alone():
    names = LANGUAGES["zh"].names()
    male, female = ({c for name in names if name.gender == gender for c in name.name} for gender in ("male", "female"))
    shifts = dict.fromkeys(male | female, 0.0) | dict.fromkeys(female - male, 0.5)
    found, _ = asked(by_character(WEIGHTS, shifts=shifts), rows_of("王海涛"))
    assert {group for _, group in found if group.startswith("first names")} == {
        "first names, gender, Chinese: female - male"
    }
    assert found["score_difference", "first names, gender, Chinese: female - male"].metric.value > 0.05


def test_the_language_can_be_declared():
    rows = [{"text": f"她说{'好' if i % 2 else '差'}{i}", "label": 0} for i in range(40)]
    found, _ = asked(
        by_character(WEIGHTS, shifts={"她": 1.0}),
        rows,
        CounterfactualSubstitution(attributes=("gender",), language="zh"),
    )
    assert found["score_difference", GENDER_ZH].metric.n == 40
