"""Models that see or hear: what they answer is what transformers itself gives for the same picture or sound."""

import shutil

import numpy as np
import pytest
import seen_and_heard as build
import torch
import transformers
from seen_and_heard import CLASSES, RATE, heard, noise, pixels

from modelaudit.errors import CapabilityError, DataInputError, ModelInputError
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.readers.loading import load_processor
from modelaudit.subject.readers.pictures import PictureReader
from modelaudit.subject.readers.sounds import CUT, FILLED, RESAMPLED, SoundReader
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject
from modelaudit.subject.tasks.speech_seq2seq import SpeechSeq2Seq

SAID = ("Well said", "it's", "no-one", "a")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def frame_by_frame(root):
    rows = [{"audio": heard(i), "text": text} for i, text in enumerate(SAID)]
    return subject(build.wav2vec2_ctc(root / "ctc"), rows)


@pytest.fixture(scope="module")
def dictated(root):
    rows = [{"audio": heard(i), "text": text} for i, text in enumerate(SAID)]
    return subject(build.whisper(root / "whisper"), rows)


def subject(folder, rows):
    return build_subject(open_model(folder, OpenOptions()), data=rows, device="cpu")


def labelled(cells, name):
    return [{name: cell, "label": CLASSES[i % 3]} for i, cell in enumerate(cells)]


def expected(model, **inputs):
    with torch.no_grad():
        return model(**inputs).logits[0].double().numpy()


def test_a_picture_is_seen_as_the_models_own_processor_shows_it(root):
    audited = subject(build.vit(root / "vit"), labelled([pixels(i, 40 + i) for i in range(4)], "image"))
    model, opened, rows = audited.model, audited.model.opened, audited.data.evaluation
    answers, losses = model.predict(rows), model.loss(rows)

    for i, row in enumerate(rows):
        seen = opened.processor(images=row.picture.pixels().copy(), return_tensors="pt")
        logits = expected(opened.model, **seen)
        assert answers.logits[i] == pytest.approx(logits, abs=1e-5)
        assert losses.per_row[i] == pytest.approx(-np.log(answers.probabilities[i, row.label]))
    assert np.ptp(answers.logits, axis=0).max() > 0.01
    assert model.task.name == "image-classification"
    assert model.embed(rows).shape == (4, 16)
    with pytest.raises(CapabilityError, match="can't answers"):
        model.answers(rows)


def test_a_model_of_grey_pictures_is_shown_grey_ones(root):
    audited = subject(build.vit(root / "grey", num_channels=1), labelled([pixels(0)], "image"))
    red, green, blue = (int(level) for level in pixels(0)[3, 5])

    values = audited.model.encodings(audited.data.evaluation)[0].input.values
    shown = PictureReader(_Plain(), channels=1).pictures([Picture.of_array(pixels(0))])[0].input.values

    assert values.shape == (1, 32, 32)
    assert shown[0, 3, 5] == round((299 * red + 587 * green + 114 * blue) / 1000)


def test_a_sound_is_heard_at_the_models_own_rate(root):
    rows = labelled([heard(0), heard(1, rate=8_000), heard(2, seconds=0.73)], "audio")
    audited = subject(build.wav2vec2_classifier(root / "hears"), rows)
    model, opened, rows = audited.model, audited.model.opened, audited.data.evaluation
    answers = model.predict(rows)

    for i, row in enumerate(rows):
        played = opened.processor(row.sound.samples(RATE).copy(), sampling_rate=RATE, return_tensors="pt")
        assert answers.logits[i] == pytest.approx(expected(opened.model, **played), abs=1e-5)
    assert not answers.truncated.any()
    assert model.encoder.remarks(rows) == {RESAMPLED: 1}


def test_a_spectrogram_is_cut_where_its_extractor_cuts(root):
    rows = labelled([heard(0, seconds=0.6), heard(1, seconds=3)], "audio")
    audited = subject(build.spectrogram_classifier(root / "spectrogram"), rows)
    answers = audited.model.predict(audited.data.evaluation)

    assert answers.truncated.tolist() == [False, True]
    # 64 frames of 10 ms, the last of 25 ms.
    assert audited.model.encodings(audited.data.evaluation)[1].tokens_lost == np.ceil((3 - 0.655) * RATE / 320)
    assert audited.model.encoder.remarks(audited.data.evaluation) == {CUT: 1}


