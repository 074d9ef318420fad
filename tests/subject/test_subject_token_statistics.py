"""The verb token_statistics: which tokens of a row are judged, and the same of target and base model."""

import json

import numpy as np
import peft
import pytest
import torch
from test_subject_continuation import SlowTokenizer, pieces_tokenizer, writer_for
from test_subject_tasks import byte_tokenizer, classifier, generating, writer
from tiny_models import save
from transformers import GPT2Config, GPT2LMHeadModel

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

ROWS = [{"prompt": "say it", "answer": "red"}, {"prompt": "say that", "answer": "green and blue"}]


def of(statistics, row):
    part = slice(*statistics.offsets[row : row + 2])
    return statistics.tokens[part], statistics.log_probs[part]


def test_an_answer_has_its_own_tokens_and_a_text_all_that_have_something_before_them():
    model = generating().model
    rows = [
        Row("a", "say it", answer=" red"),
        Row("b", "say it red"),
        Row("c", "x"),
        Row("d", ""),
        Row("e", "x", answer=""),
    ]
    found = model.token_statistics(rows)
    tokenizer = model.opened.tokenizer
    assert [tokenizer.decode(of(found, i)[0]) for i in range(5)] == ["red", "ay it red", "", "", ""]
    assert found.offsets.tolist() == [0, 3, 12, 12, 12, 12]
    assert len(found) == 5
    assert not found.truncated.any()
    answer, text = of(found, 0)[1], of(found, 1)[1]
    np.testing.assert_allclose(answer, text[-3:], atol=1e-5)
    np.testing.assert_allclose(answer, model.predict(rows[:1]).logits[:, 0], atol=1e-5)
    assert model.loss(rows[:1]).per_row[0] == pytest.approx(-answer.mean(), abs=1e-5)


@pytest.mark.parametrize("make", [lambda: pieces_tokenizer("framed"), SlowTokenizer], ids=["fast", "written in Python"])
def test_a_special_token_before_a_text_lets_its_first_token_be_judged_and_none_behind_it_is(make):
    tokenizer = make()
    opened = OpenedModel(model=writer_for(tokenizer), tokenizer=tokenizer, name="writer")
    model = build_subject(opened, data=[{"prompt": "ab"}], device="cpu").model
    tokens, _ = of(model.token_statistics([Row("a", "is it")]), 0)
    ids = tokenizer("is it")["input_ids"]
    assert tokens.tolist() == ids[1:-1]


def test_a_long_text_keeps_its_beginning_and_says_so():
    model = generating().model
    text = "abcdefghij" * 10
    found = model.token_statistics([Row("a", text), Row("b", text[:48]), Row("c", text, answer=" red")])
    assert found.truncated.tolist() == [True, False, True]
    assert of(found, 0)[0].tolist() == of(found, 1)[0].tolist()
    assert len(of(found, 0)[0]) == 47
    assert model.opened.tokenizer.decode(of(found, 2)[0]) == "red"


@pytest.mark.parametrize("text", ["\ud800 broken \udfff", "\x00\x01\u202e", "a\u0301" * 400, "🙂" * 300, " \n\t "])
def test_hostile_texts_have_finite_statistics(text):
    found = generating().model.token_statistics([Row("a", text), Row("b", text, answer=text)])
    values = np.concatenate([found.log_probs, found.means, found.deviations])
    assert np.isfinite(values).all()
    assert (found.log_probs <= 0).all()
    assert (found.deviations >= 0).all()


def test_numbers_are_those_of_the_model_and_hang_on_no_other_row():
    model = generating().model
    rows = [Row(str(i), "the quick brown fox"[: 3 + i]) for i in range(12)]
    together = model.token_statistics(rows)
    other = generating().model
    for place, row in enumerate(rows):
        alone = other.token_statistics([row])
        assert of(together, place)[1].tobytes() == alone.log_probs.tobytes()
        ids = torch.tensor([model.opened.tokenizer(row.text)["input_ids"]])
        with torch.inference_mode():
            logs = model.opened.model(ids).logits[0].double().log_softmax(-1)
        expected = logs[torch.arange(ids.shape[1] - 1), ids[0, 1:]].numpy()
        np.testing.assert_allclose(alone.log_probs, expected, atol=1e-4)
        np.testing.assert_allclose(alone.means, (logs.exp() * logs).sum(-1)[:-1].numpy(), atol=1e-4)
        assert alone.top.tolist() == (logs.argmax(-1)[:-1] == ids[0, 1:]).tolist()


