"""Classifiers of pictures and sounds whose log-odds are sums over pixels and samples, so that every value is known.

Pictures and sounds of another size than they were made for are brought to it.
"""

from __future__ import annotations

import numpy as np
import torch
from measured import build_subject
from torch import nn
from torch.nn.functional import adaptive_avg_pool1d, adaptive_avg_pool2d
from transformers import PretrainedConfig, PreTrainedModel, ViTImageProcessor, Wav2Vec2FeatureExtractor
from transformers.modeling_outputs import ImageClassifierOutput, SequenceClassifierOutput

from modelaudit.subject.opened import OpenedModel

RATE = 8_000
LENGTH = 4_000
FADED = [*range(41), *range(RATE // 10 - 41, RATE // 10)]


class LinearConfig(PretrainedConfig):
    model_type = "linear-media"

    def __init__(self, inputs=48, num_channels=3, image_size=4, **kwargs):
        self.inputs, self.num_channels, self.image_size = inputs, num_channels, image_size
        super().__init__(**kwargs)


class LinearForImageClassification(PreTrainedModel):
    config_class = LinearConfig
    main_input_name = "pixel_values"

    def __init__(self, config):
        super().__init__(config)
        self.head = nn.Linear(config.inputs, config.num_labels)
        self.post_init()

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(0.0, 0.02)
            module.bias.data.zero_()

    def forward(self, pixel_values=None, **kwargs):
        return ImageClassifierOutput(
            logits=self.head(adaptive_avg_pool2d(pixel_values, self.config.image_size).flatten(1))
        )


class LinearForSequenceClassification(LinearForImageClassification):
    main_input_name = "input_values"

    def forward(self, input_values=None, **kwargs):
        return SequenceClassifierOutput(logits=self.head(adaptive_avg_pool1d(input_values[:, None], LENGTH)[:, 0]))


LABELS = {"id2label": {0: "cat", 1: "dog"}, "label2id": {"cat": 0, "dog": 1}}


def linear_pictures(side, *, rows=24, seed=0):
    """Return the subject of a model of square pictures, and the weights (3, side, side) of its log-odds."""
    draw = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = LinearForImageClassification(LinearConfig(3 * side * side, image_size=side, **LABELS)).eval()
    with torch.no_grad():
        model.head.weight.normal_(0.0, 2.0 / side)
    # No resizing and no normalising: the model reads the levels, from 0 to 1.
    processor = ViTImageProcessor(do_resize=False, do_normalize=False)
    pictures = [draw.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(rows)]
    data = [{"image": pixels, "label": int(draw.integers(2))} for pixels in pictures]
    weights = (model.head.weight[1] - model.head.weight[0]).detach().numpy().reshape(3, side, side)
    return subject_of(model, processor, data), weights


def linear_sounds(*, rows=24, seed=0):
    """Return the subject of a model of sounds, and weights (samples,) of its log-odds."""
    draw = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = LinearForSequenceClassification(LinearConfig(inputs=LENGTH, **LABELS)).eval()
    with torch.no_grad():
        model.head.weight.normal_(0.0, 0.2)
        # Nothing is heard in the first and last 5 ms of each segment of 100 ms, where hidden ones fade.
        model.head.weight.view(2, -1, RATE // 10)[:, :, FADED] = 0.0
    processor = Wav2Vec2FeatureExtractor(sampling_rate=RATE, do_normalize=False)
    data = [
        {
            "audio": {"array": (0.2 * draw.standard_normal(LENGTH)).astype(np.float32), "sampling_rate": RATE},
            "label": int(draw.integers(2)),
        }
        for _ in range(rows)
    ]
    weights = (model.head.weight[1] - model.head.weight[0]).detach().numpy()
    return subject_of(model, processor, data), weights


def subject_of(model, processor, data):
    """Return the subject of a model in memory with its processor."""
    opened = OpenedModel(model=model, tokenizer=None, processor=processor, name="linear")
    return build_subject(opened, data=data, preset="quick", device="cpu")
