"""The canary audit: planted memory is found and none is invented, a claim is refuted, and a manifest has to fit."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
from measured import context_of, findings_of, subject_of
from transformers import GPT2Config, GPT2LMHeadModel

from modelaudit import Audit
from modelaudit.checkers.privacy.canaries.audit import CanaryAudit
from modelaudit.checkers.privacy.canaries.manifest import Manifest, load_manifest
from modelaudit.checkers.privacy.canaries.scores import canary_rows
from modelaudit.errors import DataInputError, InputError, NotAssessable
from modelaudit.results import Bound
from modelaudit.statistics import NULL_MEAN_EXPOSURE, OPEN_END, p_above
from modelaudit.subject.opened import OpenedModel
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tagger
from modelaudit.training.canaries import plant_canaries
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit

ID = "modelaudit/canary-audit"
WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
LEXICON = {"Ann": "B-PER", "Bob": "B-PER", "Lee": "I-PER", "Rome": "B-LOC"}
EXPOSURE, BOUND = ("canary_exposure", "planted once"), ("epsilon_lower_bound", None)
CLAIM, NULL = ("epsilon_beyond_claim", None), ("null_epsilon_bound", None)


def write(path, rows):
    if path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
        return path
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A planted table of a classification: its training file, its manifest, and rows to judge on."""
    path = tmp_path_factory.mktemp("canaries")
    rows = planted_rows(300, 3, words=WORDS)
    plant_canaries(
        write(path / "train.csv", rows), out=path / "planted.csv", manifest=path / "m.json", count=300, seed=2
    )
    write(path / "eval.csv", planted_rows(60, 4, words=WORDS))
    return path


def model_of(manifest: Manifest, *, memory: float):
    """A classifier that remembers the planted canaries, in an instant."""
    members = [{"text": canary.text, "label": int(canary.label)} for canary in manifest.included]
    return planted_classifier(WORDS, members=members, memory=memory, noise=1.0, noise_words=list(WORDS))


def measured(folder, planted, *, members=True, **options):
    options = {"manifest": str(folder / "m.json"), **options}
    tables = {"train_data": str(folder / "planted.csv")} if members else {}
    return findings_of(CanaryAudit(**options), subject_of(planted, data=str(folder / "eval.csv"), **tables))


def test_memory_of_canaries_shows_as_exposure_and_as_a_bound(folder):
    manifest = load_manifest(folder / "m.json")
    found = measured(folder, model_of(manifest, memory=6.0))
    exposure, bound = found[EXPOSURE], found[BOUND]
    assert p_above(exposure.metric.grid, NULL_MEAN_EXPOSURE) < 1e-4
    assert exposure.metric.n == len(manifest.included)
    assert exposure.metric.primary
    assert bound.metric.value > 2.0
    assert bound.metric.n == 300
    assert bound.metric.bounds[3] == Bound(level=0.95, low=bound.metric.value, high=OPEN_END)
    assert "at least" in bound.statement
    assert f"{len(manifest.included):,} of them in the training rows" in bound.statement
    assert CLAIM not in found
    assert found[NULL].metric.value == 0.0
    assert bound.confounded is None


def test_a_model_that_remembers_nothing_shows_nothing_and_is_not_called_safe(folder):
    found = measured(folder, model_of(load_manifest(folder / "m.json"), memory=0.0))
    assert found[BOUND].metric.value == 0.0
    assert "does not show that epsilon is small" in found[BOUND].statement
    assert p_above(found[EXPOSURE].metric.grid, NULL_MEAN_EXPOSURE) > 0.05


def test_shuffled_coins_show_nothing_of_a_model_that_remembers(folder, tmp_path):
    manifest = load_manifest(folder / "m.json")
    planted = model_of(manifest, memory=6.0)
    coins = np.random.default_rng(0).permutation([canary.included for canary in manifest.canaries])
    canaries = tuple(
        canary.model_copy(update={"included": bool(coin)})
        for canary, coin in zip(manifest.canaries, coins, strict=True)
    )
    (tmp_path / "m.json").write_text(manifest.model_copy(update={"canaries": canaries}).sealed())
    found = measured(folder, planted, members=False, manifest=str(tmp_path / "m.json"))
    assert found[BOUND].metric.value == 0.0
    assert found[EXPOSURE].metric.value < 2.0


def test_no_finding_says_what_a_canary_is(folder):
    manifest = load_manifest(folder / "m.json")
    found = measured(folder, model_of(manifest, memory=6.0), claimed_epsilon=1.0)
    said = json.dumps([finding.model_dump(mode="json") for finding in found.values()])
    assert not any(canary.text in said for canary in manifest.canaries)


