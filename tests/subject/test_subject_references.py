"""Reference models of a real small encoder, through the subject, the runner and a stranger's plugin."""

import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from test_subject_continuation import pieces_tokenizer, writer_for
from transformers import BertConfig, BertForMaskedLM

from modelaudit import Audit
from modelaudit.checker import Checker, CheckerInfo, Cost, References
from modelaudit.errors import CapabilityError, DataInputError, NotAssessable
from modelaudit.hookspecs import hookimpl
from modelaudit.inference.heads import true_label_scores
from modelaudit.inference.weights import weights_sha256
from modelaudit.plugins import Plugins
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedCallable, OpenedModel
from modelaudit.subject.references import ReferenceShelf
from modelaudit.subject.subject import build_subject
from modelaudit.training.compact import compact_model

WORDS = ["red", "blue", "green", "cat", "dog", "sun", "moon", "tree", "fish", "bird", "sky", "sea"]
SHAPE = {"layers": 2, "hidden": 32, "heads": 2, "vocabulary": 400, "max_length": 16}
TAGS = ["O", "B-PER", "I-PER"]


def sentences(n, seed):
    draw = np.random.default_rng(seed)
    return [
        {
            "text": " ".join(draw.choice(WORDS, 6)) + f" {seed}{i}",
            "label": str(draw.integers(2)),
            "person": f"p{i // 2}",
        }
        for i in range(n)
    ]


def tagged(n, seed):
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        words = [*draw.choice(WORDS, draw.integers(2, 8)), f"{seed}{i}"]
        rows.append({"tokens": words, "ner_tags": [TAGS[draw.integers(3)] for _ in words]})
    # Longer than the model takes: 16 tokens, two of them special.
    rows[3] = {"tokens": [WORDS[seed]] * 30, "ner_tags": ["O"] * 30}
    return rows


def opened(made, name):
    return OpenedModel(model=made[0], tokenizer=made[1], name=name)


@cache
def subject(task="text-classification", *, base=True, group=None):
    labels = TAGS if task == "token-classification" else ["0", "1"]
    members, heldout = (tagged(40, 1), tagged(30, 2)) if labels is TAGS else (sentences(40, 1), sentences(30, 2))
    texts = [row.get("text") or row["tokens"] for row in members + heldout]
    model, other = (compact_model(texts, labels=labels, task=task, seed=seed, **SHAPE) for seed in (0, 1))
    with torch.no_grad():
        for parameter in other[0].parameters():
            parameter.mul_(4.0)  # an untrained encoder gives all rows about the same states otherwise
    return build_subject(
        opened(model, "model"),
        data=heldout,
        train_data=members,
        base=opened(other, "base") if base else None,
        group_column=group,
        device="cpu",
    )


def sides(of):
    return of.data.members, of.data.heldout


def references(of, k=8, kind="head", *, seed=0, **given):
    return ReferenceShelf(of, seed=seed).references(*sides(of), k, kind, **given)


def gap(found):
    """How much better the models know the rows they saw."""
    return float(found.log_odds[found.trained_on].mean() - found.log_odds[~found.trained_on].mean())


def test_heads_know_what_they_were_trained_on_better():
    found = references(subject(), 16)
    assert isinstance(found, References)
    assert (found.trained_on.shape, found.log_odds.shape, found.log_probs.shape) == ((16, 70),) * 3
    assert (found.log_odds.dtype, found.kind, found.offsets) == (np.float64, "head", None)
    assert gap(found) > 0.2
    np.testing.assert_allclose(found.log_probs, -np.log1p(np.exp(-found.log_odds)), atol=1e-9)
    for part in (found.trained_on, found.log_odds, found.log_probs):
        with pytest.raises(ValueError, match="read-only"):
            part[0, 0] = 0


def test_the_order_of_rows_changes_no_bit_and_the_seed_does():
    found = references(subject())
    members, heldout = sides(subject())
    turned = ReferenceShelf(subject(), seed=0).references(members[::-1], heldout[::-1], 8)
    back = np.r_[np.arange(len(members))[::-1], len(members) + np.arange(len(heldout))[::-1]]
    assert (turned.log_odds == found.log_odds[:, back]).all()
    assert (turned.trained_on == found.trained_on[:, back]).all()
    assert (references(subject(), seed=1).trained_on != found.trained_on).any()


