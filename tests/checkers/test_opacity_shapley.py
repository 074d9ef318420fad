import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import backwards, context_of, findings_of, subject_of
from transformers import BertConfig, BertForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from modelaudit.checkers.opacity.explanation import Effort, Game, explain
from modelaudit.checkers.opacity.faithfulness import SHARES, compare, removals, words_for_share
from modelaudit.checkers.opacity.median import median
from modelaudit.checkers.opacity.players import units_of
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.shapley_values import (
    all_coalitions,
    exact_shapley,
    permutation_pairs,
    sample_shapley,
)
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Attribution, Curve
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
LEXICON = {"Maria": "B-PER", "Perez": "I-PER", "Paris": "B-LOC", "Acme": "B-ORG"}
EXACT = Effort(exact_players=10, pairs=2, most_pairs=2, settled=0.15, random_orders=10)
SAMPLED = Effort(exact_players=1, pairs=6, most_pairs=6, settled=0.15, random_orders=10)


def by_definition(values):
    """Average marginal contribution over all orders, in rational numbers."""
    n = len(values).bit_length() - 1
    total = [Fraction(0)] * n
    for order in itertools.permutations(range(n)):
        mask = 0
        for player in order:
            total[player] += Fraction(values[mask | 1 << player]) - Fraction(values[mask])
            mask |= 1 << player
    return [float(each / math.factorial(n)) for each in total]


def games(most):
    return st.integers(1, most).flatmap(
        lambda n: st.lists(st.integers(-1000, 1000), min_size=2**n, max_size=2**n).map(
            lambda values: np.array(values, dtype=float)
        )
    )


def called(values):
    return lambda keep: values[keep @ (1 << np.arange(keep.shape[1]))]


@given(games(5))
@settings(max_examples=60, deadline=None)
def test_exact_values_are_the_average_over_all_orders(values):
    assert exact_shapley(values) == pytest.approx(by_definition(values.astype(int).tolist()), abs=1e-9)


