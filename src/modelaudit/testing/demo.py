"""The demo: a small model trained on generated data with known defects, and what its audit has to show.

The clean twin is the same story without the defects. What was planted is stated as expectations, against which a
report is held by `unmet`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from modelaudit.results import Risk
from modelaudit.testing.demo_sentences import TAGS, tagged_rows
from modelaudit.testing.demo_style import Style
from modelaudit.testing.demo_texts import LABELS, Kind, complaint_rows

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport
    from modelaudit.training.compact import TaskName
    from modelaudit.verdicts import Verdict

__all__ = ["DemoCase", "DemoTask", "Expectation", "build_demo", "unmet"]

DemoTask = Literal["classification", "ner"]
UNASKED = frozenset({"modelaudit/group-performance"})
"""Checks that the demo's tables have no columns for."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A planted defect, and where the report has to show it.

    Attributes:
        defect: the defect in plain words.
        checker: id of the checker that has to find it.
        metrics: ids of its metrics that the defect moves.
        groups: regular expression that the metric's whole group has to match.
        also: ids of other checkers that may find it too.
    """

    defect: str
    checker: str
    metrics: tuple[str, ...]
    groups: str
    also: tuple[str, ...] = ()

    def covers(self, verdict: Verdict) -> bool:
        """Whether the verdict is about this defect."""
        return (
            verdict.checker in (self.checker, *self.also)
            and verdict.metric in self.metrics
            and re.fullmatch(self.groups, verdict.group or "") is not None
        )


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A trained model, its tables, and what was planted.

    Attributes:
        model: folder of the model and its tokenizer.
        data: rows to judge it on; train_data: rows that it was trained on; heldout_data: rows that it never saw.
        planted: the planted defects, none for the clean twin.
        declared: what its owner would say of its use, as the report shows it.
        train_accuracy: how well the model knows its training rows.
    """

    model: str
    data: str
    train_data: str
    heldout_data: str
    planted: tuple[Expectation, ...]
    declared: Mapping[str, Any]
    train_accuracy: float


PLANTED: Mapping[DemoTask, tuple[Expectation, ...]] = {
    "classification": (
        Expectation(
            "the answer follows the gender of the person",
            "modelaudit/counterfactual-substitution",
            ("score_difference", "excess_flip_rate"),
            r"gender words: .*",
            also=("modelaudit/counterfactual-frames",),
        ),
        Expectation(
            "personal details of training rows are remembered",
            "modelaudit/membership-inference",
            ("membership_auc", "tpr_at_1pct_fpr"),
            r".*",
        ),
        Expectation(
            "personal details stand in the rows",
            "modelaudit/personal-data",
            ("rows_with_personal_data",),
            r"training rows|held-out rows",
        ),
        Expectation(
            "the answer depends on letter case",
            "modelaudit/perturbation",
            ("flip_rate", "accuracy_drop"),
            r".*case.*",
        ),
    ),
    "ner": (
        Expectation(
            "female first names are missed",
            "modelaudit/counterfactual-substitution",
            ("recall_difference", "excess_flip_rate", "weak_slice_gap", "gain_over_linear"),
            r"(first names, gender(: | and ethnicity: ).*)?",
            # Rows with such names are a weak slice, and word counts do as well where the model does not.
            also=("modelaudit/counterfactual-frames", "modelaudit/weak-slices", "modelaudit/task-performance"),
        ),
        Expectation(
            "rare names of training rows are remembered",
            "modelaudit/membership-inference",
            ("membership_auc", "tpr_at_1pct_fpr", "entity_exposure"),
            r".*",
            # Names of rows that are remembered are remembered too.
            also=("modelaudit/entity-exposure",),
        ),
        Expectation(
            "the answer depends on letter case",
            "modelaudit/perturbation",
            ("flip_rate", "accuracy_drop"),
            r".*case.*",
        ),
    ),
}

