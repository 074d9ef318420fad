"""Religions and nationalities: adjectives and nouns of belonging, exchanged where they are said of persons.

A demonym is a homonym more often than not: of languages ("in German"), food, wars, teams, first names ("Christian").
So a text is rewritten only where every term in it is said of a person, and all are of one filler; else it is left
alone with the reason. What stands for a group of persons is words, not a cause: the tests built on them are lexical.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from modelaudit.text.articles import article_before, article_edit, fits
from modelaudit.text.edits import Document, Edit
from modelaudit.text.english_terms.context import is_bound
from modelaudit.text.english_terms.persons import (
    is_first_name,
    is_proper_name,
    role,
    speaks_of_person,
    words_for,
)
from modelaudit.text.english_terms.phrases import Phrasebook, Place, case_of, covers_words, in_case
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
from modelaudit.text.terms import Filler, TermMention, TermMentions
from modelaudit.text.words import outside, protected_spans

_PERSONAL = ("adjective", "person", "people")


class IdentityTerms:
    """The terms of one attribute that are adjectives and nouns for persons, and a name (of a country or a faith)."""

    language = "en"

    def __init__(
        self,
        attribute: str,
        lexicon: str,
        *,
        name_form: str,
        is_personal: Callable[[Tokens, Place], bool],
        sampled: bool,
    ) -> None:
        """Read ``lexicon``; ``is_personal`` says where the name counts as said of a person ("born in Kenya")."""
        self.attribute = attribute
        self.sampled = sampled
        self._name_form = name_form
        self._is_personal = is_personal
        rows = read_lexicon(lexicon)
        self._known = {
            row[2]: Filler(row[2], row[1], dict(zip((*_PERSONAL, name_form), row[2:], strict=True))) for row in rows
        }
        self._offered = {row[2]: self._known[row[2]] for row in rows if row[0] == "yes"}
        self.groups: tuple[str, ...] = tuple(dict.fromkeys(filler.group for filler in self._offered.values()))
        self._book = Phrasebook(
            (row[2], form, text) for row in rows for form, text in zip((*_PERSONAL, name_form), row[2:], strict=True)
        )

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The fillers of a group; ValueError where the set has no such group."""
        if group not in self.groups:
            raise ValueError(f"no {self.attribute} group {group!r}; the groups are {', '.join(self.groups)}")
        return tuple(filler for filler in self._offered.values() if filler.group == group)

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one filler that the text says of persons, or why it is left alone.

        A text's own filler may be one that is not on offer ("a French actor"), in the forms "adjective" and the name.

        The reasons, the first that holds: "not of a person", "several groups", "group not offered",
        "not only of persons", "compound", "proper name", "fixed phrase", "real person", "bound by context",
        "a or an", "across words".
        """
        tokens = Tokens.of(document.text)
        places = self._book.places(tokens)
        if places:
            places = [place for place in places if not self._is_surname(tokens, place)]
        if not places:
            return TermMentions(skipped="compound" if self._book.compounds(tokens) else None)
        forms = [self._form(tokens, place) for place in places]
        reason = self._reason(document, tokens, places, forms)
        if reason is not None:
            return TermMentions(skipped=reason)
        group = self._known[places[0].filler].group
        return TermMentions(
            tuple(
                TermMention(tokens.spans[place.first][0], tokens.spans[place.stop - 1][1], form, place.filler, group)
                for place, form in zip(places, forms, strict=True)
                if form is not None
            )
        )

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put ``filler`` in every mention, and mend "a" or "an" in front of it."""
        tokens = Tokens.of(document.text)
        index_of = {start: index for index, (start, _) in enumerate(tokens.spans)}
        made: list[Edit] = []
        for mention in mentions:
            if mention.filler == filler.name:
                continue
            old = document.text[mention.start : mention.end]
            case = case_of(old, self._known[mention.filler].forms[mention.form])
            if case is None:
                raise ValueError(f"the text has {old!r} at {mention.start}, not the mention's {mention.filler!r}")
            new = in_case(filler.forms[mention.form], case)
            article = article_edit(tokens, index_of[mention.start], old, new, self.attribute)
            made += [article] if article else []
            made.append(Edit(mention.start, mention.end, new, self.attribute))
        return tuple(made)

    def _form(self, tokens: Tokens, place: Place) -> str | None:
        """The form in which the term is said of a person, or None; told by context, and then held against the word."""
        if self._name_form in place.forms:
            return self._name_form if self._is_personal(tokens, place) else None
        if place.forms == {"people"}:
            # "the Russians" are a people or an army; "two Russians" are persons.
            return None if tokens.behind(place.first, 1) == "the" else "people"
        found = role(tokens, place.first, place.stop)
        return found if found in place.forms else None

    def _reason(
        self, document: Document, tokens: Tokens, places: Sequence[Place], forms: Sequence[str | None]
    ) -> str | None:
        if not any(forms):
            return "not of a person"
        if len({place.filler for place in places}) > 1:
            return "several groups"
        own = places[0].filler
        nouns = {"person", "people"} & set(forms)
        if self._known[own].group not in self.groups or (nouns and own not in self._offered):
            return "group not offered"
        if None in forms:
            return "not only of persons"
        if self._book.compounds(tokens):
            return "compound"
        personal = [place for place in places if self._name_form not in place.forms]
        if any(is_proper_name(tokens, place.first, place.stop) for place in personal):
            return "proper name"
        if any(_in_fixed_phrase(tokens, place) for place in places):
            return "fixed phrase"
        if real_person_words(tokens):
            return "real person"
        if is_bound(tokens, self.attribute, {index for place in places for index in range(place.first, place.stop)}):
            return "bound by context"
        return self._obstacle(document, tokens, places)

    def _obstacle(self, document: Document, tokens: Tokens, places: Sequence[Place]) -> str | None:
        """What stands in the way of an edit that can be undone: an address, an article, the words of the document."""
        spans = [(tokens.spans[place.first][0], tokens.spans[place.stop - 1][1]) for place in places]
        if len(outside(spans, protected_spans(document.text))) < len(spans):
            return "fixed phrase"
        for place, (start, end) in zip(places, spans, strict=True):
            article = article_before(tokens, place.first)
            if article is not None and not fits(article, document.text[start:end]):
                return "a or an"
        return None if all(covers_words(document, *span) for span in spans) else "across words"

    def _is_surname(self, tokens: Tokens, place: Place) -> bool:
        """A country's name behind a first name is a surname ("Michael Jordan")."""
        return (
            self._name_form in place.forms
            and place.first > 0
            and tokens.gaps[place.first - 1] == " "
            and tokens.surfaces[place.first - 1][0].isupper()
            and is_first_name(tokens.lower[place.first - 1])
        )


