"""Speech recognition by a model that reads a sound with an encoder and writes with a decoder, as Whisper does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers
from modelaudit.evidence import storable
from modelaudit.inference.writing import ends_of
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.answering import decoded
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.readers.labels import check_tokens
from modelaudit.subject.readers.sounds import SoundReader
from modelaudit.subject.readers.speech_prefix import speech_prefix
from modelaudit.subject.tasks.speech_recognition import SpeechRecognition
from modelaudit.subject.tokenizer_lock import lock_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

Ints = NDArray[np.int32]
CUT = "transcripts longer than the model's decoder takes (judged up to there)"
UNKNOWN_LENGTH = 448
"""Tokens of a decoder that names no limit: as many as Whisper's has."""


@dataclass(frozen=True)
class Dictation:
    """What reads sounds for an encoder, and transcripts for its decoder.

    Attributes:
        prefix: what the decoder reads before a transcript. end: the token that ends one, or None.
        most: the most tokens that the decoder takes.
    """

    hears: SoundReader
    tokenizer: PreTrainedTokenizerBase
    prefix: tuple[int, ...]
    end: int | None
    most: int

    def encodings(self, contents: Sequence[tuple[Sound, str | None]]) -> list[Encoding]:
        """Return sounds with their transcripts, each token of which is judged, and the one that ends it."""
        encodings = []
        for sound, transcript in contents:
            decoder, targets, lost = self._transcript(transcript)
            places = np.arange(len(self.prefix) - 1, len(self.prefix) - 1 + len(targets), dtype=np.int32)
            heard = self.hears.hear(sound)
            encodings.append(
                heard.encoding(parts=len(targets), lost=lost, decoder=decoder, gather=places, targets=targets)
            )
        return encodings

    def opening(self, sound: Sound) -> Encoding:
        """Return a sound for which nothing is written yet."""
        return self.hears.hear(sound).encoding(decoder=np.array(self.prefix, dtype=np.int32))

    def remarks(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return how many rows are heard or judged otherwise than they are, by reason."""
        cut = sum(self._transcript(row.answer)[2] > 0 for row in rows)
        return self.hears.remarks(rows) | ({CUT: cut} if cut else {})

    def spelled(self, tokens: Sequence[int]) -> str:
        """Return what tokens spell, without special ones and white space at either end."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True)).strip()

    def _transcript(self, text: str | None) -> tuple[Ints, Ints, int]:
        """What the decoder reads, what it should say behind the prefix, and how many tokens are beyond its length."""
        ids: list[int] = []
        if text is not None:
            with lock_of(self.tokenizer):
                ids = list(self.tokenizer(storable(text).strip(), add_special_tokens=False, verbose=False)["input_ids"])
        kept = ids[: max(0, self.most - len(self.prefix))]
        ended = text is not None and self.end is not None and len(kept) == len(ids)
        targets = [*kept, self.end] if ended else kept
        read = [*self.prefix, *(kept if ended else kept[:-1])]
        return np.array(read, dtype=np.int32), np.array(targets, dtype=np.int32), len(ids) - len(kept)


class SpeechSeq2Seq(SpeechRecognition):
    """Judged are the tokens of the transcript and the one that ends it, each from all before it."""

    suffixes: tuple[str, ...] = ("ForConditionalGeneration", "ForSpeechSeq2Seq")
    auto_class: str = "AutoModelForSpeechSeq2Seq"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "token_statistics", "answers"})

    def fits(self, config: Any) -> bool:
        """Whether the model has an encoder for what it hears and a decoder for what it writes."""
        return bool(config.is_encoder_decoder)

    def encoder(self, opened: OpenedModel, *, length: int) -> Any:
        """Return what reads sounds and transcripts; a model without a head reads no transcripts."""
        hears = SoundReader.of(opened.model, opened.processor, name=opened.name)
        if opened.tokenizer is None:
            return hears
        check_tokens(opened.tokenizer, int(opened.model.config.vocab_size), name=opened.name)
        own = opened.tokenizer.eos_token_id
        ends = sorted(ends_of(opened.model))
        return Dictation(
            hears,
            opened.tokenizer,
            speech_prefix(opened.model, opened.tokenizer, name=opened.name),
            own if own in ends or not ends else ends[0],
            _decoder_length(opened.model.config),
        )

    def encode(self, contents: Sequence[Any], encoder: Any) -> list[Encoding]:
        """Return the encodings of sounds with their transcripts."""
        if isinstance(encoder, SoundReader):
            return encoder.sounds([sound for sound, _ in contents])
        assert isinstance(encoder, Dictation)
        return encoder.encodings(contents)

    def answers(self, rows: Sequence[Row], encoder: Any, engine: Engine, *, opened: OpenedModel, most: int) -> Answers:
        """Return what the model writes down of each sound, greedily and as its own settings say."""
        assert isinstance(encoder, Dictation)
        encodings = [encoder.opening(row.sound) for row in rows if row.sound is not None]
        return decoded(
            encodings,
            [encoding.input for encoding in encodings],
            engine,
            opened=opened,
            spelled=encoder.spelled,
            most=min(most, max(1, encoder.most - len(encoder.prefix))),
        )


def _decoder_length(config: Any) -> int:
    named = (getattr(config, key, None) for key in ("max_target_positions", "max_position_embeddings"))
    return next((int(length) for length in named if isinstance(length, int) and length > 0), UNKNOWN_LENGTH)
