"""Recording: one run of a function on Values, written down as a tape.

The graph that the run builds is the list of instructions. What the graph does not
show is noticed while the function runs: comparisons and errors decide which way it
goes, and a number that is taken out of the graph would be the same in every replay.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from engine.autodiff.trace import flatten_numbers
from engine.errors import EscapeError
from engine.graph import context
from engine.graph.callsite import find_source, format_source, is_own
from engine.graph.node import topological_order
from engine.graph.value import Value
from engine.operation.op import Op
from engine.tape.ir.arguments import flatten_argument, unflatten_argument
from engine.tape.ir.draws import Draw, Draws, drawing
from engine.tape.ir.tape import STOP, TOTAL, Guard, Raised, Tape, name_error
from engine.util.collector import without_collector
from engine.util.nested import Structure


@dataclass(frozen=True)
class Recording:
    """A tape, and what it needs of the program that it was recorded from."""

    tape: Tape
    leaves: tuple[Value, ...]
    """The leaves that the function closes over, whose `data` is read at each replay;
    and the results of operations that were carried out before, outside of it."""
    output: Structure
    """The structure of every result."""
    draws: tuple[Draw, ...] = ()
    """The random numbers among its inputs, which come last."""


class Recorder:
    """What notices comparisons, errors and escapes during one run."""

    def __init__(self) -> None:
        self.comparisons: list[tuple[Value, str, Any, bool, str]] = []
        self.errors: list[tuple[Op, tuple[Value, ...], str, str]] = []
        self.asides: list[tuple[Value, str, Any, bool, str]] = []
        """Comparisons in other threads, which are not known to be of this run."""
        self.roots: list[Any] = []
        """What was compared and what raised, in the order of the run."""
        self.nodes: list[Value] = []
        """The results of all operations, even if they are not used."""
        self.draws: list[Draw] = []
        """The random numbers that were drawn, each an input of the tape."""
        self.factors: list[Value] = []
        """What they have become."""
        self.escape: EscapeError | None = None
        """The first error for which there can be no tape."""

    def clear(self) -> None:
        """Let go of the graph."""
        self.comparisons.clear()
        self.errors.clear()
        self.asides.clear()
        self.roots.clear()
        self.nodes.clear()
        self.factors.clear()

    def note_comparison(
        self, left: Any, relation: str, right: Any, outcome: bool
    ) -> None:
        """`left relation right` was asked, and had this outcome."""
        where = format_source(find_source())
        self.comparisons.append((left, relation, right, outcome, where))
        self.roots += (left, right)

    def note_aside(self, left: Value, relation: str, right: Any, outcome: bool) -> None:
        """The same was asked in another thread, of Values of nobody's run."""
        where = format_source(find_source())
        self.asides.append((left, relation, right, outcome, where))

    def keep_asides(self, known: set[Value]) -> None:
        """Take those asides that are of Values which the run is known to read."""
        for left, relation, right, outcome, where in self.asides:
            if known.issuperset(x for x in (left, right) if isinstance(x, Value)):
                self.comparisons.append((left, relation, right, outcome, where))
                self.roots += (left, right)

    def note_draw(self, draw: Draw, factor: float) -> Value:
        """A random number was drawn: it is an input, which each replay draws anew."""
        self.draws.append(draw)
        self.factors.append(Value(factor))
        return self.factors[-1]

    def note_node(self, node: Value) -> None:
        """An operation was carried out; the compiled core has noted many of them."""
        if node._metadata.recorder is not self:  # in a thread that the run started
            node._metadata = replace(node._metadata, recorder=self)
        self.nodes.append(node)

    @property
    def risky(self) -> Iterator[Value]:
        """What could have raised, and stays on the tape even if nobody uses it."""
        for node in self.nodes:
            if node.op is not None and node.op.name not in TOTAL:
                yield node

    def note_error(self, op: Op, operands: tuple[Value, ...], error: Exception) -> None:
        """An operation raised: where it does not, the run may go another way."""
        where = format_source(find_source())
        self.errors.append((op, operands, name_error(error), where))
        self.roots += operands

    def note_change(self, how: str) -> None:
        """A Value is changed in place."""
        self.refuse(
            f"{how} at {format_source(find_source())} changes Values while a tape is "
            "recorded, and a replay would not: do this outside of the recorded "
            "function, which may take gradients by engine.grad and engine.gradients"
        )

    def note_escape(self, value: Any, how: str, asker: FrameType | None) -> None:
        """A number is taken out of the graph; the engine itself may do that."""
        if asker is None or not is_own(asker):
            self.refuse(
                f"{how} at {format_source(find_source())} takes the number "
                f"{value._number!r} out of the graph, and a replay would use it "
                "for every input: compute with Values and the functions of engine, "
                "or do this outside of the recorded function"
            )

    def refuse(self, complaint: str) -> None:
        """Raise an error, which ends the recording even if the program catches it."""
        self.escape = self.escape or EscapeError(complaint)
        raise self.escape

    def stop_gradient(self, value: Value) -> Value:
        """The value as a node through which no gradient flows."""
        with context.recording():  # for no_grad may have brought us here
            node: Value = STOP(value)
        node.label = value.label
        return node


