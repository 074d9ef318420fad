"""The perturbations of words, sentences, entities and numbers, and texts that have places for them."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply
from modelaudit.text.perturbations.contractions import Contractions
from modelaudit.text.perturbations.distractors import Distractor
from modelaudit.text.perturbations.entities import EntitySwap
from modelaudit.text.perturbations.fillers import Fillers, Greeting
from modelaudit.text.perturbations.length import LengthPad, Truncation
from modelaudit.text.perturbations.number_swap import NumberSwap
from modelaudit.text.perturbations.number_words import NumberWords
from modelaudit.text.perturbations.social import SocialNoise
from modelaudit.text.perturbations.spelling import Spelling
from modelaudit.text.perturbations.synonyms import SafeSynonyms

WORDING = (Contractions(), Contractions("contract"), Contractions("expand"), Spelling(), SafeSynonyms(), NumberWords())
ADDED = (Fillers(), Greeting(), SocialNoise(), SocialNoise(("emoji",)), Distractor(), LengthPad(), Truncation())
SWAPS = (EntitySwap(), EntitySwap({"PER": ["Ann Li", "Bo", " "], "LOC": ["Rome", "New\tYork"]}), NumberSwap())
WORD_PERTURBATIONS = WORDING + ADDED + SWAPS

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_PIECES = (
    "I do not", "don't", "do n't", "It's", "it 's", "it’s", "I'd like", "movie", "Colour", "an ad", "3 apples", "May",
    "twelve", "people", "$5", "1999", "12%", "4,000.5", "Paris", "the Alps", "O'Brien", "@user", "a@b.org", ".", ",",
    "?!", "ma\u0301n", "don\u200b't", "👩\u200d🚀", "电影", "\ud800", "\x1f", "ﬁ", "İ", "ß", "-", "'", "’s", "(", "…",
)  # fmt: skip
PIECES = st.sampled_from(_PIECES) | st.text(alphabet=st.characters(codec=None), max_size=4)
PLAIN = st.lists(PIECES, max_size=12).map(" ".join) | st.text(alphabet=st.characters(codec=None), max_size=40)
TYPES = st.sampled_from(("PER", "PERSON", "LOC", "GPE", "ORG", "MONEY", "B-PER", "other", ""))


@st.composite
def tagged(draw):
    """Pre-tokenised documents, some of their words empty or with white space, with entities or without."""
    words = draw(st.lists(PIECES, max_size=12))
    cuts = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    entities = [(first, end, draw(TYPES)) for first, end in zip(cuts[::2], cuts[1::2], strict=False)]
    return Document.from_words(words, entities)


DOCUMENTS = PLAIN.map(Document) | tagged()


def seeded(perturbation, document, level, seed=0):
    """The edits of a document under a seed."""
    return perturbation.edits(document, level=level, rng=np.random.default_rng(seed))


def perturb(perturbation, text, level=None, seed=0):
    """The perturbed text of a document or a plain text, at the highest level where none is given."""
    document = text if isinstance(text, Document) else Document(text)
    return apply(document, seeded(perturbation, document, level or perturbation.levels[-1], seed)).document.text


def ways(perturbation, text, level=None, seeds=30):
    """All that a text becomes under some seeds."""
    return {perturb(perturbation, text, level, seed) for seed in range(seeds)}


def fully(perturbation, text):
    """What a text becomes where the level's share of the words takes in every place."""
    padding = " (" + "zz " * 60
    return perturb(perturbation, text + padding).removesuffix(padding)
