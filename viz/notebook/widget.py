"""`widget`: a picture whose leaves can be moved, in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, overload

from engine import OperandError, Value
from viz.errors import OptionError
from viz.notebook.sliders import Range, Slider, find_name, to_number
from viz.notebook.source import FunctionSource, GraphSource, Source, find_parameters
from viz.style.options import AUTO_THEME, DRAW, Look

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from viz.notebook.graph_widget import GraphWidget


WIDGET = DRAW.derive(
    "widget",
    without=("background", "math"),
    why="a widget looks as the notebook does",
    theme=AUTO_THEME,
    legend=False,
    time_limit=10.0,
)


@overload
def widget(
    of: Value,
    /,
    *,
    leaves: Iterable[Value | str] | None = None,
    ranges: Mapping[Any, Range] | None = None,
    **look: Unpack[Look],
) -> GraphWidget: ...


@overload
def widget(
    of: Callable[..., Any],
    /,
    *,
    ranges: Mapping[Any, Range] | None = None,
    **numbers_and_look: Any,
) -> GraphWidget: ...


@WIDGET.document
def widget(
    of: Value | Callable[..., Any],
    /,
    *,
    leaves: Iterable[Value | str] | None = None,
    ranges: Mapping[Any, Range] | None = None,
    **options: Any,
) -> GraphWidget:
    """The picture of an expression with a slider for each leaf (extra `notebook`).

    `widget(y)` computes the graph of the Value `y` again wherever a slider goes, in
    place: `x.data`, `y.data` and all gradients follow. Its operations stay those that
    were recorded. `widget(f, x=3.0, w=-2.0)` calls the function again with new Values
    each time, so that it may take another path; what is not given has its default.

    What comes back has `value`, `values`, `gradients` and `output` (the Value), and
    can be set: `w["x"] = 5.0`, `w.set(x=5.0, w=1.0)` move the sliders, too.
    `w.observe(print, "value")` calls a function at each change; see
    `viz.notebook.graph_widget.GraphWidget`.

    Args:
        leaves: those that get a slider, or their names; else all that are no
            constants, and of more than 12 those with the largest gradients.
        ranges: the ends of sliders, by name or leaf: `{"x": (0, 10)}`.
        options: for a function the numbers of its parameters, too.

    Raises:
        ModuleNotFoundError: the extra is not installed.
        OptionError: a leaf, number, range or option that cannot be.
        TooLargeError: the graph has more than 20,000 values.
        engine.OperandError: `of` is neither a Value nor a function.
    """
    try:
        from viz.notebook.graph_widget import GraphWidget
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets", "ipywidgets"):
            raise
        raise ModuleNotFoundError(
            "a widget needs anywidget: pip install 'dotgrad[notebook]', and restart "
            "the kernel",
            name=error.name,
        ) from None
    source: Source
    if isinstance(of, Value):
        _check_names(
            options, "Numbers are for a function; a leaf is moved by w[{!r}] = …"
        )
        source = GraphSource(of, leaves)
    elif callable(of):
        if leaves is not None:
            raise OptionError("leaves= is for a Value; a function's are its parameters")
        source = _make_source(of, options)
    else:
        raise OperandError(f"widget wants a Value or a function, not {of!r}")
    sliders = _make_sliders(source, ranges or {})
    return GraphWidget(source, sliders, WIDGET.complete(options))


def _make_source(
    function: Callable[..., Any], options: dict[str, Any]
) -> FunctionSource:
    """The function at the numbers among the options, which are taken out of them."""
    known = find_parameters(function)
    numbers = {}
    for name, parameter in known.items():
        if name in options:
            numbers[name] = to_number(name, options.pop(name))
        elif parameter.default is parameter.empty:
            raise OptionError(
                f"the function wants a number for {name!r}: "
                f"viz.widget(f, {', '.join(f'{each}=1.0' for each in known)})"
            )
    _check_names(options, f"The parameters of the function are {', '.join(known)}")
    return FunctionSource(function, numbers)


def _check_names(options: Mapping[str, Any], otherwise: str) -> None:
    WIDGET.check_names(options, ("leaves", "ranges"), otherwise)


def _make_sliders(source: Source, ranges: Mapping[Any, Range]) -> dict[str, Slider]:
    ends = {find_name(key, source.leaves): ends for key, ends in ranges.items()}
    return {
        name: Slider.between(name, leaf.data, ends[name])
        if name in ends
        else Slider.around(name, leaf.data)
        for name, leaf in source.leaves.items()
    }