@given(games(6), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_values_add_up_to_the_output_exact_or_sampled(values, seed):
    n = len(values).bit_length() - 1
    for solved in (
        all_coalitions(n).solve(called(values)(all_coalitions(n).keep)),
        sample_shapley(called(values), n, pairs=3, rng=np.random.default_rng(seed)),
    ):
        assert solved.values.sum() == pytest.approx(values[-1] - values[0], abs=1e-7)
        assert (solved.base, solved.output) == (values[0], values[-1])


@given(games(5), st.integers(0, 4), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_player_who_changes_nothing_gets_nothing_and_twins_get_the_same(values, player, seed):
    n = len(values).bit_length() - 1
    player %= n
    masks = np.arange(2**n)
    dummy = values[masks & ~(1 << player)]
    sampled = sample_shapley(called(dummy), n, pairs=2, rng=np.random.default_rng(seed))
    assert exact_shapley(dummy)[player] == pytest.approx(0, abs=1e-9)
    assert sampled.values[player] == pytest.approx(0, abs=1e-9)
    if n > 1:
        other = (player + 1) % n
        swapped = (
            masks & ~(1 << player) & ~(1 << other) | (masks >> player & 1) << other | (masks >> other & 1) << player
        )
        twins = exact_shapley((values + values[swapped]) / 2)
        assert twins[player] == pytest.approx(twins[other], abs=1e-9)


def test_one_antithetic_pair_is_exact_where_only_pairs_of_players_interact():
    rng = np.random.default_rng(3)
    interaction, alone = rng.normal(size=(12, 12)), rng.normal(size=12)
    solved = sample_shapley(
        lambda keep: keep @ alone + np.einsum("si,ij,sj->s", keep, interaction, keep), 12, pairs=1, rng=rng
    )
    both = interaction + interaction.T
    expected = alone + np.diag(interaction) + (both.sum(axis=1) - np.diag(both)) / 2
    assert solved.values == pytest.approx(expected, abs=1e-9)


def test_intervals_of_the_sampler_cover_the_exact_values():
    n, pairs = 8, 10
    rng = np.random.default_rng(5)
    values = rng.normal(size=2**n)
    exact = exact_shapley(values)
    covered = []
    for seed in range(200):
        solved = sample_shapley(called(values), n, pairs=pairs, rng=np.random.default_rng(seed))
        half = 2.262 * solved.errors
        covered.append(np.abs(solved.values - exact) <= half)
    assert 0.90 <= np.mean(covered) <= 0.99


def test_more_pairs_come_closer():
    rng = np.random.default_rng(7)
    values = rng.normal(size=2**9)
    exact = exact_shapley(values)

    def error(pairs):
        found = [
            sample_shapley(called(values), 9, pairs=pairs, rng=np.random.default_rng(seed)).values for seed in range(30)
        ]
        return np.abs(np.array(found) - exact).mean()

    assert error(32) < 0.6 * error(8)


def test_what_a_list_of_words_leaves_unexplained():
    additive = all_coalitions(4)
    assert additive.solve(additive.keep @ np.array([1.0, 2.0, -1.0, 0.5])).residual_share == pytest.approx(0, abs=1e-12)
    xor = all_coalitions(2)
    assert xor.solve(xor.keep.sum(axis=1) % 2 * 1.0).residual_share > 0.9
    assert xor.solve(np.ones(4)).residual_share is None


def test_what_is_left_unexplained_is_estimated_without_the_noise_of_sampling():
    rng = np.random.default_rng(4)
    n = 10
    masks = np.arange(2**n)[:, None] >> np.arange(n) & 1
    values = masks @ rng.normal(size=n) + 0.4 * rng.normal(size=2**n)
    exact = all_coalitions(n).solve(values).residual_share
    sampled = [
        sample_shapley(called(values), n, pairs=4, rng=np.random.default_rng(seed)).residual_share
        for seed in range(200)
    ]
    assert np.mean(sampled) == pytest.approx(exact, abs=0.03)
    assert 0.03 < exact < 0.5


def test_coalitions_refuse_what_they_are_not_for():
    with pytest.raises(ValueError, match="permutation_pairs"):
        all_coalitions(40)
    with pytest.raises(ValueError, match="2\\^n"):
        exact_shapley(np.zeros(6))
    with pytest.raises(ValueError, match="as many values"):
        permutation_pairs(5, 2, rng=np.random.default_rng(0)).solve(np.zeros(3))


def test_fewest_words_for_a_share():
    assert words_for_share(np.array([4.0, -4.0, 1.0, 1.0])) == 2
    assert words_for_share(np.ones(5)) == 4
    assert words_for_share(np.zeros(3)) == 3


def test_removal_curve_of_a_known_model():
    weights = np.array([0.4, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.2])
    removal = removals(weights, 500, rng=np.random.default_rng(0))
    found = compare(removal, weights.sum(), removal.keep @ weights)
    hidden = [1, 1, 2, 5]
    assert found.explained == pytest.approx([0.4, 0.4, 0.7, 0.7])
    assert found.random == pytest.approx([weights.mean() * each for each in hidden], abs=0.03)
    assert len(SHARES) == len(hidden)


def test_median_interval_covers_and_is_bounded():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        low, high = median(rng.exponential(size=25), least=0.0, most=50.0).interval()
        hits += low <= math.log(2) <= high
    assert hits / 400 >= 0.93
    few = median([3.0, 5.0], least=1.0, most=9.0)
    assert few.interval(0.95) == (1.0, 9.0)


def test_long_rows_are_explained_in_groups_of_neighbours():
    units = units_of([f"w{index}" for index in range(150)])
    assert len(units) == 64
    assert " ".join(units.names).split() == [f"w{index}" for index in range(150)]
    keep = np.zeros((1, 64), dtype=bool)
    keep[0, 0] = True
    assert units.words(keep)[0].nonzero()[0].tolist() == list(range(len(units.names[0].split())))


def explained(subject, effort, count=6):
    rows = subject.data.evaluation[:count]
    targets = targets_of(subject.model.predict(rows), subject.model.labels, subject.info.task)
    players = subject.model.players(rows)
    parts = [
        Game(row, units_of(words), target)
        for row, words, found in zip(rows, players, targets, strict=True)
        for target in found
    ]
    return explain(subject.model, parts, effort, seed=1)


@pytest.mark.parametrize("effort", [EXACT, SAMPLED])
def test_a_bag_of_words_gives_each_word_its_weight(effort):
    texts = ["good kind slow office", "rude desk poor day good", "excellent excellent letter rude"]
    subject = subject_of(planted_classifier(WORDS), data=[{"text": text, "label": 0} for text in texts])
    for each, text in zip(explained(subject, effort), texts, strict=True):
        weights = np.array([WORDS.get(word, 0.0) for word in text.split()])
        sign = 1 if each.game.target.name == "positive" else -1
        assert each.shapley.values == pytest.approx(sign * weights, abs=1e-6)
        assert each.additivity_gap < 1e-5


def bert(tokenizer, seed=0):
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.6,
        num_labels=3,
        id2label={0: "a", 1: "b", 2: "c"},
        label2id={"a": 0, "b": 1, "c": 2},
    )
    return BertForSequenceClassification(config).eval()


def test_values_agree_with_enumeration_by_hand_on_a_transformer():
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    _, tokenizer = planted_classifier(dict.fromkeys(words, 0.0), max_length=64)
    model = bert(tokenizer)
    texts = ["one two three", "four nine five one six", " ".join(words)]
    subject = subject_of((model, tokenizer), data=[{"text": text, "label": 0} for text in texts])
    for each, text in zip(explained(subject, EXACT), texts, strict=True):
        ids = torch.tensor(tokenizer(text)["input_ids"])
        n = len(text.split())
        masks = torch.arange(2**n)[:, None] >> torch.arange(n) & 1
        variants = ids.repeat(2**n, 1)
        variants[:, 1:-1] = torch.where(masks.bool(), variants[:, 1:-1], tokenizer.mask_token_id)
        with torch.inference_mode():
            logits = model(input_ids=variants, attention_mask=torch.ones_like(variants)).logits.double()
        label = int(logits[-1].argmax())
        p = logits.softmax(-1)[:, label]
        expected = exact_shapley(torch.log(p / (1 - p)).numpy())
        assert each.game.target.name == "abc"[label]
        assert each.shapley.values == pytest.approx(expected, abs=1e-5)
        assert np.abs(expected).max() > 0.05


def test_explanations_of_a_bag_of_words_are_faithful_and_shown():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(60, 1, words=WORDS), preset="quick")
    found = findings_of(ShapleyExplanation(), subject)
    gain = found["faithfulness_gain", None].metric
    assert gain.primary
    assert gain.n == 20
    assert gain.grid[3][1] > 0.1
    assert found["words_for_80pct", None].metric.value <= 3
    assert found["additivity_gap", None].metric.value < 1e-4
    assert found["sampling_error", None].metric.value < 1e-6
    evidence = found["faithfulness_gain", None].evidence
    assert any(isinstance(item, Curve) for item in evidence)
    shown = [item for item in evidence if isinstance(item, Attribution)]
    assert shown
    assert all(item.base + sum(item.values) == pytest.approx(item.output, abs=1e-5) for item in shown)


