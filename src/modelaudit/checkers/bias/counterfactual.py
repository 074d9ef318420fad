"""Counterfactual substitution test: does the answer change when only the gender or ethnicity of a person changes?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, ModelHandle, Risk, Row
from modelaudit.checkers.bias.arms import (
    GENDER_WORDS,
    NAMES_BY_ETHNICITY,
    NAMES_BY_GENDER,
    Variant,
    ethnicity_name_arms,
    gender_name_arms,
    word_arms,
)
from modelaudit.checkers.bias.contrasts import Contrast, contrast, unmeasured
from modelaudit.checkers.bias.exhibits import Lengths, left_out_table, names_of
from modelaudit.checkers.bias.name_design import ethnicity_pools, gender_pools
from modelaudit.checkers.bias.reading import unread
from modelaudit.checkers.bias.report import findings_of
from modelaudit.checkers.bias.scores import answers_of, scored_classes
from modelaudit.checkers.bias.sources import GenderedRow, NamedRow, Source, Survey, drawn, survey
from modelaudit.checkers.bias.units import LEAST_ROWS
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.text import Document

VARIANTS_OF_WORDS = 3
VARIANTS_OF_NAMES = 24

COMPARISONS = (
    (GENDER_WORDS, "female", "male"),
    (NAMES_BY_GENDER, "female", "male"),
    (NAMES_BY_ETHNICITY, "black", "white"),
    (NAMES_BY_ETHNICITY, "hispanic", "white"),
    (NAMES_BY_ETHNICITY, "api", "white"),
)


class CounterfactualSubstitution:
    """Swaps gendered words and first names in the user's own rows and compares the model's answers.

    Args:
        rows: rows to rewrite for each attribute; by default 100, 400 or 2,000 with the preset.
    """

    info = CheckerInfo(
        id="modelaudit/counterfactual-substitution",
        version="2.0",
        risk=Risk.BIAS,
        title="Counterfactual substitution of gender words and first names",
        question="Does the answer change when only the gender or the ethnicity of the person in the text changes?",
        summary=(
            "In the evaluation rows, gendered words are made female and male, and first names are exchanged for names "
            "that are typical of a gender or a US ethnic group, alike in length and frequency. The model's scores are "
            "compared row by row. Changes are counted beyond those that an exchange within one group makes; "
            "names as well as rows are treated as samples."
        ),
        needs=("predict", "players"),
        not_shown=(
            "The test changes words, not persons: it does not show what the model would do for another person, and is "
            "not a causal criterion of fairness.",
            "Names are typical of groups in the United States; they stand for a group as a reader may see it.",
            "Gender words are a fixed English list with two genders. Other languages are not assessed.",
            "Equal answers in these rows do not show that error rates are equal between groups.",
        ),
        remedies=(
            "Add each training row again with gender and names exchanged (counterfactual augmentation), labels kept.",
            "Train with a penalty on different outputs for such pairs (counterfactual logit pairing).",
            "Mask names and gendered words before the model where the task does not need them.",
            "For entity recognition, train on more and more varied first names of the groups that are missed.",
            "Test again with other names after any change, for a model can learn this list.",
        ),
        references=(
            "Garg et al. 2019, Counterfactual fairness in text classification through robustness",
            "Kiritchenko and Mohammad 2018, Examining gender and race bias in two hundred sentiment analysis systems",
            "Tzioumis 2018, Demographic aspects of first names",
            "An and Rudinger 2023, Nichelle and Nancy",
            "Baayen, Davidson and Bates 2008, Mixed-effects modeling with crossed random effects",
        ),
    )

    def __init__(self, *, rows: int | None = None) -> None:
        self.rows = rows

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no answer can be compared, or None."""
        if subject.task not in {"text-classification", "token-classification"}:
            return f"compares text and token classification, not {subject.task}"
        if len(subject.model.labels) < 2:
            return "the model has a single label, so its answer can't change"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the rewritten rows at most: it is not known before the run how many rows can be rewritten."""
        rows = min(self._wanted(Budget(subject.preset)), subject.evaluation.rows)
        evaluations = rows * (VARIANTS_OF_WORDS + VARIANTS_OF_NAMES)
        return Cost(evaluations, round(evaluations * (subject.evaluation.mean_tokens + 2)))

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Rewrite, ask and compare. Raises NotAssessable where fewer than 30 rows can be rewritten in any way."""
        wanted = self._wanted(ctx.budget)
        labels = ctx.model.labels
        found = survey(_sources(ctx, wanted), labels, wanted=wanted)
        words, names = _usable(ctx, found, wanted)
        variants = _variants(ctx, words, names)
        predicted = _predicted(
            ctx.model,
            [*(row.source.row for row in words), *(row.source.row for row in names)],
            labels,
            ctx.subject.task,
        )
        classes = scored_classes(labels, predicted, task=ctx.subject.task)
        predictions = ctx.model.predict([variant.row for variant in variants])
        lost = unread(ctx.model, variants, predictions.truncated)
        answers = answers_of(variants, predictions, lost, classes)
        used = {GENDER_WORDS: len(words), "first names": len(names)}
        overview = left_out_table(found.examined, found.left_out, used)
        lengths = _lengths(ctx.model, names_of(variants))
        findings: list[Finding] = []
        for attribute, focus, reference in COMPARISONS:
            if rows := len(words if attribute == GENDER_WORDS else names):
                compared = contrast(answers, attribute, focus, reference)
                _note_left_out(ctx, compared, rows)
            else:
                count = len(found.named) if attribute != GENDER_WORDS else _gendered(found, wanted)
                reason = _too_few(attribute, count, found.examined)
                compared = unmeasured(attribute, focus, reference, reason, n=count, classes=len(classes))
            findings += findings_of(compared, classes, lengths, overview)
        return findings

    def _wanted(self, budget: Budget) -> int:
        if self.rows is not None and self.rows < LEAST_ROWS:
            raise ValueError(f"the option rows is {self.rows}; {LEAST_ROWS} rows are the least that can be judged")
        return budget.pick(100, 400, 2_000) if self.rows is None else self.rows


