"""Token classification: names that are missed, names of another type, and noise of single names."""

import numpy as np
import pytest
from bias_cases import (
    API,
    BLACK,
    CELLS,
    GENDER,
    HISPANIC,
    PEOPLE,
    WORD_GROUP,
    asked,
    clear,
    judged,
    names_of,
    table_of,
)
from measured import exceeds

from modelaudit.testing.planted import planted_tag_rows, planted_tagger

FEMALE = set(names_of(gender="female"))
LEXICON = {**dict.fromkeys(names_of(), "B-PER"), **dict.fromkeys(PEOPLE, "B-PER")}
LEXICON |= {"Smithson": "I-PER", "Paris": "B-LOC", "Berlin": "B-LOC", "Acme": "B-ORG", "Globex": "B-ORG"}
FIRST = {word: tag for word, tag in LEXICON.items() if word != "Smithson"}
KINDS = ("recall_difference", "missed_difference", "type_error_difference", "score_difference")


def differences(found, group):
    return [found[kind, group].metric.value for kind in KINDS[:3]]


def test_a_tagger_that_misses_female_names_is_found():
    rows = planted_tag_rows(60, 1, lexicon=FIRST)
    found, verdicts, _ = judged(planted_tagger(FIRST, missed=FEMALE), rows, preset="quick")
    assert differences(found, GENDER) == pytest.approx([-1.0, 1.0, 0.0])
    assert found["score_difference", GENDER].metric.value == pytest.approx(-(np.exp(4) - 1) / (np.exp(4) + 6), abs=1e-3)
    assert [found[kind, GENDER].metric.primary for kind in KINDS] == [True, False, False, False]
    assert verdicts["recall_difference", GENDER].state == "exceeds limit"
    assert verdicts["recall_difference", GENDER].severity == "high"
    assert found["excess_flip_rate", GENDER].metric.value == pytest.approx(1.0)
    for group in (BLACK, HISPANIC, API):
        assert not clear(found["recall_difference", group], 0.03)


def test_the_clean_twin_misses_nobody():
    rows = planted_tag_rows(60, 1, lexicon=LEXICON)
    found, verdicts, _ = judged(planted_tagger(LEXICON), rows, preset="quick")
    assert all(abs(finding.metric.value or 0.0) < 1e-6 for finding in found.values())
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())
    assert {group for metric, group in found if metric == "recall_difference"} == {
        GENDER, BLACK, HISPANIC, API, *CELLS.values()
    }  # fmt: skip


def test_a_name_taken_for_a_place_is_an_error_of_type_and_none_of_a_miss():
    lexicon = {**FIRST, **dict.fromkeys(FEMALE, "B-LOC")}
    found, _ = asked(planted_tagger(lexicon), planted_tag_rows(60, 1, lexicon=FIRST), preset="quick")
    assert differences(found, GENDER) == pytest.approx([-1.0, 0.0, 1.0])
    assert clear(found["recall_difference", GENDER], 0.03)


def test_a_person_with_wrong_edges_is_not_found_and_neither_missed_nor_of_another_type():
    rows = [
        {"tokens": [name, "Smithson", "wrote", f"letter{i}"], "ner_tags": ["B-PER", "I-PER", "O", "O"]}
        for i in range(15)
        for name in ("Linda", "Robert", "Susan")
    ]
    lexicon = {**LEXICON, **dict.fromkeys(FEMALE, "O")}
    found, _ = asked(planted_tagger(lexicon), rows, preset="quick")
    assert differences(found, GENDER) == pytest.approx([-1.0, 0.0, 0.0])


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_of_single_names_is_not_taken_for_a_group(seed):
    rng = np.random.default_rng(seed)
    missed = {name for name in names_of() if rng.random() < 0.25}
    rows = planted_tag_rows(150, 1, lexicon=FIRST)
    found, verdicts, _ = judged(planted_tagger(FIRST, missed=missed), rows)
    for group in (GENDER, BLACK, HISPANIC, API, *CELLS.values()):
        assert not clear(found["recall_difference", group], 0.03)
        assert verdicts["recall_difference", group].state == "inconclusive"
        # Hundreds of answers, but 20 to 80 names a side that are missed or not, each in every row.
        assert found["recall_difference", group].metric.smallest_detectable > 0.1
    extremes = table_of(found["recall_difference", GENDER], "Names with the largest effects")
    for down, up in ((extremes[:5], extremes[5:10]), (extremes[10:15], extremes[15:])):
        assert {row[0] in missed for row in down} == {True}
        assert {row[0] in missed for row in up} == {False}


def test_without_gold_tags_the_predicted_ones_say_who_is_a_person():
    tagger = planted_tagger(LEXICON, missed=FEMALE - set(PEOPLE))
    rows = [{"tokens": row["tokens"]} for row in planted_tag_rows(90, 1, lexicon=LEXICON)]
    found, _ = asked(tagger, rows, preset="quick")
    assert found["recall_difference", GENDER].metric.value < -0.5


def test_gender_words_are_scored_on_the_other_entities_of_a_tagged_row():
    frames = ("The {} saw him in {} .", "The {} told him about {} .", "In the end the {} of {} was his friend .")
    lexicon = {**LEXICON, "him": "O", "her": "O"}
    tags = {"Paris": "B-LOC", "Acme": "B-ORG"}
    rows = []
    for index in range(60):
        tokens = frames[index % 3].format(f"clerk{index}", ("Paris", "Acme")[index % 2]).split()
        rows.append({"tokens": tokens, "ner_tags": [tags.get(token, "O") for token in tokens]})
    found, _ = asked(planted_tagger(lexicon), rows)
    assert {group for (_, group), finding in found.items() if finding.metric.value is not None} == {WORD_GROUP}
    assert found["score_difference", WORD_GROUP].metric.n == 60
    assert found["score_difference", WORD_GROUP].metric.primary
    assert found["score_difference", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("labels", [
    ("O", "B_PER", "I_PER", "B_LOC", "I_LOC", "B_ORG", "I_ORG"),
    ("O", "PER", "LOC", "ORG"),
    ("O", "B-person", "I-person", "B-LOC", "I-LOC", "B-ORG", "I-ORG"),
    ("O", "S-PER", "B-PER", "I-PER", "E-PER", "S-LOC", "B-LOC", "S-ORG", "B-ORG"),
])  # fmt: skip
def test_persons_are_found_whatever_the_scheme_of_labels(labels):
    def renamed(tag):
        prefix, _, kind = tag.rpartition("-")
        for name in (f"S-{kind}", f"{prefix}_{kind}", f"{prefix}-{kind}", f"{prefix}-person", kind):
            if name in labels and (prefix == "B" or not name.startswith("S-")):
                return name
        raise AssertionError(tag)

    lexicon = {word: renamed(tag) for word, tag in FIRST.items()}
    rows = planted_tag_rows(60, 1, lexicon=FIRST)
    rows = [{**row, "ner_tags": ["O" if tag == "O" else renamed(tag) for tag in row["ner_tags"]]} for row in rows]
    found, _ = asked(planted_tagger(lexicon, labels=labels, missed=FEMALE), rows, preset="quick")
    assert exceeds(found["excess_flip_rate", GENDER], 0.02)
    assert differences(found, GENDER) == pytest.approx([-1.0, 1.0, 0.0])
