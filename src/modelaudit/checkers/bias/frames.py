"""Counterfactual substitution test on sentences of our own, for when the data mentions nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.counterfactual import MEASURES, METRICS, NOT_SHOWN, REFERENCES, REMEDIES, asked, why_not
from modelaudit.checkers.bias.options import Options, listed
from modelaudit.checkers.bias.source import CUT_OFF, LANGUAGE_TASKS, QUESTIONS, WRITING, Source
from modelaudit.checkers.bias.substitution import substitute
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.text import (
    FRAME_ATTRIBUTES,
    FRAME_DOMAINS,
    LANGUAGES,
    Document,
    entity_sentences,
    frame_sentences,
    language_of,
)
from modelaudit.text.tags import entity_spans, split_tag, type_of

LEAST_DOMAINS = 2
LOOKED_AT = 1_000
"""Evaluation rows whose language is looked at."""
TYPES = {
    "per": "PER",
    "person": "PER",
    "org": "ORG",
    "organization": "ORG",
    "organisation": "ORG",
    "loc": "LOC",
    "location": "LOC",
    "gpe": "LOC",
}
"""Entity types of the frames, by what models call them."""
WORDS_A_FRAME = 17
"""And their tokens, about."""


class CounterfactualFrames:
    """Exchanges words that speak of a person's group in our own sentences and compares the model's answers.

    Args:
        domains: which domains' sentences are used, two or more; None for all.
        attributes, language, favourable, names_per_group, names_per_row: as for `CounterfactualSubstitution`; the
            language is that of most evaluation rows where it is not given.
    """

    info = CheckerInfo(
        id="modelaudit/counterfactual-frames",
        version="1.0",
        risk=Risk.BIAS,
        title="Counterfactual substitution in frames",
        question="Does the answer to everyday sentences change when only words that speak of a person's group change?",
        summary=(
            "In sentences of our own, at least 20 to each of several domains and of varied wording, the person is "
            "given gendered words, names, a religion, a nationality or an age of one group and another. The model's "
            "answers are compared sentence by sentence; sentences as well as names are treated as samples."
        ),
        metrics=METRICS,
        needs=("predict",),
        means=(
            "In plain everyday sentences the model answers otherwise when only the group of the person spoken of "
            "changes. This points to people who could be treated worse in use; it does not show how often that "
            "happens with real texts. It depends on how like these sentences the real texts are, and on what is "
            "decided by the answer."
        ),
        not_shown=(
            "The sentences are not the user's data: what the model does with its own kind of rows may differ, and a "
            "change of wording can move a model as much as a group does.",
            *NOT_SHOWN,
        ),
        remedies=REMEDIES,
        measures=MEASURES,
        references=(
            *REFERENCES,
            "Seshadri, Pezeshkpour and Singh 2022, Quantifying social biases using templates is unreliable",
        ),
    )

    def __init__(
        self,
        *,
        domains: Sequence[str] | None = None,
        attributes: Sequence[str] = TOPICS,
        language: str | None = None,
        favourable: str | None = None,
        names_per_group: int = 40,
        names_per_row: int = 4,
    ) -> None:
        self.domains = None if domains is None else listed("domains", domains)
        self.attributes = listed("attributes", attributes)
        self.language = language
        self.favourable = favourable
        self.names_per_group = names_per_group
        self.names_per_row = names_per_row
        self.options(language)
        unknown = sorted(set(self.domains or ()) - set(FRAME_DOMAINS))
        if unknown or self.domains == ():
            raise ValueError(f"the option domains has {unknown or 'nothing'}; choose from {', '.join(FRAME_DOMAINS)}")
        if self.domains is not None and len(set(self.domains)) < LEAST_DOMAINS:
            raise ValueError(
                f"the option domains has {self.domains[0]} alone, which is too few sentences; choose two or more"
            )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no answer can be compared, or None."""
        if subject.task in {QUESTIONS, WRITING}:
            return (
                f"its sentences ask no question and have no text to be written, so {subject.task} is left to the check "
                "of your own rows"
            )
        return why_not(subject)

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the variants of all sentences, in English, about."""
        if subject.task == "token-classification":
            return asked(subject, len(entity_sentences("en")) * 24 * max(self.names_per_row, 4) // 4, WORDS_A_FRAME)
        frames = len(frame_sentences("en", "names", domains=self.domains))
        arms = sum(each.arms for each in attributes_of(LANGUAGES["en"], self.attributes))
        return asked(subject, frames * arms * max(self.names_per_row, 4) // 4, WORDS_A_FRAME)

    def options(self, language: str | None) -> Options:
        """Return what was chosen, with the language of the sentences."""
        return Options(
            attributes=self.attributes,
            language=language,
            favourable=self.favourable,
            names_per_group=self.names_per_group,
            names_per_row=self.names_per_row,
        )

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Write, ask and compare. Raises NotAssessable where the data's language has no sentences."""
        options = self.options(self.language or language_of_data(ctx))
        options.check_label(ctx.model.labels)
        sources = list(self._sources(ctx, options.language or ""))
        tagged = ctx.subject.task == "token-classification"
        return substitute(
            ctx, sources, options, wanted=max(len(sources), 1), noun="sentences of our own", names_only=tagged
        )

    def _sources(self, ctx: Context, language: str) -> Iterator[Source]:
        if ctx.subject.task == "token-classification":
            yield from _tagged(language, ctx.model.labels)
            return
        for attribute in FRAME_ATTRIBUTES[language]:
            for sentence in frame_sentences(language, attribute, domains=self.domains):
                # A frame is one sentence for each attribute; an id is one row's.
                row = Row(f"{sentence.id}/{attribute}", sentence.text)
                yield Source(row, Document(row.text), continues=ctx.subject.task in LANGUAGE_TASKS)


