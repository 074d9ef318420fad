"""A model that changes itself for good at a short row reads the next long row as it was configured to."""

import numpy as np
import torch
from transformers import BigBirdConfig, BigBirdForSequenceClassification

from modelaudit.inference import Engine, ModelInput


def big_bird():
    """A tiny BigBird, whose blocks of four tokens are sparse from rows of 29 tokens on."""
    torch.manual_seed(2)
    config = BigBirdConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, block_size=4,
        num_random_blocks=1, attention_type="block_sparse", max_position_embeddings=128, num_labels=3,
        initializer_range=0.5,
    )  # fmt: skip
    return BigBirdForSequenceClassification(config).eval()


def test_a_long_row_is_read_in_sparse_blocks_after_a_short_one():
    draw = np.random.default_rng(0)
    short, long = (ModelInput(draw.integers(5, 60, length).astype(np.int32)) for length in (8, 60))
    with torch.no_grad():
        ids = torch.from_numpy(long.ids.astype(np.int64))[None]
        sparse = big_bird()(input_ids=ids).logits[0].numpy()
        full = big_bird()
        full.bert.set_attention_type("original_full")
        whole = full(input_ids=ids).logits[0].numpy()
    assert np.abs(sparse - whole).max() > 0.01
    model = big_bird()
    # Each engine asks short rows at its start, and the second keeps no answers of the first.
    first = Engine(model, model_id="bird", device="cpu").logits([long])[0]
    second = Engine(model, model_id="bird", device="cpu")
    second.logits([short])
    again = second.logits([long])[0]
    np.testing.assert_allclose(first, sparse, atol=1e-4)
    assert again.tobytes() == first.tobytes()
