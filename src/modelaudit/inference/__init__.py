"""Inference: the one place where the model is run. Rows on token ids go in, numpy comes out."""

from modelaudit.inference.engine import Engine
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.journal import Journal, journal_folder
from modelaudit.inference.lockstep import lockstep_map
from modelaudit.inference.masks import masked_inputs, shortened_inputs
from modelaudit.inference.stats import EngineStats
from modelaudit.inference.weights import weights_sha256

__all__ = [
    "Engine",
    "EngineStats",
    "Journal",
    "ModelInput",
    "journal_folder",
    "lockstep_map",
    "masked_inputs",
    "shortened_inputs",
    "weights_sha256",
]
