"""The audits of a calibration: which there are, asking those that are not kept yet, and keeping each at once."""

from __future__ import annotations

import json
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pydantic import ValidationError

from modelaudit.audit_report import Preset
from modelaudit.checker import Checker
from modelaudit.destinations import write_whole
from modelaudit.errors import DataInputError, InputError
from modelaudit.testing.calibration.key import folder_name, key_of
from modelaudit.testing.calibration.unit import Unit, ask
from modelaudit.testing.defect import Defect

FIRST_NULL = 1_000_000
"""Seed of the first clean twin; those of defective subjects begin at 1, so that no twin shares its rows with one."""
Progress = Callable[[int, int], None]
"""Is told how many of how many audits are done."""
Place = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """All units of a calibration, and of what they are.

    Attributes:
        checker, version: which checker. q: the rate of false alarms that the policy promises.
        units: clean twins first, then by strength, each by seed.
    """

    checker: str
    version: str
    defect: Defect
    preset: Preset
    nulls: int
    draws: int
    q: float
    units: tuple[Unit, ...]

    def at(self, strength: float) -> tuple[Unit, ...]:
        """Return the audits of one strength."""
        return tuple(unit for unit in self.units if unit.strength == strength)

    @property
    def json(self) -> str:
        """All units as text, one a line."""
        lines = ",\n".join(f"  {unit.model_dump_json(exclude_none=True)}" for unit in self.units)
        head = {"checker": self.checker, "version": self.version, "defect": self.defect.name, "preset": self.preset}
        said = json.dumps(head, indent=1, ensure_ascii=False)[:-2]
        return f'{said},\n "units": [\n{lines}\n ]\n}}\n'


def measure(
    checker: Checker,
    defect: Defect,
    *,
    nulls: int,
    draws: int,
    folder: str | Path,
    jobs: int = 1,
    preset: Preset = "quick",
    progress: Progress | None = None,
) -> Measured:
    """Return the units of a calibration, asking for those alone that do not lie in the folder.

    Args: as of `calibrate`.

    Raises: as `calibrate`.
    """
    _check(nulls, draws, jobs)
    key = key_of(checker, defect, preset)
    kept = Path(folder) / folder_name(key)
    wanted = places(defect, nulls, draws)
    write_whole(kept / "key.json", json.dumps(key, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    found = {place: unit for place in wanted if (unit := _read(kept, place)) is not None}
    missing = [place for place in wanted if place not in found]
    tell = progress or (lambda done, total: None)
    tell(len(found), len(wanted))
    for unit in _asked(Asker(checker, defect, preset, kept), missing, jobs):
        found[unit.place] = unit
        tell(len(found), len(wanted))
    units = tuple(found[place] for place in sorted(found))
    return Measured(key["checker"], key["version"], defect, preset, nulls, draws, key["q"], units)


def places(defect: Defect, nulls: int, draws: int) -> list[Place]:
    """Return the strength and seed of each audit, each strength once before any is asked again: faults show soon."""
    found: list[Place] = []
    for turn in range(max(nulls, draws)):
        found += [(0.0, FIRST_NULL + turn)] if turn < nulls else []
        found += [(float(strength), 1 + turn) for strength in defect.strengths] if turn < draws else []
    return found


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for one unit and keeps it, in whichever process."""

    checker: Checker
    defect: Defect
    preset: Preset
    folder: Path

    def __call__(self, place: Place) -> Unit:
        """Ask, keep, return."""
        unit = ask(self.checker, self.defect, *place, self.preset)
        write_whole(self.folder / _file(place), unit.model_dump_json(exclude_none=True) + "\n")
        return unit


def _asked(asker: Asker, missing: Sequence[Place], jobs: int) -> Iterator[Unit]:
    if jobs == 1 or len(missing) < 2:
        with _one_thread():
            for place in missing:
                yield asker(place)
        return
    _check_sendable(asker)
    # A process that is forked would share torch's threads; one that is spawned has its own.
    with ProcessPoolExecutor(
        min(jobs, len(missing)), mp_context=get_context("spawn"), initializer=_begin_process
    ) as pool:
        futures = [pool.submit(asker, place) for place in missing]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise InputError(
                "a process of the calibration died, as when memory runs out; what was done is kept. Go on with fewer "
                "--jobs"
            ) from error
        finally:
            # What runs is finished and kept; what waits is not begun.
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    torch.set_num_threads(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch count as it does in a process of its own."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check(nulls: int, draws: int, jobs: int) -> None:
    for name, value, least in (("nulls", nulls, 0), ("draws", draws, 0), ("jobs", jobs, 1)):
        if value < least:
            raise InputError(f"{name} is {value}; give {least} or more")
    if nulls == 0 == draws:
        raise InputError("nulls and draws are both 0, so there is nothing to measure; give 1 or more of either")


def _check_sendable(asker: Asker) -> None:
    try:
        pickle.dumps(asker)
    except Exception as error:
        raise InputError(
            f"the checker or the defect can't be sent to other processes ({type(error).__name__}); write them, and the "
            "defect's `plant`, as names of a module, or take jobs=1"
        ) from error


def _file(place: Place) -> str:
    strength, seed = place
    return f"{strength!r}.{seed}.json"


def _read(folder: Path, place: Place) -> Unit | None:
    file = folder / _file(place)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DataInputError(f"{file} can't be read: {error}. Delete it, to ask anew") from error
    try:
        unit = Unit.model_validate_json(text)
    except ValidationError as error:
        raise DataInputError(f"{file} is no unit of a calibration. Delete it, to ask anew") from error
    if unit.place != place:
        raise DataInputError(f"{file} holds another audit than its name says. Delete it, to ask anew")
    return unit
