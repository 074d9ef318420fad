"""Substitution in sentences of our own: each task, each language, each scheme of labels."""

import pytest
from bias_cases import BLACK, CELLS, GENDER, WORD_GROUP, asked, clear, judged, names_of
from planted_language import PlantedForCausalLM, PlantedForMaskedLM, planted_language, planted_regression

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.frames import CounterfactualFrames
from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_tagger
from modelaudit.text import FRAME_DOMAINS, entity_sentences, frame_sentences

WORDS = {"loan": 0.5, "interview": 0.75, "hospital": -0.5, "school": 0.25, "refund": -0.75, "very": 0.25, "late": -0.5}
ROWS = [{"text": f"The letter number {index} was lost in the office.", "label": 0} for index in range(40)]
UNLABELLED = [{"text": row["text"]} for row in ROWS]
FRAMES = CounterfactualFrames(attributes=("gender", "ethnicity", "intersection"))
DOMAINS = ("hiring", "lending", "health")
FEW = CounterfactualFrames(attributes=("gender",), domains=DOMAINS)
GENDERED = len(frame_sentences("en", "gender words"))
NAMED = len(frame_sentences("en", "names"))


def test_data_that_mentions_nobody_is_not_assessed_in_its_rows_and_is_in_frames():
    model = planted_classifier(WORDS, shifts={"she": 1.0, "her": 1.0, "woman": 1.0})
    with pytest.raises(NotAssessable):
        asked(model, ROWS, CounterfactualSubstitution())
    found, verdicts, _ = judged(model, ROWS, FRAMES)
    difference = found["score_difference", WORD_GROUP]
    assert difference.metric.value > 0.1
    assert difference.metric.n == GENDERED
    assert verdicts["score_difference", WORD_GROUP].checker == "modelaudit/counterfactual-frames"
    assert verdicts["score_difference", WORD_GROUP].state == "exceeds limit"
    assert found["score_difference", GENDER].metric.n == NAMED
    for group in (GENDER, BLACK, *CELLS.values()):
        assert found["score_difference", group].metric.value == pytest.approx(0, abs=1e-9)


def test_names_and_terms_that_were_planted_are_found_and_the_clean_twin_is_quiet():
    shifts = dict.fromkeys(names_of(), 0.0) | dict.fromkeys(names_of(ethnicity="black"), -1.0) | {"Muslim": -1.0}
    found, _ = asked(planted_classifier(WORDS, shifts=shifts), ROWS, CounterfactualFrames(domains=DOMAINS))
    for group in (BLACK, "religion: Muslim - Christian"):
        assert found["score_difference", group].metric.value < -0.1
        assert clear(found["score_difference", group])
    assert not clear(found["score_difference", "religion: Hindu - Christian"])
    clean, verdicts, _ = judged(planted_classifier(WORDS), ROWS, CounterfactualFrames())
    titles = {group.split(":")[0] for _, group in clean}
    assert {"gender words", "first names, gender", "first names, ethnicity", "last names, ethnicity"} <= titles
    assert {"religion", "nationality", "age"} <= titles
    assert all(finding.metric.value is not None for finding in clean.values())
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


def test_the_domains_that_are_asked_for_are_used_and_no_others():
    model = planted_classifier({"loan": 1.0})
    checker = CounterfactualFrames(domains=("lending", "health"), attributes=("gender",))
    found, _ = asked(model, ROWS, checker)
    expected = frame_sentences("en", "names", domains=("lending", "health"))
    difference = found["score_difference", GENDER]
    assert difference.metric.n == len(expected) < NAMED
    examples = [item for each in found.values() for item in each.evidence if item.title.startswith("Typical")]
    rows = {example.row for item in examples for example in item.items}
    assert {row.split("/")[2] for row in rows} <= {"lending", "health"}
    with pytest.raises(ValueError, match=rf"'sport'.*choose from {FRAME_DOMAINS[0]}"):
        asked(model, ROWS, CounterfactualFrames(domains=("sport",)))


@pytest.mark.parametrize("outputs", [1, 2])
def test_regressions_are_asked(outputs):
    metric = "standardised_difference" if outputs == 1 else "largest_standardised_difference"
    rows = [{"text": f"The letter about the {('loan', 'hospital')[index % 2]} was lost."} for index in range(40)]
    found, _ = asked(planted_regression(WORDS, outputs=outputs, shifts={"she": 1.0, "woman": 1.0}), rows, FEW)
    assert found[metric, WORD_GROUP].metric.value > 0.3


def test_models_of_several_labels_are_asked():
    model, tokenizer = planted_classifier(WORDS, shifts={"she": 1.0, "woman": 1.0}, labels=("a", "b", "c"))
    model.config.problem_type = "multi_label_classification"
    found, _ = asked((model, tokenizer), [{"text": row["text"], "labels": []} for row in ROWS], FEW)
    assert found["largest_score_difference", WORD_GROUP].metric.value > 0.1


