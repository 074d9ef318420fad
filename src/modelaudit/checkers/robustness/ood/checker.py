"""Out of distribution: is the model less sure of texts that are none of its data?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.robustness.ood.findings import Told, findings
from modelaudit.checkers.robustness.ood.probes import declared, generated
from modelaudit.checkers.robustness.ood.scores import Floats, Known, of_answers, of_distances
from modelaudit.checkers.robustness.other_tasks import IN_WORDS, NO_WORDS
from modelaudit.drawing import drawn
from modelaudit.errors import CapabilityError, NotAssessable
from modelaudit.results import Finding
from modelaudit.text import TEXT_AND_TOKENS

FEWEST = 40
"""Evaluation rows of different texts below which nothing is computed; half of them are the reference."""
KINDS = 7


class OutOfDistribution:
    """How well the model's confidence, its energy and its hidden states tell its own data from other texts.

    Args:
        outside: path of a file of texts that the model should not be sure of: the column `text` of a csv file, or one
            text a line. Their result is judged; that of generated texts is shown.

    Raises:
        ValueError: the option is no path.
    """

    info = CheckerInfo(
        id="modelaudit/out-of-distribution",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Out of distribution",
        question="Is the model less sure of texts that are unlike its data?",
        summary=(
            "The model is asked about evaluation rows and about texts from outside of its data: random letters, "
            "shuffled words, other languages, source code and the like, and texts that you declare to be outside. "
            "Counted is how often a row of its data scores higher than such a text, by the model's confidence and by "
            "other scores, and how many of these texts it is more than 90% sure of."
        ),
        needs=("predict",),
        means=(
            "The model gives confident answers to texts that it was not made for. People whose language, topic or way "
            "of writing is not in its data could be decided on by an answer that means nothing, with no warning to "
            "anyone. It depends on how many such texts come in, and on whether something turns them away first."
        ),
        not_shown=(
            "Generated texts are far from any data. That they are told apart says little of texts that are near.",
            "How many texts from outside the model will meet in use.",
        ),
        remedies=(
            "Do not act on the confidence alone: put a check in front of the model that turns such texts away.",
            "Where another score tells them better, set the threshold on that one, on rows that were not used here.",
        ),
        references=(
            "Hendrycks and Gimpel 2017, A baseline for detecting out-of-distribution examples (arXiv 1610.02136)",
            "Liu et al. 2020, Energy-based out-of-distribution detection (arXiv 2010.03759)",
            "Lee et al. 2018, A simple unified framework (arXiv 1807.03888)",
            "Sun et al. 2022, Out-of-distribution detection with deep nearest neighbors (arXiv 2204.06507)",
            "Uppaal et al. 2023, Is fine-tuning needed? (arXiv 2305.13282)",
        ),
        metrics=("detection_auc", "generated_auc", "confident_share"),
    )

    def __init__(self, *, outside: str | None = None) -> None:
        if outside is not None and (not isinstance(outside, str) or not outside.strip()):
            raise ValueError(f"the option outside is {outside!r:.40}; give the path of a file of texts")
        self.outside = outside

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task in TEXT_AND_TOKENS:
            return None
        if subject.task in IN_WORDS:
            return f"it goes by the confidence in a class, and {subject.task} has no classes"
        if subject.task in NO_WORDS:
            return f"what it asks about from outside of the data are texts, and rows of {subject.task} are none"
        return f"it is defined for {' and '.join(TEXT_AND_TOKENS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row and each text, and their states as well where the model has any."""
        budget = Budget(subject.preset)
        asked = min(_most_rows(budget), subject.evaluation.rows) + KINDS * _each(budget)
        asked += _most_rows(budget) if self.outside is not None else 0
        asked *= 2 if "embed" in subject.capabilities else 1
        return Cost(evaluations=asked, tokens=round(asked * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask about the rows and the texts, score, compare; NotAssessable below 40 rows.

        Raises:
            NotAssessable: too few rows. DataInputError: the file of the option can't be read.
        """
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        outside = generated([row.text for row in rows], _each(ctx.budget), ctx.rng)
        # The draw is in random order, so its first half is a sample of it.
        reference, tested = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        known = _known(ctx, reference)
        own = _scores(ctx, tested, known)
        told = [Told(kind, own, _scores(ctx, _rows(texts, rows), known)) for kind, texts in outside.items() if texts]
        given = None
        if self.outside is not None:
            texts = declared(self.outside)
            most = _most_rows(ctx.budget)
            chosen = sorted(ctx.rng.permutation(len(texts))[:most])
            given = Told("declared texts", own, _scores(ctx, _rows([texts[at] for at in chosen], rows), known))
        documents = len({row.group for row in tested} - {None})
        yield from findings(told, given, documents=documents)


def _most_rows(budget: Budget) -> int:
    return budget.pick(200, 600, 2_000)


def _each(budget: Budget) -> int:
    return budget.pick(20, 60, 200)


def _rows(texts: Sequence[str], like: Sequence[Row]) -> list[Row]:
    """Return texts as rows of the same form as those of the data: words where these have words, or pairs of texts."""
    if like[0].companion is not None:
        companions = [*texts[1:], *texts[:1]]
        return [
            Row(f"outside:{place}", text, companion=companions[place]) for place, text in enumerate(texts)
        ]  # fmt: skip
    if like[0].words is None:
        return [Row(f"outside:{place}", text) for place, text in enumerate(texts)]
    return [
        Row(f"outside:{place}", " ".join(text.split()), words=tuple(text.split()) or ("x",))
        for place, text in enumerate(texts)
    ]


def _known(ctx: Context, reference: Sequence[Row]) -> Known | None:
    """Return the hidden states of the reference rows, or None where the model shows none."""
    if "embed" not in ctx.model.capabilities:
        return None
    try:
        states = ctx.model.embed(reference)
    except CapabilityError:
        # A model of another make may have no states that can be asked for; its answers still tell.
        return None
    answers = ctx.model.predict(reference)
    # Tags have no class a row: all rows of the reference are one.
    return Known.of(states, answers.labels if answers.offsets is None else np.zeros(len(reference), dtype=np.int64))


def _scores(ctx: Context, rows: Sequence[Row], known: Known | None) -> Mapping[str, Floats]:
    found = of_answers(ctx.model.predict(rows), logits=ctx.subject.model.kind != "function")
    return found if known is None else {**found, **of_distances(ctx.model.embed(rows), known)}
