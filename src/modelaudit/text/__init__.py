"""Text: span-aware edits, words that speak of a person's group, and harmless perturbations.

Standard library and numpy only.
"""

from __future__ import annotations

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Edited, Span, WordMap, apply, carry_tags
from modelaudit.text.frames import FRAME_ATTRIBUTES, FRAME_DOMAINS, entity_sentences, frame_sentences
from modelaudit.text.gender import (
    GenderEdits,
    GenderedWord,
    gender_edits,
    gendered_words,
    same_gender_edits,
    to_group,
)
from modelaudit.text.language import is_probably_english, language_of
from modelaudit.text.languages import LANGUAGES, Language
from modelaudit.text.mentions import Mention, name_edits, name_mentions
from modelaudit.text.names import (
    ETHNICITIES,
    GENDERS,
    Name,
    choose_names,
    load_known_names,
    load_names,
    matched_groups,
    name_groups,
)
from modelaudit.text.perturbations import TEXT_AND_TOKENS, Perturbation, bundled_perturbations, row_rng
from modelaudit.text.real_persons import names_real_person
from modelaudit.text.surnames import last_name_mentions, load_last_names
from modelaudit.text.tags import entity_spans
from modelaudit.text.terms import Filler, TermMention, TermMentions, TermSet
from modelaudit.text.words import protected_spans, word_spans

__all__ = [
    "ETHNICITIES",
    "FRAME_ATTRIBUTES",
    "FRAME_DOMAINS",
    "GENDERS",
    "LANGUAGES",
    "TEXT_AND_TOKENS",
    "Document",
    "Edit",
    "Edited",
    "Filler",
    "GenderEdits",
    "GenderedWord",
    "Language",
    "Mention",
    "Name",
    "Perturbation",
    "Span",
    "TermMention",
    "TermMentions",
    "TermSet",
    "WordMap",
    "apply",
    "bundled_perturbations",
    "carry_tags",
    "choose_names",
    "entity_sentences",
    "entity_spans",
    "frame_sentences",
    "gender_edits",
    "gendered_words",
    "is_probably_english",
    "language_of",
    "last_name_mentions",
    "load_known_names",
    "load_last_names",
    "load_names",
    "match_case",
    "matched_groups",
    "name_edits",
    "name_groups",
    "name_mentions",
    "names_real_person",
    "protected_spans",
    "row_rng",
    "same_gender_edits",
    "to_group",
    "word_spans",
]
