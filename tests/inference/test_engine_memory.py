"""An engine that runs out of memory goes on with less, and never mixes numbers of two numerics."""

import numpy as np
import pytest
import torch
from engine_models import build, engine_for, rows_of
from transformers import BertForSequenceClassification

from modelaudit.errors import ModelInputError


class Cramped(BertForSequenceClassification):
    """A model whose device has room for so many tokens."""

    room = 10**9
    raises = staticmethod(lambda: torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB"))

    def forward(self, input_ids, **others):
        if (input_ids != 0).sum() > self.room:
            raise self.raises()
        return super().forward(input_ids=input_ids, **others)


def cramped(room, raises=None, *, batch_tokens=128, **options):
    """Return an engine that was built with room enough, and has this much from now on."""
    model = Cramped(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    if raises is not None:
        model.raises = raises
    engine = engine_for(model, batch_tokens=batch_tokens, **options)
    model.room = room
    return engine


@pytest.mark.parametrize(
    "raises",
    [None, lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")],
)
def test_out_of_memory_halves_the_batch_and_starts_again(raises):
    rows, heard = rows_of(40, longest=30), []
    engine = cramped(64, raises, batch_tokens=256)
    engine.on_progress = heard.append
    before = engine.numerics_id
    answers = engine.logits(rows)
    assert engine.numerics_id != before
    assert engine.numerics["batch_tokens"] == "64"
    assert engine.stats.out_of_memory == 2
    assert engine.events == [
        "Ran out of memory at 256 tokens a batch; went on with 128.",
        "Ran out of memory at 128 tokens a batch; went on with 64.",
    ]
    np.testing.assert_array_equal(answers, engine_for(build("bert"), batch_tokens=64).logits(rows))
    assert sum(heard) == 40


def test_answers_of_other_numerics_are_forgotten():
    rows = rows_of(30, longest=30)
    engine = cramped(256, batch_tokens=256)
    engine.logits(rows[:20])
    engine._model.room = 100
    again = engine.logits(rows)
    np.testing.assert_array_equal(again, engine_for(build("bert"), batch_tokens=64).logits(rows))
    assert engine.stats.memo_hits == 0


def test_memory_that_runs_out_half_way_counts_progress_once():
    rows, heard = rows_of(30, longest=30), []
    engine = cramped(256, batch_tokens=256)
    engine.on_progress = lambda done: (heard.append(done), setattr(engine._model, "room", 100))
    answers = engine.logits(rows)
    assert sum(heard) == 30
    assert engine.stats.out_of_memory == 2
    np.testing.assert_array_equal(answers, engine_for(build("bert"), batch_tokens=64).logits(rows))


def test_one_row_that_does_not_fit_alone_is_a_clear_end():
    engine = cramped(20)
    with pytest.raises(
        ModelInputError, match=r"one row of \d\d tokens alone does not fit in the memory of 'cpu'.*shorten"
    ):
        engine.logits(rows_of(10, longest=30))


def test_memory_that_is_short_from_the_start_is_found_by_the_probe():
    model = Cramped(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    model.room = 70
    engine = engine_for(model, batch_tokens=256)
    assert engine.numerics["batch_tokens"] == "64"
    before = engine.numerics_id
    np.testing.assert_array_equal(
        engine.logits(rows_of(30)), engine_for(build("bert"), batch_tokens=64).logits(rows_of(30))
    )
    assert engine.numerics_id == before


def test_other_faults_of_the_model_are_not_taken_for_memory():
    engine = cramped(64, lambda: RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        engine.logits(rows_of(10, longest=30))
    assert engine.stats.out_of_memory == 0
