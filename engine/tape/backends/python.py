"""The Python back end: a tape as straight-line source, which is always there.

It gives bit for bit what the engine gives: the same operations on the same floats,
and the shares of a gradient added in the same order.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from engine.tape.backends.codegen import (
    Code,
    build_partial_trees,
    build_value_tree,
    is_short,
    name_operands,
    rename_operands,
    wrap_value,
)
from engine.tape.ir.tape import Guard, Raised, Tape, find_error, find_row

_RELATIONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_numbers = itertools.count(1)

SampleReplay = Callable[[Sequence[float], Sequence[float]], Any]


def compile_tape(tape: Tape, *, gradient: bool) -> SampleReplay:
    """A function of the inputs and the leaves.

    It gives the outputs; with `gradient` also the derivatives of the only output by
    the inputs and by the leaves; and None where a guard does not hold. Its source can
    be seen in tracebacks and in a debugger.
    """
    code = Code()
    text = write_source(tape, code, gradient=gradient)
    name = f"<tape {next(_numbers)}>"
    names: dict[str, Any] = {f"{n}_": wrap_value(op) for n, op in code.called.items()}
    names |= {f"{r.op}_error": partial(find_error, find_row(r.op)) for r in tape.raised}
    exec(compile(text, name, "exec"), names)
    replay: SampleReplay = names["replay"]
    weakref.finalize(replay, linecache.cache.pop, name, None)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return replay


def write_source(tape: Tape, code: Code, *, gradient: bool) -> str:
    """The text of the function."""
    names = [f"v{i}" for i in range(tape.size)]
    for i, constant in enumerate(tape.constants, tape.first_constant):
        names[i] = code.write_number(constant)[0]
    lines = [*_unpack(names[: tape.inputs], "inputs")]
    lines += _unpack(names[tape.inputs : tape.first_constant], "leaves")
    lines += _write_forward(tape, names, code)
    outputs = _write_tuple(f"float({names[slot]})" for slot in tape.outputs)
    if not gradient:
        lines.append(f"return {outputs}")
    else:
        lines += _write_backward(tape, names, code)
        slots = range(tape.first_constant)
        by_inputs = _write_tuple(f"a{i}" for i in slots[: tape.inputs])
        by_leaves = _write_tuple(f"a{i}" for i in slots[tape.inputs :])
        lines.append(f"return {outputs}, {by_inputs}, {by_leaves}")
    body = "".join(f"    {line}\n" for line in lines)
    return f"def replay(inputs, leaves):\n{body}"


def _unpack(names: Sequence[str], what: str) -> list[str]:
    return [f"{_write_tuple(names)} = {what}"] if names else []


def _write_tuple(items: Any) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"


def _write_forward(tape: Tape, names: list[str], code: Code) -> list[str]:
    """The values, each guard as soon as its operands are known."""
    waiting: list[Guard | Raised] = [*tape.guards, *tape.raised]
    waiting.sort(key=_find_last)
    lines = []

    def write_guards(slot: int) -> None:
        while waiting and _find_last(waiting[0]) <= slot:
            asked = _write_guard(waiting.pop(0), names)
            lines.append(f"if not ({asked}): return None")

    write_guards(tape.first_node - 1)
    for slot, name, used in tape.instructions():
        op = find_row(name)
        tree = build_value_tree(op)
        if tree is not None and is_short(tree):
            operands = name_operands(op, names[slot], [names[s] for s in used])
            text = code.text(rename_operands(tree, operands))
        else:
            code.called[name] = op
            text = f"{name}_({', '.join(names[s] for s in used)})"
        lines.append(f"{names[slot]} = {text}")
        write_guards(slot)
    return lines


def _find_last(guard: Guard | Raised) -> int:
    """The last slot that has to be known."""
    if isinstance(guard, Raised):
        return max(guard.operands)
    return max(guard.left, guard.right)


def _write_guard(guard: Guard | Raised, names: list[str]) -> str:
    if isinstance(guard, Raised):
        numbers = _write_tuple(names[slot] for slot in guard.operands)
        return f"{guard.op}_error({numbers}) == {guard.error!r}"
    asked = f"{names[guard.left]} {_RELATIONS[guard.relation]} {names[guard.right]}"
    return f"({asked}) is {bool(guard.outcome)}"


def _write_backward(tape: Tape, names: list[str], code: Code) -> list[str]:
    """The reverse sweep, in the order and with the roundings of the engine's own."""
    [output] = tape.outputs
    carriers = tape.find_carriers(range(tape.first_constant))
    lines, met = [f"a{output} = 1.0"], {output}
    for slot in reversed(tape.order(output)):
        if slot < tape.first_node or slot not in carriers:
            continue
        used = tape.operands[slot - tape.first_node]
        op = find_row(tape.ops[slot - tape.first_node])
        operands = name_operands(op, names[slot], [names[s] for s in used])
        for parent, tree in zip(used, build_partial_trees(op), strict=True):
            if parent not in carriers:
                continue
            share = _write_share(f"a{slot}", tree, operands, code)
            start = "+=" if parent in met else "= 0.0 +"
            lines.append(f"a{parent} {start} {share}")
            met.add(parent)
    lines += [f"a{i} = 0.0" for i in range(tape.first_constant) if i not in met]
    return lines


def _write_share(adjoint: str, tree: Any, operands: dict[str, str], code: Code) -> str:
    if isinstance(tree, int) and tree == 1:
        return adjoint
    return f"{adjoint} * {code.text(rename_operands(tree, operands))}"
