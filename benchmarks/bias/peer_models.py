"""The models that a peer and this audit both scan: notes that name somebody, and notes that tell a gender by words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bias import panel_cells as cells
from bias.panel_cells import BLACK, CELLS, WORDS, Cell
from bias.panel_models import LEARNING, SHAPE, vocabulary
from bias.panel_truth import truth_of
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit

SEED = 100
"""Not one of the panel's."""


@dataclass(frozen=True)
class Scanned:
    """A model by the two cells of the panel whose rows it is trained on."""

    name: str
    about: str
    named: str
    gendered: str

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """The cell of notes with names, and that of notes with gendered words."""
        by_name = {cell.name: cell for cell in CELLS}
        return by_name[self.named], by_name[self.gendered]

    @property
    def planted(self) -> tuple[str, ...]:
        """The comparisons in which something was planted."""
        return tuple(cell.planted for cell in self.cells if cell.planted)


MODELS = (
    Scanned("clean", "nothing planted", "null-balanced", "null-words"),
    Scanned("noise", "each name tilted by a lot of its own, no group", "null-noise", "null-words"),
    Scanned("gender", "90% of women, 10% of men with label 1", "null-balanced", "words-90"),
    Scanned("ethnicity", "90% of black names with label 1", "names-90", "null-words"),
)
ASKED = (WORDS, BLACK)
"""The comparisons that are told of every model."""


def made(scanned: Scanned, folder: Path) -> tuple[Any, Any, Path]:
    """Return the model, its tokenizer and its folder; it is trained where it is not there yet."""
    place = folder / "peer-models" / scanned.name
    if not (place / "config.json").exists():
        parts = [(cell, cells.training_rows(cell, SEED)) for cell in scanned.cells]
        rows = [row for _, some in parts for row in some]
        texts = [text for cell, some in parts for text in vocabulary(cell, some)]
        model, tokenizer = compact_model(
            texts, labels=cells.labels_of("names"), task="text-classification", seed=SEED, **SHAPE
        )
        fit(model, tokenizer, rows, task="text-classification", seed=SEED, folder=place, **LEARNING)
    return AutoModelForSequenceClassification.from_pretrained(place), AutoTokenizer.from_pretrained(place), place


def scanned_rows(scanned: Scanned) -> cells.Rows:
    """Return the rows that are scanned: as many notes of either kind, in which no group has to do with the label."""
    return [row for cell in scanned.cells for row in cells.audit_rows(cell, SEED)]


def truths(scanned: Scanned, model: Any, tokenizer: Any) -> dict[str, float]:
    """Return by comparison what the model does."""
    return {title: value for cell in scanned.cells for title, value in truth_of(cell, model, tokenizer, SEED).items()}
