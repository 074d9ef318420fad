"""Tables: what every way of handing in rows ends in."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable
from modelaudit.subject.conll import read_conll
from modelaudit.subject.delimited import read_delimited
from modelaudit.subject.media_folder import columns_of_folder, described_by, is_medium_array
from modelaudit.subject.places import shown
from modelaudit.subject.schemes import respelled
from modelaudit.subject.tag_faults import typed

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ".csv, .tsv, .jsonl, .json, .parquet or .conll"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they were handed in.

    Attributes:
        name: as row ids and messages show it.
        frame: cells are Python objects, a missing cell is None; columns are named by strings.
        kind: `csv`, `jsonl`, `parquet`, `conll`, `folder`, `dataset`, `frame` or `records`.
        class_names: names of the classes by column, where the source declares them (`datasets.ClassLabel`).
        repaired: rows in which lone surrogates, which UTF-8 can't carry, became U+FFFD.
        written: tags of each row as the source spells them, by column, where its reader has respelled them.
        numbers: of the rows in the source, counted from 1, where some were left out; None where none were.
        folder: where relative paths in its cells begin; None for the folder that the process runs in.
    """

    name: str
    frame: pd.DataFrame
    kind: str
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repaired: int = 0
    written: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    numbers: tuple[int, ...] | None = None
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the source's order."""
        return tuple(self.frame.columns)

    def cells(self, column: str) -> list[Any]:
        """Return one column's cells."""
        return list(self.frame[column])

    def number(self, position: int) -> int:
        """Return which row of the source stands at a position, the row counted from 1 and the position from 0."""
        return position + 1 if self.numbers is None else self.numbers[position]

    def row_id(self, position: int) -> str:
        """Return the id of the row at a position."""
        return f"{self.name}:{self.number(position)}"

    def without(self, numbers: Collection[int]) -> Table:
        """Return the table without the rows of the source with these numbers; the others keep theirs.

        Raises DataInputError where no row is left.
        """
        left_out = set(numbers)
        kept = [position for position in range(len(self)) if self.number(position) not in left_out]
        if not kept:
            raise DataInputError(f"{shown(self.name)}: no row is left when {len(left_out)} are left out; keep some")
        return replace(
            self,
            frame=self.frame.iloc[kept].reset_index(drop=True),
            written={column: [tags[i] for i in kept] for column, tags in self.written.items()},
            numbers=tuple(self.number(position) for position in kept),
        )


def read_table(source: Any, *, name: str) -> Table:
    """Read rows from a path, a `datasets.Dataset`, a DataFrame or a list of dicts.

    Paths: `.csv`, `.tsv`, `.jsonl`, `.json`, `.parquet`, `.conll`/`.bio`/`.iob`/`.txt` (CoNLL columns), or a folder of
    pictures or sounds. Raises DataInputError for what can't be read, with the place and the next step.
    """
    import pandas as pd

    if isinstance(source, str | Path):
        return _read_path(Path(source), name)
    if isinstance(source, Table):
        return source
    if isinstance(source, pd.DataFrame):
        return _table(name, "frame", _columns_of_frame(source, name))
    if _is_dataset(source):
        return _read_dataset(source, name)
    if isinstance(source, Sequence) and all(isinstance(row, Mapping) for row in source):
        return _table(name, "records", _columns_of_records(source))
    raise DataInputError(
        f"{name}: rows can't be read from a {type(source).__name__}; hand in a path ({FORMATS}), a datasets.Dataset, "
        "a DataFrame or a list of dicts"
    )


def _read_path(path: Path, name: str) -> Table:
    try:
        return _read_file(path, name)
    except OSError as error:
        # A path too long for the system fails here as well: mostly the rows themselves, handed in as text.
        raise DataInputError(
            f"{shown(name)}: {shown(path)} can't be opened ({error.strerror or error}); give the path of a file that "
            "can be read"
        ) from error


def _read_file(path: Path, name: str) -> Table:
    if not path.exists():
        raise DataInputError(f"{shown(name)}: there is no file {shown(path)}; check the path")
    if path.is_dir():
        return _read_media_folder(path, name)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataInputError(f"{name}: the suffix {path.suffix!r} of {path.name} is not known; use {FORMATS}")
    return replace(reader(path, name), folder=path.parent)


def _read_media_folder(path: Path, name: str) -> Table:
    described = described_by(path)
    if described is not None:
        return replace(_read_file(described, name), kind="folder")
    columns = columns_of_folder(path, name)
    if columns is None:
        raise DataInputError(
            f"{name}: {shown(path)} is a folder; name one file in it ({FORMATS}), or a folder of pictures or sounds"
        )
    return replace(_table(name, "folder", columns), folder=path)


def _decoded(path: Path, name: str) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataInputError(
            f"{name}: line {line} of {path.name} isn't UTF-8 (byte {error.start + 1} is 0x{content[error.start]:02x}); "
            "save it as UTF-8"
        ) from error


def _read_delimited(path: Path, name: str) -> Table:
    tabs = path.suffix.lower() == ".tsv"
    return _table(name, "csv", read_delimited(_decoded(path, name), table=name, name=path.name, tabs=tabs))


def _read_json_lines(path: Path, name: str) -> Table:
    records = []
    for number, line in enumerate(_decoded(path, name).split("\n"), start=1):
        if line.strip():
            records.append(_json_object(line, f"{name}: line {number} of {path.name}"))
    return _table(name, "jsonl", _columns_of_records(records))


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep, or a number too long"
        raise DataInputError(f"{place} is broken JSON ({reason}); each line needs one object") from error
    if not isinstance(record, dict):
        raise DataInputError(f"{place} is a {type(record).__name__}; each line needs one object with the row's columns")
    return record


