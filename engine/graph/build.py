"""How an operation on Values becomes a node of the graph.

`build_node` is the definition. What `make_method` makes does the same for one or two
operands when nothing unusual is going on, and hands over to `build_node` when
something is: it is what every `x * y` runs, so it is written for speed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from engine.graph import context
from engine.graph.metadata import NO_METADATA
from engine.graph.node import link
from engine.graph.value import Value, constant
from engine.native.core import core
from engine.operation.extended import Extended, evaluate_extended
from engine.operation.op import Op, as_real, make_error, rows
from engine.util.numbers import as_float, is_number


def build_node(op: Op, parents: tuple[Value, ...]) -> Value:
    """The node for `op` on `parents`, in whatever context holds here."""
    here = context.current()
    recorder = context.recorder(*parents)
    xs = tuple(as_float(parent._number, where=op.name) for parent in parents)
    try:
        out = evaluate_extended(op, xs) if here.extended else evaluate(op, xs, parents)
    except (ArithmeticError, ValueError) as error:
        if recorder is not None:
            recorder.note_error(op, parents, error)
        raise
    node = Value(out)
    if here.recording or recorder is not None:
        node.op = op
        link(node, parents, local_derivatives(op, out, xs))
        if recorder is not None:
            recorder.note_node(node)
        elif context.recorders:
            node._metadata = replace(node._metadata, beside=tuple(context.recorders))
    if not here.recording:
        if recorder is not None:
            stopped: Value = recorder.stop_gradient(node)
            return stopped
        node._metadata = replace(node._metadata, cut="no_grad()")
    return node


def evaluate(op: Op, xs: tuple[float, ...], parents: tuple[Value, ...]) -> float:
    """The operation on numbers; the labels of `parents` stand in its errors."""
    try:
        out = op.value(*xs)
    except (ArithmeticError, ValueError) as error:
        failure = error.with_traceback(None)
    else:
        return float(as_real(op, xs, out, parents))
    raise make_error(op, xs, failure, parents)  # as in `Op`, not chained to Python's


def local_derivatives(op: Op, out: float, xs: tuple[float, ...]) -> tuple[float, ...]:
    """∂out/∂x for each operand; ±∞ or nan where the rule cannot be computed."""
    try:
        return tuple(map(float, op.partials(out, *xs)))
    except (ArithmeticError, ValueError):
        partials = op.partials(Extended(out), *map(Extended, xs))
        return tuple(map(float, partials))


def apply(op: Op, args: tuple[Any, ...]) -> Value:
    """`op` on numbers and at least one Value."""
    if op.folds and not isinstance(args[-1], Value) and is_number(args[-1]):
        op, args = op.fixed(args[-1]), args[:-1]
    return build_node(op, tuple(_as_operand(op, arg) for arg in args))


def _as_operand(op: Op, x: Any) -> Value:
    if isinstance(x, Value):
        return x
    return constant(as_float(x, where=op.name))


def make_method(op: Op) -> Callable[..., Any]:
    """The operation as a method of Value: `x.tanh()`, or the operator in `x * y`.

    It is that of the compiled core, where that has the row.
    """
    method = _make_method(op)
    if core is None:
        return method
    row, number = op.made_from or (op, 0)
    if rows.get(row.name) is not row or not _MOST_NEGATIVE <= number <= -_MOST_NEGATIVE:
        return method
    fold = partial(_fold, op) if op.folds else None
    fixed = op is not row
    return core.make_method(op, method, fold, row.name, fixed, number) or method


_MOST_NEGATIVE = -(2**53)
"""Beyond, there are ints that are no floats."""


def _make_method(op: Op) -> Callable[..., Any]:
    if op.arity == 1:
        return _make_unary(op)
    if op.arity == 2:
        return _make_folding(op, _make_binary(op)) if op.folds else _make_binary(op)
    return lambda *args: op(*args)


def _make_unary(op: Op) -> Callable[..., Any]:
    value, partials, constants = op.value, op.partials, op.constants
    new = Value.__new__

    def method(x: Value) -> Value:
        a = x._number
        try:
            out = value(a)
            (dx,) = constants or partials(out, a)
        except (ArithmeticError, ValueError):
            out = None  # build_node finds out what to do
        metadata = NO_METADATA
        if context.active:
            here = context.current()
            if not here.usual or context.recorders:
                return build_node(op, (x,))
            metadata = here.metadata
        if out.__class__ is not float:
            return build_node(op, (x,))
        node = new(Value)
        node._number = out
        node._grad = None
        node.op = op
        node._x = x
        node._dx = dx
        node._y = node._dy = None
        node._metadata = metadata
        return node

    return method


def _make_binary(op: Op) -> Callable[..., Any]:
    value, partials, constants = op.value, op.partials, op.constants
    new = Value.__new__

    def method(x: Value, y: Any) -> Any:
        if y.__class__ is not Value:
            y = _lift(op, y)
            if y is NotImplemented:
                return y
        a = x._number
        b = y._number
        try:
            out = value(a, b)
            dx, dy = constants or partials(out, a, b)
        except (ArithmeticError, ValueError):
            out = None  # build_node finds out what to do
        metadata = NO_METADATA
        if context.active:
            here = context.current()
            if not here.usual or context.recorders:
                return build_node(op, (x, y))
            metadata = here.metadata
        if out.__class__ is not float:
            return build_node(op, (x, y))
        node = new(Value)
        node._number = out
        node._grad = None
        node.op = op
        node._x = x
        node._dx = dx
        node._y = y
        node._dy = dy
        node._metadata = metadata
        return node

    return method


def _make_folding(op: Op, binary: Callable[..., Any]) -> Callable[..., Any]:
    def method(x: Value, y: Any = op.default) -> Any:
        if not isinstance(y, Value) and is_number(y):
            return _fold(op, y)(x)
        return binary(x, y)

    return method


@lru_cache(maxsize=1024, typed=True)
def _fold(op: Op, number: float) -> Callable[..., Any]:
    fixed = op.fixed(number)
    return fixed.methods.setdefault(Value, make_method(fixed))


_NO_OPERANDS = (str, bytes, complex)


def _lift(op: Op, y: Any) -> Any:
    """The operand `y` of an operator as a Value.

    NotImplemented where `y` has an operator of its own, which Python then tries; a
    NumPy array's works elementwise, see `engine.ufuncs`.
    """
    if is_number(y):
        return constant(y)
    if isinstance(y, Value):
        return y
    foreign = hasattr(type(y), f"__r{op.name}__") and not isinstance(y, _NO_OPERANDS)
    if foreign and (hasattr(type(y), "__array_ufunc__") or not hasattr(y, "__array__")):
        return NotImplemented
    return constant(as_float(y, where=op.name))


# `Value` lies below this module and cannot import from it.
Value.apply = staticmethod(apply)  # type: ignore[method-assign]
