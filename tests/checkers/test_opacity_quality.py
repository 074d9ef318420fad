"""How far explanations can be trusted: additivity, faithfulness between chance and the best, stability, and shap."""

import numpy as np
import pytest
from measured import context_of, findings_of, subject_of
from test_opacity_shapley import LEXICON, WORDS, NoiseForSequenceClassification, bert, explained
from transformers import BertConfig

from modelaudit.checker import CheckerInfo
from modelaudit.checkers.opacity import self_check as self_checking
from modelaudit.checkers.opacity.additivity import additivity
from modelaudit.checkers.opacity.baseline import other_baseline
from modelaudit.checkers.opacity.best_order import greedy_orders, search_evaluations
from modelaudit.checkers.opacity.exhibits import removal_curve
from modelaudit.checkers.opacity.explanation import Effort, by_row
from modelaudit.checkers.opacity.global_words import global_words
from modelaudit.checkers.opacity.shap_bridge import cross_check, to_shap
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.shapley_values import Coalitions, all_coalitions, permutation_pairs
from modelaudit.checkers.opacity.solving import one_a_row, solve
from modelaudit.checkers.opacity.stability import edited, reliability, spearman
from modelaudit.checkers.opacity.targets import SCALES
from modelaudit.errors import InputError
from modelaudit.evidence import Attribution, Shares, Table
from modelaudit.statistics import share_of_means
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

EXACT = Effort(exact_players=10, pairs=2, most_pairs=2, settled=0.15, random_orders=10)


def linear(n, seed=0):
    weights = np.random.default_rng(seed).normal(size=n)
    return lambda keep: keep @ weights + 1.0


def mixed(n, seed=0):
    draw = np.random.default_rng(seed)
    weights, pairs = draw.normal(size=n), draw.normal(size=(n, n)) * 0.4
    return lambda keep: keep @ weights + ((keep @ pairs) * keep).sum(1) + keep[:, 0] * keep[:, 1] * keep[:, 2]


def xor(keep):
    return (keep[:, 0] ^ keep[:, 1]).astype(float)


@pytest.mark.parametrize("n", [2, 6, 10])
def test_a_linear_game_is_a_list_of_words(n):
    for coalitions in (all_coalitions(n), permutation_pairs(n, 8, rng=np.random.default_rng(1))):
        found = additivity(coalitions, linear(n)(coalitions.keep))
        assert found.words == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize("n", [2, 5, 9])
def test_two_words_that_count_only_against_each_other_are_a_pair_and_no_list(n):
    coalitions = all_coalitions(n)
    found = additivity(coalitions, xor(coalitions.keep))
    assert found.words == pytest.approx(0.0, abs=1e-7)
    assert found.pairs == pytest.approx(1.0, abs=1e-7)
    sampled = permutation_pairs(n, 40, rng=np.random.default_rng(1))
    found = additivity(sampled, xor(sampled.keep))
    assert found.words < 0.02
    assert found.pairs == pytest.approx(1.0, abs=1e-2)


def test_what_is_sampled_comes_close_to_the_whole_and_never_flatters():
    whole = all_coalitions(9)
    truth = additivity(whole, mixed(9)(whole.keep))
    draw = np.random.default_rng(2)
    for pairs, near in ((4, 0.03), (16, 0.012)):
        found = []
        for _ in range(60):
            coalitions = permutation_pairs(9, pairs, rng=draw)
            found.append(additivity(coalitions, mixed(9)(coalitions.keep)).words)
        assert truth.words - near < np.mean(found) < truth.words + 0.004


def test_pairs_are_not_fitted_from_too_few_coalitions_and_nothing_from_what_does_not_vary():
    few = permutation_pairs(10, 2, rng=np.random.default_rng(0))
    assert additivity(few, mixed(10)(few.keep)).pairs is None
    assert additivity(few, np.ones(len(few.keep))) is None
    single = permutation_pairs(5, 1, rng=np.random.default_rng(0))
    assert additivity(single, linear(5)(single.keep)) is None


