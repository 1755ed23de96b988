"""Plant faults, one at a time, in a copy of the project: a test has to fail for each.

    python tests/support/plant.py              all of them
    python tests/support/plant.py scope wire   those with one of these words in the name

Mutation testing by hand, for what a tool does not think of; the list is `faults.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "mutants")


def plant(fault: Fault, root: Path) -> str:
    """Write a fault into its file, and give what was there.

    Raises:
        ValueError: the file does not have the right line, exactly once.
    """
    path = root / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.right) != 1:
        raise ValueError(f"{fault.name}: {fault.right!r} is not once in {fault.file}")
    path.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    return text


def run_tests(tests: tuple[str, ...], root: Path) -> bool:
    """Whether these tests pass in a copy of the project."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = os.environ | {"CI": "true", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [*command, *tests], cwd=root, env=environment, capture_output=True, text=True
    )
    if done.returncode not in (0, 1):  # an error of pytest is no failing test
        text = f"pytest ended with {done.returncode}\n{done.stdout}{done.stderr}"
        raise RuntimeError(text)
    return done.returncode == 0


def is_noticed(fault: Fault, root: Path) -> bool:
    """Whether a test fails with this fault."""
    text = plant(fault, root)
    try:
        return not run_tests(fault.tests, root)
    finally:
        (root / fault.file).write_text(text, encoding="utf-8")


def main() -> int:
    """Plant the chosen faults, say what became of each, and count the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only faults with one of these words")
    words = parser.parse_args().words
    chosen = [f for f in FAULTS if not words or any(w in f.name for w in words)]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "dotgrad"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        for tests in dict.fromkeys(fault.tests for fault in chosen):
            if not run_tests(tests, root):
                sys.exit(f"without any fault these fail: {' '.join(tests)}")
        for fault in chosen:
            noticed = is_noticed(fault, root)
            survivors += not noticed
            print("noticed " if noticed else "SURVIVED", fault.name, flush=True)
    print(f"{len(chosen)} faults, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
