"""Explanations of answers that are text: spans of a context, and what an encoder-decoder writes."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from measured import context_of, findings_of, subject_of
from test_opacity_tasks import word_tokenizer
from tokenizers import processors
from transformers import BartConfig, BartForConditionalGeneration, BertConfig, BertForQuestionAnswering

from modelaudit.checker import Predictions
from modelaudit.checkers.opacity.choosing import choose
from modelaudit.checkers.opacity.explanation import Effort, explain
from modelaudit.checkers.opacity.players import in_drawn_order
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.targets import SUREST, Target, targets_of
from modelaudit.evidence import Attribution

WORDS = ("who", "where", "saw", "is", "anna", "peter", "paris", "london", "the", "dog", "in", "and")
EXACT = Effort(exact_players=10, pairs=2, most_pairs=2, settled=0.15, random_orders=5)


def asking(*, sharp=8.0, seed=0):
    """Return a span marker of random weights whose answers are sharp, with its tokenizer."""
    tokenizer = word_tokenizer(WORDS)
    tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        initializer_range=0.3,
    )
    model = BertForQuestionAnswering(config).eval()
    with torch.no_grad():
        model.qa_outputs.weight.mul_(sharp)
    return model, tokenizer


def questions(n, seed=0):
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        context = " ".join(draw.permutation(WORDS[4:])[:5])
        start = context.index(" ") + 1
        answer = context[start:].split()[0]
        rows.append(
            {
                "question": f"{draw.choice(WORDS[:2])} {draw.choice(WORDS[2:4])}",
                "context": context,
                "answers": {"text": [answer], "answer_start": [start]},
            }
        )
    return rows


def by_definition_of(values):
    """Average what each player adds over all orders; `values` by the bit masks of the coalitions."""
    players = len(values).bit_length() - 1
    found = np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        mask = 0
        for player in order:
            found[player] += (values[mask | 1 << player] - values[mask]) / len(orders)
            mask |= 1 << player
    return found


def explained(subject, count):
    context = context_of(subject, ShapleyExplanation())
    return explain(subject.model, choose(context, count).games, EXACT, seed=0)


def test_the_values_of_a_span_are_those_of_its_log_odds_with_words_masked():
    model, tokenizer = asking()
    row = {"question": "who saw", "context": "the dog anna", "answers": {"text": ["dog"], "answer_start": [4]}}
    subject = subject_of((model, tokenizer), data=[row, row | {"question": "where is"}])
    assert subject.info.task == "question-answering"
    (each,) = explained(subject, 1)
    asked = each.game.row
    assert each.game.units.names == (*asked.companion.split(), "the", "anna")
    ids = tokenizer(asked.companion, asked.text, return_tensors="pt")
    hideable, place = [1, 2, 4, 6], 5
    values = []
    for bits in itertools.product([0, 1], repeat=4):
        masked = ids["input_ids"].clone()
        for position, shown in zip(hideable, bits[::-1], strict=True):
            if not shown:
                masked[0, position] = tokenizer.mask_token_id
        with torch.inference_mode():
            out = model(input_ids=masked, token_type_ids=ids.get("token_type_ids"))
        ends = []
        for logits in (out.start_logits[0].double(), out.end_logits[0].double()):
            others = torch.cat([logits[:place], logits[place + 1 :]])
            ends.append(float(logits[place] - others.logsumexp(0)))
        values.append(sum(ends) / 2)
    expected = by_definition_of(values)
    assert each.shapley.values == pytest.approx(expected, abs=1e-4)
    assert np.abs(expected).max() > 0.1


def test_spans_are_measured_whole():
    subject = subject_of(asking(), data=questions(20), preset="quick")
    checker = ShapleyExplanation(rows=6)
    measured = findings_of(checker, subject)
    gain = measured["faithfulness_gain", None]
    assert gain.metric.unit == "fall of probability"
    assert gain.metric.bounds[0] is not None
    assert measured["additivity_gap", None].metric.value < 1e-4
    assert measured["self_check", None].metric.value < 1e-4
    assert measured["stability", None].metric.value is not None
    assert not any("orientation" in caveat for finding in measured.values() for caveat in finding.caveats)
    shown = [item for item in gain.evidence if isinstance(item, Attribution)]
    texts = {row.id: row for row in subject.data.evaluation}
    assert all(item.answer == texts[item.row].answers[0] for item in shown)
    assert {item.unit for item in shown} == {"log-odds"}


def test_one_context_with_several_questions_is_several_rows():
    rows = [questions(1)[0] | {"question": question} for question in ("who is", "where saw", "where is")]
    subject = subject_of(asking(), data=rows, preset="quick")
    context = context_of(subject, ShapleyExplanation())
    assert choose(context, 5).rows == 3
    assert context.notes == []


def test_questions_without_answers_are_explained_by_what_the_model_finds():
    bare = [{"question": row["question"], "context": f"{row['context']} {row['context']}"} for row in questions(12)]
    subject = subject_of(asking(), data=bare, preset="quick")
    context = context_of(subject, ShapleyExplanation())
    choice = choose(context, 6)
    assert choice.rows == 6
    said = dict(
        zip(
            (row.id for row in subject.data.evaluation),
            subject.model.answers(subject.data.evaluation).texts,
            strict=True,
        )
    )
    for game in choice.games:
        start, stop = game.row.spans[0]
        assert game.row.text[start:stop] == said[game.row.id]
        places = [found.span() for found in re.finditer(re.escape(said[game.row.id]), game.row.text)]
        losses = subject.model.loss([replace(game.row, spans=(place,)) for place in places]).per_row
        assert places[int(losses.argmin())] == (start, stop)
    held = sum(said[row.id] in row.text for row in in_drawn_order(subject.data.evaluation, seed=context.seed)[0][:12])
    assert any(
        f"the model's own were explained in the {held} whose context holds them" in note for note in context.notes
    )


def test_log_odds_of_a_span_end_where_single_precision_does():
    target = Target("span", "the answer", (0, 0), (0, 1))
    logs = np.array([[0.0], [-1e-9], [np.log(0.5)], [np.log(0.2)]])
    predictions = Predictions(logs, np.exp(logs), np.zeros(2, dtype=bool), np.array([0, 2, 4]))
    sure, half = target.value(predictions)
    assert sure == pytest.approx(SUREST - np.log(-np.expm1(SUREST)))
    assert half == pytest.approx((0.0 + np.log(0.25)) / 2)
    assert target.level(predictions) == pytest.approx([1.0, 0.1])


def writing(seed=0):
    """Return an encoder-decoder of random weights, with its tokenizer."""
    tokenizer = word_tokenizer(WORDS, bos_token="[CLS]", eos_token="[SEP]")
    torch.manual_seed(seed)
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
        init_std=0.6,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        decoder_start_token_id=3,
        forced_eos_token_id=None,
    )
    return BartForConditionalGeneration(config).eval(), tokenizer


def pairs(n, seed=0):
    draw = np.random.default_rng(seed)
    return [
        {"source": " ".join(draw.permutation(WORDS)[:5]), "target": " ".join(draw.permutation(WORDS)[:2])}
        for _ in range(n)
    ]


def test_the_values_of_a_target_are_those_of_the_model_with_its_source_masked():
    model, tokenizer = writing()
    rows = [{"source": "the dog saw anna", "target": "paris london"}, {"source": "who is in paris", "target": "peter"}]
    subject = subject_of((model, tokenizer), data=rows)
    assert subject.info.task == "text2text-generation"
    assert subject.model.hidings[0] == "mask"
    for each in explained(subject, 2):
        source = tokenizer(each.game.row.text, return_tensors="pt")["input_ids"]
        labels = tokenizer(each.game.row.answer, return_tensors="pt")["input_ids"]
        values = []
        for bits in itertools.product([0, 1], repeat=4):
            masked = source.clone()
            for word, shown in enumerate(bits[::-1]):
                if not shown:
                    masked[0, 1 + word] = tokenizer.mask_token_id
            with torch.inference_mode():
                logits = model(input_ids=masked, labels=labels).logits[0].double().log_softmax(-1)
            judged = logits[torch.arange(labels.shape[1]), labels[0]]
            values.append(judged)
        # The token that opens a target is given; the words and the token that ends it are judged.
        means = [float(one[1:].mean()) for one in values]
        assert each.shapley.values == pytest.approx(by_definition_of(means), abs=1e-4)
        assert np.abs(each.shapley.values).max() > 0.05


def test_what_an_encoder_decoder_writes_is_explained_where_there_are_no_targets():
    model, tokenizer = writing()
    subject = subject_of((model, tokenizer), data=[{"source": row["source"]} for row in pairs(16)], preset="quick")
    checker = ShapleyExplanation(rows=5, pairs=2)
    context = context_of(subject, checker)
    choice = choose(context, 3)
    said = subject.model.answers([game.row for game in choice.games], max_new_tokens=32).texts
    assert [game.row.answer for game in choice.games] == list(said)
    said_of = "6 of the rows drawn have no answer; the model's own were explained, chosen greedily, 32 tokens"
    assert any(said_of in note for note in context.notes)


def test_an_answer_that_was_cut_is_explained_without_an_end_and_one_that_ended_with_it():
    model, tokenizer = writing()
    subject = subject_of((model, tokenizer), data=[{"source": row["source"]} for row in pairs(16)], preset="quick")
    context = context_of(subject, ShapleyExplanation(rows=5, pairs=2))
    choice = choose(context, 4)
    ended = subject.model.answers([replace(game.row, answer=None) for game in choice.games], max_new_tokens=32).ended
    counted = subject.model.predict([game.row for game in choice.games]).offsets
    for game, end, parts in zip(choice.games, ended.tolist(), np.diff(counted).tolist(), strict=True):
        assert game.target.cut == (not end)
        assert len(game.target.classes) == parts - (not end)
    assert not ended.all(), "the model of this test writes on"
    assert any("are explained as far as they go, without an end" in note for note in context.notes)
    cut = next(game for game, end in zip(choice.games, ended, strict=True) if not end)
    told = subject.model.predict([cut.row])
    found = targets_of(told, subject.model.labels, "text2text-generation")[0]
    assert cut.target.stays(told, told, found, spread=1.0), "an edit that changes nothing leaves a cut answer as it was"
    assert not cut.target.stays(told, told, (found[0].without_end,), spread=1.0), "shorter by a token it is another"


@pytest.mark.heavy
def test_targets_are_measured_whole():
    subject = subject_of(writing(), data=pairs(20), preset="quick")
    measured = findings_of(ShapleyExplanation(rows=6), subject)
    gain = measured["faithfulness_gain", None]
    assert gain.metric.unit == "fall of probability a token"
    assert measured["additivity_gap", None].metric.value < 1e-4
    assert measured["randomised_agreement", None].metric.value is not None
    shown = [item for item in gain.evidence if isinstance(item, Attribution)]
    assert all(item.answer for item in shown)


def test_a_masked_language_model_has_no_answer_to_explain():
    subject = subject_of(writing(), data=pairs(4), preset="quick")
    assert ShapleyExplanation().applies(subject.info) is None
    masked = subject.info.model_copy(update={"task": "fill-mask"})
    assert "gives no answer to explain" in ShapleyExplanation().applies(masked)
