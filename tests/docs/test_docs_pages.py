"""The documentation says what the code does: options, metrics, sizes, commands, examples, links."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections import defaultdict
from typing import get_args

import numpy as np
import pytest
import typer
from answer_audits import of_answers
from completion_audits import of_completions, write_completions
from corruption_audits import of_corruptions
from counterfactual_audits import of_substitutions
from data_audits import of_data
from group_audits import of_groups, write_applications
from pages import PAGES, ROOT, anchors, blocks, headings, links, name_of, prose, section, table, without_blocks
from privacy_audits import encoder, of_a_language_model, of_canaries, of_documents, of_names, write_csv
from prompt_audits import of_prompts
from stereotype_audits import of_stereotypes, write_stereotypes
from tagged_sentences import write_sentences

from modelaudit import Audit, cli
from modelaudit import checker as contract
from modelaudit.checker import Budget
from modelaudit.checkers.bias.stereotypes import preference
from modelaudit.checkers.data.drift import checker as drift
from modelaudit.checkers.data.duplicates import checker as duplicates
from modelaudit.checkers.data.labels import checker as label_errors
from modelaudit.checkers.data.shortcuts import checker as shortcuts
from modelaudit.checkers.performance import checker as performance
from modelaudit.checkers.performance.slices import checker as slices
from modelaudit.checkers.privacy.entities import exposure
from modelaudit.checkers.privacy.membership import checker as membership
from modelaudit.checkers.privacy.memory import memorisation
from modelaudit.checkers.privacy.personal import personal_data
from modelaudit.checkers.robustness.attack import checker as attack
from modelaudit.checkers.robustness.calibration import checker as calibration
from modelaudit.checkers.robustness.corruptions import checker as corruptions
from modelaudit.checkers.robustness.ood import checker as ood
from modelaudit.checkers.robustness.perturbation import checker as perturbation
from modelaudit.checkers.robustness.prompts import checker as prompts
from modelaudit.cli_demo import DemoTask
from modelaudit.frameworks import frameworks
from modelaudit.plan import configured
from modelaudit.plugins import Plugins
from modelaudit.policy_file import parse_policy, shipped_policies
from modelaudit.project_file import Settings, SubjectTable, read_project_file
from modelaudit.reports.words import LANGUAGES
from modelaudit.terminal import USAGE
from modelaudit.testing.planted import planted_classifier, planted_tag_rows
from modelaudit.text import frame_sentences
from modelaudit.training.canaries import plant_canaries
from modelaudit.verdicts import Gate

HEADINGS = [
    "What it measures",
    "Why it matters",
    "Method and sources",
    "How to read it",
    "When it misleads",
    "Calibration card",
    "Cost",
    "Example",
    "Options",
]
BANNED = re.compile(r"\b(biased|unbiased|safe|compliant|certified|no bias)\b|合规|认证|无偏见|无歧视", re.IGNORECASE)
COMMAND_LINE = ROOT / "docs" / "command-line.md"
EVERY = 10**9

BUNDLED = Plugins(installed=False)
CHECKERS = {registered.checker.info.id: registered.checker for registered in BUNDLED.checkers()}
SIZES = {
    "modelaudit/membership-inference": membership._rows_a_side,
    "modelaudit/memorisation": memorisation._rows_a_side,
    "modelaudit/canary-audit": lambda b: EVERY,
    "modelaudit/entity-exposure": exposure._names_an_arm,
    "modelaudit/personal-data": personal_data._most_rows,
    "modelaudit/counterfactual-substitution": lambda b: CHECKERS["modelaudit/counterfactual-substitution"]._wanted(b),
    "modelaudit/counterfactual-frames": lambda b: len(frame_sentences("en", "names")),
    "modelaudit/completion-bias": lambda b: CHECKERS["modelaudit/completion-bias"]._wanted(b),
    "modelaudit/group-performance": lambda b: CHECKERS["modelaudit/group-performance"]._wanted(b),
    "modelaudit/stereotype-preference": preference._most_pairs,
    "modelaudit/shapley-explanation": lambda b: CHECKERS["modelaudit/shapley-explanation"]._sample_size(b),
    "modelaudit/perturbation": perturbation._most_rows,
    "modelaudit/corruption-robustness": corruptions._most_rows,
    "modelaudit/prompt-robustness": prompts._most_rows,
    "modelaudit/adversarial-search": attack._most_rows,
    "modelaudit/calibration": calibration._most_rows,
    "modelaudit/out-of-distribution": ood._most_rows,
    "modelaudit/duplicates": duplicates._most_rows,
    "modelaudit/label-errors": label_errors._most_rows,
    "modelaudit/data-drift": drift._most_rows,
    "modelaudit/shortcuts": shortcuts._most_rows,
    "modelaudit/task-performance": performance._most_rows,
    "modelaudit/weak-slices": slices._most_rows,
}


def page_of(checker_id):
    return ROOT / "docs" / "checkers" / f"{checker_id.partition('/')[2]}.md"


@pytest.fixture(scope="module")
def results(classifier, rows, train_rows, tagger, tag_rows, tmp_path_factory):
    """The results of all bundled checkers on planted models, and of the privacy checkers where they say the most."""
    found = []
    for (model, tokenizer), data, train in (
        (classifier, rows, train_rows),
        (tagger, tag_rows, planted_tag_rows(120, seed=9, lexicon={"Emily": "B-PER", "Oslo": "B-LOC", "Acme": "B-ORG"})),
    ):
        given = {"tokenizer": tokenizer, "train_data": train, "plugins": BUNDLED}
        found += Audit(model, data, **given, preset="quick", sample=120, device="cpu").run().report.results
    given = {"plugins": BUNDLED}
    found += [*of_documents(given), *of_canaries(given, tmp_path_factory.mktemp("canaries"))]
    found += [*of_a_language_model(given), *of_names(given), *of_groups(given), *of_stereotypes(given)]
    found += [*of_substitutions(given), *of_data(given, tmp_path_factory.mktemp("data"))]
    found += of_answers(given, tmp_path_factory.mktemp("speech"))
    found += [*of_corruptions(given, tmp_path_factory.mktemp("corrupted")), *of_prompts(given)]
    found += of_completions(given, tmp_path_factory.mktemp("kind"))
    assert [(result.checker.id, result.reason) for result in found if result.status == "errored"] == []
    assert {result.checker.id for result in found if result.status == "completed"} == set(CHECKERS)
    return found


@pytest.fixture(scope="module")
def metrics(results):
    """The metrics of each checker by id, over all tasks."""
    by_checker = defaultdict(lambda: defaultdict(list))
    for result in results:
        for finding in result.findings:
            by_checker[result.checker.id][finding.metric.id].append(finding.metric)
    return by_checker


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the models and tables that the examples name.

    The classifier is right as often as it says, and heeds words that are too short for typing errors: its gate holds.
    """
    folder = tmp_path_factory.mktemp("project")
    words = {"fun": 3.0, "fit": 2.5, "new": 2.0, "bad": -3.0, "odd": -2.5, "sad": -2.0}
    model, tokenizer = planted_classifier(words, extra_vocabulary=("she", "he"))
    for name in ("models/claims-classifier", "acme/claims-classifier"):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    table_rows = agreeing_rows(320, words)
    encoder(tokenizer).save_pretrained(folder / "bert-base-cased")
    tokenizer.save_pretrained(folder / "bert-base-cased")
    # Numbers end the rows, and even and odd ones would tell the tables apart.
    order = np.random.default_rng(5).permutation(len(table_rows))
    for name, part in (("train.csv", order[:160]), ("holdout.csv", order[160:])):
        write_csv(folder / name, [table_rows[place] for place in part])
    write_stereotypes(folder)
    write_completions(folder)
    write_applications(folder / "applications.csv", table_rows)
    for name, count in (("train.conll", 24), ("dev.conll", 8)):
        write_sentences(folder / name, count)
    # An example that audits what another one planted may run in another process.
    plant_canaries(folder / "train.csv", out=folder / "train-planted.csv", manifest=folder / "canaries.json", count=400)
    (folder / "modelaudit.toml").write_text('preset = "quick"\n', encoding="utf-8")
    (folder / "row.key").write_text("0123456789abcdef" * 4, encoding="utf-8")
    audited = Audit(str(folder / "models" / "claims-classifier"), str(folder / "holdout.csv"), preset="quick")
    audited.run(only="performance").save(folder / "baseline.json", folder / "new.json")
    return folder


