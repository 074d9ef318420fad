"""Tables of pictures and sounds: every form in which people keep them, and what of it can't be seen or heard."""

import json

import datasets
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from seen_and_heard import CLASSES, heard, noise, pixels, png, wav

from modelaudit.errors import DataInputError
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.subject.quiet import quiet
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import ColumnChoice
from modelaudit.subject.tasks.audio_classification import AudioClassification
from modelaudit.subject.tasks.image_classification import ImageClassification
from modelaudit.subject.tasks.speech_ctc import SpeechCTC

LABELS = ("dog", "cat", "dog")
PICTURES = tuple(Picture.of_array(pixels(seed)) for seed in range(3))
SOUNDS = tuple(Sound.of_array(noise(seed), 16_000) for seed in range(3))
SEEN, HEARD, SAID = ImageClassification(), AudioClassification(), SpeechCTC()


def rows_of(source, task=SEEN, **columns):
    return task.rows(read_table(source, name="data"), CLASSES, ColumnChoice(**columns))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("media")
    for seed in range(3):
        (root / f"{seed}.png").write_bytes(png(seed))
        (root / f"{seed}.wav").write_bytes(wav(seed))
    return root


FORMS = {
    "pillow": ("image", lambda seed: Image.fromarray(pixels(seed))),
    "arrays": ("img", pixels),
    "channels first, 0 to 1": ("image", lambda seed: pixels(seed).transpose(2, 0, 1) / 255),
    "nested lists": ("picture", lambda seed: pixels(seed).tolist()),
    "bytes": ("photo", png),
    "bytes as datasets keeps them": ("image", lambda seed: {"bytes": png(seed), "path": None}),
}


@pytest.mark.parametrize("form", FORMS)
def test_pictures_are_read_in_every_form(form):
    column, make = FORMS[form]
    batch = rows_of([{column: make(seed), "label": label, "year": seed} for seed, label in enumerate(LABELS)])

    assert tuple(row.picture for row in batch.rows) == PICTURES
    assert [row.label for row in batch.rows] == [1, 0, 1]
    assert [dict(row.columns) for row in batch.rows] == [{"year": seed} for seed in range(3)]
    assert (batch.text_column, batch.label_column, batch.set_aside) == (column, "label", {})
    assert {row.text for row in batch.rows} == {""}


def test_sounds_are_read_in_every_form(folder):
    forms = [
        [{"audio": heard(seed)} for seed in range(3)],
        [{"sound": noise(seed).tolist(), "sampling_rate": 16_000} for seed in range(3)],
        [{"speech": wav(seed)} for seed in range(3)],
        [{"what": str(folder / f"{seed}.wav")} for seed in range(3)],
        pd.DataFrame({"audio": [heard(seed) for seed in range(3)]}),
    ]
    for form in forms:
        assert tuple(row.sound for row in rows_of(form, HEARD).rows) == SOUNDS


def test_whole_numbers_are_of_their_own_full_scale():
    samples = (noise(0) * 32767).astype(np.int16)
    (row,) = rows_of([{"audio": {"array": samples, "sampling_rate": 16_000}}], HEARD).rows

    assert np.abs(row.sound.samples() - noise(0)).max() < 1e-4


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_paths_of_a_table_begin_at_its_folder(folder, suffix):
    frame = pd.DataFrame({"file_name": [f"{seed}.png" for seed in range(3)], "label": LABELS})
    path = folder / f"table.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)

    assert tuple(row.picture for row in rows_of(path).rows) == PICTURES


def test_datasets_with_features_need_no_decoder_of_theirs(folder, tmp_path):
    with quiet():
        pictures = datasets.Dataset.from_dict(
            {"image": [str(folder / f"{i}.png") for i in range(3)], "label": [1, 0, 1]}
        )
        pictures = pictures.cast_column("image", datasets.Image())
        pictures = pictures.cast_column("label", datasets.ClassLabel(names=["cat", "dog"]))
        pictures.to_parquet(tmp_path / "pictures.parquet")
        sounds = datasets.Dataset.from_dict({"audio": [str(folder / f"{i}.wav") for i in range(3)], "text": ["a"] * 3})
        sounds = sounds.cast_column("audio", datasets.Audio(sampling_rate=8_000))

    for source in (pictures, tmp_path / "pictures.parquet"):
        batch = rows_of(source)
        assert tuple(row.picture for row in batch.rows) == PICTURES
        assert [row.label for row in batch.rows] == [1, 0, 1]
    assert [(row.sound, row.answer) for row in rows_of(sounds, SAID).rows] == [(sound, "a") for sound in SOUNDS]


def test_folders_of_classes_and_folders_with_metadata_are_tables(tmp_path):
    for seed, label in enumerate(LABELS):
        (tmp_path / "classes" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "classes" / label / f"{seed}.png").write_bytes(png(seed))
    (tmp_path / "classes" / ".cache").mkdir()
    (tmp_path / "classes" / ".cache" / "9.png").write_bytes(b"no picture")
    (tmp_path / "classes" / "notes.txt").write_text("no picture")
    batch = rows_of(tmp_path / "classes")
    assert [(row.columns["file_name"], row.label) for row in batch.rows] == [
        ("cat/1.png", 0), ("dog/0.png", 1), ("dog/2.png", 1),
    ]  # fmt: skip
    assert {row.picture for row in batch.rows} == set(PICTURES)

    (tmp_path / "said").mkdir()
    lines = [json.dumps({"file_name": f"{i}.wav", "transcription": "well", "accent": "north"}) for i in range(3)]
    (tmp_path / "said" / "metadata.jsonl").write_text("\n".join(lines))
    for seed in range(3):
        (tmp_path / "said" / f"{seed}.wav").write_bytes(wav(seed))
    batch = rows_of(tmp_path / "said", SAID)
    assert tuple(row.sound for row in batch.rows) == SOUNDS
    assert {(row.answer, row.columns["accent"]) for row in batch.rows} == {("well", "north")}


