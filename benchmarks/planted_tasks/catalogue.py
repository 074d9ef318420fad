"""All cells: three tasks by four risks."""

from __future__ import annotations

from planted_tasks import pictures, prompts, questions

CELLS = (*questions.CELLS, *prompts.CELLS, *pictures.CELLS)
BY_NAME = {cell.name: cell for cell in CELLS}
