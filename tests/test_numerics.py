"""What a user sees of the precision in which a model was asked: the certificate in the report, or why there is none."""

from __future__ import annotations

import copy
import html
import json

import pytest
import torch

from modelaudit import Audit
from modelaudit.inference.standard import Standard
from modelaudit.subject.subject import build_subject
from modelaudit.training.compact import compact_model


def made(texts, labels, task):
    """Return an untrained model whose logits are far enough apart to be decisions, and its tokenizer."""
    model, tokenizer = compact_model(texts, labels=labels, task=task, seed=0)
    with torch.no_grad():
        model.classifier.weight *= 20.0
    return model.eval(), tokenizer


@pytest.fixture(scope="module")
def encoder(rows):
    return made([row["text"] for row in rows], ("negative", "positive"), "text-classification")


@pytest.fixture(scope="module")
def word_encoder(tag_rows, tagger):
    labels = tuple(tagger[0].config.id2label.values())
    return made([" ".join(row["tokens"]) for row in tag_rows], labels, "token-classification")


@pytest.fixture
def half_on_cpu(monkeypatch):
    """Let audits take a processor for a device that is fast in float16."""

    def built(opened, **options):
        return build_subject(opened, **options | {"numerics": Standard("standard", on=("cpu",))})

    monkeypatch.setattr("modelaudit.audit.build_subject", built)


def audited(case, rows, only="modelaudit/out-of-distribution", *, resume=False, **options):
    model, tokenizer = case
    audit = Audit(model, rows[:80], tokenizer=tokenizer, preset="quick", device="cpu", **options)
    return audit.run(only=only, resume=resume)


def content(outcome):
    data = json.loads(outcome.report.model_dump_json(by_alias=True))
    data.pop("run")
    return data


@pytest.mark.usefixtures("half_on_cpu")
def test_the_certificate_stands_in_the_report(encoder, rows, tmp_path):
    outcome = audited(encoder, rows)
    numerics = outcome.report.provenance.numerics
    assert numerics["dtype"].startswith("float16, decisions within ")
    distinct = len({row["text"] for row in rows[:80]})
    assert numerics["certificate"].startswith(f"float16 against float32 on {distinct} rows of the audit: logits differ")
    outcome.save(tmp_path / "report.json", tmp_path / "report.html", tmp_path / "report.md")
    assert json.loads((tmp_path / "report.json").read_text())["provenance"]["numerics"] == numerics
    page = html.unescape((tmp_path / "report.html").read_text())
    assert numerics["certificate"] in page
    assert numerics["dtype"] in page


@pytest.mark.usefixtures("half_on_cpu")
def test_the_report_does_not_hang_on_workers_or_on_what_else_is_asked(encoder, rows, tmp_path):
    many, rows = ["modelaudit/out-of-distribution", "modelaudit/counterfactual-substitution"], rows[:30]
    alone = content(audited(encoder, rows, many))
    assert content(audited(encoder, rows, many, workers=2)) == alone
    more = content(audited(encoder, rows, ["modelaudit/perturbation", *many]))
    assert more["provenance"] == alone["provenance"]
    asked = {result["checker"]["id"]: result for result in more["results"]}
    for result in alone["results"]:
        if result["status"] == "completed":
            assert asked[result["checker"]["id"]] == result


@pytest.mark.usefixtures("half_on_cpu")
def test_an_audit_in_half_precision_goes_on(encoder, rows, tmp_path):
    first = audited(encoder, rows, journal=tmp_path / "j", keep_journal=True)
    again = audited(encoder, rows, journal=tmp_path / "j", keep_journal=True, resume=True)
    assert content(again) == content(first)
    assert (again.report.run.computed, again.report.run.journal_hits) == (0, first.report.run.computed)


@pytest.mark.usefixtures("half_on_cpu")
def test_words_of_a_tagger_are_compared_where_they_are_judged(word_encoder, tag_rows):
    outcome = audited(word_encoder, tag_rows)
    assert " rows of the audit: logits differ" in outcome.report.provenance.numerics["certificate"]


@pytest.mark.usefixtures("half_on_cpu")
def test_a_model_that_half_precision_spoils_is_audited_in_float32(encoder, rows):
    model, tokenizer = copy.deepcopy(encoder[0]), encoder[1]
    with torch.no_grad():
        model.base_model.encoder.layer[0].intermediate.dense.weight *= 1e7
        model.base_model.encoder.layer[0].output.dense.weight *= 1e-7
    outcome = audited((model, tokenizer), rows)
    assert outcome.report.provenance.numerics["dtype"] == "float32"
    assert [event for event in outcome.report.run.events if "so float32 is used throughout" in event]


def test_standard_asked_for_on_a_processor_is_strict_and_the_report_says_so(encoder, rows):
    asked, strict = (audited(encoder, rows, numerics=name) for name in ("standard", "strict"))
    assert content(asked) == content(strict)
    (event,) = [event for event in asked.report.run.events if "tandard" in event]
    assert event == "Standard numerics were asked for and strict ones used: on 'cpu' float16 is slower than float32."
    assert not [event for event in strict.report.run.events if "tandard" in event]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_an_audit_on_cuda_is_in_half_precision_by_default(encoder, rows):
    model, tokenizer = encoder
    report = Audit(model, rows, tokenizer=tokenizer, preset="quick", device="cuda").run("robustness").report
    assert report.provenance.numerics["dtype"].startswith("float16")
    assert "certificate" in report.provenance.numerics
