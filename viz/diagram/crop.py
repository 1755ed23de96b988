"""A part of a graph that is too large: the values that matter most to the output."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Set

from engine import Value, topological_order
from viz.diagram.diagram import Diagram, assemble, check_value

MOST_COUNTED = 10_000
"""Hidden values are counted up to here, for each place where the graph is cut."""


def crop(output: Value, budget: int) -> Diagram:
    """About `budget` values, from the output back along the largest gradients.

    Where the graph is cut, a value stands without its operands and says how many
    values are hidden behind it.

    >>> x = Value(2.0)
    >>> y = x
    >>> for _ in range(100):
    ...     y = y * 1.5
    >>> diagram = crop(y, 10)
    >>> len(diagram.nodes), max(node.hidden for node in diagram.nodes)
    (9, 192)
    """
    return assemble(*select_values(output, budget, lambda value: value.grad))


def select_values(
    output: Value, budget: int, gradient: Callable[[Value], float]
) -> tuple[list[Value], dict[Value, int]]:
    """The values that are drawn, in topological order, and how many values are hidden
    behind those whose operands are not."""
    order = topological_order(check_value(output))
    shown = _follow_largest(output, budget, gradient)
    drawn = [value for value in order if value in shown]
    stubs = [value for value in drawn if not shown.issuperset(value.parents)]
    return drawn, {stub: _count_behind(stub, shown) for stub in stubs}


def _follow_largest(
    output: Value, budget: int, gradient: Callable[[Value], float]
) -> set[Value]:
    """The output, then the operands of the largest gradient, and so on."""
    shown = {output}
    waiting = [(0.0, 0, output)]
    count = 0
    while waiting:
        _, _, value = heapq.heappop(waiting)
        new = [x for x in dict.fromkeys(value.parents) if x not in shown]
        if len(shown) + len(new) > budget and value is not output:
            continue  # smaller ones may still fit
        shown.update(new)
        for operand in new:
            count += 1
            heapq.heappush(waiting, (-_weigh(gradient(operand)), count, operand))
    return shown


def _weigh(gradient: float) -> float:
    return math.inf if math.isnan(gradient) else abs(gradient)


def _count_behind(stub: Value, shown: Set[Value]) -> int:
    """How many values that are not shown `stub` depends on."""
    found: set[Value] = set()
    waiting = [stub]
    while waiting and len(found) < MOST_COUNTED:
        for value in waiting.pop().parents:
            if value not in shown and value not in found:
                found.add(value)
                waiting.append(value)
    return min(len(found), MOST_COUNTED)
