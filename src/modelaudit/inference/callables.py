"""A user's function in the place of a model: texts go in, probabilities come out.

The engine knows rows as token ids. The ids of a function's row are the code points of its text, so that keys, units,
memo and journal stay what they are; here the text is put together again before the function is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.evidence import storable
from modelaudit.inference.executor import Answered
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.probabilities import log_probabilities, numbers_of
from modelaudit.inference.units import Unit

__all__ = ["CallableExecutor", "TextFunction", "input_of", "text_of"]

Floats = NDArray[np.float32]

NO_CHARACTER = -1
"""The single id of an empty text: an input has at least one."""

REASON_LENGTH = 100
NAME_LENGTH = 50
"""Characters of a message, and of the function's name, in ours: the next step still fits into a report."""


def input_of(text: str) -> ModelInput:
    """Return a text as the code points that the engine keeps it by.

    Lone surrogates, which neither UTF-8 nor JSON can carry, become U+FFFD, as they do on the way to a tokenizer.
    """
    if not text:
        return ModelInput(np.array([NO_CHARACTER], dtype=np.int32))
    return ModelInput(np.frombuffer(storable(text).encode("utf-32-le"), dtype="<i4").astype(np.int32))


def text_of(item: ModelInput) -> str:
    """Return the text of an input that `input_of` made."""
    if item.ids[0] == NO_CHARACTER:
        return ""
    return item.ids.astype("<i4", copy=False).tobytes().decode("utf-32-le")


@dataclass(frozen=True, slots=True)
class TextFunction:
    """A function from texts to probabilities, whose answers are checked.

    Attributes:
        function: takes a list of n texts and returns (n, C) probabilities: a numpy array, nested lists, a torch tensor
            or a DataFrame. It is called in one thread, and never again for a call that failed.
        name: as messages and the report show it.
        labels: names of the C classes, in the order of the columns.
    """

    function: Callable[[list[str]], Any]
    name: str
    labels: tuple[str, ...]

    def ask(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) float32 logarithms of the texts' probabilities, read-only.

        Raises:
            ModelInputError: the function raised, or gave anything else than n rows of C probabilities.
        """
        name = self.name[:NAME_LENGTH]
        # A stranger's function may raise anything; a NotAssessable of ours would pass for a skipped check. Its message
        # may hold the text that it failed on, and a report shows none.
        try:
            answer = self.function(list(texts))
        except (Exception, SystemExit) as error:
            raise ModelInputError(
                f"{name} failed on a call of {len(texts)} texts: {type(error).__name__}; mend it, with retries where "
                "it asks a network, and run the audit again"
            ) from error
        try:
            table = numbers_of(answer, self.labels)
        except (Exception, SystemExit) as error:
            raise ModelInputError(
                f"{name} gave no table of numbers for {len(texts)} texts: {_brief(error)}; return probabilities as an "
                "array, nested lists, a tensor or a DataFrame, (texts, labels)"
            ) from error
        answers = log_probabilities(table, rows=len(texts), labels=self.labels, name=name)
        answers.flags.writeable = False
        return answers


class CallableExecutor:
    """Runs units by calling the function, one call a unit, one after the other."""

    def __init__(self, function: TextFunction) -> None:
        self._function = function

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield each unit with its answers, in order.

        Raises:
            CapabilityError: something else than logits is wanted.
            ModelInputError: the function failed; see `TextFunction.ask`.
        """
        for unit in units:
            if unit.want != "logits" or any(row.gather is not None for row in unit.inputs):
                raise CapabilityError(
                    f"{self._function.name} is a function from texts to probabilities and has no {unit.want} to show; "
                    "hand in the model itself for that"
                )
            table = self._function.ask([text_of(row) for row in unit.inputs])
            # Copies, so that the memo does not hold the whole unit's answers for one of them.
            yield unit, [_frozen(answer.copy()) for answer in table]

    def close(self) -> None:
        """Nothing is held."""


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array


def _brief(error: BaseException) -> str:
    """An exception's type and the beginning of its message; a stranger's may itself fail to be shown."""
    try:
        said = " ".join(str(error).split())[:REASON_LENGTH]
    except Exception:  # noqa: BLE001  an exception's __str__ is a stranger's code as well
        said = ""
    return type(error).__name__ + (f" ({said})" if said else "")
