"""The page of a mend: what is better, worse and not shown, in both languages, whatever strings stand in the record."""

from __future__ import annotations

import re

import pytest
from hostile import CORPUS
from page import Page
from sample_mended import AIMS, arm, change, compared, sample_mended, score
from sample_report import sample_report

from modelaudit.reports import render_html, render_markdown
from modelaudit.reports.measures import measure_does, measure_title
from modelaudit.reports.mending import arm_views
from modelaudit.reports.mending_html import render_mending_html
from modelaudit.reports.mending_markdown import render_mending_markdown
from modelaudit.reports.words import LANGUAGES, speaking
from modelaudit.training.catalogue import MEASURES
from modelaudit.training.mended import Failed, Mended

FIXED = re.compile(r"\b(fixed|solved|compliant|certified|safe|unbiased|successful)\b", re.IGNORECASE)


def first(mended: Mended) -> str:
    """The page down to the table of all trainings."""
    return Page(render_mending_html(mended).partition('<section aria-labelledby="overview">')[0]).words


def test_what_became_better_worse_and_was_not_shown_stands_first() -> None:
    words = first(sample_mended())
    assert (
        "Of the 3 numbers that a measure was taken for, 1 is clearly better, 1 has no clear change and 1 can't be told"
        in words
    )
    assert "Accuracy: 91.0% before, 86.1% after, difference −4.9 points (−7.5 to −2.5): ▲ worse" in words
    better, rest = words.partition("Clearly better ")[2].split("Clearly worse, or lost ")
    worse, rest = rest.split("Measure taken, no clear change ")
    unclear, untold = rest.split("Measure taken, can't be told ")
    assert "Difference of scores" in better
    assert "Expected calibration error" in worse
    assert "Accuracy" in worse
    assert "Excess flips" in unclear
    assert "Members told from others" in untold


def test_no_word_says_more_than_was_measured() -> None:
    for language in LANGUAGES:
        with speaking(language):
            assert not FIXED.search(Page(render_mending_html(sample_mended())).words)
    nothing = arm("dropout", "dropout", changes=(change("no clear change", AIMS[0]), score()))
    words = first(sample_mended(arms=(nothing,), control=None))
    assert "Clearly better nothing" in words
    assert "1 has no clear change" in words


def test_numbers_of_the_rows_and_numbers_that_no_audit_has_are_not_passed_off_as_unchanged() -> None:
    rows = AIMS[0].model_copy(update={"of_rows": True})
    changes = (change("no clear change", AIMS[0]), score())
    words = first(sample_mended(arms=(arm("dropout", "dropout", aims=(rows,), changes=changes),), control=None))
    assert "1 number that a measure was taken for is of the rows and not of the model" in words
    assert "has no clear change" not in words
    assert "calls for a measure" not in words
    lost = first(sample_mended(arms=(arm("dropout", "dropout", aims=AIMS[2:], changes=changes),), control=None))
    assert "Of the 1 number that a measure was taken for, 1 can't be told." in lost


def test_a_training_that_could_not_be_done_is_told_with_its_reason() -> None:
    failed = Failed(name="dropout", measures=("dropout",), reason="the loss is no number any more; choose another rate")
    for page in (
        render_mending_html(sample_mended(failed=(failed,))),
        render_mending_markdown(sample_mended(failed=(failed,))),
    ):
        assert "Could not be trained" in page
        assert "More dropout" in page
        assert "he loss is no number any more" in page


def test_a_number_that_no_measure_was_taken_for_is_counted_apart() -> None:
    (view, *_) = arm_views(sample_mended())
    assert view.aimed_cells == ("1", "0", "2")
    assert view.other_cells == ("1", "2")


def test_each_number_has_its_interval_and_its_verdict_before_and_after() -> None:
    words = Page(render_mending_html(sample_mended())).words
    assert "+21.4 points +10.0 points −11.4 points (−16.0 to −7.0) 3.0 points ▲ Exceeds limit → ● Within limit" in words
    assert "One of the two audits gives no value. Too few rows." in words


def test_what_it_is_compared_with_is_said() -> None:
    again = render_mending_html(sample_mended())
    assert "trained again the same way without a measure" in again
    audited = render_mending_html(sample_mended(control=None, audited_seconds=50.0))
    assert "the audited model itself" in audited
    assert "1 min 31 s (×\u00a01.8)" in audited
    assert "No measure: trained again" not in audited


