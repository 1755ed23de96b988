"""The native back end: one interpreter in C for all tapes, many samples at once.

It is part of the compiled core (engine/native/replay.c) and has a code for each row of
the table. A row of the program's own is written out in those of the table: its value,
its local derivatives, and a step that joins them by the chain rule.
"""

from __future__ import annotations

import functools
import os
from array import array
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import Any

from engine.native.core import load_replay
from engine.operation.op import Op
from engine.operation.symbol import Symbol
from engine.tape.backends.codegen import build_partial_trees, build_value_tree
from engine.tape.ir.tape import Tape, find_row
from engine.util.collector import without_collector

LARGE = 1 << 20
"""The least work, in numbers, for which another thread is worth starting."""

_ONE = array("d", [1.0])
"""The seed of one sample."""

_BY_INPUTS, _BY_LEAVES = 1, 2
"""Marks of rows to which a gradient has to come, with the inputs and without."""


def find_opaque_rows(names: Iterable[str]) -> list[str]:
    """Those of these rows that are neither in the core nor formulas of such rows."""
    return [name for name in sorted(set(names) - {"dot"}) if _is_opaque(find_row(name))]


def _is_opaque(op: Op) -> bool:
    if op.name in load_replay().CODES:
        return False
    trees = [build_value_tree(op), *build_partial_trees(op)]
    return any(map(_has_opaque_row, trees))


def _has_opaque_row(tree: Any) -> bool:
    if tree is None:
        return True
    if not isinstance(tree, Symbol):
        return False
    head: Any = tree.head
    if not isinstance(head, str) and head.name not in load_replay().CODES:
        value = build_value_tree(head)
        if value is None or _has_opaque_row(value):
            return True
    return any(map(_has_opaque_row, tree.args))


