"""A mend made by hand: two measures together and each alone, a control, and every kind of change."""

from __future__ import annotations

from typing import Any

from modelaudit.comparison import Change, Comparison
from modelaudit.results import Risk
from modelaudit.training.mended import Aim, Arm, Mended
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import PrivacySpent, StepInfo

DIGEST = "sha256:" + "ab" * 32
SWAPS = "modelaudit/counterfactual-substitution"
AIMS = (
    Aim(checker=SWAPS, metric="score_difference", group="gender words: female - male", title="Difference of scores",
        state="exceeds limit"),
    Aim(checker=SWAPS, metric="excess_flip_rate", group="gender words: female - male", title="Excess flips",
        state="exceeds limit"),
    Aim(checker="modelaudit/membership-inference", metric="membership_auc", title="Members told from others",
        state="inconclusive"),
)  # fmt: skip


def change(kind: str, aim: Aim | None = None, **values: Any) -> Change:
    known = {} if aim is None else {name: getattr(aim, name) for name in ("checker", "metric", "group", "title")}
    return Change.model_validate(
        {
            "checker": "modelaudit/perturbation",
            "metric": "flip_rate",
            "group": "lower case",
            "title": "Changed answers",
            "unit": "share of rows",
            "risk": Risk.ROBUSTNESS,
            "kind": kind,
            "before": 0.214,
            "after": 0.1,
            "before_state": "exceeds limit",
            "after_state": "within limit",
            "difference": -0.114,
            "interval": (-0.15, -0.08),
            "adjusted": (-0.16, -0.07),
            "q": 0.001,
            "paired": True,
            "smallest_detectable": 0.03,
            **known,
            **values,
        }
    )


def compared(*changes: Change, **values: Any) -> Comparison:
    return Comparison.model_validate(
        {
            "baseline_digest": DIGEST,
            "baseline_model": "control",
            "baseline_started": "2027-01-19T08:00:00+00:00",
            "comparable": True,
            "changes": changes,
            "level": 0.95,
            "adjusted_level": 0.99,
            "q": 0.05,
            "tested": len(changes),
            "paired_rows": 800,
            **values,
        }
    )


def score(kind: str = "no clear change", **values: Any) -> Change:
    return change(
        kind, checker="modelaudit/task-performance", metric="accuracy", group=None, title="Accuracy",
        risk=Risk.PERFORMANCE, **({"before": 0.91, "after": 0.902, "difference": -0.008, "interval": (-0.021, 0.005),
        "before_state": None, "after_state": None} | values),
    )  # fmt: skip


def arm(
    name: str, *measures: str, aims: tuple[Aim, ...] = AIMS[:2], changes: tuple[Change, ...] = (), **values: Any
) -> Arm:
    return Arm.model_validate(
        {
            "name": name,
            "measures": measures,
            "aims": aims,
            "examples": 1_430,
            "seconds": 91.4,
            "report_digest": DIGEST,
            "gate": 1,
            "comparison": compared(
                *(changes or (change("better", AIMS[0]), change("no clear change", AIMS[1]), score()))
            ),
            **values,
        }
    )


def sample_mended(text: str = "", **values: Any) -> Mended:
    """Return the record, with `text` in every place that a stranger's string may come to."""
    steps = (StepInfo(name="counterfactual-augmentation", counts={"rows written again for gender" + text: 430}),)
    both = ("counterfactual-augmentation", "differential-privacy")
    aims = tuple(Aim.model_validate(aim.model_dump() | {"group": (aim.group or "") + text or None}) for aim in AIMS)
    changes = (
        change("worse", title="Expected calibration error" + text, metric="ece", group=None, difference=0.05),
        change("better", aims[0]),
        change("no clear change", aims[1], before_state="exceeds limit", after_state="exceeds limit"),
        change("not comparable", aims[2], reason="One of the two audits gives no value.", detail=f"too few rows{text}",
               difference=None, interval=None, adjusted=None, q=None, after=None),
        score("worse", after=0.861, difference=-0.049, interval=(-0.07, -0.03), adjusted=(-0.075, -0.025)),
        change("better", group="title case" + text),
        *(change("no clear change", group=f"change {place}{text}", before_state="within limit") for place in range(9)),
    )  # fmt: skip
    privacy = PrivacySpent(
        unit="one row; copies of a person in several rows are not covered." + text, epsilon=7.93, delta=1e-4,
        noise_multiplier=0.9, clip=1.0, sampling_rate=0.03, steps=90, accountant="rdp",
    )  # fmt: skip
    return Mended.model_validate(
        {
            "package_version": "0.9" + text,
            "report_digest": DIGEST,
            "model": "acme/claims-classifier" + text,
            "started": "2027-01-19T08:00:00+00:00" + text,
            "weights_sha256": "cd" * 32,
            "checked": 61,
            "base_model": "bert-base-cased" + text,
            "train_name": "train.csv" + text,
            "train_rows": 1_000,
            "train_sha256": "ef" * 32,
            "recipe": Recipe(),
            "not_together": "differentially private training protects one row; leave one of the two out" + text,
            "control": arm("control", aims=(), changes=(score(), change("no clear change")), seconds=64.2),
            "arms": (
                arm("all-measures", *both, aims=aims, changes=changes, steps=steps, privacy=privacy),
                arm(both[0], both[0], aims=aims[:2], steps=steps),
                arm(both[1], both[1], aims=aims[2:], gate=0, privacy=privacy,
                    changes=(change("better", aims[2], before_state="inconclusive"), score())),
            ),
            **values,
        }
    )  # fmt: skip
