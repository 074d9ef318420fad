"""A whole audit of a function: the same numbers as for the model behind it, and a report that says what nobody saw."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from modelaudit import Audit, InputError
from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.errors import ModelInputError, WorkerError
from modelaudit.hookspecs import hookimpl
from modelaudit.plugins import Plugins
from modelaudit.reports import load_report
from short_audit import SHORT

LABELS = ["negative", "positive"]
PLUGINS = Plugins(installed=False)


def audit(function, rows, **given):
    return Audit(function, rows, **{"labels": LABELS, "preset": "quick", "plugins": PLUGINS} | given)


def content(report):
    data = json.loads(report.model_dump_json(by_alias=True))
    data.pop("run")
    return data


def values(report, risk):
    """Every number of a family, by checker, metric and group."""
    return {
        (result.checker.id, finding.metric.id, finding.metric.group): finding.metric.value
        for result in report.results
        for finding in result.findings
        if result.checker.risk.value == risk
    }


@pytest.fixture(scope="module")
def pipeline(train_rows):
    made = make_pipeline(CountVectorizer(), LogisticRegression())
    return made.fit([row["text"] for row in train_rows], [row["label"] for row in train_rows])


@pytest.fixture
def wrapped(classifier):
    """The planted model behind a function, as a service would have it: padded, in batches."""
    model, tokenizer = classifier

    def predict(texts):
        batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            return model(**batch).logits.softmax(-1)

    return predict


@pytest.fixture(scope="module")
def outcome(pipeline, rows, train_rows):
    return audit(pipeline.predict_proba, rows, train_data=train_rows, model_name="claims 2026-11", options=SHORT).run()


def test_a_scikit_learn_pipeline_is_audited_in_all_families(outcome):
    report = outcome.report
    assert {result.checker.risk for result in report.results} == set(Risk)
    statuses = {result.checker.id.partition("/")[2]: result.status for result in report.results}
    written = ("memorisation", "stereotype-preference", "prompt-robustness", "completion-bias")
    elsewhere = ("canary-audit", "entity-exposure", "corruption-robustness", *written)
    assert {statuses.pop(name) for name in elsewhere} == {"not applicable"}
    # The rows have no column for a protected attribute.
    assert statuses.pop("group-performance") == "skipped"
    # The pipeline makes no mistake on these rows.
    assert statuses.pop("weak-slices") == "skipped"
    assert {name: status for name, status in statuses.items() if status != "completed"} == {}
    assert report.judgement.family_size > 5
    assert report.run.memo_hits > 100
    assert report.run.computed + report.run.memo_hits == report.run.evaluations


def test_the_report_says_what_was_audited_and_what_nobody_saw(outcome, tmp_path):
    model = outcome.report.subject.model
    assert (model.kind, model.name, model.labels) == ("function", "claims 2026-11", ("negative", "positive"))
    assert model.architecture == "sklearn.pipeline.Pipeline.predict_proba"
    assert (model.parameters, model.max_length, model.weights_sha256, model.tokenizer_sha256) == (None,) * 4
    assert "float32" not in json.dumps(outcome.report.provenance.numerics)
    outcome.save(tmp_path / "r.html", tmp_path / "r.md", tmp_path / "r.json")
    assert load_report(tmp_path / "r.json") == outcome.report
    for name in ("r.html", "r.md"):
        page = (tmp_path / name).read_text()
        assert "claims 2026-11" in page
        assert "the function sklearn.pipeline.Pipeline.predict_proba, from texts to probabilities" in page
        assert "the same to the last bit whatever is asked beside them (16 texts tried)" in page
        assert "whether it reads long texts to their end is not known" in page
        assert "million parameters" not in page
        assert "None" not in page.partition("Provenance")[0]
    page = (tmp_path / "r.html").read_text()
    assert "characters" in page
    assert " tokens</" not in page


def test_the_same_function_gives_the_same_report(outcome, pipeline, rows, train_rows):
    given = {"train_data": train_rows, "model_name": "claims 2026-11", "options": SHORT}
    assert content(audit(pipeline.predict_proba, rows, **given).run().report) == content(outcome.report)


def test_a_model_behind_a_function_gets_the_numbers_of_the_model_itself(classifier, wrapped, rows, train_rows):
    model, tokenizer = classifier
    given = {"train_data": train_rows, "preset": "quick", "plugins": PLUGINS, "options": SHORT}
    itself = Audit(model, rows, tokenizer=tokenizer, device="cpu", **given).run().report
    behind = audit(wrapped, rows, train_data=train_rows, options=SHORT).run().report
    for risk in ("privacy", "bias", "robustness"):
        expected, found = values(itself, risk), values(behind, risk)
        assert len(expected) > 4
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, abs=1e-6), name
    flips = [value for (_, metric, _), value in values(behind, "robustness").items() if metric == "flip_rate"]
    assert any(flips)


def test_names_are_matched_by_their_characters_where_nobody_knows_the_tokens(pipeline, rows):
    named = [{**row, "text": row["text"].replace("she", "Emily").replace("he ", "James ")} for row in rows]
    report = audit(pipeline.predict_proba, named, options=SHORT).run(only="bias").report
    tables = [item for result in report.results for finding in result.findings for item in finding.evidence]
    columns = {column for item in tables if item.kind == "table" for column in item.columns}
    assert {"characters", "mean characters a name"} <= columns
    assert "tokens" not in columns


class Stopping:
    """Passes calls on until so many texts were asked, and then is stopped or broken."""

    def __init__(self, function, *, after, error=KeyboardInterrupt):
        self.function, self.after, self.error, self.asked = function, after, error, 0

    def __call__(self, texts):
        self.asked += len(texts)
        if self.asked > self.after:
            raise self.error
        return self.function(texts)


def test_an_audit_that_was_stopped_goes_on_where_the_function_has_a_name(pipeline, rows, train_rows, outcome):
    function = pipeline.predict_proba
    given = {"train_data": train_rows, "model_name": "claims 2026-11", "options": SHORT}
    with pytest.raises(KeyboardInterrupt):
        audit(Stopping(function, after=2_000), rows, **given).run()
    counting = Stopping(function, after=10**9)
    report = audit(counting, rows, **given).run(resume=True).report
    assert report.run.journal_hits > 1_000
    assert counting.asked == report.run.computed + 36
    assert report.run.computed + report.run.journal_hits == outcome.report.run.computed
    assert content(report)["results"] == content(outcome.report)["results"]


def test_a_journal_of_another_function_under_the_same_name_is_refused(pipeline, rows):
    given = {"model_name": "claims", "options": SHORT}
    with pytest.raises(KeyboardInterrupt):
        audit(Stopping(pipeline.predict_proba, after=1_000), rows, **given).run()

    def other(texts):
        return pipeline.predict_proba(texts)[:, ::-1]

    with pytest.raises(ModelInputError, match="gives other answers than those in the journal, though it has the same"):
        audit(other, rows, **given).run(resume=True)
    report = audit(other, rows, model_name="claims 2").run(only="modelaudit/perturbation", resume=True).report
    assert report.run.journal_hits == 0


def test_without_a_name_there_is_no_journal_and_the_report_says_so(pipeline, rows, tmp_path):
    made = audit(pipeline.predict_proba, rows)
    report = made.run(only="modelaudit/calibration").report
    assert any("No journal is kept" in event and "model_name=" in event for event in report.run.events)
    for how in ({"journal": tmp_path / "j"}, {"keep_journal": True}):
        with pytest.raises(ModelInputError, match="name it and its version"):
            audit(pipeline.predict_proba, rows, **how).run(only="modelaudit/calibration")
    with pytest.raises(ModelInputError, match="name it and its version"):
        made.run(only="modelaudit/calibration", resume=True)


def test_a_function_that_breaks_on_the_way_is_failed_checks_and_never_a_pass(pipeline, rows):
    function = Stopping(pipeline.predict_proba, after=2_000, error=ConnectionError("503 from the service"))
    report = audit(function, rows).run().report
    failed = [result for result in report.results if result.status == "errored"]
    assert failed
    for result in failed:
        assert "failed on a call of" in result.reason
        assert "ConnectionError; mend it, with retries where it asks a network, " in result.reason
        assert result.reason.count("run the audit again") == 1
    assert report.judgement.gate.exit_code == 4
    assert any(result.status == "completed" for result in report.results)


def test_logits_by_mistake_end_the_audit_before_it_begins(pipeline, rows):
    def margins(texts):
        scores = pipeline.decision_function(texts)
        return np.stack([-scores, scores], axis=1)

    with pytest.raises(ModelInputError, match="look like logits or scores; put a softmax over the classes"):
        audit(margins, rows).run()


def test_answers_that_are_drawn_are_on_the_first_page(pipeline, rows, tmp_path):
    draw = np.random.default_rng(3)

    def shaken(texts):
        table = pipeline.predict_proba(texts) * draw.uniform(0.5, 1.5, (len(texts), 1))
        yes = np.clip(table[:, 1], 0, 1)
        return np.stack([1 - yes, yes], axis=1)

    outcome = audit(shaken, rows).run(only="modelaudit/perturbation")
    outcome.save(tmp_path / "r.html")
    assert outcome.report.subject.model.repeatable is False
    assert outcome.report.provenance.numerics["rows"].startswith("not repeatable")
    assert any(
        "what looks like an effect of a change may be this noise" in event for event in outcome.report.run.events
    )
    front = (tmp_path / "r.html").read_text().partition('id="provenance"')[0]
    assert "not repeatable: the same text got different answers" in front


class Slopes:
    """A checker that needs what a function can't show."""

    def __init__(self, *needs):
        self.needs = needs

    @property
    def info(self):
        return CheckerInfo(
            id="test/slopes", version="1", risk=Risk.DATA, title="T", question="Q?", summary="S.", needs=self.needs
        )

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(1, 1)

    def run(self, ctx):
        return iter([ctx.model.gradients([ctx.data.evaluation[0]], [0])])


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        (("gradients",), "needs the model's gradients, and the model was handed in as a function, which gives its"),
        (("embed",), "needs the model's hidden states"),
        (
            ("base_model",),
            "needs the model before fine-tuning to compare with, and the model was handed in as a function",
        ),
        (("members",), "needs the rows that the model was trained on: give train_data="),
        ((), "can't gradients; hand in the model itself for that"),
    ],
)
def test_a_check_that_takes_the_model_itself_is_not_assessed_with_a_reason(pipeline, rows, needs, says):
    class Module:
        @staticmethod
        @hookimpl
        def modelaudit_checkers():
            return [Slopes(*needs)]

    plugins = Plugins(extra={"made": Module()}, installed=False)
    report = (
        audit(pipeline.predict_proba, rows, plugins=plugins).run(only=["test/slopes", "modelaudit/calibration"]).report
    )
    result = next(result for result in report.results if result.checker.id == "test/slopes")
    assert result.status == "skipped"
    assert says in result.reason
    assert any(
        verdict.checker == "test/slopes" and verdict.state == "not assessed" for verdict in report.judgement.verdicts
    )


