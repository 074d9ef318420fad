"""Adversarial search: what a search with a budget of questions finds that flips the model's answer."""
