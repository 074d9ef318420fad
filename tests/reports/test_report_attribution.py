"""Attributions on the page: what they say without colour and sight, what hostile words do, and how large they are."""

from __future__ import annotations

import random
import re

import pytest
from drawn import check_characters, shown
from hostile import CORPUS
from page import Page

from modelaudit.evidence import Attribution

MOST_BYTES = 6 * 1024
"""A shown row of up to 64 words."""


def long_row(words: int, letters: int) -> Attribution:
    """Return a row in which every word is marked in every way that costs bytes."""
    rng = random.Random(7)
    values = tuple(rng.choice((-1.0, 1.0)) * rng.uniform(1.0, 2.0) for _ in range(words))
    return Attribution(
        title="Least additive row (most left unexplained by a list of words)",
        row="evaluation:12345",
        target="approved",
        unit="log-odds",
        words=tuple("w" * max(1, round(rng.gauss(letters, letters / 3))) for _ in range(words)),
        values=values,
        errors=tuple(rng.uniform(0.01, 0.1) for _ in range(words)),
        degrees_of_freedom=11,
        steadiness=tuple(rng.uniform(0.3, 1.0) for _ in range(words)),
        base=0.4,
        output=0.4 + sum(values),
    )


@pytest.mark.parametrize("words", [20, 40, 64])
def test_a_shown_row_is_under_6_kb(words: int) -> None:
    figure = shown(long_row(words, letters=5))
    assert len(figure.encode()) < MOST_BYTES


@pytest.mark.parametrize("scale", [100.0, 0.05, 1e-6])
def test_large_and_small_values_stay_under_6_kb(scale: float) -> None:
    item = long_row(64, letters=5)
    values, errors = (tuple(scale * number for number in numbers) for numbers in (item.values, item.errors or ()))
    figure = shown(item.model_copy(update={"values": values, "errors": errors, "output": 0.4 + sum(values)}))
    assert len(figure.encode()) < MOST_BYTES


def test_values_that_are_nothing_beside_the_output_are_not_coloured() -> None:
    item = long_row(6, letters=5)
    values, errors = (tuple(1e-5 * number for number in numbers) for numbers in (item.values, item.errors or ()))
    figure = shown(item.model_copy(update={"values": values, "errors": errors, "base": 7.0, "output": 7.0}))
    assert [attributes for attributes in Page(figure).all("li") if "v" in (attributes.get("class") or "")] == []
    assert "0.0000 ± 0.0000" in Page(figure).words


def test_long_words_cost_their_letters_and_no_more() -> None:
    figure = shown(long_row(64, letters=50))
    assert figure.count("w") > 3_000
    assert len(re.sub("w{3,}", "", figure).encode()) < MOST_BYTES


def test_a_row_is_read_without_colour_and_without_sight() -> None:
    item = Attribution(
        title="A row", row="r:1", target="approved", unit="log-odds", words=("not", "refused", "the"),
        values=(0.5, -1.42, 0.01), errors=(0.02, 0.03, 0.04), degrees_of_freedom=3, steadiness=(0.2, 0.9, 1.0),
        base=0.4, output=-0.51,
    )  # fmt: skip
    figure = shown(item)
    page = Page(figure)
    assert "not +0.50 ± 0.06 varies refused −1.42 ± 0.10 the +0.01 ± 0.13" in page.words
    assert "all words hidden (base) 0.40 refused −1.42 ± 0.10 not +0.50 ± 0.06 the +0.01 ± 0.13" in page.words
    assert "varies: what it adds depends on the words around it." in page.words
    assert "Under each word: what it adds, in log-odds, ± half its 95% interval." in page.words
    # What a screen reader passes over holds no text, and no word is in an attribute.
    assert all(svg.get("aria-hidden") == "true" for svg in page.all("svg"))
    assert not any("title" in attributes for _, attributes in page.tags)
    assert [attributes.get("class") for attributes in page.all("li")][:3] == ["u2 v", "d3", None]


def test_exact_values_have_no_interval_and_unmeasured_steadiness_no_key() -> None:
    item = long_row(4, letters=5).model_copy(update={"errors": None, "degrees_of_freedom": None, "steadiness": None})
    figure = shown(item)
    assert "±" not in figure
    assert "interval" not in figure
    assert "varies" not in figure
    # A bar each, and a line at 0 where the bar does not begin there.
    assert figure.count("<rect") == 2 * figure.count("<svg") - 2


def test_words_that_may_not_be_shown_are_numbered() -> None:
    figure = shown(long_row(4, letters=12).model_copy(update={"words": None, "private": True}))
    assert "word 3" in Page(figure).words
    assert "The text is withheld." in Page(figure).words
    assert "www" not in figure


@pytest.mark.parametrize("text", CORPUS[::6], ids=lambda text: repr(text[:12]))
def test_hostile_words_leave_the_figure_as_it_is(text: str) -> None:
    source, benign = (shown(item) for item in (poisoned(text), poisoned("x")))
    assert Page(source).shape == Page(benign).shape
    assert Page(source).faults == []
    check_characters(source)


def poisoned(text: str) -> Attribution:
    """Return a row whose every string ends in this text."""
    item = long_row(4, letters=3)
    changed = {name: getattr(item, name) + text for name in ("title", "row", "target", "unit")}
    words = tuple(word + text for word in item.words or ())
    return item.model_copy(update={**changed, "words": words, "answer": text})


def test_hostile_words_are_shown_by_their_code_points() -> None:
    figure = shown(long_row(2, letters=3).model_copy(update={"words": ("\u202etxt.exe", "<b>bold</b>")}))
    assert "⟨U+202E⟩txt.exe" in figure
    assert "&lt;b&gt;bold&lt;/b&gt;" in figure
