"""Reading tables: every format says the same, and what is broken is named with its place."""

from __future__ import annotations

import json

import datasets
import numpy as np
import pandas as pd
import pytest

from modelaudit.errors import DataInputError
from modelaudit.subject.tables import read_table

ROWS = [
    {"text": 'quotes "and", commas', "label": "pos"},
    {"text": "two\nlines", "label": "neg"},
    {"text": "NA", "label": None},
    {"text": None, "label": "pos"},
]


def cells(table):
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*map(table.cells, table.columns), strict=True)]


def written(folder, suffix):
    frame = pd.DataFrame(ROWS, dtype=object)
    path = folder / f"rows{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".json":
        path.write_text(json.dumps(ROWS))
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"])
def test_every_file_format_holds_the_same_rows(tmp_path, suffix):
    assert cells(read_table(written(tmp_path, suffix), name="t")) == ROWS


@pytest.mark.parametrize(
    "source",
    [ROWS, tuple(ROWS), pd.DataFrame(ROWS), pd.DataFrame(ROWS, dtype=object), datasets.Dataset.from_list(ROWS)],
    ids=["list", "tuple", "frame", "object frame", "dataset"],
)
def test_every_source_in_memory_holds_the_same_rows(source):
    assert cells(read_table(source, name="t")) == ROWS


def test_missing_cells_are_none_and_numpy_values_are_plain():
    frame = pd.DataFrame(
        {"a": [1.5, np.nan], "b": pd.array([1, None], dtype="Int64"), "c": [np.array(["x", "y"]), None]}
    )
    missing = {"a": None, "b": None, "c": None}
    assert cells(read_table(frame, name="t")) == [{"a": 1.5, "b": 1, "c": ["x", "y"]}, missing]


def test_numpy_values_inside_a_list_are_plain():
    rows = [{"tags": [np.int64(0), np.int64(3)]}, {"tags": (np.str_("x"), np.float64("nan"))}, {"tags": [[np.int8(1)]]}]
    table = read_table(rows, name="t")
    assert table.cells("tags") == [[0, 3], ["x", None], [[1]]]
    assert [type(tag) for tag in table.cells("tags")[0]] == [int, int]
    assert table.repaired == 0


