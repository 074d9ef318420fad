"""The watch: quiet where nothing changed, loud where something did, and the same window never counted twice."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from watched import KEY, LABELS, answered, ask, live, options, watched

from modelaudit.errors import InputError
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.watch import Watch
from modelaudit.monitoring.watch_state import read_state
from modelaudit.monitoring.watched_model import ModelSource
from modelaudit.verdicts import Waiver

DAY = dt.date(2026, 12, 1)


@pytest.fixture(scope="module")
def case():
    return watched()


@pytest.fixture
def watch(case, tmp_path):
    def made(**changes):
        given = {"key": KEY, "state": tmp_path / "state.json", "log": tmp_path / "log.jsonl", **changes}
        return Watch(case.report, case.profile, **given)

    return made


def surged(n, seed):
    """Rows of which far more are negative."""
    words = {"bad": -2.0, "slow": -1.5, "poor": -1.0, "good": 2.0}
    return live(n, seed, words=words)


def named(look, name, scope="window"):
    return next(each for each in look.measures if (each.name, each.scope) == (name, scope))


def test_rows_like_the_baseline_raise_no_alarm_and_each_measure_says_how_it_is_known(watch):
    watching = watch(alerts=["negative>0.7"])
    looks = [watching.look(live(150, seed), today=DAY) for seed in range(1, 4)]
    assert [look.state for look in looks] == ["no alarm"] * 3
    assert [look.look for look in looks] == [1, 2, 3]
    prediction = named(looks[2], "prediction", "recent")
    assert (prediction.rows, prediction.reference_rows) == (450, 400)
    assert prediction.interval[0] < prediction.value < prediction.interval[1]
    assert prediction.value == pytest.approx(prediction.after - prediction.before)
    assert looks[2].not_measured["accuracy"].startswith("no label came")
    assert looks[2].not_measured["embedding"] == "the baseline's profile has none"
    assert 0 < looks[0].spent < looks[2].spent < 0.05


def test_a_surge_of_negative_items_raises_the_alarm_by_the_rule_and_by_itself(watch):
    watching = watch(alerts=["negative+0.05"])
    assert watching.look(live(200, 1), today=DAY).exit_code == 0
    look = watching.look(surged(200, 2), today=DAY)
    assert (look.state, look.exit_code, look.alarmed) == ("alarm", 1, 2)
    assert {"prediction", "alert: negative+0.05"} <= {each.name for each in look.alarms}
    found = named(look, "alert: negative+0.05")
    assert found.after > found.before + 0.05
    assert found.interval[0] > 0.05
    assert found.adjusted <= 0.05 < 1.0
    assert [each.kind for each in look.triggers] == ["alarm"]
    assert "not harm" in look.note


def test_an_alarm_stands_until_a_reset_which_stays_on_record(watch, tmp_path):
    watching = watch()
    watching.look(surged(200, 2), today=DAY)
    after = watching.look(live(1_000, 3), today=DAY)
    assert (after.state, after.exit_code, after.alarmed, after.alarms) == ("alarm", 1, 1, ())
    assert "look 1 stands" in after.reason
    few = watching.look(live(10, 4), today=DAY)
    assert (few.state, few.look) == ("alarm", None)
    watching.reset("retrained on November's rows", today=DAY)
    state = read_state(tmp_path / "state.json")
    assert (state.looks, state.alarmed, state.resets[0].looks, state.resets[0].alarmed) == (0, None, 2, True)
    assert watching.look(live(200, 5), today=DAY).look == 1
    with pytest.raises(InputError, match="was seen on 2026-12-01"):
        watching.look(live(1_000, 3), today=DAY)


def test_the_same_window_counts_once_whatever_the_order_of_its_rows(watch):
    watching = watch(log=None)
    rows = live(120, 1)
    watching.look(rows, today=DAY)
    with pytest.raises(InputError, match="counts once"):
        watching.look(rows[::-1], today=DAY)
    assert watching.look(live(120, 2), today=DAY).look == 2


def test_rows_that_were_seen_are_not_new_a_second_time(watch):
    watching = watch()
    watching.look(live(120, 1), today=DAY)
    look = watching.look([*live(120, 1)[:50], *live(80, 2)], today=DAY)
    assert (look.rows, look.again) == (80, 50)


def test_labels_that_come_late_find_their_predictions(watch, case):
    watching = watch()
    first = live(200, 1)
    watching.look(first, today=DAY)
    # Every fourth answer was wrong, where the audit's were all right.
    late = [
        {"id": row["id"], "label": LABELS[(LABELS.index(row["prediction"]) + (at % 4 == 0)) % 2]}
        for at, row in enumerate(first)
    ]
    look = watching.look([*late, *live(100, 2)], today=DAY)
    accuracy = named(look, "accuracy")
    assert (look.labelled, accuracy.rows, accuracy.state) == (200, 200, "alarm")
    assert (accuracy.before, accuracy.after) == (1.0, 0.75)
    assert accuracy.value == pytest.approx(-0.25)
    assert accuracy.interval[0] < -0.25 < accuracy.interval[1] < 0
    # A label counts once, and one of an unknown request is said to be lost.
    again = watching.look([*late, {"id": "nobody's", "label": "negative"}, *live(60, 3)], today=DAY)
    assert again.labelled == 0
    assert again.not_measured["late labels"].startswith("1 labels")


def test_labels_alone_make_a_look(watch):
    watching = watch()
    first = live(120, 1)
    watching.look(first, today=DAY)
    look = watching.look([{"id": row["id"], "label": row["prediction"]} for row in first], today=DAY)
    assert (look.state, look.rows, look.labelled) == ("no alarm", 0, 120)
    assert {each.name for each in look.measures if each.scope == "window"} == {"accuracy"}


def test_too_few_rows_are_inconclusive_and_may_be_handed_in_again(watch, tmp_path):
    watching = watch()
    look = watching.look(live(1, 1), today=DAY)
    assert (look.state, look.exit_code, look.look, look.spent) == ("inconclusive", 3, None, 0.0)
    assert "1 new rows" in look.reason
    assert "50" in look.reason
    assert not (tmp_path / "state.json").exists()
    assert watching.look([*live(1, 1), *live(60, 2)], today=DAY).look == 1


def test_a_measure_that_could_not_have_shown_the_change_says_how_many_rows_it_takes(watch):
    look = watch().look(live(60, 1), today=DAY)
    length = named(look, "length")
    assert length.state == "inconclusive"
    assert length.smallest_detectable > 0.15
    assert f"{length.rows_needed:,} rows" in length.reason
    enough = watch(state=None, log=None).look(live(length.rows_needed, 2), today=DAY)
    assert named(enough, "length").smallest_detectable <= 0.15


def test_a_rule_that_could_not_be_judged_is_no_pass(watch):
    rows = [{"text": row["text"]} for row in live(100, 1)]
    look = watch(alerts=["negative>0.9"]).look(rows, today=DAY)
    assert (look.state, look.exit_code) == ("inconclusive", 3)
    assert "alert: negative>0.9" in look.not_measured
    assert {each.name for each in look.measures} == {"language", "length", "vocabulary"}


@pytest.mark.parametrize("n", [60, 100])
def test_a_rule_that_had_too_few_rows_is_no_pass(watch, n):
    look = watch(alerts=["negative+0.10"], state=None, log=None).look(live(n, 1), today=DAY)
    assert named(look, "alert: negative+0.1").state == "inconclusive"
    assert named(look, "language").state == "no alarm"
    assert (look.state, look.exit_code) == ("inconclusive", 3)
    assert "1 of 1 alert rules" in look.reason
    assert "rows would do for alert: " in look.reason


def test_rows_without_any_outcome_are_no_pass_though_their_texts_are_alike(watch):
    bare = [{"id": row["id"], "text": row["text"]} for row in live(800, 1)]
    labels = [{"id": f"nobody {at}", "label": "negative"} for at in range(200)]
    look = watch().look([*bare, *labels], today=DAY)
    assert (named(look, "language").state, named(look, "length").state) == ("no alarm", "no alarm")
    assert (look.state, look.exit_code) == ("inconclusive", 3)
    assert "prediction, confidence, accuracy" in look.reason
    assert look.not_measured["late labels"].startswith("200 labels")


def test_what_few_rows_of_each_window_do_not_tell_the_last_windows_together_do(watch):
    watching = watch()
    looks = [watching.look(live(200, seed), today=DAY) for seed in range(1, 5)]
    assert looks[0].exit_code == 3
    assert "309 rows would do for prediction" in looks[0].reason
    assert looks[-1].exit_code == 0
    assert named(looks[-1], "prediction").state == "inconclusive"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([{"text": f"这个服务很好，我们很满意，第{at}次。"} for at in range(80)], "language"),
        ([{"text": "word " * (40 + at)} for at in range(80)], "length"),
        ([{"text": f"Zebra quagga okapi said {at} flurbs of grommet to the desk."} for at in range(80)], "vocabulary"),
        ([{**row, "confidence": 0.5} for row in live(80, 9)], "confidence"),
    ],
)
def test_each_kind_of_drift_is_found(watch, rows, name):
    look = watch(state=None, log=None).look(rows, today=DAY)
    assert named(look, name).state == "alarm"
    assert not look.remembered


def test_one_row_of_a_document_is_taken(watch):
    rows = [{**row, "group": f"letter {at // 4}"} for at, row in enumerate(live(400, 1))]
    assert watch().look(rows, today=DAY).rows == 100


def test_the_model_answers_where_it_is_there_and_another_one_is_noted(case, watch):
    source = ModelSource(_ask, options())
    texts = [{"text": row["text"], "prediction": "positive"} for row in live(100, 1)]
    look = watch(model=source, state=None, log=None).look(texts, today=DAY)
    assert named(look, "prediction").after < 0.9 or named(look, "prediction").which == "negative"
    assert [each.kind for each in look.triggers] == ["model"]


def _ask(texts):
    return ask(texts)


def test_a_model_with_other_labels_is_refused(watch):
    source = ModelSource(_ask, options().__class__(labels=("no", "yes"), model_name="desk 2"))
    with pytest.raises(InputError, match="answers another question"):
        watch(model=source).look(live(60, 1), today=DAY)


def test_nothing_of_a_row_is_in_what_is_written(watch, tmp_path, case):
    secret = "Mrs Quillfeather of 7 Mill Lane"
    rows = answered([{"text": f"{secret} found the letter bad and slow, case {at}."} for at in range(80)])
    rows = [{**row, "id": f"customer-4711-{at}", "group": f"household 12-{at}"} for at, row in enumerate(rows)]
    look = watch().look(rows, today=DAY)
    written = (tmp_path / "state.json").read_text() + (tmp_path / "log.jsonl").read_text() + look.json_line
    written += case.profile.model_dump_json()
    for part in ("Quillfeather", "Mill", "4711", "household"):
        assert part not in written
    for name in ("log.jsonl", "state.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    # Who has another key can't find the row again.
    assert KEY.of("id", "customer-4711-0") in written
    assert RowKey(b"x" * 32).of("id", "customer-4711-0") not in written


def test_the_same_rows_give_the_same_line_and_files(watch, tmp_path):
    first = watch().look(live(100, 1), today=DAY)
    kept = [(tmp_path / name).read_bytes() for name in ("state.json", "log.jsonl")]
    for name in ("state.json", "log.jsonl"):
        (tmp_path / name).unlink()
    assert watch().look(live(100, 1)[::-1], today=DAY).json_line == first.json_line
    assert [(tmp_path / name).read_bytes() for name in ("state.json", "log.jsonl")] == kept


def test_what_was_declared_before_the_first_look_holds(watch):
    watch(alerts=["negative>0.9"]).look(live(80, 1), today=DAY)
    for changes in ({"alerts": ["negative>0.95"]}, {"alerts": ["negative>0.9"], "alpha": 0.2}):
        with pytest.raises(InputError, match="declared before the first look"):
            watch(**changes).look(live(80, 2), today=DAY)


def test_waivers_that_expired_rows_of_before_and_old_mappings_are_reasons_to_audit_again(case, watch):
    rows = [{**row, "ts": "2020-01-01T00:00:00Z"} for row in live(60, 1)]
    look = watch(state=None, log=None).look(rows, today=DAY)
    assert [each.kind for each in look.triggers] == ["data"]
    assert look.triggers[0].reason.startswith("60 live rows")
    waiver = Waiver(
        id="W-014",
        checker="modelaudit/calibration",
        metric="ece",
        owner="Ada Lovell",
        reason="Until the new form is live.",
        created=dt.date(2026, 1, 1),
        expires=dt.date(2027, 1, 31),
    )
    policy = case.report.policy.model_copy(update={"waiver": (waiver,)})
    watching = Watch(case.report.model_copy(update={"policy": policy}), case.profile, key=KEY)
    assert watching.look(live(60, 2), today=DAY).triggers == ()
    late = watching.look(live(60, 2), today=dt.date(2031, 1, 1)).triggers
    assert [each.kind for each in late] == ["waiver", "mapping"]
    assert "W-014 of Ada Lovell expired on 2027-01-31" in late[0].reason


def test_a_line_is_one_line_of_json_whatever_a_label_says(case):
    look = Watch(case.report, case.profile, key=KEY).look(live(60, 1), today=DAY)
    hostile = look.model_copy(update={"model": "a\u2028b\n<script>\u202e"})
    assert hostile.json_line.isascii()
    assert "\n" not in hostile.json_line
    assert json.loads(hostile.json_line)["model"] == "a\u2028b\n<script>\u202e"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"key": RowKey(b"y" * 32)}, "another key"),
        ({"alpha": 0.9}, "alpha is 0.9"),
        ({"state": None}, "needs a state"),
        ({"alerts": ["neutral>0.5"]}, "names no label"),
        ({"alerts": ["negative>0.5", "negative>0.5"]}, "given twice"),
    ],
)
def test_what_can_not_be_watched_is_said_at_once(watch, changes, says):
    with pytest.raises(InputError, match=says):
        watch(**changes)
