"""Half precision is used under a certificate, and no decision rests on its rounding."""

import copy

import numpy as np
import pytest
import torch
from engine_models import build, rows_of

from modelaudit.inference.executor import LocalExecutor
from modelaudit.inference.forward import Forward
from modelaudit.inference.precision import Certificate, RescoringExecutor, certify
from modelaudit.inference.units import Layout

LAYOUT = Layout(batch_tokens=128)


def executor(model):
    return LocalExecutor(model, Forward(model, "cpu"), "cpu")


def answers_of(run, rows, want="logits"):
    found = {}
    for unit, answers in run.run(LAYOUT.units(want, rows, [0] * len(rows))):
        found.update(zip(unit.places, answers, strict=True))
    return [found[place] for place in range(len(rows))]


@pytest.fixture(scope="module", params=["bert", "bert-tokens"])
def case(request):
    model, rows = build(request.param), rows_of(120)
    half = copy.deepcopy(model).to(torch.float16)
    return executor(half), executor(model), rows


def test_a_certificate_measures_how_far_the_two_are_apart(case):
    half, full, rows = case
    one, other = answers_of(half, rows), answers_of(full, rows)
    found = certify(one, other)
    assert found.rows == 120
    assert found.logit == max(np.abs(a - b).max() for a, b in zip(one, other, strict=True))
    assert 0 < found.probability < 0.05
    assert found.rescored_within == pytest.approx(4 * found.logit)
    assert "on 120 rows" in found.describe()


def test_no_decision_differs_from_float32_and_near_ones_are_float32_to_the_last_bit(case):
    half, full, rows = case
    expected = answers_of(full, rows)
    margins = [float(np.diff(np.sort(answer, axis=-1)[..., -2:]).min()) for answer in expected]
    seen = certify(answers_of(half, rows[:60]), expected[:60]).rescored_within
    within = max(seen, float(np.quantile(margins, 0.2)))
    mixed = RescoringExecutor(half, full, LAYOUT, within=within)
    found = answers_of(mixed, rows)
    assert all((a.argmax(-1) == b.argmax(-1)).all() for a, b in zip(found, expected, strict=True))
    same = [a.tobytes() == b.tobytes() for a, b in zip(found, expected, strict=True)]
    assert 0 < mixed.rescored < len(rows)
    assert sum(same) >= mixed.rescored
    assert not all(same)


def test_states_and_gradients_are_always_float32(case):
    half, full, rows = case
    mixed = RescoringExecutor(half, full, LAYOUT, within=0.1)
    for want in ("hidden", "gradients"):
        for a, b in zip(answers_of(mixed, rows[:9], want), answers_of(full, rows[:9], want), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("half", "full", "holds"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0]], True),
        ([[1.0, 2.5]], [[1.0, 2.0]], False),
        ([[np.inf, 2.0]], [[1.0, 2.0]], False),
        ([[np.nan, 2.0]], [[1.0, 2.0]], False),
    ],
)
def test_a_certificate_holds_only_where_probabilities_agree(half, full, holds):
    found = certify([np.array(a, np.float32) for a in half], [np.array(b, np.float32) for b in full])
    assert found.holds is holds
    assert isinstance(found, Certificate)
    assert ("float32 is used throughout" in found.describe()) is not holds