def record(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    draws: Draws | None = None,
    seen: Iterable[Value] = (),
) -> Recording:
    """Run `f` once on fresh Values in the place of the numbers in `args`.

    Args:
        draws: what the sample has drawn of random numbers until now.
        seen: Values that `f` is known to read: a comparison of them in another thread
            is taken to be one of `f`.

    Raises:
        EscapeError: `f` takes a number out of the graph.
        OperandError: an argument, or the result, is no structure of numbers.
    """
    recorder = Recorder()
    try:
        inputs, output = _run(f, args, recorder, draws or Draws(1))
        structure, results = flatten_numbers(output, "the result of f")
        recorder.keep_asides(set(seen))
        inputs += recorder.factors
        with without_collector():
            tape, leaves = _write_tape(recorder, inputs, results)
        return Recording(tape, leaves, structure, tuple(recorder.draws))
    finally:
        recorder.clear()  # it knows the nodes, which know it


def _run(
    f: Callable[..., Any], args: Sequence[Any], recorder: Recorder, draws: Draws
) -> tuple[list[Value], Any]:
    """The inputs, and what `f` makes of them."""
    parts = [flatten_argument(arg, f"args[{i}]") for i, arg in enumerate(args)]
    try:
        with context.recording_by(recorder), drawing(draws, 0, recorder.note_draw):
            inputs = [Value(x) for _, numbers in parts for x in numbers]
            left = iter(inputs)
            output = f(*[unflatten_argument(key, left) for key, _ in parts])
    except Exception:
        if recorder.escape is None:
            raise
    if recorder.escape is not None:
        raise recorder.escape
    return inputs, output


def is_same_recording(one: Recording, other: Recording) -> bool:
    """Whether two runs gave one tape, bit for bit, of the same leaves."""
    pairs = zip(one.leaves, other.leaves, strict=False)
    return (
        len(one.leaves) == len(other.leaves)
        and all(a is b for a, b in pairs)
        and one.output == other.output
        and one.draws == other.draws
        and replace(one.tape, constants=()) == replace(other.tape, constants=())
        and [c.hex() for c in one.tape.constants]
        == [c.hex() for c in other.tape.constants]
    )


def find_difference(one: Recording, other: Recording) -> str:
    """What is not the same in two recordings, for people."""
    numbers = zip(one.tape.constants, other.tape.constants, strict=False)
    for a, b in numbers:
        if a.hex() != b.hex():
            return f"one has the number {a!r} where the other has {b!r}"
    if one.leaves != other.leaves:
        return "they use other leaves"
    return "they carry out other operations"


