"""Write what editors and type checkers need to see of the table.

    python docs/make_stubs.py

The operations are made from rows when the engine is imported, so no editor can find
`engine.tanh` or `Value.tanh` in the source. Two stubs, derived from the rows, declare
them with their documentation: `engine/ops.pyi` the functions,
`engine/operation/operators.pyi` the operators and methods. A test says when they are
out of date.
"""

from __future__ import annotations

import builtins
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine import TABLE, Op  # noqa: E402
from engine.registry import is_operator  # noqa: E402

_OPS = '''\
"""The rows of the table as functions, written by docs/make_stubs.py."""

from typing import overload, type_check_only

from engine.graph.value import Value
from engine.operation.op import Op

__all__ = [
{names}
]  # fmt: skip

@type_check_only
class Unary(Op):
    """Domain: x in (−∞, ∞)."""

    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, /) -> float: ...

@type_check_only
class Binary(Op):
    """Domain: x, y in (−∞, ∞)."""

    @overload
    def __call__(self, x: Value, y: Value | float, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float, /) -> float: ...

@type_check_only
class Optional(Op):
    @overload
    def __call__(self, x: Value, y: Value | float = ..., /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float = ..., /) -> float: ...

{rows}
'''

_OPERATORS = '''\
"""The rows of the table as operators and methods, written by docs/make_stubs.py."""

from typing import Any, Self, SupportsFloat

__all__ = ["Operators"]

class Operators:
    """The base of every kind of operand other than a plain number."""

    __slots__ = ()
    rank: int
    """Where operands of several kinds meet, the one of the highest rank decides."""

    @staticmethod
    def apply(op: Any, args: tuple[Any, ...]) -> Any:
        """The operation on `args`, of which at least one is of this class."""

{methods}
'''


def write_ops_stub() -> str:
    """The functions on numbers and Values."""
    names = sorted(f'"{name}"' for name in TABLE if not hasattr(builtins, name))
    return _OPS.format(
        names=textwrap.indent(textwrap.fill(", ".join(names), 76) + ",", "    "),
        rows="\n".join(_write_row(op) for op in TABLE.values()).rstrip(),
    )


def _write_row(op: Op) -> str:
    """An instance of a class that tells how it is called.

    Pyright and Pylance show the documentation of the instance. Jedi shows that of the
    class, beside the arguments of a call: it is the domain, and a row with a domain of
    its own has a class of its own.
    """
    kind = {1: "Unary", 2: "Binary"}.get(op.arity, "Op")
    kind = kind if op.default is None else "Optional"
    domain = str(op.__doc__).splitlines()[2]
    row = f"{op.name}: {kind}\n{_write_docstring(op)}\n"
    if domain == f"Domain: {', '.join('xy'[: op.arity])} in (−∞, ∞).":
        return row
    own = f'@type_check_only\nclass _{op.name}({kind}):\n    """{domain}"""\n\n'
    return own + row.replace(kind, f"_{op.name}", 1)


def write_operators_stub() -> str:
    """The operators and methods of every kind of operand."""
    methods = (method for op in TABLE.values() for method in _write_methods(op))
    return _OPERATORS.format(
        methods=textwrap.indent("\n".join(methods), "    ").rstrip()
    )


def _write_methods(op: Op) -> list[str]:
    """The operators or the method of a row, as `engine.registry` makes them."""
    others = ", other: Self | SupportsFloat" * (op.arity - 1)
    if op.default is not None:
        others += " = ..."
    if not is_operator(op.name):
        return [_write_method(op, op.name, others)]
    if op.arity == 1:
        return [_write_method(op, f"__{op.name}__", "")]
    return [
        _write_method(op, f"__{op.name}__", others),
        f"def __r{op.name}__(self, other: SupportsFloat) -> Self: ...",
    ]


def _write_method(op: Op, name: str, others: str) -> str:
    """A method with what its row says in a line; the rest stands with the function."""
    head = str(op.__doc__).partition("\n")[0]
    pairs = zip(op.operands, op.formulas, strict=True)
    written = ", ".join(f"∂/∂{operand} = {rule}" for operand, rule in pairs)
    plural = "s" * (op.arity > 1)
    return (
        f"def {name}(self{others}) -> Self:\n"
        f'    """{head}. Local derivative{plural}: {written}."""\n'
    )


def _write_docstring(op: Op) -> str:
    text = str(op.__doc__)
    return f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'


STUBS = {"ops.pyi": write_ops_stub, "operation/operators.pyi": write_operators_stub}


def main() -> None:
    """Write both."""
    for name, stub in STUBS.items():
        (ROOT / "engine" / name).write_text(stub(), encoding="utf-8")


if __name__ == "__main__":
    main()
