"""A segment gives back what was written, to the bit; whatever is torn or damaged is dropped, and never believed."""

import shutil
import struct
import tempfile
import tracemalloc
import zlib
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.errors import InputError
from modelaudit.inference import Journal
from modelaudit.inference.records import digest

FRAMES = [
    [(b"a" * 16, np.array([1.5, -2.0], np.float32)), (b"b" * 16, np.zeros((0, 3), np.float32))],
    [(b"c" * 16, np.arange(6, dtype=np.float32).reshape(2, 3))],
    [(b"d" * 16, np.array([7.0], np.float32)), (b"e" * 16, np.array(8.0, np.float32))],
]


def write(folder, frames=FRAMES, numerics="n"):
    """Write frames to a new segment, and return its path and where each frame ends."""
    with Journal(folder, resume=True) as journal:
        records, ends = journal.open("m", numerics), []
        for frame in frames:
            records.append([key for key, _ in frame], [answer for _, answer in frame])
            [*_, path] = sorted(Path(folder).glob("segment-*"))
            ends.append(path.stat().st_size)
    return path, ends


def read(folder, keys=tuple(key for frame in FRAMES for key, _ in frame)):
    """Return the answers that a resumed journal has, and what it says."""
    with Journal(folder, resume=True) as journal:
        records = journal.open("m", "n")
        found = {key: answer for key in keys if (answer := records.get(key)) is not None}
        assert len(records) == len(found)
    return found, records.events


def assert_equal(found, frames):
    expected = dict(chain.from_iterable(frames))
    assert found.keys() == expected.keys()
    for key, answer in found.items():
        assert answer.dtype == np.float32
        assert answer.shape == expected[key].shape
        assert answer.tobytes() == expected[key].tobytes()
        assert not answer.flags.writeable


@st.composite
def answers(draw):
    shape = draw(st.sampled_from([(0,), (3,), (0, 3), (2, 3), (1, 1), (), (40, 5), (2, 0, 2)]))
    size = int(np.prod(shape)) * 4
    # Bits rather than numbers: infinities, negative zeros and every NaN come back as they were.
    values = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), "<f4").reshape(shape)
    return np.asfortranarray(values) if draw(st.booleans()) else values


@given(
    st.lists(st.lists(st.tuples(st.binary(min_size=16, max_size=16), answers()), min_size=1, max_size=5), max_size=5)
)
def test_what_was_written_comes_back(frames):
    with tempfile.TemporaryDirectory() as folder:
        with Journal(folder) as journal:
            records = journal.open("m", "n")
            for frame in frames:
                records.append([key for key, _ in frame], [answer for _, answer in frame])
            keys = [key for frame in frames for key, _ in frame]
            assert_equal({key: records.get(key) for key in keys}, frames)
        found, events = read(folder, keys)
        assert_equal(found, frames)
        assert events == []


def test_a_tail_torn_at_any_byte_is_dropped_and_told(tmp_path):
    path, ends = write(tmp_path / "whole")
    whole = path.read_bytes()
    for length in range(ends[1], ends[2]):
        folder = tmp_path / str(length)
        folder.mkdir(mode=0o700)
        torn = folder / path.name
        torn.write_bytes(whole[:length])
        found, events = read(folder)
        assert_equal(found, FRAMES[:2])
        dropped = length - ends[1]
        sentence = (
            f"The journal's segment-000001.journal was torn or damaged at byte {ends[1]}; the {dropped} bytes from "
            "there on were dropped, and their rows are computed again."
        )
        assert events == ([sentence] if dropped else [])
        assert torn.stat().st_size == ends[1]
        assert read(folder)[1] == []
        shutil.rmtree(folder)


def test_a_flipped_bit_anywhere_is_never_believed(tmp_path):
    path, ends = write(tmp_path / "j")
    whole = path.read_bytes()
    begins = ends[0] - (ends[2] - ends[0])
    for byte in range(len(whole)):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        found, events = read(tmp_path / "j")
        assert_equal(found, [frame for frame, end in zip(FRAMES, ends, strict=True) if end <= byte])
        [event] = events
        assert ("damaged" if byte >= begins and found else "The journal's segment-000001.journal") in event