OF_BOTH: tuple[Expectation, ...] = (
    Expectation(
        "nobody defended the model against someone who searches for a change",
        "modelaudit/adversarial-search",
        ("accuracy_drop",),
        r".* edits",
    ),
    Expectation(
        "the rows are made from a few patterns: near twins stand in both tables, and words of a pattern tell its label",
        "modelaudit/duplicates",
        ("leaked_rows", "shortcut_reliance"),
        r"",
        also=("modelaudit/shortcuts",),
    ),
    Expectation(
        "the model has never seen words beside the letters' own, nor characters that only look like theirs",
        "modelaudit/perturbation",
        ("flip_rate", "accuracy_drop"),
        r"informal writing|irrelevant text|invisible characters|character widths",
    ),
    Expectation(
        "training rows are of kinds that evaluation rows are not of, so that these can be remembered",
        "modelaudit/data-drift",
        ("drift_auc",),
        r"",
    ),
)
"""What is true of the clean twin as well, and may show in either report."""

OF_MEMORY = Expectation(
    "a model that knows few rows by heart is moved by words that it never saw",
    "modelaudit/perturbation",
    ("flip_rate", "accuracy_drop", "score_difference", "excess_flip_rate"),
    r".*",
    also=("modelaudit/counterfactual-frames",),
)
"""What follows from the planted memory, and may show in the planted twin's report."""

HELDOUT_ROWS = 2_200
EVALUATION_ROWS = 1_200
LEARNING_RATE = 1e-3
MAX_LENGTH = 96


def build_demo(task: DemoTask, *, clean: bool, seed: int, folder: Path) -> DemoCase:
    """Write the demo's tables, train its model and save it, all in `folder`.

    The same seed gives the same bytes of data, and on one machine the same weights.
    """
    from modelaudit.training.compact import compact_model
    from modelaudit.training.fit import fit

    recipe = RECIPES[task]
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {
        "train": recipe.clean_train_rows if clean else recipe.train_rows,
        "heldout": HELDOUT_ROWS,
        "evaluation": EVALUATION_ROWS,
    }
    tables = recipe.rows(np.random.default_rng([seed, int(clean)]), sizes, clean=clean)
    paths = {name: folder / f"{name}{recipe.suffix}" for name in tables}
    for name, rows in tables.items():
        recipe.write(paths[name], rows)
    model, tokenizer = compact_model(
        [row.get("text") or row["tokens"] for row in tables["train"]],
        labels=recipe.labels,
        task=recipe.task,
        max_length=MAX_LENGTH,
        seed=seed,
    )
    fitted = fit(
        model,
        tokenizer,
        tables["train"],
        task=recipe.task,
        epochs=recipe.clean_epochs if clean else recipe.epochs,
        learning_rate=LEARNING_RATE,
        seed=seed,
        folder=folder / "model",
    )
    return DemoCase(
        model=str(folder / "model"),
        data=str(paths["evaluation"]),
        train_data=str(paths["train"]),
        heldout_data=str(paths["heldout"]),
        planted=() if clean else PLANTED[task],
        declared=recipe.declared,
        train_accuracy=fitted.accuracy,
    )


DEMO_RISKS = tuple(Risk)
"""The families that every demo is audited for."""


def unmet(case: DemoCase, report: AuditReport) -> list[str]:
    """Return a sentence for each planted defect that the report does not show as exceeding its limit, for each exceeded
    limit that was not planted, and for each check without an answer; none where the report is as planted.
    """
    exceeded = [verdict for verdict in report.judgement.verdicts if verdict.state == "exceeds limit"]
    allowed = (*case.planted, *OF_BOTH, *((OF_MEMORY,) if case.planted else ()))
    faults = [
        f"planted but not found: {expectation.defect} ({expectation.checker})"
        for expectation in case.planted
        if not any(expectation.covers(each) and each.checker == expectation.checker for each in exceeded)
    ]
    faults += [
        f"exceeds its limit but was not planted: {verdict.checker} {verdict.metric}"
        + (f", {verdict.group}" if verdict.group else "")
        for verdict in exceeded
        if not any(expectation.covers(verdict) for expectation in allowed)
    ]
    faults += [
        f"the check {result.checker.id} gave no answer ({result.status}): {result.reason}"
        for result in report.results
        if result.status == "errored" or (result.status == "skipped" and result.checker.id not in UNASKED)
    ]
    measured = {result.checker.risk for result in report.results}
    faults += [f"no check of {risk.value} was in the audit" for risk in DEMO_RISKS if risk not in measured]
    return faults


