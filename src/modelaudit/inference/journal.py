"""The journal: what the model has answered, on disk, so that an audit that was killed goes on where it stopped."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

from modelaudit._version import __version__
from modelaudit.errors import OutputError
from modelaudit.inference.records import Records
from modelaudit.inference.segment import Segment

__all__ = ["Journal", "journal_folder"]

LOCK = "lock"
_SEGMENT = re.compile(r"segment-(\d{6,})\.journal")
_ELSEWHERE = "name another folder with --journal"


def journal_folder(cache: Path | None, identity: str) -> Path:
    """Return where the journal of an audit lies that was given no folder.

    Args:
        cache: the user's cache folder; by default XDG_CACHE_HOME, or ~/.cache where that is not set.
        identity: what audits must have in common to share a journal, as a file name.

    Raises:
        OutputError: nobody knows a home folder.
        ValueError: an identity that is no plain file name.
    """
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]*", identity):
        raise ValueError(f"{identity!r} is no name for a folder; use letters, digits, '.', '_' and '-'")
    if cache is None:
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        try:
            # The standard has a relative path ignored.
            cache = named if named.is_absolute() else Path.home() / ".cache"
        except RuntimeError as error:
            raise OutputError(f"no home folder is known to keep a journal in; {_ELSEWHERE}") from error
    return cache / "modelaudit" / "journal" / identity


class Journal:
    """The journal of one audit, in a folder of its own; one audit at a time may use it.

    It holds what the model said of private data: a folder that it makes has mode 0700, every file has mode 0600. A
    second audit that wants the same folder is refused, since one of the two would take the other's answers away. A
    journal that is neither closed nor finished, as after SIGKILL, is let go by the system.

    Args:
        folder: made where it is missing, with the folders above it.
        resume: read what an earlier run left there. Without it that is cleared away.
        keep: leave the files where they are after a finished audit.

    Attributes:
        folder: where it is.

    Raises:
        OutputError: the folder can't be made, is a symbolic link, is not the user's own or open to writing by others,
            or another audit has its journal there.
    """

    def __init__(self, folder: str | Path, *, resume: bool = False, keep: bool = False) -> None:
        self.folder = Path(folder).absolute()
        self._keep = keep
        self._opened: list[Records] = []
        with _told(self.folder, "no journal can be kept here", _ELSEWHERE):
            self._place, self._lock = _locked(self.folder)
        try:
            with _told(self.folder, "an older journal can't be read or cleared", _ELSEWHERE):
                if not resume:
                    self._clear()
                self._older = self._names()
        except BaseException:
            self.close()
            raise
        self._numbers = itertools.count(max(map(_number, self._older), default=0) + 1)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, model_id: str, numerics_id: str) -> Records:
        """Return the records of one model under one numerics: what earlier runs left of them, and a place for more.

        Segments of other models, other numerics or other versions of the software are left alone.

        Raises:
            InputError: a segment has another version of the format.
            OutputError: a segment can't be read.
        """
        header = {"model_id": model_id, "numerics_id": numerics_id, "software": _software()}
        events: list[str] = []
        chosen = []
        with _told(self.folder, "the journal can't be read", "mend that, or run without --resume"):
            for name in tuple(self._older):
                segment = Segment.open(self._place, self.folder / name)
                if segment is None:
                    events.append(f"The journal's {name} has no whole beginning and was not used.")
                    self._older.remove(name)
                elif segment.header == header:
                    chosen.append(segment)
                else:
                    segment.close()
            records = Records(self.folder, chosen, self._creator(header))
        records.events[:0] = events
        self._opened.append(records)
        return records

    def close(self) -> None:
        """Bring everything to the disk and let go of the folder; the files stay for a run that resumes."""
        for records in self._opened:
            records.close()
        if self._place >= 0:
            os.close(self._place)
            os.close(self._lock)
            self._place = self._lock = -1

    def finish(self) -> str | None:
        """Delete the journal unless it is to be kept, and let go of the folder; call it when the audit is finished.

        Returns:
            A sentence where something could not be deleted: no reason to lose a finished audit, but one to be told.
        """
        told = None
        if not self._keep:
            try:
                self._clear()
                with suppress(FileNotFoundError):
                    os.unlink(LOCK, dir_fd=self._place)
            except OSError as error:
                told = f"The journal in {self.folder} could not be deleted ({error.strerror}); delete it by hand."
            # What else lies there is not ours, and may stay.
            with suppress(OSError):
                self.folder.rmdir()
        self.close()
        return told

    def _names(self) -> list[str]:
        with os.scandir(self._place) as entries:
            return sorted((entry.name for entry in entries if _SEGMENT.fullmatch(entry.name)), key=_number)

    def _clear(self) -> None:
        for name in self._names():
            os.unlink(name, dir_fd=self._place)

    def _creator(self, header: dict[str, str]) -> Callable[[], Segment]:
        def create() -> Segment:
            name = f"segment-{next(self._numbers):06d}.journal"
            return Segment.create(self._place, self.folder / name, header)

        return create


def _number(name: str) -> int:
    return int(_SEGMENT.findall(name)[0])


def _software() -> str:
    """Return what an answer can depend on beside the model and its numerics: the code that asks."""
    return f"modelaudit {__version__}, transformers {metadata.version('transformers')}"


def _locked(folder: Path) -> tuple[int, int]:
    """Return descriptors of the folder and of its lock, which is held.

    Raises:
        OutputError: the folder can't be trusted, or another audit holds the lock.
        OSError: it can't be made or opened.
    """
    try:
        import fcntl
    except ImportError as error:
        raise OutputError("a journal needs POSIX file locks, which this system has not; run without one") from error
    while True:
        place = _trusted(folder)
        lock = -1
        try:
            lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=place)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(LOCK, dir_fd=place).st_ino == os.fstat(lock).st_ino:
                return place, lock
        except FileNotFoundError:
            # A run that finished just now has deleted the folder or the lock under our hands.
            pass
        except BlockingIOError as error:
            _close(place, lock)
            raise OutputError(
                f"{folder}: another audit of the same model and data has its journal here; wait until it ends, or "
                f"{_ELSEWHERE}"
            ) from error
        except BaseException:
            _close(place, lock)
            raise
        _close(place, lock)


def _close(place: int, lock: int) -> None:
    os.close(place)
    if lock >= 0:
        os.close(lock)


def _trusted(folder: Path) -> int:
    """Make the folder where it is missing, and return its descriptor."""
    if folder.is_symlink():
        raise OutputError(f"{folder} is a symbolic link; give the folder that it points to with --journal")
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(mode=0o700)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    status = os.fstat(place)
    if status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return place
    os.close(place)
    if status.st_uid != os.geteuid():
        raise OutputError(f"{folder} belongs to another user, who could change the journal; {_ELSEWHERE}")
    raise OutputError(
        f"{folder} can be written by others, who could change the journal; take that right from them, or {_ELSEWHERE}"
    )


@contextmanager
def _told(folder: Path, what: str, next_step: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{folder}: {what} ({error.strerror}); {next_step}") from error
