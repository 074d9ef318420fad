"""Tasks that a check of classes and words can't be put to, by what they lack."""

from __future__ import annotations

IN_WORDS = ("question-answering", "text2text-generation", "text-generation", "fill-mask")
"""Tasks whose answers are words, and no class of a few."""
NO_WORDS = ("image-classification", "audio-classification", "automatic-speech-recognition")
"""Tasks whose rows are no text."""
