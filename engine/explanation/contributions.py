"""Where the gradient of a node comes from, as data: one entry per use of its value."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

from engine.errors import OperandError, OptionError
from engine.explanation.paths import Path, count_paths, edges_between, largest_paths
from engine.graph.node import Edge, topological_order
from engine.graph.sweep import adjoints, last_output
from engine.graph.value import Value
from engine.util.numbers import add_up

MOST_USES = 12
"""The most uses that are written down; what the others contribute is summed up."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of the node: what flows back through it is `upstream × local`."""

    edge: Edge
    upstream: float
    """∂output/∂child."""

    @property
    def local(self) -> float:
        """∂child/∂node through this operand."""
        return self.edge.partial

    @property
    def contribution(self) -> float:
        """What this use adds to the gradient."""
        return self.upstream * self.local


@dataclass(frozen=True, slots=True)
class Explanation:
    """The gradient of `output` by `node`, as a sum over the uses of the node."""

    node: Value
    output: Value
    gradient: float
    uses: tuple[Use, ...]
    """Every use on the way to the output, in topological order."""
    paths: tuple[Path, ...] = ()
    """The paths with the largest products, as many as were asked for."""
    path_count: int = 0
    """How many paths there are, counted up to `engine.explanation.paths.MANY`."""

    @property
    def shown(self) -> list[Use]:
        """The uses that contribute most in magnitude, in topological order."""
        if len(self.uses) <= MOST_USES:
            return list(self.uses)
        largest = set(heapq.nlargest(MOST_USES, range(len(self.uses)), self._magnitude))
        return [use for i, use in enumerate(self.uses) if i in largest]

    def _magnitude(self, i: int) -> float:
        size = abs(self.uses[i].contribution)
        return math.inf if size != size else size

    @property
    def hidden(self) -> int:
        """How many uses are not in `shown`."""
        return max(0, len(self.uses) - MOST_USES)

    @property
    def hidden_sum(self) -> float:
        """What the hidden uses contribute together."""
        return self.gradient - add_up(use.contribution for use in self.shown)


def find_explanation(
    node: Value, output: Value | None = None, paths: int = 0
) -> Explanation:
    """The data that `explain` writes down.

    >>> x = Value(3.0)
    >>> y = x * x + 1
    >>> [(use.upstream, use.local) for use in find_explanation(x, y).uses]
    [(1.0, 3.0), (1.0, 3.0)]
    """
    if not isinstance(paths, int) or paths < 0:
        raise OptionError(f"paths={paths!r}: how many to show, 0 or more")
    output = find_output(node, output)
    order = topological_order(output)
    found = adjoints(output, order=order)
    between = edges_between(node, order)
    return Explanation(
        node,
        output,
        found.get(node, 0.0),
        tuple(Use(e, found[e.child]) for e in between if e.parent is node),
        tuple(largest_paths(between, node, output, paths)) if paths else (),
        count_paths(between, node, output) if paths else 0,
    )


def find_output(node: Value, output: Value | None) -> Value:
    """The output whose gradient is meant: the one given, or that of the last sweep.

    Raises:
        OperandError: something else than a Value was given.
        OptionError: no output was given, and no `backward` tells which it is.
    """
    for value in (node, output):
        if not (value is None or isinstance(value, Value)):
            raise OperandError(f"explanations are about Values, not {value!r}")
    if output is None:
        output = last_output()
    if output is None:
        raise OptionError(
            "no backward() has run in this thread, or its output is gone: name the "
            "output whose derivative is meant, as in explain(x, y)"
        )
    return output
