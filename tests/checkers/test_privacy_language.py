"""Membership signals of language models: by their definition, on rows of any length, and on a model that remembers."""

import math
import zlib

import numpy as np
import pytest
from measured import subject_of

from modelaudit.checker import TokenStatistics
from modelaudit.checkers.privacy.membership.language_signals import (
    HEADLINE,
    HEADLINE_WITH_BASE,
    error_zone,
    language_signals,
)
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.statistics import auc
from modelaudit.subject.opened import OpenedModel
from rememberers import KNOWN, ROWS, remembering


def statistics(rows):
    """Return the statistics of rows of (log p, mean, deviation, top, token)."""
    flat = [token for row in rows for token in row]
    log_p, means, deviations, top, tokens = (np.array([t[i] for t in flat]) for i in range(5)) if flat else [[]] * 5
    return TokenStatistics(
        np.array(log_p, float), np.array(means, float), np.array(deviations, float), np.array(top, bool),
        np.array(tokens, np.int64), np.cumsum([0, *map(len, rows)]), np.zeros(len(rows), bool),
    )  # fmt: skip


def random_rows(lengths, seed=0, tokens=None):
    draw = np.random.default_rng(seed)
    rows = []
    for place, length in enumerate(lengths):
        ids = draw.integers(0, 50, length) if tokens is None else [t[4] for t in tokens[place]]
        rows.append(
            [(-draw.exponential(3), -draw.exponential(3), draw.exponential(1), draw.random() < 0.4, i) for i in ids]
        )
    return rows


LENGTHS = (12, 1, 4, 30, 5, 9)
TEXTS = tuple(f"text number {'x' * i} {i}" for i in range(len(LENGTHS)))


def by_definition(rows, base, texts):
    """Return the same scores row by row, in plain Python."""

    def lowest(values):
        k = max(1, int(len(values) * 0.2 + 1e-9))
        return sum(sorted(values)[:k]) / k

    def z(token):
        return (token[0] - token[1]) / max(token[2], 1e-3)

    gains = [[a[0] - b[0] for a, b in zip(row, other, strict=True)] for row, other in zip(rows, base, strict=True)]
    c = float(np.median([abs(gain) for row in gains for gain in row]))
    found = {name: [] for name in ("loss attack", "zlib", "Min-K%", "Min-K%++")}
    found |= {name: [] for name in ("base-calibrated loss", "base-calibrated Min-K%++", "EZ")}
    for row, other, gain, text in zip(rows, base, gains, texts, strict=True):
        log_p = [token[0] for token in row]
        found["loss attack"].append(sum(log_p) / len(row))
        found["zlib"].append(sum(log_p) / len(zlib.compress(text.encode())))
        found["Min-K%"].append(lowest(log_p))
        found["Min-K%++"].append(lowest([z(token) for token in row]))
        found["base-calibrated loss"].append(sum(gain) / len(row))
        found["base-calibrated Min-K%++"].append(lowest([z(a) - z(b) for a, b in zip(row, other, strict=True)]))
        wrong = [g for g, token in zip(gain, row, strict=True) if not token[3]]
        zone = wrong if len(wrong) >= 2 else gain
        up, down = sum(g for g in zone if g > 0), -sum(g for g in zone if g < 0)
        found["EZ"].append(math.log((up + c) / (down + c)))
    return found


def test_each_attack_is_what_its_paper_says():
    rows = random_rows(LENGTHS)
    base = random_rows(LENGTHS, seed=1, tokens=rows)
    found = language_signals(statistics(rows), statistics(base), TEXTS)
    expected = by_definition(rows, base, TEXTS)
    assert [name for name, _ in found] == list(expected)
    for name, scores in found:
        np.testing.assert_allclose(scores, expected[name], rtol=1e-9, err_msg=name)
    alone = language_signals(statistics(rows), None, TEXTS)
    assert [name for name, _ in alone] == list(expected)[:4]
    assert HEADLINE in dict(alone)
    assert HEADLINE_WITH_BASE in dict(found)


def test_scores_go_with_their_rows_in_any_order():
    rows = random_rows(LENGTHS)
    base = random_rows(LENGTHS, seed=1, tokens=rows)
    order = [3, 0, 5, 1, 4, 2]
    one = language_signals(statistics(rows), statistics(base), TEXTS)
    other = language_signals(*(statistics([r[i] for i in order]) for r in (rows, base)), [TEXTS[i] for i in order])
    for (_, scores), (_, turned) in zip(one, other, strict=True):
        assert scores[order].tobytes() == turned.tobytes()


