"""Rows of words for byte-level tokenizers, which put a space before each word or refuse them."""

from __future__ import annotations

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from modelaudit.errors import ModelInputError
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

ROWS = [{"tokens": ["Anna", "was", "in", "Oslo"], "ner_tags": ["B-PER", "O", "O", "B-LOC"]}] * 4
TAGS = ("O", "B-PER", "B-LOC")


def saved(folder, **settings):
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend.train_from_iterator([], trainers.BpeTrainer(special_tokens=special, initial_alphabet=alphabet))
    backend.model.save(str(folder))
    transformers.RobertaTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    made = transformers.AutoTokenizer.from_pretrained(folder, tokenizer_type="roberta", use_fast=True, **settings)
    made.save_pretrained(folder)
    config = transformers.RobertaConfig(
        vocab_size=len(made),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        pad_token_id=1,
        id2label=dict(enumerate(TAGS)),
        label2id={tag: place for place, tag in enumerate(TAGS)},
    )
    torch.manual_seed(0)
    transformers.RobertaForTokenClassification(config).save_pretrained(folder)
    return folder


def built(folder):
    return build_subject(open_model(str(folder)), data=ROWS, device="cpu")


def test_words_are_read_with_the_space_before_each(tmp_path):
    subject = built(saved(tmp_path, add_prefix_space=True))
    assert subject.model.predict(subject.data.evaluation).logits.shape == (16, 3)
    assert subject.model.token_counts([" Anna"])[0] == 5


@pytest.mark.skipif(int(transformers.__version__.split(".")[0]) > 4, reason="transformers 5 takes words either way")
def test_a_tokenizer_that_refuses_words_is_named_with_what_to_write(tmp_path):
    with pytest.raises(ModelInputError, match=r'"add_prefix_space": true into its tokenizer_config\.json'):
        built(saved(tmp_path))
