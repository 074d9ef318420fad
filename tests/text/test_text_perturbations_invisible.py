"""Characters that nobody sees: the stated normalisation gives the text back."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from character_perturbations import perturb, seeded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.homoglyphs import Homoglyphs, look_alikes
from modelaudit.text.perturbations.invisible import ZERO_WIDTH, DeletionCharacters, ReversedOrder, ZeroWidth
from modelaudit.text.perturbations.widths import FullWidthForms, HalfWidthForms

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXTS = st.text(
    alphabet=st.characters(exclude_characters="\b") | st.sampled_from("words Абв 中文 Ａｂ é e\u0301 "), max_size=60
)
CONTROLS = dict.fromkeys(map(ord, "\u202c\u202d\u202e\u2066\u2069"))
BLOCK = re.compile("\u202d\u2066\u202e\u2066(.)\u2069\u2066(.)\u2069\u202c\u2069\u202c")
SENTENCE = "The quick brown fox jumps over the lazy dogs again"


def folded(text):
    """Look-alike letters as one of them."""
    return "".join(min((letter, *look_alikes().get(letter, ()))) for letter in text)


NORMALISATIONS = {
    ZeroWidth(): lambda text: text.translate(dict.fromkeys(map(ord, ZERO_WIDTH))),
    ReversedOrder(): lambda text: BLOCK.sub(r"\2\1", text),
    DeletionCharacters(): lambda text: re.sub("[^\b]\b", "", text),
    Homoglyphs(): folded,
    FullWidthForms(): lambda text: unicodedata.normalize("NFKC", text),
    HalfWidthForms(): lambda text: unicodedata.normalize("NFKC", text),
}


@UNHURRIED
@given(TEXTS, st.integers(0, 9), st.booleans())
def test_the_normalisation_gives_the_text_back(text, seed, pre_tokenised):
    document = Document.from_words(text.split()) if pre_tokenised else Document(text)
    for perturbation, normalised in NORMALISATIONS.items():
        for level in perturbation.levels:
            out = apply(document, seeded(perturbation, document, level, seed)).document.text
            assert normalised(out) == normalised(document.text)


@pytest.mark.parametrize("perturbation", [ZeroWidth(), ReversedOrder(), DeletionCharacters(), Homoglyphs()])
def test_levels_count_characters(perturbation):
    counts = [len(seeded(perturbation, Document(SENTENCE * 4), level)) for level in perturbation.levels]
    assert counts[:4] == [1, 2, 3, 5]
    assert counts[4] in {16, 17}
    assert len(seeded(perturbation, Document("two words"), 5)) >= 3


@pytest.mark.parametrize(
    "perturbation", [ZeroWidth(), ReversedOrder(), DeletionCharacters(), Homoglyphs(), FullWidthForms()]
)
def test_addresses_numerals_and_single_letters_stay(perturbation):
    for text in ("www.example.com", "jane@example.org", "2024th 3pm", "", "...", "\ud800"):
        assert perturb(perturbation, text, perturbation.levels[-1]) == text


def test_every_kind_of_zero_width_character_is_used_and_none_beside_a_joining_letter():
    out = "".join(perturb(ZeroWidth(), SENTENCE, 5, seed) for seed in range(30))
    assert set(ZERO_WIDTH) <= set(out)
    for text in ("سلام عليكم", "क्षत्रिय", "👩\u200d👧", "e\u0301"):
        assert perturb(ZeroWidth(), text, 5) == text
    assert "\u00ad" not in "".join(perturb(ZeroWidth(), "中文字中文字", 5, seed) for seed in range(30))


def test_a_reversed_pair_is_two_different_letters_in_the_published_block():
    (edit,) = seeded(ReversedOrder(), Document("ab"), 1)
    assert edit.text == "\u202d\u2066\u202e\u2066b\u2069\u2066a\u2069\u202c\u2069\u202c"
    assert seeded(ReversedOrder(), Document("aaa"), 5) == []
    assert seeded(ReversedOrder(), Document("ab\u0301"), 5) == []
    assert perturb(ReversedOrder(), "abcd", 1).translate(CONTROLS) in {"bacd", "acbd", "abdc"}


def test_look_alikes_are_single_letters_of_another_script_with_the_same_accents():
    alike = look_alikes()
    assert len(alike) >= 140
    assert "а" in alike["a"]
    assert "a" in alike["а"]
    for letter, others in alike.items():
        for other in others:
            assert letter in alike[other]
            assert unicodedata.name(letter).split()[0] != unicodedata.name(other).split()[0]
            assert letter.isupper() == other.isupper() or letter in "ʜ" or other in "ʜ"
            assert [*unicodedata.normalize("NFD", letter)[1:]] == [*unicodedata.normalize("NFD", other)[1:]]
            assert unicodedata.normalize("NFC", other) == other
    assert all(int(faces) >= 2 for *_, faces in read_lexicon("homoglyphs"))
    assert perturb(Homoglyphs(), "e\u0301", 5) == "e\u0301"
    assert perturb(Homoglyphs(), "zzz", 5) == "zzz"


def test_widths():
    assert perturb(FullWidthForms(), "word") == "ｗｏｒｄ"
    assert perturb(HalfWidthForms(), "Ａｂｃ １２ 中文 abc") == "Abc １２ 中文 abc"
    out = perturb(FullWidthForms(), "word " * 100, 2)
    assert out.count("ｗｏｒｄ") == 10
    assert perturb(FullWidthForms(), "naïve don't 中文", 5) == "naïve don't 中文"
    assert np.all(
        [perturb(HalfWidthForms(), perturb(FullWidthForms(), SENTENCE, 5, seed)) == SENTENCE for seed in range(9)]
    )
