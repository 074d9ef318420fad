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
from modelaudit.training.record import StepInfo

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
    assert (
        "Accuracy: 91.0% before, 86.1% after, difference −4.9 points (−7.0 to −3.0): ▲ worse, by its own 95% interval"
        in words
    )
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


def test_what_a_measure_cost_is_not_hidden_by_how_many_numbers_were_tested() -> None:
    cost = score(after=0.87, difference=-0.04, interval=(-0.07, -0.01), adjusted=(-0.09, 0.01), q=0.2)
    doubtful = change("no clear change", group="upper case", interval=(-0.15, -0.01), adjusted=(-0.2, 0.01), q=0.2)
    plain = change("no clear change", group="no case", interval=(-0.15, 0.01), adjusted=(-0.2, 0.1), q=0.4)
    made = arm("dropout", "dropout", changes=(change("better", AIMS[0]), cost, doubtful, plain))
    mended = sample_mended(arms=(made,), control=None)
    (view,) = arm_views(mended)
    assert view.other_cells == ("0", "1")
    for page in (Page(render_mending_html(mended)).words, render_mending_markdown(mended).replace("&#37;", "%")):
        assert "worse, by its own 95% interval" in page
        assert "1 more number without a clear change has an interval that leaves out 0 alone, not with all 4" in page
    marked = [
        row.title for row in view.rows if row.why == "its interval leaves out 0 alone, not with all 4 numbers counted"
    ]
    assert len(marked) == 1
    assert "upper case" in marked[0]
    with speaking("zh"):
        assert "95% 区间" in first(mended)


def test_markdown_cuts_neither_the_difference_of_the_score_nor_what_a_measure_did() -> None:
    steps = (StepInfo(name="dropout", counts={f"{'words of ours ' * 4}{place}": place for place in range(30)}),)
    long = "Accuracy " * 90
    aims = (AIMS[0], AIMS[1].model_copy(update={"of_rows": True}))
    changes = (change("better", AIMS[0]), score().model_copy(update={"title": long}))
    early = {"epochs": 3.0, "best_epoch": 1.0, "planned_epochs": 12.0}
    made = arm("dropout", "dropout", aims=aims, steps=steps, changes=changes, **early)
    page = render_mending_markdown(sample_mended(arms=(made,), control=None))
    assert "difference −0.8 points (−2.1 to +0.5)" in page.replace("\u00a0", " ")
    assert page.count("weights of epoch 1 kept") == 2
    assert "words of ours 29: 29" in page


@pytest.mark.parametrize(
    ("gate", "beyond", "words"),
    [
        (0, 0, "holds"),
        (1, 2, "does not hold: a limit is exceeded"),
        (4, 2, "does not hold: a limit is exceeded, and a check failed"),
        (4, 0, "does not hold: a check failed"),
    ],
)
def test_the_gate_is_told_as_the_report_of_the_training_tells_it(gate: int, beyond: int, words: str) -> None:
    (view, *_) = arm_views(sample_mended(arms=(arm("dropout", "dropout", gate=gate, beyond=beyond),)))
    assert view.gate_words == words


def test_a_training_that_stopped_early_is_told_as_one() -> None:
    stopped = arm("dropout", "dropout", epochs=3.0, best_epoch=1.0, planned_epochs=12.0)
    whole = arm("dropout", "dropout", epochs=12.0, best_epoch=12.0, planned_epochs=12.0)
    for render in (render_mending_html, render_mending_markdown):
        words = render(sample_mended(arms=(stopped,), control=None))
        assert "stopped after epoch 3 of 12, weights of epoch 1 kept" in words
        assert "stopped after" not in render(sample_mended(arms=(whole,), control=None))


def test_a_temperature_that_was_not_written_was_not_taken() -> None:
    asked = arm("temperature-scaling", "temperature-scaling")
    assert "no temperature was written" in first(sample_mended(arms=(asked,), control=None))
    taken = arm("temperature-scaling", "temperature-scaling", temperature=1.7)
    assert "no temperature was written" not in first(sample_mended(arms=(taken,), control=None))


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
        assert page.count("--counterfactuals gender") == 1
        assert "--name-copies" not in page
        assert "no-such-measure" not in page
    assert "modelaudit train with --counterfactuals gender" in Page(render_html(report)).words
    assert "Counterfactual augmentation (`--counterfactuals gender`), for " in render_markdown(report)
    with speaking("zh"):
        assert "使用参考训练器" in render_html(report)
    unnamed = render_html(named())
    assert "reference trainer" not in unnamed
