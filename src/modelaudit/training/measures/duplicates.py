"""Deduplication: one of each group of equal or nearly equal training rows, since what is repeated is learnt by heart.

A language model gives away a text that it saw ten times about a thousand times as often as one that it saw once
(Kandpal et al. 2022, arXiv 2202.06539), and little accuracy is lost without the copies (Lee et al. 2022,
arXiv 2107.06499).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from modelaudit.rows import Row
from modelaudit.text.near_duplicates import near_twins
from modelaudit.text.same_text import same_text
from modelaudit.text.tags import entity_spans
from modelaudit.training.examples import Example, Step, TrainingData

Question = tuple[str, int]
"""What is asked of the model: the folded text, and into how many words it is cut."""

_NOTES = (
    "Of equal rows the first is kept, with the label that most of them have; where no label has most, with its own.",
    "Of nearly equal rows (four in five of their short runs of characters are shared, directly or through others) the "
    "first of each label is kept; rows of a form or a template can be nearly equal and still different.",
)


def deduplicated(data: TrainingData) -> TrainingData:
    """Return the data with one training row for each text, and one for each group of nearly equal texts and label.

    Texts are equal where they differ in case, white space, compatibility forms and unseen characters alone, and nearly
    equal as `near_twins` has it. Which rows make a group does not hang on their order; which of them is kept does: the
    first. Rows keep their order. Takes time in proportion to the characters.
    """
    questions = [_question(example.row) for example in data.examples]
    answered, contradicting = _answered(data.examples, questions)
    kept = _apart(data.examples, [questions[place] for place in answered], answered, data.labels)
    labelled_apart = _nearly_equal(kept)
    step = Step(
        "deduplication",
        {
            "rows before": len(data.examples),
            "equal rows left out": len(data.examples) - len(answered),
            "texts that had contradicting labels": contradicting,
            "nearly equal rows left out": len(answered) - len(kept),
            "nearly equal rows kept, for their labels differ": labelled_apart,
            "rows behind": len(kept),
        },
        _NOTES,
    )
    return data.after(step, [data.examples[place] for place in sorted(kept)])


def _question(row: Row) -> Question:
    return same_text(row.text), 0 if row.words is None else len(row.words)


def _answered(examples: Sequence[Example], questions: Sequence[Question]) -> tuple[list[int], int]:
    """Return the place of one example for each question, ascending, and how many questions had different answers."""
    places: dict[Question, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        places[question].append(place)
    kept, contradicting = [], 0
    for alike in places.values():
        answers = Counter(_answer(examples[place].row) for place in alike)
        best = max(answers.values())
        most = [answer for answer, count in answers.items() if count == best]
        contradicting += len(answers) > 1
        wanted = most[0] if len(most) == 1 else _answer(examples[alike[0]].row)
        kept.append(next(place for place in alike if _answer(examples[place].row) == wanted))
    return sorted(kept), contradicting


def _answer(row: Row) -> Hashable:
    return row.label if row.tags is None else row.tags


def _apart(
    examples: Sequence[Example], questions: Sequence[Question], places: Sequence[int], labels: Sequence[str]
) -> Mapping[int, int]:
    """Return the places of the first example of each near group and gist, with the number of their near group."""
    texts = sorted({text for text, _ in questions})
    number = {text: place for place, text in enumerate(texts)}
    family = near_twins(texts, np.ones((1, len(texts)), dtype=np.bool_)).family.tolist() if texts else []
    kept: dict[tuple[int, Hashable], int] = {}
    for place, (text, _) in zip(places, questions, strict=True):
        kept.setdefault((family[number[text]], _gist(examples[place].row, labels)), place)
    return {place: group for (group, _), place in kept.items()}


def _gist(row: Row, labels: Sequence[str]) -> Hashable:
    """The label, or the types of the entities in order: tags can't be compared where a word more stands between."""
    if row.tags is None:
        return row.label
    return tuple(kind for _, _, kind in entity_spans([labels[tag] for tag in row.tags]))


def _nearly_equal(kept: Mapping[int, int]) -> int:
    """How many of the kept examples share their near group with another."""
    return sum(count for count in Counter(kept.values()).values() if count > 1)
