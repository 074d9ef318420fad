"""One arm's training: done, gone on with, or found finished; a model that is there is never written over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelaudit.errors import InputError, OutputError
from modelaudit.mend.arms import Plan
from modelaudit.mend.located import COMPACT, Located, training_record
from modelaudit.subject.folder import card_base_model
from modelaudit.training.record import TrainingRecord

MODEL = "model"


def base_of(located: Located, given: str | Path | None) -> str | Path:
    """Return the model that arms start from: the user's, else the one that the audited model's folder names.

    A base model that was made for its rows (`compact`) is made again, so that its vocabulary is learned from the rows
    as the measures leave them.

    Raises:
        InputError: nothing says what the audited model was trained from.
    """
    if given is not None:
        return given
    record, folder = located.record, Path(located.model)
    if record is not None:
        return COMPACT if record.base_made else record.base_model
    named = located.base_model or (card_base_model(folder) if folder.is_dir() else None)
    if named is None:
        raise InputError("nothing says what the audited model was trained from; name its base model with --base-model")
    return folder / named if (folder / named).is_dir() else named


def train(
    plan: Plan,
    folder: Path,
    located: Located,
    *,
    task: str,
    labels: Sequence[str],
    base_model: Any,
    dev_data: Any,
    device: str,
    rows_sha256: str,
    resume: bool,
    progress: bool,
    trust_remote_code: bool,
    allow_pickle: bool,
) -> tuple[Path, TrainingRecord]:
    """Return the folder of the arm's model and the record of its training.

    Args:
        folder: the arm's own. rows_sha256: of the training rows, which a finished training has to name.
        resume: take a training that is finished there, and go on with one that was stopped.

    Raises:
        OutputError: a finished training is there that is another one.
    """
    from modelaudit.training.trainer import ReferenceTrainer

    place = folder / MODEL
    done = training_record(place) if resume else None
    if done is not None:
        if done.recipe != plan.recipe or done.train.rows_sha256 != rows_sha256:
            raise OutputError(
                f"{place} holds a model that was trained by another recipe or on other rows; choose another --out"
            )
        return place, done
    trainer = ReferenceTrainer(
        located.train_data,
        task=task,
        base_model=base_model,
        out=place,
        dev_data=dev_data,
        tokenizer=located.settings["tokenizer"],
        labels=labels,
        recipe=plan.recipe,
        device=device,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
        text_column=located.trained_columns["text_column"],
        label_column=located.trained_columns["label_column"],
        group_column=located.trained_columns["group_column"],
    )
    trained = trainer.train(resume=resume and place.exists(), progress=progress)
    return trained.folder, trained.record