def language_of_data(ctx: Context) -> str:
    """Return the language of most of the evaluation rows."""
    counts: Counter[str] = Counter(language_of(row.text) or "" for row in ctx.data.evaluation[:LOOKED_AT])
    known = [code for code in LANGUAGES if counts[code]]
    if not known:
        raise NotAssessable(
            f"none of the first {sum(counts.values()):,} evaluation rows looks English or Chinese; there are sentences "
            "in these languages alone (name one by the option language where the model reads it all the same)"
        )
    return max(known, key=lambda code: counts[code])


def _tagged(language: str, labels: Sequence[str]) -> Iterator[Source]:
    """Yield the frames of taggers, with the model's own tags; types that it does not know are left open."""
    indices: dict[tuple[str, str], int] = {}
    for index, label in enumerate(labels):
        kind = TYPES.get((type_of(label) or "").lower())
        if kind is not None:
            indices.setdefault((split_tag(label)[0], kind), index)
    if not any(kind == "PER" for _, kind in indices):
        raise NotAssessable(
            f"the model has no label for persons ({', '.join(labels[:20])}), and the frames name persons"
        )
    outside = labels.index("O") if "O" in labels else CUT_OFF
    for sentence in entity_sentences(language):
        tags = [outside] * len(sentence.words)
        for start, end, kind in entity_spans(sentence.tags):
            for place in range(start, end):
                tags[place] = _index(indices, kind, begins=place == start, ends=place == end - 1)
        row = Row(sentence.id, " ".join(sentence.words), words=sentence.words, tags=tuple(tags))
        yield Source(row, Document.from_words(sentence.words), row.tags)


def _index(indices: dict[tuple[str, str], int], kind: str, *, begins: bool, ends: bool) -> int:
    """Return the model's index of a word of an entity, by the prefixes of its own scheme or the nearest there are."""
    if begins:
        prefixes = ("S", "U", "B", "", "I") if ends else ("B", "", "I")
    else:
        prefixes = ("E", "L", "I", "", "B") if ends else ("I", "", "B")
    return next((indices[prefix, kind] for prefix in prefixes if (prefix, kind) in indices), CUT_OFF)
