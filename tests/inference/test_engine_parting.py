"""Models that refuse to be pickled reach the workers, and answer there with the same bits."""

import tempfile

import numpy as np
import pytest
import torch
from plain_model import Plain
from torch.nn.utils.parametrizations import weight_norm
from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

from modelaudit.inference import Engine, ModelInput
from modelaudit.inference.parting import check_sendable, write_model
from modelaudit.inference.worker import load_model


def wav2vec2():
    """A tiny Wav2Vec2 that weighs all its layers, as those do that were trained for SUPERB."""
    torch.manual_seed(3)
    model = Wav2Vec2ForSequenceClassification(
        Wav2Vec2Config(
            hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, conv_dim=(8, 8),
            conv_kernel=(10, 3), conv_stride=(5, 4), num_feat_extract_layers=2, num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=2, classifier_proj_size=8, use_weighted_layer_sum=True, num_labels=3,
        )
    )  # fmt: skip
    with torch.no_grad():
        model.layer_weights.copy_(torch.tensor([0.0, 0.5, 1.0]))
    return model.eval()


def sounds(seed, count):
    draw = np.random.default_rng(seed)
    slots = np.zeros(99, np.int32)
    return [ModelInput(slots, values=draw.normal(size=2000).astype(np.float32)) for _ in range(count)]


def there_and_back(model):
    check_sendable(model)
    with tempfile.TemporaryFile() as file:
        write_model(model, file)
        file.flush()
        return load_model(file.fileno(), shared=False)


def test_computed_weights_and_recorded_layers_go_along():
    model, heard = wav2vec2(), torch.randn(2, 2000)
    with torch.no_grad():
        # A first sound makes transformers 5 put hooks on that keep the layers' states.
        expected = model(heard).logits
        copy = there_and_back(model)
        assert torch.equal(copy(heard).logits, expected)
        assert torch.equal(model(heard).logits, expected)
    sent, kept = copy.state_dict(), model.state_dict()
    assert list(sent) == list(kept)
    assert all(torch.equal(sent[name], kept[name]) for name in kept)
    # What is computed is still computed, here and there.
    for one in (model, copy):
        one.wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original0.data.mul_(2)
        with torch.no_grad():
            assert not torch.equal(one(heard).logits, expected)


def test_computed_weights_that_two_modules_share_are_one():
    model = Plain()
    weight_norm(model.head, dim=0)
    model.other = torch.nn.Linear(16, 3)
    weight_norm(model.other, dim=0)
    shared = model.head.parametrizations.weight.original1
    model.other.parametrizations.weight.original1 = shared
    model.again = model.head
    copy = there_and_back(model)
    assert copy.again is copy.head
    assert copy.other.parametrizations.weight.original1 is copy.head.parametrizations.weight.original1
    assert torch.equal(copy.head.weight, model.head.weight)
    assert type(model.head).__name__ == "ParametrizedLinear"


@pytest.mark.heavy
def test_two_processes_hear_as_one():
    rows = sounds(1, 40)
    alone = Engine(wav2vec2(), model_id="test", device="cpu", batch_tokens=198, like=rows[:1])
    pair = Engine(wav2vec2(), model_id="test", device="cpu", batch_tokens=198, like=rows[:1], workers=2)
    try:
        expected = [answer.tobytes() for answer in alone.logits(rows)]
        assert [answer.tobytes() for answer in pair.logits(rows)] == expected
        for seed in range(2, 400):
            others = sounds(seed, 40)
            found = [answer.tobytes() for answer in pair.logits(others)]
            if all(place.proven for place in pair._executor._places):
                break
        # By now both workers have answered with the right bits; what they answer is what one process answers.
        assert len(pair._executor._places) == 2
        assert all(place.proven for place in pair._executor._places), pair.events
        assert found == [answer.tobytes() for answer in alone.logits(others)]
    finally:
        pair.close()
