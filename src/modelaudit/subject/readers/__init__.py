"""Readers: pictures and sounds to what a model takes, through the model's own processor."""
