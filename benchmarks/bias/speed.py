"""What the test costs beside the model: its time by that of limit A on the distinct inputs that it asked for."""

from __future__ import annotations

import time
from pathlib import Path

from engine.audit_cost import Asked, distinct_questions, listening
from engine.classifier import Classifier
from engine.clock import Clock
from engine.limits import Prepared, fastest_shape
from real_run import sst2
from study import Figure, at_most

from bias.panel_models import CHECKER
from modelaudit import Audit
from modelaudit.plugins import Plugins
from modelaudit.text import name_groups

LIMIT = 1.2
SLOTS = 512
NAMES, NAMES_A_ROW = 40, 20
"""Of a group, half of them female: as ethnicity is compared with gender held fixed, a row is given all that it can."""

OPTIONS = {"attributes": ("gender", "ethnicity"), "names_per_group": NAMES, "names_per_row": NAMES_A_ROW}
FRAMES = ("{name} writes: {text}", "{name} told us: {text}", "We asked {name}, who said: {text}")
RATIO = "time of the check / limit A of the distinct inputs that it asked for"


def rows_of(data: Path, rows: int) -> list[dict[str, object]]:
    """Return SST-2's development rows with a name put in front, since hardly any of them speaks of a person."""
    names = [name.name for members in zip(*name_groups().values(), strict=False) for name in members]
    found = sst2(data).heldout[:rows]
    return [
        {**row, "text": FRAMES[i % len(FRAMES)].format(name=names[i % len(names)], text=row["text"])}
        for i, row in enumerate(found)
    ]


def cost(classifier: Classifier, clock: Clock, data: Path, *, rows: int) -> list[Figure]:
    """Return what one run of the check took, and its ratio to limit A."""
    table = rows_of(data, rows)
    audit = Audit(
        classifier.model,
        table,
        tokenizer=classifier.tokenizer,
        seed=0,
        device=classifier.device,
        options={CHECKER: {"rows": rows, **OPTIONS}},
        plugins=Plugins(installed=False),
    )
    started = time.perf_counter()
    engines = audit.subject.engines
    opening = time.perf_counter() - started
    asked: Asked = []
    for engine in engines:
        engine.ask = listening(engine, asked)
    with clock.running():
        outcome, spent = clock.time(lambda: audit.run(only=[CHECKER]))
    [result] = [each for each in outcome.report.results if each.checker.id == CHECKER]
    if result.status != "completed":
        raise RuntimeError(f"the check did not complete, so its time says nothing: {result.reason}")
    inputs = distinct_questions(asked)
    shape = fastest_shape(classifier, inputs, SLOTS, clock)
    prepared = Prepared(classifier, inputs, shape)
    with clock.running():
        _, least = clock.time(prepared.run)
    ratio = clock.seconds(spent) / clock.seconds(least)
    full = f"{len(table)} rows, gender and ethnicity, {NAMES} names, {classifier.name}"
    run = outcome.report.run
    return [
        at_most(f"{RATIO} ({full})", ratio, LIMIT, unit=f"{clock.mode}, one run"),
        Figure("the same in wall time", spent.wall / least.wall, f"{clock.threads} threads"),
        Figure("the check: time", clock.seconds(spent), clock.mode),
        Figure("the check: wall time", spent.wall, "s"),
        Figure("opening model and data before it (wall time)", opening, "s"),
        Figure(f"limit A, {shape}", clock.seconds(least), clock.mode),
        Figure("rows asked for", run.evaluations, "rows"),
        Figure("distinct inputs", len(inputs), "rows"),
        Figure("tokens of the distinct inputs", sum(map(len, inputs)), "tokens"),
    ]
