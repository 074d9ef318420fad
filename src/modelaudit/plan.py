"""The plan: which checkers, with which options, would run, why the others would not, and what it all costs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Cost
from modelaudit.errors import InputError, PluginError
from modelaudit.faults import contained
from modelaudit.inference.inputs import ModelInput
from modelaudit.plugins import Registered, registered
from modelaudit.results import CheckerInfo, Risk
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.subject import Subject

NEEDS = {
    "labels": "needs true labels: name the column with label_column= (--label-column)",
    "membership_labels": (
        "needs true labels in the training rows and the held-out rows alike: name the column with label_column= "
        "(--label-column)"
    ),
    "members": "needs the rows that the model was trained on: give train_data= (--train-data)",
    "base_model": "needs the model before fine-tuning: give base_model= (--base-model)",
    "predict_masked": (
        "hides words, and this model has no way to hide words: its tokenizer has neither a mask token nor one for "
        "unknown words, and its task leaves no word out"
    ),
}
UNLABELLED = frozenset({"text-generation", "fill-mask"})
"""Tasks whose texts are judged themselves where no answer stands behind them, and so are their own truth."""
GIVEN = frozenset({"labels", "membership_labels", "members"})
"""Needs that rows answer; the others are the model's to answer."""
SHOWN = {
    "embed": "the model's hidden states",
    "gradients": "the model's gradients",
    "generate": "text that the model writes",
    "answers": "answers in text",
    "token_counts": "the model's tokenizer",
    "token_statistics": "how probable each token of a text is",
    "base_model": "the model before fine-tuning to compare with",
}
NOTHING = Cost(0, 0)
MOST = 2**63 - 1
TIMED_ROWS = 64
TIMED_BATCHES = 4
TIMED_MEDIA = 16
"""Pictures or sounds of which one of the median length is taken."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one checker would do: run at a cost, or not and why."""

    registered: Registered
    status: Literal["run", "not applicable", "skipped", "errored"]
    reason: str | None = None
    cost: Cost = NOTHING


def configured(checkers: Sequence[Registered], options: Mapping[str, Mapping[str, Any]]) -> list[Registered]:
    """Return the checkers with the user's options, in the canonical order (family, then id).

    Raises:
        InputError: options for a checker that is not there, an option that it does not have, or a value that it
            does not take.
    """
    known = {item.info.id: item for item in checkers}
    for checker_id in options:
        if checker_id not in known:
            raise InputError(
                f"options are given for {checker_id}, which no plugin brings; there are {', '.join(known)}"
            )
    chosen = [_with_options(item, options.get(item.info.id) or {}) for item in checkers]
    order = list(Risk)
    return sorted(chosen, key=lambda item: (order.index(item.info.risk), item.info.id))


def _with_options(item: Registered, given: Mapping[str, Any]) -> Registered:
    if not given:
        return item
    unknown = sorted(set(given) - set(item.options), key=str)
    if unknown:
        raise InputError(
            f"{item.info.id} has no option {unknown[0]!r}; it has {', '.join(sorted(item.options)) or 'none'}"
        )
    kind = type(item.checker)
    try:
        with contained():
            default = {name: getattr(item.checker, name) for name in item.options if hasattr(item.checker, name)}
            made = registered(kind(**default | dict(given)), item.plugin)
            if made.info.id != item.info.id:
                raise PluginError(f"they make it {made.info.id}")
    except PluginError as error:
        raise InputError(f"{item.info.id} can't be made with the options {', '.join(given)}: {error}") from error
    return made


