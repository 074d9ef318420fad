"""Pairs of texts: found in a table, joined as the tokenizer joins them, and told apart by both texts."""

import numpy as np
import pytest
import torch
from tiny_models import bert_config, make_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizer,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from modelaudit.checkers.bias.augmentation import Counterfactual
from modelaudit.errors import DataInputError
from modelaudit.exporting import _cells
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.opened import OpenedCallable, OpenedModel
from modelaudit.subject.subject import build_subject
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import ColumnChoice
from modelaudit.subject.tasks.text_classification import TextClassification
from modelaudit.subject.tasks.whole_text import NO_COMPANION
from modelaudit.training.recipe import Recipe
from modelaudit.training.rows import read_training_data

LABELS = ("entailment", "neutral", "contradiction")
ROWS = [
    {"premise": "anna was good", "hypothesis": "she paid the claim", "label": 0},
    {"premise": "anna was good", "hypothesis": "he is bad", "label": 2},
    {"premise": "she is a good film , " * 4, "hypothesis": "not bad", "label": 1},
    {"premise": "peter", "hypothesis": "a film , the bad , a film , she was very good . " * 2, "label": 1},
]
SEGMENTED = {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
PLAIN = {"model_input_names": ["input_ids", "attention_mask"]}


def bytes_with(post_processor, **named):
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*special, *letters])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post_processor
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", **named, **PLAIN)


def bert(labels=LABELS, **changes):
    tokenizer = make_tokenizer()
    segmented = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, model_max_length=16, **tokenizer.special_tokens_map, **SEGMENTED
    )
    return BertForSequenceClassification(bert_config(labels, **changes)), segmented


def roberta():
    two = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    named = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "mask_token": "<mask>"}
    config = RobertaConfig(
        vocab_size=261, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=66, type_vocab_size=1, num_labels=3,
    )  # fmt: skip
    return RobertaForSequenceClassification(config), bytes_with(two, pad_token="<pad>", model_max_length=40, **named)


def gpt2():
    config = GPT2Config(vocab_size=261, n_embd=16, n_layer=1, n_head=2, n_positions=40, num_labels=3, pad_token_id=1)
    plain = bytes_with(processors.ByteLevel(), pad_token="<pad>", eos_token="</s>", model_max_length=40)
    return GPT2ForSequenceClassification(config), plain


def opened(make):
    torch.manual_seed(3)
    model, tokenizer = make()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    return OpenedModel(model=model.eval(), tokenizer=tokenizer, name="pairs")


def subject_of(make, rows=ROWS, **options):
    return build_subject(opened(make), data=rows, device="cpu", **options)


@pytest.mark.parametrize("make", [bert, roberta, gpt2])
def test_a_pair_is_read_as_transformers_reads_it(make):
    subject = subject_of(make)
    assert subject.info.evaluation.text_column == "premise"
    rows = subject.data.evaluation
    predicted = subject.model.predict(rows)
    source = opened(make)
    for place, row in enumerate(rows):
        called = source.tokenizer(
            ROWS[place]["premise"], ROWS[place]["hypothesis"], truncation=True, return_tensors="pt"
        )  # fmt: skip
        with torch.inference_mode():
            expected = source.model(**called).logits[0]
        np.testing.assert_allclose(predicted.logits[place], expected, rtol=2e-5, atol=2e-5)
        assert subject.model.loss([row]).per_row[0] == pytest.approx(
            float(-expected.log_softmax(-1)[ROWS[place]["label"]]), rel=1e-3, abs=1e-4
        )
    assert predicted.truncated.tolist()[2:] == [True, True]
    encoded = subject.model.encodings(rows)
    full = source.tokenizer(ROWS[3]["premise"], ROWS[3]["hypothesis"])["input_ids"]
    assert encoded[3].tokens_lost == len(full) - subject.model.max_length
    assert (encoded[0].input.type_ids is not None) == (make is bert)


