"""Planting canaries: rows that are made up and put into the training data, or left out, by the toss of a fair coin.

A model that is trained on the result can be audited in one run (Steinke et al. 2023, arXiv 2305.08846): how well it
tells the canaries that went in from those that did not bounds from below the epsilon of its training. For that to hold
the coins are tossed here, before training, and whoever trains never sees the manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modelaudit.checkers.privacy.canaries.manifest import Canary, Manifest, joined
from modelaudit.errors import DataInputError, InputError, OutputError
from modelaudit.subject.tables import Table, read_table
from modelaudit.training import canary_makers as makers
from modelaudit.training.canary_files import fresh_ids, with_rows
from modelaudit.training.canary_makers import Draft
from modelaudit.training.canary_tables import Holding, holding

__all__ = ["Planted", "plant_canaries"]

FEWEST, MOST = 20, 100_000
MANY = 0.1
"""Share of canary rows from which on a sentence says that the model may suffer."""
LARGEST_SEED = 2**63 - 1
MOST_REPEATS = 1_000


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted and where it lies.

    Attributes:
        manifest: its content. out, manifest_path: the files written.
        seal: SHA-256 of the manifest's content, to be written down before training.
        notes: sentences on what to mind.
    """

    manifest: Manifest
    out: Path
    manifest_path: Path
    seal: str
    notes: tuple[str, ...]


def plant_canaries(
    data: str | Path,
    *,
    out: str | Path,
    manifest: str | Path,
    task: str | None = None,
    count: int = 1000,
    kind: str | None = None,
    repeats: Sequence[int] = (1,),
    labels: Sequence[str] | None = None,
    seed: int | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    overwrite: bool = False,
) -> Planted:
    """Write the data with canaries in it, and the manifest that says which.

    All other rows and cells stay as they are, in their order. A canary goes in with probability 1/2, tossed for each
    on its own, at places drawn at random; its other columns are those of a row that is drawn, but for columns in which
    each row has a value of its own.

    Args:
        data: the training rows: csv, tsv, jsonl, json, parquet or CoNLL.
        out: where to write them with canaries, in the same format.
        manifest: where to write the manifest; it is readable by its owner alone, and must be kept from whoever trains.
        task: text-classification, token-classification or text-generation; by default what the columns show.
        count: canaries, of which about half go in.
        kind: text classification: `mislabelled` (texts like the data's with a label of another class) or `word-salad`
            (words of the data at random, with a random label); token classification: `names` (made-up names in neutral
            English sentences, with their right tag); text generation: `digits` (ten random digits behind a prompt).
        repeats: how often a canary stands in the data where it goes in; of several, each gets an equal share. The
            bound on epsilon is read from those of 1.
        labels: labels, or types of entity, that canaries may have; by default all labels, and of entities persons.
        seed: of texts, coins and places. By default drawn from the system, so that nobody can toss the coins again.
        text_column, label_column: where text and label stand.
        overwrite: replace `out` and `manifest` where they are there.

    Raises:
        DataInputError: the data, a column or a label can't be used, or canaries can't be made of it.
        InputError: an argument that is no use.
        OutputError: a file is there already, is the data itself, or can't be written.
    """
    source, target, sealed = Path(data), Path(out), Path(manifest)
    _check_numbers(count, repeats, seed)
    _check_places(source, target, sealed, overwrite=overwrite)
    table = read_table(source, name=source.name)
    held = holding(table, source, task=task, text=text_column, label=label_column)
    used = secrets.randbits(62) if seed is None else seed
    texts, coins, doses, places, cells = (np.random.default_rng(part) for part in np.random.SeedSequence(used).spawn(5))
    made_kind = _kind(held.task, kind)
    drafts = _drafts(held, made_kind, count, labels, texts)
    included = coins.random(count) < 0.5
    dose = doses.permutation(np.resize(np.array(repeats, dtype=np.int64), count))
    canaries = tuple(
        _canary(held, draft, bool(inside), int(times))
        for draft, inside, times in zip(drafts, included, dose, strict=True)
    )
    planted = [place for place in range(count) for _ in range(dose[place]) if included[place]]
    order = places.permutation(planted).astype(np.int64)
    stands = np.sort(places.integers(len(table) + 1, size=len(order)))
    rows = [held.cells(drafts[place], cells) for place in order]
    fresh_ids(table, rows, keep=(held.text, held.truth))
    content = with_rows(source, table, rows, stands.tolist())
    result = Manifest(
        task=held.task,
        kind=made_kind,
        seed=used,
        created=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        rows_before=len(table),
        rows_after=len(table) + len(rows),
        sha256_before=hashlib.sha256(source.read_bytes()).hexdigest(),
        sha256_after=hashlib.sha256(content).hexdigest(),
        class_names=held.class_names,
        canaries=canaries,
    )
    _write(source, table, held, content, stands, [canaries[place] for place in order], result, target, sealed)
    seal = json.loads(result.sealed())["seal"]
    return Planted(result, target, sealed, seal, _notes(result, len(rows)))


def _drafts(
    held: Holding, kind: str, count: int, labels: Sequence[str] | None, rng: np.random.Generator
) -> list[Draft]:
    known = held.choices
    unknown = next((label for label in labels or () if label not in known), None)
    if held.task != "text-generation" and unknown is not None:
        raise DataInputError(
            f"{held.table.name} has no label {unknown!r:.40} for canaries; it has {', '.join(known[:20])}"
        )
    if kind == makers.DIGITS:
        return makers.digits(held.texts, count=count, rng=rng)
    if kind == makers.NAMES:
        kinds = list(labels) if labels else makers.persons_first(known)
        words = {name: 2 if held.has_entities_of(2, name) else 1 for name in kinds}
        return makers.names(held.sentences, count=count, choices=words, rng=rng)
    chosen = sorted(labels or known)
    if kind == makers.SALAD:
        return makers.word_salad(held.texts, count=count, choices=chosen, rng=rng)
    if len(chosen) < 2:
        raise DataInputError(f"{kind} canaries need two labels or more; name more with --labels, or another --kind")
    return makers.mislabelled(held.texts, held.labels, count=count, choices=chosen, rng=rng)


