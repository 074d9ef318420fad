"""Explanations of several labels, of numbers and of answers; of models without training; and of rows that are odd."""

import itertools
import re

import numpy as np
import pytest
import torch
from measured import context_of, findings_of, subject_of
from test_opacity_shapley import EXACT, explained
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from modelaudit import Audit
from modelaudit.checkers.opacity.choosing import choose
from modelaudit.checkers.opacity.randomised import against_random
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.stability import _edited_rows
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Attribution
from modelaudit.runner import Randomisation, Silent
from modelaudit.testing.planted import PlantedConfig, PlantedForSequenceClassification

WORDS = ("good", "kind", "slow", "rude", "film", "plot", "long", "song")
WEIGHTS = np.array(
    [[2, 0, 0.25], [1, 0.5, 0], [-1, 0, 2], [-2, 0.25, 1], [0, 3, 0], [0, 2, 0], [0, 0, 1.5], [0, 1, 0]], dtype="f4"
)


def word_tokenizer(words, *, framed=True, **named):
    """Return a tokenizer of whole words, with [CLS] and [SEP] around a text or without."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*special, *words])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if framed:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        named |= {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    else:
        # As the tokenizers of language models: segments would be added to the embeddings of GPT-2.
        named |= {"model_input_names": ["input_ids", "attention_mask"]}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", model_max_length=64, **named
    )


def planted(outputs, **config):
    """Return a bag of words whose outputs are sums of known weights."""
    tokenizer = word_tokenizer(WORDS)
    settings = PlantedConfig(vocab_size=len(tokenizer), id2label={i: f"out {i}" for i in range(outputs)}, **config)
    model = PlantedForSequenceClassification(settings).eval()
    with torch.no_grad():
        model.embeddings.weight.zero_()
        model.bias.fill_(-0.5)
        for word, weights in zip(WORDS, WEIGHTS, strict=True):
            model.embeddings.weight[tokenizer.convert_tokens_to_ids(word)] = torch.tensor(weights[:outputs])
    return model, tokenizer


def texts(n, seed=0, most=8):
    draw = np.random.default_rng(seed)
    return [" ".join(draw.permutation(WORDS)[: draw.integers(4, most + 1)]) for _ in range(n)]


def weights_of(game, output):
    return [WEIGHTS[WORDS.index(word), output] for word in game.units.names]


def test_each_label_that_is_given_is_explained_by_its_own_logit():
    model = planted(3, problem_type="multi_label_classification")
    subject = subject_of(model, data=[{"text": text} for text in texts(30)], preset="quick")
    found = explained(subject, EXACT)
    predicted = subject.model.predict(subject.data.evaluation[:6]).probabilities
    assert len(found) == sum(max(1, int((row >= 0.5).sum())) for row in predicted)
    assert len(found) > 6
    for each in found:
        (label,) = each.game.target.classes
        assert each.game.target.name == f"out {label}"
        assert each.shapley.values == pytest.approx(weights_of(each.game, label), abs=1e-6)
    measured = findings_of(ShapleyExplanation(), subject)
    assert measured["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-6)
    assert measured["faithfulness_gain", None].metric.bounds[0] is not None
    assert measured["additivity_gap", None].metric.n == 20
    assert ("context_share", None) not in measured


def test_a_row_to_which_no_label_is_given_is_explained_by_the_likeliest():
    model, tokenizer = planted(3, problem_type="multi_label_classification")
    with torch.no_grad():
        model.bias.fill_(-30.0)
        model.bias[1] = -20.0
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in texts(8)], preset="quick")
    assert {each.game.target.name for each in explained(subject, EXACT)} == {"out 1"}


def test_a_number_is_explained_in_its_own_unit():
    subject = subject_of(planted(1), data=[{"text": text} for text in texts(40, seed=1)], preset="quick")
    assert subject.info.task == "text-regression"
    for each in explained(subject, EXACT):
        assert each.shapley.values == pytest.approx(weights_of(each.game, 0), abs=1e-6)
    measured = findings_of(ShapleyExplanation(), subject)
    gain = measured["faithfulness_gain", None]
    assert gain.metric.unit == "fall of the output"
    assert gain.metric.bounds[0] is not None
    assert "lowers the output by" in gain.statement
    assert {item.unit for item in gain.evidence if isinstance(item, Attribution)} == {"output units"}
    assert measured["self_check", None].metric.unit == "output units"
    assert measured["explanation_quality", None].metric.value == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("size", [1e-4, 1e4])
def test_a_number_is_judged_by_how_it_varies_and_not_by_its_size(size):
    model, tokenizer = planted(1)
    with torch.no_grad():
        model.embeddings.weight.mul_(size)
        model.bias.mul_(size)
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in texts(30)], preset="quick")
    measured = findings_of(ShapleyExplanation(), subject)
    assert measured["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-3)
    assert measured["explanation_quality", None].metric.value is not None


def tiny(**config):
    tokenizer = word_tokenizer(WORDS)
    torch.manual_seed(5)
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    settings = BertConfig(vocab_size=len(tokenizer), **small, **config)
    return BertForSequenceClassification(settings).eval(), tokenizer


UNTRAINED = ({"num_labels": 1}, {"num_labels": 3}, {"problem_type": "multi_label_classification"})


@pytest.mark.parametrize("config", UNTRAINED)
def test_a_model_that_nobody_trained_is_not_assessed(config):
    subject = subject_of(tiny(**config), data=[{"text": text} for text in texts(30)], preset="quick")
    with pytest.raises(NotAssessable, match="react"):
        list(ShapleyExplanation().run(context_of(subject, ShapleyExplanation())))


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_model_that_gives_every_row_the_same_is_not_assessed(outputs):
    model, tokenizer = planted(outputs)
    with torch.no_grad():
        model.embeddings.weight.zero_()
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in texts(30)], preset="quick")
    with pytest.raises(NotAssessable, match="react"):
        list(ShapleyExplanation().run(context_of(subject, ShapleyExplanation())))


QUESTIONS = ("is it {} and {} or {} ?", "say {} {} now {}", "the {} was {} but {} too")
ANSWERS = {"red": "stop", "green": "go"}


@pytest.fixture(scope="module")
def traffic():
    """Return a language model that learnt to answer by the one colour in a prompt, with its tokenizer and rows."""
    colours = {*ANSWERS, *ANSWERS.values(), "big", "old", "odd"}
    vocabulary = [*"is it and or say now the was but too ?".split(), *sorted(colours)]  # noqa: SIM905
    tokenizer = word_tokenizer(vocabulary, framed=False, bos_token="[SEP]", eos_token="[SEP]")
    draw = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        colour = str(draw.choice(list(ANSWERS)))
        words = draw.permutation([colour, *draw.choice(["big", "old", "odd"], 2, replace=False)])
        rows.append({"prompt": str(draw.choice(QUESTIONS)).format(*words), "answer": ANSWERS[colour]})
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=2, n_positions=32, bos_token_id=3, eos_token_id=3
    )
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    batches = tokenizer([f"{row['prompt']} {row['answer']}" for row in rows], padding=True, return_tensors="pt")
    ids, mask = batches["input_ids"], batches["attention_mask"]
    last = mask.sum(1) - 1
    for step in range(120):
        some = torch.arange(step * 32, step * 32 + 32) % len(rows)
        logits = model(input_ids=ids[some], attention_mask=mask[some]).logits
        at = last[some]
        loss = torch.nn.functional.cross_entropy(
            logits[torch.arange(32), at - 1], ids[some].gather(1, at[:, None])[:, 0]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval(), tokenizer, rows


def test_an_answer_is_explained_by_the_word_that_it_hangs_on(traffic):
    model, tokenizer, rows = traffic
    subject = subject_of((model, tokenizer), data=rows, preset="quick")
    assert subject.info.task == "text-generation"
    assert subject.model.hidings[0] == "attention"
    found = explained(subject, EXACT)
    for each in found:
        strongest = each.game.units.names[int(np.argmax(each.shapley.values))]
        assert ANSWERS[strongest] == each.game.row.answer.strip()
    measured = findings_of(ShapleyExplanation(), subject)
    gain = measured["faithfulness_gain", None].metric
    assert gain.value > 0.1
    assert gain.unit == "fall of probability a token"
    assert measured["self_check", None].metric.value < 1e-4
    assert measured["additivity_gap", None].metric.value < 1e-4
    assert abs(measured["randomised_agreement", None].metric.value) < 0.6


def test_rows_without_answers_are_explained_by_what_the_model_says(traffic):
    model, tokenizer, rows = traffic
    subject = subject_of((model, tokenizer), data=[{"prompt": row["prompt"]} for row in rows[:30]], preset="quick")
    context = context_of(subject, ShapleyExplanation())
    choice = choose(context, 5)
    assert len(choice.games) == 5
    for game in choice.games:
        colour = next(word for word in game.row.text.split() if word in ANSWERS)
        assert game.row.answer.split()[0] == ANSWERS[colour]
    assert any("chosen greedily" in note for note in context.notes)


def test_the_values_of_an_answer_are_those_of_the_model_with_its_attention_cut(traffic):
    model, tokenizer, _ = traffic
    subject = subject_of((model, tokenizer), data=[{"prompt": "say red now", "answer": "stop go"}] * 2)
    (each, *_) = explained(subject, EXACT, count=1)
    ids = tokenizer("say red now stop go", return_tensors="pt")["input_ids"]
    values = []
    for coalition in itertools.product([0, 1], repeat=3):
        shown = [bool(bit) for bit in coalition[::-1]]
        kept, behind = [at for at in range(3) if shown[at]], [3, 4]
        places = torch.tensor([kept + behind]) if kept else torch.tensor([[0, *behind]])
        row = ids[0, places[0]].clone()
        if not kept:
            row[0] = 3
        with torch.inference_mode():
            logits = model(input_ids=row[None], position_ids=places, attention_mask=torch.ones_like(places)).logits[0]
        logs = logits.double().log_softmax(-1)
        values.append(float((logs[-3, row[-2]] + logs[-2, row[-1]]) / 2))
    expected = by_definition_of(values)
    assert each.shapley.values == pytest.approx(expected, abs=1e-5)


def by_definition_of(values):
    found = np.zeros(3)
    for order in itertools.permutations(range(3)):
        mask = 0
        for player in order:
            found[player] += (values[mask | 1 << player] - values[mask]) / 6
            mask |= 1 << player
    return found


def test_the_explanations_of_a_trained_model_are_not_those_of_random_weights(traffic):
    model, tokenizer, rows = traffic
    subject = subject_of((model, tokenizer), data=rows[:40], preset="quick")
    solved = [each.solved for each in explained(subject, EXACT, count=20)]
    random = Randomisation(subject, seed=0, listener=Silent())
    other = against_random(random.model(), solved, hide="attention")
    assert np.mean(other.agreements) < 0.5
    assert other.spread < np.median([one.shapley.spread for one in solved]) / 3
    itself = against_random(subject.model, solved, hide="attention")
    assert min(itself.agreements) == pytest.approx(1.0)
    again = Randomisation(subject, seed=0, listener=Silent()).model()
    assert against_random(again, solved, hide="attention") == other
    assert against_random(Randomisation(subject, seed=1, listener=Silent()).model(), solved, hide="attention") != other


def test_a_model_wired_to_answers_of_another_is_not_called_explainable(traffic, monkeypatch):
    model, tokenizer, rows = traffic
    subject = subject_of((model, tokenizer), data=rows)
    monkeypatch.setattr(Randomisation, "model", lambda self: self._subject.model)
    measured = findings_of(ShapleyExplanation(), subject)
    quality = measured["explanation_quality", None]
    assert quality.metric.value is None
    assert "random weights rank the words alike" in quality.statement
    assert "random weights" in measured["faithfulness_gain", None].confounded


def test_outputs_of_several_scales_are_explained_by_how_each_varies():
    model, tokenizer = planted(3, problem_type="regression")
    with torch.no_grad():
        model.embeddings.weight[:, 0] *= 1000.0
    rows = [{"text": text} for text in texts(40, seed=2)]
    subject = subject_of((model, tokenizer), data=rows, preset="quick")
    measured = findings_of(ShapleyExplanation(), subject)
    assert measured["faithfulness_gain", None].metric.unit == "fall in standard deviations"
    assert 0 < measured["faithfulness_gain", None].metric.value < 5
    assert measured["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-6)
    shown = [item for item in measured["faithfulness_gain", None].evidence if isinstance(item, Attribution)]
    assert {item.unit for item in shown} == {"standard deviations"}
    assert max(abs(value) for item in shown for value in item.values) < 10


def test_an_output_of_a_regression_that_varies_by_rounding_alone_is_not_explained():
    model, tokenizer = planted(3, problem_type="regression")
    with torch.no_grad():
        model.bias[1] = 1e6
        model.embeddings.weight[:, 1] *= 0.05
    rows = [{"text": text} for text in texts(40, seed=2)]
    subject = subject_of((model, tokenizer), data=rows, preset="quick")
    measured = findings_of(ShapleyExplanation(), subject)
    assert measured["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-6)
    [words] = [item for item in measured["faithfulness_gain", None].evidence if item.kind == "table"]
    assert {row[1] for row in words.rows} == {"out 0", "out 2"}


def test_what_is_explained_of_one_row_is_no_evidence_of_several_rows():
    model = planted(3, problem_type="multi_label_classification")
    subject = subject_of(model, data=[{"text": text} for text in texts(30)], preset="quick")
    checker = ShapleyExplanation(rows=3)
    measured = findings_of(checker, subject)
    assert measured["baseline_agreement", None].metric.n <= 3
    assert measured["randomised_agreement", None].metric.n <= 3
    assert "(3 rows)" in measured["normalised_faithfulness", None].statement
    [words] = [item for item in measured["faithfulness_gain", None].evidence if item.kind == "table"]
    assert words.columns[:3] == ("Word", "Explained", "Rows")
    assert max(row[2] for row in words.rows) <= 3
    pairs = [(row[0], row[1]) for row in words.rows]
    assert len(set(pairs)) == len(pairs)


def test_rows_that_do_not_react_are_left_out_and_raise_no_alarm():
    model, tokenizer = planted(1)
    with torch.no_grad():
        model.embeddings.weight.zero_()
        model.embeddings.weight[tokenizer.convert_tokens_to_ids("rude"), 0] = 0.37
        model.embeddings.weight[tokenizer.convert_tokens_to_ids("kind"), 0] = 0.11
    rows = [{"text": f"film plot long song slow {' '.join(['rude kind'] * (place % 4 == 0))} {'good ' * (place // 9)}"}
            for place in range(60)]  # fmt: skip
    subject = subject_of((model, tokenizer), data=rows, preset="quick")
    context = context_of(subject, ShapleyExplanation())
    found = {finding.metric.id: finding for finding in ShapleyExplanation().run(context)}
    assert found["faithfulness_gain"].confounded is None
    assert found["explanation_quality"].metric.value is not None
    left = found["faithfulness_gain"].metric.n
    assert 2 <= left < 20
    [(still, drawn)] = re.findall(r"In (\d+) of (\d+) rows the output hardly reacts", " ".join(context.notes))
    assert left + int(still) == int(drawn)
    assert found["words_for_80pct"].metric.value <= 2


def test_an_edited_prompt_keeps_what_stands_before_its_answer(traffic):
    model, tokenizer, rows = traffic
    data = [{**row, "prompt": f"{row['prompt']}  "} for row in rows[:40]]
    subject = subject_of((model, tokenizer), data=data, preset="quick")
    solved = [each.solved for each in explained(subject, EXACT, count=20)]
    edited, places, names = _edited_rows(solved, seed=0)
    assert len(set(names)) > 1
    for row, place in zip(edited, places, strict=True):
        assert row.text.endswith("  ")
        assert row.answer == solved[place].game.row.answer


@pytest.mark.parametrize("show_text", [True, False])
def test_the_answer_that_is_explained_is_shown_where_text_is_and_nowhere_else(traffic, tmp_path, show_text):
    model, tokenizer, rows = traffic
    audit = Audit(
        (model, tokenizer), [{"prompt": row["prompt"]} for row in rows[:40]], preset="quick", show_text=show_text
    )
    outcome = audit.run(only=["opacity"])
    outcome.save(str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert ("the answer “stop" in page or "the answer “go" in page) == show_text
    assert ('"answer":"' in outcome.report.model_dump_json()) == show_text