def test_a_long_game_has_pairs_of_neighbours():
    coalitions = permutation_pairs(40, 24, rng=np.random.default_rng(0))
    keep = coalitions.keep
    near, far = (
        additivity(coalitions, (keep[:, 7] & keep[:, 9]) * 1.0),
        additivity(coalitions, keep[:, 7] * keep[:, 30]),
    )
    assert near.pairs > 0.99 > near.words
    assert far.pairs < 0.9


def test_steadiness_tells_words_that_count_alike_in_every_company():
    coalitions = all_coalitions(4)
    assert coalitions.solve(linear(4)(coalitions.keep)).steadiness == pytest.approx(np.ones(4))
    keep = coalitions.keep
    found = coalitions.solve(1.0 * keep[:, 3] + 2.0 * (keep[:, 0] & keep[:, 1]))
    # Of the orders, half have the partner in before: contributions 0 and 2 by halves, mean 1, mean square 2.
    assert found.steadiness == pytest.approx([0.5, 0.5, 1.0, 1.0])
    sampled = permutation_pairs(4, 4000, rng=np.random.default_rng(0))
    keep = sampled.keep
    assert sampled.solve(keep[:, 3] + 2.0 * (keep[:, 0] & keep[:, 1])).steadiness[0] == pytest.approx(0.5, abs=0.02)


def on_a_transformer(texts, *, preset="standard"):
    words = sorted({word for text in texts for word in text.split()})
    _, tokenizer = planted_classifier(dict.fromkeys(words, 0.0), max_length=64)
    return subject_of((bert(tokenizer), tokenizer), data=[{"text": text, "label": 0} for text in texts], preset=preset)


TEXTS = [
    "one two three four five six seven eight nine ten eleven twelve",
    "twelve nine one six five two ten four eight three seven eleven",
    "six one five nine",
]


def games_of(subject):
    return [each.game for each in explained(subject, EXACT)]


def test_rows_that_have_not_settled_get_more_permutations_and_the_others_keep_theirs():
    subject = on_a_transformer(TEXTS)
    games = games_of(subject)
    pairs = {}
    for settled in (0.0, 0.2, 9.0):
        effort = Effort(exact_players=8, pairs=4, most_pairs=32, settled=settled, random_orders=5)
        solved = solve(subject.model, games, effort, seed=1)
        assert solved[2].shapley.errors is None
        pairs[settled] = [len(one.shapley.by_pair) for one in solved[:2]]
        once = Effort(exact_players=8, pairs=32, most_pairs=32, settled=settled, random_orders=5)
        if settled == 0.0:
            straight = solve(subject.model, games, once, seed=1)
            assert [one.shapley.values.tolist() for one in solved] == [one.shapley.values.tolist() for one in straight]
    assert pairs[0.0] == [32, 32]
    assert pairs[9.0] == [4, 4]
    assert all(4 <= count <= 32 for count in pairs[0.2])


def test_the_first_pairs_of_a_row_are_what_fewer_pairs_would_have_given():
    subject = on_a_transformer(TEXTS)
    games = games_of(subject)
    many, few = (
        solve(
            subject.model,
            games,
            Effort(exact_players=8, pairs=pairs, most_pairs=pairs, settled=0.1, random_orders=5),
            seed=1,
        )
        for pairs in (12, 4)
    )
    for one, other in zip(many, few, strict=True):
        assert one.first(4).shapley.values.tolist() == other.shapley.values.tolist()
    assert many[2].first(4) is many[2]


def test_the_search_finds_the_words_that_count_and_costs_what_it_says():
    texts = ["good kind slow office excellent desk rude day", "excellent poor good desk day office letter kind"]
    subject = subject_of(planted_classifier(WORDS), data=[{"text": text, "label": 0} for text in texts])
    games = games_of(subject)
    before = subject.engines[0].stats.requested
    orders = greedy_orders(subject.model, games)
    assert subject.engines[0].stats.requested - before == 2 * search_evaluations(8) == 2 * (8 + 7 + 6 + 5)
    for order, game, text in zip(orders, games, texts, strict=True):
        sign = 1 if game.target.name == "positive" else -1
        weights = [sign * WORDS.get(word, 0.0) for word in text.split()]
        assert sorted(order) == list(range(8))
        assert [weights[place] for place in order[:4]] == sorted(weights, reverse=True)[:4]


