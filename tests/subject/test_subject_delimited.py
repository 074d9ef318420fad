"""Delimited files: whatever program wrote them, the rows are the writer's, or the file is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.errors import DataInputError
from modelaudit.subject.tables import read_table


def read(folder, file, content):
    (folder / file).write_bytes(content.encode())
    table = read_table(folder / file, name="t")
    return table.columns, list(zip(*map(table.cells, table.columns), strict=True))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("excel.csv", "sep=;\r\ntext;label\r\ngood, they say;pos\r\n"),
        ("quoted.csv", '\ufeff"sep=;"\ntext;label\ngood, they say;pos\n'),
        ("commas.csv", 'SEP=,\ntext,label\n"good, they say",pos\n'),
        ("pipes.csv", "sep=|\ntext|label\ngood, they say|pos\n"),
        ("tabs.csv", "sep=\t\ntext\tlabel\ngood, they say\tpos\n"),
        ("blank.csv", "\n  \r\ntext;label\n\ngood, they say;pos\n"),
        ("blank-first.csv", "\n\nsep=;\ntext;label\ngood, they say;pos\n"),
        ("tabs.tsv", "\ntext\tlabel\ngood, they say\tpos\n"),
        ("header.csv", '"text";"label"\n"good, they say";pos\n'),
    ],
)
def test_the_delimiter_and_the_header_are_found(tmp_path, file, content):
    assert read(tmp_path, file, content) == (("text", "label"), [("good, they say", "pos")])


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ('text;label;"note, other"\na;b;c\n', ("text", "label", "note, other")),
        ('text;label;"note, other"\na;b;"c, d"\n', ("text", "label", "note, other")),
        ('"note; other",text,label\na,b,c\n', ("note; other", "text", "label")),
        ("text, raw;label\na;b\n", ("text, raw", "label")),
        ("text;label (0, 1);note\na;b;c\n", ("text", "label (0, 1)", "note")),
        ('text,"two\nlines"\na,b\n', ("text", "two\nlines")),
        ("text\tlabel, gold\na\tb\n", ("text", "label, gold")),
    ],
)
def test_a_delimiter_inside_a_column_name_does_not_split_it(tmp_path, content, columns):
    found, rows = read(tmp_path, "r.csv", content)
    assert found == columns
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("r.csv", "text|label\na|b\n", r"r\.csv has a single column, called 'text\|label', so its delimiter was not"),
        ("r.csv", '"text;label"\n"a;b"\n', r"a single column, called 'text;label'.*save it with commas .*sep=\|"),
        ("r.tsv", "text,label\na,b\n", r"a single column, called 'text,label'.*save it with tabs"),
        ("r.tsv", "text;label\na;b\n", r"a single column, called 'text;label'"),
        ("r.csv", "sep=;\ntext,label\na,b\n", r"a single column, called 'text,label'"),
        ("r.csv", "a,b;c\n1,2;3\n", r"r\.csv can be split at its commas and at its semicolons; name the .* sep=;"),
        ("r.csv", "sep=;\n\ntext;label\na;b\nc\n", r"line 5 of r\.csv has 1 cells, but the header names 2 columns"),
        ("r.csv", 'sep=;\ntext;label\n"a;b\n', r"line 3 of r\.csv is broken \(unexpected end of data\)"),
    ],
)
def test_a_file_that_would_be_misread_is_refused(tmp_path, file, content, sentence):
    with pytest.raises(DataInputError, match=sentence) as caught:
        read(tmp_path, file, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('"Good movie\tpos\nbad movie"\tneg\n', [('"Good movie', "pos"), ('bad movie"', "neg")]),
        ('"Good" movie\tpos\nbad\tneg\n', [('"Good" movie', "pos"), ("bad", "neg")]),
        ('"Good movie\tpos\nbad\tneg\n', [('"Good movie', "pos"), ("bad", "neg")]),
        ('"Good movie"\tpos\nbad 5" screen\tneg\n', [('"Good movie"', "pos"), ('bad 5" screen', "neg")]),
        ('"Good movie"\tpos\n"bad"\tneg\n', [("Good movie", "pos"), ("bad", "neg")]),
        ('"a ""good"" one"\tpos\nbad\tneg\n', [('a "good" one', "pos"), ("bad", "neg")]),
        ('"two\nlines"\tpos\nbad\tneg\n', [("two\nlines", "pos"), ("bad", "neg")]),
        ('"a\ttab"\tpos\nbad\tneg\n', [("a\ttab", "pos"), ("bad", "neg")]),
    ],
)
@pytest.mark.parametrize("file", ["r.tsv", "r.csv"])
def test_quotes_between_tabs_are_marks_or_text_as_the_file_shows(tmp_path, file, content, rows):
    assert read(tmp_path, file, "text\tlabel\n" + content)[1] == rows


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('text\tlabel\n"Good\tpos\nno label\nbad"\tneg\n', r"line 4 of r\.tsv ends a quoted cell .* as a stray quote"),
        ('"text"\t"label"\n"Good\tpos\nbad"\tneg\n', r"line 3 of r\.tsv ends a quoted cell that runs over several"),
        ('text\tlabel\n"a ""b"""\tpos\n"Good\tpos\nbad"\tneg\n', r"line 4 of r\.tsv ends .* save the table as \.csv"),
        ('text\n"Good\nbad"\n', r"line 3 of r\.tsv ends a quoted cell"),
        ('text\tlabel\n"Good" one\tpos\nbad\n', r"line 3 of r\.tsv has 1 cells, but the header names 2"),
        ('text\tlabel\n"two\nlines"\tpos\nbad\n', r"line 4 of r\.tsv has 1 cells, but the header names 2"),
    ],
)
def test_what_a_stray_quote_may_have_made_is_refused(tmp_path, content, sentence):
    with pytest.raises(DataInputError, match=sentence):
        read(tmp_path, "r.tsv", content)


CELLS = st.text('ab";,| ', min_size=1, max_size=8).map(str.strip).filter(bool)
MARKED = st.text('ab";,|\t\n ', min_size=1, max_size=8).filter(lambda text: text.strip() and {*"\t\n"} - {*text})


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(MARKED, st.sampled_from(["pos", "neg"])), min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_rows_that_a_program_wrote_are_read_back_or_refused(tmp_path_factory, rows, delimiter):
    folder = tmp_path_factory.getbasetemp()
    content = pd.DataFrame(rows, columns=["text", "label"]).to_csv(index=False, sep=delimiter)
    for file in ("r.csv", "r.tsv") if delimiter == "\t" else ("r.csv",):
        try:
            found = read(folder, file, content)[1]
        except DataInputError:
            continue
        assert found == rows


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(CELLS, st.sampled_from(["pos", "neg"])), min_size=1, max_size=4))
def test_lines_that_a_corpus_wrote_are_never_joined(tmp_path_factory, rows):
    content = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows)
    try:
        found = read(tmp_path_factory.getbasetemp(), "r.tsv", content)[1]
    except DataInputError:
        return
    assert [label for _, label in found] == [label for _, label in rows]
    assert [(text or "").replace('"', "") for text, _ in found] == [text.replace('"', "") for text, _ in rows]
