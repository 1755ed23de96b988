"""What a widget shows at one point after another: a graph, or a function."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from inspect import BoundArguments, Parameter
from typing import Any

from engine import Value, recompute, topological_order
from viz.diagram.diagram import check_value
from viz.drawing.select import WHOLE
from viz.errors import OptionError, TooLargeError
from viz.notebook.sliders import find_name, name_leaves, select_leaves


class GraphSource:
    """A graph of Values, computed again in place: `x.data` follows the slider of x."""

    leaves: dict[str, Value]
    """Those that can be moved, by name."""
    output: Value
    """The expression at the point where it was computed last, with gradients."""
    note: str
    """Says that there are leaves without a slider, if there are."""

    def __init__(self, output: Value, leaves: Iterable[Value | str] | None) -> None:
        self.output = check_value(output)
        count = len(topological_order(output))
        if count > WHOLE:
            raise TooLargeError(
                f"{count:,} values are too many to be drawn at each move of a slider "
                f"(the limit is {WHOLE:,}): viz.draw(value) draws them once"
            )
        known = {name: leaf for leaf, name in name_leaves(output).items()}
        asked = None if leaves is None else [find_name(leaf, known) for leaf in leaves]
        _differentiate(output)
        kept, self.note = select_leaves(known, asked)
        self.leaves = {name: known[name] for name in kept}

    def move(self, numbers: Mapping[str, float]) -> None:
        """Put the numbers into the leaves, and compute values and gradients.

        Raises what computing raises; nothing is changed then.
        """
        found = {self.leaves[name]: number for name, number in numbers.items()}
        recompute(self.output, found)
        _differentiate(self.output)


class FunctionSource:
    """A function of numbers, called again at each point: `if` and loops are obeyed."""

    note = ""

    def __init__(self, function: Callable[..., Any], numbers: dict[str, float]) -> None:
        self._function = function
        self._signature = inspect.signature(function)
        self._run(numbers)

    def move(self, numbers: Mapping[str, float]) -> None:
        """Call the function with new leaves; see `GraphSource.move`."""
        here = {name: leaf.data for name, leaf in self.leaves.items()}
        self._run({**here, **numbers})

    def _run(self, numbers: Mapping[str, float]) -> None:
        leaves = {name: Value(x, label=name) for name, x in numbers.items()}
        bound = BoundArguments(self._signature, OrderedDict(leaves))
        output = self._function(*bound.args, **bound.kwargs)
        if not isinstance(output, Value):
            raise OptionError(
                f"the function gave {output!r} ({type(output).__name__}), not a Value"
            )
        _differentiate(output)
        self.leaves, self.output = leaves, output


Source = GraphSource | FunctionSource
"""What a widget shows: both have `leaves`, `output`, `note` and `move`."""


def find_parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters of a function that can be given by name or place, one each.

    Raises:
        OptionError: Python does not know them.
    """
    try:
        known = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise OptionError(
            f"{function!r} does not tell its parameters: write lambda x: … around it"
        ) from None
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {name: p for name, p in known.items() if p.kind not in several}


def _differentiate(output: Value) -> None:
    """The gradients of this output alone, in its graph."""
    output.zero_grad()
    output.backward()
