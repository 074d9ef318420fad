"""Segment: an append-only file of frames, each of them whole or not there.

It starts with a magic word, the format's version and a CRC-32 of these two (16 bytes). Then come frames: the length of
a payload (8 bytes), a CRC-32 of that length and the payload (4 bytes), and the payload. The first payload is a JSON
object of strings that says what the segment holds; the checksums of the others go on from its own, so that a frame
that strayed in from another segment does not pass. All numbers are little-endian.
"""

from __future__ import annotations

import json
import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from modelaudit.errors import InputError

__all__ = ["VERSION", "Segment"]

VERSION = 1
SYNC_SECONDS = 5.0
"""What a power failure can take; a killed process loses the frame in flight alone, since the system holds the rest."""

_MAGIC = b"maudjrnl"
_START = struct.Struct("<8sII")
_FRAME = struct.Struct("<QI")
_BUFFER = 1 << 20
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Segment:
    """One open segment. `create` starts a new one, `open` takes one up that an earlier run left.

    Attributes:
        path: for messages; the file itself is reached through its folder's descriptor.
        header: what the segment holds.
        end: bytes up to the end of the last frame that is known to be whole.
    """

    def __init__(self, descriptor: int, path: Path, header: dict[str, str], seed: int, end: int) -> None:
        self.path = path
        self.header = header
        self.end = end
        self._descriptor = descriptor
        self._seed = seed
        self._synced = time.monotonic()

    @classmethod
    def create(cls, place: int, path: Path, header: Mapping[str, str]) -> Segment:
        """Start a segment that only its owner can read, in the folder that `place` is a descriptor of.

        Raises:
            OSError: it can't be written; nothing is left of it.
        """
        payload = json.dumps(dict(header), sort_keys=True).encode()
        start = _START.pack(_MAGIC, VERSION, zlib.crc32(_START.pack(_MAGIC, VERSION, 0)[:12]))
        descriptor = os.open(path.name, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=place)
        try:
            end = _write(descriptor, start + _framed(payload, 0), 0)
            # Without this a power failure could take the file's name and leave its content.
            os.fsync(place)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(path.name, dir_fd=place)
            raise
        return cls(descriptor, path, dict(header), zlib.crc32(payload), end)

    @classmethod
    def open(cls, place: int, path: Path) -> Segment | None:
        """Open a segment, with `end` behind its header; None where that is torn or damaged.

        Raises:
            InputError: another version of the format.
            OSError: it can't be opened.
        """
        descriptor = os.open(path.name, _FLAGS, dir_fd=place)
        try:
            with _reader(descriptor) as file:
                start = file.read(_START.size)
                if len(start) < _START.size:
                    payload = None
                else:
                    magic, version, checksum = _START.unpack(start)
                    sound = magic == _MAGIC and checksum == zlib.crc32(start[:12])
                    if sound and version != VERSION:
                        raise InputError(
                            f"{path} is a journal of format {version} and this version of modelaudit reads format "
                            f"{VERSION}; run without --resume, or with the version that wrote it"
                        )
                    payload = _read_frame(file, 0, os.fstat(descriptor).st_size - _START.size) if sound else None
        except BaseException:
            os.close(descriptor)
            raise
        if payload is None:
            os.close(descriptor)
            return None
        end = _START.size + _FRAME.size + len(payload)
        return cls(descriptor, path, json.loads(payload), zlib.crc32(payload), end)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield the offset and the content of each payload behind `end`, up to the first that is torn or damaged."""
        size = os.fstat(self._descriptor).st_size
        with _reader(self._descriptor) as file:
            file.seek(self.end)
            while (payload := _read_frame(file, self._seed, size - self.end)) is not None:
                offset = self.end + _FRAME.size
                self.end = offset + len(payload)
                yield offset, payload

    def cut(self) -> int:
        """Cut off what lies behind `end`, and return how many bytes that were."""
        behind = os.fstat(self._descriptor).st_size - self.end
        if behind:
            os.ftruncate(self._descriptor, self.end)
        return behind

    def append(self, payload: bytes) -> int:
        """Write one frame, and return the offset of its payload.

        Raises:
            OSError: it can't be written; what was written of it is cut off again, where that can be done.
        """
        try:
            end = _write(self._descriptor, _framed(payload, self._seed), self.end)
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                self.sync()
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.end)
            raise
        offset, self.end = self.end + _FRAME.size, end
        return offset

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer at the end of the file."""
        return os.pread(self._descriptor, length, offset)

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Close the file; the segment can't be used any more."""
        os.close(self._descriptor)


def _framed(payload: bytes, seed: int) -> bytes:
    return _FRAME.pack(len(payload), _checksum(payload, seed)) + payload


def _checksum(payload: bytes, seed: int) -> int:
    return zlib.crc32(payload, zlib.crc32(len(payload).to_bytes(8, "little"), seed))


def _read_frame(file: BinaryIO, seed: int, left: int) -> bytes | None:
    """Return the next payload out of `left` bytes, or None."""
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    length, checksum = _FRAME.unpack(head)
    if length > left - _FRAME.size:
        # A length that is not true may be larger than memory.
        return None
    payload = file.read(length)
    return payload if checksum == _checksum(payload, seed) else None


def _write(descriptor: int, content: bytes, offset: int) -> int:
    """Write all of it at `offset` and return where it ends; one call to the system, unless that takes a part only."""
    done = os.pwrite(descriptor, content, offset)
    while done < len(content):
        done += os.pwrite(descriptor, memoryview(content)[done:], offset + done)
    return offset + done


def _reader(descriptor: int) -> BinaryIO:
    file = os.fdopen(os.dup(descriptor), "rb", buffering=_BUFFER)
    file.seek(0)
    return file