def test_a_folder_that_is_several_or_none_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataInputError, match=r"is a folder; name one file in it .*or a folder of pictures or sounds"):
        rows_of(tmp_path / "empty")
    for split in ("train", "test"):
        (tmp_path / "splits" / split / "cat").mkdir(parents=True)
        (tmp_path / "splits" / split / "cat" / "a.png").write_bytes(png(0))
    with pytest.raises(DataInputError, match="the splits test, train"):
        rows_of(tmp_path / "splits")
    assert len(rows_of(tmp_path / "splits" / "test").rows) == 1
    (tmp_path / "splits" / "test" / "b.png").write_bytes(png(1))
    with pytest.raises(DataInputError, match="some files lie in folders and some beside"):
        rows_of(tmp_path / "splits" / "test")
    (tmp_path / "splits" / "test" / "b.wav").write_bytes(wav(1))
    with pytest.raises(DataInputError, match="pictures and sounds"):
        rows_of(tmp_path / "splits" / "test")


def test_what_cannot_be_seen_is_left_out_and_counted(folder):
    cells = [
        str(folder / "0.png"), str(folder / "none.png"), "/dev/zero", "https://example.org/a.png", "data:image/png;x",
        None, b"", png(1)[:200], pixels(1, 1, 4000), np.zeros((0, 3, 3)), np.full((4, 4, 3), np.nan),
        pixels(1).astype(np.float32) - 500, 7,
    ]  # fmt: skip
    batch = rows_of([{"image": cell, "label": "cat"} for cell in cells] + [{"image": png(2), "label": None}])

    assert [row.id for row in batch.rows] == ["data:1"]
    assert batch.set_aside == {
        "rows whose picture is missing (left out)": 2,
        "rows whose picture is at an address (left out, nothing is fetched)": 2,
        "rows without a picture (left out)": 1,
        "rows whose picture is broken, cut off or of no known kind (left out)": 4,
        "rows whose picture is more than 100 times as long as wide, or as wide as long (left out)": 1,
        "rows whose picture has no pixels (left out)": 1,
        "rows whose picture has pixels that are no numbers (left out)": 1,
        "rows without a label (left out)": 1,
    }


def test_what_cannot_be_heard_is_left_out_and_counted_and_silence_is_kept():
    cells = [
        heard(0), {"array": np.zeros(900), "sampling_rate": 16_000}, {"array": [], "sampling_rate": 16_000},
        {"array": [0.1, np.inf], "sampling_rate": 16_000}, {"array": noise(0), "sampling_rate": "fast"},
        {"array": noise(0), "sampling_rate": 3}, noise(0), "s3://bucket/a.wav", "none.wav", b"RIFF",
        {"bytes": None, "path": None},
    ]  # fmt: skip
    batch = rows_of([{"audio": cell} for cell in cells], HEARD)

    assert [row.id for row in batch.rows] == ["data:1", "data:2"]
    assert batch.set_aside == {
        "sounds that are silent (kept)": 1,
        "rows whose sound is empty (left out)": 1,
        "rows whose sound has samples that are no numbers (left out)": 1,
        "rows whose sound is broken, cut off or of no known kind (left out)": 4,
        "rows whose sound is at an address (left out, nothing is fetched)": 1,
        "rows whose sound is missing (left out)": 1,
        "rows without a sound (left out)": 1,
    }


def test_nothing_left_and_no_column_are_sentences(folder):
    with pytest.raises(DataInputError, match=r"no picture in column 'image' can be read .*missing.*: 2.*the first: "):
        rows_of([{"image": "none.png", "label": "cat"}] * 2)
    with pytest.raises(DataInputError, match="no picture column found among 'text', 'label'"):
        rows_of([{"text": "a word or two", "label": "cat"}])
    with pytest.raises(DataInputError, match="the sound column is ambiguous"):
        rows_of([{"file": "a.wav", "path": "b.wav"}], HEARD)
    with pytest.raises(DataInputError, match="labels don't match"):
        rows_of([{"image": png(0), "label": "horse"}])


def test_text_tables_keep_long_lists_as_lists():
    table = read_table([{"tokens": np.array(["a"] * 5000), "tags": np.arange(5000)}], name="data")

    assert isinstance(table.cells("tokens")[0], list)
    assert isinstance(table.cells("tags")[0], list)


def test_silence_is_no_broken_number_where_the_extractor_divides_by_the_spread_of_a_sound():
    from transformers import Speech2TextConfig, Speech2TextFeatureExtractor, Speech2TextModel

    from modelaudit.subject.readers.sounds import SoundReader

    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": 20}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    model = Speech2TextModel(Speech2TextConfig(**sizes, **heads))
    reader = SoundReader.of(model, Speech2TextFeatureExtractor(), name="tiny")
    silence = np.zeros(16_000, dtype=np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        made = reader.extractor(silence, sampling_rate=16_000, return_tensors="np")["input_features"]
    assert not np.isfinite(made).all()
    assert (reader.hear(Sound.of_array(silence, 16_000)).values == 0).all()
