"""The perturbations of the package, each at its defaults, in the order of a report."""

from __future__ import annotations

from functools import cache

from modelaudit.text.perturbations import chinese
from modelaudit.text.perturbations.accents import AccentsDropped
from modelaudit.text.perturbations.base import Perturbation
from modelaudit.text.perturbations.case import LowerCase, SwappedCase, TitleCase, UpperCase
from modelaudit.text.perturbations.contractions import Contractions
from modelaudit.text.perturbations.distractors import Distractor
from modelaudit.text.perturbations.entities import EntitySwap
from modelaudit.text.perturbations.fillers import Fillers, Greeting
from modelaudit.text.perturbations.homoglyphs import Homoglyphs
from modelaudit.text.perturbations.invisible import DeletionCharacters, ReversedOrder, ZeroWidth
from modelaudit.text.perturbations.length import LengthPad, Truncation
from modelaudit.text.perturbations.lookalikes import DisguisedLetters, ScanningErrors
from modelaudit.text.perturbations.misspellings import Misspellings
from modelaudit.text.perturbations.number_swap import NumberSwap
from modelaudit.text.perturbations.number_words import NumberWords
from modelaudit.text.perturbations.punctuation import CommasDropped, PunctuationAdd, PunctuationDrop
from modelaudit.text.perturbations.quotes import QuoteForms
from modelaudit.text.perturbations.repeated_letters import RepeatedLetters
from modelaudit.text.perturbations.social import SocialNoise
from modelaudit.text.perturbations.spacing import (
    JoinedWords,
    LineWraps,
    SpacingDouble,
    SpacingNonBreaking,
    SpacingTrailing,
    SplitWords,
)
from modelaudit.text.perturbations.spelling import Spelling
from modelaudit.text.perturbations.synonyms import SafeSynonyms
from modelaudit.text.perturbations.typos import OPERATIONS, Typos
from modelaudit.text.perturbations.widths import FullWidthForms, HalfWidthForms


@cache
def bundled_perturbations() -> tuple[Perturbation, ...]:
    """Every perturbation of the package, each at its defaults, in a fixed order."""
    return (
        *(Typos((operation,)) for operation in OPERATIONS),
        Misspellings(),
        chinese.SwappedCharacters(),
        ScanningErrors(),
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
        chinese.SpacedCharacters(),
        AccentsDropped(),
        Contractions(),
        Spelling(),
        NumberWords(),
        SafeSynonyms(),
        chinese.NumberForm(),
        chinese.FinalParticle(),
        Fillers(),
        Greeting(),
        RepeatedLetters(),
        SocialNoise(),
        Distractor(),
        EntitySwap(),
        NumberSwap(),
        DisguisedLetters(),
        ZeroWidth(),
        Homoglyphs(),
        ReversedOrder(),
        chinese.CompatibilityForms(),
        FullWidthForms(),
        HalfWidthForms(),
        chinese.HalfWidthMarks(),
        chinese.FullWidthMarks(),
        *(chinese.SoundAlikes(sound) for sound in ("same tone", "any tone", "near sound")),
        chinese.LookAlikes(),
        chinese.ToTraditional(),
        chinese.ToSimplified(),
        Truncation(),
        LengthPad(),
        DeletionCharacters(),
        chinese.SplitCharacters(),
    )
