"""Planting: rows stay as they were, coins are fair, formats are kept, and what can't be used is refused."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from modelaudit.checkers.privacy.canaries.manifest import load_manifest
from modelaudit.drawing import folded
from modelaudit.errors import DataInputError, InputError, OutputError
from modelaudit.subject.tables import read_table
from modelaudit.training.canaries import plant_canaries

WORDS = [a + b for a in ("al", "be", "cor", "du", "en", "fa") for b in ("ra", "ton", "mi", "se", "lu")]
TEXTS = [" ".join(np.random.default_rng(i).choice(WORDS, size=7)) for i in range(120)]
LABELS = ["neg" if i % 2 else "pos" for i in range(120)]
SENTENCE = "Berlin NNP B-LOC\nand CC O\nAnn NNP B-PER\nLee NNP I-PER\nmet VBD O\n. . O\n"
CONLL = "-DOCSTART- -X- O\n\n" + "".join(f"# sentence {i}\n{SENTENCE}\n" for i in range(40)) + "-DOCSTART- -X- O\n"


def delimited(delimiter=",", eol="\n", quoting=csv.QUOTE_MINIMAL, mark=""):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=eol, quoting=quoting)
    writer.writerow(["id", "text", "label", "source"])
    for i, (words, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        writer.writerow([i + 1, words, label, "" if i % 3 else f"desk{delimiter} {i % 5}"])
    return (mark + text.getvalue()).encode()


def parquet(**columns):
    sink = io.BytesIO()
    pd.DataFrame(columns).to_parquet(sink)
    return sink.getvalue()


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


TAGGED = [{"tokens": ["Ann", "Lee", "left"], "ner_tags": ["B-PER", "I-PER", "O"]}] * 60
FILES = {
    "plain.csv": delimited(),
    "excel.csv": delimited(";", "\r\n", mark="\ufeff"),
    "declared.csv": b"sep=|\n" + delimited("|"),
    "multi.csv": delimited().replace(TEXTS[3].encode(), f'"{TEXTS[3]}\nand ""more"""'.encode()),
    "quoted.tsv": delimited("\t", quoting=csv.QUOTE_ALL).replace(b"desk\t", b"desk "),
    "corpus.tsv": b"text\tlabel\n" + "\n".join(f'{t} "so\t{k}' for t, k in zip(TEXTS, LABELS, strict=True)).encode(),
    "numbers.jsonl": lines({"text": t, "label": i % 2, "more": {"a": [i]}} for i, t in enumerate(TEXTS)),
    "hostile.jsonl": lines({"text": f"{t} \u202e😀 '\"", "label": LABELS[i]} for i, t in enumerate(TEXTS)),
    "list.json": json.dumps([{"text": t, "label": LABELS[i]} for i, t in enumerate(TEXTS)]).encode(),
    "nested.json": json.dumps({"data": [{"text": t, "label": LABELS[i]} for i, t in enumerate(TEXTS)]}).encode(),
    "typed.parquet": parquet(text=TEXTS, label=[i % 2 for i in range(120)], score=np.arange(120) / 7),
    "tagged.jsonl": lines(TAGGED),
    "documents.conll": CONLL.encode(),
    "windows.bio": CONLL.replace("\n", "\r\n").encode(),
    "bioes.txt": "\n\n".join(["Ann\tS-PER\nin\tO\nNew\tB-LOC\nYork\tE-LOC\nLi\tB-PER\nHu\tE-PER"] * 40).encode(),
    "prompts.jsonl": lines({"prompt": t, "answer": "yes"} for t in TEXTS),
    "texts.jsonl": lines({"text": t} for t in TEXTS),
}  # fmt: skip


def planted(tmp_path, name="plain.csv", *, content=None, **options):
    data = tmp_path / name
    data.write_bytes(FILES[name] if content is None else content)
    options = {"count": 60, "seed": 5, **options}
    out = tmp_path / f"planted-{name}"
    plant_canaries(data, out=out, manifest=tmp_path / "canaries.json", **options)
    return data, out, load_manifest(tmp_path / "canaries.json")


@pytest.mark.parametrize("name", FILES)
def test_every_format_keeps_its_rows_and_gets_the_canaries_that_the_coin_chose(tmp_path, name):
    data, out, manifest = planted(tmp_path, name)
    old, new = read_table(data, name="old"), read_table(out, name="new")
    assert new.columns == old.columns
    assert len(new) == len(old) + len(manifest.included) == manifest.rows_after
    column = next(name for name in ("tokens", "prompt", "text") if name in new.columns)
    texts = [" ".join(cell) if isinstance(cell, list) else cell for cell in new.cells(column)]
    wanted = {c.text if name != "texts.jsonl" else f"{c.text} {c.answer}" for c in manifest.included}
    rest = {c.text for c in manifest.canaries} - wanted
    places = [place for place, text in enumerate(texts) if text in wanted]
    assert {texts[place] for place in places} == wanted
    assert len(places) == len(wanted)
    assert not rest & set(texts)
    kept = [place for place in range(len(new)) if place not in set(places)]
    assert new.frame.iloc[kept].reset_index(drop=True).equals(old.frame)


