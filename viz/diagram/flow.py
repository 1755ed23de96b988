"""What flows along the wires of a picture: forward a value, back a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from viz.diagram.diagram import Diagram, Edge, Node, gradient_of, value_of
from viz.diagram.sentence import Quantity, Sentence, add_up

MOST_ADDED = 3
"""The most contributions that are written out: `= 22 + 1`, but `= Σ of 5`."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What one wire carries."""

    id: str
    """The name of the wire: wn3, or wn3_0 for the first of several uses of n3."""
    start: str
    end: str
    kind: str
    """'use'; 'share', a use of a value that is written on its card; 'trunk', all uses
    of a value, before a fork; or 'output'."""
    value: Quantity
    gradient: Quantity
    use: Edge | None = None
    total: Sentence = ()
    """How the gradient is a sum over uses, where it is one."""
    name: str = ""
    """The label of the value, where it is written on this wire."""

    @property
    def count(self) -> int:
        """How many values flow here together."""
        return self.use.count if self.use else 1

    @property
    def is_one_of_several(self) -> bool:
        """Whether the value has other wires as well."""
        return "_" in self.id

    def of_use(self, kind: str) -> Quantity:
        """A number of the use: its "upstream" gradient, or its "partial"."""
        assert self.use is not None
        return Quantity(kind, self.use.key)


def flow_of(use: Edge, id_: str, start: str, kind: str = "use", name: str = "") -> Flow:
    """What a single use carries."""
    return Flow(
        id_, start, use.target, kind, value_of(use), gradient_of(use), use, name=name
    )


def flow_of_output(node: Node) -> Flow:
    """What the last wire carries: the result, and the seed that flows back."""
    end = f"out{node.id}"
    return Flow(
        f"w{node.id}", node.id, end, "output", value_of(node), gradient_of(node)
    )


def flows_of_wires(diagram: Diagram) -> Iterator[Flow]:
    """The wires of a picture whose numbers stand on wires; the output's is the last."""
    for node in diagram.nodes:
        uses, id_ = diagram.uses(node.id), f"w{node.id}"
        name = node.label if node.kind == "operation" else ""
        if node.inside:
            yield from _branch_out(uses, id_, node.id)
        elif len(uses) == 1 and node.elsewhere:
            yield _flow_of_all(node, uses, uses[0].target, "use", name)
        elif len(uses) == 1:
            yield flow_of(uses[0], id_, node.id, name=name)
        elif uses:
            yield _flow_of_all(node, uses, f"k{node.id}", "trunk", name)
            yield from _branch_out(uses, id_, f"k{node.id}")
    if not diagram.output.inside and diagram.output.kind != "exit":
        yield flow_of_output(diagram.output)


def _flow_of_all(
    node: Node, uses: Sequence[Edge], end: str, kind: str, name: str
) -> Flow:
    """All that flows to a node's uses, and back from them."""
    return Flow(
        f"w{node.id}", node.id, end, kind, value_of(node), gradient_of(node),
        uses[0] if len(uses) == 1 else None, _add_contributions(node, uses), name,
    )  # fmt: skip


def _branch_out(uses: Sequence[Edge], id_: str, start: str) -> Iterator[Flow]:
    for i, use in enumerate(uses):
        yield flow_of(use, f"{id_}_{i}", start)


def flows_of_cards(diagram: Diagram) -> Iterator[Flow]:
    """The arrows of a picture of cards."""
    for node in diagram.nodes:
        uses = diagram.uses(node.id)
        for i, use in enumerate(uses):
            id_ = f"w{node.id}_{i}" if len(uses) > 1 else f"w{node.id}"
            yield flow_of(use, id_, node.id, "use" if use.parts else "share")


def _add_contributions(node: Node, uses: Sequence[Edge]) -> Sentence:
    """How the contributions of uses add up to the gradient of a node."""
    shares = [gradient_of(use) if use.gradient is not None else "0" for use in uses]
    rest: Sentence = ()
    if node.elsewhere:
        rest = (" ", Quantity("elsewhere", node.id, added=True), " elsewhere")
    if len(uses) > MOST_ADDED:
        return (f"= Σ of {len(uses)}", *rest)
    return ("= ", *add_up(shares), *rest)
