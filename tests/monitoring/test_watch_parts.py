"""The parts of a watch: rules, live rows, tallies, profile, state, log, metrics, and what is handed in by mistake."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from watched import KEY, LABELS, ask, live, options, watched

from modelaudit.errors import DataInputError, InputError, ModelInputError, OutputError
from modelaudit.monitoring.alert_rule import AlertRule, parse_rule
from modelaudit.monitoring.judging import Reference, Window, judge_window
from modelaudit.monitoring.live_rows import class_of, read_live
from modelaudit.monitoring.profile import make_profile, profile_text, projected, read_profile
from modelaudit.monitoring.prometheus import prometheus_text
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.tally import (
    added,
    confidence_bin,
    language,
    length_bin,
    median,
    text_tally,
    value_of,
    word_hash,
)
from modelaudit.monitoring.watch import Watch
from modelaudit.monitoring.watch_log import Counted, LogLine, append_log, read_log
from modelaudit.monitoring.watch_state import read_state, write_atomically, write_state
from modelaudit.monitoring.watched_model import ModelSource

DAY = dt.date(2026, 12, 1)


@pytest.fixture(scope="module")
def case():
    return watched()


@pytest.mark.parametrize(
    ("text", "label", "kind", "share"),
    [
        ("negative>0.30", "negative", "above", 0.3),
        (" negative < .05 ", "negative", "below", 0.05),
        ("negative+0.1", "negative", "risen", 0.1),
        ("very-bad-0.2", "very-bad", "fallen", 0.2),
        ("a>b+0.1", "a>b", "risen", 0.1),
        ("中性>0.5", "中性", "above", 0.5),
    ],
)
def test_a_rule_is_read_as_it_is_written(text, label, kind, share):
    rule = parse_rule(text)
    assert (rule.label, rule.kind, rule.share) == (label, kind, share)
    assert parse_rule(rule.name) == rule


@pytest.mark.parametrize(
    "text", ["", "negative", "negative>", ">0.3", "negative>30", "negative<0", "x" * 10_000 + ">0.1"]
)
def test_a_rule_that_is_none_says_how_to_write_one(text):
    with pytest.raises(InputError, match="write it as"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("rule", "before", "after", "alarm"),
    [
        (AlertRule(label="a", kind="above", share=0.3), 0.5, 0.5, True),
        (AlertRule(label="a", kind="above", share=0.3), 0.5, 0.3, False),
        (AlertRule(label="a", kind="below", share=0.3), 0.5, 0.1, True),
        (AlertRule(label="a", kind="risen", share=0.1), 0.2, 0.5, True),
        (AlertRule(label="a", kind="risen", share=0.1), 0.2, 0.3, False),
        (AlertRule(label="a", kind="fallen", share=0.1), 0.5, 0.2, True),
        (AlertRule(label="a", kind="fallen", share=0.1), 0.5, 0.4, False),
        (AlertRule(label="a", kind="fallen", share=0.1), 0.2, 0.5, False),
    ],
)
def test_a_rule_is_met_or_not_by_its_own_share_and_side(rule, before, after, alarm):
    def tally(share):
        return {"prediction": {"a": round(400 * share), "b": 400 - round(400 * share)}}

    rng = np.random.default_rng(0)
    found = judge_window(Reference(tally(before)), Window(tally(after)), look=1, alpha=0.05, rules=[rule], rng=rng)
    measure = next(each for each in found if each.kind == "alert rule")
    assert (measure.state == "alarm") is alarm
    assert measure.after == pytest.approx(after)


def test_permutations_are_as_many_as_a_late_look_asks_for():
    rng = np.random.default_rng(0)
    reference, window = (rng.normal(centre, 1.0, (60, 4)) for centre in (0.0, 2.0))
    [found] = judge_window(Reference({}, reference), Window({}, None, window), look=60, alpha=0.05, rng=rng)
    assert found.threshold < 1e-4
    assert found.state == "alarm"


@pytest.mark.parametrize(("look", "state"), [(60, "no alarm"), (1_500, "inconclusive")])
def test_a_look_so_late_that_permutations_can_not_reach_its_threshold_is_inconclusive(monkeypatch, look, state):
    monkeypatch.setattr("modelaudit.monitoring.trials.MOST_DRAWS", 20_000)
    rng = np.random.default_rng(0)
    reference, window = rng.normal(0.0, 1.0, (2, 60, 4))
    [found] = judge_window(Reference({}, reference), Window({}, None, window), look=look, alpha=0.05, rng=rng)
    assert found.state == state
    assert (found.least_p > found.threshold) is (state == "inconclusive")


def test_broken_lines_are_counted_with_their_numbers_and_hold_no_text(tmp_path):
    good = [json.dumps(row).encode() for row in live(97, 1)]
    lines = [*good[:10], b"{broken SECRET", b"", *good[10:], b'{"text": "\xff SECRET"}', b'["SECRET"]']
    (tmp_path / "live.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    found = read_live(tmp_path / "live.jsonl", LABELS)
    assert (len(found.rows), found.lines) == (97, 100)
    assert [line for line, _ in found.broken] == [11, 100, 101]
    assert "SECRET" not in str(found.broken)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"id": "1"}, "no text"),
        ({"text": "   "}, "no text"),
        ({"text": 7}, "its text is a int"),
        ({"text": "x", "label": "neutral"}, "its label is none of the model's"),
        ({"text": "x", "prediction": "neutral"}, "its prediction is none of the model's"),
        ({"text": "x", "confidence": 1.2}, "no number between 0 and 1"),
        ({"text": "x", "confidence": math.nan}, "no number between 0 and 1"),
        ({"text": "x", "id": ["a"]}, "neither text nor a whole number"),
        ("x", "a str and no object"),
    ],
)
def test_a_window_of_broken_rows_is_refused_and_says_why(row, says):
    with pytest.raises(DataInputError, match=f"line 1: .*{says}"):
        read_live([row], LABELS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "window is empty"),
        (b"\n\n", "window is empty"),
        ('{"text": "x"}\n'.encode("utf-16"), "UTF-16"),
        (b"text,label\nfine,1\nbad,0\n", "none of 3 lines is JSON, so this is no JSON Lines"),
        (b'{"text": ' + b"[" * 100_000, "no JSON Lines|nested too deeply"),
    ],
)
def test_a_file_that_is_no_window_says_so(tmp_path, content, says):
    (tmp_path / "live.jsonl").write_bytes(content)
    with pytest.raises(DataInputError, match=says):
        read_live(tmp_path / "live.jsonl", LABELS)
    with pytest.raises(DataInputError, match="can't be read"):
        read_live(tmp_path / "none.jsonl", LABELS)


def test_classes_are_known_by_name_by_case_and_by_index():
    assert [class_of(each, LABELS) for each in ("positive", " Positive ", 1, 1.0)] == [1, 1, 1, 1]
    assert [class_of(each, LABELS) for each in ("neutral", True, 2, -1, 0.5, None, [1])] == [None] * 7
    assert class_of("A", ("a", "A")) == 1
    assert class_of("á", ("a", "A")) is None


def test_hostile_and_huge_rows_are_measured_like_any_others(case):
    rows = [{"text": mark} for mark in ("x" * 1_000_000, "\ud800 lone", "a\u202eb", "<script>", "\x00", "{{7*7}}")]
    look = Watch(case.report, case.profile, key=KEY).look(
        [*rows, *({"text": f"row {n}"} for n in range(80))], today=DAY
    )
    assert look.rows == 86
    assert next(each for each in look.measures if each.name == "length").rows == 86


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The service was good and they were kind.", "English"),
        ("这个服务很好。", "Chinese"),
        ("Привет, как дела сегодня", "Cyrillic"),
        ("السلام عليكم ورحمة الله", "Arabic"),
        ("これはテストです", "Japanese"),
        ("12 345 !!", "no letters"),
    ],
)
def test_a_text_is_counted_by_its_language_or_script(text, name):
    assert language(text) == name


def test_bins_keep_their_numbers_and_windows_add_up():
    for characters in (0, 1, 80, 5_000, 1_000_000):
        assert value_of("length", length_bin(characters)) == pytest.approx(characters, rel=0.03, abs=0.1)
    for confidence in (0.0, 0.01, 0.5, 0.99, 0.9999, 1.0):
        assert value_of("confidence", confidence_bin(confidence)) == pytest.approx(confidence, abs=0.02)
    assert confidence_bin(0.99) != confidence_bin(0.999)
    both = added([{"prediction": {"a": 2}}, {"prediction": {"a": 1, "b": 4}, "length": {"3": 1}}])
    assert both == {"prediction": {"a": 3, "b": 4}, "length": {"3": 1}}
    assert median("vocabulary", {"0": 5, "25": 6, "50": 2}) == 0.5


def test_new_words_are_those_that_no_row_of_the_baseline_had():
    known = frozenset(word_hash(word, KEY) for word in ("the", "letter", "了"))
    tally = text_tally(["The LETTER", "the grommet", "flurb grommet", "好了"], known, KEY)
    assert tally["vocabulary"] == {"0": 1, "25": 2, "50": 1}
    assert text_tally(["The letter"], known, RowKey(b"z" * 32))["vocabulary"] == {"50": 1}


def test_a_profile_comes_back_as_it_went_and_belongs_to_its_report_and_key(case, tmp_path):
    place = tmp_path / "profile.json"
    place.write_text(profile_text(case.profile))
    assert read_profile(place, case.report, KEY) == case.profile
    assert make_profile(case.report, case.rows, key=KEY).digest == case.profile.digest
    with pytest.raises(InputError, match="another key"):
        read_profile(place, case.report, RowKey(b"q" * 32))
    other = case.report.model_copy(update={"settings": case.report.settings.model_copy(update={"seed": 9})})
    with pytest.raises(InputError, match="another audit"):
        read_profile(place, other, KEY)
    place.write_text(profile_text(case.profile).replace('"English": 400', '"English": 399'))
    with pytest.raises(InputError, match="changed after it was written"):
        read_profile(place, case.report, KEY)
    for content in ("", "[]", "7", '{"schema": "modelaudit.watch-profile/2"}', "\x00"):
        place.write_text(content)
        with pytest.raises(InputError, match="no profile of a watch"):
            read_profile(place, case.report, KEY)


def test_a_profile_is_made_of_the_audits_rows_and_no_others(case):
    with pytest.raises(InputError, match="not those that the audit judged the model on"):
        make_profile(case.report, case.rows[:-1], key=KEY)
    with pytest.raises(ModelInputError, match="not the audited model"):
        make_profile(
            case.report,
            case.rows,
            key=KEY,
            model=ModelSource(lambda texts: ask(texts), options()),
        )
    with_model = make_profile(case.report, case.rows, key=KEY, model=ModelSource(ask, options()))
    assert with_model.tally == case.profile.tally


def test_half_of_the_baseline_stands_for_words_that_are_new_to_the_other(case):
    assert sum(case.profile.tally["vocabulary"].values()) == 200
    # Each row ends with a number that no other has, so one word of each is new to the rows of the other half.
    assert "0" not in case.profile.tally["vocabulary"]
    assert sum(case.profile.tally["length"].values()) == 400


def test_projected_embeddings_keep_their_distances_and_hang_on_the_key():
    vectors = np.random.default_rng(0).normal(size=(40, 768))
    kept = projected(vectors, KEY)
    assert kept.shape == (40, 32)
    ratios = np.linalg.norm(kept[1:] - kept[0], axis=1) / np.linalg.norm(vectors[1:] - vectors[0], axis=1)
    assert ratios.mean() == pytest.approx(1.0, abs=0.1)
    assert not np.allclose(kept, projected(vectors, RowKey(b"p" * 32)))


def test_a_state_that_was_changed_cut_or_written_by_another_run_is_refused(case, tmp_path):
    place = tmp_path / "state.json"
    watch = Watch(case.report, case.profile, key=KEY, state=place)
    watch.look(live(80, 1), today=DAY)
    whole, before = place.read_text(), read_state(place)
    place.write_text(whole.replace('"looks": 1', '"looks": 0'))
    with pytest.raises(InputError, match="changed after it was written"):
        watch.look(live(80, 2), today=DAY)
    place.write_text(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="or was cut"):
        watch.look(live(80, 2), today=DAY)
    place.write_text(whole)
    watch.look(live(80, 2), today=DAY)
    with pytest.raises(InputError, match="written by another run"):
        write_state(place, before, read=before)
    assert read_state(place).looks == 2


def test_a_run_that_stopped_between_log_and_state_is_made_good_by_the_next(case, tmp_path):
    state, log = tmp_path / "state.json", tmp_path / "log.jsonl"
    watch = Watch(case.report, case.profile, key=KEY, state=state, log=log)
    watch.look(live(80, 1), today=DAY)
    kept = state.read_bytes()
    watch.look(live(80, 2), today=DAY)
    whole = log.read_bytes()
    state.write_bytes(kept)
    log.write_bytes(whole[:-40])
    assert watch.look(live(80, 2), today=DAY).rows == 80
    assert log.read_bytes() == whole


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda log: log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:10])), "was cut or taken"),
        (lambda log: log.unlink(), "was cut or taken away"),
        (lambda log: log.write_text(log.read_text().replace('"prediction":1', '"prediction":0', 1)), "was changed"),
    ],
)
def test_a_log_that_was_cut_changed_or_deleted_is_refused_until_a_reset(case, tmp_path, harm, says):
    state, log = tmp_path / "state.json", tmp_path / "log.jsonl"
    watch = Watch(case.report, case.profile, key=KEY, state=state, log=log)
    first = live(80, 1)
    watch.look(first, today=DAY)
    harm(log)
    kept = state.read_bytes()
    late = [{"id": row["id"], "label": "negative"} for row in first]
    with pytest.raises(InputError, match=f"the log .*{says}.*backup.*--reset"):
        watch.look([*late, *live(80, 2)], today=DAY)
    assert state.read_bytes() == kept
    log.unlink(missing_ok=True)
    watch.reset("the log was lost", today=DAY)
    assert watch.look(live(80, 2), today=DAY).look == 1
    assert watch.look(live(80, 3), today=DAY).look == 2


def test_a_reset_keeps_the_log_that_is_there(case, tmp_path):
    watch = Watch(case.report, case.profile, key=KEY, state=tmp_path / "state.json", log=tmp_path / "log.jsonl")
    first = live(80, 1)
    watch.look(first, today=DAY)
    watch.reset("a new year", today=DAY)
    late = [{"id": row["id"], "label": row["prediction"]} for row in first]
    assert watch.look([*late, *live(80, 2)], today=DAY).labelled == 80


def test_what_the_owner_alone_may_read_and_what_is_shared(tmp_path):
    write_atomically(tmp_path / "state", "x", what="state")
    write_atomically(tmp_path / "prom", "x", what="Prometheus file", shared=True)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("state", "prom")]
    assert modes == [0o600, 0o644]


def test_a_log_that_is_not_the_watchs_own_is_left_alone(tmp_path):
    log = tmp_path / "notes.txt"
    log.write_text("my notes\n")
    with pytest.raises(InputError, match="not written"):
        read_log(log, KEY.id, counted=Counted())
    with pytest.raises(InputError, match="line 1, is no line"):
        read_log(log, KEY.id, counted=Counted(size=9, sha256=hashlib.sha256(log.read_bytes()).hexdigest()))
    log.unlink()
    counted = append_log(log, [LogLine(key="another", look=1, day=DAY, name="n")], counted=Counted())
    with pytest.raises(InputError, match="another key"):
        read_log(log, KEY.id, counted=counted)
    with pytest.raises(OutputError, match="can't be written"):
        append_log(tmp_path / "no" / "log", [], counted=Counted())
    with pytest.raises(OutputError, match="can't be written"):
        write_atomically(tmp_path / "no" / "state", "x", what="state")


def test_metrics_are_well_formed_and_name_no_row_and_no_class(case):
    look = Watch(case.report, case.profile, key=KEY, alerts=["negative>0.9"]).look(live(80, 1), today=DAY)
    hostile = look.model_copy(update={"model": 'a"b\\c\nd\u2028' + "x" * 500})
    text = prometheus_text(hostile, case.report, now=dt.datetime(2026, 12, 1, tzinfo=dt.UTC))
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(line.startswith("modelaudit_") and line.rsplit(" ", 1)[1] not in {"nan", "None"} for line in series)
    assert all(float(line.rsplit(" ", 1)[1]) is not None for line in series)
    assert 'model="a\\"b\\\\c?d?' in text
    assert 'measure="prediction",scope="window"' in text
    for state in ("alarm", "inconclusive"):
        told = [line for line in series if line.startswith(f"modelaudit_watch_measure_{state}{{")]
        of = [f'measure="{each.name}",scope="window"}} {float(each.state == state)}' for each in look.measures]
        assert [line.partition(",")[2] for line in told] == of
    assert {"inconclusive", "no alarm"} == {each.state for each in look.measures}
    assert "positive" not in text
    assert "0-1" not in text
    assert len(series) < 60
