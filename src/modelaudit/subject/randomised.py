"""A model with the architecture and the tokenizer of another, and weights that nobody trained."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.inference.engine import Engine
from modelaudit.inference.weights import weights_sha256
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.examples import examples
from modelaudit.subject.model import Model

# What a class that is not made from its configuration alone may raise.
_MISFITS = (RuntimeError, TypeError, ValueError, AttributeError, KeyError, NotImplementedError, ImportError)


def randomised(model: Model | CallableModel, *, seed: int) -> Model:
    """Return the model with all weights drawn anew, as its architecture begins training; float32, in torch.

    It keeps no journal. Close its engine after use.

    Raises:
        CapabilityError: a function, or an architecture that can't be made from its configuration.
    """
    if isinstance(model, CallableModel):
        raise CapabilityError(f"{model.opened.name} is a function and has no weights that could be drawn anew")
    opened = model.opened
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            fresh = type(opened.model)(copy.deepcopy(opened.model.config)).float().eval()
        engine = Engine(
            fresh,
            model_id=weights_sha256(fresh),
            device=model.engine.device,
            backend="torch",
            numerics="strict",
            like=examples(opened, model.task),
        )
    except (*_MISFITS, ModelInputError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CapabilityError(f"the weights of {opened.name} can't be drawn anew ({reason:.200})") from error
    made = Model(replace(opened, model=fresh, name=f"{opened.name}, random weights"), model.task, engine)
    made.encoder = model.encoder
    return made