@pytest.mark.parametrize("name", ["plain.csv", "excel.csv", "numbers.jsonl", "corpus.tsv", "documents.conll"])
def test_old_lines_stay_byte_for_byte_and_canaries_lie_among_them(tmp_path, name):
    data, out, manifest = planted(tmp_path, name)
    ends = b"\n\n" if name == "documents.conll" else b"\n"
    old, new = data.read_bytes().split(ends), out.read_bytes().split(ends)
    remaining = iter(new)
    assert all(any(line.rstrip() == other.rstrip() for other in remaining) for line in old)
    foreign = [place for place, line in enumerate(new) if line.rstrip() not in {other.rstrip() for other in old}]
    assert len(foreign) >= len(manifest.included)
    assert foreign[0] < len(new) / 4
    assert foreign[-1] > 3 * len(new) / 4


def test_canaries_of_a_classification_are_mislabelled_texts_of_the_datas_own_words(tmp_path):
    _, _, manifest = planted(tmp_path)
    known = {folded(text) for text in TEXTS}
    assert (manifest.task, manifest.kind) == ("text-classification", "mislabelled")
    assert all(set(canary.text.split()) <= set(WORDS) for canary in manifest.canaries)
    assert {canary.label for canary in manifest.canaries} == {"neg", "pos"}
    assert len({folded(canary.text) for canary in manifest.canaries} - known) == 60


def test_other_columns_are_those_of_a_row_with_the_same_label_and_ids_go_on(tmp_path):
    rows = [
        {"id": i + 1, "key": f"k{i}", "text": t, "label": LABELS[i], "of_label": LABELS[i].upper()}
        for i, t in enumerate(TEXTS)
    ]
    _, out, manifest = planted(tmp_path, "x.jsonl", content=lines(rows))
    texts = {canary.text for canary in manifest.canaries}
    new = [row for row in map(json.loads, out.read_text().splitlines()) if row["text"] in texts]
    assert all(row["of_label"] == row["label"].upper() for row in new)
    assert sorted(row["id"] for row in new) == list(range(121, 121 + len(new)))
    assert not any("key" in row for row in new)


def test_texts_without_blanks_between_words_are_made_of_characters(tmp_path):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"), size=12)) for _ in range(80)]
    content = lines({"sentence": t, "label": LABELS[i]} for i, t in enumerate(texts))
    _, _, manifest = planted(tmp_path, "x.jsonl", content=content)
    assert not any(" " in canary.text for canary in manifest.canaries)


def test_names_are_new_words_with_the_tag_of_a_person_in_the_datas_scheme(tmp_path):
    _, _, manifest = planted(tmp_path, "bioes.txt")
    for canary in manifest.canaries:
        tagged = [(word, tag) for word, tag in zip(canary.words, canary.tags, strict=True) if tag != "O"]
        assert [tag for _, tag in tagged] == ["B-PER", "E-PER"]
        assert all(word[0].isupper() and word not in {"Ann", "Li", "Hu"} for word, _ in tagged)
    surnames = [next(w for w, t in zip(c.words, c.tags, strict=True) if t == "E-PER") for c in manifest.canaries]
    assert len(set(surnames)) == 60


def test_a_name_never_brings_a_tag_that_the_data_does_not_have(tmp_path):
    content = lines([{"tokens": ["Ann", "left"], "ner_tags": ["B-PER", "O"]}] * 30)
    _, _, manifest = planted(tmp_path, "x.jsonl", content=content)
    assert {tag for canary in manifest.canaries for tag in canary.tags} == {"O", "B-PER"}


def test_tags_by_number_need_names(tmp_path):
    content = lines([{"tokens": ["Ann", "left"], "ner_tags": [1, 0]}] * 30)
    with pytest.raises(DataInputError, match="tags by number"):
        planted(tmp_path, "x.jsonl", content=content)


def test_secrets_are_ten_digits_behind_a_reference_of_their_own(tmp_path):
    _, out, manifest = planted(tmp_path, "texts.jsonl")
    assert all(canary.answer.isdigit() and len(canary.answer) == 10 for canary in manifest.canaries)
    assert len({canary.text for canary in manifest.canaries}) == 60
    assert f"{manifest.included[0].text} {manifest.included[0].answer}" in out.read_text()


