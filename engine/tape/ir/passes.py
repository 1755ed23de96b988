"""Passes that make a tape shorter before it is replayed on arrays.

Each takes a tape and gives one with the same results, and can be left out. Values keep
their bits, except that `expand_powers` may change the last one; gradients may be added
up in another order, and so differ in their last bits. Where there is nothing to do the
tape itself is given back: writing it anew is what takes time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from engine.operation.extended import evaluate_extended
from engine.tape.ir.tape import Guard, Tape, find_row


class _Rewriting:
    """A new tape in the making, and where the slots of the old one are in it."""

    def __init__(self, old: Tape) -> None:
        self.old, self.first = old, old.first_constant
        self.place: dict[int, int] = {i: i for i in range(old.first_constant)}
        """For each old slot its new name; constants are ~0, ~1, ... until the end."""
        self.constants: list[float] = []
        self._known: dict[str, int] = {}
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        for i, number in enumerate(old.constants, old.first_constant):
            self.place[i] = self.add_constant(number)

    def add_constant(self, number: float) -> int:
        key = number.hex()
        if key not in self._known:
            self._known[key] = ~len(self.constants)
            self.constants.append(number)
        return self._known[key]

    def find_constant(self, name: int) -> float | None:
        """The number of a constant; None for anything else."""
        return self.constants[~name] if name < 0 else None

    def emit(self, op: str, used: Iterable[int]) -> int:
        self.ops.append(op)
        self.operands.append(tuple(used))
        return self.first + len(self.ops) - 1

    def finish(self) -> Tape:
        first, more = self.first, len(self.constants)
        nodes = range(first + more, first + more + len(self.ops))
        # A constant is named ~i, and as an index that counts from the end of the list.
        slot = [*range(first), *nodes, *reversed(range(first, first + more))]
        place = {old: slot[name] for old, name in self.place.items()}
        return replace(
            self.old,
            constants=tuple(self.constants),
            ops=tuple(self.ops),
            operands=tuple(tuple([slot[name] for name in x]) for x in self.operands),
            outputs=tuple(place[s] for s in self.old.outputs),
            guards=tuple(
                Guard(place[g.left], g.relation, place[g.right], g.outcome, g.where)
                for g in self.old.guards
            ),
            raised=tuple(
                replace(one, operands=tuple(place[s] for s in one.operands))
                for one in self.old.raised
            ),
        )


def _rewrite(
    tape: Tape, rule: Callable[[_Rewriting, str, tuple[int, ...]], int]
) -> Tape:
    """Apply a rule to each instruction; it gives the new name of the result."""
    new = _Rewriting(tape)
    for slot, op, used in tape.instructions():
        new.place[slot] = rule(new, op, tuple([new.place[s] for s in used]))
    return new.finish()


def fold_constants(tape: Tape) -> Tape:
    """Compute now what depends on constants alone."""
    constants = set(range(tape.first_constant, tape.first_node))
    if not any(map(constants.issuperset, tape.operands)):
        return tape

    def rule(new: _Rewriting, op: str, used: tuple[int, ...]) -> int:
        if all(name < 0 for name in used) and op != "dot":
            numbers = tuple(new.constants[~name] for name in used)
            return new.add_constant(evaluate_extended(find_row(op), numbers))
        return new.emit(op, used)

    return _rewrite(tape, rule)


def share_subexpressions(tape: Tape) -> Tape:
    """Compute once what is computed several times; x × y is y × x."""
    known: dict[Any, int] = {}

    def name(op: str, used: tuple[int, ...]) -> Any:
        return op, tuple(sorted(used)) if op in ("add", "mul") else used

    if len(set(map(name, tape.ops, tape.operands))) == len(tape.ops):
        return tape

    def rule(new: _Rewriting, op: str, used: tuple[int, ...]) -> int:
        key = name(op, used)
        if key not in known:
            known[key] = new.emit(op, used)
        return known[key]

    return _rewrite(tape, rule)


def expand_powers(tape: Tape) -> Tape:
    """x² and x³ as products, x¹ and the identity as x itself."""
    if {"pow", "identity"}.isdisjoint(tape.ops):
        return tape

    def rule(new: _Rewriting, op: str, used: tuple[int, ...]) -> int:
        exponent = new.find_constant(used[1]) if op == "pow" else None
        if op == "identity" or exponent == 1:
            return used[0]
        if exponent in (2, 3):
            square = new.emit("mul", (used[0], used[0]))
            return square if exponent == 2 else new.emit("mul", (square, used[0]))
        return new.emit(op, used)

    return _rewrite(tape, rule)


def remove_dead_code(tape: Tape) -> Tape:
    """Leave out what no output and no guard needs."""
    needed = {*tape.outputs, *tape.guarded}
    for slot, _, used in reversed(list(tape.instructions())):
        if slot in needed:
            needed.update(used)
    if needed.issuperset(range(tape.first_node, tape.size)):
        return tape
    new = _Rewriting(tape)
    for slot, op, used in tape.instructions():
        if slot in needed:
            new.place[slot] = new.emit(op, (new.place[s] for s in used))
    return new.finish()


def fuse_dot_products(tape: Tape) -> Tape:
    """Make ((a·b + c·d) + e) + ... one instruction "dot" on (a, b, c, d, e, 1, ...).

    Only chains that lean to the left are joined, so that the sum is made in the same
    order as before.
    """
    uses = Counter(s for _, _, used in tape.instructions() for s in used)
    uses.update([*tape.outputs, *tape.guarded])
    products = {
        slot: used
        for slot, op, used in tape.instructions()
        if op == "mul" and uses[slot] == 1
    }
    chains = _find_chains(tape, uses)
    dots = {
        root: (summands, inner)
        for root, (summands, inner) in chains.items()
        if any(s in products for s in summands)
    }
    if not dots:
        return tape
    joined = {s for summands, inner in dots.values() for s in inner}
    joined |= {s for summands, _ in dots.values() for s in summands if s in products}
    new = _Rewriting(tape)
    one = new.add_constant(1.0)
    for slot, op, used in tape.instructions():
        if slot in dots:
            flat: list[int] = []
            for summand in dots[slot][0]:
                pair = products.get(summand)
                flat += map(new.place.__getitem__, pair or (summand,))
                flat += () if pair else (one,)
            new.place[slot] = new.emit("dot", flat)
        elif slot not in joined:
            new.place[slot] = new.emit(op, (new.place[s] for s in used))
    return new.finish()


def _find_chains(
    tape: Tape, uses: Counter[int]
) -> dict[int, tuple[list[int], list[int]]]:
    """The last sum of each chain: its summands, and the sums on the way."""
    chains: dict[int, tuple[list[int], list[int]]] = {}
    for slot, op, used in tape.instructions():
        if op == "add":
            left, right = used
            summands: list[int] = [left]
            inner: list[int] = []
            if uses[left] == 1 and left in chains:
                summands, inner = chains.pop(left)
                inner.append(left)
            summands.append(right)
            chains[slot] = summands, inner
    return chains


def add_check(tape: Tape, outputs: int) -> Tape:
    """In the place of the outputs after the first ones put their sum, if there are any.

    It is not finite if one of them is not.
    """
    watched = dict.fromkeys(s for s in tape.outputs[outputs:] if s >= tape.first_node)
    if not watched:
        return replace(tape, outputs=tape.outputs[:outputs])
    new = _Rewriting(tape)
    one = new.add_constant(1.0)
    for slot, op, used in tape.instructions():
        new.place[slot] = new.emit(op, (new.place[s] for s in used))
    terms = [s for slot in watched for s in (new.place[slot], one)]
    new.emit("dot", terms)
    made = new.finish()
    return replace(made, outputs=(*made.outputs[:outputs], made.size - 1))


ALL = (
    fold_constants,
    expand_powers,
    share_subexpressions,
    remove_dead_code,
    fuse_dot_products,
)
"""The passes in the order that serves best."""


def compress(tape: Tape, passes: Iterable[Callable[[Tape], Tape]] = ALL) -> Tape:
    """The tape after these passes."""
    for one in passes:
        tape = one(tape)
    return tape
