"""How the cost grows with rows and workers, as figures and as a plot of our own few lines."""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from xml.sax.saxutils import escape

from study import Figure

from engine.classifier import Classifier
from engine.clock import Clock
from engine.ours import Ours
from engine.work import mixed_texts, texts_task
from modelaudit.inference import Engine

FACTORS = (1, 4, 16)
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 60
COLOURS = ("#1b6ca8", "#c4501b", "#4a7d2b")

Line = tuple[str, list[float]]


def figures(classifier: Classifier, *, rows: int, workers: Sequence[int], repetitions: int, plot: Path) -> list[Figure]:
    """Return wall seconds by rows and workers (each at one thread), and draw them."""
    lines: list[Line] = []
    found: list[Figure] = []
    for count in workers:
        name = "1 worker" if count == 1 else f"{count} workers"
        if count > 1 and "workers" not in inspect.signature(Engine).parameters:
            found.append(Figure(f"growth, {name}: not measured, this engine has one", None, "wall seconds"))
            continue
        seconds = _measured(classifier, rows, repetitions, count)
        lines.append((name, seconds))
        for factor, taken in zip(FACTORS, seconds, strict=True):
            found.append(Figure(f"growth, {name}: {factor * rows} rows (x{factor})", taken, "wall seconds"))
        found.append(
            Figure(f"growth, {name}: time of x16 by 16 times that of x1", seconds[2] / seconds[0] / 16, "ratio")
        )
    for name, seconds in lines[1:]:
        share = lines[0][1][-1] / seconds[-1]
        found.append(Figure(f"growth, {name}: x16 rows against 1 worker", share, "times as fast"))
    plot.parent.mkdir(parents=True, exist_ok=True)
    plot.write_text(drawing(lines, rows, classifier.name), encoding="utf-8")
    return found


def _measured(classifier: Classifier, rows: int, repetitions: int, workers: int) -> list[float]:
    """Return the median wall seconds of each factor; wall, since workers are other processes."""
    clock = Clock(threads=1, device=classifier.device)
    tasks = [texts_task(classifier, mixed_texts(classifier, rows * factor, seed=7), seed=7) for factor in FACTORS]
    ours = Ours(classifier, **({"workers": workers} if workers > 1 else {}))
    taken: list[list[float]] = [[] for _ in tasks]
    try:
        with clock.running():
            ours.texts(tasks[0])
            for _ in range(repetitions):
                for place, task in enumerate(tasks):
                    ours.forget()
                    taken[place].append(clock.time(lambda task=task: ours.texts(task))[1].wall)
    finally:
        ours.close()
    return [statistics.median(one) for one in taken]


def drawing(lines: Sequence[Line], rows: int, model: str) -> str:
    """Return an SVG of seconds by rows, both on a logarithmic scale, where proportional growth is a straight line."""
    every = [value for _, values in lines for value in values]
    low, high = floor(log10(min(every))), ceil(log10(max(every)))
    high = max(high, low + 1)

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / (len(FACTORS) - 1)

    def y(seconds: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(seconds) - low) / (high - low)

    title = f"Time of the engine by number of texts ({model})"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" '
        f'font-size="13" fill="#222"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="26" font-size="15">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 14}" text-anchor="middle">'
        "texts of 8 to 60 words</text>",
        f'<text transform="translate(20 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        "wall seconds</text>",
    ]
    for exponent in range(low, high + 1):
        height = y(10.0**exponent)
        parts.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>')
    for place, factor in enumerate(FACTORS):
        parts.append(
            f'<text x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{rows * factor:,}</text>'
        )
    for colour, (name, values) in zip(COLOURS, lines, strict=False):
        points = [(x(place), y(value)) for place, value in enumerate(values)]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>' for a, b in points]
        end = points[-1]
        parts.append(f'<text x="{end[0] + 10:.1f}" y="{end[1] + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
