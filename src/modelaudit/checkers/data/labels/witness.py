"""The witness: what a model that never saw a row's label finds probable for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context, Row
from modelaudit.checkers.data.drawing import distinct, medium_of, unit, whole_text
from modelaudit.drawing import digest, documents
from modelaudit.text.same_text import same_text

Floats = NDArray[np.float64]

EVALUATION, TRAINING = "evaluation rows", "training rows"
FOLDS = 5
FEWEST = 100
"""Rows below which nothing is estimated."""
FEWEST_OF_A_CLASS = 10
"""Training rows of a class below which the cross-fitted classifier can't learn it."""
MOST_CHARACTERS = 2_000
BUCKETS = 2**18
MOST_FEATURES = 20_000
LENGTH = 5.0
"""Of each row's vector of pieces."""
_EVERY_TEXT = "\x02"
# A piece that every text has keeps the matrix from being empty where no two share one, and tells nothing.


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """Rows of one table, their labels, and probabilities from a model that did not see these labels.

    Attributes:
        probabilities: float64 (n, C). given: int64 (n,), the labels. names: of the C classes.
        said: who the witness is, in words.
        missing: why there is none; then there are no rows.
    """

    table: str
    rows: tuple[Row, ...]
    probabilities: Floats
    given: NDArray[np.int64]
    names: tuple[str, ...]
    said: str
    missing: str | None = None

    @property
    def documents(self) -> NDArray[np.int64] | None:
        """The document of each row, or None where no two rows share one."""
        return documents(self.rows)


def evaluation_witness(ctx: Context, *, most: int) -> Witness:
    """Return the audited model's own answers to evaluation rows that are not among the training rows."""
    rows = _unseen(ctx)
    chosen = _labelled(ctx, rows, EVALUATION, most=most)
    if len(chosen) < FEWEST:
        return _none(
            EVALUATION,
            f"There are {len(chosen)} labelled {EVALUATION} of different {medium_of(rows)}s that the model did not "
            f"train on, and {FEWEST} are the least.",
        )
    found = np.asarray(ctx.model.predict(chosen).probabilities, dtype=np.float64)
    return Witness(EVALUATION, tuple(chosen), found, _given(chosen), ctx.model.labels, "the audited model")


def training_witness(ctx: Context, *, most: int) -> Witness:
    """Return cross-fitted answers to the training rows: each from a classifier that was fitted on other rows.

    The audited model learned these labels, wrong ones too, and its hidden states may repeat them. So the classifier
    sees the base model's mean hidden states, or pieces of the texts (TF-IDF) where there is no base model. Without one
    nothing that is known of pictures and sounds tells enough of them.
    """
    if medium_of(ctx.data.members or ()) != "text" and not _has_states(ctx):
        return _none(
            TRAINING,
            f"Labels of {medium_of(ctx.data.members or ())}s are held against the states of the model before "
            "fine-tuning: give base_model= (--base-model).",
        )
    chosen = _labelled(ctx, ctx.data.members or (), TRAINING, most=most)
    given = _given(chosen)
    sizes = np.bincount(given, minlength=len(ctx.model.labels))
    if (rare := int(((sizes > 0) & (sizes < FEWEST_OF_A_CLASS)).sum())) and len(chosen):
        left = int(sizes[sizes < FEWEST_OF_A_CLASS].sum())
        ctx.note(
            f"{left:,} {TRAINING} belong to {rare} classes of fewer than {FEWEST_OF_A_CLASS} rows, which a "
            "cross-fitted classifier can't learn; they were left out."
        )
        chosen = [row for row, label in zip(chosen, given.tolist(), strict=True) if sizes[label] >= FEWEST_OF_A_CLASS]
        given = _given(chosen)
    classes = np.unique(given)
    if len(chosen) < FEWEST or len(classes) < 2:
        return _none(TRAINING, f"There are {len(chosen)} labelled {TRAINING} of {len(classes)} classes that can be "
                     f"learned, and {FEWEST} of 2 classes are the least.")  # fmt: skip
    features, said = _features(ctx, chosen)
    folds = _folds(chosen, seed=ctx.seed)
    found = cross_fitted(features, np.searchsorted(classes, given), folds)
    names = tuple(ctx.model.labels[place] for place in classes.tolist())
    return Witness(TRAINING, tuple(chosen), found, np.searchsorted(classes, given), names, said)


