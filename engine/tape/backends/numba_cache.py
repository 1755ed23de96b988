"""Compiling the loops of the Numba back end, once: Numba keeps the machine code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.operation.op import Op
from engine.registry import built_in_rows
from engine.tape.backends.cache_folder import (
    find_cache_folder,
    find_source,
    is_intact,
    seal,
    start_anew,
)
from engine.tape.backends.numba_kernels import (
    find_opaque_rows,
    number_rows,
    write_kernels,
)
from engine.tape.ir.tape import STOP, find_row
from engine.text import say, say_once

_NAME = f"kernels_{sys.implementation.cache_tag}"
"""The compiler keeps other files for each Python."""


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
    text = _write_text(rows, cache=True)
    try:
        return is_intact(find_source(text, _NAME), text)
    except OSError:
        return False


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
        say_once(
            f"dotgrad: the folder {_name_folder()} cannot be used, so the Numba back "
            f"end is compiled anew in each process: {error}. Set DOTGRAD_CACHE to a "
            "folder that is yours alone"
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
    """The loops with what Numba has kept of them, or compiled and kept now.

    Raises:
        OSError: the folder cannot be used.
    """
    path = find_source(text, _NAME)
    if is_intact(path, text):
        module = _load_module(path, text)
        if not is_intact(path, text):  # compiled anew, by or for another version
            seal(path)
        return module
    start_anew(path, text)
    say(
        "dotgrad: compiling the Numba back end; this is done once and takes some "
        "seconds"
    )
    module = _load_module(path, text)
    seal(path)
    return module


def _load_module(path: Path, text: str) -> ModuleType:
    """The loops as a module at this path, beside which Numba keeps what it compiles."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module  # where Numba's cache looks for it
    exec(compile(text, path, "exec"), module.__dict__)
    _run_once(module)
    return module


def _run_once(module: ModuleType) -> None:
    """Call the loops without any instruction, so that Numba loads or compiles them."""
    import numpy as np

    whole, real = np.zeros(0, np.int64), np.zeros(0)
    lanes = np.zeros((1, 1))
    module.run(
        whole, np.zeros(1, np.int64), whole, whole, np.zeros(0, bool), whole,
        np.zeros((0, 0)), np.zeros((0, 0)), whole, real, np.zeros((0, 0)), real, True,
        lanes, lanes, real, 0, 0,
    )  # fmt: skip


def _name_folder() -> str:
    try:
        return str(find_cache_folder())
    except OSError:
        return "for compiled code"
