"""The watched model: its answers to live or reference rows, through the same opening and engine as an audit's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import AuditReport, ModelInfo, SubjectInfo, TableInfo
from modelaudit.errors import CapabilityError, InputError, ModelInputError
from modelaudit.plugins import Plugins
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenOptions

if TYPE_CHECKING:
    from modelaudit.subject.subject import Subject

CLASSES = "text-classification"
TAGS = "token-classification"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where the watched model comes from: anything that `Audit` takes for `model`, and how it is opened and run."""

    model: Any
    options: OpenOptions = field(default_factory=OpenOptions)
    device: str = "auto"
    plugins: Plugins | None = None

    def subject(self, data: Any, **columns: Any) -> Subject:
        """Return the model behind its engine, with these rows as evaluation rows."""
        # torch comes with it, and who only compares or reads a state needs none.
        from modelaudit.subject.subject import build_subject

        opened = (self.plugins or Plugins()).open_model(self.model, self.options)
        return build_subject(opened, data=data, device=self.device, **columns)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says of rows, in their order.

    Attributes:
        predictions, confidences: class and its probability (rows,), None where it is no classifier of texts.
        embeddings: (drawn rows, H), None where the model shows none.
    """

    info: ModelInfo
    predictions: NDArray[np.int64] | None
    confidences: Floats | None
    embeddings: Floats | None


def answers_of(subject: Subject, rows: Sequence[Row], drawn: Sequence[int]) -> Answers:
    """Return the answers to rows, and the embeddings of those `drawn`."""
    predictions = confidences = embeddings = None
    if subject.info.task == CLASSES and rows:
        found = subject.model.predict(rows)
        predictions = found.labels
        confidences = found.probabilities.max(axis=1)
    if "embed" in subject.model.capabilities and drawn:
        # A model of a make of its own may have the verb and show no states.
        with suppress(CapabilityError):
            embeddings = subject.model.embed([rows[place] for place in drawn])
    return Answers(subject.info.model, predictions, confidences, embeddings)


def live_answers(source: ModelSource, texts: Sequence[str], drawn: Sequence[int], report: AuditReport) -> Answers:
    """Return a model's answers to live texts.

    Raises:
        ModelInputError: its task or its labels are not those of the audited model, or it is a tagger, which reads words
            and no texts.
    """
    subject = source.subject([{"text": text} for text in texts], text_column="text")
    try:
        _check_alike(subject.info, report.subject)
        return answers_of(subject, subject.data.evaluation, drawn)
    finally:
        for engine in subject.engines:
            engine.close()


def reference_subject(report: AuditReport, reference: Any, source: ModelSource | None, **columns: Any) -> Subject:
    """Return the reference rows as the audit read them, with the model, or with one that only lends its labels.

    Raises:
        InputError: the rows are not those that the audit judged the model on, or pairs of texts, of which live rows
            have one.
        ModelInputError: the model is not the audited one.
    """
    told = report.subject.evaluation
    if told.pair_column is not None:
        raise InputError(
            f"the audited model reads pairs of texts (columns {told.text_column!r} and {told.pair_column!r}), and live "
            "rows have one text each, so they can't be compared; audit the model again on newer rows instead"
        )
    named = {"text_column": told.text_column, "label_column": told.label_column} if told.label_column else {}
    chosen = named | {name: column for name, column in columns.items() if column is not None}
    if source is None and report.subject.task != CLASSES:
        raise InputError(f"without the model the rows of a {report.subject.task} can't be read; name it with --model")
    labels = report.subject.model.labels
    subject = (source or ModelSource(_Lender(labels).asked, OpenOptions(labels=labels))).subject(
        reference, sample=report.settings.sample, seed=report.settings.seed, **chosen
    )
    _check_rows(subject.info.evaluation, told)
    if source is not None and changed_parts(subject.info.model, report.subject.model):
        raise ModelInputError(
            f"{subject.info.model.name} is not the audited model: its "
            f"{' and '.join(changed_parts(subject.info.model, report.subject.model))} differ from the report's. A "
            "profile is made with the audited model"
        )
    return subject


def changed_parts(now: ModelInfo, then: ModelInfo) -> tuple[str, ...]:
    """Return the parts of a model that are not what they were in the audit; of a function its name and origin."""
    if then.kind == "function":
        return () if (now.name, now.architecture) == (then.name, then.architecture) else ("name or origin",)
    parts = {"weights": "weights_sha256", "configuration": "config_sha256", "tokenizer": "tokenizer_sha256"}
    return tuple(name for name, field in parts.items() if getattr(now, field) != getattr(then, field))


def _check_alike(now: SubjectInfo, then: SubjectInfo) -> None:
    if now.task == TAGS:
        raise ModelInputError(
            f"{now.model.name} tags words, and live rows have texts; leave the model out to watch the texts alone"
        )
    if now.task != then.task or now.model.labels != then.model.labels:
        raise ModelInputError(
            f"{now.model.name} answers another question than the audited model did ({now.task} with "
            f"{len(now.model.labels)} labels, not {then.task} with {len(then.model.labels)}, or other names); audit it "
            "and watch it against that report"
        )


def _check_rows(found: TableInfo, told: TableInfo) -> None:
    if found.sha256 == told.sha256:
        return
    raise InputError(
        f"the reference rows are not those that the audit judged the model on ({found.rows:,} rows with sha256 "
        f"{found.sha256[:12]}…, the report has {told.rows:,} with {told.sha256[:12]}…); give the evaluation data of "
        "the audit, with the same columns"
    )


@dataclass(frozen=True, slots=True)
class _Lender:
    """Stands for a model that is not there, where its labels are all that is needed to read a table."""

    labels: tuple[str, ...]

    def asked(self, texts: list[str]) -> Floats:
        return np.full((len(texts), len(self.labels)), 1.0 / len(self.labels))
