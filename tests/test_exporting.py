"""Rows that an audit writes for another group, to train on."""

import csv
import json

import pytest

from modelaudit import Audit
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.substitution import design_of
from modelaudit.errors import InputError, OutputError
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger
from modelaudit.text import LANGUAGES, Document, apply, load_names, to_group

BIAS = "modelaudit/counterfactual-substitution"
WORDS = {"excellent": 1.0, "good": 0.5, "poor": -1.0}


@pytest.fixture(scope="module")
def audited():
    """An audit of a classifier that heeds "she", with training rows that also name persons, and its outcome."""
    model, tokenizer = planted_classifier(WORDS, shifts={"she": 1.5})
    mentions = ("she", "he", "Maria", "James")
    audit = Audit(
        model,
        planted_rows(160, 1, words=WORDS, mentions=mentions),
        train_data=[
            {**row, "source": f"file {n}"} for n, row in enumerate(planted_rows(80, 2, words=WORDS, mentions=mentions))
        ],
        tokenizer=tokenizer,
        preset="quick",
        device="cpu",
    )
    return audit, audit.run(only=[BIAS])


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_what_exceeds_its_limit_is_written_once_more_with_its_label(audited, tmp_path):
    audit, outcome = audited
    path = tmp_path / "more.csv"
    assert audit.export_counterfactuals(outcome, path) == len(read(path)) > 10
    training = {row.id: row for row in audit.subject.data.members}
    for row in read(path):
        original = training[row["counterfactual_of"]]
        assert row["label"] == audit.subject.model.labels[original.label]
        assert row["source"] == original.columns["source"]
        assert row["text"] != original.text
    swapped = [row for row in read(path) if row["counterfactual_attribute"] == "gender words"]
    assert len(swapped) > 10
    for row in swapped:
        original = training[row["counterfactual_of"]]
        group, other = row["counterfactual_group"], {"female": "male", "male": "female"}[row["counterfactual_group"]]
        assert to_group(Document(row["text"]), group).edits == ()
        assert [edit.text for edit in to_group(Document(original.text), group).edits]
        assert apply(Document(row["text"]), to_group(Document(row["text"]), other).edits).document.text == original.text


def test_names_of_the_test_are_held_out(audited, tmp_path):
    audit, outcome = audited
    path = tmp_path / "more.jsonl"
    audit.export_counterfactuals(outcome, path, attributes=["gender", "ethnicity", "intersection"])
    written = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    named = [row for row in written if row["counterfactual_attribute"] == "first names"]
    design = design_of(audit.subject.model, CounterfactualSubstitution().options(), seed=audit.seed)
    topics = {"gender", "ethnicity", "intersection"}
    used = frozenset().union(*(each.names_used(design) for each in attributes_of(LANGUAGES["en"], topics)))
    assert len(used) > 150
    lexicon = {name.name for name in load_names()}
    put_in = {
        word for row in named for word in row["text"].replace(".", "").replace(",", "").split() if word in lexicon
    }
    assert len(put_in) > 8
    assert not put_in & used
    assert len({row["counterfactual_group"] for row in named}) > 4


def test_tags_follow_their_words(tmp_path):
    lexicon = {"James": "B-PER", "Paris": "B-LOC", "Acme": "B-ORG"} | {name.name: "B-PER" for name in load_names()}
    model, tokenizer = planted_tagger(lexicon, missed={name.name for name in load_names() if name.gender == "female"})
    audit = Audit(model, planted_tag_rows(60, 1, lexicon=lexicon), tokenizer=tokenizer, preset="quick", device="cpu")
    path = tmp_path / "more.jsonl"
    audit.export_counterfactuals(audit.run(only=[BIAS]), path)
    originals = {row.id: row for row in audit.subject.data.evaluation}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        original = originals[row["counterfactual_of"]]
        assert row["ner_tags"] == [audit.subject.model.labels[tag] for tag in original.tags]
        changed = [new for new, old in zip(row["tokens"], original.words, strict=True) if new != old]
        assert len(changed) == 1
        assert row["ner_tags"][row["tokens"].index(changed[0])] == "B-PER"
    with pytest.raises(OutputError, match="jsonl"):
        audit.export_counterfactuals(audit.run(only=[BIAS]), tmp_path / "more.csv")


def test_the_same_seed_gives_the_same_bytes(audited, tmp_path):
    audit, outcome = audited
    for name in ("a.csv", "b.csv"):
        audit.export_counterfactuals(outcome, tmp_path / name, attributes="gender")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_nothing_to_mend_and_unknown_choices_are_refused_with_what_to_do(tmp_path):
    model, tokenizer = planted_classifier(WORDS)
    rows = planted_rows(80, 1, words=WORDS, mentions=("she", "he"))
    audit = Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cpu")
    outcome = audit.run(only=[BIAS])
    with pytest.raises(InputError, match="nothing to mend"):
        audit.export_counterfactuals(outcome, tmp_path / "more.csv")
    with pytest.raises(InputError, match="choose from gender"):
        audit.export_counterfactuals(outcome, tmp_path / "more.csv", attributes=["sex"])
    with pytest.raises(InputError, match="none speaks of it"):
        audit.export_counterfactuals(outcome, tmp_path / "more.csv", attributes=["religion"])
    with pytest.raises(OutputError, match="no format"):
        audit.export_counterfactuals(outcome, tmp_path / "more.txt", attributes=["gender"])
    assert audit.export_counterfactuals(outcome, tmp_path / "more.tsv", attributes=["gender"]) == 80
    assert not (tmp_path / "more.csv").exists()


def test_names_of_the_test_are_held_out_whatever_is_written(audited, tmp_path):
    audit, outcome = audited
    design = design_of(audit.subject.model, CounterfactualSubstitution().options(), seed=audit.seed)
    used = frozenset().union(*(each.names_used(design) for each in attributes_of(LANGUAGES["en"], TOPICS)))
    for topic in ("gender", "ethnicity"):
        path = tmp_path / f"{topic}.jsonl"
        audit.export_counterfactuals(outcome, path, attributes=topic)
        words = {
            word.strip(".,")
            for line in path.read_text(encoding="utf-8").splitlines()
            for word in json.loads(line)["text"].split()
        }
        assert not words & used


def test_either_gender_is_written_with_every_ethnic_group(tmp_path):
    model, tokenizer = planted_classifier(WORDS)
    rows = [{"text": f"{('James', 'Maria')[n % 2]} found letter {n} good.", "label": n % 2} for n in range(80)]
    audit = Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cpu")
    path = tmp_path / "more.jsonl"
    audit.export_counterfactuals(audit.run(only=[BIAS]), path, attributes="gender")
    groups = [json.loads(line)["counterfactual_group"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert {groups.count(group) for group in groups} == {10}
    assert len(set(groups)) == 8


def test_a_row_is_not_written_where_the_label_or_the_rest_of_it_would_be_false(tmp_path):
    model, tokenizer = planted_classifier(WORDS, labels=("male", "female"))
    rows = [{"text": f"She said that letter {n} was good.", "label": "female"} for n in range(40)]
    rows += [{"text": f"James lost letter {n}, and she told him.", "label": "male"} for n in range(40)]
    audit = Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cpu")
    outcome = audit.run(only=[BIAS])
    with pytest.raises(InputError, match="gendered words beside the name"):
        audit.export_counterfactuals(outcome, tmp_path / "more.jsonl", attributes="gender")
    with pytest.raises(InputError, match="give a list"):
        audit.export_counterfactuals(outcome, tmp_path / "more.jsonl", attributes=7)
