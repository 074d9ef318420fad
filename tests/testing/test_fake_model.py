"""The fake model: it answers what it was given functions for, as a model of that kind does, and counts."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from wrong_checkers import Right

from modelaudit.checker import CheckerInfo, Cost, ModelHandle, Risk, Row
from modelaudit.errors import CapabilityError, DataInputError, InputError
from modelaudit.results import Finding, Metric
from modelaudit.testing import FakeModel, run_checker

YES = FakeModel(labels=("no", "yes"), predict=lambda row: (0.0, 2.0 if "good" in row.text else -1.0))
GOOD, BAD = Row("r:1", "a good day", label=1), Row("r:2", "a bad day", label=1)


def test_what_follows_from_logits():
    said = YES.predict([GOOD, BAD])
    assert said.logits.tolist() == [[0.0, 2.0], [0.0, -1.0]]
    assert said.probabilities[:, 1] == pytest.approx([1 / (1 + math.exp(-2)), 1 / (1 + math.exp(1))])
    assert said.labels.tolist() == [1, 0]
    assert YES.predict_proba(["a good day"])[0] == pytest.approx(said.probabilities[0])
    assert YES.loss([GOOD, BAD]).per_row == pytest.approx([math.log(1 + math.exp(-2)), math.log(1 + math.exp(1))])
    assert YES.players([GOOD]) == [("a", "good", "day")]
    same, other = YES.fingerprints([GOOD, BAD]), YES.fingerprints([Row("x", GOOD.text), BAD])
    assert same == other
    assert same[0] != same[1]


@pytest.mark.parametrize("hide", ["mask", "delete"])
def test_hidden_words_are_left_out(hide):
    read = []
    model = FakeModel(labels=("no", "yes"), predict=lambda row: read.append(row.text) or (0.0, 1.0))
    keep = np.array([[True, True, True], [True, False, True], [False, False, False]])
    (said,) = model.predict_masked([GOOD], [keep], hide=hide)
    assert read == ["a good day", "a day", ""]
    assert said.logits.shape == (3, 2)
    with pytest.raises(CapabilityError, match="can't hide words by 'attention'; it has mask, delete"):
        model.predict_masked([GOOD], [keep], hide="attention")
    with pytest.raises(ValueError, match="3 players"):
        model.predict_masked([GOOD], [keep[:, :2]])


def test_words_are_judged_one_by_one():
    model = FakeModel(
        labels=("O", "PER"), task="token-classification",
        predict=lambda row: [(0.0, 3.0 if word.istitle() else -3.0) for word in row.words],
    )  # fmt: skip
    rows = [Row("r:1", "Ada met Bo", ("Ada", "met", "Bo"), tags=(1, 0, 0)), Row("r:2", "no", ("no",), tags=(0,))]
    said = model.predict(rows)
    assert said.offsets.tolist() == [0, 3, 4]
    assert said.labels.tolist() == [1, 0, 1, 0]
    losses = model.loss(rows)
    sure, wrong = math.log(1 + math.exp(-3)), math.log(1 + math.exp(3))
    assert losses.per_word == pytest.approx([sure, sure, wrong, sure])
    assert losses.per_row == pytest.approx([(2 * sure + wrong) / 3, sure])
    (hidden,) = model.predict_masked(rows[:1], [np.array([[False, True, True]])])
    assert hidden.labels.tolist() == [0, 0, 1], "a hidden word keeps its place"
    assert "predict_proba" not in model.capabilities


def test_other_kinds_of_answers():
    several = FakeModel(labels=("a", "b"), task="multi-label-classification", predict=lambda row: (0.0, 2.0))
    assert several.predict([GOOD]).probabilities[0] == pytest.approx([0.5, 1 / (1 + math.exp(-2))])
    assert several.loss([Row("r", "t", label_set=(1,))]).per_row == pytest.approx(
        [(math.log(2) + math.log(1 + math.exp(-2))) / 2]
    )
    number = FakeModel(labels=("score",), task="text-regression", predict=lambda row: [3.0])
    assert np.isnan(number.predict([GOOD]).probabilities).all()
    assert number.loss([Row("r", "t", values=(1.0,))]).per_row.tolist() == [4.0]


def test_a_language_model_of_functions():
    model = FakeModel(
        task="text-generation",
        generate=lambda row: "one two three",
        answers=lambda row: ("four five", -0.5),
        token_statistics=lambda row: [math.log(0.9), math.log(0.25)],
    )
    assert model.generate([GOOD], max_new_tokens=2) == ["one two"]
    said = model.answers([GOOD, BAD], max_new_tokens=1)
    assert (said.texts, said.log_probs.tolist(), said.ended.tolist()) == (("four",) * 2, [-0.5] * 2, [False] * 2)
    told = model.token_statistics([GOOD, BAD])
    assert told.offsets.tolist() == [0, 2, 4]
    assert told.top.tolist() == [True, False] * 2
    # Of two outcomes with the chances .9 and .1: the mean of the log and its deviation.
    mean = 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    assert told.means[0] == pytest.approx(mean)
    assert told.deviations[0] ** 2 == pytest.approx(0.9 * math.log(0.9) ** 2 + 0.1 * math.log(0.1) ** 2 - mean**2)
    assert model.loss([GOOD]).per_row == pytest.approx([-(math.log(0.9) + math.log(0.25)) / 2])
    assert model.token_counts(["a b c", ""]).tolist() == [3, 0]
    assert model.capabilities == {"generate", "answers", "token_statistics", "loss", "token_counts"}


def test_a_verb_without_a_function_is_refused_with_what_there_is():
    handle: ModelHandle = YES
    for ask in (
        lambda: handle.embed([GOOD]),
        lambda: handle.generate([GOOD], max_new_tokens=1),
        lambda: handle.answers([GOOD]),
        lambda: handle.token_statistics([GOOD]),
        lambda: handle.token_counts(["a"]),
        lambda: handle.gradients([GOOD], [0]),
        lambda: handle.saliency([GOOD], [0]),
        lambda: handle.neighbours(["a"], 1),
    ):
        with pytest.raises(CapabilityError, match=r"given no function for \w+; it has loss, players, predict"):
            ask()
    with pytest.raises(ValueError, match="has labels"):
        FakeModel(predict=lambda row: (0.0,))
    with pytest.raises(ValueError, match=r"shape \(3,\) for row r:1; text-classification needs \(2,\)"):
        FakeModel(labels=("a", "b"), predict=lambda row: (1, 2, 3)).predict([GOOD])
    with pytest.raises(DataInputError, match="row r:9 has no truth"):
        YES.loss([Row("r:9", "t")])


class Embedding:
    """It asks for states, which no function from texts to probabilities has."""

    info = CheckerInfo(
        id="sample/embedding", version="1", risk=Risk.DATA, title="Length", question="How long are the states?",
        summary="The mean of the first state is taken.", needs=("embed", "base_model"),
    )  # fmt: skip

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(2 * subject.evaluation.rows, 0)

    def run(self, ctx):
        rows = ctx.data.evaluation
        doubled = ctx.map(lambda row: float(ctx.model.embed([row])[0, 0]), rows)
        yield Finding(
            metric=Metric(
                id="mean_state", title="Mean", value=sum(doubled) - float(ctx.base_model.embed(rows).sum()), unit="1",
                better="neither", n=len(rows), method="mean", reason="shown for a test",
            ),
            statement="A mean.",
        )  # fmt: skip
        ctx.note(f"The first row is {rows[0].id}.")


def states(factor):
    return FakeModel(embed=lambda row: [factor * len(row.text)])


@pytest.mark.parametrize(
    "rows", [[Row("mine:7", "abc"), Row("mine:8", "de")], [{"text": "abc"}, {"text": "de"}]], ids=["rows", "dicts"]
)
def test_a_checker_runs_on_it_as_in_an_audit(rows):
    model = states(2)
    result = run_checker(Embedding(), {"model": model, "base_model": states(1), "data": rows})
    assert (result.status, result.findings[0].metric.value) == ("completed", 5.0)
    assert result.notes == (f"The first row is {getattr(rows[0], 'id', 'evaluation:1')}.",)
    assert model.asked == {"embed": 2}
    missing = run_checker(Embedding(), {"model": model, "data": rows})
    assert (missing.status, "base_model=" in missing.reason) == ("skipped", True)


def test_findings_are_checked_as_the_runner_does():
    class Broken(Right):
        def finding(self, flips, n, **more):
            found = super().finding(flips, n, **more)
            return found.model_copy(update={"metric": found.metric.model_copy(update={"value": math.nan})})

    rows = [{"text": "a good day", "label": "yes"}, {"text": "a bad day", "label": "no"}]
    assert run_checker(Right(), {"model": YES, "data": rows}).status == "completed"
    result = run_checker(Broken(), {"model": YES, "data": rows})
    assert (result.status, "finite number" in result.reason) == ("errored", True)


def test_what_a_fake_model_can_not_be_audited_with_is_said():
    rows = [{"text": "a"}]
    with pytest.raises(InputError, match="audited without chat"):
        run_checker(Right(), {"model": YES, "data": rows, "chat": True})
    with pytest.raises(InputError, match="'image-classification' can't be audited"):
        run_checker(Right(), {"model": FakeModel(task="image-classification"), "data": rows})
    with pytest.raises(InputError, match="part Row"):
        run_checker(Right(), {"model": YES, "data": [GOOD, {"text": "a"}]})
    with pytest.raises(InputError, match="is a FakeModel as well, not str"):
        run_checker(Right(), {"model": YES, "data": rows, "base_model": "bert"})


def test_neither_the_kit_nor_the_fake_model_needs_torch():
    code = (
        "import sys\n"
        "from modelaudit.testing import FakeModel, conformance, ConformanceWarning, Defect\n"
        "from modelaudit.checker import Row\n"
        "FakeModel(labels=('a', 'b'), predict=lambda row: (0, 1)).predict([Row('r', 't')])\n"
        "print(sorted({'torch', 'transformers', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
