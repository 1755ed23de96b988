"""`Tape`: a recorded computation as flat arrays, Wengert's (1964) list."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from engine.errors import TapeError, UnknownOperationError
from engine.operation.op import Op, as_real, lookup
from engine.operation.symbol import Symbol, formula
from engine.text import cut, escape
from engine.util.moved import read_older

STOP = Op("stop", "stop", lambda x: x, (0,))
"""The identity with the derivative 0: what `detach` and `no_grad` are on a tape."""

TOTAL = {
    "add", "sub", "mul", "neg", "abs", "identity", "stop", "dot", "relu", "leaky_relu",
    "max", "min", "tanh", "atan", "atan2", "asinh", "hypot", "erf", "erfc", "sigmoid",
    "softplus", "cbrt", "sign", "floor", "ceil", "square", "elu", "softsign", "radians",
    "degrees",
}  # fmt: skip
"""The rows that never raise. Another row that raises would give nan or ±∞ in IEEE 754,
which is how a batch finds the samples to look at."""

MAX_INPUTS = 10_000_000
"""More of a function's numbers than this are a damaged count in a file."""

VERSION = 2
_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠"}


@dataclass(frozen=True, slots=True)
class Guard:
    """A comparison that decided which way the recorded run went."""

    left: int
    relation: str
    """The name of a function of `operator`: lt, le, gt, ge, eq or ne."""
    right: int
    outcome: bool
    where: str = ""
    """The line of the program."""

    def varies(self, first_constant: int, first_node: int) -> bool:
        """Whether the comparison is of more than two constants."""
        constants = range(first_constant, first_node)
        return self.left not in constants or self.right not in constants


@dataclass(frozen=True, slots=True)
class Raised:
    """An operation that raised, and the recorded run went on without its result."""

    op: str
    operands: tuple[int, ...]
    error: str
    """The builtin kind of the exception, such as ZeroDivisionError."""
    where: str = ""
    """The line of the program."""


def find_error(op: Op, xs: Sequence[float]) -> str:
    """The builtin kind of what a row raises at these numbers, or "".

    >>> from engine import ops
    >>> find_error(ops.truediv, (1.0, 0.0)), find_error(ops.truediv, (1.0, 2.0))
    ('ZeroDivisionError', '')
    """
    try:
        as_real(op, tuple(xs), op.value(*xs))
    except (ArithmeticError, ValueError) as error:
        return name_error(error)
    return ""


def name_error(error: Exception) -> str:
    """The builtin kind of an error, by which a program catches it."""
    kinds = (ZeroDivisionError, OverflowError, ArithmeticError, ValueError)
    return next(kind.__name__ for kind in kinds if isinstance(error, kind))


