"""`dotgrad repl`."""

from __future__ import annotations

import code
import importlib.util
import sys
from typing import Any

import click

import engine
import viz
from engine import Value, topological_order
from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.terminal import require_input

_BANNER = f"""\
dotgrad {engine.__version__} with all names of engine and viz. A Value shows its tree.
Try: x = Value(3, label="x"); y = tanh(x / 2); y.backward(); y
"""


@command("dotgrad repl", 'dotgrad repl "y = tanh(w * x + b)" w=-3 x=2 b=6.9')
@takes_expression(optional=True)
@click.option(
    "--ipython/--python", default=None, help="By default IPython where it is installed."
)
def repl(expression: Expression | None, *, ipython: bool | None) -> None:
    """Open Python with everything imported, and Values shown as trees.

    The names of an expression are there as Values; `output` is its result.
    """
    require_input()
    names, banner = _collect_names(), _BANNER
    if expression:
        ours = _name_values(expression.value(seed=None))
        names |= ours
        banner += f"Here are: {', '.join(ours)}. No gradients yet: output.backward()\n"
    if ipython is None:
        ipython = sys.stdin.isatty() and bool(importlib.util.find_spec("IPython"))
    (_open_ipython if ipython else _open_python)(names, banner)


def _collect_names() -> dict[str, Any]:
    return {
        **{name: getattr(engine, name) for name in engine.__all__},
        **{name: getattr(viz, name) for name in viz.__all__},
        "engine": engine,
        "viz": viz,
    }


def _name_values(output: Value) -> dict[str, Any]:
    """The Values of an expression by their names."""
    named = {node.label: node for node in topological_order(output)}
    return {name: node for name, node in named.items() if name} | {"output": output}


def _open_python(names: dict[str, Any], banner: str) -> None:
    _complete_names(names)
    before, sys.displayhook = sys.displayhook, _display
    try:
        code.interact(banner, local=names, exitmsg="")
    finally:
        sys.displayhook = before


def _display(x: object) -> None:
    """What an interactive Python does with a result; a Value shows its tree."""
    if isinstance(x, Value):
        viz.show(x)
    else:
        sys.__displayhook__(x)


def _complete_names(names: dict[str, Any]) -> None:
    try:
        import readline
        import rlcompleter
    except ImportError:  # a Python without readline, or without a terminal
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")


def _open_ipython(names: dict[str, Any], banner: str) -> None:
    try:
        from IPython import start_ipython
        from traitlets.config import Config
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "IPython is missing: pip install 'dotgrad[terminal]', or use --python"
        ) from None
    config = Config()
    config.TerminalInteractiveShell.banner1 = banner
    config.TerminalInteractiveShell.confirm_exit = False
    config.InteractiveShellApp.extensions = [__name__]
    start_ipython(argv=[], config=config, user_ns=names)


def load_ipython_extension(shell: Any) -> None:
    """Show Values as trees in this IPython."""
    shell.display_formatter.formatters["text/plain"].for_type(
        Value, lambda value, printer, _: printer.text(viz.tree(value))
    )
