"""The exception tree.

ModelAuditError                  anything that modelaudit raises on purpose
├── InputError                   the user can fix it: what is wrong, where, and the next step (exit code 2)
│   ├── ModelInputError          the model, its weights or its tokenizer
│   ├── DataInputError           a table, a column, a label, a row
│   ├── PolicyError              the policy file
│   ├── WorkerError              the workers of the inference engine can't be had, or can't be kept alive
│   └── OutputError              a place that can't be written
├── CapabilityError              a model handle was asked for a verb that this model does not have
├── PluginError                  a plugin broke its contract
├── NotAssessable                a checker's question can't be answered from this data; becomes a skipped check
└── RiskGateError                the gate of the policy does not hold; carries the exit code
"""

from __future__ import annotations

__all__ = [
    "CapabilityError",
    "DataInputError",
    "InputError",
    "ModelAuditError",
    "ModelInputError",
    "NotAssessable",
    "OutputError",
    "PluginError",
    "PolicyError",
    "RiskGateError",
    "WorkerError",
]


class ModelAuditError(Exception):
    """Base of everything that modelaudit raises on purpose."""


class InputError(ModelAuditError):
    """Something that the user handed in can't be used; the message says what, where and what to do next."""


class ModelInputError(InputError):
    """The model, its weights or its tokenizer can't be used."""


class DataInputError(InputError):
    """A table, a column, a label or a row can't be used."""


class PolicyError(InputError):
    """The policy file can't be used."""


class WorkerError(InputError):
    """The workers of the inference engine can't be had, or can't be kept alive."""


class OutputError(InputError):
    """A file or folder can't be written."""


class CapabilityError(ModelAuditError):
    """A model handle was asked for a verb that this model does not have."""


class PluginError(ModelAuditError):
    """A plugin broke its contract; the message names it."""


class RiskGateError(ModelAuditError):
    """The policy's gate does not hold.

    Attributes:
        exit_code: 4 a checker failed, 1 a limit is exceeded, 3 a required check is inconclusive or did not run.
        reasons: one sentence each.
    """

    def __init__(self, exit_code: int, reasons: tuple[str, ...]) -> None:
        self.exit_code = exit_code
        self.reasons = reasons
        super().__init__("; ".join(reasons))


class NotAssessable(ModelAuditError):
    """A checker found that this data can't answer its question; the message is the reason in the report."""
