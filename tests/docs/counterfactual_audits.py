"""Small audits that make the counterfactual checks say all that they can, over the tasks that they are for."""

from __future__ import annotations

import torch
from answer_audits import SIZES, words_alone, writer
from privacy_audits import audited
from transformers import BertConfig, BertForQuestionAnswering, BertForSequenceClassification

from modelaudit.testing.planted import planted_classifier
from stereotyped import causal_model

WORDS = {"good": 2.0, "bad": -2.0, "the": 0.3}
CHECKS = ("counterfactual-substitution", "counterfactual-frames")


def of_substitutions(given):
    """Three classes, several labels, a regression of one output and of two, and a language model."""
    texts = [f"In case {place} she said that it was {('good', 'bad')[place % 3 > 0]} for all." for place in range(60)]
    rows = [{"text": text} for text in texts]
    two = planted_classifier(WORDS)
    two[0].config.problem_type = "regression"
    several = planted_classifier(WORDS)
    several[0].config.problem_type = "multi_label_classification"
    models = (planted_classifier(WORDS, labels=("no", "later", "yes")), several, two, _one_output())
    models += (causal_model(stereotyped=True, steps=0),)
    options = {f"modelaudit/{check}": {"attributes": ["gender"]} for check in CHECKS}
    options["modelaudit/counterfactual-frames"]["domains"] = ["hiring", "lending"]
    given = {"options": options, **given}
    return of_answers(given) + [
        result
        for model, tokenizer in models
        for result in audited(model, rows, only=CHECKS, tokenizer=tokenizer, **given)
    ]


def of_answers(given):
    """Questions with an answer in their context, and texts to be written."""
    torch.manual_seed(0)
    words = words_alone()
    told = [f"In case {place} she said that it was {('good', 'bad')[place % 3 > 0]} for all." for place in range(40)]
    questions = [
        {"question": "What did she say?", "context": text, "answers": {"text": ["case"], "answer_start": [3]}}
        for text in told
    ]
    reader = BertForQuestionAnswering(BertConfig(vocab_size=len(words), **SIZES)).eval()
    texts = [{"source": text, "target": "it was good"} for text in told]
    return [
        result
        for model, rows in ((reader, questions), (writer(words).eval(), texts))
        for result in audited(model, rows, only=CHECKS[:1], tokenizer=words, **given)
    ]


def _one_output():
    _, tokenizer = planted_classifier(WORDS, extra_vocabulary=("she", "he"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
        problem_type="regression",
    )
    return BertForSequenceClassification(config).eval(), tokenizer
