"""The engine: rows go in, the model's answers come out, each computed once and the same to the last bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.inference import numerics, onnx_encoder
from modelaudit.inference.agreement import agreement, in_torch
from modelaudit.inference.crew import CrewExecutor
from modelaudit.inference.executor import Executor, LocalExecutor
from modelaudit.inference.families import IDS, reads
from modelaudit.inference.forward import Forward, is_out_of_memory
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.memo import Key, Memo
from modelaudit.inference.numerics import choose_backend, choose_batch_tokens, choose_device
from modelaudit.inference.placing import placed
from modelaudit.inference.positions import heeds_positions, looks_ahead, narrowest_window
from modelaudit.inference.precision import compared
from modelaudit.inference.probe import Probe, ask, probe
from modelaudit.inference.questions import Questions
from modelaudit.inference.records import Records, digest
from modelaudit.inference.sharing import Ask, SharedCalls
from modelaudit.inference.staffing import crew_for
from modelaudit.inference.standard import Standard
from modelaudit.inference.stats import EngineStats
from modelaudit.inference.trial_rows import LENGTHS
from modelaudit.inference.units import Layout, Unit, Want

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from modelaudit.inference.journal import Journal

__all__ = ["Engine"]

Floats = NDArray[np.float32]
MEMO_BYTES = 1 << 30
WRITTEN_AT_ONCE = 16
"""Rows that an accelerator writes at once: for one row or for many a step takes it as long."""


class Engine(Questions):
    """Answers for one model on one device.

    A row's answer depends on the row, the weights and `numerics` alone: not on its neighbours, its place, the size of
    the call or the number of threads. The weights must not change while the engine is in use.

    Args:
        model: left as it is. Where its weights are not float32, or not on the device, a copy runs that is.
        model_id: identity of the model (the hash of its weights), kept for whoever stores answers.
        device: "auto", "cpu" or "cuda".
        batch_tokens: token slots a batch; chosen by the size of the model where None.
        journal: where answers are kept beyond this process; see `keep_in`.
        workers: processes that run the model: a number; "auto", one a CUDA device or for every 4 cores; "ray" or
            "ray:N", actors on the cluster that RAY_ADDRESS names, else on a local one. They are started at the first
            call that is worth it, and `close` ends them. Which is chosen changes no bit of an answer.
        backend: what runs the layers: "torch"; "onnx", ONNX Runtime, on a CPU; "auto", the latter where it is installed
            and the model is large. It is used only where it gives the answers that torch gives.
        numerics: "strict", float32 throughout; "standard" or "auto", float16 on CUDA once `certify` has shown that it
            will do, float32 elsewhere.
        like: rows of the shapes that will be asked, of a model that reads no text; what they hold does not count.

    Attributes:
        numerics, numerics_id: what the numbers depend on, and its short name; they change when memory runs out, and
            numbers of two ids are not comparable to the last bit.
        stats: counters.
        probe: what the model was asked at the start, and which shapes may be used since.
        events: sentences for the report.
        on_progress: called with the number of rows just answered.

    Raises:
        ModelInputError: the device or the backend is not there, or one row alone does not fit in its memory.
        WorkerError: workers of this kind can't be had, or the model can't be sent to them.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        model_id: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        journal: Journal | None = None,
        workers: int | str = 1,
        backend: str = "auto",
        numerics: str | Standard = "auto",
        like: Sequence[ModelInput] = (),
    ) -> None:
        if batch_tokens is not None and batch_tokens < 1:
            raise ModelInputError(f"batch_tokens is {batch_tokens}; give at least 1, or nothing for the default")
        self._begin(model_id, choose_device(device))
        self._standard = numerics if isinstance(numerics, Standard) else Standard(numerics)
        self.events += self._standard.refusal(self.device)
        self._model = model = self._placed(model)
        self._forward = Forward(model, self.device)
        # Of a masked language model tokens are asked, which its runtime does not answer.
        tokens = self._forward.fills or self._forward.translates
        self._onnx = choose_backend(backend, model, self.device) == "onnx" and not tokens
        self._like = tuple(like)
        self._executor: Executor = LocalExecutor(model, self._forward, self.device)
        crew = crew_for(workers, model, self.device)
        if crew is not None:
            self._executor = CrewExecutor(crew, self._executor, self._forward, self.events)
        self._layout = Layout(
            batch_tokens=batch_tokens or choose_batch_tokens(self.device),
            # Without a padding token many heads can't tell where a row ends, and refuse more than one.
            single=getattr(model.config, "pad_token_id", None) is None
            and reads(model) == IDS
            and not (self._forward.generates or self._forward.fills),
            generated=1 if self.device == "cpu" else WRITTEN_AT_ONCE,
        )
        self.probe = self._probed()
        if backend == "onnx" and not self.probe.onnx and not any("ONNX" in event for event in self.events):
            self.events.append("ONNX Runtime is not used: the rows of this model are not packed.")
        if batch_tokens is None and not self.probe.sizes_hold:
            cautious = choose_batch_tokens(self.device, sizes_hold=False)
            self._layout = replace(self._unprobed(), batch_tokens=min(cautious, self._layout.batch_tokens))
            self.probe = self._probed()
        self._name_numerics()
        self.keep_in(journal)

    def _begin(self, model_id: str, device: str) -> None:
        """Set what an engine of any kind has before anything was asked."""
        self.device = device
        self.model_id = model_id
        self.stats = EngineStats()
        self.events: list[str] = []
        self.on_progress: Callable[[int], None] | None = None
        self._memo = Memo(limit_bytes=MEMO_BYTES)
        self._lock = threading.RLock()
        self._local = threading.local()
        self._shared = SharedCalls(self._lock, self._answer)
        self._records: Records | None = None
        self._standard = Standard("strict")
        self._compared: list[ModelInput] = []
        self._agreement: dict[str, str] = {}

    def heeds_positions(self, *, longest: int) -> bool:
        """Whether tokens can be taken out of rows of up to so many tokens while the others keep their positions."""
        window = narrowest_window(self._model)
        with self._lock, numerics.strict(self._model, self.device):
            return (window is None or window >= longest) and heeds_positions(self._model, self.device)

    @property
    def generates(self) -> bool:
        """Whether the model is a language model, whose head gives the next token."""
        return self._forward.generates

    @property
    def translates(self) -> bool:
        """Whether the model is an encoder-decoder that writes."""
        return self._forward.translates

    @property
    def looks_ahead(self) -> bool:
        """Whether what a language model gives at a place hangs on tokens behind it."""
        with self._lock, numerics.strict(self._model, self.device):
            return looks_ahead(self._model, self.device)

    def certify(self, inputs: Sequence[ModelInput]) -> None:
        """Compare what is fast with float32 in torch on these rows, and use it from now on only where that holds.

        What is fast is half precision where it is wanted and the device is faster in it, and ONNX Runtime where the
        probe took it. Call it before anything is asked: answers of before may belong to other numerics.
        """
        with self._lock:
            if self._standard.on(self.device):
                self._standard.compare_on(inputs)
                self._layout = self._unprobed()
                self._begin_anew()
            elif self.probe.onnx:
                self._compared = compared(inputs)
                self._begin_anew(probed=True)

    def _compare_runtimes(self) -> None:
        """Hold ONNX Runtime against torch on the rows to compare on, and go on in torch where they differ."""
        self._agreement = {}
        if not self.probe.onnx or not self._compared:
            return
        with numerics.strict(self._model, self.device):
            answers = ask(self._forward, self._layout, "logits", self._compared)
            found = agreement(answers, in_torch(self._model, self._forward, self._layout, self._compared))
        if found.holds:
            self._agreement = {"agreement": found.describe()}
            for row, answer in zip(self._compared, answers, strict=True):
                self._memo.put(_key("logits", row, 0), answer)
        else:
            self.events.append(f"ONNX Runtime is not used. {found.describe()}")
            self._onnx = False
            self._layout = self._unprobed()
            self.probe = self._probed()

    def _unprobed(self) -> Layout:
        layout = self._layout
        return Layout(batch_tokens=layout.batch_tokens, single=layout.single, generated=layout.generated)

    def keep_in(self, journal: Journal | None) -> None:
        """Look answers up in this journal before the model is asked, and write new ones to it; None for no journal.

        Raises:
            InputError: the journal can't be read.
        """
        with self._lock:
            self._journal = journal
            self._records = None if journal is None else journal.open(self.model_id, self.numerics_id)
            if self._records is not None:
                self.events += self._records.events

    @property
    def kept_answers(self) -> int:
        """How many answers of earlier runs, and of this one, the journal has."""
        return 0 if self._records is None else len(self._records)

    def check_journal(self) -> None:
        """Raise OutputError where the journal could not be written: the run is over, even if a checker held it."""
        if self._records is not None:
            self._records.check()

    def ask(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        """Return one read-only answer for each input, in input order; `classes` count for gradients only.

        It may be called from several threads: calls that wait for the same thing at the same time share batches.
        """
        elsewhere: Ask | None = getattr(self._local, "ask", None)
        if elsewhere is not None:
            return elsewhere(want, inputs, classes)
        return self._shared.ask(want, inputs, classes)

    def close(self) -> None:
        """End the workers; a later call starts them again where it needs them."""
        with self._lock:
            self._executor.close()

    @contextmanager
    def joined(self, ask: Ask) -> Iterator[None]:
        """Send the calls of this thread to `ask` instead of to the model."""
        self._local.ask = ask
        try:
            yield
        finally:
            del self._local.ask

    def _answer(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        self.check_journal()
        keys = [_key(want, item, class_) for item, class_ in zip(inputs, classes, strict=True)]
        askers: dict[Key, int] = {}
        for key in keys:
            askers[key] = askers.get(key, 0) + 1
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        told = 0
        while True:
            known = {key: answer for key in askers if (answer := self._memo.get(key)) is not None}
            names = self._names(key for key in first if key not in known)
            read = self._read(names)
            known |= read
            unknown = [key for key in first if key not in known]
            rows, row_classes = [inputs[first[k]] for k in unknown], [classes[first[k]] for k in unknown]
            ready = sum(askers[key] for key in known)
            told = self._tell(ready, told)
            stuck: Unit | None = None
            executor = self._standard.over(self._executor, self._layout)
            for unit, answers in executor.run(self._layout.units(want, rows, row_classes)):
                if answers is None:
                    stuck = unit
                    break
                self.stats.batches += 1
                self.stats.tokens += unit.tokens
                self.stats.padded_tokens += unit.slots
                if self._records is not None:
                    self._records.append([names[unknown[place]] for place in unit.places], answers)
                for place, answer in zip(unit.places, answers, strict=True):
                    key = unknown[place]
                    known[key] = answer
                    self._memo.put(key, answer)
                    ready += askers[key]
                told = self._tell(ready, told)
            if stuck is None:
                break
            self._shrink(stuck)
        self.stats.requested += len(inputs)
        self.stats.memo_hits += len(inputs) - len(unknown) - len(read)
        self.stats.journal_hits += len(read)
        self.stats.computed += len(unknown)
        self.stats.evicted = self._memo.evicted
        return [known[key] for key in keys]

    def _names(self, keys: Iterable[Key]) -> dict[Key, bytes]:
        return {} if self._records is None else {key: digest(key) for key in keys}

    def _read(self, names: Mapping[Key, bytes]) -> dict[Key, Floats]:
        """Return what the journal has of these, and remember it."""
        read: dict[Key, Floats] = {}
        if self._records is not None:
            for key, name in names.items():
                answer = self._records.get(name)
                if answer is not None:
                    read[key] = answer
                    self._memo.put(key, answer)
        return read

    def _shrink(self, unit: Unit) -> None:
        """Go on with half the tokens a batch, and forget what was computed with more."""
        if len(unit.inputs) == 1 and not unit.packed and unit.width == 1:
            raise self._no_room(unit.slots)
        self._halve()
        self._begin_anew()

    def _begin_anew(self, *, probed: bool = False) -> None:
        if not probed:
            self.probe = self._probed()
        self._memo.clear()
        self._compare_runtimes()
        self._name_numerics()
        self.keep_in(self._journal)

    def _no_room(self, tokens: int) -> ModelInputError:
        return ModelInputError(
            f"one row of {tokens} tokens alone does not fit in the memory of {self.device!r} with this model; free "
            "memory, use another device, or shorten the rows"
        )

    def _halve(self) -> None:
        self.stats.out_of_memory += 1
        if self.device != "cpu":
            torch.cuda.empty_cache()
        before, after = self._layout.batch_tokens, max(1, self._layout.batch_tokens // 2)
        self._layout = replace(self._unprobed(), batch_tokens=after)
        self.events.append(f"Ran out of memory at {before} tokens a batch; went on with {after}.")

    def _probed(self) -> Probe:
        """Ask the model which shapes may be used; with half the tokens a batch as often as memory runs out at that."""
        while True:
            try:
                with numerics.strict(self._model, self.device):
                    found = probe(self._model, self._forward, self._layout, onnx=self._onnx, like=self._like)
                    found = self._standard.settled(found, self._model, self._forward, self.device)
            except (RuntimeError, IndexError) as error:
                if isinstance(error, IndexError) or not is_out_of_memory(error):
                    raise self._misfit(error) from error
                if self._layout.batch_tokens == 1:
                    raise self._no_room(max(*LENGTHS, *map(len, self._standard.rows))) from error
            else:
                self._layout = found.layout
                self.events += [note for note in found.notes if note not in self.events]
                return found
            self._halve()

    def _misfit(self, error: Exception) -> ModelInputError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return ModelInputError(
            f"the {type(self._model).__name__} does not take short rows of any length ({reason:.200}); check its "
            "configuration, or hand it in as a function that pads as it wants"
        )

    def _tell(self, ready: int, told: int) -> int:
        if ready > told and self.on_progress is not None:
            self.on_progress(ready - told)
        return max(ready, told)

    def _name_numerics(self) -> None:
        self.numerics = numerics.describe(self._model, self.device, self._layout) | {"rows": self.probe.describe()}
        runtime = f"onnxruntime {onnx_encoder.version()}" if self.probe.onnx else f"torch {torch.__version__}"
        self.numerics["layers"] = runtime
        self.numerics |= self._standard.describe()
        self.numerics_id = numerics.identify(self.numerics)
        # It depends on the rows and has no part in the id: what it says of the numbers holds for other rows as well.
        self.numerics |= self._agreement if self.probe.onnx else {}

    def _placed(self, model: PreTrainedModel) -> PreTrainedModel:
        halves = sorted({str(p.dtype) for p in model.parameters() if p.is_floating_point()} - {"torch.float32"})
        if halves:
            self.events.append(f"The weights came as {', '.join(halves)} and were run as torch.float32.")
        return placed(model, self.device)


def _key(want: Want, item: ModelInput, class_: int) -> Key:
    asked = f"{want} {class_}" if want in {"gradients", "generated"} else want
    if item.gather is None:
        return item.key, asked, None if item.targets is None else b"t" + item.targets.astype("<i4").tobytes()
    judged = b"" if item.targets is None else b"t" + item.targets.astype("<i4", copy=False).tobytes()
    return item.key, asked, item.gather.astype("<i4", copy=False).tobytes() + judged
