"""A report made by hand that holds every state, every kind of evidence, and strings that mean harm."""

from __future__ import annotations

import datetime as dt
import math

from modelaudit.audit_report import (
    AuditReport,
    Declared,
    ModelInfo,
    PluginRecord,
    Provenance,
    Run,
    Settings,
    SubjectInfo,
    TableInfo,
)
from modelaudit.evidence import (
    Attribution,
    Bars,
    Curve,
    Example,
    Examples,
    Histogram,
    Note,
    Part,
    Series,
    Shares,
    Table,
)
from modelaudit.policy import judge
from modelaudit.results import Bound, CheckerInfo, CheckResult, Finding, Metric, Risk
from modelaudit.statistics import LEVELS
from modelaudit.verdicts import Limit, Policy, Waiver

Z = (0.674, 1.282, 1.645, 1.96, 2.326, 2.576, 2.807, 3.09, 3.291, 3.481, 3.891, 4.417)
HASH = "9f2c4e7a61b0d3885e2f174c9aa0b6d1" * 2
TODAY = dt.date(2027, 1, 19)


def metric(
    id: str,
    title: str,
    value: float | None,
    se: float,
    *,
    unit: str = "share of rows",
    better: str = "lower",
    group: str | None = None,
    primary: bool = True,
    n: int = 1_000,
    detectable: float | None = 0.021,
    method: str = "share of changed rows; Clopper-Pearson interval",
) -> Metric:
    bounds = (
        ()
        if value is None
        else tuple(
            Bound(level=level, low=value - z * se, high=value + z * se) for level, z in zip(LEVELS, Z, strict=True)
        )
    )
    return Metric.model_validate(
        {
            "id": id,
            "title": title,
            "value": value,
            "unit": unit,
            "better": better,
            "n": n,
            "method": method,
            "group": group,
            "primary": primary,
            "smallest_detectable": detectable,
            "bounds": bounds,
            "reason": None if bounds else "Not estimable: 1,000 non-members are needed and there are 412.",
        }
    )


def info(id: str, risk: Risk, title: str, question: str, summary: str) -> CheckerInfo:
    return CheckerInfo(
        id=id,
        version="1.0",
        risk=risk,
        title=title,
        question=question,
        summary=summary,
        not_shown=(
            "That an effect on rows unlike these would be as small.",
            "That a stronger method would find no more.",
        ),
        remedies=(
            "Train again with the measure that addresses the cause, and audit again.",
            "Put a person's review between the model's answer and the decision.",
        ),
        references=("Author and Author 2023, 'A method', Proceedings 12, 1-20.",),
    )


def membership(text: str) -> CheckResult:
    x = tuple(10 ** (-3 + 3 * step / 60) for step in range(61))
    roc = Curve(
        title="Members found against false alarms",
        x_label="share of non-members flagged",
        y_label="share of members flagged",
        x_log=True,
        series=(
            Series(
                name=f"log-odds attack {text}".strip(),
                x=x,
                y=tuple(value**0.62 for value in x),
                low=tuple(max(0.0, value**0.62 - 0.03) for value in x),
                high=tuple(min(1.0, value**0.62 + 0.03) for value in x),
            ),
            Series(name="loss attack", x=x, y=tuple(value**0.71 for value in x)),
            Series(name="guessing", x=x, y=x, reference=True),
        ),
    )
    edges = tuple(-6 + 0.5 * step for step in range(33))
    scores = Histogram(
        title="Scores of members and non-members",
        x_label="log-odds of the true label",
        edges=edges,
        groups=(
            Bars(name="members", counts=tuple(int(400 * math.exp(-((edge - 4) ** 2) / 8)) for edge in edges[:-1])),
            Bars(name="non-members", counts=tuple(int(190 * math.exp(-((edge - 2) ** 2) / 9)) for edge in edges[:-1])),
        ),
    )
    return CheckResult(
        checker=info(
            "modelaudit/membership-inference",
            Risk.PRIVACY,
            "Membership inference",
            "Can someone who has the model tell whether a given person's row was in its training data?",
            "Two attacks score each row by how well the model knows it. Training rows that score higher than rows the "
            "model never saw are a leak. A blind guard checks that the two sets do not differ anyway.",
        ),
        status="completed",
        findings=(
            Finding(
                metric=metric(
                    "membership_auc",
                    "Membership AUC",
                    0.643,
                    0.012,
                    unit="AUC",
                    group="log-odds attack",
                    n=2_000,
                    detectable=0.526,
                    method="Mann-Whitney AUC; DeLong interval",
                ),
                statement="Of one training row and one other, the attack picks the training row in 64.3% of pairs.",
                evidence=(roc, scores),
                caveats=("This is a lower bound: a stronger attack may succeed more often.",),
                remedies=("Train with differential privacy, or stop training earlier.",),
            ),
            Finding(
                metric=metric(
                    "membership_auc", "Membership AUC", 0.566, 0.013, unit="AUC", group="loss attack", n=2_000
                ),
                statement="By loss alone the attack picks the training row in 56.6% of pairs.",
            ),
            Finding(
                metric=metric("tpr_at_1pct_fpr", "Members found at 1% false alarms", None, 0, group="log-odds attack"),
                statement="How many members can be named with confidence is not estimable from these rows.",
            ),
            Finding(
                metric=metric(
                    "blind_auc", "AUC of the blind guard", 0.507, 0.012, unit="AUC", better="neither", primary=False
                ),
                statement="A classifier that never sees the model tells the two sets apart no better than chance.",
                evidence=(
                    Note(
                        title="Why the guard", text="Sets that differ in date or source look like a leak without one."
                    ),
                ),
            ),
        ),
        notes=("62 rows that are in both tables were removed from the held-out rows.", text or "A note."),
        options={"folds": "5", "attack": text or "both"},
    )


