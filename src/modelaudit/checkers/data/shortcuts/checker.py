"""Shortcuts: does a word, a mark or a number decide the label, though it is no reason for one?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.data.drawing import distinct, unit
from modelaudit.checkers.data.shortcuts.asking import HIDDEN_ROWS, OTHERS, Asked, hidden, put_in
from modelaudit.checkers.data.shortcuts.association import Association, associated
from modelaudit.checkers.data.shortcuts.cues import ALWAYS, NUMBER, Cue, cues_of, words_of
from modelaudit.checkers.data.shortcuts.findings import (
    Judged,
    association_finding,
    no_reliance_finding,
    reliance_finding,
)
from modelaudit.checkers.data.shortcuts.insertion import insertion_of
from modelaudit.checkers.data.shortcuts.kinds import Kind, kind_of, suspect
from modelaudit.drawing import digest
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

FEWEST = 100
"""Labelled rows of different texts below which nothing is looked for."""
LISTED = 20
"""Confirmed cues in the table, the strongest."""
MOST_JUDGED = 10
"""Cues that are put into rows, without those that the user names."""
MOST_NAMED = 20
TEXTS = 100
"""Texts that are kept of each cue, for the form and the kind of its words."""
EVERY = 10**9
WITHOUT_LABELS = "its answers are texts or numbers, so there is no label that a word could give away"
WITHOUT_WORDS = (
    "cues are words and marks of texts, which pictures and sounds do not have; name what may give a label away "
    "(source, device, background) in a column, whose values the checks of weak slices and of groups compare"
)
NOT_DEFINED = {
    "token-classification": "a tagger labels words one by one, so a text has no label that a word could give away",
    "multi-label-classification": "a row has several labels at once, so a cue decides no label in place of another",
    "image-classification": WITHOUT_WORDS,
    "audio-classification": WITHOUT_WORDS,
}
"""Why no label of a row could be given away by a word, by task; of other tasks `WITHOUT_LABELS`."""


class Shortcuts:
    """Cues that give the label away, and how far the model leans on those that are no reason for one.

    Args:
        suspects: words and pairs of words that should decide no label here; judged whatever their kind.
        legitimate: words, or marks as the table names them (`ends with ?`), that may; never judged.
    """

    info = CheckerInfo(
        id="modelaudit/shortcuts",
        version="1",
        risk=Risk.DATA,
        title="Shortcuts",
        question="Does the model go by something that is no reason for a label, such as a mark, a number or a name?",
        summary=(
            "Words, pairs of words, marks, numbers and the case of letters that go with a label are searched for in "
            "one half of the rows and confirmed in the other. Those that are seldom a reason for a label are put into "
            "rows of other labels, and the accuracy that they cost is compared with that of a control word or mark. "
            "Words that are hidden show how far they hold the label up."
        ),
        metrics=("shortcut_reliance", "label_lift"),
        needs=("labels", "predict"),
        means=(
            "The model goes by a mark, a word or a name that has nothing to do with the matter. People whose text "
            "happens to have it could be judged by that alone, and someone who knows of it could steer the answer. It "
            "depends on how often the cue turns up in use, and on who uses it; names and turns of phrase can go with "
            "a group of people."
        ),
        not_shown=(
            "Content words are listed and not judged: whether one is a reason for the label is for a person to say.",
            "Cues that take more than a word or two, as a topic or a style, are not looked for.",
            "A cue that goes with a label in neither table is looked for only where it is tried with every model.",
            "What is put behind a text is not how people write; a model may heed it less or more there.",
        ),
        remedies=(
            "Balance the cue over the labels in the training rows, or take it out of them.",
            "Add training rows of other labels that have the cue.",
        ),
        references=(
            "Gururangan et al. 2018, Annotation artifacts in natural language inference data (arXiv 1803.02324)",
            "Geirhos et al. 2020, Shortcut learning in deep neural networks (arXiv 2004.07780)",
            "Gardner et al. 2021, Competency problems (arXiv 2104.08646)",
            "Wang et al. 2022, Identifying and mitigating spurious correlations (arXiv 2110.07736)",
        ),
    )

    def __init__(self, *, suspects: Sequence[str] = (), legitimate: Sequence[str] = ()) -> None:
        self.suspects = _listed("suspects", suspects)
        self.legitimate = _listed("legitimate", legitimate)
        both = {_key(word) for word in self.suspects} & {_key(word) for word in self.legitimate}
        if both:
            raise ValueError(f"the options suspects and legitimate both name {min(both)!r:.40}; leave it out of one")
        if wrong := [word for word in self.suspects if _suspected(word) is None]:
            raise ValueError(f"the option suspects has {wrong[0]!r:.40}; give words or pairs of words")

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no label of a text could be given away, or None."""
        if subject.task != "text-classification":
            return NOT_DEFINED.get(subject.task, WITHOUT_LABELS)
        if len(subject.model.labels) < 2:
            return "the model has a single label, so nothing can decide between labels"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the rows as they are, twice the rows into which cues are put, and the rows with hidden words."""
        budget = Budget(subject.preset)
        rows = min(_most_rows(budget), subject.evaluation.rows)
        inserted = 2 * min(_most_tried(budget), rows) * (MOST_JUDGED + len(self.suspects))
        masked = LISTED * min(HIDDEN_ROWS, rows) * (1 + OTHERS) if "predict_masked" in subject.capabilities else 0
        evaluations = rows + inserted + masked
        return Cost(evaluations, round(evaluations * (subject.evaluation.mean_tokens + 1)))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Search, confirm, put in, compare. NotAssessable below 100 labelled rows of different texts."""
        rows = _labelled(ctx, ctx.data.evaluation)
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} labelled evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        members = _labelled(ctx, ctx.data.members or ())
        source, name = (members, "training rows") if len(members) >= FEWEST else (rows, "evaluation rows")
        quartiles = _quartiles(source)
        found, texts = _search(ctx, source, quartiles)
        asked = _as_they_are(ctx, rows[: _most_rows(ctx.budget)], quartiles)
        kinds = {each.cue: kind_of(each.cue, texts.get(each.cue, [])) for each in found.confirmed}
        judged, left_out = self._judged(ctx, found, texts, kinds, asked)
        if judged:
            yield reliance_finding(judged, ctx.model.labels, left_out)
        else:
            yield no_reliance_finding(
                "Too few rows lack the cues, have another label than theirs, or are answered rightly without them."
            )
        if not found.confirmed:
            ctx.note(f"Of {found.tried:,} cues in the {name} none gives a label away.")
            return
        listed = found.confirmed[:LISTED]
        drops = hidden(ctx, asked, listed)
        lines = [(each, kinds[each.cue], drop) for each, drop in zip(listed, drops, strict=True)]
        yield association_finding(found, lines, asked, ctx.model.labels, source=name)

    def _judged(
        self,
        ctx: Context,
        found: Association,
        texts: dict[Cue, list[str]],
        kinds: dict[Cue, Kind],
        asked: Asked,
    ) -> tuple[list[Judged], int]:
        """Return the cues that were put into rows, and how many of those chosen could not be judged by it."""
        words, passed = _titles(self.suspects), _titles(self.legitimate)
        label = {each.cue: each.label for each in found.confirmed}
        named = [cue for word in self.suspects if (cue := _suspected(word)) is not None]
        every = [*named, *(cue for cue in ALWAYS if _key(cue.title) not in passed), *label]
        chosen: dict[Cue, Kind] = {}
        for cue in every:
            kind = kinds.get(cue) or kind_of(cue, texts.get(cue, []))
            repeated = cue.is_text and kind == "number" and NUMBER in label and cue not in named
            if cue.form != "length" and not repeated and suspect(kind, cue, suspects=words, legitimate=passed):
                chosen.setdefault(cue, kind)
        going = list(chosen)[: MOST_JUDGED + len(named)]
        plans = [(insertion_of(cue, chosen[cue], found, texts), label.get(cue)) for cue in going]
        results = put_in(ctx, asked, plans, _most_tried(ctx.budget))
        judged = [
            Judged(plan, chosen[plan.cue], usual, result)
            for (plan, usual), result in zip(plans, results, strict=True)
            if result is not None
        ]
        return judged, len(chosen) - len(judged)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, EVERY)


