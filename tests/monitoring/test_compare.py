"""What a comparison says of two reports: refused, worse, better, new, gone, and what stands in the way."""

from __future__ import annotations

import datetime as dt
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pairs_of_reports import checked, number, report, sample_report

from modelaudit.monitoring import comparability, compare
from modelaudit.reports import render_json
from modelaudit.reports.change_words import headline
from modelaudit.reports.json import parse_report
from modelaudit.verdicts import Limit

OTHER_HASH = "0" * 64
LIMIT = {"checker": "acme/made", "metric": "flip_rate", "rationale": "Few may change.", "source": "these tests"}


def one(comparison, metric="flip_rate", group=None):
    (found,) = [change for change in comparison.changes if (change.metric, change.group) == (metric, group)]
    return found


def changed(before, after, **updates):
    return one(compare(report(checked(before)), report(checked(after), **updates)))


@pytest.mark.parametrize(
    ("better", "before", "after", "kind"),
    [
        ("lower", 0.10, 0.20, "worse"),
        ("lower", 0.20, 0.10, "better"),
        ("higher", 0.10, 0.20, "better"),
        ("higher", 0.20, 0.10, "worse"),
        ("zero", -0.05, -0.15, "worse"),
        ("zero", 0.15, -0.05, "better"),
        ("zero", 0.10, -0.10, "no clear change"),
        ("neither", 0.10, 0.20, "no clear change"),
        ("lower", 0.10, 0.12, "no clear change"),
    ],
)
def test_a_clear_change_is_worse_or_better_by_what_is_better(better, before, after, kind):
    found = changed(number(before, better=better), number(after, better=better))
    assert found.kind == kind
    size = abs(after) - abs(before) if better == "zero" else after - before
    assert found.difference == pytest.approx(size)
    assert found.size_only == (better == "zero")
    assert found.interval[0] < size < found.interval[1]
    assert (found.q is None) == (better == "neither")
    assert found.for_context == (better == "neither")


def test_with_many_numbers_a_change_has_to_be_clearer():
    before = [number(0.10, group=f"g{place}") for place in range(40)]
    alone = compare(report(checked(before[0])), report(checked(number(0.134, group="g0"))))
    assert one(alone, group="g0").kind == "worse"
    many = compare(report(checked(*before)), report(checked(number(0.134, group="g0"), *before[1:])))
    found = one(many, group="g0")
    assert many.tested == 40
    assert found.kind == "no clear change"
    assert found.interval[0] > 0.0 > found.adjusted[0]
    assert found.q > found.p


def test_the_same_report_twice_has_nothing_worse_and_reads_back_as_it_was():
    whole = sample_report()
    comparison = compare(whole, whole)
    assert comparison.comparable
    # One check failed in both: that is said, and everything else is as it was.
    (failed,) = [change for change in comparison.changes if change.lost]
    assert failed.checker == "acme/rare-words"
    assert comparison.exit_code == 1
    others = {change.kind for change in comparison.changes if change is not failed}
    assert others <= {"no clear change", "not comparable"}
    kept = whole.model_copy(update={"comparison": comparison})
    assert parse_report(render_json(kept), where="r").comparison == comparison


@pytest.mark.parametrize(
    ("updates", "sentence"),
    [
        ({"subject__task": "token-classification"}, comparability.TASK),
        ({"subject__model__labels": ("approved", "refused")}, comparability.LABELS),
        ({"policy__limit": (Limit(**LIMIT, max=0.2),)}, comparability.POLICY),
        ({"policy__q": 0.01}, comparability.POLICY),
        ({"subject__declared__use_case": "hiring"}, comparability.USE_CASE),
        ({"subject__evaluation__sha256": OTHER_HASH}, comparability.ROWS),
    ],
)
def test_what_makes_numbers_mean_something_else_refuses_the_whole_comparison(updates, sentence):
    comparison = compare(report(checked(number(0.1))), report(checked(number(0.3)), **updates))
    assert not comparison.comparable
    assert comparison.reasons == (sentence,)
    assert comparison.changes == ()
    assert comparison.exit_code == 2


def test_a_policy_that_only_reads_otherwise_is_the_same_policy():
    first = report(checked(number(0.1)), policy__limit=(Limit(**LIMIT, max=0.2), Limit(**LIMIT, group="g", max=0.1)))
    reworded = tuple(limit.model_copy(update={"rationale": "Said anew."}) for limit in reversed(first.policy.limit))
    updates = {"policy__limit": reworded, "policy__approved_by": "R. Osei", "policy__waiver": ()}
    comparison = compare(first, report(checked(number(0.1)), **updates))
    assert comparison.comparable
    assert comparison.notes == (comparability.POLICY_TEXT, comparability.SAME_MODEL)


