"""The command `dotgrad`.

Exit status: 0 done; 1 the picture could not be made (no renderer, out of time);
2 the input is wrong, and one line on standard error says what and where.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import engine
from engine import Value
from viz import FormatError, Look, RendererError, VizError, save
from viz.canvas import DIRECTIONS
from viz.dot import LINES
from viz.errors import OptionError
from viz.evaluation import evaluate
from viz.expression import ExpressionError, parse
from viz.formats import written
from viz.labels import format_number
from viz.theme import STYLES, THEMES

__all__ = ["main"]

_EXAMPLES = """\
examples:
  dotgrad draw "subtotal = apple * n; price = subtotal * tax" \\
      apple=100 n=2 tax=1.1 -o price.png
  dotgrad draw "y = tanh(w * x + b)" w=-3 x=2 b=6.9 --theme dark -o neuron.svg
  dotgrad draw -f bill.txt apple=100 n=2 tax=1.1 -o bill.pdf
  echo "x ** 2 + 1" | dotgrad draw - x=3 -o - --format png > square.png

Functions are those of the table (exp, log, tanh, relu, max, ...), silu, gelu, mean
and logsumexp; pi, e, tau, inf and nan are known. An expression that begins with a
minus goes behind a -- of its own.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    try:
        options = _parser().parse_args(argv)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            status: int = options.run(options)
        for warning in caught:
            _say(f"warning: {warning.message}")
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except RendererError as error:
        return _fail(error, 1)
    except OSError as error:
        path = f"{error.filename}: " if error.filename else ""
        return _fail(f"{path}{error.strerror or error}", 2)
    except (ExpressionError, VizError, _UsageError) as error:
        return _fail(error, 2)
    return status


class _UsageError(ValueError):
    """The command line is wrong."""


def _fail(error: object, status: int) -> int:
    _say(str(error))
    return status


def _say(text: str) -> None:
    print("dotgrad: " + " ".join(text.split()), file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """One line for an error, like everywhere else; `--help` has the rest."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise _UsageError(f"{message} (see {self.prog} --help)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dotgrad", description="Computational graphs with values and gradients."
    )
    parser.add_argument("--version", action="version", version=engine.__version__)
    commands = parser.add_subparsers(metavar="command", required=True)
    _add_draw(commands)
    return parser


def _add_draw(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "draw",
        help="draw an expression with its values and gradients",
        description="Draw an expression with its values and gradients.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "arguments",
        nargs="*",
        metavar="expression | name=value",
        help="the expression (- reads it from standard input), then its values",
    )
    add("-f", "--file", help="read the expression from this file")
    add(
        "-o",
        "--output",
        default="graph.png",
        metavar="PATH",
        help="png, svg, jpg, pdf, gv, tex, mmd, graphml or txt; - is standard output "
        "(default: %(default)s)",
    )
    add("--format", help="the format for standard output (default: svg)")
    add("--style", choices=list(STYLES), help="default: wire, and card above 40 values")
    add("--theme", choices=list(THEMES), default="light")
    add("--direction", choices=list(DIRECTIONS), default="LR", help="default: LR")
    add("--show", action="append", choices=LINES, help="write this only; repeatable")
    add("--budget", type=int, help="draw about so many values, by gradient")
    add("--fuse", action="store_true", default=None, help="draw chains of + as one Σ")
    add("--dpi", type=int, default=120, help="dots per inch (default: 120)")
    add("--digits", type=int, default=4, help="significant digits (default: 4)")
    add("--title", help="a line below the picture")
    add("--no-legend", action="store_true", help="leave the legend out")
    add("--seed", type=float, default=1.0, help="the upstream gradient (default: 1)")
    add("--no-backward", action="store_true", help="draw the values only")
    parser.set_defaults(run=_draw)  # fmt: skip


def _draw(options: argparse.Namespace) -> int:
    text, given = _inputs(options)
    value = evaluate(parse(text), given)
    if not options.no_backward:
        value.backward(options.seed)
    look: Look = {
        "style": options.style,
        "theme": options.theme,
        "direction": options.direction,
        "show": options.show,
        "budget": options.budget,
        "fuse": options.fuse,
        "dpi": options.dpi,
        "digits": options.digits,
        "legend": not options.no_legend,
        "title": options.title,
    }
    if options.output == "-":
        _pipe(value, options.format or "svg", look)
        return 0
    if options.format:
        raise OptionError(
            "--format goes with -o -; a path says its format by its suffix"
        )
    path = save(value, options.output, **look)
    name = f"{value.label} = " if value.label else ""
    print(f"{path}: {name}{format_number(value.data, options.digits)}")
    return 0


def _pipe(value: Value, format_: str, look: Look) -> None:
    sys.stdout.buffer.write(written(value, format_, look))


def _inputs(options: argparse.Namespace) -> tuple[str, dict[str, float]]:
    """The text of the expression and the values of its names."""
    rest = list(options.arguments)
    if options.file is not None:
        text = _read(options.file)
    elif not rest:
        raise _UsageError("there is no expression (see dotgrad draw --help)")
    else:
        text = rest.pop(0)
        text = sys.stdin.read() if text == "-" else text
    return text, dict(_assignment(argument) for argument in rest)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not a text in UTF-8: {error.reason}") from None


def _assignment(argument: str) -> tuple[str, float]:
    name, equals, number = argument.partition("=")
    name = name.strip()
    if not equals or not name.isidentifier():
        raise _UsageError(f"{argument!r} should be name=value, such as x=3")
    try:
        return name, float(number)
    except ValueError:
        raise _UsageError(
            f"{argument!r}: {number!r} is not a number; write one such as {name}=1.5"
        ) from None
