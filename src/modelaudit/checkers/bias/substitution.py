"""The substitution test: choose rows, ask for every variant, compare the arms, state what came out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelaudit.checker import Context, ModelHandle
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import Attribute, Design, Editable
from modelaudit.checkers.bias.contrasts import Contrast, contrast
from modelaudit.checkers.bias.exhibits import Lengths, left_out_table, names_of
from modelaudit.checkers.bias.findings import absent, findings_of
from modelaudit.checkers.bias.options import Options
from modelaudit.checkers.bias.scoring import scoring_of
from modelaudit.checkers.bias.scoring.score import Answer, Scoring
from modelaudit.checkers.bias.source import Source, drawn
from modelaudit.checkers.bias.survey import Survey, label_that_speaks, survey
from modelaudit.checkers.bias.units import LEAST_ROWS
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Table
from modelaudit.results import Finding
from modelaudit.text import LANGUAGES

ORIGINALS = 1_000
"""Evaluation rows that say how far the model's outputs spread, and which classes it decides on."""
Chosen = list[tuple[Attribute[Any], list[Editable]]]


def substitute(
    ctx: Context,
    sources: Iterable[Source],
    options: Options,
    *,
    wanted: int,
    noun: str,
    names_only: bool = False,
    scoring: Scoring | None = None,
) -> list[Finding]:
    """Return the findings of the test over the sources.

    Args:
        wanted: rows to rewrite for each kind of words.
        noun: what the sources are, "evaluation rows".
        names_only: whether they are about names of persons and no other words.
        scoring: how answers are read; by default as the task has it.

    Raises:
        NotAssessable: fewer than 30 rows can be rewritten in any way.
    """
    labels = ctx.model.labels
    attributes = _attributes(ctx, options, names_only=names_only)
    found = survey(sources, attributes, labels, wanted=wanted, language=options.language)
    chosen = _chosen(found, wanted, noun)
    design = design_of(ctx.model, options, seed=ctx.seed)
    variants = [variant for attribute, rows in chosen for variant in attribute.variants(rows, design)]
    scoring = scoring or scoring_of(
        ctx.model,
        ctx.subject.task,
        note=ctx.note,
        favourable=options.favourable,
        originals=drawn(ctx.data.evaluation, seed=ctx.seed)[:ORIGINALS],
        of_names=[each.attribute for attribute, _ in chosen if attribute.of_names for each in attribute.planned],
    )
    answers = _by_attribute(scoring.answers(variants))
    overview = left_out_table(found.examined, found.left_out, {each.title: len(rows) for each, rows in chosen})
    lengths = lengths_of(ctx.model, names_of(variants))
    findings: list[Finding] = []
    noted: set[str] = set()
    for attribute, rows in chosen:
        for planned in attribute.planned:
            mine = answers.get(planned.attribute, ())
            compared = contrast(mine, planned, scoring.scores(planned.attribute))
            _note_left_out(ctx, compared, len(rows), len({answer.row for answer in mine}), noted)
            findings += findings_of(compared, lengths, overview)
    return [*findings, *_absences(ctx, found, wanted, scoring, overview)]


def lengths_of(model: ModelHandle, names: Sequence[str]) -> Lengths:
    """Return the tokens of each name as it stands inside a sentence, behind a space.

    Where nobody knows the model's tokens, they are the name's characters.
    """
    if "token_counts" not in model.capabilities:
        return Lengths("characters", {name: len(name) for name in names})
    counts = model.token_counts([f" {name}" for name in names]) if names else ()
    return Lengths("tokens", dict(zip(names, map(int, counts), strict=True)))


def design_of(model: ModelHandle, options: Options, *, seed: int) -> Design:
    """Return what the arms are built with."""
    return Design(
        seed=seed,
        labels=model.labels,
        count=lambda words: lengths_of(model, words).each(words),
        names_per_group=options.names_per_group,
        names_per_row=options.names_per_row,
    )


def _attributes(ctx: Context, options: Options, *, names_only: bool) -> Mapping[str, Sequence[Attribute[Any]]]:
    """Return the attributes by language, without those whose words are the model's very answers."""
    kept: dict[str, list[Attribute[Any]]] = {}
    for code in [options.language] if options.language else LANGUAGES:
        kept[code] = []
        for attribute in attributes_of(LANGUAGES[code], options.attributes):
            if names_only and not attribute.of_names:
                continue
            label = label_that_speaks(attribute, ctx.model.labels)
            if label is None:
                kept[code].append(attribute)
            else:
                ctx.note(f"Not tested, {attribute.title}: the label {label!r} is itself such a word.")
    return kept


def _chosen(found: Survey, wanted: int, noun: str) -> Chosen:
    chosen = [(kind.attribute, kind.rows(wanted)) for kind in found.kinds]
    enough = [(attribute, rows) for attribute, rows in chosen if len(rows) >= LEAST_ROWS]
    if enough:
        return enough
    counts = ", ".join(f"{len(rows)} with {attribute.title}" for attribute, rows in chosen if rows) or "none"
    reasons = "; ".join(f"{reason}: {count}" for reason, count in sorted(found.left_out.items()))
    raise NotAssessable(
        f"of {found.examined} {noun} those that can be rewritten are: {counts} (left out: {reasons or 'none'}), and "
        f"{LEAST_ROWS} of one kind are the least; provide English or Chinese rows that speak of persons"
    )


def _by_attribute(answers: Sequence[Answer]) -> Mapping[str, Sequence[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        for attribute in (answer.variant.attribute, *(other for other, _ in answer.variant.also)):
            found[attribute].append(answer)
    return found


def _absences(ctx: Context, found: Survey, wanted: int, scoring: Scoring, overview: Table) -> list[Finding]:
    """Return a finding for each attribute that too few rows speak of; of one that is not expected a note may do."""
    findings: list[Finding] = []
    for kind in found.kinds:
        count = len(kind.rows(wanted))
        if count >= LEAST_ROWS or not found.by_language[kind.attribute.language]:
            continue
        reason = (
            f"{count:,} of {found.examined:,} rows have {kind.attribute.title} that can be exchanged, and "
            f"{LEAST_ROWS} are the least."
        )
        if not count and not kind.attribute.expected:
            ctx.note(f"Not assessed, {kind.attribute.title}: {reason}")
            continue
        for title in dict.fromkeys(planned.attribute for planned in kind.attribute.planned):
            findings.append(absent(title, scoring.scores(title), reason, n=count, overview=overview))
    return findings


def _note_left_out(ctx: Context, compared: Contrast, rows: int, asked: int, noted: set[str]) -> None:
    """Say how many of the rewritten rows are not in the estimates; once where several comparisons have it so."""
    attribute, flips = compared.planned.attribute, compared.estimates.flips
    told = []
    if rows > asked:
        told.append(
            f"{attribute}: {rows - asked} rows have gendered words that can't go with a name of the other gender, so "
            "such a name would stand out by its grammar; they are left out here."
        )
    if unread := asked - compared.rows_read:
        told.append(f"{attribute}: the model does not read as far as the edit in {unread} rows.")
    if flips is not None and (without := len(compared.focus_answers) - flips.controls):
        told.append(
            f"{attribute}: {without} rows have no other word to exchange without harm, so no control; they are in "
            "the score difference and the flip rate, and left out where flips are compared with the control's."
        )
    for note in told:
        if note not in noted:
            noted.add(note)
            ctx.note(note)
