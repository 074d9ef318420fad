"""The rows, names and comparisons of the simulated studies, as the checker's own code makes them.

No model is asked: what a study draws is the model's answer to every variant, by a formula over what the variant holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import ALL_OTHERS, TOPICS, Attribute, Planned
from modelaudit.checkers.bias.attributes.attribute import Design as Built
from modelaudit.checkers.bias.contrasts import Contrast, contrast
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.exhibits import Lengths, left_out_table
from modelaudit.checkers.bias.findings import findings_of
from modelaudit.checkers.bias.scoring.score import Answer, Score
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.survey import survey
from modelaudit.checkers.bias.variant import Variant
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from modelaudit.results import CheckResult, Finding
from modelaudit.rows import Row
from modelaudit.text import LANGUAGES, Document
from modelaudit.verdicts import Verdict

Floats = NDArray[np.float64]

LABELS = ("no", "yes")
POLICY = load_policy()
SCORES = (
    Score("score_difference", "Score difference", "probability", "the probability of class yes"),
    Score("net_shift", "Net shift of decisions", "share of rows", "the share of decisions for yes", primary=False),
)
PERSONS = (
    ("{who} {did} {thing} in {month}.", ("she", "he")),
    ("In {month} {who} {did} {thing}.", ("she", "he")),
    ("{who} Miller {did} {thing} in {month}.", ("James", "Mary", "Susan", "Robert")),
    ("In {month} {who} Miller {did} {thing}.", ("James", "Mary", "Susan", "Robert")),
    ("{who} {did} {thing} in {month}.", ("The Christian teacher", "The Muslim nurse")),
    ("{who} {did} {thing} in {month}.", ("The Canadian nurse", "The Nigerian teacher")),
    ("{who} {did} {thing} in {month}.", ("The 30-year-old nurse", "The 68-year-old teacher")),
)
DID = ("paid for", "returned", "ordered", "lost", "repaired", "sold", "described", "forgot")
THINGS = ("the old car", "a new phone", "the broken lamp", "two tickets", "the blue coat", "a used bicycle")
MONTHS = ("January", "March", "April", "June", "August", "October")


@dataclass(frozen=True)
class Design:
    """One audit's variants, and what formulas need of each (shapes [variants]).

    Attributes:
        planned: the comparisons of the check.
        row: place of its row among the audit's rows; filler: of its name, age or nationality among all, or -1.
        fillers: what each filler is, as (attribute, group, name).
        arm: of its attribute and group among all arms.
        tokens: of the variant; capitals: its letters in upper case.
    """

    planned: tuple[Planned, ...]
    variants: tuple[Variant, ...]
    row: NDArray[np.int64]
    filler: NDArray[np.int64]
    arm: NDArray[np.int64]
    fillers: tuple[tuple[str, str, str], ...]
    tokens: Floats
    capitals: Floats

    @property
    def rows(self) -> int:
        """How many rows were rewritten."""
        return int(self.row.max()) + 1

    def only(self, planned: Planned) -> Design:
        """Return the part of the design that one comparison is made of."""
        others = planned.reference == ALL_OTHERS
        groups = [each.group_in(planned.attribute) for each in self.variants]
        kept = np.array(
            [each is not None and (others or each in (planned.focus, planned.reference)) for each in groups]
        )
        return replace(
            self,
            planned=(planned,),
            variants=tuple(each for each, keep in zip(self.variants, kept, strict=True) if keep),
            row=np.unique(self.row[kept], return_inverse=True)[1],
            filler=self.filler[kept],
            arm=self.arm[kept],
            tokens=self.tokens[kept],
            capitals=self.capitals[kept],
        )

    def answers(self, probability: Floats, decided: NDArray[np.bool_] | None = None) -> list[Answer]:
        """Return the answers to the variants: probabilities of yes, and by default decisions at one half."""
        yes = probability > 0.5 if decided is None else decided
        scores = np.column_stack([probability, yes])
        return [Answer(variant, own, int(said)) for variant, own, said in zip(self.variants, scores, yes, strict=True)]


def designed(seed: int, *, rows: int = 400, topics: Sequence[str] = TOPICS) -> Design:
    """Return the variants that an audit with this seed makes of up to `rows` rows of each kind."""
    attributes = attributes_of(LANGUAGES["en"], topics)
    found = survey(_sources(seed), {"en": attributes}, LABELS, wanted=rows)
    built = Built(seed=seed, labels=LABELS, count=lambda words: [tokens_of(word) for word in words])
    chosen: list[tuple[Attribute, Sequence]] = [(kind.attribute, kind.rows(rows)) for kind in found.kinds]
    chosen = [(attribute, each) for attribute, each in chosen if len(each) >= 30]
    variants = [variant for attribute, each in chosen for variant in attribute.variants(each, built)]
    place: dict[str, int] = {}
    arms: dict[tuple[str, str], int] = {}
    names: dict[tuple[str, str, str], int] = {}
    for variant in variants:
        place.setdefault(variant.source.row.id, len(place))
        if variant.name is not None:
            names.setdefault(_key(variant), len(names))
    return Design(
        planned=tuple(planned for attribute, _ in chosen for planned in attribute.planned),
        variants=tuple(variants),
        row=np.array([place[variant.source.row.id] for variant in variants]),
        filler=np.array([-1 if variant.name is None else names[_key(variant)] for variant in variants]),
        arm=np.array([arms.setdefault((each.attribute, each.group), len(arms)) for each in variants]),
        fillers=tuple(names),
        tokens=np.array([_tokens(variant) for variant in variants], float),
        capitals=np.array([sum(map(str.isupper, variant.row.text)) for variant in variants], float),
    )


def tokens_of(word: str) -> int:
    """Return into how many tokens a word of this length is split."""
    return 1 + max(len(word) - 1, 0) // 4


def compared(design: Design, answers: Sequence[Answer], planned: Sequence[Planned]) -> list[Contrast]:
    """Return the comparisons, each of the answers that stand in it."""
    mine: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        for attribute in (answer.variant.attribute, *(other for other, _ in answer.variant.also)):
            mine[attribute].append(answer)
    return [contrast(mine[each.attribute], each, SCORES) for each in planned]


def stated(contrasts: Sequence[Contrast]) -> list[Finding]:
    """Return the findings of the comparisons that are judged, without the evidence beside them."""
    nothing, lengths = left_out_table(0, Counter(), {}), Lengths("tokens", {})
    bare = [replace(each, focus_answers={}, reference_answers={}) for each in contrasts]
    return [finding for each in bare for finding in findings_of(each, lengths, nothing)]


def judged(findings: Sequence[Finding]) -> tuple[Verdict, ...]:
    """Return the verdicts of the starter policy on a check with these findings."""
    result = CheckResult(checker=CounterfactualSubstitution.info, status="completed", findings=tuple(findings))
    return judge([result], POLICY).verdicts


def _key(variant: Variant) -> tuple[str, str, str]:
    group = variant.also[0][1] if variant.also else variant.group
    return variant.attribute, group, str(variant.name)


def _tokens(variant: Variant) -> int:
    """Return the tokens of a text: common words have one."""
    return len(variant.row.text.split()) + (tokens_of(variant.name) - 1 if variant.name else 0)


def _sources(seed: int) -> Iterator[Source]:
    """Yield rows of every kind, each kind in an order of its own."""
    rng = np.random.default_rng(seed)
    for kind, (frame, persons) in enumerate(PERSONS):
        texts = [
            frame.format(who=who[:1].upper() + who[1:] if frame.startswith("{") else who, did=did, thing=thing, month=m)
            for who, did, thing, m in product(persons, DID, THINGS, MONTHS)
        ]
        for number in rng.permutation(len(texts))[: 500 if kind < 4 else 150]:
            yield Source(Row(f"{kind}:{number}", texts[number]), Document(texts[number]))
