"""Which core runs: the compiled one, or the Python code that defines what it does."""

from __future__ import annotations

import binascii
import functools
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
SOURCES = (
    HERE.parent / "ops.py", HERE / "arithmetic.h", HERE / "node.c", HERE / "replay.c"
)  # fmt: skip


@functools.cache
def fingerprint() -> str:
    """What tells from others the table and the C that a core was compiled from.

    >>> len(fingerprint())
    8
    """
    found = 0
    for path in SOURCES:
        found = binascii.crc32(path.read_bytes(), found)
    return f"{found:08x}"


def _load(name: str) -> tuple[ModuleType | None, str]:
    """A part of the compiled core, or None and why not."""
    if os.environ.get("DOTGRAD_PURE"):
        return None, "DOTGRAD_PURE is set"
    try:
        part = importlib.import_module(f"engine.native.{name}")
    except ImportError as error:
        built = any(HERE.glob(f"{name}.*[!c]"))
        return None, str(error) if built else "no compiled core was built"
    try:
        if part.fingerprint == fingerprint():
            return part, ""
    except OSError:
        pass
    return None, "its sources are not those that the core was compiled from"


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
