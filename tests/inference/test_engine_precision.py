"""A certificate says how far half precision is from float32, and no decision rests on its rounding."""

import numpy as np
import pytest
from engine_models import build, rows_of

from modelaudit.inference.executor import LocalExecutor
from modelaudit.inference.forward import Forward
from modelaudit.inference.half import Halved
from modelaudit.inference.precision import RescoringExecutor, certify, is_near, spread
from modelaudit.inference.probe import ask
from modelaudit.inference.units import Layout

LAYOUT = Layout(batch_tokens=128)


@pytest.fixture(scope="module", params=["bert", "bert-tokens"])
def case(request):
    """Return a forward pass, rows, and their logits in half precision and in float32."""
    forward, rows = Forward(build(request.param), "cpu"), rows_of(120)
    return forward, rows, ask(Halved(forward), LAYOUT, "logits", rows), ask(forward, LAYOUT, "logits", rows)


class Counting:
    """Counts the rows that are asked, those that are asked again among them."""

    def __init__(self, inner):
        self.inner, self.rows = inner, 0

    def run(self, units):
        for unit, answers in self.inner.run(units):
            self.rows += len(unit.inputs)
            yield unit, answers


def rescored(forward, rows, want="logits", *, within):
    model = forward._model
    inner = LocalExecutor(model, forward, "cpu")
    mixed = RescoringExecutor(Counting(inner), LAYOUT, within=within)
    found, seen = {}, []
    for unit, answers in mixed.run(LAYOUT.units(want, rows, [0] * len(rows))):
        found.update(zip(unit.places, answers, strict=True))
        seen += unit.places
    assert sorted(seen) == list(range(len(rows))), "every row comes back once"
    return [found[place] for place in range(len(rows))], mixed._inner.rows - len(rows)


def test_a_certificate_measures_how_far_the_two_are_apart(case):
    _, _, half, full = case
    found = certify(half, full)
    assert found.rows == 120
    assert found.logit == max(np.abs(a - b).max() for a, b in zip(half, full, strict=True)) > 0
    assert 0 < found.probability < 5e-3
    assert found.holds
    assert found.rescored_within >= 4 * found.logit
    assert found.near == np.mean([is_near(answer, found.rescored_within) for answer in half])
    assert "on 120 rows" in found.describe()
    assert f"up to {2 * found.probability:.2g} of rounding" in found.describe()


def test_the_head_is_not_rounded_to_half_precision(case):
    _, _, half, _ = case
    assert not any((answer == answer.astype(np.float16)).all() for answer in half)


@pytest.mark.parametrize("scale", [3.0, 0.0123456, 5e-8, 98765.0])
def test_the_margin_that_is_used_is_the_one_that_is_shown(scale):
    full = [np.array([scale, 0.0], np.float32)]
    found = certify([full[0] + np.array([scale / 777, 0], np.float32)], full)
    assert float(f"{found.rescored_within:.2g}") == found.rescored_within
    assert 4 * found.logit <= found.rescored_within < 4.5 * found.logit


def test_a_difference_of_nothing_is_taken_for_one_rounding():
    full = [np.array([0.0, 4.0], np.float32)] * 5
    assert certify(full, full).rescored_within >= 4 * 4.0 * 2.0**-11


def test_no_decision_differs_from_float32_and_near_ones_are_float32_to_the_last_bit(case):
    forward, rows, half, full = case
    margins = [float(np.diff(np.sort(answer, axis=-1)[..., -2:]).min()) for answer in full]
    within = max(certify(half, full).rescored_within, float(np.quantile(margins, 0.2)))
    found, again = rescored(forward, rows, within=within)
    assert all((a.argmax(-1) == b.argmax(-1)).all() for a, b in zip(found, full, strict=True))
    assert 0 < again < len(rows)
    for answer, one, other in zip(found, half, full, strict=True):
        assert answer.tobytes() == (other if is_near(one, within) else one).tobytes()


def test_states_and_gradients_are_always_float32(case):
    forward, rows, _, _ = case
    for want in ("hidden", "gradients"):
        found, again = rescored(forward, rows[:9], want, within=0.1)
        np.testing.assert_equal(found, ask(forward, LAYOUT, want, rows[:9]))
        assert again == 0


NEAR, FAR = [1.0, 1.001], [1.0, 9.0]


@pytest.mark.parametrize(
    ("half", "full", "holds", "says"),
    [
        ([FAR], [FAR], True, "asked again in float32, and a difference"),
        ([[1.0, 2.5]], [[1.0, 2.0]], False, "probabilities may differ by 0.005 at most"),
        ([[np.inf, 2.0]], [FAR], False, "not every answer is a number"),
        ([[np.nan, 2.0]], [FAR], False, "not every answer is a number"),
        ([FAR], [[np.nan, 2.0]], False, "not every answer is a number"),
        ([NEAR, NEAR, FAR], [NEAR, NEAR, FAR], False, "(67% of these rows) would have to be asked again"),
        ([NEAR, FAR], [NEAR, FAR], True, "(50% of these rows) are asked again"),
        ([], [], False, "nothing to compare"),
    ],
)
def test_a_certificate_holds_only_where_probabilities_agree_and_most_decisions_are_clear(half, full, holds, says):
    found = certify([np.array(a, np.float32) for a in half], [np.array(b, np.float32) for b in full])
    assert found.holds is holds
    assert says in found.describe()
    assert ("float32 is used throughout" in found.describe()) is not holds


@pytest.mark.parametrize(
    ("answer", "near"),
    [
        (NEAR, True),
        (FAR, False),
        ([FAR, NEAR], True),
        ([FAR, FAR], False),
        ([np.nan, 1.0], True),
        ([np.inf, 1.0], True),
        ([3.0], True),
        (np.zeros((0, 2)), False),
    ],
)
def test_what_is_near_its_boundary(answer, near):
    assert is_near(np.array(answer, np.float32), 0.01) is near


def test_rows_to_compare_are_spread_over_the_table():
    assert spread(range(1000), 4) == [0, 333, 666, 999]
    assert spread(range(3), 4) == [0, 1, 2]
    assert len(set(spread(range(300)))) == 256
