"""Gradient check: what backpropagation gives, minus what differences of values give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.autodiff.trace import require_function
from engine.autodiff.transforms import grad, jacobian
from engine.errors import GradientError, OptionError
from engine.gradcheck.differences import (
    FAR,
    METHODS,
    NEAR,
    USUAL,
    Reach,
    Slope,
    estimate_slopes,
)
from engine.gradcheck.function import (
    CheckedFunction,
    Function,
    make_checked_function,
)
from engine.gradcheck.rounding import (
    EPSILON,
    bound_rounding,
    sum_paths,
)
from engine.graph.node import topological_order
from engine.graph.value import Value
from engine.text import cut
from engine.util.numbers import is_number
from engine.util.progress import track

MODES = ("forward", "reverse")
_ZERO = 1e-9
"""As near to 0 as a derivative that is 0 has to be found."""
_OWN_ROUNDING = 64 * EPSILON
"""Of a rule's derivative, over the sum of its contributions."""
_SHOWN = 20
_ADVICE = """
inconclusive: values beside the point are too uncertain to decide. What helps: a point
farther from jumps and poles; numbers of a more usual size; noise=1e-6 where f is right
to six digits only; rtol=1e-3 where so much is enough; or allow_inconclusive=True"""


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
    resolution: float = math.inf
    """The numerical error up to which the row is decided."""

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
    def verdict(self) -> str:
        """ "right", "kink" (right at one), "wrong", or "inconclusive".

        Inconclusive is what the numerical derivative is too uncertain to decide.
        """
        if math.isnan(self.absolute) or self.slope.rough:
            return "inconclusive"
        if math.isinf(self.slope.value) and self.analytic != self.slope.value:
            return "wrong" if self.absolute > self.tolerance else "inconclusive"
        if self.absolute > self.tolerance:
            return "inconclusive" if self.slope.note == "jump" else "wrong"
        if self.slope.error > self.resolution:
            return "inconclusive"
        if self.slope.note == "kink":  # beside one, only one of its sides is right
            return "kink" if self.slope.at_point else "inconclusive"
        return "right"

    @property
    def ok(self) -> bool:
        """Whether the two agree."""
        return self.verdict in ("right", "kink")


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
        return tuple(row for row in self.rows if row.verdict == "wrong")

    @property
    def inconclusive(self) -> tuple[GradientRow, ...]:
        """The rows that nothing can be said of."""
        return tuple(row for row in self.rows if row.verdict == "inconclusive")

    @property
    def mean_difference(self) -> float:
        """The mean absolute difference, as the textbook prints it."""
        return math.fsum(row.absolute for row in self.rows) / max(1, len(self.rows))

    def require(self, *, allow_inconclusive: bool = False) -> None:
        """See that all agree.

        Raises:
            GradientError: they do not; its message is this table.
        """
        wrong, open_ = len(self.wrong), len(self.inconclusive)
        if not wrong and (allow_inconclusive or not open_):
            return
        of = f"of {len(self.rows)} derivatives are"
        counts = f"{wrong} {of} wrong" if wrong else f"{open_} {of} inconclusive"
        if wrong and open_:
            counts += f", {open_} inconclusive"
        error = GradientError(f"{counts}\n{self}{_ADVICE if open_ else ''}")
        error.table, error.graph = self, self.graph
        raise error

    def __str__(self) -> str:
        head = ("input", "output", "mode", "analytic", "numerical", "absolute",
                "relative", "")  # fmt: skip
        ordered = sorted(
            self.rows, key=lambda row: (row.ok, row.verdict != "wrong", -row.relative)
        )
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
    words = {"wrong": "WRONG", "inconclusive": "inconclusive"}
    notes = ", ".join(filter(None, (slope.note, words.get(row.verdict))))
    return (cut(row.input), cut(row.output), row.mode, f"{row.analytic:.10g}", shown,
            f"{row.absolute:.1e}", f"{row.relative:.1e}", notes)  # fmt: skip


