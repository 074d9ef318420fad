"""The models of the panel, what each stands for, and the rows that it is explained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from real_run import Case, prepared, sst2, wikiann

from modelaudit.testing.demo import DemoTask, build_demo
from panel import recipes
from panel.recipes import SEED, Built, Recipe, Rows, kept, saved

WELL_TRAINED = "well-trained"
DEFECTIVE = "with a planted defect"
SHUFFLED = "labels shuffled"
BY_HEART = "labels shuffled, on the rows it learnt"
UNTRAINED = "random weights"
ADDITIVE = "additive by construction"
INTERACTING = "interactions only"
GROUPS = (WELL_TRAINED, DEFECTIVE, SHUFFLED, BY_HEART, UNTRAINED, ADDITIVE, INTERACTING)

JUDGED_ROWS = 800
"""Held-out rows on which a model's accuracy is measured."""


@dataclass(frozen=True)
class Size:
    """How much is spent.

    Attributes:
        rows, large_rows: rows that a small and a large model are explained on.
        seeds, large_seeds: draws of these rows and of permutations.
        settled_pairs, settled_rows: permutation pairs and rows of one more audit where values had not settled.
        train, epochs: rows of SST-2 that small models are trained on, and how often they see them.
        shuffled, shuffled_epochs: rows whose labels are dealt out anew, and how often a small model sees them.
    """

    rows: int
    large_rows: int
    seeds: int
    large_seeds: int
    settled_pairs: int
    settled_rows: int
    train: int
    epochs: int
    shuffled: int
    shuffled_epochs: int


SIZES = {
    "full": Size(60, 50, 2, 1, 32, 20, 6_920, 4, 1_500, 40),
    "short": Size(12, 6, 1, 1, 24, 6, 2_000, 4, 200, 60),
}
LARGE_SHUFFLED, LARGE_EPOCHS = 300, 20


@dataclass(frozen=True)
class Member:
    """One model of the panel on one set of rows.

    Attributes:
        group: what it stands for, one of GROUPS. about: how it was made, in a few words.
        model: the model's folder. large: whether it is a pretrained encoder of 6 layers and 384 units.
        prepare: makes the model there where it is not, and returns the share of training rows that it gets right.
        rows: what it is explained on. judged: rows with labels for its accuracy, none where that is not measured.
    """

    name: str
    group: str
    about: str
    model: Path
    large: bool
    prepare: Callable[[], float | None]
    rows: Any
    judged: Rows = ()


def members(folder: Path, data: Path, size: Size) -> Iterator[Member]:
    """Yield the panel; models are kept in `folder`, and `data` holds the tables of SST-2 and WikiANN."""
    yield from _small_sentiment(folder, sst2(data), size)
    yield from _large_sentiment(folder, sst2(data))
    yield from _demo(folder)
    yield from _large_entities(folder, wikiann(data))
    yield _interactions(folder)


def _small_sentiment(folder: Path, case: Case, size: Size) -> Iterator[Member]:
    rows, asked, judged = case.train[: size.train], case.heldout, case.heldout[:JUDGED_ROWS]
    dealt = recipes.shuffled(case.train, size.shuffled)
    spotted, spots = recipes.with_shortcut(rows), recipes.with_shortcut(case.heldout)

    def member(name: str, group: str, about: str, build: Callable[[], Built], rows: Rows, judged: Rows) -> Member:
        recipe: Recipe = {"about": about, "seed": SEED}
        place = folder / f"panel-{size.train}-{name.partition(',')[0].replace(' ', '-')}"
        return Member(name, group, about, place, False, lambda: kept(place, recipe, saved(build)), rows, judged)

    trained = f"SST-2, {len(rows):,} rows, {size.epochs} epochs"
    yield member(
        "bag of embeddings",
        ADDITIVE,
        f"SST-2, {len(rows):,} rows, 5 epochs; log-odds are a sum over words",
        partial(recipes.bag_of_embeddings, case, rows, epochs=5),
        asked,
        judged,
    )
    yield member(
        "small trained",
        WELL_TRAINED,
        f"{trained}, from scratch",
        partial(recipes.from_scratch, case, rows, epochs=size.epochs),
        asked,
        judged,
    )
    yield member(
        "small with a shortcut",
        DEFECTIVE,
        f"{trained}, from scratch; one word says the label in most rows",
        partial(recipes.from_scratch, case, spotted, epochs=size.epochs),
        spots,
        spots[:JUDGED_ROWS],
    )
    memorised = partial(recipes.from_scratch, case, dealt, epochs=size.shuffled_epochs)
    about = f"SST-2, {len(dealt):,} rows with shuffled labels, {size.shuffled_epochs} epochs, from scratch"
    yield member("small shuffled", SHUFFLED, about, memorised, asked, judged)
    yield member("small shuffled, on its training rows", BY_HEART, about, memorised, dealt, ())
    yield member(
        "small untrained",
        UNTRAINED,
        "weights as they are drawn",
        partial(recipes.from_scratch, case, rows, epochs=0),
        asked,
        judged,
    )
    yield member(
        "small untrained widened",
        UNTRAINED,
        f"weights as they are drawn; head scaled until log-odds spread by {recipes.WIDTH:g}",
        partial(recipes.widened, case, rows),
        asked,
        judged,
    )