@pytest.mark.parametrize(
    "tail", [b"\0" * 4096, b"\0", b"\xff" * 40, struct.pack("<QI", 1 << 62, 0), struct.pack("<QI", 0, zlib.crc32(b""))]
)
def test_a_tail_of_other_content_is_dropped(tmp_path, tail):
    path, ends = write(tmp_path / "j")
    path.write_bytes(path.read_bytes() + tail)
    found, events = read(tmp_path / "j")
    assert_equal(found, FRAMES)
    assert f"at byte {ends[-1]}; the {len(tail)} bytes" in events[0]


def test_a_frame_of_another_segment_does_not_pass(tmp_path):
    path, _ = write(tmp_path / "j", FRAMES[:2])
    other, other_ends = write(tmp_path / "j", FRAMES, numerics="other")
    path.write_bytes(path.read_bytes() + other.read_bytes()[other_ends[1] :])
    found, events = read(tmp_path / "j")
    assert_equal(found, FRAMES[:2])
    assert len(events) == 1


def test_behind_a_damaged_frame_a_new_run_writes_a_new_segment(tmp_path):
    path, ends = write(tmp_path / "j")
    damaged = bytearray(path.read_bytes())
    damaged[ends[0] + 20] ^= 1
    path.write_bytes(damaged)
    assert_equal(read(tmp_path / "j")[0], FRAMES[:1])
    write(tmp_path / "j", FRAMES[1:])
    found, events = read(tmp_path / "j")
    assert_equal(found, FRAMES)
    assert events == []


@pytest.mark.parametrize("length", [0, 5, 15, 16, 20, 40])
def test_a_segment_without_a_whole_beginning_is_told_and_left_alone(tmp_path, length):
    path, _ = write(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:length])
    with Journal(tmp_path / "j", resume=True) as journal:
        records = journal.open("m", "n")
        assert records.events == ["The journal's segment-000001.journal has no whole beginning and was not used."]
        assert journal.open("m", "n").events == []
        records.append([b"x" * 16], [np.ones(1, np.float32)])
    assert path.stat().st_size == length
    assert (tmp_path / "j" / "segment-000002.journal").exists()


def test_another_version_of_the_format_is_refused(tmp_path):
    path, _ = write(tmp_path / "j")
    start = struct.pack("<8sI", b"maudjrnl", 2)
    path.write_bytes(start + struct.pack("<I", zlib.crc32(start)) + b"whatever it will be")
    with (
        Journal(tmp_path / "j", resume=True) as journal,
        pytest.raises(InputError, match=r"segment-000001.journal is a journal of format 2 .* format 1; run without"),
    ):
        journal.open("m", "n")
    with Journal(tmp_path / "j") as journal:
        assert len(journal.open("m", "n")) == 0


def test_a_segment_can_be_larger_than_memory(tmp_path):
    row = np.arange(250_000, dtype=np.float32)
    write(tmp_path / "j", [[(bytes([n]) * 16, row + n)] for n in range(30)])
    tracemalloc.start()
    try:
        with Journal(tmp_path / "j", resume=True) as journal:
            records = journal.open("m", "n")
            for n in range(30):
                assert np.array_equal(records.get(bytes([n]) * 16), row + n)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(records) == 30
    assert peak < 8_000_000


def test_keys_differ_where_questions_differ():
    content, other = b"c" * 16, b"d" * 16
    keys = [
        (content, "logits", None),
        (other, "logits", None),
        (content, "hidden", None),
        (content, "logits", b""),
        (content, "logits", b"\1\0\0\0"),
        (content, "gradients 1", None),
        (content, "gradients 11", None),
        (content, "gradients 1", b"1"),
    ]
    assert len({digest(key) for key in keys}) == len(keys)
    assert {len(digest(key)) for key in keys} == {16}
