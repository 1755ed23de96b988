"""The table as a whole: adding rows, finding them, and Value's operators from them."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Callable, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any

from engine.errors import RowError
from engine.graph.aliases import Aliases
from engine.graph.build import make_method
from engine.graph.callsite import find_source, format_source
from engine.graph.node import Node
from engine.graph.value import Value
from engine.native.core import core
from engine.operation.extended import Extended
from engine.operation.op import Op, lookup
from engine.operation.op import rows as _rows
from engine.operation.operators import Operators
from engine.operation.series import Series
from engine.operation.symbol import Symbol
from engine.text import CONTROLS, cut

Source = tuple[str, int] | None

_registered: dict[str, Source] = {}
"""The rows that a program has added, and the file and line that added each."""

_LONGEST = 60
"""Characters of a name or a symbol."""

_KINDS = (Value, Symbol, Extended, Series)
"""What operators and methods are given to."""

_GIVE_INTS = ("floor", "ceil")
"""What `math` asks an object for is an int; the rows give Values."""

departures = 0
"""How many rows have left the table. What was made with one of them is out of date."""

TABLE: Mapping[str, Op] = MappingProxyType(_rows)
"""Every operation by its name, in the order of the table."""


def register(*args: Any, **options: Any) -> Op:
    """Add an operation to the table; the arguments are those of `Op`.

    The row that is returned is a function on numbers and on Values, and Value gets a
    method of its name. Pictures, higher derivatives and everything else that is
    derived from the table work for it at once.

    >>> from engine import Value, register, unregister
    >>> cube = register("cube", "x³", lambda x: x**3, lambda out, x: (3 * x**2,))
    >>> x = Value(2.0)
    >>> x.cube().backward()
    >>> cube(2.0), x.grad, cube.formulas
    (8.0, 12.0, ('3 × x²',))
    >>> unregister("cube")

    The same call again, as when a cell of a notebook is run twice, replaces the row:
    from the same line, at a prompt, or with a `value` that is the same named function.

    Raises:
        RowError: the name is taken or no Python name, a picture cannot show the
            symbol, or the rule does not give one derivative per operand.
    """
    op, source = Op(*args, **options), find_source()
    _check_name(op, source)
    _check_texts(op)
    before = _rows.get(op.name)
    _add_own_row(op, source)
    try:
        _check_rule(op)
        add_help(op)
    except Exception:
        unregister(op.name)
        if before is not None:
            _add_own_row(before, source)
        raise
    return op


def _add_own_row(op: Op, source: Source) -> None:
    if op.name in _registered:
        unregister(op.name)
    add_row(op)
    _registered[op.name] = source


def add_row(op: Op) -> None:
    """Put a row into the table, and its operator or method on all kinds of operands."""
    _rows[op.name] = op
    op.methods[Value] = make_method(op)
    for kind in _KINDS:
        for name, method in _make_methods(op, kind).items():
            setattr(kind, name, method)


def add_help(op: Op) -> None:
    """Give the operator or method of Value the documentation of the row, for `help`.

    It is written from the rule, which may use rows that come later in the table.
    """
    method = op.methods[Value]
    method.__doc__, method.__name__ = op.__doc__, op.name
    method.__qualname__ = f"Value.{op.name}"
    if core is not None:
        core.document(f"__{op.name}__", op.__doc__)


def unregister(name: str) -> None:
    """Take a row that was added by `register` out of the table again.

    Raises:
        UnknownOperationError: the table has no such row.
        RowError: it is one of the built-in rows.
    """
    global departures
    op = lookup(name)
    if name not in _registered:
        raise RowError(f"{name} is part of the table and stays in it")
    departures += 1
    del _registered[name]
    del _rows[name]
    for kind in _KINDS:
        for method in _make_methods(op, kind):
            delattr(kind, method)


def built_in_rows() -> tuple[Op, ...]:
    """The rows that a program has not added."""
    return tuple(op for op in _rows.values() if op.name not in _registered)


def _check_name(op: Op, source: Source) -> None:
    if not _is_name(op.name):
        raise RowError(
            f"an operation's name is a Python name of at most {_LONGEST} characters, "
            f"not {cut(repr(op.name))}"
        )
    if op.name in _registered:
        _check_place(op, source)
    elif op.name in _rows or (hasattr(Value, op.name) and op.name not in vars(Aliases)):
        raise RowError(f"the name {op.name!r} is taken: choose another")


def _is_name(text: Any) -> bool:
    return (
        isinstance(text, str)
        and text.isidentifier()
        and unicodedata.is_normalized("NFKC", text)  # or Python reads another name
        and not keyword.iskeyword(text)
        and len(text) <= _LONGEST
    )


def _check_texts(op: Op) -> None:
    """See that what pictures and generated code show of a row is what it seems."""
    for what, text in (("symbol", op.symbol), ("folds", op.folds or "{}")):
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            raise RowError(
                f"{op.name}: {what} is a text of 1 to {_LONGEST} characters, "
                f"not {cut(repr(text))}"
            )
        if CONTROLS.search(text) or "\n" in text:
            raise RowError(
                f"{op.name}: {what} has a control character: {cut(repr(text))}"
            )
    try:
        fields = [part[1:] for part in Formatter().parse(op.folds or "{}")]
    except ValueError:
        fields = []
    if [field for field in fields if field[0] is not None] != [("", "", None)]:
        raise RowError(
            f"{op.name}: folds has one {{}}, where the number goes, such as '^{{}}', "
            f"not {cut(repr(op.folds))}"
        )
    if not all(map(_is_name, op.operands)) or len({"out", *op.operands}) <= op.arity:
        raise RowError(
            f"{op.name}: operands are different Python names, none of them out, not "
            f"{op.operands!r}"
        )


def _check_place(op: Op, source: Source) -> None:
    """See that the row that has this name comes from the same place."""
    known = _registered[op.name]
    same_line = known == source or (_is_prompt(known) and _is_prompt(source))
    if not same_line and _name_function(op) != _name_function(_rows[op.name]):
        raise RowError(
            f"the name {op.name!r} is taken: it was registered at "
            f"{format_source(known)}, and now at {format_source(source)}; choose "
            f"another, or unregister({op.name!r}) first"
        )


def _is_prompt(source: Source) -> bool:
    """Whether a person typed it, into a cell or at a prompt: each is another file."""
    return bool(source and ("ipykernel" in source[0] or source[0][:1] == "<"))


def _name_function(op: Op) -> Any:
    """What tells a function from others; a lambda only from itself."""
    name = getattr(op.value, "__qualname__", "<lambda>")
    named = "<lambda>" not in name
    return (getattr(op.value, "__module__", None), name) if named else op.value


def _check_rule(op: Op) -> None:
    if not 1 <= op.arity == len(op.domain):
        raise RowError(f"{op.name}: {op.arity} operands, {len(op.domain)} domains")
    try:
        partials = op.partials(Symbol("out"), *map(Symbol, op.operands))
    except NameError:  # it uses a row that is not there yet, maybe this one
        return
    if not isinstance(partials, tuple) or len(partials) != op.arity:
        raise RowError(
            f"{op.name}: the rule gives {partials!r}; it has to give a tuple of one "
            f"derivative for each of {', '.join(op.operands)}"
        )


def _make_methods(op: Op, kind: type[Operators]) -> dict[str, Callable[..., Any]]:
    """A row named like one of Python's operators is that operator, others a method."""
    method = op.methods.get(kind, lambda *args: op(*args))
    if not is_operator(op.name):
        return {op.name: method}
    if kind is Value and hasattr(Node, f"__{op.name}__"):  # of the compiled core
        return {}
    if op.arity == 1:
        return {f"__{op.name}__": method}
    return {f"__{op.name}__": method, f"__r{op.name}__": _reflect(op)}


def is_operator(name: str) -> bool:
    """Whether a row of this name is one of Python's operators.

    >>> is_operator("add"), is_operator("tanh"), is_operator("floor")
    (True, False, False)
    """
    return hasattr(float, f"__{name}__") and name not in _GIVE_INTS


def _reflect(op: Op) -> Callable[..., Any]:
    def method(y: Operators, x: Any) -> Any:
        return op(x, y)

    return method
