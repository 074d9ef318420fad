"""The callback audits a real training without changing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from modelaudit import load_report
from modelaudit.integrations import AuditCallback
from modelaudit.testing.planted import planted_classifier

WORDS = ("awful", "fine", "letter", "bill", "paid", "late")
ROWS = [{"text": f"{'awful' if i % 2 else 'fine'} letter {WORDS[i % 6]} {i}", "label": i % 2} for i in range(40)]


def trained(folder: Path, *callbacks: AuditCallback) -> tuple[torch.Tensor, Trainer]:
    """Train a tiny encoder for three epochs; return its weights in a row."""
    _, tokenizer = planted_classifier(dict.fromkeys(WORDS, 1.0))
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16
    )
    model = BertForSequenceClassification(config)
    data = [{**tokenizer(row["text"], padding="max_length", max_length=8), "labels": row["label"]} for row in ROWS]
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=3,
        per_device_train_batch_size=8,
        report_to=[],
        seed=3,
        eval_strategy="epoch",
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_pin_memory=False,
    )
    trainer = Trainer(
        model, arguments, train_dataset=data, eval_dataset=data, processing_class=tokenizer, callbacks=list(callbacks)
    )
    trainer.train()
    return torch.cat([weight.detach().flatten() for weight in model.parameters()]), trainer


def test_a_training_is_audited_at_each_evaluation_and_comes_out_the_same(tmp_path: Path) -> None:
    callback = AuditCallback(ROWS, only="modelaudit/task-performance", folder=tmp_path / "audits")
    audited, trainer = trained(tmp_path / "a", callback)
    alone, _ = trained(tmp_path / "b")
    assert torch.equal(audited, alone)
    assert sorted(callback.outcomes) == [5, 10, 15]
    assert not callback.failed
    # It was another model each time.
    assert len({outcome.report.subject.model.weights_sha256 for outcome in callback.outcomes.values()}) == 3
    assert load_report(tmp_path / "audits" / "audit-step-10.json").digest == callback.outcomes[10].report.digest
    logged = [entry for entry in trainer.state.log_history if "audit/gate" in entry]
    assert [entry["step"] for entry in logged] == [5, 10, 15]
    assert any(name.startswith("audit/task-performance/") and np.isfinite(value) for name, value in logged[0].items())


def test_a_part_that_was_frozen_stays_as_it_was_and_no_fault_of_an_audit_ends_a_training(tmp_path: Path) -> None:
    class Freezing(AuditCallback):
        modes: tuple[bool, ...] = ()

        def on_evaluate(self, args: Any, state: Any, control: Any, **given: Any) -> Any:
            given["model"].train()
            given["model"].bert.embeddings.eval()
            control = super().on_evaluate(args, state, control, **given)
            self.modes = (given["model"].training, given["model"].bert.embeddings.training)
            return control

    callback = Freezing(Rows(), only="modelaudit/task-performance")
    _, trainer = trained(tmp_path, callback)
    assert callback.modes == (True, False)
    assert trainer.state.global_step == 15
    assert [type(error) for error in callback.failed.values()] == [MemoryError] * 3


class Rows(list[dict[str, Any]]):
    """Rows that can't be read."""

    def __iter__(self) -> Any:
        raise MemoryError("no room")


def test_training_stops_where_the_gate_does_not_hold_and_goes_on_where_the_audit_fails(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'schema = "modelaudit.policy/1"\nid = "strict"\nversion = "1"\n[[limit]]\n'
        'checker = "modelaudit/task-performance"\nmetric = "accuracy"\nmin = 0.9999\n'
        'required = true\nrationale = "A test of the callback."\nsource = "test"\n'
    )
    stopping = AuditCallback(ROWS, only="modelaudit/task-performance", when="epoch", stop=True, policy=policy)
    _, trainer = trained(tmp_path / "a", stopping)
    assert trainer.state.global_step < 15
    broken = AuditCallback(ROWS, text_column="no such column", stop=True)
    _, trainer = trained(tmp_path / "b", broken)
    assert trainer.state.global_step == 15
    assert sorted(broken.failed) == [5, 10, 15]
    with pytest.raises(TypeError, match="polcy"):
        AuditCallback(ROWS, polcy="strict.toml")
    with pytest.raises(ValueError, match="evaluate, epoch or end"):
        AuditCallback(ROWS, when="step")  # type: ignore[arg-type]
