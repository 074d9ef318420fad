"""What the tests of the bias checks share: words of a small model, made-up answers, and verdicts of the policy."""

from __future__ import annotations

import numpy as np
from measured import context_of, subject_of

from modelaudit import load_policy
from modelaudit.checkers.bias.attributes import FirstNames, GenderWords
from modelaudit.checkers.bias.attributes.attribute import Design, Planned
from modelaudit.checkers.bias.contrasts import contrast
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.scoring.score import Answer, Score
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.survey import survey
from modelaudit.checkers.bias.variant import Variant
from modelaudit.evidence import Table
from modelaudit.policy import judge
from modelaudit.results import CheckResult
from modelaudit.rows import Row
from modelaudit.statistics import p_outside
from modelaudit.text import LANGUAGES, Document, load_names

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
PEOPLE = ("Maria", "James", "Linda", "Robert", "Susan", "Carlos")
WORD_GROUP = "gender words: female - male"
GENDER = "first names, gender: female - male"
BLACK, HISPANIC, API = (f"first names, ethnicity: {group} - white" for group in ("black", "hispanic", "api"))
CELLS = {
    (gender, ethnicity): f"first names, gender and ethnicity: {ethnicity} {gender} - all others"
    for ethnicity in ("white", "black", "hispanic", "api")
    for gender in ("female", "male")
}
PROBABILITY = Score("score_difference", "Score difference", "probability", "the probability of class yes")
BY_WORDS = Planned("gender words", "female", "male", fixed=True)
BY_NAMES = Planned("first names, ethnicity", "black", "white")


def names_of(**wanted):
    return [each.name for each in load_names() if all(getattr(each, key) == value for key, value in wanted.items())]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


def log_odds(text):
    return sum(WORDS.get(word.strip(",.").lower(), 0.0) for word in text.split())


def clear(finding, limit=0.02):
    """Whether a policy would see the metric off its limit, whichever the sign."""
    return bool(finding.metric.bounds) and p_outside(finding.metric.grid, limit) < 0.01


def asked(planted, rows, checker=None, **subject):
    """Return the findings by (metric, group), and the notes."""
    checker = checker or CounterfactualSubstitution()
    context = context_of(subject_of(planted, data=rows, **subject), checker)
    return {(each.metric.id, each.metric.group): each for each in checker.run(context)}, context.notes


def judged(planted, rows, checker=None, **subject):
    """Return the findings and verdicts by (metric, group), and the verdict on the whole family."""
    checker = checker or CounterfactualSubstitution()
    found = tuple(checker.run(context_of(subject_of(planted, data=rows, **subject), checker)))
    judgement = judge([CheckResult(checker=checker.info, status="completed", findings=found)], load_policy())
    findings = {(each.metric.id, each.metric.group): each for each in found}
    return findings, {(each.metric, each.group): each for each in judgement.verdicts}, judgement.families[0]


def counts_of(finding):
    """Return what became of the rows, as the table of a finding says."""
    [table] = [item for item in finding.evidence if isinstance(item, Table) and "left out" in item.title]
    return dict(table.rows)


def table_of(finding, title):
    [table] = [item for item in finding.evidence if isinstance(item, Table) and item.title.startswith(title)]
    return table.rows


def source_of(row, text="", *, group=None):
    return Source(Row(row, text, group=group), Document(text))


def answer_of(source, planned, group, *, name=None, value=0.5, decision=0, edits=()):
    return Answer(
        Variant(source, planned.attribute, group, name, source.row, tuple(edits)), np.array([value]), decision
    )


def compared(answers, planned):
    return contrast(answers, planned, [PROBABILITY])


def design_of(*, seed=1, labels=("no", "yes"), **options):
    return Design(seed=seed, labels=labels, count=lambda names: [1] * len(names), **options)


def variants_of(attribute, *texts, labels=("no", "yes"), **options):
    """Return the rewritten rows of an attribute in texts, and which rows were found."""
    found = survey((source_of(f"r{i}", text) for i, text in enumerate(texts)), {"en": [attribute]}, labels, wanted=100)
    return list(attribute.variants(found.kinds[0].rows(100), design_of(labels=labels, **options)))


def gender_words(language="en"):
    return GenderWords(LANGUAGES[language])


def first_names(*topics, language="en"):
    return FirstNames(LANGUAGES[language], topics or ("gender", "ethnicity", "intersection"))
