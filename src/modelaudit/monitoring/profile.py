"""The watch profile: what the baseline's rows are like, kept so that later looks need none of them.

It holds counts by bin, keyed hashes of words and projected embeddings, and no text. A report alone could not serve: it
has neither the texts nor the answers to each of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, computed_field

from modelaudit.audit_report import AuditReport, canonical_json
from modelaudit.errors import InputError
from modelaudit.evidence import Frozen, Text
from modelaudit.monitoring.judging import Reference
from modelaudit.monitoring.live_rows import class_of, confidence_of
from modelaudit.monitoring.row_file import measured
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.tally import WORD_BYTES, accuracy_tally, answer_tally, text_tally, word_hash, words
from modelaudit.monitoring.watched_model import ModelSource, answers_of, reference_subject
from modelaudit.rows import Row

SCHEMA = "modelaudit.watch-profile/1"
MOST_ROWS = 5_000
"""Rows of the baseline that a profile is made of."""
EMBEDDED, WIDTH = 250, 32
"""Rows of either side whose embeddings are compared, and numbers that are kept of each."""

Floats = NDArray[np.float64]


class WatchProfile(Frozen):
    """What the rows that the audit judged the model on are like.

    Attributes:
        record: hash of what was audited and found (`row_file.measured`); table: sha256 of the rows; key: id of the key.
        tally: counts by bin. For new words it counts a half of the rows against the words of the other half.
        vocabulary: base64 of five bytes of each word's keyed hash, in ascending order.
        embeddings: base64 of float32 (rows, width), projected at random by the key; None where there are none.
    """

    schema_: Literal["modelaudit.watch-profile/1"] = Field(alias="schema", default="modelaudit.watch-profile/1")
    record: str
    table: str
    rows: int = Field(ge=1)
    key: str
    model: Text
    labels: tuple[Text, ...]
    tally: dict[str, dict[str, int]]
    vocabulary: str
    embeddings: str | None = None
    width: int = WIDTH

    @computed_field  # type: ignore[prop-decorator]
    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all but the digest itself."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"digest"})
        return "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @cached_property
    def known(self) -> frozenset[bytes]:
        """Hashes of the known words."""
        joined = base64.b64decode(self.vocabulary)
        return frozenset(joined[start : start + WORD_BYTES] for start in range(0, len(joined), WORD_BYTES))

    @cached_property
    def reference(self) -> Reference:
        """What a window is compared with."""
        if self.embeddings is None:
            return Reference(self.tally)
        flat = np.frombuffer(base64.b64decode(self.embeddings), dtype="<f4").astype(np.float64)
        return Reference(self.tally, flat.reshape(-1, self.width))


def make_profile(
    report: AuditReport,
    reference: Any,
    *,
    key: RowKey,
    model: ModelSource | None = None,
    embeddings: bool = True,
    text_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
) -> WatchProfile:
    """Return the profile of the rows that an audit judged its model on.

    Args:
        report: the audit. reference: its evaluation data, in any form that `Audit` takes.
        key: the secret that words are hashed with.
        model: the audited model. Without it a row's `prediction` and `confidence` are taken from columns of that name,
            where there are any, and no embeddings are kept.
        embeddings: keep projected embeddings. They hold no text, but are no secret either: who knows the model and the
            key can tell something of a row from them.

    Raises:
        InputError: the rows are not the audit's, or the model is not.
    """
    columns = {"text_column": text_column, "label_column": label_column, "group_column": group_column}
    subject = reference_subject(report, reference, model, **columns)
    labels = subject.info.model.labels
    try:
        rows = _drawn(subject.data.evaluation, key)
        texts = [row.text for row in rows]
        half = texts[::2]
        vocabulary = sorted({word_hash(word, key) for text in half for word in words(text)})
        tally = {**text_tally(texts, None, key)}
        if len(texts) > 1:
            tally["vocabulary"] = text_tally(texts[1::2], frozenset(vocabulary), key)["vocabulary"]
        said: Sequence[tuple[int | None, float | None]] = [own_answer(row.columns, labels) for row in rows]
        vectors = None
        if model is not None:
            found = answers_of(subject, rows, range(min(EMBEDDED, len(rows))) if embeddings else ())
            vectors = found.embeddings
            if found.predictions is not None and found.confidences is not None:
                said = list(zip(found.predictions.tolist(), found.confidences.tolist(), strict=True))
    finally:
        for engine in subject.engines:
            engine.close()
    tally |= answer_tally([each for each, _ in said], [each for _, each in said], labels)
    pairs = zip([each for each, _ in said], rows, strict=True)
    tally |= accuracy_tally((each, row.label) for each, row in pairs if each is not None and row.label is not None)
    packed = None if vectors is None else projected(vectors, key).astype("<f4").tobytes()
    return WatchProfile(
        record=measured(report),
        table=report.subject.evaluation.sha256,
        rows=len(rows),
        key=key.id,
        model=report.subject.model.name,
        labels=labels,
        tally={name: dict(counts) for name, counts in tally.items()},
        vocabulary=base64.b64encode(b"".join(vocabulary)).decode(),
        embeddings=None if packed is None else base64.b64encode(packed).decode(),
    )


def profile_text(profile: WatchProfile) -> str:
    """Return the file of a profile."""
    content = profile.model_dump(mode="json", by_alias=True)
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"


def read_profile(path: str | Path, report: AuditReport, key: RowKey) -> WatchProfile:
    """Read the profile of a report. InputError where it is none, was changed, or belongs to another report or key."""
    where = f"the profile {path}"
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        digest = content.pop("digest", None)
        profile = WatchProfile.model_validate(content)
    except OSError as error:
        raise InputError(f"{where} can't be read: {error.strerror}. Make one with --make-profile") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{where} is no profile of a watch ({SCHEMA}). Make one with --make-profile") from error
    if digest != profile.digest:
        raise InputError(f"{where} was changed after it was written: its digest does not fit. Make it again")
    check_profile(profile, report, key, where=where)
    return profile


def check_profile(profile: WatchProfile, report: AuditReport, key: RowKey, *, where: str = "the profile") -> None:
    """Raise InputError where a profile was made of another audit, or with another key."""
    if profile.record != measured(report):
        raise InputError(
            f"{where} belongs to another audit, of {profile.model[:60]!r} on rows with sha256 {profile.table[:12]}…; "
            "make one for this report with --make-profile"
        )
    if profile.key != key.id:
        raise InputError(
            f"{where} was made with another key: its id is {profile.key}, and {key.source} has the id {key.id}. Give "
            "the key that it was made with"
        )


def own_answer(cells: Any, labels: Sequence[str]) -> tuple[int | None, float | None]:
    """Return the prediction and the confidence that a row brings with it, each None where it has none that fits."""
    return class_of(cells.get("prediction"), labels), confidence_of(cells.get("confidence"))


def projected(vectors: Floats, key: RowKey) -> Floats:
    """Return embeddings (n, H) as WIDTH numbers each by a random projection that the key decides (n, WIDTH).

    Distances stay about the same (Johnson and Lindenstrauss 1984).
    """
    rng = np.random.default_rng(int(key.of("projection", vectors.shape[1]), 16))
    directions = rng.standard_normal((vectors.shape[1], WIDTH)) / np.sqrt(WIDTH)
    return np.asarray(vectors @ directions, dtype=np.float64)


def in_drawn_order(rows: Sequence[tuple[str, ...]], key: RowKey, purpose: str) -> list[int]:
    """Return places of rows in a random order that key and rows decide, and not their order in the file.

    Rows of one text are drawn each for itself: were they drawn together, a sample would not be like another.

    Args:
        rows: of each row all that sets it apart, its text first.
    """
    ordered = sorted(range(len(rows)), key=rows.__getitem__)
    said = hashlib.sha256(json.dumps([rows[place] for place in ordered]).encode()).hexdigest()
    rng = np.random.default_rng(int(key.of(purpose, said), 16))
    return [ordered[place] for place in rng.permutation(len(ordered))]


def _drawn(rows: Sequence[Row], key: RowKey) -> list[Row]:
    """Return the rows that the profile is made of: one of each document, in a random order."""
    order = in_drawn_order([(row.text, str(row.label), row.group or "") for row in rows], key, "profile")
    seen: set[str] = set()
    found = []
    for place in order:
        group = rows[place].group
        if group is None or group not in seen:
            found.append(rows[place])
            seen |= set() if group is None else {group}
    return found[:MOST_ROWS]
