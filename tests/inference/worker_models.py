"""Models that workers can be sent, and a crew that lives in the test's own process."""

import copy
import os
import random

import torch
from engine_models import build, engine_for
from transformers import BertForSequenceClassification

from modelaudit.errors import ModelInputError
from modelaudit.inference import ModelInput
from modelaudit.inference.crew import Answer, CrewExecutor, Gone, Up
from modelaudit.inference.worker import Worker

NO_ROOM, REFUSES, BREAKS = 1, 2, 3
WANTS = ("logits", "hidden", "gradients")


def ask(engine, want, rows):
    """Return the bits of the answers."""
    return [answer.tobytes() for answer in engine.ask(want, rows, [len(row) % 3 for row in rows])]


def with_token(row, token):
    ids = row.ids.copy()
    ids[1] = token
    return ModelInput(ids, row.type_ids, row.gather)


class Moody(BertForSequenceClassification):
    """Answers as its parent does, but away from home some tokens are too much for it."""

    home = -1

    def forward(self, input_ids=None, token_type_ids=None, **others):
        if os.getpid() != self.home:
            if (input_ids == NO_ROOM).any() and (input_ids != 0).sum() > 64:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
            if (input_ids == REFUSES).any():
                raise ModelInputError("this row is not for me; take another")
            if (input_ids == BREAKS).any():
                raise ZeroDivisionError("planted")
        return super().forward(input_ids=input_ids, token_type_ids=token_type_ids, **others)


def moody():
    model = Moody(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    model.home = os.getpid()
    return model


class Bench:
    """A crew whose workers live here, reply in a random order, and end when they are told to.

    Args:
        ends: after so many units the worker that is to answer next ends instead, once for each number.
        spoilt: places whose model has other weights.
    """

    def __init__(self, model, size, *, seed=0, ends=(), spoilt=()):
        self.size = size
        self.hired = []
        self.answered = 0
        self._model = model
        self._draw = random.Random(seed)
        self._ends = list(ends)
        self._spoilt = spoilt

    def hire(self, place):
        model = copy.deepcopy(self._model)
        if place in self._spoilt:
            with torch.no_grad():
                next(model.parameters()).mul_(1.0 + 1e-6)
        self.hired.append(BenchHand(Worker(model, "cpu", 0)))
        return self.hired[-1]

    def hear(self, timeout):
        waiting = [hand for hand in self.hired if hand.alive and (hand.asked or not hand.up)]
        assert waiting or timeout == 0, "the executor waits for a word that nobody has to say"
        if not waiting:
            return []
        hand = self._draw.choice(waiting)
        if not hand.up:
            hand.up = True
            return [(hand, Up())]
        if self._ends and self.answered >= self._ends[0]:
            self._ends.pop(0)
            hand.alive = False
            return [(hand, Gone("was ended by SIGKILL", "last words"))]
        self.answered += 1
        ticket, *question = hand.asked.pop(0)
        return [(hand, Answer(ticket, hand.worker.answer(*question)))]

    def close(self):
        for hand in self.hired:
            hand.dismiss()


class BenchHand:
    def __init__(self, worker):
        self.worker = worker
        self.asked = []
        self.up = False
        self.alive = True

    def ask(self, ticket, parcel, findings):
        self.asked.append((ticket, parcel, findings))

    def dismiss(self):
        self.alive = False


def bench_engine(model, size, *, batch_tokens=128, **options):
    """Return an engine with a bench of workers, and the bench."""
    engine = engine_for(model, batch_tokens=batch_tokens)
    bench = Bench(model, size, **options)
    engine._executor = CrewExecutor(bench, engine._executor, engine._forward, engine.events)
    return engine, bench


class Unused:
    """Takes the place of the executor that runs units in this process, and runs none."""

    def run(self, units):
        units = list(units)
        assert not units, "a unit was answered in this process"
        yield from units

    def close(self):
        pass
