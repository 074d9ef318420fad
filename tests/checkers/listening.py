"""Models of plain arithmetic, and pictures and sounds that they are asked about; shared by the tests of corruptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from modelaudit.checker import Answers, Budget, Data, Predictions
from modelaudit.checkers.robustness.corruptions import CorruptionRobustness
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.results import CheckResult, Finding
from modelaudit.rows import Row

RATE = 8_000
SIDE = 32
TONES = {"low": 500.0, "middle": 900.0, "high": 1_500.0}


@dataclass
class Listener:
    """A model of plain arithmetic: a picture's class, or the words of a sound, of which it hears `longest` seconds."""

    decide: Callable[[Row], int] = lambda row: 0
    write: Callable[[Row], str] = lambda row: ""
    labels: tuple[str, ...] = ("lying", "standing")
    capabilities: frozenset[str] = frozenset({"predict", "answers"})
    asked: list[Row] = field(default_factory=list)
    longest: float = 1e9

    def predict(self, rows):
        self.asked += rows
        chances = np.eye(len(self.labels))[[self.decide(row) for row in rows]] * 0.8 + 0.1
        return Predictions(np.log(chances), chances, self.too_long(rows))

    def answers(self, rows, *, max_new_tokens=64):
        self.asked += rows
        texts = tuple(self.write(row) for row in rows)
        ended = np.array([len(text) < 200 for text in texts])
        return Answers(texts, np.zeros(len(rows)), ended, self.too_long(rows))

    def too_long(self, rows):
        return np.array([row.sound is not None and row.sound.seconds > self.longest for row in rows], dtype=np.bool_)


def context(model: Listener, rows: list[Row], task: str = "image-classification", preset: str = "quick", seed: int = 0):
    notes: list[str] = []
    return SimpleNamespace(
        model=model,
        data=Data(evaluation=tuple(rows)),
        subject=SimpleNamespace(task=task, preset=preset),
        budget=Budget(preset),
        seed=seed,
        rng=np.random.default_rng(seed),
        notes=notes,
        note=notes.append,
    )


def found(model: Listener, rows: list[Row], **more) -> dict[tuple[str, str | None], Finding]:
    return told(CorruptionRobustness(), model, rows, **more)[0]


def told(checker: CorruptionRobustness, model: Listener, rows: list[Row], **more):
    """Return the findings by metric and group, and the notes."""
    ctx = context(model, rows, **more)
    findings = list(checker.run(ctx))
    # What the runner makes of them: no two findings of one metric and group.
    CheckResult(checker=CorruptionRobustness.info, status="completed", findings=tuple(findings))
    return {(finding.metric.id, finding.metric.group): finding for finding in findings}, ctx.notes


def stripes(standing: bool, seed: int) -> Picture:
    """Broad stripes, brighter where they stand; a grain makes each picture its own."""
    rng = np.random.default_rng(seed)
    wave = 0.2 * np.sign(np.sin(2 * np.pi * (np.arange(SIDE) / (SIDE / 2) + rng.random())))
    light = (0.62 if standing else 0.38) + (np.tile(wave, (SIDE, 1)) if standing else np.tile(wave[:, None], (1, SIDE)))
    light = light[:, :, None] + 0.01 * rng.standard_normal((SIDE, SIDE, 3))
    return Picture.of_array((np.clip(light, 0, 1) * 255).astype(np.uint8))


def by_light(row: Row) -> int:
    return int(row.picture.pixels().mean() > 127)


def by_direction(row: Row) -> int:
    light = row.picture.pixels().mean(axis=2)
    return int(light.mean(axis=0).std() > light.mean(axis=1).std())


def picture_rows(n: int = 40, *, labelled: bool = True) -> list[Row]:
    return [
        Row(f"data:{at}", "", picture=stripes(at % 2 == 1, at), label=at % 2 if labelled else None) for at in range(n)
    ]


def spoken(words: str, seed: int, *, loud: float = 0.5) -> Sound:
    rng = np.random.default_rng(seed)
    time = np.arange(int(0.25 * RATE)) / RATE
    parts = [loud * np.sin(2 * np.pi * TONES[word] * time) for word in words.split()]
    return Sound.of_array((np.concatenate(parts) + 0.001 * rng.standard_normal(len(parts) * len(time))), RATE)


def heard(row: Row, *, least: float) -> str:
    """Name the strongest tone of each quarter of a second that is loud enough."""
    samples = row.sound.samples()
    words = []
    for start in range(0, len(samples) - RATE // 8, RATE // 4):
        part = samples[start : start + RATE // 4]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        frequency = float(np.fft.rfftfreq(len(part), 1 / RATE)[int(np.argmax(spectrum))])
        if float(np.sqrt(np.mean(part**2))) >= least:
            words.append(min(TONES, key=lambda word: abs(np.log(max(frequency, 1.0) / TONES[word]))))
    return " ".join(words)


def sound_rows(n: int = 40) -> list[Row]:
    rng = np.random.default_rng(5)
    found = []
    for at in range(n):
        words = " ".join(rng.choice(list(TONES), size=4))
        found.append(Row(f"data:{at}", "", sound=spoken(words, at), answer=words, group=f"speaker {at // 4}"))
    return found
