"""The reference trainer beside a plain Trainer script with the same base: how well the model tags, and what it takes.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/bench_training.py

Both arms read the same CoNLL files, train as long, evaluate and keep a checkpoint each epoch, and save their best
weights; both are scored on the test file by one yardstick that belongs to neither. Arms take turns, and on a CPU
seconds are CPU seconds at one thread, since wall time on a shared machine measures its neighbours. CONLL2003, where it
names a folder with train.txt, valid.txt and test.txt, adds that corpus.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from engine.clock import Clock
from mending.plain import trained_plainly
from mending.tagging import Corpus, Measured, corpora, scored
from privacy.units import quiet
from real_run import encoder_folder
from study import RESULTS, Figure, at_least, at_most, write_study

from modelaudit.training import ReferenceTrainer

NAME = "bench_training"
LEARNING = {"epochs": 3.0, "batch_size": 32, "learning_rate": 5e-5}
"""What the reference trainer takes for a pretrained encoder by default, said out for the plain script."""
SLACK = 0.005
"""By how much entity F1 may be lower before it is called worse; two seeds of one arm differed by .003."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--turns", type=int, default=3, help="trainings an arm, each with a seed of its own")
    parser.add_argument("--rows", type=int, help="train the encoder on at most so many sentences of each file")
    parser.add_argument("--only", nargs="+", choices=("encoder", "compact"), default=("encoder", "compact"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    quiet()
    clock = Clock(device=arguments.device)
    figures, records = [Figure("hardware", clock.hardware, "")], []
    with tempfile.TemporaryDirectory(prefix="modelaudit-bench-") as scratch:
        for corpus in corpora(Path(scratch), most=arguments.rows):
            if corpus.missing is not None:
                figures.append(Figure(f"{corpus.name}: entity F1", None, f"not measured: {corpus.missing}"))
            elif "encoder" in arguments.only:
                both = [turn(corpus, Path(scratch), clock, seed) for seed in range(arguments.turns)]
                records += [one for pair in both for one in pair]
                figures += compared(corpus, both, clock)
        for corpus in corpora(Path(scratch), most=None):
            if corpus.missing is None and "compact" in arguments.only:
                one = reference(corpus, Path(scratch), clock, 0, base="compact", learning={})
                records.append(one)
                figures += alone(corpus, one, clock)
    options = [f"--device {arguments.device}"] if arguments.device != "cpu" else []
    options += [] if arguments.turns == 3 else [f"--turns {arguments.turns}"]
    options += [] if arguments.rows is None else [f"--rows {arguments.rows}"]
    options += [] if len(arguments.only) == 2 else [f"--only {' '.join(arguments.only)}"]
    command = " ".join(["OMP_NUM_THREADS=1 python", f"benchmarks/{NAME}.py", *options])
    name = NAME if arguments.device == "cpu" else f"{NAME}_gpu"
    name += "_compact" if list(arguments.only) == ["compact"] else ""
    told = {"trainings": [one.as_record() for one in records]}
    write_study(name, figures, 0, command, arguments.out, records=told)


def turn(corpus: Corpus, scratch: Path, clock: Clock, seed: int) -> tuple[Measured, Measured]:
    """Train both arms with one seed, the reference first in even turns."""
    arms = {
        "plain": lambda: plain(corpus, scratch, clock, seed),
        "reference": lambda: reference(corpus, scratch, clock, seed, base=encoder_folder(), learning=LEARNING),
    }
    order = ("reference", "plain") if seed % 2 == 0 else ("plain", "reference")
    found = {name: arms[name]() for name in order}
    return found["reference"], found["plain"]


def reference(corpus: Corpus, scratch: Path, clock: Clock, seed: int, *, base: str, learning: dict) -> Measured:
    out = scratch / f"reference-{corpus.name}-{Path(base).name}-{seed}"
    trainer = ReferenceTrainer(
        str(corpus.train),
        task="ner",
        base_model=base,
        out=out,
        dev_data=str(corpus.dev),
        device=clock.device,
        seed=seed,
        **learning,
    )
    with clock.running():
        trained, spent = clock.time(trainer.train)
    return Measured(
        "reference", corpus.name, seed, clock.seconds(spent), trained.record.updates, scored(out, corpus, clock.device)
    )


def plain(corpus: Corpus, scratch: Path, clock: Clock, seed: int) -> Measured:
    out = scratch / f"plain-{corpus.name}-{seed}"
    with clock.running():
        updates, spent = clock.time(
            lambda: trained_plainly(corpus, encoder_folder(), out, seed=seed, device=clock.device, **LEARNING)
        )
    return Measured("plain", corpus.name, seed, clock.seconds(spent), updates, scored(out, corpus, clock.device))


def compared(corpus: Corpus, both: list[tuple[Measured, Measured]], clock: Clock) -> list[Figure]:
    ours, theirs = ([pair[arm] for pair in both] for arm in (0, 1))
    f1 = [float(np.mean([one.scores["entity F1"] for one in arm])) for arm in (ours, theirs)]
    micro = [float(np.mean([one.scores["token micro F1"] for one in arm])) for arm in (ours, theirs)]
    ratios = [mine.seconds / other.seconds for mine, other in both]
    bar = corpus.bars
    return [
        Figure(f"{corpus.name}: training sentences", corpus.sentences, "sentences"),
        at_least(f"{corpus.name}: entity F1 on test", f1[0], bar["entity F1"], unit="F1")
        if bar
        else Figure(f"{corpus.name}: entity F1 on test", f1[0], "F1"),
        at_least(f"{corpus.name}: token micro average on test", micro[0], bar["token micro F1"], unit="share")
        if bar
        else Figure(f"{corpus.name}: token micro average on test", micro[0], "share"),
        Figure(f"{corpus.name}: plain Trainer script, entity F1 on test", f1[1], "F1"),
        at_least(f"{corpus.name}: entity F1 less the plain script's", f1[0] - f1[1], -SLACK, unit="F1"),
        Figure(f"{corpus.name}: updates, reference and plain", f"{ours[0].updates}, {theirs[0].updates}", "updates"),
        Figure(f"{corpus.name}: time", float(np.median([one.seconds for one in ours])), clock.mode),
        at_most(f"{corpus.name}: time of the plain script's, median", float(np.median(ratios)), 1.05, unit="ratio"),
        Figure(f"{corpus.name}: the same, turn by turn", ", ".join(f"{ratio:.3f}" for ratio in ratios), "ratio"),
    ]


def alone(corpus: Corpus, one: Measured, clock: Clock) -> list[Figure]:
    return [
        Figure(f"{corpus.name}, compact: entity F1 on test", one.scores["entity F1"], "F1"),
        Figure(f"{corpus.name}, compact: token micro average on test", one.scores["token micro F1"], "share"),
        Figure(f"{corpus.name}, compact: time", one.seconds, clock.mode),
    ]


if __name__ == "__main__":
    main()
