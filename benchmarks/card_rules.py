"""Which cells of which result file are false alarms, power and coverage of which checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["false_alarms", "power", "coverage"]

ROBUSTNESS = "calibration_robustness.json"
PRIVACY, PRIVACY_SIMULATED = "calibration_privacy.json", "calibration_privacy_simulated.json"
BIAS, BIAS_SIMULATED = "calibration_bias.json", "calibration_bias_simulated.json"
EXCEEDS = "the difference exceeds the limit"
ON_THE_LIMIT = r"(\+0\.020|-0\.020|-0\.030)"
"""The truths that lie on the limit itself: what exceeds there is a false alarm."""
DAY = "2026-11-26"
"""All these results were made on this day."""


@dataclass(frozen=True)
class Study:
    """What a card says of its study: the checker's version, what was simulated, what was not measured."""

    version: str
    words: str
    words_zh: str
    missing: str = ""
    missing_zh: str = ""
    made_on: str = DAY


@dataclass(frozen=True)
class Rule:
    """The cells of one kind. `pattern` matches a cell's whole name; its group `effect`, over `divisor`, is the size."""

    kind: Kind
    pattern: str
    source: str = ROBUSTNESS
    part: str | None = None
    metric: str | None = None
    nominal: float | None = 0.05
    unit: str = ""
    divisor: float = 1.0


def robustness(part: str, *rules: tuple[Kind, str, str]) -> tuple[Rule, ...]:
    """Return rules on one part of the robustness study; the third of each is the unit of the effect."""
    return tuple(Rule(kind, pattern, part=part, unit=unit) for kind, pattern, unit in rules)


STUDIES: dict[str, Study] = {
    "modelaudit/perturbation": Study(
        "3",
        "Audits of models whose answers are drawn, and of models that lean on letter case, punctuation or digits, "
        "beside twins that do not.",
        "对回答由抽样产生的模型，以及依赖大小写、标点或数字的模型及其无此依赖的对照模型进行的审计。",
    ),
    "modelaudit/adversarial-search": Study(
        "1",
        "Searches on models whose weakest words are known by exhaustive search, and audits whose outcomes are drawn.",
        "在已通过穷举搜索得知其最弱词语的模型上进行的搜索，以及结果由抽样产生的审计。",
    ),
    "modelaudit/calibration": Study(
        "3",
        "Audits of probabilities that are right by construction, and of the same made too sure or too unsure by a "
        "known temperature.",
        "对构造上正确的概率，以及按已知温度变得过于自信或不够自信的概率进行的审计。",
    ),
    "modelaudit/out-of-distribution": Study(
        "1",
        "Audits of confidences drawn with a known AUC, rows of one text together.",
        "对按已知 AUC 抽取的置信度进行的审计，同一文本的各行一并抽取。",
    ),
    "modelaudit/weak-slices": Study(
        "1",
        "Searches among rows without any weak slice, and among rows with one that was planted.",
        "在不含薄弱切片的行，以及植入了一个薄弱切片的行中进行的搜索。",
    ),
    "modelaudit/duplicates": Study(
        "1",
        "Tables of texts with a known number of equal and nearly equal rows on both sides.",
        "两侧相同和近似行的数目已知的文本表。",
    ),
    "modelaudit/label-errors": Study(
        "1",
        "Tables with a known share of wrong labels, judged by models that are honest, too sure, or whose errors have "
        "long tails.",
        "错误标签比例已知的数据表，由诚实的、过于自信的或误差具有长尾的模型判断。",
    ),
    "modelaudit/data-drift": Study(
        "1",
        "Halves of one table, and pairs of tables that differ by a known amount in words, features, classes or "
        "declared shares.",
        "同一数据表的两半，以及在词语、特征、类别或申报比例上差异已知的成对数据表。",
    ),
    "modelaudit/shortcuts": Study(
        "1",
        "Tables with and without a telling cue, and models that lean on a name, a mark or a number beside twins that "
        "do not.",
        "含有和不含提示性线索的数据表，以及依赖姓名、符号或数字的模型及其无此依赖的对照模型。",
    ),
    "modelaudit/task-performance": Study(
        "1",
        "Answers drawn with a known F1 and a known gain over the baseline.",
        "按已知 F1 和已知相对基线增益抽取的回答。",
    ),
    "modelaudit/membership-inference": Study(
        "3",
        "Models asked about rows that none of them was trained on, and attacks on scores that are drawn.",
        "就所有模型均未训练过的行提问的模型，以及对抽样产生的分数进行的攻击。",
        "How often a leak of a given size is found was not counted.",
        "未统计给定大小的泄漏被发现的频率。",
    ),
    "modelaudit/entity-exposure": Study(
        "1",
        "Names that no model was trained on, and names that are remembered by a known amount.",
        "任何模型均未训练过的姓名，以及按已知程度被记住的姓名。",
    ),
    "modelaudit/canary-audit": Study(
        "1",
        "Guesses on canaries without any leak, and of mechanisms whose epsilon is known.",
        "在无泄漏情况下对金丝雀样本的猜测，以及 epsilon 已知的机制。",
        "How often a leak of a given size is found was not counted: the bound is below the truth by construction.",
        "未统计给定大小的泄漏被发现的频率：该下界在构造上低于真值。",
    ),
    "modelaudit/counterfactual-substitution": Study(
        "3.0",
        "Trained models with a planted difference between groups and twins without one, and audits whose scores are "
        "drawn.",
        "植入了群体差异的已训练模型及其无差异的对照模型，以及分数由抽样产生的审计。",
    ),
}

