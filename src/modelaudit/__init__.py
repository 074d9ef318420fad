"""Audit a fine-tuned Hugging Face model."""
