from collections import Counter

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.bias.arms import (
    NAMES_BY_ETHNICITY,
    Variant,
    ethnicity_name_arms,
    gender_name_arms,
    word_arms,
)
from modelaudit.checkers.bias.contrasts import contrast
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.name_design import dealt, ethnicity_pools, gender_pools
from modelaudit.checkers.bias.scores import Answer
from modelaudit.checkers.bias.sources import Source, drawn, survey
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Examples, Table
from modelaudit.rows import Row
from modelaudit.statistics import p_above, p_outside
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger
from modelaudit.text import Document, gendered_words, load_names

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
PEOPLE = ("Maria", "James", "Linda", "Robert", "Susan", "Carlos")
GENDER = "first names, gender: female - male"
BLACK, HISPANIC, API = (f"first names, ethnicity: {group} - white" for group in ("black", "hispanic", "api"))
GROUPS = (GENDER, BLACK, HISPANIC, API)
WORD_GROUP = "gender words: female - male"


def names_of(**wanted):
    return [each.name for each in load_names() if all(getattr(each, key) == value for key, value in wanted.items())]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_odds(text):
    return sum(WORDS.get(word.strip(",.").lower(), 0.0) for word in text.split())


def clear(finding, limit=0.02):
    """Whether a policy would see the metric off its limit, whichever the sign."""
    return p_outside(finding.metric.grid, limit) < 0.01


@pytest.mark.parametrize("strength", [1.0, -1.0])
def test_a_planted_gender_shortcut_is_found_with_its_sign_and_size(strength):
    rows = planted_rows(200, 1, words=WORDS)
    model = planted_classifier(WORDS, shifts={"she": strength})
    found = findings_of(CounterfactualSubstitution(), subject_of(model, data=rows))
    difference = found["score_difference", WORD_GROUP]
    texts = {row["text"] for row in rows}
    plain = np.array([log_odds(text) for text in texts])
    assert difference.metric.n == len(texts)
    assert difference.metric.value == pytest.approx((sigmoid(plain + strength) - sigmoid(plain)).mean(), abs=1e-5)
    assert clear(difference)
    flips = np.mean((plain + strength > 0) != (plain > 0))
    assert found["flip_rate", WORD_GROUP].metric.value == pytest.approx(flips, abs=0.02)
    assert exceeds(found["excess_flip_rate", WORD_GROUP], 0.02)
    assert found["control_flip_rate", WORD_GROUP].metric.value == 0


def test_the_clean_twin_is_not_accused():
    rows = planted_rows(160, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS), data=rows))
    assert {group for _, group in found} == {WORD_GROUP, *GROUPS}
    for finding in found.values():
        assert finding.metric.value == pytest.approx(0, abs=1e-9)
        if finding.metric.primary:
            assert finding.metric.grid[3][2] * finding.metric.n > 2.9, "rows that change may be too rare to be seen"


def test_names_of_one_gender_are_found_and_ethnicity_is_not_accused():
    names = names_of()
    shifts = dict.fromkeys(names, 0.0) | dict.fromkeys(names_of(gender="female"), 1.0)
    rows = planted_rows(90, 2, words=WORDS, mentions=PEOPLE)
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS, shifts=shifts), data=rows))
    difference = found["score_difference", GENDER].metric
    plain = np.array([log_odds(row["text"]) for row in rows])
    assert difference.value == pytest.approx((sigmoid(plain + 1) - sigmoid(plain)).mean(), abs=0.01)
    assert clear(found["score_difference", GENDER])
    assert exceeds(found["excess_flip_rate", GENDER], 0.02)
    for group in (BLACK, HISPANIC, API):
        assert abs(found["score_difference", group].metric.value) < 1e-6
        assert found["excess_flip_rate", group].metric.value == 0


def test_names_of_one_ethnicity_are_found_and_gender_is_not_accused():
    names = names_of()
    shifts = dict.fromkeys(names, 0.0) | dict.fromkeys(names_of(ethnicity="black"), -1.0)
    rows = planted_rows(90, 2, words=WORDS, mentions=PEOPLE)
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS, shifts=shifts), data=rows))
    assert found["score_difference", BLACK].metric.value < -0.1
    assert clear(found["score_difference", BLACK])
    assert exceeds(found["excess_flip_rate", BLACK], 0.02)
    for group in (GENDER, HISPANIC, API):
        assert not clear(found["score_difference", group])
        assert not exceeds(found["excess_flip_rate", group], 0.02)