def test_rows_without_tokens_and_rows_that_the_base_model_reads_otherwise_have_no_score():
    rows = random_rows((6, 0, 8, 7))
    base = random_rows((6, 0, 8, 7), seed=1, tokens=rows)
    base[2][3] = (*base[2][3][:4], 99)
    base[3] = base[3][:4]
    found = dict(language_signals(statistics(rows), statistics(base), ["a", "", "\ud800", "d"]))
    for name in ("loss attack", "zlib", "Min-K%", "Min-K%++"):
        assert np.isnan(found[name]).tolist() == [False, True, False, False]
    for name in ("base-calibrated loss", "base-calibrated Min-K%++", "EZ"):
        assert np.isnan(found[name]).tolist() == [False, True, True, False]
    # Of a row that one of them cut, what both have is compared.
    shared = np.mean([a[0] - b[0] for a, b in zip(rows[3], base[3], strict=False)])
    assert found["base-calibrated loss"][3] == pytest.approx(shared)
    nothing = language_signals(statistics([[], []]), statistics([[], []]), ["", ""])
    assert all(np.isnan(scores).all() for _, scores in nothing)


def test_models_that_share_no_row_are_refused():
    rows = random_rows((6, 8))
    with pytest.raises(ValueError, match="every row as other tokens"):
        language_signals(statistics(rows), statistics(random_rows((6, 8), seed=5)), ["a", "b"])
    with pytest.raises(ValueError, match="2 rows, 1 texts"):
        language_signals(statistics(rows), None, ["a"])
    with pytest.raises(ValueError, match="as many"):
        language_signals(statistics(rows), statistics(rows[:1]), ["a", "b"])


def test_a_row_known_by_heart_stands_highest_and_one_that_both_models_know_in_the_middle():
    draw = np.random.default_rng(0)
    plain = [draw.normal(0, 1, 20) for _ in range(50)]
    heart, easy = np.full(20, 4.0), np.zeros(20)
    gain = np.concatenate([*plain, heart, easy])
    top = np.concatenate([*[draw.random(20) < 0.4 for _ in plain], np.ones(40, bool)])
    scores = error_zone(gain, top, Ragged.of(np.arange(0, len(gain) + 1, 20)))
    assert scores.argmax() == 50
    assert scores[51] == 0.0
    assert np.isfinite(scores).all()
    same = error_zone(np.zeros(40), top[:40], Ragged.of(np.array([0, 20, 40])))
    assert same.tolist() == [0.0, 0.0]


def test_a_certain_model_makes_no_noise_of_min_k():
    certain = [[(-1e-7, -2e-7, 0.0, True, 1)] * 10, [(-2e-7, -1e-7, 1e-9, True, 1)] * 10]
    scores = dict(language_signals(statistics(certain), None, ["a", "b"]))[HEADLINE]
    assert np.abs(scores).max() < 1e-3


@pytest.fixture(scope="module")
def asked():
    model, base, tokenizer, members, heldout = remembering()
    opened = OpenedModel(model=base, tokenizer=tokenizer, name="base")
    subject = subject_of(
        (model, tokenizer), data=[{"text": t} for t in heldout], train_data=[{"text": t} for t in members], base=opened
    )
    rows = [*subject.data.members, *subject.data.heldout]
    return [handle.token_statistics(rows) for handle in (subject.model, subject.base_model)], [r.text for r in rows]


def test_rows_that_a_model_learned_are_told_from_others_and_rows_it_never_saw_are_not(asked):
    (target, base), texts = asked
    for name, scores in language_signals(target, base, texts):
        learned, others = scores[:KNOWN], scores[ROWS:]
        assert auc(learned, others) > (0.9 if name == "zlib" else 0.99), name
        assert 0.35 < auc(scores[KNOWN:ROWS], others) < 0.65, name


def test_the_base_model_tells_nothing(asked):
    (_, base), texts = asked
    for name, scores in language_signals(base, base, texts):
        assert 0.35 < auc(scores[:ROWS], scores[ROWS:]) < 0.65, name