def cross_fitted(features: Any, given: NDArray[np.int64], folds: NDArray[np.int64]) -> Floats:
    """Return each row's probabilities (n, C) by a logistic regression of the other folds' rows.

    `given` holds classes 0 to C - 1, all of them; one that is missing from the other folds gets the probability 0.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(given), int(given.max()) + 1))
    for fold in np.unique(folds):
        held = folds == fold
        seen = np.unique(given[~held])
        if len(seen) < 2:
            found[np.ix_(held, seen)] = 1.0
            continue
        with warnings.catch_warnings():
            # A fit that is not quite at its end is as good a witness.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = LogisticRegression(C=1.0, tol=1e-3, max_iter=200).fit(features[~held], given[~held])
        found[np.ix_(held, seen)] = fitted.predict_proba(features[held])
    # Sums of products may differ in the last bits between machines.
    return np.round(found, 9)


def _unseen(ctx: Context) -> Sequence[Row]:
    """Return the evaluation rows that the model was not trained on, as far as the training rows show it."""
    if not ctx.data.members:
        ctx.note(
            "There are no training rows, so it can't be checked that the model never saw the labels of the evaluation "
            "rows; if it did, its memory hides wrong ones."
        )
        return ctx.data.evaluation
    seen = {_said(row) for row in ctx.data.members}
    # Held-out rows were compared with the whole training table, be it that a sample of it is at hand.
    clean = ctx.data.heldout if ctx.subject.heldout_is_evaluation and ctx.data.heldout else ctx.data.evaluation
    unseen = [row for row in clean if _said(row) not in seen]
    if left := len(ctx.data.evaluation) - len(unseen):
        ctx.note(
            f"{left:,} evaluation rows stand among the training rows, where the model saw them; they are left out."
        )
    return unseen


def _labelled(ctx: Context, rows: Sequence[Row], table: str, *, most: int) -> list[Row]:
    labelled = [row for row in rows if row.label is not None]
    if left := len(rows) - len(labelled):
        ctx.note(f"{left:,} {table} have no label and were left out.")
    different, medium = distinct(labelled, seed=ctx.seed), medium_of(rows)
    if repeats := len(labelled) - len(different):
        ctx.note(f"{repeats:,} {table} repeat the {medium} of another row; of each {medium} one row was drawn.")
    return different[:most]


def _said(row: Row) -> str:
    return same_text(whole_text(row)) if row.medium is None else row.medium.digest


def _has_states(ctx: Context) -> bool:
    return ctx.base_model is not None and "embed" in ctx.base_model.capabilities


def _given(rows: Sequence[Row]) -> NDArray[np.int64]:
    return np.array([row.label for row in rows], dtype=np.int64)


def _none(table: str, reason: str) -> Witness:
    return Witness(table, (), np.empty((0, 0)), np.empty(0, dtype=np.int64), (), "", missing=reason)


def _folds(rows: Sequence[Row], *, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row (n,); rows of one document stay together, and content and seed decide."""
    units = [unit(row) for row in rows]
    order = sorted(set(units), key=lambda name: (digest(name, seed=seed, purpose="label errors"), name))
    fold = {name: place % FOLDS for place, name in enumerate(order)}
    return np.array([fold[name] for name in units], dtype=np.int64)


def _features(ctx: Context, rows: Sequence[Row]) -> tuple[Any, str]:
    if ctx.base_model is not None and "embed" in ctx.base_model.capabilities:
        states = np.asarray(ctx.base_model.embed(rows), dtype=np.float64)
        spread = states.std(axis=0)
        standard = (states - states.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf)
        return standard, "a cross-fitted logistic regression on the base model's states"
    return text_features([whole_text(row, MOST_CHARACTERS) for row in rows]), (
        "a cross-fitted logistic regression on pieces of the texts (TF-IDF)"
    )


def text_features(texts: Sequence[str]) -> Any:
    """Return TF-IDF of the commonest pieces of 1 to 5 characters within words, a sparse matrix (n, at most 20,000).

    Pieces that only one text has are left out. No label is looked at.
    """
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    hashed = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 5), n_features=BUCKETS, alternate_sign=False)
    kept = [f"{text.encode('utf-8', 'replace').decode('utf-8')} {_EVERY_TEXT}" for text in texts]
    counts = hashed.transform(kept)
    often = counts.getnnz(axis=0)
    chosen = np.argsort(-often, kind="stable")[:MOST_FEATURES]
    # Rows have the length 1, at which a penalty of 1 would hold all weights near 0.
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, chosen[often[chosen] > 1]]) * LENGTH
