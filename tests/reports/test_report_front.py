"""The first screen and its frame: what is declared and missing, what is pointed out, and that it stays short."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import pytest
from full_front import full_report
from page import Page
from sample_report import TODAY, clean_report, info, metric, perturbation, sample_report, small_report

from modelaudit.audit_report import AuditReport, Declared, InputRecord
from modelaudit.reports import render_html, render_markdown
from modelaudit.reports.decisions import SHORT
from modelaudit.reports.front import MOST_DECISIONS, front
from modelaudit.reports.html import NAMED
from modelaudit.reports.text import shortened
from modelaudit.reports.words import speaking
from modelaudit.results import CheckResult, Finding, Risk
from modelaudit.verdicts import Policy, Requirement

MANY = 300


@pytest.fixture(scope="module")
def source() -> str:
    return render_html(sample_report())


def declaring(report: AuditReport, **values: object) -> AuditReport:
    declared = Declared.model_validate(values)
    return report.model_copy(update={"subject": report.subject.model_copy(update={"declared": declared})})


def under(report: AuditReport, **values: object) -> AuditReport:
    policy: Policy = report.policy.model_copy(update=values)
    return report.model_copy(update={"policy": policy})


def many_exceed(count: int) -> AuditReport:
    findings = tuple(
        Finding(
            metric=metric("flip_rate", "Changed answers", 0.3, 0.01, group=f"group {place}"), statement="It changes."
        )
        for place in range(count)
    )
    return sample_report(results=(perturbation("").model_copy(update={"findings": findings}),))


def first_page(source: str) -> str:
    return source.partition('<nav class="contents"')[0]


def test_what_nobody_declared_is_named_as_missing_in_one_line() -> None:
    words = Page(first_page(render_html(declaring(small_report(), owner="Dana Okafor", role="gpai modifier")))).words
    assert "Owner Dana Okafor Role modifier of a general-purpose model" in words
    assert (
        "Not declared Declared use, Use case, Impact of an error, People affected, Jurisdictions, Risk class" in words
    )


def test_nothing_is_called_missing_where_all_is_declared() -> None:
    report = declaring(
        small_report(),
        use="Sorting",
        use_case="claims",
        owner="Dana",
        impact="A delay",
        affected="Insured people",
        role="provider",
        jurisdictions=("EU", "CN"),
        risk_class="high",
    )
    words = Page(first_page(render_html(report))).words
    assert "Not declared" not in words
    assert "Jurisdictions EU, CN Risk class high-risk, as the owner classes it under the EU AI Act" in words


def test_a_long_declaration_is_cut_on_the_first_page_and_whole_in_the_provenance() -> None:
    use = "Sorting of letters " * 40 + "to the end"
    source = render_html(declaring(small_report(), use=use))
    assert "to the end" not in first_page(source)
    assert "characters more)" in first_page(source)
    assert "to the end" in source.partition('id="provenance"')[2]


def test_a_policy_is_called_unreviewed_until_it_names_who_approved_it() -> None:
    report = clean_report()
    assert any("unreviewed" in notice for notice in front(report).notices)
    approved = front(under(report, approved_by="Risk board"))
    assert not any("unreviewed" in notice for notice in approved.notices)
    assert approved.policy.endswith("approved by Risk board")


@pytest.mark.parametrize(
    ("days", "says"),
    [(30, "1 accepted risk ends within 30 days"), (31, None), (-1, "1 waiver of the policy has expired")],
)
def test_waivers_that_end_soon_or_have_ended_are_pointed_out(days: int, says: str | None) -> None:
    report = sample_report()
    [waiver] = report.policy.waiver
    moved = waiver.model_copy(update={"expires": TODAY + dt.timedelta(days=days)})
    found = [
        notice for notice in front(under(report, waiver=(moved,))).notices if "waiver" in notice or "risk" in notice
    ]
    assert [notice.partition(",")[0].partition(" and accepts")[0] for notice in found] == ([says] if says else [])


@pytest.mark.parametrize(
    ("use_case", "says"),
    [
        ("claims", "The limits for the use case claims were applied: 2 of them"),
        ("hiring", "The policy has no limits for the declared use case hiring, only for: claims, fraud."),
        (None, "The policy has limits for use cases (claims, fraud). None was declared"),
    ],
)
def test_the_first_page_says_which_use_cases_limits_were_applied(use_case: str | None, says: str) -> None:
    report = clean_report()
    first, second, third, *rest = report.policy.limit
    cases = (("claims",), ("claims", "fraud"), ("fraud",))
    limits = [
        limit.model_copy(update={"use_cases": use}) for limit, use in zip((first, second, third), cases, strict=True)
    ]
    report = under(declaring(report, use_case=use_case), limit=(*limits, *rest))
    assert any(notice.startswith(says) for notice in front(report).notices)


@pytest.mark.parametrize(
    ("use_case", "says"),
    [
        ("CLAIMS", "The limits for the use case CLAIMS were applied: {all} of them. The policy has none"),
        ("claim", "The policy has no limits for the declared use case claim, only for: Claims. It has none for all"),
        (None, "The policy has limits for use cases only (Claims). None was declared, so no limit was applied."),
    ],
)
def test_the_first_page_does_not_say_that_limits_for_all_uses_were_applied_where_there_are_none(
    use_case: str | None, says: str
) -> None:
    report = clean_report()
    limits = tuple(limit.model_copy(update={"use_cases": ("Claims",)}) for limit in report.policy.limit)
    found = front(under(declaring(report, use_case=use_case), limit=limits)).notices
    assert any(notice.startswith(says.format(all=len(limits))) for notice in found), found


def test_nobody_approved_a_policy_whose_approver_is_a_character_that_shows_nothing() -> None:
    assert any("unreviewed" in notice for notice in front(under(clean_report(), approved_by="\u200b")).notices)


def test_a_policy_without_use_cases_says_nothing_of_them() -> None:
    assert not any("use case" in notice for notice in front(declaring(clean_report(), use_case="claims")).notices)


def test_points_whose_question_makes_no_sense_here_are_told_from_gaps() -> None:
    assert front(small_report()).gap_words.endswith("; the question of 1 does not apply to this model or its data")
    assert front(clean_report()).gap_words == "3 points were not assessed"


def test_a_cut_is_made_between_words_and_only_where_it_saves_something() -> None:
    assert shortened("a word or two more than that", 20) == "a word or two more than that"
    assert shortened("some words " * 9 + "and an end", 60) == "some words " * 5 + "some… (50 characters more)"
    assert shortened("x" * 100, 60) == "x" * 60 + "… (40 characters more)"


def test_a_policy_that_was_put_in_place_afterwards_is_pointed_out_and_stands_in_the_provenance() -> None:
    report = clean_report()
    again = report.judgement.model_copy(update={"judged_again": True})
    found = report.model_copy(update={"judgement": again})
    says = "The policy was put in place when the results were known."
    assert front(found).notices[0].startswith(says)
    assert says in Page(render_html(found).partition('id="provenance"')[2]).words
    assert not any(notice.startswith(says) for notice in front(report).notices)


def test_markdown_shows_no_rows_and_does_not_say_that_it_does() -> None:
    assert any("shows text of rows" in notice for notice in front(small_report()).notices)
    assert "shows text of rows" not in render_markdown(small_report())
    assert "The policy is unreviewed" in render_markdown(small_report())


def test_what_a_policy_says_beside_its_limits_stands_in_the_provenance() -> None:
    report = sample_report()
    [waiver] = report.policy.waiver
    changed = {"compensating": "A clerk reads each refusal.", "ticket": "RISK-12", "model_digest": "ab" * 32}
    needed = Requirement(
        checker="acme/rare-words", where_applicable=True, rationale="The service sees rare words.", source="internal"
    )
    policy = under(
        report,
        waiver=(waiver.model_copy(update=changed),),
        require=(needed,),
        note="For a first look only.",
        approved_by="Risk board",
        approved_on=dt.date(2026, 12, 1),
        extends="internal-screening",
        extends_sha256="cd" * 32,
        limit=(report.policy.limit[0].model_copy(update={"override_reason": "Agreed with the board."}),),
    ).policy
    idle = ("W-014 (modelaudit/perturbation flip_rate (upper case)): the check is skipped.",)
    judgement = report.judgement.model_copy(update={"idle_waivers": idle, "other_use_cases": ("a", "b")})
    verdicts = tuple(verdict.model_copy(update={"waiver": None}) for verdict in judgement.verdicts)
    judgement = judgement.model_copy(update={"verdicts": verdicts})
    words = Page(render_html(report.model_copy(update={"policy": policy, "judgement": judgement}))).words
    assert "Approved by Risk board on 2026-12-01" in words
    assert f"Its note For a first look only. Built on internal-screening, SHA-256 {'cd' * 32}" in words
    assert "Looser than there: modelaudit/membership-inference membership_auc Agreed with the board." in words
    assert "acme/rare-words, where its question applies: The service sees rare words. Source: internal" in words
    assert "For other use cases 2 limits, which judged nothing here" in words
    assert "Done instead: A clerk reads each refusal. Kept in: RISK-12. For the weights abababababab… only." in words
    assert "no: The check is skipped." in words
    # The mapping of Colorado's law had to be read anew before the day of this audit, the others not.
    assert "Mappings to clauses past their day Colorado SB 24-205 and SB 26-189, to be read anew by 2026" in words


def test_failures_are_named_once_and_counted_where_they_are_many() -> None:
    words = Page(first_page(render_html(full_report()))).words
    assert "4 checks stopped with an error and left their questions without an answer: " in words
    assert "Broken check 1 of another package, and 2 more" in words
    assert "4 plugins could not be used, and their checks are not in this report: broken-checks-0, " in words


def test_ten_thousand_findings_do_not_fill_the_first_pages() -> None:
    source = render_html(many_exceed(MANY))
    head = source.partition('id="findings"')[0]
    decisions = re.search(r'<ol class="decisions">(.*?)</ol>', head, re.DOTALL)
    further = re.search(r'<ul class="decisions-more">(.*?)</ul>', head, re.DOTALL)
    assert decisions is not None
    assert further is not None
    assert decisions.group(1).count("<li") == MOST_DECISIONS
    assert further.group(1).count("<li") == NAMED
    assert f"And {MANY - MOST_DECISIONS - NAMED} more in the sections below." in Page(head).words
    assert f"{MANY - MOST_DECISIONS} more findings need a decision" in Page(first_page(source)).words
    assert len(head) < 120_000


def test_what_was_not_assessed_is_counted_and_named_up_to_a_number() -> None:
    findings = tuple(
        Finding(
            metric=metric("flip_rate", "Changed answers", None, 0, group=f"g{place}").model_copy(
                update={"reason": f"There are {place} rows."}
            ),
            statement="No number.",
        )
        for place in range(MANY)
    )
    report = sample_report(results=(perturbation("").model_copy(update={"findings": findings}),))
    head = render_html(report).partition('id="findings"')[0]
    # Three families without a check stand among them.
    assert f"{MANY + 3} points were not assessed" in Page(head).words
    assert f"And {MANY + 3 - NAMED} more in the sections below." in Page(head).words


def test_a_long_sentence_gives_way_to_its_numbers_on_the_first_page_only() -> None:
    words = "The answer changes " * (SHORT // 19 + 1) + "at the very end."
    finding = Finding(metric=metric("flip_rate", "Changed answers", 0.3, 0.01, group="a"), statement=words)
    source = render_html(sample_report(results=(perturbation("").model_copy(update={"findings": (finding,)}),)))
    assert "at the very end" not in first_page(source)
    assert "30.0%, 95% interval 28.0% to 32.0%. Limit at most 5.0%." in Page(first_page(source)).words
    assert "at the very end" in source


def test_the_page_has_one_heading_landmarks_and_a_way_around_them(source: str) -> None:
    page = Page(source)
    assert [len(page.all(tag)) for tag in ("h1", "header", "main", "nav", "footer")] == [1, 1, 1, 1, 1]
    ids = {attributes.get("id") for _, attributes in page.tags}
    skips = [attributes["href"] for attributes in page.all("a") if attributes.get("class") == "skip"]
    assert skips == ["#findings", "#contents"]
    assert {"findings", "contents"} <= ids
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_contents_lead_to_every_family_check_and_part(source: str) -> None:
    report = sample_report()
    nav = re.search(r"<nav.*?</nav>", source, re.DOTALL)
    assert nav is not None
    targets = {(attributes["href"] or "")[1:] for attributes in Page(nav.group(0)).all("a")}
    for family in front(report).families:
        assert {family.anchor, *(check.anchor for check in family.checks)} <= targets
    assert {"summary", "process", "further", "gaps", "benefit", "provenance", "signoff"} <= targets


def test_the_block_for_signatures_is_folded_and_holds_three_steps(source: str) -> None:
    block = source.partition('<section class="signoff"')[2]
    page = Page(block.partition("</section>")[0])
    assert page.all("details") == [{}]
    assert all(
        words in page.words for words in ("Prepared by", "Reviewed by", "Approved by", "Comments and conditions")
    )
    assert page.words.count("accept with conditions") == 2
    assert sample_report().digest in page.words


def test_measured_declared_and_missing_never_share_a_cell() -> None:
    steps = {step.title: step for step in front(sample_report()).process}
    assert steps["Data preparation"].measured == ("the rows judged on", "the training rows", "true labels")
    assert "1 check without answer" in steps["Data preparation"].missing
    assert steps["Deployment and monitoring"].declared == ("use", "owner")
    assert steps["Deployment and monitoring"].missing[0] == "comparison with a baseline"
    for step in steps.values():
        cells = (set(step.measured), set(step.declared), set(step.missing))
        assert not any(one & other for one, other in itertools.combinations(cells, 2))


def test_files_that_were_read_stand_with_their_hashes() -> None:
    report = small_report()
    read = InputRecord(role="rows judged on", name="holdout.csv", bytes=12_345, sha256="a" * 64)
    provenance = report.provenance.model_copy(update={"inputs": (read,) * 70})
    words = Page(render_html(report.model_copy(update={"provenance": provenance}))).words
    assert f"rows judged on holdout.csv 12,345 {'a' * 64}" in words
    assert "10 " in words.partition("Files that were read")[2].partition("Policy")[0]


def test_the_frame_speaks_the_chosen_language_and_marks_what_does_not() -> None:
    with speaking("zh"):
        source = render_html(sample_report())
    assert '<html lang="zh-Hans">' in source
    assert "<title>模型风险审计：acme/claims-classifier</title>" in source
    page = Page(re.sub(r"<bdi[^>]*>.*?</bdi>", "", source.partition('<div id="findings"')[0], flags=re.DOTALL))
    words = re.sub(r"sha256:\w+|NIST|AUC", "", page.words.partition("模型风险审计")[2])
    assert re.findall(r"[A-Za-z]{4,}", words) == []


def test_a_reason_that_is_translated_is_not_marked_as_english() -> None:
    report = sample_report(results=(_skipped("the check is skipped."), _skipped("a stranger's words", "acme/other")))
    with speaking("zh"):
        reasons = {gap.parts[0].text: gap.parts[0].lang for gap in front(report).gaps}
    assert reasons["该检查已跳过。"] == "zh-Hans"
    assert reasons["A stranger's words."] == "en"


def _skipped(reason: str, id: str = "acme/one") -> CheckResult:
    return CheckResult(checker=info(id, Risk.DATA, "One", "Is it so?", "It asks."), status="skipped", reason=reason)


def test_a_statement_in_another_language_gives_way_to_its_numbers() -> None:
    with speaking("zh"):
        decision = front(many_exceed(1)).decisions[0]
    assert decision.words == "30.0%，95% 区间 28.0% 至 32.0%。"
    assert decision.numbers.startswith("限值")


def test_a_finding_is_named_with_the_check_that_gave_it() -> None:
    page = Page(first_page(render_html(many_exceed(1))))
    assert "Changed answers: group 0 Harmless changes of the input" in page.words