PLACES = (
    "office", "garden", "kitchen", "harbour", "library", "station", "market", "school", "bridge", "museum", "theatre",
    "bakery", "stable", "tower", "cellar", "chapel", "orchard", "village", "tunnel", "meadow", "quarry", "castle",
)  # fmt: skip


def agreeing_rows(n, words):
    """Rows with ten words of one mind: a search that edits a quarter of all words turns no answer."""
    rng = np.random.default_rng(4)
    rows = []
    for number in range(n):
        sign = 1 if rng.random() < 0.5 else -1
        chosen = rng.choice([word for word, weight in words.items() if weight * sign > 0], 10)
        place = PLACES[int(rng.integers(len(PLACES)))]
        text = f"{('She', 'He')[number % 2]} said the {place} was {' and '.join(chosen)} in case {rng.integers(10**6)}."
        rows.append({"text": text, "label": int(sign > 0)})
    return rows


def test_every_checker_has_a_page_and_every_page_a_checker():
    assert {page_of(checker_id) for checker_id in CHECKERS} == set((ROOT / "docs" / "checkers").glob("*.md"))


@pytest.mark.parametrize("checker_id", CHECKERS)
def test_a_checkers_page_has_its_headings_and_names_its_id_and_family(checker_id):
    page = page_of(checker_id)
    head = page.read_text(encoding="utf-8").partition("\n## ")[0]
    assert headings(page) == HEADINGS
    assert f"`{checker_id}`" in head
    assert CHECKERS[checker_id].info.risk.value in head
    assert blocks(page, "python")


