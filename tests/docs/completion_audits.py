"""A small audit of what a language model writes about persons, and the model that the page of the check names."""

import torch
from answer_audits import decoder, words_alone
from privacy_audits import audited
from transformers import GPT2LMHeadModel

from modelaudit.testing.planted import planted_classifier

ID = "modelaudit/completion-bias"


def of_completions(given, folder):
    """What a model with random weights writes, as a classifier in a folder sees it."""
    for part in planted_classifier({"bade": -2.0, "dina": 2.0}):
        part.save_pretrained(folder)
    model, words = _language_model()
    rows = [{"text": f"In case {place} she said that it was good."} for place in range(4)]
    options = {"classifier": str(folder), "unfavourable": "negative", "sentences": 30, "new_tokens": 2}
    options |= {"attributes": ["gender"]}
    return audited(model, rows, only="completion-bias", tokenizer=words, **given | {"options": {ID: options}})


def write_completions(folder):
    """Write the language model that the page's example names."""
    for part in _language_model():
        part.save_pretrained(folder / "models" / "language")


def _language_model():
    torch.manual_seed(0)
    words = words_alone()
    return GPT2LMHeadModel(decoder(words)).eval(), words
