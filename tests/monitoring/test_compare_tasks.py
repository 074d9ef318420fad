"""Row outcomes of the other tasks, of tiny real models: what stands in a row, and that it is what the model said."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM, BertForSequenceClassification

sys.path.insert(0, str(Path(__file__).parents[1] / "subject"))

from tiny_models import bert_config, make_tokenizer

from modelaudit.monitoring import RowKey, row_outcomes
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject

KEY = RowKey(b"a key of the tests alone")
TEXTS = ["a good film", "the bad film !", "she paid the claim", "he was in london", "anna is good"]


def asked(model, rows):
    opened = OpenedModel(model=model.eval(), tokenizer=make_tokenizer(), name="tiny")
    subject = build_subject(opened, data=rows, device="cpu")
    by_row = row_outcomes(subject, KEY).by_row
    return subject, [by_row[KEY.of_row(row)] for row in subject.data.evaluation]


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(3)


def test_several_labels_are_right_together_or_not_at_all():
    labels = ("joy", "fear", "anger")
    model = BertForSequenceClassification(bert_config(labels, problem_type="multi_label_classification"))
    with torch.no_grad():
        model.classifier.bias.copy_(torch.tensor([4.0, -4.0, 4.0]))
    rows = [{"text": text, "labels": ["joy", "anger"] if place else ["joy"]} for place, text in enumerate(TEXTS)]
    subject, found = asked(model, rows)
    assert subject.info.task == "multi-label-classification"
    assert {row.answer for row in found} == {(0, 2)}
    assert [row.right for row in found] == [0, 1, 1, 1, 1]
    assert all(row.of == 1 and 0.9 < row.confidence < 1.0 for row in found)


def test_a_regression_has_its_absolute_error_and_no_answer():
    model = BertForSequenceClassification(bert_config(("score",), problem_type="regression"))
    subject, found = asked(model, [{"text": text, "score": float(place)} for place, text in enumerate(TEXTS)])
    said = subject.model.predict(subject.data.evaluation).logits[:, 0]
    assert subject.info.task == "text-regression"
    assert [row.loss for row in found] == pytest.approx(np.abs(said - np.arange(5)), abs=1e-6)
    assert {(row.answer, row.confidence, row.right) for row in found} == {(None, None, None)}


def test_a_masked_language_model_has_its_mean_loss():
    subject, found = asked(BertForMaskedLM(bert_config(("a", "b"))), [{"text": text} for text in TEXTS])
    assert subject.info.task == "fill-mask"
    losses = subject.model.loss(subject.data.evaluation).per_row
    assert [row.loss for row in found] == pytest.approx(losses, abs=1e-6)