def _read_json(path: Path, name: str) -> Table:
    text = _decoded(path, name)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _read_json_lines(path, name)
        raise DataInputError(f"{name}: line {error.lineno} of {path.name} is broken JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise DataInputError(
            f"{name}: {path.name} is too deep or holds a number too long; it needs one list of objects"
        ) from error
    if isinstance(content, dict):
        content = content["data"] if isinstance(content.get("data"), list) else [content]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise DataInputError(f"{name}: {path.name} needs one list of objects, each with the row's columns")
    return _table(name, "jsonl", _columns_of_records(content))


def _read_parquet(path: Path, name: str) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        content = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataInputError(f"{name}: {path.name} is not a readable parquet file; write it again") from error
    values = {str(column): content.column(column).to_pylist() for column in content.column_names}
    return _table(name, "parquet", values, class_names=_names_in_metadata(content.schema.metadata or {}))


def _names_in_metadata(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Class names that `datasets` keeps in the schema of a parquet file."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        found = {column: _declared_names(feature) for column, feature in features.items()}
    except (ValueError, AttributeError):
        return {}
    return {column: names for column, names in found.items() if names}


def _declared_names(feature: Any) -> tuple[str, ...]:
    """Class names of one feature of `datasets`, as an object or as its JSON; empty where it has none."""
    inner = feature
    for _ in range(2):
        names = inner.get("names") if isinstance(inner, Mapping) else getattr(inner, "names", None)
        if isinstance(names, list | tuple):
            return tuple(str(item) for item in names)
        inner = inner.get("feature") if isinstance(inner, Mapping) else getattr(inner, "feature", None)
    return ()


def _is_dataset(source: Any) -> bool:
    return type(source).__module__.partition(".")[0] == "datasets"


def _read_dataset(source: Any, name: str) -> Table:
    import datasets

    if isinstance(source, datasets.DatasetDict | datasets.IterableDatasetDict):
        raise DataInputError(f"{name}: this dataset has the splits {', '.join(source)}; hand in one, e.g. data['test']")
    if not isinstance(source, datasets.Dataset):
        raise DataInputError(f"{name}: a {type(source).__name__} can't be sampled; hand in a datasets.Dataset")
    features = {column: _declared_names(feature) for column, feature in source.features.items()}
    content = source.with_format("arrow")[:]
    values = {column: content.column(column).to_pylist() for column in content.column_names}
    names = {column: found for column, found in features.items() if found}
    return _table(name, "dataset", values, class_names=names)


def _read_conll_file(path: Path, name: str) -> Table:
    words, tags = read_conll(_decoded(path, name), place=f"{name}: {path.name}")
    table = _table(name, "conll", {"tokens": list(words), "ner_tags": list(respelled(typed(tags), "BIO"))})
    return replace(table, written={"ner_tags": tags})


def _columns_of_records(records: Sequence[Mapping[Any, Any]]) -> dict[str, list[Any]]:
    columns = dict.fromkeys(column for record in records for column in record)
    return {str(column): [record.get(column) for record in records] for column in columns}


def _columns_of_frame(frame: pd.DataFrame, name: str) -> dict[str, list[Any]]:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataInputError(f"{name}: the DataFrame has more than one column called {str(twice)!r}; rename one")
    return {str(column): list(frame[column]) for column in frame.columns}


def _table(
    name: str, kind: str, values: Mapping[str, list[Any]], *, class_names: Mapping[str, tuple[str, ...]] | None = None
) -> Table:
    import pandas as pd

    length = max((len(cells) for cells in values.values()), default=0)
    if length == 0:
        raise DataInputError(f"{name}: the table is empty; hand in at least one row")
    touched: set[int] = set()
    columns = {storable(column): _clean(cells, touched) for column, cells in values.items()}
    frame = pd.DataFrame({column: pd.Series(cells, dtype=object) for column, cells in columns.items()})
    return Table(name, frame, kind, dict(class_names or {}), repaired=len(touched))


def _clean(cells: list[Any], touched: set[int]) -> list[Any]:
    """Python cells with None for missing and without lone surrogates; adds the rows it changed to `touched`."""
    cleaned = []
    for position, cell in enumerate(cells):
        plain = _plain(cell)
        safe = _safe(plain)
        # Arrays and pictures are returned as they are, and have an equality of their own.
        if safe is not plain and safe != plain:
            touched.add(position)
        cleaned.append(safe)
    return cleaned


def _plain(cell: Any) -> Any:
    """The cell as a Python object: numpy values unpacked, in lists too; NaN, NaT and NA as None; a tuple as a list.

    Arrays of pictures and sounds stay as they are.
    """
    if cell is None or isinstance(cell, str | dict | bytes) or is_medium_array(cell):
        return cell
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, list | tuple):
        return list(cell) if _all_text(cell) else [_plain(item) for item in cell]
    missing = type(cell).__name__ in {"NAType", "NaTType"} or (isinstance(cell, float) and cell != cell)
    return None if missing else cell


def _safe(cell: Any) -> Any:
    if isinstance(cell, str):
        return storable(cell)
    if not isinstance(cell, list) or (_all_text(cell) and "".join(cell).isascii()):
        return cell
    return [_safe(item) for item in cell]


def _all_text(cell: Sequence[Any]) -> bool:
    return set(map(type, cell)) <= {str}


_READERS: dict[str, Callable[[Path, str], Table]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json,
    ".parquet": _read_parquet,
    ".conll": _read_conll_file,
    ".conll03": _read_conll_file,
    ".bio": _read_conll_file,
    ".iob": _read_conll_file,
    ".iob2": _read_conll_file,
    ".txt": _read_conll_file,
}
