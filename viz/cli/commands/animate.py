"""`dotgrad animate`."""

from __future__ import annotations

import click

from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.options import takes_look
from viz.cli.output import Output, takes_output
from viz.film.animate import FILM, FILMS, render_film
from viz.film.frames import count_frames
from viz.style.options import Look


@command(
    'dotgrad animate "z = x * y + x" x=3 y=-2 -o film.gif',
    'dotgrad animate "relu(x * y)" x=3 y=2 --pace 0.6 --theme dark -o - > film.gif',
    closing="It needs pip install 'dotgrad[film]'.",
)
@takes_expression
@takes_output(FILMS, "graph.gif", piped="gif")
@click.option("--pace", type=float, default=1.2, help="Seconds for a frame.")
@takes_look(FILM)
def animate(expression: Expression, *, output: Output, pace: float, look: Look) -> None:
    """Film forward and backward propagation, step by step."""
    value = expression.value()
    output.deliver(
        lambda format_: render_film(value, format_, pace=pace, **look),
        lambda: f"{count_frames(value)} frames",
    )
