"""Small audits that make the privacy checkers say all that they can: what the pages tell of is looked for in these."""

from __future__ import annotations

import csv
from copy import deepcopy

import numpy as np
import torch
from transformers import BertConfig, BertModel

from modelaudit import Audit
from modelaudit.checkers.privacy.canaries.manifest import load_manifest
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tagger, word_noise
from modelaudit.training.canaries import plant_canaries
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit
from rememberers import remembering

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}


def encoder(tokenizer):
    """Return a small encoder without a head that reads a tokenizer's words."""
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    return BertModel(BertConfig(vocab_size=len(tokenizer), **sizes), add_pooling_layer=False)


def of_documents(given):
    """Membership of rows that come from documents, with the encoder that the model began as."""
    members, heldout = (
        [{**row, "letter": f"{side} {place // 2}"} for place, row in enumerate(planted_rows(240, seed, words=WORDS))]
        for side, seed in (("in", 1), ("out", 2))
    )
    made = {"labels": ["0", "1"], "task": "text-classification", "layers": 1, "hidden": 32, "heads": 2, "seed": 0}
    model, tokenizer = compact_model([row["text"] for row in members], **made)
    before = deepcopy(model.bert)
    fit(model, tokenizer, members, task="text-classification", epochs=2, learning_rate=1e-3, seed=0)
    tables = {"train_data": members, "base_model": (before, tokenizer), "group_column": "letter"}
    return audited((model, tokenizer), heldout, only="membership-inference", **tables, **given)


def of_canaries(given, folder):
    """Canaries that the model knows, and a claim that they refute."""
    table, planted, manifest = (folder / name for name in ("train.csv", "planted.csv", "canaries.json"))
    write_csv(table, planted_rows(100, 3, words=WORDS))
    plant_canaries(table, out=planted, manifest=manifest, count=200, seed=2)
    members = [{"text": canary.text, "label": int(canary.label)} for canary in load_manifest(manifest).included]
    model = planted_classifier(WORDS, members=members, memory=6.0, noise=1.0, noise_words=list(WORDS))
    options = {"modelaudit/canary-audit": {"manifest": str(manifest), "claimed_epsilon": 1.0}}
    tables = {"train_data": str(planted), "options": options}
    return audited(model, planted_rows(60, 4, words=WORDS), only="canary-audit", **tables, **given)


def of_a_language_model(given):
    """Rows that a language model knows by heart, and the model that it was before."""
    model, before, tokenizer, members, heldout = remembering()
    members, heldout = ([{"text": text} for text in side] for side in (members, heldout))
    tables = {"train_data": members, "base_model": (before, tokenizer)}
    return audited((model, tokenizer), heldout, only=("memorisation", "membership-inference"), **tables, **given)


def of_names(given):
    """Names of training rows that a tagger knows better than others."""
    rng = np.random.default_rng(0)
    syllables = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
    names = sorted({"".join(rng.choice(syllables, size=3)).capitalize() for _ in range(120)})
    members, heldout = (
        [{"tokens": ["today", name, "came"], "ner_tags": ["O", "B-PER", "O"]} for name in part]
        for part in (names[::2], names[1::2])
    )
    shifts = {name: 0.5 * word_noise(name) + 2.0 * (name in names[::2]) for name in names}
    model = planted_tagger(dict.fromkeys(names, "B-PER"), shifts=shifts, case_sensitive=True)
    options = {"modelaudit/entity-exposure": {"decoys": 4}}
    tables = {"train_data": members, "options": options}
    return audited(model, heldout, only="entity-exposure", **tables, **given)


def audited(model, rows, *, only, **given):
    names = (only,) if isinstance(only, str) else only
    outcome = Audit(model, rows, preset="quick", device="cpu", **given).run(
        only=[f"modelaudit/{name}" for name in names]
    )
    return [result for result in outcome.report.results if result.checker.id.partition("/")[2] in names]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