def test_csv_with_a_byte_order_mark_semicolons_and_blank_lines(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("\ufefftext;label\r\né, à;1\r\n\r\nb;2\r\n".encode())
    assert cells(read_table(path, name="t")) == [{"text": "é, à", "label": "1"}, {"text": "b", "label": "2"}]


def test_a_cell_may_be_longer_than_the_csv_module_allows_by_itself(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text\n" + "x" * 200_000 + "\n")
    assert len(read_table(path, name="t").cells("text")[0]) == 200_000


def test_lone_surrogates_are_replaced_and_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a\\ud800b", "tokens": ["\\udfff", "x"]}\n{"text": "\\ud83d\\ude00", "tokens": ["y"]}\n')
    table = read_table(path, name="t")
    assert table.cells("text") == ["a\ufffdb", "\N{GRINNING FACE}"]
    assert table.cells("tokens") == [["\ufffd", "x"], ["y"]]
    assert table.repaired == 1
    assert read_table([{"text": "a\ud800"}], name="t").cells("text") == ["a\ufffd"]


def test_class_names_come_with_a_dataset_and_its_parquet_file(tmp_path):
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["neg", "pos"]),
            "ner_tags": datasets.Sequence(datasets.ClassLabel(names=["O", "B-PER"])),
        }
    )
    dataset = datasets.Dataset.from_dict({"text": ["a"], "label": [1], "ner_tags": [[0, 1]]}, features=features)
    dataset.to_parquet(str(tmp_path / "rows.parquet"))
    for source in (dataset, tmp_path / "rows.parquet"):
        table = read_table(source, name="t")
        assert dict(table.class_names) == {"label": ("neg", "pos"), "ner_tags": ("O", "B-PER")}
        assert table.cells("ner_tags") == [[0, 1]]


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("r.csv", b"text,label\na,1\nb\n", r"t: line 3 of r\.csv has 1 cells, but the header names 2 columns"),
        ("r.csv", b'text,label\n"a,1\n', r"t: line 2 of r\.csv is broken \(unexpected end of data\); check the quotes"),
        ("r.csv", b"text,text\na,1\n", r"more than one column called 'text'; rename one"),
        ("r.csv", b"text,label\n", r"t: the table is empty; hand in at least one row"),
        ("r.csv", b"", r"t: the table is empty"),
        ("r.csv", b"text\nab\ncaf\xe9\n", r"t: line 3 of r\.csv isn't UTF-8 \(byte 12 is 0xe9\); save it as UTF-8"),
        ("r.jsonl", b'{"text": "a"}\n\n{"text": \n', r"t: line 3 of r\.jsonl is broken JSON"),
        ("r.jsonl", b'{"text": "a"}\n[1]\n', r"t: line 2 of r\.jsonl is a list; each line needs one object"),
        ("r.jsonl", b'{"text": ' + b"[" * 100_000, r"t: line 1 of r\.jsonl is broken JSON"),
        ("r.jsonl", b'{"text": ' + b"1" * 5_000 + b"}", r"t: line 1 of r\.jsonl is broken JSON"),
        ("r.json", b"[1, 2]", r"r\.json needs one list of objects"),
        ("r.json", b"[{]", r"line 1 of r\.json is broken JSON"),
        ("r.parquet", b"nothing", r"r\.parquet is not a readable parquet file; write it again"),
        ("r.conll", b"word O\nalone\n", r"r\.conll: line 2 has no tag"),
        ("r.conll", b"\n\n", r"the table is empty"),
        ("r.xlsx", b"", r"the suffix '\.xlsx' of r\.xlsx is not known; use \.csv"),
    ],
)
def test_broken_files(tmp_path, file, content, sentence):
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataInputError, match=sentence) as caught:
        read_table(tmp_path / file, name="t")
    assert "\n" not in str(caught.value)


def test_sources_that_are_no_table(tmp_path):
    with pytest.raises(DataInputError, match=r"there is no file .*gone\.csv; check the path"):
        read_table(tmp_path / "gone.csv", name="t")
    with pytest.raises(DataInputError, match="is a folder; name one file in it"):
        read_table(tmp_path, name="t")
    with pytest.raises(DataInputError, match="can't be read from a int; hand in a path"):
        read_table(3, name="t")
    with pytest.raises(DataInputError, match="the table is empty"):
        read_table([], name="t")
    with pytest.raises(DataInputError, match="the table is empty"):
        read_table(pd.DataFrame({"text": []}), name="t")
    with pytest.raises(DataInputError, match=r"can't be opened \(File name too long\); give the path") as caught:
        read_table("text,label\n" + "good film,1\n" * 100, name="text,label good film,1" * 100)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)})
    with pytest.raises(DataInputError, match=r"has the splits train; hand in one, e\.g\. data\['test'\]"):
        read_table(splits, name="t")


def test_conll_becomes_bio_whatever_it_came_in(tmp_path):
    iob1 = "-DOCSTART- -X- O\n\nAnna NNP I-PER\nBell NNP I-PER\nPeter NNP B-PER\nsaw V O\n\nBerlin NNP I-LOC\n"
    bioes = "# id 1\nAnna\tB-PER\nBell\tE-PER\nPeter\tS-PER\nsaw\tO\n\n\nBerlin\tS-LOC"
    expected = [["B-PER", "I-PER", "B-PER", "O"], ["B-LOC"]]
    for number, content in enumerate((iob1, bioes, iob1.replace("\n", "\r\n"))):
        path = tmp_path / f"{number}.conll"
        path.write_bytes(content.encode())
        table = read_table(path, name="t")
        assert table.cells("ner_tags") == expected
        assert table.cells("tokens") == [["Anna", "Bell", "Peter", "saw"], ["Berlin"]]
