"""What pictures and sounds are decoded from: the bytes of a file, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from modelaudit.errors import DataInputError

MOST_BYTES = 512 * 2**20

Fault = Literal["missing", "broken", "too large", "empty", "no numbers"]


class UnreadableMedium(DataInputError):
    """A picture or a sound can't be read.

    Attributes:
        fault: `missing` (or not to be opened), `broken` (or cut off, or of no kind that is known), `too large` to be
            unpacked, `empty`, or holding `no numbers` where there should be.
    """

    def __init__(self, fault: Fault, message: str) -> None:
        self.fault = fault
        super().__init__(message)


def bytes_of(path: Path, name: str) -> bytes:
    """Return what a file holds.

    Raises UnreadableMedium where there is no such file, it is none (a pipe never ends), or is too large.
    """
    try:
        whole = path.is_file()
        data = b""
        if whole:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableMedium("missing", f"{name} can't be opened; check its path and its permissions") from error
    if not whole:
        raise UnreadableMedium("missing", f"{name} is missing: there is no such file; check its path")
    if len(data) > MOST_BYTES:
        raise UnreadableMedium("too large", f"{name} has more than {MOST_BYTES:,} bytes; leave it out")
    return data
