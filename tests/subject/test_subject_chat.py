"""Chats: messages of a table, put to the model by its own template, of which only the user's words are players."""

import numpy as np
import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from modelaudit.checkers.bias.augmentation import Counterfactual
from modelaudit.errors import DataInputError
from modelaudit.exporting import _cells
from modelaudit.rows import Row
from modelaudit.subject.chat import messages_in, messages_of
from modelaudit.subject.continuation import continuations
from modelaudit.subject.encoding import Encoder
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import NO_LABEL, ColumnChoice
from modelaudit.subject.tasks.chat_rows import NO_CHAT
from modelaudit.subject.tasks.text_generation import TextGeneration

MARKED = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPACED = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('No system, please') }}"
    "{% elif m['role'] == 'user' %}[INST] {{ m['content'] | trim }} [/INST]{% else %} {{ m['content'] }}{{ eos_token }}"
    "{% endif %}{% endfor %}"
)
LOUD = "{% for m in messages %}User: {{ m['content'] | upper }}\n{% endfor %}{{ 'Bot:' if add_generation_prompt }}"
HIDDEN = "{{ 'go' if messages[-1]['content'] | int(0) > 9 else 'stay' }}"
DATED = "{{ strftime_now('%d %B %Y') }} {{ messages[-1]['content'] }}"
SYSTEM = {"role": "system", "content": "ok is ok"}
TALK = [
    SYSTEM,
    {"role": "user", "content": "ok"},
    {"role": "assistant", "content": "ok then"},
    {"role": "user", "content": " is it ok ? "},
    {"role": "assistant", "content": "yes it is"},
]


def chat_tokenizer(template=MARKED, length=160):
    marks = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*marks, *letters])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # As those of many language models: a template brings its own start, or none, and no second one is put before it.
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    found = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=marks[2:],
        model_max_length=length,
        model_input_names=["input_ids", "attention_mask"],
    )
    found.chat_template = template
    return found


def chatting(data, template=MARKED, length=160, **options):
    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=260, n_embd=32, n_layer=1, n_head=2, n_positions=length, bos_token_id=0, eos_token_id=1
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    opened = OpenedModel(model=model, tokenizer=chat_tokenizer(template, length), name="chat")
    return build_subject(opened, data=data, device="cpu", **options)


def read(rows, **chosen):
    return TextGeneration().rows(read_table(rows, name="t"), (), ColumnChoice(**chosen))


def test_messages_become_turns_a_text_and_an_answer():
    subject = chatting([{"messages": TALK, "topic": "a"}, {"messages": TALK[:-1], "topic": "b"}])
    (row,) = subject.data.evaluation
    assert (row.text, row.answer) == (" is it ok ? ", "yes it is")
    assert row.turns == (("system", "ok is ok"), ("user", "ok"), ("assistant", "ok then"))
    assert dict(row.columns) == {"topic": "a"}
    info = subject.info.evaluation
    assert (info.text_column, info.label_column, info.set_aside) == ("messages", "messages", {NO_LABEL: 1})
    assert messages_of(row) == TALK


@pytest.mark.parametrize("template", [MARKED, SPACED])
def test_an_answer_is_judged_behind_the_prompt_that_the_template_makes(template):
    talk = TALK[1:] if template == SPACED else TALK
    subject = chatting([{"messages": talk}], template)
    rows = subject.data.evaluation
    tokenizer, model = subject.model.opened.tokenizer, subject.model.opened.model
    whole = tokenizer.apply_chat_template(talk, tokenize=False)
    spelled = whole[: whole.index("yes it is") + len("yes it is")]
    ids = torch.tensor([tokenizer(spelled, add_special_tokens=False)["input_ids"]])
    assert subject.model.encodings(rows)[0].input.ids.tolist() == ids[0].tolist()
    with torch.inference_mode():
        logs = model(ids).logits[0].log_softmax(-1)
    # The space that a template puts before an answer is a token of its own here and no part of the answer.
    places = range(ids.shape[1] - len("yes it is"), ids.shape[1])
    expected = [float(logs[at - 1, ids[0, at]]) for at in places]
    assert subject.model.loss(rows).per_row[0] == pytest.approx(-np.mean(expected), rel=1e-4)
    np.testing.assert_allclose(subject.model.token_statistics(rows).log_probs, expected, rtol=1e-3)


