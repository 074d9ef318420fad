"""The engine on models that read pictures and sounds, write with a decoder, mark spans or transcribe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from modelaudit.errors import CapabilityError
from modelaudit.inference.engine import Engine
from modelaudit.inference.exchange import Parcel
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.masks import masked_inputs, shortened_inputs
from modelaudit.inference.transcripts import TOO_SHORT
from modelaudit.inference.units import Unit

SMALL = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}
SMALL |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "vocab_size": 60}
TINY = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def ids(*tokens: int) -> np.ndarray:
    return np.array(tokens, dtype=np.int32)


def engine(model: torch.nn.Module, **options: object) -> Engine:
    return Engine(model.eval(), model_id="a" * 64, device="cpu", **options)


def made(kind: type, config: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return kind(config).eval()


@pytest.fixture(scope="module")
def t5():
    config = transformers.T5Config(
        vocab_size=60, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0
    )
    return made(transformers.T5ForConditionalGeneration, config)


@pytest.fixture(scope="module")
def ctc():
    config = transformers.Wav2Vec2Config(
        **TINY,
        vocab_size=12,
        conv_dim=(8, 8),
        conv_stride=(5, 4),
        conv_kernel=(10, 4),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    return made(transformers.Wav2Vec2ForCTC, config)


def pictures(count: int, shape: tuple[int, ...] = (3, 32, 32)) -> list[ModelInput]:
    draw = np.random.default_rng(0)
    slots = np.zeros(16, dtype=np.int32)
    return [ModelInput(slots, values=draw.normal(size=shape).astype(np.float32)) for _ in range(count)]


def sounds(count: int, samples: int = 2000) -> list[ModelInput]:
    return [replace(row, ids=ids(0, 0, 0, 0)) for row in pictures(count, (samples,))]


TRANSLATIONS = [
    ModelInput(ids(3, 4, 5, 1), decoder=ids(0, 7, 8), gather=ids(0, 1, 2), targets=ids(7, 8, 1)),
    ModelInput(ids(3, 4, 5, 9, 1), decoder=ids(0, 7), gather=ids(0, 1), targets=ids(7, 1)),
    ModelInput(ids(3, 4, 5, 1), decoder=ids(0, 9), gather=ids(0, 1), targets=ids(9, 1)),
]


def test_a_decoder_is_asked_what_it_would_write(t5):
    answers = engine(t5).log_probs(TRANSLATIONS)
    for row, answer in zip(TRANSLATIONS, answers, strict=True):
        with torch.inference_mode():
            logits = t5(
                input_ids=torch.from_numpy(row.ids[None]).long(),
                decoder_input_ids=torch.from_numpy(row.decoder[None]).long(),
            ).logits[0]
        expected = logits.double().log_softmax(-1)[torch.arange(len(row.targets)), torch.from_numpy(row.targets).long()]
        np.testing.assert_allclose(answer, expected.numpy(), atol=1e-5)


def test_rows_that_differ_in_the_decoder_alone_have_answers_of_their_own(t5):
    asked = engine(t5)
    first, last = asked.log_probs([TRANSLATIONS[0], TRANSLATIONS[2]])
    assert first.shape == (3,)
    assert last.shape == (2,)
    assert asked.stats.computed == 2
    np.testing.assert_array_equal(asked.hidden(TRANSLATIONS[:1])[0].shape, (16,))


def test_company_changes_no_bit_of_what_a_decoder_says(t5):
    together = engine(t5).log_probs(TRANSLATIONS)
    alone = engine(t5)
    assert [alone.log_probs([row])[0].tobytes() for row in TRANSLATIONS] == [answer.tobytes() for answer in together]


def test_what_is_written_is_what_transformers_writes(t5):
    row = ModelInput(ids(3, 4, 5, 1), decoder=ids(0))
    (found,) = engine(t5).generated([row], most=6)
    with torch.inference_mode():
        expected = t5.generate(torch.from_numpy(row.ids[None]).long(), max_new_tokens=6, num_beams=1, do_sample=False)
    assert found[:, 0].tolist() == expected[0, 1:].tolist()
    again = ModelInput(row.ids, decoder=ids(0, *expected[0, 1:-1].tolist()), gather=np.arange(6, dtype=np.int32))
    judged = engine(t5).log_probs([replace(again, targets=expected[0, 1:].numpy().astype(np.int32))])
    np.testing.assert_allclose(found[:, 1], judged[0], atol=1e-5)


def test_an_answer_stops_at_its_end_or_at_the_limit(t5):
    ended = made(type(t5), t5.config)
    with torch.no_grad():
        ended.lm_head.weight.zero_()
        ended.lm_head.weight[1] += 1.0
    end = engine(ended).generated([ModelInput(ids(3, 4, 1), decoder=ids(0))], most=4)[0]
    assert len(end) <= 4
    assert set(end[:-1, 0]).isdisjoint({1})
    assert len(engine(t5).generated([ModelInput(ids(3, 4, 5, 1), decoder=ids(0))], most=3)[0]) == 3


def test_an_end_that_settings_force_does_not_hide_that_an_answer_was_cut():
    bart = made(transformers.BartForConditionalGeneration, transformers.BartConfig(**SMALL, forced_eos_token_id=2))
    bart.final_logits_bias[0, 2] = -100.0
    (found,) = engine(bart).generated([ModelInput(ids(0, 5, 6, 2), decoder=ids(2))], most=3)
    assert len(found) == 3
    assert found[-1, 0] != 2
    assert bart.generation_config.forced_eos_token_id == 2


def test_a_base_model_of_pictures_has_states_alone():
    vit = made(transformers.ViTModel, transformers.ViTConfig(**TINY, image_size=32, patch_size=8))
    rows = pictures(2)
    asked = engine(vit, like=rows[:1])
    assert [state.shape for state in asked.hidden(rows)] == [(16,)] * 2
    with pytest.raises(CapabilityError, match="no logits"):
        asked.logits(rows)


def test_a_prompt_is_gone_on_with_by_a_language_model():
    gpt = made(transformers.GPT2LMHeadModel, transformers.GPT2Config(vocab_size=60, n_embd=16, n_layer=1, n_head=2))
    asked = engine(gpt)
    (found,) = asked.generated([ModelInput(ids(3, 4))], most=3)
    told, row = [], [3, 4]
    for _ in range(3):
        (token,) = asked.next_tokens([ModelInput(ids(*row), gather=ids(len(row) - 1))])[0]
        told.append(token)
        row.append(int(token))
    assert found[:, 0].tolist() == told


def test_spans_are_probable_among_the_tokens_of_their_row():
    bert = made(transformers.BertForQuestionAnswering, transformers.BertConfig(**TINY, vocab_size=60))
    row = ModelInput(ids(2, 5, 6, 3, 7, 8, 3), ids(0, 0, 0, 0, 1, 1, 1), gather=ids(4, 5), targets=ids(0, 1))
    asked = engine(bert)
    (found,) = asked.log_probs([row])
    with torch.inference_mode():
        whole = {"input_ids": row.ids, "token_type_ids": row.type_ids}
        output = bert(**{name: torch.from_numpy(part[None]).long() for name, part in whole.items()})
    start, end = output.start_logits[0].double().log_softmax(-1), output.end_logits[0].double().log_softmax(-1)
    np.testing.assert_allclose(found, [start[4], end[5]], atol=1e-5)
    assert asked.logits([ModelInput(row.ids, row.type_ids, gather=ids(4, 5, 6))])[0].shape == (3, 2)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_pictures_get_the_answers_of_the_model_alone_or_together(kind):
    if kind == "vit":
        config = transformers.ViTConfig(**TINY, image_size=32, patch_size=8, num_labels=3)
        model = made(transformers.ViTForImageClassification, config)
    else:
        config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=3)
        model = made(transformers.ResNetForImageClassification, config)
    rows = pictures(5)
    asked = engine(model, like=rows[:1])
    answers = asked.logits(rows)
    with torch.inference_mode():
        expected = model(torch.from_numpy(np.stack([row.values for row in rows]))).logits.numpy()
    np.testing.assert_allclose(np.stack(answers), expected, atol=1e-5)
    alone = engine(model, like=rows[:1])
    assert [alone.logits([row])[0].tobytes() for row in rows[::-1]] == [answer.tobytes() for answer in answers[::-1]]
    assert [state.shape for state in asked.hidden(rows)] == [(16,)] * 5


def test_the_same_picture_is_computed_once():
    model = made(transformers.ViTForImageClassification, transformers.ViTConfig(**TINY, image_size=32, patch_size=8))
    rows = pictures(2)
    asked = engine(model, like=rows[:1])
    asked.logits([*rows, ModelInput(rows[0].ids, values=rows[0].values.copy())])
    assert asked.stats.computed == 2


def test_a_transcript_is_as_probable_as_all_its_alignments_together(ctc):
    rows = [replace(row, targets=ids(3, 4)) for row in sounds(2, samples=100)]
    found = engine(ctc, like=rows[:1]).ctc_log_probs(rows)
    with torch.inference_mode():
        chances = ctc(torch.from_numpy(rows[0].values[None])).logits[0].softmax(-1).double().numpy()
    blank, frames = ctc.config.pad_token_id, len(chances)
    total = 0.0
    for path in np.ndindex(*[3] * frames):
        labels = [(blank, 3, 4)[step] for step in path]
        spelt = [label for i, label in enumerate(labels) if label != blank and (i == 0 or labels[i - 1] != label)]
        total += np.prod(chances[np.arange(frames), labels]) if spelt == [3, 4] else 0.0
    assert found[0][0] == pytest.approx(np.log(total), abs=1e-4)


def test_a_transcript_that_is_too_long_for_its_sound_has_no_chance(ctc):
    rows = [replace(row, targets=ids(*[3, 4] * 20)) for row in sounds(1, samples=40)]
    assert engine(ctc, like=rows).ctc_log_probs(rows)[0][0] == np.float32(TOO_SHORT)


def test_what_is_heard_are_the_best_labels_without_repeats_and_blanks(ctc):
    rows = sounds(2)
    found = engine(ctc, like=rows[:1]).generated(rows, most=1)
    for row, heard in zip(rows, found, strict=True):
        with torch.inference_mode():
            best = ctc(torch.from_numpy(row.values[None])).logits[0].argmax(-1).numpy()
        spelt = [label for i, label in enumerate(best) if label != 0 and (i == 0 or best[i - 1] != label)]
        assert heard[:, 0].tolist() == spelt


def test_speech_is_written_down_by_a_decoder():
    config = transformers.WhisperConfig(
        **SMALL,
        num_mel_bins=8,
        max_source_positions=50,
        max_target_positions=30,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    whisper = made(transformers.WhisperForConditionalGeneration, config)
    rows = [replace(row, decoder=ids(1, 7), gather=ids(0, 1), targets=ids(7, 2)) for row in pictures(3, (8, 100))]
    asked = engine(whisper, like=rows[:1])
    (written,) = asked.generated([replace(rows[0], decoder=ids(1), gather=None, targets=None)], most=4)
    assert 1 <= len(written) <= 4
    with torch.inference_mode():
        logits = whisper(torch.from_numpy(rows[0].values[None]), decoder_input_ids=torch.tensor([[1, 7]])).logits[0]
    expected = logits.double().log_softmax(-1)[[0, 1], [7, 2]].numpy()
    np.testing.assert_allclose(asked.log_probs(rows)[0], expected, atol=1e-5)


def test_a_question_that_a_family_has_no_answer_to_is_refused(t5, ctc):
    asked = engine(made(transformers.BertForSequenceClassification, transformers.BertConfig(**TINY, vocab_size=60)))
    with pytest.raises(CapabilityError, match="writes nothing"):
        asked.generated([ModelInput(ids(2, 5, 3))], most=3)
    with pytest.raises(CapabilityError, match="no transcript frame by frame"):
        engine(t5).ctc_log_probs([replace(TRANSLATIONS[0], gather=None)])


def test_a_classifier_with_a_decoder_reads_its_rows_to_their_end():
    config = transformers.BartConfig(**SMALL, num_labels=3)
    bart = made(transformers.BartForSequenceClassification, config)
    rows = [ModelInput(ids(0, 5, 6, 2)), ModelInput(ids(0, 5, 6, 7, 2))]
    for row, answer in zip(rows, engine(bart).logits(rows), strict=True):
        with torch.inference_mode():
            expected = bart(torch.from_numpy(row.ids[None]).long()).logits[0].numpy()
        np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_rows_of_every_family_travel_whole():
    rows = (replace(sounds(1)[0], decoder=ids(1, 2), gather=ids(0), targets=ids(4)),)
    there = Parcel.of(Unit("log_probs", (5,), rows, (0,), 6, 1, packed=False)).unit()
    (row,) = there.inputs
    np.testing.assert_array_equal(row.values, rows[0].values)
    np.testing.assert_array_equal(row.decoder, rows[0].decoder)
    assert row.key == rows[0].key
    assert row.key != replace(rows[0], decoder=ids(1, 3)).key


def test_hidden_words_of_a_source_leave_what_the_decoder_reads_whole():
    row, players = TRANSLATIONS[0], ids(0, 1, 2, -1)
    keep = np.array([[True, False, True]])
    (masked,) = masked_inputs(row, players, keep=keep, mask_id=9)
    (short,) = shortened_inputs(row, players, keep=keep, blank=0)
    assert masked.ids.tolist() == [3, 9, 5, 1]
    assert short.ids.tolist() == [3, 5, 1]
    for variant in (masked, short):
        np.testing.assert_array_equal(variant.decoder, row.decoder)
        np.testing.assert_array_equal(variant.gather, row.gather)
        np.testing.assert_array_equal(variant.targets, row.targets)


def test_a_sound_whose_frames_are_no_numbers_is_not_silent(ctc):
    broken = made(type(ctc), ctc.config)
    with torch.no_grad():
        broken.lm_head.bias.fill_(float("nan"))
    rows = sounds(1)
    (heard,) = engine(broken, like=rows).generated(rows, most=1)
    assert np.isnan(heard).all()


def test_a_base_model_of_two_halves_whose_configuration_does_not_say_so_gives_states_of_what_it_reads():
    config = transformers.T5Config(
        vocab_size=60, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0
    )
    config.is_encoder_decoder = False
    model = made(transformers.T5Model, config)
    asked = engine(model)
    rows = [ModelInput(ids(5, 6, 7)), ModelInput(ids(9, 8, 7, 6, 5))]
    found = asked.ask("hidden", rows, [0, 0])
    for row, states in zip(rows, found, strict=True):
        with torch.inference_mode():
            read = model.encoder(input_ids=torch.tensor(row.ids[None].astype(np.int64))).last_hidden_state
        np.testing.assert_allclose(states, read[0].mean(dim=0).numpy(), atol=1e-5)
    with pytest.raises(CapabilityError, match="no logits of what it reads"):
        asked.ask("logits", rows, [0, 0])


# Of transformers 4: its Funnel indexes in a way that torch will give up.
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence for multidimensional indexing")
def test_a_decoder_that_reads_no_encoder_makes_no_two_halves():
    funnel = transformers.FunnelConfig(
        vocab_size=60, d_model=16, n_head=2, d_head=8, d_inner=16, block_sizes=[1, 1], num_decoder_layers=1
    )
    model = made(transformers.FunnelModel, funnel)
    (found,) = engine(model).ask("hidden", [ModelInput(ids(5, 6, 7, 8))], [0])
    with torch.inference_mode():
        states = model(input_ids=torch.tensor([[5, 6, 7, 8]])).last_hidden_state
    np.testing.assert_allclose(found, states[0].mean(dim=0).numpy(), atol=1e-5)
