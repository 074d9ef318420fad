"""OpenAttack's side: the audited model as its victim, and its DeepWordBug with a generator of its own for each text.

OpenAttack is loaded when the check runs: it brings torch and transformers, which nobody should wait for who only lists
the plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Proba = Callable[[Sequence[str]], NDArray[np.float64]]
UNKNOWN = "[unknown]"
"""What stands in the place of a word while the attack ranks words; a word that no text has."""


def attacker_of(predict_proba: Proba, *, words: int) -> Callable[[str, np.random.Generator], str | None]:
    """Return an attack on one text: the changed text that is answered otherwise, or None where none was found.

    Args:
        predict_proba: texts to (n, C) probabilities; an audit's `ctx.model.predict_proba` is one.
        words: how many words of a text may be changed.
    """
    from OpenAttack import Classifier
    from OpenAttack.attackers import DeepWordBugAttacker
    from OpenAttack.attackers.deepwordbug import homos
    from OpenAttack.tags import TAG_English
    from OpenAttack.text_process.tokenizer import Tokenizer

    class Victim(Classifier):  # type: ignore[misc]
        def get_prob(self, texts: list[str]) -> Any:
            return predict_proba(texts)

        def get_pred(self, texts: list[str]) -> Any:
            return self.get_prob(texts).argmax(axis=1)

    class Spaces(Tokenizer):  # type: ignore[misc]
        """Words are what spaces part, so that a text is put together again as it was; the default one is downloaded."""

        TAGS = frozenset({TAG_English})

        def do_tokenize(self, x: str, pos_tagging: bool) -> Any:
            return [(word, "other") for word in x.split(" ")] if pos_tagging else x.split(" ")

        def do_detokenize(self, x: list[str]) -> str:
            return " ".join(x)

    class Seeded(DeepWordBugAttacker):  # type: ignore[misc]
        """Draws the letter from a generator of the text's own, where the original draws from numpy's global one."""

        def __init__(self, rng: np.random.Generator) -> None:
            super().__init__(token_unk=UNKNOWN, power=words, tokenizer=Spaces())
            self.rng = rng

        def homoglyph(self, word: str) -> str:
            places = [place for place, letter in enumerate(word) if letter in homos]
            if not places:
                return word
            place = places[int(self.rng.integers(len(places)))]
            return word[:place] + homos[word[place]] + word[place + 1 :]

    victim = Victim()

    def attack(text: str, rng: np.random.Generator) -> str | None:
        found = Seeded(rng)(victim, {"x": text})
        return None if found is None else str(found)

    return attack
