"""The arms of the test: every rewritten row that the model is asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelaudit.checkers.bias.name_design import NAMES_PER_ROW, Pools, dealt
from modelaudit.checkers.bias.neutral import neutral_edits
from modelaudit.checkers.bias.sources import GenderedRow, NamedRow, Source, row_key, unedited_entity_words
from modelaudit.rows import Row
from modelaudit.text import ETHNICITIES, GENDERS, Edit, WordMap, apply, name_edits, same_gender_edits, to_group

GENDER_WORDS = "gender words"
NAMES_BY_GENDER = "first names, gender"
NAMES_BY_ETHNICITY = "first names, ethnicity"
CONTROL = "control"
ANOTHER_NAME = "Xqz"


@dataclass(frozen=True, slots=True)
class Variant:
    """One rewritten row.

    Attributes:
        source: the row that it was made of.
        attribute: what is varied in its arm.
        group: `female`, `male`, an ethnicity, or `control`.
        name: the first name that was put in, or None.
        row: what the model is given.
        edits: what was changed.
        others: edits at the same words that put other words there; they tell how far the model reads.
        scored: for token classification the (word, reference tag) pairs whose probability is the score.
        entities: for token classification the (word, reference tag) pairs of all reference entities.
    """

    source: Source
    attribute: str
    group: str
    name: str | None
    row: Row
    edits: tuple[Edit, ...] = ()
    others: tuple[Edit, ...] = ()
    scored: tuple[tuple[int, int], ...] = ()
    entities: tuple[tuple[int, int], ...] = ()

    def probe(self) -> Row:
        """Return the row with other words where this one was edited, and alike elsewhere."""
        return _rewritten(self.source, self.others)[0]


def word_arms(rows: Sequence[GenderedRow], labels: Sequence[str]) -> Iterator[Variant]:
    """Yield each row with its gendered words female and male, and with other words changed, as many at the most.

    Rows where no word can be changed without harm have no control.
    """
    for row in rows:
        scored = unedited_entity_words(row, labels)
        control = _control_edits(row, labels)
        female, male = row.female.edits, row.male.edits
        arms = [("female", female, male), ("male", male, female)]
        for group, edits, others in [*arms, (CONTROL, control, ())] if control else arms:
            yield _variant(row.source, GENDER_WORDS, group, None, edits, others, scored, labels)


def gender_name_arms(rows: Sequence[NamedRow], labels: Sequence[str], pools: Pools, *, seed: int) -> Iterator[Variant]:
    """Yield each row with one name of each ethnicity for either gender.

    Only the name differs between the arms. A row's gendered words are female under half of the names and male under
    the other half, the same halves in both arms, so a name that does not agree with them is as frequent in either.
    """
    for turn, row in enumerate(rows):
        versions = _word_versions(row)
        for place, ethnicity in enumerate(ETHNICITIES):
            words = versions[(turn + place) % len(versions)]
            for gender in GENDERS:
                [name] = dealt(pools[gender, ethnicity], turn, 1, seed=seed, purpose=f"{gender} {ethnicity}, gender")
                yield _named(row, NAMES_BY_GENDER, gender, name.name, words, labels)


def ethnicity_name_arms(
    rows: Sequence[NamedRow], labels: Sequence[str], pools: Pools, *, seed: int
) -> Iterator[Variant]:
    """Yield each row with names of each ethnicity, all of the gender of the name that they replace.

    Where that gender is not known, the row's content decides on one for all its names.
    """
    turns = dict.fromkeys(GENDERS, 0)
    for row in rows:
        coin = row_key(row.source.row, seed=seed, purpose="gender of names")[0] % 2
        gender = row.gender or GENDERS[coin]
        for ethnicity in ETHNICITIES:
            pool = pools[gender, ethnicity]
            purpose = f"{gender} {ethnicity}, ethnicity"
            for name in dealt(pool, turns[gender], NAMES_PER_ROW, seed=seed, purpose=purpose):
                yield _named(row, NAMES_BY_ETHNICITY, ethnicity, name.name, (), labels)
        turns[gender] += 1


def _named(
    row: NamedRow, attribute: str, group: str, name: str, words: tuple[Edit, ...], labels: Sequence[str]
) -> Variant:
    edits, others = (
        (*name_edits(row.source.document, row.mentions, {row.mentions[0].name: new}), *words)
        for new in (name, ANOTHER_NAME)
    )
    spans = row.source.document.words or ()
    scored = [
        index
        for index, (start, end) in enumerate(spans)
        if any(start <= mention.start and mention.end <= end for mention in row.mentions)
    ]
    return _variant(row.source, attribute, group, name, edits, others, scored, labels)


def _word_versions(row: NamedRow) -> list[tuple[Edit, ...]]:
    """Return the edits that make the gendered words female and male; one empty version where there are none."""
    female, male = (to_group(row.source.document, gender, named="keep") for gender in ("female", "male"))
    names = {(mention.start, mention.end) for mention in row.mentions}
    if female.skipped or male.skipped or any((edit.start, edit.end) in names for edit in female.edits + male.edits):
        return [()]
    return [female.edits, male.edits] if female.edits or male.edits else [()]


def _control_edits(row: GenderedRow, labels: Sequence[str]) -> tuple[Edit, ...]:
    """Return same-gender synonyms, filled up with neutral words to as many edits as the swap makes where there are."""
    swapped = row.female.edits or row.male.edits
    synonyms = same_gender_edits(row.source.document, named="keep").edits[: len(swapped)]
    spans = row.source.document.words or ()
    barred = [
        *((edit.start, edit.end) for edit in (*synonyms, *swapped)),
        *(spans[word] for word in row.source.entity_words(labels)),
    ]
    return (*synonyms, *neutral_edits(row.source.document, len(swapped) - len(synonyms), barred=barred))


def _variant(
    source: Source,
    attribute: str,
    group: str,
    name: str | None,
    edits: tuple[Edit, ...],
    others: tuple[Edit, ...],
    scored: Sequence[int],
    labels: Sequence[str],
) -> Variant:
    row, word_map = _rewritten(source, edits)
    tags = source.tags
    if tags is None or row.words is None:
        return Variant(source, attribute, group, name, row, edits, others)

    def moved(words: Sequence[int]) -> tuple[tuple[int, int], ...]:
        return tuple((new, tags[old]) for old in words for new in word_map[old][:1] if tags[old] >= 0)

    entities = moved(source.entity_words(labels))
    return Variant(source, attribute, group, name, row, edits, others, moved(scored), entities)


def _rewritten(source: Source, edits: Sequence[Edit]) -> tuple[Row, WordMap]:
    edited = apply(source.document, edits)
    if source.tags is None or source.row.words is None:
        return source.row.with_text(edited.document.text), ()
    return source.row.with_words(edited.document.word_texts(), None), edited.word_map
