"""A model handle of plain functions, for unit tests of a checker: without torch, and it counts what it is asked."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_softmax, softmax

from modelaudit.checker import Answers, Hiding, Losses, Predictions, TokenStatistics
from modelaudit.drawing import content
from modelaudit.errors import CapabilityError, DataInputError
from modelaudit.rows import Row

Floats = NDArray[np.float64]

OF_PREDICT = ("predict", "loss", "players", "predict_masked")
PER_TEXT = ("text-classification", "multi-label-classification", "text-regression")
HIDDEN = "[hidden]"
"""What stands in the place of a hidden word of a pre-tokenised row, whose tags must stay in step."""


class FakeModel:
    """A model made of functions of one row; implements `checker.ModelHandle` and has the verbs that these can answer.

    ```python
    model = FakeModel(labels=("no", "yes"), predict=lambda row: (0.0, float("please" in row.text)))
    result = run_checker(MyChecker(), {"model": model, "data": [{"text": "Yes, please.", "label": "yes"}]})
    model.asked["predict"]
    ```

    Args:
        labels: names of the C classes or outputs; none where answers are text.
        predict: the logits of a row: C numbers, or (words, C) for token classification. From it come probabilities
            (softmax; a sigmoid each for several labels a text; NaN for a regression), `predict_proba` of texts,
            `loss`, `players` and `predict_masked`, which leaves hidden words of a text out.
        embed: H numbers for a row.
        generate: what a language model writes behind a row's text.
        answers: the answer to a row, or that and the natural log of its probability.
        token_statistics: the natural log of the probability of each token of a row's answer, or of its text. What
            else the verb returns is that of a vocabulary of two tokens. It gives a `loss` as well.
        task: as the report shows it. name: likewise.

    Attributes:
        asked: how many rows, variants or texts each verb was asked, `asked["predict"]`.
    """

    def __init__(
        self,
        *,
        labels: Sequence[str] = (),
        predict: Callable[[Row], ArrayLike] | None = None,
        embed: Callable[[Row], ArrayLike] | None = None,
        generate: Callable[[Row], str] | None = None,
        answers: Callable[[Row], str | tuple[str, float]] | None = None,
        token_statistics: Callable[[Row], Sequence[float]] | None = None,
        task: str = "text-classification",
        name: str = "fake model",
    ) -> None:
        if predict is not None and not labels:
            raise ValueError("a model that predicts has labels: FakeModel(labels=('no', 'yes'), predict=...)")
        self.labels = tuple(labels)
        self.task = task
        self.name = name
        self.asked: Counter[str] = Counter()
        self._functions: dict[str, Callable[[Row], Any] | None] = {
            "predict": predict,
            "embed": embed,
            "generate": generate,
            "answers": answers,
            "token_statistics": token_statistics,
        }
        self._lock = threading.Lock()
        given = {verb for verb, function in self._functions.items() if function is not None}
        derived = set(OF_PREDICT) if predict is not None else set()
        derived |= {"predict_proba"} if predict is not None and task in PER_TEXT else set()
        derived |= {"loss"} if token_statistics is not None else set()
        derived |= {"token_counts"} if given & {"generate", "answers", "token_statistics"} else set()
        self.capabilities = frozenset(given | derived)
        self.hidings: tuple[Hiding, ...] = ("mask", "delete") if predict is not None else ()

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Return logits and probabilities, per word for token classification."""
        self._count("predict", len(rows))
        return self._predicted(rows)

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) probabilities of plain texts."""
        self._require("predict_proba")
        self._count("predict_proba", len(texts))
        return self._predicted([Row(f"text:{place}", text) for place, text in enumerate(texts, start=1)]).probabilities

    def fingerprints(self, rows: Sequence[Row]) -> list[str]:
        """Return for each row a string that rows share of which the model reads the same."""
        return [hashlib.blake2b(content(row).encode("utf-8", "surrogatepass")).hexdigest() for row in rows]

    def loss(self, rows: Sequence[Row]) -> Losses:
        """Return the loss of each row's truth: cross-entropy in nats, or the squared error of a regression.

        Raises:
            DataInputError: a row without a truth.
        """
        self._require("loss")
        self._count("loss", len(rows))
        if self._functions["predict"] is None:
            said = [np.asarray(self._answer("token_statistics", row), dtype=np.float64) for row in rows]
            return Losses(np.array([-one.mean() if one.size else np.nan for one in said]))
        per_row = [self._losses(row, self._logits(row)) for row in rows]
        means = np.array([one.mean() for one in per_row])
        if self.task != "token-classification":
            return Losses(means)
        return Losses(means, np.concatenate([np.zeros(0), *per_row]), _offsets(per_row))

    def players(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Return each row's words, as white space sets them apart."""
        self._require("players")
        return [row.words if row.words is not None else tuple(row.text.split()) for row in rows]

    def predict_masked(
        self, rows: Sequence[Row], keep: Sequence[NDArray[np.bool_]], *, hide: Hiding = "mask"
    ) -> list[Predictions]:
        """Return predictions for variants of each row without its hidden words; `keep[i]` is (variants, players)."""
        self._require("predict_masked")
        if hide not in self.hidings:
            raise CapabilityError(f"{self.name} can't hide words by {hide!r}; it has {', '.join(self.hidings)}")
        if len(rows) != len(keep):
            raise ValueError(f"{len(rows)} rows need as many arrays of variants, not {len(keep)}")
        found = []
        for row, words, kept in zip(rows, self.players(rows), keep, strict=True):
            if kept.ndim != 2 or kept.shape[1] != len(words):
                raise ValueError(f"row {row.id} has {len(words)} players, but keep has shape {kept.shape}")
            self._count("predict_masked", len(kept))
            found.append(self._predicted([_showing(row, words, variant) for variant in kept]))
        return found

    def embed(self, rows: Sequence[Row]) -> Floats:
        """Return (n, H) states."""
        self._count("embed", len(rows))
        return np.array([self._answer("embed", row) for row in rows], dtype=np.float64).reshape(len(rows), -1)

    def generate(self, rows: Sequence[Row], *, max_new_tokens: int) -> list[str]:
        """Return what is written behind each row's text, cut to so many words."""
        self._count("generate", len(rows))
        return [" ".join(str(self._answer("generate", row)).split(" ")[:max_new_tokens]) for row in rows]

    def answers(self, rows: Sequence[Row], *, max_new_tokens: int = 64) -> Answers:
        """Return the answer to each row, cut to so many words."""
        self._count("answers", len(rows))
        said = [self._answer("answers", row) for row in rows]
        pairs = [(one, 0.0) if isinstance(one, str) else one for one in said]
        words = [str(text).split() for text, _ in pairs]
        return Answers(
            texts=tuple(" ".join(each[:max_new_tokens]) for each in words),
            log_probs=np.array([log_prob for _, log_prob in pairs], dtype=np.float64),
            ended=np.array([len(each) <= max_new_tokens for each in words], dtype=np.bool_),
            truncated=np.zeros(len(rows), dtype=np.bool_),
        )

    def token_statistics(self, rows: Sequence[Row]) -> TokenStatistics:
        """Return how probable each token is; the rest of its probability is another token's, the only other one."""
        self._count("token_statistics", len(rows))
        said = [np.asarray(self._answer("token_statistics", row), dtype=np.float64) for row in rows]
        logs = np.concatenate([np.zeros(0), *said])
        own = np.clip(np.exp(logs), 1e-12, 1.0 - 1e-12)
        one, other = np.log(own), np.log1p(-own)
        means = own * one + (1.0 - own) * other
        places = [
            f"{row.answer or row.text}\x1f{place}"
            for row, each in zip(rows, said, strict=True)
            for place in range(len(each))
        ]
        return TokenStatistics(
            log_probs=logs,
            means=means,
            deviations=np.sqrt(own * (one - means) ** 2 + (1.0 - own) * (other - means) ** 2),
            top=own >= 0.5,
            tokens=np.array([zlib.crc32(place.encode("utf-8", "replace")) for place in places], dtype=np.int64),
            offsets=_offsets(said),
            truncated=np.zeros(len(rows), dtype=np.bool_),
        )

    def token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of words in each text."""
        self._require("token_counts")
        return np.array([len(text.split()) for text in texts], dtype=np.int64)

    def gradients(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Raise CapabilityError: functions show no gradients."""
        raise self._unable("gradients")

    def saliency(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Raise CapabilityError: functions show no gradients."""
        raise self._unable("saliency")

    def neighbours(self, words: Sequence[str], k: int) -> list[tuple[str, ...]]:
        """Raise CapabilityError: functions show no embeddings."""
        raise self._unable("neighbours")

    def _predicted(self, rows: Sequence[Row]) -> Predictions:
        logits = [self._logits(row) for row in rows]
        flat = np.concatenate([np.zeros((0, len(self.labels))), *(np.atleast_2d(one) for one in logits)])
        offsets = _offsets(logits) if self.task == "token-classification" else None
        return Predictions(flat, self._probabilities(flat), np.zeros(len(rows), dtype=np.bool_), offsets)

    def _probabilities(self, logits: Floats) -> Floats:
        if self.task == "text-regression":
            return np.full_like(logits, np.nan)
        found: Floats = expit(logits) if self.task == "multi-label-classification" else softmax(logits, axis=-1)
        return found

    def _logits(self, row: Row) -> Floats:
        logits = np.asarray(self._answer("predict", row), dtype=np.float64)
        shape: tuple[int, ...] = (len(self.labels),)
        if self.task == "token-classification":
            shape = (len(row.words or ()), *shape)
            logits = logits.reshape(shape) if not logits.size else logits
        if logits.shape != shape:
            raise ValueError(f"predict gave shape {logits.shape} for row {row.id}; {self.task} needs {shape}")
        return logits

    def _losses(self, row: Row, logits: Floats) -> Floats:
        """Return the loss of a row, or of each of its words."""
        if self.task == "text-regression" and row.values is not None:
            return np.array([np.mean((logits - np.asarray(row.values)) ** 2)])
        if self.task == "multi-label-classification" and row.label_set is not None:
            signs = np.where(np.isin(np.arange(len(self.labels)), row.label_set), 1.0, -1.0)
            return np.array([np.logaddexp(0.0, -signs * logits).mean()])
        truth = row.tags if self.task == "token-classification" else None if row.label is None else (row.label,)
        if truth is None:
            raise DataInputError(f"row {row.id} has no truth, so it has no loss; ask for the loss of labelled rows")
        losses: Floats = -log_softmax(np.atleast_2d(logits), axis=1)[np.arange(len(truth)), list(truth)]
        return losses

    def _answer(self, verb: str, row: Row) -> Any:
        function = self._functions[verb]
        if function is None:
            raise self._unable(verb)
        return function(row)

    def _require(self, verb: str) -> None:
        if verb not in self.capabilities:
            raise self._unable(verb)

    def _count(self, verb: str, rows: int) -> None:
        if verb in self._functions:
            self._require(verb)
        with self._lock:
            self.asked[verb] += rows

    def _unable(self, verb: str) -> CapabilityError:
        has = ", ".join(sorted(self.capabilities)) or "nothing"
        return CapabilityError(f"{self.name} was given no function for {verb}; it has {has}")


def _showing(row: Row, words: tuple[str, ...], kept: NDArray[np.bool_]) -> Row:
    """Return a row without its hidden words; those of a pre-tokenised row are replaced."""
    pairs = list(zip(words, kept.tolist(), strict=True))
    if row.words is not None:
        return row.with_words(tuple(word if shown else HIDDEN for word, shown in pairs), row.tags)
    return row.with_text(" ".join(word for word, shown in pairs if shown)) if not kept.all() else row


def _offsets(parts: Sequence[Sequence[Any] | NDArray[Any]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
