"""What a card says of its calibration in words: what was tried, and what was not measured or did not work."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.reports.text import visible
from modelaudit.testing.calibration.measuring import Measured
from modelaudit.testing.calibration.unit import Unit

LONGEST_REASON = 200
Pair = tuple[str, str]
"""A sentence in English and in Chinese."""


def study_words(measured: Measured) -> Pair:
    """Say what was audited, in English and in Chinese."""
    defect = measured.defect
    sizes = ", ".join(f"{strength:g}" for strength in defect.strengths)
    parts, parts_zh = [], []
    if measured.nulls:
        parts.append(f"{audits(measured.nulls)} of the clean twin")
        parts_zh.append(f"对无缺陷的对照模型进行 {measured.nulls} 次审计")
    if measured.draws:
        parts.append(f"{audits(measured.draws)} at each strength ({sizes}: {defect.unit})")
        parts_zh.append(f"在每个强度（{sizes}，单位：{defect.unit}）下各进行 {measured.draws} 次审计")
    english = f"One planted fault, {defect.name}: {' and '.join(parts)}; preset {measured.preset}."
    chinese = (
        f"植入一种缺陷（{defect.name_zh or defect.name}）：{'，'.join(parts_zh)}，每次均使用各自抽取的行；"
        f"预设 {measured.preset}。"
    )
    return english, chinese


def missing_words(measured: Measured) -> Pair:
    """Say what was not measured, and which audits gave no answer, in English and in Chinese."""
    told = [_OTHERS, *_nulls(measured), *_draws(measured), *_intervals(measured)]
    return " ".join(english for english, _ in told), "".join(chinese for _, chinese in told)


def audits(count: int) -> str:
    """Return `1 audit`, `2 audits`."""
    return f"{count} audit" + ("" if count == 1 else "s")


_OTHERS: Pair = (
    "Other faults, models, tasks and languages were not tried.",
    "未尝试其他缺陷、模型、任务和语言。",
)


def _nulls(measured: Measured) -> list[Pair]:
    units = measured.at(0.0)
    if not units:
        return [("How often it raises a false alarm was not measured.", "未测量误报的频率。")]
    said = []
    if silent := [unit for unit in units if not unit.completed]:
        said.append(
            (
                f"{len(silent)} of {audits(len(units))} of the clean twin did not complete and count neither as quiet "
                f"nor as an alarm ({_reasons(silent)}).",
                f"对照模型的 {len(units)} 次审计中有 {len(silent)} 次未完成，既不计为无警报也不计为误报"
                f"（{_reasons(silent)}）。",
            )
        )
    if unjudged := [unit for unit in units if unit.completed and not unit.judged]:
        said.append(
            (
                f"{len(unjudged)} of {audits(len(units))} of the clean twin gave nothing that could be judged, and are "
                "not counted.",
                f"对照模型的 {len(units)} 次审计中有 {len(unjudged)} 次未给出可供判断的结果，未计入。",
            )
        )
    return said


def _draws(measured: Measured) -> list[Pair]:
    units = [unit for unit in measured.units if unit.strength]
    if not units:
        return [("How often it finds a fault was not measured.", "未测量发现缺陷的频率。")]
    said = []
    if silent := [unit for unit in units if not unit.completed]:
        said.append(
            (
                f"{len(silent)} of {audits(len(units))} with the fault did not complete and count as not found "
                f"({_reasons(silent)}).",
                f"含缺陷的 {len(units)} 次审计中有 {len(silent)} 次未完成，计为未发现（{_reasons(silent)}）。",
            )
        )
    if unjudged := [unit for unit in units if unit.completed and not unit.judged]:
        said.append(
            (
                f"{len(unjudged)} of {audits(len(units))} with the fault gave nothing that could be judged and count "
                "as not found.",
                f"含缺陷的 {len(units)} 次审计中有 {len(unjudged)} 次未给出可供判断的结果，计为未发现。",
            )
        )
    return said


def _intervals(measured: Measured) -> list[Pair]:
    if measured.defect.truth is None or measured.defect.metric is None:
        return [("How often its intervals hold the truth was not measured.", "未测量区间包含真值的频率。")]
    done = [unit for unit in measured.units if unit.completed]
    without = sum(unit.low is None for unit in done)
    if not without:
        return []
    return [
        (
            f"{without} of {audits(len(done))} gave no single interval of {measured.defect.metric}, and their coverage "
            "is not counted.",
            f"{len(done)} 次审计中有 {without} 次未给出 {measured.defect.metric} 的唯一区间，其覆盖情况未计入。",
        )
    ]


def _reasons(silent: Sequence[Unit]) -> str:
    """Return for each status how often and its first reason."""
    counts: dict[str, int] = {}
    first: dict[str, str] = {}
    for unit in silent:
        counts[unit.status] = counts.get(unit.status, 0) + 1
        first.setdefault(unit.status, visible(unit.reason or "", most=LONGEST_REASON))
    return "; ".join(f"{count} {status}: {first[status]}" for status, count in sorted(counts.items()))
