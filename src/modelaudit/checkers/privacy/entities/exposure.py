"""Entity exposure: is a person's name from the training data recognised better than names that are like it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, ModelHandle, Risk, Row
from modelaudit.checkers.privacy.blind_guard import blind_guard
from modelaudit.checkers.privacy.entities.arms import MORE_OF_EACH, Arm, Drawn, draw, excess
from modelaudit.checkers.privacy.entities.decoys import DecoyMaker, TokenCounts, Trial
from modelaudit.checkers.privacy.entities.findings import (
    Measured,
    arm_findings,
    confounded_by,
    exposure_finding,
    guard_finding,
)
from modelaudit.checkers.privacy.entities.frames import Frame, frames
from modelaudit.checkers.privacy.entities.names import Corpus, Names, names_of, types_among
from modelaudit.checkers.privacy.entities.scores import standings
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.text.tags import type_of

TASK = "token-classification"
FEWEST = 20
"""Names an arm below which nothing is computed."""
EACH = 2
"""Neutral frames, and as many contexts of held-out rows."""
FRAME_TOKENS = 14
"""About what a frame with a name in it costs."""
LEAST_DECOYS = 4


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tagged rows of both sides, and where words stand in all of theirs."""

    members: list[Row]
    heldout: list[Row]
    inside: Corpus
    outside: Corpus


class EntityExposure:
    """Compares names of training rows with made-up names that are like them, and so for names never seen.

    Args:
        entity: the type of entity to look at, as the tags name it; by default the types that name persons.
        decoys: made-up names for each name.
        guard_margin: how far above .5 the lower 95% bound of the guard's AUC may lie before the result is called
            confounded.
    """

    info = CheckerInfo(
        id="modelaudit/entity-exposure",
        version="1",
        risk=Risk.PRIVACY,
        title="Exposure of persons' names",
        question="Is a person's name from the training data recognised better than names that are like it?",
        summary=(
            "Names of persons in the training rows are put into sentences that the model was not trained on, and so "
            "are made-up names that are like them. The more of these a name beats in how surely the model takes it for "
            "a person, the more its recognition gives away. Names that the model never saw are treated in the same way "
            "and subtracted."
        ),
        needs=("members", "membership_labels", "predict"),
        means=(
            "The model recognises names that it was trained on more surely than others, so someone who tries names "
            "may learn which persons stand in the training data. For people in case files, health records or "
            "complaints, that can reveal a link that they have told nobody of. The harm depends on what it means to "
            "be named there, and on how many names someone can try."
        ),
        not_shown=(
            "It is about names and what the model says of them; what else it remembers of a person is not measured.",
            "The number is an average over names. Single persons may be exposed where it is near 0, and it does not "
            "say which.",
            "It is a lower bound on what someone could learn, no guarantee of differential privacy, and finding "
            "nothing does not show that there is nothing.",
            "A word of the name that is remembered counts as well as the whole name; the two are not told apart.",
            "The interval covers the choice of names, not what another training run would have given.",
        ),
        remedies=(
            "Replace the names in the training rows by made-up ones, other ones in each epoch (pseudonymisation).",
            "Train for fewer epochs or stop early on a validation set; add weight decay or dropout.",
            "Hide a part of the entity words during training, so that the model has to go by the context.",
            "Where a guarantee is needed, train with differential privacy and audit again.",
        ),
        measures=("de-identification", "early-stopping", "dropout", "differential-privacy"),
        references=(
            "Carlini et al. 2019, The secret sharer (USENIX Security; arXiv 1802.08232)",
            "Lukas et al. 2023, Analyzing leakage of personally identifiable information (arXiv 2302.00539)",
            "Aronow, Samii and Assenova 2015, Political Analysis 23:564",
            "Das, Zhang and Tramer 2024, Blind baselines beat membership inference attacks (arXiv 2406.16201)",
        ),
    )

    def __init__(self, *, entity: str | None = None, decoys: int = 8, guard_margin: float = 0.02) -> None:
        self.entity = entity
        self.decoys = decoys
        self.guard_margin = guard_margin

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task != TASK:
            return f"names are tagged in {TASK} only, and this is {subject.task}"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the evaluations at most: it is not known before the run how many names the rows hold."""
        size = _names_an_arm(Budget(subject.preset))
        tables = [table for table in (subject.members, subject.heldout or subject.evaluation) if table is not None]
        names = sum(min(size, table.rows) for table in tables) * (1.0 + 1.0 / MORE_OF_EACH)
        models = 2 if subject.base_model is not None and subject.base_model.labels else 1
        evaluations = round(names * (1 + self.decoys) * 2 * EACH * models)
        return Cost(evaluations=evaluations, tokens=evaluations * FRAME_TOKENS)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Find names, make decoys, ask, compare; NotAssessable below 20 names an arm."""
        if self.decoys < LEAST_DECOYS:
            raise ValueError(f"the option decoys is {self.decoys}; {LEAST_DECOYS} made-up names are the least")
        types = self._types(ctx.model)
        tables = _tables(ctx)
        names = names_of(
            tables.members,
            tables.heldout,
            tables.inside,
            tables.outside,
            labels=ctx.model.labels,
            types=types,
            seed=ctx.seed,
        )
        _enough(len(names.exposed), len(names.fresh), "are found")
        maker = DecoyMaker(names.fresh, tables.inside, _token_counts(ctx.model), ctx.seed)
        drawn = draw(names, maker, size=_names_an_arm(ctx.budget), decoys=self.decoys, fewest=FEWEST)
        _enough(len(drawn.exposed), len(drawn.fresh), f"have {self.decoys} made-up names that are like them")
        used = frames(tables.heldout, labels=ctx.model.labels, types=types, each=EACH, seed=ctx.seed)
        models = _models(ctx, types)
        measured = self._measured(models, names, drawn, used, types)
        _enough(len(measured.exposed.names), len(measured.fresh.names), "are within what the model reads")
        found = excess(measured.exposed, measured.fresh, alike=measured.alike)
        if found.value is None:
            raise NotAssessable(f"{found.reason} Provide more rows with names")
        guard = blind_guard(measured.exposed.rows("exposed"), measured.fresh.rows("fresh"), n_labels=1, seed=ctx.seed)
        yield exposure_finding(
            found,
            measured,
            confounded=confounded_by(found, measured, guard, margin=self.guard_margin),
            caveats=_caveats(ctx, measured, used, based=len(models) > 1),
        )
        yield from arm_findings(measured)
        yield guard_finding(guard, self.guard_margin)

    def _types(self, model: ModelHandle) -> frozenset[str]:
        types = types_among(model.labels, self.entity)
        if not types:
            known = ", ".join(sorted({kind for label in model.labels if (kind := type_of(label)) is not None}))
            wanted = "a person" if self.entity is None else self.entity
            raise NotAssessable(
                f"none of the model's tags names {wanted}; it knows {known or 'no entities'}. Name one of these with "
                "the option entity"
            )
        return types

    def _measured(
        self,
        models: Sequence[ModelHandle],
        names: Names,
        drawn: Drawn,
        used: Sequence[Frame],
        types: frozenset[str],
    ) -> Measured:
        asked = [*drawn.exposed, *drawn.fresh, *drawn.more]
        found = standings(models, asked, used, types=types)

        def arm(trials: Sequence[Trial], start: int) -> Arm:
            read = [
                (trial.name, standing)
                for trial, standing in zip(trials, found[start : start + len(trials)], strict=True)
                if standing is not None
            ]
            return Arm([name for name, _ in read], [standing for _, standing in read])

        exposed, fresh, more = (
            arm(drawn.exposed, 0),
            arm(drawn.fresh, len(drawn.exposed)),
            arm(drawn.more, len(drawn.exposed) + len(drawn.fresh)),
        )
        counts = {
            "in training rows only": len(names.exposed),
            "in held-out rows only": len(names.fresh),
            **names.left_out,
            "without enough made-up names that are like them, of those tried": drawn.without_decoys,
            "not read by the model": len(asked) - sum(len(side.names) for side in (exposed, fresh, more)),
        }
        return Measured(exposed, fresh, more, self.decoys, len(used), counts, drawn.alike)