class NativeReplay:
    """A tape for the interpreter: `values`, and `gradient` of its first output.

    Args:
        tape: without guards and opaque rows, best compressed (see
            `engine.tape.ir.passes`).
        threads: how many threads share the samples of a batch.
    """

    def __init__(self, tape: Tape, *, threads: int = 1) -> None:
        self._tape, self.threads = tape, threads
        self.inputs, self.leaves = tape.inputs, len(tape.leaves)

    @cached_property
    def _values(self) -> _Program:
        return _write_program(self._tape, gradient=False)

    @cached_property
    def _gradient(self) -> _Program:
        return _write_program(self._tape, gradient=True)

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, for inputs with a column for each sample."""
        import numpy as np

        results = np.empty((len(self._tape.outputs), inputs.shape[1]))
        self._run(self._values, inputs, leaves, results, None, None)
        return results

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The outputs, the first one's derivatives by the inputs, Σ seed · derivative
        by leaf."""
        import numpy as np

        count = inputs.shape[1]
        results = np.empty((len(self._tape.outputs), count))
        slopes = np.empty((self.inputs, count)) if by_inputs and self.inputs else None
        seeds = np.ascontiguousarray(seeds, dtype=float)
        sums = self._run(self._gradient, inputs, leaves, results, seeds, slopes)
        if slopes is None:
            slopes = np.empty((self.inputs if by_inputs else 0, count))
        return results, slopes, sums

    def gradient_of_one(
        self, inputs: Any, leaves: Sequence[float]
    ) -> tuple[Any, Any, Any]:
        """The same for one sample, given as a flat array of floats: flat arrays."""
        import numpy as np

        program = self._gradient
        results = np.empty(len(self._tape.outputs))
        slopes, sums = np.empty(self.inputs), np.empty(self.leaves)
        numbers = self._join_numbers(program, leaves)
        program.loops.run(inputs, results, numbers, _ONE, slopes, sums, 1, 0, 1)
        return results, slopes, sums

    def _join_numbers(self, program: _Program, leaves: Sequence[float]) -> Any:
        import numpy as np

        if not self.leaves:
            return program.constants
        return np.concatenate([np.asarray(leaves, dtype=float), program.constants])

    def _run(
        self, program: _Program, inputs: Any, leaves: Sequence[float], results: Any,
        seeds: Any, slopes: Any,
    ) -> Any:  # fmt: skip
        """Fill the results and slopes; give the sums by leaf. No seeds: values alone.

        The samples are shared among the threads.
        """
        import numpy as np

        count, numbers = inputs.shape[1], self._join_numbers(program, leaves)
        inputs, run = np.ascontiguousarray(inputs, dtype=float), program.loops.run
        if self.threads == 1 or program.size * count < LARGE:
            sums = np.empty(self.leaves)
            run(inputs, results, numbers, seeds, slopes, sums, count, 0, count)
            return sums

        def run_part(start: int, stop: int) -> Any:
            sums = np.empty(self.leaves)
            run(inputs, results, numbers, seeds, slopes, sums, count, start, stop)
            return sums

        cuts = [count * i // self.threads for i in range(self.threads + 1)]
        own, *others = [(a, b) for a, b in pairwise(cuts) if a < b]
        pool = _start_threads(self.threads)
        running = [pool.submit(run_part, *bounds) for bounds in others]
        return sum([run_part(*own), *[part.result() for part in running]])


@functools.cache
def _start_threads(count: int) -> ThreadPoolExecutor:
    """Threads that wait for work: to start some for each batch takes milliseconds."""
    return ThreadPoolExecutor(count - 1, thread_name_prefix="dotgrad")


if hasattr(os, "register_at_fork"):  # the child of a fork has none of them
    os.register_at_fork(after_in_child=_start_threads.cache_clear)


class _Program:
    """Instructions for the interpreter, with its constants and how many rows it has."""

    def __init__(self, loops: Any, constants: Any, size: int) -> None:
        self.loops, self.constants, self.size = loops, constants, size


def _write_program(tape: Tape, *, gradient: bool) -> _Program:
    with without_collector():
        return _Writer(tape, gradient=gradient).finish()


class _Writer:
    """Writes a tape as instructions on rows of lanes.

    The rows are first the inputs, then the leaves and constants that are read in each
    lane, then one for each instruction.
    """

    def __init__(self, tape: Tape, *, gradient: bool) -> None:
        self.tape, self.gradient = tape, gradient
        self.codes: dict[str, int] = load_replay().CODES
        self.constants = [*tape.constants]
        self.known: dict[str, int] = {}
        """The numbers of formulas among the constants, by their hex."""
        own = {name for name in tape.ops if name != "dot" and name not in self.codes}
        for name in own:
            self._collect_constants(find_row(name))
        weights = [
            self._find_weights(used) if name == "dot" else None
            for _, name, used in tape.instructions()
        ]
        spread = self._find_spread(weights)
        self.spread = [slot - tape.inputs for slot in spread]
        self.row = {slot: i for i, slot in enumerate([*range(tape.inputs), *spread])}
        more = range(len(tape.constants), len(self.constants))
        self.formula_row = {number: len(self.row) + i for i, number in enumerate(more)}
        self.spread += [len(tape.leaves) + number for number in more]
        self.first = tape.inputs + len(self.spread)
        self.instructions: list[tuple[int, list[int]]] = []
        for weighted, (slot, name, used) in zip(
            weights, tape.instructions(), strict=True
        ):
            self.row[slot] = self._write(name, used, weighted)

    def _find_weights(self, used: Sequence[int]) -> list[int] | None:
        """Pairs of a slot and the place of a number, where all products are such."""
        uniforms = range(self.tape.inputs, self.tape.first_node)
        pairs: list[int] = []
        for a, b in zip(used[::2], used[1::2], strict=True):
            slot, number = (b, a) if a in uniforms else (a, b)
            if number not in uniforms:
                return None
            pairs += (slot, number - self.tape.inputs)
        return pairs

    def _find_spread(self, weights: Iterable[list[int] | None]) -> list[int]:
        """The leaves and constants that are read in lanes, and not as weights alone."""
        read = set(self.tape.outputs)
        pairs = zip(weights, self.tape.operands, strict=True)
        read.update(*[weighted[::2] if weighted else used for weighted, used in pairs])
        return [s for s in range(self.tape.inputs, self.tape.first_node) if s in read]

    def _write(self, name: str, used: Sequence[int], weighted: list[int] | None) -> int:
        """Write an instruction of the tape; the row of its result."""
        if weighted:
            pairs = zip(weighted[::2], weighted[1::2], strict=True)
            args = [x for slot, number in pairs for x in (self.row[slot], number)]
            return self._emit("weighted sum", args)
        rows = [self.row[slot] for slot in used]
        if name in self.codes:
            return self._emit(name, rows)
        op = find_row(name)
        names = dict(zip(op.operands, rows, strict=True))
        out = self._write_formula(build_value_tree(op), names)
        if not self.gradient:
            return out
        chain = [out]
        for row, tree in zip(rows, build_partial_trees(op), strict=True):
            chain += [row, self._write_formula(tree, names | {"out": out})]
        return self._emit("chain rule", chain)

    def _emit(self, name: str, rows: list[int]) -> int:
        self.instructions.append((self.codes[name], rows))
        return self.first + len(self.instructions) - 1

    # -- formulas of a program's own rows -------------------------------------------

    def _collect_constants(self, op: Op) -> None:
        stack = [build_value_tree(op), *build_partial_trees(op)]
        while stack:
            tree = stack.pop()
            if not isinstance(tree, Symbol):
                key = float(tree).hex()
                if key not in self.known:
                    self.known[key] = len(self.constants)
                    self.constants.append(float(tree))
                continue
            stack += tree.args
            head: Any = tree.head
            if not isinstance(head, str) and head.name not in self.codes:
                stack.append(build_value_tree(head))

    def _write_formula(self, tree: Any, names: dict[str, int]) -> int:
        """Write a formula; the row of its result."""
        if not isinstance(tree, Symbol):
            return self.formula_row[self.known[float(tree).hex()]]
        if isinstance(tree.head, str):
            if not tree.args:
                return names[tree.head]
            condition, *choices = tree.args
            rows = [self._write_formula(x, names) for x in (*condition.args, *choices)]
            return self._emit(condition.head, rows)
        rows = [self._write_formula(arg, names) for arg in tree.args]
        op: Any = tree.head
        if op.name in self.codes:
            return self._emit(op.name, rows)
        inner = dict(zip(op.operands, rows, strict=True))
        return self._write_formula(build_value_tree(op), inner)

    # -- the program ---------------------------------------------------------------

    def finish(self) -> _Program:
        """The program; for values alone, with rows that are used again."""
        import numpy as np

        outputs = [self.row[slot] for slot in self.tape.outputs]
        places = list(range(self.first, self.first + len(self.instructions)))
        size, instructions = self.first + len(self.instructions), self.instructions
        needed = bytearray(size)
        if self.gradient:
            self._mark_needed(needed)
        else:
            instructions, places, outputs, size = reuse_rows(
                instructions, outputs, self.first, self.codes["weighted sum"]
            )
            needed = bytearray(size)
        constants = np.array(self.constants, dtype=float)
        starts = [0, *accumulate([len(used) for _, used in instructions])]
        args = list(chain.from_iterable([used for _, used in instructions]))
        codes = [code for code, _ in instructions]
        packed = pack(
            codes, starts, places, args, outputs, self.spread, needed,
            inputs=self.tape.inputs, numbers=len(self.tape.leaves) + len(constants),
        )  # fmt: skip
        return _Program(load_replay().Program(packed), constants, size)

    def _mark_needed(self, needed: bytearray) -> None:
        """Mark each row to which a gradient has to come."""
        tape = self.tape
        for mark, first in ((_BY_INPUTS, 0), (_BY_LEAVES, tape.inputs)):
            for slot in tape.find_carriers(range(first, tape.first_constant)):
                row = self.row.get(slot)
                if row is not None:
                    needed[row] |= mark


def pack(
    codes: Sequence[int], starts: Sequence[int], places: Sequence[int],
    args: Sequence[int], outputs: Sequence[int], spread: Sequence[int],
    needed: Sequence[int], *, inputs: int, numbers: int,
) -> bytes:  # fmt: skip
    """Instructions as the interpreter reads them: counts and lists, 32 bits a number.

    Args:
        codes: what each does.
        starts: where its operands begin in `args`, and where the last ones end.
        places: the row that each writes.
        args: the rows, or places of numbers, that they read.
        outputs: the rows of the results.
        spread: the numbers that stand in rows, after those of the inputs.
        needed: for each row whether a gradient has to come to it.
        inputs: how many there are.
        numbers: how many leaves and constants there are.
    """
    counts = [*map(len, (codes, args, outputs, spread)), inputs, len(needed), numbers]
    packed = array("i", counts)
    for one in (codes, starts, places, args, outputs, spread, needed):
        packed.extend(one)
    return packed.tobytes()


def reuse_rows(
    instructions: Sequence[tuple[int, list[int]]], outputs: list[int], first: int,
    weighted: int,
) -> tuple[list[tuple[int, list[int]]], list[int], list[int], int]:  # fmt: skip
    """The same instructions, where a row is used again after its last reader.

    This is for values alone, and saves room: a chain of a million instructions then
    needs two or three rows.

    Args:
        first: the row of the first instruction; those before it are kept.
        weighted: the code of instructions of which each second operand is no row.

    Returns:
        The instructions, the row that each writes, those of the outputs, and how many
        rows there are.
    """
    reads = [used[:: 2 if code == weighted else 1] for code, used in instructions]
    last: dict[int, int] = {}
    for i, rows in enumerate(reads):
        last.update(dict.fromkeys(rows, i))
    last.update(dict.fromkeys(outputs, len(reads)))
    place = list(range(first))
    free: list[int] = []
    top = first
    moved = []
    for i, (code, used) in enumerate(instructions):
        if free:
            place.append(free.pop())
        else:
            place.append(top)
            top += 1
        free += {place[r] for r in reads[i] if r >= first and last[r] == i}
        if first + i not in last:
            free.append(place[-1])
        is_weighted = code == weighted
        moved.append(
            (
                code,
                [x if is_weighted and j % 2 else place[x] for j, x in enumerate(used)],
            )
        )
    return moved, place[first:], [place[r] for r in outputs], top
