"""`Op`: one row of the table of operations."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from numbers import Rational
from typing import Any
from weakref import WeakValueDictionary

from engine.errors import (
    DivisionByZeroError,
    DomainError,
    EngineError,
    RangeError,
    UnknownOperationError,
)
from engine.native.core import core
from engine.operation.help import InstanceAttribute, describe, signature
from engine.operation.operators import Operators
from engine.operation.symbol import Symbol, formula
from engine.util.numbers import as_float, as_number

rows: dict[str, Op] = {}
"""All rows by name."""

_local_rows: WeakValueDictionary[str, Op] = WeakValueDictionary()
"""Rows that are not in the table: those of functions with a rule of their own."""

_local_names: Counter[str] = Counter()
"""How many rows have had a name; no name is given twice, for tapes may know it."""

Rule = Callable[..., Any]
REAL = "(-inf, inf)"


class Op:
    """An elementary operation: its value and its local derivatives.

    Args:
        name: a Python name; the function, the method and messages use it.
        symbol: what a picture shows.
        value: the operation on floats, as a function of the operands.
        partials: the local derivatives. Either one function of (out, *operands) that
            gives them all in a tuple; or a tuple with one entry per operand, each a
            number or a function of (out, *operands).
        domain: for each operand the interval it may come from, in mathematical
            notation, "(0, inf)"; one string stands for all operands.
        kinks: a function of the operands that is 0 where the operation has no
            derivative; what is recorded there is documented in `engine.ops`.
        limits: operand → value at poles, where Python raises and IEEE 754 gives ±∞.
        folds: for a row whose last operand becomes part of the operation when it is
            a plain number, the symbol then: "^{}" makes x**3 a node ^3 with one
            parent. A default of that operand in `value` makes it optional.
        operands: the operands' names; those of the rule's parameters otherwise.
        about: for readers of its documentation, what its name does not tell: a
            formula, or a unit.

    `value` and `partials` may use Python arithmetic, other rows, and comparisons
    inside `where(condition, x, y)`. Write constants as ints: the rules then stay
    exact on Fractions.
    """

    __doc__ = InstanceAttribute(describe, of_class=__doc__)
    __signature__ = InstanceAttribute(signature)

    def __init__(
        self,
        name: str,
        symbol: str,
        value: Callable[..., Any],
        partials: Rule | tuple[Rule | float, ...],
        *,
        domain: str | Sequence[str] = REAL,
        kinks: Callable[..., Any] | None = None,
        limits: Mapping[float, float] | None = None,
        folds: str | None = None,
        operands: Sequence[str] = (),
        about: str = "",
    ) -> None:
        self.name = self.__name__ = name
        self.symbol = symbol
        self.written = name
        """What formulas call it."""
        self.value = value
        self.entries = _split_rule(partials)
        self.partials: Rule = (
            partial(_call_all, self.entries)
            if isinstance(partials, tuple)
            else partials
        )
        """The local derivatives: a function of (out, *operands) giving a tuple."""
        self.constants = _find_constants(partials)
        """The local derivatives when they are the same everywhere, else empty."""
        self.operands = tuple(operands) or _find_operands(partials)
        self.arity = len(self.operands)
        """The number of operands."""
        self.domain = (
            (domain,) * self.arity if isinstance(domain, str) else tuple(domain)
        )
        self.kinks = kinks
        self.limits = dict(limits or {})
        self.folds = folds
        self.about = about
        self.default = _find_default(value) if folds else None
        self.made_from: tuple[Op, float] | None = None
        """The row and the number that `fixed` made this one from."""
        self.local: tuple[Any, ...] | None = None
        """What makes a row again that is not in the table: a function and arguments."""
        self.methods: dict[type, Callable[..., Any]] = {}
        """The operation as a method, by the kind of operand; see `engine.registry`."""

    def __call__(self, *args: Any) -> Any:
        """The operation: a number on numbers, a Value as soon as one is a Value.

        Raises:
            DomainError, DivisionByZeroError, RangeError: no such value on floats.
            OperandError: an operand is neither a number nor a Value.
        """
        if len(args) == self.arity < 3:  # the usual call, made fast
            kind = args[0].__class__
            if kind is not args[-1].__class__:
                pass
            elif kind is float:
                try:
                    out = self.value(*args)
                except (ArithmeticError, ValueError):
                    pass  # again below, for the error that says where
                else:
                    if out.__class__ is float:
                        return out
            elif kind in self.methods:
                return self.methods[kind](*args)
        args = self._complete(args)
        operands = [arg for arg in args if isinstance(arg, Operators)]
        if operands:
            return max(operands, key=lambda arg: arg.rank).apply(self, args)
        return self._evaluate(tuple(as_number(x, where=self.name) for x in args))

    def _complete(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.default is not None and len(args) == self.arity - 1:
            return (*args, self.default)
        if len(args) != self.arity:
            raise TypeError(
                f"{self.name}({', '.join(self.operands)}) takes {self.arity} "
                f"operand{'s' * (self.arity != 1)}, not {len(args)}"
            )
        return args

    def _evaluate(self, xs: tuple[Any, ...]) -> Any:
        try:
            out = self.value(*xs)
        except (ArithmeticError, ValueError) as error:
            failure = error.with_traceback(None)
        else:
            return out if out.__class__ is float else as_real(self, xs, out)
        # Here, where Python's error is over: a traceback shows one mistake once, and
        # still what the program itself was about to handle.
        raise make_error(self, xs, failure)

    def fixed(self, number: float) -> Op:
        """This row with its last operand the given number: one operand less.

        >>> from engine import Value
        >>> (Value(2.0) ** 3).op
        <Op pow ^3>
        """
        return _fix(self, number if type(number) is int else float(number))

    @property
    def formulas(self) -> tuple[str, ...]:
        """The local derivatives as text, one per operand, written from the rule.

        >>> from engine import ops
        >>> ops.truediv.formulas
        ('1 ÷ y', '−out ÷ y')
        """
        symbols = map(Symbol, self.operands)
        return tuple(map(formula, self.partials(Symbol("out"), *symbols)))

    @property
    def intervals(self) -> tuple[str, ...]:
        """The domain of each operand in mathematical notation.

        >>> from engine import ops
        >>> ops.truediv.intervals
        ('(−∞, ∞)', '(−∞, 0) ∪ (0, ∞)')
        """
        signs = str.maketrans({"-": "−", "|": "∪"})
        return tuple(x.replace("inf", "∞").translate(signs) for x in self.domain)

    def __repr__(self) -> str:
        return f"<Op {self.name} {self.symbol}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.made_from is not None:
            return Op.fixed, self.made_from
        if self.local is not None:
            return self.local[0], self.local[1:]
        return lookup, (self.name,)


if core is not None:
    core.adopt_operation(Op)


@lru_cache(maxsize=1024, typed=True)
def _fix(op: Op, number: float) -> Op:
    def bind(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: function(*args, number)

    shown = f"{number:g}".replace("-", "−")
    made = Op(
        op.name,
        (op.folds or f"{op.symbol} {{}}").format(shown),
        bind(op.value),
        tuple(map(bind, op.entries[:-1])),
        domain=op.domain[:-1],
        kinks=op.kinks and bind(op.kinks),
        limits=op.limits,
        operands=op.operands[:-1],
        about=op.about,
    )
    made.made_from = (op, number)
    return made


def _split_rule(partials: Rule | tuple[Rule | float, ...]) -> tuple[Rule, ...]:
    """One function per operand."""
    if isinstance(partials, tuple):
        return tuple(
            entry if callable(entry) else partial(_return_constant, entry)
            for entry in partials
        )
    places = range(len(_find_operands(partials)))
    return tuple(partial(_call_one, partials, place) for place in places)


def _find_constants(partials: Rule | tuple[Rule | float, ...]) -> tuple[float, ...]:
    if callable(partials) or any(map(callable, partials)):
        return ()
    return tuple(float(entry) for entry in partials if not callable(entry))


def _find_operands(partials: Rule | tuple[Rule | float, ...]) -> tuple[str, ...]:
    """What the rule calls its operands; x, y, ... when it is constant."""
    if not isinstance(partials, tuple):
        return tuple(inspect.signature(partials).parameters)[1:]
    for entry in partials:
        if callable(entry):
            return _find_operands(entry)
    return tuple("xyzuvw"[: len(partials)])


def _find_default(value: Callable[..., Any]) -> float | None:
    last = list(inspect.signature(value).parameters.values())[-1]
    return None if last.default is last.empty else last.default


def _call_all(entries: tuple[Rule, ...], *args: Any) -> tuple[Any, ...]:
    return tuple(entry(*args) for entry in entries)


def _call_one(rule: Rule, place: int, *args: Any) -> Any:
    return rule(*args)[place]


def _return_constant(number: float, *_: Any) -> float:
    return number


def lookup(name: str) -> Op:
    """The row of this name.

    Raises:
        UnknownOperationError: the table has no such row.
    """
    row = rows.get(name) or _local_rows.get(name)
    if row is None:
        raise UnknownOperationError(
            f"the table has no operation {name!r}; it has {', '.join(rows)}. "
            "Operations of your own have to be registered before they are used"
        )
    return row


def add_local_row(op: Op) -> Op:
    """Let tapes find a row, for as long as somebody has it, that is not in the table.

    It gets a name that no other row has, or has had.
    """
    name = re.sub(r"\W", "_", op.name)
    name = name if name.isidentifier() else f"f_{name}"
    _local_names[name] += 1
    number = _local_names[name]
    op.name = op.__name__ = f"{name}_{number}" if name in rows or number > 1 else name
    op.written = op.symbol
    _local_rows[op.name] = op
    return op


def as_real(
    op: Op, xs: tuple[Any, ...], out: Any, parents: tuple[Any, ...] = ()
) -> Any:
    """`out` as a real number: a Fraction where the operands are, else a float."""
    if isinstance(out, complex):
        error = ValueError("the result is a complex number")
        raise make_error(op, xs, error, parents)
    if isinstance(out, Rational) and any(isinstance(x, Fraction) for x in xs):
        return Fraction(out)
    return as_float(out, where=f"the result of {op.name}")


OF_NUMBERS = (DivisionByZeroError, DomainError, RangeError)


def make_error(
    op: Op, xs: tuple[Any, ...], error: Exception, parents: tuple[Any, ...] = ()
) -> EngineError:
    """The engine's error for what Python raised: its kind, with numbers and labels."""
    if isinstance(error, EngineError) and not isinstance(error, OF_NUMBERS):
        return error
    labels = [getattr(parent, "label", None) for parent in parents] or [None] * len(xs)
    shown = [
        f"{label!r:.80} = {x!r}" if label is not None else repr(x)
        for x, label in zip(xs, labels, strict=True)
    ]
    reason = _word(str(error.args[-1]) if error.args else "no such value")
    if isinstance(error, DomainError) and _describe_domains(op):
        reason = "math domain error"  # the row's own domain says it, not that of a part
    text = f"{op.written}({', '.join(shown)}): {reason}"
    if isinstance(error, ZeroDivisionError):
        return DivisionByZeroError(text)
    if isinstance(error, OverflowError):
        return RangeError(text)
    inner = isinstance(error, EngineError) and reason != "math domain error"
    explained = "complex" in reason or inner  # by a row inside
    return DomainError(text if explained else f"{text}{_describe_domains(op)}")


# Python words them otherwise from version to version, and C from system to system.
_WORDINGS = {
    "division by zero": r"(float |integer )?(floor )?(division|modulo)"
    r"( or modulo)?( by zero)?",
    "zero to a negative power": r"0\.0 cannot be raised to a negative power",
    "math domain error": r"expected (a .+ input|a number between -1 and 1"
    r"|argument value not less than 1), got .+",
    "math range error": r"Numerical result out of range|Result too large",
}


def _word(reason: str) -> str:
    """What Python gives as the reason, in words that are the same everywhere."""
    for ours, theirs in _WORDINGS.items():
        if re.fullmatch(theirs, reason):
            return ours
    return reason


def _describe_domains(op: Op) -> str:
    """The domains of those operands that cannot be any number."""
    pairs = zip(op.operands, op.intervals, strict=False)
    wanted = [f"{name} in {where}" for name, where in pairs if where != "(−∞, ∞)"]
    return f"; it is defined for {', '.join(wanted)}" if wanted else ""
