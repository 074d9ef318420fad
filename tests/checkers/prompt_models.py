"""Planted models whose answers are known: of questions to a context, and of prompts with options."""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordLevel
from torch import nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import CausalLMOutput, QuestionAnsweringModelOutput

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PEOPLE = tuple("anna peter maria tomas linda oscar helen bruno clara felix".split())  # noqa: SIM905
CITIES = tuple("london lisbon oslo vienna madrid prague athens dublin warsaw zagreb".split())  # noqa: SIM905
FRUIT = tuple("apple banana cherry grape lemon mango orange peach plum melon".split())  # noqa: SIM905
TOOLS = tuple("hammer saw drill wrench pliers chisel shovel rake axe spanner".split())  # noqa: SIM905
FRAME = [
    "which",
    "of",
    "these",
    "is",
    "a",
    "fruit",
    "?",
    "please",
    "answer",
    "the",
    "following",
    "question",
    "answers",
    "q",
    "Q",
    "Answer",
    "Question",
    "Which",
]
WHO, WHERE = "Which person travelled yesterday?", "Which place was visited yesterday?"


class PlantedConfig(PretrainedConfig):
    model_type = "planted-prompts"

    def __init__(self, vocab_size=8, max_position_embeddings=256, rule="lookup", **kwargs):
        self.vocab_size = self.hidden_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        self.rule = rule
        super().__init__(**kwargs)


class _Planted(PreTrainedModel):
    config_class = PlantedConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.table = nn.Embedding(config.vocab_size, config.vocab_size)
        self.post_init()

    def get_input_embeddings(self):
        return self.table


class PlantedForQuestionAnswering(_Planted):
    """Marks the token to which the words of its row add most."""

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        added = torch.where(real[..., None].bool(), self.table(input_ids), 0.0).sum(1)
        logits = added.gather(1, input_ids)
        return QuestionAnsweringModelOutput(start_logits=logits, end_logits=logits)


class PlantedForCausalLM(_Planted, GenerationMixin):
    """Names the marker of the last option that is a fruit ("reader"), or adds what its words say ("lookup")."""

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        if self.config.rule == "lookup":
            return CausalLMOutput(logits=torch.where(real[..., None].bool(), self.table(input_ids), 0.0).cumsum(1))
        fruit = self.table.weight.diagonal()[input_ids] > 0
        places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
        last = torch.where(fruit, places, -1).cummax(1).values
        marker = input_ids.gather(1, (last - 2).clamp(min=0))
        logits = nn.functional.one_hot(marker, self.config.vocab_size).float() * 6.0
        return CausalLMOutput(logits=torch.where(last[..., None] >= 2, logits, 0.0))


def word_tokenizer(words, *, pairs=False):
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys([*SPECIAL, *words]))}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"[^\w\s]"), "isolated")]
    )
    if pairs:
        backend.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
        model_max_length=256,
        model_input_names=["input_ids", "attention_mask"],
    )


def question_rows(n, *, seed=0):
    """Questions for a person, now and then for a place, of a context that names one of either."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        person, city = str(rng.choice(PEOPLE)), str(rng.choice(CITIES))
        context = f"Report {number} says that {person} went to {city} in spring, and was very content there."
        question, answer = (WHERE, city) if number % 8 == 0 else (WHO, person)
        start = context.index(answer)
        rows.append({"question": question, "context": context, "answers": {"text": [answer], "answer_start": [start]}})
    return rows


def question_answerer(*, cues):
    """A model that tells whom or what a question is about by any of these words of its, or else takes it for a place.

    `cues` has the words that ask for a person.
    """
    tokenizer = word_tokenizer([*PEOPLE, *CITIES, *cues], pairs=True)
    model = PlantedForQuestionAnswering(PlantedConfig(len(tokenizer), pad_token_id=0))
    ids = tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        model.table.weight.fill_(-0.01)
        for cue in cues:
            model.table.weight[ids(cue), ids(list(PEOPLE))] = 4.0
        model.table.weight[ids("[CLS]"), ids(list(CITIES))] = 1.0
    return model.eval(), tokenizer


def option_rows(n, *, seed=0):
    """Prompts with three options of which one is a fruit, the answer being its letter."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        place = int(rng.integers(3))
        options = [str(each) for each in rng.choice(TOOLS, 3, replace=False)]
        options[place] = str(rng.choice(FRUIT))
        listed = "\n".join(f"{letter}) {option}" for letter, option in zip("ABC", options, strict=True))
        rows.append({"prompt": f"Case {number}. Which of these is a fruit?\n{listed}\nAnswer:", "answer": "ABC"[place]})
    return rows


def chooser(*, by_place):
    """A language model that answers with a place, whatever stands there, or one that reads the options."""
    marks = [*"ABC", *"abc", *"123", *").(:"]
    tokenizer = word_tokenizer([*FRUIT, *TOOLS, *FRAME, *marks])
    model = PlantedForCausalLM(PlantedConfig(len(tokenizer), rule="lookup" if by_place else "reader", pad_token_id=0))
    ids = tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        model.table.weight.zero_()
        if by_place:
            for mark in "Bb2":
                model.table.weight[:, ids(mark)] = 1.0
        else:
            model.table.weight[ids(list(FRUIT)), ids(list(FRUIT))] = 1.0
    return model.eval(), tokenizer