@pytest.mark.parametrize("checker_id", CHECKERS)
def test_the_options_of_the_page_are_the_constructors_with_their_defaults(checker_id):
    parameters = inspect.signature(type(CHECKERS[checker_id])).parameters
    named = table(section(page_of(checker_id), "Options"), "option")
    assert {name: cells[0] for name, cells in named.items()} == {
        name: str(parameter.default) for name, parameter in parameters.items()
    }
    assert all(len(cells) == 2 and cells[1] for cells in named.values())
    assert named or "no options" in section(page_of(checker_id), "Options")


@pytest.mark.parametrize("checker_id", CHECKERS)
def test_the_metrics_of_the_page_are_those_that_the_checker_yields(checker_id, metrics):
    named = table(section(page_of(checker_id), "Method and sources"), "metric")
    assert set(named) == set(metrics[checker_id])
    for metric_id, (unit, better, judged) in named.items():
        found = metrics[checker_id][metric_id]
        assert {metric.unit for metric in found} <= set(re.split(r",? or ", unit)) | {unit}
        assert {metric.better for metric in found} == {better}
        assert any(metric.primary for metric in found) == ("yes" in judged)


@pytest.mark.parametrize("checker_id", CHECKERS)
def test_the_sample_sizes_of_the_page_and_of_the_presets_are_the_codes(checker_id):
    by_preset = table(section(page_of(checker_id), "Method and sources"), "preset")
    assert list(by_preset) == ["quick", "standard", "full"]
    for preset, cells in by_preset.items():
        size = SIZES[checker_id](Budget(preset))
        assert cells[0] == ("all" if size == EVERY else f"{size:,}")


def test_the_presets_of_the_command_line_page_are_the_codes():
    columns = {
        "membership": "modelaudit/membership-inference",
        "memorisation": "modelaudit/memorisation",
        "names": "modelaudit/entity-exposure",
        "personal data": "modelaudit/personal-data",
        "substitution": "modelaudit/counterfactual-substitution",
        "explanations": "modelaudit/shapley-explanation",
        "perturbation": "modelaudit/perturbation",
        "calibration": "modelaudit/calibration",
        "groups": "modelaudit/group-performance",
        "pairs of sentences": "modelaudit/stereotype-preference",
    }
    text = section(COMMAND_LINE, "Presets")
    head = next(line for line in text.splitlines() if line.startswith("| preset"))
    named = [cell.strip().partition(",")[0] for cell in head.strip("|").split("|")][1:]
    assert named
    for preset, cells in table(text, "preset").items():
        sizes = [SIZES[columns[name]](Budget(preset)) for name in named]
        assert cells == ["all" if size == EVERY else f"{size:,}" for size in sizes]


EXAMPLES = [block for page in PAGES if page.parent.name != "tutorial" for block in blocks(page, "python")]


