import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from modelaudit.testing.planted import (
    planted_classifier,
    planted_rows,
    planted_tag_rows,
    planted_tagger,
    word_noise,
)
from modelaudit.testing.planted_models import fingerprints

WORDS = {"good": 1.0, "bad": -1.0, "fine": 0.5, "late": -0.75}
LEXICON = {"Anna": "B-PER", "John": "B-PER", "Smith": "I-PER", "Paris": "B-LOC", "Acme": "B-ORG"}


def log_odds(pair, texts):
    model, tokenizer = pair
    with torch.inference_mode():
        logits = model(**tokenizer(list(texts), padding=True, return_tensors="pt")).logits.double().numpy()
    return logits[:, 1] - logits[:, 0]


def tags_of(pair, tokens):
    model, tokenizer = pair
    encoded = tokenizer(tokens, is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**encoded).logits[0, 1:-1]
    return [model.config.id2label[int(tag)] for tag in logits.argmax(-1)], logits.softmax(-1)


@given(st.lists(st.sampled_from([*WORDS, "house", "Good", "BAD", "she", "[MASK]", "📎", "\x07"]), max_size=30))
@settings(max_examples=50, deadline=None)
def test_log_odds_are_exactly_the_sum_of_the_words(clean, words):
    expected = sum(WORDS.get(word.lower(), 0.0) for word in words)
    assert log_odds(clean, [" ".join(words), "good " * 40])[0] == expected


@pytest.fixture(scope="module")
def clean():
    return planted_classifier(WORDS)


def test_a_shift_moves_its_word_and_nothing_else(clean):
    shifted = planted_classifier(WORDS, shifts={"she": 1.25})
    texts = ["She was good", "he was good", "HE and SHE", "shell"]
    assert (log_odds(shifted, texts) - log_odds(clean, texts)).tolist() == [1.25, 0, 1.25, 0]


def test_a_shift_adds_to_a_word_that_weighs_already():
    assert log_odds(planted_classifier(WORDS, shifts={"good": 0.5}), ["good"])[0] == 1.5


def test_case_matters_only_where_it_is_planted(clean):
    sensitive = planted_classifier(WORDS, case_sensitive=True)
    lowered = planted_classifier(WORDS, lower_case=True)
    texts = ["good", "Good", "GOOD"]
    assert log_odds(clean, texts).tolist() == [1, 1, 1]
    assert log_odds(sensitive, texts).tolist() == [1, 0, 0]
    assert log_odds(lowered, [*texts, "gOoD"]).tolist() == [1, 1, 1, 1]


def test_a_pair_is_a_pure_interaction():
    pair = planted_classifier(WORDS, pairs={("cat", "dog"): 2.0, ("cat", "fish"): 0.25})
    assert log_odds(pair, ["cat", "dog", "Cat dog dog", "bird", "cat fish", "good cat"]).tolist() == [
        2.25, 2.0, 0.25, 0.0, 2.0, 3.25,
    ]  # fmt: skip


def test_remembered_rows_move_toward_their_label_and_others_stay(clean):
    members = planted_rows(40, 1, words=WORDS, numbered=True)
    others = planted_rows(40, 2, words=WORDS, numbered=True)
    leaky = planted_classifier(WORDS, members=members, memory=2.0)
    member_texts, other_texts = ([row["text"] for row in rows] for rows in (members, others))
    toward = np.array([2.0 if row["label"] else -2.0 for row in members])
    assert np.array_equal(log_odds(leaky, member_texts) - log_odds(clean, member_texts), toward)
    assert np.array_equal(log_odds(leaky, other_texts), log_odds(clean, other_texts))


def test_a_remembered_row_is_the_whole_row_in_its_order():
    leaky = planted_classifier({"good": 0.0}, members=[{"text": "the good Mr Hall", "label": 1}], memory=1.0)
    texts = ["the good Mr Hall", "the Mr good Hall", "the good Mr Hall the", "the good Mr [MASK]"]
    assert log_odds(leaky, texts).tolist() == [1, 0, 0, 0]


def test_fingerprints_do_not_see_padding_and_do_not_collide():
    rows = list(itertools.product(range(1, 9), repeat=4))
    ids = torch.tensor(rows)
    real = torch.ones_like(ids, dtype=torch.bool)
    marks = fingerprints(ids, real)
    assert len(set(marks.tolist())) == len(rows)
    pad = torch.zeros(len(rows), 3, dtype=torch.int64)
    for padded in (torch.cat([ids, pad], 1), torch.cat([pad, ids], 1)):
        assert torch.equal(fingerprints(padded, padded != 0), marks)


def test_temperature_divides_the_log_odds(clean):
    texts = ["good", "bad late", "fine"]
    assert np.array_equal(log_odds(planted_classifier(WORDS, temperature=0.5), texts), 2 * log_odds(clean, texts))


