"""Personal data in the rows: shares by table, counts by kind, ids and no text, names apart, bad options refused."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import replace

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit import Audit
from modelaudit.checker import Budget, Data, Row
from modelaudit.checkers.privacy.personal.findings import share_finding
from modelaudit.checkers.privacy.personal.personal_data import PersonalData, _most_rows
from modelaudit.checkers.privacy.personal.scan import NAME, Hits, built_in, scan
from modelaudit.errors import InputError, NotAssessable
from modelaudit.evidence import Examples, Table, redacted
from modelaudit.plan import configured
from modelaudit.plugins import Plugins
from modelaudit.statistics import clopper_pearson_interval
from modelaudit.testing.planted import planted_classifier, planted_tag_rows, planted_tagger

WORDS = {"good": 2.0, "bad": -2.0}
LEXICON = {"Emily": "B-PER", "Maria": "B-PER", "Lopez": "I-PER", "Oslo": "B-LOC", "Acme": "B-ORG"}
TRAINING = ("rows_with_personal_data", "training rows")
EVALUATION = ("rows_with_personal_data", "evaluation rows")
HELDOUT = ("rows_with_personal_data", "held-out rows")
CASE = 90_000_000


def rows_of(n: int, *, personal: int, first: int = 0) -> list[dict[str, object]]:
    """Rows of which the first `personal` hold an e-mail address, and every other of these a phone number as well."""
    rows = []
    for place in range(n):
        detail = f" mail secret.person{place}@example.org" if place < personal else ""
        detail += " or call 020 7946 0958" if place < personal and place % 2 else ""
        rows.append({"text": f"good file {CASE + first + place}{detail}", "label": place % 2})
    return rows


def table_of(finding) -> dict[str, tuple[int, int, int]]:
    [table] = [item for item in finding.evidence if isinstance(item, Table)]
    assert not table.holds_text
    return {kind: tuple(counts) for kind, *counts in table.rows}


def named_rows(finding) -> Examples:
    [examples] = [item for item in finding.evidence if isinstance(item, Examples)]
    return examples


@pytest.fixture(scope="module")
def model():
    return planted_classifier(WORDS)


def test_the_share_of_rows_is_counted_for_each_table_with_its_exact_interval(model):
    subject = subject_of(
        model,
        data=rows_of(200, personal=0, first=1_000),
        train_data=rows_of(300, personal=30),
        heldout_data=rows_of(50, personal=5, first=5_000),
    )
    found = findings_of(PersonalData(), subject)
    assert list(found) == [TRAINING, EVALUATION, HELDOUT]
    assert all(finding.metric.primary and finding.metric.better == "lower" for finding in found.values())
    training = found[TRAINING].metric
    assert (training.value, training.n) == (0.1, 300)
    assert next((b.low, b.high) for b in training.bounds if b.level == 0.95) == pytest.approx(
        clopper_pearson_interval(30, 300), abs=1e-6
    )
    assert exceeds(found[TRAINING], 0.01)
    assert "10.0% of the 300 training rows (30; 95% interval" in found[TRAINING].statement
    assert "e-mail address in 30 rows, phone number in 15 rows" in found[TRAINING].statement
    assert table_of(found[TRAINING]) == {"e-mail address": (30, 30, 30), "phone number": (15, 15, 1)}
    assert found[EVALUATION].metric.value == 0.0
    assert "In none of the 200 evaluation rows" in found[EVALUATION].statement
    assert found[EVALUATION].metric.smallest_detectable == pytest.approx(1 - 0.2 ** (1 / 200))
    assert found[HELDOUT].metric.value == 0.1


def test_rows_are_named_by_id_and_none_of_their_text_is_anywhere_even_where_text_is_shown(model):
    subject = subject_of(model, data=rows_of(40, personal=3), train_data=rows_of(250, personal=120, first=500))
    found = findings_of(PersonalData(), subject)
    for finding in found.values():
        for item in finding.evidence:
            written = redacted(item, show_text=True).model_dump_json()
            assert "secret" not in written
            assert "7946" not in written
        assert "secret" not in finding.model_dump_json()
    listed = named_rows(found[TRAINING])
    assert listed.private
    assert len(listed.items) == 100
    assert "20 more are not listed" in listed.selection
    # Every other row has two details; those stand first.
    assert all(item.outcome == "e-mail address, phone number" for item in listed.items[:60])
    ids = {row.id for row in subject.data.members}
    assert {item.row for item in listed.items} <= ids


def test_without_training_rows_the_evaluation_rows_are_searched_and_the_note_says_what_to_give(model):
    subject = subject_of(model, data=rows_of(60, personal=6))
    ctx = context_of(subject, PersonalData())
    found = list(PersonalData().run(ctx))
    assert [(finding.metric.id, finding.metric.group) for finding in found] == [EVALUATION]
    assert any("--train-data" in note for note in ctx.notes)
    assert PersonalData().cost(subject.info).evaluations == 0
    assert PersonalData().info.needs == ()


def test_the_model_is_never_asked(model):
    subject = subject_of(model, data=rows_of(30, personal=3), train_data=rows_of(30, personal=3, first=100))
    before = subject.engines[0].stats.tokens
    findings_of(PersonalData(), subject)
    assert subject.engines[0].stats.tokens == before


def test_names_that_labels_mark_are_counted_apart_and_not_judged():
    data = planted_tag_rows(120, 1, lexicon=LEXICON)
    data[0]["tokens"], data[0]["ner_tags"] = ["Mail", "emily@example.org", "now"], ["O", "O", "O"]
    subject = subject_of(planted_tagger(LEXICON), data=data, train_data=planted_tag_rows(80, 2, lexicon=LEXICON))
    found = findings_of(PersonalData(), subject)
    names = found["rows_with_named_persons", "evaluation rows"]
    persons = sum(any(tag.endswith("PER") for tag in row["ner_tags"]) for row in data)
    assert names.metric.value == pytest.approx(persons / 120)
    assert (names.metric.primary, names.metric.better) == (False, "neither")
    [(kind, (in_rows, matches, different))] = table_of(names).items()
    assert kind == NAME
    assert in_rows == persons <= matches
    assert different <= 5
    assert "Emily" not in names.model_dump_json()
    assert found[EVALUATION].metric.value == pytest.approx(1 / 120), "names stay out of the judged share"
    assert any("came as words" in caveat for caveat in found[EVALUATION].caveats)


def test_a_prompt_and_its_answer_are_read_as_the_one_text_that_they_are():
    rows = [
        Row("t:1", "Her number is +44 20 79", answer="46 0958."),
        Row("t:2", "Her number is secret.", answer=" Ask anna@example.org"),
        Row("t:3", "None", answer=None),
    ]
    found = scan("training rows", rows, built_in, labels=())
    assert {row.row: dict(row.kinds) for row in found.marked} == {
        "t:1": {"phone number": 1},
        "t:2": {"e-mail address": 1},
    }
    assert found.named is None


def test_one_number_in_two_ways_of_writing_is_one_value():
    texts = ["call +44 20 7946 0958", "call +44-20-7946-0958", "ANNA@EXAMPLE.ORG", "anna@example.org anna@example.org"]
    rows = [Row(f"t:{place}", text) for place, text in enumerate(texts)]
    kinds = scan("training rows", rows, built_in, labels=()).kinds
    assert (kinds["phone number"].rows, kinds["phone number"].matches, kinds["phone number"].values) == (2, 2, 1)
    assert (kinds["e-mail address"].rows, kinds["e-mail address"].matches, kinds["e-mail address"].values) == (2, 3, 1)


def test_the_preset_quick_draws_by_content_and_says_so(model):
    subject = subject_of(model, data=rows_of(30, personal=1), train_data=rows_of(30, personal=3, first=50))
    many = tuple(Row(f"m:{place}", f"anna{place}@example.org" if place < 400 else "file") for place in range(10_400))
    data = replace(subject.data, members=many)
    quick = replace(context_of(subject, PersonalData(), data=data), budget=Budget("quick"))
    [training, _] = PersonalData().run(quick)
    assert training.metric.n == _most_rows(Budget("quick")) == 10_000
    assert any("Of 10,400 training rows 10,000 were drawn" in caveat for caveat in training.caveats)
    turned = replace(quick, data=backwards(data))
    assert next(iter(PersonalData().run(turned))) == training
    [standard, _] = PersonalData().run(context_of(subject, PersonalData(), data=data))
    assert standard.metric.n == 10_400


def test_the_order_of_rows_in_memory_changes_nothing(model):
    subject = subject_of(model, data=rows_of(50, personal=9), train_data=rows_of(150, personal=60, first=90))
    one = list(PersonalData().run(context_of(subject, PersonalData())))
    assert one == list(PersonalData().run(context_of(subject, PersonalData(), data=backwards(subject.data))))


def test_hostile_rows_go_through(model):
    hostile = [
        "<script>",
        "\u202eevil",
        "\x00\x07",
        "",
        "\ud800 lone a@b.example",
        "😀" * 50,
        "1 " * 4_000,
        "@" * 5_000,
    ]
    rows = tuple(Row(f"h:{place}", text) for place, text in enumerate(hostile))
    subject = subject_of(model, data=rows_of(20, personal=0))
    [finding] = PersonalData().run(context_of(subject, PersonalData(), data=Data(evaluation=rows)))
    assert finding.metric.value == pytest.approx(1 / 8)
    finding.model_dump_json().encode()


def test_rows_of_one_document_count_for_as_much_as_they_tell(model):
    rows = [{**row, "document": f"d{place // 5}"} for place, row in enumerate(rows_of(50, personal=5))]
    subject = subject_of(model, data=rows, group_column="document")
    found = findings_of(PersonalData(), subject)
    assert any("10 documents, persons or contexts" in caveat for caveat in found[EVALUATION].caveats)
    plain = findings_of(PersonalData(), subject_of(model, data=rows))[EVALUATION].metric
    (low, high), (alone_low, alone_high) = (
        next((bound.low, bound.high) for bound in metric.bounds if bound.level == 0.95)
        for metric in (found[EVALUATION].metric, plain)
    )
    assert found[EVALUATION].metric.value == plain.value
    assert low < 0.5 * alone_low
    assert high > 1.5 * alone_high
    assert found[EVALUATION].metric.smallest_detectable > 3 * plain.smallest_detectable
    turned = context_of(subject, PersonalData(), data=backwards(subject.data))
    assert next(iter(PersonalData().run(turned))) == found[EVALUATION]


def test_the_order_of_rows_of_documents_changes_no_bit():
    draw = np.random.default_rng(0)
    rows = [Row(str(place), "", group=f"d{int(draw.integers(12))}") for place in range(100)]
    held = draw.random(100) < 0.3
    one = Hits.of(rows, held.tolist())
    for _ in range(5):
        order = draw.permutation(100).tolist()
        other = Hits.of([rows[place] for place in order], held[order].tolist())
        assert (other.found == one.found).all()
        assert (other.documents == one.documents).all()


def test_questions_on_one_context_count_as_one_document():
    rows = [
        Row(
            f"{at}-{question}",
            f"context {at} {'a.b@example.org' if at == 0 else ''}",
            companion=f"{question}?",
            answers=(),
        )
        for at in range(5)
        for question in range(40)
    ]
    finding = share_finding(scan("evaluation rows", rows, built_in, labels=()), of=200, detector="builtin")
    low, high = next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)
    assert low < 0.02
    assert high > 0.6
    assert any("5 documents, persons or contexts" in caveat for caveat in finding.caveats)


def test_tables_without_rows_are_not_assessed(model):
    subject = subject_of(model, data=rows_of(20, personal=0))
    with pytest.raises(NotAssessable, match="no rows to look at; provide"):
        list(PersonalData().run(context_of(subject, PersonalData(), data=Data(evaluation=()))))


def test_an_unknown_detector_is_refused_before_any_work():
    registered = Plugins(installed=False).checkers()
    with pytest.raises(InputError, match=r"detector is 'spacy'; give one of builtin, presidio"):
        configured(registered, {"modelaudit/personal-data": {"detector": "spacy"}})
    [chosen] = [
        item.checker
        for item in configured(registered, {"modelaudit/personal-data": {"detector": "presidio"}})
        if item.info.id == "modelaudit/personal-data"
    ]
    assert chosen.detector == "presidio"


@pytest.mark.skipif(importlib.util.find_spec("presidio_analyzer") is not None, reason="presidio-analyzer is installed")
def test_presidio_that_is_not_installed_is_named_with_its_extra(model):
    subject = subject_of(model, data=rows_of(20, personal=1))
    checker = PersonalData(detector="presidio")
    with pytest.raises(NotAssessable, match=r"is not installed; install modelaudit-core\[presidio\]"):
        list(checker.run(context_of(subject, checker)))


def test_a_whole_audit_judges_the_share_and_writes_no_text(model, tmp_path):
    weights, tokenizer = model
    outcome = Audit(
        weights,
        rows_of(400, personal=0, first=3_000),
        tokenizer=tokenizer,
        train_data=rows_of(400, personal=200),
        preset="quick",
        device="cpu",
        show_text=True,
    ).run(only=["modelaudit/personal-data"])
    verdicts = [verdict for verdict in outcome.report.judgement.verdicts if verdict.metric == TRAINING[0]]
    states = {verdict.group: verdict.state for verdict in verdicts}
    assert states == {"training rows": "exceeds limit", "evaluation rows": "within limit"}
    for suffix in ("html", "json", "md"):
        outcome.save(tmp_path / f"report.{suffix}")
        written = (tmp_path / f"report.{suffix}").read_text(encoding="utf-8")
        assert "secret.person" not in written
        assert "7946" not in written


def test_a_hundred_thousand_rows_are_no_matter_of_minutes(model):
    rng = np.random.default_rng(0)
    words = np.array(["the", "claim", "of", "12 May 2021", "350", "euros", "was", "paid", "again", "to", "her"])
    texts = [" ".join(part) for part in rng.choice(words, size=(5_000, 25))]
    rows = [Row(f"r:{place}", text) for place, text in enumerate(texts)]
    started = time.process_time()
    scan("training rows", rows, built_in, labels=())
    # 100,000 such rows in under a minute and a half, also on a loaded machine.
    assert time.process_time() - started < 4.5
