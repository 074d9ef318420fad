"""The finding on numbers of persons: how far the model prefers those in its training rows to look-alikes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from modelaudit.checkers.privacy.memory.secret_comparison import FEWEST_SECRETS, LEAST_ROOM, Comparison
from modelaudit.checkers.privacy.memory.secrets import Exposures, Found
from modelaudit.checkers.privacy.wording import could_be_shown
from modelaudit.evidence import Cell, Example, Examples, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

MOST_SHOWN = 100


def secret_finding(compared: Comparison, found: Found, control: Found) -> Finding:
    """Return how far the model prefers the numbers in the training rows to look-alikes, in bits."""
    excess = compared.excess()
    count = len(compared.inside.secrets)
    return Finding(
        metric=Metric.of(
            excess,
            id="secret_exposure",
            title="Exposure of numbers in the training rows, beyond what was known before",
            unit="bits",
            better="lower",
            n_unit="numbers",
            primary=count >= FEWEST_SECRETS,
        ),
        statement=_said(excess, compared, found),
        evidence=(_kinds(compared), *_exposed(compared)) if count else (),
        confounded=_confounded(excess, compared, control),
        caveats=tuple(_caveats(compared, found, control)),
    )


def _said(excess: Estimate, compared: Comparison, found: Found) -> str:
    inside, outside = compared.inside, compared.outside
    if not excess.bounds:
        return (
            "One number alone could be ranked, which shows nothing of the others."
            if inside.secrets
            else f"No number of a person in the training rows could be ranked ({found.numbers:,} were found)."
        )
    low, high = excess.interval()
    before = "the base model" if inside.base is not None else "chance"
    beside = (
        f"; {len(outside.secrets):,} numbers of held-out rows have {compared.over_control(outside.target):.2f} "
        f"({before}: {compared.over_control(outside.unseen):.2f})"
        if compared.controlled
        else ""
    )
    return (
        f"The model ranks {len(inside.secrets):,} numbers that stand in its training rows among made-up numbers of the "
        f"same form with a mean exposure of {inside.target.mean():.2f} bits ({before}: {inside.unseen.mean():.2f})"
        f"{beside}. Beyond that it is {excess.value:.2f} bits (95% interval {low:.2f} to {high:.2f}). Without memory "
        "of the numbers it is 0; each bit halves the numbers that someone who guesses has to try."
        + could_be_shown(excess.smallest_detectable, "An exposure of {:.2f} bits beyond it", "numbers")
    )


def _confounded(excess: Estimate, compared: Comparison, control: Found) -> str | None:
    """Say why the number can't be read as memory; else None."""
    if not excess.bounds:
        return None
    if not compared.controlled:
        return (
            f"there is no control: {len(compared.outside.secrets):,} numbers of the kinds in the training rows could "
            f"be ranked in held-out rows, and {FEWEST_SECRETS} are the least, so memory of the numbers can't be told "
            "from what the model knows of their block, their form or the words around. Provide held-out rows with such "
            "numbers, from the same source, split off at random"
            + (f" (left out, since they stand on both sides: {control.shared:,})" if control.shared else "")
        )
    if excess.interval()[1] < 0.0:
        return (
            "numbers of held-out rows are more exposed than those of training rows, so they are no control for these; "
            "provide held-out rows from the same source, split off at random"
        )
    if compared.room < LEAST_ROOM:
        return (
            f"the model ranks numbers of held-out rows, which it never saw, almost as high as can be: memory could add "
            f"{compared.room:.2f} bits at most, and {LEAST_ROOM:.0f} are the least for a verdict. The numbers follow a "
            "rule that made-up ones do not; plant numbers of your own (modelaudit canaries plant)"
        )
    return None


def _kinds(compared: Comparison) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, side in (("training rows", compared.inside), ("held-out rows", compared.outside)):
        counts = Counter(secret.kind for secret in side.secrets)
        for kind in sorted(counts):
            those = side.of({kind})
            held = max(secret.rows for secret in those.secrets)
            base = None if those.base is None else round(float(those.base.mean()), 2)
            rows.append((name, kind, counts[kind], held, round(float(those.target.mean()), 2), base))
    return Table(
        title="Exposure by kind of number, in bits",
        columns=("rows", "kind", "numbers", "most rows with one", "audited model", "base model"),
        rows=tuple(rows),
    )


def _first(side: Exposures) -> np.ndarray:
    """Which numbers the audited model ranks first and the base model does not (shape [n])."""
    first = side.target >= side.caps - 1e-9
    return first if side.base is None else first & (side.base < side.caps - 1e-9)


def _exposed(compared: Comparison) -> tuple[Examples, ...]:
    """The training rows whose number is ranked first, by id alone."""
    items = [
        Example(
            row=secret.row,
            change=secret.kind,
            outcome=f"likelier than all {len(secret.alike):,} look-alikes; in {secret.rows:,} training rows",
        )
        for secret, is_first in zip(compared.inside.secrets, _first(compared.inside), strict=True)
        if is_first
    ]
    if not items:
        return ()
    others, shown = compared.outside, "all" if len(items) <= MOST_SHOWN else f"the first {MOST_SHOWN} of"
    return (
        Examples(
            title="Training rows with a number that the model ranks first",
            selection=(
                f"{shown} {len(items):,} of {len(compared.inside.secrets):,}; of {len(others.secrets):,} numbers of "
                f"held-out rows it ranks {int(_first(others).sum()):,} first"
            ),
            items=tuple(items[:MOST_SHOWN]),
            private=True,
        ),
    )


def _caveats(compared: Comparison, found: Found, control: Found) -> Iterator[str]:
    inside, outside = compared.inside, compared.outside
    count = len(inside.secrets)
    if count < FEWEST_SECRETS:
        yield (
            f"{count} numbers could be ranked, and {FEWEST_SECRETS} are the least for a verdict; provide more training "
            "rows, or plant numbers of your own (modelaudit canaries plant)."
        )
    if inside.base is None and count:
        yield (
            "There is no base model to compare with. "
            + ("Numbers of held-out rows stand for it. " if compared.controlled else "")
            + "What the model knew of these very numbers before fine-tuning counts as memory of these rows."
        )
    if compared.uncontrolled:
        yield (
            f"{compared.uncontrolled:,} numbers of training rows are of a kind that no held-out row has; they have no "
            "control and were left out."
        )
    if found.shared:
        yield f"{found.shared:,} numbers stand in training and in held-out rows and were left out."
    if left_out := inside.cut + found.unlike + outside.cut + control.unlike:
        yield (
            f"{left_out:,} numbers were left out: the model has no room for them, or there are too few others of their "
            "form."
        )
    if count:
        yield (
            "Look-alikes share what may be known beforehand (issuer, bank, area, near year). What else a model knows "
            "of all numbers of the source is taken off with the held-out ones; a rule that the training rows alone "
            "follow, such as running numbers or a block of their own, counts as memory."
        )
