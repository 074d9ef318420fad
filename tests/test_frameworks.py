"""Regulation mappings: dated data with sources, in our own words in two languages, that claim no more than evidence."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from modelaudit.audit_report import Declared
from modelaudit.checkers import modelaudit_checkers
from modelaudit.frameworks import (
    Clause,
    clauses_for,
    clauses_of_the_report,
    clauses_without_evidence,
    code_of,
    frameworks,
    within,
)
from modelaudit.results import Risk

KNOWN = {
    "eu-ai-act", "nist-ai-rmf", "iso-42001", "gdpr", "china-interim-measures", "oecd", "nyc-ll144", "colorado",
}  # fmt: skip
ENGLISH = ("compliant", "compliance", "certif", "no bias", "unbiased", "anonymous", "satisf", "fulfil")
CHINESE = ("合规", "认证", "无偏见", "匿名")
ALL = [clause for framework in frameworks() for clause in framework.clauses]
CHECKS = {checker.info.id: checker.info for checker in modelaudit_checkers()}


def name(clause: Clause) -> str:
    return f"{clause.framework_id} {clause.ref}"


def test_all_frameworks_are_there_with_dates_source_and_a_note():
    assert {framework.id for framework in frameworks()} == KNOWN
    for framework in frameworks():
        assert framework.as_of == dt.date(2026, 8, 1)
        assert framework.as_of < framework.review_by <= dt.date(2027, 8, 1)
        assert framework.source
        assert len(framework.note) > 40
        assert framework.clauses


def test_a_clause_is_named_once_in_its_framework():
    names = [name(clause) for clause in ALL]
    assert len(names) == len(set(names)) > 130


@pytest.mark.parametrize("clause", ALL, ids=name)
def test_a_clause_is_said_in_our_own_words_in_both_languages(clause):
    english = (clause.ours, clause.limits)
    chinese = (clause.ours_zh, clause.limits_zh)
    for sentence in english:
        assert not [word for word in ENGLISH if word in sentence.lower()]
        assert not re.search(r"\bsafe\b|\bshall\b", sentence.lower())
        assert sentence.endswith(".")
        assert '"' not in sentence
        assert sentence.isascii()
    for sentence in chinese:
        assert not [word for word in CHINESE if word in sentence]
        assert "安全" not in sentence.replace("网络安全", "")
        assert sentence.endswith("。")
        assert not re.search(r"[,;:()!?]", sentence)
    assert clause.source


@pytest.mark.parametrize("clause", ALL, ids=name)
def test_a_clause_names_checks_and_metrics_that_are_there_and_of_its_families(clause):
    assert not set(clause.checkers) - set(CHECKS)
    for checker in clause.checkers:
        assert CHECKS[checker].risk in clause.families
    if clause.checkers:
        served = {CHECKS[checker].risk for checker in clause.checkers}
        assert served == set(clause.families)
    gives = {metric for checker in clause.checkers for metric in CHECKS[checker].metrics}
    assert not set(clause.metrics) - gives


@pytest.mark.parametrize("risk", Risk)
def test_each_family_is_evidence_for_something_in_each_of_the_large_frameworks(risk):
    found = clauses_for(risk)
    assert {"eu-ai-act", "nist-ai-rmf", "iso-42001", "gdpr", "china-interim-measures", "oecd"} - {
        clause.framework_id for clause in found
    } <= ({"gdpr"} if risk is Risk.PERFORMANCE else set())
    assert all(risk in clause.families for clause in found)


@pytest.mark.parametrize("checker", CHECKS)
def test_each_check_is_evidence_for_something(checker):
    assert clauses_for(CHECKS[checker].risk, checker)


def test_a_check_serves_only_the_clauses_that_name_it_or_nobody():
    attack = {name(clause) for clause in clauses_for(Risk.ROBUSTNESS, "modelaudit/adversarial-search")}
    calibration = {name(clause) for clause in clauses_for(Risk.ROBUSTNESS, "modelaudit/calibration")}
    stranger = {name(clause) for clause in clauses_for(Risk.ROBUSTNESS, "acme/rare-words")}
    assert "eu-ai-act Art. 15(5)" in attack - calibration
    assert "eu-ai-act Art. 15(4)" in calibration - attack
    assert "eu-ai-act Art. 15(1)" in attack & calibration & stranger
    assert not stranger & {"eu-ai-act Art. 15(4)", "eu-ai-act Art. 15(5)"}


def test_a_metric_serves_only_the_clauses_that_name_it_or_none():
    bias, groups, ratio = Risk.BIAS, "modelaudit/group-performance", "nyc-ll144 6 RCNY 5-301, impact ratio"
    assert ratio in map(name, clauses_for(bias, groups, "selection_rate_ratio"))
    assert ratio not in map(name, clauses_for(bias, groups, "tpr_difference"))
    assert ratio not in map(name, clauses_for(bias, "modelaudit/counterfactual-frames", "selection_rate_ratio"))


def test_the_strongest_clause_comes_first_in_each_framework():
    order = {"direct": 0, "supporting": 1, "context": 2}
    for risk in Risk:
        places = [(list(dict.fromkeys(KEYS)).index(c.framework_id), order[c.strength]) for c in clauses_for(risk)]
        assert places == sorted(places)


KEYS = [framework.id for framework in frameworks()]


def test_what_the_whole_report_serves_and_what_nothing_serves_are_told_apart():
    assert "eu-ai-act Art. 9(8)" in map(name, clauses_of_the_report())
    gaps = {name(clause) for clause in ALL if not clause.families}
    assert {"eu-ai-act Art. 12", "nist-ai-rmf MEASURE 2.12", "colorado SB 24-205"} <= gaps
    assert not gaps & {name(clause) for risk in Risk for clause in clauses_for(risk)}
    assert {*map(name, clauses_without_evidence())} == gaps - {"colorado SB 24-205"}


def test_what_was_not_read_in_its_source_is_marked():
    marked = {name(clause) for clause in ALL if clause.to_confirm}
    assert {
        "china-interim-measures GB/T 45654-2025",
        "china-interim-measures PIPL Art. 51, 55, 56",
        "eu-ai-act Art. 10(5) / Art. 4a as amended",
        "eu-ai-act Art. 15(4)",
        "gdpr EDPB Opinion 28/2024",
        "colorado SB 26-189, adverse decisions",
    } <= marked
    assert not marked & {
        "gdpr Art. 32(1)(d)",
        "china-interim-measures Interim Measures Art. 4(2)",
        "nist-ai-rmf MAP 1.4",
    }


def test_a_duty_that_lies_ahead_has_the_day_from_which_it_applies():
    for clause in ALL:
        if clause.status == "applies later":
            assert clause.applies_from > clause.as_of
        if clause.status == "in force":
            assert clause.applies_from <= clause.as_of
        assert bool(clause.jurisdictions) == (clause.status not in ("voluntary", "historic"))


def test_a_mapping_is_out_of_date_after_its_day():
    framework = frameworks()[0]
    assert not framework.outdated(framework.review_by)
    assert framework.outdated(framework.review_by + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("declared", "standing"),
    [
        ({}, "not declared"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("EU",)}, "declared"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("us", "eu-de")}, "declared"),
        ({"role": "provider", "risk_class": "unknown", "jurisdictions": ("eu",)}, "not declared"),
        ({"role": "provider", "jurisdictions": ("eu",)}, "not declared"),
        ({"risk_class": "high", "jurisdictions": ("eu",)}, "not declared"),
        ({"role": "provider", "risk_class": "minimal", "jurisdictions": ("eu",)}, "voluntary alignment"),
        ({"role": "deployer", "risk_class": "high", "jurisdictions": ("eu",)}, "voluntary alignment"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("cn",)}, "voluntary alignment"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("de",)}, "declared"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("European Union",)}, "declared"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("europe",)}, "not declared"),
        ({"role": "provider", "risk_class": "high", "jurisdictions": ("no",)}, "voluntary alignment"),
    ],
)
def test_whether_a_clause_applies_is_declared_and_never_inferred(declared, standing):
    clause = next(clause for clause in ALL if name(clause) == "eu-ai-act Art. 15(4)")
    assert clause.standing(Declared(**declared)) == standing


@pytest.mark.parametrize(
    ("places", "named", "answer"),
    [
        (("fr", "us"), ("eu",), True),
        (("Germany",), ("eu",), True),
        (("China",), ("cn",), True),
        (("cn-hk",), ("cn",), False),
        (("gb",), ("uk",), True),
        (("United Kingdom",), ("eu",), False),
        (("NYC",), ("us-nyc",), True),
        (("us-co",), ("us-nyc",), False),
        (("us",), ("us-co",), None),
        (("us-ny",), ("us-nyc",), None),
        (("jp",), ("eu", "cn"), False),
        (("jp", "somewhere"), ("eu",), None),
        (("eu", "somewhere"), ("eu",), True),
        ((), ("eu",), None),
    ],
)
def test_a_place_lies_in_another_is_the_wider_one_or_is_not_known(places, named, answer):
    assert within(places, named) is answer


def test_each_place_that_a_clause_names_is_known_and_gdpr_reaches_the_whole_economic_area():
    for clause in ALL:
        assert None not in map(code_of, clause.jurisdictions)
    security = next(clause for clause in ALL if name(clause) == "gdpr Art. 32(1)(d)")
    for place in ("no", "is", "li", "el"):
        assert security.standing(Declared(jurisdictions=(place,))) == "declared"


def test_a_framework_that_is_law_nowhere_is_voluntary_whatever_is_declared():
    clause = next(clause for clause in ALL if clause.framework_id == "nist-ai-rmf")
    assert clause.standing(Declared(role="provider", jurisdictions=("us",))) == "voluntary alignment"
