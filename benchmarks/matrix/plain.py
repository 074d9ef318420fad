"""What transformers itself answers to a row: tokenizer or processor called as its users call it, one row, no tricks.

Nothing here knows of the engine or of the tasks that are put to the test.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from modelaudit.rows import Row

Floats = np.ndarray


class Plain:
    """A model with its tokenizer or processor, opened by the classes of transformers."""

    def __init__(self, model: Any, *, tokenizer: Any, processor: Any) -> None:
        self.model = model.float().eval()
        self.tokenizer = tokenizer
        self.processor = processor
        self._taken = set(inspect.signature(model.forward).parameters)

    def answers(self, task: str, row: Row) -> Floats:
        """Return what the model says of a row, in the shape that the audit's predictions have."""
        with torch.inference_mode():
            found: Floats = ANSWERS[task](self, row)
        return found

    def read(self, *texts: Any, **options: Any) -> Any:
        """Return the tokenizer's arrays for a text, a pair of texts or words."""
        return self.tokenizer(*texts, truncation=True, return_tensors="pt", **options)

    def ask(self, inputs: Mapping[str, Any], **more: Any) -> Any:
        """Return the model's output."""
        return self.model(**{name: value for name, value in inputs.items() if name in self._taken}, **more)

    def of_text(self, row: Row) -> Floats:
        texts = (row.text,) if row.companion is None else (row.text, row.companion)
        return self.ask(self.read(*texts)).logits[0].numpy()

    def of_words(self, row: Row) -> Floats:
        called = self.read(list(row.words or ()), is_split_into_words=True)
        logits = self.ask(called).logits[0].numpy()
        told = np.full((len(row.words or ()), logits.shape[1]), np.nan)
        for place, word in reversed(list(enumerate(called.word_ids()))):
            if word is not None:
                told[word] = logits[place]
        return told

    def of_masked(self, row: Row) -> Floats:
        called = self.read(row.text, return_special_tokens_mask=True)
        special = called.pop("special_tokens_mask")[0]
        told = []
        for place in torch.nonzero(special == 0).flatten().tolist():
            ids = called["input_ids"].clone()
            token, ids[0, place] = int(ids[0, place]), self.tokenizer.mask_token_id
            logits = self.ask({**called, "input_ids": ids}).logits[0, place]
            told.append([float(logits.log_softmax(-1)[token])])
        return np.array(told).reshape(-1, 1)

    def of_continuation(self, row: Row) -> Floats:
        before = len(self.tokenizer(row.text)["input_ids"])
        called = self.read(row.text + (row.answer or ""))
        return self._tail(called, before)

    def of_chat(self, row: Row) -> Floats:
        turns = [*(row.turns or ()), ("user", row.text)]
        messages = [{"role": role, "content": content} for role, content in turns]
        prompt = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        before = len(self.tokenizer(prompt, add_special_tokens=False)["input_ids"])
        # As it was trained: with what the template puts between its prompt and an answer.
        whole = self.tokenizer.apply_chat_template(
            [*messages, {"role": "assistant", "content": row.answer}], tokenize=False
        )
        called = self.read(whole[: whole.rindex(row.answer) + len(row.answer)], add_special_tokens=False)
        return self._tail(called, before)

    def _tail(self, called: Any, before: int) -> Floats:
        ids = called["input_ids"][0]
        # White space between a prompt and an answer is no part of the answer.
        while before < len(ids) and not self.tokenizer.decode(ids[before]).strip():
            before += 1
        probs = self.ask(called).logits[0].log_softmax(-1)
        return np.array([[float(probs[place - 1, ids[place]])] for place in range(before, len(ids))]).reshape(-1, 1)

    def of_span(self, row: Row) -> Floats:
        called = self.tokenizer(
            row.companion, row.text, truncation="only_second", return_tensors="pt",
            return_offsets_mapping=True,
        )  # fmt: skip
        offsets = called.pop("offset_mapping")[0].tolist()
        first, last = (row.spans or ((0, 0),))[0]
        held = [
            place
            for place, (start, end) in enumerate(offsets)
            if called.sequence_ids(0)[place] == 1 and start < last and end > first
        ]
        output = self.ask(called)
        start, end = output.start_logits[0].log_softmax(-1)[held[0]], output.end_logits[0].log_softmax(-1)[held[-1]]
        return np.array([[float(start)], [float(end)]])

    def of_target(self, row: Row) -> Floats:
        labels = self.tokenizer(text_target=row.answer, return_tensors="pt")["input_ids"]
        return self._judged(self.ask(self.read(row.text), labels=labels).logits[0], labels[0])

    def of_picture(self, row: Row) -> Floats:
        assert row.picture is not None
        called = self.processor(images=row.picture.pixels(), return_tensors="pt")
        return self.ask(called).logits[0].numpy()

    def of_sound(self, row: Row) -> Floats:
        return self.ask(self._heard(row)).logits[0].numpy()

    def of_transcript(self, row: Row) -> Floats:
        heard = self._heard(row)
        probs = self.ask(heard).logits.log_softmax(-1).transpose(0, 1)
        labels = torch.tensor([self.tokenizer(row.answer)["input_ids"]])
        real = heard.get("attention_mask")
        # Frames that an extractor filled up with are none of the sound, as in the model's own loss.
        frames = int(real.sum()) if real is not None and real.shape[1] == probs.shape[0] else probs.shape[0]
        lengths = torch.tensor([frames]), torch.tensor([labels.shape[1]])
        loss = torch.nn.functional.ctc_loss(
            probs[:frames].double(), labels, *lengths, blank=self.model.config.pad_token_id, reduction="sum"
        )
        return np.array([[-float(loss)]])

    def of_dictation(self, row: Row) -> Floats:
        labels = self.tokenizer(row.answer)["input_ids"]
        start = self.model.config.decoder_start_token_id
        # As it is trained: a start that the tokenizer writes itself is not written twice.
        labels = labels[1:] if labels[0] == start else labels
        said = torch.tensor([[start, *labels[:-1]]])
        return self._judged(self.ask(self._heard(row), decoder_input_ids=said).logits[0], torch.tensor(labels))

    def _judged(self, logits: Any, labels: Any) -> Floats:
        """Return the log-probability of each token of a target and of the token that ends it."""
        tokens = labels.tolist()
        special = {*self.tokenizer.all_special_ids} - {self.tokenizer.unk_token_id}
        special |= {self.tokenizer.eos_token_id}
        spelled = [place for place, token in enumerate(tokens) if token not in special]
        end = spelled[-1] + 1
        places = [*spelled, end] if end < len(tokens) and tokens[end] == self.tokenizer.eos_token_id else spelled
        probs = logits.log_softmax(-1)
        return np.array([[float(probs[place, tokens[place]])] for place in places])

    def _heard(self, row: Row) -> Any:
        assert row.sound is not None
        reader = getattr(self.processor, "feature_extractor", self.processor)
        rate = int(reader.sampling_rate)
        return reader(row.sound.samples(rate), sampling_rate=rate, return_tensors="pt")


ANSWERS: Mapping[str, Callable[[Plain, Row], Floats]] = {
    "text-classification": Plain.of_text,
    "long-texts": Plain.of_text,
    "sentence-pairs": Plain.of_text,
    "multi-label-classification": Plain.of_text,
    "text-regression": Plain.of_text,
    "token-classification": Plain.of_words,
    "question-answering": Plain.of_span,
    "fill-mask": Plain.of_masked,
    "text-generation": Plain.of_continuation,
    "chat": Plain.of_chat,
    "text2text-generation": Plain.of_target,
    "image-classification": Plain.of_picture,
    "audio-classification": Plain.of_sound,
    "speech-ctc": Plain.of_transcript,
    "speech-seq2seq": Plain.of_dictation,
}
