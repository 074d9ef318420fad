"""Edits that leave gender, names and meaning alone: the control where no word of the same gender is at hand.

A control that reads worse than the exchange that it stands beside moves the model for that alone, and hides what the
exchange does. So a word is on the list only where its replacement is grammatical in every place that its rule allows;
a row without enough such words has no control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.words import protected_spans, word_spans

ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A replacement and where it is allowed, by the words beside it in lower case; an empty set allows all.

    Attributes:
        after, before: the words that have to stand directly in front or behind.
        not_after, not_before: the words that must not.
        opens: whether a mark or the start of the text has to stand in front, and a word behind.
    """

    new: str
    after: frozenset[str] = ANY
    before: frozenset[str] = ANY
    not_after: frozenset[str] = ANY
    not_before: frozenset[str] = ANY
    opens: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    """Return the pairs of a list "old new, old new", in both directions where they are joined by "=" ("old=new")."""
    found: dict[str, str] = {}
    for entry in text.replace("\n", " ").split(","):
        old, mark, new = entry.strip().partition("=")
        if not mark:
            old, _, new = entry.strip().partition(" ")
        found |= {old: new, new: old} if mark else {old: new}
    return found


# Own work, from general knowledge of English; spelling pairs are those of British and American dictionaries.
ANYWHERE = _pairs(
    """until till, whilst while, whereas while, among=amongst, amid=amidst, toward=towards, afterward=afterwards,
    although though, perhaps=maybe, anyone=anybody, everyone=everybody, someone=somebody, moreover=furthermore,
    nevertheless=nonetheless, therefore thus, rarely=seldom, sometimes=occasionally, often=frequently, usually normally,
    completely=entirely, mainly=mostly, primarily mainly, especially=particularly, quickly=rapidly, certainly surely,
    really truly, anyway=anyhow, originally=initially, previously=formerly, currently presently, subsequently later,
    approximately roughly, began started, begins starts, begin start, begun started, purchased bought, shall will,
    movie film, movies films, tv=television, phone=telephone, photos photographs, bike=bicycle, bikes=bicycles,
    fridge=refrigerator, exam examination, exams examinations, okay=ok, cannot can't,
    color=colour, colors=colours, colorful=colourful, theater=theatre, theaters=theatres, favorite=favourite,
    favorites=favourites, humor=humour, honor=honour, flavor=flavour, behavior=behaviour, neighbor=neighbour,
    neighbors=neighbours, neighborhood=neighbourhood, rumor=rumour, center=centre, centers=centres, realize=realise,
    realized=realised, realizes=realises, recognize=recognise, recognized=recognised, organize=organise,
    organized=organised, apologize=apologise, apologized=apologised, organization=organisation, traveled=travelled,
    traveling=travelling, traveler=traveller, canceled=cancelled, dialog=dialogue, catalog=catalogue, defense=defence,
    offense=offence, skeptical=sceptical, judgment=judgement, email=e-mail, emails=e-mails"""
)
_TO, _THAT = _words("to"), _words("that")
_PLACES = _words("in at on near within between")
RULES: Mapping[str, Rule] = {
    **{word: Rule(new) for word, new in ANYWHERE.items()},
    **{
        word: Rule(new, before=_TO)
        for word, new in _pairs(
            """try attempt, tries attempts, tried attempted, trying attempting, want wish, wants wishes,
            wanted wished"""
        ).items()
    },
    **{word: Rule(new, before=_THAT) for word, new in _pairs("said stated, says states, saying stating").items()},
    **{
        word: Rule(new, not_after=_words("can't cannot couldn't n't"), not_before=_words("like"))
        for word, new in _pairs("seem appear, seems appears, seemed appeared").items()
    },
    "may": Rule("might", not_after=frozenset({"", ".", "!", "?"})),
    "upon": Rule("on", not_after=_words("once where there here")),
    "while": Rule("whilst", opens=True),
    "though": Rule("although", opens=True),
    "because": Rule(
        "since",
        not_after=_words("is was 's be are were just only simply not n't partly largely perhaps maybe"),
        not_before=_words("of"),
    ),
    "however": Rule("nevertheless", before=_words(",")),
    "almost": Rule("nearly", not_before=_words("no nothing never nobody none nowhere any anything certainly surely")),
    "entire": Rule("whole", after=_words("the this his her their its my our your")),
    "located": Rule("situated", before=_PLACES),
    "situated": Rule("located", before=_PLACES),
    "lots": Rule("plenty", before=_words("of")),
    "'m": Rule("am"),
    "'re": Rule("are"),
    "'ve": Rule("have"),
    "'ll": Rule("will"),
    "'s": Rule("is", after=_words("it that there here what"), before=_words("a an the")),
}


def neutral_edits(document: Document, count: int, *, barred: Sequence[Span] = ()) -> tuple[Edit, ...]:
    """Return up to `count` single-word edits outside the barred spans, the first in the text first."""
    text = document.text
    spans = word_spans(text)
    closed = [*protected_spans(text), *barred]
    edits: list[Edit] = []
    for index, (start, end) in enumerate(spans):
        if len(edits) >= count:
            break
        new = _replacement(text, spans, index)
        if new is None or any(first < end and start < last for first, last in closed):
            continue
        glued = text[start] in "'’" and start > 0 and not text[start - 1].isspace()
        if not document.within_word(start, end) or (glued and document.words is not None):
            continue
        edits.append(Edit(start, end, f" {new}" if glued else new, "neutral"))
    return tuple(edits)


def _replacement(text: str, spans: Sequence[Span], index: int) -> str | None:
    """Return what may stand for a word here, in its case, or None."""
    start, end = spans[index]
    surface = text[start:end]
    rule = RULES.get(surface.lower().replace("’", "'"))
    front = text[spans[index - 1][1] if index else 0 : start]
    gap = text[end : spans[index + 1][0] if index + 1 < len(spans) else len(text)]
    before = text[slice(*spans[index - 1])].lower() if index and not front.strip() else front.strip()[-1:]
    behind = text[slice(*spans[index + 1])].lower() if index + 1 < len(spans) and not gap.strip() else gap.strip()[:1]
    if (
        rule is None
        or not _allowed(rule, before, behind)
        or not _plain_case(surface, first=not before or before in ".!?")
    ):
        return None
    return match_case(surface, rule.new)


def _allowed(rule: Rule, before: str, behind: str) -> bool:
    """Whether the words (or marks, "" at an end of the text) beside a word allow the rule there."""
    # An article's form hangs on the word behind it; a possessive or a hyphen makes another word of what it follows.
    if before in {"a", "an"} or behind in {"'s", "’s", "'", "’", "-"}:
        return False
    if rule.opens and (before[:1].isalnum() or not behind[:1].isalpha()):
        return False
    return (
        (not rule.after or before in rule.after)
        and (not rule.before or behind in rule.before)
        and before not in rule.not_after
        and behind not in rule.not_before
    )


def _plain_case(surface: str, *, first: bool) -> bool:
    """Whether a word is written as an ordinary one: a capital inside a sentence may be part of a name or title."""
    return surface.islower() or (surface.isupper() and len(surface) > 3) or first
