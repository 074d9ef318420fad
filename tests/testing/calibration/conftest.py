from __future__ import annotations

import sys
from pathlib import Path

# The sample plugin's checker is what is calibrated here; it is used where it lies, as an author would use his own.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "sample_plugin" / "src")]
