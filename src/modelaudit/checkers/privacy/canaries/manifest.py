"""The manifest: which canaries there are and which of them the coin put into the training rows, under a seal.

The seal is a SHA-256 over the content. It shows that a file was changed by hand or cut off, and lets whoever planted
write the hash down before training; it is no signature, since anybody can compute it. Whoever trains must not see the
file: a training that knows the coins can be made to pass or to fail the audit at will.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from modelaudit.errors import DataInputError
from modelaudit.evidence import Frozen, Text
from modelaudit.rows import Row

SCHEMA: Literal["modelaudit.canaries/1"] = "modelaudit.canaries/1"
KEPT = "take the manifest as `modelaudit canaries plant` wrote it, or plant anew and train again"

CanaryTask = Literal["text-classification", "token-classification", "text-generation"]


class Canary(Frozen):
    """One canary.

    Attributes:
        text: what the model reads; of words, these joined by one space.
        label: name of the class (text classification); words, tags: of a token classification, tags by name, as many
            as words; answer: the secret that stands behind the text (text generation).
        included: what the coin said. repeats: how often it stands in the training rows where it is included.
    """

    text: Text = Field(min_length=1)
    label: Text | None = None
    words: tuple[Text, ...] | None = None
    tags: tuple[Text, ...] | None = None
    answer: Text | None = None
    included: bool
    repeats: int = Field(ge=1)

    @model_validator(mode="after")
    def _whole(self) -> Canary:
        truths = [self.label, self.tags, self.answer]
        if sum(truth is not None for truth in truths) != 1:
            raise ValueError("a canary has one of label, tags and answer")
        if self.tags is not None and len(self.tags) != len(self.words or ()):
            raise ValueError("a canary has as many tags as words")
        return self


class Manifest(Frozen):
    """What was planted.

    Attributes:
        kind: how canaries are made. seed: of coins, texts and places.
        rows_before, rows_after: of the data; sha256_before, sha256_after: of its file, without and with canaries.
        created: day of planting, ISO 8601.
        class_names: of labels or tags, in the order of their numbers, where the data declares them.
    """

    schema_: Literal["modelaudit.canaries/1"] = Field(default=SCHEMA, alias="schema")
    task: CanaryTask
    kind: Text
    seed: int = Field(ge=0)
    created: str
    rows_before: int = Field(ge=1)
    rows_after: int = Field(ge=1)
    sha256_before: str = Field(pattern=r"^[0-9a-f]{64}$")
    sha256_after: str = Field(pattern=r"^[0-9a-f]{64}$")
    class_names: tuple[Text, ...] = ()
    canaries: tuple[Canary, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _of_its_task(self) -> Manifest:
        field = {"text-classification": "label", "token-classification": "tags", "text-generation": "answer"}[self.task]
        if any(getattr(canary, field) is None for canary in self.canaries):
            raise ValueError(f"canaries of {self.task} have {field}")
        if len({content_of(canary) for canary in self.canaries}) < len(self.canaries):
            raise ValueError("two canaries are equal")
        return self

    @property
    def included(self) -> tuple[Canary, ...]:
        """The canaries that went in."""
        return tuple(canary for canary in self.canaries if canary.included)

    def sealed(self) -> str:
        """Return the manifest as a file holds it, JSON with its seal."""
        content = self.model_dump(by_alias=True, exclude_none=True, mode="json")
        return json.dumps({**content, "seal": seal(content)}, ensure_ascii=False, indent=1) + "\n"


def seal(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest's content without its seal, whatever the order of keys and the white space."""
    plain = {name: value for name, value in content.items() if name != "seal"}
    canonical = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def load_manifest(path: str | Path) -> Manifest:
    """Return the manifest of a file whose seal holds.

    Raises:
        DataInputError: it can't be read, is no manifest of this schema, or was changed after it was sealed.
    """
    try:
        raw = Path(path).expanduser().read_bytes()
        content = json.loads(raw.decode("utf-8"))
    except OSError as error:
        raise DataInputError(f"the manifest {path} can't be read ({error.strerror or error}); give its path") from error
    except (ValueError, RecursionError) as error:
        raise DataInputError(f"the manifest {path} is not JSON, or is cut off; {KEPT}") from error
    found = content.get("schema") if isinstance(content, dict) else None
    if found != SCHEMA:
        raise DataInputError(f"{path} is no manifest of {SCHEMA} (its schema is {str(found)[:40]!r}); {KEPT}")
    if content.get("seal") != seal(content):
        raise DataInputError(f"the manifest {path} was changed after it was sealed (checksum); {KEPT}")
    try:
        return Manifest.model_validate({name: value for name, value in content.items() if name != "seal"})
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "whole"
        raise DataInputError(f"the manifest {path} does not hold together at {place}; {KEPT}") from error


def content_of(canary: Canary) -> str:
    """Return what tells a canary from another: its text and, where one stands behind it, its answer."""
    return canary.text if canary.answer is None else joined(canary.text, canary.answer)


def joined(text: str, answer: str) -> str:
    """Return a text and what stands behind it with one space between the two, whatever white space stood there."""
    return f"{text.rstrip()} {answer.strip()}"


def check_planted(manifest: Manifest, rows: Sequence[Row], members: Sequence[Row], *, sampled: bool) -> None:
    """Raise DataInputError unless the training rows hold the included canaries, with their labels, and no others.

    Included ones must stand there as often as the manifest says, or more seldom where a sample was drawn from the rows.
    No message names a row's text.

    Args:
        manifest: what was planted. rows: its canaries with the model's labels, in its order.
        members: the training rows. sampled: whether they are a sample.
    """
    places = {content_of(canary): place for place, canary in enumerate(manifest.canaries)}
    seen = np.zeros(len(rows), dtype=np.int64)
    relabelled = 0
    for member in members:
        place = places.get(member.text if member.answer is None else joined(member.text, member.answer))
        if place is not None:
            seen[place] += 1
            truths = ((member.label, rows[place].label), (member.tags, rows[place].tags))
            relabelled += any(theirs is not None and theirs != ours for theirs, ours in truths)
    included = np.array([canary.included for canary in manifest.canaries])
    wanted = np.array([canary.repeats for canary in manifest.canaries])
    leaked = int((seen[~included] > 0).sum())
    short = (seen > wanted) if sampled else (seen != wanted)
    wrong = int(short[included].sum())
    if leaked:
        raise DataInputError(
            f"the manifest does not fit the training rows: {leaked:,} canaries that the coin left out stand in them; "
            "give the manifest and the training file that one call of `modelaudit canaries plant` wrote"
        )
    if wrong:
        raise DataInputError(
            f"the manifest does not fit the training rows: {wrong:,} of {int(included.sum()):,} planted canaries don't "
            "stand in them as often as planted; give all rows that the model was trained on, as `modelaudit canaries "
            "plant` wrote them"
        )
    if relabelled:
        raise DataInputError(
            f"the manifest does not fit the training rows: {relabelled:,} canaries have another label there; give the "
            "training file as `modelaudit canaries plant` wrote it, with the label column that was planted"
        )
