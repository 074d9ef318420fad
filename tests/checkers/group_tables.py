"""Rows whose predictions and labels are known to the count, by group; shared by the tests of group performance."""

from __future__ import annotations

from measured import context_of, subject_of

from modelaudit.checkers.bias.groups.checker import GroupPerformance
from modelaudit.testing.planted import planted_classifier

WORDS = {"good": 2.0, "bad": -2.0}
COUNTS = {"female": (18, 12, 7, 33), "male": (40, 10, 12, 38), "other": (20, 15, 10, 15)}
"""True positives, false negatives, false positives and true negatives."""


def classifier(**given):
    return planted_classifier(WORDS, **given)


def said(selected, place):
    return f"the answer was {'good' if selected else 'bad'} in case {place}"


def labelled(counts, **columns):
    """Rows of one group, with TP, FN, FP and TN in this order."""
    kinds = [(1, 1), (0, 1), (1, 0), (0, 0)]
    return [
        {"text": said(selected, f"{kind}{place}"), "label": label, **columns}
        for (selected, label), kind, n in zip(kinds, "abcd", counts, strict=True)
        for place in range(n)
    ]


def unlabelled(selected, n, **columns):
    return [{"text": said(place < selected, place), **columns} for place in range(n)]


def by_sex(counts=COUNTS):
    return [row for name, group in counts.items() for row in labelled(group, sex=name)]


def audited(rows, *, model=None, data=None, preset="standard", seed=0, tables=None, **options):
    """Return the findings by (metric, group), and the notes."""
    checker = GroupPerformance(**options)
    subject = subject_of(model or classifier(), data=rows, preset=preset, seed=seed, **(tables or {}))
    context = context_of(subject, checker, seed=seed, data=data(subject.data) if data else None)
    found = list(checker.run(context))
    assert len({(each.metric.id, each.metric.group) for each in found}) == len(found)
    return {(each.metric.id, each.metric.group): each for each in found}, context.notes


def tables_of(found):
    return {each.title: each for finding in found.values() for each in finding.evidence if each.kind == "table"}
