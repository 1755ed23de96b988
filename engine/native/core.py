"""Which core runs: the compiled one, or the Python code that defines what it does."""

from __future__ import annotations

import binascii
import functools
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any


def fingerprint() -> str:
    """What tells one table from another: a core is compiled for one.

    >>> len(fingerprint())
    8
    """
    table = Path(__file__).parents[1] / "ops.py"
    return f"{binascii.crc32(table.read_bytes()):08x}"


def _load(name: str) -> tuple[ModuleType | None, str]:
    """A part of the compiled core, or None and why not."""
    if os.environ.get("DOTGRAD_PURE"):
        return None, "DOTGRAD_PURE is set"
    try:
        part = importlib.import_module(f"engine.native.{name}")
    except ImportError as error:
        built = any(Path(__file__).parent.glob(f"{name}.*[!c]"))
        return None, str(error) if built else "no compiled core was built"
    try:
        if part.fingerprint == fingerprint():
            return part, ""
    except OSError:
        pass
    return None, "the table is not the one that the core was compiled from"


core, _reason = _load("compiled")

name = "python" if core is None else "compiled"
"""Which core runs; `engine.core`."""


def describe_core() -> str:
    """Which core runs, and why it is not the compiled one, in a few words.

    >>> describe_core().split(":")[0] in ("compiled core", "Python core")
    True
    """
    return "compiled core" if core is not None else f"Python core: {_reason}"


@functools.cache
def load_replay() -> Any:
    """The loops of tapes, or None; nobody needs them before there is a tape."""
    return _load("replay")[0]