@pytest.mark.parametrize("make", [bert, roberta, gpt2])
def test_the_words_of_both_texts_are_players(make):
    subject = subject_of(make, ROWS[:2])
    rows = subject.data.evaluation
    assert subject.model.players(rows) == [
        ("anna", "was", "good", "she", "paid", "the", "claim"),
        ("anna", "was", "good", "he", "is", "bad"),
    ]
    encoding, segments = subject.model.encodings(rows)[0], subject.model._segmented(rows)[0]
    tokenizer = subject.model.opened.tokenizer
    for player, word in enumerate(segments.players):
        ids = encoding.input.ids[segments.player_of_position == player].tolist()
        assert tokenizer.decode(ids).replace(" ##", "").strip() == word
    shown = np.ones((2, 7), bool)
    shown[1, 3:] = False
    (found,) = subject.model.predict_masked(rows[:1], [shown], hide="delete")
    left = [token for token, player in zip(encoding.input.ids, segments.player_of_position, strict=True) if player < 3]
    types = None if encoding.input.type_ids is None else encoding.input.type_ids[segments.player_of_position < 3]
    with torch.inference_mode():
        given = {} if types is None else {"token_type_ids": torch.tensor(types[None].astype(np.int64))}
        expected = subject.model.opened.model(torch.tensor([left]).long(), **given).logits[0]
    np.testing.assert_allclose(found.logits[1], expected, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(found.logits[0], subject.model.predict(rows[:1]).logits[0], rtol=2e-5, atol=2e-5)


class Spelling(PreTrainedTokenizer):
    """A token for each letter, written in Python, with a mark between two texts."""

    def __init__(self):
        self._ids = {piece: i for i, piece in enumerate(["</s>", "<unk>", *" abcdefghijklmnopqrstuvwxyz"])}
        super().__init__(sep_token="</s>", unk_token="<unk>", model_max_length=20, **PLAIN)

    @property
    def vocab_size(self):
        return len(self._ids)

    def get_vocab(self):
        return self._ids | self.added_tokens_encoder

    def _tokenize(self, text, **_):
        return list(text)

    def _convert_token_to_id(self, token):
        return self._ids.get(token, 1)

    def _convert_id_to_token(self, index):
        return list(self._ids)[index]

    def build_inputs_with_special_tokens(self, token_ids_0, token_ids_1=None):
        return [*token_ids_0, 0, *(token_ids_1 or [])]

    def create_token_type_ids_from_sequences(self, token_ids_0, token_ids_1=None):
        return [0] * (len(token_ids_0) + 1 + len(token_ids_1 or []))


def test_tokens_of_both_texts_are_players_where_no_words_are_known():
    torch.manual_seed(0)
    model = BertForSequenceClassification(small_config(29)).eval()
    source = OpenedModel(model=model, tokenizer=Spelling(), name="slow")
    subject = build_subject(
        source, data=[{"text1": "ab", "text2": "cd"}, {"text1": "ab" * 9, "text2": "c"}], device="cpu"
    )
    assert subject.model.players(subject.data.evaluation)[0] == ("a", "b", "c", "d")
    assert [len(each.input) for each in subject.model.encodings(subject.data.evaluation)] == [5, 20]


def small_config(size):
    config = bert_config(LABELS)
    config.vocab_size = size
    return config


def columns_found(row, **chosen):
    batch = TextClassification().rows(read_table([row], name="t"), LABELS, ColumnChoice(**chosen))
    return batch.text_column, batch.pair_column, batch.rows[0].companion


@pytest.mark.parametrize(
    ("row", "chosen", "found"),
    [
        ({"Sentence2": "b", "Sentence1": "a", "label": 0}, {}, ("Sentence1", "Sentence2", "b")),
        ({"question1": "a", "question2": "b"}, {}, ("question1", "question2", "b")),
        ({"question": "a", "sentence": "b", "label": 1}, {}, ("question", "sentence", "b")),
        ({"text": "a", "text_pair": "b"}, {}, ("text", "text_pair", "b")),
        ({"query": "a", "passage": "b", "title": "c"}, {}, ("query", "passage", "b")),
        ({"question": "a", "sentence": "b"}, {"pair": ""}, ("sentence", None, None)),
        ({"question": "a", "sentence": "b"}, {"text": "question"}, ("question", None, None)),
        ({"claim": "a", "proof": "b"}, {"text": "claim", "pair": "proof"}, ("claim", "proof", "b")),
        ({"premise": "a", "hypothesis": "b"}, {"pair": "premise"}, ("hypothesis", "premise", "a")),
        ({"text": "a", "text_pair": 5}, {}, ("text", None, None)),
        ({"text": "a", "text_pair": "entailment"}, {"label": "text_pair"}, ("text", None, None)),
        ({"text": "a", "title": "b"}, {}, ("text", None, None)),
    ],
)
def test_pairs_are_found_by_both_names_or_named(row, chosen, found):
    assert columns_found(row, **chosen) == found


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"pair": ""}, r"ambiguous, 'premise', 'hypothesis'"),
        ({"text": "premise", "pair": "other"}, r"there is no column 'other' for the second text; it has 'premise'"),
        ({"text": "premise", "pair": "premise"}, r"'premise' is named for the second text of a pair and for something"),
        ({"text": "premise", "pair": "empty"}, r"no row has a text in 'premise' and one in 'empty'; check the table"),
        ({"text": "premise", "pair": "age"}, r"row 1 of column 'age' is not text but a value of type int"),
    ],
)
def test_pairs_that_can_not_be_read(chosen, sentence):
    row = {"premise": "a", "hypothesis": "b", "empty": None, "age": 4}
    with pytest.raises(DataInputError, match=sentence):
        columns_found(row, **chosen)


