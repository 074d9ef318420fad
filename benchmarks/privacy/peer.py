"""Run ART's black-box membership attack on answers in a file; for an environment that has ART, and nothing of ours.

python peer.py ASKED.npz TOLD.npz "random forest" "neural network"
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from art import __version__
from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
from art.estimators.classification import BlackBoxClassifier

MODELS = {"random forest": "rf", "neural network": "nn"}


def main(asked: str, told: str, *kinds: str) -> None:
    given = np.load(asked)
    answers, labels = given["answers"].astype(np.float32), given["labels"]
    member, fit = given["is_member"], given["fit"]
    classes = answers.shape[1]
    # The answers are there already; the attack takes them as they are and asks nothing.
    rows = np.arange(len(answers), dtype=np.float32)[:, None]
    model = BlackBoxClassifier(lambda x: answers[x[:, 0].astype(int)], (1,), classes)
    scores, facts = {}, {"version": __version__}
    for kind in kinds:
        np.random.seed(0)  # noqa: NPY002  its own generator
        if MODELS[kind] == "nn":
            import torch

            torch.manual_seed(0)
            torch.set_num_threads(1)
        started = time.perf_counter()
        attack = MembershipInferenceBlackBox(model, attack_model_type=MODELS[kind])
        inside, outside = fit & member, fit & ~member
        attack.fit(
            rows[inside],
            labels[inside],
            rows[outside],
            labels[outside],
            pred=answers[inside],
            test_pred=answers[outside],
        )
        found = attack.infer(rows, labels, pred=answers, probabilities=True)
        facts[kind] = time.perf_counter() - started
        # Some kinds give the probability of "member" alone, some of both.
        scores[kind] = found.reshape(len(answers), -1)[:, -1]
    np.savez(told, **scores)
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
