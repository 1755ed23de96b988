"""The rows of the table as loops over lanes in C, written while the package is built.

Here as on arrays nothing raises: what is not defined is nan or infinite (IEEE 754).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from engine.native.core import fingerprint
from engine.native.generate import LIBRARY, NoFormula
from engine.operation.op import Op
from engine.operation.symbol import ATOM, Symbol
from engine.registry import built_in_rows
from engine.tape.backends.codegen import (
    COMPARE,
    Code,
    build_partial_trees,
    build_value_tree,
    name_operands,
    rename_operands,
)
from engine.tape.ir.tape import STOP

_FUNCTIONS = {
    "floordiv": "floor_divide", "mod": "modulo", "pow": "pow", "abs": "fabs",
    "hypot": "hypot",
}  # fmt: skip


def write_loops(ops: Iterable[Op] | None = None) -> str:
    r"""The text of ``lanes.h``.

    >>> from engine import TABLE
    >>> print(write_loops([TABLE["mul"]]).split("\n\n")[2])
    VECTOR static void
    forward_mul(const double *x, const double *y, double *restrict out, int n)
    {
        for (int k = 0; k < n; k++)
            out[k] = (x[k] * y[k]);
    }
    """
    functions, table = [], []
    for op in (*built_in_rows(), STOP) if ops is None else ops:
        try:
            functions += [_write_forward(op), _write_backward(op)]
        except NoFormula:
            continue
        table.append(
            f'    {{"{op.name}", {op.arity}, forward_{op.name}, backward_{op.name}}},\n'
        )
    return (
        "/* Written by loops.py from engine/ops.py. */\n\n"
        f'#define FINGERPRINT "{fingerprint()}"\n\n'
        + "\n\n".join(functions)
        + f"\n\n{_write_choices()}\n"
        "static const struct {\n    const char *name;\n    int arity;\n"
        "    forward_row *forward;\n    backward_row *backward;\n"
        f"}} LANES[] = {{\n{''.join(table)}}};\n"
    )


def _write_choices() -> str:
    """For each comparison a loop that chooses by it; nan compares as in Python."""
    loops, entries = [], []
    for i, (sign, operator) in enumerate(COMPARE.items()):
        loops.append(
            f"VECTOR static void\nchoose_{i}(const double *left, const double *right, "
            "const double *x,\n    const double *y, double *restrict out, int n)\n{\n"
            "    for (int k = 0; k < n; k++)\n"
            f"        out[k] = left[k] {operator} right[k] ? x[k] : y[k];\n}}\n\n"
        )
        entries.append(f'    {{"{sign}", choose_{i}}},\n')
    return (
        f"{''.join(loops)}static const struct {{\n    const char *name;\n"
        f"    choose_row *choose;\n}} CHOICES[] = {{\n{''.join(entries)}}};\n"
    )


class _LaneCode(Code):
    """Expressions of C on the numbers of one lane; rows are written out."""

    def nonfinite(self, number: float) -> str:
        """nan and the infinities."""
        return "NAN" if math.isnan(number) else f"{'-' * (number < 0)}INFINITY"

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two."""
        asked, chosen, otherwise = map(self.text, (condition, x, y))
        return f"({asked} ? {chosen} : {otherwise})", ATOM

    def write_operation(self, op: Any, args: tuple[Any, ...]) -> tuple[str, int]:
        """A row: an operator, a function of a library, or its formula."""
        name = _FUNCTIONS.get(op.name) or LIBRARY.get(op.value)
        if name is not None:
            return f"{name}({', '.join(map(self.text, args))})", ATOM
        tree = build_value_tree(op)
        if tree is not None and tree.head is not op:
            names = dict(zip(op.operands, map(self.text, args), strict=True))
            return self.write(rename_operands(tree, names))
        return super().write_operation(op, args)

    def callee(self, op: Op) -> str:
        """There is no other function."""
        raise NoFormula(op.name)


_OPERANDS = ("x[k]", "y[k]")


def _write_forward(op: Op) -> str:
    if op.arity > len(_OPERANDS):
        raise NoFormula(op.name)
    text = _LaneCode().text(Symbol(op, tuple(map(Symbol, _OPERANDS[: op.arity]))))
    unused = "    (void)y;\n" if op.arity == 1 else ""
    return (
        f"VECTOR static void\nforward_{op.name}"
        "(const double *x, const double *y, double *restrict out, int n)\n{\n"
        f"{unused}    for (int k = 0; k < n; k++)\n        out[k] = {text};\n}}\n"
    )


def _write_backward(op: Op) -> str:
    names = name_operands(op, "out[k]", _OPERANDS[: op.arity])
    body = []
    for to, tree in zip(["to_x", "to_y"], build_partial_trees(op), strict=False):
        text = _LaneCode().text(rename_operands(tree, names))
        body.append(
            f"    if ({to})\n        for (int k = 0; k < n; k++)\n"
            f"            {to}[k] += adjoint[k] * {text};\n"
        )
    code = "".join(body)
    unused = [n for n in ("out", "x", "y", "to_y") if not _is_in(n, code)]
    voids = f"    {', '.join(f'(void){name}' for name in unused)};\n" if unused else ""
    return (
        f"VECTOR static void\nbackward_{op.name}"
        "(const double *adjoint, const double *out, const double *x,\n    "
        "const double *y, double *restrict to_x, double *restrict to_y, int n)\n{\n"
        f"{voids}{code}}}\n"
    )


def _is_in(name: str, code: str) -> bool:
    return f"{name}[k]" in code.replace(f"_{name}[k]", "") or f"({name})" in code
