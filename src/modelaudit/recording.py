"""What an audit records of itself beside its results: versions, the files it read, and how fast the model answered."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from modelaudit._version import __version__
from modelaudit.audit_report import InputRecord, PluginRecord, Provenance, Run, Speed
from modelaudit.errors import InputError
from modelaudit.plan import timed
from modelaudit.subject.subject import Subject

LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "scikit-learn", "pydantic")
MODEL_FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*.bin",
    "*.bin.index.json",
    "*.model",
    "*config.json",
    "tokenizer.json",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""Files of a model's folder that loading it may read, without its model card: a report may be written there."""


class Recorder:
    """Counts and times one run of an audit, from when it is made."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._started, self._clock = dt.datetime.now(tz=dt.UTC), time.perf_counter()
        self._before = [replace(engine.stats) for engine in subject.engines]

    def run(self, command: str, checker_seconds: dict[str, float], events: Sequence[str]) -> Run:
        """Return what varies from run to run; the engines must still be open."""
        engines = self._subject.engines
        seconds, counted = time.perf_counter() - self._clock, [replace(engine.stats) for engine in engines]

        def done(counter: str) -> int:
            pairs = zip(counted, self._before, strict=True)
            return sum(getattr(after, counter) - getattr(before, counter) for after, before in pairs)

        return Run(
            started=self._started.isoformat(timespec="seconds"),
            finished=dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            command=command,
            host=host(),
            checker_seconds=checker_seconds,
            evaluations=done("requested"),
            computed=done("computed"),
            tokens=done("tokens"),
            memo_hits=done("memo_hits"),
            journal_hits=done("journal_hits"),
            # Last, so that no count of the audit holds it.
            speed=speed_of(self._subject),
            events=(*events, *(event for engine in engines for event in engine.events)),
        )


def provenance_of(subject: Subject, plugins: tuple[PluginRecord, ...], inputs: Mapping[str, Any]) -> Provenance:
    """Return what must be equal for the numbers to be equal; `inputs` are the sources by the role they were read in."""
    return Provenance(
        package_version=__version__,
        versions={"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES},
        numerics=subject.model.engine.numerics,
        plugins=plugins,
        inputs=manifest(inputs),
    )


def manifest(inputs: Mapping[str, Any]) -> tuple[InputRecord, ...]:
    """Return one record a file among the sources, and one for each file of a model's folder.

    Sources that are no path of this machine (hub ids, values in memory) have none; `ModelInfo` and `TableInfo` hold
    the hash of what was read from them.

    Raises:
        InputError: a file that was read is gone, or changed while it is read again.
    """
    return tuple(_record(role, file, name) for role, source in inputs.items() for file, name in _files(source))


def host() -> str:
    """Return the machine in words, without its name."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def speed_of(subject: Subject) -> Speed | None:
    """Return how fast the model answers rows as long as the median evaluation row; None where that can't be shown."""
    found = timed(subject)
    if found is None:
        return None
    numerics = subject.model.engine.numerics
    return Speed(
        rows=found.rows,
        tokens=found.tokens,
        seconds=found.seconds,
        hardware=f"{host()}; the model on {numerics['device_class']}",
        numerics=f"{numerics['dtype']}, {numerics['layers']}, {numerics['batch_tokens']} tokens a batch",
    )


def _files(source: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(source, str | Path):
        return
    try:
        path = Path(source).expanduser()
        if path.is_file():
            yield path, path.name
        elif path.is_dir():
            found = {file for pattern in MODEL_FILES for file in path.glob(pattern) if file.is_file()}
            for file in sorted(found):
                yield file, f"{path.name}/{file.name}"
    except OSError:
        # A hub id that is no name of a file here.
        return


def _record(role: str, file: Path, name: str) -> InputRecord:
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.tell()
    except OSError as error:
        raise InputError(f"{file} was read and can't be read again: {error.strerror}. Leave it in place.") from error
    return InputRecord(role=role, name=name, bytes=size, sha256=digest)
