"""The check: how much accuracy does somebody take who puts look-alike letters into the words that count?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row, SubjectInfo
from modelaudit.drawing import digest, documents, drawn
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Example, Examples
from modelaudit.results import Finding, Metric
from modelaudit.statistics import clustered_proportion
from modelaudit_deepwordbug.attack import attacker_of

FEWEST = 30
"""Rows that it takes: with fewer, even an attack that never succeeds leaves room for one row in ten."""
LONGEST = 100
"""Words of a text at the most: the attack asks about each word once."""
SHOWN = 10


class LookAlikeAttack:
    """Hands the model to OpenAttack's DeepWordBug, row by row, and counts the right answers that are lost."""

    info = CheckerInfo(
        id="deepwordbug-example/look-alike-attack",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Look-alike attack (DeepWordBug)",
        question="Do look-alike letters in the words that count turn right answers into wrong ones?",
        summary=(
            "DeepWordBug leaves out each word of a text in turn to see which the answer hangs on, and puts a "
            "look-alike letter into the first few of these. The model is asked through the function that "
            "it gives to any library. Rows that are answered wrongly to begin with are not attacked and count as not "
            "lost."
        ),
        metrics=("accuracy_drop", "robust_accuracy"),
        needs=("predict", "labels"),
        means="Whoever wants past the model writes what a person reads and the model does not.",
        not_shown=(
            "What a longer search, other letters or other edits would find: the loss is a lower bound.",
            "Texts in other scripts than Latin, and texts of more words than are attacked.",
        ),
        remedies=(
            "Map look-alike letters to plain ones before the model reads a text.",
            "Train on texts with such letters.",
        ),
        references=("Gao et al. 2018, arXiv 1801.04354", "Zeng et al. 2021, arXiv 2009.09191 (OpenAttack)"),
    )

    def __init__(self, words: int = 2) -> None:
        self.words = words

    def applies(self, subject: SubjectInfo) -> str | None:
        """Only where one text alone gets one class, since the model's function takes plain texts."""
        if subject.task != "text-classification":
            return f"It needs one class a text; this is {subject.task}."
        if subject.evaluation.pair_column is not None:
            return "The attack changes one text, and here two are read together."
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """One question a word of each row, the row itself, and what came of it."""
        rows = min(subject.evaluation.rows, _most(Budget(subject.preset)))
        asked = int(rows * (min(subject.evaluation.mean_words, LONGEST) + 2))
        return Cost(asked, int(asked * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Choose, ask, compare, state.

        Raises:
            NotAssessable: too few labelled rows that can be attacked, or hardly any that is answered rightly.
            ValueError: `words` is no whole number from 1 on.
        """
        if isinstance(self.words, bool) or not isinstance(self.words, int) or self.words < 1:
            raise ValueError(f"the option words is {self.words!r}; it counts the words that may be changed, 1 at least")
        rows = self._rows(ctx)
        texts = [row.text for row in rows]
        right = ctx.model.predict_proba(texts).argmax(axis=1) == np.array([row.label for row in rows])
        if int(right.sum()) < FEWEST:
            raise NotAssessable(f"{int(right.sum())} rows are answered rightly, and it takes {FEWEST} to attack")
        attack = attacker_of(ctx.model.predict_proba, words=self.words)

        def searched(text: str) -> str | None:
            own = int.from_bytes(digest(text, seed=ctx.seed, purpose="look-alike attack"))
            return attack(text, np.random.default_rng(own))

        # All searches advance together, and the questions of one step share batches.
        attacked = [row for row, is_right in zip(rows, right, strict=True) if is_right]
        found = dict(zip((row.id for row in attacked), ctx.map(searched, [row.text for row in attacked]), strict=True))
        lost = np.array([found.get(row.id) is not None for row in rows])
        units = documents(rows)
        yield Finding(
            metric=Metric.of(
                clustered_proportion(lost, units),
                id="accuracy_drop",
                title="Accuracy lost to look-alike letters",
                unit="share of rows",
                better="lower",
                group=f"{self.words} words",
                primary=True,
            ),
            statement=(
                f"Of {len(rows)} rows {int(right.sum())} were answered rightly; look-alike letters in up to "
                f"{self.words} words of each turned {int(lost.sum())} of these answers."
            ),
            evidence=(_examples(rows, found),),
        )
        yield Finding(
            metric=Metric.of(
                clustered_proportion(right & ~lost, units),
                id="robust_accuracy",
                title="Accuracy under attack",
                unit="share of rows",
                better="higher",
                group=f"{self.words} words",
            ),
            statement=f"{int((right & ~lost).sum())} of {len(rows)} rows are answered rightly under this attack.",
        )

    def _rows(self, ctx: Context) -> list[Row]:
        """Return labelled rows of different texts that can be attacked."""
        labelled = [row for row in ctx.data.evaluation if row.label is not None and row.words is None]
        fit = [row for row in labelled if row.text.strip() and len(row.text.split(" ")) <= LONGEST]
        if left := len(labelled) - len(fit):
            ctx.note(f"{left:,} rows are empty or longer than {LONGEST} words, and were left out.")
        rows = drawn(ctx, fit, _most(ctx.budget)) if fit else []
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"{len(rows)} labelled rows of different texts can be attacked, and it takes {FEWEST}; give more rows"
            )
        return rows


def _examples(rows: list[Row], found: dict[str, str | None]) -> Examples:
    turned = [(row, text) for row in rows if (text := found.get(row.id)) is not None]
    return Examples(
        title="Answers that were turned",
        selection=f"the first {SHOWN} in the order of the draw",
        items=tuple(
            Example(row=row.id, before=row.text, after=text, outcome="another class") for row, text in turned[:SHOWN]
        ),
    )


def _most(budget: Budget) -> int:
    return budget.pick(200, 400, 1_000)
