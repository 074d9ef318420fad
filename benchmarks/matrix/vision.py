"""Models that see: transformers over patches, and convolutions."""

from __future__ import annotations

from typing import Any

from matrix.architecture import Architecture
from matrix.processing import Processing, picture

TASK = ("image-classification",)
SIDE = 32
EDGE = {"shortest_edge": SIDE}
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "image_size": SIDE,
    "patch_size": 8,
}
SWIN: dict[str, Any] = {
    "image_size": SIDE,
    "patch_size": 2,
    "embed_dim": 16,
    "depths": [1, 1],
    "num_heads": [2, 2],
    "window_size": 4,
}
STAGES: dict[str, Any] = {"hidden_sizes": [8, 16, 16, 24], "depths": [1, 1, 1, 1]}
BIT = Processing("BitImageProcessor", {"size": EDGE, "crop_size": {"height": SIDE, "width": SIDE}})
CONVNEXT = Processing("ConvNextImageProcessor", {"size": EDGE, "crop_pct": 0.875})


def seer(name: str, title: str, config: dict[str, Any], processing: Processing) -> Architecture:
    return Architecture(name, title, config, TASK, processing=processing)


VISION = (
    seer("vit", "ViT", SMALL, picture("ViTImageProcessor")),
    seer("deit", "DeiT", SMALL, picture("DeiTImageProcessor")),
    seer("swin", "Swin", SWIN, picture("ViTImageProcessor")),
    seer("swinv2", "Swin V2", SWIN, picture("ViTImageProcessor")),
    seer("beit", "BEiT", SMALL, picture("BeitImageProcessor")),
    seer("data2vec-vision", "data2vec (vision)", SMALL, picture("BeitImageProcessor")),
    seer("dinov2", "DINOv2", SMALL, BIT),
    seer("convnext", "ConvNeXt", STAGES, CONVNEXT),
    seer("convnextv2", "ConvNeXt V2", STAGES, CONVNEXT),
    seer("resnet", "ResNet", STAGES | {"embedding_size": 8, "layer_type": "bottleneck"}, CONVNEXT),
    seer("regnet", "RegNet", STAGES | {"embedding_size": 8, "groups_width": 8}, CONVNEXT),
    seer(
        "mobilevit",
        "MobileViT",
        {
            "image_size": SIDE,
            "patch_size": 2,
            "hidden_sizes": [16, 16, 24],
            "neck_hidden_sizes": [8, 8, 16, 16, 16, 16, 32],
            "num_attention_heads": 2,
        },
        picture("MobileViTImageProcessor", size=EDGE),
    ),
    seer(
        "mobilenet_v2",
        "MobileNetV2",
        {"image_size": SIDE, "depth_multiplier": 0.25, "depth_divisible_by": 4, "min_depth": 4},
        picture("MobileNetV2ImageProcessor", size=EDGE),
    ),
    seer(
        "efficientnet",
        "EfficientNet",
        {"image_size": SIDE, "width_coefficient": 0.25, "depth_coefficient": 0.3, "hidden_dim": 320},
        picture("EfficientNetImageProcessor"),
    ),
    seer(
        "poolformer",
        "PoolFormer",
        STAGES | {"num_encoder_blocks": 4},
        picture("PoolFormerImageProcessor", size=EDGE),
    ),
)
"""Every model of the matrix that sees."""
