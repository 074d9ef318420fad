"""Rows to train on: every format, labels found, rows left out and counted, dev rows held back or compared."""

import hashlib

import datasets
import pandas as pd
import pytest

from modelaudit.errors import DataInputError
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import NO_LABEL, NO_TEXT, ColumnChoice
from modelaudit.training.compact import compact_model
from modelaudit.training.recipe import Recipe
from modelaudit.training.rows import ODD_WORDS, SHARED, UNTRAINED, read_training_data

BIO = ("O", "B-LOC", "I-LOC", "B-MISC", "I-MISC", "B-PER", "I-PER")
TEXTS = [{"text": f"row {i} of many", "label": ("pos", "neg")[i % 2]} for i in range(40)]
SENTENCE = """Anna NNP I-NP {0}-PER
Bell NNP I-NP I-PER
Peter NNP I-NP B-PER
saw VBD I-VP O
Dutch JJ I-NP {0}-MISC
Berlin NNP I-NP {0}-LOC

"""


def texts(source=TEXTS, **settings):
    more = {name: settings.pop(name) for name in ("dev", "labels", "columns") if name in settings}
    recipe = Recipe.of(**{"dev_share": 0, **settings})
    return read_training_data(source, task="text-classification", recipe=recipe, **more)


def tags(source, **settings):
    more = {name: settings.pop(name) for name in ("dev", "labels", "columns") if name in settings}
    recipe = Recipe.of(**{"dev_share": 0, **settings})
    return read_training_data(source, task="token-classification", recipe=recipe, **more)


def labelled(cells):
    return [{"text": f"a text {i}", "label": cell} for i, cell in enumerate(cells)]


def step(read, name):
    return next(step for step in read.data.steps if step.name == name)


def said(read):
    return [(e.row.text, [read.data.labels[tag] for tag in e.row.tags]) for e in read.data.examples]


def conll(letter, *, docstart="", eol="\n"):
    return (docstart + SENTENCE.format(letter) * 2).replace("\n", eol).encode()


@pytest.mark.parametrize("letter", ["I", "B"])
@pytest.mark.parametrize("docstart", ["", "-DOCSTART- -X- O O\n\n", "-DOCSTART- -X- -X- O\n\n"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_conll_2003_files_read_the_same_in_iob1_and_bio(tmp_path, letter, docstart, eol):
    (tmp_path / "eng.train.txt").write_bytes(conll(letter, docstart=docstart, eol=eol))
    read = tags(tmp_path / "eng.train.txt")
    assert read.data.labels == BIO
    assert [step.name for step in read.data.steps] == ["reading"]
    expected = ["B-PER", "I-PER", "B-PER", "O", "B-MISC", "B-LOC"]
    assert said(read) == [("Anna Bell Peter saw Dutch Berlin", expected)] * 2
    assert [e.row.id for e in read.data.examples] == ["eng.train.txt:1", "eng.train.txt:2"]


def test_every_format_gives_the_same_rows(tmp_path):
    rows = [{"tokens": ["Anna", "left"], "ner_tags": ["S-PER", "O"]}, {"tokens": ["no"], "ner_tags": ["O"]}]
    frame = pd.DataFrame(rows)
    frame.to_json(tmp_path / "r.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "r.parquet")
    (tmp_path / "r.csv").write_text("tokens,ner_tags\nAnna left,U-PER O\nno,O\n")
    (tmp_path / "r.conll").write_text("Anna\tPER\nleft\tO\n\nno\tO\n")
    names = ["O", "S-PER", "B-PER"]
    features = {"tokens": datasets.Sequence(datasets.Value("string"))}
    features |= {"ner_tags": datasets.Sequence(datasets.ClassLabel(names=names))}
    numbers = {"tokens": [["Anna", "left"], ["no"]], "ner_tags": [[1, 0], [0]]}
    dataset = datasets.Dataset.from_dict(numbers, features=datasets.Features(features))
    for source in (rows, frame, dataset, *sorted(tmp_path.iterdir())):
        read = tags(source)
        assert said(read) == [("Anna left", ["B-PER", "O"]), ("no", ["O"])], source
        assert read.data.labels == ("O", "B-PER", "I-PER")


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["b", "a", " a", "b"], ("a", "b")),
        ([10, 9, 2], ("2", "9", "10")),
        (["10", "9", "2"], ("2", "9", "10")),
        ([1.0, 2.0, None], ("1", "2")),
        ([True, False], ("False", "True")),
        ([-1, 1, 1], ("-1", "1")),
    ],
)
def test_classes_are_found_in_a_stable_order(cells, labels):
    read = texts(labelled(cells))
    assert read.data.labels == labels
    known = [cell for cell in cells if cell is not None]
    written = [str(int(c)) if isinstance(c, float) else str(c).strip() for c in known]
    assert [labels[e.row.label] for e in read.data.examples] == written


