"""Functions in the place of a model: recognised, named, and refused with a sentence where they can't be audited."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from modelaudit.errors import ModelInputError
from modelaudit.subject.opened import OpenedCallable, OpenOptions

LOOK_INSIDE = ("transformers", "torch", "peft")
"""Packages whose objects can be called and are no functions of texts: bare modules, tokenizers."""


def is_function(source: Any) -> bool:
    """Return whether a source is to be taken as a function from texts to probabilities."""
    return callable(source) and not any(
        f"{kind.__module__}.".startswith(f"{package}.") for kind in type(source).__mro__ for package in LOOK_INSIDE
    )


def is_zero_shot(source: Any) -> bool:
    """Return whether a source is a pipeline of transformers that finds labels without having been trained on them."""
    return any(kind.__name__ == "ZeroShotClassificationPipeline" for kind in type(source).__mro__)


def open_zero_shot(source: Any, options: OpenOptions) -> OpenedCallable:
    """Return a zero-shot pipeline as a function from texts to the probabilities of the user's labels.

    Of its labels one is right (`multi_label` is off); what else the pipeline was made with stays.

    Raises:
        ModelInputError: there are no labels or only one, or what `open_callable` refuses.
    """
    if options.labels is None or len(options.labels) < 2:
        raise ModelInputError(
            "a zero-shot-classification pipeline is audited with the labels that it is to choose from; give two or "
            'more as labels=, such as labels=["complaint", "praise"], or hand in (pipeline.model, pipeline.tokenizer) '
            "to audit the model of sentence pairs in it"
        )
    opened = open_callable(zero_shot_function(source, options.labels), options)
    origin = origin_of(source)
    return replace(opened, name=options.model_name or type(source.model).__name__, origin=origin)


def zero_shot_function(pipeline: Any, labels: Sequence[str]) -> Callable[[list[str]], list[list[float]]]:
    """Return the function from n texts to (n, C) probabilities of the labels that a zero-shot pipeline is."""
    names = [*labels]

    def probabilities(texts: list[str]) -> list[list[float]]:
        answers = pipeline(texts, candidate_labels=names, multi_label=False)
        by_label = [dict(zip(answer["labels"], answer["scores"], strict=True)) for answer in answers]
        return [[float(scores[name]) for name in names] for scores in by_label]

    return probabilities


def open_callable(source: Any, options: OpenOptions) -> OpenedCallable:
    """Return a function with the names that the user gave its classes and itself.

    Raises:
        ModelInputError: a class, an asynchronous function, one without labels, with a tokenizer, or as a base model.
    """
    origin = origin_of(source)
    if options.headless:
        raise ModelInputError(
            f"{origin} is a function, and a base model has to show its hidden states; leave base_model= out, or give "
            "the base model itself"
        )
    if isinstance(source, type):
        raise ModelInputError(f"{origin} is a class; hand in an instance, or a function that takes a list of texts")
    if inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(getattr(type(source), "__call__", None)):  # noqa: B004
        raise ModelInputError(f"{origin} is asynchronous; hand in a function that waits for its answer and returns it")
    if options.tokenizer is not None:
        raise ModelInputError(f"{origin} is a function and reads texts by itself; leave tokenizer= out")
    if options.labels is None:
        raise ModelInputError(
            f"{origin} is a function, whose columns have no names; give labels=, one name for each column of the "
            'probabilities in their order, as labels=["negative", "positive"]'
        )
    return OpenedCallable(
        function=source,
        name=options.model_name or origin,
        origin=origin,
        labels=options.labels,
        identity=options.model_name,
        mask_word=options.mask_word,
    )


def refuse_names(options: OpenOptions, *, name: str) -> None:
    """Raise ModelInputError where something was given that only a function needs: a model brings its own."""
    given = {"labels": options.labels, "model_name": options.model_name, "mask_word": options.mask_word}
    for key, value in given.items():
        if value is not None:
            raise ModelInputError(
                f"{name}: {key}= is for functions, and this model brings its own; leave it out (class names are set in "
                "id2label of config.json)"
            )


def origin_of(source: Any) -> str:
    """Return where a function is defined, `package.module.function`; the class of an object that is called."""
    while isinstance(source, functools.partial):
        source = source.func
    name = getattr(source, "__qualname__", None)
    home = source if isinstance(name, str) else type(source)
    return f"{getattr(home, '__module__', None) or 'builtins'}.{home.__qualname__}"
