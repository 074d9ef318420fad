"""False alarms of membership inference on the tasks beyond plain text: audits of models that saw neither side.

A tiny model a task is trained on rows of its own, then audited with fresh rows of the same kind as "training" and as
held-out rows: whatever is found is false. Run `python benchmarks/nulls_privacy_tasks.py [audits] [task ...]`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "checkers"))
from measured import findings_of  # type: ignore[import-not-found]  # noqa: E402
from media_models import (  # type: ignore[import-not-found]  # noqa: E402
    TWO_CLASSES,
    blank_reader,
    blank_seer,
    blank_writer,
    hearing,
    picture_processor,
    pictures,
    question_rows,
    sounds,
    subject_with,
    trained_hearer,
    trained_reader,
    trained_seer,
    trained_writer,
    translated_rows,
    word_tokenizer,
)
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification  # noqa: E402

from modelaudit.checkers.privacy.membership.checker import MembershipInference  # noqa: E402
from modelaudit.statistics import p_above  # noqa: E402

SIDE, TRAINED = 100, 60
LIMIT = 0.55
"""The starter limit on the judged AUC."""
SUITE = ("membership_auc", "largest of the suite")
Rows = Callable[[int, int], list[dict[str, Any]]]
Task = tuple[Any, dict[str, Any], Rows]


def spans() -> Task:
    """Return a model that marks spans, what it is handed in with, and its rows."""
    tokenizer = word_tokenizer("bert")
    model = trained_reader(blank_reader(tokenizer), tokenizer, question_rows(TRAINED, 1), steps=60)
    return model, {"tokenizer": tokenizer, "base": blank_reader(tokenizer).bert}, question_rows


def targets() -> Task:
    """Return the same for a model that writes targets."""
    tokenizer = word_tokenizer()
    model = trained_writer(blank_writer(tokenizer), tokenizer, translated_rows(TRAINED, 1), steps=100)
    return model, {"tokenizer": tokenizer, "base": blank_writer(tokenizer)}, translated_rows


def seen() -> Task:
    """Return the same for a model that sees pictures."""
    processor = picture_processor()
    model = trained_seer(blank_seer(), processor, pictures(TRAINED, 1), steps=60)
    return model, {"processor": processor, "base": blank_seer().vit}, pictures


def heard() -> Task:
    """Return the same for a model that hears sounds."""
    model = trained_hearer(hearing(Wav2Vec2ForSequenceClassification, **TWO_CLASSES), sounds(TRAINED, 1), steps=40)
    base = hearing(Wav2Vec2ForSequenceClassification, **TWO_CLASSES).wav2vec2
    return model, {"processor": Wav2Vec2FeatureExtractor(do_normalize=True), "base": base}, sounds


TASKS: dict[str, Callable[[], Task]] = {"spans": spans, "targets": targets, "pictures": seen, "sounds": heard}


def audits(task: Task, count: int) -> Iterator[dict[str, float | bool]]:
    """Yield what each audit of two fresh sides says."""
    model, given, rows = task
    for seed in range(count):
        sides = {"train_data": rows(SIDE, 1_000 + seed), "data": rows(SIDE, 5_000 + seed)}
        found = findings_of(MembershipInference(), subject_with(model, **given, **sides), seed=seed)
        judged = found[SUITE]
        yield {
            "auc": judged.metric.value or 0.0,
            "p": found["suite_p", None].metric.value or 1.0,
            "beyond": judged.confounded is None and p_above(judged.metric.grid, LIMIT) < 0.05,
            "withheld": judged.confounded is not None,
        }


def main() -> None:
    """Run the audits of the tasks named and print their counts as JSON, one task a line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for name in sys.argv[2:] or TASKS:
        found = list(audits(TASKS[name](), count))
        counts = {
            "task": name,
            "audits": count,
            "p below .05": sum(each["p"] < 0.05 for each in found),
            "beyond the limit": sum(bool(each["beyond"]) for each in found),
            "verdict withheld": sum(bool(each["withheld"]) for each in found),
            "mean AUC of the best attack": round(sum(float(each["auc"]) for each in found) / count, 3),
        }
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
