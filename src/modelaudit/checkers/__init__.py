"""The bundled checkers, registered through the same hook as a stranger's."""

from __future__ import annotations

from modelaudit.checker import Checker
from modelaudit.hookspecs import hookimpl


@hookimpl
def modelaudit_checkers() -> list[Checker]:
    """Return one instance of each bundled checker with its default options."""
    from modelaudit.checkers.bias.completions.checker import CompletionBias
    from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
    from modelaudit.checkers.bias.frames import CounterfactualFrames
    from modelaudit.checkers.bias.groups.checker import GroupPerformance
    from modelaudit.checkers.bias.stereotypes.preference import StereotypePreference
    from modelaudit.checkers.data.drift.checker import DataDrift
    from modelaudit.checkers.data.duplicates.checker import Duplicates
    from modelaudit.checkers.data.labels.checker import LabelErrors
    from modelaudit.checkers.data.shortcuts.checker import Shortcuts
    from modelaudit.checkers.opacity.shapley import ShapleyExplanation
    from modelaudit.checkers.performance.checker import TaskPerformance
    from modelaudit.checkers.performance.slices.checker import WeakSlices
    from modelaudit.checkers.privacy.canaries.audit import CanaryAudit
    from modelaudit.checkers.privacy.entities.exposure import EntityExposure
    from modelaudit.checkers.privacy.membership.checker import MembershipInference
    from modelaudit.checkers.privacy.memory.memorisation import Memorisation
    from modelaudit.checkers.privacy.personal.personal_data import PersonalData
    from modelaudit.checkers.robustness.attack.checker import AdversarialSearch
    from modelaudit.checkers.robustness.calibration import Calibration
    from modelaudit.checkers.robustness.corruptions import CorruptionRobustness
    from modelaudit.checkers.robustness.ood.checker import OutOfDistribution
    from modelaudit.checkers.robustness.perturbation import Perturbation
    from modelaudit.checkers.robustness.prompts import PromptRobustness

    return [
        MembershipInference(),
        Memorisation(),
        EntityExposure(),
        PersonalData(),
        CanaryAudit(),
        CounterfactualSubstitution(),
        CounterfactualFrames(),
        CompletionBias(),
        GroupPerformance(),
        StereotypePreference(),
        ShapleyExplanation(),
        Perturbation(),
        PromptRobustness(),
        CorruptionRobustness(),
        AdversarialSearch(),
        Calibration(),
        OutOfDistribution(),
        Duplicates(),
        LabelErrors(),
        DataDrift(),
        Shortcuts(),
        TaskPerformance(),
        WeakSlices(),
    ]
