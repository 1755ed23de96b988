"""The Numba back end's two loops, written from the table and compiled once.

They interpret instructions, so one compilation serves all tapes. Each instruction works
on a row of samples ("lanes"), which the compiler turns into vector instructions.
The source lies in a cache folder, and Numba keeps the machine code beside it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from engine.files import write_atomically
from engine.op import Op
from engine.table import TABLE
from engine.tape.code import Code, names_of, partial_trees, value_tree, with_names
from engine.tape.recorder import STOP

__all__ = ["DOT", "WEIGHTED", "all_rows", "is_compiled", "kernels"]

DOT, WEIGHTED = 0, 1
"""Sums of products: of rows with rows, and of rows with leaves, one number each."""

_HEAD = '''\
"""Made by dotgrad from its table of operations."""
import math

import numpy as np
from numba import njit

inf, nan = math.inf, math.nan


@njit(nogil=True, cache={cache}, fastmath={{"reassoc"}})
def product(A, o, V, a, n):
    total = 0.0
    for k in range(n):
        total += A[o, k] * V[a, k]
    return total

'''

_FORWARD = """\

@njit(nogil=True, cache={cache}, error_model="numpy")
def forward(codes, starts, places, args, V, U, n):
    for i in range(len(codes)):
        code, s, e, o = codes[i], starts[i], starts[i + 1], places[i]
        if code == 0:
            a, b = args[s], args[s + 1]
            for k in range(n):
                V[o, k] = V[a, k] * V[b, k]
            for j in range(s + 2, e, 2):
                a, b = args[j], args[j + 1]
                for k in range(n):
                    V[o, k] += V[a, k] * V[b, k]
        elif code == 1:
            a, u = args[s], U[args[s + 1]]
            for k in range(n):
                V[o, k] = V[a, k] * u
            for j in range(s + 2, e, 2):
                a, u = args[j], U[args[j + 1]]
                for k in range(n):
                    V[o, k] += V[a, k] * u
"""

_BACKWARD = """\

@njit(nogil=True, cache={cache}, error_model="numpy")
def backward(codes, starts, places, args, needed, V, U, A, S, n):
    for i in range(len(codes) - 1, -1, -1):
        code, s, e, o = codes[i], starts[i], starts[i + 1], places[i]
        if code == 0:
            for j in range(s, e, 2):
                a, b = args[j], args[j + 1]
                if needed[a]:
                    for k in range(n):
                        A[a, k] += A[o, k] * V[b, k]
                if needed[b]:
                    for k in range(n):
                        A[b, k] += A[o, k] * V[a, k]
        elif code == 1:
            for j in range(s, e, 2):
                a, b = args[j], args[j + 1]
                S[b] += product(A, o, V, a, n)
                if needed[a]:
                    u = U[b]
                    for k in range(n):
                        A[a, k] += A[o, k] * u
"""

_RUN = """\

@njit(nogil=True, cache={cache})
def run(codes, starts, places, args, needed, inputs, outputs, rows, seeds, slopes,
        V, U, A, S, gradient, begin, end):
    width, first = V.shape[1], inputs.shape[0]
    for i in range(len(U)):
        for k in range(width):
            V[first + i, k] = U[i]
    if gradient:
        for i in range(len(U)):
            S[i] = 0.0
            for k in range(width):
                A[first + i, k] = 0.0
    for start in range(begin, end, width):
        n = min(width, end - start)
        for i in range(first):
            for k in range(n):
                V[i, k] = inputs[i, start + k]
        forward(codes, starts, places, args, V, U, n)
        for i in range(len(rows)):
            for k in range(n):
                outputs[i, start + k] = V[rows[i], k]
        if gradient:
            for i in range(first):
                for k in range(n):
                    A[i, k] = 0.0
            for i in range(len(codes)):
                for k in range(n):
                    A[places[i], k] = 0.0
            for k in range(n):
                A[rows[0], k] += seeds[start + k]
            backward(codes, starts, places, args, needed, V, U, A, S, n)
            for i in range(slopes.shape[0]):
                for k in range(n):
                    slopes[i, start + k] = A[i, k]
    if gradient:
        for i in range(len(U)):
            for k in range(width):
                S[i] += A[first + i, k]
