"""The folder of a training: checkpoints while it runs, the whole model at its end, and nothing of anyone else's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelaudit.errors import OutputError
from modelaudit.evidence import storable
from modelaudit.subject.places import shown
from modelaudit.subject.quiet import quiet
from modelaudit.training.card import card_text
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import BASE_FOLDER, RECORD, SourceInfo, TrainingRecord

__all__ = ["LOGS", "TrainingFolder"]

CHECKPOINTS = "checkpoints"
LOGS = "logs"
"""What is reported on the way, in the folder of checkpoints; it is left beside the model."""
BEGUN, MOVING, STAGE = "begun.json", "moving.json", "finished"
"""In the folder of checkpoints: what was begun, what is being moved to its place, and where it waits until then."""
_RECIPE = "recipe"
LAST = "config.json"
"""Moved last: without it a folder holds no model, so a crash on the way leaves none that is half there."""
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_STATE = "trainer_state.json"
"""What the Trainer writes last into a checkpoint."""
ELSEWHERE = "choose another --out (out= in Python)"


class TrainingFolder:
    """Where one training keeps its checkpoints and leaves its model; only an empty folder, or a new one, will do.

    Args:
        out: the folder. Nothing is made before `begin`.
    """

    def __init__(self, out: str | Path) -> None:
        self.out = Path(os.path.expanduser(out))  # noqa: PTH111  Path.expanduser raises where there is no such home

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints, for the Trainer's `output_dir`."""
        return self.out / CHECKPOINTS

    def begin(
        self,
        recipe: Recipe,
        train: SourceInfo,
        base: str,
        *,
        resume: bool,
        dev: SourceInfo | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        """Make the folder, or take up a training that was stopped there, and write down what is trained.

        Args:
            base: identity of the base model (`Base.identity`).

        Raises:
            OutputError: the folder holds anything else, a training that was stopped and no `resume` is asked for, one
                with another recipe, other rows, dev rows or labels, or another base model; or it can't be written.
        """
        if storable(str(self.out)) != str(self.out):
            raise OutputError(
                f"the name of {shown(self.out)} is not UTF-8, and weights can't be written there; {ELSEWHERE}"
            )
        mark = _mark(recipe, train, base, dev=dev, labels=labels)
        try:
            found = sorted(entry.name for entry in self.out.iterdir()) if self._is_there() else []
            begun = self._begun() if CHECKPOINTS in found else None
            self._refuse(found, begun, mark, resume=resume)
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self._clear_moved()
            _write(self.checkpoints / BEGUN, json.dumps(mark, indent=1, sort_keys=True))
        except OSError as error:
            raise self._unwritable(error) from error

    def last_checkpoint(self) -> Path | None:
        """Return the latest checkpoint that was written to its end, or None."""
        if not self.checkpoints.is_dir():
            return None
        numbered = [(_CHECKPOINT.fullmatch(place.name), place) for place in self.checkpoints.iterdir()]
        ordered = sorted(((int(found[1]), place) for found, place in numbered if found), reverse=True)
        return next((place for _, place in ordered if _json(place / _STATE) is not None), None)

    def finish(self, model: Any, tokenizer: Any, record: TrainingRecord, *, keep_checkpoints: bool = False) -> None:
        """Write the model as safetensors, with its tokenizer, its card, the record, and the base that was made for it.

        All is written aside and then moved to its place. A model that can't be written leaves the checkpoints.

        Args:
            model: a `PreTrainedModel`; an adapter is merged into it before.

        Raises:
            OutputError: it can't be written, or something else was put into the folder in the meantime.
        """
        stage = self.checkpoints / STAGE
        try:
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir(parents=True)
            _save(model, tokenizer, stage)
            if record.base_made:
                # torch comes with this import, and who only begins a training needs none.
                from modelaudit.training.base import untrained

                _save(untrained(model, seed=record.recipe.seed), tokenizer, stage / BASE_FOLDER)
            _write(stage / RECORD, record.model_dump_json(indent=1) + "\n")
            _write(stage / "README.md", card_text(record))
            if (self.checkpoints / LOGS).is_dir():
                (self.checkpoints / LOGS).rename(stage / LOGS)
            self._move(stage)
            if keep_checkpoints:
                for name in (BEGUN, MOVING):
                    (self.checkpoints / name).unlink(missing_ok=True)
                stage.rmdir()
            else:
                shutil.rmtree(self.checkpoints)
        except OSError as error:
            raise self._unwritable(error) from error

    def _move(self, stage: Path) -> None:
        names = sorted((entry.name for entry in stage.iterdir()), key=lambda name: (name == LAST, name))
        taken = [name for name in names if os.path.lexists(self.out / name)]
        if taken:
            raise OutputError(
                f"{shown(self.out)} got a {taken[0]} while the model was trained, and nothing is written over it; move "
                f"it away and go on with --resume, or {ELSEWHERE}"
            )
        _write(self.checkpoints / MOVING, json.dumps(names))
        for name in names:
            (stage / name).rename(self.out / name)

    def _clear_moved(self) -> None:
        """Take away what an end that was cut short had moved already; the training ends once more."""
        moved = set(_json(self.checkpoints / MOVING) or ()) - {CHECKPOINTS}
        for place in [entry for entry in self.out.iterdir() if entry.name in moved]:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        (self.checkpoints / MOVING).unlink(missing_ok=True)

    def _is_there(self) -> bool:
        if self.out.exists() and not self.out.is_dir():
            raise OutputError(f"{shown(self.out)} is a file; {ELSEWHERE}")
        return self.out.exists()

    def _begun(self) -> dict[str, str] | None:
        mark = _json(self.checkpoints / BEGUN)
        return mark if isinstance(mark, dict) else None

    def _refuse(self, found: list[str], begun: dict[str, str] | None, mark: dict[str, str], *, resume: bool) -> None:
        place = shown(self.out)
        moved = set(_json(self.checkpoints / MOVING) or ()) if begun is not None and LAST not in found else set()
        other = [name for name in found if name != CHECKPOINTS and name not in moved]
        if LAST in other:
            raise OutputError(f"{place} holds a model, and none is ever written over; {ELSEWHERE}")
        if other or (found and begun is None):
            held = shown((other or found)[0])
            raise OutputError(f"{place} is not empty (it holds {held}), and nothing is written over; {ELSEWHERE}")
        if begun is None:
            return
        if not resume:
            raise OutputError(
                f"{place} holds a training that was not finished; go on with it by --resume (resume=True in Python), "
                f"or {ELSEWHERE}"
            )
        differing = [name for name in mark if begun.get(name) != mark[name]]
        if differing:
            fields = {_RECIPE: _first_other(begun.get(_RECIPE), mark[_RECIPE])}
            others = " and ".join(f"another {name}{fields.get(name, '')}" for name in differing)
            raise OutputError(
                f"{place} holds an unfinished training with {others}, which can't be gone on with; give it the "
                f"same ones, or {ELSEWHERE}"
            )

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{shown(self.out)} can't be written: {error.strerror or error}; {ELSEWHERE}")


def _mark(
    recipe: Recipe, train: SourceInfo, base: str, *, dev: SourceInfo | None, labels: Sequence[str]
) -> dict[str, str]:
    """What must be equal for a training to be gone on with: the recipe, and hashes by what they stand for."""
    said = {
        "set of training rows": train.rows_sha256,
        "set of dev rows": "" if dev is None else dev.rows_sha256,
        "list of labels": json.dumps(list(labels)),
        "base model": base,
    }
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in said.items()}
    return {_RECIPE: recipe.model_dump_json(), **hashes}


def _first_other(begun: Any, asked: str) -> str:
    """The first field in which a recipe that was begun differs from the one that is asked for, in brackets."""
    try:
        was, now = Recipe.model_validate_json(begun), Recipe.model_validate_json(asked)
    except (ValueError, TypeError):
        return ""
    for field in Recipe.model_fields:
        old, new = getattr(was, field), getattr(now, field)
        if old != new:
            return f" ({field} was {old!r:.60}, and {new!r:.60} is asked for)"
    return ""


def _save(model: Any, tokenizer: Any, folder: Path) -> None:
    with quiet():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _json(file: Path) -> Any:
    """What a JSON file holds; None where there is none, or only half of one."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
