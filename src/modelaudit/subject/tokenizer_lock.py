"""Locks of tokenizers, which keep what they cut to in themselves and so serve one thread at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LOCKS: WeakKeyDictionary[PreTrainedTokenizerBase, threading.RLock] = WeakKeyDictionary()
_MAKING = threading.Lock()


def lock_of(tokenizer: PreTrainedTokenizerBase) -> threading.RLock:
    """Return the lock to hold while a tokenizer reads; never hold it while the engine is asked."""
    with _MAKING:
        return _LOCKS.setdefault(tokenizer, threading.RLock())
