"""Base models: every way of handing one in, a new head that hangs on the seed, and clear errors."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import (
    BartConfig,
    BartModel,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2TokenizerFast,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizerFast,
)

from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.training.base import open_base, untrained
from modelaudit.training.compact import compact_model
from modelaudit.training.features import Collator
from modelaudit.training.recipe import Recipe

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
TEXTS = [("anna", "went", "to", "paris"), ("paris", "and", "london")]
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def base(source, task="token-classification", labels=TAGS, tokenizer=None, options=None, **recipe):
    return open_base(
        source,
        task=task,
        labels=labels,
        texts=TEXTS,
        recipe=Recipe(**recipe),
        tokenizer=tokenizer,
        options=options or OpenOptions(),
    )


@pytest.fixture(scope="module")
def pieces():
    return compact_model(TEXTS, labels=["a", "b"], task="text-classification", layers=1, hidden=16, heads=2, seed=7)[1]


@pytest.fixture(scope="module")
def bytes_(tmp_path_factory):
    """Files of a byte-level tokenizer, as GPT-2 and RoBERTa have one."""
    folder = tmp_path_factory.mktemp("bytes")
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        ["went to paris, to london"] * 9,
        trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    made.model.save(str(folder))
    return folder


def saved(model, tokenizer, folder):
    with quiet():
        model.save_pretrained(folder)
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)
    return folder


def encoder(tokenizer, kind=BertModel, **more):
    torch.manual_seed(3)
    return kind(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **SMALL, **more))


def weights(model):
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_compact_is_made_from_the_texts_and_can_be_made_again_from_what_is_saved():
    one, other = base("compact", seed=5, max_length=32), base("compact", seed=5, max_length=32)
    assert (one.made, one.name, one.limit, one.tokenizer.model_max_length) == (True, "base", 32, 32)
    assert same(weights(one.model), weights(other.model))
    begun = weights(one.model)
    with torch.no_grad():
        one.model.classifier.weight.add_(1.0)
    assert same(weights(untrained(one.model, seed=5)), begun)
    assert not same(weights(base("compact", seed=6, max_length=32).model), begun)


def test_the_head_is_new_and_hangs_on_the_seed_and_the_encoder_is_the_bases(pieces, tmp_path):
    model = encoder(pieces, BertForSequenceClassification, num_labels=3)
    folder = saved(model, pieces, tmp_path / "fine tuned")
    state = torch.get_rng_state()
    one, other, third = base(folder, seed=1), base(str(folder), seed=1), base(folder, seed=2)
    assert torch.equal(state, torch.get_rng_state())
    assert one.name == str(folder.resolve())
    assert one.notes == ("The head of the base model was left out, and a new one was trained.",)
    assert same(weights(one.model), weights(other.model))
    assert not torch.equal(one.model.classifier.weight, third.model.classifier.weight)
    inner = {name: weight for name, weight in weights(model.bert).items() if not name.startswith("pooler")}
    assert same(weights(one.model.bert), inner)
    assert one.model.config.id2label == dict(enumerate(TAGS))
    assert one.model.config.label2id["I-LOC"] == 4


@pytest.mark.parametrize("pooled", [True, False])
def test_a_pooling_layer_is_taken_over_or_begins_by_the_seed(pieces, pooled):
    model = encoder(pieces) if pooled else encoder(pieces, BertForMaskedLM)
    one, other = (base((model, pieces), "text-classification", ("no", "yes"), seed=1) for _ in range(2))
    assert same(weights(one.model), weights(other.model))
    assert one.model.config.problem_type == "single_label_classification"
    assert any("pooling" in note for note in one.notes) == (not pooled)
    if pooled:
        assert torch.equal(one.model.bert.pooler.dense.weight, model.pooler.dense.weight)


def test_a_model_in_memory_is_left_as_it_is_and_trained_in_float32(pieces):
    model = encoder(pieces).half()
    before, length = weights(model), pieces.model_max_length
    made = base((model, pieces), max_length=16)
    assert {weight.dtype for weight in made.model.parameters()} == {torch.float32}
    with torch.no_grad():
        made.model.bert.embeddings.word_embeddings.weight.add_(1.0)
    assert same(weights(model), before)
    assert (made.limit, made.tokenizer.model_max_length, pieces.model_max_length) == (16, 16, length)
    assert made.name == "BertModel in memory"
    assert base(model, tokenizer=pieces).model.num_labels == len(TAGS)


def roberta(folder):
    tokenizer = RobertaTokenizerFast.from_pretrained(folder)
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=40, pad_token_id=1, **SMALL)
    return RobertaModel(config, add_pooling_layer=False), tokenizer


def gpt2(folder):
    tokenizer = GPT2TokenizerFast.from_pretrained(folder)
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_positions=40, n_embd=16, n_layer=1, n_head=2)
    ), tokenizer


def test_dropout_reaches_every_layer_that_has_one(pieces, bytes_):
    distil = DistilBertModel(DistilBertConfig(vocab_size=len(pieces), dim=16, hidden_dim=32, n_layers=1, n_heads=2))
    for source in ("compact", (encoder(pieces), pieces), (distil, pieces), roberta(bytes_), gpt2(bytes_)):
        for task in ("token-classification", "text-classification"):
            model = base(source, task, dropout=0.37).model
            shares = {module.p for module in model.modules() if isinstance(module, nn.Dropout)}
            assert shares == {0.37}, type(model).__name__
            read = {
                name: value for name, value in model.config.to_dict().items() if "attention" in name and "drop" in name
            }
            assert set(read.values()) <= {0.37}
    assert {m.p for m in base("compact").model.modules() if isinstance(m, nn.Dropout)} == {0.1}


@pytest.mark.parametrize("kind", [roberta, gpt2])
def test_byte_level_words_keep_the_space_before_them(kind, bytes_, tmp_path):
    made = base(kind(bytes_))
    tokens = made.tokenizer([["paris", "london"]], is_split_into_words=True)
    words = [token for token in made.tokenizer.convert_ids_to_tokens(tokens["input_ids"][0]) if "<" not in token]
    assert words == ["Ġparis", "Ġlondon"]
    assert tokens.word_ids(0) == [None, 0, 1, None] or tokens.word_ids(0) == [0, 1]
    assert made.tokenizer.pad_token_id is not None
    assert made.model.config.pad_token_id == made.tokenizer.pad_token_id
    made.tokenizer.save_pretrained(tmp_path)
    assert not [file.name for file in tmp_path.iterdir() if "modelaudit-tokenizer-" in file.read_text()]


def test_a_row_may_be_as_long_as_the_model_takes_and_no_longer(pieces, bytes_):
    assert base((encoder(pieces), pieces)).limit == 64
    assert base(roberta(bytes_)).limit == 38, "RoBERTa's positions begin behind the padding index"
    with pytest.raises(ModelInputError, match=r"64 tokens at most, and 65 were asked for; lower .*--max-length"):
        base((encoder(pieces), pieces), max_length=65)


@pytest.mark.parametrize(
    ("break_", "said"),
    [
        ("tokenizer", "--tokenizer"),
        ("weights", "no weights that can be loaded"),
        ("pickle", "--allow-pickle"),
        ("code", "--trust-remote-code"),
        ("vocabulary", "does not fit the model"),
        ("nan", "NaN or infinity"),
        ("quantised", "quantised"),
    ],
)
def test_what_can_not_be_trained_is_refused_with_the_next_step(break_, said, pieces, tmp_path):
    model = encoder(pieces, num_labels=2)
    if break_ == "nan":
        model.embeddings.word_embeddings.weight.data[0, 0] = torch.nan
    folder = saved(model, None if break_ == "tokenizer" else pieces, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    if break_ in ("weights", "pickle"):
        (folder / "model.safetensors").unlink()
    if break_ == "pickle":
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    if break_ == "code":
        config["auto_map"] = {"AutoModel": "own.Own"}
    if break_ == "vocabulary":
        shutil.copy(folder / "tokenizer.json", tmp_path)
        content = json.loads((folder / "tokenizer.json").read_text())
        content["model"]["vocab"]["far"] = 10**6
        (folder / "tokenizer.json").write_text(json.dumps(content))
    (folder / "config.json").write_text(json.dumps(config))
    source = folder
    if break_ == "quantised":
        model.config.quantization_config = {"bits": 4}
        source = (model, pieces)
    with pytest.raises(ModelInputError, match=said):
        base(source)


def test_permissions_and_a_named_tokenizer_are_made_use_of(pieces, tmp_path):
    model = encoder(pieces)
    folder = saved(model, None, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    made = base(folder, tokenizer=pieces, options=OpenOptions(allow_pickle=True))
    assert torch.equal(made.model.bert.embeddings.word_embeddings.weight, model.embeddings.word_embeddings.weight)


def test_other_things_than_models_are_refused(pieces):
    with pytest.raises(ModelInputError, match="a function can't be trained"):
        base(lambda texts: texts)
    with pytest.raises(ModelInputError, match="there is no folder"):
        base("./nowhere/at/all")
    with pytest.raises(DataInputError, match="1 label"):
        base("compact", labels=("O",))


def test_a_slow_tokenizer_is_refused(pieces):
    class Slow:
        is_fast = False

    with pytest.raises(ModelInputError, match=r"slow one.*--tokenizer"):
        base((encoder(pieces), Slow()))


def test_an_adapter_in_memory_has_to_be_merged_first(pieces):
    peft = pytest.importorskip("peft")
    model = encoder(pieces, BertForSequenceClassification, num_labels=2)
    settings = peft.LoraConfig(r=2, task_type="SEQ_CLS", target_modules=["query"])
    with pytest.raises(ModelInputError, match="merge_and_unload"), quiet():
        base((peft.get_peft_model(model, settings), pieces))


def test_a_model_that_writes_text_is_not_trained_to_tell_classes(pieces):
    size = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "vocab_size": len(pieces)}
    model = BartModel(BartConfig(**size, **heads, max_position_embeddings=32))
    with pytest.raises(ModelInputError, match="no audit can ask its head"):
        base((model, pieces), "text-classification")


@pytest.mark.parametrize("meant", [None, 9, -1])
def test_a_head_that_looks_at_the_last_token_sees_the_padding(meant, bytes_):
    model, tokenizer = gpt2(bytes_)
    model.config.pad_token_id = meant
    made = base((model, tokenizer), "text-classification", labels=("a", "b"))
    rows = [{"input_ids": made.tokenizer(text)["input_ids"], "labels": 0} for text in ("to", "went to paris")]
    collator, model = Collator(made.tokenizer), made.model.eval()

    def logits(items):
        batch = collator(items)
        return model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits

    torch.testing.assert_close(logits(rows)[0], logits(rows[:1])[0])
    encoder = base(roberta(bytes_), "text-classification").model
    assert encoder.config.pad_token_id == roberta(bytes_)[0].config.pad_token_id