def test_a_plan_of_a_function_says_what_would_run(pipeline, rows):
    lines = audit(pipeline.predict_proba, rows).plan()
    assert {line.registered.info.id: line.status for line in lines}["modelaudit/membership-inference"] == "skipped"
    assert sum(line.status == "run" for line in lines) == 15


def test_workers_are_refused_and_auto_is_none(pipeline, rows):
    with pytest.raises(WorkerError, match="can't be sent to other processes"):
        audit(pipeline.predict_proba, rows, workers=2).run()
    assert audit(pipeline.predict_proba, rows, workers="auto").subject


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"labels": "negative"}, "labels is 'negative'; give the names of the classes"),
        ({"labels": 2}, "labels is 2; give the names"),
        ({"labels": ["one"]}, "labels has 1 name(s)"),
        ({"labels": []}, "labels has 0 name(s)"),
        ({"labels": ["a", "a"]}, "labels gives the name 'a' to two classes"),
        ({"labels": ["a", " "]}, "labels holds ' '"),
        ({"labels": ["a", None]}, "labels holds None"),
        ({"model_name": ""}, "model_name is ''; give 1 to 200 characters"),
        ({"model_name": 5}, "model_name is 5"),
        ({"mask_word": "x" * 201}, "mask_word is 'xxx"),
    ],
)
def test_names_that_make_no_sense_are_one_sentence_before_any_work(given, says, rows):
    with pytest.raises(InputError) as error:
        audit(lambda texts: 1 / 0, rows, **given)
    assert says in str(error.value)


def test_classes_of_scikit_learn_are_labels_as_they_come(pipeline, rows):
    subject = audit(pipeline.predict_proba, rows, labels=pipeline.classes_).subject
    assert subject.info.model.labels == ("0", "1")
    assert subject.model.predict(subject.data.evaluation).labels.tolist() == [
        row.label for row in subject.data.evaluation
    ]