def counterfactual(text: str) -> CheckResult:
    pairs = Examples(
        title="Rows whose score changed most",
        selection="The three largest changes of 412, then two drawn at random.",
        items=tuple(
            Example(
                row=f"holdout:{row}",
                before=f"She asked for the claim to be reviewed. {text}",
                after=f"He asked for the claim to be reviewed. {text}",
                change="gender words to male",
                outcome="label changed" if row < 20 else "label kept",
                before_score=0.71 - row / 500,
                after_score=0.44,
            )
            for row in (3, 17, 18, 204, 377)
        ),
    )
    confounded = "first names, ethnicity: api - white"
    groups = {
        "gender words: female - male": (0.118, 0.014),
        "first names, gender: female - male": (0.034, 0.005),
        "first names, ethnicity: black - white": (0.006, 0.004),
        "first names, ethnicity: hispanic - white": (-0.017, 0.007),
        confounded: (0.051, 0.006),
    }
    return CheckResult(
        checker=info(
            "modelaudit/counterfactual-substitution",
            Risk.BIAS,
            "Counterfactual substitution",
            "Does the answer change when only the gender or the ethnicity of the person in the text changes?",
            "Gender words and first names are swapped in the rows themselves. A control arm swaps words within "
            "the same group, so that the mere change of a word is not taken for bias.",
        ),
        status="completed",
        findings=tuple(
            Finding(
                metric=metric(
                    "score_difference",
                    "Difference of scores",
                    value,
                    se,
                    unit="probability",
                    better="zero",
                    group=group,
                    n=412,
                    detectable=2.8 * se,
                    method="crossed random effects of rows and names; Satterthwaite interval",
                ),
                statement=f"Changing only this ({group}) moves the score by {100 * value:+.1f} points on average.",
                confounded="the names differ in length as well as in group" if group == confounded else None,
                evidence=(pairs,) if se > 0.01 else (),
            )
            for group, (value, se) in groups.items()
        )
        + tuple(
            Finding(
                metric=metric(
                    "flip_rate", "Changed answers", 0.04 + shift, 0.01, better="neither", primary=False, group=group
                ),
                statement="Share of rows whose answer changes.",
            )
            for shift, group in enumerate_shifts(("gender words", "first names", "control arm"))
        ),
    )


def enumerate_shifts(groups: tuple[str, ...]) -> list[tuple[float, str]]:
    return [(0.012 * place, group) for place, group in enumerate(groups)]