def test_half_a_pair_is_left_out_and_counted():
    rows = [
        *ROWS[:2],
        {"premise": "a", "hypothesis": None, "label": 1},
        {"premise": "a", "hypothesis": " ", "label": 1},
    ]
    subject = subject_of(bert, rows)
    assert [row.companion for row in subject.data.evaluation] == ["she paid the claim", "he is bad"]
    assert subject.info.evaluation.set_aside[NO_COMPANION] == 2
    assert dict(subject.data.evaluation[0].columns) == {}


def test_rows_are_the_same_only_where_both_texts_are():
    train = [ROWS[0], {"premise": ROWS[1]["premise"], "hypothesis": "another", "label": 1}]
    subject = subject_of(bert, train_data=train)
    first, second = subject.model.fingerprints(subject.data.evaluation)[:2]
    assert first != second
    assert [row.companion for row in subject.data.heldout] == [row["hypothesis"] for row in ROWS[1:]]
    assert not any("more than once" in reason for reason in subject.info.evaluation.set_aside)
    other = subject_of(bert, [{**row, "hypothesis": "other"} for row in ROWS])
    assert other.info.evaluation.sha256 != subject.info.evaluation.sha256


def test_a_pair_is_written_out_whole():
    subject = subject_of(bert, ROWS[:1])
    (row,) = subject.data.evaluation
    cells = _cells(Counterfactual(row, row.id, "x", "y"), subject.info.evaluation, LABELS)
    assert {name: cells[name] for name in ROWS[0]} == {**ROWS[0], "label": "entailment"}


def test_numbers_and_several_labels_of_pairs():
    likeness = [{"sentence1": "anna was good", "sentence2": "she was good", "score": 4.5}]
    subject = subject_of(lambda: bert(("similarity",), problem_type="regression"), likeness)
    (row,) = subject.data.evaluation
    assert (row.values, row.companion) == ((4.5,), "she was good")
    value = subject.model.predict([row]).logits[0, 0]
    assert subject.model.loss([row]).per_row[0] == pytest.approx((value - 4.5) ** 2)
    several = [{"text_a": "anna was", "text_b": "a bad film", "labels": ["neutral"]}]
    found = subject_of(lambda: bert(problem_type="multi_label_classification"), several).data.evaluation[0]
    assert (found.label_set, found.companion) == ((1,), "a bad film")


def test_training_reads_texts_that_stand_alone():
    rows = [{"question": f"who {i}", "sentence": f"she was {i}", "label": "ab"[i % 2]} for i in range(20)]
    found = read_training_data(rows, task="text-classification", recipe=Recipe())
    assert {example.row.companion for example in found.data.examples} == {None}
    assert all(example.row.text.startswith("she") for example in found.data.examples)


def test_a_function_takes_texts_that_stand_alone():
    given = OpenedCallable(
        function=lambda texts: np.full((len(texts), 3), 1 / 3), name="f", origin="t.f", labels=LABELS
    )  # fmt: skip
    task = CallableModel(given).task
    table = read_table([{"question": "a", "sentence": "b"}], name="t")
    assert task.rows(table, LABELS, ColumnChoice()).rows[0].companion is None
    with pytest.raises(DataInputError, match=r"'sentence' is named for the second texts .* a function takes one text"):
        task.rows(table, LABELS, ColumnChoice(text="question", pair="sentence"))
