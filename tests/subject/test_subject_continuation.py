"""Prompts and answers as one text: markup, white space, room, and answers that a model wrote itself."""

import numpy as np
import pytest
import torch
from test_subject_tasks import byte_tokenizer, generating
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizer, PreTrainedTokenizerFast

from modelaudit.rows import Row
from modelaudit.subject.continuation import continuations
from modelaudit.subject.encoding import Encoder
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject

# Without segments, as the tokenizers of language models are.
MARKUP = {
    "additional_special_tokens": ["[INST]", "[/INST]"],
    "model_input_names": ["input_ids", "attention_mask"],
}
LETTERS = "abcdefghijklmnopqrstuvwxyz?."


def pieces_tokenizer(kind, **changes):
    """Return a tokenizer that writes a space as part of the token behind it and drops a text's first, as many do.

    `parted` splits texts at spaces, `whole` has no notion of words; `framed` has none either, puts special tokens
    around a text, and puts a space before each piece of text between special tokens.
    """
    singles = ["<s>", "</s>", "<unk>", "▁", *LETTERS]
    merges = [("▁", letter) for letter in LETTERS]
    vocabulary = {piece: i for i, piece in enumerate([*singles, *map("".join, merges)])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    if kind == "framed":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
        )
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=kind == "parted")
        tokenizer.decoder = decoders.Metaspace()
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "model_max_length": 48}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named | MARKUP | changes)


class SlowTokenizer(PreTrainedTokenizer):
    """A token for each letter, written in Python, with special tokens around a text."""

    def __init__(self):
        self._ids = {piece: i for i, piece in enumerate(["<s>", "</s>", "<unk>", " ", *LETTERS])}
        super().__init__(bos_token="<s>", eos_token="</s>", unk_token="<unk>", model_max_length=48, **MARKUP)

    @property
    def vocab_size(self):
        return len(self._ids)

    def get_vocab(self):
        return self._ids | self.added_tokens_encoder

    def _tokenize(self, text, **_):
        return list(text)

    def _convert_token_to_id(self, token):
        return self._ids.get(token, 2)

    def _convert_id_to_token(self, index):
        return list(self._ids)[index]

    def build_inputs_with_special_tokens(self, token_ids_0, token_ids_1=None):
        return [0, *token_ids_0, 1]


def writer_for(tokenizer, seed=0):
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=2, n_positions=48, bos_token_id=0, eos_token_id=1
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    return model.eval()


def writing(tokenizer, prompts, seed=0):
    opened = OpenedModel(model=writer_for(tokenizer, seed), tokenizer=tokenizer, name="writer")
    return build_subject(opened, data=[{"prompt": prompt} for prompt in prompts], device="cpu")


def judged(tokenizer, prompt, answer, length=48):
    """Return the tokens of one row, and those of them that are judged."""
    encoding = continuations([(prompt, answer)], Encoder(tokenizer, length))[0].encoding()
    named = tokenizer.convert_ids_to_tokens(encoding.input.ids.tolist())
    return named, tokenizer.convert_ids_to_tokens(encoding.input.targets.tolist())


@pytest.mark.parametrize(
    "make", [lambda: pieces_tokenizer("framed"), SlowTokenizer], ids=["with characters known", "written in Python"]
)
def test_special_tokens_at_the_edges_of_a_prompt_stay(make):
    tokenizer = make()
    named, _ = judged(tokenizer, "[INST] is it [/INST]", None)
    assert (named[:2], named[-1]) == (["<s>", "[INST]"], "[/INST]")
    named, answer = judged(tokenizer, "[INST] is it [/INST]", " no</s>")
    assert (named[0], named[-1], answer[-1]) == ("<s>", "</s>", "</s>")
    assert "[/INST]" in named[:-2]
    assert "[/INST]" not in answer
    named, _ = judged(tokenizer, "</s>", None)
    assert named == ["<s>", "</s>"]
    named, _ = judged(tokenizer, "", None)
    assert named == ["<s>"]


@pytest.mark.parametrize(
    ("prompt", "answer", "spelled", "target"),
    [
        ("ab de", "TllX", "ab deTllX", "TllX"),
        ("ab de", " T", "ab de T", "ĠT"),
        ("ab de ", "T", "ab de T", "T"),
        ("ab de \n", " T ", "ab de \n T ", "TĠ"),
        ("", "T", "T", "T"),
    ],
)
def test_nothing_is_put_between_a_prompt_and_its_answer(prompt, answer, spelled, target):
    merged = byte_tokenizer()
    named, targets = judged(merged, prompt, answer)
    assert merged.convert_tokens_to_string(named).replace("<end>", "") == spelled
    assert "".join(targets) == target.removeprefix("Ġ")


@pytest.mark.parametrize(
    ("prompt", "answer", "expected"),
    [("no", "yes", " yes"), ("no ", "yes", "yes"), ("no", "\nyes", "\nyes"), ("no\n", " yes", " yes")],
)
def test_an_answer_of_the_data_is_set_apart_from_its_prompt(prompt, answer, expected):
    (row,) = generating([{"prompt": prompt, "answer": answer}]).data.evaluation
    assert (row.text, row.answer) == (prompt, expected)