def selection(only: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return what `only` names, as a tuple; None for everything. One name may stand as it is.

    Raises:
        InputError: it names nothing, or holds something that is no name.
    """
    if only is None:
        return None
    names = (only,) if isinstance(only, str) else tuple(only) if isinstance(only, Iterable) else (only,)
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None:
        raise InputError(f'only= holds a {type(wrong).__name__}; give names of families or checkers, as ["bias"]')
    if not any(name.strip() for name in names):
        raise InputError(
            "only= (--only) names nothing, so nothing would be checked; name families or checkers, or leave it out"
        )
    return names


def selected(checkers: Sequence[Registered], only: str | Iterable[str] | None) -> set[str]:
    """Return the ids that `only` (risk families or checker ids) selects.

    Raises:
        InputError: a name that is neither, or no name at all.
    """
    ids = {item.info.id: item.info.risk.value for item in checkers}
    names = selection(only)
    if names is None:
        return set(ids)
    for name in names:
        if name not in ids and name not in ids.values():
            families = ", ".join(sorted(set(ids.values())))
            raise InputError(f"only={name!r} is neither a family ({families}) nor a checker ({', '.join(ids)})")
    return {checker_id for checker_id, risk in ids.items() if checker_id in names or risk in names}


def plan(checkers: Sequence[Registered], subject: SubjectInfo, only: str | Iterable[str] | None) -> list[PlanLine]:
    """Say for each checker whether it would run, why not, and what it would ask of the model."""
    names = selection(only)
    chosen = selected(checkers, names)
    return [
        _plan_line(item, subject)
        if item.info.id in chosen
        else PlanLine(item, "skipped", f"not selected (only {', '.join(names or ())})")
        for item in checkers
    ]


def _plan_line(item: Registered, subject: SubjectInfo) -> PlanLine:
    try:
        with contained():
            reason = _sentence_or_none(item.checker.applies(subject))
        if reason is not None:
            return PlanLine(item, "not applicable", reason)
        unmet = _unmet(item.info, subject)
        if unmet:
            return PlanLine(item, "skipped", unmet)
        with contained():
            cost = _checked_cost(item.checker.cost(subject))
    except PluginError as error:
        return PlanLine(item, "errored", str(error))
    return PlanLine(item, "run", None, cost)


def _sentence_or_none(reason: object) -> str | None:
    if reason is None or (isinstance(reason, str) and reason.strip()):
        return reason
    raise PluginError(f"applies() returned {reason!r:.40}, which is neither a sentence nor None")


def _checked_cost(cost: object) -> Cost:
    if not isinstance(cost, Cost):
        raise PluginError(f"cost() returned {type(cost).__name__}, not a Cost")
    return Cost(_count("evaluations", cost.evaluations), _count("tokens", cost.tokens))


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int | float | np.integer | np.floating) or not 0 <= value <= MOST:
        raise PluginError(f"cost() returned {name} = {value!r:.40}, not a number of at least 0")
    return int(value)


def _unmet(info: CheckerInfo, subject: SubjectInfo) -> str | None:
    have = set(subject.capabilities)
    have |= {"labels"} if subject.evaluation.labelled or subject.task in UNLABELLED else set()
    have |= {"members"} if subject.members is not None else set()
    sides = (subject.members, subject.heldout or subject.evaluation)
    labelled = subject.task in UNLABELLED or all(side is not None and side.labelled for side in sides)
    have |= {"membership_labels"} if labelled else set()
    have |= {"base_model"} if subject.base_model is not None else set()
    for need in info.needs:
        if need not in have:
            if subject.model.kind == "function" and need not in GIVEN:
                return (
                    f"needs {SHOWN.get(need, repr(need))}, and the model was handed in as a function, which gives its "
                    "probabilities and shows nothing else: hand in the model itself"
                )
            return NEEDS.get(need, f"needs a model that can answer {need!r}, which this one can't")
    return None


@dataclass(frozen=True, slots=True)
class Timed:
    """So many rows, of so many tokens, took the model so many seconds, warm and in full batches."""

    rows: int
    tokens: int
    seconds: float


def tokens_per_second(subject: Subject) -> float | None:
    """Return how many tokens a second the model takes on this machine; None where this data can't show it."""
    found = timed(subject)
    return None if found is None else found.tokens / found.seconds


def timed(subject: Subject) -> Timed | None:
    """Time the model on this machine; None where this data can't show it.

    A function is not timed: its calls may cost money.

    Timed are full batches of inputs as long as the median evaluation row, with drawn tokens in place of its own: a row
    that was asked before, or stands in the table twice, is answered from memory in no time.
    """
    if isinstance(subject.model, CallableModel):
        return None
    engine = subject.model.engine
    wanted = TIMED_BATCHES * int(engine.numerics["batch_tokens"])
    first = subject.data.evaluation[: TIMED_ROWS if subject.model.task.medium == "text" else TIMED_MEDIA]
    inputs = [encoding.input for encoding in subject.model.encodings(first)]
    drawn = _drawn(inputs, subject.model.opened.tokenizer, tokens=wanted)
    if not drawn:
        return None
    # The first call pays for what is done once.
    asks = subject.model.task.asks
    engine.ask(asks, drawn[:1], [0])
    before, started = replace(engine.stats), time.perf_counter()
    engine.ask(asks, drawn[1:], [0] * len(drawn[1:]))
    seconds = time.perf_counter() - started
    rows, tokens = engine.stats.computed - before.computed, engine.stats.tokens - before.tokens
    # Where few tokens can be drawn, most inputs are equal, and the batches are too empty to tell the speed.
    return Timed(rows, tokens, seconds) if 2 * tokens > wanted else None


def _drawn(inputs: Sequence[ModelInput], tokenizer: Any, *, tokens: int) -> list[ModelInput]:
    """About so many tokens of inputs of the median length; special tokens stay, since models count on them."""
    if inputs and inputs[0].values is not None:
        return _like(inputs, tokens=tokens)
    special = [token for token in tokenizer.all_special_ids if token != tokenizer.unk_token_id]
    words = np.setdiff1d(list(tokenizer.get_vocab().values()), special).astype(np.int32)
    usable = sorted((item for item in inputs if not np.isin(item.ids, special).all()), key=len)
    if not usable or not words.size:
        return []
    median = usable[len(usable) // 2]
    places = np.flatnonzero(~np.isin(median.ids, special))
    rng = np.random.default_rng(0)
    made = []
    for _ in range(2 + tokens // len(median)):
        ids = median.ids.copy()
        ids[places] = rng.choice(words, places.size)
        made.append(replace(median, ids=ids))
    return made


def _like(inputs: Sequence[ModelInput], *, tokens: int) -> list[ModelInput]:
    """About so many tokens of inputs of the median length that are no text, each a little louder or brighter."""
    median = sorted(inputs, key=len)[len(inputs) // 2]
    assert median.values is not None
    count = 2 + tokens // len(median)
    return [replace(median, values=median.values * np.float32(1.0 + place / (100.0 * count))) for place in range(count)]
