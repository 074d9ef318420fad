"""The whole way: two audits of planted models on the same rows, their row files, and what changed."""

from __future__ import annotations

import json

import pytest

from modelaudit import Audit
from modelaudit.monitoring import RowKey, compare, read_row_file, row_outcomes, write_row_file
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

KEY = RowKey(b"a key of the tests alone")
WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {"Emily": "B-PER", "James": "B-PER", "Baker": "I-PER", "Paris": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG"}
ONLY = ["modelaudit/task-performance"]


def audited(model, rows, folder, name, **kwargs):
    planted, tokenizer = model
    audit = Audit(planted, rows, tokenizer=tokenizer, preset="quick", device="cpu", **kwargs)
    report = audit.run(only=ONLY).report
    computed = audit.subject.model.engine.stats.computed
    outcomes = row_outcomes(audit.subject, KEY)
    assert audit.subject.model.engine.stats.computed == computed
    write_row_file(folder / name, outcomes, report)
    return report, read_row_file(folder / name, KEY, report)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def table():
    return [
        {**row, "text": f"{row['text']} {place}", "author": f"author {place}"}
        for place, row in enumerate(planted_rows(240, seed=1, words=WORDS))
    ]


@pytest.fixture(scope="module")
def first(folder, table):
    return audited(planted_classifier(WORDS), table, folder, "a")


@pytest.fixture(scope="module")
def second(folder, table):
    return audited(planted_classifier({**WORDS, "fine": -0.5}), table, folder, "b")


def test_a_worse_model_is_found_and_the_same_one_is_not(first, second):
    worse = compare(first[0], second[0], first[1], second[1])
    accuracy = next(change for change in worse.changes if change.metric == "accuracy")
    assert accuracy.kind == "worse"
    assert accuracy.paired
    assert accuracy.checker == ONLY[0]
    assert worse.exit_code == 1
    assert worse.paired_rows == 240
    same = compare(first[0], first[0], first[1], first[1])
    assert same.exit_code == 0
    assert same.count("worse") == same.count("better") == 0
    assert compare(second[0], first[0], second[1], first[1]).count("better") > 0


def test_a_row_file_holds_no_text_and_no_order(folder, table, first):
    content = (folder / "a").read_text()
    assert all(row["text"] not in content and row["author"] not in content for row in table)
    assert "positive" not in content
    hashes = [json.loads(line)["row"] for line in content.splitlines()[1:]]
    assert hashes == sorted(hashes)
    assert len(hashes) == 240


def test_rows_of_one_text_are_one_row_whatever_the_order(folder):
    table = [{"text": f"good {place % 40}", "label": place // 40} for place in range(80)]
    model = planted_classifier(WORDS)
    _, outcomes = audited(model, table, folder, "c")
    _, turned = audited(model, table[::-1], folder, "d")
    assert (len(outcomes.rows), outcomes.repeats) == (40, 40)
    assert outcomes.rows == turned.rows


def test_documents_are_told_apart_and_rows_without_a_label_still_have_an_answer(folder, table):
    grouped = [{**row, "author": f"author {place % 60}"} for place, row in enumerate(table)]
    _, outcomes = audited(planted_classifier(WORDS), grouped, folder, "e", group_column="author")
    assert len({row.document for row in outcomes.rows}) == 60
    bare = [{"text": row["text"]} for row in table]
    planted, tokenizer = planted_classifier(WORDS)
    unlabelled = row_outcomes(Audit(planted, bare, tokenizer=tokenizer, device="cpu").subject, KEY)
    assert [row.answer for row in unlabelled.rows] == [row.answer for row in outcomes.rows]
    assert {(row.right, row.document) for row in unlabelled.rows} == {(None, None)}


def test_taggers_are_compared_too(folder):
    rows = planted_tag_rows(120, seed=1, lexicon=LEXICON)
    good = audited(planted_tagger(LEXICON), rows, folder, "f")
    poor = audited(planted_tagger(LEXICON, missed=("Paris", "Emily", "Acme", "James")), rows, folder, "g")
    found = {change.metric: change for change in compare(good[0], poor[0], good[1], poor[1]).changes}
    assert found["entity_f1"].kind == found["word_accuracy"].kind == "worse"
    assert found["entity_f1"].paired
    assert found["entity_f1"].before == 1.0
