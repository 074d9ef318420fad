"""Reference models of an audit: made when a checker first asks for them, and kept for the next that asks the same."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ReferenceKind, References
from modelaudit.errors import CapabilityError, DataInputError, NotAssessable
from modelaudit.inference.halves import complementary_halves, content_key, ties
from modelaudit.rows import Row
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.distilled_reference import distilled_outputs
from modelaudit.subject.head_references import Features, features_of, head_outputs
from modelaudit.subject.model import Model
from modelaudit.subject.subject import Subject

Number = TypeVar("Number", bound=np.generic)

KINDS: dict[str, tuple[str, ...]] = {
    "text-classification": ("head", "lora", "distilled"),
    "image-classification": ("head", "distilled"),
    "audio-classification": ("head", "distilled"),
    "token-classification": ("head", "lora", "distilled"),
    "text-generation": ("lora",),
}
"""The kinds of reference models by task."""


class ReferenceShelf:
    """The reference models of one audit; see `checker.Context.references`."""

    def __init__(self, subject: Subject, *, seed: int) -> None:
        self._subject = subject
        self._seed = int.from_bytes(hashlib.blake2b(f"reference models {seed}".encode(), digest_size=7).digest(), "big")
        self._made: dict[Hashable, References] = {}
        self._states: tuple[Hashable, Features] | None = None
        self._lock = threading.Lock()

    def references(
        self,
        members: Sequence[Row],
        nonmembers: Sequence[Row],
        k: int,
        kind: ReferenceKind = "head",
        *,
        epochs: float | None = None,
    ) -> References:
        """Return the outputs of `k` reference models on both sides' rows."""
        base = self._base(k, kind)
        rows = [*members, *nonmembers]
        self._check(rows, epochs)
        key = (len(members), *(content_key(row) + _group(row) for row in rows), k, kind, epochs)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._trained(base, rows, len(members), k, kind, epochs)
            return self._made[key]

    def _base(self, k: int, kind: str) -> Model:
        """Return the base model; raise where there can be no such references."""
        if kind not in ("head", "lora", "distilled"):
            raise ValueError(f"reference models are of the kind 'head', 'lora' or 'distilled', not {kind!r}")
        if isinstance(k, bool) or not isinstance(k, int | np.integer):
            raise ValueError(f"the number of reference models is a whole number, not {k!r}")
        if kind == "distilled" and k != 1:
            raise ValueError(f"there is one distilled reference, so ask for 1, not {k!r}")
        if kind != "distilled" and (k < 2 or k % 2):
            raise ValueError(f"reference models come in pairs: give an even number of 2 or more, not {k!r}")
        if isinstance(self._subject.model, CallableModel):
            raise CapabilityError(
                f"{self._subject.model.opened.name} is a function: there is no base model to train references from"
            )
        task = self._subject.model.task.name
        kinds = KINDS.get(task, ())
        if not kinds:
            able = ", ".join(KINDS)
            raise CapabilityError(f"there are no reference models for {task}; there are for {able}")
        if kind not in kinds:
            raise CapabilityError(f"reference models for {task} are of the kind {kinds[0]!r}, not {kind!r}")
        base = self._subject.base_model
        if base is None:
            raise CapabilityError(
                "reference models are trained from the base model, and none is given; name the model that this one was "
                "fine-tuned from (base_model=, --base-model)"
            )
        return base

    def _check(self, rows: Sequence[Row], epochs: float | None) -> None:
        if epochs is not None and not 0 < epochs < float("inf"):
            raise ValueError(f"epochs is {epochs}; give a number above 0, or None for the default")
        task = self._subject.model.task
        for row in rows if task.name != "text-generation" else ():
            tagged = row.words is not None and row.tags is not None and len(row.tags) == len(row.words)
            if not (tagged if task.per_word else row.label is not None):
                what = "one tag a word" if task.per_word else "a label"
                raise DataInputError(f"row {row.id} lacks {what}, which reference models are trained on; leave it out")

    def _trained(
        self, base: Model, rows: Sequence[Row], members: int, k: int, kind: ReferenceKind, epochs: float | None
    ) -> References:
        is_member = np.arange(len(rows)) < members
        if len(ties(rows)[1]) < 2 or not 0 < members < len(rows):
            raise NotAssessable(
                "reference models are trained on halves of training and held-out rows, and there are too few of them; "
                "provide rows of both kinds, of two or more documents or persons"
            )
        labels = self._subject.model.labels
        if kind == "distilled":
            return self._distilled(base, rows, is_member)
        trained_on = complementary_halves(rows, is_member, pairs=k // 2, n_labels=len(labels), seed=self._seed)
        if kind == "head":
            found = self._features(base, rows)
            odds, probs, offsets = head_outputs(found, rows, trained_on, labels=labels, seed=self._seed)
        else:
            from modelaudit.subject.lora_references import lora_outputs

            odds, probs, offsets = lora_outputs(base, rows, trained_on, labels=labels, epochs=epochs, seed=self._seed)
        return References(
            trained_on=_frozen(trained_on),
            log_odds=_frozen(odds),
            log_probs=_frozen(probs),
            offsets=None if offsets is None else _frozen(offsets),
            kind=kind,
        )

    def _features(self, base: Model, rows: Sequence[Row]) -> Features:
        """Return the base model's states, asked once for the rows at hand."""
        key = tuple(content_key(row) for row in rows)
        if self._states is None or self._states[0] != key:
            self._states = (key, features_of(base, rows))
        return self._states[1]

    def _distilled(self, base: Model, rows: Sequence[Row], is_member: NDArray[np.bool_]) -> References:
        target = self._subject.model
        assert isinstance(target, Model)
        logits = target.predict(rows).logits
        found = self._features(base, rows)
        odds, probs, offsets = distilled_outputs(found, rows, logits, is_member=is_member, seed=self._seed)
        return References(
            trained_on=_frozen(np.zeros((1, len(rows)), dtype=np.bool_)),
            log_odds=_frozen(odds),
            log_probs=_frozen(probs),
            offsets=None if offsets is None else _frozen(offsets),
            kind="distilled",
        )


def _group(row: Row) -> bytes:
    return b"" if row.group is None else row.group.encode("utf-8", "surrogatepass")


def _frozen(array: NDArray[Number]) -> NDArray[Number]:
    # One answer is handed to all who ask.
    array.flags.writeable = False
    return array
