"""`custom_derivative`: a Python function as one operation, with a rule of its own."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

from engine.autodiff.trace import (
    flatten_like,
    flatten_numbers,
    tracing,
    watching,
)
from engine.errors import EngineError, OperandError, RowError
from engine.graph.value import Value
from engine.operation.extended import Extended
from engine.operation.op import OF_NUMBERS, Op, add_local_row
from engine.operation.operators import Operators
from engine.operation.symbol import Symbol
from engine.util.arrays import close_array
from engine.util.nested import Structure, leaf_names, unflatten

Rule = Callable[..., Any]


def custom_derivative(rule: Rule, *, symbol: str | None = None) -> Any:
    """Make a function of numbers one operation, whose derivatives `rule` gives.

    A decorator. On numbers the function is called as it is. With a Value among them it
    is called on their numbers, and what it gives is one node: in pictures, on tapes, in
    forward and reverse mode. It may use whatever computes with floats: SciPy, a search,
    a table. The table of operations stays as it is.

    Args:
        rule: a function of the result and the arguments, which gives ∂result/∂argument:
            one number, or a tuple with one for each argument; for an argument that is a
            list, a dict or an array, the same structure. For derivatives of higher
            order it has to compute with the functions of engine.
        symbol: what pictures show; the function's name otherwise.

    >>> from engine import Value, custom_derivative, grad
    >>> @custom_derivative(lambda out, x: 1 / (3 * out**2))
    ... def cube_root(x):
    ...     root = 1.0
    ...     for _ in range(60):  # Newton's method
    ...         root -= (root - x / root**2) / 3
    ...     return root
    >>> cube_root(27.0), grad(cube_root)(8.0)
    (3.0, 0.08333333333333333)
    >>> cube_root(Value(8.0))
    Value(2.0, op='cube_root')

    Raises:
        OperandError: an argument is no number and no structure of numbers.
        RowError: the rule gives something else than one derivative for each number.
    """
    if not callable(rule):
        raise RowError(
            f"custom_derivative takes a rule, which is a function, not {rule!r:.80}: "
            "write @custom_derivative(lambda out, x: ...) above the function"
        )
    return lambda f: CustomFunction(f, rule, symbol)


class CustomFunction:
    """What `custom_derivative` makes of a function."""

    def __init__(self, f: Callable[..., Any], rule: Rule, symbol: str | None) -> None:
        if not callable(f):
            raise RowError(f"custom_derivative decorates a function, not {f!r}")
        self.f, self.rule = f, rule
        functools.update_wrapper(self, f)
        self.symbol = symbol or getattr(f, "__name__", "f").replace("<lambda>", "f")
        self._rows: dict[tuple[Structure, ...], Op] = {}

    def __call__(self, *args: Any) -> Any:
        """f(*args); a Value as soon as there is one among them."""
        parts = [
            flatten_numbers(arg, f"args[{i}]", kind=Operators)
            for i, arg in enumerate(args)
        ]
        numbers = [x for _, leaves in parts for x in leaves]
        if not any(isinstance(x, Operators) for x in numbers):
            return self.f(*args)
        return self.find_row(tuple([structure for structure, _ in parts]))(*numbers)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        raise OperandError(
            f"{self.symbol} is in a class: custom_derivative takes a function of "
            "numbers, so put it beside the class"
        )

    def __repr__(self) -> str:
        return f"custom_derivative({self.f!r})"

    def __reduce__(self) -> str:
        return getattr(self.f, "__qualname__", "")

    def find_row(self, structures: tuple[Structure, ...]) -> Op:
        """The row for arguments of these structures."""
        if structures not in self._rows:
            self._rows[structures] = self._make_row(structures)
        return self._rows[structures]

    def _make_row(self, structures: tuple[Structure, ...]) -> Op:
        operands = self._name_operands(structures)

        def restore(numbers: tuple[Any, ...]) -> list[Any]:
            left = iter(numbers)
            return [unflatten(part, left, close_array) for part in structures]

        def value(*numbers: Any) -> Any:
            if any(isinstance(x, Symbol) for x in numbers):
                raise TypeError(f"{self.symbol} is a function of floats")
            found = self.f(*restore(numbers))
            return found.item() if hasattr(found, "item") else found

        def partials(out: Any, *numbers: Any) -> tuple[Any, ...]:
            given = (out, *numbers)
            if any(isinstance(x, Symbol) for x in given):
                return tuple([Symbol(slope, given) for slope in slopes])
            return self._apply_rule(out, restore(numbers), operands, given)

        count = len(operands)
        slopes = [self._make_slope(i, operands, partials) for i in range(count)]
        row = Op(self.symbol, self.symbol, value, partials, operands=operands)
        row.local = (_find_row, self, structures)
        return add_local_row(row)

    def _make_slope(self, i: int, operands: list[str], partials: Rule) -> Op:
        """The i-th local derivative as a row, which tapes call and formulas name."""

        def value(out: Any, *numbers: Any) -> Any:
            if any(isinstance(x, Symbol) for x in (out, *numbers)):
                raise TypeError(f"the rule of {self.symbol} is a function of floats")
            return partials(out, *numbers)[i]

        def refuse(*_: Any) -> Any:
            raise RowError(f"the rule of {self.symbol} is not differentiated on a tape")

        text = f"{self.symbol}′"
        if len(operands) > 1:
            text = f"∂{self.symbol}/∂{operands[i]}"
        names = [self.symbol, *operands]
        return add_local_row(Op(text, text, value, refuse, operands=names))

    def _apply_rule(
        self, out: Any, args: list[Any], operands: list[str], given: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """The local derivatives at numbers; of Values, with a graph of their own."""
        values = [x for x in given if isinstance(x, Value)]
        try:
            if values:
                with tracing(), watching(values):
                    found = self.rule(out, *args)
            else:
                found = self.rule(out, *args)
        except (ArithmeticError, ValueError) as error:
            plain = not isinstance(error, EngineError) or isinstance(error, OF_NUMBERS)
            if plain and any(isinstance(x, Extended) for x in given):
                return (math.nan,) * len(operands)  # there is no limit that it knows
            raise
        if len(args) == 1 and not (isinstance(found, tuple) and len(found) == 1):
            found = (found,)
        try:
            return tuple(flatten_like(args, list(found), "the derivatives"))
        except (TypeError, OperandError):
            raise RowError(
                f"the rule of {self.symbol} gives {found!r:.80}: wanted is one "
                f"derivative for each of {', '.join(operands)}"
            ) from None

    def _name_operands(self, structures: tuple[Structure, ...]) -> list[str]:
        """The names of the parameters; those of structures with numbers behind."""
        try:
            names = list(inspect.signature(self.f).parameters)
        except (TypeError, ValueError):
            names = []
        names += [f"x{i}" for i in range(len(names), len(structures))]
        found = []
        for name, structure in zip(names, structures, strict=False):
            count = len(list(leaf_names(structure, name)))
            alone = structure is None
            found += [name] if alone else [f"{name}{i}" for i in range(count)]
        return found


def _find_row(function: CustomFunction, structures: tuple[Structure, ...]) -> Op:
    return function.find_row(structures)
