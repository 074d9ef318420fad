"""Values to the last digits that arithmetic allows, the same bits in any company, and checks that see a wrong game."""

import copy

import numpy as np
import pytest
import torch
from measured import context_of, subject_of
from test_opacity_shapley import EXACT, LEXICON, SAMPLED, explained
from test_opacity_tasks import word_tokenizer
from transformers import BertConfig, BertForSequenceClassification, BloomConfig, BloomForSequenceClassification

from modelaudit import Audit
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.checkers.opacity.shapley_values import exact_shapley, permutation_pairs
from modelaudit.checkers.opacity.solving import on_coalitions
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Attribution
from modelaudit.plugins import registered
from modelaudit.runner import run_checks
from modelaudit.subject.encoding import Encoder
from modelaudit.subject.hiding import Veil
from modelaudit.testing.planted import planted_classifier, planted_tag_rows, planted_tagger

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TEXTS = ("one two three", "four nine five one six", "ten nine eight seven six five four", " ".join(NUMBERS))


def bert(labels=3, *, seed=0, **named):
    """Return a transformer that was never trained, with weights large enough for words to interact."""
    tokenizer = word_tokenizer(NUMBERS, **named)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.25,
        num_labels=labels,
    )
    return BertForSequenceClassification(config).eval(), tokenizer


def by_hand(model, tokenizer, text, *, hidden=None):
    """Return the Shapley values of a text's words from all coalitions, in float64 from the first product on."""
    double = copy.deepcopy(model).double()
    ids = torch.tensor(tokenizer(text)["input_ids"])
    n = len(text.split())
    masks = torch.arange(2**n)[:, None] >> torch.arange(n) & 1
    variants = ids.repeat(2**n, 1)
    variants[:, 1:-1] = torch.where(masks.bool(), variants[:, 1:-1], hidden or tokenizer.mask_token_id)
    with torch.inference_mode():
        logits = double(input_ids=variants, attention_mask=torch.ones_like(variants)).logits
    label = int(logits[-1].argmax())
    others = torch.cat([logits[:, :label], logits[:, label + 1 :]], dim=1)
    return exact_shapley((logits[:, label] - others.logsumexp(1)).numpy())


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_brute_force_in_double_precision(seed):
    model, tokenizer = bert(seed=seed)
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in TEXTS])
    for each, text in zip(explained(subject, EXACT), TEXTS, strict=True):
        expected = by_hand(model, tokenizer, text)
        assert np.abs(expected).max() > 0.01
        assert each.shapley.values == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("effort", [EXACT, SAMPLED])
def test_a_sum_of_words_is_explained_to_the_ninth_decimal(effort):
    # Multiples of 1/1024 leave no rounding to the model, so that what is left is that of the explanation.
    weights = {word: (-1) ** at * (3 + 7 * at) / 1024 for at, word in enumerate(NUMBERS)}
    subject = subject_of(planted_classifier(weights), data=[{"text": text} for text in TEXTS])
    for each in explained(subject, effort):
        sign = 1 if each.game.target.classes == (1,) else -1
        expected = [sign * weights[word] for word in each.game.units.names]
        assert each.shapley.values == pytest.approx(expected, abs=1e-9)
        assert each.additivity.words == pytest.approx(1.0, abs=1e-9)
        assert each.shapley.steadiness == pytest.approx(1.0, abs=1e-9)


def test_batches_order_and_padding_side_change_no_bit():
    model, tokenizer = bert()
    texts = [*TEXTS, *(" ".join(np.random.default_rng(seed).permutation(NUMBERS)) for seed in range(6))]

    def values(order, side, **options):
        other = copy.deepcopy(tokenizer)
        other.padding_side = side
        subject = subject_of((model, other), data=[{"text": texts[place]} for place in order], **options)
        found = explained(subject, SAMPLED, count=len(texts))
        return {each.game.row.text: each.shapley.values.tobytes() for each in found}

    plain = values(range(len(texts)), "right")
    assert values(range(len(texts))[::-1], "right") == plain
    assert values(range(len(texts)), "left") == plain
    alone = {}
    for place in range(len(texts)):
        alone |= values([place], "right")
    assert alone == plain


