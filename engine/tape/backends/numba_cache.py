"""Compiling the loops of the Numba back end, once: their source is kept in a folder.

Numba keeps the machine code beside it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.operation.op import Op
from engine.registry import built_in_rows
from engine.tape.backends.numba_kernels import (
    find_opaque_rows,
    number_rows,
    write_kernels,
)
from engine.tape.ir.tape import STOP, find_row
from engine.util.files import write_file


def select_rows(names: Iterable[str]) -> tuple[Op, ...]:
    """The rows that are compiled together for a tape with these operations.

    All that are built in, so that one compilation serves all tapes; but for a tape with
    rows of the program's own only those that it uses, which takes a moment each time.
    """
    rows = (*built_in_rows(), STOP)
    used = set(names) - {"dot"}
    if used <= {op.name for op in rows}:
        return rows
    return tuple(map(find_row, sorted(used)))


def is_compiled(rows: tuple[Op, ...]) -> bool:
    """Whether the loops for these rows have been compiled before."""
    return bool(_find_compiled_files(_find_path(_write_text(rows, cache=True))))


def load_kernels(rows: tuple[Op, ...]) -> tuple[ModuleType, dict[str, int]]:
    """The compiled loops for these rows, and the code of each row.

    Raises:
        ModuleNotFoundError: Numba is not installed.
        CompilationError: it cannot compile one of the rows.
    """
    try:
        import numba  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the Numba back end needs numba: pip install 'dotgrad[fast]'"
        ) from None
    return _load(rows)


@lru_cache(maxsize=8)
def _load(rows: tuple[Op, ...]) -> tuple[ModuleType, dict[str, int]]:
    odd = find_opaque_rows(rows)
    if odd:
        return _compile_in_memory(rows, odd), number_rows(rows)
    try:
        module = _load_from_cache(_write_text(rows, cache=True))
    except (OSError, RuntimeError) as error:  # Numba's own is a RuntimeError
        print(
            f"dotgrad: the folder {find_cache_folder()} cannot be used, so the Numba "
            f"back end is compiled anew in each process: {error}. Set DOTGRAD_CACHE to "
            "a folder that can be written",
            file=sys.stderr,
        )
        module = _compile_in_memory(rows, {})
    return module, number_rows(rows)


@lru_cache(maxsize=8)
def _write_text(rows: tuple[Op, ...], *, cache: bool) -> str:
    return write_kernels(rows, cache=cache)


class CompilationError(Exception):
    """Numba cannot compile the row of this name, one of the program's own."""


def _compile_in_memory(rows: tuple[Op, ...], odd: dict[str, Op]) -> ModuleType:
    """The loops with rows that are Python functions: compiled in each process anew."""
    module = ModuleType("dotgrad_kernels")
    for name, op in odd.items():
        setattr(module, f"{name}_", _compile_value(op))
    text = _write_text(rows, cache=False)
    exec(compile(text, "<dotgrad kernels>", "exec"), module.__dict__)
    return module


def _compile_value(op: Op) -> Any:
    """The value of a row that is a Python function.

    Raises:
        CompilationError: it calls what Numba does not know, such as SciPy.
    """
    from numba import float64, njit
    from numba.core.errors import NumbaError

    try:
        compiled = njit(nogil=True, error_model="numpy")(op.value)
        compiled.compile((float64,) * op.arity)
        [found] = compiled.nopython_signatures
    except (NumbaError, TypeError, ValueError, AttributeError):
        raise CompilationError(op.name) from None
    if str(found.return_type) not in ("float64", "int64", "bool"):
        raise CompilationError(op.name)
    return compiled


def _load_from_cache(text: str) -> ModuleType:
    path = _find_path(text)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    if not _find_compiled_files(path):
        print(
            "dotgrad: compiling the Numba back end; this is done once and takes some "
            "seconds",
            file=sys.stderr,
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Numba's cache looks for it
    spec.loader.exec_module(module)
    return module


def _find_path(text: str) -> Path:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return find_cache_folder() / f"kernels_{digest}.py"


def _find_compiled_files(path: Path) -> list[Path]:
    """The machine code that Numba has kept for this version of Python."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    return list(path.parent.glob(f"**/{path.stem}.run-*.{version}.nbi"))


def find_cache_folder() -> Path:
    """Where compiled loops are kept: DOTGRAD_CACHE, or the user's cache folder."""
    chosen = os.environ.get("DOTGRAD_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base or Path.home() / ".cache") / "dotgrad"
