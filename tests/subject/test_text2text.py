"""Text to text: what an encoder-decoder is judged by, and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny_models import save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from writing_models import ROOM, SENTENCES, bart, handle, marian, mbart, t5

from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.model import Model
from modelaudit.subject.subject import Subject
from modelaudit.subject.targets import opening_input

PAIRS = list(zip(SENTENCES, SENTENCES[1:] + SENTENCES[:1], strict=True))
ROWS = [Row(f"t:{i}", source, answer=target) for i, (source, target) in enumerate(PAIRS)]


@pytest.fixture(scope="module")
def models_(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("marian")
    return {"t5": handle(*t5()), "bart": handle(*bart()), "marian": handle(*marian(folder))}


def told(model: Model, row: Row) -> tuple[Any, list[int]]:
    """The logits at each place of the labels, and the labels, as the model is trained."""
    tokenizer = model.opened.tokenizer
    source = tokenizer([row.text], return_tensors="pt")
    labels = tokenizer(text_target=[row.answer], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        return model.opened.model(**source, labels=labels).logits[0], labels[0].tolist()


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_a_target_is_judged_as_the_model_is_trained(models_: dict[str, Model], name: str) -> None:
    model = models_[name]
    losses = model.loss(ROWS)
    for place, row in enumerate(ROWS):
        logits, labels = told(model, row)
        # BART's targets begin with <s>, which it is given and not asked for.
        first = int(name == "bart")
        expected = torch.nn.functional.cross_entropy(logits[first:], torch.tensor(labels[first:]))
        assert losses.per_row[place] == pytest.approx(float(expected), rel=1e-5)
        predictions = model.predict([row])
        assert predictions.offsets is not None
        assert predictions.offsets.tolist() == [0, len(labels) - first]


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_what_a_model_writes_is_what_it_writes_elsewhere(models_: dict[str, Model], name: str) -> None:
    model = models_[name]
    answers = model.answers(ROWS, max_new_tokens=6)
    for place, row in enumerate(ROWS):
        source = model.opened.tokenizer([row.text], return_tensors="pt")
        with torch.inference_mode():
            out = model.opened.model.generate(
                **source,
                max_new_tokens=6,
                do_sample=False,
                num_beams=1,
                output_logits=True,
                return_dict_in_generate=True,
            )
        new = out.sequences[0, 1:]
        assert answers.texts[place] == model.opened.tokenizer.decode(new, skip_special_tokens=True).strip()
        if not answers.ended[place]:
            chances = torch.stack(out.logits, 1)[0].log_softmax(-1).gather(1, new[:, None])
            assert answers.log_probs[place] == pytest.approx(float(chances.mean()), abs=1e-4)
    assert np.isfinite(answers.log_probs).all()
    assert not answers.truncated.any()


def test_an_answer_that_the_model_ends_is_ended(models_: dict[str, Model]) -> None:
    model, tokenizer = bart()
    model.final_logits_bias[0, tokenizer.eos_token_id] = 1e3
    answers = handle(model, tokenizer).answers(ROWS[:2], max_new_tokens=4)
    assert answers.texts == ("", "")
    assert answers.ended.all()
    assert answers.log_probs.tolist() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_an_answer_that_the_limit_cut_is_not_ended_whatever_the_settings_put_there() -> None:
    model, tokenizer = bart()
    model.generation_config.forced_eos_token_id = tokenizer.eos_token_id
    answers = handle(model, tokenizer).answers(ROWS[:2], max_new_tokens=4)
    assert not answers.ended.any()


def test_the_token_that_every_text_begins_with_counts_for_nothing() -> None:
    model, tokenizer = bart()
    model.generation_config.forced_bos_token_id = tokenizer.bos_token_id
    asked = handle(model, tokenizer)
    answer = asked.answers(ROWS[:1], max_new_tokens=3)
    (told_,) = asked.engine.ask("generated", [opening_input(asked.encodings(ROWS[:1])[0].input, asked.encoder)], [3])
    assert told_[0, 0] == tokenizer.bos_token_id
    assert answer.log_probs[0] == pytest.approx(told_[1:, 1].mean(), abs=1e-5)
    assert abs(told_[0, 1] - told_[1:, 1].mean()) > 0.01


def test_rows_are_judged_and_written_alike_alone_and_together(models_: dict[str, Model]) -> None:
    model = models_["t5"]
    alone = [model.answers([row], max_new_tokens=5) for row in ROWS]
    together = model.answers(ROWS, max_new_tokens=5)
    assert together.texts == tuple(answer.texts[0] for answer in alone)
    assert together.log_probs.tolist() == [answer.log_probs[0] for answer in alone]
    assert model.loss(ROWS).per_row.tolist() == [model.loss([row]).per_row[0] for row in ROWS]


def test_tokens_have_statistics(models_: dict[str, Model]) -> None:
    model = models_["t5"]
    statistics, predictions = model.token_statistics(ROWS), model.predict(ROWS)
    assert statistics.log_probs == pytest.approx(predictions.logits[:, 0], rel=1e-5, abs=1e-6)
    assert predictions.offsets is not None
    assert statistics.offsets.tolist() == predictions.offsets.tolist()
    eos = model.opened.tokenizer.eos_token_id
    assert statistics.tokens[statistics.offsets[1:] - 1].tolist() == [eos] * len(ROWS)


def test_what_is_too_long_is_cut_and_counted(models_: dict[str, Model]) -> None:
    model = models_["t5"]
    rows = [
        Row("t:1", " ".join(["peter"] * 5000), answer="anna"),
        Row("t:2", "peter", answer=" ".join(["anna"] * 5000)),
        Row("t:3", "peter", answer="anna"),
    ]
    encodings = model.encodings(rows)
    assert [encoding.tokens_lost for encoding in encodings] == [5000 + 1 - ROOM, 5000 + 1 - ROOM, 0]
    assert [encoding.words for encoding in encodings] == [2, ROOM - 1, 2]
    assert model.predict(rows).truncated.tolist() == [True, True, False]
    answers = model.answers(rows, max_new_tokens=500)
    assert answers.truncated.tolist() == [True, False, False]
    assert np.isfinite(answers.log_probs).all()


def test_a_row_without_a_target_has_no_loss_and_is_written_all_the_same(models_: dict[str, Model]) -> None:
    model = models_["t5"]
    bare = Row("t:9", SENTENCES[0])
    assert model.predict([bare]).logits.shape == (0, 1)
    assert model.answers([bare]).texts == model.answers(ROWS[:1]).texts
    with pytest.raises(DataInputError, match="t:9 has no target"):
        model.loss([bare])


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_hostile_texts_have_losses(models_: dict[str, Model], name: str) -> None:
    texts = ["", " ", "\ud800", "😀" * 50, "</s><pad> peter", "\u200b\x00", "电影 réclamation"]
    rows = [Row(str(i), source, answer=target) for i, source in enumerate(texts) for target in texts]
    assert np.isfinite(models_[name].loss(rows).per_row).all()


def test_words_of_the_source_can_be_hidden_and_the_target_stays(models_: dict[str, Model]) -> None:
    for model in models_.values():
        (players,) = model.players(ROWS[:1])
        keep = np.ones((2, len(players)), dtype=np.bool_)
        keep[1] = False
        for hide in model.hidings:
            (masked,) = model.predict_masked(ROWS[:1], [keep], hide=hide)
            whole = model.predict(ROWS[:1]).logits
            assert masked.logits[: len(whole)].tolist() == whole.tolist()
            assert np.abs(masked.logits[len(whole) :] - whole).max() > 1e-4
    assert models_["t5"].players(ROWS[:1]) == [("peter", "paid", "the", "claim", "in", "london")]
    assert models_["bart"].hidings[0] == "mask"


def many_languages(name: str, **languages: str) -> Any:
    """A tokenizer of the mBART family, whose classes differ between versions of transformers."""
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    letters = sorted({letter for sentence in SENTENCES for letter in sentence.replace(" ", "▁")})
    pieces = [*special, *((letter, -5.0) for letter in letters)]
    if transformers.__version__.startswith("5"):
        return getattr(transformers, name)(vocab=pieces, model_max_length=ROOM, **languages)
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return getattr(transformers, f"{name}Fast")(tokenizer_object=tokenizer, model_max_length=ROOM, **languages)


@pytest.mark.parametrize(
    ("name", "read", "opening"),
    [("MBartTokenizer", ["de_DE", "▁"], ["de_DE"]), ("MBart50Tokenizer", ["</s>", "de_DE"], ["</s>", "de_DE"])],
)
@pytest.mark.parametrize("told", [{"tgt_lang": "de_DE"}, {}])
def test_a_model_of_many_languages_writes_the_one_that_it_was_set_to(
    name: str, read: list[str], opening: list[str], told: dict[str, str]
) -> None:
    tokenizer = many_languages(name, src_lang="en_XX", **told)
    german = tokenizer.convert_tokens_to_ids("de_DE")
    start = german if name == "MBartTokenizer" else tokenizer.eos_token_id
    net = mbart(tokenizer, decoder_start_token_id=start)
    net.generation_config.forced_bos_token_id = None if name == "MBartTokenizer" or told else german
    model = handle(net, tokenizer)
    (encoding,) = model.encodings(ROWS[:1])
    spelled = tokenizer.convert_ids_to_tokens
    assert encoding.input.decoder is not None
    assert encoding.input.targets is not None
    assert spelled(encoding.input.decoder[:2].tolist()) == read
    assert spelled(encoding.input.targets.tolist())[:2] == ["▁", "a"]
    assert spelled(encoding.input.targets.tolist())[-1] == "</s>"
    if told or name == "MBartTokenizer":
        assert spelled(list(model.encoder.opening)) == opening
    # The user's own tokenizer is left as it is.
    assert tokenizer.tgt_lang == told.get("tgt_lang")


def test_what_the_decoder_reads_is_made_by_the_rule_of_the_model() -> None:
    tokenizer = many_languages("MBartTokenizer", src_lang="en_XX", tgt_lang="de_DE")
    net = mbart(tokenizer, decoder_start_token_id=tokenizer.eos_token_id)
    (encoding,) = handle(net, tokenizer).encodings(ROWS[:1])
    labels = tokenizer(text_target=[ROWS[0].answer], return_tensors="pt")["input_ids"]
    assert encoding.input.decoder is not None
    assert encoding.input.decoder.tolist() == net.prepare_decoder_input_ids_from_labels(labels.repeat(2, 1))[0].tolist()
    assert encoding.input.decoder[0] == tokenizer.convert_tokens_to_ids("de_DE")


def test_a_decoder_that_begins_with_nothing_is_named() -> None:
    model, tokenizer = t5()
    model.config.decoder_start_token_id = None
    model.generation_config.decoder_start_token_id = None
    with pytest.raises(ModelInputError, match="tiny: nothing says what its decoder begins with"):
        handle(model, tokenizer)


def test_a_prefix_that_the_rows_lack_is_told_and_not_added(models_: dict[str, Model]) -> None:
    model, tokenizer = t5()
    model.config.task_specific_params = {"summarization": {"prefix": "summarize: "}, "other": {"num_beams": 4}}
    asked = handle(model, tokenizer)
    task = asked.task
    _, remarks = task.settled(asked.encoder, ROWS, opened=asked.opened)  # type: ignore[attr-defined]
    assert len(remarks) == 1
    assert "'summarize: ' to be put before a text" in remarks[0]
    prefixed = [Row("t:1", f"summarize: {SENTENCES[0]}")]
    assert task.settled(asked.encoder, prefixed, opened=asked.opened)[1] == ()  # type: ignore[attr-defined]
    assert asked.loss(ROWS).per_row.tolist() == models_["t5"].loss(ROWS).per_row.tolist()


def test_a_folder_is_opened_with_its_own_tokenizer(tmp_path: Path, subject_of: Callable[..., Subject]) -> None:
    folder = tmp_path / "marian"
    folder.mkdir()
    net, tokenizer = marian(folder)
    save(net, folder, tokenizer)
    data = [{"translation": {"en": source, "fr": target}} for source, target in PAIRS]
    subject = subject_of(folder, data, text_column="en")
    assert subject.info.task == "text2text-generation"
    assert (subject.info.evaluation.text_column, subject.info.evaluation.label_column) == ("en", "fr")
    losses = subject.model.loss(subject.data.evaluation).per_row
    assert losses == pytest.approx(handle(net, tokenizer).loss(ROWS).per_row, rel=1e-5)