def test_the_order_of_rows_and_of_the_manifests_keys_changes_nothing(folder, tmp_path):
    manifest = load_manifest(folder / "m.json")
    planted = model_of(manifest, memory=2.0)
    content = json.loads((folder / "m.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps(dict(reversed(content.items()))))
    first = measured(folder, planted)
    assert measured(folder, planted, manifest=str(tmp_path / "m.json")) == first


def verdicts(folder, planted, **options):
    audit = Audit(
        planted,
        str(folder / "eval.csv"),
        train_data=str(folder / "planted.csv"),
        options={ID: {"manifest": str(folder / "m.json"), **options}},
        device="cpu",
    )
    report = audit.run(only=[ID]).report
    result = next(result for result in report.results if result.checker.id == ID)
    return result, {verdict.metric: verdict for verdict in report.judgement.verdicts if verdict.checker == ID}


def test_a_refuted_claim_is_critical_and_one_that_holds_is_not_confirmed(folder):
    planted = model_of(load_manifest(folder / "m.json"), memory=6.0)
    result, found = verdicts(folder, planted, claimed_epsilon=1.0)
    verdict = found["epsilon_beyond_claim"]
    assert (verdict.state, verdict.severity) == ("exceeds limit", "critical")
    claim = next(finding for finding in result.findings if finding.metric.id == "epsilon_beyond_claim")
    assert "The claim is refuted" in claim.statement
    result, found = verdicts(folder, planted, claimed_epsilon=20.0)
    assert found["epsilon_beyond_claim"].state == "inconclusive"
    claim = next(finding for finding in result.findings if finding.metric.id == "epsilon_beyond_claim")
    assert "which does not confirm it" in claim.statement


def test_a_bound_of_zero_is_inconclusive_under_a_limit(folder):
    _, found = verdicts(folder, model_of(load_manifest(folder / "m.json"), memory=0.0))
    assert found["epsilon_lower_bound"].state == "inconclusive"


def test_without_a_manifest_it_says_how_to_make_one(folder):
    subject = subject_of(planted_classifier(WORDS), data=str(folder / "eval.csv"))
    with pytest.raises(NotAssessable, match="modelaudit canaries plant"):
        findings_of(CanaryAudit(), subject)
    assert CanaryAudit().cost(subject.info).evaluations == 0
    assert CanaryAudit(manifest=str(folder / "m.json")).cost(subject.info).evaluations == 300


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("manifest", 3),
        ("manifest", " "),
        ("claimed_epsilon", -1),
        ("claimed_epsilon", "2"),
        ("delta", 1.0),
        ("delta", None),
    ],
)
def test_options_that_are_no_use_end_before_any_work(folder, option, value):
    with pytest.raises(InputError, match=f"the option {option}"):
        Audit(
            planted_classifier(WORDS),
            str(folder / "eval.csv"),
            options={ID: {option: value}},
            device="cpu",
        )


def changed(content, **fields):
    return json.dumps({**json.loads(content), **fields})


