"""The reference trainer: read and prepare the rows, open the base model, train, score, and save with the record."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers.trainer_callback import PrinterCallback

from modelaudit._version import __version__
from modelaudit.errors import InputError
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.task import ColumnChoice
from modelaudit.training.adapters import RankAllocation, adapted, merged
from modelaudit.training.arguments import arguments_of, device_for, goes_on, precision_on, updates_of
from modelaudit.training.base import COMPACT, Base, open_base
from modelaudit.training.compact import TaskName
from modelaudit.training.dev_score import best_classes, dev_score
from modelaudit.training.examples import Step, TrainingData
from modelaudit.training.features import Collator, Features, dev_features, features_of
from modelaudit.training.folder import LOGS, TrainingFolder
from modelaudit.training.loop import Loop
from modelaudit.training.preparation import prepared
from modelaudit.training.progress import Bar, Clock, FiniteLoss, Patience, check_reports, reporters, seconds_until
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import PrivacySpent, StepInfo, TrainingRecord, TrainingScores
from modelaudit.training.resuming import Checkpoint, run
from modelaudit.training.rows import ReadRows, read_training_data
from modelaudit.training.scores import no_better, scored
from modelaudit.training.surroundings import left_as_they_were

__all__ = ["ReferenceTrainer", "Trained"]

TASKS: dict[str, TaskName] = {
    "ner": "token-classification",
    "classification": "text-classification",
    "token-classification": "token-classification",
    "text-classification": "text-classification",
}
_PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "numpy", "peft", "opacus")


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training: the folder that holds the model, its tokenizer, card and record, and the record."""

    folder: Path
    record: TrainingRecord


