"""Reference heads: complementary halves, joint training, and the states they are trained on."""

import numpy as np
import pytest
import torch
from engine_models import build, engine_for, plain, rows_of

from modelaudit.inference.halves import complementary_halves, ties
from modelaudit.inference.heads import REACH, train_heads, true_label_scores
from modelaudit.inference.inputs import ModelInput
from modelaudit.rows import Row


def texts(n, seed=0, *, labels=3, **fields):
    draw = np.random.default_rng(seed)
    numbers = draw.permutation(10 * n)[:n]
    classes = draw.choice(labels, n, p=np.arange(1, labels + 1) / np.arange(1, labels + 1).sum())
    return [
        Row(f"t:{i}", f"text {number}", label=int(label), **fields)
        for i, (number, label) in enumerate(zip(numbers, classes, strict=True))
    ]


def halved(rows, members, *, pairs=4, seed=0, n_labels=3):
    return complementary_halves(rows, np.arange(len(rows)) < members, pairs=pairs, n_labels=n_labels, seed=seed)


def test_each_row_is_in_one_model_of_each_pair_and_no_two_pairs_are_alike():
    found = halved(texts(300), 120, pairs=16)
    assert found.shape == (32, 300)
    assert (found[::2] ^ found[1::2]).all()
    assert len({half.tobytes() for half in found}) == 32
    # Whether a row is in the first half is a matter of chance: its share over 200 draws has a deviation of .035.
    shares = np.mean([halved(texts(60), 30, pairs=2, seed=seed)[::2].mean(axis=0) for seed in range(100)], axis=0)
    assert abs(shares - 0.5).max() < 0.16
    together = np.mean([halved(texts(60), 30, pairs=1, seed=seed)[0] for seed in range(200)], axis=0)
    assert 0.3 < together.min() < together.max() < 0.7


def test_halves_are_alike_in_sides_and_labels():
    rows = texts(307)
    labels, is_member = np.array([row.label for row in rows]), np.arange(307) < 100
    for half in halved(rows, 100, pairs=16):
        for side in (is_member, ~is_member):
            assert abs(int(half[side].sum()) - side.sum() / 2) <= 2
            for label in range(3):
                chosen = side & (labels == label)
                assert abs(int(half[chosen].sum()) - chosen.sum() / 2) <= 2


def test_halves_of_tagged_rows_have_about_the_same_tags():
    draw = np.random.default_rng(3)
    rows = []
    for i in range(200):
        tags = tuple(int(tag) for tag in draw.choice(3, draw.integers(3, 15), p=[0.8, 0.15, 0.05]))
        rows.append(Row(f"t:{i}", " ".join(f"w{i}" for _ in tags), words=tuple(f"w{i}" for _ in tags), tags=tags))
    counts = np.array([np.bincount(row.tags, minlength=3) for row in rows])
    for half in halved(rows, 90, pairs=4):
        np.testing.assert_allclose(half @ counts / counts.sum(axis=0), 0.5, atol=0.05)
        assert abs(half[:90].sum() - 45) < 7


def test_equal_texts_and_rows_of_one_person_stay_in_one_half():
    rows = texts(100)
    rows += [Row("again", f"  {rows[0].text.upper()} ", label=2), Row("p1", "a visit", label=0, group="Ann")]
    rows += [Row("p2", "another", label=1, group="Ann"), Row("p3", "Another", label=1, group="Bob")]
    rows += [Row("s", "\ud800 \x00", label=0), Row("e", "", label=0)]
    found = halved(rows, 50, pairs=16)
    assert (found[:, 0] == found[:, 100]).all()
    assert (found[:, 101] == found[:, 102]).all()
    assert (found[:, 101] == found[:, 103]).all(), "a text that two persons share ties them"
    assert len(ties(rows)[1]) == len(rows) - 3


def test_a_person_with_a_third_of_all_rows_is_made_up_for():
    rows = [*texts(80), *[Row(f"g:{i}", f"note {i}", label=1, group="Ann") for i in range(40)]]
    others = [i for i in range(40, 80) if rows[i].label == 1]
    for half in halved(rows, 40):
        assert abs(half[:40].sum() - 20) <= 2
        assert not (half[others] & half[100]).any(), "all others of her side and label are in the other half"


def test_the_order_of_rows_and_their_ids_change_no_half_and_the_seed_does():
    rows = texts(150)
    order = np.random.default_rng(1).permutation(150)
    is_member = np.arange(150) < 60
    turned = [Row(f"other:{place}", rows[place].text, label=rows[place].label) for place in order]
    found = complementary_halves(turned, is_member[order], pairs=4, n_labels=3, seed=0)
    assert (found == halved(rows, 60)[:, order]).all()
    assert (halved(rows, 60) != halved(rows, 60, seed=1)).any(axis=1).all()


