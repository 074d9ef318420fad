"""The record: stable, checked by its digest, and held to its committed schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from golden import FIXTURES, check_golden
from jsonschema import Draft202012Validator
from sample_report import sample_report, shapley, small_report

from modelaudit.audit_report import SCHEMA_VERSION, canonical_json
from modelaudit.errors import InputError
from modelaudit.evidence import Attribution
from modelaudit.reports import json_schema, load_report, parse_report, render_html, render_json, render_markdown
from modelaudit.reports.json import run_intact

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "audit-report-1.json"


def test_golden_record() -> None:
    check_golden(FIXTURES / "report-1.4.json", render_json(small_report()))


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
def test_the_fixture_of_each_version_can_be_read_and_rendered(version: str) -> None:
    report = load_report(FIXTURES / f"report-{version}.json")
    assert report.schema_version == SCHEMA_VERSION
    assert report.subject.model.name == "acme/claims-classifier"
    assert "Membership inference" in render_html(report)


def test_the_record_fits_its_schema() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    for report in (sample_report(), small_report()):
        record = json.loads(render_json(report))
        assert list(validator.iter_errors(record)) == []
    record["surprise"] = 1
    assert len(list(validator.iter_errors(record))) == 1


def test_committed_schema_is_the_code() -> None:
    check_golden(SCHEMA, json.dumps(json_schema(), indent=2, sort_keys=True) + "\n")


def test_round_trip(tmp_path: Path) -> None:
    report = sample_report("é 中文 \u202e")
    path = tmp_path / "report.json"
    path.write_text(render_json(report), encoding="utf-8")
    assert load_report(path) == report
    assert render_json(load_report(path)) == render_json(report)


def test_a_record_judged_by_a_policy_that_is_refused_today_can_be_read() -> None:
    report = small_report()
    limit = report.policy.limit[0].model_copy(update={"severity": {"medium": 0.9, "high": -0.9}})
    policy = report.policy.model_copy(update={"limit": (limit,), "sha256": "0" * 64})
    written = render_json(report.model_copy(update={"policy": policy}))
    assert parse_report(written, where="report x.json").policy == policy


def test_a_record_from_before_curves_had_y_log_and_verdicts_were_critical_can_be_read() -> None:
    def older(part: object) -> object:
        if isinstance(part, dict):
            return {key: older(value) for key, value in part.items() if key not in ("y_log", "digest")}
        return [older(item) for item in part] if isinstance(part, list) else part

    record = older(json.loads(render_json(small_report())))
    assert isinstance(record, dict)
    content = canonical_json({key: value for key, value in record.items() if key != "run"})
    assert "critical" not in content
    written = json.dumps({**record, "digest": "sha256:" + hashlib.sha256(content.encode()).hexdigest()})
    assert parse_report(written, where="report x.json") == small_report()


def test_a_critical_verdict_and_its_step_are_kept() -> None:
    report = small_report()
    limit = report.policy.limit[0].model_copy(update={"severity": {"critical": 0.9}})
    verdict = report.judgement.verdicts[0].model_copy(update={"severity": "critical"})
    report = report.model_copy(
        update={
            "policy": report.policy.model_copy(update={"limit": (limit,)}),
            "judgement": report.judgement.model_copy(update={"verdicts": (verdict,)}),
        }
    )
    assert parse_report(render_json(report), where="report x.json") == report
    assert "critical from 0.900" in render_html(report)
    assert "critical severity" in render_markdown(report)


def test_run_is_outside_the_digest_and_everything_else_inside() -> None:
    report = small_report()
    later = report.model_copy(update={"run": report.run.model_copy(update={"seconds": 9.0})})
    reseeded = report.model_copy(update={"settings": report.settings.model_copy(update={"seed": 8})})
    assert later.digest == report.digest
    assert reseeded.digest != report.digest


@pytest.mark.parametrize("change", ['"seed": 8', '"seed": 7.0'])
def test_a_changed_record_is_refused(change: str) -> None:
    with pytest.raises(InputError, match="was changed after it was written"):
        parse_report(render_json(small_report()).replace('"seed": 7', change), where="report x.json")


def test_a_changed_run_is_not_a_changed_record_and_is_known_by_its_own_digest() -> None:
    written = render_json(small_report())
    changed = written.replace('"host": "build-7"', '"host": "elsewhere"')
    assert parse_report(changed, where="x").run.host == "elsewhere"
    assert run_intact(written) is True
    assert run_intact(changed) is False
    assert run_intact((FIXTURES / "report-1.0.json").read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("version", ["1.5", "2.0", "1.4.1"])
def test_a_newer_schema_is_a_clear_error(version: str) -> None:
    written = render_json(small_report()).replace('"schema_version": "1.4"', f'"schema_version": "{version}"')
    with pytest.raises(InputError, match=f"schema version {version}, newer than 1.4.*Upgrade modelaudit"):
        parse_report(written, where="report x.json")


def test_a_record_that_was_cut_short_says_so_wherever_the_cut_is() -> None:
    written = render_json(small_report()).rstrip()
    for share in (0.01, 0.3, 0.7, 0.9999):
        cut = written[: int(share * len(written))]
        with pytest.raises(InputError, match=r"cut short|not valid JSON"):
            parse_report(cut, where="report x.json")
    with pytest.raises(InputError, match="breaks off, so the file was cut short"):
        parse_report(written[:-1], where="report x.json")


def test_a_key_that_stands_twice_is_refused_since_two_readers_would_see_two_values() -> None:
    written = render_json(small_report()).replace('"seed": 7', '"seed": 8,\n    "seed": 7')
    with pytest.raises(InputError, match="the key 'seed' stands twice"):
        parse_report(written, where="report x.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{", "cut short"),
        ("{}", "is no modelaudit report"),
        ("null", "is no modelaudit report"),
        ("[" * 200_000, "nested too deeply|not valid JSON"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        ('{"schema_version": "1.0", "n": 1e999}', "larger than any number"),
        ('{"schema_version": "1.0", "n": ' + "9" * 5_000 + "}", "is not valid JSON"),
        ('{"schema_version": "1.0", "n": -Infinity}', "-Infinity is not a JSON number"),
        ("\ufeff{}", "is not valid JSON"),
        ("[]", "is no modelaudit report"),
        ("<!DOCTYPE html>", r"is an HTML or XML file; what is needed is the record\. Give the \.json file"),
        ("# Audit", r"is no JSON; what is needed is the record"),
        ('{"schema_version": 1}', "is no modelaudit report"),
        ('{"schema_version": "one"}', "unreadable schema_version"),
        ('{"schema_version": "0.9"}', "can't read"),
        ('{"schema_version": "1.0", "n": NaN}', "NaN is not a JSON number"),
        ('{"schema_version": "1.0", "n": "\\ud800"}', "lone surrogate"),
        ('{"schema_version": "1.0"}', "was changed after it was written"),
    ],
)
def test_what_is_no_record_is_a_clear_error(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_report(text, where="report x.json")
    assert str(caught.value).startswith("report x.json")


def test_a_record_with_its_own_digest_but_unknown_fields_names_the_field() -> None:
    content = json.loads(render_json(small_report()))
    content["surprise"] = 1
    with pytest.raises(InputError) as refused:
        parse_report(json.dumps(content), where="x")
    content["digest"] = str(refused.value).partition("gives ")[2].partition(". Use")[0]
    with pytest.raises(InputError, match=r"does not fit schema 1\.4: 'surprise'"):
        parse_report(json.dumps(content), where="x")


def test_a_record_from_before_steadiness_was_shown_can_be_read() -> None:
    written = json.loads(render_json(sample_report(results=(shapley(""),))))
    older = json.loads(json.dumps(written), object_hook=_without_steadiness)
    content = {key: value for key, value in older.items() if key not in ("run", "digest")}
    older["digest"] = "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()
    report = parse_report(json.dumps(older), where="x")
    shown = [item for item in report.results[0].findings[0].evidence if isinstance(item, Attribution)]
    assert [item.steadiness for item in shown] == [None, None]
    assert "varies" not in render_html(report)


def _without_steadiness(content: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in content.items() if key not in ("steadiness", "degrees_of_freedom")}


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't be read: No such file.*Give the path"):
        load_report(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe\xfa\x00\x00PK\x03\x04")
    with pytest.raises(InputError, match="is not UTF-8"):
        load_report(tmp_path / "latin.json")
