"""Rows keep their bits in every place of a unit, also where the last places have another kernel."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from modelaudit.inference.engine import Engine
from modelaudit.inference.forward import Forward
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.probe import probe
from modelaudit.inference.standard import Standard
from modelaudit.inference.units import Layout


def _pictures(count: int) -> list[ModelInput]:
    draw = np.random.default_rng(0)
    shape = (3, 32, 32)
    return [ModelInput(np.zeros(4, np.int32), values=draw.random(shape, dtype=np.float32)) for _ in range(count)]


@pytest.fixture(scope="module")
def vit() -> transformers.PreTrainedModel:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ViTConfig(**size, image_size=32, patch_size=8, initializer_range=0.5, num_labels=3)
    return transformers.ViTForImageClassification(config).eval()


def _texts(kind: str) -> transformers.PreTrainedModel:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    match kind:
        case "gpt2":
            gpt2 = transformers.GPT2Config(
                vocab_size=60, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2
            )
            return transformers.GPT2LMHeadModel(gpt2).eval()
        case "mlm":
            return transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=60, **size)).eval()
    mpnet = transformers.MPNetConfig(vocab_size=60, **size)
    return transformers.MPNetForSequenceClassification(mpnet).eval()


class _Uneven(Forward):
    """A forward pass whose later half of a unit has the bits of another kernel."""

    def run(self, unit):
        answers = super().run(unit)
        return [
            answer if place < 10 or place < unit.width // 2 else answer + np.float32(1e-6)
            for place, answer in enumerate(answers)
        ]


def test_widths_are_taken_only_where_all_their_places_give_the_same_bits(vit):
    """More places than trial rows: the last ones are looked at too."""
    found = probe(vit, _Uneven(vit, "cpu"), Layout(batch_tokens=1024), like=_pictures(1))
    assert found.layout.single
    assert not found.identical
    fine = probe(vit, _Uneven(vit, "cpu"), Layout(batch_tokens=32), like=_pictures(1))
    assert not fine.layout.single


@pytest.mark.parametrize("kind", ["gpt2", "mlm", "mpnet"])
def test_texts_are_asked_in_full_units_only_where_all_their_places_give_the_same_bits(kind):
    """Units of one length hold many more rows than are tried at the start."""
    model = _texts(kind)
    found = probe(model, _Uneven(model, "cpu"), Layout(batch_tokens=1024, anywhere=kind == "mlm"))
    assert found.layout.single
    assert not found.identical
    assert probe(model, Forward(model, "cpu"), Layout(batch_tokens=1024)).identical


def test_pictures_have_the_same_bits_in_any_order_and_number(vit):
    rows = _pictures(40)
    forwards = Engine(vit, model_id="vit", like=rows[:1]).logits(rows)
    backwards = Engine(vit, model_id="vit", like=rows[:1]).logits(rows[::-1])[::-1]
    few = Engine(vit, model_id="vit", like=rows[:1]).logits(rows[30:])
    assert [a.tobytes() for a in forwards] == [b.tobytes() for b in backwards]
    assert [a.tobytes() for a in forwards[30:]] == [b.tobytes() for b in few]


def test_half_precision_is_tried_on_pictures_and_not_on_texts(vit):
    """On a processor, for the test: what is certified is what a graphics card would run."""
    rows = [replace(row, values=row.values * 4) for row in _pictures(12)]
    engine = Engine(vit, model_id="vit", like=rows[:1], numerics=Standard("standard", on=("cpu",)))
    engine.certify(rows)
    assert "pixel_values" not in " ".join(engine.events)
    assert "12 rows" in engine.numerics.get("certificate", " ".join(engine.events))
    assert len(engine.logits(rows)) == 12
