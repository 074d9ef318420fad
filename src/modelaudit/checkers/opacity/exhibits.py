"""What the report shows beside the numbers on explanations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelaudit.checkers.opacity.explanation import Explanation, by_row
from modelaudit.checkers.opacity.faithfulness import SHARES, Floats
from modelaudit.checkers.opacity.media_exhibits import on_medium
from modelaudit.checkers.opacity.parts import WORDS, Parts
from modelaudit.checkers.opacity.stability import LEAST_WORDS
from modelaudit.checkers.opacity.targets import Scale
from modelaudit.evidence import Attribution, Curve, Part, PictureEvidence, Series, Shares, SoundEvidence, Table
from modelaudit.statistics import mean_difference


def removal_curve(explanations: Sequence[Explanation], scale: Scale) -> Curve:
    """Return how far the level of the scale falls as words are hidden, in either order, with 95% bands."""
    return Curve(
        title=f"Fall of {scale.level} as {scale.parts.many} are hidden",
        x_label=f"share of the row's {scale.parts.many} hidden",
        y_label=scale.fall,
        series=(
            _series("largest Shapley values first", explanations, lambda each: each.faithfulness.explained),
            _series("random order", explanations, lambda each: each.faithfulness.random, reference=True),
        ),
    )


def _series(
    name: str, explanations: Sequence[Explanation], drops: Callable[[Explanation], Floats], *, reference: bool = False
) -> Series:
    estimates = []
    for share in range(len(SHARES)):
        falls, clusters = by_row(explanations, _at(drops, share))
        estimates.append(mean_difference(falls, clusters=clusters))
    bands = [estimate.interval() for estimate in estimates]
    return Series(
        name=name,
        x=(0.0, *SHARES),
        y=(0.0, *(estimate.value or 0.0 for estimate in estimates)),
        low=(0.0, *(low for low, _ in bands)),
        high=(0.0, *(high for _, high in bands)),
        reference=reference,
    )


def _at(drops: Callable[[Explanation], Floats], share: int) -> Callable[[Explanation], float]:
    return lambda each: float(drops(each)[share])


def chosen_attributions(
    explanations: Sequence[Explanation], scale: Scale
) -> tuple[Attribution | PictureEvidence | SoundEvidence | Table, ...]:
    """Return the attributions of a typical row and of rows at the ends, each with how it was picked."""
    many = scale.parts.many
    # Of a row of two or three words nearly any share is an end.
    explanations = [each for each in explanations if len(each.game.units) >= LEAST_WORDS] or explanations
    share = np.array([(each.concentration or len(each.game.units)) / len(each.game.units) for each in explanations])
    residual = np.array([each.shapley.residual_share or 0.0 for each in explanations])
    picks = {
        f"Typical row (median share of {many} for 80% of the attribution)": int(
            np.argmin(np.abs(share - np.median(share)))
        ),
        f"Most concentrated row (fewest of its {many} for 80%)": int(np.argmin(share)),
        f"Least concentrated row (most of its {many} for 80%)": int(np.argmax(share)),
        f"Least additive row (most left unexplained by a list of {many})": int(np.argmax(residual)),
    }
    titles: dict[int, list[str]] = {}
    for title, index in picks.items():
        titles.setdefault(index, []).append(title)
    show = _attribution if scale.parts is WORDS else on_medium
    return tuple(show("; ".join(found), explanations[index], scale.unit) for index, found in titles.items())


def _attribution(title: str, explanation: Explanation, unit: str) -> Attribution:
    shapley = explanation.shapley
    return Attribution(
        title=title,
        row=explanation.game.row.id,
        target=explanation.game.target.name,
        unit=unit,
        words=explanation.game.units.names,
        values=tuple(float(value) for value in shapley.values),
        errors=None if shapley.errors is None else tuple(float(error) for error in shapley.errors),
        degrees_of_freedom=None if shapley.by_pair is None else len(shapley.by_pair) - 1,
        # Rounding may leave a word that adds the same everywhere a last bit above 1.
        steadiness=tuple(float(share) for share in np.clip(shapley.steadiness, 0.0, 1.0)),
        answer=_answer(explanation),
        base=shapley.base,
        output=shapley.output,
    )


def _answer(explanation: Explanation) -> str | None:
    """Return the text whose probability is explained, or None where it is none."""
    row, kind = explanation.game.row, explanation.game.target.kind
    if kind == "span" and row.spans:
        start, stop = row.spans[0]
        return row.text[start:stop]
    return row.answer if kind == "answer" else None


def additivity_shares(explanations: Sequence[Explanation], of: Parts) -> Shares:
    """Return what parts, pairs of parts and neither account for, on average over the rows where both were fitted."""
    fitted = [each.additivity for each in explanations if each.additivity is not None]
    paired = [(each.words, each.pairs) for each in fitted if each.pairs is not None]
    words = float(np.clip(np.mean([one for one, _ in paired] or [each.words for each in fitted] or [0.0]), 0.0, 1.0))
    title = "What the output's variation under removal is made of"
    if not paired:
        rest = Part(name=f"{of.many} acting together", share=1.0 - words)
        return Shares(title=title, whole="variation", parts=(Part(name=f"a list of {of.many}", share=words), rest))
    pairs = float(np.clip(np.mean([both for _, both in paired]) - words, 0.0, 1.0 - words))
    return Shares(
        title=title,
        whole=f"variation of the output as {of.many} are hidden, mean of {len(paired)} rows",
        parts=(
            Part(name=f"a list of {of.many}", share=words),
            Part(name=f"and pairs of {of.many}", share=pairs),
            Part(name="neither", share=max(0.0, 1.0 - words - pairs)),
        ),
    )


def concentration_curve(explanations: Sequence[Explanation], parts: Parts) -> Curve:
    """Return the share of rows for which so many parts carry 80% of the attribution."""
    counts = np.sort(by_row(explanations, lambda each: each.concentration)[0])
    sizes = np.arange(1, int(np.ceil(counts[-1])) + 1)
    return Curve(
        title=f"Rows in which so many {parts.many} carry 80% of the attribution",
        x_label=parts.many,
        y_label="share of rows",
        series=(
            Series(
                name="rows",
                x=tuple(float(size) for size in sizes),
                y=tuple(float((counts <= size).mean()) for size in sizes),
            ),
        ),
    )


def convergence_table(explanations: Sequence[Explanation]) -> Table:
    """Return how many permutation pairs rows took, and how far their values have settled by then."""
    by_pairs: dict[int, list[Explanation]] = {}
    for each in explanations:
        by_pairs.setdefault(0 if each.shapley.by_pair is None else len(each.shapley.by_pair), []).append(each)
    rows = tuple(
        (
            "all coalitions" if pairs == 0 else str(pairs),
            len(found),
            float(np.median([len(each.solved.answers) for each in found])),
            float(np.median([each.shapley.relative_error for each in found])),
        )
        for pairs, found in sorted(by_pairs.items())
    )
    columns = ("Permutation pairs", "Explanations", "Coalitions (median)", "Relative standard error (median)")
    return Table(title="Convergence", columns=columns, rows=rows)
