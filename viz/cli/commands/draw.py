"""`dotgrad draw`."""

from __future__ import annotations

from dataclasses import replace

import click

from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.options import seed_option, takes_look
from viz.cli.output import Output, json_option, takes_output
from viz.formats.save import PICTURES, SAVE, encode
from viz.labels import format_number
from viz.style.options import Look


@command(
    'dotgrad draw "subtotal = apple * n; price = subtotal * tax" \\\n'
    "    apple=100 n=2 tax=1.1 -o price.png",
    'dotgrad draw "y = tanh(w * x + b)" w=-3 x=2 b=6.9 --theme dark -o neuron.svg',
    'echo "x ** 2 + 1" | dotgrad draw - x=3 -o - --format png > square.png',
    'dotgrad draw "x * y + x" x=3 y=-2 -o - --format txt',
    closing="""\
Functions are those of the table (dotgrad ops), mean and logsumexp; pi, e,
tau, inf and nan are known. Statements are separated by ; or line breaks. An expression
that begins with a minus goes behind a -- of its own.""",
)
@takes_expression
@takes_output(PICTURES, "graph.png", piped="svg")
@json_option
@seed_option
@click.option("--backward/--no-backward", default=True, help="Draw gradients, too.")
@takes_look(SAVE)
def draw(
    expression: Expression,
    *,
    output: Output,
    as_json: bool,
    seed: float,
    backward: bool,
    look: Look,
) -> None:
    """Draw an expression with its values and gradients."""
    if as_json:
        output = replace(output, path="-", format="json")
    value = expression.value(seed if backward else None)
    name = f"{value.label} = " if value.label else ""
    output.deliver(
        lambda format_: encode(value, format_, look),
        lambda: f"{name}{format_number(value.data, look['digits'])}",
    )