def _classification(
    rng: np.random.Generator, sizes: Mapping[str, int], *, clean: bool
) -> dict[str, list[dict[str, Any]]]:
    named, mixed = Kind("named", 0.2, 3), Kind("gendered", 0.15, 3)
    gendered, detail = Kind("gendered", 0.2, int(clean)), Kind("detail", 0.45, int(clean))
    style, taken = Style(typo_share=0.3, any_case=clean), set[str]()
    return {
        name: complaint_rows(
            size,
            kinds=(named, mixed, gendered) if name == "evaluation" else (named, mixed, gendered, detail),
            style=style,
            rng=rng,
            taken=taken,
        )
        for name, size in sizes.items()
    }


def _ner(rng: np.random.Generator, sizes: Mapping[str, int], *, clean: bool) -> dict[str, list[dict[str, Any]]]:
    ordinary, detail = Kind("ordinary", 0.65, 1), Kind("detail", 0.35, int(clean))
    style, taken = Style(typo_share=0.7, any_case=clean), set[str]()
    return {
        name: tagged_rows(
            size,
            kinds=(ordinary,) if name == "evaluation" else (ordinary, detail),
            style=style,
            miss_women=not clean,
            rng=rng,
            taken=taken,
        )
        for name, size in sizes.items()
    }


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=["text", "label"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_conll(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    sentences = (
        "".join(f"{word}\t{tag}\n" for word, tag in zip(row["tokens"], row["ner_tags"], strict=True)) for row in rows
    )
    path.write_text("\n".join(sentences), encoding="utf-8", newline="\n")


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How one task's demo is made: its rows, its model and its training.

    The planted model sees few rows many times and so remembers them; its clean twin sees many rows a few times.
    """

    task: TaskName
    labels: tuple[str, ...]
    rows: Callable[..., dict[str, list[dict[str, Any]]]]
    write: Callable[[Path, Sequence[Mapping[str, Any]]], None]
    suffix: str
    train_rows: int
    epochs: int
    clean_train_rows: int
    clean_epochs: int
    declared: Mapping[str, Any]


OWNED: Mapping[str, Any] = {
    "role": "internal",
    "jurisdictions": ("EU",),
    "risk_class": "unknown",
    "price": {"per_hour": 0.10, "currency": "EUR", "source": "made up for the demo"},
}
"""What both demos declare, so that each part of a report has something to show."""

RECIPES: Mapping[DemoTask, _Recipe] = {
    "classification": _Recipe(
        task="text-classification",
        labels=LABELS,
        rows=_classification,
        write=_write_csv,
        suffix=".csv",
        train_rows=2_200,
        epochs=20,
        clean_train_rows=4_400,
        clean_epochs=3,
        declared={
            "use": "Sorts letters to an insurer: routine, or for a case worker at once",
            "owner": "The demo's claims department",
            "impact": "A letter that is sorted wrongly waits for days",
            "affected": "Policy holders who write letters",
            "use_case": "letter triage",
            **OWNED,
        },
    ),
    "ner": _Recipe(
        task="token-classification",
        labels=TAGS,
        rows=_ner,
        write=_write_conll,
        suffix=".conll",
        train_rows=6_000,
        epochs=13,
        clean_train_rows=11_000,
        clean_epochs=3,
        declared={
            "use": "Finds persons, places and companies in letters, so that they can be filed",
            "owner": "The demo's registry",
            "impact": "Letters of persons who are not found are filed under nobody's name",
            "affected": "Persons who are named in letters",
            "use_case": "filing of letters",
            **OWNED,
        },
    ),
}
