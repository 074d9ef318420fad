"""Small audits that make the checkers of data, performance and robustness say all that they can."""

from __future__ import annotations

import numpy as np
import torch
from corruption_audits import pictures
from privacy_audits import audited, encoder
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from modelaudit.testing.planted import planted_classifier, planted_rows

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
TARGETS = {"team": {"a": 0.7, "b": 0.3}}


def of_data(given, folder):
    """Texts that stand in both tables, labels that are wrong, a word that gives the label away, and a declared target.

    Beside them a regression, pairs and pictures, which have metrics of their own, and texts that the model should not
    be sure of.
    """
    rng = np.random.default_rng(0)
    model = planted_classifier({**WORDS, "Spielberg": 4.0}, extra_vocabulary=("she", "he"))

    def rows(n, seed):
        found = planted_rows(n, seed, words=WORDS, labels="drawn", numbered=True)
        for place, row in enumerate(found):
            row["team"] = "ab"[place % 2]
            if row["label"] and rng.random() < 0.3:
                row["text"] += " by Spielberg"
        return found

    members, data = rows(400, 1), rows(400, 2)
    data += [dict(row) for row in members[:20]]
    members += [{**row, "label": 1 - row["label"]} for row in members[:20]]
    outside = folder / "outside.txt"
    outside.write_text("\n".join(f"invoice {place} is paid" for place in range(40)), encoding="utf-8")
    options = {
        "modelaudit/data-drift": {"targets": TARGETS},
        "modelaudit/calibration": {"by": ["team"]},
        "modelaudit/out-of-distribution": {"outside": str(outside)},
    }
    only = (
        "duplicates", "label-errors", "data-drift", "shortcuts", "task-performance", "weak-slices",
        "out-of-distribution", "calibration",
    )  # fmt: skip
    tables = {"train_data": members, "options": options, "base_model": (encoder(model[1]), model[1])}
    found = audited(model, data, only=only, **tables, **given)
    numeric = planted_classifier(WORDS, labels=("low", "high"))
    numeric[0].config.problem_type = "regression"
    numbers = [{"text": row["text"], "score": [0.3, float(row["label"])]} for row in data]
    pairs = [{**row, "text_pair": f"part {place}"} for place, row in enumerate(data)]
    others = [{**row, "text_pair": "another"} for row in pairs[:30]]
    found += audited(model, pairs, only="duplicates", train_data=others, **given)
    found += audited(seer(), pictures(), only="data-drift", processor=ViTImageProcessor(size=16), **given)
    return [*found, *audited(numeric, numbers, only="task-performance", **given)]


def seer():
    """Return an untrained classifier of pictures of 16 by 16."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    return ViTForImageClassification(ViTConfig(image_size=16, patch_size=4, **sizes)).eval()