def test_an_interaction_is_shown_as_the_least_additive_row():
    model = planted_classifier(WORDS, pairs={("not", "never"): 3.0})
    rows = [{"text": f"good kind office {index}", "label": 1} for index in range(10)]
    rows.append({"text": "not good never desk", "label": 1})
    found = findings_of(ShapleyExplanation(), subject_of(model, data=rows, preset="quick"))
    evidence = found["faithfulness_gain", None].evidence
    [least] = [item for item in evidence if isinstance(item, Attribution) and "Least additive" in item.title]
    assert "never" in least.words


class NoiseForSequenceClassification(BertForSequenceClassification):
    """A model that answers each combination of words with a number of its own: no list of words explains it."""

    def forward(self, input_ids, **_):
        weights = torch.arange(1, input_ids.shape[1] + 1) * 7919
        keys = (input_ids * weights).sum(1) % 100_003
        draws = torch.sin(keys.double() * 12.9898) * 43758.5453
        score = 4.0 * (draws - draws.floor() - 0.5).float()
        return SequenceClassifierOutput(logits=torch.stack([-score, score], dim=1))


def test_a_model_that_no_list_of_words_explains_is_not_passed():
    words = [f"w{index}" for index in range(60)]
    _, tokenizer = planted_classifier(dict.fromkeys(words, 0.0), max_length=64)
    model = NoiseForSequenceClassification(
        BertConfig(vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    )
    rows = [{"text": " ".join(words[start : start + 8]), "label": 0} for start in range(50)]
    for planted, accounted in (((model, tokenizer), False), (planted_classifier(WORDS), True)):
        data = rows if not accounted else planted_rows(60, 1, words=WORDS)
        found = findings_of(ShapleyExplanation(), subject_of(planted, data=data))["additive_share", None].metric
        low, high = found.grid[3][1:]
        assert (low > 0.99) if accounted else (high < 0.5)
        assert found.primary


def test_a_table_of_copies_is_explained_as_far_as_its_texts_go():
    once = planted_rows(60, 1, words=WORDS)
    subject = subject_of(planted_classifier(WORDS), data=once * 10)
    single = subject_of(planted_classifier(WORDS), data=once)
    many, few = (
        {key: finding.metric.n for key, finding in findings_of(ShapleyExplanation(), each).items()}
        for each in (subject, single)
    )
    assert many == few
    assert few["faithfulness_gain", None] >= 40


def test_a_model_that_ignores_its_input_is_not_assessed():
    with pytest.raises(NotAssessable, match="does not react"):
        findings_of(
            ShapleyExplanation(),
            subject_of(planted_classifier({"good": 0.0}), data=[{"text": f"a b {i}", "label": 0} for i in range(9)]),
        )


def test_rows_of_one_word_and_repeated_rows_are_left_out_and_counted():
    rows = [{"text": "good", "label": 1}] * 3 + [{"text": f"good kind {index % 4}", "label": 1} for index in range(8)]
    subject = subject_of(planted_classifier(WORDS), data=rows)
    checker = ShapleyExplanation()
    context = context_of(subject, checker)
    found = {finding.metric.id: finding.metric for finding in checker.run(context)}
    assert found["faithfulness_gain"].n == 4
    assert any("fewer than two words" in note for note in context.notes)
    assert any(note.startswith("6 ") and "repeat the words" in note for note in context.notes)
    with pytest.raises(NotAssessable, match="at least two words"):
        findings_of(checker, subject_of(planted_classifier(WORDS), data=[{"text": "good", "label": 1}]))


def test_the_entity_of_a_tagger_is_explained_by_its_own_words():
    tagger = planted_tagger(LEXICON)
    subject = subject_of(tagger, data=planted_tag_rows(40, 2, lexicon=LEXICON), preset="quick")
    found = findings_of(ShapleyExplanation(), subject)
    assert found["faithfulness_gain", None].metric.grid[3][1] > 0
    assert found["words_for_80pct", None].metric.value <= 2
    for each in explained(subject, SAMPLED):
        credited = {name for name, value in zip(each.game.units.names, each.shapley.values, strict=True) if value > 0.5}
        assert credited == {each.game.units.names[word] for word in each.game.target.words}


def test_a_tagger_that_finds_nothing_is_not_assessed():
    rows = [{"tokens": ["plain", "words", "only"], "ner_tags": ["O", "O", "O"]} for _ in range(5)]
    with pytest.raises(NotAssessable, match="no entity"):
        findings_of(ShapleyExplanation(), subject_of(planted_tagger(LEXICON), data=rows))


def test_the_order_of_rows_in_memory_changes_nothing():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(50, 1, words=WORDS), preset="quick")
    forward = findings_of(ShapleyExplanation(), subject)
    assert forward == findings_of(ShapleyExplanation(), subject, data=backwards(subject.data))
    assert forward != findings_of(ShapleyExplanation(), subject, seed=1)


def test_hostile_rows_are_explained_like_others():
    rows = [
        *planted_rows(20, 1, words=WORDS),
        {"text": '<script>alert(1)</script> good & "kind" \' rude', "label": 1},
        {"text": "\u202egood\u202c \ud800 kind \x00 slow", "label": 1},
        {"text": "good " * 900, "label": 1},
    ]
    subject = subject_of(planted_classifier(WORDS), data=rows)
    checker = ShapleyExplanation()
    context = context_of(subject, checker)
    found = list(checker.run(context))
    assert found[1].metric.id == "faithfulness_gain"
    assert found[1].metric.n == 23
    assert any("longer than the model reads" in note for note in context.notes)
    assert all("alert" not in finding.statement for finding in found)


def test_cost_is_about_what_the_model_is_asked():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(300, 1, words=WORDS), preset="quick")
    before = subject.engines[0].stats.requested
    checker = ShapleyExplanation()
    findings_of(checker, subject)
    asked = subject.engines[0].stats.requested - before
    assert 0.6 < asked / checker.cost(subject.info).evaluations < 1.6