def test_numbers_that_came_out_otherwise_are_named() -> None:
    words = Page(render_mending_html(sample_mended(differing=("acme/made · flip_rate",)))).words
    assert "of the report's 61 numbers 1 came out otherwise" in words
    assert "acme/made · flip_rate" in words


def test_where_no_training_has_all_measures_the_page_begins_with_each() -> None:
    arms = sample_mended().arms
    assert first(sample_mended()).count("In short:") == 1
    apart = sample_mended(arms=arms[1:])
    for words in (first(apart), render_mending_markdown(apart).partition("###")[0]):
        assert words.count("In short:") == 2
        assert "In short: Counterfactual augmentation" in words
        assert "In short: Differentially private training" in words


def test_audits_that_can_not_be_compared_say_why_and_claim_nothing() -> None:
    refused = compared(
        comparable=False, reasons=("The two models have different labels, or the same in another order.",)
    )
    words = first(sample_mended(arms=(arm("dropout", "dropout", comparison=refused),), control=None))
    assert "can't be compared" in words
    assert "different labels" in words
    assert "is clearly better" not in words


def test_the_stated_epsilon_stands_with_its_unit_and_what_it_does_not_cover() -> None:
    mended = sample_mended()
    assert "epsilon 7.93 at delta 1.0e-04; one row" in Page(render_mending_html(mended)).words
    private = mended.arms[0].privacy
    assert private is not None
    private = private.model_copy(
        update={"checks": {"not covered": "THE VOCABULARY", "use": "WARNING: it learned nothing"}}
    )
    told = sample_mended(arms=(mended.arms[0].model_copy(update={"privacy": private}),))
    for page in (Page(render_mending_html(told)).words, render_mending_markdown(told)):
        assert "THE VOCABULARY" in page
        assert "WARNING: it learned nothing" in page


def test_equal_records_give_equal_bytes_that_read_back() -> None:
    mended = sample_mended()
    again = Mended.model_validate_json(mended.model_dump_json())
    assert again == mended
    for render in (render_mending_html, render_mending_markdown):
        assert render(again) == render(mended)


@pytest.mark.parametrize(("language", "start"), [("en", 0), ("zh", 6)])
def test_the_page_stands_whatever_strings_are_in_it(language: str, start: int) -> None:
    with speaking(language):
        shape = Page(render_mending_html(sample_mended("plain"))).shape
        lines = render_mending_markdown(sample_mended("plain")).count("\n")
        for text in [text for text in CORPUS if 0 < len(text) < 200][start::12]:
            page = Page(render_mending_html(sample_mended(text)))
            assert page.faults == []
            assert page.shape == shape, text
            assert page.misplaced_headings == 0
            written = render_mending_markdown(sample_mended(text))
            assert written.count("\n") == lines, text
            assert "<script" not in written


def test_measures_are_called_as_the_catalogue_does_and_in_chinese() -> None:
    for name, measure in MEASURES.items():
        assert (measure_title(name), measure_does(name)) == (measure.title, measure.does)
        with speaking("zh"):
            assert re.search("[\u4e00-\u9fff]", measure_title(name))
            assert re.search("[\u4e00-\u9fff]", measure_does(name))


def named(*measures: str):
    """The sample report, with one check whose limit is exceeded naming measures."""
    report = sample_report()
    results = tuple(
        result.model_copy(update={"checker": result.checker.model_copy(update={"measures": measures})})
        if result.checker.id == "modelaudit/counterfactual-substitution"
        else result
        for result in report.results
    )
    return report.model_copy(update={"results": results})


def test_a_check_says_what_the_trainer_can_do_where_its_limit_is_exceeded() -> None:
    report = named("counterfactual-augmentation", "name-augmentation", "no-such-measure")
    for page in (render_html(report), render_markdown(report)):
        assert page.count("--counterfactuals gender,ethnicity") == 1
        assert "--name-copies" not in page
        assert "no-such-measure" not in page
    assert "With the reference trainer: modelaudit train … --counterfactuals" in Page(render_html(report)).words
    assert "Counterfactual augmentation (`--counterfactuals gender,ethnicity`), for " in render_markdown(report)
    with speaking("zh"):
        assert "使用参考训练器" in render_html(report)
    unnamed = render_html(named())
    assert "reference trainer" not in unnamed