def _large_sentiment(folder: Path, case: Case) -> Iterator[Member]:
    trained, memorised = folder / "sst2", folder / "panel-large-shuffled"
    dealt = recipes.shuffled(case.train, LARGE_SHUFFLED)
    judged = case.heldout[:JUDGED_ROWS]
    recipe: Recipe = {"rows": LARGE_SHUFFLED, "epochs": LARGE_EPOCHS, "seed": SEED}
    build = partial(recipes.pretrained, case, dealt, epochs=LARGE_EPOCHS)
    yield Member(
        "large trained",
        WELL_TRAINED,
        f"SST-2, {len(case.train):,} rows, 3 epochs, pretrained",
        trained,
        True,
        lambda: float(prepared(case, trained, epochs=3, seed=SEED)["accuracy"]),
        case.heldout,
        judged,
    )
    yield Member(
        "large shuffled",
        SHUFFLED,
        f"SST-2, {LARGE_SHUFFLED} rows with shuffled labels, {LARGE_EPOCHS} epochs, pretrained",
        memorised,
        True,
        lambda: kept(memorised, recipe, saved(build)),
        case.heldout,
        judged,
    )


def _demo(folder: Path) -> Iterator[Member]:
    for task, suffix, kind in (("classification", ".csv", "letters"), ("ner", ".conll", "entities in letters")):
        for clean in (True, False):
            yield _demo_member(folder, task, suffix, kind, clean=clean)


def _demo_member(folder: Path, task: DemoTask, suffix: str, kind: str, *, clean: bool) -> Member:
    place = folder / f"panel-demo-{task}-{'clean' if clean else 'planted'}"

    def make(_: Path) -> float:
        return build_demo(task, clean=clean, seed=SEED, folder=place).train_accuracy

    table = place / f"evaluation{suffix}"

    def prepare() -> float | None:
        return kept(place, {"demo": task, "clean": int(clean), "seed": SEED}, make)

    name = f"small {kind}, {'clean' if clean else 'defects planted'}"
    about = f"the demo's {kind}, made-up sentences, from scratch"
    return Member(name, WELL_TRAINED if clean else DEFECTIVE, about, place / "model", False, prepare, str(table))


def _large_entities(folder: Path, case: Case) -> Iterator[Member]:
    place = folder / "wikiann"
    yield Member(
        "large entities",
        WELL_TRAINED,
        f"WikiANN English, {len(case.train):,} rows, 3 epochs, pretrained",
        place,
        True,
        lambda: float(prepared(case, place, epochs=3, seed=SEED)["accuracy"]),
        case.heldout,
    )


def _interactions(folder: Path) -> Member:
    place = folder / "panel-interactions"
    about = f"written down: {len(recipes.PAIRS)} pairs of words, each of which counts only where the other is not there"
    return Member(
        "pairs that cancel",
        INTERACTING,
        about,
        place,
        False,
        lambda: kept(place, {"pairs": len(recipes.PAIRS)}, saved(recipes.interactions)),
        recipes.interaction_rows(300),
    )