def _write_tape(
    recorder: Recorder, inputs: list[Value], results: list[Any]
) -> tuple[Tape, tuple[Value, ...]]:
    """The tape of a run, and the leaves that it read beside its inputs."""
    comparisons, asked = recorder.comparisons, recorder.roots
    # Roots in the order of the run: what a guard needs comes before the rest.
    roots = [x for x in (*asked, *results, *recorder.risky) if isinstance(x, Value)]
    computed, leaves = _find_needed(roots, recorder)
    fresh = set(inputs)
    leaves = [leaf for leaf in leaves if leaf not in fresh]
    made = [leaf for leaf in leaves if _is_constant(leaf, recorder)]
    captured = [leaf for leaf in leaves if not _is_constant(leaf, recorder)]
    constants = _Constants()
    constants.add(leaf._number for leaf in made)
    constants.add(x for x in asked + results if not isinstance(x, Value))
    rows = dict.fromkeys([node.op for node in computed if node.op])
    rows |= dict.fromkeys(op for op, *_ in recorder.errors)
    constants.add(number for op in rows for number in _find_folded(op))
    first = len(inputs) + len(captured)
    slots: dict[Value, int] = {v: i for i, v in enumerate(inputs + captured)}
    slots |= {leaf: first + constants[leaf._number] for leaf in made}
    first_node = first + len(constants)
    slots.update(zip(computed, itertools.count(first_node)))

    def find_slot(x: Any) -> int:
        return slots[x] if isinstance(x, Value) else first + constants[x]

    folded = {op: tuple(map(find_slot, _find_folded(op))) for op in rows}

    def find_operands(op: Any, parents: tuple[Value, ...]) -> tuple[int, ...]:
        more = folded[op]
        if len(parents) == 2 and not more:  # the usual case, made fast
            return slots[parents[0]], slots[parents[1]]
        return (*[slots[parent] for parent in parents], *more)

    guards = (
        Guard(find_slot(left), relation, find_slot(right), outcome, where)
        for left, relation, right, outcome, where in comparisons
    )
    raised = (
        Raised(op.name, find_operands(op, operands), error, where)
        for op, operands, error, where in recorder.errors
    )
    fixed = range(first, first_node)
    tape = Tape(
        inputs=len(inputs),
        leaves=tuple(leaf.label or "" for leaf in captured),
        constants=tuple(constants.numbers),
        ops=tuple([node.op.name for node in computed if node.op]),
        operands=tuple([find_operands(node.op, node.parents) for node in computed]),
        outputs=tuple(map(find_slot, results)),
        guards=tuple(g for g in dict.fromkeys(guards) if g.varies(first, first_node)),
        raised=tuple(
            r for r in dict.fromkeys(raised) if {*r.operands}.difference(fixed)
        ),
    )
    return tape, tuple(captured)


def _find_needed(
    roots: list[Value], recorder: Recorder
) -> tuple[list[Value], list[Value]]:
    """What a replay computes, and what it reads, parents first.

    Not what a result from outside was made of: its number is recorded with it, and
    does not change with its leaves.
    """
    order, own = topological_order(*roots), set(recorder.nodes)
    computed, leaves = [], []
    for node in order:
        if node in own or _is_computed(node, recorder):
            computed.append(node)
        else:
            leaves.append(node)
    if any(leaf.op for leaf in leaves):
        needed = set(roots).union(*[node.parents for node in computed])
        leaves = [leaf for leaf in leaves if leaf in needed]
    return computed, leaves


def _is_computed(node: Value, recorder: Recorder) -> bool:
    """Whether it is the result of an operation of the run."""
    about = node._metadata
    own = about.recorder is recorder or recorder in about.beside
    return node.op is not None and own


def _is_constant(leaf: Value, recorder: Recorder) -> bool:
    """Whether it was made in the run, or for a plain number in a thread of it."""
    return leaf._metadata.recorder is recorder or leaf.kind == "constant"


def _find_folded(op: Op) -> tuple[float, ...]:
    """The operand that is part of the operation, as in x ** 3."""
    return op.made_from[1:] if op.made_from else ()


class _Constants:
    """Numbers, each once: also nan, and −0.0 beside 0.0."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    @property
    def numbers(self) -> list[float]:
        return list(map(float.fromhex, self._places))

    def add(self, numbers: Iterable[Any]) -> None:
        for number in numbers:
            self._places.setdefault(float(number).hex(), len(self._places))

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: Any) -> int:
        return self._places[float(number).hex()]