def test_equal_arguments_are_answered_once_and_the_base_model_once_in_all():
    shelf, (members, heldout) = ReferenceShelf(subject(), seed=0), sides(subject())
    first = shelf.references(members, heldout, 4)
    assert shelf.references(list(members), list(heldout), 4) is first
    before = subject().base_model.engine.stats.computed
    assert shelf.references(members, heldout, 8) is not first
    assert shelf.references(members[:20], heldout, 4).trained_on.shape == (4, 50)
    assert subject().base_model.engine.stats.computed == before, "the states are those of before"


def test_the_base_model_is_asked_and_never_the_audited_one():
    before = subject().model.engine.stats.requested
    asked = subject().base_model.engine.stats.requested
    references(subject(), 2)
    assert subject().model.engine.stats.requested == before
    assert subject().base_model.engine.stats.requested == asked + 70


def test_rows_of_one_person_stay_in_one_half():
    of = subject(group="person")
    found = references(of, 4)
    rows = [*of.data.members, *of.data.heldout]
    for person in {row.group for row in rows}:
        (chosen,) = np.nonzero([row.group == person for row in rows])
        assert len(np.unique(found.trained_on[:, chosen], axis=1)[0]) == 1


def test_words_have_the_outputs_and_those_cut_off_have_none():
    of = subject("token-classification")
    found = references(of, 8)
    rows = [*of.data.members, *of.data.heldout]
    assert found.offsets.tolist() == [0, *np.cumsum([len(row.words) for row in rows]).tolist()]
    assert found.log_odds.shape == (8, found.offsets[-1])
    (long,) = (i for i, row in enumerate(rows[:40]) if len(row.words) == 30)
    words = found.log_odds[:, found.offsets[long] : found.offsets[long + 1]]
    assert np.isnan(words[:, 14:]).all()
    assert np.isfinite(words[:, :14]).all()
    of_rows = np.repeat(np.arange(70), np.diff(found.offsets))
    trained, known = found.trained_on[:, of_rows], np.isfinite(found.log_odds)
    assert found.log_odds[trained & known].mean() > found.log_odds[~trained & known].mean() + 0.1
    order = np.random.default_rng(0).permutation(40)
    turned = ReferenceShelf(of, seed=0).references([rows[i] for i in order], rows[40:], 8)
    for place, i in enumerate(order):
        one = turned.log_odds[:, turned.offsets[place] : turned.offsets[place + 1]]
        np.testing.assert_array_equal(one, found.log_odds[:, found.offsets[i] : found.offsets[i + 1]])


def test_many_words_outside_of_entities_are_thinned_out_for_training_alone(monkeypatch):
    of = subject("token-classification")
    whole = references(of, 4)
    monkeypatch.setattr("modelaudit.subject.head_references.MANY_WORDS", 100)
    thinned = references(of, 4)
    assert (np.isfinite(thinned.log_odds) == np.isfinite(whole.log_odds)).all()
    tags = np.array([tag for row in (*of.data.members, *of.data.heldout) for tag in row.tags])
    rarer = thinned.log_odds[:, tags == 0] - whole.log_odds[:, tags == 0]
    assert np.nanmean(rarer) < -0.3, "rarer in training, so less expected"


def test_a_masked_language_model_serves_as_a_base():
    """What is published is an encoder with another head, or with none, of another precision maybe."""
    members, heldout = sentences(30, 1), sentences(30, 2)
    made = compact_model([row["text"] for row in members + heldout], labels=["0", "1"], task="text-classification",
                         seed=0, **SHAPE)  # fmt: skip
    torch.manual_seed(5)
    masked = BertForMaskedLM(BertConfig(**made[0].config.to_dict())).half().eval()
    of = build_subject(opened(made, "model"), data=heldout, train_data=members, device="cpu",
                       base=opened((masked, made[1]), "masked"))  # fmt: skip
    assert gap(references(of, 8)) > 0.1
    before = weights_sha256(masked)
    found = references(of, 2, "lora", epochs=0.5)
    assert np.isfinite(found.log_odds).all()
    assert weights_sha256(masked) == before
    assert masked.dtype == torch.float16


@pytest.mark.parametrize(("task", "epochs"), [("text-classification", 50), ("token-classification", 25)])
def test_adapted_models_know_what_they_were_trained_on_better(task, epochs):
    of = subject(task)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    before = weights_sha256(of.base_model.opened.model)
    asked = of.base_model.embed(of.data.members[:3])
    found = references(of, 2, "lora", epochs=epochs)
    assert found.kind == "lora"
    assert (found.offsets is None) == (task == "text-classification")
    trained = found.trained_on
    if found.offsets is not None:
        trained = trained[:, np.repeat(np.arange(70), np.diff(found.offsets))]
    known = np.isfinite(found.log_odds)
    assert known.mean() > 0.85
    assert found.log_odds[trained & known].mean() > found.log_odds[~trained & known].mean() + 0.1
    assert weights_sha256(of.base_model.opened.model) == before
    assert (of.base_model.embed(of.data.members[:3]) == asked).all()
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002