def problem(n=300, depth=20, classes=3, models=6, seed=0):
    draw = np.random.default_rng(seed)
    features = (draw.standard_normal((n, depth)) * draw.uniform(0.1, 3.0, depth) + 2.0).astype(np.float32)
    labels = draw.integers(0, classes, n)
    features[:, 0] += labels
    halves = np.array([draw.permutation(n) < n // 2 for _ in range(models // 2)])
    return features, labels, np.stack([halves, ~halves], axis=1).reshape(models, n)


def test_joint_heads_are_the_heads_that_each_would_be_alone():
    features, labels, trained_on = problem()
    together = train_heads(features, labels, trained_on, classes=3, steps=200).scores(features, labels)[0]
    for head in range(6):
        alone = train_heads(features, labels, trained_on[head : head + 1], classes=3, steps=200)
        np.testing.assert_allclose(alone.scores(features, labels)[0][0], together[head], atol=1e-4)


def test_a_head_is_the_ridge_regression_of_its_own_rows():
    """At the optimum each row adds to its own logit what the ridge allows; sklearn agrees on all of it."""
    from sklearn.linear_model import LogisticRegression

    features, labels, trained_on = problem()
    heads = train_heads(features, labels, trained_on, classes=3, steps=200)
    scaled = (features - heads.centre) / heads.scale
    size = float((scaled.astype(np.float64) ** 2).sum(axis=1).mean())
    for head, chosen in enumerate(trained_on[:2]):
        expected = LogisticRegression(C=REACH / size, tol=1e-8, max_iter=2_000).fit(scaled[chosen], labels[chosen])
        logits = expected.decision_function(scaled)
        odds, probs = true_label_scores(logits[:, :, None], labels)
        found = heads.scores(features, labels)
        np.testing.assert_allclose(found[0][head], odds[:, 0], atol=2e-3)
        np.testing.assert_allclose(found[1][head], probs[:, 0], atol=2e-3)


def test_the_default_number_of_steps_is_enough():
    features, labels, trained_on = problem(400, 60, 5, seed=2)
    few = train_heads(features, labels, trained_on, classes=5).scores(features, labels)[0]
    many = train_heads(features, labels, trained_on, classes=5, steps=400).scores(features, labels)[0]
    assert abs(few - many).max() < 0.01


@pytest.mark.parametrize(("n", "depth"), [(60, 4), (400, 16), (60, 200)])
def test_what_a_head_saw_it_knows_better_but_not_by_heart(n, depth):
    draw = np.random.default_rng(n)
    features, labels = draw.standard_normal((n, depth)).astype(np.float32), draw.integers(0, 2, n)
    trained_on = problem(n, depth, models=8)[2]
    odds, probs = train_heads(features, labels, trained_on, classes=2).scores(features, labels)
    inside = np.where(trained_on, odds, 0).sum(axis=0) / 4
    outside = np.where(trained_on, 0, odds).sum(axis=0) / 4
    gap = inside - outside
    assert gap.mean() > max(0.02, 2 * gap.std() / np.sqrt(n))
    assert probs[trained_on].mean() < -0.05, "labels drawn by lot must not be known by heart"


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_no_bit(threads):
    features, labels, trained_on = problem(3_000, 64, 3)
    before = torch.get_num_threads()
    alone = train_heads(features, labels, trained_on, classes=3, steps=3).weights
    torch.set_num_threads(threads)
    try:
        assert torch.equal(train_heads(features, labels, trained_on, classes=3, steps=3).weights, alone)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_features_that_never_move_and_labels_that_a_half_lacks():
    features, labels, trained_on = problem(80, 6, 3)
    features[:, 2] = 7.0
    labels[trained_on[0] & (labels == 2)] = 1
    odds, probs = train_heads(features, labels, trained_on, classes=4).scores(features, labels)
    assert np.isfinite(odds).all()
    assert (probs < 0).all()


def test_log_odds_do_not_saturate_and_missing_logits_stay_missing():
    logits = np.array([[80.0, 0.0, 0.0], [np.nan, np.nan, np.nan], [0.0, 1.0, 2.0]])[:, :, None]
    odds, probs = true_label_scores(logits, np.array([0, 1, 2]))
    assert odds[0, 0] == pytest.approx(80 - np.log(2), rel=1e-12)
    assert np.isnan([odds[1, 0], probs[1, 0]]).all()
    assert probs[2, 0] == pytest.approx(2 - np.log(1 + np.e + np.e**2), rel=1e-12)


@pytest.mark.parametrize("kind", ["bert-tokens", "bert-encoder", "distilbert", "gpt2"])
def test_states_are_the_last_hidden_states_at_the_gathered_places(kind):
    model, rows = build(kind), rows_of(30, gather=True)
    rows.append(ModelInput(rows[0].ids[:9], gather=np.zeros(0, dtype=np.int32)))
    base = getattr(model, model.base_model_prefix, model)
    engine = engine_for(model)
    found = engine.states(rows)
    for row, states in zip(rows, found, strict=True):
        with torch.inference_mode():
            expected = plain(base, row).last_hidden_state[0].numpy()[row.gather]
        assert states.shape == (len(row.gather), 32)
        np.testing.assert_allclose(states, expected, atol=1e-4 * (1 + abs(expected).max(initial=0)))
    alone = engine_for(model)
    assert all((alone.states([row])[0] == states).all() for row, states in zip(rows[:6], found, strict=False))
    every = engine.states([ModelInput(rows[1].ids)])[0]
    np.testing.assert_allclose(every.mean(axis=0), engine.hidden([ModelInput(rows[1].ids)])[0], atol=1e-5)
