"""Training: a compact base model and its fine-tuning."""
