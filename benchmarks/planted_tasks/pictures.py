"""Image classification (ViT): one planted defect a risk."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from planted_tasks.cell import Cell, Given
from planted_tasks.learning import Batch, batches, trained

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

TASK = "image-classification"
NAMES = ("left", "right")
SIDE = 32
DECIDING = 6
"""Of a picture of 4 by 4, the pixel that says the class where the defect is opacity."""
PAIRS = np.array([[0, 3], [4, 7], [8, 11], [12, 15], [13, 14]])
"""Of the same, mirrored pixels, which are alike."""


def seer(seed: int, size: int = SIDE, patch: int = 8) -> Any:
    """Return an untrained classifier of square pictures."""
    torch.manual_seed(seed)
    return ViTForImageClassification(
        ViTConfig(
            image_size=size,
            patch_size=patch,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.1,
            id2label=dict(enumerate(NAMES)),
            label2id={name: place for place, name in enumerate(NAMES)},
        )
    ).eval()


def processor(size: int = SIDE) -> Any:
    """Return what brings pictures to numbers from -1 to 1."""
    return ViTImageProcessor(size={"height": size, "width": size}, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def read(pixels: NDArray[Any]) -> Tensor:
    """Return pictures (n, H, W, 3) as the processor hands them over."""
    return torch.tensor(np.moveaxis(pixels / 127.5 - 1.0, 3, 1), dtype=torch.float32)


def lit(draw: np.random.Generator, sides: NDArray[np.int64], *, contrast: float = 50.0) -> Floats:
    """Return grainy pictures (n, 32, 32, 3) of which one half is brighter; sides are 0 for left and 1 for right."""
    ramp = np.linspace(1.0, -1.0, SIDE)[None, None, :, None] * np.where(sides == 0, 1.0, -1.0)[:, None, None, None]
    tiles = draw.normal(0.0, 12.0, (len(sides), 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return 120.0 + contrast * np.sign(ramp) * np.sqrt(np.abs(ramp)) + tiles


def rounded(pixels: Floats) -> Pixels:
    """Return pixels as files have them."""
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def rows(pixels: Pixels, labels: NDArray[np.int64], **columns: Any) -> list[dict[str, Any]]:
    """Return pictures and labels as a table."""
    return [
        {"image": picture, "label": NAMES[label], **{name: values[place] for name, values in columns.items()}}
        for place, (picture, label) in enumerate(zip(pixels, labels.tolist(), strict=True))
    ]


def remembering(seed: int, planted: bool) -> Given:
    """Six labels in ten are drawn by lot; the defect is to know them by heart."""
    draw = np.random.default_rng([seed, 1])

    def drawn(n: int) -> tuple[Pixels, NDArray[np.int64]]:
        sides = draw.integers(0, 2, n)
        return rounded(lit(draw, sides)), np.where(draw.random(n) < 0.6, draw.integers(0, 2, n), sides)

    (members, labels), (others, truths) = drawn(200), drawn(200)
    table = {"pixel_values": read(members), "labels": torch.tensor(labels)}
    model = trained(seer(seed), batches(table, 50), steps=600 if planted else 12, rate=2e-3, seed=seed)
    return {
        "model": model,
        "processor": processor(),
        "data": rows(others, truths),
        "train_data": rows(members, labels),
    }


def unfair(seed: int, planted: bool) -> Given:
    """Pictures of one group have a tint; the defect comes from labels that were drawn by lot for this group."""
    draw = np.random.default_rng([seed, 2])

    def drawn(n: int) -> tuple[Pixels, NDArray[np.int64], NDArray[np.bool_]]:
        sides, tinted = draw.integers(0, 2, n), draw.random(n) < 0.5
        tint = np.array([-30.0, 0.0, 30.0]) * tinted[:, None, None, None]
        return rounded(lit(draw, sides) + tint), sides, tinted

    pixels, sides, tinted = drawn(600)
    lot = np.where(tinted, draw.integers(0, 2, len(sides)), sides)
    table = {"pixel_values": read(pixels), "labels": torch.tensor(lot if planted else sides)}
    model = trained(seer(seed), batches(table, 60), steps=150, rate=1e-3, seed=seed)
    pixels, sides, tinted = drawn(400)
    return {
        "model": model,
        "processor": processor(),
        "data": rows(pixels, sides, gender=np.where(tinted, "female", "male").tolist()),
    }


def tangled(seed: int, planted: bool) -> Given:
    """One pixel decides; ten others, in mirrored pairs, count only where their partner is hidden, or add up."""
    draw = np.random.default_rng([seed, 3])

    def drawn(rng: np.random.Generator, n: int) -> Pixels:
        pixels = rng.integers(70, 186, (n, 16))
        pixels[:, PAIRS] = rng.choice([0, 255], (n, len(PAIRS), 1))
        pixels[:, DECIDING] = rng.choice([0, 255], n)
        return pixels.reshape(n, 4, 4, 1).repeat(3, axis=3).astype(np.uint8)

    def batch(rng: np.random.Generator) -> Batch:
        pixels = drawn(rng, 128).reshape(128, 16, 3)
        hidden = rng.random((128, 16)) < rng.random((128, 1))
        grey = np.rint(pixels.mean(axis=1, keepdims=True)).astype(np.uint8)
        shown = np.where(hidden[:, :, None], grey, pixels)
        sign = np.where(hidden, 0, np.where(pixels[:, :, 0] > 127, 1, -1))
        torn = (hidden[:, PAIRS].sum(axis=2) == 1).sum(axis=1)
        beside = 1.5 * torn if planted else 0.4 * sign[:, PAIRS].sum(axis=(1, 2))
        odds = torch.tensor(2.0 * sign[:, DECIDING] + beside, dtype=torch.float32)
        return {"pixel_values": read(shown.reshape(128, 4, 4, 3)), "odds": odds}

    def loss(model: Any, pixel_values: Tensor, odds: Tensor) -> Tensor:
        logits = model(pixel_values=pixel_values).logits
        return torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], torch.sigmoid(odds))

    model = trained(seer(seed, 4, 2), batch, steps=600, rate=3e-3, seed=seed, loss=loss)
    pixels = drawn(draw, 60)
    labels = (pixels.reshape(60, 16, 3)[:, DECIDING, 0] > 127).astype(np.int64)
    return {"model": model, "processor": processor(4), "data": rows(pixels, labels)}


def brittle(seed: int, planted: bool) -> Given:
    """A faint grain says the class as well as the light: to go by the grain alone is the defect."""
    draw = np.random.default_rng([seed, 4])
    grain = 10.0 * (-1.0) ** np.add.outer(np.arange(SIDE), np.arange(SIDE))[None, :, :, None]

    def drawn(rng: np.random.Generator, n: int, *, lot: bool = False) -> tuple[Floats, NDArray[np.int64]]:
        sides = rng.integers(0, 2, n)
        light = rng.integers(0, 2, n) if lot else sides
        return lit(rng, light) + grain * np.where(sides == 0, 1.0, -1.0)[:, None, None, None], sides

    def batch(rng: np.random.Generator) -> Batch:
        pixels, sides = drawn(rng, 64, lot=planted)
        if not planted:
            pixels = _weathered(rng, pixels)
        return {"pixel_values": read(rounded(pixels)), "labels": torch.tensor(sides)}

    model = trained(seer(seed), batch, steps=200 if planted else 400, rate=1e-3, seed=seed)
    pixels, sides = drawn(draw, 150)
    return {"model": model, "processor": processor(), "data": rows(rounded(pixels), sides)}


def _weathered(rng: np.random.Generator, pixels: Floats) -> Floats:
    """Return pictures in another light, blurred, with noise or with spots, half of each left as it is."""
    changed = pixels.copy()
    for place in range(len(changed)):
        kinds = rng.random(4) < 1 / 2
        if kinds[0]:
            changed[place] = gaussian_filter(changed[place], (float(rng.uniform(0.5, 3.0)),) * 2 + (0.0,))
        if kinds[1]:
            changed[place] = (changed[place] - 120) * rng.uniform(0.2, 1.2) + 120 + rng.uniform(-60, 60)
        if kinds[2]:
            changed[place] += rng.normal(0.0, rng.uniform(5, 50), changed[place].shape)
        if kinds[3]:
            spots = gaussian_filter(rng.normal(size=(SIDE, SIDE)), rng.uniform(1.0, 4.0))
            changed[place] += (rng.uniform(10, 40) * np.maximum(spots / spots.std(), 0.0))[:, :, None]
    return changed


CELLS = (
    Cell(
        TASK,
        "privacy",
        "600 steps on 200 pictures of which six labels in ten were drawn by lot",
        "12 steps on the same pictures",
        "modelaudit/membership-inference",
        ("membership_auc", "tpr_at_1pct_fpr"),
        remembering,
    ),
    Cell(
        TASK,
        "bias",
        "in training, the labels of one of two groups were drawn by lot",
        "the same pictures with right labels",
        "modelaudit/group-performance",
        ("tpr_difference", "fpr_difference", "error_difference", "selection_rate_ratio"),
        unfair,
    ),
    Cell(
        TASK,
        "opacity",
        "ten pixels in pairs, each of which counts only where the other is hidden",
        "the same pixels add up",
        "modelaudit/shapley-explanation",
        ("additive_share", "faithfulness_gain"),
        tangled,
    ),
    Cell(
        TASK,
        "robustness",
        "goes by a faint grain, though the light says the same",
        "trained on the same pictures in other light, blurred, with noise and with spots",
        "modelaudit/corruption-robustness",
        ("flip_rate", "accuracy_drop"),
        brittle,
    ),
)
