"""The key of rows: what a row is called where its text may not stand.

A plain hash of a text is no secret: whoever guesses the text finds it again. With a key only its owner can.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from modelaudit.errors import InputError
from modelaudit.rows import Row

VARIABLE = "MODELAUDIT_ROW_KEY"
FEWEST_BYTES = 16
DIGITS = 32
"""Hexadecimal digits of a hash: 128 bits, with which no two of a billion rows share one."""
ADVICE = 'Make a key with: python -c "import secrets; print(secrets.token_hex(32))" > row.key'


@dataclass(frozen=True, slots=True)
class RowKey:
    """A secret of the user's; two files fit together only where their hashes were made with one key.

    Raises InputError for a key of fewer than 16 bytes.
    """

    secret: bytes = field(repr=False)
    source: str = "the row key"

    def __post_init__(self) -> None:
        if len(self.secret) < FEWEST_BYTES:
            raise InputError(
                f"{self.source} has {len(self.secret)} bytes and {FEWEST_BYTES} are the least, or its hashes could be "
                f"guessed. {ADVICE}"
            )

    @classmethod
    def read(cls, path: str | Path | None = None) -> Self:
        """Return the key that stands in a file, white space at its ends left out, or else in MODELAUDIT_ROW_KEY.

        Raises:
            InputError: there is none, the file can't be read, or it is too short.
        """
        if path is None:
            found = os.environ.get(VARIABLE, "")
            if not found:
                raise InputError(
                    f"rows are hashed with a key and none is given: name a --key-file, or set {VARIABLE}. {ADVICE}"
                )
            return cls(os.fsencode(found).strip(), f"the row key in {VARIABLE}")
        try:
            return cls(Path(path).read_bytes().strip(), f"the row key in {path}")
        except OSError as error:
            raise InputError(f"the row key {path} can't be read: {error.strerror}. {ADVICE}") from error

    @property
    def id(self) -> str:
        """What tells keys apart and gives none away."""
        return self._hash("modelaudit row key id")[:16]

    def of_row(self, row: Row) -> str:
        """Return the hash of what the model is given of the row: its text or words, and the answer to be judged."""
        content = [row.text, row.answer] if row.words is None else list(row.words)
        return self.of("row", [row.words is not None, *content])

    def of(self, purpose: str, content: Any) -> str:
        """Return the hash of a JSON value; the same value under two purposes has two hashes that tell nothing."""
        return self._hash(json.dumps(["modelaudit", purpose, content], ensure_ascii=True))[:DIGITS]

    def _hash(self, text: str) -> str:
        return hmac.new(self.secret, text.encode("ascii"), hashlib.sha256).hexdigest()