def test_adapted_models_hang_on_content_and_seed_alone():
    of = subject()
    members, heldout = sides(of)
    found = references(of, 2, "lora", epochs=1)
    torch.manual_seed(99)
    turned = ReferenceShelf(of, seed=0).references(members[::-1], heldout, 2, "lora", epochs=1)
    np.testing.assert_array_equal(turned.log_odds[:, :40], found.log_odds[:, :40][:, ::-1])
    assert (references(of, 2, "lora", epochs=2).log_odds != found.log_odds).all()
    assert (references(of, 2, "lora", epochs=1, seed=1).log_odds != found.log_odds).all()


def writing(answers=True):
    tokenizer = pieces_tokenizer("framed")
    draw = np.random.default_rng(0)

    def rows(n):
        letters = ["".join(draw.choice(list("abcdefgh"), 14)) for _ in range(n)]
        return [{"prompt": text[:8], "answer": text[8:]} if answers else {"prompt": text} for text in letters]

    return build_subject(
        OpenedModel(model=writer_for(tokenizer), tokenizer=tokenizer, name="writer"),
        data=rows(24),
        train_data=rows(24),
        base=OpenedModel(model=writer_for(tokenizer, 1), tokenizer=tokenizer, name="base writer"),
        device="cpu",
    )


@pytest.mark.parametrize("answers", [True, False])
def test_language_models_are_adapted_to_answers_or_to_whole_texts(answers):
    of = writing(answers)
    found = references(of, 2, "lora", epochs=8)
    rows = [*of.data.members, *of.data.heldout]
    assert found.log_probs.shape == (2, 48)
    assert found.offsets is None
    assert gap(found) > 0.1
    told = of.base_model.token_statistics(rows)
    before = np.add.reduceat(told.log_probs, told.offsets[:-1]) / np.diff(told.offsets)
    assert found.log_probs[found.trained_on].mean() > before.mean() + 0.5
    assert (found.log_odds > found.log_probs).all()


def test_what_can_not_be_asked_for_is_refused_with_the_next_step(monkeypatch):
    for k in (0, 1, 3, -2, 2.5, True):
        with pytest.raises(ValueError, match=r"even number|whole number"):
            references(subject(), k)
    with pytest.raises(ValueError, match="of the kind 'head'"):
        references(subject(), 2, "tail")
    with pytest.raises(ValueError, match="epochs"):
        references(subject(), 2, "lora", epochs=0)
    with pytest.raises(CapabilityError, match="base_model="):
        references(subject(base=False), 2)
    with pytest.raises(CapabilityError, match="'lora', not 'head'"):
        references(writing(), 2)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(CapabilityError, match=r"modelaudit-core\[peft\]"):
        references(subject(), 2, "lora")


def test_a_function_and_several_labels_have_no_references():
    function = OpenedCallable(
        function=lambda texts: np.full((len(texts), 2), 0.5), name="service", origin="here", labels=("0", "1")
    )
    of = build_subject(function, data=sentences(4, 1), device="cpu")
    with pytest.raises(CapabilityError, match="service is a function"):
        ReferenceShelf(of, seed=0).references(of.data.evaluation, of.data.evaluation, 2)
    model, tokenizer = compact_model(
        [row["text"] for row in sentences(4, 1)], labels=["0", "1"], task="text-classification", seed=0, **SHAPE
    )
    model.config.problem_type = "multi_label_classification"
    of = build_subject(opened((model, tokenizer), "many"), data=[{"text": "a cat", "labels": ["0"]}], device="cpu")
    with pytest.raises(CapabilityError, match="multi-label-classification"):
        ReferenceShelf(of, seed=0).references(of.data.evaluation, of.data.evaluation, 2)


def test_rows_without_a_truth_or_too_few_of_them():
    members, heldout = sides(subject())
    shelf = ReferenceShelf(subject(), seed=0)
    with pytest.raises(DataInputError, match="row new:1 lacks a label"):
        shelf.references([*members, Row("new:1", "a cat")], heldout, 2)
    words = ReferenceShelf(subject("token-classification"), seed=0)
    with pytest.raises(DataInputError, match="row new:2 lacks one tag a word"):
        words.references([Row("new:2", "a cat", words=("a", "cat"), tags=(0,))], heldout, 2)
    for few in ((members, []), ([], heldout), (members[:1], [replace(members[0], id="other")])):
        with pytest.raises(NotAssessable, match="too few"):
            shelf.references(*few, 2)


