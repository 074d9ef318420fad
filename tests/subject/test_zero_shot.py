"""A zero-shot pipeline, audited as the function from texts to the user's labels that it is."""

import numpy as np
import pytest
import torch
from tiny_models import bert_config, make_tokenizer
from transformers import BertForSequenceClassification, pipeline

from modelaudit.errors import ModelInputError
from modelaudit.subject.opened import OpenedCallable, OpenedModel, OpenOptions
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

LABELS = ("praise", "claim, paid", "complaint")


def zero_shot(**options):
    torch.manual_seed(2)
    model = BertForSequenceClassification(bert_config(("contradiction", "neutral", "entailment"))).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    return pipeline("zero-shot-classification", model=model, tokenizer=make_tokenizer(), device="cpu", **options)


def test_a_zero_shot_pipeline_answers_with_the_users_labels_in_their_order():
    source = zero_shot(multi_label=True, hypothesis_template="she is {}")
    opened = open_model(source, OpenOptions(labels=LABELS, model_name="nli 1"))
    assert isinstance(opened, OpenedCallable)
    assert (opened.name, opened.identity) == ("nli 1", "nli 1")
    assert opened.origin.endswith("ZeroShotClassificationPipeline")
    rows = [{"text": "she was good", "label": "complaint"}, {"text": "the film was not bad"}, {"text": "anna"}]
    subject = build_subject(opened, data=[{"label": "praise", **row} for row in rows], device="cpu")
    assert [row.label for row in subject.data.evaluation] == [2, 0, 0]
    found = subject.model.predict(subject.data.evaluation).probabilities
    for row, probabilities in zip(subject.data.evaluation, found, strict=True):
        told = source(row.text, candidate_labels=[*LABELS], multi_label=False)
        expected = [told["scores"][told["labels"].index(label)] for label in LABELS]
        np.testing.assert_allclose(probabilities, expected, rtol=1e-5)
    assert not np.allclose(found, 1 / 3)


def test_a_zero_shot_pipeline_without_a_name_is_called_by_its_model():
    opened = open_model(zero_shot(), OpenOptions(labels=LABELS))
    assert (opened.name, opened.identity) == ("BertForSequenceClassification", None)


@pytest.mark.parametrize("labels", [None, ("praise",)])
def test_a_zero_shot_pipeline_needs_labels_to_choose_from(labels):
    source = zero_shot()
    with pytest.raises(
        ModelInputError, match=r"give two or more as labels=.* hand in \(pipeline\.model, pipeline\.tok"
    ):
        open_model(source, OpenOptions(labels=labels))
    assert isinstance(open_model((source.model, source.tokenizer)), OpenedModel)
