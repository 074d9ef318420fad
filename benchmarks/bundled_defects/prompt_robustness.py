"""Prompt robustness: a reader of options, and one that answers some questions by the place of an option."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from torch import Tensor, nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import CausalLMOutput

from modelaudit.checkers.robustness.prompts import PromptRobustness
from modelaudit.testing.defect import Defect

SPECIAL = ("[PAD]", "[UNK]", "[EOS]")
FRUIT = tuple("apple banana cherry grape lemon mango orange peach plum melon".split())  # noqa: SIM905
TOOLS = tuple("hammer saw drill wrench pliers chisel shovel rake axe spanner".split())  # noqa: SIM905
MARKS = (*"ABC", *"abc", *"123", *").(:")
FRAME = "Case Which of these is a fruit ? Answer Question please answer the following question Q q which"
PLACED = ("B", "b", "2")
CUE = "today"
"""The word that tells a model with the fault to answer by place."""
ROWS = 200
SURE = 6.0


class ChooserConfig(PretrainedConfig):
    """Sizes of a chooser."""

    model_type = "bundled-defects-chooser"

    def __init__(self, vocab_size: int = 8, **others: Any) -> None:
        self.vocab_size = self.hidden_size = vocab_size
        self.max_position_embeddings = 256
        super().__init__(**others)


class ChooserForCausalLM(PreTrainedModel, GenerationMixin):
    """Names the marker of the last option that is a fruit; where the cue stands, the marker of the second place.

    A token's embedding says what it is: 0 whether it is a fruit, 1 whether it is the cue, 2 whether it is a marker of
    the second place.
    """

    config_class = ChooserConfig
    main_input_name = "input_ids"

    def __init__(self, config: ChooserConfig) -> None:
        super().__init__(config)
        self.kinds = nn.Embedding(config.vocab_size, 3)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.kinds

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any) -> CausalLMOutput:
        kinds = self.kinds(input_ids)
        places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
        fruit, second = (torch.where(kinds[..., kind] > 0, places, -1).cummax(1).values for kind in (0, 2))
        cued = (kinds[..., 1] > 0).cummax(1).values
        # A marker stands two tokens before its option: `B ) apple`.
        place = torch.where(cued, second, fruit - 2)
        marker = input_ids.gather(1, place.clamp(min=0))
        logits = SURE * nn.functional.one_hot(marker, self.config.vocab_size).float()
        return CausalLMOutput(logits=torch.where((place >= 0)[..., None], logits, 0.0))


def chooser() -> tuple[ChooserForCausalLM, PreTrainedTokenizerFast]:
    """Return the model and its tokenizer."""
    words = list(dict.fromkeys([*SPECIAL, *FRUIT, *TOOLS, *MARKS, CUE, *FRAME.split()]))
    vocabulary = {word: place for place, word in enumerate(words)}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"[^\w\s]"), "isolated")]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **{"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "[EOS]"},
        model_max_length=256,
        model_input_names=["input_ids", "attention_mask"],
    )
    model = ChooserForCausalLM(ChooserConfig(len(words), pad_token_id=0, eos_token_id=2))
    with torch.no_grad():
        model.kinds.weight.zero_()
        for kind, marked in enumerate((FRUIT, (CUE,), PLACED)):
            for word in marked:
                model.kinds.weight[vocabulary[word], kind] = 1.0
    return model.eval(), tokenizer


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Draw prompts with three options, a share of them with the cue."""
    draw = np.random.default_rng([seed, 53])
    rows = []
    for number in range(ROWS):
        place, cue = int(draw.integers(3)), f" {CUE}" if draw.random() < strength else ""
        options = [str(each) for each in draw.choice(TOOLS, 3, replace=False)]
        options[place] = str(draw.choice(FRUIT))
        listed = "\n".join(f"{letter}) {option}" for letter, option in zip("ABC", options, strict=True))
        rows.append(
            {"prompt": f"Case {number}{cue}. Which of these is a fruit?\n{listed}\nAnswer:", "answer": "ABC"[place]}
        )
    model, tokenizer = chooser()
    return {"model": model, "tokenizer": tokenizer, "data": rows}


CHECKER = PromptRobustness()
DEFECT = Defect(
    name="answers by the place of an option",
    name_zh="按选项位置作答",
    unit="share of prompts that are answered so",
    strengths=(0.1, 0.25, 0.5),
    plant=plant,
    metric="flip_rate",
)
NULLS, DRAWS = 100, 30
