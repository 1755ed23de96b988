"""Passes that make a tape shorter before it is replayed on arrays.

Each takes a tape and gives one with the same results, and can be left out. Values keep
their bits, except that `expand_powers` may change the last one; gradients may be added
up in another order, and so differ in their last bits. Where there is nothing to do the
tape itself is given back: writing it anew is what takes time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from engine.operation.extended import evaluate_extended
from engine.tape.ir.tape import Guard, Tape, find_row


class _Rewriting:
    """A new tape in the making, and where the slots of the old one are in it.

    Args:
        old: the tape. Its inputs, leaves and constants keep their slots.
        more: numbers that the new tape needs beside its constants.
    """

    def __init__(self, old: Tape, more: Iterable[float] = ()) -> None:
        self.old, self.constants = old, [*old.constants]
        self._known: dict[str, int] = {}
        """The slot of each constant; equal ones have one."""
        self.place = [*range(old.first_constant), *map(self._name, old.constants)]
        """For each slot of the old tape, one after the other, that in the new one."""
        for number in more:
            if _tell_apart(number) not in self._known:
                self._name(number)
                self.constants.append(number)
        self.first = old.first_constant + len(self.constants)
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []

    def _name(self, number: float) -> int:
        place = self.old.first_constant + len(self._known)
        return self._known.setdefault(_tell_apart(number), place)

    def find_constant(self, number: float) -> int:
        """The slot of a constant."""
        return self._known[_tell_apart(number)]

    def move(self, used: Sequence[int]) -> tuple[int, ...]:
        """The slots in the new tape of these in the old one."""
        place = self.place
        if len(used) == 2:  # the usual case, made fast
            return place[used[0]], place[used[1]]
        return tuple([place[slot] for slot in used])

    def emit(self, op: str, used: tuple[int, ...]) -> int:
        """Write an instruction on slots of the new tape; the slot of its result."""
        self.ops.append(op)
        self.operands.append(used)
        return self.first + len(self.ops) - 1

    def finish(self) -> Tape:
        """The new tape; or the old one, where nothing has changed."""
        old, place = self.old, self.place
        if (*self.ops,) == old.ops and (*self.operands,) == old.operands:
            return old
        return replace(
            old,
            constants=tuple(self.constants),
            ops=tuple(self.ops),
            operands=tuple(self.operands),
            outputs=self.move(old.outputs),
            guards=tuple(
                Guard(place[g.left], g.relation, place[g.right], g.outcome, g.where)
                for g in old.guards
            ),
            raised=tuple(
                replace(one, operands=self.move(one.operands)) for one in old.raised
            ),
        )


def _tell_apart(number: float) -> str:
    """What is the same for the same number alone: −0.0 is not 0.0, and nan is nan."""
    return number.hex()


def fold_constants(tape: Tape) -> Tape:
    """Compute now what depends on constants alone."""
    numbers = dict(enumerate(tape.constants, tape.first_constant))
    folded: dict[int, float] = {}
    for slot, op, used in tape.instructions():
        if used[0] in numbers and op != "dot" and all(s in numbers for s in used):
            operands = tuple([numbers[s] for s in used])
            folded[slot] = evaluate_extended(find_row(op), operands)
            numbers[slot] = folded[slot]
    if not folded:
        return tape
    new = _Rewriting(tape, folded.values())
    for slot, op, used in tape.instructions():
        if slot in folded:
            new.place.append(new.find_constant(folded[slot]))
        else:
            new.place.append(new.emit(op, new.move(used)))
    return new.finish()


def share_subexpressions(tape: Tape) -> Tape:
    """Compute once what is computed several times; x × y is y × x."""
    new = _Rewriting(tape)
    place, known, move = new.place, dict[Any, int](), new.move
    for op, used in zip(tape.ops, tape.operands, strict=True):
        moved = move(used)
        key = op, moved
        if moved[0] > moved[-1] and op in ("add", "mul"):
            key = op, moved[::-1]
        slot = known.get(key)
        if slot is None:
            known[key] = slot = new.emit(op, moved)
        place.append(slot)
    return new.finish()


def expand_powers(tape: Tape) -> Tape:
    """x² and x³ as products, x¹ and the identity as x itself."""
    if {"pow", "identity"}.isdisjoint(tape.ops):
        return tape
    new = _Rewriting(tape)
    for _, op, used in tape.instructions():
        moved, exponent = new.move(used), None
        if op == "pow" and tape.first_constant <= used[1] < tape.first_node:
            exponent = tape.constants[used[1] - tape.first_constant]
        if op == "identity" or exponent == 1:
            new.place.append(moved[0])
        elif exponent in (2, 3):
            square = new.emit("mul", (moved[0], moved[0]))
            new.place.append(
                square if exponent == 2 else new.emit("mul", (square, moved[0]))
            )
        else:
            new.place.append(new.emit(op, moved))
    return new.finish()


def remove_dead_code(tape: Tape) -> Tape:
    """Leave out what no output and no guard needs."""
    needed = {*tape.outputs, *tape.guarded}
    slot = tape.size
    for used in reversed(tape.operands):
        slot -= 1
        if slot in needed:
            needed.update(used)
    if needed.issuperset(range(tape.first_node, tape.size)):
        return tape
    new = _Rewriting(tape)
    for slot, op, used in tape.instructions():
        new.place.append(new.emit(op, new.move(used)) if slot in needed else -1)
    return new.finish()


def fuse_dot_products(tape: Tape) -> Tape:
    """Make ((a·b + c·d) + e) + ... one instruction "dot" on (a, b, c, d, e, 1, ...).

    Only chains that lean to the left are joined, so that the sum is made in the same
    order as before.
    """
    uses = Counter(chain.from_iterable(tape.operands))
    uses.update([*tape.outputs, *tape.guarded])
    products = {
        slot: used
        for slot, op, used in tape.instructions()
        if op == "mul" and uses[slot] == 1
    }
    dots = {
        root: (summands, inner)
        for root, (summands, inner) in _find_chains(tape, uses).items()
        if not products.keys().isdisjoint(summands)
    }
    if not dots:
        return tape
    joined = {s for summands, inner in dots.values() for s in inner}
    joined |= {s for summands, _ in dots.values() for s in summands if s in products}
    new = _Rewriting(tape, [1.0])
    one = new.find_constant(1.0)
    for slot, op, used in tape.instructions():
        if slot in dots:
            flat: list[int] = []
            for summand in dots[slot][0]:
                pair = products.get(summand)
                flat += new.move(pair) if pair else (new.place[summand], one)
            new.place.append(new.emit("dot", tuple(flat)))
        else:
            new.place.append(-1 if slot in joined else new.emit(op, new.move(used)))
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

    It is not finite if one of them is not. Each summand has a factor, which is none of
    them by choice, but a number that stands on the tape already: nothing has to move.
    """
    watched = dict.fromkeys(s for s in tape.outputs[outputs:] if s >= tape.first_node)
    kept = tape.outputs[:outputs]
    if not watched:
        return replace(tape, outputs=kept)
    small = (i for i, number in enumerate(tape.constants) if abs(number) <= 1)
    factor = next((tape.first_constant + i for i in small), None)
    terms = [s for slot in watched for s in (slot, slot if factor is None else factor)]
    return replace(
        tape,
        ops=(*tape.ops, "dot"),
        operands=(*tape.operands, tuple(terms)),
        outputs=(*kept, tape.size),
    )


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
