"""Gradient check: what backpropagation gives, minus what differences of values give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.autodiff.transforms import grad
from engine.errors import GradientError, OptionError
from engine.gradcheck.differences import METHODS, Slope, estimate_slopes
from engine.gradcheck.function import make_checked_function
from engine.graph.value import Value
from engine.util.progress import track

MODES = ("forward", "reverse")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class GradientRow:
    """One derivative, found by the engine and by differences."""

    input: str
    output: str
    mode: str
    analytic: float
    slope: Slope
    tolerance: float
    """The difference that is allowed, the numerical error included."""

    @property
    def absolute(self) -> float:
        """How far the engine's derivative is from the numerical one.

        At a kink any number between the one-sided derivatives is right.
        """
        if self.analytic == self.slope.value:
            return 0.0
        below, above = self.slope.low - self.analytic, self.analytic - self.slope.high
        return max(below, above, 0.0) if below == below else math.nan

    @property
    def relative(self) -> float:
        """`absolute` over the larger of the two derivatives."""
        size = max(abs(self.analytic), abs(self.slope.value))
        if self.absolute == 0 or math.isinf(size):
            return self.absolute
        return self.absolute / size

    @property
    def ok(self) -> bool:
        """Whether the two agree."""
        return self.absolute <= self.tolerance


@dataclass(frozen=True, slots=True)
class GradientTable:
    """All derivatives of a check; prints itself as a table, the worst rows first."""

    rows: tuple[GradientRow, ...]
    graph: Value | None = field(default=None, repr=False, compare=False)
    """That of the first result that has one."""

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return all(row.ok for row in self.rows)

    @property
    def wrong(self) -> tuple[GradientRow, ...]:
        """The rows that do not."""
        return tuple(row for row in self.rows if not row.ok)

    @property
    def mean_difference(self) -> float:
        """The mean absolute difference, as the textbook prints it."""
        return math.fsum(row.absolute for row in self.rows) / max(1, len(self.rows))

    def require(self) -> None:
        """See that all agree.

        Raises:
            GradientError: they do not; its message is this table.
        """
        if not self.ok:
            count = f"{len(self.wrong)} of {len(self.rows)} derivatives are wrong"
            error = GradientError(f"{count}\n{self}")
            error.table, error.graph = self, self.graph
            raise error

    def __str__(self) -> str:
        head = ("input", "output", "mode", "analytic", "numerical", "absolute",
                "relative", "")  # fmt: skip
        ordered = sorted(self.rows, key=lambda row: (row.ok, -row.relative))
        lines = [head, *(_format_row(row) for row in ordered[:_SHOWN])]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = "\n".join(
            "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines
        )
        more = len(self.rows) - _SHOWN
        return text + (f"\n... {more} more rows" if more > 0 else "")


def _format_row(row: GradientRow) -> tuple[str, ...]:
    slope = row.slope
    shown = f"{slope.value:.10g}"
    if slope.low != slope.high and slope.low == slope.low:
        shown = f"{slope.low:.6g} to {slope.high:.6g}"
    notes = ", ".join(filter(None, (slope.note, "" if row.ok else "WRONG")))
    return (row.input, row.output, row.mode, f"{row.analytic:.10g}", shown,
            f"{row.absolute:.1e}", f"{row.relative:.1e}", notes)  # fmt: skip


def check_gradients(
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] = MODES,
    parameters: Iterable[Value] | None = None,
    method: str = "richardson",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    progress: bool = False,
) -> None:
    """Compare the gradients of `f` at `args` with numerical differentiation.

    `f` is called with Values for the first and with floats for the second. At a kink
    (relu at 0) every number between the one-sided derivatives is right; at the edge
    of a domain the derivative from within counts. The table says where.

    Args:
        args: numbers, or nested lists, tuples and dicts of them.
        order: 2 checks the derivatives of the gradient, too.
        modes: which of the engine's modes to check, "forward" and "reverse".
        parameters: leaf Values that `f` closes over, to be checked in the place of
            arguments: their `data` is changed and put back.
        method: "richardson" (extrapolated), or "central" (one difference).
        rtol, atol: the difference allowed, relative and absolute, beside the
            numerical derivative's own error.
        progress: show a bar on a terminal (extra `progress`).

    >>> from engine import check_gradients, relu, tanh
    >>> check_gradients(lambda w, x: tanh(w[0] * x + w[1]), [0.3, -0.2], 1.5, order=2)
    >>> check_gradients(relu, 0.0)

    Raises:
        GradientError: they differ; its message is the table, `table` the data.
        OptionError: an option is wrong.
    """
    if order not in (1, 2):
        raise OptionError(f"order={order!r}: 1 or 2")
    if order == 2 and parameters is not None:
        raise OptionError("order=2 needs arguments, not parameters")
    options: dict[str, Any] = {
        "modes": modes, "method": method, "rtol": rtol, "atol": atol,
        "progress": progress,
    }  # fmt: skip
    gradient_table(f, *args, parameters=parameters, **options).require()
    if order == 2:
        gradient = grad(f, tuple(range(len(args))))
        gradient_table(gradient, *args, **options).require()


def gradient_table(
    f: Callable[..., Any],
    *args: Any,
    modes: Sequence[str] = MODES,
    parameters: Iterable[Value] | None = None,
    method: str = "richardson",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    progress: bool = False,
) -> GradientTable:
    """What `check_gradients` compares, as data.

    >>> from engine import gradient_table
    >>> table = gradient_table(lambda x, y: x * y, 2.0, 3.0, modes=["reverse"])
    >>> [(row.input, row.analytic) for row in table.rows]
    [('args[0]', 3.0), ('args[1]', 2.0)]
    """
    if method not in METHODS:
        raise OptionError(f"method={method!r}: choose from {', '.join(METHODS)}")
    if not modes or not set(modes) <= set(MODES):
        raise OptionError(f"modes={modes!r}: some of {', '.join(MODES)}")
    about = make_checked_function(f, args, parameters)
    analytic = {mode: about.differentiate(mode) for mode in modes}
    rows = []
    for i in track(range(len(about.inputs)), "gradient check", "input", show=progress):
        for j, slope in enumerate(
            estimate_slopes(about.restrict(i), about.points[i], method=method)
        ):
            for mode in modes:
                found = analytic[mode][j][i]
                sizes = [abs(x) for x in (found, slope.value) if math.isfinite(x)]
                tolerance = rtol * max(sizes, default=0.0) + atol + 4 * slope.error
                rows.append(GradientRow(about.inputs[i], about.outputs[j], mode,
                                        found, slope, tolerance))  # fmt: skip
    return GradientTable(tuple(rows), about.graph)