@read_older
@dataclass(frozen=True, slots=True)
class Tape:
    """A straight line of instructions on numbered slots.

    Slots are numbered from 0: first the inputs, then the leaves, then the constants,
    then one for each instruction. Printed, it is one line an instruction:

    >>> from engine import sin
    >>> from engine.tape import record
    >>> print(record(lambda x, y: sin(x * y) + 2, (1.0, 3.0)).tape)
    inputs v0 v1
    v2 = 2
    v3 = v0 × v1
    v4 = sin(v3)
    v5 = v4 + v2
    outputs v5
    """

    inputs: int
    """How many numbers go in."""
    leaves: tuple[str, ...]
    """The labels of the leaves that are read at each replay."""
    constants: tuple[float, ...]
    ops: tuple[str, ...]
    """The names of rows of the table, one for each instruction."""
    operands: tuple[tuple[int, ...], ...]
    """The slots that each instruction reads."""
    outputs: tuple[int, ...]
    """The slots of the results."""
    guards: tuple[Guard, ...] = ()
    """The tape holds for inputs for which all of these have their outcomes."""
    raised: tuple[Raised, ...] = ()
    """And for which all of these raise."""

    @property
    def first_constant(self) -> int:
        """The slot of the first constant."""
        return self.inputs + len(self.leaves)

    @property
    def first_node(self) -> int:
        """The slot of the first instruction."""
        return self.first_constant + len(self.constants)

    @property
    def size(self) -> int:
        """The number of slots."""
        return self.first_node + len(self.ops)

    @property
    def guarded(self) -> list[int]:
        """The slots that the guards compare, two for each, and operands that raise."""
        compared = [s for guard in self.guards for s in (guard.left, guard.right)]
        return compared + [slot for one in self.raised for slot in one.operands]

    @property
    def risky(self) -> list[int]:
        """The slots of instructions that raise for some operands."""
        return [slot for slot, name, _ in self.instructions() if name not in TOTAL]

    def find_carriers(self, sources: Iterable[int]) -> set[int]:
        """The slots that gradients of the first output pass on their way to these.

        Others have no part in them: what only a comparison asks for, or what lies
        behind a stop. Their adjoints are 0, but times an infinite slope that is nan.
        """
        varying = set(sources)
        steps = list(self.instructions())
        for slot, name, used in steps if varying else ():
            if name != STOP.name and _has_any(varying, used):
                varying.add(slot)
        carriers = varying.intersection(self.outputs[:1])
        for slot, _, used in reversed(steps) if carriers else ():
            if slot in carriers:
                carriers.update([s for s in used if s in varying])
        return carriers

    def instructions(self) -> Iterator[tuple[int, str, tuple[int, ...]]]:
        """Slot, operation and operands of each instruction."""
        return zip(
            itertools.count(self.first_node), self.ops, self.operands, strict=False
        )

    def order(self, *outputs: int) -> list[int]:
        """The slots that these depend on, in the order of `topological_order`.

        The engine adds up gradients in this order backwards; so a replay that follows
        it gives the same bits.
        """
        first, operands = self.first_node, self.operands
        order: list[int] = []
        seen: set[int] = set()
        stack = list(reversed(outputs))
        while stack:
            slot = stack.pop()
            if slot < 0:
                order.append(~slot)
            elif slot not in seen:
                seen.add(slot)
                stack.append(~slot)
                if slot >= first:
                    used = operands[slot - first]
                    stack.extend(s for s in reversed(used) if s not in seen)
        return order

    def __str__(self) -> str:
        names = [Symbol(f"v{i}") for i in range(self.size)]
        lines = ["inputs " + " ".join(f"v{i}" for i in range(self.inputs))]
        for i, label in enumerate(self.leaves, self.inputs):
            lines.append(f"v{i} = leaf {cut(label or '')}".rstrip())
        for i, constant in enumerate(self.constants, self.first_constant):
            lines.append(f"v{i} = {formula(constant)}")
        for slot, name, used in self.instructions():
            lines.append(f"v{slot} = {_write_formula(name, [names[s] for s in used])}")
        for guard in self.guards:
            sign = "" if guard.outcome else "not "
            asked = f"v{guard.left} {_SIGNS[guard.relation]} v{guard.right}"
            lines.append(f"guard {sign}{asked}  {escape(guard.where)}".rstrip())
        for one in self.raised:
            text = _write_formula(one.op, [names[s] for s in one.operands])
            lines.append(
                f"guard {text} raises {one.error}  {escape(one.where)}".rstrip()
            )
        return "\n".join([*lines, "outputs " + " ".join(f"v{i}" for i in self.outputs)])

    def to_json(self) -> str:
        """The tape as JSON; `from_json` reads it back."""
        body = asdict(self) | {"constants": [c.hex() for c in self.constants]}
        return json.dumps({"format": "dotgrad tape", "version": VERSION} | body)

    @classmethod
    def from_json(cls, text: str) -> Tape:
        """The tape that `to_json` wrote.

        Raises:
            TapeError: the text is damaged, of another version, or of another table.
        """
        try:
            body = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TapeError(f"this is not the JSON of a tape: {error}") from None
        if not isinstance(body, dict) or body.get("format") != "dotgrad tape":
            raise TapeError("this is not the JSON of a tape that to_json wrote")
        if body.get("version") != VERSION:
            raise TapeError(
                f"this is version {body.get('version')!r} of the format; this dotgrad "
                f"reads version {VERSION}: record the function again"
            )
        try:
            tape = cls(
                inputs=_check_type(int, body["inputs"]),
                leaves=_check_types(str, body["leaves"]),
                constants=tuple(map(float.fromhex, body["constants"])),
                ops=_check_types(str, body["ops"]),
                operands=tuple(_check_types(int, used) for used in body["operands"]),
                outputs=_check_types(int, body["outputs"]),
                guards=tuple(map(_read_guard, body["guards"])),
                raised=tuple(map(_read_raised, body["raised"])),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise TapeError(f"the JSON of the tape is damaged: {error!r}") from None
        tape.check()
        return tape

    def check(self) -> None:
        """Check that every instruction can be carried out.

        Raises:
            TapeError: one reads a slot that comes later, or is of no known row.
        """
        if not 0 <= self.inputs <= MAX_INPUTS or len(self.ops) != len(self.operands):
            raise TapeError("the tape is damaged: its counts do not fit")
        raised = [(self.size, one.op, one.operands) for one in self.raised]
        for slot, name, used in [*self.instructions(), *raised]:
            try:
                arity = find_row(name).arity
            except UnknownOperationError as error:
                raise TapeError(f"v{slot}: {error}") from None
            if len(used) != arity or not all(0 <= s < slot for s in used):
                raise TapeError(f"the tape is damaged: v{slot} = {name}{used}")
        if not all(0 <= s < self.size for s in (*self.outputs, *self.guarded)):
            raise TapeError("the tape is damaged: it gives slots that it does not have")
        if not all(guard.relation in _SIGNS for guard in self.guards):
            raise TapeError("the tape is damaged: a guard compares in an unknown way")


def _has_any(known: set[int], slots: Sequence[int]) -> bool:
    for slot in slots:  # noqa: SIM110 -- faster than any() and sets for a few of them
        if slot in known:
            return True
    return False


_Item = TypeVar("_Item", int, str, bool)


def _check_type(kind: type[_Item], x: Any) -> _Item:
    """An entry of a file, which has to be of this very type: code is made of it."""
    if x.__class__ is not kind:
        raise TypeError(f"{x!r:.80} should be of type {kind.__name__}")
    item: _Item = x
    return item


def _check_types(kind: type[_Item], items: Any) -> tuple[_Item, ...]:
    return tuple(_check_type(kind, x) for x in items)


def _read_guard(data: Any) -> Guard:
    return Guard(
        left=_check_type(int, data["left"]),
        relation=_check_type(str, data["relation"]),
        right=_check_type(int, data["right"]),
        outcome=_check_type(bool, data["outcome"]),
        where=_check_type(str, data["where"]),
    )


def _read_raised(data: Any) -> Raised:
    return Raised(
        op=_check_type(str, data["op"]),
        operands=_check_types(int, data["operands"]),
        error=_check_type(str, data["error"]),
        where=_check_type(str, data["where"]),
    )


def find_row(name: str) -> Op:
    """The row that an instruction stands for."""
    if name == "stop":
        return STOP
    return lookup(name)


def _write_formula(name: str, used: Sequence[Any]) -> str:
    return formula(Symbol(find_row(name), tuple(used)))