def check_gradients(
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] = MODES,
    parameters: Iterable[Value] | None = None,
    method: str = "richardson",
    rtol: float = 1e-6,
    atol: float | None = None,
    noise: float = 0.0,
    allow_inconclusive: bool = False,
    progress: bool = False,
) -> None:
    """Compare the gradients of `f` at `args` with numerical differentiation.

    `f` is called with Values for the first and with floats for the second. A derivative
    is right, wrong, or inconclusive: what cannot be decided by the values beside the
    point does not pass. At a kink (relu at 0) every number between the one-sided
    derivatives is right; at the edge of a domain the derivative from within counts. The
    table says where.

    Args:
        args: numbers, or nested lists, tuples and dicts of them.
        order: 2 checks the derivatives of the gradient, too.
        modes: which of the engine's modes to check, "forward" and "reverse".
        parameters: leaf Values that `f` closes over, to be checked in the place of
            arguments: their `data` is changed and put back.
        method: "richardson" (extrapolated), or "central" (one difference).
        rtol, atol: the difference allowed, relative and absolute, beside the
            numerical derivative's own error. Without `atol` it is a billionth of the
            numbers that `f` computes with over the input, at most 1e-9.
        noise: how far the results of `f` may be from smooth ones, beside rounding: the
            tolerance of an iteration in it. Absolute up to 1, relative above.
        allow_inconclusive: pass what cannot be decided.
        progress: show a bar on a terminal (extra `progress`).

    >>> from engine import check_gradients, relu, tanh
    >>> check_gradients(lambda w, x: tanh(w[0] * x + w[1]), [0.3, -0.2], 1.5, order=2)
    >>> check_gradients(relu, 0.0)

    Raises:
        GradientError: they differ, or that cannot be decided (its message is the table,
            `table` the data), or `f` gives other results at the same point.
        OptionError: an option is wrong.
    """
    require_function(f, "check_gradients")
    if order not in (1, 2):
        raise OptionError(f"order={order!r}: 1 or 2")
    if order == 2 and parameters is not None:
        raise OptionError("order=2 needs arguments, not parameters")
    options: dict[str, Any] = {
        "modes": modes, "method": method, "rtol": rtol, "atol": atol,
        "noise": noise, "progress": progress,
    }  # fmt: skip
    table = gradient_table(f, *args, parameters=parameters, **options)
    table.require(allow_inconclusive=allow_inconclusive)
    if order == 2:
        of_one = {row.output for row in table.rows} == {"output"}
        differentiate = grad if of_one else jacobian
        gradient = differentiate(f, tuple(range(len(args))))
        second = gradient_table(gradient, *args, **options)
        second.require(allow_inconclusive=allow_inconclusive)


def gradient_table(
    f: Callable[..., Any],
    *args: Any,
    modes: Sequence[str] = MODES,
    parameters: Iterable[Value] | None = None,
    method: str = "richardson",
    rtol: float = 1e-6,
    atol: float | None = None,
    noise: float = 0.0,
    progress: bool = False,
) -> GradientTable:
    """What `check_gradients` compares, as data.

    >>> from engine import gradient_table
    >>> table = gradient_table(lambda x, y: x * y, 2.0, 3.0, modes=["reverse"])
    >>> [(row.input, row.analytic) for row in table.rows]
    [('args[0]', 3.0), ('args[1]', 2.0)]

    Raises:
        GradientError: `f` gives other results at the same point.
        OptionError: an option is wrong.
    """
    require_function(f, "gradient_table")
    if method not in METHODS:
        raise OptionError(f"method={method!r}: choose from {', '.join(METHODS)}")
    if not modes or not set(modes) <= set(MODES):
        raise OptionError(f"modes={modes!r}: some of {', '.join(MODES)}")
    if not (is_number(noise) and 0 <= noise < math.inf):
        raise OptionError(f"noise={noise!r}: a number from 0 on")
    check = Check(make_checked_function(f, args, parameters), modes, method,
                  rtol, atol, noise)  # fmt: skip
    check.require_the_same_again()
    rows = []
    count = len(check.about.inputs)
    for i in track(range(count), "gradient check", "input", show=progress):
        rows += check.compare(i)
    check.require_the_same_again()  # a state that moves slowly shows by now
    return GradientTable(tuple(rows), check.about.graph)


def _refine(usual: GradientRow, near: GradientRow) -> GradientRow:
    """That a derivative is wrong is not believed where smaller steps meet jumps or see
    another slope."""
    if usual.ok:
        return usual
    if near.ok or near.slope.rough or usual.verdict != "wrong":
        return near
    return near if _contradicts(near, usual) else usual


def _widen(near: GradientRow, far: GradientRow) -> GradientRow:
    """What small steps leave open, larger ones may decide where those give its size,
    and within what those allow: sin(x) + 1e15 is flat to steps of many periods."""
    size = max(abs(far.slope.value), abs(near.analytic))
    is_open = near.verdict == "inconclusive" and not near.slope.rough
    is_seen = near.slope.error <= 0.5 * size
    return far if is_open and is_seen and not _contradicts(near, far) else near


def _contradicts(fine: GradientRow, coarse: GradientRow) -> bool:
    return abs(fine.slope.value - coarse.slope.value) > fine.tolerance