def test_a_bag_of_words_is_explained_as_well_as_can_be():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(60, 1, words=WORDS))
    found = findings_of(ShapleyExplanation(), subject)
    quality = found["explanation_quality", None].metric
    assert quality.value > 0.9
    assert quality.grid[3][1] > 0.6
    assert found["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-4)
    assert found["normalised_faithfulness", None].metric.value > 0.95
    assert found["stability", None].metric.value > 0.9
    assert found["cancellation", None].metric.value >= 1.0
    assert found["self_check", None].metric.value < 1e-5
    [shares] = [item for item in found["additive_fidelity", None].evidence if isinstance(item, Shares)]
    assert shares.parts[0].share == pytest.approx(1.0, abs=1e-4)


def test_a_model_of_pairs_is_not_called_explainable_and_the_bar_says_pairs():
    pairs = {("not", "never"): 3.0, ("all", "none"): -3.0}
    draw = np.random.default_rng(0)
    rows = []
    for _ in range(40):
        extra = draw.choice(["office", "desk", "day", "letter"], 3, replace=False)
        rows.append({"text": " ".join(draw.permutation(["not", "never", "all", "none", *extra])), "label": 0})
    found = findings_of(ShapleyExplanation(), subject_of(planted_classifier(WORDS, pairs=pairs), data=rows))
    assert found["explanation_quality", None].metric.grid[3][2] < 0.2
    # Either of two words counts only without the other, so all values are 0 and have no order to compare.
    assert "stability could not be measured" in found["explanation_quality", None].caveats[0]
    [shares] = [item for item in found["additive_fidelity", None].evidence if isinstance(item, Shares)]
    words, both, neither = (part.share for part in shares.parts)
    assert words < 0.02
    assert both > 0.97
    assert neither < 0.02
    assert found["additive_fidelity", None].metric.value < 0.02


def test_noise_is_not_called_explainable():
    words = [f"w{index}" for index in range(60)]
    _, tokenizer = planted_classifier(dict.fromkeys(words, 0.0), max_length=64)
    model = NoiseForSequenceClassification(
        BertConfig(vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    )
    rows = [{"text": " ".join(words[start : start + 8]), "label": 0} for start in range(50)]
    quality = findings_of(ShapleyExplanation(), subject_of((model, tokenizer), data=rows))["explanation_quality", None]
    assert quality.metric.value is None or quality.metric.grid[3][2] < 0.3


def test_values_that_have_not_settled_are_inconclusive():
    subject = on_a_transformer(TEXTS[:2] * 1 + [" ".join(reversed(TEXTS[0].split()))])
    quality = findings_of(ShapleyExplanation(pairs=2), subject)["explanation_quality", None]
    assert quality.metric.value is None
    assert "have not settled" in quality.metric.reason
    assert not quality.metric.primary


def test_values_agree_with_themselves_the_more_the_more_permutations():
    found = {}
    for pairs in (4, 64):
        coalitions = permutation_pairs(10, pairs, rng=np.random.default_rng(5))
        found[pairs] = reliability(coalitions.solve(mixed(10)(coalitions.keep)))
    assert 0.9 < found[64] <= 1.0
    assert found[4] < found[64]
    exact = all_coalitions(5)
    assert reliability(exact.solve(linear(5)(exact.keep))) == 1.0


def test_edits_that_the_model_does_not_read_leave_explanations_as_they_are():
    subject = subject_of(planted_classifier(WORDS), data=planted_rows(30, 1, words=WORDS))
    effort = Effort(exact_players=10, pairs=8, most_pairs=8, settled=0.15, random_orders=2)
    solved = [each.solved for each in explained(subject, effort, count=30)]
    edits = edited(subject.model, solved, task="text-classification", seed=0, kinds=2)
    assert len({edit.kind for edit in edits}) >= 2
    assert np.median([edit.corrected for edit in edits]) == pytest.approx(1.0)
    assert edits == edited(subject.model, solved, task="text-classification", seed=0, kinds=2)


def test_another_way_to_hide_words_is_compared_where_there_is_one():
    subject = on_a_transformer(TEXTS)
    solved = [
        each.solved
        for each in explained(subject, Effort(exact_players=12, pairs=2, most_pairs=2, settled=0.1, random_orders=5))
    ]
    found = other_baseline(subject.model, solved)
    assert found.hide == "unknown"
    assert len(found.agreements) == 3
    assert all(-1.0 <= agreement < 1.0 for agreement in found.agreements)
    tagger = subject_of(planted_tagger(LEXICON), data=planted_tag_rows(10, 2, lexicon=LEXICON))
    again = other_baseline(tagger.model, [each.solved for each in explained(tagger, EXACT)])
    assert again is None or again.hide == "unknown"


def test_the_self_check_sees_an_estimator_that_is_wrong(monkeypatch):
    subject = on_a_transformer(TEXTS)
    games = games_of(subject)
    assert self_checking.self_check(subject.model, games).deviation < 1e-5
    solve_rightly = Coalitions.solve

    def shifted(self, values):
        found = solve_rightly(self, values)
        found.values[:] = np.roll(found.values, 1)
        return found

    monkeypatch.setattr(Coalitions, "solve", shifted)
    assert self_checking.self_check(subject.model, games).deviation > 1e-3


def test_values_are_those_of_shap():
    subject = on_a_transformer(TEXTS)
    np.random.seed(5)  # noqa: NPY002  the global generator belongs to the user, and shap seeds it
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    effort = Effort(exact_players=10, pairs=40, most_pairs=40, settled=0.1, random_orders=5)
    found = cross_check(subject.model, [each.solved for each in explained(subject, effort)])
    assert found.rows == 1
    assert found.exact < 1e-5
    assert found.sampled < 4.0
    assert np.random.random() == expected  # noqa: NPY002
    checked = findings_of(ShapleyExplanation(cross_check="shap", pairs=4), subject)["shap_deviation", None]
    assert checked.metric.value < 1e-5
    with pytest.raises(ValueError, match="only shap is known"):
        findings_of(ShapleyExplanation(cross_check="lime"), subject)


def test_a_finding_becomes_an_explanation_that_shaps_plots_take():
    # Here, since it takes seconds that a run of the other tests need not wait for.
    import matplotlib
    import shap

    matplotlib.use("Agg")
    found = findings_of(ShapleyExplanation(pairs=4), on_a_transformer(TEXTS))
    made = to_shap(found["faithfulness_gain", None])
    shown = [item for item in found["faithfulness_gain", None].evidence if isinstance(item, Attribution)]
    assert len(made) == len(shown)
    for place, item in enumerate(shown):
        one = made[place]
        assert one.values.tolist() == list(item.values)
        assert list(one.data) == list(item.words)
        assert one.base_values + one.values.sum() == pytest.approx(item.output, abs=1e-5)
        assert (one.lower_bounds <= one.values).all()
        assert (one.upper_bounds >= one.values).all()
        shap.plots.waterfall(one, show=False)
    with pytest.raises(InputError, match="shows no attributions"):
        to_shap(found["words_for_80pct", None])


def test_words_over_all_rows_name_kinds_of_persons_as_a_lead():
    model = planted_classifier({"Maria": 1.0, "she": 0.5, "good": 2.0})
    rows = [{"text": f"{name} was good {day}", "label": 1} for name in ("Maria", "she") for day in ("a", "b", "c")]
    found = findings_of(ShapleyExplanation(), subject_of(model, data=rows))
    [table] = [item for item in found["faithfulness_gain", None].evidence if isinstance(item, Table)]
    assert table.holds_text
    words = {row[0]: row for row in table.rows}
    assert words["good"][1:3] == ("positive", 6)
    assert words["good"][3] > words["maria"][3] > words["she"][3] > 0
    assert [words[word][6] for word in ("maria", "she", "good", "was")] == [True, True, False, False]


def test_a_word_that_stands_twice_in_a_row_counts_once_with_its_sum():
    texts = ["good good day", "good day day"]
    subject = subject_of(planted_classifier(WORDS), data=[{"text": text, "label": 1} for text in texts])
    [good, *_] = global_words(explained(subject, EXACT))
    assert (good.word, good.rows) == ("good", 2)
    assert good.value == pytest.approx((1.0 + 0.5) / 2, abs=1e-5)


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("none", [0.0, 0.03, 0.1])
def test_the_interval_of_a_share_of_means_covers(n, none):
    draw = np.random.default_rng(7)
    hits = 0
    for _ in range(2000):
        wholes = draw.gamma(2, 0.15, n)
        parts = np.where(draw.random(n) < none, 0.0, wholes * draw.beta(18, 2, n))
        found = share_of_means(parts, wholes)
        low, high = found.interval() if found.bounds else (0.0, 1.0)
        hits += low <= (1 - none) * 0.9 <= high
    assert hits / 2000 >= 0.94


def test_a_share_of_means_refuses_what_is_none():
    with pytest.raises(ValueError, match="above its whole"):
        share_of_means([2.0, 1.0], [1.0, 1.0])
    assert share_of_means([0.0, 0.0], [0.0, 0.0]).value is None
    assert share_of_means([], []).value is None
    assert not share_of_means([0.1], [0.2]).bounds
    one = share_of_means([0.1, 0.2, 0.1, 0.2], [0.2, 0.3, 0.2, 0.3], clusters=["a", "a", "b", "b"])
    assert "cluster" in one.method


def test_spearman_of_too_little_is_nothing():
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])) is None
    assert spearman(np.ones(5), np.arange(5.0)) is None
    assert spearman(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1.0)


