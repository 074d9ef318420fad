"""How fast the engine answers, against asking the model row by row and against the transformers pipeline.

Run with `OMP_NUM_THREADS=1 python benchmarks/bench_engine.py`; about two minutes on one core. The arms take turns in
every repetition, so that a slow spell of the machine meets all of them, and each figure is the median of the ratios
within a repetition. Times are CPU seconds of this process on one thread, since wall time on a shared machine measures
its neighbours. All arms start from text. The second part compares batch sizes for models of three sizes: the
defaults in `modelaudit.inference.numerics.choose_batch_tokens` come from it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from study import Figure, at_least, at_most, write_study
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

from modelaudit.inference import Engine, ModelInput

SEED = 2024
ROWS = 200
REPETITIONS = 5
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [f"word{number}" for number in range(5000)]
SIZES = {"6x384": (384, 6), "4x256": (256, 4), "2x128": (128, 2)}
BUDGETS = (256, 512, 1024)

Arm = Callable[[], object]


def make_model(size: str) -> BertForSequenceClassification:
    width, layers = SIZES[size]
    torch.manual_seed(SEED)
    config = BertConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=width // 64, intermediate_size=4 * width
    )
    return BertForSequenceClassification(config).eval()


def make_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate([*SPECIAL, *WORDS])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


def make_texts(draw: np.random.Generator, n: int) -> list[str]:
    """Return texts of 8 to 60 words, log-normal in length with a median of 22."""
    lengths = np.clip(np.exp(draw.normal(np.log(22), 0.5, n)).astype(int), 8, 60)
    return [" ".join(draw.choice(WORDS, length)) for length in lengths]


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[ModelInput]:
    return [ModelInput(np.array(ids, np.int32)) for ids in tokenizer(list(texts))["input_ids"]]


def seconds(arm: Arm) -> float:
    start = time.process_time()
    arm()
    return time.process_time() - start


def take_turns(arms: dict[str, Arm], repetitions: int) -> dict[str, list[float]]:
    for arm in arms.values():
        arm()
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(repetitions):
        for name, arm in arms.items():
            times[name].append(seconds(arm))
    return times


def ratio(times: dict[str, list[float]], slow: str, fast: str) -> float:
    return statistics.median(a / b for a, b in zip(times[slow], times[fast], strict=True))


def fresh_engine(model: BertForSequenceClassification, batch_tokens: int | None = None) -> Engine:
    return Engine(model, pad_id=0, model_id="random", device="cpu", batch_tokens=batch_tokens)


def against_others(texts: Sequence[str]) -> list[Figure]:
    model, tokenizer = make_model("6x384"), make_tokenizer()
    piped = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")

    def one_by_one() -> np.ndarray:
        with torch.inference_mode():
            encoded = (tokenizer(text, return_tensors="pt") for text in texts)
            return np.concatenate([model(**row).logits.numpy() for row in encoded])

    def engine() -> list[np.ndarray]:
        return fresh_engine(model).logits(encode(tokenizer, texts))

    times = take_turns(
        {"one by one": one_by_one, "pipeline": lambda: piped(list(texts), batch_size=32), "engine": engine},
        REPETITIONS,
    )
    inputs = encode(tokenizer, texts)
    counted = fresh_engine(model)
    answers = counted.logits(inputs)
    tokens = sum(map(len, inputs))
    known = seconds(lambda: counted.logits(inputs))
    return [
        at_least("6x384: engine against one by one", ratio(times, "one by one", "engine"), 1.2, unit="times as fast"),
        at_least(
            "6x384: engine against pipeline, batch 32", ratio(times, "pipeline", "engine"), 1.5, unit="times as fast"
        ),
        Figure("6x384: engine", tokens / statistics.median(times["engine"]), "tokens a CPU second"),
        Figure("6x384: pipeline, batch 32", tokens / statistics.median(times["pipeline"]), "tokens a CPU second"),
        Figure("6x384: one by one", tokens / statistics.median(times["one by one"]), "tokens a CPU second"),
        Figure("6x384: real tokens among token slots", tokens / counted.stats.padded_tokens, "share"),
        at_most(
            "6x384: largest difference of a logit", float(np.abs(answers - one_by_one()).max()), 1e-5, unit="logit"
        ),
        Figure("rows answered from the memo", len(texts) / known, "rows a CPU second"),
    ]


def by_batch_size(size: str, texts: Sequence[str]) -> list[Figure]:
    inputs, model = encode(make_tokenizer(), texts), make_model(size)
    tokens = sum(map(len, inputs))
    default = int(fresh_engine(model).numerics["batch_tokens"])
    arms: dict[str, Arm] = {
        str(budget): lambda budget=budget: fresh_engine(model, budget).logits(inputs) for budget in BUDGETS
    }
    times = take_turns(arms, 2)
    figures = []
    for budget in BUDGETS:
        name = f"{size}, {len(texts)} rows: {budget} tokens a batch{' (default)' if budget == default else ''}"
        figures.append(Figure(name, tokens / statistics.median(times[str(budget)]), "tokens a CPU second"))
    return figures


def main() -> None:
    texts = make_texts(np.random.default_rng(SEED), ROWS)
    many = make_texts(np.random.default_rng(SEED + 1), 5 * ROWS)
    figures = [
        Figure("texts, 8 to 60 words", len(texts), "count"),
        Figure("threads", torch.get_num_threads(), "count"),
        *against_others(texts),
        *(figure for size in SIZES for figure in by_batch_size(size, texts)),
        *(figure for size in ("4x256", "2x128") for figure in by_batch_size(size, many)),
    ]
    command = "OMP_NUM_THREADS=1 python benchmarks/bench_engine.py"
    for path in write_study("bench_engine", figures, SEED, command):
        print(path.name)


if __name__ == "__main__":
    main()
