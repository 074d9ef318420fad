"""Canaries: planted rows, and what the model gives away of them."""