def test_the_checker_keeps_its_name_and_raises_its_version():
    assert isinstance(ShapleyExplanation.info, CheckerInfo)
    assert ShapleyExplanation.info.version == "2.1"
    assert context_of(on_a_transformer(TEXTS), ShapleyExplanation()).subject.task == "text-classification"


def test_all_entities_of_a_row_are_explained_from_one_set_of_coalitions():
    rows = [{"tokens": ["Maria", "went", "to", "Paris", day], "ner_tags": ["B-PER", "O", "O", "B-LOC", "O"]}
            for day in ("today", "again", "soon")]  # fmt: skip
    subject = subject_of(planted_tagger(LEXICON), data=rows)
    found = findings_of(ShapleyExplanation(rows=3), subject)
    assert found["faithfulness_gain", None].metric.n == 3
    both = explained(subject, EXACT)
    assert {each.game.target.name for each in both} == {"entity PER", "entity LOC"}
    assert len(both) == 6
    for each in both:
        [own] = [each.game.units.names[word] for word in each.game.target.words]
        assert max(zip(each.shapley.values, each.game.units.names, strict=True))[1] == own
        assert each.own_share > 0.8
    assert found["context_share", None].metric.value < 0.2
    # Two entities of one row are one row, in every count and band.
    assert found["self_check", None].metric.n == found["additivity_gap", None].metric.n == 3
    games = [each.game for each in both]
    assert [game.row.id for game in one_a_row(games)] == list(dict.fromkeys(game.row.id for game in games))
    persons, scale = [each for each in both if each.game.target.name == "entity PER"], SCALES["token-classification"]
    assert removal_curve(persons * 2, scale) == removal_curve(persons, scale)
    before = subject.engines[0].stats.computed
    explained(subject, EXACT)
    assert subject.engines[0].stats.computed == before


def test_rows_with_more_to_explain_count_as_one_row():
    rows = [{"tokens": ["Maria", "met", name, "in", "Paris"], "ner_tags": ["O"] * 5} for name in ("Perez", "Acme", "x")]
    subject = subject_of(planted_tagger(LEXICON), data=rows)
    values, clusters = by_row(explained(subject, EXACT), lambda each: each.faithfulness.gain)
    assert (len(values), clusters) == (3, None)
