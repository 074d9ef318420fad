"""The HTML report: what it says first, that it can't be misread, and that it asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections import Counter

import pytest
from golden import FIXTURES, check_golden
from page import Page
from sample_report import clean_report, metric, perturbation, sample_report, small_report, unfinished

from modelaudit.audit_report import AuditReport
from modelaudit.reports import modelaudit_renderers, render_html
from modelaudit.reports.badges import EXCEEDS
from modelaudit.reports.front import front, standing
from modelaudit.reports.html import lean, style
from modelaudit.results import CheckResult, Finding
from modelaudit.verdicts import Gate

BANNED = ("compliant", "certified", "unbiased", "no bias", "GDPR-anonymous", "good job", "no issues", "passed")
STYLE = style()


@pytest.fixture(scope="module")
def source() -> str:
    return render_html(sample_report())


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_renderers_are_offered_by_suffix() -> None:
    assert {".html", ".json", ".md"} <= {renderer.suffix for renderer in modelaudit_renderers()}


def test_golden_page() -> None:
    bare = re.sub(r"<style>.*?</style>", "<style></style>", render_html(small_report()), flags=re.DOTALL)
    check_golden(FIXTURES / "report.html", re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-", bare))


def test_rendering_twice_gives_identical_bytes(source: str) -> None:
    assert render_html(sample_report()).encode() == source.encode()


def test_every_tag_is_closed(page: Page) -> None:
    assert page.faults == []
    assert page.open == []


def test_content_policy_is_first_and_holds_the_hash_of_the_style_sheet(page: Page, source: str) -> None:
    first = page.all("meta")[0]
    assert first["http-equiv"] == "Content-Security-Policy"
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert first["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert {"name": "referrer", "content": "no-referrer"} in page.all("meta")
    assert page.all("html") == [{"lang": "en"}]


def test_nothing_is_run_and_nothing_is_fetched(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "img", "form", "base", "foreignobject", "use"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "action")]
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_links_lead_somewhere_and_ids_are_unique(page: Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [a["href"] for a in page.all("a") if (a["href"] or "")[1:] not in ids] == []


def test_every_drawing_has_title_and_description(page: Page, source: str) -> None:
    ids = {attributes["id"] for tag, attributes in page.tags if tag in ("title", "desc") and "id" in attributes}
    # A nested svg is a mark of its drawing; a hidden one repeats the number that stands beside it.
    drawings = [svg for svg in page.all("svg") if "x" not in svg and "aria-hidden" not in svg]
    assert len(drawings) == 5
    for svg in drawings:
        assert svg["role"] == "img"
        named = (svg["aria-labelledby"] or "").split()
        assert len(named) == 2
        assert set(named) <= ids
    assert not re.search(r"<(title|desc)[^>]*></", source)


def test_every_table_has_a_caption_and_headings_in_their_place(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert page.misplaced_headings == 0
    assert {heading.get("scope") for heading in page.all("th") if "colspan" in heading} == {"rowgroup"}
    assert all(
        {"role", "tabindex", "aria-label"} <= set(div) for div in page.all("div") if div.get("class") == "scroll"
    )


def test_every_figure_says_what_it_finds(page: Page) -> None:
    assert len(page.all("figcaption")) == len(page.all("figure"))
    assert page.words.count("lies furthest from") >= 2


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_first_screen_says_what_was_audited_and_what_is_missing(page: Page) -> None:
    front = page.words.partition("Contents")[0]
    assert "n = 1,000 rows" in front
    assert "Not declared Use case, Impact of an error, People affected, Role, Jurisdictions, Risk class" in front
    assert "claims-2027, version 3: unreviewed, nobody is named who approved its limits" in front
    assert "The policy is unreviewed" in front
    assert standing() in front
    assert "The gate does not hold: 1 check failed and gave no answer and 7 limits are exceeded." in front


def test_decisions_come_worst_first(page: Page) -> None:
    first = front(sample_report())
    exceeding = [decision for decision in (*first.decisions, *first.more_decisions) if decision.badge is EXCEEDS]
    ranks = ["high", "medium", "low"]
    severities = [ranks.index(decision.severity or "") for decision in exceeding]
    checks = [decision.check for decision in exceeding]
    leading = len(set(checks))
    assert len(set(checks[:leading])) == leading, "no check's second finding stands before another's first"
    assert severities[:leading] == sorted(severities[:leading])
    assert severities[leading:] == sorted(severities[leading:])
    assert page.words.index("Changed answers: lower case") < page.words.index("Changed answers: title case")
    assert "21.4%, 95% interval 18.9% to 23.9%; limit at most 5.0%" in page.words


def test_a_failed_check_is_loud_and_never_within_its_limit(page: Page, source: str) -> None:
    assert "Something failed, so this audit is not whole" in page.words
    assert "No answer: the check failed. ZeroDivisionError" in page.words
    assert '<span class="badge failed">' in source
    article = re.search(r'<article class="check failed".*?</article>', source, re.DOTALL)
    assert article is not None
    assert "Within limit" not in article.group(0)


def test_a_failed_plugin_is_named_on_the_first_screen(page: Page) -> None:
    first = page.words.partition("Contents")[0]
    assert "1 plugin could not be used, and its checks are not in this report: broken-checks Why they failed" in first


def test_an_empty_list_never_reads_as_praise() -> None:
    words = Page(render_html(clean_report())).words
    assert "No limit was exceeded by the 1 metric that was judged." in words
    nothing = Page(render_html(sample_report(results=unfinished("")))).words
    assert "No metric was judged. Not assessed: 2 whole checks." in nothing
    assert "No finding has to be decided on. That says nothing of what was inconclusive or not assessed." in words
    for family in ("Privacy", "Bias", "Opacity"):
        assert f"{family} (Not assessed): No check of this family was in the audit." in words


def test_a_waiver_shows_owner_and_end_and_stays_an_exceeded_limit(page: Page) -> None:
    assert "Accepted risk" in page.words
    assert "Dana Okafor until 2027-01-31 (waiver W-014)" in page.words


def test_a_confounded_finding_is_inconclusive_with_its_reason(page: Page) -> None:
    assert "Confounded: the names differ in length as well as in group" in page.words


def test_grave_findings_are_open_and_the_others_folded(page: Page) -> None:
    found = [attributes for attributes in page.all("details") if "finding" in (attributes.get("class") or "")]
    perturbations = [a for a in found if (a["id"] or "").startswith("perturbation--")]
    assert [("open" in a) for a in perturbations] == [a["class"] == "finding exceeds" for a in perturbations]
    assert perturbations[0]["class"] == "finding exceeds"


def test_withheld_text_is_said_to_be_withheld(page: Page) -> None:
    assert "its 15 words are numbered" in page.words
    assert "The text is withheld." in page.words


def test_page_is_small(source: str) -> None:
    assert len(source.encode()) < 150_000


def test_no_word_that_a_test_cannot_support() -> None:
    text = Page(render_html(small_report())).words
    for word in BANNED:
        assert word.lower() not in text.lower()
    assert not re.search(r"\b(safe|fair|trustworthy)\b", text)


@pytest.mark.parametrize(
    ("code", "missing", "words"),
    [
        (0, 0, "The gate holds: no limit is exceeded, no check failed, and what the policy requires was answered."),
        (3, 1, "The gate does not hold: 1 answer that the policy requires is missing."),
        (3, 13, "The gate does not hold: 13 answers that the policy requires are missing."),
    ],
)
def test_gate_in_words(code: int, missing: int, words: str) -> None:
    report: AuditReport = clean_report()
    gate = Gate.model_validate({"exit_code": code, "reasons": ["one/check is required but did not run"] * missing})
    judgement = report.judgement.model_copy(update={"gate": gate})
    assert words in Page(render_html(report.model_copy(update={"judgement": judgement}))).words


def test_a_gate_that_holds_with_open_questions_says_how_many_and_looks_open() -> None:
    report = clean_report()
    [verdict] = report.judgement.verdicts
    for verdicts, says in (
        (
            (verdict, verdict.model_copy(update={"state": "inconclusive", "group": "x"})),
            "1 of 2 metrics gave no answer",
        ),
        ((verdict.model_copy(update={"state": "inconclusive"}),), "Nothing was shown"),
        ((), "Nothing was shown"),
    ):
        judgement = report.judgement.model_copy(update={"verdicts": verdicts})
        text = render_html(report.model_copy(update={"judgement": judgement}))
        assert says in Page(text).words
        assert 'class="gate open"' in text
    assert 'class="gate holds"' in render_html(report)


def test_a_limit_that_judged_nothing_stands_on_the_first_page() -> None:
    report = clean_report()
    judgement = report.judgement.model_copy(update={"idle_limits": ("a/b c: no check of this audit is called a/b.",)})
    words = Page(render_html(report.model_copy(update={"judgement": judgement}))).words
    assert "1 limit of the policy judged nothing here" in words
    assert "no check of this audit is called a/b" in words


def test_the_style_sheet_is_lean_and_says_the_same() -> None:
    sheet = (
        '/* Why. */\na::before, b > i { content: "; /* no */ "; margin: 0 -.5rem; }\n'
        "@media (min-width: 1rem) {\n  p { }\n}\n"
    )
    assert lean(sheet) == 'a::before,b > i{content:"; /* no */ ";margin:0 -.5rem}@media (min-width:1rem){p{}}'
    assert "/*" not in STYLE
    assert "\n" not in STYLE


def test_colours_have_contrast_in_light_and_dark() -> None:
    light, dark = re.findall(r":root\{(?:color-scheme:light dark;)?(.*?)\}", STYLE, re.DOTALL)[:2]
    for block in (light, dark):
        colour = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", block))
        pairs = [("ink", "paper"), ("quiet", "paper"), ("link", "paper"), ("quiet", "panel"), ("alarm-ink", "alarm")]
        for state in ("exceeds", "accepted", "inconclusive", "within", "absent"):
            pairs += [(state, "paper"), (state, f"{state}-bg")]
        pairs += [("ink", heat) for heat in ("up1", "up2", "up3", "down1", "down2", "down3")]
        for ink, paper in pairs:
            assert contrast(colour[ink], colour[paper]) >= 4.5, (ink, paper)


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_waiver_that_ends_soon_needs_a_decision() -> None:
    only_waived = sample_report(results=(perturbation_upper_case(),))
    assert [decision.words for decision in front(only_waived).decisions] == [
        "The accepted risk ends on 2027-01-31 (owner: Dana Okafor). "
        "With upper case, the model gives another answer for 24.6% of the rows."
    ]


def perturbation_upper_case() -> CheckResult:
    check = perturbation("")
    kept = tuple(finding for finding in check.findings if finding.metric.group == "upper case")
    return check.model_copy(update={"findings": kept})


def test_a_report_with_text_of_rows_says_so_at_the_top() -> None:
    report = small_report()
    without = report.model_copy(update={"settings": report.settings.model_copy(update={"show_text": False})})
    warning = "handle the file as you handle the data"
    assert warning in Page(render_html(report)).words
    assert warning not in Page(render_html(without)).words


def test_within_one_severity_the_furthest_beyond_comes_first() -> None:
    check = perturbation("")
    values = {"near": 0.22, "far": 0.61, "between": 0.4}
    findings = tuple(
        Finding(metric=metric("flip_rate", "Changed answers", value, 0.01, group=group), statement=f"It is {group}.")
        for group, value in values.items()
    )
    report = sample_report(results=(check.model_copy(update={"findings": findings}),))
    assert [decision.title.partition(": ")[2] for decision in front(report).decisions] == ["far", "between", "near"]
    assert {decision.severity for decision in front(report).decisions} == {"high"}


def test_what_is_critical_comes_before_all_else_and_says_so_without_colour() -> None:
    report = sample_report()
    verdicts = tuple(
        verdict.model_copy(update={"severity": "critical"}) if verdict.checker == "modelaudit/perturbation" else verdict
        for verdict in report.judgement.verdicts
    )
    critical = sum(verdict.grade == 4 and verdict.state == "exceeds limit" for verdict in verdicts)
    report = report.model_copy(update={"judgement": report.judgement.model_copy(update={"verdicts": verdicts})})
    first = front(report)
    ranks = [decision.severity == "critical" for decision in (*first.decisions, *first.more_decisions)]
    assert critical >= 2
    assert ranks == sorted(ranks, reverse=True), "a second one of a check stands before the first of another"
    assert sum(ranks) == critical < len(ranks)
    badges = re.findall(r'<span class="badge exceeds critical">.*?</span></span>', render_html(report))
    assert len(badges) >= critical
    assert {Page(badge).words.lstrip("▲ ") for badge in badges} == {"Exceeds limit, critical severity"}


def test_the_first_page_does_not_say_a_number_twice() -> None:
    told = Finding(
        metric=metric("flip_rate", "Changed answers", 0.3, 0.01, group="a"),
        statement="The answer changes in 30.0% of the rows (95% interval 28.0% to 32.0%).",
    )
    untold = Finding(metric=metric("flip_rate", "Changed answers", 0.4, 0.01, group="b"), statement="It changes.")
    report = sample_report(results=(perturbation("").model_copy(update={"findings": (told, untold)}),))
    assert [decision.numbers for decision in front(report).decisions] == [
        "40.0%, 95% interval 38.0% to 42.0%; limit at most 5.0%.",
        "Limit at most 5.0%.",
    ]


@pytest.mark.parametrize("hits", [0, 12_345])
def test_a_run_that_went_on_says_what_it_read_from_the_journal(hits: int) -> None:
    report = small_report()
    resumed = report.model_copy(update={"run": report.run.model_copy(update={"journal_hits": hits})})
    assert ("Read from the journal" in render_html(resumed)) == (hits > 0)
    assert ("12,345" in render_html(resumed)) == (hits > 0)
