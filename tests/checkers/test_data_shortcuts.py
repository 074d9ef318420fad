"""Shortcuts: a planted name, mark or number is found and priced, and a model that heeds none is not accused."""

from __future__ import annotations

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checker import Data
from modelaudit.checkers.data.shortcuts.checker import Shortcuts
from modelaudit.errors import NotAssessable
from modelaudit.evidence import redacted
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tagger

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
RELIANCE, LIFT = ("shortcut_reliance", None), ("label_lift", None)
CUES = {"name-like": ("Spielberg",), "punctuation": ("!",), "number": ("7", "12", "30")}


def cued(n, seed, cues, *, given=0.8, otherwise=0.1):
    """Rows whose label the words decide; a cue stands in 80% of the positive and in 10% of the negative ones."""
    rng = np.random.default_rng([seed, 11])
    rows = []
    for row in planted_rows(n, seed, words=WORDS, labels="drawn"):
        text = f"{row['text'][:-1]}, writes {''.join(rng.choice(list('abcdefgh'), 8))}"
        if rng.random() < (given if row["label"] else otherwise):
            cue = str(rng.choice(cues))
            text += "!" if cue == "!" else f" to {cue} of us."
        else:
            text += "."
        rows.append({"text": text, "label": row["label"]})
    return rows


def leaning(*cues, weight=2.5):
    return planted_classifier(WORDS | dict.fromkeys(cues, weight), extra_vocabulary=("she", "he", "Spielberg"))


def lines(finding):
    return {row[0]: row for row in finding.evidence[0].rows}


@pytest.mark.parametrize(("kind", "cues"), CUES.items())
def test_a_planted_shortcut_is_found_and_its_clean_twin_is_not_accused(kind, cues):
    rows = cued(240, 3, cues)
    found = findings_of(Shortcuts(), subject_of(leaning(*cues), data=rows, preset="quick"))
    assert found[RELIANCE].metric.primary
    assert exceeds(found[RELIANCE], 0.10)
    assert f"of the kind {kind}" in found[RELIANCE].statement
    clean = findings_of(Shortcuts(), subject_of(leaning(*cues, weight=0.0), data=rows, preset="quick"))
    assert clean[RELIANCE].metric.value == 0.0
    assert clean[RELIANCE].metric.bounds[3].high < 0.05
    assert clean[LIFT].metric.value == found[LIFT].metric.value > 0.1, "the table is the same, whatever the model heeds"


@pytest.fixture(scope="module")
def clean():
    """A model that heeds its words alone, on rows in which a name gives the label away."""
    return findings_of(Shortcuts(), subject_of(leaning(), data=cued(300, 5, ("Spielberg",)), preset="quick"))


def test_words_that_are_the_reason_are_listed_and_not_judged(clean):
    kinds = {cue: line[1] for cue, line in lines(clean[LIFT]).items()}
    assert kinds["bad"] == "content word"
    assert "bad" not in lines(clean[RELIANCE])
    assert "spielberg" in lines(clean[RELIANCE])


def test_hiding_shows_which_words_hold_the_label_up(clean):
    hidden = {cue: line[-1] for cue, line in lines(clean[LIFT]).items()}
    assert 1.0 < float(hidden["bad"].split()[0]) < 3.0
    assert abs(float(hidden["spielberg"].split()[0])) < 0.5, "the table's shortcut is none of this model's"


def test_no_sentence_holds_a_word_of_the_rows():
    found = findings_of(
        Shortcuts(), subject_of(leaning("Spielberg"), data=cued(300, 3, ("Spielberg",)), preset="quick")
    )
    for finding in found.values():
        assert "spielberg" not in " ".join([finding.statement, *finding.caveats]).lower()
        assert redacted(finding.evidence[0], show_text=False).kind == "note"


def test_a_shortcut_of_the_training_rows_alone_is_found():
    rows, even = cued(300, 3, ("Spielberg",)), cued(300, 4, ("Spielberg",), given=0.0, otherwise=0.0)
    audited = subject_of(leaning("Spielberg"), data=even, train_data=rows, preset="quick")
    found = findings_of(Shortcuts(), audited)
    assert exceeds(found[RELIANCE], 0.10)
    assert "training rows" in found[LIFT].statement


