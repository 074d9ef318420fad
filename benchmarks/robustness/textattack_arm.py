"""Attack rows with TextAttack's DeepWordBug; for an environment that has it, and nothing of ours.

python textattack_arm.py ASKED.json TOLD.json

ASKED has `model` (folder of a text classifier), `rows` (of `text` and the class `label`), `budget` (queries a row, the
original among them), `padding` ("shipped" or "longest"), `threads`, `seed` and `device`. TOLD gets the versions, the
number of tokens that each text is padded to, the texts that the model was asked, and of each row `state` (success,
failed, skipped), `queries`, `text`, and what the attack on it alone took, as `cpu` and `wall` seconds. Exits with a
line on stderr where NLTK's stop words are not there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

STATES = {"SuccessfulAttackResult": "success", "FailedAttackResult": "failed", "SkippedAttackResult": "skipped"}
CORPORA = ("llama_index", Path("core") / "_static" / "nltk_cache")
"""A package that ships NLTK's stop words in NLTK's layout, and where in it they lie."""


def main(asked: str, told: str) -> None:
    given = json.loads(Path(asked).read_text())
    torch.set_num_threads(given["threads"])
    with tempfile.TemporaryDirectory(prefix="textattack-") as cache:
        prepare(Path(cache))
        found = attacked(given)
    packages = {name: version(name) for name in ("textattack", "transformers", "flair", "nltk", "torch")}
    Path(told).write_text(json.dumps({"versions": packages, **found}))


def prepare(cache: Path) -> None:
    """Let TextAttack find the stop words, and believe that it has downloaded what it downloads at its first import."""
    package, place = CORPORA
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        os.environ.setdefault("NLTK_DATA", str(Path(folder) / place))
    os.environ["TA_CACHE_DIR"] = str(cache)
    (cache / "post_install_check_3").touch()
    from nltk.corpus import stopwords

    try:
        stopwords.words("english")
    except LookupError:
        sys.exit("NLTK's stop words are not there; name a folder that has corpora/stopwords in NLTK_DATA")


def attacked(given: dict[str, Any]) -> dict[str, Any]:
    """Attack one row after the other, as its own loop does; the clock runs for the attack alone."""
    from textattack.attack_recipes import DeepWordBugGao2018
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(given["model"]).float().eval().to(given["device"])
    tokenizer = AutoTokenizer.from_pretrained(given["model"])
    asked: list[str] = []

    class Shipped(HuggingFaceModelWrapper):  # type: ignore[misc]
        """Keeps what is asked; all else is as shipped."""

        def __call__(self, texts: list[str]) -> Any:
            asked.extend(texts)
            return super().__call__(texts)

    class ToLongest(Shipped):
        """Pads each batch to its longest text."""

        def __call__(self, texts: list[str]) -> Any:
            asked.extend(texts)
            inputs = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt").to(self.model.device)
            with torch.no_grad():
                return self.model(**inputs).logits

    wrapper = {"shipped": Shipped, "longest": ToLongest}[given["padding"]](model, tokenizer)
    random.seed(given["seed"])
    np.random.seed(given["seed"])  # noqa: NPY002  its own generator
    attack = DeepWordBugGao2018.build(wrapper)
    attack.goal_function.query_budget = given["budget"]
    # Its first call is slower than the others, in any arm.
    attack.attack(given["rows"][0]["text"], given["rows"][0]["label"])
    asked.clear()
    rows = []
    for row in given["rows"]:
        cpu, wall = time.process_time(), time.perf_counter()
        result = attack.attack(row["text"], row["label"])
        spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        rows.append(
            {
                "state": STATES[type(result).__name__],
                "queries": result.num_queries,
                "text": result.perturbed_text(),
                **spent,
            }
        )
    padded_to = min(tokenizer.model_max_length, 512) if given["padding"] == "shipped" else None
    return {"rows": rows, "asked": asked, "padded_to": padded_to}


if __name__ == "__main__":
    main(*sys.argv[1:])
