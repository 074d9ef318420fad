"""Explanations of transcripts, and of real architectures that see and hear."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from linear_media import LABELS, subject_of
from measured import build_subject, context_of
from test_opacity_tasks import word_tokenizer
from transformers import (
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from modelaudit.checkers.opacity.choosing import choose
from modelaudit.checkers.opacity.explanation import Effort, explain
from modelaudit.checkers.opacity.randomised import against_random
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.subject.opened import OpenedModel

EXACT = Effort(exact_players=10, pairs=2, most_pairs=2, settled=0.15, random_orders=3)
RATE = 8_000


def spoken(n, seed=0):
    draw = np.random.default_rng(seed)
    return [
        {
            "audio": {"array": (0.2 * draw.standard_normal(RATE // 2)).astype(np.float32), "sampling_rate": RATE},
            "text": "".join(draw.choice(list("ab"), 3)),
        }
        for _ in range(n)
    ]


def hearing(tmp_path, rows):
    """Return the subject of a CTC model of random weights."""
    labels = ["<pad>", "<s>", "</s>", "<unk>", "|", "a", "b"]
    (tmp_path / "vocab.json").write_text(json.dumps({label: place for place, label in enumerate(labels)}))
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=len(labels),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(10, 8),
        conv_kernel=(10, 8),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        initializer_range=0.5,
        feat_extract_norm="layer",
        pad_token_id=0,
    )
    opened = OpenedModel(
        model=Wav2Vec2ForCTC(config).eval(),
        tokenizer=Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json")),
        processor=Wav2Vec2FeatureExtractor(sampling_rate=RATE, do_normalize=True),
        name="hearing",
    )
    return build_subject(opened, data=rows, preset="quick", device="cpu")


def test_a_transcript_is_explained_by_its_characters_whatever_its_length(tmp_path):
    subject = hearing(tmp_path, spoken(12))
    assert subject.info.task == "automatic-speech-recognition"
    choice = choose(context_of(subject, ShapleyExplanation()), 4)
    assert choice.scale.unit == "nats a character"
    whole = -subject.model.loss([game.row for game in choice.games]).per_row
    for each, log_prob in zip(explain(subject.model, choice.games, EXACT, seed=0), whole, strict=True):
        assert each.plain == pytest.approx(log_prob / 3, abs=1e-4)
        assert each.shapley.base + each.shapley.values.sum() == pytest.approx(each.plain, abs=1e-4)
        assert len(each.game.units) == 5


def test_what_a_model_hears_is_explained_where_there_are_no_transcripts(tmp_path):
    rows = [{"audio": row["audio"]} for row in spoken(12)]
    subject = hearing(tmp_path, rows)
    context = context_of(subject, ShapleyExplanation())
    games = choose(context, 4).games
    assert [game.row.answer for game in games] == list(subject.model.answers([game.row for game in games]).texts)
    assert all(game.row.answer for game in games)
    assert any(note.endswith("chosen greedily.") for note in context.notes), "what is heard at once has no limit"


def dictating():
    """Return a speech model that writes tokens, of random weights."""
    tokenizer = word_tokenizer(("a", "b", "c"), framed=False, bos_token="[CLS]", eos_token="[SEP]")
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_mel_bins=8,
        max_source_positions=50,
        max_target_positions=24,
        init_std=0.5,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        decoder_start_token_id=2,
        begin_suppress_tokens=None,
        suppress_tokens=None,
    )
    model = WhisperForConditionalGeneration(config).eval()
    for name in ("forced_decoder_ids", "begin_suppress_tokens", "suppress_tokens"):
        setattr(model.generation_config, name, None)
    processor = WhisperFeatureExtractor(feature_size=8, sampling_rate=16_000, chunk_length=1)
    return OpenedModel(model=model, tokenizer=tokenizer, processor=processor, name="dictating")


def test_speech_that_is_written_token_by_token_is_explained_by_its_tokens():
    rows = [row | {"text": " ".join(row["text"])} for row in spoken(4)]
    subject = build_subject(dictating(), data=rows, preset="quick", device="cpu")
    choice = choose(context_of(subject, ShapleyExplanation()), 2)
    assert choice.scale.unit == "nats a token"
    lost = subject.model.loss([game.row for game in choice.games]).per_row
    for each, loss in zip(explain(subject.model, choice.games, EXACT, seed=0), lost, strict=True):
        assert each.plain == pytest.approx(-loss, abs=1e-5)
        assert each.shapley.base + each.shapley.values.sum() == pytest.approx(each.plain, abs=1e-4)
        assert each.shapley.spread > 0.05


def see(model, rows=12):
    draw = np.random.default_rng(0)
    data = [
        {"image": draw.integers(0, 256, (16, 16, 3), dtype=np.uint8), "label": int(draw.integers(2))}
        for _ in range(rows)
    ]
    processor = ViTImageProcessor(size={"height": 16, "width": 16}, do_normalize=True)
    return subject_of(model, processor, data)


def vit():
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = ViTConfig(image_size=16, patch_size=8, initializer_range=0.4, **small, **LABELS)
    return ViTForImageClassification(config).eval()


def resnet():
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", **LABELS)
    return ResNetForImageClassification(config).eval()


@pytest.mark.heavy
@pytest.mark.parametrize("make", [vit, resnet])
def test_the_patches_of_a_real_architecture_hang_on_its_weights(make):
    torch.manual_seed(1)
    subject = see(make())
    context = context_of(subject, ShapleyExplanation())
    solved = [each.solved for each in explain(subject.model, choose(context, 6).games, EXACT, seed=0)]
    assert all(one.shapley.values.any() for one in solved)
    itself = against_random(subject.model, _settled(solved), hide="mean")
    assert min(itself.agreements) == pytest.approx(1.0)
    other = against_random(context.randomised(), _settled(solved), hide="mean")
    assert abs(np.mean(other.agreements)) < 0.5


def _settled(solved):
    """Return the rows as if their values were exact: of two pairs no agreement with themselves can be told."""
    return [replace(one, shapley=replace(one.shapley, by_pair=None)) for one in solved]
