"""The card: its front matter leads to the base model, names of strangers can't act, and limits stand beside claims."""

from __future__ import annotations

import re

import pytest
import yaml
from training_records import record_of, source_of

from modelaudit.subject.folder import card_base_model
from modelaudit.training.card import card_text
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import ClassScore, PrivacySpent, StepInfo, TrainingScores
from modelaudit.training.scores import ENTITIES, WORDS

SPENT = PrivacySpent(
    unit="one of 3 examples, added or removed", epsilon=7.9, delta=1e-5, noise_multiplier=0.8, clip=1.0,
    sampling_rate=0.1, steps=30, accountant="RDP", checks={"weights moved": "yes"},
)  # fmt: skip
HOSTILE = '<script>x</script> [a](http://x) | `b`\n# c\u202e\x1b[31m "q" \\ é'


def front(card):
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize(
    "name",
    ["owner/name", "bert-base-cased", "/a b/c: d", "/tmp/[x], y", "/é/'q'/\"r\"", "/tab\there", "/#x", "/back\\slash"],
)
def test_the_base_model_is_found_in_the_front_matter_whatever_it_is_called(name, tmp_path):
    card = card_text(record_of(base_model=name))
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    assert card_base_model(tmp_path) == name
    assert front(card)["base_model"] == name


def test_a_base_that_was_made_lies_beside_and_one_from_memory_is_not_named(tmp_path):
    assert front(card_text(record_of(base_model="base", base_made=True)))["base_model"] == "base"
    card = card_text(record_of(base_model="BertModel in memory"))
    assert "base_model" not in front(card)
    assert "BertModel in memory" in card


def test_names_of_strangers_can_not_act():
    card = card_text(
        record_of(
            labels=(HOSTILE, "b"),
            base_model="/" + HOSTILE,
            recipe=Recipe(reweigh=HOSTILE),
            train=source_of(name=HOSTILE),
            steps=(StepInfo(name=HOSTILE, counts={HOSTILE: 1}, notes=(HOSTILE,)),),
            scores=(
                TrainingScores(
                    of="dev", rows=1, units=1, accuracy=1.0,
                    classes=tuple(ClassScore(name=name, precision=None, recall=None, f1=None, support=0)
                                  for name in (HOSTILE, "micro", "macro", "weighted")),
                ),
            ),
        )
    )  # fmt: skip
    _, matter, text = card.split("---\n", 2)
    assert "\x1b" not in card
    assert "\u202e" not in card
    assert not re.search(r"<script|\[a\]|^# c", text, re.MULTILINE)
    assert len(re.findall("^# ", text, re.MULTILINE)) == 1
    table = [line for line in text.splitlines() if line.startswith("|") and "script" in line]
    assert [line.count("|") for line in table] == [6]
    assert yaml.safe_load(matter)["base_model"] == "/" + HOSTILE


def test_it_says_what_was_trained_on_what_and_how():
    card = card_text(
        record_of(
            train=source_of(name="claims.csv", rows=1200, rows_sha256="f" * 64, sha256="e" * 64, held_back=(3, 5)),
            dev_rows=2,
            recipe=Recipe(seed=11, epochs=2, deduplicate=True, dropout=0.3),
            steps=(
                StepInfo(name="deduplication", counts={"rows left out": 7}),
                StepInfo(name="outcome", notes=("WARNING: it learned nothing",)),
            ),
            epochs=2.0,
            best_epoch=1.0,
            truncated=4,
            tokens_lost=90,
            temperature=1.25,
        )
    )
    for said in (
        "claims.csv, 1,200 rows", "f" * 64, "e" * 64, "2 of these rows, drawn with the seed 11", "seed: 11",
        "epochs = 2.0", "dropout = 0.3", "**Deduplication**", "rows left out: 7", "**What came of it**",
        "WARNING: it learned nothing", "the weights of epoch 1 were kept", "**More dropout**",
        "4 of them, of which 90 tokens were cut off", "1.25, written into the last layer", "modelaudit run",
    ):  # fmt: skip
        assert said in card
    assert "batch_size" not in card, "what is as by default is not told"
    assert "Differential privacy" not in card


def test_a_claim_of_privacy_stands_beside_its_limits():
    card = card_text(record_of(privacy=SPENT, base_made=True, base_model="base", dev_rows=5))
    assert "(epsilon, delta) = (7.9, 1e-05) by DP-SGD: noise multiplier 0.8" in card
    assert "What it protects: one of 3 examples, added or removed." in card
    for said in ("many rows of one person", "vocabulary", "they chose no weights", "weights moved: yes"):
        assert said in card
    assert not re.search(r"compliant|certified|no bias|\bsafe\b|unbiased|anonymous", card)


def test_the_two_tables_of_a_tagger_bear_their_titles():
    score = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    scores = TrainingScores(
        of="dev", rows=2, units=9, accuracy=0.9,
        entities=tuple(ClassScore(name=name, **score) for name in ("PER", "micro", "macro")),
        classes=tuple(ClassScore(name=name, **score) for name in ("O", "B-PER", "micro", "macro", "weighted")),
    )  # fmt: skip
    card = card_text(record_of(task="token-classification", scores=(scores,)))
    first, _, second = card.partition(f"**{WORDS}**")
    assert f"**{ENTITIES}**" in first
    assert "| PER | 0.5000" in first
    assert "weighted average" not in first
    assert "| weighted average | 0.5000" in second
