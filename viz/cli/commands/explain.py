"""`dotgrad explain`."""

from __future__ import annotations

import math
from typing import Any

import click

import engine
from engine import Value, edges, topological_order, why_nan, why_zero
from viz.cli.command import command
from viz.cli.inputs import Expression, suggest, takes_expression
from viz.cli.options import seed_option
from viz.cli.output import json_option, print_json
from viz.cli.terminal import echo


@command(
    'dotgrad explain "z = x * y + x" x=2 y=5',
    'dotgrad explain "q = x * y; L = q * q + q" x=3 y=-2 --of x --paths 3',
    'dotgrad explain "y = sigmoid(w * x)" w=1 x=2 --of w --format latex',
    'dotgrad explain "relu(x * y)" x=1 y=-3 --json',
)
@takes_expression
@click.option(
    "--of",
    "of",
    multiple=True,
    metavar="NAME",
    help="Whose gradient; may be repeated. By default that of every name.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "latex"]),
    default="text",
)
@click.option(
    "--paths",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Show the chain rule along N paths to the output, too.",
)
@seed_option
@json_option
def explain(
    expression: Expression,
    *,
    of: tuple[str, ...],
    format_: str,
    paths: int,
    seed: float,
    as_json: bool,
) -> None:
    """Tell where the gradient of a name comes from, use by use.

    A gradient that is zero, nan or infinite is followed to its cause.
    """
    output = expression.value(seed)
    nodes = _select_nodes(output, of)
    if as_json:
        print_json(_to_data(output, nodes))
        return
    stories: list[str] = [
        engine.explain(node, format=format_, paths=paths) for node in nodes
    ]
    if format_ == "text":
        stories += _explain_causes(output, nodes)
    echo("\n\n".join(stories))


def _select_nodes(output: Value, names: tuple[str, ...]) -> list[Value]:
    """The nodes of these names; those of every leaf that has one otherwise."""
    named = {node.label: node for node in topological_order(output) if node.label}
    if unknown := [name for name in names if name not in named]:
        raise click.UsageError(
            f"There is no name {unknown[0]!r}; {suggest(unknown[0], named)}"
        )
    leaves = [label for label, node in named.items() if not node.parents]
    if not (names or leaves):
        raise click.UsageError("The expression has no names whose gradient to explain.")
    return [named[name] for name in names or leaves]


def _explain_causes(output: Value, nodes: list[Value]) -> list[str]:
    every = topological_order(output)
    if not all(math.isfinite(x) for node in every for x in (node.data, node.grad)):
        return [why_nan(output)]
    return [why_zero(node, output) for node in nodes if node.grad == 0]


def _to_data(output: Value, nodes: list[Value]) -> dict[str, Any]:
    return {
        "output": output.label,
        "value": output.data,
        "explained": [
            {
                "name": node.label,
                "value": node.data,
                "gradient": node.grad,
                "uses": _list_uses(output, node),
            }
            for node in nodes
        ],
    }


def _list_uses(output: Value, node: Value) -> list[dict[str, Any]]:
    return [
        {
            "operation": edge.child.op.name,
            "result": edge.child.label,
            "value": edge.child.data,
            "operand": edge.position,
            "upstream": edge.child.grad,
            "local": edge.partial,
            "formula": edge.child.op.formulas[edge.position],
            "contribution": edge.child.grad * edge.partial,
        }
        for edge in edges(output)
        if edge.parent is node and edge.child.op is not None
    ]