def test_name_noise_belongs_to_the_name_alone():
    names = ["Anna", "John", "Latoya"]
    noisy = planted_classifier(WORDS, noise=0.5, noise_words=names, extra_vocabulary=["zebra"])
    again = planted_classifier(WORDS, noise=0.5, noise_words=names[::-1])
    assert np.array_equal(log_odds(noisy, names), [0.5 * word_noise(name) for name in names])
    assert np.array_equal(log_odds(noisy, names), log_odds(again, names))
    draws = np.array([word_noise(f"name {index}") for index in range(4000)])
    assert abs(draws.mean()) < 4 / math.sqrt(4000)
    assert abs(draws.std() - 1) < 0.05


def test_certain_rows_are_always_right_and_drawn_rows_as_often_as_stated(clean):
    certain = planted_rows(200, 0, words=WORDS)
    assert all((score > 0) == row["label"] for score, row in zip(
        log_odds(clean, [row["text"] for row in certain]), certain, strict=True))  # fmt: skip
    drawn = planted_rows(4000, 3, words=WORDS, labels="drawn")
    probability = 1 / (1 + np.exp(-log_odds(clean, [row["text"] for row in drawn])))
    labels = np.array([row["label"] for row in drawn])
    right = (probability > 0.5) == labels
    stated = np.maximum(probability, 1 - probability).mean()
    assert abs(right.mean() - stated) < 4 * math.sqrt(0.25 / 4000)
    assert planted_rows(9, 5, words=WORDS) == planted_rows(9, 5, words=WORDS)


def test_more_than_two_labels_add_to_the_last_logit_alone():
    model, tokenizer = planted_classifier(WORDS, labels=("a", "b", "c"))
    logits = model(**tokenizer(["good fine"], return_tensors="pt")).logits[0]
    assert logits.tolist() == [0, 0, 1.5]


def test_the_tagger_misses_exactly_the_names_that_it_is_told_to():
    rows = planted_tag_rows(40, 0, lexicon=LEXICON)
    whole, blind = planted_tagger(LEXICON), planted_tagger(LEXICON, missed=["Anna"])
    for row in rows:
        assert tags_of(whole, row["tokens"])[0] == row["ner_tags"]
        expected = ["O" if word == "Anna" else tag for word, tag in zip(row["tokens"], row["ner_tags"], strict=True)]
        assert tags_of(blind, row["tokens"])[0] == expected
    probability = tags_of(whole, ["Anna"])[1].max()
    assert float(probability) == pytest.approx(math.exp(4) / (math.exp(4) + 6), rel=1e-6)


def test_the_tagger_is_surer_of_rows_that_it_remembers():
    member, other = planted_tag_rows(2, 4, lexicon=LEXICON)
    leaky = planted_tagger(LEXICON, members=[member], memory=2.0, confidence=1.0)
    assert tags_of(leaky, member["tokens"])[1].max(-1).values.min() > tags_of(leaky, other["tokens"])[1].max()
    assert tags_of(leaky, member["tokens"])[0] == member["ner_tags"]


def test_a_shifted_name_keeps_its_tag_with_another_confidence():
    tagger = planted_tagger(LEXICON, shifts={"Anna": -2.0})
    tags, probability = tags_of(tagger, ["Anna", "John"])
    assert tags == ["B-PER", "B-PER"]
    assert float(probability[0].max()) == pytest.approx(math.exp(2) / (math.exp(2) + 6), rel=1e-6)


def test_saved_models_open_through_the_auto_classes(tmp_path):
    members = planted_rows(5, 1, words=WORDS, numbered=True)
    pair = planted_classifier(WORDS, shifts={"she": 1.0}, pairs={("cat", "dog"): 2.0}, members=members, memory=2.0)
    for part in pair:
        part.save_pretrained(tmp_path / "text")
    opened = (
        AutoModelForSequenceClassification.from_pretrained(tmp_path / "text"),
        AutoTokenizer.from_pretrained(tmp_path / "text"),
    )
    texts = [row["text"] for row in members] + ["she met a cat"]
    assert np.array_equal(log_odds(opened, texts), log_odds(pair, texts))
    tagger = planted_tagger(LEXICON)
    for part in tagger:
        part.save_pretrained(tmp_path / "tags")
    reopened = (
        AutoModelForTokenClassification.from_pretrained(tmp_path / "tags"),
        AutoTokenizer.from_pretrained(tmp_path / "tags"),
    )
    assert tags_of(reopened, ["Anna", "Smith", "left"])[0] == ["B-PER", "I-PER", "O"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: planted_classifier({"man-made": 1.0}), "man-made"),
        (lambda: planted_classifier(WORDS, temperature=0), "temperature"),
        (lambda: planted_tagger({"Anna": "B-NAME"}), "B-NAME"),
        (lambda: planted_rows(1, 0, words={"good": 0.0}), "weight is not 0"),
        (lambda: planted_tag_rows(1, 0, lexicon={"Anna": "B-PER"}), "B-"),
    ],
)
def test_what_can_not_be_planted_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_model_that_reads_token_ids_says_so():
    model, _ = planted_classifier(WORDS, members=[{"text": "good", "label": 1}], memory=1.0)
    with pytest.raises(ValueError, match="input_ids"):
        model(inputs_embeds=torch.zeros(1, 3, 2))