"""

_OPERATORS = {
    "pow": "{} ** {}", "abs": "abs({})", "neg": "-{}", "add": "{} + {}",
    "sub": "{} - {}", "mul": "{} * {}", "truediv": "{} / {}",
    "floordiv": "{} // {}", "mod": "{} % {}",
}  # fmt: skip
_NUMPY = {"log2", "cbrt"}
"""What Numba knows of numpy and not of math."""


class LaneCode(Code):
    """Expressions on single numbers, in the part of Python that Numba compiles."""

    def odd(self, number: float) -> str:
        """nan and the infinities."""
        return "nan" if number != number else "inf" if number > 0 else "-inf"


def all_rows() -> tuple[Op, ...]:
    """The table as it is now, and the row that only tapes have."""
    return (*TABLE.values(), STOP)


def is_compiled() -> bool:
    """Whether the loops for the table as it is now have been compiled before."""
    try:
        import numba  # noqa: F401
    except ModuleNotFoundError:
        return False
    return bool(_compiled_files(_path(_text(all_rows()))))


def kernels(rows: tuple[Op, ...]) -> tuple[ModuleType, dict[str, int]]:
    """The compiled loops for these rows, and the code of each row.

    Raises:
        ModuleNotFoundError: Numba is not installed.
    """
    try:
        import numba  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the Numba back end needs numba: pip install 'dotgrad[fast]'"
        ) from None
    return _loaded(rows)


@lru_cache(maxsize=8)
def _loaded(rows: tuple[Op, ...]) -> tuple[ModuleType, dict[str, int]]:
    text = _text(rows)
    odd = {op.name: op for op in rows if _is_opaque(op)}
    return (_in_memory(text, odd) if odd else _from_cache(text)), _codes(rows)


def _codes(rows: tuple[Op, ...]) -> dict[str, int]:
    return {op.name: code for code, op in enumerate(rows, WEIGHTED + 1)}


@lru_cache(maxsize=8)
def _text(rows: tuple[Op, ...]) -> str:
    return _source(rows, _codes(rows), cache=not any(map(_is_opaque, rows)))


def _is_opaque(op: Op) -> bool:
    """Whether a row is neither a formula nor a function that Numba knows."""
    return value_tree(op) is None and not _known(op)


def _known(op: Op) -> bool:
    return op.name in _NUMPY or getattr(math, op.name, None) is op.value


def _source(rows: tuple[Op, ...], codes: dict[str, int], *, cache: bool) -> str:
    parts = [_HEAD.format(cache=cache)]
    for op in rows:
        parts.append(_helper(op, cache=cache))
    parts += [_FORWARD.format(cache=cache)]
    parts += [_branch(op, codes[op.name], _value_lines(op)) for op in rows]
    parts += [_BACKWARD.format(cache=cache)]
    parts += [_branch(op, codes[op.name], _partial_lines(op)) for op in rows]
    return "".join([*parts, _RUN.format(cache=cache)])


def _helper(op: Op, *, cache: bool) -> str:
    """A row as a function of numbers, for rules that use it."""
    tree = value_tree(op)
    names = ", ".join(op.operands)
    if tree is None or tree.head is op:
        if not _known(op) and tree is None:
            return ""  # it is put into the namespace
        library = "np" if op.name in _NUMPY else "math"
        body = f"{library}.{op.name}({names})"
        if op.name in _OPERATORS:
            body = _OPERATORS[op.name].format(*op.operands)
    else:
        body = LaneCode().text(tree)
    return (
        f'\n@njit(nogil=True, cache={cache}, error_model="numpy")\n'
        f"def {op.name}_({names}):\n    return {body}\n\n"
    )


def _branch(op: Op, code: int, lines: list[str]) -> str:
    operands = [f"args[s + {i}]" if i else "args[s]" for i in range(op.arity)]
    slots = ", ".join(f"p{i}" for i in range(op.arity))
    head = f"        elif code == {code}:  # {op.name}\n"
    head += f"            {slots} = {', '.join(operands)}\n"
    return head + "".join(f"            {line}\n" for line in lines)


def _operands(op: Op) -> dict[str, str]:
    return names_of(op, "V[o, k]", [f"V[p{i}, k]" for i in range(op.arity)])


def _value_lines(op: Op) -> list[str]:
    names = _operands(op)
    used = ", ".join(names[name] for name in op.operands)
    return ["for k in range(n):", f"    V[o, k] = {op.name}_({used})"]


def _partial_lines(op: Op) -> list[str]:
    lines = []
    for i, tree in enumerate(partial_trees(op)):
        text = LaneCode().text(with_names(tree, _operands(op)))
        lines += [
            f"if needed[p{i}]:",
            "    for k in range(n):",
            f"        A[p{i}, k] += A[o, k] * {text}",
        ]
    return lines


def _in_memory(text: str, odd: dict[str, Op]) -> ModuleType:
    """Rows with a body of their own are compiled with it, in each process anew."""
    from numba import njit

    module = ModuleType("dotgrad_kernels")
    for name, op in odd.items():
        setattr(module, f"{name}_", njit(nogil=True, error_model="numpy")(op.value))
    exec(compile(text, "<dotgrad kernels>", "exec"), module.__dict__)
    return module


def _from_cache(text: str) -> ModuleType:
    path = _path(text)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    if not _compiled_files(path):
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


def _path(text: str) -> Path:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return cache_folder() / f"kernels_{digest}.py"


def _compiled_files(path: Path) -> list[Path]:
    """What Numba has kept of it for this version of Python."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    return list(path.parent.glob(f"**/{path.stem}.run-*.{version}.nbi"))


def cache_folder() -> Path:
    """Where compiled loops are kept: DOTGRAD_CACHE, or the user's cache folder."""
    chosen = os.environ.get("DOTGRAD_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base or Path.home() / ".cache") / "dotgrad"