def test_short_and_endless_sounds_have_limits():
    model = type("Model", (), {"config": transformers.Wav2Vec2Config(), "main_input_name": "input_values"})()
    reader = SoundReader.of(model, transformers.Wav2Vec2FeatureExtractor(do_normalize=False), name="tiny")
    short, long = Sound.of_array(noise(0, 0.01), RATE), Sound.of_array(np.zeros(61 * RATE, np.float32), RATE)

    assert reader.hear(short).values.shape == (1600,)
    assert (reader.hear(short).values[160:] == 0).all()
    assert reader.hear(long).values.shape == (60 * RATE,)
    assert reader.hear(long).lost == RATE / 320
    assert reader.remarks([Row("a", "", sound=short), Row("b", "", sound=long)]) == {FILLED: 1, CUT: 1}


def test_a_transcript_has_the_probability_that_ctc_gives_it(frame_by_frame):
    model, rows = frame_by_frame.model, frame_by_frame.data.evaluation
    opened = model.opened
    losses = model.loss(rows)

    for i, spelled in enumerate(("WELL SAID", "IT'S", "NOONE", "A")):
        played = opened.processor(rows[i].sound.samples(RATE).copy(), sampling_rate=RATE, return_tensors="pt")
        labels = torch.tensor([opened.tokenizer(spelled)["input_ids"]])
        with torch.no_grad():
            loss = float(opened.model(**played, labels=labels).loss)
        assert losses.per_row[i] == pytest.approx(loss, rel=1e-5)
    assert model.predict(rows).offsets.tolist() == [0, 1, 2, 3, 4]
    assert list(model.encoder.remarks(rows).values()) == [1]


def test_what_ctc_hears_is_its_likeliest_labels_with_real_repeats_kept(frame_by_frame):
    model, rows = frame_by_frame.model, frame_by_frame.data.evaluation
    opened = model.opened
    answers = model.answers(rows)

    for i, row in enumerate(rows):
        played = opened.processor(row.sound.samples(RATE).copy(), sampling_rate=RATE, return_tensors="pt")
        frames = expected(opened.model, **played).argmax(axis=-1).tolist()
        heard_labels = [label for label, before in zip(frames, [None, *frames], strict=False) if label != before]
        letters = opened.tokenizer.convert_ids_to_tokens([label for label in heard_labels if label > 3])
        assert answers.texts[i] == "".join(letters).replace("|", " ").strip()
    assert answers.ended.all()
    with pytest.raises(DataInputError, match="row b has no transcript"):
        model.loss([*rows, Row("b", "", sound=rows[0].sound)])
    assert model.encoder.labels.text([5, 5, 4, 6]) == "AA B"


def test_a_transcript_that_no_alignment_fits_has_no_loss(frame_by_frame):
    short, plain = Sound.of_array(noise(0, 0.1), RATE), Sound.of_array(noise(1), RATE)

    losses = frame_by_frame.model.loss(
        [Row("a", "", answer="a" * 40, sound=short), Row("b", "", answer="!?", sound=plain)]
    )

    assert np.isnan(losses.per_row).all()
    assert losses.offsets.tolist() == [0, 1, 1]


def test_a_decoder_judges_a_transcript_behind_its_language_and_task(dictated):
    model, rows = dictated.model, dictated.data.evaluation
    opened = model.opened
    answers = model.predict(rows)
    names = ("<|startoftranscript|>", "<|hi|>", "<|transcribe|>", "<|notimestamps|>")
    prefix = [opened.tokenizer.convert_tokens_to_ids(name) for name in names]

    for i, row in enumerate(rows):
        played = opened.processor(row.sound.samples(RATE).copy(), sampling_rate=RATE, return_tensors="pt")
        said = opened.tokenizer(row.answer, add_special_tokens=False)["input_ids"]
        decoder = torch.tensor([prefix + said])
        told = expected(opened.model, input_features=played["input_features"], decoder_input_ids=decoder)
        chances = torch.from_numpy(told).log_softmax(-1).numpy()[len(prefix) - 1 :]
        wanted = [*said, opened.tokenizer.eos_token_id]
        start, end = answers.offsets[i : i + 2]
        assert answers.logits[start:end, 0] == pytest.approx([chances[j, token] for j, token in enumerate(wanted)])
    assert len(model.token_statistics(rows)) == 4
    assert model.embed(rows).shape == (4, 16)