def _names_an_arm(budget: Budget) -> int:
    return budget.pick(100, 300, 1_000)


def _tables(ctx: Context) -> _Tables:
    heldout = ctx.data.evaluation if ctx.data.heldout is None else ctx.data.heldout
    sides = (ctx.data.members or (), heldout)
    tagged = []
    for side, rows in zip(("training", "held-out"), sides, strict=True):
        kept = [row for row in rows if row.tags is not None and row.words is not None]
        if len(kept) < len(rows):
            ctx.note(f"{len(rows) - len(kept):,} {side} rows have no tags, so no names are found in them.")
        tagged.append(kept)
    # Names are looked for in all rows: where a row has no tags, the model may have seen the name there all the same.
    return _Tables(tagged[0], tagged[1], Corpus.of(sides[0]), Corpus.of(sides[1]))


def _enough(exposed: int, fresh: int, what: str) -> None:
    if min(exposed, fresh) < FEWEST:
        raise NotAssessable(
            f"{exposed:,} names of the training rows and {fresh:,} names of held-out rows that no row of the other "
            f"side holds {what}, and {FEWEST} of each are the least; provide more rows with names, split at random"
        )


def _token_counts(model: ModelHandle) -> TokenCounts:
    if "token_counts" in model.capabilities:
        return lambda words: [int(count) for count in model.token_counts(words)]
    # Where nobody knows the tokens, words of about one length are taken to be alike.
    return lambda words: [1 + len(word) // 3 for word in words]


def _models(ctx: Context, types: frozenset[str]) -> list[ModelHandle]:
    """Return the model and, where the base model tags the same types, the base model, whose score is taken off."""
    base = ctx.base_model
    if base is None or "predict" not in base.capabilities:
        return [ctx.model]
    if not types <= {type_of(label) for label in base.labels}:
        ctx.note("The base model does not tag these entities, so its scores are not taken off.")
        return [ctx.model]
    return [ctx.model, base]


def _caveats(ctx: Context, measured: Measured, used: Sequence[Frame], *, based: bool) -> tuple[str, ...]:
    caveats = []
    if not measured.alike:
        caveats.append(
            "Too few names of the two sides stand in equally many rows, so names that do not are compared. Names that "
            "stand in more rows may be better known to a model that was not trained on them."
        )
    if not any(frame.origin for frame in used):
        caveats.append("No held-out row was of use as a frame; the names stood in general English sentences only.")
    if based:
        caveats.append("The base model tags names too; what it knew of each name was taken off.")
    if ctx.subject.heldout_is_evaluation:
        caveats.append(
            "The evaluation rows stood in for held-out rows. If they were used to choose the model, exposure is "
            "underestimated."
        )
    return tuple(caveats)
