"""Pictures and sounds as users really have them: adapters, base models of two halves, odd settings, long sounds."""

import json
import shutil
import tracemalloc

import numpy as np
import peft
import pytest
import torch
import transformers
from seen_and_heard import heard, pixels, png, vit, whisper

from modelaudit.errors import ModelInputError
from modelaudit.inference.engine import Engine
from modelaudit.inference.inputs import ModelInput
from modelaudit.media.sound import Sound
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

PICTURES = [{"image": pixels(seed), "label": "cat"} for seed in range(3)]


def _headless(source, kind, folder):
    shutil.copytree(source, folder)
    with quiet():
        kind.from_pretrained(source).save_pretrained(folder)
    return folder


def _adapter(model, base, folder, *, task_type=None, **settings):
    torch.manual_seed(1)
    with quiet():
        adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, **settings))
        adapted.save_pretrained(folder)
    file = folder / "adapter_config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": str(base), "task_type": task_type})
    )
    return adapted.eval()


@pytest.mark.parametrize("task_type", [None, "SEQ_CLS"])
def test_an_adapter_that_brings_the_classifier_of_a_headless_picture_model(tmp_path, task_type):
    whole = vit(tmp_path / "vit")
    base = _headless(whole, transformers.ViTModel, tmp_path / "base")
    model = transformers.ViTForImageClassification.from_pretrained(whole)
    places = [name for name, _ in model.named_modules() if name.endswith(("query", "q_proj"))]
    own = _adapter(
        model, base, tmp_path / "lora", task_type=task_type, target_modules=places, modules_to_save=["classifier"]
    )
    subject = build_subject(open_model(str(tmp_path / "lora")), data=PICTURES, device="cpu")
    assert subject.info.task == "image-classification"
    values = torch.from_numpy(subject.model.encodings(subject.data.evaluation)[0].input.values)[None]
    with torch.no_grad():
        expected = own(pixel_values=values).logits[0].numpy()
    np.testing.assert_allclose(subject.model.predict(subject.data.evaluation).logits[0], expected, atol=1e-4)


def test_an_adapter_of_a_speech_model_that_calls_itself_sequence_to_sequence(tmp_path):
    whole = whisper(tmp_path / "whisper")
    model = transformers.WhisperForConditionalGeneration.from_pretrained(whole)
    _adapter(model, whole, tmp_path / "lora", task_type="SEQ_2_SEQ_LM", target_modules=["q_proj"])
    assert type(open_model(str(tmp_path / "lora")).model).__name__ == "WhisperForConditionalGeneration"


def test_a_base_model_of_two_halves_without_a_head_has_states(tmp_path):
    whole = whisper(tmp_path / "whisper")
    base = _headless(whole, transformers.WhisperModel, tmp_path / "base")
    rows = [{"audio": heard(seed), "text": "ab"} for seed in range(2)]
    subject = build_subject(
        open_model(str(whole)), data=rows, base=open_model(str(base), OpenOptions(headless=True)), device="cpu"
    )
    states = [handle.embed(subject.data.evaluation) for handle in (subject.model, subject.base_model)]
    np.testing.assert_array_equal(*states)


def test_a_folder_of_pictures_may_be_named_from_where_one_is(tmp_path, monkeypatch):
    for seed in range(2):
        (tmp_path / "pictures" / "cat").mkdir(parents=True, exist_ok=True)
        (tmp_path / "pictures" / "cat" / f"{seed}.png").write_bytes(png(seed))
    monkeypatch.chdir(tmp_path)
    subject = build_subject(open_model(str(vit(tmp_path / "vit"))), data="pictures", device="cpu")
    assert len(subject.data.evaluation) == 2


def test_a_processor_that_makes_what_the_model_can_not_take_is_a_sentence(tmp_path):
    model = transformers.ViTForImageClassification.from_pretrained(vit(tmp_path / "vit"))
    with quiet():
        other = transformers.ViTImageProcessor(size={"height": 64, "width": 64})
    with pytest.raises(ModelInputError, match="can't take what its processor"):
        build_subject(open_model((model, other)), data=PICTURES, device="cpu")


@pytest.mark.parametrize(
    "settings", [{"penalty_alpha": 0.6, "top_k": 4}, {"dola_layers": "low"}, {"force_words_ids": [[5]]},
                 {"guidance_scale": 2.0}, {"min_new_tokens": 50}],
)  # fmt: skip
def test_settings_of_other_ways_to_search_are_left_out(settings):
    """Some of these make transformers fetch code."""
    torch.manual_seed(0)
    size = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    config = transformers.T5Config(vocab_size=40, **size, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
    model = transformers.T5ForConditionalGeneration(config).eval()
    row = ModelInput(np.arange(5, 12, dtype=np.int32), decoder=np.array([0], dtype=np.int32))
    plain = Engine(model, model_id="plain").generated([row], most=4)
    for name, value in settings.items():
        setattr(model.generation_config, name, value)
    np.testing.assert_array_equal(Engine(model, model_id="set").generated([row], most=4)[0][:, 0], plain[0][:, 0])


def test_a_long_and_slow_sound_is_brought_to_a_higher_rate_no_further_than_is_heard():
    draw = np.random.default_rng(0)
    for rate in (1_000, 8_000, 44_100, 96_000):
        sound = Sound.of_array(draw.normal(scale=0.1, size=3 * rate).astype(np.float32), rate)
        np.testing.assert_allclose(sound.samples(16_000, most=9_000), sound.samples(16_000)[:9_000], atol=1e-6)
    endless = Sound.of_array(np.zeros(2_000_000, dtype=np.float32), 1_000)
    endless.samples()
    tracemalloc.start()
    try:
        endless.samples(16_000, most=16_000)
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()