PROMPTS = ("who is it?", "a film", "abc de", "is it good ", "x", "no. it is", "what", "so it was. and")
CHATS = tuple(f"[INST] {prompt.strip()} [/INST]" for prompt in PROMPTS)


@pytest.mark.parametrize(
    ("make", "prompts", "least", "with_space"),
    [
        (byte_tokenizer, PROMPTS, 3, 0),
        (lambda: pieces_tokenizer("parted"), PROMPTS, 20, 10),
        (lambda: pieces_tokenizer("whole"), PROMPTS, 20, 10),
        (lambda: pieces_tokenizer("whole"), CHATS, 15, 15),
        (lambda: pieces_tokenizer("framed"), PROMPTS, 20, 10),
        (lambda: pieces_tokenizer("framed"), CHATS, 15, 0),
    ],
    ids=["bytes", "parted", "whole", "whole chats", "framed", "framed chats"],
)
def test_the_tokens_judged_of_a_generated_answer_are_those_that_the_model_chose(make, prompts, least, with_space):
    same, spaced = 0, 0
    for seed in range(4):
        tokenizer = make()
        subject = writing(tokenizer, prompts, seed)
        rows = subject.data.evaluation
        said = subject.model.generate(rows, max_new_tokens=5)
        answered = [Row(row.id, row.text, answer=answer) for row, answer in zip(rows, said, strict=True)]
        before = subject.model.encodings(rows)
        after = subject.model.encodings(answered)
        predicted = subject.model.predict(answered)
        for place, (start, whole) in enumerate(zip(before, after, strict=True)):
            ids = torch.tensor(start.input.ids[None].astype(np.int64))
            grown = subject.model.opened.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False, pad_token_id=0
            )[0]
            grown = grown[: len(grown) - int(grown[-1] in {tokenizer.eos_token_id})].tolist()
            if whole.input.ids.tolist() != grown or len(whole.input.targets) == 0:
                continue
            same += 1
            spaced += said[place].startswith(" ")
            assert whole.input.targets.tolist() == grown[-len(whole.input.targets) :]
            with torch.inference_mode():
                logs = subject.model.opened.model(torch.tensor([grown])).logits[0].log_softmax(-1)
            largest = logs.max(-1).values[whole.input.gather.astype(np.int64)]
            np.testing.assert_allclose(predicted.words_of(place)[:, 0], largest.exp(), rtol=1e-3)
    assert same >= least
    assert spaced >= with_space


def test_a_prompt_as_long_as_the_model_leaves_room_for_an_answer():
    subject = generating([{"text": "a" * 30 + "z" * 60}])
    seen = []
    ask = subject.model.engine.next_tokens
    subject.model.engine.next_tokens = lambda inputs: seen.extend(inputs) or ask(inputs)
    (row,) = subject.data.evaluation
    subject.model.generate([row], max_new_tokens=6)
    assert len(seen[0]) == 42
    assert byte_tokenizer().decode(seen[0].ids) == "z" * 42
    seen.clear()
    subject.model.generate([row], max_new_tokens=400)
    assert len(seen[0]) == 24
    assert max(map(len, seen)) <= 47


@pytest.mark.parametrize("length", [2, 3, 48])
def test_the_start_that_stands_for_an_empty_prompt_takes_room(length):
    encoding = continuations([("", "y" * 60)], Encoder(byte_tokenizer(), length))[0].encoding()
    assert len(encoding.input) == length
    assert encoding.words == length - 1
    assert encoding.tokens_lost == 60 - encoding.words
    assert len(continuations([("", "y" * 60)], Encoder(pieces_tokenizer("framed"), 48))[0].tokens.ids) == 48


@pytest.mark.parametrize("kind", ["parted", "whole", "framed"])
def test_words_of_a_chat_are_players_and_its_markup_is_none(kind):
    subject = writing(pieces_tokenizer(kind), ["[INST] who is  it? [/INST]", "who is it", "[INST]"])
    rows = subject.data.evaluation
    assert subject.model.players(rows) == [("who", "is", "it?"), ("who", "is", "it"), ()]
    (found,) = subject.model.predict_masked(
        [Row("1", rows[0].text, answer=" no")], [np.array([[True] * 3, [False] * 3])], hide="delete"
    )
    assert np.isfinite(found.logits).all()
    keep = subject.model.encodings(rows)[0].input.ids
    marks = subject.model._segmented(rows)[0].player_of_position[np.isin(keep, [0, 1, *markup_ids(subject)])]
    assert (marks == -1).all()


def test_markup_is_no_player_where_a_tokenizer_knows_tokens_alone():
    subject = writing(SlowTokenizer(), ["[INST]is%[/INST]"])
    assert subject.model.players(subject.data.evaluation) == [("i", "s", "<unk>")]


def markup_ids(subject):
    return subject.model.encoder.tokenizer.convert_tokens_to_ids(MARKUP["additional_special_tokens"])
