"""Gradients by row: Opacus' hooks on a model, and the proof before training that what they give are those of rows.

A layer that sees rows mixed, or twice, or not at all, gives gradients that are not those of single rows, and mostly
without an error. Then clipping bounds nothing. So a few rows are asked both ways before training: by the hooks, all
together, and by plain differentiation, one by one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from modelaudit.errors import ModelInputError
from modelaudit.training.measures.opacus import opacus

__all__ = ["RowGradients"]

TOLERANCE = 1e-3
"""Largest distance between both gradients of a row that rounding may leave, as a share of the gradient's norm."""
LEFT_BEHIND = ("activations", "max_batch_len")
INSTEAD = "train with another adapter (--adapter head asks least of a model), or without --dp-epsilon"


class RowGradients:
    """A model whose trainable weights get `grad_sample`, [rows, ...], with each backward pass, until `close`.

    Raises:
        ModelInputError: a layer that Opacus has no gradients by row for.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model
        self.rows = 0
        self._handles: list[Any] = []
        mixing = next((name for name, part in model.named_modules() if isinstance(part, _BatchNorm)), None)
        if mixing is not None:
            raise ModelInputError(
                f"the layer {mixing!r:.100} normalises over the rows of a batch, so no row stands alone; choose a base "
                "model without batch normalisation, or train without --dp-epsilon"
            )
        try:
            self._hooks = _hooks_on(model)
        except NotImplementedError as error:
            self._tidy()
            raise ModelInputError(
                f"{type(model).__name__} has a trainable layer without gradients by row; {INSTEAD}"
            ) from error
        for name, module in self._layers():
            if isinstance(module, torch.nn.Embedding):
                self._handles.append(module.register_forward_pre_hook(self._one_a_row))
            self._handles.append(module.register_forward_pre_hook(self._checks(name), with_kwargs=True))

    def close(self) -> None:
        """Take everything off the model again."""
        self._hooks.remove_hooks()
        self._tidy()

    def _tidy(self) -> None:
        for handle in self._handles:
            handle.remove()
        if hasattr(self.model, "autograd_grad_sample_hooks"):
            del self.model.autograd_grad_sample_hooks
        for module in self.model.modules():
            for name in LEFT_BEHIND:
                module.__dict__.pop(name, None)
        for weight in self.model.parameters():
            for name in ("grad_sample", "summed_grad", "_forward_counter", "_current_grad_sample"):
                weight.__dict__.pop(name, None)

    def backward(self, losses: Tensor) -> None:
        """Differentiate the losses of rows, (rows,), whose `grad_sample` is added to what stands there."""
        with _hooked():
            losses.sum().backward()  # type: ignore[no-untyped-call]

    def check(self, losses_of: Callable[[int | None], Tensor], *, rows: int) -> list[str]:
        """Compare both ways, and return the names of weights that the loss does not look at; dropout is off.

        Args:
            losses_of: the loss of one row by its place, or of all of them for None, each (rows,).
            rows: how many there are; more than one, for mixed rows to show.

        Raises:
            ModelInputError: the gradients are not those of rows; with the layer.
        """
        weights = [(name, weight) for name, weight in self.model.named_parameters() if weight.requires_grad]
        with self._without_dropout():
            together = self._together(losses_of, weights, rows=rows)
            alone = [self._alone(losses_of, weights, row) for row in range(rows)]
        norms = [float(torch.stack([one.norm() for one in row if one is not None]).norm()) for row in alone]
        unused = []
        for place, (name, _) in enumerate(weights):
            plain, hooked = [row[place] for row in alone], together[place]
            if hooked is None and all(one is None for one in plain):
                unused.append(name)
            elif hooked is None or hooked.shape[0] != rows:
                seen = "none" if hooked is None else f"those of {hooked.shape[0]}"
                raise ModelInputError(f"the layer of {name!r:.100} gives, for {rows} rows, {seen}; {INSTEAD}")
            else:
                _compare(name, hooked, plain, norms)
        return unused

    def _together(
        self, losses_of: Callable[[int | None], Tensor], weights: Sequence[tuple[str, Any]], *, rows: int
    ) -> list[Tensor | None]:
        self.rows = rows
        self._hooks.enable_hooks()
        try:
            self.backward(losses_of(None))
        except ModelInputError:
            raise
        except (RuntimeError, AttributeError, NotImplementedError, IndexError, TypeError, ValueError) as error:
            raise ModelInputError(
                f"Opacus finds no gradients by row for {type(self.model).__name__} ({error!s:.200}); {INSTEAD}"
            ) from error
        found: list[Tensor | None] = []
        for _, weight in weights:
            found.append(None if weight.grad_sample is None else weight.grad_sample.detach())
            weight.grad_sample, weight.grad = None, None
        return found

    def _alone(
        self, losses_of: Callable[[int | None], Tensor], weights: Sequence[tuple[str, Any]], row: int
    ) -> list[Tensor | None]:
        self.rows = 1
        self._hooks.disable_hooks()
        try:
            with _hooked():
                loss = losses_of(row).sum()
                return list(torch.autograd.grad(loss, [weight for _, weight in weights], allow_unused=True))
        finally:
            self._hooks.enable_hooks()

    def _layers(self) -> Iterator[tuple[str, torch.nn.Module]]:
        """The layers that have trainable weights of their own."""
        for name, module in self.model.named_modules():
            if any(weight.requires_grad for weight in module.parameters(recurse=False)):
                yield name, module

    def _one_a_row(self, layer: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Look positions up once a row, not once for all: the sum is the same, and gradients are those of rows."""
        if layer.training and torch.is_grad_enabled() and args and args[0].shape[0] == 1 < self.rows:
            return (args[0].expand(self.rows, *args[0].shape[1:]), *args[1:])
        return args

    def _checks(self, name: str) -> Callable[..., None]:
        def check(layer: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if not (layer.training and torch.is_grad_enabled()):
                return
            seen = args[0].shape[0] if args and isinstance(args[0], Tensor) else None
            if seen != self.rows or kwargs:
                raise ModelInputError(
                    f"the layer {name!r:.100} does not see one row a row, so gradients by row can't be had; {INSTEAD}"
                )

        return check

    @contextmanager
    def _without_dropout(self) -> Iterator[None]:
        """Layers with trainable weights stay in training mode, which the hooks ask for; all others leave it."""
        before = {module: module.training for module in self.model.modules()}
        self.model.eval()
        for _, layer in self._layers():
            layer.training = True
        try:
            yield
        finally:
            for module, training in before.items():
                module.training = training


def _hooks_on(model: torch.nn.Module) -> Any:
    """Put Opacus' hooks on the layers of a model, which is used as before, without the wrapper that holds them."""
    wrapper = opacus().grad_sample.GradSampleModule
    known = wrapper.GRAD_SAMPLERS[torch.nn.LayerNorm]

    def layer_norm(layer: Any, inputs: list[Tensor], grown: Tensor) -> dict[Any, Tensor]:
        if layer.bias is not None:
            found: dict[Any, Tensor] = known(layer, inputs, grown)
            return found
        normal = torch.nn.functional.layer_norm(inputs[0], layer.normalized_shape, eps=layer.eps)
        between = tuple(range(1, grown.dim() - layer.weight.dim()))
        product = normal * grown
        return {layer.weight: product.sum(between) if between else product}

    class Hooks(wrapper):  # type: ignore[misc, valid-type]
        GRAD_SAMPLERS = {**wrapper.GRAD_SAMPLERS, torch.nn.LayerNorm: layer_norm}  # noqa: RUF012

    return Hooks(model, loss_reduction="sum")


@contextmanager
def _hooked() -> Iterator[None]:
    """Embeddings take ids, which have no gradient, and torch wonders about hooks on them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Full backward hook is firing", category=UserWarning)
        yield


def _compare(name: str, hooked: Tensor, plain: Sequence[Tensor | None], norms: Sequence[float]) -> None:
    for one, other, norm in zip(hooked, plain, norms, strict=True):
        apart = (one if other is None else one - other).norm()
        if not float(apart) <= TOLERANCE * norm + 1e-12:
            raise ModelInputError(
                f"the gradients that Opacus gives for {name!r:.100} are not those of single rows, so that clipping "
                f"them would bound nothing; {INSTEAD}"
            )