@cache
def religions() -> IdentityTerms:
    """Religions; the words of a faith count as one filler, and the first, Christian, is the reference."""
    return IdentityTerms("religion", "religions", name_form="faith", is_personal=_is_practised, sampled=False)


@cache
def nationalities() -> IdentityTerms:
    """Nationalities by region of the world, a sample of them for each; the first region is the reference."""
    return IdentityTerms("nationality", "demonyms", name_form="country", is_personal=_is_origin, sampled=True)


def _is_practised(tokens: Tokens, place: Place) -> bool:
    """ "practises Islam", "a follower of Islam"."""
    before = tokens.behind(place.first, 1)
    practised = before in {"practise", "practises", "practised", "practice", "practices", "practiced", "practicing"}
    followed = before in {"of", "in"} and tokens.behind(place.first, 2) in {
        "follower",
        "followers",
        "believer",
        "believers",
    }
    return practised or followed


def _is_origin(tokens: Tokens, place: Place) -> bool:
    """ "born in Kenya", "a doctor from Kenya", "she came from Kenya", "a native of Kenya"."""
    before, second = tokens.behind(place.first, 1), tokens.behind(place.first, 2)
    if tokens.gaps[place.first - 1] != " " if place.first else True:
        return False
    if before == "in":
        return second in {"born", "raised"} or (
            second == "up" and tokens.behind(place.first, 3) in {"grew", "grow", "growing"}
        )
    if before == "of":
        return second in {"native", "citizen", "citizens", "natives"}
    if before != "from" or not second:
        return False
    verb = second in words_for("be") | {"come", "comes", "came", "originally", "moved", "fled", "emigrated", "hails"}
    return second in words_for("person") or (verb and speaks_of_person(tokens, place.first - 2))


def _in_fixed_phrase(tokens: Tokens, place: Place) -> bool:
    """ "Native American", "South Asian", "black Canadian": another word tells which."""
    return tokens.behind(place.first, 1) in words_for("phrase_before") and tokens.gaps[place.first - 1] == " "
