"""How well the model does its task, and whether it does better than simple answers."""
