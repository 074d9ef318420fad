"""Mend: from a report to measures, from measures to trainings, and from trainings to what they bought."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport, SubjectInfo
from modelaudit.choices import language_of, report_of
from modelaudit.destinations import check_place, write_whole
from modelaudit.errors import InputError, ModelAuditError, OutputError
from modelaudit.mend.arms import CONTROL, Plan, arm_of, is_control, not_together, plans
from modelaudit.mend.audited import Audited, audit, differing
from modelaudit.mend.costs import costed
from modelaudit.mend.located import COMPACT, Given, Located, differences, locate
from modelaudit.mend.proposals import FIELDS, Proposal, picked, proposals, takeable, unnamed
from modelaudit.mend.trained import base_of, train
from modelaudit.monitoring import RowKey
from modelaudit.plugins import Plugins
from modelaudit.reports import load_report
from modelaudit.results import CheckerInfo
from modelaudit.runner import Listener
from modelaudit.subject.task import ColumnChoice
from modelaudit.training.mended import Aim, Arm, Failed, Mended
from modelaudit.training.recipe import FROM_SCRATCH, Recipe
from modelaudit.training.record import RECORD, TrainingRecord

if TYPE_CHECKING:
    from modelaudit.training.compact import TaskName
    from modelaudit.training.rows import ReadRows

PAGES = ("mended.json", "mended.html", "mended.md")
REPORTS = (".html", ".json")
Tell = Callable[[str], None]


class Mend:
    """A report, and what can be done about what it found.

    Args:
        report: a report, or the path of one in JSON.
        train_data: the rows that the audited model was trained on, as a path.
        out: folder for models, reports and the comparison; new or empty, but for `run(resume=True)`.
        reweigh: the column of the group that reweighing is for.
        settings: fields of a `Recipe`. Those that set a measure hold where the measure is taken, the others for all
            trainings.
        language: of what is written for a reader, `en` or `zh`.
        given: places and columns that the report does not name, or names wrongly (fields of `Given`).

    Raises:
        InputError: the report is of something that can't be trained, or a place is not known; the message says which.
    """

    def __init__(
        self,
        report: str | Path | AuditReport,
        *,
        train_data: str | Path,
        out: str | Path,
        reweigh: str | None = None,
        settings: Mapping[str, Any] | None = None,
        language: str = "en",
        **given: Any,
    ) -> None:
        found = report_of(report)
        if found is None:
            raise InputError("report is None; give the path of a .json report, or an AuditReport")
        self.report = found
        self.out = Path(out)
        self._given = Given(**given)
        self._language = language_of(language)
        self._plugins = Plugins()
        self.located: Located = locate(found, train_data, self._given, self._plugins)
        of_measures = {name for fields in FIELDS.values() for name in fields}
        chosen = dict(settings or {})
        Recipe.of(**chosen)
        self._strengths = {name: value for name, value in chosen.items() if name in of_measures}
        record = self.located.record
        trained_by = Recipe() if record is None else record.recipe
        common = {name: value for name, value in chosen.items() if name not in of_measures}
        if self._given.base_model == COMPACT and not (record is not None and record.base_made):
            # From random weights, the passes that were enough for a pretrained model are too few.
            common = {**FROM_SCRATCH, **common}
        self.recipe = Recipe.of(**{**trained_by.model_dump(), **common})
        self._reweigh = reweigh
        self.left_out: tuple[Proposal, ...] = ()
        """What `plans` left out of all measures, since these rows can't take it or it changes none of them."""

    @cached_property
    def proposals(self) -> list[Proposal]:
        """The measures of the catalogue, those first that the gravest findings name, with their expected cost."""
        return self._costed(self._proposed)

    @property
    def unnamed(self) -> tuple[Aim, ...]:
        """The exceeded findings, accepted or not, that no measure is known for."""
        return unnamed(self.report, self._known)

    @cached_property
    def _known(self) -> list[CheckerInfo]:
        return [item.info for item in self._plugins.checkers()]

    @cached_property
    def _proposed(self) -> list[Proposal]:
        return proposals(
            self.report,
            self._known,
            self.recipe,
            reweigh=self._reweigh,
            strengths=self._strengths,
            record=self.located.record,
        )

    def _costed(self, found: Sequence[Proposal]) -> list[Proposal]:
        return costed(found, self._rows.data, self.recipe, self.seconds, chosen=frozenset(self._strengths))

    @property
    def seconds(self) -> float | None:
        """How long a training by the recipe takes without a further measure, as far as the model's record tells."""
        record = self.located.record
        return None if record is None else record.seconds * self.recipe.epochs / record.recipe.epochs

    def plans(self, measures: Sequence[str] = (), *, every: bool = False, apart: bool | None = None) -> list[Plan]:
        """Return the trainings that picked measures ask for, the control first where there has to be one.

        Raises:
            InputError: no measure is picked, one is none, or can't be taken here, with the reason.
        """
        chosen = picked(self._proposed, measures, every=every)
        if chosen:
            self._check_used(chosen)
            # What is taken for all that can be done is left out where these rows can't take it.
            known = self._costed(chosen)
            self.left_out = tuple(each for each in known if each.refused and each.measure.id not in measures)
            chosen = [takeable(each) for each in known if each not in self.left_out]
        if not chosen:
            raise InputError("no measure is picked, or no exceeded limit names one that can be taken; name one of them")
        found = plans(chosen, self.recipe, apart=apart)
        return found if self._audited_is_control else [Plan(CONTROL, self.recipe), *found]

    def run(
        self,
        measures: Sequence[str] = (),
        *,
        every: bool = False,
        apart: bool | None = None,
        resume: bool = False,
        progress: bool = False,
        tell: Tell = lambda words: None,
        listener: Listener | None = None,
    ) -> Mended:
        """Train with measures, audit each model as the report's was, and write what changed.

        Args:
            measures: ids of the catalogue. every: all that findings name and that can be taken here.
            apart: train with each measure alone too; by default for up to three.
            resume: go on in a folder where an earlier run was stopped.
            tell: is called with one sentence on each thing that begins.

        A training with measures that can't be done is told of in the record and keeps no other from being done.

        Raises:
            InputError: what is found here is not what the report is of.
            OutputError: the folder holds something else, or can't be written.
            ModelAuditError: the control, or every training with measures, can't be done.
        """
        wanted = self.plans(measures, every=every, apart=apart)
        self.check_out(resume=resume)
        if self.located.unlike:
            tell(f"checks of the report that can't be done as they were: {'; '.join(self.located.unlike)}")
        # No hash of a row leaves this process, so nothing has to be secret; the order of rows is the same each time.
        key = RowKey(self.report.digest.encode())
        tell("auditing the model of the report again, with its seed")
        first = self._audit(self.located.model, key, listener, check=self._check_same)
        checked, other = differing(self.report, first.report)
        control: Arm | None = None
        before = first
        arms: list[Arm] = []
        failed: list[Failed] = []
        for place, plan in enumerate(wanted, start=1):
            tell(f"training {plan.name} ({place} of {len(wanted)})")
            try:
                folder, record = self._train(plan, resume=resume, progress=progress)
            except OutputError:
                raise
            except ModelAuditError as error:
                if plan.name == CONTROL or (place == len(wanted) and not arms):
                    raise
                failed.append(Failed(name=plan.name, measures=plan.measures, reason=str(error)))
                tell(f"{plan.name} can't be trained: {error}")
                continue
            tell(f"auditing {plan.name}")
            after = self._audit(folder, key, listener)
            self._save(after, folder.parent)
            arm = arm_of(plan, record, before, after)
            if plan.name == CONTROL:
                control, before = arm, after
            else:
                arms.append(arm)
        mended = self._mended(checked, other, control, arms, not_together(wanted, self.recipe))
        mended = mended.model_copy(update={"failed": tuple(failed)})
        self._write(mended)
        return mended

    def _check_used(self, chosen: Sequence[Proposal]) -> None:
        """Refuse what would change nothing: a choice that sets a measure which is not taken, or that turns one off."""
        used = {field for each in chosen for field in FIELDS[each.measure.id]}
        given = [*self._strengths, *([] if self._reweigh is None else ["reweigh"])]
        idle = next((field for field in given if field not in used), None)
        if idle is not None:
            owner = next(name for name, fields in FIELDS.items() if idle in fields)
            raise InputError(
                f"{idle} is a setting of the measure {owner}, which is not taken, so it would change nothing; "
                "take that measure too, or leave the setting out"
            )
        for each in chosen:
            if each.measure.id not in Recipe.of(**{**self.recipe.model_dump(), **each.settings}).measures:
                raise InputError(
                    f"the settings turn {each.measure.id} off, which is to be taken; leave one of both out"
                )

    @cached_property
    def _rows(self) -> ReadRows:
        from modelaudit.training.rows import read_training_data

        columns, record = self.located.trained_columns, self.located.record
        found = read_training_data(
            self.located.train_data,
            task=cast("TaskName", self.report.subject.task),
            dev=self._dev,
            columns=ColumnChoice(columns["text_column"], columns["label_column"], columns["group_column"]),
            recipe=self.recipe,
            labels=self.report.subject.model.labels,
        )
        if record is not None and record.train.rows_sha256 != found.train.rows_sha256:
            raise InputError(
                f"{found.train.name} does not hold the rows that the audited model was trained on: its {RECORD} names "
                f"{_other_rows(record.train.rows, found.train.rows)}. Name the right file with --train-data"
            )
        return found

    @property
    def _dev(self) -> str | Path | None:
        """The dev rows: the user's, else those of the audited model's record."""
        record = self.located.record
        if self._given.dev_data is not None or record is None or record.dev is None:
            return self._given.dev_data
        if record.dev.path is None or not Path(record.dev.path).is_file():
            raise InputError("the audited model was trained with dev rows that are not here; name them with --dev")
        return record.dev.path

    @property
    def _base_model(self) -> str | Path:
        return base_of(self.located, self._given.base_model)

    @property
    def _audited_is_control(self) -> bool:
        dev = self._rows.dev
        return is_control(
            self.located.record,
            self.recipe,
            dev_sha256=None if dev is None else dev.rows_sha256,
            other_base=self._given.base_model is not None,
        )

    def _check_same(self, found: SubjectInfo) -> None:
        other = differences(self.report, found)
        if other:
            raise InputError(
                "what is here is not what the report is of: other are "
                f"{'; '.join(other)}. Name the right ones with --model, --data, --train-data and --heldout, or audit "
                "again and mend that report"
            )

    def check_out(self, *, resume: bool = False) -> None:
        """Raise OutputError where the folder holds something that would be written over."""
        try:
            taken = self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir()))
        except OSError as error:
            raise OutputError(f"{self.out} can't be read: {error.strerror}. Choose another --out.") from error
        if taken and not resume:
            raise OutputError(f"{self.out} is there and not empty; choose another --out, or go on with it by --resume")
        for name in PAGES:
            if (self.out / name).exists():
                raise OutputError(f"{self.out / name} is there already: that mend is finished. Choose another --out.")
        model = Path(self.located.model)
        if model.is_dir() and self.out.resolve().is_relative_to(model.resolve()):
            raise OutputError(f"{self.out} lies in the folder of the audited model; choose another --out")
        check_place(self.out / PAGES[0])

    def _train(self, plan: Plan, *, resume: bool, progress: bool) -> tuple[Path, TrainingRecord]:
        return train(
            plan,
            self.out / plan.name,
            self.located,
            task=self.report.subject.task,
            labels=self.report.subject.model.labels,
            base_model=self._base_model,
            dev_data=self._dev,
            device=self._given.device,
            rows_sha256=self._rows.train.rows_sha256,
            resume=resume,
            progress=progress,
            trust_remote_code=self._given.trust_remote_code,
            allow_pickle=self._given.allow_pickle,
        )

    def _audit(
        self,
        model: str | Path,
        key: RowKey,
        listener: Listener | None,
        *,
        check: Callable[[SubjectInfo], None] | None = None,
    ) -> Audited:
        only = self.report.settings.only
        return audit(model, self.located, only=only, language=self._language, key=key, check=check, listener=listener)

    def _save(self, audited: Audited, folder: Path) -> None:
        """Write the arm's reports; those of an earlier run stay, and where they say otherwise, these stand beside."""
        for number in count(1):
            page, record = (folder / f"report{'' if number == 1 else f'-{number}'}{suffix}" for suffix in REPORTS)
            if not record.exists() or _digest(record) == audited.report.digest:
                audited.outcome.save(*(place for place in (page, record) if not place.exists()))
                return

    def _mended(
        self, checked: int, other: tuple[str, ...], control: Arm | None, arms: Sequence[Arm], apart_since: str | None
    ) -> Mended:
        subject, train_rows, record = self.report.subject, self._rows.train, self.located.record
        return Mended(
            package_version=__version__,
            report_digest=self.report.digest,
            model=subject.model.name,
            started=self.report.run.started,
            weights_sha256=subject.model.weights_sha256,
            checked=checked,
            differing=other,
            unlike=self.located.unlike,
            base_model=Path(str(self._base_model)).name,
            train_name=train_rows.name,
            train_rows=train_rows.rows,
            train_sha256=train_rows.rows_sha256,
            recipe=self.recipe,
            control=control,
            audited_seconds=None if record is None else record.seconds,
            not_together=apart_since,
            arms=tuple(arms),
        )

    def _write(self, mended: Mended) -> None:
        from modelaudit.reports.mending_html import render_mending_html
        from modelaudit.reports.mending_markdown import render_mending_markdown
        from modelaudit.reports.words import speaking

        content = json.dumps(mended.model_dump(mode="json"), indent=2, sort_keys=True, allow_nan=False) + "\n"
        with speaking(self._language):
            pages = (content, render_mending_html(mended), render_mending_markdown(mended))
        for name, page in zip(PAGES, pages, strict=True):
            write_whole(self.out / name, page)


def _other_rows(recorded: int, found: int) -> str:
    if recorded == found:
        return f"{recorded:,} rows, and here is the same number of rows, but their content differs"
    return f"{recorded:,} rows, and here are {found:,}"


def _digest(place: Path) -> str | None:
    try:
        return load_report(place).digest
    except ModelAuditError:
        return None
