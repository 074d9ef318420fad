"""Private training: what is counted is what is done, and what can't be private is refused."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import MPNetConfig, MPNetForSequenceClassification
from transformers.trainer_callback import PrinterCallback

sys.path.insert(0, str(Path(__file__).parent.parent / "checkers"))
from measured import findings_of, subject_of

from modelaudit.checkers.privacy.canaries.audit import CanaryAudit
from modelaudit.errors import InputError, ModelAuditError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.quiet import quiet
from modelaudit.training.adapters import adapted
from modelaudit.training.arguments import arguments_of
from modelaudit.training.canaries import plant_canaries
from modelaudit.training.compact import compact_model
from modelaudit.training.examples import Example, Step, TrainingData
from modelaudit.training.features import Collator, features_of
from modelaudit.training.measures.accounting import plan_of
from modelaudit.training.measures.opacus import opacus
from modelaudit.training.measures.poisson import PoissonBatches
from modelaudit.training.measures.privacy import PrivateLoop
from modelaudit.training.measures.privacy_checks import private_recipe_checked, told, weights_checked
from modelaudit.training.measures.row_gradients import RowGradients
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import ClassScore, TrainingScores

TAGS = ("O", "B-PER", "B-LOC")
SENTENCES = (
    (("Anna", "went", "to", "Paris", "."), (1, 0, 0, 2, 0)),
    (("Oslo", "is", "cold"), (2, 0, 0)),
    (("Nobody", "was", "there", "when", "Quentin", "came", "in", "from", "work"), (0, 0, 0, 0, 1, 0, 0, 0, 0)),
    ((), ()),
    (("Anna", "Anna"), (1, 1)),
)
PRIVATE = {"dp_epsilon": 8.0, "dp_delta": 0.01, "epochs": 1.0, "batch_size": 2, "accumulate": 2, "warmup": 0.0}


def tagged(rows=20):
    examples = [
        Example(Row(f"t:{place}", " ".join(words), words=words, tags=tags))
        for place, (words, tags) in ((place, SENTENCES[place % len(SENTENCES)]) for place in range(rows))
    ]
    return TrainingData("token-classification", TAGS, tuple(examples))


def loop_of(folder, data, *, secret: int | None = 1, adapter="none", hidden=16, **changed):
    recipe = Recipe.of(**{**PRIVATE, "adapter": adapter, **changed})
    texts = [example.row.words or example.row.text for example in data.examples]
    shape = {"layers": 1, "hidden": hidden, "vocabulary": 300, "max_length": 48}
    model, tokenizer = compact_model(texts, labels=data.labels, task=data.task, seed=0, **shape)
    features = features_of(data, tokenizer, limit=48)
    arguments = arguments_of(recipe, folder=folder, device="cpu", examples=len(features), dev_rows=0, rate=0.01)
    with quiet():
        loop = PrivateLoop(
            recipe=recipe,
            secret=secret,
            model=adapted(model, recipe, task=data.task, updates=10),
            args=arguments,
            data_collator=Collator(tokenizer),
            train_dataset=features,
            processing_class=tokenizer,
        )
    loop.remove_callback(PrinterCallback)
    return loop


def trained(loop):
    with quiet():
        loop.train()
    return loop


def weights_of(loop):
    return torch.cat([weight.detach().flatten() for weight in loop.model.parameters()])


def test_the_noise_spends_the_budget_and_no_more():
    for epsilon in (1.0, 8.0):
        plan = plan_of(rows=5000, batch_size=32, epochs=2, epsilon=epsilon)
        assert (plan.rate, plan.steps) == (1 / 156, 312)
        assert 0.99 * epsilon < plan.epsilon(plan.steps) <= epsilon
        assert plan.epsilon(plan.steps // 2) < plan.epsilon(plan.steps)
    # Another accountant, which is tighter and has an error of its own, finds less spent, and not much less.
    other = opacus().accountants.PRVAccountant()
    other.history = [(plan.noise, plan.rate, plan.steps)]
    assert 0.7 * 8 < other.get_epsilon(plan.delta) < 8


def test_a_delta_or_an_epsilon_that_can_not_be_kept_is_refused():
    with pytest.raises(InputError, match="publishes whole"):
        plan_of(rows=100, batch_size=10, epochs=1, epsilon=1, delta=0.02)
    with pytest.raises(InputError, match="allow a larger epsilon"):
        plan_of(rows=100, batch_size=10, epochs=1, epsilon=1e-4, delta=1e-6)


def test_batches_are_drawn_row_by_row():
    batches = PoissonBatches(40, batches=20, generator=torch.Generator().manual_seed(0))
    drawn = [batch for _ in range(100) for batch in batches]
    sizes = np.array([len(batch) for batch in drawn])
    assert len(drawn) == 2000
    assert sizes.min() == 0
    assert sizes.mean() == pytest.approx(2.0, abs=0.15)
    assert sizes.var() == pytest.approx(40 * 0.05 * 0.95, rel=0.15)
    counts = np.bincount([row for batch in drawn for row in batch], minlength=40)
    assert counts.min() > 60
    assert counts.max() < 140


def test_an_update_is_the_sum_of_clipped_gradients_of_rows_and_noise(tmp_path):
    loop = loop_of(tmp_path, tagged())
    loop.model.eval()
    rows = [loop.train_dataset[place] for place in (0, 1, 2, 3, 4)]
    gradients = []
    for row in rows:
        batch = loop.data_collator([row])
        logits = loop.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        labels = batch["labels"]
        if (labels == -100).all():
            continue
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        found = torch.autograd.grad(loss, list(loop.model.parameters()))
        gradients.append(found)
    norms = [float(torch.stack([one.norm() for one in found]).norm()) for found in gradients]
    # Some rows are clipped, and some are not.
    loop.clip = sorted(norms)[2] * 0.999
    expected = [
        sum(one * min(1.0, loop.clip / norm) for one, norm in zip(of_rows, norms, strict=True))
        for of_rows in zip(*gradients, strict=True)
    ]
    for part in loop.model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    loop._gradients = RowGradients(loop.model)
    loop.create_optimizer()
    loop._private.noise_multiplier = 0.0
    with quiet():
        loader = loop.get_train_dataloader()
        loop.training_step(loop.model, loader.collate_fn(rows))
    loop._private.pre_step()
    for (name, weight), one in zip(loop.model.named_parameters(), expected, strict=True):
        assert torch.allclose(weight.grad * loop.plan.expected, one, atol=1e-5), name
    loop._private.noise_multiplier = 3.0
    without = torch.cat([weight.grad.flatten() for weight in loop.model.parameters()])
    loop.training_step(loop.model, loader.collate_fn(rows))
    loop._private.pre_step()
    noise = torch.cat([weight.grad.flatten() for weight in loop.model.parameters()]) - without
    assert float(noise.std()) * loop.plan.expected == pytest.approx(3.0 * loop.clip, rel=0.05)


@pytest.mark.parametrize("adapter", ["none", "head", "lora"])
def test_training_spends_what_it_says_and_leaves_a_plain_model(tmp_path, adapter):
    loop = loop_of(tmp_path, tagged(), adapter=adapter)
    names = list(loop.model.state_dict())
    still = {name: one.clone() for name, one in loop.model.named_parameters() if not one.requires_grad}
    spent = trained(loop).spent()
    assert 0.98 * 8 < spent.epsilon <= 8
    assert (spent.steps, spent.sampling_rate, spent.delta) == (5, 0.2, 0.01)
    assert list(loop.model.state_dict()) == names
    assert all(not hasattr(weight, "grad_sample") for weight in loop.model.parameters())
    assert all(torch.equal(one, loop.model.get_parameter(name)) for name, one in still.items())
    assert bool(still) == (adapter != "none")
    told_of_rows = {name for entry in loop.state.log_history for name in entry}
    assert not told_of_rows & {"loss", "train_loss", "grad_norm"}


def test_the_noise_is_nobodys_to_draw_again_unless_a_seed_is_given(tmp_path):
    data = tagged(10)
    first, second = (trained(loop_of(tmp_path, data, secret=None)) for _ in range(2))
    assert not torch.equal(weights_of(first), weights_of(second))
    assert "kept nowhere" in first.spent().checks["random numbers"]
    before = torch.get_rng_state()
    again = [trained(loop_of(tmp_path, data, secret=5)) for _ in range(2)]
    torch.set_rng_state(before)
    assert torch.equal(weights_of(again[0]), weights_of(again[1]))
    assert "not one to publish" in again[0].spent().checks["random numbers"]


def test_a_batch_without_rows_is_an_update_of_noise(tmp_path):
    loop = loop_of(tmp_path, tagged())
    loop._gradients = RowGradients(loop.model)
    loop.create_optimizer()
    with quiet():
        loop.training_step(loop.model, loop.get_train_dataloader().collate_fn([]))
    before = weights_of(loop).clone()
    loop.optimizer.step()
    assert float((weights_of(loop) - before).abs().min()) > 0


def test_a_layer_that_looks_at_all_rows_at_once_is_refused_by_name():
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model = MPNetForSequenceClassification(MPNetConfig(vocab_size=50, num_labels=2, **shape)).train()
    ids = torch.randint(3, 50, (3, 7))

    def losses(row):
        return model(input_ids=ids if row is None else ids[row : row + 1]).logits.logsumexp(-1)

    gradients = RowGradients(model)
    with pytest.raises(ModelInputError, match=r"relative_attention_bias.*--adapter head"):
        gradients.check(losses, rows=3)
    gradients.close()
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith("classifier"))
    assert RowGradients(model).check(losses, rows=3) == []


def test_gradients_that_are_not_those_of_rows_are_refused():
    """As where a loss looks at other rows of the batch: clipping by row would bound nothing."""
    layer = torch.nn.Linear(4, 2)
    rows = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))

    def losses(row):
        out = layer(rows if row is None else rows[row : row + 1])
        return ((out - out.mean(0)) ** 2).sum(-1) + out.sum(-1)

    with pytest.raises(ModelInputError, match=r"'weight' are not those of single rows"):
        RowGradients(layer).check(losses, rows=3)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"counterfactuals": ("gender",)}, "counterfactual-augmentation adds copies"),
        ({"logit_pairing": 1.0}, "adds copies"),
        ({"name_copies": 1}, "adds copies"),
        ({"perturbed_copies": 1}, "adds copies"),
        ({"reweigh": "sex"}, "weighs each row"),
        ({"stop_on": "loss"}, "early stopping would do nothing"),
        ({"adapter": "adalora"}, "choose --adapter lora"),
    ],
)
def test_what_makes_more_of_a_row_than_one_is_refused(choice, sentence):
    private_recipe_checked(Recipe.of(**choice))
    with pytest.raises(InputError, match=sentence):
        private_recipe_checked(Recipe.of(dp_epsilon=1.0, **choice))


def test_weights_that_did_not_move_or_are_no_numbers_are_an_error():
    before = {"a": torch.zeros(2), "b": torch.ones(2)}
    assert weights_checked(before, {"a": torch.ones(2), "b": torch.zeros(2)}).startswith("all 2 trained tensors moved")
    with pytest.raises(ModelAuditError, match="'b' did not move"):
        weights_checked(before, {"a": torch.ones(2), "b": torch.ones(2)})
    with pytest.raises(ModelAuditError, match="'a' are no numbers"):
        weights_checked(before, {"a": torch.tensor([0.0, torch.nan]), "b": torch.zeros(2)})


def test_what_the_guarantee_leaves_out_is_told(tmp_path):
    loop = trained(loop_of(tmp_path, tagged(10)))
    data = tagged(10)
    data = data.after(Step("split", {"rows held back": 2}), data.examples)
    data = data.after(Step("deduplication", {"rows left out": 3}), data.examples)
    classes = (
        ClassScore(name="O", precision=0.8, recall=0.9, f1=0.9, support=80),
        ClassScore(name="B-PER", precision=0.1, recall=0.1, f1=0.1, support=20),
        ClassScore(name="micro", precision=0.8, recall=0.8, f1=0.8, support=100),
    )
    scores = TrainingScores(of="dev", rows=9, units=100, accuracy=0.8, classes=classes)
    account = told(loop.spent(), data, base_made=True, scores=scores)
    assert "VOCABULARY" in account.checks["not covered"]
    assert "repeated" in account.checks["not covered"]
    assert "which rows were held back" in account.checks["not covered"]
    assert account.checks["use"].startswith("WARNING: accuracy 0.800 on dev rows")
    better = told(loop.spent(), data, base_made=False, scores=scores.model_copy(update={"accuracy": 0.81}))
    assert "WARNING" not in better.checks["use"]
    assert "VOCABULARY" not in better.checks["not covered"]


def test_an_account_needs_a_training(tmp_path):
    with pytest.raises(ModelAuditError, match="train first"):
        loop_of(tmp_path, tagged(10)).spent()


@pytest.mark.heavy
def test_the_one_run_audit_refutes_a_broken_training_and_not_this_one(tmp_path):
    names = [a + b for a in ("al", "be", "cor", "du", "en", "fa", "gi") for b in ("ra", "ton", "mi", "se", "lu", "ka")]
    rng = np.random.default_rng(0)
    rows = [
        {"text": " ".join(rng.choice(names[:26] if i % 2 else names[16:], size=8)), "label": ["neg", "pos"][i % 2]}
        for i in range(140)
    ]
    for name, part in (("train.csv", rows[:100]), ("eval.csv", rows[100:])):
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, ["text", "label"])
            writer.writeheader()
            writer.writerows(part)
    planted, manifest = tmp_path / "planted.csv", tmp_path / "manifest.json"
    plant_canaries(tmp_path / "train.csv", out=planted, manifest=manifest, count=200, seed=3, kind="word-salad")
    with planted.open(newline="") as file:
        read = list(csv.DictReader(file))
    examples = [
        Example(Row(f"t:{place}", row["text"], label=["neg", "pos"].index(row["label"])))
        for place, row in enumerate(read)
    ]
    data = TrainingData("text-classification", ("neg", "pos"), tuple(examples))
    beyond = {}
    for noise in (None, 0.0):
        loop = loop_of(
            tmp_path, data, hidden=32, dp_epsilon=0.1, dp_delta=None, epochs=40, batch_size=66, accumulate=1, warmup=0.1
        )
        if noise is not None:
            loop.create_optimizer()
            loop._private.noise_multiplier = noise
        spent = trained(loop).spent()
        options = {"manifest": str(manifest), "claimed_epsilon": spent.epsilon, "delta": 1e-5}
        loop.model.eval()
        subject = subject_of(
            (loop.model, loop.processing_class), data=str(tmp_path / "eval.csv"), train_data=str(planted)
        )
        beyond[noise] = findings_of(CanaryAudit(**options), subject)["epsilon_beyond_claim", None].metric
    assert beyond[None].value < 0
    assert beyond[0.0].value > 0.1
