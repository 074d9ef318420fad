"""What reports say of the reference trainer: each flag apart, for the attributes that the findings are about."""

from __future__ import annotations

import json

import pytest
from sample_report import sample_report

from modelaudit.reports import render_html, render_json, render_markdown
from modelaudit.reports.words import speaking

CHECK = "modelaudit/counterfactual-substitution"
ABOUT, ALSO = "gender words: female - male", "first names, gender: female - male"
"""The groups that the sample report has beyond a limit."""
MEASURES = ("counterfactual-augmentation", "counterfactual-logit-pairing", "reweighing")


def about(group: str, other: str):
    """The sample report, with measures named for a check that found limits exceeded for two groups."""
    report = sample_report()
    results = [
        result.model_copy(update={"checker": result.checker.model_copy(update={"measures": MEASURES})})
        if result.checker.id == CHECK
        else result
        for result in report.results
    ]
    written = render_json(report.model_copy(update={"results": tuple(results)}))
    assert ABOUT in written
    assert ALSO in written
    record = json.loads(written.replace(ABOUT, group).replace(ALSO, other))
    del record["digest"], record["run"]["digest"]
    return type(report).model_validate(record)


@pytest.mark.parametrize(
    ("groups", "attributes"),
    [
        ((ABOUT, ALSO), "gender"),
        (("religion: Muslim - Christian", "religion: Jewish - Christian"), "religion"),
        (("nationality: Mexican - British", ALSO), "gender,nationality"),
        (("something of a plugin", "another thing"), "gender,ethnicity"),
    ],
)
def test_each_flag_stands_apart_and_names_the_attributes_beyond_their_limits(groups, attributes):
    report = about(*groups)
    paired = "--logit-pairing 1.0"
    if "something of a plugin" not in groups:
        paired += f" --pairing-attributes {attributes}"
    page, lines = render_html(report), render_markdown(report)
    assert (
        "modelaudit train with "
        f"<code>--counterfactuals {attributes}</code> <code>{paired}</code> <code>--reweigh COLUMN</code></p>"
    ) in page
    assert f"Counterfactual augmentation (`--counterfactuals {attributes}`), for " in lines
    assert f"Counterfactual logit pairing (`{paired}`), for " in lines
    with speaking("zh"):
        assert f"modelaudit train 并加上 <code>--counterfactuals {attributes}</code> <code>" in render_html(report)
