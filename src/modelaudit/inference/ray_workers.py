"""Workers on a Ray cluster, for those who outgrow one machine.

Ray starts the actors, ships the model and says who has died. Units, trials and restarts are ours, as with processes:
what Ray would do again by itself it would do without knowing who waits for it.
"""

from __future__ import annotations

import io
import math
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import WorkerError
from modelaudit.inference.crew import Answer, Gone, Hand, Reply, Unfit, Up
from modelaudit.inference.exchange import Findings, Outcome, Parcel
from modelaudit.inference.parting import check_sendable, write_model
from modelaudit.inference.ray_cluster import RayCluster
from modelaudit.inference.worker import Worker

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["RayCrew"]

RAY = 'pip install "modelaudit-core[ray]"'
CPUS_A_WORKER = 2


class Actor:
    """A worker, as Ray runs it: its methods are called one at a time, in the order in which they were asked for.

    Args:
        content: uint8 (n,), the model as `torch.save` wrote it.
    """

    def __init__(self, content: NDArray[np.uint8], device: str, threads: int) -> None:
        self._unfit: str | None = None
        try:
            # Our own pickle, which the driver of this job has just written; see `worker.load_model`.
            model = torch.load(io.BytesIO(content.data), map_location="cpu", weights_only=False)
            self._worker = Worker(model, device, threads)
        except Exception as error:  # noqa: BLE001  the driver says what it was
            self._unfit = f"{type(error).__name__}: {error}"

    def up(self) -> str | None:
        """Return None, or why this actor could not take the model over."""
        return self._unfit

    def answer(self, parcel: Parcel, findings: Findings) -> Outcome:
        """Return one unit's outcome."""
        return self._worker.answer(parcel, findings)


class RayHand:
    """One actor.

    Attributes:
        pending: what is under way: Ray's reference of each, with its ticket; None for the actor's start.
    """

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor
        self.pending: dict[Any, int | None] = {actor.up.remote(): None}

    def ask(self, ticket: int, parcel: Parcel, findings: Findings) -> None:
        """Send a unit."""
        self.pending[self._actor.answer.remote(parcel, findings)] = ticket

    def hear(self, reference: Any) -> Reply:
        """Return what has become of one of the pending."""
        ticket = self.pending.pop(reference)
        try:
            found = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            self.dismiss()
            return Gone(f"ended ({type(error).__name__})", " ".join(str(error).split()))
        if ticket is not None:
            return Answer(ticket, found)
        return Up() if found is None else Unfit(found)

    def dismiss(self) -> None:
        """End the actor."""
        self.pending.clear()
        if self._ray.is_initialized():
            self._ray.kill(self._actor)


class RayCrew:
    """Actors on a Ray cluster (`RayCluster`).

    They run on the kind of device that the engine runs on, since answers are to be the same to the last bit.

    Args:
        model: shipped once, when the first actor is started. device: where the engine runs.
        size: number of actors; None for one a GPU of the cluster or, without, one for every 2 processors.

    Raises:
        WorkerError: Ray is not installed, or the model can't be sent.
    """

    def __init__(self, model: PreTrainedModel, device: str, size: int | None) -> None:
        try:
            import ray
        except ImportError as error:
            raise WorkerError(f'workers="ray" needs another package; run {RAY}, or give a number of workers') from error
        check_sendable(model)
        self._ray: Any = ray
        self._model = model
        self._device = device.split(":")[0]
        self._wanted = self._size = size
        self._hands: list[RayHand] = []
        self._content: Any = None
        self._cluster: RayCluster | None = None
        self._leave: Callable[[], object] = lambda: None

    @property
    def size(self) -> int:
        """The number of actors; where the cluster decides on it, asking connects to the cluster."""
        if self._size is None:
            cluster = self._joined()
            gpus, cpus = (int(sum(cluster.of(resource))) for resource in ("GPU", "CPU"))
            self._size = max(1, gpus if self._device == "cuda" else cpus // CPUS_A_WORKER)
        return self._size

    def hire(self, place: int) -> Hand:
        """Start an actor, on the node of Ray's choice; it is up when there is room for it."""
        cluster = self._joined()
        if self._content is None:
            buffer = io.BytesIO()
            write_model(self._model, buffer)
            self._content = self._ray.put(np.frombuffer(buffer.getbuffer(), np.uint8))
        # Half of what an actor uses is asked for: an audit may have a second model, whose actors work while these wait
        # and would otherwise find no room.
        if self._device == "cuda":
            threads, needs = 0, {"num_cpus": 0.5, "num_gpus": 0.5 / math.ceil(self.size / sum(cluster.of("GPU")))}
        else:
            threads = cpus_each(cluster.of("CPU"), self.size)
            needs = {"num_cpus": threads // 2 or threads / 2}
        actor = (
            self._ray.remote(Actor)
            .options(max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD", **needs)
            .remote(self._content, self._device, 0 if self._device == "cuda" else max(1, threads))
        )
        hand = RayHand(self._ray, actor)
        self._hands.append(hand)
        return hand

    def hear(self, timeout: float | None) -> list[tuple[Hand, Reply]]:
        """Return all that has come in."""
        whose = {reference: hand for hand in self._hands for reference in hand.pending}
        if not whose:
            return []
        self._ray.wait(list(whose), num_returns=1, timeout=timeout)
        ready, _ = self._ray.wait(list(whose), num_returns=len(whose), timeout=0)
        # An actor that has ended is heard of once, though everything that it was asked comes back.
        return [(whose[r], whose[r].hear(r)) for r in ready if r in whose[r].pending]

    def close(self) -> None:
        """End the actors, and the connection to the cluster or the local cluster if it was made here."""
        for hand in self._hands:
            hand.dismiss()
        self._hands, self._content = [], None
        self._leave()
        self._cluster, self._size = None, self._wanted

    def _joined(self) -> RayCluster:
        """Return the cluster, which is joined at the first use and left by `close` or when nobody holds the crew."""
        if self._cluster is None:
            self._cluster = RayCluster.join(self._ray)
            self._leave = weakref.finalize(self, self._cluster.leave)
            if self._device == "cuda" and not sum(self._cluster.of("GPU")):
                self.close()
                raise WorkerError(
                    "the Ray cluster has no GPU, and the engine runs on one; use device='cpu' or workers=1"
                )
        return self._cluster


def cpus_each(cpus: Sequence[float], size: int) -> int:
    """Return the most processors an actor may have, so that `size` actors find room on nodes with so many each.

    0 where there are more actors than processors: Ray then takes it that any node will do.
    """
    most = int(max(cpus, default=0))
    return next((each for each in range(most, 0, -1) if sum(int(node // each) for node in cpus) >= size), 0)