def _most_tried(budget: Budget) -> int:
    return budget.pick(200, 400, 1_000)


def _labelled(ctx: Context, rows: Sequence[Row]) -> list[Row]:
    return distinct([row for row in rows if row.label is not None], seed=ctx.seed)


def _quartiles(rows: Sequence[Row]) -> tuple[float, float]:
    low, high = np.quantile([len(row.text) for row in rows], [0.25, 0.75])
    return float(low), float(high)


def _search(
    ctx: Context, source: Sequence[Row], quartiles: tuple[float, float]
) -> tuple[Association, dict[Cue, list[str]]]:
    """Return the association of cues with labels, and some texts of each cue; one row a document counts."""
    alone: dict[str, Row] = {}
    for row in source:
        alone.setdefault(unit(row), row)
    if len(alone) < len(source):
        ctx.note(f"{len(source) - len(alone):,} rows share a document with another row, and one of each is searched.")
    cues = [cues_of(row.text, quartiles) for row in alone.values()]
    labels = np.array([row.label for row in alone.values()], dtype=np.int64)
    searched = [digest(name, seed=ctx.seed, purpose="searched half")[0] % 2 == 0 for name in alone]
    texts: dict[Cue, list[str]] = {}
    for row, held in zip(alone.values(), cues, strict=True):
        for cue in held:
            if len(kept := texts.setdefault(cue, [])) < TEXTS:
                kept.append(row.text)
    return associated(cues, labels, np.array(searched, dtype=np.bool_)), texts


def _as_they_are(ctx: Context, rows: Sequence[Row], quartiles: tuple[float, float]) -> Asked:
    answers = ctx.model.predict(rows)
    labels = np.array([row.label for row in rows], dtype=np.int64)
    cues = tuple(cues_of(row.text, quartiles) for row in rows)
    return Asked(tuple(rows), cues, labels, answers.labels == labels, ~answers.truncated)


def _suspected(word: str) -> Cue | None:
    """Return the cue of a word or a pair of words; None for anything else."""
    keys = [each.key for each in words_of(word)]
    if len(keys) not in (1, 2):
        return None
    return Cue("word", keys[0]) if len(keys) == 1 else Cue("pair", " ".join(keys))


def _titles(words: Sequence[str]) -> frozenset[str]:
    """Return what the user names, as cues are titled: words as a text has them, and marks as the table has them."""
    cues = [cue for word in words if (cue := _suspected(word)) is not None]
    return frozenset([*(_key(word) for word in words), *(cue.title for cue in cues)])


def _key(word: str) -> str:
    return " ".join(word.casefold().split())


def _listed(name: str, value: Any) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    good = isinstance(words, list | tuple) and all(isinstance(word, str) and word.strip() for word in words)
    if not good or len(words) > MOST_NAMED:
        raise ValueError(f"the option {name} is {value!r:.60}; give a list of at most {MOST_NAMED} words")
    return tuple(words)
