"""`main`: from the command line to an exit status, every error in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import click

import engine
from engine import EngineError
from engine.native import describe_core
from engine.text import find_nearest
from viz.cli.command import Group, discard_output
from viz.cli.commands.animate import animate
from viz.cli.commands.bench import bench
from viz.cli.commands.check import check
from viz.cli.commands.draw import draw
from viz.cli.commands.explain import explain
from viz.cli.commands.explore import explore
from viz.cli.commands.ops import ops
from viz.cli.commands.repl import repl
from viz.cli.completion import completion
from viz.cli.expression import ExpressionError
from viz.cli.terminal import careful_streams, echo
from viz.errors import RendererError

PROGRAM = Group(
    "dotgrad",
    commands=[draw, explain, check, animate, explore, repl, bench, ops],
    params=[completion],
    help="Computational graphs with values and gradients, in the terminal.",
    examples=[
        'dotgrad draw "price = apple * n * tax" apple=100 n=2 tax=1.1 -o price.png',
        'dotgrad explain "z = x * y + x" x=2 y=5',
        'eval "$(dotgrad --completion bash)"',
    ],
    closing="""\
Exit status: 0 done; 1 a gradient is wrong, or this machine lacks what is needed;
2 the input is wrong. One line on standard error says what to do. 130 after Ctrl-C,
141 when nobody reads the output any more.""",
)


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    echo(f"{engine.__version__} ({describe_core()})")
    try:
        import dotgrad
    except ImportError as error:
        _say(str(error))
        ctx.exit(1)
    if overwritten := dotgrad.find_overwritten():
        _say(overwritten)
        ctx.exit(1)
    ctx.exit()


click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version, which core runs, and whether all files are ours.",
)(PROGRAM)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with careful_streams():
            status = _run(argv)
            for warning in caught:
                _say(f"warning: {warning.message}")
    return status


def _run(argv: Sequence[str] | None) -> int:
    try:
        status = PROGRAM.main(argv, "dotgrad", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return discard_output()
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        return _fail(f"{error.format_message()} {_advise(error)}", 2)
    except (RendererError, ModuleNotFoundError) as error:
        return _fail(error, 1)
    except OSError as error:
        if not error.filename:  # a stream of this program, and nothing that was typed
            return _fail(error.strerror or error, 1)
        return _fail(describe_os_error(error), 2)
    except (ExpressionError, EngineError) as error:
        return _fail(error, 2)
    return status or 0


def _advise(error: click.UsageError) -> str:
    """Where help is; which commands there are; what to do with an expression -x."""
    help_ = f"see {error.ctx.command_path if error.ctx else 'dotgrad'} --help"
    if isinstance(error, click.exceptions.NoSuchCommand) and not error.possibilities:
        return f"The commands are {', '.join(PROGRAM.commands)}. ({help_})"
    option = getattr(error, "option_name", "--")
    if option.startswith("--") or error.cmd is PROGRAM:
        return f"({help_})"
    return f"(write -- before an expression that begins with a minus, or {help_})"


def _fail(error: object, status: int) -> int:
    _say(str(error))
    return status


def _say(text: str) -> None:
    echo("dotgrad: " + " ".join(text.split()), err=True)


def describe_os_error(error: OSError) -> str:
    """The error with its path and a way out."""
    if not error.filename:
        return error.strerror or str(error)
    path = Path(str(error.filename))
    return f"{path}: {error.strerror}{_advise_on_path(error, path)}"


def _advise_on_path(error: OSError, path: Path) -> str:
    match error:
        case FileNotFoundError() if not path.parent.is_dir():
            return f"; make the folder first: mkdir -p {path.parent}"
        case FileNotFoundError():
            here = [found.name for found in path.parent.iterdir()]
            near = find_nearest(path.name, here)
            return f"; did you mean {path.with_name(near)}?" if near else ""
        case PermissionError():
            return "; choose a path of your own, such as one in your home folder"
        case IsADirectoryError():
            return "; give the path of a file in it"
    return ""
