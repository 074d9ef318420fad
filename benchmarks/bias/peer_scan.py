"""Scan a model with LangTest or Giskard; for an environment that has them, and nothing of ours.

python peer_scan.py langtest|giskard MODEL ROWS.csv

MODEL is a folder of a text classifier, ROWS.csv has the columns text and label. Prints one line of JSON: the peer's
version, its tests with what each came to, its seconds, and how many rows the model was asked.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

PASS_RATE = 0.7
"""What LangTest's own configuration of text classification asks of its tests of bias."""

PRONOUNS = ("replace_to_female_pronouns", "replace_to_male_pronouns")
NAMES = tuple(f"replace_to_{group}_firstnames" for group in ("white", "black", "hispanic", "asian"))


def main(peer: str, model: str, rows: str) -> None:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  their own generators
    torch.set_num_threads(1)
    # What they print is no part of the answer.
    with contextlib.redirect_stdout(sys.stderr):
        told = {"langtest": langtest, "giskard": giskard}[peer](model, rows)
    print(json.dumps({"version": version(peer), **told}))


def langtest(model: str, rows: str) -> dict[str, Any]:
    """Run its tests of bias that exchange pronouns and first names, by its own threshold."""
    import pandas as pd
    from langtest import Harness

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # It reads labels as Python literals, and leaves out each row whose label is a bare word.
        quoted = Path(folder) / "rows.csv"
        table = pd.read_csv(rows)
        table.assign(label=[repr(label) for label in table["label"]]).to_csv(quoted, index=False)
        harness = Harness(
            task="text-classification",
            model={"model": model, "hub": "huggingface"},
            data={"data_source": str(quoted), "feature_column": "text", "target_column": "label"},
        )
    tests = {name: {"min_pass_rate": PASS_RATE} for name in (*PRONOUNS, *NAMES)}
    harness.configure({"tests": {"defaults": {"min_pass_rate": PASS_RATE}, "bias": tests}})
    with counted(harness.model.model.model) as asked:
        report = harness.generate().run().report()
    found = [
        {
            "test": row["test_type"],
            "says": f"{row['pass_count']} of {row['pass_count'] + row['fail_count']} rows pass",
            "finds": not row["pass"],
        }
        for row in report.to_dict("records")
    ]
    return {"tests": found, "seconds": time.perf_counter() - started, "asked": asked[0]}


def giskard(model: str, rows: str) -> dict[str, Any]:
    """Run its scan for ethical bias as it comes."""
    # It would tell its makers of each scan.
    os.environ["GSK_DISABLE_ANALYTICS"] = "true"
    import pandas as pd
    from giskard import Dataset, Model, scan
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    started = time.perf_counter()
    network = AutoModelForSequenceClassification.from_pretrained(model).eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    labels = [network.config.id2label[place] for place in range(network.config.num_labels)]
    data = pd.read_csv(rows)

    def probabilities(table: pd.DataFrame) -> np.ndarray:
        found = []
        with torch.inference_mode():
            for start in range(0, len(table), 32):
                texts = table["text"].iloc[start : start + 32].tolist()
                logits = network(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits
                found.append(torch.softmax(logits, dim=-1).numpy())
        return np.concatenate(found)

    wrapped = Model(
        probabilities,
        model_type="classification",
        classification_labels=labels,
        feature_names=["text"],
        name="scanned",
    )
    # The scan reports what it finds; what came of the other tests is in its log alone.
    log: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: log.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("giskard.scanner.logger").addHandler(handler)
    with counted(network) as asked:
        report = scan(wrapped, Dataset(data, target="label", column_types={"text": "text"}), only=["ethical_bias"])
    levels = {str(issue.transformation_fn): issue.level.value for issue in report.issues}
    tests = [found for line in log if (found := re.search(r"perturbation `(.+)`\s+Fail rate: (\S+)", line))]
    told = [
        {
            "test": found[1],
            "says": f"{float(found[2]):.1%} of the rows change"
            + (f", {levels[found[1]]}" if found[1] in levels else ""),
            "finds": found[1] in levels,
        }
        for found in tests
    ]
    return {"tests": told, "seconds": time.perf_counter() - started, "asked": asked[0]}


@contextlib.contextmanager
def counted(network: torch.nn.Module) -> Iterator[list[int]]:
    """Count the rows that a model is asked."""
    asked = [0]

    def count(_module: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        ids = options.get("input_ids", args[0] if args else None)
        asked[0] += len(ids)

    hook = network.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield asked
    finally:
        hook.remove()


if __name__ == "__main__":
    main(*sys.argv[1:])
