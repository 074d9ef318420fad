"""Corruption robustness: what is left out, what is not judged, and what the reader is told of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener, by_light, context, found, picture_rows, sound_rows, spoken, told

from modelaudit.checkers.robustness.corruptions import CorruptionRobustness
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.statistics import clopper_pearson

SPEECH = "automatic-speech-recognition"
MEANT = "leave such changes out with the option 'without'"


def of_words(count: int, *, words: int = 4, start: int = 0) -> list[Row]:
    drawn = [" ".join(np.random.default_rng(at).choice(["low", "high"], size=words)) for at in range(count)]
    return [Row(f"w:{start + at}", "", sound=spoken(said, start + at), answer=said) for at, said in enumerate(drawn)]


def right_as_far_as_it_hears(longest: float) -> Listener:
    """A recogniser without a fault that loses the second half of what is too long for it."""

    def write(row: Row) -> str:
        words = row.answer.split()
        return " ".join(words if row.sound.seconds <= longest else words[: len(words) // 2])

    return Listener(write=write, longest=longest)


def kinds_in(findings) -> set[str]:
    return {
        str(cells[0]).partition(",")[0]
        for finding in findings.values()
        for item in finding.evidence
        if item.kind == "table"
        for cells in item.rows
    }


def test_rows_that_only_a_slower_speed_makes_too_long_are_no_fault_of_the_model() -> None:
    rows = [*of_words(24), *of_words(24, words=3, start=100)]
    findings, notes = told(CorruptionRobustness(), right_as_far_as_it_hears(1.05), rows, task=SPEECH)
    for metric in ("word_error_change", "transcripts_changed"):
        assert findings[metric, "speed"].metric.value == 0.0
    assert "Rows that are longer than the model takes, as they are or changed, are left out: " in notes[0]
    assert "24 of 'slower, severity 3'." in notes[0]
    assert findings["mean_corruption_error", None].metric.n == 48, "of the others all changes but this one tell"
    assert findings["mean_corruption_error", None].metric.value == 0.0


def test_a_change_that_leaves_too_few_rows_to_compare_is_not_measured() -> None:
    rows = [*of_words(24), *of_words(10, words=3, start=100)]
    findings, notes = told(CorruptionRobustness(), right_as_far_as_it_hears(1.05), rows, task=SPEECH)
    assert "slower" not in kinds_in(findings)
    assert "faster" in kinds_in(findings)
    assert "Not measured, since fewer than 20 rows are left to compare: 'slower, severity 3'." in notes
    alone = CorruptionRobustness(without=kinds_in(findings))
    with pytest.raises(NotAssessable, match="fewer than 20 rows can be compared"):
        list(alone.run(context(right_as_far_as_it_hears(1.05), rows, SPEECH)))


def test_rows_that_are_too_long_as_they_are_are_noted_and_compared_under_changes_of_the_same_length() -> None:
    findings, notes = told(CorruptionRobustness(), right_as_far_as_it_hears(0.9), of_words(24), task=SPEECH)
    assert "24 rows are longer than the model takes, and it did not read all of them." in notes
    assert findings["word_error_change", "loudness"].metric.n == 24
    assert ("word_error_change", "speed") not in findings


def test_a_recogniser_that_says_nothing_is_not_assessed() -> None:
    with pytest.raises(NotAssessable, match="24 of 24 answers are empty"):
        found(Listener(), sound_rows(24), task=SPEECH)
    _, notes = told(CorruptionRobustness(), Listener(), picture_rows(20))
    assert notes == ["All 20 rows as they are get one and the same answer, which changes seldom alter."]


def test_kinds_are_left_out_by_name_and_the_report_says_so() -> None:
    weak = Listener(by_light)
    checker = CorruptionRobustness(without=["brightness", "contrast", "grey", "faster"])
    findings, notes = told(checker, weak, picture_rows(20))
    assert ("flip_rate", "light and colour") not in findings
    assert not {"brightness", "contrast", "grey"} & kinds_in(findings)
    assert "over 13 kinds at severity 3" in findings["mean_corruption_error", None].statement
    assert notes[0] == "Left out by the option without: brightness, contrast, grey."
    one = CorruptionRobustness(without="grey")
    evaluation = SimpleNamespace(rows=40, mean_tokens=1.0)
    subject = SimpleNamespace(task="image-classification", preset="quick", evaluation=evaluation)
    assert CorruptionRobustness().cost(subject).evaluations - one.cost(subject).evaluations == 40


def test_a_name_that_is_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the option without has 'gray', which is no kind .* choose from .* grey"):
        CorruptionRobustness(without=["gray"])
    names = sorted(kinds_in(found(Listener(), picture_rows(20))))
    with pytest.raises(NotAssessable, match="leaves no kind of change"):
        list(CorruptionRobustness(without=names).run(context(Listener(), picture_rows(20))))


def test_changes_that_may_mean_something_carry_a_caveat_and_of_speech_they_do_not() -> None:
    of_pictures = found(Listener(by_light), picture_rows(20))
    with_it = {group for (_, group), each in of_pictures.items() if any(MEANT in said for said in each.caveats)}
    assert with_it == {"light and colour", "framing"}
    of_speech = found(right_as_far_as_it_hears(9.0), of_words(20), task=SPEECH)
    assert not any(MEANT in said for each in of_speech.values() for said in each.caveats)


def test_word_errors_carry_what_their_interval_does_not_hold() -> None:
    rows = of_words(20)

    def looping(row: Row) -> str:
        quiet = float(np.abs(row.sound.samples()).max()) < 0.2
        return " ".join(["high"] * 30) if quiet and row.id == "w:3" else row.answer

    findings = found(Listener(write=looping), rows, task=SPEECH)
    steady, loops = (findings["word_error_change", group].caveats for group in ("room", "loudness"))
    assert any("'7' for 'seven'" in said for said in steady)
    assert not any("more than twice as many errors" in said for said in steady)
    assert any(said.startswith("1 transcripts have more than twice as many errors") for said in loops)


class Forgetful(Listener):
    """Right of all rows as they are, and once they are changed wrong of those behind the first hundred."""

    def predict(self, rows):
        first = [row.id for row in self.asked][:100]
        right = {row.id: int(row.id.partition(":")[2]) % 2 for row in rows}
        self.decide = lambda row: right[row.id] if not first or row.id in first else 1 - right[row.id]
        return super().predict(rows)


def test_severities_are_compared_on_the_same_rows() -> None:
    findings = found(Forgetful(), picture_rows(130), preset="standard")
    finding = findings["accuracy_drop", "noise"]
    assert finding.metric.value == pytest.approx(30 / 130)
    curve = next(item for item in finding.evidence if item.kind == "curve")
    assert "in 100 rows" in curve.y_label
    assert {y for series in curve.series for y in series.y} == {0.0}, "of the first hundred none is wrong"
    [flips] = [item for item in findings["flip_rate", "noise"].evidence if item.kind == "curve"]
    assert flips.series[0].high[1] == pytest.approx(clopper_pearson(0, 100).interval()[1])


def test_speech_costs_an_evaluation_a_token_written() -> None:
    evaluation = SimpleNamespace(rows=30, mean_tokens=5.0)
    costs = [
        CorruptionRobustness().cost(
            SimpleNamespace(task=SPEECH, preset="quick", evaluation=evaluation, capabilities=verbs)
        )
        for verbs in ({"answers", "token_statistics"}, {"answers"})
    ]
    assert costs[1].evaluations == 30 * 11, "CTC hears at once"
    assert costs[0].evaluations == 30 * 11 * 224