@pytest.mark.parametrize("block", [block for block in EXAMPLES if not block.unrun], ids=lambda block: block.name)
def test_an_example_runs(block, project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    # A block without an import shows the contract as it stands in `modelaudit.checker`, so it may use its names.
    known = {} if "import " in block.text else vars(contract)
    exec(compile(block.text, block.name, "exec"), {**known, "__name__": "example"})
    if "print(" in block.text:
        assert capsys.readouterr().out.strip()
    for path in re.findall(r'"([^"]+)"', " ".join(re.findall(r"\.save\(([^)]*)\)", block.text))):
        assert (project / path).stat().st_size > 1_000


def test_the_policy_of_the_page_is_accepted_and_speaks_of_what_exists(metrics):
    [block] = [block for block in blocks(ROOT / "docs" / "policy.md", "toml") if "[[limit]]" in block.text]
    policy = parse_policy(block.text.encode(), where=block.name)
    for entry in (*policy.limit, *policy.waiver):
        found = metrics[entry.checker][entry.metric]
        assert any(metric.primary and entry.group in (None, metric.group) for metric in found)


def test_the_project_file_of_the_page_is_accepted(tmp_path):
    for block in blocks(ROOT / "docs" / "project-file.md", "toml"):
        file = tmp_path / "modelaudit.toml"
        file.write_text(block.text, encoding="utf-8")
        content = read_project_file(file)
        assert content.checkers
        configured(BUNDLED.checkers(), content.checkers)


def test_the_project_file_of_the_page_names_every_key():
    [block] = blocks(ROOT / "docs" / "project-file.md", "toml")
    named = tomllib.loads(block.text)
    assert set(named) == set(Settings.model_fields)
    assert set(named["subject"]) == set(SubjectTable.model_fields)


@pytest.mark.parametrize(
    ("page", "head", "there"),
    [
        ("formats.md", "name ends in", BUNDLED.renderers()),
        ("policy.md", "policy", shipped_policies()),
        ("frameworks.md", "id", [framework.id for framework in frameworks()]),
    ],
)
def test_a_page_names_what_comes_with_the_program_and_nothing_else(page, head, there):
    assert set(table(without_blocks(ROOT / "docs" / page), head)) == set(there)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page):
    broken = []
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def commands():
    """The commands that the page shows, each with the options in its line or lines."""
    [block] = blocks(COMMAND_LINE, "console")
    found = {}
    for line in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        words = line.partition("#")[0]
        name = re.match(r"modelaudit((?: [a-z]+(?:-[a-z]+)*(?=\s))*)", words)[1].strip()
        found[name] = (set(re.findall(r"--[a-z-]+", words)), "…" in words, words)
    return found


def options_of(command):
    # What a switch is turned off by is told where it is neither on nor off by itself.
    every = [o for each in command.params for o in (*each.opts, *(each.secondary_opts if each.default is None else ()))]
    return {option for option in every if option.startswith("--")} - {"--help"}


def programs():
    """The commands of the program, those of a group under the group's name and their own."""
    found = {}
    for name, command in typer.main.get_command(cli.app).commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {part}": inner[part] for part in inner}
    return found


def test_the_commands_of_the_page_are_those_of_the_program():
    assert set(commands()) - {""} == set(programs())


@pytest.mark.parametrize("name", programs())
def test_the_options_of_a_command_are_on_the_page(name):
    shown, and_so_on, _ = commands()[name]
    real = options_of(programs()[name])
    if name == "plan":
        assert and_so_on
        assert real <= commands()["run"][0]
    else:
        assert shown == real


def test_the_options_of_the_program_itself_are_on_the_page():
    text = COMMAND_LINE.read_text(encoding="utf-8")
    assert [option for option in options_of(typer.main.get_command(cli.app)) if option not in text] == []


def test_the_choices_of_the_page_are_those_of_the_program():
    words = " ".join(shown for _, _, shown in commands().values())
    for option, choices in (
        ("device", cli.Device),
        ("preset", cli.PresetName),
        ("task", DemoTask),
        ("language", LANGUAGES),
    ):
        assert f"--{option} {'|'.join(choices)}]" in words


def test_the_exit_codes_are_on_the_page():
    gate = {str(code) for code in get_args(Gate.model_fields["exit_code"].annotation)}
    assert set(table(prose(COMMAND_LINE), "exit code")) == gate | {str(USAGE)}
    assert set(table(section(ROOT / "docs" / "policy.md", "The gate"), "exit code")) == gate


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_uses_a_banned_word(page):
    assert BANNED.findall(prose(page)) == []


def test_no_sentence_of_a_checker_uses_a_banned_word(results):
    said = []
    for result in results:
        info = result.checker
        said += [info.title, info.question, info.summary, *info.not_shown, *info.remedies, *result.notes]
        for finding in result.findings:
            said += [finding.statement, finding.confounded or "", finding.metric.title, *finding.caveats]
    assert [sentence for sentence in said if BANNED.search(sentence)] == []