def _sources(ctx: Context, wanted: int) -> Iterator[Source]:
    """Yield the evaluation rows in drawn order, with reference tags for token classification."""
    rows = drawn(ctx.data.evaluation, seed=ctx.seed)
    if ctx.subject.task != "token-classification":
        yield from (Source(row, Document(row.text)) for row in rows)
        return
    step = max(2 * wanted, 1)
    for start in range(0, len(rows), step):
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


def _usable(ctx: Context, found: Survey, wanted: int) -> tuple[list[GenderedRow], list[NamedRow]]:
    """Return the rows of either kind, none where they are too few; say what was not assessed."""
    fill = found.gendered_and_named[: max(wanted - len(found.gendered), 0)]
    words = [*found.gendered, *fill]
    counts = (
        f"{len(words)} rows with gendered words and {len(found.named)} with a first name among {found.examined} rows"
    )
    if max(len(words), len(found.named)) < LEAST_ROWS:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in sorted(found.left_out.items()))
        raise NotAssessable(
            f"found {counts} (left out: {reasons or 'none'}), and {LEAST_ROWS} of either kind are the least; provide "
            "English evaluation rows that speak of persons, by pronoun or by first name"
        )
    if fill and len(words) >= LEAST_ROWS:
        ctx.note(f"{len(fill)} of {len(words)} rows with gendered words also name a person; the name was kept.")
    if len(words) < LEAST_ROWS:
        ctx.note(f"Gender words are not assessed: found {counts}, and {LEAST_ROWS} are the least.")
        words = []
    if len(found.named) < LEAST_ROWS:
        ctx.note(f"First names are not assessed: found {counts}, and {LEAST_ROWS} are the least.")
        return words, []
    return words, found.named


def _gendered(found: Survey, wanted: int) -> int:
    """Return how many rows with gendered words there are, those that name a person too where others are too few."""
    return min(len(found.gendered) + len(found.gendered_and_named), wanted)


def _too_few(attribute: str, count: int, examined: int) -> str:
    kind = "gendered words that can be exchanged" if attribute == GENDER_WORDS else "a first name"
    return f"{count:,} of {examined:,} rows have {kind}, and {LEAST_ROWS} are the least."


def _note_left_out(ctx: Context, compared: Contrast, rows: int) -> None:
    """Say how many of the rewritten rows are not in the estimates."""
    if unread_rows := rows - compared.rows_read:
        ctx.note(f"{compared.title}: the model does not read as far as the edit in {unread_rows} rows.")
    if without := len(compared.focus_answers) - compared.estimates.controls:
        ctx.note(
            f"{compared.title}: {without} rows have no other word to exchange without harm, so no control; they are in "
            "the score difference and the flip rate, and left out where flips are compared with the control's."
        )


def _variants(ctx: Context, words: Sequence[GenderedRow], names: Sequence[NamedRow]) -> list[Variant]:
    labels = ctx.model.labels
    variants = list(word_arms(words, labels))
    if names:

        def counter(spelled: Sequence[str]) -> list[int]:
            of = _lengths(ctx.model, spelled).of
            return [of[name] for name in spelled]

        by_gender = gender_pools(seed=ctx.seed, n_tokens=counter)
        by_ethnicity = ethnicity_pools(seed=ctx.seed, n_tokens=counter)
        variants += gender_name_arms(names, labels, by_gender, seed=ctx.seed)
        variants += ethnicity_name_arms(names, labels, by_ethnicity, seed=ctx.seed)
    return variants


def _lengths(model: ModelHandle, names: Sequence[str]) -> Lengths:
    """Return the tokens of each name as it stands inside a sentence, behind a space.

    Where nobody knows the model's tokens, they are the name's characters.
    """
    if "token_counts" not in model.capabilities:
        return Lengths("characters", {name: len(name) for name in names})
    counts = model.token_counts([f" {name}" for name in names]) if names else ()
    return Lengths("tokens", dict(zip(names, map(int, counts), strict=True)))


def _predicted(model: ModelHandle, rows: Sequence[Row], labels: Sequence[str], task: str) -> list[int]:
    """Return the predicted labels of the originals where they decide which classes are followed."""
    if task != "text-classification" or len(labels) <= 2:
        return []
    return [int(label) for label in model.predict(rows).labels]
