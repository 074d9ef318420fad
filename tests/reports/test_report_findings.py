"""Findings and checks in the page: order, ids, what stands beside them, both languages, thousands of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from many_findings import gap, many, report_of
from page import Page
from sample_report import TODAY, sample_report

from modelaudit.audit_report import AuditReport, Declared
from modelaudit.evidence import Note
from modelaudit.policy import judge
from modelaudit.reports.anchors import finding_anchor
from modelaudit.reports.badges import ACCEPTED, EXCEEDS, INCONCLUSIVE, WITHIN
from modelaudit.reports.checks import CheckView, check_views, family_views
from modelaudit.reports.html import render_html
from modelaudit.reports.layout import MOST_FULL, layout
from modelaudit.reports.words import speaking
from modelaudit.verdicts import Limit

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def report() -> AuditReport:
    return sample_report()


@pytest.fixture(scope="module")
def source(report: AuditReport) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def chinese(report: AuditReport) -> str:
    with speaking("zh"):
        return render_html(report)


def check(report: AuditReport, noun: str) -> CheckView:
    return next(view for view in check_views(report) if view.info.id.endswith(f"/{noun}"))


def part(source: str, noun: str) -> str:
    """Return the part of the page that tells of one check."""
    start = source.index('<article class="check ', source.index(f'aria-labelledby="check-modelaudit--{noun}"') - 60)
    return source[start : source.index("</article>", start)]


def ids(source: str) -> list[str]:
    return [attributes["id"] or "" for _, attributes in Page(source).tags if "id" in attributes]


def test_a_check_is_told_from_its_question_to_its_technical_detail(source: str) -> None:
    told = part(source, "membership-inference")
    order = (
        'class="question"',
        'class="answer"',
        'class="forest',
        'class="finding exceeds"',
        'class="evidence"',
        "could have seen",
        "What this does not show",
        "How often this check errs",
        "What to do</h4>",
        "Provides evidence relevant to",
        "Technical detail of this check",
    )
    places = [told.index(words) for words in order]
    assert places == sorted(places)


def test_what_it_means_for_people_stands_between_the_chart_and_the_findings(report: AuditReport) -> None:
    words = "Someone's <b>presence</b> in the data could be told."
    first = report.results[0]
    meant = first.model_copy(update={"checker": first.checker.model_copy(update={"means": words})})
    told = part(
        render_html(report.model_copy(update={"results": (meant, *report.results[1:])})), "membership-inference"
    )
    meaning = told.index("What it means for people")
    assert told.index('class="forest') < meaning < told.index('class="finding')
    assert "Someone&#39;s &lt;b&gt;presence&lt;/b&gt; in the data could be told." in told


def test_what_holds_for_the_whole_check_is_told_once(source: str) -> None:
    told = part(source, "perturbation")
    assert told.count("That a stronger method would find no more.") == 1
    assert told.count("Provides evidence relevant to") == 1
    assert told.count("How often this check errs") == 1


def test_findings_come_the_gravest_first_and_what_needs_no_decision_as_rows(report: AuditReport) -> None:
    layout = check(report, "perturbation").layout
    assert [view.gravity for view in layout.full] == sorted(view.gravity for view in layout.full)
    assert all(view.badge is not WITHIN for view in layout.full)
    assert all(view.badge in (WITHIN, INCONCLUSIVE) for view in layout.brief)
    assert layout.full[0].badge is EXCEEDS


def test_a_row_of_a_plot_is_all_there_is_of_a_finding_that_does_not_come_in_full(source: str) -> None:
    told = part(source, "perturbation")
    rows = re.findall(r'<tr class="(\w+)"(?: id="([^"]+)")?><th>(.*?)</th>', told)
    assert {state for state, anchor, _ in rows if anchor} == {"inconclusive", "within"}
    for state, anchor, label in rows:
        assert bool(anchor) != ("<a href=" in label.partition("<small>")[0])
        assert f'<details class="finding {state}" id="{anchor}"' not in told
        if anchor and state == "inconclusive":
            assert "could have seen" in label


def test_a_check_within_its_limits_has_one_finding_in_full_with_its_evidence() -> None:
    bare, drawn = (gap(place, 0.01, group=f"g{place}") for place in (1, 2))
    drawn = drawn.model_copy(update={"evidence": (Note(title="Seen", text="Nothing."),)})
    view = check_views(report_of((bare, drawn)))[0]
    assert [each.metric.group for each in view.layout.full] == ["g2"]
    assert view.layout.illustrated == {view.layout.full[0].anchor}


def test_evidence_that_findings_share_is_drawn_once_and_what_is_left_out_is_said() -> None:
    shared = Note(title="Rows used", text="All of them.")
    own = tuple(Note(title=f"Seen {place}", text=f"Number {place}.") for place in range(4))
    worst = gap(1, 0.5).model_copy(update={"evidence": (shared, *own)})
    other = gap(2, 0.4).model_copy(update={"evidence": (shared, own[2], own[3])})
    told = Page(render_html(report_of((worst, other)))).words
    assert [told.count(words) for words in ("All of them.", "Number 0.", "Number 1.", "Number 2.")] == [1, 1, 0, 1]
    assert "3 further figures are in the JSON record." in told
    assert "Shown above: Rows used. 1 further figure is in the JSON record." in told


def test_a_limit_stands_with_its_reason_at_its_check_and_the_others_under_provenance() -> None:
    page = many(3)
    told = render_html(page)
    assert "at most 5.0\N{NO-BREAK SPACE}points<br>A gap that people notice.<br>Source: <bdi>internal</bdi>" in told
    assert "Limits of the policy that nothing in this audit was held against" not in told
    idle = Limit(checker="acme/other", metric="odd", max=0.5, rationale="Never read.", source="nobody")
    policy = page.policy.model_copy(update={"limit": (*page.policy.limit, idle)})
    words = Page(render_html(page.model_copy(update={"policy": policy}))).words
    assert "Limits of the policy that nothing in this audit was held against" in words
    assert "acme/other odd at most 0.5" in words
    assert "The policy and the JSON record have those of the others." in words


def test_ids_are_nouns_and_hold_when_a_finding_comes_before(report: AuditReport) -> None:
    before = {view.anchor for view in check(report, "perturbation").findings}
    assert "perturbation--flip_rate-upper-case" in before
    results = list(report.results)
    place = next(i for i, result in enumerate(results) if result.checker.id == "modelaudit/perturbation")
    first = results[place].findings[0]
    added = first.model_copy(update={"metric": first.metric.model_copy(update={"group": "a new one"})})
    results[place] = results[place].model_copy(update={"findings": (added, *results[place].findings)})
    after = {
        view.anchor for view in check(report.model_copy(update={"results": tuple(results)}), "perturbation").findings
    }
    assert after - before == {f"perturbation--{first.metric.id}-a-new-one"}


@pytest.mark.parametrize(
    "groups",
    [
        ("a b", "a-b", "A b", "a  b", "a_b"),
        ('"><script>alert(1)</script>', "javascript:alert(1)", "\u202eab", "\ud800"),
        ("中文", "中文组", "", "x" * 200, "x" * 201),
    ],
)
def test_hostile_groups_get_harmless_ids_of_their_own(groups: tuple[str, ...]) -> None:
    anchors = [finding_anchor("acme/regions", "gap", group) for group in groups]
    assert len(set(anchors)) == len(groups)
    assert all(re.fullmatch(r"acme\.regions--gap-[a-z0-9-]+", anchor) and len(anchor) < 70 for anchor in anchors)


def test_a_plugin_cannot_take_the_id_of_one_of_our_findings() -> None:
    ours = finding_anchor("modelaudit/perturbation", "flip_rate", "upper case")
    assert ours not in (
        finding_anchor("acme/perturbation", "flip_rate", "upper case"),
        finding_anchor("perturbation/flip-rate", "upper", "case"),
    )


def test_every_finding_is_in_the_page_under_its_id_and_ids_are_unique(report: AuditReport, source: str) -> None:
    found = Counter(ids(source))
    assert [name for name, count in found.items() if count > 1] == []
    assert all(view.anchor in found for check in check_views(report) for view in check.findings)


def test_headings_have_a_link_to_themselves_with_a_name(report: AuditReport, source: str) -> None:
    links = {a["href"]: a.get("aria-label") for a in Page(source).all("a") if a.get("class") == "anchor"}
    for family in family_views(report):
        assert links[f"#{family.anchor}"] == "Link to this family of risk"
        for view in family.checks:
            assert links[f"#{view.anchor}"] == "Link to this check"


def test_a_verdict_is_explained_on_the_scale_of_its_metric(source: str) -> None:
    told = " ".join(Page(source).words.split())
    assert "The whole 95% interval lies inside the limit (at most 3.0 points)." in told or "(at most 5.0%)" in told
    assert "this data can't tell" in told
    assert "Confounded: the names differ in length as well as in group" in told
    assert "accepted by Dana Okafor until 2027-01-31 (waiver W-014): Input is never upper case" in told


def test_a_waiver_that_does_not_hold_says_why(report: AuditReport) -> None:
    for change, words in (
        ({"ceiling": 0.1}, "Waiver W-014 does not hold: the interval reaches beyond its ceiling of 10.0%."),
        ({"model_digest": "0" * 64}, "Waiver W-014 does not hold: it is for other weights than those of this model."),
        ({"expires": TODAY.replace(day=2)}, "Waiver W-014 does not hold: it expired on 2027-01-02."),
        ({"created": TODAY.replace(day=25)}, "Waiver W-014 does not hold: it starts on 2027-01-25."),
    ):
        waiver = report.policy.waiver[0].model_copy(update=change)
        policy = report.policy.model_copy(update={"waiver": (waiver,)})
        judged = report.model_copy(update={"policy": policy, "judgement": judge(report.results, policy, today=TODAY)})
        view = next(view for view in check(judged, "perturbation").findings if view.metric.group == "upper case")
        assert words in view.reason_words


def test_an_accepted_risk_shows_who_agreed_up_to_what_and_what_is_done_instead(report: AuditReport) -> None:
    waiver = report.policy.waiver[0].model_copy(update={"approver": "Ada <b>", "compensating": "A clerk reads all."})
    policy = report.policy.model_copy(update={"waiver": (waiver,)})
    told = part(render_html(report.model_copy(update={"policy": policy})), "perturbation")
    assert "<dt>Approved by</dt><dd><bdi>Ada &lt;b&gt;</bdi></dd>" in told
    assert "<dt>Accepted up to</dt><dd>30.0%</dd>" in told
    assert "<dt>Done instead</dt><dd><bdi>A clerk reads all.</bdi></dd>" in told


def test_a_limit_for_another_use_is_not_taken_for_none(report: AuditReport) -> None:
    limits = tuple(limit.model_copy(update={"use_cases": ("hiring",)}) for limit in report.policy.limit)
    policy = report.policy.model_copy(update={"limit": limits, "waiver": ()})
    judged = report.model_copy(update={"policy": policy, "judgement": judge(report.results, policy, today=TODAY)})
    words = {view.reason_words for view in check(judged, "perturbation").judged}
    assert "The policy limits this metric only for uses that are not declared (hiring)." in words


def test_a_calibrated_check_shows_its_error_rates_and_another_says_that_it_has_none(report: AuditReport) -> None:
    first = report.results[0]
    own = first.model_copy(update={"checker": first.checker.model_copy(update={"version": "3"})})
    told = part(render_html(report.model_copy(update={"results": (own, *report.results[1:])})), "membership-inference")
    assert "at most 5.6% of simulated audits raised an alarm (1 of 18; 95% interval 0.1% to 27.3%" in told
    assert "honest null, tier reference-heads: false findings at a nominal 5%: <b>1 of 18</b>" in told
    assert "calibration_privacy.json of 2026-11-26" in told
    assert "Measured of version" not in told
    strange = first.model_copy(update={"checker": first.checker.model_copy(update={"id": "acme/rare-words"})})
    alone = report.model_copy(update={"results": (strange,)})
    assert "Not calibrated: false alarms and power of this check were not measured." in render_html(alone)
    with speaking("zh"):
        assert "未校准" in render_html(alone)


def test_a_card_of_another_version_is_said_to_be_one(source: str) -> None:
    assert "Measured of version 3 of this check, not of this one (1.0)." in part(source, "membership-inference")


def test_clauses_are_dated_and_what_is_not_declared_to_apply_is_voluntary(source: str) -> None:
    told = part(source, "perturbation")
    assert re.search(r"EU AI Act: .*Art\. 15\(4\)", told)
    assert "Shown as voluntary alignment. " in told
    assert re.search(
        r"EU AI Act \(Regulation \(EU\) 2024/1689\): mapping of \d{4}-\d\d-\d\d, to be read anew by", source
    )
    assert source.count("Verify and validate the system by stated measures.") == 1


def test_the_declared_place_and_role_choose_the_clauses(report: AuditReport) -> None:
    def declared(**values: object) -> AuditReport:
        subject = report.subject.model_copy(update={"declared": Declared.model_validate(values)})
        return report.model_copy(update={"subject": subject})

    abroad = part(render_html(declared(jurisdictions=("cn",))), "perturbation")
    assert "EU AI Act" not in abroad
    assert "China: " in abroad
    assert "NIST" in abroad
    source = render_html(declared(jurisdictions=("eu",), role="provider", risk_class="high"))
    assert "China" not in part(source, "perturbation")
    assert "Shown as voluntary alignment: NIST" in part(source, "perturbation")
    assert "clauses for other places or roles than the declared ones are left out." in source
    low = part(render_html(declared(jurisdictions=("eu",), role="provider", risk_class="minimal")), "perturbation")
    assert re.search(r"Shown as voluntary alignment: EU AI Act", low) or "Shown as voluntary alignment." in low


OURS = (
    "Exceeds limit", "Within limit", "Inconclusive", "Not assessed", "Check failed", "Accepted risk", "Does not apply",
    "What it means", "What this does not show", "What to do", "Technical detail", "For context", "Link to", "Verdict",
    "How often this check errs", "Not calibrated", "Provides evidence", "Could have seen", "could have seen",
    "The interval", "The whole", "Confounded", "Measured, but", "No answer", "of 2,000", "low severity", "The furthest",
    "interval", " points", "or more", "at most", "at least", "hown as voluntary", "apping of", "and incomplete",
    "Waiver W-014", "judged metric", "in the JSON record", "Where there was nothing", "direct", "background",
)  # fmt: skip


def test_the_chinese_page_says_nothing_of_ours_in_english(chinese: str) -> None:
    body = chinese[chinese.index('id="risk-privacy"') : chinese.index('<section class="provenance"')]
    for drawn in (r'<table class="forest.*?</table>', r"<figure.*?</figure>", r'<aside class="note".*?</aside>'):
        body = re.sub(drawn, "", body, flags=re.DOTALL)
    body = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", body, flags=re.DOTALL)
    body = re.sub(r"<bdi>.*?</bdi>|<[^>]*>", "", body, flags=re.DOTALL)
    assert [words for words in OURS if words in body] == []
    for words in ("超出限值", "本检查的出错频率", "可作为下列条款的相关证据", "作为自愿对照列出"):
        assert words in body


def test_a_chinese_finding_says_its_numbers_and_keeps_the_checkers_sentence_beside_them(chinese: str) -> None:
    told = part(chinese, "membership-inference")
    assert re.search(
        r'<p class="answer">[^<]*：0\.643，95% 区间 0\.619 至 0\.667，n = 2,000 [^<]*，限值：不超过 0\.550。', told
    )
    assert (
        '<p class="remark" lang="en">Of one training row and one other, the attack picks the training row in 64.3% of'
        in told
    )


def test_both_languages_tell_the_same_findings(source: str, chinese: str) -> None:
    assert sorted(ids(source)) == sorted(ids(chinese))


def test_a_finding_costs_little() -> None:
    report = report_of(tuple(gap(place, 0.048 + place * 0.001) for place in range(60)))
    view = check_views(report)[0]
    rendered = render_html(report)
    full = re.findall(r'<details class="finding.*?\n</details>', rendered, flags=re.DOTALL)
    assert len(full) == len(view.layout.full) == MOST_FULL[EXCEEDS] + MOST_FULL[INCONCLUSIVE]
    assert max(len(finding.encode()) for finding in full) < 900
    rows = re.findall(r'<tr(?: class="\w+")? id="acme\.regions--gap-region-\d+">.*?</tr>', rendered, flags=re.DOTALL)
    assert len(full) + len(rows) == 60
    assert max(len(row.encode()) for row in rows) < 550
    assert any("low severity" in row for row in rows)


def test_an_accepted_risk_comes_in_full_however_many_limits_are_exceeded(report: AuditReport) -> None:
    views = check(report, "perturbation").judged
    [accepted] = [view for view in views if view.badge is ACCEPTED]
    worse = [replace(views[0], anchor=f"worse-{place}") for place in range(40)]
    found = layout("k", [*worse, accepted], (), ())
    assert [view.anchor for view in found.full] == [*(view.anchor for view in worse[:6]), accepted.anchor]


def test_a_thousand_findings_come_in_full_up_to_the_cap_and_the_rest_as_rows() -> None:
    report = many(1_000)
    source = render_html(report)
    found = Counter(ids(source))
    assert all(found[f"acme.regions--gap-region-{place}"] == 1 for place in range(1_000))
    assert len(re.findall('<details class="finding', source)) == MOST_FULL[EXCEEDS] + MOST_FULL[INCONCLUSIVE]
    assert len(source.encode()) < 300_000
    assert "Of 983 metrics, " in source
    assert "Rows 1 to 100 of 983." in source
    assert "Small regions are left out." in source
    assert source.count("Small regions are left out.") == 1


@pytest.mark.heavy
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page in")
def test_ten_thousand_findings_open_in_a_browser(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_html(many(10_000)), encoding="utf-8")
    assert page.stat().st_size < 3_000_000
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert shown.count('id="acme.regions--gap-region-') == 10_000