def test_other_batch_sizes_change_the_last_digit_at_most():
    model, tokenizer = bert()
    data = [{"text": text} for text in TEXTS]
    plain = explained(subject_of((model, tokenizer), data=data), SAMPLED)
    for tokens in (96, 512):
        again = explained(subject_of((model, tokenizer), data=data, batch_tokens=tokens), SAMPLED)
        for each, other in zip(plain, again, strict=True):
            assert other.shapley.values == pytest.approx(each.shapley.values, abs=1e-6)


def deviation(model, tokenizer):
    """Return how far explanations are from brute force by other code, as a share of the largest value."""
    found = explained(subject_of((model, tokenizer), data=[{"text": text} for text in TEXTS]), EXACT)
    truths = [by_hand(model, tokenizer, text) for text in TEXTS]
    return max(
        float(np.abs(each.shapley.values - truth).max() / np.abs(truth).max())
        if len(each.shapley.values) == len(truth)
        else np.inf
        for each, truth in zip(found, truths, strict=True)
    )


def test_a_hidden_word_that_is_another_token_is_seen_by_the_comparison(monkeypatch):
    assert deviation(*bert()) < 1e-4
    monkeypatch.setattr(Veil, "_stand_in", lambda self, way: self._encoder.tokenizer.unk_token_id)
    assert deviation(*bert()) > 0.05


def test_a_special_token_that_is_made_a_player_is_seen_by_the_comparison(monkeypatch):
    segments_of = Encoder.segments_of

    def with_the_last(self, row, text):
        found = segments_of(self, row, text)
        found.player_of_position[-1] = found.player_of_position.max()
        return found

    monkeypatch.setattr(Encoder, "segments_of", with_the_last)
    assert deviation(*bert()) > 0.05


def test_sampled_intervals_cover_the_values_of_a_transformer():
    text = " ".join(NUMBERS)
    model, tokenizer = bert(seed=2)
    truth = by_hand(model, tokenizer, text)
    subject = subject_of((model, tokenizer), data=[{"text": text}])
    (exact,) = explained(subject, EXACT)
    draws = [permutation_pairs(len(NUMBERS), 10, rng=np.random.default_rng(seed)) for seed in range(200)]
    found = on_coalitions(subject.model, [exact.game] * len(draws), draws)
    inside = [np.abs(one.shapley.values - truth) <= 2.262 * one.shapley.errors for one in found]
    assert 0.90 <= np.mean(inside) <= 0.99


def audited(planted, data, **options):
    subject = subject_of(planted, data=data, preset="quick", **options)
    context = context_of(subject, ShapleyExplanation())
    return {finding.metric.id: finding for finding in ShapleyExplanation().run(context)}, context.notes


def texts(n, seed=0):
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice(NUMBERS, draw.integers(3, 8), replace=False)) for _ in range(n)]


SIGNED = {word: (-1) ** at * (1 + at) / 4 for at, word in enumerate(NUMBERS)}