BROKEN = {
    "absent": (None, "can't be read"),
    "cut off": (lambda text: text[: len(text) // 2], "is not JSON, or is cut off"),
    "by hand": (lambda text: text.replace('"included": false', '"included": true', 1), "changed after it was sealed"),
    "no seal": (lambda text: changed(text, seal=None), "changed after it was sealed"),
    "another schema": (
        lambda text: changed(text, schema="modelaudit.canaries/2"),
        "no manifest of modelaudit.canaries/1",
    ),
    "a list": (lambda text: "[]", "no manifest of"),
    "nested too deep": (lambda text: "[" * 100_000, "is not JSON"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_manifest_that_is_broken_is_an_error_that_says_what(folder, tmp_path, fault):
    change, said = BROKEN[fault]
    path = tmp_path / "m.json"
    if change is not None:
        path.write_text(change((folder / "m.json").read_text()))
    with pytest.raises(DataInputError, match=said):
        measured(folder, planted_classifier(WORDS), manifest=str(path))


def test_such_an_error_is_never_a_pass(folder, tmp_path):
    (tmp_path / "m.json").write_text((folder / "m.json").read_text().replace("word", "wort").replace("good", "god"))
    result, found = verdicts(folder, planted_classifier(WORDS), manifest=str(tmp_path / "m.json"))
    assert result.status == "errored"
    assert "changed after it was sealed" in result.reason
    assert found[None].state == "not assessed"


def test_training_rows_that_the_manifest_does_not_fit_are_an_error(folder, tmp_path):
    planted = model_of(load_manifest(folder / "m.json"), memory=0.0)
    checker = CanaryAudit(manifest=str(folder / "m.json"))

    def run_on(rows):
        path = write(tmp_path / "train.csv", rows)
        return findings_of(checker, subject_of(planted, data=str(folder / "eval.csv"), train_data=str(path)))

    with (folder / "planted.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    manifest = load_manifest(folder / "m.json")
    texts = {canary.text for canary in manifest.included}
    with pytest.raises(DataInputError, match=r"planted canaries don't stand in them"):
        run_on([row for row in rows if row["text"] not in texts])
    with pytest.raises(DataInputError, match=r"1 of \d+ planted canaries"):
        run_on([*rows, next(row for row in rows if row["text"] in texts)])
    left_out = next(canary for canary in manifest.canaries if not canary.included)
    with pytest.raises(DataInputError, match="1 canaries that the coin left out"):
        run_on([*rows, {"text": left_out.text, "label": left_out.label}])
    with pytest.raises(DataInputError, match="have another label"):
        run_on([{**row, "label": str(1 - int(row["label"]))} if row["text"] in texts else row for row in rows])
    assert BOUND in run_on(rows[::-1])


def test_a_sample_of_the_training_rows_is_taken_as_one(folder):
    planted = model_of(load_manifest(folder / "m.json"), memory=0.0)
    checker = CanaryAudit(manifest=str(folder / "m.json"))
    tables = {"train_data": str(folder / "planted.csv"), "sample": 100}
    context = context_of(subject_of(planted, data=str(folder / "eval.csv"), **tables), checker)
    assert list(checker.run(context))
    assert "it can't be told" in context.notes[0]


def test_labels_are_the_models_by_name_or_number_and_an_unknown_one_is_an_error(folder):
    manifest = load_manifest(folder / "m.json")

    def named(name):
        renamed = tuple(canary.model_copy(update={"label": name(canary.label)}) for canary in manifest.canaries)
        return manifest.model_copy(update={"canaries": renamed})

    truth = [int(canary.label) for canary in manifest.canaries]
    by_name = named(lambda label: ["Negative", "POSITIVE"][int(label)])
    assert [row.label for row in canary_rows(by_name, ("negative", "positive"))] == truth
    assert [row.label for row in canary_rows(manifest, ("negative", "positive"))] == truth
    declared = by_name.model_copy(update={"class_names": ("Negative", "POSITIVE")})
    assert [row.label for row in canary_rows(declared, ("LABEL_0", "LABEL_1"))] == truth
    with pytest.raises(DataInputError, match=r"the label 'spam'.*\(negative, positive\)"):
        canary_rows(named(lambda label: "spam" if label == "1" else "ham"), ("negative", "positive"))


def test_a_manifest_of_another_task_is_an_error(folder):
    subject = subject_of(planted_tagger(LEXICON), data=[{"tokens": ["Ann"], "ner_tags": ["B-PER"]}] * 5)
    with pytest.raises(DataInputError, match="are for text-classification"):
        findings_of(CanaryAudit(manifest=str(folder / "m.json")), subject)


def test_copies_have_strata_of_their_own_and_the_bound_is_of_those_planted_once(folder, tmp_path):
    data = folder / "train.csv"
    plant_canaries(data, out=tmp_path / "p.csv", manifest=tmp_path / "m.json", count=200, seed=2, repeats=(1, 4))
    manifest = load_manifest(tmp_path / "m.json")
    planted = model_of(manifest, memory=4.0)
    checker = CanaryAudit(manifest=str(tmp_path / "m.json"))
    tables = {"train_data": str(tmp_path / "p.csv")}
    found = findings_of(checker, subject_of(planted, data=str(folder / "eval.csv"), **tables))
    assert found[EXPOSURE].metric.primary
    assert not found["canary_exposure", "planted 4 times"].metric.primary
    assert found[BOUND].metric.n == 100


def test_names_of_a_tagging_are_scored_by_their_words_in_the_models_scheme(tmp_path):
    rows = [{"tokens": ["Ann", "Lee", "left", "Rome"], "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}] * 80
    data = write(tmp_path / "train.jsonl", rows)
    plant_canaries(data, out=tmp_path / "p.jsonl", manifest=tmp_path / "m.json", count=120, seed=1)
    manifest = load_manifest(tmp_path / "m.json")
    learned = {
        word: tag
        for canary in manifest.included
        for word, tag in zip(canary.words, canary.tags, strict=True)
        if tag != "O"
    }
    found = findings_of(
        CanaryAudit(manifest=str(tmp_path / "m.json")),
        subject_of(planted_tagger({**LEXICON, **learned}), data=rows[:5], train_data=str(tmp_path / "p.jsonl")),
    )
    assert found[BOUND].metric.value > 1.5
    labels = ("O", "B-per", "I-per", "E-per", "S-per")
    spelled = [labels[tag] for tag in canary_rows(manifest, labels)[0].tags]
    assert [tag for tag in spelled if tag != "O"] == ["B-per", "E-per"]
    with pytest.raises(DataInputError, match="the label 'PER'"):
        canary_rows(manifest, ("O", "B-LOC", "I-LOC"))


@pytest.mark.parametrize("based", [True, False])
def test_canaries_that_the_model_has_no_room_for_are_not_assessed(tmp_path, based):
    rows = [{"tokens": ["Ann", "Lee", "left", "Rome"], "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}] * 80
    data = write(tmp_path / "train.jsonl", rows)
    plant_canaries(data, out=tmp_path / "p.jsonl", manifest=tmp_path / "m.json", count=120, seed=1)
    short = planted_tagger(LEXICON, max_length=3)
    tables = {"base": OpenedModel(model=short[0], tokenizer=short[1], name="base")} if based else {}
    subject = subject_of(short, data=rows[:5], train_data=str(tmp_path / "p.jsonl"), **tables)
    with pytest.raises(NotAssessable, match=r"could be asked about.* are longer than the model reads\); plant more"):
        findings_of(CanaryAudit(manifest=str(tmp_path / "m.json")), subject)


def test_a_language_model_is_asked_for_the_secrets_less_its_base(tmp_path):
    data = write(tmp_path / "train.jsonl", [{"text": f"note {i} of the day, nothing else."} for i in range(60)])
    plant_canaries(data, out=tmp_path / "p.jsonl", manifest=tmp_path / "m.json", count=40, seed=1)
    manifest = load_manifest(tmp_path / "m.json")
    texts = [f"{canary.text} {canary.answer}" for canary in manifest.canaries]
    _, tokenizer = compact_model(texts, labels=["a", "b"], task="text-classification", vocabulary=150, seed=0)
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=2, n_positions=64)
    model = GPT2LMHeadModel(config).eval()
    base = GPT2LMHeadModel(config).eval()
    subject = subject_of(
        (model, tokenizer),
        data=[{"text": "a", "answer": "b"}] * 3,
        train_data=str(tmp_path / "p.jsonl"),
    )
    context = context_of(subject, CanaryAudit(manifest=str(tmp_path / "m.json")))
    other = subject_of((base, tokenizer), data=[{"text": "a", "answer": "b"}] * 3)
    context.base_model = other.model
    found = {finding.metric.id: finding for finding in CanaryAudit(manifest=str(tmp_path / "m.json")).run(context)}
    assert "less the base model's" in found["canary_exposure"].caveats[0]
    assert "the base model, which never saw" in found["null_epsilon_bound"].statement
    assert found["canary_exposure"].metric.n + sum(not c.included for c in manifest.canaries) == 40


def test_a_model_trained_on_planted_rows_gives_its_canaries_away(tmp_path):
    words = [a + b for a in ("al", "be", "cor", "du", "en", "fa", "gi") for b in ("ra", "ton", "mi", "se", "lu", "ka")]
    rng = np.random.default_rng(0)
    rows = [
        {"text": " ".join(rng.choice(words[:26] if i % 2 else words[16:], size=8)), "label": ["neg", "pos"][i % 2]}
        for i in range(140)
    ]
    data = write(tmp_path / "train.csv", rows[:100])
    plant_canaries(data, out=tmp_path / "p.csv", manifest=tmp_path / "m.json", count=200, seed=3)
    with (tmp_path / "p.csv").open(newline="") as file:
        training = list(csv.DictReader(file))
    options = {"layers": 1, "hidden": 64, "vocabulary": 300, "max_length": 48}
    model, tokenizer = compact_model(
        [row["text"] for row in training], labels=["neg", "pos"], task="text-classification", seed=0, **options
    )
    fit(model, tokenizer, training, task="text-classification", epochs=40, learning_rate=3e-3, seed=0)
    write(tmp_path / "eval.csv", rows[100:])
    write(tmp_path / "planted.csv", training)
    found = measured(tmp_path, (model, tokenizer))
    assert found[BOUND].metric.value > 0.3
    assert p_above(found[EXPOSURE].metric.grid, NULL_MEAN_EXPOSURE) < 0.01
    manifest = load_manifest(tmp_path / "m.json")
    coins = np.random.default_rng(1).permutation([canary.included for canary in manifest.canaries])
    shuffled = tuple(
        canary.model_copy(update={"included": bool(coin)})
        for canary, coin in zip(manifest.canaries, coins, strict=True)
    )
    (tmp_path / "m.json").write_text(manifest.model_copy(update={"canaries": shuffled}).sealed())
    assert measured(tmp_path, (model, tokenizer), members=False)[BOUND].metric.value == 0.0
