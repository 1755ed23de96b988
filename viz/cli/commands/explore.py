"""`dotgrad explore`."""

from __future__ import annotations

from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.options import takes_look
from viz.cli.output import Output, takes_output
from viz.page.explore import PAGE, PAGES, compose_page
from viz.style.options import Look


@command(
    'dotgrad explore "y = tanh(w * x + b)" w=-3 x=2 b=6.9 -o neuron.html',
    'dotgrad explore "z = x * y + x" x=3 y=-2 --theme dark -o - > page.html',
)
@takes_expression
@takes_output(PAGES, "graph.html", piped="html")
@takes_look(PAGE)
def explore(expression: Expression, *, output: Output, look: Look) -> None:
    """Write a page to play with: step by step, with live leaves.

    One file of HTML, which needs no network. Drag a leaf's value, and every number
    follows.
    """
    value = expression.value()
    output.deliver(lambda _: compose_page(value, look), lambda: "open it in a browser")