def test_declared_names_keep_their_order():
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["z", "a", "m"])}
    )
    dataset = datasets.Dataset.from_dict({"text": ["x y", "z", "w"], "label": [1, 0, -1]}, features=features)
    read = texts(dataset)
    assert read.data.labels == ("z", "a", "m")
    assert [e.row.label for e in read.data.examples] == [1, 0]
    assert step(read, "reading").counts == {"rows": 2, NO_LABEL: 1}


def test_declared_bio_tags_keep_their_order_and_dev_types_join_behind():
    names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    features = {"tokens": datasets.Sequence(datasets.Value("string"))}
    features |= {"ner_tags": datasets.Sequence(datasets.ClassLabel(names=names))}
    numbers = {"tokens": [["Ulm", "is"]], "ner_tags": [[3, 0]]}
    dataset = datasets.Dataset.from_dict(numbers, features=datasets.Features(features))
    assert tags(dataset).data.labels == tuple(names)
    read = tags(dataset, dev=[{"tokens": ["Acme"], "ner_tags": ["I-ORG"]}])
    assert read.data.labels == (*names, "B-ORG", "I-ORG")
    assert said(read) == [("Ulm is", ["B-LOC", "O"])]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (["a", "a", "a"], "every row has the label 'a', so there is nothing to learn"),
        ([0.5, 1.5, 2.0], "numbers with fractions, as in a regression"),
        (["0.5", "1e-3"], "numbers with fractions, as in a regression"),
        ([["a"], ["b", "c"]], "a list of labels, as in multi-label classification"),
        (["['a']", "['b']"], "a list of labels, as in multi-label classification"),
        ([{"a": 1}, "b"], "a label is a dict; write it as text"),
        ([f"note {i}" for i in range(30)], "30 rows have 30 different labels"),
        (["a", "b" * 1_000_000], "a label has 1,000,000 characters"),
        (["1", "01", "2"], "written in more than one way"),
        (["Pos", "pos ", "neg"], "written in more than one way"),
        ([None, " "], "no row has both a text and a label"),
    ],
)
def test_columns_that_are_no_classes_are_refused(cells, sentence):
    with pytest.raises(DataInputError, match=sentence) as caught:
        texts(labelled(cells))
    assert len(str(caught.value)) < 500


def test_a_class_that_no_row_has_is_told():
    found = texts(labelled(["neg", "pos"] * 3), labels=["neg", "pos", "neutral"])
    assert step(found, "reading").notes == ("No row has 'neutral': the label map holds it, and it is never trained.",)


def test_labels_given_fix_names_and_order():
    read = texts(labelled([0, 2, 1]), labels=["bad", "fair", "good"])
    assert read.data.labels == ("bad", "fair", "good")
    assert [e.row.label for e in read.data.examples] == [0, 2, 1]
    with pytest.raises(DataInputError, match=r"labels= names 'a', 'b', and .* has 'c' too; name all"):
        texts(labelled(["a", "c"]), labels=["a", "b"])
    for wrong in (["a", "a"], [], [" ", "b"], "ab"):
        with pytest.raises(DataInputError, match="labels"):
            texts(labels=wrong)


def test_tags_by_number_need_names():
    rows = [{"tokens": ["Anna", "left"], "ner_tags": [1, 0]}]
    with pytest.raises(DataInputError, match=r'give their names in the order of their numbers, as labels=\["O"'):
        tags(rows)
    assert said(tags(rows, labels=["O", "B-X", "I-X"])) == [("Anna left", ["B-X", "O"])]


def test_types_given_fix_their_order_and_more_are_refused():
    rows = [{"tokens": ["Anna", "left", "Ulm"], "ner_tags": ["B-PER", "O", "B-LOC"]}]
    read = tags(rows, labels=["PER", "ORG", "LOC"])
    assert read.data.labels == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    with pytest.raises(DataInputError, match="the data tags 'LOC', which labels= lacks"):
        tags(rows, labels=["O", "B-PER", "I-PER"])


