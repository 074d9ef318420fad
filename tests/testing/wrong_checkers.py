"""A small checker that keeps the whole contract, and one that breaks it in each way; with a defect for them to find."""

from __future__ import annotations

import random
import socket
import sys
import time
from pathlib import Path

import numpy as np

from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import wilson
from modelaudit.testing import Defect, FakeModel

WORDS = ("north", "south", "east", "west", "hill", "lake", "road", "farm")


def shouted(strength, seed):
    """A model that `!` moves toward yes by so many log-odds, and rows whose own log-odds are from 0 to -2."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(60):
        words = " ".join(rng.choice(WORDS, 6))
        rows.append({"text": f"Case {number} is {words}", "label": "no" if number % 5 else "yes"})

    def logits(row):
        own = -(sum(map(ord, row.text.rstrip("!"))) % 10) / 5
        return 0.0, own + strength * row.text.endswith("!") - 0.01

    return {"model": FakeModel(labels=("no", "yes"), predict=logits), "data": rows}


SHOUTY = Defect(
    "a taste for shouting", "log-odds that ! adds", (1.0, 1.5), shouted, "flip_rate", {"flip_rate": {"max": 0.2}}
)


class Right:
    """Adds an exclamation mark to each row and counts the answers that change."""

    info = CheckerInfo(
        id="sample/right",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Shouting",
        question="Does the answer change when a sentence ends in an exclamation mark?",
        summary="Each row is asked twice, as it is and with an exclamation mark at its end.",
        metrics=("flip_rate",),
        not_shown=("Any other change of punctuation.",),
        remedies=("Train with and without final punctuation.",),
    )

    def __init__(self, mark="!"):
        self.mark = mark

    def applies(self, subject):
        return None if subject.task == "text-classification" else f"not made for {subject.task}"

    def cost(self, subject):
        return Cost(2 * subject.evaluation.rows, int(2 * subject.evaluation.rows * subject.evaluation.mean_tokens))

    def rows(self, ctx):
        return drawn(ctx, ctx.data.evaluation, 40)

    def run(self, ctx):
        rows = self.rows(ctx)
        calm = ctx.model.predict(rows).labels
        loud = ctx.model.predict([row.with_text(row.text + self.mark) for row in rows]).labels
        yield self.finding(int(np.sum(calm != loud)), len(rows))

    def finding(self, flips, n, **more):
        metric = Metric.of(wilson(flips, n), id="flip_rate", title="Flips", unit="share", better="lower", primary=True)
        return Finding(metric=metric, statement=f"{flips} of {n} answers changed.", **more)


class Nameless(Right):
    info = Right.info.model_copy(update={"question": "Shouting.", "not_shown": ()})


class Unannounced(Right):
    info = Right.info.model_copy(update={"metrics": ("other",)})


class Wanting(Right):
    info = Right.info.model_copy(update={"metrics": ("flip_rate",), "needs": ("predict", "telepathy")})


class Working(Right):
    """Its constructor makes something that is no option."""

    def __init__(self, mark="!"):
        self.mark = mark
        self.table = {mark: 1}


class Changing(Right):
    def __init__(self, mark=("!",)):
        self.mark = mark[0]


class Slow(Right):
    def __init__(self, mark="!"):
        until = time.thread_time() + 0.07
        while time.thread_time() < until:
            pass
        self.mark = mark


class Asking(Right):
    """It looks the model up before it knows whether it applies."""

    def applies(self, subject):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)


class Choosy(Right):
    def applies(self, subject):
        return {"text-classification": None}[subject.task]


class Silent(Right):
    def applies(self, subject):
        return None if subject.task == "text-classification" else ""


class Cheap(Right):
    def cost(self, subject):
        return Cost(0, 0)

    def run(self, ctx):
        ctx.model.predict(ctx.data.evaluation * 10)
        yield from super().run(ctx)


class Dear(Right):
    def cost(self, subject):
        return Cost(1_000_000, 1)


class Odd(Right):
    def cost(self, subject):
        return Cost(-1, 0.5)


class Counting(Right):
    """It keeps something from one run to the next."""

    def __init__(self, mark="!"):
        self.mark = mark

    runs = 0

    def run(self, ctx):
        type(self).runs += 1
        ctx.note(f"This is run {self.runs}.")
        yield from super().run(ctx)


class Sociable(Right):
    """It draws from the global generator, which others draw from as well."""

    def rows(self, ctx):
        return super().rows(ctx)[: 20 + int(np.random.random() * 20)]  # noqa: NPY002


class First(Right):
    def rows(self, ctx):
        return ctx.data.evaluation[:40]


class Seeding(Right):
    def run(self, ctx):
        random.seed(3)
        yield from super().run(ctx)


class Chatty(Right):
    def run(self, ctx):
        print("still running", file=sys.stderr)
        yield from super().run(ctx)


class Calling(Right):
    def run(self, ctx):
        try:
            socket.create_connection(("192.0.2.1", 80), timeout=0.1)
        except OSError:
            ctx.note("The network could not be reached.")
        yield from super().run(ctx)


class Littering(Right):
    def run(self, ctx):
        Path("shouting.log").write_text("done")
        yield from super().run(ctx)


class Certain(Right):
    """Its number rests on nothing."""

    def finding(self, flips, n, **more):
        found = super().finding(flips, n, **more)
        return found.model_copy(update={"metric": found.metric.model_copy(update={"n": 0})})


class Narrow(Right):
    def finding(self, flips, n, **more):
        found = super().finding(flips, n, **more)
        bounds = tuple(bound for bound in found.metric.bounds if bound.level != 0.95)
        return found.model_copy(update={"metric": found.metric.model_copy(update={"bounds": bounds})})


class Endless(Right):
    """A whole number that no file can hold."""

    def finding(self, flips, n, **more):
        return super().finding(flips, n, evidence=(Table(title="Large", columns=("n",), rows=((10**5_000,),)),))


class Heavy(Right):
    def finding(self, flips, n, **more):
        rows = tuple(("x" * 400,) for _ in range(1_000))
        return super().finding(flips, n, evidence=(Table(title="Long", columns=("text",), rows=rows),))


class Quoting(Right):
    def run(self, ctx):
        ctx.note(f"The first row is {ctx.data.evaluation[0].text!r}.")
        yield from super().run(ctx)


class Fragile(Right):
    """It fails on rows of one kind."""

    broken = ""

    def run(self, ctx):
        if self.fails(ctx.data.evaluation):
            raise ZeroDivisionError("division by zero")
        yield from super().run(ctx)


class FailsOnShort(Fragile):
    def fails(self, rows):
        return any(len(row.text) == 1 for row in rows)


class FailsOnLong(Fragile):
    def fails(self, rows):
        return any(len(row.text) > 4_000 for row in rows)


class FailsOnEmoji(Fragile):
    def fails(self, rows):
        return any("\U0001f680" in row.text for row in rows)


class FailsOnFewer(Right):
    """Empty texts are left out before a checker sees the rows."""

    def run(self, ctx):
        if any("without text" in reason for reason in ctx.subject.evaluation.set_aside):
            raise ZeroDivisionError("division by zero")
        yield from super().run(ctx)


class FailsOnDuplicates(Fragile):
    def fails(self, rows):
        return len(rows) > 1 and len({row.text for row in rows}) == 1


class FailsOnOneClass(Fragile):
    def fails(self, rows):
        return len(rows) == 40 and len({row.label for row in rows}) == 1 and len({row.text for row in rows}) > 1


class FailsOnOne(Fragile):
    def fails(self, rows):
        return len(rows) == 1


class Deaf(Right):
    def run(self, ctx):
        rows = self.rows(ctx)
        ctx.model.predict(rows)
        ctx.model.predict(rows)
        yield self.finding(0, len(rows))


class Alarmist(Right):
    def run(self, ctx):
        rows = self.rows(ctx)
        ctx.model.predict([*rows, *rows])
        yield self.finding(len(rows), len(rows))


class Skipping(Right):
    def run(self, ctx):
        raise NotAssessable("there is nothing to measure; provide something")


WRONG = (
    ("metadata", Nameless, "info.question"),
    ("metadata", Nameless, "info.not_shown"),
    ("metadata", Unannounced, "'flip_rate', which info.metrics does not name"),
    ("metadata", Wanting, "'telepathy'"),
    ("constructor", Working, "self.table"),
    ("constructor", Changing, "mark=...) keeps another value"),
    ("constructor", Slow, "takes 0.0"),
    ("applies", Asking, "touches socket"),
    ("applies", Choosy, "raises KeyError"),
    ("applies", Silent, "returns ''"),
    ("cost", Cheap, "cost() says 0 evaluations"),
    ("cost", Dear, "cost() says 1,000,000 evaluations"),
    ("cost", Odd, "return a Cost of whole numbers"),
    ("same-seed", Counting, "differ in its notes"),
    ("company", Sociable, "draw from ctx.rng"),
    ("row-order", First, "changes flip_rate"),
    ("global-random", Seeding, "the global generator of random"),
    ("no-output", Chatty, "writes 14 characters"),
    ("no-network", Calling, "asks the network (socket."),
    ("no-files", Littering, "writes shouting.log"),
    ("intervals", Certain, "rests on n = 0"),
    ("intervals", Narrow, "no interval at the level 0.95"),
    ("round-trip", Endless, "can't be written and read again"),
    ("evidence-size", Heavy, "KB of evidence"),
    ("no-row-text", Quoting, "A note holds 4 words"),
    ("awkward-empty", FailsOnFewer, "'empty' the check fails (ZeroDivisionError"),
    ("awkward-one-character", FailsOnShort, "'one-character' the check fails"),
    ("awkward-5000-characters", FailsOnLong, "'5000-characters' the check fails"),
    ("awkward-emoji", FailsOnEmoji, "'emoji' the check fails"),
    ("awkward-duplicates", FailsOnDuplicates, "'duplicates' the check fails"),
    ("awkward-one-class", FailsOnOneClass, "'one-class' the check fails"),
    ("awkward-single-row", FailsOnOne, "'single-row' the check fails"),
    ("fires", Deaf, "no limit is exceeded"),
    ("quiet", Alarmist, "a limit is exceeded all the same"),
    ("intervals", Skipping, "could not measure the subject"),
)
