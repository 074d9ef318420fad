"""Benefit beside risk: no benefit without a baseline, numbers with what they assume, and what is missing named so."""

from __future__ import annotations

import pytest
from page import Page
from sample_report import calibration, info, membership, metric, model, sample_report

from modelaudit.audit_report import AuditReport, Price, Speed
from modelaudit.reports import render_html
from modelaudit.reports.benefit import MOST_GROUPS, TASK, Benefit
from modelaudit.reports.front import front
from modelaudit.results import CheckResult, Finding, Risk

SPEED = Speed(rows=1_000, tokens=25_000, seconds=3.6, hardware="one CPU", numerics="float32")
PRICE = Price(per_hour=10, currency="EUR", source="list price of 2026-11-01")


def performance(*gains: float, scored: bool = True) -> CheckResult:
    names = ("commonest", "linear")
    findings = [
        Finding(
            metric=metric(f"gain_over_{name}", f"Gain over {name}", gain, 0.01, better="higher", n=900),
            statement=f"The model gains {gain} over {name}.",
        )
        for name, gain in zip(names, gains, strict=False)
    ]
    score = metric("accuracy", "Accuracy", 0.9 if scored else None, 0.01, better="higher", primary=False, n=900)
    head = Finding(metric=score, statement="Accuracy.")
    return CheckResult(
        checker=info(TASK, Risk.PERFORMANCE, "Task performance", "How well?", "Scores."),
        status="completed",
        findings=(head, *findings),
    )


def groups(count: int) -> CheckResult:
    return CheckResult(
        checker=info("modelaudit/group-performance", Risk.BIAS, "Group performance", "For whom?", "Differences."),
        status="completed",
        findings=tuple(
            Finding(metric=metric("error_difference", "Error", 0.02, 0.01, group=f"g{place}"), statement="It differs.")
            for place in range(count)
        ),
    )


def told(*results: CheckResult) -> Benefit:
    return front(sample_report(results=results)).benefit


def paid(*, speed: Speed | None = SPEED, price: Price | None = PRICE) -> AuditReport:
    report = sample_report(results=(performance(0.1),))
    declared = report.subject.declared.model_copy(update={"price": price})
    subject = report.subject.model_copy(update={"declared": declared})
    return report.model_copy(update={"subject": subject, "run": report.run.model_copy(update={"speed": speed})})


def resource(report: AuditReport, label: str) -> tuple[str, bool]:
    [fact] = [fact for fact in front(report).benefit.resources if fact.label == label]
    return fact.words, fact.missing


@pytest.mark.parametrize(
    ("results", "lead", "shown"),
    [
        ((calibration(),), "Not shown to be a benefit: task performance was not measured in this audit.", False),
        ((performance(scored=False),), "Not shown to be a benefit: task performance gave no number.", False),
        ((performance(),), "Not shown to be a benefit: no simple baseline was measured on the same rows.", False),
        ((performance(0.3, 0.1),), "On these rows the model is ahead of each of the 2 simple baselines", True),
        ((performance(0.3),), "On these rows the model is ahead of the one simple baseline", True),
        ((performance(0.3, -0.1),), "does worse than a simpler means. Behind in: Gain over linear.", False),
        ((performance(0.01, 0.3),), "Not clearly ahead in: Gain over commonest.", False),
    ],
)
def test_a_benefit_is_shown_only_ahead_of_every_baseline(
    results: tuple[CheckResult, ...], lead: str, *, shown: bool
) -> None:
    found = told(*results)
    assert lead in found.lead
    assert found.shown is shown


def test_a_gain_is_read_from_its_interval_and_written_as_a_difference() -> None:
    gains = told(performance(0.3, -0.1)).gains
    assert [(gain.value, gain.reading) for gain in gains] == [
        ("+30.0\u00a0points", "ahead"),
        ("\u221210.0\u00a0points", "behind"),
    ]
    assert gains[0].interval == "+28.0 to +32.0\u00a0points"
    assert told(performance(0.01)).gains[0].reading == "unclear"


def test_cost_is_seconds_by_price_between_full_and_quarter_use() -> None:
    words, missing = resource(paid(), "Cost")
    # 3.6 s for 1,000 rows at 10 EUR an hour are 0.01 EUR, four times that where the hardware idles for 3/4 of the time.
    assert words.startswith("0.0100 to 0.0400 EUR for 1,000 predictions")
    assert "10 EUR an hour (list price of 2026-11-01), which the owner declares" in words
    assert not missing


def test_throughput_comes_with_its_conditions() -> None:
    assert resource(paid(), "Throughput") == ("278 rows and 6,944 tokens a second", False)
    assert resource(paid(), "Measured with")[0] == (
        "1,000 rows of 25 tokens on average in 3.60 seconds, warm, on one CPU (float32)"
    )


def test_what_is_missing_is_shown_as_missing() -> None:
    assert resource(paid(price=None), "Cost") == ("no price declared", True)
    assert resource(paid(speed=None), "Throughput") == ("not measured in this run", True)
    assert resource(paid(speed=None), "Cost")[1]
    assert "source not declared" in resource(paid(price=Price(per_hour=1, currency="EUR")), "Cost")[0]
    assert resource(paid(), "Energy") == ("not measured", True)


def test_a_model_whose_size_nobody_knows_says_so() -> None:
    report = paid()
    unknown = model("f", "").model_copy(update={"kind": "function", "parameters": None})
    report = report.model_copy(update={"subject": report.subject.model_copy(update={"model": unknown})})
    assert resource(report, "Size") == ("not known", True)
    assert resource(paid(), "Size") == ("4,386,178 parameters", False)


def test_scores_stand_beside_the_risks_that_the_audit_asked_for() -> None:
    beside = told(performance(0.3), membership(""), calibration()).beside
    assert [check.title for check in beside] == ["Membership inference", "Calibration"]
    assert beside[0].anchor
    assert told(performance(0.3)).beside == ()


def test_differences_between_groups_are_named_up_to_a_number() -> None:
    report = sample_report(results=(performance(0.3), groups(MOST_GROUPS + 4)))
    limit = report.policy.limit[0].model_copy(
        update={"checker": "modelaudit/group-performance", "metric": "error_difference"}
    )
    from modelaudit.policy import judge

    policy = report.policy.model_copy(update={"limit": (limit,), "waiver": ()})
    report = report.model_copy(update={"policy": policy, "judgement": judge(report.results, policy)})
    found = front(report).benefit
    assert (len(found.groups), found.groups_left_out) == (MOST_GROUPS, 4)
    assert "4 further comparisons stand in the sections of their checks." in Page(render_html(report)).words


def test_the_section_says_that_a_test_set_is_not_the_world() -> None:
    words = Page(render_html(paid())).words.partition("Benefit beside the risk What is")[2]
    assert "They do not show that anyone is better off." in words
    assert "Accuracy 90.0% 88.0% to 92.0% 900 rows" in words
    assert "No group and no slice was compared, so nothing is known of who gains least." in words
