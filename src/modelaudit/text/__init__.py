"""Text: span-aware edits, English gender and names, and harmless perturbations. Standard library and numpy only."""

from __future__ import annotations

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Edited, Span, WordMap, apply, carry_tags
from modelaudit.text.gender import (
    GenderEdits,
    GenderedWord,
    gender_edits,
    gendered_words,
    same_gender_edits,
    to_group,
)
from modelaudit.text.language import is_probably_english
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
from modelaudit.text.perturbations import Perturbation, bundled_perturbations, row_rng
from modelaudit.text.words import protected_spans, word_spans

__all__ = [
    "ETHNICITIES",
    "GENDERS",
    "Document",
    "Edit",
    "Edited",
    "GenderEdits",
    "GenderedWord",
    "Mention",
    "Name",
    "Perturbation",
    "Span",
    "WordMap",
    "apply",
    "bundled_perturbations",
    "carry_tags",
    "choose_names",
    "gender_edits",
    "gendered_words",
    "is_probably_english",
    "load_known_names",
    "load_names",
    "match_case",
    "matched_groups",
    "name_edits",
    "name_groups",
    "name_mentions",
    "protected_spans",
    "row_rng",
    "same_gender_edits",
    "to_group",
    "word_spans",
]
