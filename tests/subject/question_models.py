"""A tiny model that answers every question with one word of the context."""

from __future__ import annotations

from typing import Any

import torch
from tiny_models import bert_config, make_tokenizer
from transformers import BertForQuestionAnswering, PreTrainedTokenizerFast

from modelaudit.inference.engine import Engine
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.tasks.question_answering import QuestionAnswering

ROOM = 48


def tokenizer_of(length: int = ROOM) -> PreTrainedTokenizerFast:
    tokenizer = make_tokenizer()
    tokenizer.model_max_length = length
    return tokenizer


def random_model(**changes: Any) -> BertForQuestionAnswering:
    torch.manual_seed(3)
    return BertForQuestionAnswering(bert_config(("LABEL_0", "LABEL_1"), **changes)).eval()


def finder(word: str, *, otherwise: float = -1.0) -> BertForQuestionAnswering:
    """A model that marks `word` as the start and the end of an answer, wherever it stands, with a logit of 4.

    The class token, which stands for "no answer", has `otherwise`, everything else -2.
    """
    model = random_model()
    tokenizer = make_tokenizer()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "LayerNorm" not in name:
                weight.zero_()
        embeddings = model.bert.embeddings.word_embeddings.weight
        embeddings[:, 0], embeddings[:, 1] = 1.0, -1.0
        for token, axis in ((word, 2), ("[CLS]", 4)):
            row = tokenizer.convert_tokens_to_ids(token)
            embeddings[row] = 0.0
            embeddings[row, axis], embeddings[row, axis + 1] = 1.0, -1.0
        # After a norm the two values of a token are +a and -a, whatever stands in the other places.
        size = (16 / 2) ** 0.5
        for token_axis, logit in ((0, -2.0), (2, 4.0), (4, otherwise)):
            model.qa_outputs.weight[:, token_axis] = logit / (2 * size)
            model.qa_outputs.weight[:, token_axis + 1] = -logit / (2 * size)
    return model


def handle(model: Any, tokenizer: Any = None) -> Model:
    opened = OpenedModel(model=model, tokenizer=tokenizer or tokenizer_of(), name="tiny")
    return Model(opened, QuestionAnswering(), Engine(model, model_id="tiny", device="cpu"))