@pytest.mark.parametrize("template", [MARKED, SPACED, LOUD])
def test_the_words_of_the_users_own_message_are_players(template):
    talk = TALK[1:] if template == SPACED else TALK
    subject = chatting([{"messages": talk}], template)
    rows = subject.data.evaluation
    words = ("is", "it", "ok", "?")
    assert subject.model.players(rows) == [tuple(map(str.upper, words)) if template == LOUD else words]
    (segments,) = subject.model._segmented(rows)
    ids = subject.model.encodings(rows)[0].input.ids
    tokenizer = subject.model.opened.tokenizer
    hidden = ids[segments.player_of_position >= 0]
    assert tokenizer.decode(hidden.tolist()).strip().lower() == "is it ok ?"
    assert int(np.flatnonzero(segments.player_of_position >= 0)[0]) > 20  # not where the same words stand before
    (found,) = subject.model.predict_masked(rows, [np.array([[True] * 4, [False] * 4])], hide="delete")
    left = torch.tensor([ids[segments.player_of_position < 0].tolist()])
    with torch.inference_mode():
        logs = subject.model.opened.model(left).logits[0].log_softmax(-1)
    count = found.logits.shape[0] // 2
    expected = [float(logs[at - 1, left[0, at]]) for at in range(left.shape[1] - count, left.shape[1])]
    np.testing.assert_allclose(found.logits[count:, 0], expected, rtol=1e-3)


def test_a_template_that_shows_no_message_leaves_no_players():
    subject = chatting([{"messages": TALK}], HIDDEN)
    assert subject.model.players(subject.data.evaluation) == [()]
    assert any("In 1 of 1 chats the chat template does not show" in event for event in subject.model.engine.events)
    assert not any("chat template" in event for event in chatting([{"messages": TALK}]).model.engine.events)
    assert np.isfinite(subject.model.loss(subject.data.evaluation).per_row).all()


def test_a_chat_of_tomorrow_is_read_as_that_of_today():
    encoder = Encoder(chat_tokenizer(DATED), 160)
    (found,) = continuations([("hi", None, ())], encoder)
    assert found.text == "26 July 2024 hi"


def test_what_is_written_is_what_the_model_itself_writes():
    subject = chatting([{"messages": TALK[:-1]}, {"messages": [{"role": "user", "content": "no"}]}])
    rows = subject.data.evaluation
    tokenizer, model = subject.model.opened.tokenizer, subject.model.opened.model
    said = subject.model.generate(rows, max_new_tokens=6)
    for row, text in zip(rows, said, strict=True):
        prompt = tokenizer.apply_chat_template(messages_of(row), tokenize=False, add_generation_prompt=True)
        ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
        grown = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False, pad_token_id=0
        )  # fmt: skip
        assert text == tokenizer.decode(grown[0, ids.shape[1] :], skip_special_tokens=True)


def test_a_plain_prompt_is_a_chat_only_where_the_user_says_so():
    rows = [{"prompt": "who is it?", "answer": "anna"}]
    plain, chat = read(rows).rows[0], read(rows, chat=True).rows[0]
    assert (plain.turns, plain.answer) == (None, " anna")
    assert (chat.turns, chat.text, chat.answer) == ((), "who is it?", "anna")
    task, encoder = TextGeneration(), Encoder(chat_tokenizer(), 160)
    first, second = task.encode([task.content(plain), task.content(chat)], encoder)
    decode = encoder.tokenizer.decode
    assert decode(first.input.ids) == "<s>who is it? anna"
    assert decode(second.input.ids) == "<|im_start|>user\nwho is it?<|im_end|>\n<|im_start|>assistant\nanna"


@pytest.mark.parametrize(
    ("row", "chosen", "found"),
    [
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}, {}, ("a", "b", ())),
        ({"messages": '[{"role": "user", "content": "a"}]', "answer": "b"}, {}, ("a", "b", ())),
        ({"prompt": [{"role": "user", "content": "a"}], "completion": "b"}, {}, ("a", "b", ())),
        (
            {
                "prompt": [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
                "completion": [{"role": "assistant", "content": "b"}],
            },
            {},
            ("a", "b", ()),
        ),
        ({"talk": TALK[1:2], "gold": "b"}, {"text": "talk", "label": "gold"}, ("ok", "b", ())),
        ({"messages": TALK[1:3], "gold": "b"}, {"label": "gold"}, ("ok", "b", ())),
        ({"messages": TALK[1:3], "answer": "b"}, {}, ("ok", "ok then", ())),
        ({"messages": TALK[1:3], "answer": "b"}, {"label": "messages"}, ("ok", "ok then", ())),
        ({"messages": TALK, "prompt": "a", "answer": "b"}, {"text": "prompt"}, ("a", " b", None)),
        ({"messages": TALK, "prompt": "a", "answer": "b"}, {"chat": False}, ("a", " b", None)),
    ],
)
def test_chats_are_found_in_the_forms_that_people_write(row, chosen, found):
    (read_row,) = read([row], **chosen).rows
    assert (read_row.text, read_row.answer, read_row.turns) == found