@pytest.mark.parametrize("kind", [PlantedForCausalLM, PlantedForMaskedLM])
def test_language_models_are_asked(kind):
    words = ("she", "he", "woman", "man", "the", "a", "for", "and", "in")
    adds = {(word, "the"): 3.0 for word in ("she", "woman")}
    checker = CounterfactualFrames(attributes=("gender",), domains=("hiring", "lending", "news"))
    found, _ = asked(planted_language(kind, words, adds=adds), UNLABELLED, checker)
    assert found["log_ratio", WORD_GROUP].metric.value != 0
    clean, _ = asked(planted_language(kind, words), UNLABELLED, checker)
    assert clean["log_ratio", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-6)


def test_the_language_is_that_of_most_rows_or_the_one_named():
    german = [
        {"text": f"Der Brief Nummer {i} ist nicht bei ihm und nicht bei ihr angekommen.", "label": 0} for i in range(40)
    ]
    chinese = [{"text": f"第{i}封信昨天没有送到办公室，今天上午才找到。", "label": 0} for i in range(40)]
    model = planted_classifier(WORDS)
    with pytest.raises(NotAssessable, match="none of the first 40 evaluation rows looks English or Chinese"):
        asked(model, german, FRAMES)
    named, _ = asked(model, german, CounterfactualFrames(attributes=("gender",), language="en"))
    assert named["score_difference", GENDER].metric.n == NAMED
    for rows, suffix in ((ROWS + chinese[:10], ""), (ROWS[:10] + chinese, ", Chinese")):
        found, _ = asked(model, rows, FEW)
        assert {group.split(":")[0] for _, group in found} >= {f"gender words{suffix}"}
        assert all(("Chinese" in group) == bool(suffix) for _, group in found)


SCHEMES = {
    "BIO": ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"),
    "IO": ("O", "I-PER", "I-LOC", "I-ORG"),
    "bare": ("O", "PER", "LOC", "ORG"),
    "long": ("O", "B-person", "I-person", "B-location", "I-location"),
    "BIOES": ("O", *(f"{prefix}-{kind}" for kind in ("PER", "LOC", "ORG") for prefix in "BIES")),
    "underscores": ("O", "B_PER", "I_PER", "B_LOC", "I_LOC"),
}


def lexicon_of(labels):
    """What a perfect tagger of the frames says of each word, first names of all pools included."""
    bare = {label.replace("_", "-").rpartition("-")[2][:3].upper(): label for label in labels if label != "O"}

    def named(kind, *prefixes):
        found = [label for prefix in prefixes for label in labels if label[:1] == prefix and label[1:2] in "-_"
                 and label[2:5].upper() == kind]  # fmt: skip
        return found[0] if found else bare.get(kind, "O")

    words = {}
    for sentence in entity_sentences("en"):
        for place, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
            inside = sentence.tags[place + 1 : place + 2] == (f"I-{tag[2:]}",)
            prefixes = ("IB", "EIB")[not inside] if tag.startswith("I-") else ("BI", "SBI")[not inside]
            words[word] = "O" if tag == "O" else named(tag[2:], *prefixes)
    return {word: tag for word, tag in words.items() if word.isalpha()}, named("PER", *"SBI"), named("PER", *"BI")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_taggers_are_asked_whatever_their_labels(scheme):
    labels = SCHEMES[scheme]
    words, alone, _ = lexicon_of(labels)
    women = set(names_of(gender="female"))
    lexicon = {**words, **dict.fromkeys((*names_of(), "James"), alone)}
    rows = [{"tokens": ["It", "rained", f"day{index}"]} for index in range(40)]
    checker = CounterfactualFrames(attributes=("gender",))
    clean, _ = asked(planted_tagger(lexicon, labels=labels), rows, checker)
    assert clean["recall_difference", GENDER].metric.value == pytest.approx(0, abs=1e-9)
    found, _ = asked(planted_tagger(lexicon, labels=labels, missed=women), rows, checker)
    recall = found["recall_difference", GENDER].metric
    assert recall.n == len(entity_sentences("en"))
    # A first name that stands alone is always found; where a last name follows, some schemes have other tags.
    assert recall.value < -0.3
    assert found["missed_difference", GENDER].metric.value > 0.3
    assert found["excess_flip_rate", GENDER].metric.value > 0.2


def test_a_tagger_without_a_label_for_persons_is_not_assessed():
    tagger = planted_tagger({"Leeds": "B-LOC"}, labels=("O", "B-LOC", "I-LOC", "B-DISEASE"))
    with pytest.raises(NotAssessable, match=r"no label for persons .*B-DISEASE"):
        asked(tagger, [{"tokens": ["It", "rained"]}], CounterfactualFrames())