class Check:
    """The derivatives of a function, to be compared input by input."""

    def __init__(
        self,
        about: CheckedFunction,
        modes: Sequence[str],
        method: str,
        rtol: float,
        atol: float | None,
        noise: float,
    ) -> None:
        self.about = about
        self.method, self.rtol, self.atol, self.noise = method, rtol, atol, noise
        self.values = [float(result) for result in about.results]
        self.analytic = {mode: about.differentiate(mode) for mode in modes}
        self.paths = [sum_paths(result, about.variables) for result in about.results]
        rounding = bound_rounding(about.results)
        self.sizes = [error / EPSILON for error in rounding.errors]
        self.errors = [
            error + noise * max(1.0, abs(value))
            for error, value in zip(rounding.errors, self.values, strict=True)
        ]
        self.unsure = set(topological_order(*rounding.unsure))
        self.at_kinks = set(topological_order(*rounding.at_kinks))

    def require_the_same_again(self) -> None:
        """See that the function gives the same results at the same point.

        Raises:
            GradientError: it does not; differences of its values would mean nothing.
        """
        if self.about.inputs:
            evaluate, x = self.about.restrict(0), self.about.points[0]
            for _ in range(2):
                self._require_same(self.values, evaluate(x))

    def _require_same(self, first: list[float], again: list[float]) -> None:
        if len(first) != len(again):
            self._refuse_randomness("the number of results", len(first), len(again))
        allowed = self.errors if self.noise else [0.0] * len(again)
        for name, a, b, error in zip(
            self.about.outputs, first, again, allowed, strict=True
        ):
            both_nan = a != a and b != b
            if not (a == b or both_nan or abs(a - b) <= 2 * error):
                self._refuse_randomness(name, a, b)

    def _refuse_randomness(self, name: str, first: float, again: float) -> None:
        raise GradientError(
            f"not deterministic: {name} is {first!r} and then {again!r} "
            "at the same point. Let f make the same random numbers at each "
            "call, or say with noise= how far its results may differ"
        )

    def _restrict(self, i: int) -> Function:
        """The results by input number i, which are to be the same wherever a point
        comes again."""
        evaluate = self.about.restrict(i)
        known = {self.about.points[i]: self.values}

        def evaluate_again(x: float) -> list[float]:
            results = evaluate(x)
            self._require_same(known.setdefault(x, results), results)
            return results

        return evaluate_again

    def compare(self, i: int) -> list[GradientRow]:
        """The derivatives by input number i, at other steps where the usual ones do not
        show that they are right."""
        f = self._restrict(i)
        rows = self._compare_within(i, f, USUAL)
        if self.method == "central" or all(row.ok for row in rows):
            return rows
        near = self._compare_within(i, f, NEAR)
        rows = [_refine(a, b) for a, b in zip(rows, near, strict=True)]
        if not any(row.verdict == "inconclusive" for row in rows):
            return rows
        far = self._compare_within(i, f, FAR)
        return [_widen(a, b) for a, b in zip(rows, far, strict=True)]

    def _compare_within(self, i: int, f: Function, reach: Reach) -> list[GradientRow]:
        slopes = estimate_slopes(
            f, self.about.points[i],
            method=self.method, errors=self.errors, reach=reach,
        )  # fmt: skip
        return [
            self._make_row(i, j, mode, slope)
            for j, slope in enumerate(slopes)
            for mode in self.analytic
        ]

    def _make_row(self, i: int, j: int, mode: str, slope: Slope) -> GradientRow:
        found, paths = self.analytic[mode][j][i], self.paths[j][i]
        variable = self.about.variables[i]
        if variable in self.at_kinks:
            slope = replace(slope, at_point=True)
        sizes = [abs(x) for x in (found, slope.value) if math.isfinite(x)]
        size = max(sizes, default=0.0)
        scale = self.sizes[j] / max(abs(self.about.points[i]), 1e-3)
        atol = _ZERO * min(scale, 1.0) if self.atol is None else self.atol
        tolerance = self.rtol * size + atol + 4 * slope.error + _OWN_ROUNDING * paths
        # One that is itself right to two digits decides nothing. Where contributions
        # cancel, digits are counted of these; 0 has none.
        part = max(10 * self.rtol, 10 * math.sqrt(self.noise))
        resolution = max(part * size, _ZERO * (paths or 1.0)) + atol
        row = GradientRow(self.about.inputs[i], self.about.outputs[j], mode, found,
                          slope, tolerance, resolution)  # fmt: skip
        if row.verdict == "wrong" and variable in self.unsure:
            return replace(row, slope=replace(slope, rough=True))
        return row
