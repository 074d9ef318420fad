import copy
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_trainings import TAG_ROWS, small_base, small_trainer
from tokenizers.normalizers import Sequence

from modelaudit.errors import OutputError
from modelaudit.training.loop import Loop

# Dropout is on, and rows of about one length go together, in all of them.
PLAIN = {"task": "ner", "learning_rate": 3e-3}
LORA = {**PLAIN, "adapter": "lora", "rank": 4}


class Stopped(Exception):
    pass


def stopped_at(update, monkeypatch, out, **settings):
    """Train until an update, and break off there as a crash would."""
    step = Loop.training_step

    def stopping(loop, *args, **rest):
        if loop.state.global_step == update:
            raise Stopped
        return step(loop, *args, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(Loop, "training_step", stopping)
        with pytest.raises(Stopped):
            small_trainer(out, **settings).train()


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def record(folder):
    said = json.loads((folder / "training.json").read_text())
    return {name: value for name, value in said.items() if name != "seconds"}


@pytest.mark.parametrize(
    "settings",
    [
        PLAIN,
        pytest.param(LORA, marks=pytest.mark.heavy),
        pytest.param({**PLAIN, "epochs": 2.5, "accumulate": 2, "dev_share": 0.0}, marks=pytest.mark.heavy),
    ],
)
def test_a_training_that_was_stopped_ends_with_the_weights_of_one_that_was_not(settings, tmp_path, monkeypatch):
    whole = small_trainer(tmp_path / "whole", **settings).train()
    at = whole.record.updates - 1
    stopped_at(at, monkeypatch, tmp_path / "stopped", **settings)
    assert not (tmp_path / "stopped" / "config.json").exists()
    # The folder may be moved meanwhile.
    (tmp_path / "stopped").rename(tmp_path / "moved")
    for clock in (tmp_path / "moved").rglob("seconds.json"):
        assert 0 < json.loads(clock.read_text()) < 600
        clock.write_text("1000.5")
    started = []
    step = Loop.training_step
    monkeypatch.setattr(Loop, "training_step", lambda loop, *args: (started.append(1), step(loop, *args))[1])
    seconds = small_trainer(tmp_path / "moved", **settings).train(resume=True).record.seconds
    assert 1000.5 < seconds < 1600, "the seconds before the stop count"
    assert 0 < len(started) < at
    assert weights(tmp_path / "moved") == weights(tmp_path / "whole")
    assert record(tmp_path / "moved") == record(tmp_path / "whole")


@pytest.mark.heavy
def test_early_stopping_counts_on_where_it_stood(tmp_path, monkeypatch):
    # The score never gets better than after the first epoch, so that each further one counts.
    settings = {"task": "ner", "learning_rate": 1e-9, "patience": 3, "epochs": 8, "warmup": 0.0}
    whole = small_trainer(tmp_path / "whole", **settings).train()
    assert (whole.record.epochs, whole.record.best_epoch) == (4.0, 1.0)
    stopped_at(whole.record.updates - 1, monkeypatch, tmp_path / "stopped", **settings)
    small_trainer(tmp_path / "stopped", **settings).train(resume=True)
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")
    assert record(tmp_path / "stopped") == record(tmp_path / "whole")


@pytest.mark.parametrize(
    "settings",
    [pytest.param({"learning_rate": 1e-9, "patience": 1, "epochs": 8}, marks=pytest.mark.heavy), {"epochs": 1.5}],
)
def test_a_training_that_had_ended_is_not_trained_further(settings, tmp_path, monkeypatch):
    small_trainer(tmp_path / "whole", **settings).train()
    with monkeypatch.context() as patched:
        # What comes behind the training fails: its checkpoints are there, and no model.
        patched.setattr("modelaudit.training.trainer.scored", lambda *args, **rest: (_ for _ in ()).throw(Stopped))
        with pytest.raises(Stopped):
            small_trainer(tmp_path / "stopped", **settings).train()
    monkeypatch.setattr(Loop, "training_step", None)
    small_trainer(tmp_path / "stopped", **settings).train(resume=True)
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")
    assert record(tmp_path / "stopped") == record(tmp_path / "whole")


@pytest.mark.heavy
def test_a_checkpoint_that_was_cut_off_while_it_was_written_is_skipped(tmp_path, monkeypatch):
    whole = small_trainer(tmp_path / "whole", **PLAIN).train()
    stopped_at(whole.record.updates - 1, monkeypatch, tmp_path / "stopped", **PLAIN)
    checkpoints = sorted((tmp_path / "stopped" / "checkpoints").glob("checkpoint-*"), key=lambda p: p.stat().st_mtime)
    state = checkpoints[-1] / "trainer_state.json"
    state.write_bytes(state.read_bytes()[:100])
    small_trainer(tmp_path / "stopped", **PLAIN).train(resume=True)
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")


def test_a_training_of_other_rows_or_another_recipe_is_not_gone_on_with(tmp_path, monkeypatch):
    stopped_at(5, monkeypatch, tmp_path / "a", **PLAIN)
    before = sorted(tmp_path.rglob("*"))
    for changed, said in (
        ({"seed": 1}, r"another recipe \(seed was 0, and 1 is"),
        ({"data": TAG_ROWS[:-1]}, "another"),
    ):
        with pytest.raises(OutputError, match=said):
            small_trainer(tmp_path / "a", **{**PLAIN, **changed}).train(resume=True)
    with pytest.raises(OutputError, match="resume"):
        small_trainer(tmp_path / "a", **PLAIN).train()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.heavy
def test_what_can_not_go_on_from_a_checkpoint_begins_anew(tmp_path, monkeypatch):
    pytest.importorskip("peft")
    settings = {**PLAIN, "adapter": "adalora", "rank": 2, "epochs": 3, "batch_size": 8}
    small_trainer(tmp_path / "whole", **settings).train()
    stopped_at(10, monkeypatch, tmp_path / "stopped", **settings)
    small_trainer(tmp_path / "stopped", **settings).train(resume=True)
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from small_trainings import small_trainer
from modelaudit.training.loop import Loop
step = Loop.training_step
def killing(loop, *args):
    if loop.state.global_step == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(loop, *args)
Loop.training_step = killing
small_trainer(sys.argv[2], task="ner", learning_rate=3e-3, adapter="lora", rank=4).train()
"""


@pytest.mark.heavy
def test_a_killed_process_is_gone_on_with_by_another(tmp_path):
    pytest.importorskip("peft")
    small_trainer(tmp_path / "whole", **LORA).train()
    here = str(Path(__file__).parent)
    killed = subprocess.run([sys.executable, "-c", KILLED, here, str(tmp_path / "killed")], check=False)
    assert killed.returncode == -signal.SIGKILL
    small_trainer(tmp_path / "killed", **LORA).train(resume=True)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_a_training_is_not_gone_on_with_from_another_model_of_its_name(tmp_path, monkeypatch):
    model, tokenizer = small_base("ner")
    stopped_at(5, monkeypatch, tmp_path / "a", **PLAIN, base_model=(model, tokenizer))
    other = copy.deepcopy(model)
    other.bert.embeddings.word_embeddings.weight.data[5, 0] += 1.0
    cased = copy.deepcopy(tokenizer)
    cased.backend_tokenizer.normalizer = Sequence([])
    for changed in ((other, tokenizer), (model, cased)):
        with pytest.raises(OutputError, match="another base model"):
            small_trainer(tmp_path / "a", **PLAIN, base_model=changed).train(resume=True)