@pytest.mark.parametrize(
    ("updates", "sentence", "detail"),
    [
        ({"settings__seed": 8}, comparability.SEED, "7 → 8"),
        ({"settings__preset": "quick"}, comparability.PRESET, "standard → quick"),
        ({"provenance__numerics": {"device": "cuda"}}, comparability.NUMERICS, "device: cpu → cuda"),
        ({"provenance__package_version": "0.2"}, comparability.VERSIONS, "modelaudit: 0.1.0 → 0.2"),
        ({"subject__members__sha256": OTHER_HASH}, comparability.MEMBERS, None),
        ({"subject__evaluation__text_column": "body"}, comparability.COLUMNS, "text, label → body, label"),
    ],
)
def test_what_differs_and_does_not_stand_in_the_way_is_noted(updates, sentence, detail):
    comparison = compare(report(checked(number(0.1))), report(checked(number(0.3)), **updates))
    assert one(comparison).kind == "worse"
    assert sentence in comparison.notes
    assert detail is None or detail in comparison.details[sentence]


@pytest.mark.parametrize(
    ("how", "updates", "sentence"),
    [
        ({"version": "2"}, {}, comparability.VERSION),
        ({"options": {"folds": "10"}}, {}, comparability.OPTIONS),
        ({"needs": ("members",)}, {"subject__heldout__sha256": OTHER_HASH}, comparability.HELDOUT),
        ({"needs": ("base_model",)}, {"subject__base_model__weights_sha256": OTHER_HASH}, comparability.BASE),
    ],
)
def test_a_check_that_asked_otherwise_is_left_out_and_the_rest_is_compared(how, updates, sentence):
    rest = checked(number(0.1), name="acme/rest")
    worse = checked(number(0.3), name="acme/rest")
    comparison = compare(report(checked(number(0.1)), rest), report(checked(number(0.3), **how), worse, **updates))
    found = {change.checker: change for change in comparison.changes}
    assert found["acme/made"].kind == "not comparable"
    assert found["acme/made"].reason == sentence
    assert found["acme/made"].difference is None
    assert found["acme/rest"].kind == "worse"
    assert comparison.tested == 1


def test_numbers_that_mean_nothing_alone_are_not_compared():
    confounded = checked(number(0.1))
    finding = confounded.findings[0].model_copy(update={"confounded": "names differ in length"})
    confounded = confounded.model_copy(update={"findings": (finding,)})
    found = one(compare(report(checked(number(0.3))), report(confounded)))
    assert (found.kind, found.reason) == ("not comparable", comparability.CONFOUNDED)
    assert found.detail == "names differ in length"
    assert changed(number(0.1), number(0.3, unit="log-odds")).reason == comparability.UNIT
    assert changed(number(0.1), number(None)).reason == comparability.NO_VALUE
    open_ended = number(0.1).model_copy(update={"bounds": (), "reason": "One row shows no spread."})
    found = changed(number(0.1), open_ended)
    assert (found.kind, found.reason) == ("not comparable", comparability.NO_INTERVAL)


def test_an_interval_that_ends_before_it_begins_takes_nobody_down():
    upside_down = number(0.1)
    bounds = (upside_down.bounds[0].model_copy(update={"low": 0.2, "high": 0.1}),)
    found = changed(upside_down.model_copy(update={"bounds": bounds}), number(0.3))
    assert found.reason == comparability.NO_INTERVAL


def test_what_only_one_audit_has_is_new_or_gone():
    first = report(checked(number(0.1)), checked(number(0.1), name="acme/old"))
    second = report(checked(number(0.1), number(0.2, group="g")), checked(number(0.2), name="acme/young"))
    found = {(change.checker, change.group): change for change in compare(first, second).changes}
    assert (found["acme/made", "g"].kind, found["acme/made", "g"].reason) == ("new", comparability.NO_METRIC)
    assert (found["acme/young", None].kind, found["acme/young", None].reason) == ("new", comparability.NOT_RUN)
    assert (found["acme/old", None].kind, found["acme/old", None].before) == ("gone", 0.1)
    assert not found["acme/old", None].lost


def test_a_check_that_failed_is_no_improvement():
    failed = checked(number(0.1), status="errored", reason="it broke")
    before, after = report(checked(number(0.5))), report(failed)
    found = one(compare(before, after))
    assert (found.kind, found.lost, found.reason, found.detail) == ("gone", True, comparability.FAILED, "it broke")
    assert compare(before, after).exit_code == 1
    assert one(compare(after, before)).kind == "new"
    assert compare(after, before).exit_code == 0


@pytest.mark.parametrize(
    "before",
    [
        (),
        (checked(status="errored", reason="it broke before"),),
        (checked(status="skipped", reason="needs labels"),),
        (checked(number(0.1, primary=False)),),
    ],
    ids=["not run", "failed", "skipped", "no judged number"],
)
def test_a_check_that_failed_without_a_number_to_miss_is_named_once(before):
    failed = checked(number(0.1), status="errored", reason="it broke")
    rest = checked(number(0.1), name="acme/rest")
    comparison = compare(report(*before, rest), report(failed, rest))
    (found,) = [change for change in comparison.changes if change.checker == "acme/made"]
    assert (found.kind, found.lost, found.reason, found.detail) == ("gone", True, comparability.FAILED, "it broke")
    assert found.title == "Made"
    assert comparison.changes[0] == found
    assert (comparison.lost, comparison.exit_code) == (1, 1)
    twice = compare(report(checked(number(0.1), number(0.1, group="g"))), report(failed))
    assert [change.metric for change in twice.changes] == ["flip_rate", "flip_rate"]


