"""Texts from outside of the model's data, and whether its confidence tells them."""
