"""A change that the model never reads is no test of it: such rows are left out and counted."""

from __future__ import annotations

import numpy as np
import pytest
from measured import context_of, subject_of

from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.reach import unread
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from modelaudit.results import CheckResult
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier
from modelaudit.text.perturbations import PunctuationAdd, PunctuationDrop, SpacingTrailing, Typos, UpperCase

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "awful": -2.0, "slow": -1.5, "poor": -1.0}
TAIL = " And so nothing further happened that anyone would want to read about at length this evening." * 3
LONGEST = 10
NO_OPS = (PunctuationDrop(), PunctuationAdd(), SpacingTrailing())


def rows_of(n: int, *, long: float = 0.0) -> list[dict]:
    rng = np.random.default_rng(5)
    words = sorted(WORDS)
    rows = []
    for place in range(n):
        word = words[int(rng.integers(len(words)))]
        tail = TAIL if place < long * n else ""
        rows.append({"text": f"It was {word} in {place}.{tail}", "label": int(WORDS[word] > 0)})
    return rows


def check(planted, rows, *only):
    ctx = context_of(subject_of(planted, data=rows), Perturbation(only))
    found = tuple(Perturbation(only).run(ctx))
    result = CheckResult(checker=Perturbation.info, status="completed", findings=found, notes=tuple(ctx.notes))
    [family] = judge([result], load_policy()).families
    return {(finding.metric.id, finding.metric.group): finding for finding in found}, ctx.notes, family


def told_unread(row: str, changed: list[str], *, side="right", max_length=LONGEST):
    """Which of the changed texts are taken as unread, asked of a planted model through the engine."""
    model, tokenizer = planted_classifier(WORDS, max_length=max_length)
    tokenizer.truncation_side = side
    audited = subject_of((model, tokenizer), data=rows_of(2)).model
    rows = [Row("r:1", row)]
    trials = [Trial(0, Row("r:1", text), (), 1) for text in changed]
    before, after = audited.predict(rows), audited.predict([trial.edited for trial in trials])
    return unread(audited, rows, trials, before, after, same_input(audited, rows[0], trials)).tolist()


def same_input(audited, row, trials):
    [original] = audited.fingerprints([row])
    return np.array([each == original for each in audited.fingerprints([trial.edited for trial in trials])])


def test_changes_beyond_the_models_length_are_left_out_and_the_rate_is_that_of_what_it_reads():
    planted, typos = planted_classifier(WORDS, max_length=LONGEST), Typos()
    short = check(planted, rows_of(400), typos)[0]["flip_rate", "typing errors"].metric
    found = check(planted, rows_of(400, long=0.8), typos)[0]["flip_rate", "typing errors"].metric
    assert short.value > 0.3, "the short rows' only long word is the one that counts"
    assert found.n < 260
    assert found.value == pytest.approx(short.value, abs=0.1)
    for no_op in NO_OPS:
        found, notes, _ = check(planted, rows_of(400, long=0.8), no_op)
        finding = found["flip_rate", no_op.family]
        assert finding.metric.n == 80, "only what is read to its end can show anything"
        [note] = [note for note in notes if note.startswith(f"{no_op.name}: 320 rows")]
        assert "longer than the model reads" in note
        table = next(item for item in finding.evidence if item.kind == "table" and item.columns[0] == "outcome")
        assert dict(table.rows)["changed rows that could not be compared"] == 320


def test_where_no_row_is_read_to_its_end_the_change_of_the_end_is_not_assessed():
    planted = planted_classifier(WORDS, max_length=LONGEST)
    found, _, family = check(planted, rows_of(80, long=1.0), *NO_OPS, UpperCase())
    for kind in ("punctuation", "spacing"):
        for metric in ("flip_rate", "accuracy_drop"):
            assert found[metric, kind].metric.value is None
            assert "80 changed rows are longer than the model reads" in found[metric, kind].metric.reason
    assert found["flip_rate", "letter case"].metric.n == 80
    assert family.counts["not assessed"] == 4


def test_a_change_that_the_tokenizer_removes_from_what_is_read_still_counts():
    planted = planted_classifier(WORDS, lower_case=True, max_length=LONGEST)
    found, notes, _ = check(planted, rows_of(80, long=1.0), UpperCase())
    upper = found["flip_rate", "letter case"]
    assert upper.metric.n == 80
    assert "structurally invariant" in upper.statement
    assert not any(note.startswith("upper case:") for note in notes)


def test_what_is_read_is_told_by_place():
    text = "It was good in the morning of the day and the end was late."
    same_in_reach = ["It was good  in the morning of the day and the end was late.", text.replace("morning", "mroning")]
    beyond = [f"{text} ", text[:-1], text.replace("late", "laet"), text.replace("and the end", "and  the end")]
    seen = [text.replace("good", "godo"), text.replace("good", "godo").replace("late", "laet"), text.upper()]
    assert told_unread(text, [*same_in_reach, *seen]) == [False] * 5
    assert told_unread(text, beyond) == [True] * 4
    assert told_unread(text, [*same_in_reach, *beyond, *seen], max_length=64) == [False] * 9


def test_what_is_read_is_told_by_place_where_the_beginning_is_cut_off():
    text = "It was good in the morning of the day and the end was late."
    beyond = [text.replace("good", "godo"), text.replace("was good", "was  good"), f" {text}"]
    seen = [f"{text} ", text[:-1], text.replace("late", "laet"), text.replace("end was", "end  was")]
    assert told_unread(text, [*beyond, *seen], side="left") == [True] * 3 + [False] * 4


def test_a_mark_added_to_a_row_that_just_fits_is_not_read():
    text = "It was good in the morning"
    assert told_unread(text, [f"{text}...", f"{text}!!"], max_length=8) == [True, True]
    assert told_unread(text, [f"{text}..."], max_length=9) == [False], "a part of the mark is read"


def test_words_that_are_no_part_of_the_text_leave_the_question_open_and_the_row_out():
    class Pieces:
        def players(self, rows):
            return [("it", "##wa", "##s")] * len(rows)

    model, tokenizer = planted_classifier(WORDS, max_length=LONGEST)
    audited = subject_of((model, tokenizer), data=rows_of(2)).model
    row = Row("r:1", f"It was good.{TAIL}")
    trials = [Trial(0, row.with_text(row.text.replace("It", "Ti")), (), 1), Trial(0, row.with_text("So bad"), (), 1)]
    before, after = audited.predict([row]), audited.predict([trial.edited for trial in trials])
    same = same_input(audited, row, trials)
    assert unread(Pieces(), [row], trials, before, after, same).tolist() == [True, False]
