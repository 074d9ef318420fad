import importlib.util
import json
import os
import random

import numpy as np
import pytest
import torch
from small_trainings import LEXICON, ROWS, TAG_ROWS, small_base, small_trainer
from transformers import AutoModelForTokenClassification, AutoTokenizer

from modelaudit.errors import InputError
from modelaudit.training import Recipe, ReferenceTrainer
from modelaudit.training.arguments import arguments_of
from modelaudit.training.card import ending
from modelaudit.training.loop import Loop


def digest(out, **settings):
    return (small_trainer(out, **settings).train().folder / "model.safetensors").read_bytes()


def history(folder):
    last = max((folder / "checkpoints").glob("checkpoint-*"), key=lambda place: int(place.name[11:]))
    return json.loads((last / "trainer_state.json").read_text())["log_history"]


def test_names_are_learned_and_the_saved_model_tags_them(tmp_path, capfd):
    trained = small_trainer(tmp_path / "out", task="ner", learning_rate=3e-2, batch_size=8).train()
    assert capfd.readouterr() == ("", "")
    record = trained.record
    assert (record.task, record.labels) == (
        "token-classification",
        ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"),
    )
    assert (record.examples, record.dev_rows, record.updates, record.epochs) == (54, 6, 21, 3.0)
    assert (record.device, record.precision) == ("cpu", "float32")
    (scores,) = record.scores
    assert scores.rows == 6
    assert scores.entities[-2].f1 > 0.9
    model = AutoModelForTokenClassification.from_pretrained(trained.folder)
    tokenizer = AutoTokenizer.from_pretrained(trained.folder)
    with torch.inference_mode():
        logits = model(**tokenizer(["Paris"], is_split_into_words=True, return_tensors="pt")).logits
    assert model.config.id2label[int(logits[0, 1].argmax())] == LEXICON["Paris"]