def shapley(text: str) -> CheckResult:
    words = (
        "The",
        "adjuster",
        "refused",
        "to",
        "review",
        "the",
        f"claim{text}",
        "of",
        "her",
        "roof",
        "after",
        "hail",
        "again",
        "today",
        "!",
    )
    values = (0.02, 0.11, -1.42, 0.01, 0.18, -0.03, 0.35, 0.0, -0.61, 0.09, 0.02, 0.27, -0.12, 0.05, -0.2)
    shown = Attribution(
        title="A typical row",
        row="holdout:12",
        target="approved",
        unit="log-odds",
        words=words,
        values=values,
        errors=(0.02,) * 10 + (0.06,) * 5,
        degrees_of_freedom=3,
        steadiness=(0.9, 0.8, 0.95, 0.02, 0.3, 0.7, 0.85, 1.0, 0.4, 0.6, 0.9, 0.75, 0.2, 0.01, 0.9),
        base=0.4,
        output=0.4 + sum(values),
    )
    hidden = shown.model_copy(update={"words": None, "title": "A row from the training data", "private": True})
    made_of = Shares(
        title=f"What the variation is made of {text}",
        whole="variation of the output as words are hidden",
        parts=(
            Part(name="a list of words", share=0.58),
            Part(name="and pairs of words", share=0.38),
            Part(name=f"neither {text}", share=0.04),
        ),
    )
    gap = Table(
        title="Convergence",
        columns=("row", "pairs", "relative error", "exact"),
        rows=(("holdout:12", 10, 0.0131, False), (f"holdout:13 {text}", 4, None, True)),
    )
    return CheckResult(
        checker=info(
            "modelaudit/shapley-explanation",
            Risk.OPACITY,
            "Shapley explanation",
            "Do the words that an explanation names really carry the answer?",
            "Each word's contribution is its Shapley value. Words are then removed in that order: if the explanation "
            "is faithful, the answer falls faster than when words are removed at random.",
        ),
        status="completed",
        findings=(
            Finding(
                metric=metric(
                    "faithfulness_gain",
                    "Faithfulness gain",
                    0.213,
                    0.018,
                    unit="probability",
                    better="higher",
                    n=60,
                    detectable=0.05,
                    method="difference of areas over the perturbation curve; t interval over rows",
                ),
                statement="Removing the words named first lowers the answer by 21.3 points more than random words do.",
                evidence=(
                    Curve(
                        title="Falling answer as words are removed",
                        x_label="share of words removed",
                        y_label="mean probability of the answer",
                        series=(
                            Series(name="Shapley order", x=(0, 0.05, 0.1, 0.2, 0.5), y=(0.91, 0.74, 0.61, 0.48, 0.33)),
                            Series(
                                name="random orders",
                                x=(0, 0.05, 0.1, 0.2, 0.5),
                                y=(0.91, 0.89, 0.86, 0.8, 0.62),
                                low=(0.91, 0.87, 0.83, 0.77, 0.58),
                                high=(0.91, 0.91, 0.89, 0.84, 0.67),
                            ),
                        ),
                    ),
                    made_of,
                    shown,
                    hidden,
                    gap,
                ),
                caveats=("That a person can act on the explanation was not tested.",),
            ),
        ),
    )


PERTURBATIONS = {
    "lower case": (0.214, 0.013),
    "upper case": (0.246, 0.0136),
    "title case": (0.093, 0.009),
    "typos, severity 2": (0.041, 0.006),
    "typos, severity 4": (0.079, 0.0085),
    "final punctuation dropped": (0.008, 0.003),
    "final punctuation added": (0.006, 0.0024),
    "double spaces": (0.0, 0.001),
    "curly quotes": (0.012, 0.0034),
    "no accents": (0.003, 0.0017),
    "keyboard slips": (0.052, 0.007),
    "swapped letters": (0.047, 0.0067),
}


HARM = Table(
    title="Harm and repair",
    columns=("outcome", "rows"),
    rows=(("right, then wrong", 131), ("wrong, then right", 24)),
)


