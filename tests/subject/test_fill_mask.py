"""The task fill-mask: each token masked alone and judged from all around it, whatever the head and the company."""

import json

import numpy as np
import peft
import pytest
import torch
from tiny_models import MAX_LENGTH, bert_config, make_tokenizer, save
from transformers import (
    BertForMaskedLM,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForMaskedLM,
    RobertaConfig,
    RobertaForMaskedLM,
)

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

VOCABULARY = len(make_tokenizer())
SMALL = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
ROWS = (
    Row("a", "the film was good"),
    Row("b", "a bad film, anna was not very good"),
    Row("c", "the film", answer=" was bad"),
    Row("d", "she paid"),
    Row("e", "peter", answer=" paid the claim"),
)
LONG = " ".join("the a bad good film she he was is very not claim paid london anna peter".split()[:16] * 3)  # noqa: SIM905


def masked_model(kind="bert", seed=0):
    torch.manual_seed(seed)
    match kind:
        case "bert":
            model = BertForMaskedLM(bert_config(("a", "b")))
        case "roberta":
            positions = {"max_position_embeddings": 34, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
            model = RobertaForMaskedLM(RobertaConfig(**SMALL, intermediate_size=32, **positions))
        case "distilbert":
            config = DistilBertConfig(
                vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=32
            )
            model = DistilBertForMaskedLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)  # the usual start tells tokens apart by little more than rounding
    return model.eval()


def subject(model=None, tokenizer=None, **options):
    opened = OpenedModel(model=model or masked_model(), tokenizer=tokenizer or make_tokenizer(), name="tiny")
    return build_subject(opened, data=[{"text": row.text} for row in ROWS], device="cpu", **options)


def of(found, row):
    part = slice(*found.offsets[row : row + 2])
    return found.tokens[part], found.log_probs[part]


def by_definition(model, tokenizer, ids, place):
    """The whole distribution at one place, with that place alone masked."""
    masked = torch.tensor([ids])
    masked[0, place] = tokenizer.mask_token_id
    with torch.inference_mode():
        return model(input_ids=masked, attention_mask=torch.ones_like(masked)).logits[0, place].double().log_softmax(-1)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_each_judged_token_has_the_log_p_of_torch_with_it_alone_masked(kind):
    model, tokenizer = masked_model(kind), make_tokenizer()
    handle = subject(model).model
    found = handle.token_statistics(ROWS)
    for place, row in enumerate(ROWS):
        tokens, logs = of(found, place)
        ids = tokenizer(row.text + (row.answer or ""))["input_ids"]
        judged = len(tokenizer.tokenize(row.text if row.answer is None else row.answer))
        assert tokens.tolist() == ids[-1 - judged : -1]
        part = slice(*found.offsets[place : place + 2])
        for i, at in enumerate(range(len(ids) - 1 - judged, len(ids) - 1)):
            expected = by_definition(model, tokenizer, ids, at)
            mean = (expected.exp() * expected).sum()
            assert logs[i] == pytest.approx(expected[ids[at]].item(), abs=1e-4)
            assert found.means[part][i] == pytest.approx(mean.item(), abs=1e-4)
            assert found.top[part][i] == (expected.argmax() == ids[at])
    np.testing.assert_allclose(handle.predict(ROWS).logits[:, 0], found.log_probs, atol=1e-4)


def test_predictions_and_losses_are_over_the_judged_tokens():
    handle = subject().model
    rows = [*ROWS, Row("f", ""), Row("g", "the film", answer="")]
    predicted, losses, found = handle.predict(rows), handle.loss(rows), handle.token_statistics(rows)
    assert predicted.offsets.tolist() == found.offsets.tolist()
    assert predicted.probabilities.shape == (len(found.tokens), 1)
    for place in range(len(ROWS)):
        assert losses.per_row[place] == pytest.approx(-of(found, place)[1].mean(), abs=1e-5)
    assert np.isnan(losses.per_row[-2:]).all()
    assert len(of(found, 5)[0]) == len(of(found, 6)[0]) == 0


def test_special_tokens_are_not_judged_even_where_the_text_spells_them():
    tokenizer = make_tokenizer()
    found = subject().model.token_statistics([Row("a", "she [MASK] good [SEP] film")])
    assert tokenizer.convert_ids_to_tokens(of(found, 0)[0]) == ["she", "good", "film"]


def test_a_long_text_loses_its_end_and_a_long_prompt_its_beginning():
    tokenizer, handle = make_tokenizer(), subject().model
    rows = [Row("a", LONG), Row("b", LONG, answer=" was bad"), Row("c", "she was", answer=f" {LONG}")]
    found = handle.token_statistics([*rows, Row("d", "she was good")])
    assert found.truncated.tolist() == [True, True, True, False]
    ids = tokenizer(LONG)["input_ids"][1:-1]
    assert of(found, 0)[0].tolist() == ids[: MAX_LENGTH - 2]
    assert tokenizer.decode(of(found, 1)[0]) == "was bad"
    kept = handle.encodings(rows[1:2])[0].input.ids
    assert tokenizer.decode(kept[1:-1]) == " ".join([*LONG.split()[-12:], "was bad"])
    assert len(of(found, 2)[0]) == MAX_LENGTH - 2 - len(tokenizer.tokenize("she was"))
    assert handle.encodings(rows[:1])[0].tokens_lost == len(ids) - (MAX_LENGTH - 2)


