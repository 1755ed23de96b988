"""`dotgrad ops`."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from engine import TABLE, Op
from viz.cli.command import command
from viz.cli.inputs import suggest
from viz.cli.output import json_option, print_json
from viz.cli.terminal import echo, print_table

HEAD = ["operation", "symbol", "domain", "local derivatives"]


def _complete_names(
    _: click.Context, __: click.Parameter, typed: str
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in TABLE if name.startswith(typed)]


@command(
    "dotgrad ops",
    "dotgrad ops tanh relu",
    "dotgrad ops --format markdown",
    "dotgrad ops --json",
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_complete_names)
@click.option(
    "--format", "format_", type=click.Choice(["text", "markdown"]), default="text"
)
@json_option
def ops(names: tuple[str, ...], *, format_: str, as_json: bool) -> None:
    """Print the table of operations, or what it knows of some of them."""
    if unknown := [name for name in names if name not in TABLE]:
        raise click.UsageError(
            f"There is no operation {unknown[0]!r}; {suggest(unknown[0], TABLE)}"
        )
    rows = [TABLE[name] for name in names] or list(TABLE.values())
    if as_json:
        print_json([_to_data(op) for op in rows])
    elif format_ == "markdown":
        echo(write_markdown(rows))
    elif names:
        echo("\n\n".join(str(op.__doc__) for op in rows))
    else:
        print_table(HEAD, [_make_cells(op) for op in rows])


def _make_cells(op: Op) -> list[str]:
    domain = dict.fromkeys(op.intervals)
    return [_write_call(op), op.symbol, ", ".join(domain), ", ".join(op.formulas)]


def _write_call(op: Op) -> str:
    return f"{op.name}({', '.join(op.operands)})"


def write_markdown(rows: list[Op]) -> str:
    """The table as it stands in the README."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for op in rows:
        domain = " , ".join(dict.fromkeys(op.intervals))
        rules = " , ".join(f"`{formula}`" for formula in op.formulas)
        rules = rules.replace("|", "\\|")
        lines.append(f"| `{_write_call(op)}` | {op.symbol} | {domain} | {rules} |")
    return "\n".join(lines)


def _to_data(op: Op) -> dict[str, object]:
    return {
        "name": op.name,
        "symbol": op.symbol,
        "operands": op.operands,
        "domain": op.domain,
        "derivatives": op.formulas,
        "kinks": op.kinks is not None,
        "optional": op.default,
        "about": op.about,
    }
