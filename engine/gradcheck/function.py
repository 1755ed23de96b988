"""The function that a gradient check is about, as one of a flat list of numbers.

The numbers are those in the arguments, or the data of leaves that the function closes
over. For its results at other points it is run on Values without a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.autodiff.forward import tangents
from engine.autodiff.trace import Trace, flatten_numbers, watching
from engine.errors import OperandError
from engine.explanation.labels import path_labels
from engine.graph.context import no_grad
from engine.graph.node import topological_order
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.text import SEPARATOR
from engine.util.arrays import close_array, open_array
from engine.util.nested import flatten, leaf_names, unflatten

Function = Callable[..., Any]


class CheckedFunction:
    """The inputs and outputs of a function at one point, with their names."""

    inputs: list[str]
    variables: list[Value]

    def __init__(self, output: Any) -> None:
        structure, self.results = flatten_numbers(output, "output")
        self.outputs = list(leaf_names(structure, "output"))
        self.points = [float(variable.data) for variable in self.variables]

    @property
    def graph(self) -> Value | None:
        """The graph of the first result that has one."""
        graphs = [r for r in self.results if isinstance(r, Value)]
        return graphs[0] if graphs else None

    def restrict(self, i: int) -> Callable[[float], list[float]]:
        """The results as a function of input number i alone."""
        raise NotImplementedError

    def differentiate(self, mode: str) -> list[list[float]]:
        """The engine's derivative of each result by each input."""
        nodes = [result for result in self.results if isinstance(result, Value)]
        if mode == "reverse":
            swept = [adjoints(r) if isinstance(r, Value) else {} for r in self.results]
            return [[found.get(v, 0.0) for v in self.variables] for found in swept]
        pushed = [tangents(nodes, {variable: 1.0}) for variable in self.variables]
        return [
            [found.get(r, 0.0) if isinstance(r, Value) else 0.0 for found in pushed]
            for r in self.results
        ]


class FunctionOfArguments(CheckedFunction):
    """A function whose inputs are the numbers in its arguments."""

    def __init__(self, f: Function, args: tuple[Any, ...]) -> None:
        trace = Trace(f, args, range(len(args)), {})
        self.f = f
        self.variables = trace.variables
        self.structure, _ = flatten(args, open_array)
        self.inputs = list(leaf_names(self.structure, "args"))
        for variable, path in zip(self.variables, self.inputs, strict=True):
            variable.label = path
        super().__init__(trace.output)

    def restrict(self, i: int) -> Callable[[float], list[float]]:
        """The results as a function of input number i alone."""

        def evaluate(x: float) -> list[float]:
            values = iter([*self.points[:i], x, *self.points[i + 1 :]])
            with no_grad():
                args = unflatten(self.structure, map(Value, values), close_array)
                return _as_floats(self.f(*args))

        return evaluate


class FunctionOfParameters(CheckedFunction):
    """A function without arguments, whose inputs are the data of leaves."""

    def __init__(self, f: Function, leaves: Iterable[Value]) -> None:
        self.f = f
        self.variables = list(leaves)
        for i, leaf in enumerate(self.variables):
            if not isinstance(leaf, Value) or leaf.parents:
                raise OperandError(
                    f"parameters[{i}] is {leaf!r}; leaf Values are wanted"
                )
        with watching(self.variables):
            output = f()
        super().__init__(output)
        graphs = [result for result in self.results if isinstance(result, Value)]
        paths = path_labels(topological_order(*graphs))
        self.inputs = [
            SEPARATOR.join(paths.get(leaf, ())) or leaf.label or f"parameters[{i}]"
            for i, leaf in enumerate(self.variables)
        ]

    def restrict(self, i: int) -> Callable[[float], list[float]]:
        """The results as a function of input number i alone."""
        leaf, before = self.variables[i], self.variables[i].data

        def evaluate(x: float) -> list[float]:
            try:
                leaf.data = x
                with no_grad():
                    return _as_floats(self.f())
            finally:  # whatever happens, Ctrl-C included
                leaf.data = before

        return evaluate


def _as_floats(output: Any) -> list[float]:
    return [float(result) for result in flatten_numbers(output, "output")[1]]


def make_checked_function(
    f: Function, args: tuple[Any, ...], parameters: Iterable[Value] | None
) -> CheckedFunction:
    """`f` with its arguments as inputs, or the parameters where they are given.

    Raises:
        OperandError: both are given, or neither.
    """
    if (parameters is None) == (not args):
        raise OperandError("give arguments for f, or parameters= that it closes over")
    return (
        FunctionOfArguments(f, args)
        if parameters is None
        else FunctionOfParameters(f, parameters)
    )