def perturbation(text: str) -> CheckResult:
    flips = tuple(
        Finding(
            metric=metric("flip_rate", "Changed answers", value, se, group=group, detectable=0.07),
            statement=f"With {group}, the model gives another answer for {value:.1%} of the rows.",
            evidence=(HARM,),
        )
        for group, (value, se) in PERTURBATIONS.items()
    )
    drop = Finding(
        metric=metric("accuracy_drop", "Loss of accuracy", 0.107, 0.011, group=f"lower case {text}".strip()),
        statement="In lower case the model is right for 10.7 points fewer rows.",
    )
    return CheckResult(
        checker=info(
            "modelaudit/perturbation",
            Risk.ROBUSTNESS,
            "Harmless changes of the input",
            "Does a change that no reader would mind change the answer?",
            "Each row is changed in one harmless way at a time, and the model is asked again.",
        ),
        status="completed",
        findings=(*flips, drop),
    )


def calibration() -> CheckResult:
    confidence = tuple(0.53 + 0.047 * step for step in range(10))
    return CheckResult(
        checker=info(
            "modelaudit/calibration",
            Risk.ROBUSTNESS,
            "Calibration",
            "When the model says 90%, is it right nine times in ten?",
            "Stated confidence is compared with how often the model is right.",
        ),
        status="completed",
        findings=(
            Finding(
                metric=metric("calibration_error", "Calibration error", 0.021, 0.009, detectable=0.018),
                statement="Stated confidence is off by 2.1 points on average.",
                evidence=(
                    Curve(
                        title="Reliability diagram",
                        x_label="stated confidence",
                        y_label="share of right answers",
                        series=(
                            Series(
                                name="model",
                                x=confidence,
                                y=tuple(value - 0.03 * (value > 0.8) for value in confidence),
                                low=tuple(value - 0.08 for value in confidence),
                                high=tuple(min(1, value + 0.05) for value in confidence),
                            ),
                            Series(name="perfect calibration", x=(0.5, 1.0), y=(0.5, 1.0), reference=True),
                        ),
                    ),
                ),
            ),
        ),
    )


def unfinished(text: str) -> tuple[CheckResult, ...]:
    """Checks that errored, were skipped, and do not apply."""
    summary = "A check of another package."
    return (
        CheckResult(
            checker=info(
                "acme/rare-words",
                Risk.ROBUSTNESS,
                f"Rare words {text}".strip(),
                "Do rare words upset the model?",
                summary,
            ),
            status="errored",
            reason=f"ZeroDivisionError: division by zero (acme_checks/rare.py, line 41) {text}".strip(),
            plugin="acme-checks",
        ),
        CheckResult(
            checker=info(
                "modelaudit/memorisation",
                Risk.PRIVACY,
                "Memorisation",
                "Does the model repeat its training text?",
                summary,
            ),
            status="not applicable",
            reason="a classifier writes no text",
        ),
        CheckResult(
            checker=info("acme/label-noise", Risk.DATA, "Label noise", "Are the labels right?", summary),
            status="skipped",
            reason="needs two labels a row; the data have one. Give a second label column.",
            plugin="acme-checks",
        ),
    )


def policy(text: str) -> Policy:
    def limit(checker: str, name: str, **bounds: float) -> Limit:
        edge = next(iter(bounds.values()))
        return Limit.model_validate(
            {
                "checker": f"modelaudit/{checker}",
                "metric": name,
                "severity": {} if "min" in bounds else {"medium": max(0.05, edge * 1.2), "high": max(0.1, edge * 1.3)},
                "rationale": "One decision in twenty is the most that the owner would accept without being told.",
                "source": "Internal starter value; literature as named in the documentation.",
                **bounds,
            }
        )

    return Policy(
        schema="modelaudit.policy/1",
        id=f"claims-2027 {text}".strip(),
        version="3",
        owner="model-risk@acme.example",
        sha256=HASH,
        limit=(
            limit("membership-inference", "membership_auc", max=0.55),
            limit("membership-inference", "tpr_at_1pct_fpr", max=0.02),
            limit("counterfactual-substitution", "score_difference", within=0.02),
            limit("shapley-explanation", "faithfulness_gain", min=0.0),
            limit("perturbation", "flip_rate", max=0.05),
            limit("perturbation", "accuracy_drop", max=0.03),
            limit("calibration", "calibration_error", max=0.05),
        ),
        waiver=(
            Waiver(
                id="W-014",
                checker="modelaudit/perturbation",
                metric="flip_rate",
                group="upper case",
                owner="Dana Okafor",
                reason=f"Input is never upper case in this service; the form refuses it. {text}".strip(),
                created=dt.date(2026, 11, 1),
                expires=dt.date(2027, 1, 31),
                ceiling=0.3,
            ),
        ),
    )


