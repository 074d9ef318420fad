"""The dev score: entity F1 or accuracy on the rows that are held back, by which the best weights are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from modelaudit.text.strict_tags import strict_reader
from modelaudit.training.features import IGNORED

__all__ = ["best_classes", "dev_score"]


def dev_score(labels: Sequence[str], *, per_word: bool) -> Callable[[Any], dict[str, float]]:
    """Return a `compute_metrics` of `transformers.Trainer` that gives `score`, from 0 to 1.

    For tags it is the micro-averaged F1 of whole entities, strict as seqeval has it: type and both ends right, and the
    tags well-formed; 1 where there are none and none were said. For classes it is the accuracy.
    """
    read = strict_reader(labels)

    def score(answers: Any) -> dict[str, float]:
        said, truth = np.asarray(answers.predictions), np.asarray(answers.label_ids)
        if not per_word:
            return {"score": float((said == truth).mean())}
        right = predicted = true = 0
        for row_said, row_truth in zip(said, truth, strict=True):
            words = row_truth != IGNORED
            found, meant = (set(read([labels[tag] for tag in row[words]])) for row in (row_said, row_truth))
            right, predicted, true = right + len(found & meant), predicted + len(found), true + len(meant)
        return {"score": 2.0 * right / (predicted + true) if predicted + true else 1.0}

    return score


def best_classes(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the most probable classes: a `preprocess_logits_for_metrics`, so that no logits are kept."""
    return logits.argmax(dim=-1)