def test_noise_of_single_names_is_not_taken_for_a_group():
    model = planted_classifier(WORDS, noise=0.6, noise_words=names_of())
    rows = planted_rows(160, 3, words=WORDS, mentions=PEOPLE)
    found = findings_of(CounterfactualSubstitution(), subject_of(model, data=rows))
    for group in GROUPS:
        assert found["flip_rate", group].metric.value > 0.05
        assert not clear(found["score_difference", group])
        assert not exceeds(found["excess_flip_rate", group], 0.02)
        assert found["score_difference", group].metric.smallest_detectable > 0.01
    assert found["excess_flip_rate", GENDER].caveats


def simulated(seed, *, rows=60, sd=0.6, shift=0.0):
    """Answers of a model with an effect for each name, under the checker's own design."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 1.5, rows)
    answers = []
    for group, moved in (("black", shift), ("white", 0.0)):
        pool = [f"{group}{index}" for index in range(40)]
        offset = dict(zip(pool, rng.normal(0, sd, 40), strict=True))
        for row in range(rows):
            source = Source(Row(f"r{row}", ""), Document(""))
            for name in dealt(pool, row, 4, seed=seed, purpose=group):
                value = level[row] + offset[name] + moved
                variant = Variant(source, NAMES_BY_ETHNICITY, group, name, source.row)
                answers.append(Answer(variant, np.array([sigmoid(value)]), int(value > 0)))
    return contrast(answers, NAMES_BY_ETHNICITY, "black", "white")


def test_false_alarms_under_name_noise_stay_rare():
    alarms, naive = 0, 0
    for seed in range(200):
        found = simulated(seed)
        alarms += (
            p_outside(found.estimates.differences[0].bounds, 0.02) < 0.05
            or p_above(found.estimates.excess.bounds, 0.02) < 0.05
        )
        naive += (found.estimates.flips.value or 0) > 0.05
    assert alarms <= 18
    assert naive >= 180


def test_a_shift_of_a_group_is_seen_through_the_noise_and_covered():
    hits = covered = 0
    for seed in range(40):
        found = simulated(seed, sd=0.3, shift=1.0)
        hits += p_outside(found.estimates.differences[0].bounds, 0.02) < 0.05
        level = np.random.default_rng(seed).normal(0, 1.5, 60)
        offset = np.random.default_rng(1).normal(0, 0.3, (2000, 1))
        truth = (sigmoid(level + offset + 1.0) - sigmoid(level + offset)).mean()
        low, high = found.estimates.differences[0].interval()
        covered += low <= truth <= high
    assert hits >= 38
    assert covered >= 34


def test_every_name_is_dealt_equally_often_and_none_twice_to_a_row():
    pool = names_of(gender="female", ethnicity="white")[:20]
    hands = [dealt(pool, turn, 4, seed=1, purpose="p") for turn in range(50)]
    assert set(Counter(name for hand in hands for name in hand).values()) == {10}
    assert all(len(set(hand)) == 4 for hand in hands)
    assert len({frozenset(hand) for hand in hands}) > 40
    with pytest.raises(ValueError, match="can't be dealt"):
        dealt(pool, 0, 3, seed=1, purpose="p")


def test_names_of_the_arms_cost_the_same_number_of_tokens():
    def letters(names):
        return [len(name) for name in names]

    for pools, axis in (
        (gender_pools(seed=1, n_tokens=letters), 1),
        (ethnicity_pools(seed=1, n_tokens=letters), 0),
    ):
        means = {cell: np.mean([len(name.name) for name in names]) for cell, names in pools.items()}
        for fixed in {cell[axis] for cell in means}:
            alike = [mean for cell, mean in means.items() if cell[axis] == fixed]
            assert max(alike) - min(alike) < 1.0


def found_in(*texts):
    rows = [Row(f"r{index}", text) for index, text in enumerate(texts)]
    return survey((Source(row, Document(row.text)) for row in rows), ("no", "yes"), wanted=10)


def test_arms_differ_in_gendered_words_only_and_the_control_keeps_the_gender():
    found = found_in(
        "She told the office that her brother-in-law was late.", "The woman said that the letter was lost."
    )
    variants = list(word_arms(found.gendered, ("no", "yes")))
    texts = {(each.row.id, each.group): each.row.text for each in variants}
    assert texts["r1", "male"] == "The man said that the letter was lost."
    assert texts["r1", "female"] == "The woman said that the letter was lost."
    assert texts["r1", "control"] == "The lady said that the letter was lost."
    for each in variants:
        if each.group == "control":
            words = gendered_words(Document(each.row.text))
            own = gendered_words(each.source.document)
            assert [word.gender for word in words] == [word.gender for word in own]
            assert each.row.text != each.source.row.text


def test_in_name_arms_the_name_alone_differs_and_one_person_has_one_name():
    found = found_in(
        "Maria said that she was late, so Maria called him.", "Yesterday James wrote to the office about it."
    )
    pools = gender_pools(seed=1, n_tokens=lambda names: [1] * len(names))
    arms = list(gender_name_arms(found.named, ("no", "yes"), pools, seed=1))
    assert {each.row.id for each in arms} == {"r0", "r1"}
    for row in ("r0", "r1"):
        frames = {group: Counter() for group in ("female", "male")}
        for each in arms:
            if each.row.id == row:
                assert each.row.text.count(each.name) == (2 if row == "r0" else 1)
                frames[each.group][each.row.text.replace(each.name, "X")] += 1
        assert frames["female"] == frames["male"]


def test_ethnicity_is_varied_with_the_gender_of_the_name_kept():
    found = found_in(*(f"{name} wrote to the office about the letter." for name in PEOPLE))
    pools = ethnicity_pools(seed=1, n_tokens=lambda names: [1] * len(names))
    known = {each.name: each.gender for each in load_names()}
    arms = list(ethnicity_name_arms(found.named, ("no", "yes"), pools, seed=1))
    assert len(arms) == len(PEOPLE) * 16
    for each in arms:
        original = each.source.row.text.split()[0]
        assert known[each.name] == ("male" if original in {"James", "Robert", "Carlos"} else "female")


def test_gendered_words_beside_a_name_are_balanced_between_the_arms():
    found = found_in("Maria said that she was late and that the office was closed.")
    pools = gender_pools(seed=1, n_tokens=lambda names: [1] * len(names))
    arms = list(gender_name_arms(found.named, ("no", "yes"), pools, seed=1))
    for group in ("female", "male"):
        mine = [each.row.text for each in arms if each.group == group]
        assert sum(" she " in text for text in mine) == sum(" he " in text for text in mine) == 2


LEXICON = {**dict.fromkeys((each.name for each in load_names()), "B-PER"), **dict.fromkeys(PEOPLE, "B-PER")}
LEXICON |= {"Smithson": "I-PER", "Paris": "B-LOC", "Berlin": "B-LOC", "Acme": "B-ORG", "Globex": "B-ORG"}


def test_a_tagger_that_misses_female_names_is_found():
    missed = set(names_of(gender="female"))
    rows = planted_tag_rows(60, 1, lexicon=LEXICON)
    found = findings_of(
        CounterfactualSubstitution(), subject_of(planted_tagger(LEXICON, missed=missed), data=rows, preset="quick")
    )
    difference = found["score_difference", GENDER]
    expected = -(np.exp(4) - 1) / (np.exp(4) + 6)
    assert difference.metric.value == pytest.approx(expected, abs=1e-3)
    assert clear(difference)
    assert found["excess_flip_rate", GENDER].metric.value == pytest.approx(1.0)
    for group in (BLACK, HISPANIC, API):
        assert not clear(found["score_difference", group])
    clean = findings_of(CounterfactualSubstitution(), subject_of(planted_tagger(LEXICON), data=rows, preset="quick"))
    assert all(abs(finding.metric.value or 0.0) < 1e-6 for finding in clean.values())


def test_without_gold_tags_the_predicted_ones_say_who_is_a_person():
    tagger = planted_tagger(LEXICON, missed=set(names_of(gender="female")) - set(PEOPLE))
    rows = [{"tokens": row["tokens"]} for row in planted_tag_rows(90, 1, lexicon=LEXICON)]
    found = findings_of(CounterfactualSubstitution(), subject_of(tagger, data=rows, preset="quick"))
    assert found["score_difference", GENDER].metric.value < -0.5


def test_gender_words_are_scored_on_the_other_entities_of_a_tagged_row():
    frames = ("The {} saw him in {} .", "The {} told him about {} .", "In the end the {} of {} was his friend .")
    lexicon = {**LEXICON, "him": "O", "her": "O"}
    tags = {"Paris": "B-LOC", "Acme": "B-ORG"}
    rows = []
    for index in range(60):
        tokens = frames[index % 3].format(f"clerk{index}", ("Paris", "Acme")[index % 2]).split()
        rows.append({"tokens": tokens, "ner_tags": [tags.get(token, "O") for token in tokens]})
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_tagger(lexicon), data=rows))
    assert {group for (_, group), finding in found.items() if finding.metric.value is not None} == {WORD_GROUP}
    assert found["score_difference", WORD_GROUP].metric.n == 60
    assert found["score_difference", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-6)


def test_with_three_classes_each_class_is_followed():
    model = planted_classifier(WORDS, shifts={"she": 1.0}, labels=("no", "maybe", "yes"))
    rows = [{**row, "label": 0} for row in planted_rows(60, 1, words=WORDS)]
    found = findings_of(CounterfactualSubstitution(), subject_of(model, data=rows))
    by_class = [
        found["score_difference", f"{WORD_GROUP} · class {label}"].metric.value for label in ("no", "maybe", "yes")
    ]
    assert by_class[2] > 0.05 > -0.02 > by_class[0]
    assert sum(by_class) == pytest.approx(0, abs=1e-6)
    assert ("excess_flip_rate", WORD_GROUP) in found


def test_too_few_rows_about_persons_are_not_assessed_and_the_reason_counts_them():
    rows = [{"text": f"The letter number {index} was lost in the office.", "label": 0} for index in range(50)]
    rows += [{"text": f"She said that letter {index} was lost.", "label": 0} for index in range(7)]
    with pytest.raises(NotAssessable, match=r"found 7 rows with gendered words and 0 with a first name among 57 rows"):
        findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS), data=rows))


def test_rows_in_other_languages_are_counted_and_not_passed_in_silence():
    rows = planted_rows(60, 1, words=WORDS)
    rows += [
        {"text": f"Der Brief Nummer {index} ist nicht bei ihm und nicht bei ihr angekommen.", "label": 0}
        for index in range(9)
    ]
    subject = subject_of(planted_classifier(WORDS), data=rows)
    checker = CounterfactualSubstitution()
    context = context_of(subject, checker)
    found = list(checker.run(context))
    assert any("First names are not assessed" in note for note in context.notes)
    [table] = [item for item in found[0].evidence if isinstance(item, Table) and "left out" in item.title]
    counts = dict(table.rows)
    assert counts["left out: not English, so there is no word list for it"] == 9
    assert counts["used for gender words"] == found[0].metric.n


def test_evidence_shows_extremes_and_typical_rows_and_each_name():
    rows = planted_rows(80, 2, words=WORDS, mentions=("she", "he", *PEOPLE))
    model = planted_classifier(WORDS, shifts={"she": 1.0} | dict.fromkeys(names_of(), 0.0))
    found = findings_of(CounterfactualSubstitution(), subject_of(model, data=rows))
    examples = [item for item in found["score_difference", GENDER].evidence if isinstance(item, Examples)]
    assert [item.title.split(" (")[0] for item in examples] == ["Rows that moved most", "Typical rows"]
    assert all(example.before and example.after and example.change for item in examples for example in item.items)
    [names] = [
        item
        for item in found["score_difference", GENDER].evidence
        if isinstance(item, Table) and "each name" in item.title
    ]
    assert {row[1] for row in names.rows} == {"female", "male"}
    assert not any(name in finding.statement for finding in found.values() for name in PEOPLE)


def test_the_order_of_rows_in_memory_changes_nothing():
    rows = planted_rows(150, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    model = planted_classifier(WORDS, shifts={"she": 1.0}, noise=0.3, noise_words=names_of())
    subject = subject_of(model, data=rows, preset="quick")
    forward = findings_of(CounterfactualSubstitution(), subject)
    assert forward == findings_of(CounterfactualSubstitution(), subject, data=backwards(subject.data))
    assert forward != findings_of(CounterfactualSubstitution(), subject, seed=1)


def test_repeated_rows_count_once_whatever_their_order():
    rows = [Row("a:1", "She came."), Row("a:2", "He came."), Row("a:3", "She came.")]
    first, second = drawn(rows, seed=3), drawn(rows[::-1], seed=3)
    assert first == second
    assert sorted(row.id for row in first) == ["a:1", "a:2"]


def test_hostile_rows_go_through():
    rows = planted_rows(60, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    rows += [
        {
            "text": "<b onclick='x'>She</b> told the office \u202eabout\u202c her \ud800 letter & it was good.",
            "label": 1,
        },
        {"text": "Maria\u200b said that \x00 she was in the office; [MASK] {name} %s", "label": 1},
        {"text": "she said that it was good " * 400, "label": 1},
        {"text": "\u05d4\u05d9\u05d0 \u0647\u064a", "label": 0},
    ]
    found = findings_of(CounterfactualSubstitution(), subject_of(planted_classifier(WORDS), data=rows))
    assert all("onclick" not in finding.statement for finding in found.values())


def test_cost_bounds_what_the_model_is_asked():
    rows = planted_rows(400, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    subject = subject_of(planted_classifier(WORDS), data=rows, preset="quick")
    checker = CounterfactualSubstitution()
    before = subject.engines[0].stats.requested
    findings_of(checker, subject)
    asked = subject.engines[0].stats.requested - before
    assert 0.8 * checker.cost(subject.info).evaluations < asked <= checker.cost(subject.info).evaluations