class ReferenceTrainer:
    """Fine-tunes a model for text classification or named entities, with the measures that a recipe asks for.

    Nothing is read or made before `train`.

    Args:
        data: training rows in every format that `Audit` takes. dev_data: rows to choose the best weights by; without
            them `recipe.dev_share` of the rows are held back.
        task: `ner` or `token-classification`, `classification` or `text-classification`.
        base_model: `compact`, a hub id, a folder, or `(model, tokenizer)`. tokenizer: where it doesn't come with it.
        out: folder of the trained model; a new one, or an empty one.
        labels: names of the classes or tags in their order; found from the data for None.
        text_column, label_column, group_column: found by name and type for None.
        recipe: all choices of the training, or `settings`: single fields of a `Recipe`.
        device: `auto`, `cpu` or `cuda`.
        report_to: `tensorboard`, `wandb`; nothing is reported otherwise.
        keep_checkpoints: leave them in the folder.
        trust_remote_code, allow_pickle: what the base model may bring.

    Raises:
        InputError: an unknown task, or a recipe that can't be.
    """

    def __init__(
        self,
        data: Any,
        *,
        task: str,
        base_model: Any,
        out: str | Path,
        dev_data: Any = None,
        tokenizer: Any = None,
        labels: Sequence[str] | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
        group_column: str | None = None,
        recipe: Recipe | None = None,
        device: str = "auto",
        report_to: Sequence[str] = (),
        keep_checkpoints: bool = False,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
        **settings: Any,
    ) -> None:
        if task not in TASKS:
            raise InputError(f"the task {task!r:.60} can't be trained; use {' or '.join(list(TASKS)[:2])}")
        if recipe is not None and settings:
            raise InputError(f"{next(iter(settings))!r:.60} stands beside recipe=; put it into the recipe")
        self.data = data
        self.dev_data = dev_data
        self.task = TASKS[task]
        self.base_model = base_model
        self.tokenizer = tokenizer
        self.folder = TrainingFolder(out)
        self.labels = labels
        self.columns = ColumnChoice(text=text_column, label=label_column, group=group_column)
        chosen = Recipe.of(**settings).effective() if recipe is None else recipe
        self.recipe = chosen.suited(scratch=isinstance(base_model, str) and base_model == COMPACT)
        self.device = device
        self.report_to = (report_to,) if isinstance(report_to, str) else tuple(report_to)
        self.keep_checkpoints = keep_checkpoints
        self.options = OpenOptions(trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)

    def train(self, *, resume: bool = False, progress: bool = False) -> Trained:
        """Train, score and save the model; the generators of Python, numpy and torch are left as they were.

        Args:
            resume: go on with a training that was stopped in this folder. On a CPU its final weights are those of one
                that was never stopped.
            progress: show a bar on stderr.

        Raises:
            InputError: what can't be used, before any training; or a loss that is no number any more, or too little
                memory.
        """
        start = time.monotonic()
        self._check()
        with quiet(), left_as_they_were():
            read = read_training_data(
                self.data,
                task=self.task,
                dev=self.dev_data,
                columns=self.columns,
                recipe=self.recipe,
                labels=self.labels,
            )
            data = prepared(read.data, self.recipe)
            base = self._base(data)
            features = features_of(data, base.tokenizer, limit=base.limit)
            updates = updates_of(self.recipe, len(features))
            identity = base.identity()
            learner = adapted(base.model, self.recipe, task=self.task, updates=updates)
            self._check_budget(len(features))
            self.folder.begin(self.recipe, read.train, identity, dev=read.dev, labels=data.labels, resume=resume)
            last = self.folder.last_checkpoint() if resume and goes_on(self.recipe) else None
            start -= seconds_until(last)
            callbacks = self._callbacks(dev_rows=len(data.dev), progress=progress, start=start)
            loop = self._loop(learner, data, base, features, callbacks)
            run(loop, None if last is None else Checkpoint.of(last))
            model = merged(loop.model)
            record = self._record(read, data, base, features, loop, model)
            record = record.model_copy(update={"seconds": time.monotonic() - start})
            self.folder.finish(model, base.tokenizer, record, keep_checkpoints=self.keep_checkpoints)
        return Trained(self.folder.out, record)

    def _check(self) -> None:
        """Refuse what can be refused before anything is read."""
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise InputError(
                "the reference trainer runs in one process; start it without torchrun or accelerate launch"
            )
        precision_on(self.recipe, device_for(self.device))
        check_reports(self.report_to)
        if self.recipe.dp_epsilon is not None:
            from modelaudit.training.measures.privacy_checks import private_recipe_checked

            private_recipe_checked(self.recipe)

    def _check_budget(self, rows: int) -> None:
        """Refuse an epsilon or a delta that no training on so many rows can keep."""
        if self.recipe.dp_epsilon is not None:
            from modelaudit.training.measures.accounting import planned

            planned(self.recipe, rows=rows)

    def _base(self, data: TrainingData) -> Base:
        texts = (example.row.words or example.row.text for example in data.examples)
        return open_base(
            self.base_model,
            task=self.task,
            labels=data.labels,
            texts=texts,
            recipe=self.recipe,
            tokenizer=self.tokenizer,
            options=self.options,
        )

    def _loop(self, learner: Any, data: TrainingData, base: Base, features: Features, callbacks: list[Any]) -> Any:
        recipe = self.recipe
        settings: dict[str, Any] = {
            "model": learner,
            "args": arguments_of(
                recipe,
                folder=self.folder.checkpoints,
                device=device_for(self.device),
                examples=len(features),
                dev_rows=len(data.dev),
                rate=recipe.rate_for(scratch=base.made),
            ),
            "data_collator": Collator(base.tokenizer),
            "train_dataset": features,
            "eval_dataset": dev_features(data, base.tokenizer, limit=base.limit) if data.dev else None,
            "compute_metrics": dev_score(data.labels, per_word=features.per_word),
            "preprocess_logits_for_metrics": best_classes,
            "callbacks": callbacks,
        }
        loop: Any
        if recipe.dp_epsilon is None:
            loop = Loop(pairing=recipe.logit_pairing, **settings)
        else:
            from modelaudit.training.measures.privacy import PrivateLoop

            loop = PrivateLoop(recipe=recipe, **settings)
        loop.remove_callback(PrinterCallback)
        return loop

    def _callbacks(self, *, dev_rows: int, progress: bool, start: float) -> list[Any]:
        recipe = self.recipe
        stops = dev_rows and recipe.patience is not None and goes_on(recipe)
        return [
            FiniteLoss(),
            Clock(start),
            *([Patience(early_stopping_patience=recipe.patience)] if stops else []),
            *([RankAllocation()] if recipe.adapter == "adalora" else []),
            *([Bar()] if progress else []),
            *reporters(self.report_to, self.folder.checkpoints / LOGS),
        ]

    def _record(
        self, read: ReadRows, data: TrainingData, base: Base, features: Features, loop: Any, model: Any
    ) -> TrainingRecord:
        """Fit the temperature and score the model, both on the dev rows, and write down what was done."""
        steps, temperature = data.steps, None
        if base.notes:
            steps = (Step("base", {}, tuple(base.notes)), *steps)
        if self.recipe.temperature:
            from modelaudit.training.measures.temperature import fit_temperature, write_temperature

            fitted = fit_temperature(model, base.tokenizer, data, limit=base.limit)
            steps, temperature = (*steps, fitted.step), fitted.value
            if temperature is not None:
                write_temperature(model, temperature)
        scores: list[TrainingScores] = []
        if data.dev:
            scores.append(scored(model, base.tokenizer, data.dev, data.labels, task=self.task, of="dev"))
            doubt = no_better(scores[0])
            steps = steps if doubt is None else (*steps, Step("outcome", {}, (doubt,)))
        best = loop.state.best_model_checkpoint
        per_epoch = updates_of(self.recipe.model_copy(update={"epochs": 1.0}), len(features))
        device = device_for(self.device)
        return TrainingRecord(
            package_version=__version__,
            versions=_versions(),
            task=self.task,
            labels=data.labels,
            base_model=base.name,
            base_made=base.made,
            recipe=self.recipe,
            train=read.train,
            dev=read.dev,
            dev_rows=len(data.dev),
            steps=tuple(StepInfo(name=step.name, counts=dict(step.counts), notes=step.notes) for step in steps),
            examples=len(features),
            truncated=features.truncated,
            tokens_lost=features.tokens_lost,
            updates=loop.state.global_step,
            epochs=loop.state.epoch or 0.0,
            best_epoch=None if best is None else int(Path(best).name.rpartition("-")[2]) / per_epoch,
            temperature=temperature,
            privacy=None if self.recipe.dp_epsilon is None else self._spent(loop, data, base, scores),
            scores=tuple(scores),
            device=device,
            precision=precision_on(self.recipe, device),
            seconds=0.0,
        )

    @staticmethod
    def _spent(loop: Any, data: TrainingData, base: Base, scores: Sequence[TrainingScores]) -> PrivacySpent:
        from modelaudit.training.measures.privacy_checks import told

        return told(loop.spent(), data, base_made=base.made, scores=scores[0] if scores else None)


def _versions() -> dict[str, str]:
    """Versions of what has a say in the weights, where it is installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
