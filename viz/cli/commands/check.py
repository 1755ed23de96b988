"""`dotgrad check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from engine import GradientRow, GradientTable, grad, gradient_table
from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.output import json_option, print_json
from viz.cli.terminal import print_lines


@command(
    'dotgrad check "y = tanh(w * x + b)" w=-3 x=2 b=6.9',
    'dotgrad check "x ** 3 * y" x=2 y=5 --order 2 --mode reverse',
    'dotgrad check "relu(x)" x=0 --json',
    closing="Exit status: 0 when all derivatives are right, 1 when one is wrong or "
    "cannot be decided.",
)
@takes_expression
@click.option(
    "--order",
    type=click.IntRange(1, 2),
    default=1,
    help="2 checks the derivatives of the gradient.",
)
@click.option(
    "--mode",
    "modes",
    type=click.Choice(["forward", "reverse"]),
    multiple=True,
    default=("forward", "reverse"),
    help="May be repeated; both by default.",
)
@click.option(
    "--method",
    type=click.Choice(["richardson", "central"]),
    default="richardson",
    help="Extrapolated differences, or the textbook's.",
)
@click.option("--rtol", type=float, default=1e-6, help="Relative tolerance.")
@click.option("--atol", type=float, help="Absolute tolerance.")
@click.option("--noise", type=float, default=0.0, help="How uneven the values are.")
@json_option
def check(expression: Expression, *, order: int, as_json: bool, **options: Any) -> None:
    """Compare the gradients with numerical differentiation."""
    names = list(expression.numbers)
    output = expression.value().label or "output"
    if not names:
        raise click.UsageError("The expression has no names to differentiate by.")
    f: Callable[..., Any] = expression.function
    outputs = {"output": output}
    if order == 2:
        f = grad(f, tuple(range(len(names))))
        outputs = {f"output[{i}]": f"∂{output}/∂{x}" for i, x in enumerate(names)}
    long = len(names) > 50
    found = gradient_table(f, *expression.numbers.values(), progress=long, **options)
    inputs = {f"args[{i}]": name for i, name in enumerate(names)}
    table = GradientTable(
        tuple(
            replace(row, input=inputs[row.input], output=outputs[row.output])
            for row in found.rows
        )
    )
    if as_json:
        print_json({"ok": table.ok, "rows": [_to_data(row) for row in table.rows]})
    else:
        print_lines([*str(table).splitlines(), _summarize(table)], bad="WRONG")
    if not table.ok:
        raise click.exceptions.Exit(1)


def _summarize(table: GradientTable) -> str:
    count = len(table.rows)
    if table.ok:
        return f"{count} derivatives, all right"
    if not table.wrong:
        return f"{len(table.inconclusive)} of {count} derivatives are inconclusive"
    return f"{len(table.wrong)} of {count} derivatives are WRONG"


def _to_data(row: GradientRow) -> dict[str, Any]:
    return {
        "input": row.input,
        "output": row.output,
        "mode": row.mode,
        "verdict": row.verdict,
        "analytic": row.analytic,
        "numerical": row.slope.value,
        "from": row.slope.low,
        "to": row.slope.high,
        "absolute": row.absolute,
        "relative": row.relative,
        "tolerance": row.tolerance,
        "note": row.slope.note,
        "ok": row.ok,
    }
