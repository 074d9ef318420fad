"""The watch: looks at live data again and again, against what an audit was made on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelaudit.audit_report import AuditReport
from modelaudit.errors import InputError
from modelaudit.monitoring.alert_rule import AlertRule, check_labels, parse_rule
from modelaudit.monitoring.judging import CHANGE, LEAST_ROWS, Window, judge_window
from modelaudit.monitoring.live_rows import LiveRows, read_live
from modelaudit.monitoring.live_window import LiveWindow, window_of
from modelaudit.monitoring.look import Line, Look, Trigger
from modelaudit.monitoring.measure import Measure
from modelaudit.monitoring.profile import WatchProfile, check_profile
from modelaudit.monitoring.row_file import measured
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.taking import Taken, log_lines, take
from modelaudit.monitoring.tally import added
from modelaudit.monitoring.trials import KINDS, OUTCOMES
from modelaudit.monitoring.triggers import triggers_of
from modelaudit.monitoring.watch_log import append_log, read_log
from modelaudit.monitoring.watch_state import Seen, WatchState, read_state, write_state
from modelaudit.monitoring.watched_model import CLASSES, ModelSource

BROKEN_SHOWN = 20
ALPHA = 0.05


class Watch:
    """Looks at windows of live rows against an audit, so that a false alarm at any look at all is rare.

    Args:
        baseline: the report of the audit. profile: that of its evaluation rows (`make_profile`).
        key: the key that the profile was made with.
        state: file that remembers the looks. Without one each look counts as the first and only one.
        log: file with one line a row, by which labels find their rows later; it holds keyed hashes and no text.
        model: what answers the live rows; without it they bring their own `prediction` and `confidence`.
        alerts: rules on the share of a label, as `AlertRule` or `"negative>0.30"`, `"negative+0.10"`.
        alpha: the most that the chance of any alarm may be, over unlimited looks, where nothing has changed.
        change: the change that a look should be able to show; one that could not is called inconclusive.
        text_key, label_key: keys of a live row, where they are not `text` and `label`.

    Raises:
        InputError: profile, key or rules don't belong to the report.
    """

    def __init__(
        self,
        baseline: AuditReport,
        profile: WatchProfile,
        *,
        key: RowKey,
        state: str | Path | None = None,
        log: str | Path | None = None,
        model: Any = None,
        alerts: Iterable[AlertRule | str] = (),
        alpha: float = ALPHA,
        change: float = CHANGE,
        text_key: str | None = None,
        label_key: str | None = None,
    ) -> None:
        check_profile(profile, baseline, key)
        if not 0.0 < alpha <= 0.5 or not 0.0 < change < 1.0:
            raise InputError(f"alpha is {alpha:g} and change {change:g}; alpha lies up to .5, and change below 1")
        if log is not None and state is None:
            raise InputError("a log needs a state beside it, which says how much of it counts; name one with --state")
        self.baseline, self.profile, self.key = baseline, profile, key
        self.state, self.log = state, log
        self.model = model if model is None or isinstance(model, ModelSource) else ModelSource(model)
        self.rules = tuple(rule if isinstance(rule, AlertRule) else parse_rule(rule) for rule in alerts)
        check_labels(self.rules, profile.labels)
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise InputError("an alert rule is given twice; give each once")
        if self.rules and baseline.subject.task != CLASSES:
            raise InputError(f"alert rules are on the labels of texts, and the model's task is {baseline.subject.task}")
        self.alpha, self.change = alpha, change
        self._names = {"text": text_key, "label": label_key}

    def look(self, live: Any, *, today: dt.date | None = None) -> Look:
        """Look at one window of live rows; where there is a state it is counted, and both files are written.

        Args:
            live: path of a JSON Lines file, or mappings: `text`, and where there are any `id`, `prediction`,
                `confidence`, `label`, `group`, `ts`.
            today: the day of the look, by default today in UTC.

        Raises:
            InputError: rows, state or log can't be used, or this window was seen before.
            OutputError: state or log can't be written.
        """
        day = today or dt.datetime.now(tz=dt.UTC).date()
        stored = self._stored()
        before = stored or self._fresh()
        rows = read_live(live, self.profile.labels, names=self._names)
        logged = {} if self.log is None else read_log(self.log, self.key.id, counted=before.log)
        window = window_of(rows.rows, logged, self.key)
        if (seen := before.look_of(window.digest)) is not None:
            raise InputError(
                f"this window was seen on {seen.day} (look {seen.look}) and counts once; hand in rows that came since"
            )
        if len(window.new) < LEAST_ROWS and len(window.late) < LEAST_ROWS:
            return self._too_few(rows, window, before, day)
        taken = take(rows, window, self.baseline, self.profile, key=self.key, model=self.model)
        number = before.looks + 1
        measures = self._measures(taken, before, number)
        alarm = any(each.state == "alarm" for each in measures)
        counted = before.log
        if self.log is not None:
            lines = log_lines(taken, self.key, look=len(before.seen) + 1, day=day)
            counted = append_log(self.log, lines, counted=counted)
        record = Seen(
            look=number, day=day, window=window.digest, rows=len(window.new), labelled=taken.labelled, alarm=alarm
        )
        after = before.after(record, taken.tally, counted)
        if self.state is not None:
            write_state(self.state, after, read=stored)
        return self._found(taken, measures, after, number, day)

    def reset(self, reason: str, *, today: dt.date | None = None) -> WatchState:
        """Begin anew after an alarm or a change that is meant: look 1 comes next, with alpha to spend again.

        A log that was moved away begins anew as well. Raises InputError where there is no state, or no reason.
        """
        stored = read_state(self.state) if self.state is not None else None
        if self.state is None or stored is None:
            raise InputError("there is no state to reset; name the watch's with --state")
        day = today or dt.datetime.now(tz=dt.UTC).date()
        fresh = stored.reset(reason, day, self.rules, self.alpha)
        anew = ["record", "profile", "key"]
        if self.log is not None and not Path(self.log).exists():
            anew.append("log")
        fresh = fresh.model_copy(update={name: getattr(self._fresh(), name) for name in anew})
        write_state(self.state, fresh, read=stored)
        return fresh

    def _fresh(self) -> WatchState:
        return WatchState(
            record=measured(self.baseline),
            profile=self.profile.digest,
            key=self.key.id,
            alpha=self.alpha,
            rules=self.rules,
        )

    def _stored(self) -> WatchState | None:
        stored = None if self.state is None else read_state(self.state)
        if stored is None:
            return None
        fresh = self._fresh()
        names = {
            "record": "another report",
            "profile": "another profile",
            "key": "another key",
            "alpha": "another alpha",
            "rules": "other alert rules",
        }
        others = [said for name, said in names.items() if getattr(stored, name) != getattr(fresh, name)]
        if others:
            raise InputError(
                f"the state {self.state} belongs to a watch with {' and '.join(others)}; what was "
                "declared before the first look holds until --reset REASON, or name another state"
            )
        return stored

    def _measures(self, taken: Taken, before: WatchState, number: int) -> tuple[Measure, ...]:
        recent = added([*before.recent, taken.tally]) if before.recent else None
        return judge_window(
            self.profile.reference,
            Window(taken.tally, recent, taken.embeddings),
            look=number,
            alpha=self.alpha,
            rules=self.rules,
            change=self.change,
            rng=np.random.default_rng(int(self.key.of("permutations", [number, taken.window.digest]), 16)),
        )

    def _found(self, taken: Taken, measures: tuple[Measure, ...], after: WatchState, number: int, day: dt.date) -> Look:
        info = None if taken.answers is None else taken.answers.info
        triggers = triggers_of(self.baseline, info, taken.live.rows, today=day)
        outcomes = [name for name in OUTCOMES if name in self.profile.tally]
        state, reason = _state_of(measures, after, [f"alert: {rule.name}" for rule in self.rules], outcomes)
        if after.alarmed is not None:
            triggers = (*triggers, Trigger(kind="alarm", reason=f"Look {after.alarmed} raised the alarm."))
        return Look(
            state=state,
            reason=reason,
            look=number,
            alarmed=after.alarmed,
            spent=after.spent,
            labelled=taken.labelled,
            measures=measures,
            not_measured=self._not_measured(taken, measures),
            triggers=triggers,
            **self._told(taken.live, taken.window, day),
        )

    def _too_few(self, rows: LiveRows, window: LiveWindow, before: WatchState, day: dt.date) -> Look:
        standing = before.alarmed is not None
        few = (
            f"{len(window.new):,} new rows and {len(window.late):,} late labels are too few, {LEAST_ROWS} of either "
            f"are the least ({window.again:,} rows were seen before). This look is not counted: hand the rows in again "
            "together with later ones"
        )
        return Look(
            state="alarm" if standing else "inconclusive",
            reason=f"the alarm of look {before.alarmed} stands; besides, {few}" if standing else few,
            alarmed=before.alarmed,
            spent=before.spent,
            triggers=triggers_of(self.baseline, None, rows.rows, today=day),
            **self._told(rows, window, day),
        )

    def _told(self, rows: LiveRows, window: LiveWindow, day: dt.date) -> Mapping[str, Any]:
        """What is said of a look whether it counts or not."""
        return {
            "day": day,
            "report": self.baseline.digest,
            "model": self.baseline.subject.model.name,
            "alpha": self.alpha,
            "remembered": self.state is not None,
            "lines": rows.lines,
            "broken": len(rows.broken),
            "broken_lines": tuple(Line(line=line, reason=why) for line, why in rows.broken[:BROKEN_SHOWN]),
            "rows": len(window.new),
            "repeats": len(window.new) - len({row.row for row in window.new}),
            "again": window.again,
        }

    def _not_measured(self, taken: Taken, measures: Sequence[Measure]) -> dict[str, str]:
        """Why a measure was not taken, for those that were not."""
        there = {each.name for each in measures}
        modelled = self.model is not None
        why = {
            "prediction": "no row brings a prediction, and no model was asked",
            "confidence": "no row brings a confidence, and no model was asked",
            "accuracy": "no label came for a row whose prediction is known",
            "embedding": "no model was asked" if not modelled else "the model shows none, or is not the audited one",
            "vocabulary": "the baseline has one row, and words of one half are known from the other",
        }
        without = {name for name in KINDS if name not in self.profile.tally}
        if self.profile.embeddings is not None:
            without.discard("embedding")
        said = {name: why.get(name, "no row has it") for name in KINDS if name not in there}
        said |= {name: "the baseline's profile has none" for name in without if name not in there}
        lost = {"late labels": f"{taken.window.lost:,} labels came for rows whose prediction no log has"}
        missing = {f"alert: {rule.name}" for rule in self.rules} - there
        said |= dict.fromkeys(sorted(missing), "too few rows with a prediction")
        return said | (lost if taken.window.lost else {})


def _state_of(
    measures: Sequence[Measure], after: WatchState, rules: Sequence[str], outcomes: Sequence[str]
) -> tuple[Any, str | None]:
    """Return the state of a look and why; an alarm of an earlier look stands until the reset.

    No alarm says something only where one could have come: of each rule that somebody declared, or without rules of
    what the model makes of the rows, as far as the baseline has it. Rows that look like those of before are not enough.
    """
    if any(each.state == "alarm" for each in measures):
        return "alarm", None
    if after.alarmed is not None:
        return "alarm", f"the alarm of look {after.alarmed} stands until a reset; this look raised none"
    if missing := sorted(set(rules) - {each.name for each in measures}):
        return "inconclusive", f"{len(missing)} alert rules could not be judged; not_measured says why"
    told = {each.name for each in measures if each.state != "inconclusive"}
    if open_rules := [rule for rule in rules if rule not in told]:
        needed = [(each.rows_needed, each.name) for each in measures if each.name in open_rules and each.rows_needed]
        hint = "" if not needed else "; {:,} rows would do for {}".format(*min(needed))
        return "inconclusive", f"{len(open_rules)} of {len(rules)} alert rules had too few rows to tell{hint}"
    if outcomes and not told.intersection([*outcomes, *rules]):
        enough = [(each.rows_needed, each.name) for each in measures if each.name in outcomes and each.rows_needed]
        hint = "" if not enough else "; {:,} rows would do for {}".format(*min(enough))
        return "inconclusive", f"nothing could be told of {', '.join(outcomes)}: not measured, or on too few rows{hint}"
    if not told:
        return "inconclusive", "no measure had enough rows to show the change that was asked for"
    return "no alarm", None
