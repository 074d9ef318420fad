"""A model whose answers are given, as the test of a stranger's checker has it; shared by the tests of answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from modelaudit.checker import Answers, Budget, Data, Losses, Predictions, TokenStatistics


class Answering:
    """Answers each row with what stands in its column `said`, and finds each token of an answer so many nats dear."""

    hidings = ()

    def __init__(self, *, nats=0.5, ended=True, labels=(), capabilities=("answers", "loss", "token_statistics")):
        self.labels = labels
        self.nats = nats
        self.ended = ended
        self.capabilities = frozenset(capabilities)
        self.asked = []

    def predict(self, rows):
        if "chances" not in rows[0].columns:
            found = self.loss(rows)
            flat = -found.per_word[:, None]
            return Predictions(flat, np.exp(flat), self.too_long(rows), found.offsets)
        logits = np.log(np.array([row.columns["chances"] for row in rows]))
        return Predictions(logits, np.exp(logits), np.zeros(len(rows), dtype=bool))

    def answers(self, rows, *, max_new_tokens=64):
        self.asked.append((len(rows), max_new_tokens))
        n = len(rows)
        said = tuple(row.columns["said"] for row in rows)
        return Answers(said, np.zeros(n), np.full(n, self.ended), self.too_long(rows))

    def too_long(self, rows):
        return np.array([row.columns.get("too long", False) for row in rows], dtype=bool)

    def loss(self, rows):
        tokens = [(row.answer if row.answer is not None else row.text).split() for row in rows]
        counts = np.array([len(each) for each in tokens])
        per_token = np.array([self.nats * len(token) for each in tokens for token in each])
        offsets = np.concatenate([[0], np.cumsum(counts)])
        sums = np.bincount(np.repeat(np.arange(len(rows)), counts), per_token, minlength=len(rows))
        means = np.divide(sums, counts, out=np.full(len(rows), np.nan), where=counts > 0)
        return Losses(means, per_token, offsets)

    def token_statistics(self, rows):
        found = self.loss(rows)
        none = np.zeros(len(found.per_word))
        return TokenStatistics(
            -found.per_word, none, none, none > 0, none.astype(int), found.offsets, self.too_long(rows)
        )


def context(task, rows, *, members=None, model=None, preset="standard", seed=0):
    """Return what a checker is given, with the notes that it leaves."""
    notes = []
    return SimpleNamespace(
        data=Data(tuple(rows), None if members is None else tuple(members), None),
        model=model or Answering(),
        subject=subject(task, rows, preset=preset, labels=() if model is None else model.labels),
        budget=Budget(preset),
        seed=seed,
        rng=np.random.default_rng(seed),
        note=notes.append,
        notes=notes,
    )


def subject(task, rows=(), *, preset="standard", labels=(), capabilities=("answers", "loss", "token_statistics")):
    return SimpleNamespace(
        task=task,
        preset=preset,
        capabilities=capabilities,
        model=SimpleNamespace(labels=labels),
        evaluation=SimpleNamespace(rows=len(rows), mean_tokens=12.0, labelled=True),
    )


def findings_of(checker, ctx):
    found = list(checker.run(ctx))
    assert len({(each.metric.id, each.metric.group) for each in found}) == len(found)
    return {(each.metric.id, each.metric.group): each for each in found}