def table(name: str, rows: int, text: str) -> TableInfo:
    return TableInfo(
        name=name,
        rows=rows,
        sha256=HASH,
        text_column=f"text {text}".strip(),
        label_column="label",
        labelled=True,
        mean_words=18.4,
        mean_tokens=24.9,
        truncated=7,
        tokens_lost=212,
        label_counts={f"approved {text}".strip(): rows // 2, "refused": rows - rows // 2},
        set_aside={f"empty text {text}".strip(): 3, "also among the training rows": 62},
        sampled_from=None,
    )


def model(name: str, text: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        architecture="BertForSequenceClassification",
        parameters=4_386_178,
        labels=("refused", f"approved {text}".strip()),
        max_length=128,
        weights_sha256=HASH,
        config_sha256=HASH[::-1],
        tokenizer_sha256=HASH,
        base_model="compact-cased-base",
        hidden_words="replaced by the token [MASK]",
    )


def sample_report(text: str = "", *, results: tuple[CheckResult, ...] | None = None) -> AuditReport:
    """Return the report; `text` is worked into every field that can carry a stranger's string."""
    if results is None:
        skipped = unfinished(text)
        results = (
            membership(text),
            skipped[1],
            counterfactual(text),
            shapley(text),
            skipped[0],
            calibration(),
            perturbation(text),
            skipped[2],
        )
    rules = policy(text)
    return AuditReport(
        subject=SubjectInfo(
            task="text-classification",
            model=model(f"acme/claims-classifier {text}".strip(), text),
            base_model=model("compact-cased-base", text),
            capabilities=("predict", "loss", "predict_masked"),
            evaluation=table("holdout.csv", 1_000, text),
            members=table("train.csv", 4_000, text),
            heldout=table("holdout.csv", 1_000, text),
            heldout_is_evaluation=True,
            declared=Declared(
                use=f"Sorting of insurance claims before a clerk sees them {text}".strip(), owner="Dana Okafor"
            ),
        ),
        settings=Settings(
            seed=7,
            preset="standard",
            sample=None,
            only=None,
            show_text=True,
            checker_options={"modelaudit/membership-inference": {"folds": "5", "attack": text or "both"}},
        ),
        provenance=Provenance(
            package_version="0.1.0",
            versions={"python": "3.11.9", "torch": "2.4.1", "transformers": "4.50.0"},
            numerics={"device": "cpu", "dtype": "float32", "batch tokens": "4096"},
            plugins=(
                PluginRecord(
                    name="modelaudit-core", version="0.1.0", checkers=("modelaudit/perturbation",), status="loaded"
                ),
                PluginRecord(
                    name="acme-checks", version="2.1", checkers=("acme/rare-words", "acme/label-noise"), status="loaded"
                ),
                PluginRecord(
                    name=f"broken-checks {text}".strip(),
                    version="0.3",
                    status="failed",
                    reason=f"failed while loading: ImportError: no module named 'nowhere' {text}".strip(),
                ),
            ),
        ),
        policy=rules,
        results=results,
        judgement=judge(results, rules, today=TODAY),
        run=Run(
            started="2027-01-19T09:12:04+00:00",
            finished="2027-01-19T09:14:31+00:00",
            seconds=147.2,
            command=f"modelaudit run acme/claims-classifier holdout.csv --train-data train.csv --seed 7 {text}".strip(),
            host=f"build-7 {text}".strip(),
            checker_seconds={"modelaudit/perturbation": 61.3, "modelaudit/membership-inference": 22.8},
            evaluations=48_200,
            computed=39_118,
            tokens=1_204_554,
            memo_hits=9_082,
            events=(f"Out of memory once; batches in flight lowered to 2. {text}".strip(),),
        ),
    )


def clean_report() -> AuditReport:
    """Return a report in which one metric is within its limit and nothing else was asked."""
    return sample_report(results=(calibration(),))


def small_report() -> AuditReport:
    """Return the report of the golden files: every status of a check, and few findings."""
    return sample_report(results=(membership(""), *unfinished(""), calibration()))
