"""Counterfactual substitution test on the user's own rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, ModelHandle, Risk, Row
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.options import Options, listed
from modelaudit.checkers.bias.own_answers import OwnAnswers
from modelaudit.checkers.bias.scoring import TASKS
from modelaudit.checkers.bias.source import QUESTIONS, WRITING, Source, drawn
from modelaudit.checkers.bias.substitution import substitute
from modelaudit.checkers.bias.units import LEAST_ROWS
from modelaudit.results import Finding
from modelaudit.text import LANGUAGES, Document

METRICS = (
    "score_difference",
    "largest_score_difference",
    "net_shift",
    "excess_flip_rate",
    "flip_rate",
    "control_flip_rate",
    "recall_difference",
    "missed_difference",
    "type_error_difference",
    "standardised_difference",
    "largest_standardised_difference",
    "log_ratio",
)
OF_ANSWERS = (
    "log_odds_difference",
    "exact_match_difference",
    "chrf_difference",
    "excess_rewriting",
    "rewriting",
    "control_rewriting",
)
NOT_SHOWN = (
    "The test changes words, not persons: it does not show what the model would do for another person, and is "
    "not a causal criterion of fairness.",
    "Names are typical of groups as a reader may see them, ethnic groups and last names as in the United States; other "
    "groups are not spoken of.",
    "Gender words know two genders. Languages but English and simplified Chinese are not assessed.",
    "Equal answers in these rows do not show that error rates are equal between groups.",
)
REMEDIES = (
    "Add training rows again with the words exchanged and labels kept (counterfactual augmentation): "
    "audit.export_counterfactuals(outcome, path) writes them, with names that this test does not use.",
    "Train with a penalty on different outputs for such pairs (counterfactual logit pairing).",
    "Mask names and words of the group before the model where the task does not need them.",
    "For entity recognition, train on more and more varied names of the groups that are missed.",
    "Look at decisions near the threshold by hand; thresholds by group need legal advice.",
    "Test again with other names after any change, for a model can learn this list.",
)
MEASURES = ("counterfactual-augmentation", "counterfactual-logit-pairing", "name-augmentation")
REFERENCES = (
    "Garg et al. 2019, Counterfactual fairness in text classification through robustness",
    "Kiritchenko and Mohammad 2018, Examining gender and race bias in two hundred sentiment analysis systems",
    "Mishra, He and Belli 2020, Assessing demographic bias in named entity recognition",
    "Tzioumis 2018, Demographic aspects of first names",
    "An and Rudinger 2023, Nichelle and Nancy",
    "Baayen, Davidson and Bates 2008, Mixed-effects modeling with crossed random effects",
)


class CounterfactualSubstitution:
    """Exchanges words that speak of a person's group in the user's own rows and compares the model's answers.

    Args:
        rows: rows to rewrite for each kind of words; by default 100, 400 or 2,000 with the preset, and a quarter of
            these where the model writes an answer to each.
        attributes: what is tested, of gender, ethnicity, intersection, religion, nationality, age, region and hukou.
        language: "en" or "zh" for all rows; None to tell each row's.
        favourable: label of the class to follow; None for the second of two classes, or each of more.
        names_per_group: names that stand for a group, 20 to 46.
        names_per_row: of these, those that each row is given, 2 to 20.
    """

    info = CheckerInfo(
        id="modelaudit/counterfactual-substitution",
        version="3.0",
        risk=Risk.BIAS,
        title="Counterfactual substitution in your rows",
        question="Does the answer change when only words that speak of a person's group change?",
        summary=(
            "In the evaluation rows, gendered words, names, and terms of religion, nationality and age are exchanged "
            "for those of another group, names for others that are alike in length and frequency. The model's answers "
            "are compared row by row. Changes are counted beyond those that an exchange within one group makes; "
            "names as well as rows are treated as samples."
        ),
        metrics=(*METRICS, *OF_ANSWERS),
        needs=("predict",),
        means=(
            "People may get another answer from the model for no other reason than a word that tells their gender, "
            "origin, religion or age. Those on the worse side could be refused, ranked lower, overlooked or flagged "
            "more often than others with the same text. It depends on what is decided by the answer, on how near "
            "decisions lie to the threshold, and on whether a person looks at them."
        ),
        not_shown=NOT_SHOWN,
        remedies=REMEDIES,
        measures=MEASURES,
        references=REFERENCES,
    )

    def __init__(
        self,
        *,
        rows: int | None = None,
        attributes: Sequence[str] = TOPICS,
        language: str | None = None,
        favourable: str | None = None,
        names_per_group: int = 40,
        names_per_row: int = 4,
    ) -> None:
        self.rows = rows
        self.attributes = listed("attributes", attributes)
        self.language = language
        self.favourable = favourable
        self.names_per_group = names_per_group
        self.names_per_row = names_per_row
        self.options()
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < LEAST_ROWS):
            raise ValueError(f"the option rows is {rows!r}; {LEAST_ROWS} rows are the least that can be judged")

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no answer can be compared, or None."""
        return why_not(subject)

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the rewritten rows at most: it is not known before the run how many rows can be rewritten."""
        rows = min(self._wanted(Budget(subject.preset), subject.task), subject.evaluation.rows)
        # A row that names a person seldom speaks of much else; the arms of names are the most of all.
        arms = max((each.arms for each in attributes_of(LANGUAGES["en"], self.attributes)), default=3)
        evaluations = rows * (arms * max(self.names_per_row, 4) // 4 + 3)
        return asked(subject, evaluations, subject.evaluation.mean_tokens + 2)

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Rewrite, ask and compare. Raises NotAssessable where fewer than 30 rows can be rewritten in any way."""
        wanted, options = self._wanted(ctx.budget, ctx.subject.task), self.options()
        options.check_label(ctx.model.labels)
        own = OwnAnswers(ctx.model, ctx.subject.task)
        found = substitute(ctx, _sources(ctx, wanted, own), options, wanted=wanted, noun="evaluation rows")
        own.told(ctx.note)
        return found

    def options(self) -> Options:
        """Return what was chosen, as both checks of substitution read it."""
        return Options(
            attributes=self.attributes,
            language=self.language,
            favourable=self.favourable,
            names_per_group=self.names_per_group,
            names_per_row=self.names_per_row,
        )

    def _wanted(self, budget: Budget, task: str = "") -> int:
        if self.rows is not None:
            return self.rows
        wanted = budget.pick(100, 400, 2_000)
        return max(wanted // 4, LEAST_ROWS) if task == WRITING else wanted


def asked(subject: SubjectInfo, evaluations: int, tokens: float) -> Cost:
    """Return the cost of so many variants of so many tokens each.

    A masked language model is asked once for each token behind the edit, about half of them; a model whose answers are
    text once for the answer that is followed, and once for its own.
    """
    if subject.task in {QUESTIONS, WRITING}:
        evaluations *= 2
    if subject.task == "fill-mask":
        evaluations = round(evaluations * tokens / 2)
    return Cost(evaluations, round(evaluations * tokens))


def why_not(subject: SubjectInfo) -> str | None:
    """Return why the answers of a subject can't be compared, or None."""
    if subject.task not in TASKS:
        return f"compares texts' classes, outputs, entities, answers and probabilities, not {subject.task}"
    if subject.task in {"text-classification", "token-classification"} and len(subject.model.labels) < 2:
        return "the model has a single label, so its answer can't change"
    return None


def _sources(ctx: Context, wanted: int, own: OwnAnswers) -> Iterator[Source]:
    """Yield the evaluation rows in drawn order, with reference tags for token classification, and answers."""
    rows, task = drawn(ctx.data.evaluation, seed=ctx.seed), ctx.subject.task
    step = max(2 * wanted, 1)
    for start in range(0, len(rows), step):
        if task != "token-classification":
            yield from (Source.of(row, task) for row in own.given_to(rows[start : start + step]))
            continue
        portion = [row for row in rows[start : start + step] if row.words]
        yield from (
            Source(row, Document.from_words(row.words or ()), tags)
            for row, tags in zip(portion, _reference_tags(ctx.model, portion), strict=True)
        )


def _reference_tags(model: ModelHandle, rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """Return each row's own tags, or those that the model gives the original where the row has none."""
    untagged = [row for row in rows if row.tags is None]
    predicted: dict[str, tuple[int, ...]] = {}
    if untagged:
        answers = model.predict(untagged)
        offsets = answers.offsets if answers.offsets is not None else np.arange(len(untagged) + 1)
        for row, start, stop in zip(untagged, offsets[:-1], offsets[1:], strict=True):
            predicted[row.id] = tuple(int(tag) for tag in answers.labels[start:stop])
    return [row.tags if row.tags is not None else predicted[row.id] for row in rows]
