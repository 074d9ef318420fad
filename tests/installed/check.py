"""A stranger's morning: a fresh environment with nothing but the wheel follows the tutorial and tries three plugins.

    python tests/installed/check.py dist/modelaudit_core-VERSION.whl [--folder FOLDER]

Needs a package index. Prints what passed, and how long `import modelaudit` and `modelaudit --help` take.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ("modelaudit-fairlearn", "modelaudit-deepwordbug")
TUTORIAL = ("tests/docs/test_tutorials.py", "tests/docs/pages.py")
TURNS = 9
IMPORT, HELP = 0.3, 0.5
"""Seconds that `import modelaudit` and `modelaudit --help` may take, the median of so many turns."""
TIMED = (
    "import sys, time; a = time.perf_counter(); import modelaudit; b = time.perf_counter(); "
    "print(b - a, {'torch', 'transformers', 'numpy'} & set(sys.modules))"
)


class Morning:
    """A fresh environment in a folder outside of the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "env" / "bin" / "python"
        # Nothing of the checkout, or of the environment that runs this, may be seen.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        self.environment = {**kept, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTEST_ADDOPTS": ""}

    def ran(self, *words: object, where: Path | None = None) -> str:
        """Run a program of the environment and return what it printed; its failure ends the check."""
        command = [str(self.folder / "env" / "bin" / str(words[0])), *(str(word) for word in words[1:])]
        done = subprocess.run(
            command, cwd=where or self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"{' '.join(command)}\n{done.stdout[-6_000:]}\n{done.stderr[-3_000:]}")
            raise SystemExit(1)
        return done.stdout

    def install(self, *what: object) -> None:
        """Install packages by the constraints of the project."""
        self.ran("python", "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", *what)

    def tests(self, folder: Path, *words: object) -> str:
        """Run a folder's tests and return the last line."""
        said = self.ran("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, where=folder)
        return said.strip().splitlines()[-1]


def median(once: Callable[[], float], turns: int = TURNS) -> float:
    """Return the median of some turns, after one that fills the caches."""
    once()
    return statistics.median(once() for _ in range(turns))


def times(morning: Morning) -> list[str]:
    """Measure how long importing takes and what it brings, and how long the help takes."""

    def imported() -> float:
        seconds, _, brought = morning.ran("python", "-c", TIMED).strip().partition(" ")
        if "torch" in brought or "transformers" in brought:
            raise SystemExit(f"import modelaudit brings {brought}")
        return float(seconds)

    def helped() -> float:
        started = time.perf_counter()
        morning.ran("modelaudit", "--help")
        return time.perf_counter() - started

    def computed() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        morning.ran("modelaudit", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    took = {"import modelaudit": (median(imported), IMPORT), "modelaudit --help": (median(helped), HELP)}
    lines = [
        f"{name}: {seconds:.3f} s, the median of {TURNS} ({'under' if seconds < most else 'NOT under'} {most:g} s)"
        for name, (seconds, most) in took.items()
    ]
    # A busy machine makes every clock run long; this much of it was computing.
    return [*lines, f"modelaudit --help: {median(computed):.3f} s of CPU; load average {os.getloadavg()[0]:.1f}"]


def tutorial(morning: Morning) -> str:
    """Follow the tutorials, with pages and tests in a folder that has no source of modelaudit."""
    folder = morning.folder / "pages"
    for file in TUTORIAL:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    shutil.copytree(ROOT / "docs" / "tutorial", folder / "docs" / "tutorial")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = tests/docs\nmarkers = heavy: takes long\n")
    return morning.tests(folder)


def new_plugin(morning: Morning) -> str:
    """Write a plugin, install it as its README says, and run its tests."""
    morning.ran("modelaudit", "new-plugin", "tone-of-voice", "--vendor", "acme")
    folder = morning.folder / "modelaudit-tone-of-voice"
    morning.install("--editable", f"{folder}[dev]")
    return morning.tests(folder)


def example(morning: Morning, name: str) -> str:
    """Install an example plugin as a user would, and run its tests on what is installed."""
    folder = morning.folder / name
    shutil.copytree(ROOT / "examples" / "plugins" / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    morning.install(folder)
    return morning.tests(folder, "--override-ini=pythonpath=")


def main(arguments: Sequence[str]) -> None:
    """Do it all, and say what came of each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in, which is kept")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="modelaudit-installed-") as made:
        morning = Morning((given.folder or Path(made)).resolve())
        venv.create(morning.folder / "env", with_pip=True, symlinks=True)
        started = time.perf_counter()
        morning.install(given.wheel.resolve(), "torch==2.13.0", "pytest")
        print(f"installed in {time.perf_counter() - started:.0f} s", flush=True)
        where = morning.ran("python", "-c", "import modelaudit; print(modelaudit.__file__)").strip()
        if not Path(where).is_relative_to(morning.folder):
            raise SystemExit(f"modelaudit comes from {where}, not from the wheel")
        for line in times(morning):
            print(line, flush=True)
        print(f"tutorial: {tutorial(morning)}", flush=True)
        print(f"new plugin: {new_plugin(morning)}", flush=True)
        for name in EXAMPLES:
            print(f"{name}: {example(morning, name)}", flush=True)
        found = morning.ran("modelaudit", "plugins")
        if broken := [line for line in found.splitlines() if "failed" in line]:
            raise SystemExit("\n".join(broken))
        for name in ("acme/tone-of-voice", "fairlearn-example/flagging-skew", "deepwordbug-example/look-alike-attack"):
            if not re.search(rf"{name}\b", found):
                raise SystemExit(f"modelaudit plugins does not list {name}")
        print("all of them are found by modelaudit plugins")


if __name__ == "__main__":
    main(sys.argv[1:])