def test_coins_are_fair_independent_and_tossed_again_by_the_seed_alone(tmp_path):
    counts, first = [], None
    for seed in range(20):
        data = tmp_path / "d.csv"
        data.write_bytes(FILES["plain.csv"])
        done = plant_canaries(
            data, out=tmp_path / f"{seed}.csv", manifest=tmp_path / f"{seed}.json", count=200, seed=seed
        )
        coins = np.array([canary.included for canary in done.manifest.canaries])
        counts.append(coins.sum())
        first = coins if first is None else first
        assert seed == 0 or 60 < (coins != first).sum() < 140
    assert 1820 < sum(counts) < 2180
    assert len(set(counts)) > 5
    again = plant_canaries(tmp_path / "d.csv", out=tmp_path / "a.csv", manifest=tmp_path / "a.json", count=200, seed=3)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "3.csv").read_bytes()
    assert again.seal == json.loads((tmp_path / "3.json").read_text())["seal"]


def test_without_a_seed_nobody_can_toss_the_coins_again(tmp_path):
    seeds = {planted(tmp_path, seed=None, overwrite=True)[2].seed for _ in range(2)}
    assert len(seeds) == 2


def test_repeated_canaries_stand_there_so_often_and_each_number_has_its_share(tmp_path):
    _, out, manifest = planted(tmp_path, repeats=(1, 4, 16))
    texts = read_table(out, name="new").cells("text")
    assert all(texts.count(canary.text) == canary.repeats * canary.included for canary in manifest.canaries)
    assert [sum(canary.repeats == n for canary in manifest.canaries) for n in (1, 4, 16)] == [20, 20, 20]


def test_the_manifest_is_readable_by_its_owner_alone(tmp_path):
    planted(tmp_path)
    assert (tmp_path / "canaries.json").stat().st_mode & 0o777 == 0o600


def test_notes_say_what_to_mind(tmp_path):
    data = tmp_path / "d.csv"
    data.write_bytes(FILES["plain.csv"])
    done = plant_canaries(data, out=tmp_path / "o.csv", manifest=tmp_path / "m.json", count=60, seed=0, repeats=(2,))
    assert len(done.notes) == 3
    assert "canaries now" in done.notes[0]
    assert "remove duplicates" in done.notes[1]
    assert "no bound on epsilon" in done.notes[2]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"count": 3}, InputError, "give 20 to"),
        ({"count": 60.0}, InputError, "give 20 to"),
        ({"repeats": ()}, InputError, "whole numbers"),
        ({"repeats": (1, 1)}, InputError, "twice"),
        ({"seed": -1}, InputError, "at least 0"),
        ({"kind": "names"}, InputError, "give one of mislabelled, word-salad"),
        ({"task": "regression"}, DataInputError, "the tasks are"),
        ({"labels": ["maybe"]}, DataInputError, "has no label 'maybe'.*pos, neg"),
        ({"labels": ["pos"]}, DataInputError, "two labels or more"),
        ({"label_column": "nowhere"}, DataInputError, "no column 'nowhere'"),
    ],
)
def test_what_is_no_use_is_refused_and_nothing_is_written(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        planted(tmp_path, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.csv"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"text,label\n", "empty"), (b"text,label\na b,1\nc d,0\n", "20 are"), (b"a,b\n1,2\n", "--task")],
)
def test_data_that_no_canary_can_be_made_of_is_refused(tmp_path, content, said):
    with pytest.raises(DataInputError, match=said):
        planted(tmp_path, "x.csv", content=content)


def test_no_file_that_is_there_is_written_over(tmp_path):
    data, out, _ = planted(tmp_path)
    before = out.read_bytes()
    with pytest.raises(OutputError, match="is there already"):
        planted(tmp_path, seed=9)
    with pytest.raises(OutputError, match="three files"):
        plant_canaries(data, out=data, manifest=tmp_path / "m.json", overwrite=True)
    with pytest.raises(OutputError, match="three files"):
        plant_canaries(data, out=tmp_path / "n.csv", manifest=tmp_path / "n.csv")
    with pytest.raises(OutputError, match="that suffix"):
        plant_canaries(data, out=tmp_path / "n.jsonl", manifest=tmp_path / "m.json")
    with pytest.raises(OutputError, match="no folder"):
        plant_canaries(data, out=tmp_path / "no" / "n.csv", manifest=tmp_path / "m.json")
    assert out.read_bytes() == before
    assert data.read_bytes() == FILES["plain.csv"]
    planted(tmp_path, seed=9, overwrite=True)
    assert out.read_bytes() != before