def test_a_variant_is_computed_once_whichever_rows_and_calls_ask_for_it():
    one = subject()
    engine = one.engines[0]
    one.model.token_statistics([ROWS[0], ROWS[3]])
    assert engine.stats.computed == 4 + 2
    # The answer's two tokens are masked in the same row that was asked about as a text.
    one.model.token_statistics([Row("x", "the film", answer=" was good"), ROWS[3], Row("y", "she paid")])
    assert engine.stats.computed == 4 + 2
    one.model.token_statistics([Row("z", "she paid london")])
    assert engine.stats.computed == 4 + 2 + 3


def test_bits_do_not_hang_on_company_or_order_and_numbers_not_on_the_batch():
    rows = [Row(str(i), " ".join(LONG.split()[i : i + 2 + i % 9])) for i in range(30)]
    together = subject().model.token_statistics(rows)
    backwards = subject().model.token_statistics(rows[::-1])
    alone, small = subject().model, subject(batch_tokens=64).model.token_statistics(rows)
    for place, row in enumerate(rows):
        logs = of(together, place)[1]
        assert logs.tobytes() == of(backwards, len(rows) - 1 - place)[1].tobytes()
        assert logs.tobytes() == alone.token_statistics([row]).log_probs.tobytes()
    np.testing.assert_allclose(small.log_probs, together.log_probs, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    ["\ud800 broken \udfff", "\x00\x01\u202e", "a\u0301" * 400, " \n\t ", "x" * 100_000],
    ids=["surrogates", "control", "marks", "blank", "long"],
)
def test_hostile_texts_have_finite_statistics(text):
    found = subject().model.token_statistics([Row("a", text), Row("b", text, answer=text)])
    assert np.isfinite(np.concatenate([found.log_probs, found.means, found.deviations])).all()
    assert (found.log_probs <= 0).all()


def test_a_saved_model_is_opened_as_a_masked_one_and_as_a_base_model_as_an_encoder(tmp_path):
    folder = save(masked_model(), tmp_path / "masked")
    one = build_subject(
        open_model(folder),
        data=[{"text": row.text} for row in ROWS],
        base=open_model(folder, OpenOptions(headless=True)),
        device="cpu",
    )
    assert one.info.task == "fill-mask"
    assert one.info.capabilities == ("embed", "loss", "predict", "token_counts", "token_statistics")
    assert one.info.base_model.architecture == "BertModel"
    np.testing.assert_allclose(one.base_model.embed(ROWS), one.model.embed(ROWS), atol=1e-5)
    with pytest.raises(CapabilityError, match="has no fill-mask head and can't token_statistics"):
        one.base_model.token_statistics(ROWS)
    with pytest.raises(CapabilityError, match="is a fill-mask model and can't predict_masked"):
        one.model.predict_masked(ROWS[:1], [np.ones((1, 4), bool)])


def test_an_adapter_of_a_classifier_is_not_taken_for_one_of_a_masked_model(tmp_path):
    save(masked_model(), tmp_path / "base")
    for name, modules, base in (
        ("classifier", ["classifier"], BertForSequenceClassification(bert_config(("a", "b")))),
        ("masked", None, masked_model()),
    ):
        settings = peft.LoraConfig(r=2, target_modules=["query"], modules_to_save=modules)
        with quiet():
            peft.get_peft_model(base, settings).save_pretrained(tmp_path / name)
        file = tmp_path / name / "adapter_config.json"
        config = json.loads(file.read_text()) | {"base_model_name_or_path": str(tmp_path / "base")}
        file.write_text(json.dumps(config))
    assert type(open_model(tmp_path / "masked").model).__name__ == "BertForMaskedLM"
    with pytest.raises(ModelInputError, match="task_type None can't be audited; what works now is SEQ_CLS"):
        open_model(tmp_path / "classifier")


def test_what_can_not_be_asked_for_a_masked_token_is_refused():
    with quiet():
        decoder = BertForMaskedLM(bert_config(("a", "b"), is_decoder=True)).eval()
    with pytest.raises(ModelInputError, match=r"BertForMaskedLM that is_decoder .* no masked language model"):
        subject(decoder)
    tokenizer = make_tokenizer()
    tokenizer.mask_token = None
    with pytest.raises(ModelInputError, match="tiny: the tokenizer has no mask token"):
        subject(tokenizer=tokenizer)


def test_rows_have_a_text_and_an_answer_only_where_it_is_named():
    opened = OpenedModel(model=masked_model(), tokenizer=make_tokenizer(), name="tiny")
    table = [{"text": "the film", "label": "was good"}, {"text": "she paid ", "label": "the claim"}]
    plain = build_subject(opened, data=table, device="cpu")
    assert [(row.text, row.answer) for row in plain.data.evaluation] == [("the film", None), ("she paid ", None)]
    named = build_subject(opened, data=table, label_column="label", device="cpu")
    assert [row.answer for row in named.data.evaluation] == [" was good", "the claim"]
    pairs = [{"sent_more": "she was very good", "sent_less": "he was very good", "bias_type": "gender"}]
    (row,) = build_subject(opened, data=pairs, device="cpu").data.evaluation
    assert (row.text, row.columns["sent_less"]) == ("she was very good", "he was very good")
