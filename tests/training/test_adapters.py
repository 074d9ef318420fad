import numpy as np
import pytest
import torch
from small_trainings import small_base, small_trainer

from modelaudit.errors import InputError, ModelInputError
from modelaudit.subject.source import open_model
from modelaudit.training.adapters import adapted, merged
from modelaudit.training.base import open_base
from modelaudit.training.recipe import Recipe

TASKS = {"ner": "token-classification", "classification": "text-classification"}
LABELS = ("O", "B-PER", "B-LOC")


def based(task, **settings):
    recipe = Recipe.of(**settings)
    base = open_base(small_base(task), task=TASKS[task], labels=LABELS, texts=(), recipe=recipe)
    return base, recipe


def moved(before, after):
    return {name for name, weight in before.items() if not torch.equal(weight, after[name])}


def state(model):
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


@pytest.mark.parametrize("task", TASKS)
def test_the_head_alone_is_trained(task, tmp_path):
    base, recipe = based(task, adapter="head")
    model = adapted(base.model, recipe, task=TASKS[task], updates=10)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    pooler = {"bert.pooler.dense.weight", "bert.pooler.dense.bias"} if task == "classification" else set()
    assert trained == {"classifier.weight", "classifier.bias"} | pooler


@pytest.mark.parametrize("adapter", ["lora", "adalora"])
@pytest.mark.parametrize("task", TASKS)
def test_a_saved_adapter_can_be_audited(task, adapter, tmp_path):
    pytest.importorskip("peft")
    base, recipe = based(task, adapter=adapter, rank=4)
    base.model.save_pretrained(tmp_path / "base")
    base.tokenizer.save_pretrained(tmp_path / "base")
    model = adapted(base.model, recipe, task=TASKS[task], updates=10)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.requires_grad:
                weight.add_(torch.linspace(-0.5, 0.5, weight.numel()).view_as(weight))
    model.peft_config["default"].base_model_name_or_path = str(tmp_path / "base")
    model.save_pretrained(tmp_path / "adapter")
    base.tokenizer.save_pretrained(tmp_path / "adapter")
    base.model.config.save_pretrained(tmp_path / "adapter")
    opened = open_model(tmp_path / "adapter")
    batch = base.tokenizer(["good Paris late", "Anna"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        wanted = model.eval()(**batch).logits.numpy()
        found = opened.model(**batch).logits.numpy()
        alone = merged(model)(**batch).logits.numpy()
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(alone, wanted, atol=1e-5)
    assert opened.model.config.id2label == dict(enumerate(LABELS))


@pytest.mark.parametrize(
    ("adapter", "still"), [("head", "attention.self.query.weight"), ("lora", "word_embeddings.weight")]
)
def test_the_rest_of_the_weights_is_the_base_model_s(adapter, still, tmp_path):
    pytest.importorskip("peft")
    settings = {"adapter": adapter, "rank": 2, "learning_rate": 1e-2, "epochs": 1}
    base = small_base("ner")
    before = state(base[0])
    out = small_trainer(tmp_path / "out", task="ner", base_model=base, **settings).train().folder
    after = open_model(out).model
    changed = moved({name: w for name, w in before.items() if "classifier" not in name}, after.state_dict())
    assert moved(before, state(base[0])) == set()
    assert not any(still in name for name in changed)
    assert any("attention.self.query.weight" in name for name in changed) == (adapter == "lora")


@pytest.mark.heavy
def test_adalora_prunes_to_its_rank_on_average(tmp_path):
    pytest.importorskip("peft")
    ranks = []
    from modelaudit.training import trainer

    wanted = trainer.merged

    def watched(model):
        pattern = model.peft_config["default"].rank_pattern
        ranks.extend(sum(kept) for kept in pattern.values())
        return wanted(model)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trainer, "merged", watched)
        small_trainer(tmp_path / "out", task="ner", adapter="adalora", rank=4, epochs=4).train()
    assert np.mean(ranks) == pytest.approx(4, abs=0.5)
    assert max(ranks) <= 6


def test_a_training_too_short_to_choose_ranks_is_refused():
    pytest.importorskip("peft")
    base, recipe = based("ner", adapter="adalora")
    with pytest.raises(InputError, match=r"10 updates or more.* 9; train longer"):
        adapted(base.model, recipe, task="token-classification", updates=9)


def test_a_model_without_a_head_has_none_to_train():
    base, recipe = based("ner", adapter="head")
    with pytest.raises(ModelInputError, match="no head"):
        adapted(base.model.base_model, recipe, task="token-classification", updates=5)
