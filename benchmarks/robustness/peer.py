"""TextAttack's DeepWordBug as an arm: run by the interpreter of an environment of its own, timed in there."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parents[2] / ".venv-peers-robustness" / "bin" / "python"
"""The interpreter that the peer runs in; MODELAUDIT_PEERS_ROBUSTNESS names another one."""

ARM = Path(__file__).with_name("textattack_arm.py")


class Void(RuntimeError):
    """The peer did not run; the message says why."""


@dataclass(frozen=True)
class DeepWordBug:
    """The attack on one model.

    Attributes:
        folder: of the model. budget: queries a row beside the original, which it counts as one more.
        padding: "shipped", to the model's longest input, or "longest", to the longest text of a batch.
    """

    folder: Path
    budget: int
    padding: str
    threads: int = 1
    seed: int = 0
    device: str = "cpu"

    def attack(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what the arm tells of these rows; Void, with the reason, where it does not run."""
        python = Path(os.environ.get("MODELAUDIT_PEERS_ROBUSTNESS", PEERS))
        if not python.exists():
            raise Void(
                "TextAttack is not installed in .venv-peers-robustness; `make bench-robustness` installs it there"
            )
        given = {
            "model": str(self.folder.resolve()),
            "rows": [{"text": row["text"], "label": row["label"]} for row in rows],
            "budget": self.budget + 1,
            "padding": self.padding,
            "threads": self.threads,
            "seed": self.seed,
            "device": self.device,
        }
        with tempfile.TemporaryDirectory(prefix="peer-") as place:
            asked, told = Path(place) / "asked.json", Path(place) / "told.json"
            asked.write_text(json.dumps(given))
            alone = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
            done = subprocess.run(
                [str(python), str(ARM), str(asked), str(told)], capture_output=True, text=True, env=alone, cwd=place
            )
            if done.returncode:
                raise Void(f"it failed: {(done.stderr.strip() or 'without a word').splitlines()[-1][:200]}")
            found: dict[str, Any] = json.loads(told.read_text())
        return found
