"""A callback of `transformers.Trainer`: the model is audited while it is trained, and each report is kept."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from modelaudit.audit import Audit
from modelaudit.audit_report import AuditReport
from modelaudit.outcome import AuditOutcome
from modelaudit.reports.gate import gate_words
from modelaudit.verdicts import Verdict

log = logging.getLogger(__name__)

Moment = Literal["evaluate", "epoch", "end"]


class AuditCallback(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Audits the model at each evaluation, each epoch, or at the end of training.

    The numbers of judged metrics go into the trainer's log history, and so into `trainer_state.json`, under
    `audit/<checker>/<metric>`. Training goes on as if there were no audit: the model is put back into its mode, and the
    random state of torch is restored. In distributed training only the first process audits.

    Args:
        data: rows to judge the model on, in any form that `Audit` takes.
        when: `evaluate`, `epoch` or `end`.
        only: families or checkers, by default all.
        folder: where `audit-step-N.html` and `.json` are written; None for nowhere.
        stop: whether training ends where the gate does not hold. A failed audit never stops it.
        options: whatever else `Audit` takes (`train_data`, `policy`, `preset`, …); `preset` is `quick` unless given,
            and `baseline` may be named.

    Attributes:
        outcomes: of each audit so far, by its step.
        failed: the errors of audits that could not be made, by their step; they are logged as well.
    """

    def __init__(
        self,
        data: Any,
        *,
        when: Moment = "evaluate",
        only: str | Iterable[str] | None = None,
        folder: str | Path | None = None,
        stop: bool = False,
        **options: Any,
    ) -> None:
        if when not in ("evaluate", "epoch", "end"):
            raise ValueError(f"when is {when!r}; use evaluate, epoch or end")
        unknown = sorted(set(options) - set(inspect.signature(Audit).parameters))
        if unknown:
            raise TypeError(f"Audit takes no {unknown[0]!r}; see its docstring for what it takes")
        self._data = data
        self._when = when
        self._only = only
        self._folder = None if folder is None else Path(folder)
        self._stop = stop
        self._options = {"preset": "quick", **options}
        self.outcomes: dict[int, AuditOutcome] = {}
        self.failed: dict[int, Exception] = {}

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> TrainerControl:
        """Audit after an evaluation, where that was asked for."""
        return self._audited(state, control, given) if self._when == "evaluate" else control

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> TrainerControl:
        """Audit after an epoch, where that was asked for."""
        return self._audited(state, control, given) if self._when == "epoch" else control

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> TrainerControl:
        """Audit after the training, where that was asked for."""
        return self._audited(state, control, given) if self._when == "end" else control

    def _audited(self, state: TrainerState, control: TrainerControl, given: dict[str, Any]) -> TrainerControl:
        step = int(state.global_step)
        # An evaluation that ends an epoch, or the training, is not audited twice.
        if not state.is_world_process_zero or step in self.outcomes or step in self.failed:
            return control
        # The name of the argument changed between versions of transformers.
        tokenizer = given.get("processing_class") or given.get("tokenizer")
        try:
            outcome = self._outcome(given["model"], tokenizer)
            self._keep(step, outcome)
        except Exception as error:  # noqa: BLE001  a training of days must not end by its audit
            log.warning("the audit at step %d could not be made: %s", step, error)
            self.failed[step] = error
            return control
        self.outcomes[step] = outcome
        state.log_history.append({**logged(outcome.report), "epoch": state.epoch, "step": step})
        log.info("audit at step %d: %s", step, gate_words(outcome.report))
        if self._stop and outcome.report.judgement.gate.exit_code:
            control.should_training_stop = True
        return control

    def _outcome(self, model: Any, tokenizer: Any) -> AuditOutcome:
        # A part that was frozen in its mode stays so, while the rest is trained.
        modes, devices = [(part, part.training) for part in model.modules()], []
        if model.device.type == "cuda":
            devices.append(model.device)
        try:
            with torch.random.fork_rng(devices=devices):
                model.eval()
                return Audit(model, self._data, tokenizer=tokenizer, **self._options).run(only=self._only)
        finally:
            for part, training in modes:
                part.training = training

    def _keep(self, step: int, outcome: AuditOutcome) -> None:
        if self._folder is not None:
            place = self._folder / f"audit-step-{step}"
            outcome.save(f"{place}.html", f"{place}.json")


def logged(report: AuditReport) -> dict[str, float]:
    """Return the judged metrics of a report by `audit/<checker>/<metric>`, of several groups the one furthest
    beyond its limit, and the gate."""
    found: dict[str, float] = {"audit/gate": float(report.judgement.gate.exit_code)}
    values = {
        (result.checker.id, finding.metric.id, finding.metric.group): finding.metric.value
        for result in report.results
        for finding in result.findings
    }
    for verdict in sorted(report.judgement.verdicts, key=lambda verdict: _closeness(verdict, report)):
        value = values.get((verdict.checker, verdict.metric or "", verdict.group))
        if value is not None:
            found.setdefault(f"audit/{verdict.checker.partition('/')[2]}/{verdict.metric}", value)
    return found


def _closeness(verdict: Verdict, report: AuditReport) -> float:
    """How far the interval keeps within its limit, in the metric's own unit; below zero beyond it, last without one."""
    policy, use_case = report.policy, report.subject.declared.use_case
    limits = [
        limit
        for limit in policy.limits_for(use_case)
        if (limit.checker, limit.metric) == (verdict.checker, verdict.metric) and limit.group in (None, verdict.group)
    ]
    if verdict.interval is None or not limits:
        return math.inf
    return -max(limit.beyond(verdict.interval) for limit in limits)
