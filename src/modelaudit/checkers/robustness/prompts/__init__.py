"""Changes of a prompt that carry no meaning, and what they do to a language model's answers."""

from __future__ import annotations

from modelaudit.checkers.robustness.prompts.checker import PromptRobustness

__all__ = ["PromptRobustness"]