def test_what_the_policy_requires_may_not_go_missing():
    def audit(*results, required):
        return report(*results, policy__limit=(Limit(**LIMIT, max=0.2, required=required),))

    for required in (True, False):
        skipped = checked(status="skipped", reason="needs labels")
        comparison = compare(audit(checked(number(0.1)), required=required), audit(skipped, required=required))
        assert one(comparison).lost == required
        assert comparison.exit_code == int(required)


@pytest.mark.parametrize(
    ("value", "reason", "lost", "why"),
    [
        (0.1, "needs labels", True, comparability.NO_ANSWER),
        (0.3, "needs labels", True, comparability.NO_ANSWER),
        (0.2, "needs labels", False, comparability.NO_ANSWER),
        (0.1, "not selected (only acme/rest)", False, comparability.NOT_ASKED),
    ],
    ids=["within", "exceeds", "inconclusive", "not asked for"],
)
def test_only_an_answer_that_was_asked_for_can_be_lost(value, reason, lost, why):
    limit = {"policy__limit": (Limit(**LIMIT, max=0.2, required=True),)}
    comparison = compare(
        report(checked(number(value)), **limit), report(checked(status="skipped", reason=reason), **limit)
    )
    found = one(comparison)
    assert (found.kind, found.lost, found.reason) == ("gone", lost, why)
    assert comparison.exit_code == int(lost)
    assert ("1 gone (1 not asked for in the second audit)" in headline(comparison)) == found.not_asked


def test_training_rows_that_one_audit_lacks_do_not_differ():
    both = report(checked(number(0.1)))
    table = both.subject.evaluation
    with_rows = report(checked(number(0.1)), subject__members=table)
    without = report(checked(number(0.1)), subject__members=None)
    assert comparability.NO_MEMBERS_NOW in compare(with_rows, without).notes
    assert comparability.NO_MEMBERS_BEFORE in compare(without, with_rows).notes
    assert comparability.MEMBERS not in compare(with_rows, without).notes


def test_a_limit_that_is_newly_exceeded_is_shown_though_the_change_is_not_clear():
    limit = {"policy__limit": (Limit(**LIMIT, max=0.10),)}
    first, second = report(checked(number(0.115)), **limit), report(checked(number(0.125)), **limit)
    comparison = compare(first, second)
    found = one(comparison)
    assert (found.before_state, found.after_state) == ("inconclusive", "exceeds limit")
    assert found.kind == "no clear change"
    assert found.newly_exceeds
    assert comparison.exit_code == 0


def test_the_gravest_come_first():
    groups = ["worse", "better", "same", "gone"]
    first = report(checked(*(number(0.2, group=group) for group in groups)))
    values = {"worse": 0.3, "better": 0.1, "same": 0.2, "new": 0.2}
    second = report(checked(*(number(value, group=group) for group, value in values.items())))
    assert [change.group for change in compare(first, second).changes] == ["worse", "better", "gone", "new", "same"]


def test_what_is_worse_stands_before_what_is_lost():
    first = report(checked(number(0.1)), checked(number(0.1), name="acme/broken"))
    second = report(checked(number(0.3)), checked(name="acme/broken", status="errored", reason="it broke"))
    assert [(change.kind, change.lost) for change in compare(first, second).changes] == [
        ("worse", False),
        ("gone", True),
    ]


def test_numbers_that_nobody_judges_stay_out_unless_they_tell_how_the_task_is_done():
    first = report(checked(number(0.1, primary=False)))
    assert compare(first, first).changes == ()
    limited = report(checked(number(0.1, primary=False)), policy__limit=(Limit(**LIMIT, max=0.2),))
    assert len(compare(limited, limited).changes) == 1


def test_every_sentence_of_a_comparison_is_in_chinese_too():
    folder = Path(comparability.__file__).parents[1] / "reports" / "locales" / "zh" / "texts"
    known = {
        entry["en"]: entry["zh"]
        for file in folder.glob("*.toml")
        for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("text", ())
    }
    said = (*comparability.REFUSALS, *comparability.NOTES, *comparability.HINDRANCES)
    assert [sentence for sentence in said if sentence not in known] == []
    assert len(set(said)) == len(said)


def test_dates_of_waivers_change_no_comparison():
    first = report(checked(number(0.1)))
    waiver = first.policy.waiver[0].model_copy(update={"expires": dt.date(2030, 1, 1)})
    assert compare(first, report(checked(number(0.1)), policy__waiver=(waiver,))).comparable
