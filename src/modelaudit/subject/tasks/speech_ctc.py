"""Speech recognition frame by frame, by connectionist temporal classification (CTC, Graves et al. 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Predictions
from modelaudit.inference.transcripts import TOO_SHORT
from modelaudit.inference.units import Want
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.readers.labels import Labeller, Spelled
from modelaudit.subject.readers.sounds import SoundReader
from modelaudit.subject.tasks.speech_recognition import SpeechRecognition
from modelaudit.subject.tokenizer_lock import lock_of

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

INCOMPLETE = "transcripts with characters that the model has no label for (judged without these)"


@dataclass(frozen=True)
class Transcriber:
    """What reads sounds for a model, and spells transcripts on its labels where it has a head."""

    hears: SoundReader
    labels: Labeller | None

    def encodings(self, contents: Sequence[tuple[Sound, str | None]]) -> list[Encoding]:
        """Return sounds with their transcripts: one judged part, or none where no character of it has a label."""
        encodings = []
        for sound, transcript in contents:
            labels = self._spelled(transcript).labels
            encodings.append(self.hears.hear(sound).encoding(parts=int(len(labels) > 0), targets=labels))
        return encodings

    def remarks(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return how many rows are heard or judged otherwise than they are, by reason."""
        incomplete = sum(self._spelled(row.answer).incomplete for row in rows)
        return self.hears.remarks(rows) | ({INCOMPLETE: incomplete} if incomplete else {})

    def _spelled(self, transcript: str | None) -> Spelled:
        if self.labels is None or transcript is None:
            return Spelled(np.zeros(0, dtype=np.int32), incomplete=False)
        with lock_of(self.labels.tokenizer):
            return self.labels.spell(transcript)


class SpeechCTC(SpeechRecognition):
    """One judged part a row: its whole transcript, over all alignments of it with the sound."""

    suffixes: tuple[str, ...] = ("ForCTC",)
    auto_class: str = "AutoModelForCTC"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "answers"})
    asks: Want = "ctc_log_prob"

    def fits(self, config: Any) -> bool:
        """Whether the model has labels at all."""
        return int(getattr(config, "vocab_size", 0) or 0) > 1

    def encoder(self, opened: OpenedModel, *, length: int) -> Any:
        """Return what reads sounds and spells transcripts."""
        hears = SoundReader.of(opened.model, opened.processor, name=opened.name)
        if opened.tokenizer is None:
            return Transcriber(hears, None)
        return Transcriber(hears, Labeller.of(opened.model, opened.tokenizer, name=opened.name))

    def encode(self, contents: Sequence[Any], encoder: Any) -> list[Encoding]:
        """Return the encodings of sounds with their transcripts."""
        assert isinstance(encoder, Transcriber)
        return encoder.encodings(contents)

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (rows with a transcript, 1) log-probabilities as logits; NaN where the sound is too short for it."""
        judged = [
            np.where(answer > TOO_SHORT, answer, np.float32(np.nan)) if encoding.words else answer[:0]
            for encoding, answer in zip(encodings, logits, strict=True)
        ]
        return super().predictions(encodings, judged, classes=classes)

    def answers(self, rows: Sequence[Row], encoder: Any, engine: Engine, *, opened: OpenedModel, most: int) -> Answers:
        """Return what the model hears: the likeliest label of each frame, repeats and blanks taken out.

        Nothing limits a transcript but the sound. The log-probability is the sum over the labels heard.
        """
        assert isinstance(encoder, Transcriber)
        assert encoder.labels is not None
        encodings = [encoder.hears.hear(row.sound).encoding() for row in rows if row.sound is not None]
        texts, log_probs = [], []
        for heard in engine.ask("generated", [encoding.input for encoding in encodings], [most] * len(encodings)):
            with lock_of(encoder.labels.tokenizer):
                texts.append(encoder.labels.text(np.nan_to_num(heard[:, 0]).astype(np.int64).tolist()))
            log_probs.append(float(heard[:, 1].astype(np.float64).sum()))
        return Answers(
            tuple(texts),
            np.array(log_probs, dtype=np.float64),
            np.ones(len(texts), dtype=np.bool_),
            np.array([encoding.tokens_lost > 0 for encoding in encodings], dtype=np.bool_),
        )