def test_the_same_seed_gives_the_same_bytes_and_nothing_else_is_changed(tmp_path):
    random.seed(5)
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    environment, base = dict(os.environ), small_base()
    before = {name: weight.clone() for name, weight in base[0].state_dict().items()}
    first = digest(tmp_path / "a", base_model=base, epochs=1)
    assert torch.equal(torch.get_rng_state(), state[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == state[1:]  # noqa: NPY002
    assert dict(os.environ) == environment
    assert all(torch.equal(weight, before[name]) for name, weight in base[0].state_dict().items())
    again = ReferenceTrainer(
        ROWS, task="text-classification", base_model=base, out=tmp_path / "b", recipe=Recipe(epochs=1, batch_size=16)
    ).train()  # fmt: skip
    assert (again.folder / "model.safetensors").read_bytes() == first
    assert digest(tmp_path / "c", base_model=base, epochs=1, seed=1) != first


@pytest.mark.parametrize("stop_on", ["score", pytest.param("loss", marks=pytest.mark.heavy)])
def test_the_best_weights_on_the_dev_rows_are_kept(stop_on, tmp_path):
    trained = small_trainer(
        tmp_path / "out", task="ner", learning_rate=5e-2, epochs=4, patience=None, stop_on=stop_on,
        keep_checkpoints=True, dev_data=TAG_ROWS[:30], data=TAG_ROWS[30:],
    ).train()  # fmt: skip
    scored = [line for line in history(trained.folder) if "eval_score" in line]
    best = max(scored, key=lambda line: line["eval_score"] if stop_on == "score" else -line["eval_loss"])
    assert len(scored) == 4
    assert len({line[f"eval_{stop_on}"] for line in scored}) > 1
    assert trained.record.best_epoch == best["epoch"]
    assert trained.record.scores[0].entities[-2].f1 == pytest.approx(best["eval_score"])


def test_patience_counts_from_the_epoch_behind_the_warm_up_on(tmp_path):
    # Nothing is learned at this rate. The rate rises for three epochs; the fifth is the first whose score counts.
    settings = {"task": "ner", "learning_rate": 1e-9, "epochs": 6, "patience": 1, "warmup": 0.5}
    record = small_trainer(tmp_path / "out", **settings).train().record
    assert (record.epochs, record.best_epoch) == (5.0, 1.0)
    assert ending(record) == "stopped after epoch 5 of 6; the weights of epoch 1 were kept"
    assert ending(record.model_copy(update={"epochs": 6.0, "best_epoch": 6.0})) is None
    assert ending(record.model_copy(update={"epochs": 6.0, "best_epoch": 5.0})) == (
        "trained for 6 epochs; the weights of epoch 5 were kept"
    )


def test_a_base_from_random_weights_has_more_epochs_and_patience_where_none_are_chosen():
    chosen = Recipe(patience=2).suited(scratch=True)
    assert (chosen.epochs, chosen.patience) == (12.0, 2)
    usual = Recipe(epochs=5).suited(scratch=True)
    assert (usual.epochs, usual.patience) == (5.0, 4)
    assert Recipe().suited(scratch=False) == Recipe()
    assert Recipe(patience=None).suited(scratch=True).patience is None


@pytest.mark.parametrize(("examples", "every"), [(10, 1), (32 * 40, 6), (32 * 10_000, 50)])
def test_short_trainings_log_their_loss_too(examples, every, tmp_path):
    told = arguments_of(Recipe(), folder=tmp_path, device="cpu", examples=examples, dev_rows=0, rate=1e-4)
    assert told.logging_steps == every


def test_without_dev_rows_the_last_weights_are_kept_and_nothing_is_scored(tmp_path):
    record = small_trainer(tmp_path / "out", dev_share=0.0, epochs=1.25).train().record
    assert (record.examples, record.dev_rows, record.updates) == (60, 0, 5)
    assert (record.best_epoch, record.scores) == (None, ())


def test_the_measures_of_a_recipe_are_taken(tmp_path):
    rows = [{**row, "team": str(number % 3)} for number, row in enumerate(ROWS)]
    settings = {"perturbed_copies": 1, "reweigh": "team", "temperature": True}
    record = small_trainer(tmp_path / "out", data=rows, epochs=1, dev_share=0.4, **settings).train().record
    names = [step.name for step in record.steps]
    measures = ["perturbation-augmentation", "reweighing", "temperature-scaling"]
    assert names == ["base", "reading", "split", *measures, "outcome"]
    assert record.examples == 2 * (record.train.rows - record.dev_rows)


@pytest.mark.heavy
@pytest.mark.skipif(importlib.util.find_spec("opacus") is None, reason="the extra dp is not installed")
def test_a_private_training_states_what_it_spent(tmp_path):
    record = small_trainer(tmp_path / "out", dp_epsilon=8.0, epochs=1).train().record
    assert record.privacy is not None
    assert 0 < record.privacy.epsilon <= 8.0


def test_progress_is_shown_on_stderr_alone(tmp_path, capfd):
    small_trainer(tmp_path / "out", epochs=1).train(progress=True)
    said = capfd.readouterr()
    assert said.out == ""
    assert "dev score" in said.err
    assert "4/4" in said.err


@pytest.mark.heavy
@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed")
def test_tensorboard_s_files_lie_beside_the_model(tmp_path):
    small_trainer(tmp_path / "out", epochs=1, report_to=["tensorboard"]).train()
    (events,) = (tmp_path / "out" / "logs").iterdir()
    assert b"eval/score" in events.read_bytes()
    assert b"train/loss" in events.read_bytes()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"task": "translation"}, "'translation' can't be trained; use ner or classification"),
        ({"recipe": Recipe()}, "'epochs' stands beside recipe="),
        ({"lerning_rate": 1}, "has no 'lerning_rate'"),
        ({"epochs": 0}, "epochs is 0"),
        ({"device": "tpu"}, "'tpu' is not known"),
        ({"precision": "bfloat16"}, "the device is the CPU"),
        ({"report_to": "mail"}, "tensorboard and wandb"),
        ({"labels": ["only"]}, "only"),
        ({"adapter": "adalora", "epochs": 1}, "10 updates or more|pip install"),
        ({"dp_epsilon": 1, "perturbed_copies": 1}, "copies of rows|pip install"),
    ],
)
def test_what_can_not_be_used_is_refused_before_anything_is_made(changed, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        small_trainer(tmp_path / "out", **changed).train()
    assert not (tmp_path / "out").exists()


def test_a_package_to_report_to_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install wandb"):
        small_trainer(tmp_path / "out", report_to=["wandb"]).train()


def test_more_processes_than_one_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="one process"):
        small_trainer(tmp_path / "out").train()


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    model, tokenizer = small_base()
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.fill_(3e38)
    with pytest.raises(InputError, match=r"no number.*lower learning rate \(it was 5e-05\)"):
        small_trainer(tmp_path / "out", base_model=(model, tokenizer), dev_share=0.0).train()


@pytest.mark.parametrize(
    "error", [torch.cuda.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate")]
)
def test_too_little_memory_is_said_with_what_to_do(error, tmp_path, monkeypatch):
    def failing(*args, **rest):
        raise error

    monkeypatch.setattr(Loop, "training_step", failing)
    with pytest.raises(InputError, match=r"16 rows does not fit.*halve batch_size and double accumulate"):
        small_trainer(tmp_path / "out").train()


def test_long_rows_are_cut_and_counted(tmp_path):
    rows = [*ROWS, {"text": "good " * 500, "label": 1}]
    record = small_trainer(tmp_path / "out", data=rows, dev_share=0.0, epochs=1).train().record
    assert record.truncated == 1
    assert record.tokens_lost > 400


def test_the_compact_base_model_needs_no_other(tmp_path):
    trainer = ReferenceTrainer(TAG_ROWS, task="ner", base_model="compact", out=tmp_path / "out", epochs=1, device="cpu")
    record = trainer.train().record
    assert (record.base_made, record.base_model) == (True, "base")
