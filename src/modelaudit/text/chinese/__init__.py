"""Chinese: gender, names, terms for groups, and neutral words, in simplified characters.

The functions have the names and results of the English ones in `modelaudit.text`.
"""

from __future__ import annotations

from modelaudit.text.chinese.gender import gender_edits, gendered_words, same_gender_edits, to_group
from modelaudit.text.chinese.names import load_known_names, load_names, name_edits, name_mentions
from modelaudit.text.chinese.neutral import neutral_edits
from modelaudit.text.chinese.term_sets import term_sets

__all__ = [
    "gender_edits",
    "gendered_words",
    "load_known_names",
    "load_names",
    "name_edits",
    "name_mentions",
    "neutral_edits",
    "same_gender_edits",
    "term_sets",
    "to_group",
]
