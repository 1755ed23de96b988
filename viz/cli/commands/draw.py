"""`dotgrad draw`."""

from __future__ import annotations

import click

from viz.cli.command import command
from viz.cli.inputs import Given, takes_expression
from viz.cli.options import takes_look
from viz.cli.output import (
    json_option,
    open_option,
    opened,
    output_option,
    pipe_format,
    write_bytes,
)
from viz.formats.save import FORMATS, save, written
from viz.labels import format_number
from viz.style.options import Look

__all__ = ["draw"]


@command(
    'dotgrad draw "subtotal = apple * n; price = subtotal * tax" \\\n'
    "    apple=100 n=2 tax=1.1 -o price.png",
    'dotgrad draw "y = tanh(w * x + b)" w=-3 x=2 b=6.9 --theme dark -o neuron.svg',
    'echo "x ** 2 + 1" | dotgrad draw - x=3 -o - --format png > square.png',
    'dotgrad draw "x * y + x" x=3 y=-2 -o - --format txt',
    closing="""\
Functions are those of the table (dotgrad ops), silu, gelu, mean and logsumexp; pi, e,
tau, inf and nan are known. Statements are separated by ; or line breaks. An expression
that begins with a minus goes behind a -- of its own.""",
)
@takes_expression
@output_option("graph.png", FORMATS)
@open_option
@json_option
@click.option(
    "--seed", type=float, default=1.0, show_default=True, help="The upstream gradient."
)
@click.option("--backward/--no-backward", default=True, help="Draw gradients, too.")
@takes_look()
def draw(
    given: Given,
    *,
    output: str,
    format_: str | None,
    open_: bool,
    as_json: bool,
    seed: float,
    backward: bool,
    look: Look,
) -> None:
    """Draw an expression with its values and gradients."""
    if as_json:
        output, format_ = "-", "json"
    piped = pipe_format(output, format_, "svg")
    value = given.value(seed if backward else None)
    if piped:
        write_bytes(written(value, piped, look))
        return
    path = save(value, output, **look)
    name = f"{value.label} = " if value.label else ""
    click.echo(f"{path}: {name}{format_number(value.data, look['digits'])}")
    if open_:
        opened(path)
