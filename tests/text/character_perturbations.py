"""The perturbations of characters, punctuation and spacing, and what the tests do with them."""

from __future__ import annotations

import numpy as np

from modelaudit.text import Document, apply
from modelaudit.text.perturbations.accents import AccentsDropped
from modelaudit.text.perturbations.case import LowerCase, SwappedCase, TitleCase, UpperCase
from modelaudit.text.perturbations.homoglyphs import Homoglyphs
from modelaudit.text.perturbations.invisible import DeletionCharacters, ReversedOrder, ZeroWidth
from modelaudit.text.perturbations.lookalikes import DisguisedLetters, ScanningErrors
from modelaudit.text.perturbations.misspellings import Misspellings
from modelaudit.text.perturbations.punctuation import CommasDropped, PunctuationAdd, PunctuationDrop
from modelaudit.text.perturbations.quotes import QuoteForms
from modelaudit.text.perturbations.repeated_letters import RepeatedLetters
from modelaudit.text.perturbations.spacing import (
    JoinedWords,
    LineWraps,
    SpacingDouble,
    SpacingNonBreaking,
    SpacingTrailing,
    SplitWords,
)
from modelaudit.text.perturbations.typos import OPERATIONS, Typos
from modelaudit.text.perturbations.widths import FullWidthForms, HalfWidthForms

CHARACTER_PERTURBATIONS = (
    *(Typos((operation,)) for operation in OPERATIONS),
    Typos(),
    Misspellings(),
    RepeatedLetters(),
    ScanningErrors(),
    DisguisedLetters(),
    LowerCase(),
    UpperCase(),
    TitleCase(),
    SwappedCase(),
    PunctuationDrop(),
    PunctuationAdd(),
    CommasDropped(),
    QuoteForms(),
    SpacingDouble(),
    SpacingNonBreaking(),
    SpacingTrailing(),
    LineWraps(),
    SplitWords(),
    JoinedWords(),
    AccentsDropped(),
    ZeroWidth(),
    ReversedOrder(),
    Homoglyphs(),
    DeletionCharacters(),
    FullWidthForms(),
    HalfWidthForms(),
)


def seeded(perturbation, document, level, seed=0):
    """The edits of a document under a seed."""
    return perturbation.edits(document, level=level, rng=np.random.default_rng(seed))


def perturb(perturbation, text, level=1, seed=0):
    """The perturbed text of a document or a plain text."""
    document = text if isinstance(text, Document) else Document(text)
    return apply(document, seeded(perturbation, document, level, seed)).document.text