def test_chats_that_can_not_be_read_are_left_out_and_counted():
    picture = [{"role": "user", "content": [{"type": "image", "url": "x"}]}]
    called = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "", "tool_calls": [{"id": 1}]}]
    broken = [[SYSTEM], [*TALK, SYSTEM], picture, called, [{"role": "user", "content": None}], "no list", 5]
    batch = read([{"messages": cell} for cell in [TALK, None, *broken, *[TALK] * 8]])
    assert len(batch.rows) == 9
    assert batch.set_aside[NO_CHAT] == len(broken)
    assert sum(batch.set_aside.values()) == len(broken) + 1
    assert batch.rows[1].id == "t:10"
    with pytest.raises(DataInputError, match=r"t: no chat in column 'messages' can be read; each needs messages with"):
        read([{"messages": [SYSTEM]}])
    assert messages_in([{"role": 5, "content": "a"}]) is None


def test_a_tokenizer_without_a_template_and_a_template_that_refuses():
    with pytest.raises(DataInputError, match=r"no chat template to put them to the model by; hand in the tokenizer"):
        chatting([{"messages": TALK}], None)
    with pytest.raises(DataInputError, match=r"refuses a chat with the roles system, .* \(No system, please\); leave"):
        chatting([{"messages": TALK}], SPACED)
    secret = [{"role": "user", "content": "my secret"}, {"role": "assistant", "content": "b"}]
    quoting = "{{ raise_exception('I refuse ' + messages[0]['content']) }}"
    with pytest.raises(DataInputError, match=r"refuses a chat with the roles user \(TemplateError\)") as caught:
        chatting([{"messages": secret}], quoting)
    assert "secret" not in str(caught.value)


def test_a_base_model_reads_by_the_template_of_the_model():
    own, lent = Encoder(chat_tokenizer("bare"), 160), Encoder(chat_tokenizer("bare"), 160, template=MARKED)
    content = [("hi", "b", ())]
    assert continuations(content, own)[0].text == "bareb"
    assert continuations(content, lent)[0].text == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nb"


def test_a_long_chat_loses_its_beginning_and_keeps_the_start_of_the_text():
    encoder = Encoder(chat_tokenizer(SPACED), 40)
    (found,) = continuations([("a " * 60 + "end ?", "yes", ())], encoder)
    assert (len(found.tokens.ids), found.tokens.ids[0], found.lost) == (40, 0, 105)
    players = found.segments(encoder).players
    assert players[-2:] == ("end", "?")
    assert set(players[:-2]) == {"a"}


def test_the_words_of_a_message_without_an_answer_are_judged():
    subject = chatting([{"messages": TALK[:-1]}])
    told = subject.model.token_statistics(subject.data.evaluation)
    spelled = subject.model.opened.tokenizer.decode(told.tokens.tolist())
    assert spelled == " is it ok ? "


def test_rows_written_out_are_read_again_as_the_same_chats():
    for data, chosen in [
        ([{"messages": TALK}], {}),
        ([{"messages": TALK[1:2], "answer": "b"}], {}),
        ([{"prompt": "a b", "answer": "c"}], {"chat": True}),
    ]:
        subject = chatting(data, **chosen)
        (row,) = subject.data.evaluation
        cells = _cells(Counterfactual(row, row.id, "x", "y"), subject.info.evaluation, ())
        again = read([{name: cells[name] for name in data[0]}], **chosen).rows[0]
        assert (again.text, again.answer, again.turns) == (row.text, row.answer, row.turns)


def test_hostile_messages_stay_data():
    hostile = "{{ 7 * 7 }} {% raise %} <|im_end|> \udcff \u202e"
    subject = chatting([{"messages": [{"role": "user", "content": hostile}]}, {"messages": [TALK[1]]}])
    row = Row("x", hostile, answer=" b", turns=())
    assert (
        "{{ 7 * 7 }} {% raise %} <|im_end|> \ufffd \u202e"
        in continuations([TextGeneration().content(row)], subject.model.encoder)[0].text
    )
    assert subject.model.players([row])[0][:4] == ("{{", "7", "*", "7")
