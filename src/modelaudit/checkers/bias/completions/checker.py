"""Bias in completions: what the model writes about persons of one group and another, scored by a classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row, TextScorer
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.completions.scoring import CompletionScoring
from modelaudit.checkers.bias.counterfactual import NOT_SHOWN
from modelaudit.checkers.bias.frames import WORDS_A_FRAME, language_of_data
from modelaudit.checkers.bias.options import Options, listed
from modelaudit.checkers.bias.source import GENERATION, WRITING, Source, drawn
from modelaudit.checkers.bias.substitution import substitute
from modelaudit.errors import InputError
from modelaudit.results import Finding
from modelaudit.text import FRAME_ATTRIBUTES, LANGUAGES, Document, frame_sentences

TASKS = frozenset({GENERATION, WRITING})
MOST_NEW_TOKENS = 512
NO_CLASSIFIER = (
    "no classifier is named that completions could be scored with; name one by the option classifier (a folder or hub "
    "id of a text classifier, or in Python a function from texts to probabilities), and its class by unfavourable"
)


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function as an option: a report tells its name, since where it lies in memory differs from run to run."""

    call: Callable[[Sequence[str]], Any]

    def __repr__(self) -> str:
        return str(getattr(self.call, "__name__", type(self.call).__name__))


class CompletionBias:
    """Lets the model go on behind sentences about a person, and compares what a classifier makes of it.

    Args:
        classifier: what scores the completions: a folder or hub id of a text classifier, or a function from texts to
            (texts, labels) probabilities, with an attribute `labels`. Without one the check does not apply.
        unfavourable: the label of the classifier that is bad for the person, "toxic" or "negative".
        sentences: sentences for each kind of words; by default 64, 192 or 384 with the preset, as far as there are so
            many.
        new_tokens: tokens that are written behind each sentence, at the most.
        attributes, language, names_per_group, names_per_row: as for `CounterfactualFrames`.
    """

    info = CheckerInfo(
        id="modelaudit/completion-bias",
        version="1.0",
        risk=Risk.BIAS,
        title="Bias in completions",
        question="Does the model write worse things about persons of one group than about those of another?",
        summary=(
            "The model goes on behind everyday sentences of our own about a person, who is given gendered words, "
            "names, a religion, a nationality or an age of one group and another. A classifier that the user names "
            "scores what was written, with names and gendered words written alike. Scores are compared sentence by "
            "sentence; sentences as well as names are treated as samples."
        ),
        metrics=("completion_difference", "completion_shift"),
        needs=("answers",),
        means=(
            "Behind the same sentence the model writes worse things when the person is of one group. Readers of such "
            "texts get a worse picture of these people, and people who use the model for themselves are spoken to or "
            "described worse. It depends on what the model is used to write, on whether a person reads it first, and "
            "on how well the classifier tells what is bad."
        ),
        not_shown=(
            "The scores are the classifier's: what it overlooks is not measured, and what it dislikes for reasons of "
            "its own counts.",
            "The most probable continuation is judged, not all that the model may write when it draws at random.",
            "The sentences are not the user's data: what the model does with its own kind of prompts may differ.",
            *NOT_SHOWN[:3],
        ),
        remedies=(
            "Read the completions that differ most before anything else: a classifier of another kind may judge them "
            "otherwise.",
            "Train on texts in which the groups appear in the same roles (counterfactual augmentation).",
            "Filter or rank what the model writes by the classifier, and test again with another one.",
        ),
        measures=("counterfactual-augmentation",),
        references=(
            "Sheng et al. 2019, The woman worked as a babysitter: on biases in language generation",
            "Dhamala et al. 2021, BOLD: dataset and metrics for measuring biases in open-ended language generation",
            "Baayen, Davidson and Bates 2008, Mixed-effects modeling with crossed random effects",
        ),
    )

    def __init__(
        self,
        *,
        classifier: str | Path | Callable[[Sequence[str]], Any] | None = None,
        unfavourable: str | None = None,
        sentences: int | None = None,
        new_tokens: int = 32,
        attributes: Sequence[str] = ("gender", "ethnicity", "religion"),
        language: str | None = None,
        names_per_group: int = 40,
        names_per_row: int = 4,
    ) -> None:
        named = classifier is None or isinstance(classifier, str | Path | NamedFunction)
        self.classifier = classifier if named else NamedFunction(_function(classifier))
        self.unfavourable = unfavourable
        self.sentences = sentences
        self.new_tokens = new_tokens
        self.attributes = listed("attributes", attributes)
        self.language = language
        self.names_per_group = names_per_group
        self.names_per_row = names_per_row
        self.options(language)
        if unfavourable is not None and not isinstance(unfavourable, str):
            raise ValueError(f"the option unfavourable is {unfavourable!r}; give the name of a label")
        if classifier is not None and unfavourable is None:
            raise ValueError("the option classifier needs unfavourable beside it: the label that is bad for a person")
        _whole("sentences", 30 if sentences is None else sentences, 30, 1_000)
        _whole("new_tokens", new_tokens, 1, MOST_NEW_TOKENS)

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why there are no completions to score, or None."""
        if subject.task not in TASKS:
            return f"scores what a model writes behind sentences, and a {subject.task} model writes nothing"
        return NO_CLASSIFIER if self.classifier is None else None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the sentences of all arms, in English, with what is written; the classifier comes on top."""
        kinds = attributes_of(LANGUAGES["en"], self.attributes)
        arms = sum(each.arms for each in kinds) * max(self.names_per_row, 4) // 4
        evaluations = self._wanted(Budget(subject.preset)) * arms
        return Cost(evaluations, evaluations * (WORDS_A_FRAME + self.new_tokens))

    def options(self, language: str | None) -> Options:
        """Return what was chosen, with the language of the sentences."""
        return Options(
            attributes=self.attributes,
            language=language,
            names_per_group=self.names_per_group,
            names_per_row=self.names_per_row,
        )

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Write, score and compare. Raises NotAssessable where the data's language has no sentences."""
        scorer, unfavourable = self._scorer(ctx)
        options = self.options(self.language or language_of_data(ctx))
        scoring = CompletionScoring(ctx.model, scorer, unfavourable=unfavourable, new_tokens=self.new_tokens)
        sources = _prompts(ctx, options.language or "")
        found = substitute(
            ctx, sources, options, wanted=self._wanted(ctx.budget), noun="sentences of our own", scoring=scoring
        )
        ctx.note(f"Completions are scored by the classifier {scorer.name}; its class {unfavourable} is followed.")
        if scoring.empty:
            ctx.note(
                f"Behind {scoring.empty:,} of {scoring.asked:,} sentences the model writes nothing, which counts as "
                "nothing unfavourable."
            )
        if scoring.gendered:
            ctx.note(
                f"Behind {scoring.gendered:,} of {scoring.asked:,} sentences it writes gendered words that can not all "
                "be put in one form, so there the classifier may see the gender of the person."
            )
        return found

    def _wanted(self, budget: Budget) -> int:
        return budget.pick(64, 192, 384) if self.sentences is None else self.sentences

    def _scorer(self, ctx: Context) -> tuple[TextScorer, str]:
        """Return the classifier and its label. Raises InputError where it has no such label."""
        source = self.classifier.call if isinstance(self.classifier, NamedFunction) else self.classifier
        assert source is not None
        assert self.unfavourable is not None
        scorer = ctx.classifier(source)
        if self.unfavourable not in scorer.labels:
            raise InputError(
                f"the option unfavourable is {self.unfavourable!r}, but the labels of the classifier are "
                f"{', '.join(scorer.labels[:20])}"
            )
        return scorer, self.unfavourable


def _prompts(ctx: Context, language: str) -> Iterator[Source]:
    """Yield the sentences in drawn order, as messages of a chat where the user's rows are such."""
    turns = () if any(row.turns is not None for row in ctx.data.evaluation) else None
    rows = [
        Row(f"{sentence.id}/{attribute}", sentence.text, turns=turns)
        for attribute in FRAME_ATTRIBUTES[language]
        for sentence in frame_sentences(language, attribute)
    ]
    for row in drawn(rows, seed=ctx.seed):
        yield Source(row, Document(row.text))


def _function(classifier: Any) -> Callable[[Sequence[str]], Any]:
    if not callable(classifier):
        raise ValueError(
            f"the option classifier is a {type(classifier).__name__}; give a folder, a hub id or a function"
        )
    found: Callable[[Sequence[str]], Any] = classifier
    return found


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"the option {name} is {value!r}; give a whole number from {least} to {most}")
