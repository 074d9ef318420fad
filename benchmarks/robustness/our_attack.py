"""Our arm of the attack: the search of `modelaudit/adversarial-search` by character edits, on rows of the bench."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelaudit.checkers.robustness.attack.checker import AdversarialSearch
from modelaudit.checkers.robustness.attack.kind import CHARACTERS, Forms
from modelaudit.checkers.robustness.attack.outcome import Outcome, attacked, subjects_of
from modelaudit.checkers.robustness.attack.plan import Plan
from modelaudit.checkers.robustness.attack.site import sites_of
from modelaudit.rows import Row

CHECKER = AdversarialSearch.info.id
VERSION = AdversarialSearch.info.version


def search(ctx: Any, rows: Sequence[Row], *, budget: int, **rules: Any) -> list[dict[str, Any]]:
    """Attack rows in lockstep; return of each `state` (success, failed, skipped), `queries` and `text`.

    `budget` counts distinct inputs beside the original. `rules` are those of the plan, such as `edit_share`.
    """
    plan = Plan(queries=budget, seed=ctx.seed, **rules)
    answers = ctx.model.predict(rows)
    subjects = subjects_of(rows, answers, ctx.model.fingerprints(rows), ctx.model.labels)
    forms = Forms(CHARACTERS, plan.seed)
    cases = [(one, sites_of(one.row, forms, frozenset())) for one in subjects]
    editable = [case for case in cases if case[1].sites]
    outcomes = ctx.map(lambda case: attacked(*case, CHARACTERS, ctx.model, plan), editable)
    found = {one.subject.row.id: _told(one) for one in outcomes}
    nothing = {"state": "failed", "queries": 0}
    return [found.get(row.id, {**nothing, "text": row.text}) for row in rows]


def _told(outcome: Outcome) -> dict[str, Any]:
    if outcome.spent is None:
        return {"state": "skipped", "queries": 0, "text": outcome.subject.row.text}
    state = "failed" if outcome.choice is None else "success"
    return {"state": state, "queries": outcome.spent.queries, "text": outcome.edited.text}
