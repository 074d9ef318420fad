"""Opacus, which differentially private training stands on: brought in without what its import does to logging."""

from __future__ import annotations

import logging
from types import ModuleType

from modelaudit.errors import InputError

DP = "pip install 'modelaudit-core[dp]'"


def opacus() -> ModuleType:
    """Return the module; its import would give the program's root logger a handler.

    Raises:
        InputError: it is not installed, and how to install it.
    """
    before = list(logging.root.handlers)
    try:
        import opacus as module
        import opacus.accountants.utils
        import opacus.grad_sample
        import opacus.optimizers
    except ModuleNotFoundError as error:
        raise InputError(
            f"differentially private training needs {error.name}, which is not installed; run {DP}, or train without "
            "--dp-epsilon"
        ) from error
    finally:
        logging.root.handlers[:] = before
    found: ModuleType = module
    return found
