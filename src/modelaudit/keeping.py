"""Keeping: what the model answers lies on disk while an audit runs, so that one that is killed can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelaudit.errors import ModelInputError, OutputError
from modelaudit.inference.journal import Journal, journal_folder
from modelaudit.subject.subject import Subject

__all__ = ["Keeping", "kept"]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where the journal of an audit lies, and what becomes of it.

    Attributes:
        folder: the user's, or None for one in the cache folder that belongs to this model, data, seed and preset.
        resume: go on with what an earlier run left there. keep: leave it there after a finished audit.
    """

    folder: Path | None = None
    resume: bool = False
    keep: bool = False

    @property
    def asked_for(self) -> bool:
        """Whether the user said anything of it: then a journal that can't be kept ends the audit."""
        return self.folder is not None or self.resume or self.keep


@contextmanager
def kept(subject: Subject, keeping: Keeping, *, seed: int, events: list[str]) -> Iterator[None]:
    """Keep a journal while the checks run; it is deleted at the end of a finished audit.

    Where no journal can be kept in the cache folder and none was asked for, the audit runs without one, and `events`
    gets a sentence.

    Raises:
        OutputError: the journal that was asked for can't be kept.
        ModelInputError: one was asked for, and nothing tells the model's answers from another's.
    """
    if not all(engine.model_id for engine in subject.engines):
        if keeping.asked_for:
            raise ModelInputError(
                f"{subject.info.model.name} is a function, and nothing tells its answers from those of another one: "
                'to keep a journal or go on with one, name it and its version, as model_name="claims-api 2026-11"'
            )
        events.append(
            "No journal is kept, so this audit could not have gone on after a stop: the function has no name and "
            "version (model_name=) by which its answers could be known again."
        )
        yield
        return
    try:
        place = keeping.folder or journal_folder(None, identity(subject, seed=seed))
        journal = Journal(place, resume=keeping.resume, keep=keeping.keep)
    except OutputError as reason:
        if keeping.asked_for:
            raise
        events.append(f"No journal is kept, so this audit could not have gone on after a stop: {reason}")
        yield
        return
    with journal:
        try:
            for engine in subject.engines:
                engine.keep_in(journal)
            if keeping.resume and not any(engine.kept_answers for engine in subject.engines):
                events.append(
                    f"There was nothing to go on with: {journal.folder} holds no answers of this model under these "
                    "numerics (device, backend, versions), so everything was computed anew."
                )
            yield
            left = journal.finish()
            if left is not None:
                events.append(left)
        finally:
            for engine in subject.engines:
                engine.keep_in(None)


def identity(subject: Subject, *, seed: int) -> str:
    """Return 16 hex digits that stand for what audits must have in common to share a journal."""
    info = subject.info
    tables = [table and table.sha256 for table in (info.evaluation, info.members, info.heldout)]
    # The second place stands for the base model, whether there is one or not.
    models = [*(engine.model_id for engine in subject.engines), None][:2]
    return hashlib.sha256(json.dumps([models, tables, seed, info.preset]).encode()).hexdigest()[:16]
