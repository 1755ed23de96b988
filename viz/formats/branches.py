"""The lines of a tree of text: each a value, with what flows through its use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass

from engine import Value, topological_order
from viz.diagram.diagram import Diagram, Edge, assemble, check_value
from viz.labels import format_number

__all__ = ["Branches", "Span"]

DEEPEST = 12
"""Deeper branches are not indented further; their depth stands before them."""

Span = tuple[str, str]
"""Text, and what it is: '', 'name', 'value', 'positive', 'negative' or 'small'."""


@dataclass(frozen=True, slots=True)
class Branches:
    """Writes the lines of a tree."""

    diagram: Diagram
    digits: int
    pipes: tuple[str, ...]
    shared: Set[str]
    """The ids of the values that are used several times, drawn or not."""
    count: int
    """How many values the whole graph has."""

    @classmethod
    def of(
        cls, output: Value, digits: int, pipes: tuple[str, ...], limit: int
    ) -> Branches:
        """Of so much of the graph as so many lines tell."""
        order = topological_order(check_value(output))
        met = _met(output, limit)
        near = met.union(*(value.parents for value in met))
        drawn = [value for value in order if value in near]
        uses = Counter(x for value in order for x in value.parents if x in near)
        shared = {f"n{i}" for i, value in enumerate(drawn) if uses[value] > 1}
        diagram = assemble(drawn, dict.fromkeys(near - met, 0))
        return cls(diagram, digits, pipes, shared, len(order))

    def lines(self, limit: int) -> list[list[Span]]:
        """The lines of the tree, and one that counts what the limit leaves out."""
        made: list[list[Span]] = []
        seen: set[str] = set()
        for id_, use, prefix in self._walk(seen):
            if len(made) == limit:
                more = self.count - len(seen)
                text = (
                    f"{self.pipes[5]} {more:,} more values" if more else self.pipes[5]
                )
                return [*made, [(text, "small")]]
            first = id_ not in seen
            seen.add(id_)
            made.append([(prefix, "small"), *self._line(id_, use, first=first)])
        return made

    def _walk(self, seen: set[str]) -> Iterator[tuple[str, Edge | None, str]]:
        """Depth first; operands only where a node is met for the first time."""
        last, between, pipe, space = self.pipes[1], self.pipes[0], *self.pipes[2:4]
        waiting: list[tuple[str, Edge | None, int, str, str]] = [
            (self.diagram.output.id, None, 0, "", "")
        ]
        while waiting:
            id_, use, depth, above, branch = waiting.pop()
            fresh = id_ not in seen
            yield id_, use, above + branch
            if not fresh:
                continue
            if 0 < depth < DEEPEST:
                above += space if branch == last else pipe
            elif depth >= DEEPEST:
                above = f"[{depth + 1}] "
            operands = self.diagram.into(id_)
            for edge in reversed(operands):
                end = last if edge is operands[-1] else between
                waiting.append((edge.source, edge, depth + 1, above, end))

    def _line(self, id_: str, use: Edge | None, *, first: bool) -> Iterator[Span]:
        node = self.diagram[id_]
        shared = id_ in self.shared
        name = node.label or (f"#{node.id[1:]}" if shared else "")
        yield name, "name"
        if not first:
            yield f" {self.pipes[4]}", "small"
        else:
            joint = ": " if name and node.symbol else " " if name else ""
            yield f"{joint}{node.symbol}{' ' * bool(node.symbol)}", ""
            yield "= " if name or node.symbol else "", ""
            yield format_number(node.value, self.digits), "value"
            if node.gradient is not None:
                yield "  grad ", "small"
                yield self._gradient(node.gradient)
        if shared and use is not None and use.gradient is not None:
            yield ", here " if first else "  here ", "small"
            yield self._gradient(use.gradient)

    def _gradient(self, x: float) -> Span:
        kind = "positive" if x > 0 else "negative" if x < 0 else "small"
        return format_number(x, self.digits), kind


def _met(output: Value, limit: int) -> set[Value]:
    """The values of so many lines, in the order of `Branches`."""
    met: set[Value] = set()
    waiting = [output]
    for _ in range(limit):
        if not waiting:
            break
        value = waiting.pop()
        if value not in met:
            met.add(value)
            waiting += reversed(value.parents)
    return met