def _canary(held: Holding, draft: Draft, included: bool, repeats: int) -> Canary:
    tags = held.tags_of(draft) if draft.entity is not None else None
    return Canary(
        text=draft.text,
        label=draft.label,
        words=draft.words,
        tags=tags,
        answer=draft.answer,
        included=included,
        repeats=repeats,
    )


def _kind(task: str, kind: str | None) -> str:
    known = makers.KINDS[task]
    if kind is not None and kind not in known:
        raise InputError(f"there are no canaries of the kind {kind!r:.40} for {task}; give one of {', '.join(known)}")
    return kind or known[0]


def _check_numbers(count: Any, repeats: Sequence[int], seed: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or not FEWEST <= count <= MOST:
        raise InputError(
            f"count is {count!r:.40}; give {FEWEST} to {MOST:,} canaries, 1,000 for a bound that says much"
        )
    numbers = list(repeats)
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_REPEATS for n in numbers):
        raise InputError(f"repeats is {numbers!r:.40}; give whole numbers from 1 to {MOST_REPEATS:,}")
    if len(set(numbers)) < len(numbers):
        raise InputError(f"repeats is {numbers!r:.40}, which has a number twice; give each once")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED):
        raise InputError(f"seed is {seed!r:.40}; give a whole number of at least 0, or none")


def _check_places(source: Path, target: Path, sealed: Path, *, overwrite: bool) -> None:
    if target.suffix.lower() != source.suffix.lower():
        raise OutputError(f"{target} would have to be written as {source.suffix or 'the data'}; give it that suffix")
    try:
        real = [path.resolve() for path in (source, target, sealed)]
        if len(set(real)) < 3 or (real[1].exists() and source.exists() and real[1].samefile(source)):
            raise OutputError(
                f"data, --out and --manifest are three files; {target} and {sealed} must be new ones, since the data "
                "without canaries is not replaced"
            )
        for path in real[1:]:
            if path.is_dir():
                raise OutputError(f"{path} is a folder; give the name of a file in it")
            if path.exists() and not overwrite:
                raise OutputError(f"{path} is there already; give another name, or --overwrite to replace it")
            if not path.parent.is_dir():
                raise OutputError(f"{path} can't be written: there is no folder {path.parent}; make it first")
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{target} or {sealed} can't be written ({error}); choose another place") from error


def _write(
    source: Path,
    table: Table,
    held: Holding,
    content: bytes,
    stands: np.ndarray,
    planted: Sequence[Canary],
    manifest: Manifest,
    target: Path,
    sealed: Path,
) -> None:
    """Write both files or none: the data is read again first, and holds every old row and every canary."""
    try:
        with tempfile.TemporaryDirectory(prefix=".modelaudit-", dir=target.resolve().parent) as folder:
            draft = Path(folder) / f"planted{source.suffix}"
            draft.write_bytes(content)
            _check_readable(read_table(draft, name=target.name), table, held, stands, planted)
            note = Path(folder) / "manifest.json"
            descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(manifest.sealed())
            _moved(note, sealed.resolve())
            try:
                _moved(draft, target.resolve())
            except OSError:
                sealed.resolve().unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"{target} or {sealed} can't be written: {error.strerror or error}") from error


def _moved(file: Path, target: Path) -> None:
    """Put a file in its place; across file systems through a new file beside it, with the same rights."""
    if file.stat().st_dev == target.parent.stat().st_dev:
        file.replace(target)
        return
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".modelaudit-")
    with os.fdopen(descriptor, "wb") as copy:
        copy.write(file.read_bytes())
    Path(name).chmod(file.stat().st_mode & 0o777)
    Path(name).replace(target)


def _check_readable(written: Table, table: Table, held: Holding, stands: np.ndarray, planted: Sequence[Canary]) -> None:
    fault = DataInputError(
        f"{table.name} can't be written again with canaries in it so that every row reads as before; save it as .jsonl "
        "and plant there"
    )
    at = stands + np.arange(len(stands))
    if written.columns != table.columns or len(written) != len(table) + len(at):
        raise fault
    old = np.delete(np.arange(len(written)), at)
    for column in table.columns:
        cells = written.cells(column)
        if [cells[place] for place in old] != table.cells(column):
            raise fault
    texts = written.cells(held.text)
    for place, canary in zip(at, planted, strict=True):
        cell = texts[place]
        if held.task == "text-generation" and held.truth is None:
            right = cell == joined(canary.text, str(canary.answer))
        elif isinstance(cell, list):
            right = tuple(cell) == canary.words
        else:
            right = held.task == "token-classification" or cell == canary.text
        if not right:
            raise fault


def _notes(manifest: Manifest, rows: int) -> tuple[str, ...]:
    notes = []
    share = rows / manifest.rows_after
    if share > MANY:
        notes.append(
            f"{share:.0%} of the rows are canaries now, so the model may learn its task worse; plant fewer, or "
            "into more rows"
        )
    if any(canary.repeats > 1 for canary in manifest.canaries):
        notes.append("some canaries stand in the data more than once: don't remove duplicates before training")
    if not any(canary.repeats == 1 for canary in manifest.canaries):
        notes.append("no canary is planted just once, so there will be exposure and no bound on epsilon")
    return tuple(notes)
