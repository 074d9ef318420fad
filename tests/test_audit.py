"""The whole way: a model and rows go in, a judged report comes out, the same each time."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit import Audit, RiskGateError
from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.errors import InputError, ModelAuditError, NotAssessable, OutputError, PolicyError
from modelaudit.hookspecs import hookimpl
from modelaudit.plugins import Plugins
from short_audit import FEW_FRAMES, SHORT


class Made:
    """A checker whose `run` is given."""

    def __init__(self, body=None, name="test/made"):
        self.body = body
        self.name = name

    @property
    def info(self):
        return CheckerInfo(id=self.name, version="1", risk=Risk.DATA, title="Made", question="Q?", summary="S.")

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(1, 10)

    def run(self, ctx):
        return self.body(ctx)


def plugins_with(*checkers):
    class Module:
        @staticmethod
        @hookimpl
        def modelaudit_checkers():
            return list(checkers)

    return Plugins(extra={"made": Module()}, installed=False)


def audit(classifier, rows, **kwargs):
    model, tokenizer = classifier
    return Audit(model, rows, **{"tokenizer": tokenizer, "preset": "quick", "device": "cpu", **kwargs})


def content(report):
    data = json.loads(report.model_dump_json(by_alias=True))
    data.pop("run")
    return json.dumps(data, sort_keys=True)


@pytest.fixture(scope="module")
def outcome(classifier, rows, train_rows):
    return audit(classifier, rows, train_data=train_rows, options=SHORT).run()


def test_all_families_measure_and_a_policy_judges(outcome):
    report = outcome.report
    assert {result.checker.risk for result in report.results} == set(Risk)
    assert [result.reason for result in report.results if result.status == "errored"] == []
    assert report.subject.task == "text-classification"
    assert report.judgement.family_size > 5
    for result in report.results:
        for finding in result.findings:
            metric = finding.metric
            assert metric.n > 0 or (metric.value is None and metric.reason)
            assert metric.method
            assert metric.reason or (metric.bounds[0].low <= metric.value <= metric.bounds[-1].high)


def test_another_order_of_checkers_and_one_more_change_no_measurement(classifier, rows, train_rows, outcome):
    def draws(ctx):
        ctx.rng.random(1000)
        ctx.model.predict(ctx.data.evaluation[::-1])
        raise NotAssessable("nothing to say")

    again = audit(classifier, rows, train_data=train_rows, options=SHORT, plugins=plugins_with(Made(draws)))
    again.checkers = list(reversed(again.checkers))
    report = again.run().report
    others = [result for result in report.results if result.checker.id != "test/made"]
    assert len(others) == len(report.results) - 1
    assert tuple(reversed(others)) == outcome.report.results


def test_the_same_audit_has_the_same_bytes_and_the_same_digest(classifier, rows, train_rows):
    checkers = ["modelaudit/counterfactual-substitution", "modelaudit/out-of-distribution", "modelaudit/duplicates"]

    def report(*, backwards=False, **choices):
        made = audit(classifier, rows, train_data=train_rows, **choices)
        made.checkers = list(reversed(made.checkers)) if backwards else made.checkers
        return made.run(only=checkers).report

    one, again, other = report(), report(), report(backwards=True)
    assert content(again) == content(one)
    assert again.digest == one.digest
    assert report(seed=1).digest != one.digest
    other = json.loads(content(other.model_copy(update={"results": tuple(reversed(other.results))})))
    for key in ("results", "subject", "settings", "provenance"):
        assert other[key] == json.loads(content(one))[key]


def test_rows_in_flight_and_batch_composition_change_nothing(classifier, rows, outcome):
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    subject = audit(classifier, rows).subject
    other = audit(classifier, shuffled).subject
    by_text = dict(
        zip(
            (row.text for row in subject.data.evaluation),
            subject.model.predict(subject.data.evaluation).logits,
            strict=True,
        )
    )
    answers = [other.model.predict([row]).logits[0] for row in other.data.evaluation[:40]]
    for row, answer in zip(other.data.evaluation, answers, strict=False):
        assert (by_text[row.text] == answer).all()


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (lambda ctx: 1 / 0, "errored", "ZeroDivisionError"),
        (lambda ctx: iter([1]), "errored", "yielded int, not a Finding"),
        (lambda ctx: iter([]), "skipped", "no finding"),
        (lambda ctx: ctx.model.generate([], max_new_tokens=1), "skipped", "generate"),
    ],
)
def test_a_checker_that_goes_wrong_is_named_and_the_rest_is_whole(classifier, rows, body, status, says):
    report = (
        audit(classifier, rows, plugins=plugins_with(Made(body)))
        .run(only=["test/made", "modelaudit/perturbation", "modelaudit/calibration"])
        .report
    )
    made = next(result for result in report.results if result.checker.id == "test/made")
    assert made.status == status
    assert says in made.reason
    assert sum(result.status == "completed" for result in report.results) == 2
    assert report.judgement.gate.exit_code == (4 if status == "errored" else report.judgement.gate.exit_code)
    data = next(family for family in report.judgement.families if family.risk == "data")
    assert data.state in ("incomplete", "not assessed")


def test_what_was_not_assessed_says_how_to_provide_it(classifier, rows):
    report = audit(classifier, rows).run(only=["privacy"]).report
    reasons = {result.checker.id: result.reason for result in report.results if result.status == "skipped"}
    assert "--train-data" in reasons["modelaudit/membership-inference"]
    assert "not selected" in reasons["modelaudit/perturbation"]
    assert "--train-data" in " ".join(
        note for result in report.results if result.checker.id == "modelaudit/personal-data" for note in result.notes
    )
    states = {family.risk: family.state for family in report.judgement.families}
    assert states.pop("privacy") == "incomplete", "the rows were searched for personal data, and no more"
    assert set(states.values()) == {"not assessed"}


def test_the_membership_probe_needs_labels_in_its_own_two_tables_alone(classifier, rows, train_rows):
    unlabelled = [{"text": row["text"]} for row in rows]

    def probe(**tables):
        checker = "modelaudit/membership-inference"
        report = audit(classifier, unlabelled, train_data=train_rows, **tables).run(only=[checker]).report
        return next(result for result in report.results if result.checker.id == checker)

    heldout = [{**row, "text": f"{row['text']} indeed"} for row in rows]
    assert probe(heldout_data=heldout).status == "completed"
    without = probe()
    assert without.status == "skipped"
    assert "held-out rows alike" in without.reason


@pytest.mark.parametrize(
    ("option", "value"), [("rows", 0), ("rows", "x"), ("pairs", 1), ("pairs", 2.5), ("cross_check", "lime")]
)
def test_an_option_that_a_checker_refuses_ends_the_audit_before_it_begins(classifier, rows, option, value):
    with pytest.raises(InputError, match=f"the option {option} is {value!r}"):
        audit(classifier, rows, options={"modelaudit/shapley-explanation": {option: value}})


@pytest.mark.parametrize(("option", "value"), [("rows", 0), ("rows", "x"), ("names_per_row", 2.5), ("language", "de")])
def test_an_option_of_substitution_that_makes_no_sense_ends_the_audit_before_it_begins(classifier, rows, option, value):
    with pytest.raises(InputError, match=f"the option {option} is {value!r}"):
        audit(classifier, rows, options={"modelaudit/counterfactual-substitution": {option: value}})


def test_saving_picks_the_format_by_suffix_and_leaves_no_half_written_file(outcome, tmp_path):
    outcome.save(tmp_path / "a.html", tmp_path / "a.json", tmp_path / "a.md")
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "a.json").read_text())["digest"] == outcome.report.digest
    with pytest.raises(OutputError, match=r"\.docx"):
        outcome.save(tmp_path / "b.md", tmp_path / "b.docx")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        outcome.save(tmp_path / "file" / "c.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json", "a.md", "file"]


def test_the_gate_raises_with_the_exit_code(classifier, rows):
    failing = audit(classifier, rows, plugins=plugins_with(Made(lambda ctx: 1 / 0))).run(only=["data"])
    with pytest.raises(RiskGateError, match="test/made failed") as caught:
        failing.gate()
    assert caught.value.exit_code == 4


def test_token_classification_goes_the_whole_way(tagger, tag_rows):
    report = audit(tagger, tag_rows).run().report
    assert report.subject.task == "token-classification"
    assert [result.reason for result in report.results if result.status == "errored"] == []
    assert {result.checker.id for result in report.results if result.status == "completed"} >= {
        "modelaudit/counterfactual-substitution",
        "modelaudit/shapley-explanation",
        "modelaudit/perturbation",
    }


def test_text_of_rows_is_in_the_report_only_when_asked_for(classifier, rows, outcome):
    shown = audit(classifier, rows, show_text=True).run(only=["modelaudit/perturbation"])
    redacted, whole = content(outcome.report), content(shown.report)
    assert not any(row["text"] in redacted for row in rows)
    assert any(row["text"] in whole for row in rows)


HOSTILE = [
    "<script>alert(1)</script>", "\x00\x07\x1b[31m", "\ud800 lone", "\u202eright to left\u2066", "\u200b\u200d", "",
    "' onload='x' <img src=x onerror=y>", "good " * 3000, "🙂🙂 good", "{{ 7*7 }} {% raw %}", "]]>", "\u2028\u2029",
    "a\tb\nc",
]  # fmt: skip


def test_hostile_rows_go_through_the_whole_audit(classifier, rows, tmp_path):
    hostile = [{"text": f"{text} she said it was good", "label": index % 2} for index, text in enumerate(HOSTILE)]
    outcome = audit(classifier, list(rows[:60]) + hostile, show_text=True, options=FEW_FRAMES).run()
    assert [result.reason for result in outcome.report.results if result.status == "errored"] == []
    outcome.save(tmp_path / "r.html", tmp_path / "r.json", tmp_path / "r.md")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page.lower()
    assert "<img" not in page.lower()
    assert "\u202e" not in page
    json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=60), min_size=8, max_size=16))
def test_any_text_goes_through_the_audit_unharmed_and_harmless(classifier, rows, texts):
    hostile = [{"text": f"{text} he was kind", "label": 1} for text in texts]
    made = audit(classifier, list(rows[:24]) + hostile, show_text=True, sample=None)
    # Frames are sentences of our own, whatever the rows say.
    outcome = made.run(only=["robustness", "modelaudit/counterfactual-substitution", "modelaudit/group-performance"])
    assert [result.reason for result in outcome.report.results if result.status == "errored"] == []
    page = outcome._repr_html_()
    assert page.lower().count("<script") == 0
    page.encode("utf-8")


def test_options_and_declared_use_come_from_the_project_file_and_arguments_win(classifier, rows, tmp_path):
    (tmp_path / "modelaudit.toml").write_text(
        'preset = "full"\nseed = 9\n[subject]\nuse = "sorts letters"\nowner = "Ada"\njurisdictions = ["eu"]\n'
        'risk_class = "high"\nprice = { per_hour = 2, currency = "EUR" }\ntext_column = "text"\n'
    )
    made = audit(classifier, rows, preset=None, project_file=tmp_path / "modelaudit.toml", declared={"owner": "Bo"})
    assert (made.preset, made.seed) == ("full", 9)
    declared = made.subject.info.declared
    assert (declared.use, declared.owner, declared.impact) == ("sorts letters", "Bo", None)
    assert (declared.jurisdictions, declared.risk_class) == (("eu",), "high")
    assert declared.price is not None
    assert declared.price.per_hour == 2.0
    assert "what is declared" not in audit(classifier, rows).command()
    (tmp_path / "bad.toml").write_text("prset = 'full'\n")
    with pytest.raises(InputError, match="prset"):
        audit(classifier, rows, project_file=tmp_path / "bad.toml")
    with pytest.raises(InputError, match=r"none\.toml"):
        audit(classifier, rows, project_file=tmp_path / "none.toml")


def test_a_faulty_policy_stops_the_audit_before_the_model_is_opened(tmp_path, rows):
    (tmp_path / "policy.toml").write_text("limitz = 1")
    with pytest.raises(PolicyError, match="limitz"):
        Audit("no/model/here", rows, policy=tmp_path / "policy.toml")


def test_every_error_on_purpose_has_one_base():
    assert issubclass(InputError, ModelAuditError)
    assert issubclass(RiskGateError, ModelAuditError)
