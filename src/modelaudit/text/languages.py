"""The languages whose texts can be rewritten, each with its own words and rules under the same names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from modelaudit.text import chinese, english_terms
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.gender import Gender, GenderEdits, same_gender_edits, to_group
from modelaudit.text.mentions import Mention, name_edits, name_mentions
from modelaudit.text.names import ETHNICITIES, Name, load_names
from modelaudit.text.neutral import neutral_edits
from modelaudit.text.real_persons import names_real_person
from modelaudit.text.terms import TermSet

Named = Literal["skip", "keep"]


class ToGroup(Protocol):
    """Rewrites the gendered words of a text to one gender."""

    def __call__(  # noqa: D102
        self, document: Document, group: Gender, *, mixed: Literal["skip", "rewrite"] = "skip", named: Named = "skip"
    ) -> GenderEdits: ...


class SameGender(Protocol):
    """Exchanges gendered words for others of the same gender."""

    def __call__(self, document: Document, *, named: Named = "skip") -> GenderEdits: ...  # noqa: D102


class FindNames(Protocol):
    """Finds the first names of persons in a text; inside the person spans alone where these are given."""

    def __call__(self, document: Document, *, person_spans: Sequence[Span] | None = None) -> list[Mention]: ...  # noqa: D102


class NameEdits(Protocol):
    """Exchanges every mention of a name that has a replacement."""

    def __call__(  # noqa: D102
        self, document: Document, mentions: Iterable[Mention], replacement: Mapping[str, str]
    ) -> list[Edit]: ...


class Neutral(Protocol):
    """Exchanges up to `count` words for synonyms that speak of no group."""

    def __call__(self, document: Document, count: int, *, barred: Sequence[Span] = ()) -> tuple[Edit, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Language:
    """How texts of one language are rewritten.

    Attributes:
        code: as `language_of` gives it. suffix: what titles of its comparisons end with.
        names_real_person: whether a text names a person of public life, whose names are never found; of Chinese texts
            nobody can tell by names.
        names: first names to put in. ethnicities: the ethnic groups that they tell, or one empty group for none.
        term_sets: religion, nationality, age and the like.
    """

    code: str
    suffix: str
    to_group: ToGroup
    same_gender_edits: SameGender
    name_mentions: FindNames
    name_edits: NameEdits
    names_real_person: Callable[[Document], bool]
    names: Callable[[], tuple[Name, ...]]
    ethnicities: tuple[str, ...]
    term_sets: Callable[[], tuple[TermSet, ...]]
    neutral_edits: Neutral

    def named(self, title: str) -> str:
        """Return a title that tells the language apart from the others."""
        return f"{title}{self.suffix}"


def _find_names(document: Document, *, person_spans: Sequence[Span] | None = None) -> list[Mention]:
    return name_mentions(document, person_spans=person_spans)


def _find_chinese_names(document: Document, *, person_spans: Sequence[Span] | None = None) -> list[Mention]:
    return chinese.name_mentions(document, person_spans=person_spans)


def _not_told(document: Document) -> bool:
    return False


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "en": Language(
            code="en",
            suffix="",
            to_group=to_group,
            same_gender_edits=same_gender_edits,
            name_mentions=_find_names,
            name_edits=name_edits,
            names_real_person=names_real_person,
            names=load_names,
            ethnicities=ETHNICITIES,
            term_sets=english_terms.term_sets,
            neutral_edits=neutral_edits,
        ),
        "zh": Language(
            code="zh",
            suffix=", Chinese",
            to_group=chinese.to_group,
            same_gender_edits=chinese.same_gender_edits,
            name_mentions=_find_chinese_names,
            name_edits=chinese.name_edits,
            names_real_person=_not_told,
            names=chinese.load_names,
            ethnicities=("",),
            term_sets=chinese.term_sets,
            neutral_edits=chinese.neutral_edits,
        ),
    }
)