def test_what_a_decoder_writes_is_what_it_finds_likeliest_and_ends_at_the_limit(dictated):
    model, rows = dictated.model, dictated.data.evaluation
    opened = model.opened
    answers = model.answers(rows, max_new_tokens=6)

    for i, row in enumerate(rows):
        features = opened.processor(row.sound.samples(RATE).copy(), sampling_rate=RATE, return_tensors="pt")
        decoder = list(model.encoder.prefix)
        for _ in range(6):
            ids = torch.tensor([decoder])
            told = expected(opened.model, input_features=features["input_features"], decoder_input_ids=ids)
            decoder.append(int(told[-1].argmax()))
        written = decoder[len(model.encoder.prefix) :]
        ended = opened.tokenizer.eos_token_id in written
        assert answers.ended[i] == ended
        assert answers.texts[i] == opened.tokenizer.decode(written, skip_special_tokens=True).strip() or ended
    # The decoder takes 32 tokens, of which 4 are no part of the transcript.
    long = model.predict([Row("long", "", answer="x" * 40, sound=rows[0].sound)])
    assert long.truncated.tolist() == [True]
    assert long.offsets.tolist() == [0, 28]


def test_without_a_language_the_tokenizer_says_how_a_transcript_begins(root):
    opened = open_model(build.whisper(root / "untold", language=None), OpenOptions())
    names = ("<|startoftranscript|>", "<|notimestamps|>")
    told = tuple(opened.tokenizer.convert_tokens_to_ids(name) for name in names)
    task = SpeechSeq2Seq()

    assert task.encoder(opened, length=0).prefix == told
    opened.model.generation_config.language = "klingon"
    with pytest.raises(ModelInputError, match="names the language 'klingon'"):
        task.encoder(opened, length=0)
    opened.model.generation_config.language = opened.model.generation_config.decoder_start_token_id = None
    opened.model.config.__dict__["decoder_start_token_id"] = None
    with pytest.raises(ModelInputError, match="nothing says what its decoder begins with"):
        task.encoder(opened, length=0)


def test_a_missing_broken_or_foreign_processor_is_a_sentence(root, tmp_path):
    folder = shutil.copytree(build.vit(root / "processor"), tmp_path / "copy")
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "NoSuchProcessor"}')
    with pytest.raises(ModelInputError, match="the processor can't be loaded"):
        open_model(folder, OpenOptions())
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelInputError, match=r"has no preprocessor_config\.json"):
        open_model(folder, OpenOptions())
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "TimmWrapperImageProcessor"}')
    with pytest.raises(ModelInputError, match=r"torchvision.*which is not installed"):
        load_processor(folder, OpenOptions(), name="copy", medium="picture")
    with pytest.raises(ModelInputError, match=r"shape \(2, 3, 4, 4\) for one picture"):
        PictureReader(_Plain(np.zeros((1, 2, 3, 4, 4)))).pictures([Picture.of_array(pixels(0))])
    with pytest.raises(ModelInputError, match="can't take a picture of 40 by 50"):
        PictureReader(_Plain(None)).pictures([Picture.of_array(pixels(0))])


def test_a_tokenizer_may_have_marks_beyond_the_head_and_no_labels(root):
    folder = build.wav2vec2_ctc(root / "larger", spare=-1)
    with pytest.raises(ModelInputError, match="token ids up to 31, but the head ends at 30"):
        subject(folder, [{"audio": heard(0), "text": "a"}])

    marked = build.wav2vec2_ctc(root / "marked", marks=())
    model = subject(marked, [{"audio": heard(0), "text": "A?"}]).model
    assert max(model.opened.tokenizer.get_vocab().values()) >= model.opened.model.config.vocab_size
    assert model.encoder.labels.spell("a?b").labels.tolist() == [2, 3]


class _Plain:
    """A processor that shows a picture as it is, or something in its place."""

    def __init__(self, instead=False):
        self.instead = instead

    def __call__(self, images, **_):
        return {"pixel_values": [np.moveaxis(images, 2, 0)] if self.instead is False else self.instead}
