"""Wording: what the answers of a task are called in the findings, and what they are scored by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for one kind of answer.

    Attributes:
        flips: title of `flip_rate`. flip_unit: what it counts. flip_method: how, where nothing was measured.
        flip_judged: whether a changed answer is a defect; a text of many words changes with little cause.
        changed: heading of its column. change: what changes, in a sentence.
        score: what is lost, in a sentence. lost: title of `accuracy_drop`. unit, drop_method: as above, of the loss.
        labels: what labelled rows have. compared: what the loss is counted over.
        right: what right answers are called in headings.
        counted: whether each row is right or wrong, so that the share of right ones lost can be told.
        graded: whether answers are more or less right, so that none was made wrong.
        also: heading of a second loss, None where there is none.
        shown: what the scores of shown rows are.
        most, typical: by which rule rows are chosen.
    """

    flips: str = "Predicted labels changed"
    flip_unit: str = "rows"
    flip_method: str = "clopper-pearson"
    flip_judged: bool = True
    changed: str = "answers changed"
    change: str = "answers change"
    score: str = "accuracy"
    lost: str = "Accuracy lost"
    unit: str = "share of rows"
    drop_method: str = "tango-score"
    labels: str = "labels"
    compared: str = "labelled rows that were compared"
    right: str = "answers"
    counted: bool = True
    graded: bool = False
    also: str | None = None
    shown: str = "Scores are the confidence in what was predicted for the original."
    most: str = "whose confidence changed most."
    typical: str = "whose change in confidence is nearest to the median."


LABELS = Wording()
ENTITIES = Wording(
    flips="Predicted entities not kept",
    flip_unit="entities",
    flip_method="korn-graubard",
    changed="predicted entities not kept",
    change="entities predicted before are not kept",
    score="entity F1",
    lost="Entity F1 lost",
    unit="F1",
    drop_method="linearised-paired-f1",
    labels="entities",
    compared="changed rows with entities",
    right="true entities",
    counted=False,
)
_LIKENESS = "Scores are the likeness to the answer to the original, which is 1 by definition."
QUESTIONS = Wording(
    flips="Answers changed",
    score="exact match",
    lost="Exact match lost",
    labels="right answers",
    compared="rows with a right answer that were compared",
    also="answer F1 lost, points",
    shown=_LIKENESS,
    most="whose answer changed most.",
    typical="whose answer changed as much as the median one.",
)
PROMPTS = Wording(
    flips="Answers changed",
    score="exact match",
    lost="Exact match lost",
    labels="right answers",
    compared="rows with a right answer that were compared",
    also="probability a token of the right answer lost, points",
    shown=_LIKENESS,
    most="whose answer changed most.",
    typical="whose answer changed as much as the median one.",
)
LONG_PROMPTS = Wording(
    flips="Answers changed",
    flip_judged=False,
    score="probability a token of the right answer",
    lost="Probability of the right answer lost",
    unit="probability",
    drop_method="paired-t",
    labels="right answers",
    compared="rows with a right answer that were compared",
    counted=False,
    graded=True,
    shown=_LIKENESS,
    most="whose answer changed most.",
    typical="whose answer changed as much as the median one.",
)
TEXTS = Wording(
    flips="Written texts changed",
    flip_judged=False,
    changed="written texts changed",
    change="written texts change",
    score="chrF",
    lost="chrF lost",
    unit="chrF",
    drop_method="paired-t",
    labels="right texts",
    compared="rows with a right text that were compared",
    counted=False,
    graded=True,
    also="unlike the text written before, chrF points",
    shown=_LIKENESS,
    most="whose answer changed most.",
    typical="whose answer changed as much as the median one.",
)
TOKENS = Wording(
    flips="Recovered tokens lost",
    flip_unit="tokens",
    flip_method="korn-graubard",
    flip_judged=False,
    changed="recovered tokens lost",
    change="tokens that were recovered before are not",
    score="recovery of hidden tokens",
    lost="Recovery of hidden tokens lost",
    unit="share of tokens",
    drop_method="paired-t",
    labels="tokens",
    compared="rows that were compared",
    counted=False,
    graded=True,
    shown="Scores are the shares of unchanged tokens that are recovered.",
    most="whose share of recovered tokens changed most.",
    typical="whose change in recovered tokens is nearest to the median.",
)