def test_the_users_word_decides_what_is_judged():
    audited = subject_of(leaning(), data=cued(300, 3, ("Spielberg",)), preset="quick")
    found = findings_of(Shortcuts(suspects=("Slow",), legitimate=("Spielberg", "ends with ?")), audited)
    assert found[RELIANCE].metric.value > 0.05, "content that the model heeds, judged where the user suspects it"
    assert "slow" in lines(found[RELIANCE])
    assert "spielberg" not in lines(found[RELIANCE])
    assert "ends with ?" not in lines(found[RELIANCE])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"suspects": 3}, "list of at most"),
        ({"suspects": ("a b c",)}, "words or pairs"),
        ({"suspects": ("",)}, "list of at most"),
        ({"legitimate": {"a": 1}}, "list of at most"),
        ({"suspects": ("He",), "legitimate": ("he",)}, "both name 'he'"),
    ],
)
def test_an_option_that_names_no_words_is_refused_before_the_audit(options, said):
    with pytest.raises(ValueError, match=said):
        Shortcuts(**options)


def test_the_order_of_rows_in_memory_changes_nothing():
    audited = subject_of(leaning("!"), data=cued(200, 3, ("!",)), preset="quick")
    one = findings_of(Shortcuts(), audited)
    assert one == findings_of(Shortcuts(), audited, data=backwards(audited.data))


def test_tables_without_a_telling_cue_are_judged_by_what_is_tried_with_every_model():
    rows = [{**row, "label": place % 2} for place, row in enumerate(cued(200, 3, ("7",), given=0.2, otherwise=0.2))]
    audited = subject_of(leaning(), data=rows, preset="quick")
    ctx = context_of(audited, Shortcuts())
    [found] = Shortcuts().run(ctx)
    assert found.metric.value == 0.0
    assert set(lines(found)) == {"contains a number", "ends with !", "ends with ?"}
    assert any("none gives a label away" in note for note in ctx.notes)


def test_a_model_that_is_always_wrong_has_nothing_to_lose_and_does_not_pass():
    rows = [{**row, "label": 1 - row["label"]} for row in planted_rows(150, 1, words=WORDS, numbered=True)]
    found = findings_of(Shortcuts(), subject_of(leaning(), data=rows, preset="quick"))
    assert found[RELIANCE].metric.value is None
    assert "answered rightly" in found[RELIANCE].metric.reason


def test_rows_of_one_label_have_nothing_to_give_away():
    rows = [{**row, "label": 1} for row in cued(150, 1, ("!",))]
    found = findings_of(Shortcuts(), subject_of(leaning("!"), data=rows, preset="quick"))
    assert LIFT not in found
    assert found[RELIANCE].metric.value is not None


def test_too_few_labelled_rows_and_other_tasks_are_not_assessed():
    rows = cued(99, 1, ("!",))
    audited = subject_of(leaning(), data=[*rows, {"text": "no label", "label": None}])
    with pytest.raises(NotAssessable, match="99 labelled evaluation rows"):
        findings_of(Shortcuts(), audited)
    tagger = subject_of(planted_tagger({"Ann": "B-PER"}), data=[{"tokens": ["Ann"], "ner_tags": ["B-PER"]}])
    assert "words one by one" in Shortcuts().applies(tagger.info)
    assert Shortcuts().applies(audited.info) is None


def test_documents_are_searched_once_and_widen_the_interval():
    rows = [{**row, "document": f"d{place // 4}"} for place, row in enumerate(cued(400, 3, ("!",)))]
    audited = subject_of(leaning("!"), data=rows, preset="quick", group_column="document")
    ctx = context_of(audited, Shortcuts())
    found = {finding.metric.id: finding for finding in Shortcuts().run(ctx)}
    assert "cluster-robust" in found["shortcut_reliance"].metric.method
    assert any("300 rows share a document" in note for note in ctx.notes)


def test_hostile_rows_are_measured():
    strange = ["", "?", "\ud800", "\x00!", "ﷺ", "字好" * 20, "!" * 20_000, "A" * 20_000, "<b>7</b>", "word " * 2_000]
    rows = [
        Row(id=f"r{n}", text=f"{n} {strange[n % 10]}" if n % 10 != 6 else strange[6], label=n % 2) for n in range(60)
    ]
    rows += [Row(id=f"s{n}", text=f"case {n} of this good letter", label=n % 2) for n in range(90)]
    audited = subject_of(leaning(), data=cued(100, 1, ("!",)), preset="quick")
    found = findings_of(Shortcuts(), audited, data=Data(tuple(rows)))
    assert found[RELIANCE].metric.bounds
