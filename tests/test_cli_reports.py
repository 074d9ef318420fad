"""`modelaudit render`, `judge` and `verify`: what they say and write of a saved report, and how they end."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from modelaudit import load_report
from modelaudit.audit_report import AuditReport, InputRecord
from modelaudit.cli_reports import judge, render, verify
from modelaudit.destinations import write_report
from modelaudit.plugins import Plugins
from modelaudit.reports import render_json
from modelaudit.terminal import mend_streams

FIXTURES = Path(__file__).parent / "reports" / "fixtures"
RECORD = FIXTURES / "report-1.4.json"
FORMATS = ("r.html", "r.md", "r.card.md", "r.junit.xml", "r.sarif")
Call = Callable[..., tuple[int, str, str]]

app = typer.Typer()
for command in (render, judge, verify):
    app.command()(command)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    def called(*words: object) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        mend_streams()
        try:
            app(list(map(str, words)))
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capfd.readouterr()
        return code, said.out, said.err

    return called


@pytest.fixture
def report() -> AuditReport:
    return load_report(RECORD)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, plugins = tmp_path_factory.mktemp("rendered"), Plugins(installed=False)
    for name in FORMATS:
        write_report(folder / name, load_report(RECORD), plugins)
    return folder


@pytest.fixture
def written(rendered: Path, tmp_path: Path) -> Path:
    for name in FORMATS:
        (tmp_path / name).write_bytes((rendered / name).read_bytes())
    return tmp_path


def policy_text(report: AuditReport, **changes: object) -> str:
    limits = [
        {"checker": "modelaudit/membership-inference", "metric": "membership_auc", "max": 0.9}
        | {"rationale": "What the owner accepts here.", "source": "A meeting."}
        | changes
    ]
    lines = ['schema = "modelaudit.policy/1"', 'id = "mine"', 'version = "9"']
    for limit in limits:
        lines += ["[[limit]]", *(f"{key} = {json.dumps(value)}" for key, value in limit.items())]
    return "\n".join(lines)


def test_render_makes_each_format_from_the_record_alone(call: Call, rendered: Path, tmp_path: Path) -> None:
    code, out, err = call("render", RECORD, *(word for name in FORMATS for word in ("--out", name)))
    assert (code, err) == (4, "")
    for name in FORMATS:
        assert f"written: {name}" in out
        assert (tmp_path / name).read_bytes() == (rendered / name).read_bytes()


def test_render_speaks_chinese(call: Call, tmp_path: Path) -> None:
    assert call("render", RECORD, "--out", "r.md", "--language", "zh")[0] == 4
    assert "## 模型风险审计" in (tmp_path / "r.md").read_text(encoding="utf-8")
    code, _, err = call("render", RECORD, "--out", "r.md", "--language", "fr")
    assert code == 2
    assert "'zh'" in err


def test_render_does_not_write_over_what_it_reads(call: Call, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_bytes(RECORD.read_bytes())
    code, _, err = call("render", "own.json", "--out", "own.json")
    assert code == 2
    assert "would be overwritten" in err
    assert call("render", "own.json", "--out", "r.docx")[0] == 2


def test_judge_ends_by_the_gate_of_the_given_policy(call: Call, tmp_path: Path, report: AuditReport) -> None:
    whole = report.model_copy(update={"results": report.results[:1]})
    (tmp_path / "whole.json").write_text(render_json(whole), encoding="utf-8")
    (tmp_path / "kind.toml").write_text(policy_text(report), encoding="utf-8")
    (tmp_path / "strict.toml").write_text(policy_text(report, max=0.5), encoding="utf-8")
    code, out, err = call("judge", "whole.json", "--policy", "kind.toml", "--out", "new.json")
    assert (code, err) == (0, "")
    assert "The gate holds" in out
    assert load_report(tmp_path / "new.json").policy.id == "mine"
    code, out, _ = call("judge", "whole.json", "--policy", "strict.toml")
    assert code == 1
    assert "membership_auc" in out
    assert call("judge", RECORD, "--policy", "kind.toml")[0] == 4
    code, _, err = call("judge", RECORD, "--policy", "none.toml")
    assert code == 2
    assert "none.toml" in err


def test_judge_needs_no_model_library() -> None:
    code = (
        "import sys; from modelaudit.cli_reports import judge; from modelaudit.reports import load_report;"
        "from modelaudit.policy import rejudged; from modelaudit.cli_summary import summary;"
        f"report = load_report({str(RECORD)!r}); summary(rejudged(report, report.policy));"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", FORMATS)
def test_verify_tells_a_file_as_it_was_written_from_a_changed_one(call: Call, written: Path, name: str) -> None:
    code, out, _ = call("verify", name, "--record", RECORD)
    assert code == 0
    assert "as it was written" in out
    assert "same byte for byte" in out
    file = written / name
    assert file.read_text(encoding="utf-8").count("0.643")
    file.write_text(file.read_text(encoding="utf-8").replace("0.643", "0.143"), encoding="utf-8")
    code, out, _ = call("verify", name)
    assert code == 1
    assert "was changed after it was written" in out


def test_verify_knows_a_chinese_file_again(call: Call, tmp_path: Path) -> None:
    call("render", RECORD, "--out", "r.sarif", "--language", "zh")
    assert call("verify", "r.sarif", "--record", RECORD)[0] == 0


def test_verify_finds_who_seals_a_changed_file_anew_by_what_was_kept_elsewhere(call: Call, written: Path) -> None:
    from modelaudit.reports.seal import check, sealed

    page = (written / "r.junit.xml").read_text(encoding="utf-8")
    seal = check(page.encode()).seal
    assert seal is not None
    forged = sealed(page.replace(seal, "").replace("0.643", "0.143"))
    (written / "f.junit.xml").write_text(forged, encoding="utf-8")
    code, out, _ = call("verify", "f.junit.xml")
    assert code == 0
    assert "Whoever can write this file can write its digest and seal as well" in out
    code, out, _ = call("verify", "f.junit.xml", "--seal", seal)
    assert code == 1
    assert "that was kept elsewhere" in out
    code, out, _ = call("verify", "f.junit.xml", "--record", RECORD)
    assert code == 1
    assert "does not show what the record says" in out
    code, out, _ = call("verify", "f.junit.xml", "--digest", load_report(RECORD).digest)
    assert code == 0
    assert "not that it shows it" in out
    assert call("verify", "r.junit.xml", "--seal", seal, "--digest", load_report(RECORD).digest)[0] == 0


def test_verify_compares_the_record_that_a_file_names(call: Call, written: Path, report: AuditReport) -> None:
    other = report.model_copy(update={"settings": report.settings.model_copy(update={"seed": 8})})
    (written / "other.json").write_text(render_json(other), encoding="utf-8")
    code, out, _ = call("verify", "r.md", "--record", "other.json")
    assert code == 1
    assert "names another record" in out
    assert call("verify", "r.html", "--digest", other.digest)[0] == 1
    code, _, err = call("verify", "r.html", "--digest", "sha256:12")
    assert code == 2
    assert "64 hexadecimal digits" in err


def test_verify_does_not_compare_what_another_version_wrote(call: Call, written: Path) -> None:
    from modelaudit import verification

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verification, "__version__", "99.0")
        code, out, _ = call("verify", "r.html", "--record", RECORD)
    assert code == 3
    assert "this is 99.0" in out


def test_verify_reads_a_record_by_its_digest(call: Call, written: Path, report: AuditReport) -> None:
    text = RECORD.read_text(encoding="utf-8")
    for name, content in (
        ("ok.json", text),
        ("seed.json", text.replace('"seed": 7', '"seed": 8')),
        ("cut.json", text[: len(text) // 2]),
        ("empty.json", ""),
        ("host.json", text.replace("build-7", "build-8")),
    ):
        (written / name).write_text(content, encoding="utf-8")
    (written / "binary.json").write_bytes(b"\x89PNG\r\n\xff\xfe")
    code, out, _ = call("verify", "ok.json", "--digest", report.digest)
    assert code == 0
    assert report.digest in out
    for name in ("seed.json", "cut.json"):
        assert call("verify", name)[0] == 1
    for name in ("empty.json", "binary.json"):
        assert call("verify", name)[0] == 2
    code, out, _ = call("verify", "host.json")
    assert code == 1
    assert "times, host or command" in out
    assert call("verify", "ok.json", "--seal", report.digest)[0] == 2
    assert call("verify", "none.json")[0] == 2


def test_verify_says_which_inputs_differ_or_are_missing(call: Call, tmp_path: Path, report: AuditReport) -> None:
    folder = tmp_path / "inputs"
    (folder / "model").mkdir(parents=True)
    (folder / "rows.csv").write_text("a")
    (folder / "model" / "config.json").write_text("{}")
    (folder / "model" / "model.safetensors").write_text("w")
    (folder / "config.json").write_text("not the model's")

    def entry(role: str, name: str, content: str) -> InputRecord:
        return InputRecord(role=role, name=name, bytes=1, sha256=hashlib.sha256(content.encode()).hexdigest())

    def record(*inputs: InputRecord) -> None:
        provenance = report.provenance.model_copy(update={"inputs": inputs})
        text = render_json(report.model_copy(update={"provenance": provenance}))
        (tmp_path / "in.json").write_text(text, encoding="utf-8")

    good = (
        entry("data", "rows.csv", "a"),
        entry("model", "model/config.json", "{}"),
        entry("model", "renamed-since/model.safetensors", "w"),
    )
    record(*good)
    code, out, _ = call("verify", "in.json", "--inputs", folder)
    assert code == 0
    assert out.count("is the file that the audit read") == 3
    record(*good, entry("model", "model/model.safetensors", "other"), entry("policy", "../p.toml", "x"))
    code, out, _ = call("verify", "in.json", "--inputs", folder)
    assert code == 1
    assert "model/model.safetensors is not the file that the audit read" in out
    assert "policy ../p.toml is not in" in out
    record(*good, entry("policy", "p.toml", "x"))
    assert call("verify", "in.json", "--inputs", folder)[0] == 3
    assert call("verify", "in.json", "--inputs", tmp_path / "nowhere")[0] == 2
    assert call("verify", RECORD, "--inputs", folder)[0] == 3


def test_verify_can_not_read_a_newer_record_or_what_is_none(call: Call, tmp_path: Path) -> None:
    newer = json.loads(RECORD.read_text(encoding="utf-8")) | {"schema_version": "9.0"}
    for name, content, says in (
        ("newer.json", json.dumps(newer), "Upgrade modelaudit"),
        ("other.json", '{"a": 1}', "no modelaudit report"),
        ("list.json", "[1]", "no modelaudit report"),
        ("table.json", "text,label\na,b", "JSON"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        code, out, err = call("verify", name)
        assert (code, out) == (2, "")
        assert says in " ".join(err.split())


def test_verify_says_of_a_report_that_lost_its_seal_that_it_was_changed(call: Call, written: Path) -> None:
    page = (written / "r.html").read_text(encoding="utf-8").replace("modelaudit-seal", "x")
    (written / "r.html").write_text(page, encoding="utf-8")
    code, out, _ = call("verify", "r.html")
    assert code == 1
    assert "holds no seal" in out


def test_verify_says_of_what_is_no_report_that_it_has_no_seal(call: Call, tmp_path: Path) -> None:
    for name, content in (("a.html", "<!DOCTYPE html><p>"), ("b.md", "# x"), ("c.pdf", ""), ("d.bin", "\0\0")):
        (tmp_path / name).write_text(content)
        code, out, err = call("verify", name)
        assert (code, out) == (2, "")
        assert "holds no seal" in " ".join(err.split())
