"""Token statistics: what torch says of each token, the same bits whatever the company, place, journal or process."""

import numpy as np
import pytest
import torch
from engine_models import build, engine_for
from language_models import TOLD, UNTOLD, VOCABULARY, language_model
from test_engine_language import by_itself, judged

from modelaudit.errors import CapabilityError
from modelaudit.inference import ModelInput
from modelaudit.inference.journal import Journal
from modelaudit.inference.tokens import token_statistics


def whole(n, seed=0, *, longest=40):
    """Return rows of which every token but the first is judged."""
    draw = np.random.default_rng(seed)
    rows = []
    for length in draw.integers(1, longest + 1, n):
        ids = draw.integers(1, VOCABULARY, length).astype(np.int32)
        places = np.arange(length - 1, dtype=np.int32)
        rows.append(ModelInput(ids, gather=places, targets=ids[places + 1]))
    return rows


def by_definition(model, row):
    logs = by_itself(model, row)[torch.from_numpy(row.gather.astype(np.int64))].log_softmax(-1)
    shares, targets = logs.exp(), row.targets.astype(np.int64)
    mean = (shares * logs).sum(-1)
    deviation = ((shares * logs**2).sum(-1) - mean**2).sqrt()
    top = (logs.argmax(-1) == torch.from_numpy(targets)).double()
    return torch.stack([logs[torch.arange(len(targets)), targets], mean, deviation, top], 1).numpy()


@pytest.mark.parametrize("kind", [*TOLD, *UNTOLD])
def test_each_token_stands_where_torch_says_that_it_stands(kind):
    model, rows = language_model(kind), [*whole(12), *judged(12)]
    for row, answer in zip(rows, engine_for(model).token_statistics(rows), strict=True):
        assert answer.shape == (len(row.gather), 4)
        np.testing.assert_allclose(answer, by_definition(model, row), atol=1e-3)


def test_the_log_p_is_the_one_that_is_asked_for_alone():
    engine, rows = engine_for(language_model("gpt2")), [*whole(12), *judged(12)]
    for alone, beside in zip(engine.log_probs(rows), engine.token_statistics(rows), strict=True):
        np.testing.assert_allclose(beside[:, 0], alone, atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "bloom"])
def test_bits_do_not_hang_on_company_order_journal_or_process(kind, tmp_path):
    rows = [*whole(60, seed=1), *judged(60, seed=1)]
    model = language_model(kind)
    together = engine_for(model).token_statistics(rows)
    alone = engine_for(model)
    with Journal(tmp_path / "j") as journal:
        engine_for(model, journal=journal).token_statistics(rows)
    with Journal(tmp_path / "j", resume=True) as journal:
        again = engine_for(model, journal=journal)
        resumed = again.token_statistics(rows)
    assert again.stats.computed == 0
    crew = engine_for(model, workers=2)
    try:
        ways = (
            engine_for(model).token_statistics(rows[::-1])[::-1],
            [alone.token_statistics([row])[0] for row in rows[:8]],
            resumed,
            crew.token_statistics(rows),
        )
    finally:
        crew.close()
    for way in ways:
        for one, other in zip(together, way, strict=False):
            assert one.tobytes() == other.tobytes()


def test_blocks_of_places_are_cut_alike_wherever_they_begin():
    draw = np.random.default_rng(0)
    logits = torch.from_numpy(draw.normal(size=(3, 70, 1000)).astype(np.float32)) * 4
    ids = draw.integers(0, 1000, (3, 70)).astype(np.int32)
    rows = [ModelInput(one, gather=np.arange(69, dtype=np.int32), targets=one[1:]) for one in ids]
    together = token_statistics(logits, rows)
    apart = torch.cat([token_statistics(logits[i : i + 1], rows[i : i + 1]) for i in range(3)])
    assert torch.equal(together, apart)


def test_tokens_that_can_not_be_count_for_nothing_and_ties_go_to_the_first():
    logits = torch.tensor([[[0.0, 0.0, -torch.inf, -torch.inf]]])
    row = [ModelInput(np.array([1], np.int32), gather=np.array([0], np.int32), targets=np.array([0], np.int32))]
    other = [ModelInput(np.array([1], np.int32), gather=np.array([0], np.int32), targets=np.array([1], np.int32))]
    half = float(np.log(0.5))
    np.testing.assert_allclose(token_statistics(logits, row)[0], [half, half, 0.0, 1.0], atol=1e-6)
    assert float(token_statistics(logits, row)[0, 3]) + float(token_statistics(logits, other)[0, 3]) == 1.0


def test_rows_without_a_judged_token_have_an_empty_answer():
    row = ModelInput(np.array([7], np.int32), gather=np.zeros(0, np.int32), targets=np.zeros(0, np.int32))
    (answer,) = engine_for(language_model("gpt2")).token_statistics([row])
    assert answer.shape == (0, 4)


def test_what_is_no_language_model_has_no_statistics():
    row = ModelInput(np.array([5, 6], np.int32), gather=np.array([0], np.int32), targets=np.array([6], np.int32))
    with pytest.raises(CapabilityError, match="no language model"):
        engine_for(build("bert")).token_statistics([row])
