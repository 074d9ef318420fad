"""Corruption robustness: a planted weakness is found under its own kind of change, and its clean twin passes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from listening import RATE, Listener, by_direction, by_light, context, found, heard, picture_rows, sound_rows
from measured import exceeds

from modelaudit.checkers.robustness.corruptions import CorruptionRobustness
from modelaudit.errors import NotAssessable
from modelaudit.evidence import PictureEvidence, SoundEvidence, redacted
from modelaudit.media.sound import Sound
from modelaudit.results import Finding
from modelaudit.rows import Row

FAMILIES = ["noise", "blur", "weather", "light and colour", "digital", "framing"]


def interval(finding: Finding) -> tuple[float, float]:
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


@pytest.fixture(scope="module")
def weak() -> dict[tuple[str, str | None], Finding]:
    return found(Listener(by_light), picture_rows())


@pytest.fixture(scope="module")
def twin() -> dict[tuple[str, str | None], Finding]:
    return found(Listener(by_direction), picture_rows())


def test_a_model_that_goes_by_the_light_is_found_under_light_and_its_twin_is_not(weak, twin) -> None:
    for metric, limit in (("flip_rate", 0.2), ("accuracy_drop", 0.15)):
        assert exceeds(weak[metric, "light and colour"], limit), metric
        assert interval(twin[metric, "light and colour"])[1] < limit, metric
        assert weak[metric, "light and colour"].metric.primary
    assert "Under the change 'brightness, severity 3', the worst of 3 of its kind, accuracy is 50.0 points lower" in (
        weak["accuracy_drop", "light and colour"].statement
    )
    # It goes by the mean alone, and blur leaves that be.
    assert not exceeds(weak["flip_rate", "blur"], 0.0)


def test_every_family_is_there_with_a_mean_and_a_worst_for_context(weak) -> None:
    result = weak
    assert [group for metric, group in result if metric == "flip_rate"] == FAMILIES
    assert [group for metric, group in result if metric == "accuracy_drop"] == FAMILIES
    mean, worst = result["mean_corruption_error", None], result["worst_accuracy_drop", None]
    assert not mean.metric.primary
    assert not worst.metric.primary
    assert "over 15 kinds at severity 3" in mean.statement
    assert worst.metric.value >= max(
        finding.metric.value for (metric, _), finding in result.items() if metric == "accuracy_drop"
    )


def test_a_family_is_judged_by_the_worst_kind_of_its_table(weak, twin) -> None:
    kinds, later = {}, 0
    for result in (weak, twin):
        for family in FAMILIES:
            finding = result["flip_rate", family]
            table = next(item for item in finding.evidence if item.kind == "table")
            each = {str(cells[0]): float(str(cells[1]).partition("%")[0]) / 100 for cells in table.rows}
            assert finding.metric.value == pytest.approx(max(each.values()), abs=0.0006), family
            kinds[family], later = list(each), later + (next(iter(each.values())) < max(each.values()))
    assert later
    assert kinds["light and colour"] == ["brightness, severity 3", "contrast, severity 3", "grey, severity 3"]
    assert sum(map(len, kinds.values())) == 19


def test_no_number_hangs_on_the_order_of_rows() -> None:
    rows = picture_rows(24)
    one, other = (found(Listener(by_light), order, seed=3) for order in (rows, rows[::-1]))
    assert {key: finding.metric for key, finding in one.items()} == {key: each.metric for key, each in other.items()}


def test_without_labels_answers_are_compared_and_one_line_says_what_is_missing() -> None:
    result = found(Listener(by_light), picture_rows(24, labelled=False))
    assert exceeds(result["flip_rate", "light and colour"], 0.2)
    assert result["accuracy_drop", None].metric.value is None
    assert result["accuracy_drop", None].metric.primary
    assert {metric for metric, _ in result} == {"flip_rate", "accuracy_drop"}


def test_severities_are_a_curve_and_the_picture_is_there_only_where_rows_are_shown() -> None:
    finding = found(Listener(by_light), picture_rows(24), preset="standard")["accuracy_drop", "light and colour"]
    curve = next(item for item in finding.evidence if item.kind == "curve")
    assert curve.series[0].x == (1.0, 3.0, 5.0)
    assert curve.series[0].y == tuple(sorted(curve.series[0].y))
    picture = next(item for item in finding.evidence if isinstance(item, PictureEvidence))
    assert picture.size == (96, 4 * 96 + 3 * 4)
    assert redacted(picture, show_text=False).kind == "note"
    assert redacted(picture, show_text=True) == picture


def test_a_mirrored_picture_is_tried_where_the_user_says_so() -> None:
    changes = [
        {cells[0] for item in finding.evidence if item.kind == "table" for cells in item.rows}
        for check in (CorruptionRobustness(), CorruptionRobustness(mirrored=True))
        for finding in check.run(context(Listener(), picture_rows(20)))
        if finding.metric.group == "framing" and finding.metric.id == "flip_rate"
    ]
    assert changes[1] - changes[0] == {"mirrored"}


def test_a_recogniser_that_hears_loud_sounds_alone_is_found_and_its_twin_is_not() -> None:
    rows = sound_rows()
    weak, twin = (
        found(
            Listener(write=lambda row, least=least: heard(row, least=least)), rows, task="automatic-speech-recognition"
        )
        for least in (0.2, 0.002)
    )
    assert exceeds(weak["word_error_change", "loudness"], 0.10)
    assert not exceeds(twin["word_error_change", "loudness"], 0.10)
    assert weak["word_error_change", "loudness"].metric.n == 40
    assert weak["word_error_change", "loudness"].metric.primary
    assert not weak["transcripts_changed", "loudness"].metric.primary
    assert any(
        "10 speakers, persons or documents" in caveat for caveat in weak["word_error_change", "loudness"].caveats
    )
    sound = next(item for item in weak["word_error_change", "loudness"].evidence if isinstance(item, SoundEvidence))
    assert sound.wav
    assert sound.seconds == pytest.approx(1.0)


def test_transcripts_stay_out_of_a_report_that_shows_no_text() -> None:
    rows = sound_rows(24)
    result = found(Listener(write=lambda row: heard(row, least=0.2)), rows, task="automatic-speech-recognition")
    finding = result["word_error_change", "loudness"]
    shown = [redacted(item, show_text=False).model_dump_json() for item in finding.evidence]
    assert any('"before":"' in item.model_dump_json() for item in finding.evidence)
    assert not any(word in text for text in [*shown, finding.statement] for word in ("low ", "middle ", "high "))


def test_silent_sounds_are_left_out_and_too_few_rows_are_not_assessed() -> None:
    silent = [Row(f"s:{at}", "", sound=Sound.of_array(np.zeros(800 + at, dtype=np.float32), RATE)) for at in range(5)]
    ctx = context(
        Listener(write=lambda row: heard(row, least=0.1)), [*sound_rows(24), *silent], "automatic-speech-recognition"
    )
    assert list(CorruptionRobustness().run(ctx))
    assert "5 rows are silent and were left out." in ctx.notes
    with pytest.raises(NotAssessable, match="there are 10 evaluation rows of different content"):
        list(CorruptionRobustness().run(context(Listener(by_light), picture_rows(10) * 3)))


def test_it_says_what_it_is_no_test_of() -> None:
    text = SimpleNamespace(task="text-classification", capabilities=("predict",))
    assert CorruptionRobustness().applies(text) == (
        "it is defined for image-classification and audio-classification and automatic-speech-recognition, "
        "not for text-classification"
    )
    assert (
        CorruptionRobustness().applies(SimpleNamespace(task="audio-classification", capabilities=("predict",))) is None
    )


def test_what_it_asks_is_what_it_says_it_will_ask() -> None:
    # A model that never looks, so that nothing has to be corrupted.
    rows, model = picture_rows(130), Listener()
    subject = SimpleNamespace(
        task="image-classification", preset="standard", evaluation=SimpleNamespace(rows=130, mean_tokens=10.0)
    )
    list(CorruptionRobustness().run(context(model, rows, preset="standard")))
    assert CorruptionRobustness().cost(subject).evaluations == len(model.asked)
