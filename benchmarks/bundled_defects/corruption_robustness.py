"""Corruption robustness: a model that sees whether the middle of a picture is brighter, and one that grain sways."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel, ViTImageProcessor
from transformers.modeling_outputs import ImageClassifierOutput

from modelaudit.checkers.robustness.corruptions.checker import CorruptionRobustness
from modelaudit.testing.defect import Defect

SIDE, CELL = 32, 8
"""Pixels of a picture's edge, and of the squares that it is made of."""
LABELS = ("dark", "light")
ROWS = 100
FAINT = 0.01
"""Of the range of levels: the checkered pattern by which strengths are told."""
EDGE = 9.0
"""Log-odds that a difference of 1 between the mean levels of the middle and the rest adds."""
OWN = 4.0
"""Standard deviation, in log-odds a level, of the weight of each square, drawn anew for each seed."""
CONTRAST, MOTTLE = (0.3, 0.6), 0.04
Floats = NDArray[np.float64]


class ScalesConfig(PretrainedConfig):
    """The size of a picture."""

    model_type = "bundled-defects-scales"

    def __init__(self, image_size: int = SIDE, **others: Any) -> None:
        self.image_size, self.num_channels = image_size, 3
        self.hidden_size = 3 * image_size * image_size
        super().__init__(**others)


class ScalesForImageClassification(PreTrainedModel):
    """Log-odds are a weighted sum over the levels of all pixels."""

    config_class = ScalesConfig
    main_input_name = "pixel_values"

    def __init__(self, config: ScalesConfig) -> None:
        super().__init__(config)
        self.head = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(0.0, 0.02)
            module.bias.data.zero_()

    def forward(self, pixel_values: Tensor, **others: Any) -> ImageClassifierOutput:
        return ImageClassifierOutput(logits=self.head(pixel_values.flatten(1)))


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Weigh squares by lot, and neighbouring pixels by `strength` against one another."""
    draw = np.random.default_rng([seed, 59])
    squares = draw.normal(0.0, OWN, (SIDE // CELL, SIDE // CELL)) / CELL**2 / (SIDE // CELL) ** 2
    squares -= squares.mean()
    weights = np.kron(squares, np.ones((CELL, CELL)))
    middle = _middle()
    weights += EDGE * np.where(middle, 1.0 / middle.sum(), -1.0 / (~middle).sum())
    weights = np.repeat(weights[None] / 3.0, 3, axis=0)
    # Squares have even edges, so that this adds nothing to a picture as it is.
    check = np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 2.0 - 1.0
    weights += strength / (FAINT * weights.size) * check
    model = ScalesForImageClassification(
        ScalesConfig(id2label=dict(enumerate(LABELS)), label2id={label: place for place, label in enumerate(LABELS)})
    )
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(np.stack([-weights.ravel() / 2, weights.ravel() / 2])))
    rows = [_row(draw) for _ in range(ROWS)]
    # Levels are not normalised: the model reads them from 0 to 1.
    processor = ViTImageProcessor(size={"height": SIDE, "width": SIDE}, do_normalize=False)
    return {"model": model.eval(), "processor": processor, "data": rows}


def _row(draw: np.random.Generator) -> dict[str, Any]:
    label, contrast = int(draw.integers(2)), draw.uniform(*CONTRAST)
    mottle = draw.normal(0.0, MOTTLE, (SIDE // CELL, SIDE // CELL, 3))
    level = draw.uniform(0.4, 0.6) + (2 * label - 1) * contrast * (_middle()[..., None] - 0.5)
    picture = np.kron(mottle, np.ones((CELL, CELL, 1))) + level
    return {"image": (255 * picture.clip(0.0, 1.0)).round().astype(np.uint8), "label": label}


def _middle() -> NDArray[np.bool_]:
    """Return which pixels are of the middle."""
    within = np.abs(np.arange(SIDE) - (SIDE - 1) / 2) < SIDE / 4
    return within[:, None] & within


CHECKER = CorruptionRobustness()
DEFECT = Defect(
    name="answers that grain sways",
    name_zh="受画面颗粒影响的回答",
    unit="log-odds that a checkered pattern of 1% of the range of levels adds",
    strengths=(20.0, 45.0, 100.0),
    plant=plant,
    metric="flip_rate",
)
NULLS, DRAWS = 60, 15
