"""The Numba back end's two loops, written from the table.

They interpret instructions, so one compilation serves all tapes. Each instruction works
on a row of samples ("lanes"), which the compiler turns into vector instructions.
"""

from __future__ import annotations

import math
from typing import Any

from engine.operation.op import Op
from engine.operation.symbol import ATOM, Symbol
from engine.tape.backends.codegen import (
    Code,
    build_partial_trees,
    build_value_tree,
    name_operands,
    rename_operands,
)

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
        if code == 0 and n == 1:
            total = V[args[s], 0] * V[args[s + 1], 0]
            for j in range(s + 2, e, 2):
                total += V[args[j], 0] * V[args[j + 1], 0]
            V[o, 0] = total
        elif code == 0:
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
        if not needed[o]:
            continue
        if code == 0 and n == 1:
            for j in range(s, e, 2):
                a, b = args[j], args[j + 1]
                if needed[a]:
                    A[a, 0] += A[o, 0] * V[b, 0]
                if needed[b]:
                    A[b, 0] += A[o, 0] * V[a, 0]
        elif code == 0:
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
def run(codes, starts, places, args, needed, spread, inputs, outputs, rows, seeds,
        slopes, U, gradient, V, A, S, begin, end):
    width, first = V.shape[1], inputs.shape[0]
    for i in range(len(spread)):
        V[first + i] = U[spread[i]]
    S[:] = 0.0
    for start in range(begin, end, width):
        n = min(width, end - start)
        V[:first, :n] = inputs[:, start : start + n]
        forward(codes, starts, places, args, V, U, n)
        for i in range(len(rows)):
            outputs[i, start : start + n] = V[rows[i], :n]
        if gradient:
            A[:, :n] = 0.0
            A[rows[0], :n] = seeds[start : start + n]
            backward(codes, starts, places, args, needed, V, U, A, S, n)
            slopes[:, start : start + n] = A[: len(slopes), :n]
            for i in range(len(spread)):
                for k in range(n):
                    S[spread[i]] += A[first + i, k]
"""

_OPERATORS = {"pow": "({} ** {})", "abs": "abs({})"}
_NUMPY = {"log2", "cbrt"}
"""What Numba knows of numpy and not of math."""


class LaneCode(Code):
    """Expressions on single numbers, in the part of Python that Numba compiles.

    Rows that other rows use are written out: each function costs time to compile.
    """

    def nonfinite(self, number: float) -> str:
        """nan and the infinities."""
        return "nan" if number != number else "inf" if number > 0 else "-inf"

    def write_operation(self, op: Any, args: tuple[Any, ...]) -> tuple[str, int]:
        """A row: an operator, a function of a library, or its formula."""
        tree = build_value_tree(op)
        if tree is not None and tree.head is not op:
            names = dict(zip(op.operands, map(self.text, args), strict=True))
            return self.write(rename_operands(tree, names))
        if op.name in _OPERATORS:
            return _OPERATORS[op.name].format(*map(self.text, args)), ATOM
        return super().write_operation(op, args)

    def callee(self, op: Op) -> str:
        """What is called for a row."""
        if _is_known(op):
            return f"{'np' if op.name in _NUMPY else 'math'}.{op.name}"
        return super().callee(op)


def find_opaque_rows(rows: tuple[Op, ...]) -> dict[str, Op]:
    """The rows that these use and that are neither formulas nor known to Numba."""
    code = LaneCode()
    for op in rows:
        _write_value(op, code)
        _write_partials(op, code)
    return code.called


def _is_known(op: Op) -> bool:
    return op.name in _NUMPY or getattr(math, op.name, None) is op.value


def number_rows(rows: tuple[Op, ...]) -> dict[str, int]:
    """The code of each row in an instruction."""
    return {op.name: code for code, op in enumerate(rows, WEIGHTED + 1)}


def write_kernels(rows: tuple[Op, ...], *, cache: bool) -> str:
    """The module with the loops for these rows; Numba is to keep its machine code."""
    codes, code = number_rows(rows), LaneCode()
    parts = [_HEAD.format(cache=cache)]
    parts += [_FORWARD.format(cache=cache)]
    parts += [_write_branch(op, codes[op.name], _write_value(op, code)) for op in rows]
    parts += [_BACKWARD.format(cache=cache)]
    parts += [
        _write_branch(op, codes[op.name], _write_partials(op, code)) for op in rows
    ]
    return "".join([*parts, _RUN.format(cache=cache)])


def _write_branch(op: Op, code: int, lines: list[str]) -> str:
    operands = [f"args[s + {i}]" if i else "args[s]" for i in range(op.arity)]
    slots = ", ".join(f"p{i}" for i in range(op.arity))
    head = f"        elif code == {code}:  # {op.name}\n"
    head += f"            {slots} = {', '.join(operands)}\n"
    return head + "".join(f"            {line}\n" for line in lines)


def _name_operands(op: Op) -> dict[str, str]:
    return name_operands(op, "V[o, k]", [f"V[p{i}, k]" for i in range(op.arity)])


def _write_value(op: Op, code: LaneCode) -> list[str]:
    names = _name_operands(op)
    text = code.text(Symbol(op, tuple(Symbol(names[x]) for x in op.operands)))
    return ["for k in range(n):", f"    V[o, k] = {text}"]


def _write_partials(op: Op, code: LaneCode) -> list[str]:
    lines = []
    for i, tree in enumerate(build_partial_trees(op)):
        text = code.text(rename_operands(tree, _name_operands(op)))
        lines += [
            f"if needed[p{i}]:",
            "    for k in range(n):",
            f"        A[p{i}, k] += A[o, k] * {text}",
        ]
    return lines