def test_rows_without_text_or_label_and_odd_words_are_counted():
    rows = [*TEXTS[:4], {"text": " ", "label": "pos"}, {"text": None, "label": "odd"}, {"text": "x", "label": ""}]
    read = texts(rows)
    assert read.data.labels == ("neg", "pos")
    assert step(read, "reading").counts == {"rows": 4, NO_TEXT: 2, NO_LABEL: 1}
    rows = [
        {"tokens": ["Anna", "", "\u2003", "left"], "ner_tags": ["B-PER", "O", "O", "O"]},
        {"tokens": [], "ner_tags": []},
        {"tokens": ["x"], "ner_tags": None},
    ]
    read = tags(rows)
    assert read.data.examples[0].row.words == ("Anna", "", "\u2003", "left")
    assert step(read, "reading").counts == {"rows": 1, NO_TEXT: 1, NO_LABEL: 1, ODD_WORDS: 2}


def test_words_and_tags_of_unequal_number_are_an_error():
    with pytest.raises(DataInputError, match="row 2 has 2 words but 1 tags"):
        tags([{"tokens": ["a"], "ner_tags": ["O"]}, {"tokens": ["a", "b"], "ner_tags": ["B-X"]}])


def test_a_table_without_labels_is_an_error():
    with pytest.raises(DataInputError, match="no label column found"):
        texts([{"text": "a b c", "other": 1}])
    with pytest.raises(DataInputError, match="no tags column found"):
        tags([{"tokens": ["a"]}])
    with pytest.raises(DataInputError, match="every word is tagged O"):
        tags([{"tokens": ["a"], "ner_tags": ["O"]}])


