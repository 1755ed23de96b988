"""Highlighting: some values of a picture stand out, the rest is faint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set

from engine import Value, topological_order
from viz.diagram.diagram import Diagram, Edge, Node
from viz.errors import OptionError
from viz.style.options import Lit
from viz.style.paint import mix

FAINT = 0.7
"""How much of the background is in a faint colour."""

_NAME = re.compile(r"(w|k|out)?(n\d+)(?:_(\d+))?(?:op)?")


def light_up(
    output: Value, diagram: Diagram, chosen: Iterable[Value] | None
) -> Lit | None:
    """Which names in the diagram of the whole graph stand out.

    Raises:
        OptionError: one of them is not drawn.
    """
    if chosen is None:
        return None
    places = {value: f"n{i}" for i, value in enumerate(topological_order(output))}
    whole = len(places) == len(diagram.nodes) and not any(
        node.inside for node in diagram.nodes
    )
    wanted = [chosen] if isinstance(chosen, Value) else list(chosen)
    for value in wanted:
        if not isinstance(value, Value) or value not in places:
            raise OptionError(
                f"highlight: {value!r} is no value of this graph; give a list of some"
            )
        if not whole:
            raise OptionError(
                "highlight= needs the whole graph: add depth=0 and fuse=False"
            )
    return light_values(diagram, {places[value] for value in wanted})


def light_values(diagram: Diagram, ids: Set[str]) -> Lit:
    """These values stand out, and the wires between two of them."""
    return light(
        diagram,
        lambda node: node.id in ids,
        lambda edge: edge.source in ids and edge.target in ids,
    )


def light(
    diagram: Diagram, node: Callable[[Node], bool], edge: Callable[[Edge], bool]
) -> Lit:
    """Whether a part of the picture stands out, by its name in DOT.

    A wire does with its use of a value, the trunk of a fork with the value.
    """

    def lit(name: str) -> bool:
        match = _NAME.fullmatch(name)
        if match is None:
            return True
        kind, id_, index = match.groups()
        uses = diagram.uses(id_)
        if kind == "w" and (index or len(uses) == 1):
            return edge(uses[int(index or 0)])
        return node(diagram[id_])

    return lit


def fade(text: str, background: str) -> str:
    """Markup, or a colour, with every colour mixed with the background.

    A person's text cannot hold such an attribute: its quotes are escaped.
    """

    def fade_color(match: re.Match[str]) -> str:
        return match[1] + mix(match[2], background, FAINT)

    return re.sub(r'((?:COLOR="|^))(#[0-9a-fA-F]{6})\b', fade_color, text)
