"""Progress on standard error: the terminal is given back whatever happens, and a title is no markup."""

from __future__ import annotations

import io
import os
import sys
from contextlib import nullcontext

import pytest
from rich.console import Console

from modelaudit.checker import CheckerInfo, Cost, Risk
from modelaudit.plugins import registered
from modelaudit.progress import Bar, Lines, listener_for_stderr
from modelaudit.runner import Silent, run_checks
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Made:
    info = CheckerInfo(id="test/made", version="1", risk=Risk.DATA, title="T [/b] :bug:", question="Q?", summary="S.")

    def __init__(self, error=None):
        self.error = error

    def applies(self, subject):
        return None

    def cost(self, subject):
        return Cost(10, 100)

    def run(self, ctx):
        ctx.model.predict(ctx.data.evaluation)
        raise self.error


@pytest.fixture
def subject(classifier, rows):
    model, tokenizer = classifier
    return build_subject(OpenedModel(model=model, tokenizer=tokenizer, name="m"), data=rows[:20], device="cpu")


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False, _environ={})


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()], ids=["ctrl-c", "fault"])
def test_the_cursor_comes_back(subject, error):
    console = terminal()
    stopped = isinstance(error, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt) if stopped else nullcontext():
        run_checks(subject, [registered(Made(error), "made")], seed=0, listener=Bar(console))
    written = console.file.getvalue()
    assert HIDE in written
    assert written.rindex(SHOW) > written.rindex(HIDE)
    assert subject.model.engine.on_progress is None


def test_a_fault_of_the_listener_ends_it_too(subject):
    class Broken(Silent):
        finished = 0

        def start(self, evaluations):
            raise ZeroDivisionError

        def finish(self):
            self.finished += 1

    listener = Broken()
    with pytest.raises(ZeroDivisionError):
        run_checks(subject, [registered(Made(), "made")], seed=0, listener=listener)
    assert listener.finished == 1


@pytest.mark.parametrize("kind", [Bar, Lines])
def test_a_title_is_shown_as_it_is(subject, kind):
    console = terminal()
    run_checks(subject, [registered(Made(NotImplementedError()), "made")], seed=0, listener=kind(console))
    assert "T [/b] :bug:" in console.file.getvalue()


def test_a_cut_off_audit_is_not_said_to_be_measured(subject):
    console = terminal()
    with pytest.raises(KeyboardInterrupt):
        run_checks(subject, [registered(Made(KeyboardInterrupt()), "made")], seed=0, listener=Lines(console))
    assert "measured" not in console.file.getvalue()


def test_the_listener_suits_the_stream(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", None)
    assert isinstance(listener_for_stderr(), Silent)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(listener_for_stderr(), Silent)
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        assert isinstance(listener_for_stderr(), Lines)
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stderr", pipe)
        assert isinstance(listener_for_stderr(), Silent)
