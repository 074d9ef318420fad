"""The model handle, against plain transformers calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import MAX_LENGTH, bert_config, make_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.processors import RobertaProcessing
from transformers import (
    BertForSequenceClassification,
    BertForTokenClassification,
    ByT5Tokenizer,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaForTokenClassification,
)

from modelaudit.checker import ModelHandle
from modelaudit.errors import CapabilityError, DataInputError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.limits import max_length
from modelaudit.subject.source import open_model

LONG = "the film was good " * 10
TEXTS = ["she was very good", "", "a bad film!", LONG, "she was very good"]
HOSTILE = st.text(
    st.one_of(st.characters(codec=None), st.sampled_from("\x00\x1b\u200b\u202e\u2066\ud800\udfff<>&'\"\n\t [MASK]")),
    max_size=40,
)


def reference(opened, text):
    with torch.inference_mode():
        encoded = opened.tokenizer(text, return_tensors="pt", truncation=True, max_length=MAX_LENGTH)
        return opened.model(**encoded).logits[0].double()


@pytest.fixture(scope="module")
def handle(subject_of, classifier):
    return subject_of(classifier, [{"text": "good", "label": 1}]).model


@pytest.fixture(scope="module")
def tagging(subject_of, tagger):
    return subject_of(tagger, [{"tokens": ["good"]}]).model


def test_the_handle_keeps_the_contract(handle):
    asked: ModelHandle = handle
    verbs = [name for name in vars(ModelHandle) if not name.startswith("_")]
    assert all(callable(getattr(asked, verb)) for verb in verbs if verb not in {"labels", "capabilities"})
    assert asked.labels == ("negative", "positive")
    assert asked.capabilities <= set(verbs)


def test_predictions_equal_those_of_transformers(handle, classifier):
    rows = [Row(str(i), text) for i, text in enumerate(TEXTS)]
    predictions = handle.predict(rows)
    expected = torch.stack([reference(classifier, text) for text in TEXTS])
    np.testing.assert_allclose(predictions.logits, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(predictions.probabilities, expected.softmax(1).numpy(), atol=1e-6)
    assert predictions.probabilities.dtype == np.float64
    assert predictions.truncated.tolist() == [False, False, False, True, False]
    np.testing.assert_array_equal(handle.predict_proba(TEXTS), predictions.probabilities)
    assert len(handle.predict([])) == 0
    assert handle.predict([]).probabilities.shape == (0, 2)


def test_the_loss_is_the_cross_entropy_in_nats(handle, classifier):
    rows = [Row("1", "she was very good", label=1), Row("2", "a bad film", label=0)]
    expected = [-reference(classifier, row.text).log_softmax(0)[row.label].item() for row in rows]
    np.testing.assert_allclose(handle.loss(rows).per_row, expected, atol=1e-6)
    with pytest.raises(DataInputError, match="row 3 has no label"):
        handle.loss([*rows, Row("3", "x")])


def test_players_are_words_and_hiding_them_masks_their_tokens(handle, classifier):
    row = Row("1", "she wasn't xyzzy, good!")
    (players,) = handle.players([row])
    assert players == ("she", "wasn", "'", "t", "xyzzy", ",", "good", "!")
    keep = np.ones((3, len(players)), dtype=bool)
    keep[1, 4] = False
    keep[2] = False
    (answer,) = handle.predict_masked([row], [keep])
    tokens = classifier.tokenizer(row.text)["input_ids"]
    pieces = [i for i, word in enumerate(classifier.tokenizer(row.text).word_ids()) if word == 4]
    assert len(pieces) == 5
    ids = torch.tensor([tokens, tokens, tokens])
    ids[1, pieces] = classifier.tokenizer.mask_token_id
    ids[2, 1:-1] = classifier.tokenizer.mask_token_id
    with torch.inference_mode():
        expected = classifier.model(ids).logits.softmax(1)
    np.testing.assert_allclose(answer.probabilities, expected.numpy(), atol=1e-6)
    with pytest.raises(ValueError, match=r"row 1 has 8 players, but keep has shape \(1, 3\)"):
        handle.predict_masked([row], [np.ones((1, 3), dtype=bool)])


def test_players_end_where_the_model_does(handle, tagging):
    assert handle.players([Row("1", LONG), Row("2", "")]) == [tuple(LONG.split()[: MAX_LENGTH - 2]), ()]
    words = ("good", "xyzzy") * 10
    assert tagging.players([Row("1", " ".join(words), words)]) == [words[:6]]


def test_no_players_still_give_an_answer(handle):
    (answer,) = handle.predict_masked([Row("1", "")], [np.ones((2, 0), dtype=bool)])
    np.testing.assert_array_equal(answer.probabilities[0], handle.predict([Row("1", "")]).probabilities[0])


def test_words_are_answered_by_their_first_token(tagging, tagger):
    words = ("anna", "xyzzy", "\u200b", "was", "")
    rows = [Row("1", " ".join(words), words), Row("2", LONG, tuple(LONG.split())), Row("3", "good film")]
    predictions = tagging.predict(rows)
    assert predictions.offsets.tolist() == [0, 5, 45, 47]
    encoded = tagger.tokenizer(list(words), is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        expected = tagger.model(**encoded).logits[0].softmax(1).numpy()
    first = {word: position for position, word in reversed(list(enumerate(encoded.word_ids()))) if word is not None}
    assert sorted(first) == [0, 1, 3]
    for word, position in first.items():
        np.testing.assert_allclose(predictions.words_of(0)[word], expected[position], atol=1e-6)
    assert np.isnan(predictions.words_of(0)[[2, 4]]).all()
    assert predictions.labels[[2, 4]].tolist() == [-1, -1]
    assert np.isnan(predictions.words_of(1)[:, 0]).tolist() == [False] * (MAX_LENGTH - 2) + [True] * 26
    assert predictions.truncated.tolist() == [False, True, False]
    assert tagging.predict([]).probabilities.shape == (0, 5)


def test_the_loss_of_words_leaves_out_those_without_an_answer(tagging):
    row = Row("1", "anna \u200b was", ("anna", "\u200b", "was"), tags=(1, 0, 0))
    losses = tagging.loss([row, Row("2", "\u200b", ("\u200b",), tags=(0,))])
    probabilities = tagging.predict([row]).words_of(0)
    expected = [-np.log(probabilities[0, 1]), np.nan, -np.log(probabilities[2, 0]), np.nan]
    np.testing.assert_allclose(losses.per_word, expected, atol=1e-6)
    np.testing.assert_allclose(losses.per_row, [np.nanmean(expected), np.nan], atol=1e-6)
    with pytest.raises(DataInputError, match="row 3 has no tags"):
        tagging.loss([Row("3", "a", ("a",))])


def test_hiding_words_of_a_tagged_row(tagging):
    words = ("anna", "\u200b", "was", "good")
    row = Row("1", " ".join(words), words)
    keep = np.array([[True] * 4, [True, False, True, True], [False, True, True, True]])
    (answer,) = tagging.predict_masked([row], [keep])
    assert answer.offsets.tolist() == [0, 4, 8, 12]
    plain = tagging.predict([row]).words_of(0)
    np.testing.assert_array_equal(answer.words_of(0), plain)
    np.testing.assert_array_equal(answer.words_of(1), plain)
    masked = tagging.predict([Row("2", "", ("[MASK]", *words[1:]))]).words_of(0)
    np.testing.assert_array_equal(answer.words_of(2), masked)


def test_embeddings_gradients_and_counts(handle, classifier):
    rows = [Row("1", "she was good"), Row("2", LONG)]
    with torch.inference_mode():
        encoded = classifier.tokenizer("she was good", return_tensors="pt")
        expected = classifier.model.bert(**encoded).last_hidden_state[0].mean(0).numpy()
    np.testing.assert_allclose(handle.embed(rows)[0], expected, atol=1e-5)
    assert [slope.shape for slope in handle.gradients(rows, [0, 1])] == [(5, 16), (MAX_LENGTH, 16)]
    assert handle.token_counts(["she was good", "", LONG]).tolist() == [3, 0, 40]
    assert handle.token_counts([]).tolist() == []


def test_fingerprints_tell_what_the_tokenizer_undoes(handle, tagging):
    plain, zero_width, other, longer = handle.fingerprints(
        [Row("1", "she was good"), Row("2", "she was\u0007 good"), Row("3", "she was bad"), Row("4", f"{LONG} more")]
    )
    assert plain == zero_width
    assert len({plain, other, longer}) == 3
    assert longer == handle.fingerprints([Row("5", LONG)])[0], "what is cut off is not read"
    words = [Row("1", "", ("good", "bad")), Row("2", "", ("good bad",)), Row("3", "", ("good", "bad"))]
    one_by_one, at_once, again = tagging.fingerprints(words)
    assert one_by_one == again != at_once, "equal tokens of other words are answered word by word in other ways"


def test_verbs_that_a_model_lacks(handle, tagging):
    with pytest.raises(CapabilityError, match=r"is a text-classification model and can't generate; it has embed"):
        handle.generate([Row("1", "x")], max_new_tokens=3)
    with pytest.raises(CapabilityError, match=r"is a token-classification model and can't predict_proba; it has embed"):
        tagging.predict_proba(["x"])


def test_equal_rows_are_computed_once(subject_of, classifier):
    subject = subject_of(classifier, [{"text": "good"}])
    subject.model.predict([Row(str(i), "she was good") for i in range(50)])
    subject.model.predict([Row("x", "she was good")])
    assert subject.engines[0].stats.computed == 1


def test_threads_may_ask_at_once(handle):
    texts = [f"she was {'good ' * (i % 7)}{i}" for i in range(200)]
    alone = handle.predict_proba(texts)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: handle.predict_proba([text, text + "!", LONG])[0], texts))
    np.testing.assert_array_equal(np.stack(together), alone)


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_hostile_text_is_answered(handle, tagging, texts):
    rows = [Row(str(i), text) for i, text in enumerate(texts)]
    assert np.isfinite(handle.predict(rows).probabilities).all()
    players = handle.players(rows)
    handle.predict_masked(rows, [np.zeros((1, len(row)), dtype=bool) for row in players])
    tagged = [Row(row.id, row.text, tuple(row.text.split(" "))) for row in rows]
    assert tagging.predict(tagged).offsets[-1] == sum(len(row.words) for row in tagged)
    for row, kept in zip(tagged, tagging.players(tagged), strict=True):
        assert row.words[: len(kept)] == kept


def test_answers_that_overflow_are_not_numbers(subject_of):
    model = BertForSequenceClassification(bert_config(("a", "b")))
    torch.nn.init.constant_(model.bert.pooler.dense.bias, 10.0)
    torch.nn.init.constant_(model.classifier.weight, 3e38)
    subject = subject_of((model, make_tokenizer()), [{"text": "good"}])
    with pytest.raises(ModelInputError, match="answers with NaN or infinity"):
        subject.model.predict(subject.data.evaluation)


def byte_level_tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    )


def roberta_config(tokenizer, labels):
    return RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=34,
        pad_token_id=1,
        id2label=dict(enumerate(labels)),
    )


def test_roberta_takes_two_tokens_less_than_its_configuration_says(subject_of):
    tokenizer = byte_level_tokenizer()
    model = RobertaForSequenceClassification(roberta_config(tokenizer, ("a", "b"))).eval()
    assert max_length(model, tokenizer) == 32
    handle = subject_of((model, tokenizer), [{"text": "x" * 100}, {"text": "é ü b"}]).model
    rows = [Row("1", "x" * 100), Row("2", "é  üb\u202e c")]
    assert handle.predict(rows).truncated.tolist() == [True, False]
    # White space beyond one space is no word; it goes with the next one.
    assert handle.players(rows)[1] == ("é", "üb", "\u202e", "c")
    tagging = RobertaForTokenClassification(roberta_config(tokenizer, ("O", "B-PER"))).eval()
    handle = subject_of((tagging, tokenizer), [{"tokens": ["x"]}]).model
    assert np.isfinite(handle.predict([Row("1", "é b", ("é", "b"))]).probabilities).all()


def test_a_tokenizer_that_is_not_fast_has_tokens_as_players(subject_of):
    tokenizer = ByT5Tokenizer()
    config = bert_config(("a", "b"))
    config.vocab_size = 384
    model = BertForSequenceClassification(config).eval()
    handle = subject_of((model, tokenizer), [{"text": "good", "label": 1}]).model
    assert handle.players([Row("1", "ab c")]) == [("a", "b", " ", "c")]
    (answer,) = handle.predict_masked([Row("1", "ab")], [np.array([[True, True], [True, False]])])
    np.testing.assert_array_equal(answer.probabilities[0], handle.predict([Row("1", "ab")]).probabilities[0])
    tags = bert_config(("O", "B-PER"))
    tags.vocab_size = 384
    model = BertForTokenClassification(tags).eval()
    handle = subject_of((model, tokenizer), [{"tokens": ["ab", "c"], "ner_tags": [1, 0]}]).model
    row = Row("1", "", ("ab", "c", "", "x" * 100))
    assert handle.predict([row]).truncated.tolist() == [True]
    assert np.isnan(handle.predict([row]).probabilities[:, 0]).tolist() == [False, False, True, False]
    with torch.inference_mode():
        expected = model(torch.tensor([tokenizer("abc")["input_ids"]])).logits[0].softmax(1)
    found = handle.predict([Row("2", "", ("ab", "c"))]).probabilities
    np.testing.assert_allclose(found, expected[[0, 2]].numpy(), atol=1e-6)


def test_a_text_that_its_tokenizer_calls_one_word_is_split_at_spaces(subject_of, classifier):
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(" abcdefghijklm?")}, [], unk_token="?"))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="?", unk_token="?")
    handle = subject_of((classifier.model, fast), [{"text": "abc"}]).model
    assert handle.players([Row("1", "  abc  de f")]) == [("abc", "de", "f")]
    assert np.isfinite(handle.predict([Row("2", "")]).probabilities).all()


def test_the_description_does_not_depend_on_earlier_calls(subject_of, folders):
    opened = open_model(folders / "classifier")
    first = subject_of(opened, [{"text": "good"}]).info.model
    opened.tokenizer(["a", "b b"], padding=True, truncation=True, max_length=5)
    opened.model.config._name_or_path = "/somewhere/else"
    second = subject_of(opened, [{"text": "good"}]).info.model
    assert first == second
    assert (first.name, first.architecture, first.max_length) == ("classifier", "BertForSequenceClassification", 16)
    assert first.parameters == sum(p.numel() for p in opened.model.parameters())