RULES: dict[str, tuple[Rule, ...]] = {
    "modelaudit/perturbation": (
        *robustness(
            "perturbation",
            ("false_alarms", r"false alarms, .*", ""),
            ("power", r"power, accuracy lost, .*?(?P<effect>0\.\d+) lost.*", "share of right answers lost"),
            ("coverage", r"coverage, .*", ""),
        ),
        Rule(
            "power",
            r"power, planted brittleness: .*, in (?P<effect>[\d.]+)% of 400 rows: .*",
            part="perturbation",
            unit="share of rows",
            divisor=100,
        ),
    ),
    "modelaudit/adversarial-search": robustness(
        "adversarial_search",
        ("false_alarms", r"false alarms, .*", ""),
        ("power", r"flips found of those that exhaustive search finds: .*", "flips that exhaustive search finds"),
        ("power", r"power, .*, at the printed (?P<effect>[\d.]+)", "accuracy lost"),
        ("coverage", r"coverage, .*", ""),
    ),
    "modelaudit/calibration": robustness(
        "calibration",
        ("false_alarms", r"calibration: clean twin, .*", ""),
        ("power", r"calibration: planted temperature (?P<effect>[\d.]+), .*: sign found", "temperature"),
        ("power", r"calibration: power at the printed error of (?P<effect>[\d.]+), .*", "calibration error"),
        ("coverage", r"calibration: coverage of .*", ""),
    ),
    "modelaudit/out-of-distribution": robustness(
        "out_of_distribution",
        ("false_alarms", r"false alarms, .*", ""),
        ("power", r"power, AUC below the limit: truth (?P<effect>[\d.]+), .*", "AUC"),
        ("coverage", r"coverage, .*", ""),
    ),
    "modelaudit/weak-slices": robustness(
        "weak_slices",
        ("false_alarms", r"false alarms, .*", ""),
        ("power", r"power, planted slice confirmed: .* rows, (?P<effect>[\d.]+): .*", "gap in the error rate"),
        (
            "power",
            r"power, the judged gap exceeds the limit: planted gap of (?P<effect>[\d.]+)",
            "gap in the error rate",
        ),
        ("coverage", r"coverage, .*", ""),
    ),
    "modelaudit/duplicates": robustness(
        "duplicates",
        ("false_alarms", r"duplicates: no twins, .*: audits that see a leak", ""),
        (
            "power",
            r"duplicates: pairs of Jaccard index \.80 to \.85 that are found",
            "pairs of Jaccard index .80 to .85",
        ),
        ("power", r"duplicates: .* smallest share that is printed \((?P<effect>[\d.]+)\): .*", "share of rows"),
        ("coverage", r"duplicates: .*: coverage of .*", ""),
    ),
    "modelaudit/label-errors": robustness(
        "label_errors",
        ("false_alarms", r"label errors: right labels, .*: audits that see wrong labels", ""),
        ("false_alarms", r"label errors: cross-fitted witness, 0% .*: audits that see wrong labels", ""),
        (
            "power",
            r"label errors: the smallest share that is printed for 3000 rows \((?P<effect>[\d.]+)\): .*",
            "share of labels",
        ),
        ("coverage", r"label errors: .*: coverage of .*", ""),
    ),
    "modelaudit/data-drift": robustness(
        "data_drift",
        ("false_alarms", r"data drift: .*alarms .*", ""),
        (
            "power",
            r"data drift: half of the evaluation texts have a new word, .*: power against \.55",
            "new word in half of the texts",
        ),
        ("power", r"data drift: 5 features, .*, AUC (?P<effect>[\d.]+) .*: power", "AUC"),
        ("power", r"data drift: class shares, (?P<effect>[\d.]+) moved \(printed\): power", "share of rows moved"),
        ("power", r"data drift: short by (?P<effect>[\d.]+) \(printed\): power", "share of rows short"),
        ("coverage", r"data drift: .*: coverage.*", ""),
    ),
    "modelaudit/shortcuts": robustness(
        "shortcuts",
        ("false_alarms", r"shortcuts: .*alarms .*", ""),
        ("false_alarms", r"shortcuts: 150 cues, none telling, .*", ""),
        ("power", r"shortcuts: .*a loss of (?P<effect>[\d.]+) \(printed\): power", "share of right answers lost"),
        ("power", r"shortcuts: a cue in 20% .*: found", "a cue in 20% of the rows"),
        ("power", r"shortcuts: a model that leans on .*: power against \.05", "a model that leans on the cue"),
        ("coverage", r"shortcuts: .*: coverage .*", ""),
    ),
    "modelaudit/task-performance": robustness(
        "task_performance",
        ("false_alarms", r"false alarms, .*", ""),
        ("power", r"power, gain in accuracy: (?P<effect>[\d.]+) ahead, .*", "share of right answers gained"),
        ("coverage", r"coverage, .*", ""),
    ),
    "modelaudit/membership-inference": (
        Rule("false_alarms", r"honest null, tier .*: false findings at a nominal 5%", PRIVACY),
        Rule("false_alarms", r"family-wise p at most \.05 without memory, .*", PRIVACY_SIMULATED),
        Rule(
            "coverage", r"largest of 6 AUCs, .*: the 95% interval holds it", PRIVACY_SIMULATED, metric="membership_auc"
        ),
        Rule("coverage", r"50 documents of 4 rows a side, .* holds it", PRIVACY_SIMULATED),
    ),
    "modelaudit/entity-exposure": (
        Rule("false_alarms", r"entity exposure without memory, .*: above 0 at 5%", PRIVACY_SIMULATED),
        Rule("false_alarms", r"entity exposure without memory, .*: above 0\.1 at 5%", PRIVACY_SIMULATED),
        Rule(
            "power",
            r"entity exposure, memory of (?P<effect>[\d.]+) SD, .*: found above 0(\.1)? at 5%",
            PRIVACY_SIMULATED,
            unit="standard deviations of the score",
        ),
        Rule("coverage", r"entity exposure without memory, .*: the 95% interval holds 0", PRIVACY_SIMULATED),
    ),
    "modelaudit/canary-audit": (
        Rule("false_alarms", r"one-run bound above 0 without any leak, .*", PRIVACY_SIMULATED),
        Rule("false_alarms", r"one-run bound, .*: above that epsilon", PRIVACY_SIMULATED),
    ),
    "modelaudit/counterfactual-substitution": (
        Rule("false_alarms", r"null-.*: models with any limit exceeded", BIAS),
        Rule("false_alarms", r".*, 400 audits: any finding at low or above", BIAS_SIMULATED),
        Rule("false_alarms", rf".* \(truth {ON_THE_LIMIT}\), 400 audits: {EXCEEDS}", BIAS_SIMULATED),
        Rule(
            "power",
            r"(names|reversed|words|tags|chinese)-\d+ \((?P<effect>\d+)% .*\): found",
            BIAS,
            unit="share of one group treated so",
            divisor=100,
        ),
        Rule(
            "power",
            r"intersection \((?P<effect>\d+)% .*\): found",
            BIAS,
            unit="share of one group treated so",
            divisor=100,
        ),
        Rule(
            "power",
            rf".* \(truth (?!{ON_THE_LIMIT})(?P<effect>[-+][\d.]+)\), \d+ audits: {EXCEEDS}",
            BIAS_SIMULATED,
            unit="difference of scores",
        ),
        Rule(
            "power",
            r".*, at the printed smallest detectable effect of (?P<effect>[\d.]+), 400 audits: found",
            BIAS_SIMULATED,
            unit="difference of scores",
        ),
        Rule("coverage", r"95% intervals that hold the truth, .*", BIAS),
        Rule("coverage", r".*, 2000 audits: the 95% interval holds .*", BIAS_SIMULATED, metric="score_difference"),
    ),
}
