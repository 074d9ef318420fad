"""The last layer of a packed encoder, run for the first token of each row alone.

A head that answers per row looks at first tokens. Of the last layer nothing else is needed but the keys and values of
all tokens, so its queries, attention and feed-forward part are computed for those few. No answer is approximated.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

from modelaudit.inference.attention import Unpackable, current

__all__ = ["LastLayer", "bound"]


class LastLayer:
    """The last layer of an encoder, and its projections to keys and to values.

    Args:
        run: runs the encoder once on a packed row, so that the projections show.

    Raises:
        Unpackable: the layers do not lie in one list, or keys and values are no layers of their own.
    """

    def __init__(self, encoder: Any, run: Callable[[], object]) -> None:
        layers = next(
            (part for part in encoder.children() if isinstance(part, torch.nn.ModuleList) and len(part)), None
        )
        if layers is None:
            raise Unpackable("its encoder keeps its layers in no list")
        self._layer = layers[-1]
        self._projections = self._projecting(run)

    @contextmanager
    def on(self, choose: Callable[[Any], Any]) -> Iterator[None]:
        """Let the layer see what `choose` makes of its input, but for keys and values, which see the input whole."""
        whole: list[Any] = []

        def enter(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
            call, name = bound(layer, args, kwargs)
            whole[:] = [call.arguments[name]]
            call.arguments[name] = choose(whole[0])
            current().firsts = True
            return call.args[1:], call.kwargs

        def leave(*_call: object) -> None:
            current().firsts = False

        hooks = [
            self._layer.register_forward_pre_hook(enter, with_kwargs=True),
            self._layer.register_forward_hook(leave),
            *(part.register_forward_pre_hook(lambda *_call: (whole[0],)) for part in self._projections),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _projecting(self, run: Callable[[], object]) -> tuple[Any, ...]:
        """Return the linear layers whose outputs attention was handed as keys and as values."""
        outputs: list[tuple[Any, Any]] = []
        found: list[Any] = []

        def leave(*_call: object) -> None:
            asked = (current().keys, current().values)
            found[:] = [next((part for part, output in outputs if _shares(output, one)), None) for one in asked]

        linear = [part for part in self._layer.modules() if isinstance(part, torch.nn.Linear)]
        hooks = [part.register_forward_hook(lambda part, _args, out: outputs.append((part, out))) for part in linear]
        hooks.append(self._layer.register_forward_hook(leave))
        try:
            run()
        finally:
            for hook in hooks:
                hook.remove()
        if len({id(part) for part in found if part is not None}) < 2:
            raise Unpackable("keys and values of its last layer are no layers of their own")
        return tuple(found)


def _shares(one: Any, other: Any) -> bool:
    return bool(one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr())


def bound(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[inspect.BoundArguments, str]:
    """Return a call of a module by the names of its arguments, and the name of the first: the hidden states.

    Raises:
        Unpackable: the first argument is no batch of hidden states.
    """
    call = _signature(type(module).forward).bind(module, *args, **kwargs)
    name = next(name for name in call.arguments if name != "self")
    states = call.arguments[name]
    if not isinstance(states, torch.Tensor) or states.dim() != 3 or not states.is_floating_point():
        raise Unpackable("its encoder does not take the embeddings' output")
    return call, name


@cache
def _signature(forward: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(forward)
