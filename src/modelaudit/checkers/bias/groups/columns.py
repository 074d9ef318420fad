"""Which columns of the table hold a protected attribute: those that the user names, else those whose name says so.

A column is never guessed from its cells: `M` and `F` may be grades, and `white` a colour of paint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.rows import Row

AGE = frozenset({"age", "age years", "age in years", "years of age", "年龄"})
"""Columns whose cells, where they are numbers, are put into bands."""

PROTECTED = AGE | frozenset(
    {
        *("sex", "gender", "gender identity", "sex at birth", "assigned sex", "性别"),
        *(
            "race",
            "ethnicity",
            "race ethnicity",
            "ethnicity race",
            "race or ethnicity",
            "ethnic group",
            "ethnic origin",
        ),
        *("racial group", "race group", "skin color", "skin colour", "hispanic", "民族", "种族", "族裔"),
        *("religion", "religious belief", "religious affiliation", "faith", "宗教", "宗教信仰"),
        *("nationality", "citizenship", "national origin", "country of origin", "country of birth", "国籍"),
        *("disability", "disabled", "disability status", "has disability", "残疾", "残障", "是否残疾"),
        *("age group", "age band", "age bracket", "age range", "age category", "年龄段", "年龄组"),
        *("sexual orientation", "性取向", "marital status", "婚姻状况", "pregnancy", "pregnant", "veteran status"),
        *("caste", "immigrant", "immigration status", "migrant"),
        *("native language", "mother tongue", "accent", "dialect", "母语", "口音", "方言"),
        *("hukou", "户口", "户籍", "户口类型", "户籍类型", "籍贯"),
    }
)
"""Names of columns after `_plain`."""

PERSONS = frozenset(
    {
        *("applicant", "author", "candidate", "client", "customer", "employee", "patient"),
        *("person", "respondent", "speaker", "student", "user", "writer"),
    }
)
"""Words that may stand before such a name: `applicant_sex`."""

SHOWN = 40


def protected_columns(rows: Sequence[Row], named: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns to group by, in the table's order, or as the user named them.

    Raises:
        DataInputError: a named column is not in the table.
        NotAssessable: no column is named, and none is called like a protected attribute.
    """
    there = dict.fromkeys(column for row in rows for column in row.columns)
    if named is not None:
        missing = [column for column in named if column not in there]
        if missing or not named:
            raise DataInputError(
                f"the option columns names {missing[0] if missing else 'no column'!r}, which the evaluation rows do "
                f"not have; they have {_listed(there)}, apart from the columns of text, labels and groups"
            )
        return tuple(dict.fromkeys(named))
    found = tuple(column for column in there if is_protected(column))
    if not found:
        raise NotAssessable(
            "the evaluation rows have no column for a protected attribute"
            + (f" (they have {_listed(there)})" if there else "")
            + "; add one called sex, gender, race, ethnicity, age, religion, nationality or disability, or name it in "
            "the option columns"
        )
    return found


def is_protected(column: str) -> bool:
    """Tell whether a column is called like a protected attribute."""
    return _attribute(column) in PROTECTED


def is_age(column: str) -> bool:
    """Tell whether a column is called like an age."""
    return _attribute(column) in AGE


def shown(text: str) -> str:
    """Return text of the data as the report shows it: no control characters, one line, cut where it is long."""
    head = text[: 4 * SHOWN]
    printable = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in head)
    plain = " ".join(printable.split())
    if len(plain) > SHOWN or len(head) < len(text):
        return f"{plain[:SHOWN]}…"
    return plain or "not printable"


def _attribute(column: str) -> str:
    plain = _plain(column)
    first, _, rest = plain.partition(" ")
    return rest if first in PERSONS else plain


def _plain(column: str) -> str:
    """Return a name in lower case, its words apart by one space: `AgeGroup`, `age_group` and `age-group` are one."""
    if len(column) > 4 * SHOWN:
        return ""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", unicodedata.normalize("NFKC", column))
    return " ".join(re.sub(r"[\s_\-./:|]+", " ", parted).casefold().split())


def _listed(columns: Sequence[str] | dict[str, None]) -> str:
    names = [repr(shown(column)) for column in columns]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(names[:10]) or "no other columns") + more