def test_no_rows_have_no_tokens():
    found = generating().model.token_statistics([])
    assert (len(found), found.offsets.tolist(), found.log_probs.shape) == (0, [0], (0,))


def test_a_base_model_with_the_head_has_the_verb_and_an_encoder_has_not(tmp_path):
    save(writer(), tmp_path / "model", byte_tokenizer())
    save(writer(seed=1), tmp_path / "base", byte_tokenizer())
    base = open_model(tmp_path / "base", OpenOptions(headless=True))
    subject = build_subject(open_model(tmp_path / "model"), data=ROWS, base=base, device="cpu")
    assert "token_statistics" in subject.base_model.capabilities
    rows = subject.data.evaluation
    own, before = subject.model.token_statistics(rows), subject.base_model.token_statistics(rows)
    assert own.tokens.tolist() == before.tokens.tolist()
    assert not np.allclose(own.log_probs, before.log_probs)
    encoder = build_subject(
        classifier(("no", "yes")),
        data=[{"text": "good", "label": "yes"}],
        base=classifier(("no", "yes"), 1),
        device="cpu",
    )
    for handle in (encoder.model, encoder.base_model):
        with pytest.raises(CapabilityError, match="token_statistics"):
            handle.token_statistics(encoder.data.evaluation)


def adapted(folder):
    """Save a base model, and an adapter of it that changes what it says."""
    base = writer()
    save(base, folder / "base", byte_tokenizer())
    settings = peft.LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
    with quiet():
        model = peft.get_peft_model(writer(), settings)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    with quiet():
        model.save_pretrained(folder / "adapter")
    byte_tokenizer().save_pretrained(folder / "adapter")
    config = folder / "adapter" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": str(folder / "base")}))
    return base


def test_the_base_of_an_adapter_is_the_model_without_it(tmp_path):
    plain = adapted(tmp_path)
    opened = open_model(tmp_path / "adapter")
    base = open_model(opened.base_folder, OpenOptions(headless=True))
    subject = build_subject(opened, data=ROWS, base=base, device="cpu")
    rows = subject.data.evaluation
    expected = build_subject(
        OpenedModel(model=plain, tokenizer=byte_tokenizer(), name="plain"), data=ROWS, device="cpu"
    ).model.token_statistics(rows)
    assert subject.base_model.token_statistics(rows).log_probs.tobytes() == expected.log_probs.tobytes()
    assert np.abs(subject.model.token_statistics(rows).log_probs - expected.log_probs).max() > 0.1


def test_a_base_model_in_memory_that_carries_the_adapter_is_refused():
    base = writer()
    with quiet():
        settings = peft.LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
        opened = open_model(peft.get_peft_model(base, settings), OpenOptions(tokenizer=byte_tokenizer()))
    handed = open_model(base, OpenOptions(tokenizer=byte_tokenizer(), headless=True))
    with pytest.raises(ModelInputError, match="the very model that carries the adapter"):
        build_subject(opened, data=ROWS, base=handed, device="cpu")


def wider(tokens):
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=tokens, n_embd=32, n_layer=1, n_head=2, n_positions=48, bos_token_id=0, eos_token_id=0)
    ).eval()


def test_a_base_model_with_another_tokenizer_is_refused_and_one_that_lacks_added_tokens_is_not():
    grown = byte_tokenizer()
    grown.add_tokens(["<user>", "<bot>"])
    target = OpenedModel(model=wider(259), tokenizer=grown, name="tuned")
    plain = OpenedModel(model=wider(257), tokenizer=byte_tokenizer(), name="plain")
    subject = build_subject(target, data=ROWS, base=plain, device="cpu")
    assert subject.base_model.token_statistics(subject.data.evaluation).offsets.tolist() == [0, 3, 17]
    padded = byte_tokenizer()
    padded.add_special_tokens({"pad_token": "<pad>"})
    build_subject(plain, data=ROWS, base=OpenedModel(model=wider(258), tokenizer=padded, name="padded"), device="cpu")
    letters = pieces_tokenizer("parted")
    other = OpenedModel(model=wider(len(letters)), tokenizer=letters, name="letters")
    with pytest.raises(
        ModelInputError, match=r"letters: the base model has another tokenizer than tuned: \d+ of its 62"
    ):
        build_subject(target, data=ROWS, base=other, device="cpu")
    with pytest.raises(ModelInputError, match="plain: the base model has another tokenizer than letters"):
        build_subject(other, data=[{"prompt": "ab"}], base=plain, device="cpu")