def test_a_label_that_only_dev_rows_have_joins_the_map_and_is_told():
    read = texts(TEXTS, dev=[*TEXTS[:2], {"text": "new", "label": "mixed"}])
    assert read.data.labels == ("mixed", "neg", "pos")
    assert len(read.data.examples) == 40
    counts = step(read, "reading").counts
    assert (counts["dev rows"], counts[UNTRAINED], counts[SHARED]) == (3, 1, 2)
    assert "Only dev rows have 'mixed'" in step(read, "reading").notes[0]
    bioes = {"tokens": ["Bell", "Ltd", "and", "Ann"], "ner_tags": ["B-ORG", "E-ORG", "O", "S-PER"]}
    read = tags([{"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}], dev=[bioes])
    assert read.data.labels == ("O", "B-ORG", "I-ORG", "B-PER", "I-PER")
    assert [read.data.labels[tag] for tag in read.data.dev[0].tags] == ["B-ORG", "I-ORG", "O", "B-PER"]
    assert "The tags of dev came in BIOES and became BIO." in step(read, "reading").notes
    assert not [step for step in read.data.steps if step.name in ("repair", "split")]


def test_dev_labels_are_read_as_those_of_the_training_rows():
    numbered = texts(labelled(["1", "2"]), dev=labelled([0, 1]))
    assert numbered.data.labels == ("0", "1", "2")
    assert [row.label for row in numbered.data.dev] == [0, 1]
    by_index = texts(TEXTS, dev=labelled([1, 0]))
    assert by_index.data.labels == ("neg", "pos")
    assert [row.label for row in by_index.data.dev] == [1, 0]
    folded = texts(TEXTS, dev=labelled(["POS", "NEG"]))
    assert [row.label for row in folded.data.dev] == [1, 0]
    with pytest.raises(DataInputError, match="no label of the dev rows"):
        texts(TEXTS, dev=labelled(["gut", "schlecht"]))
    with pytest.raises(DataInputError, match="labels don't match"):
        texts(TEXTS, dev=labelled([0, 5]))


def test_dev_rows_are_held_back_by_what_rows_say():
    read, again = texts(dev_share=0.25), texts(TEXTS[::-1], dev_share=0.25)
    kept = {row.text for row in read.data.dev}
    assert kept == {row.text for row in again.data.dev}
    assert [row.label for row in read.data.dev].count(0) == [row.label for row in read.data.dev].count(1) == 5
    assert read.train.held_back == tuple(i + 1 for i, row in enumerate(TEXTS) if row["text"] in kept)
    assert step(read, "split").counts == {"rows held back": 10, "rows to train on": 30}
    assert kept != {row.text for row in texts(dev_share=0.25, seed=1).data.dev}
    assert [step.name for step in read.data.steps] == ["reading", "split"]


def test_groups_and_equal_texts_stay_on_one_side_and_each_label_keeps_a_row():
    rows = [{"text": f"Row {i % 30}", "label": "ab"[i % 2], "who": f"w{i % 6}"} for i in range(60)]
    rows += [{"text": "the only one", "label": "c", "who": None}]
    for seed in range(5):
        read = texts(rows, dev_share=0.2, seed=seed, columns=ColumnChoice(group="who"))
        trained = [e.row for e in read.data.examples]
        assert read.data.dev
        assert not {row.group for row in trained} & {row.group for row in read.data.dev}
        assert {row.label for row in trained} == {0, 1, 2}
        assert read.train.group_column == "who"
        plain = texts(rows, dev_share=0.5, seed=seed)
        assert not {e.row.text for e in plain.data.examples} & {row.text for row in plain.data.dev}
        assert {e.row.label for e in plain.data.examples} == {0, 1, 2}
    large = [{"text": f"row {i}", "label": "ab"[i // 30], "who": i % 3} for i in range(60)]
    assert len(texts(large, dev_share=0.1, columns=ColumnChoice(group="who")).data.dev) == 20
    assert texts(large, dev=labelled(["a", "b"]), columns=ColumnChoice(group="who")).dev.group_column is None
    lonely = texts(labelled(["a", "b"]), dev_share=0.5)
    assert not lonely.data.dev
    assert "No row could be held back" in step(lonely, "split").notes[0]


def test_each_tag_keeps_a_sentence_to_train_on():
    rows = [{"tokens": ["Anna", str(i)], "ner_tags": ["B-PER", "O"]} for i in range(4)]
    rows += [{"tokens": ["Ulm"], "ner_tags": ["B-LOC"]}]
    for seed in range(6):
        read = tags(rows, dev_share=0.5, seed=seed)
        assert len(read.data.dev) == 2
        assert any("B-LOC" in names for _, names in said(read))


def test_an_audit_of_the_same_file_reads_the_same_rows(tmp_path):
    path = tmp_path / "eng.conll"
    path.write_bytes(conll("I") + b"Li NNP I-NP I-PER\nB NNP I-NP B-\n\n-DOCSTART- -X- O O\n\n" + conll("I"))
    read = tags(path, dev_share=0.4)
    labels = read.data.labels
    model = compact_model(["Anna saw Berlin"], labels=labels, task="token-classification", layers=1, hidden=16, seed=1)
    audited = build_subject(open_model(model), data=path, device="cpu")
    info = audited.info.evaluation
    assert (info.sha256, info.rows) == (read.train.rows_sha256, read.train.rows)
    broken = "rows with tags that break their scheme (read as they stand)"
    assert info.set_aside[broken] == 1
    assert read.train.path == str(path)
    assert read.train.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read.train.bytes == path.stat().st_size
    table = read_table(path, name=path.name).without(read.train.held_back)
    trained = build_subject(open_model(model), data=table, device="cpu").data.evaluation
    assert trained == tuple(e.row for e in read.data.examples)
    again = table.without(read.train.held_back)
    assert [again.row_id(i) for i in range(len(again))] == [row.id for row in trained]
    whole = build_subject(open_model(model), data=read_table(path, name="t").without([3]), device="cpu")
    assert broken not in whole.info.evaluation.set_aside
    with pytest.raises(DataInputError, match="no row is left"):
        table.without(range(9))


def test_train_and_dev_of_one_file_name_keep_their_rows_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "r.csv").write_text("text,label\nx one,1\ny two,0\n")
    read = texts(tmp_path / "a" / "r.csv", dev=tmp_path / "b" / "r.csv")
    assert [row.id for row in read.data.dev] == ["dev/r.csv:1", "dev/r.csv:2"]
    assert read.dev.path == str(tmp_path / "b" / "r.csv")
    assert read.dev.held_back == read.train.held_back == ()


def test_a_number_sign_that_begins_a_sentence_is_a_word_and_a_document_ends_the_one_before(tmp_path):
    (tmp_path / "a.txt").write_text(
        "# id = 7\n# text = B-52\n# # B-NP O\nOslo NN I-NP I-LOC\n"
        "-DOCSTART- -X- -X- O\nBell NN I-NP I-PER\n\n# # B-NP O\n"
    )
    expected = [("# Oslo", ["O", "B-LOC"]), ("Bell", ["B-PER"]), ("#", ["O"])]
    assert said(tags(tmp_path / "a.txt", dev_share=0)) == expected
