"""Records: the answers of one model under one numerics, kept on disk."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from errno import EDQUOT, EFBIG, ENOSPC
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import OutputError
from modelaudit.inference.memo import Key
from modelaudit.inference.segment import Segment

__all__ = ["Records", "digest"]

Floats = NDArray[np.float32]

_KEY = 16
_STORED = np.dtype("<f4")
_FIRST_READ = 512
"""Bytes that are read at once for one answer: a row of logits as a rule fits, and needs no second call."""

_SEGMENT_BITS = 48
_FULL = frozenset({ENOSPC, EDQUOT, EFBIG})


def digest(key: Key) -> bytes:
    """Return 16 bytes (BLAKE2b) that stand for a key of the engine."""
    content, asked, gathered = key
    # The content has a fixed length and the question no zero byte, so that no two keys give the same bytes.
    tail = b"" if gathered is None else b"\0" + gathered
    return hashlib.blake2b(content + asked.encode() + tail, digest_size=_KEY).digest()


class Records:
    """Answers by key. Memory holds where each of them lies (about 140 bytes a row); the answers stay on disk.

    Args:
        folder: where it all lies, for messages.
        older: segments that earlier runs left, in their order; their checksums are verified here.
        create: starts the segment for new answers; called when there is the first of them.

    Attributes:
        events: sentences on what was dropped.

    Raises:
        OSError: an older segment can't be read or cut.
    """

    def __init__(self, folder: Path, older: Sequence[Segment], create: Callable[[], Segment]) -> None:
        self.events: list[str] = []
        self._folder = folder
        self._segments = list(older)
        self._create = create
        self._new: int | None = None
        self._closed = False
        self._fault: str | None = None
        self._places: dict[bytes, int] = {}
        for number, segment in enumerate(self._segments):
            for start, payload in segment.frames():
                self._places.update((key, number << _SEGMENT_BITS | start + at) for key, at in _walk(payload))
            if dropped := segment.cut():
                self.events.append(
                    f"The journal's {segment.path.name} was torn or damaged at byte {segment.end}; the {dropped} bytes "
                    "from there on were dropped, and their rows are computed again."
                )

    def __len__(self) -> int:
        return len(self._places)

    def check(self) -> None:
        """Raise OutputError where the journal could not be written before: the run has ended, whoever held the error.

        Raises ValueError where it was closed.
        """
        if self._fault is not None:
            raise OutputError(self._fault)
        if self._closed:
            raise ValueError("this journal is closed; give the engine another, or none")

    def get(self, key: bytes) -> Floats | None:
        """Return the answer to a key of 16 bytes, read-only; None where there is none.

        Raises:
            OutputError: it can't be read.
        """
        place = self._places.get(key)
        if place is None:
            return None
        segment, offset = self._segments[place >> _SEGMENT_BITS], place & (1 << _SEGMENT_BITS) - 1
        try:
            read = segment.read(offset, _FIRST_READ)
            shape, start = _shape(read, 0)
            end = start + 4 * math.prod(shape)
            if end > len(read):
                read += segment.read(offset + len(read), end - len(read))
        except OSError as error:
            raise self._broken(error, "read") from error
        # The slice is a copy, so that the rest of what was read is not held in memory.
        return _floats(read[start:end]).reshape(shape)

    def append(self, keys: Sequence[bytes], answers: Sequence[Floats]) -> None:
        """Write the answers of one unit as one frame.

        Raises:
            OutputError: it can't be written. What was there before this frame stays, for a run that resumes.
        """
        records = [
            key + _shaped(answer.shape) + (answer if answer.dtype is _STORED else answer.astype(_STORED)).tobytes()
            for key, answer in zip(keys, answers, strict=True)
        ]
        try:
            if self._new is None:
                self._segments.append(self._create())
                self._new = len(self._segments) - 1
            place = self._new << _SEGMENT_BITS | self._segments[self._new].append(b"".join(records))
        except OSError as error:
            raise self._broken(error, "written") from error
        for key, record in zip(keys, records, strict=True):
            self._places[key] = place + _KEY
            place += len(record)

    def close(self) -> None:
        """Bring what was written to the disk and close the files."""
        if self._closed:
            return
        self._closed = True
        if self._new is not None:
            # A disk that fails here costs a later run what the checksums find missing, and this one nothing.
            with suppress(OSError):
                self._segments[self._new].sync()
        for segment in self._segments:
            segment.close()

    def _broken(self, error: OSError, done: str) -> OutputError:
        step = "make room there" if error.errno in _FULL else "mend that"
        self._fault = (
            f"{self._folder}: the journal can't be {done} ({error.strerror}); what it holds until now is kept, so "
            f"{step} and go on with --resume"
        )
        return OutputError(self._fault)


@lru_cache(maxsize=1024)
def _shaped(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<B{len(shape)}I", len(shape), *shape)


def _floats(content: bytes) -> Floats:
    values = np.frombuffer(content, _STORED).astype(np.float32, copy=False)
    values.flags.writeable = False
    return values


def _shape(content: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """Return the shape that is written at `at`, and where the values begin."""
    dimensions = content[at]
    return struct.unpack_from(f"<{dimensions}I", content, at + 1), at + 1 + 4 * dimensions


def _walk(payload: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the key of each record of a frame, and where its shape begins."""
    at = 0
    while at < len(payload):
        shape, data = _shape(payload, at + _KEY)
        yield payload[at : at + _KEY], at + _KEY
        at = data + 4 * math.prod(shape)