ODD = {"blank": "\u200b", "control": "\u200b\u200b \x00", "special": "[CLS] [SEP]", "one": "one"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_rows_with_no_player_or_one_are_left_out_and_counted(odd):
    rows = [{"text": text} for text in [*texts(20), odd]]
    found, _ = audited(planted_classifier(SIGNED), rows)
    assert found["faithfulness_gain"].metric.n == 20
    with pytest.raises(NotAssessable, match="at least two words"):
        audited(planted_classifier(SIGNED), [{"text": odd}] * 3)


def test_words_that_stand_twice_are_players_of_their_own_with_one_value():
    subject = subject_of(planted_classifier(SIGNED), data=[{"text": "ten ten one ten"}])
    (each,) = explained(subject, EXACT)
    assert each.game.units.names == ("ten", "ten", "one", "ten")
    first, second, _, last = each.shapley.values
    assert first == second == last != 0


def test_a_row_of_thousands_of_words_is_explained_as_far_as_the_model_reads_it():
    long = " ".join(np.random.default_rng(1).choice(NUMBERS, 5000))
    found, notes = audited(planted_classifier(SIGNED), [{"text": text} for text in [*texts(4), long]])
    assert found["faithfulness_gain"].metric.n == 5
    assert "1 explained rows are longer than the model reads; only what it reads is explained." in notes
    assert any(note.startswith("1 rows have more than 64 words") for note in notes)
    shown = [item for item in found["faithfulness_gain"].evidence if isinstance(item, Attribution)]
    assert max(len(item.values) for item in shown) <= 64


def test_more_classes_than_fifty():
    model, tokenizer = bert(labels=60, seed=1)
    with torch.no_grad():
        model.classifier.weight.mul_(4.0)
    found, _ = audited((model, tokenizer), [{"text": text} for text in texts(20)])
    assert found["self_check"].metric.value < 1e-4
    assert found["additivity_gap"].metric.value < 1e-4
    assert found["faithfulness_gain"].metric.n == 20


def test_label_names_with_markup_stay_text(tmp_path):
    names = {0: "<img src=x onerror=alert(1)>", 1: "</td><script>alert(2)</script>"}
    model, tokenizer = planted_classifier(SIGNED, labels=tuple(names.values()))
    audit = Audit(model=(model, tokenizer), data=[{"text": text} for text in texts(20)], preset="quick", show_text=True)
    outcome = audit.run(only=["modelaudit/shapley-explanation"])
    outcome.save(str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x" in page


def test_a_tokenizer_without_a_mask_token():
    model, tokenizer = bert(seed=3)
    tokenizer.mask_token = None
    with torch.no_grad():
        model.classifier.weight.mul_(4.0)
    found, _ = audited((model, tokenizer), [{"text": text} for text in texts(20)])
    assert found["self_check"].metric.value < 1e-4
    card = {row[0]: row[1] for row in found["self_check"].evidence[0].rows}
    assert card["Hidden words"].startswith("taken out of sight")
    assert card["Another way to hide"].startswith("the token for unknown words")


def test_a_model_without_positions_of_its_own_loses_its_words():
    tokenizer = word_tokenizer(NUMBERS, framed=False, eos_token="[PAD]")
    torch.manual_seed(0)
    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=2, n_head=2, num_labels=2, pad_token_id=0)
    model = BloomForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6.0)
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in texts(20)], preset="quick")
    assert subject.model.hidings == ("unknown", "delete")
    tokenizer.unk_token = None
    subject = subject_of((model, tokenizer), data=[{"text": text} for text in texts(20)], preset="quick")
    assert subject.model.hidings == ("delete",)
    context = context_of(subject, ShapleyExplanation())
    found = {finding.metric.id: finding for finding in ShapleyExplanation().run(context)}
    assert found["self_check"].metric.value < 1e-4
    assert found["additivity_gap"].metric.value < 1e-4
    assert "baseline_agreement" not in found
    assert any("this model has no other" in note for note in context.notes)


def test_a_tagger_that_can_hide_no_word_is_skipped_with_the_reason():
    model, tokenizer = planted_tagger(LEXICON)
    tokenizer.mask_token = None
    tokenizer.unk_token = None
    subject = subject_of((model, tokenizer), data=planted_tag_rows(20, 2, lexicon=LEXICON))
    assert subject.model.hidings == ()
    (result,) = run_checks(subject, [registered(ShapleyExplanation(), "modelaudit")], seed=0).results
    assert result.status == "skipped"
    assert "no way to hide words" in result.reason