def test_hostile_texts_are_rows_like_others():
    members, heldout = sides(subject())
    odd = ["\ud800", "", "\x00\x1b[31m", "🙂" * 300, "a" * 5_000, "  RED  "]
    rows = [Row(f"odd:{i}", text, label=i % 2) for i, text in enumerate(odd)]
    found = ReferenceShelf(subject(), seed=0).references([*members, *rows], heldout, 4)
    assert np.isfinite(found.log_odds).all()


class Guess:
    """A stranger's checker: how much better do references know what they saw?"""

    info = CheckerInfo(
        id="acme/reference-gap", version="1", risk="privacy", title="Reference gap", question="A question?",
        summary="The gap of references.", needs=("labels",),
    )  # fmt: skip

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(evaluations=10, tokens=100)

    def run(self, ctx):
        found = ctx.references(ctx.data.members, ctx.data.heldout, 4)
        assert ctx.references(ctx.data.members, ctx.data.heldout, 4) is found
        yield Finding(
            metric=Metric(
                id="gap",
                title="Gap",
                value=gap(found),
                unit="nats",
                better="lower",
                n=found.log_odds.shape[1],
                method="mean",
                reason="no interval: a test",
            ),
            statement="References know what they saw better.",
        )


def result_of(audit):
    results = audit.run(only="acme/reference-gap").report.results
    return next(result for result in results if result.checker.id == "acme/reference-gap")


def test_a_strangers_plugin_asks_for_references(tmp_path):
    assert isinstance(Guess(), Checker)

    class Plugin:
        @hookimpl
        def modelaudit_checkers(self):
            return [Guess()]

    members, heldout = sentences(40, 1), sentences(30, 2)
    texts = [row["text"] for row in members + heldout]
    for name, seed in (("model", 0), ("base", 1)):
        for part in compact_model(texts, labels=["0", "1"], task="text-classification", seed=seed, **SHAPE):
            part.save_pretrained(tmp_path / name)
    plugins = Plugins(extra={"stranger": Plugin()}, installed=False)
    given = {"train_data": members, "device": "cpu", "plugins": plugins}
    audit = Audit(str(tmp_path / "model"), heldout, base_model=str(tmp_path / "base"), **given)
    result = result_of(audit)
    assert result.status == "completed", result
    assert result.findings[0].metric.value > 0
    result = result_of(Audit(str(tmp_path / "model"), heldout, **given))
    assert result.status == "skipped"
    assert "base_model=" in result.reason


@pytest.mark.parametrize("task", ["text-classification", "token-classification"])
def test_the_distilled_reference_says_what_the_model_would_and_knows_no_member(task):
    of = subject(task)
    found = references(of, 1, "distilled")
    rows = [*of.data.members, *of.data.heldout]
    assert found.kind == "distilled"
    assert found.trained_on.shape == (1, len(rows))
    assert not found.trained_on.any()
    answers = of.model.predict(rows)
    truths = np.array([truth for row in rows for truth in (row.tags if row.tags is not None else (row.label,))])
    known = np.isfinite(answers.logits).all(axis=1)
    assert np.isfinite(found.log_odds[0][known]).all()
    assert np.isnan(found.log_odds[0][~known]).all()
    own = true_label_scores(answers.logits[:, :, None], truths)[0][:, 0]
    assert np.corrcoef(own[known], found.log_odds[0][known])[0, 1] > 0.5, "it has learned the model's answers"
    # Members' own answers have no part in it: another set of members leaves the held-out rows' values as they were.
    fewer = ReferenceShelf(of, seed=0).references(of.data.members[:20], of.data.heldout, 1, "distilled")
    first, second = (
        (part.log_odds[0][-30:] if part.offsets is None else part.log_odds[0][part.offsets[-31] :])
        for part in (found, fewer)
    )
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_the_distilled_reference_is_one_and_follows_content_not_order():
    of = subject()
    with pytest.raises(ValueError, match="ask for 1"):
        references(of, 2, "distilled")
    found = references(of, 1, "distilled")
    turned = ReferenceShelf(of, seed=0).references(of.data.members[::-1], of.data.heldout[::-1], 1, "distilled")
    np.testing.assert_array_equal(found.log_odds[0][:40], turned.log_odds[0][:40][::-1])
    np.testing.assert_array_equal(found.log_odds[0][40:], turned.log_odds[0][40:][::-1])
