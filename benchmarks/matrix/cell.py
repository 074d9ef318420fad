"""A cell of the matrix: one architecture and one task, made, saved, opened from its folder and audited whole."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import transformers
from safetensors import safe_open

from matrix.agreement import TOLERANCE, compared
from matrix.architecture import AUTO, Architecture
from matrix.plain import Plain
from matrix.tables import table
from modelaudit import Audit
from modelaudit.errors import ModelAuditError

FEW = {
    "modelaudit/counterfactual-frames": {"domains": ["hiring", "health"], "attributes": ["gender", "age"]},
    "modelaudit/counterfactual-substitution": {"rows": 30, "names_per_row": 2},
    "modelaudit/adversarial-search": {"rows": 20},
    "modelaudit/shapley-explanation": {"rows": 3, "pairs": 12},
}
"""The longest checks ask less; that they run is what counts here."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a cell is made of: to judge the model on, to train it on, and to compare answers on."""

    evaluation: int
    training: int
    compared: int


OF_TEXT, OF_MEDIA, OF_WRITTEN, OF_LONG = Size(104, 40, 12), Size(40, 24, 12), Size(32, 24, 8), Size(8, 6, 3)
"""Of texts enough for every check to have its least; answers that are written token by token take the longest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one cell.

    Attributes:
        seconds: of the processor, at one thread, import of the libraries not counted.
        states: how many checks ended in each state. broken: those that errored, with the last words of each.
        difference: the largest from transformers, as a share of 1 + |answer|; None where it was not compared.
        identical: whether every shape gives the same bits, whatever is asked beside a row.
        note: why there is no audit, or what is to be known of it.
    """

    architecture: str
    task: str
    transformers: str
    seconds: float = 0.0
    states: Mapping[str, int] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    difference: float | None = None
    identical: bool | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def size_of(kind: str) -> Size:
    """Return how many rows a kind of cell is made of."""
    if kind == "long-texts":
        return OF_LONG
    if kind in {"text2text-generation", "speech-seq2seq"}:
        return OF_WRITTEN
    return OF_MEDIA if kind.startswith(("image", "audio", "speech")) else OF_TEXT


def run(architecture: Architecture, kind: str, *, audits: bool = True, size: Size | None = None) -> Outcome:
    """Make a tiny model, compare its answers with those of transformers, and audit it."""
    began = time.process_time()
    size = size or size_of(kind)
    with tempfile.TemporaryDirectory(prefix="modelaudit-matrix-") as scratch:
        model, base = architecture.saved(kind, Path(scratch))
        found = audited(model, base, kind, Path(scratch), size, audits=audits)
    seconds = round(time.process_time() - began, 1)
    return Outcome(architecture.title, kind, transformers.__version__, seconds, **found)


def audited(model: Path, base: Path | None, kind: str, scratch: Path, size: Size, *, audits: bool) -> dict[str, Any]:
    """Compare the answers of a folder's model, audit it and write the report; return the fields of the outcome."""
    audit = Audit(
        str(model),
        table(kind, size.evaluation, 1),
        train_data=table(kind, size.training, 2),
        base_model=None if base is None else str(base),
        preset="quick",
        device="cpu",
        options=FEW,
    )
    try:
        subject = audit.subject
        plain = opened(model, kind)
        found = compared(subject.model, plain, kind, subject.data.evaluation[: size.compared])
        note = "" if found.difference <= TOLERANCE else f"largest difference: {found.where}"
        agreement = {"difference": found.difference, "identical": found.identical, "note": note}
        if not audits:
            return agreement
        outcome = audit.run()
    except ModelAuditError as error:
        return {"note": f"{type(error).__name__}: {error}"}
    outcome.save(scratch / "report.html", scratch / "report.json")
    results = outcome.report.results
    return {
        **agreement,
        "states": dict(sorted(Counter(result.status for result in results).items())),
        "broken": {r.checker.id: (r.reason or "")[-300:] for r in results if r.status == "errored"},
    }


def opened(folder: Path, kind: str) -> Plain:
    """Return the model of a folder as its users open it."""
    model = getattr(transformers, AUTO[kind]).from_pretrained(folder, **_classes(folder))
    reads = kind not in {"image-classification", "audio-classification"}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder) if reads else None
    processor = None
    if kind.startswith("image"):
        processor = transformers.AutoImageProcessor.from_pretrained(folder)
    elif kind.startswith(("audio", "speech")):
        processor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    return Plain(model, tokenizer=tokenizer, processor=processor)


def _classes(folder: Path) -> dict[str, int]:
    """Return how many classes a head has; where a configuration names fewer, transformers has to be told."""
    weights = folder / "model.safetensors"
    if not weights.exists():
        return {}
    with safe_open(weights, "pt") as held:
        if "classifier.weight" not in list(held.keys()):
            return {}
        return {"num_labels": held.get_slice("classifier.weight").get_shape()[0]}
