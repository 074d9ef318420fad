"""Costs: what a measure does to the rows at hand, and how much longer training takes with it.

Both are read from the rows themselves: a measure that adds examples lengthens training by as many, and one that changes
no row of these buys nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelaudit.checkers.bias.augmentation import topics_of
from modelaudit.errors import InputError
from modelaudit.mend.proposals import Proposal, attribute_field
from modelaudit.training.examples import TrainingData
from modelaudit.training.mended import Aim
from modelaudit.training.preparation import prepared
from modelaudit.training.recipe import Recipe

MOST_READ = 20_000
"""So many examples the cost of a measure is read from, of more evenly spaced ones."""
USUAL = ("gender", "ethnicity")
"""The attributes that rows are written for where no finding says which, or none can be written for theirs."""


def costed(
    found: Sequence[Proposal],
    data: TrainingData,
    recipe: Recipe,
    seconds: float | None,
    *,
    chosen: frozenset[str] = frozenset(),
) -> list[Proposal]:
    """Return the proposals with what they do to the rows and their expected time.

    A measure that these rows can't take, or that changes none of them, is refused with the reason.

    Args:
        seconds: how long a training by the recipe takes, if known.
        chosen: fields of the recipe that the user set, so that no other attributes are put in their place.
    """
    step = max(1, -(-len(data.examples) // MOST_READ))
    sample = replace(data, examples=data.examples[::step])
    plain = prepared(sample, recipe)
    return [_costed(each, data, sample, plain, recipe, seconds, chosen) for each in found]


def _costed(
    each: Proposal,
    data: TrainingData,
    sample: TrainingData,
    plain: TrainingData,
    recipe: Recipe,
    seconds: float | None,
    chosen: frozenset[str],
) -> Proposal:
    if each.refused is not None or each.needed is not None:
        return each
    try:
        fitting = _fitting(each, sample, plain, recipe, chosen)
        made = _taken(fitting, sample, recipe)
        if _changed(fitting, made, plain) == 0 and len(sample.examples) < len(data.examples):
            sample, plain = data, prepared(data, recipe)
            fitting = _fitting(each, sample, plain, recipe, chosen)
            made = _taken(fitting, sample, recipe)
    except InputError as error:
        return replace(each, refused=str(error))
    if _changed(fitting, made, plain) == 0:
        return replace(each, refused=_nothing(each, chosen))
    each = fitting
    factor = each.measure.time * len(made.examples) / max(1, len(plain.examples))
    changed = _changed(each, made, plain)
    if changed is not None:
        changed = round(changed * len(data.examples) / max(1, len(sample.examples)))
    aims = tuple(aim for aim in each.aims if _is_for(aim, each.attributes))
    time = None if seconds is None else factor * seconds
    return replace(each, aims=aims, changed=changed, factor=factor, seconds=time)


def _taken(each: Proposal, data: TrainingData, recipe: Recipe) -> TrainingData:
    return prepared(data, recipe.model_copy(update=dict(each.settings)))


def _changed(each: Proposal, made: TrainingData, plain: TrainingData) -> int | None:
    """Return how many examples are others than without the measure; None for a measure that is none of rows."""
    if not any(step.name == each.measure.id for step in made.steps):
        return None
    if len(made.examples) != len(plain.examples):
        return abs(len(made.examples) - len(plain.examples))
    return sum(bool(one != other) for one, other in zip(made.examples, plain.examples, strict=True))


def _fitting(
    each: Proposal, data: TrainingData, plain: TrainingData, recipe: Recipe, chosen: frozenset[str]
) -> Proposal:
    """Return the measure for those of its attributes that rows can be written for; where there is none, for others."""
    field = attribute_field(each.measure.id)
    if field is None or field in chosen:
        return each

    def written(attributes: Sequence[str]) -> tuple[str, ...]:
        alone = ((name, replace(each, settings={**each.settings, field: (name,)})) for name in attributes)
        return tuple(name for name, one in alone if _changed(one, _taken(one, data, recipe), plain))

    kept = written(each.attributes) or written(_others(each))
    left = [name for name in each.attributes if name not in kept]
    if not kept or not left:
        return each
    return replace(each, settings={**each.settings, field: kept}, left=f"{_no_row(left)}.")


def _others(each: Proposal) -> tuple[str, ...]:
    """The attributes that its findings speak of and the usual ones, but for its own."""
    spoken = topics_of([aim.group for aim in each.aims if aim.group is not None])
    return tuple(sorted({*spoken, *USUAL} - set(each.attributes)))


def _nothing(each: Proposal, chosen: frozenset[str]) -> str:
    if not each.attributes:
        return "it would change no row of these, so nothing would come of it"
    return _no_row([*each.attributes, *(() if attribute_field(each.measure.id) in chosen else _others(each))])


def _no_row(attributes: Sequence[str]) -> str:
    return f"no row can be written again for {', '.join(attributes)}"


def _is_for(aim: Aim, attributes: Sequence[str]) -> bool:
    """Tell whether a measure for these attributes is for a finding: one of them, or one that speaks of none."""
    spoken = topics_of([aim.group]) if aim.group is not None and attributes else frozenset()
    return not spoken or bool(spoken & set(attributes))
