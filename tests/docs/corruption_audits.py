"""Small audits that make corruption robustness say all that it can: of pictures, and of speech."""

from __future__ import annotations

import numpy as np
import torch
from answer_audits import spoken, transcriber
from privacy_audits import audited
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from modelaudit.subject.quiet import quiet

ONLY = "corruption-robustness"
SIDE = 16


def of_corruptions(given, folder):
    """Pictures of two classes and sounds in which words are said, by models that know nothing."""
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=SIDE, patch_size=4, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )  # fmt: skip
    with quiet():
        processor = ViTImageProcessor(size={"height": SIDE, "width": SIDE})
    found = audited(ViTForImageClassification(config).eval(), pictures(), only=ONLY, processor=processor, **given)
    model, tokenizer, listening = transcriber(folder)
    return found + audited(model, spoken(), only=ONLY, tokenizer=tokenizer, processor=listening, **given)


def pictures(count=24):
    """Return pictures of random colours with random labels."""
    draw = np.random.default_rng(0)
    return [
        {"image": draw.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), "label": int(draw.integers(2))}
        for _ in range(count)
    ]
