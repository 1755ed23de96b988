"""The widget itself: an anywidget whose traits are what the browser shows.

The browser puts what it wants into `_asked`, one request at a time; the answer carries
the name of the request. Python's numbers are the truth: a slider that has been moved
by Python, or not as far as the browser wanted, follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from engine import EngineError, Value
from viz.errors import OptionError
from viz.formats.save import encode
from viz.labels import format_number
from viz.notebook.sliders import Slider, find_name, to_number
from viz.notebook.source import Source
from viz.style.options import Look, find_style, find_theme
from viz.style.paint import Painter
from viz.style.theme import THEMES, Theme

WEB = Path(__file__).parent / "web"
SCRIPTS = ("widget_theme.js", "widget_row.js", "widget.js")
"""One module in the browser, which nothing has to be loaded for."""

_numbers = itertools.count(1)
"""Of the widgets, for the ids in their pictures."""


class GraphWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A picture with a slider for each leaf; see `viz.widget`.

    >>> from viz import widget
    >>> w = widget(lambda x: x * x, x=3.0)
    >>> w["x"] = 5.0  # moves the slider, too
    >>> w.value, w.gradients, w.output
    (25.0, {'x': 10.0}, Value(25.0, op='×', grad=1.0))
    """

    _esm = "\n".join((WEB / name).read_text("utf-8") for name in SCRIPTS)
    _css = (WEB / "widget.css").read_text("utf-8")

    value = traitlets.Float(read_only=True)
    """The number of the output."""
    values = traitlets.Dict(read_only=True).tag(sync=True)
    """The numbers of the leaves, by name."""
    gradients = traitlets.Dict(read_only=True)
    """∂output/∂leaf, by name."""
    error = traitlets.Unicode(read_only=True)
    """Why the picture does not follow; empty when it does."""

    _sliders = traitlets.List().tag(sync=True)
    _colors = traitlets.Dict().tag(sync=True)
    _svg = traitlets.Unicode().tag(sync=True)
    _shown = traitlets.Dict().tag(sync=True)
    _asked = traitlets.Dict().tag(sync=True)

    def __init__(
        self, source: Source, sliders: Mapping[str, Slider], look: Look
    ) -> None:
        super().__init__()
        self._ranges = dict(sliders)
        self._follows = look["theme"] == "auto"
        self._look: Look = {**look}
        self._look["id_prefix"] = look["id_prefix"] or f"w{next(_numbers)}"
        if self._follows:
            self._look["theme"] = "light"
        self._source = source
        self._publish(self._draw())

    @property
    def output(self) -> Value:
        """The expression where the sliders stand, with its graph."""
        return self._source.output

    def __getitem__(self, leaf: str | Value) -> float:
        number: float = self.values[find_name(leaf, self._source.leaves)]
        return number

    def __setitem__(self, leaf: str | Value, number: float) -> None:
        self.set({leaf: number})

    def __setattr__(self, name: str, x: object) -> None:
        source = vars(self).get("_source")
        if source and name in source.leaves and not hasattr(type(self), name):
            raise AttributeError(f"a leaf is moved by w[{name!r}] = …")
        super().__setattr__(name, x)

    def set(
        self, numbers: Mapping[str | Value, float] | None = None, /, **named: float
    ) -> None:
        """Move some of the leaves: `w.set(x=3, y=2)`, `w.set({"apple count": 3})`.

        Raises:
            OptionError: there is no such leaf, or no such number.
            EngineError: the expression has no value there. Nothing has moved then.
        """
        if not isinstance(numbers, Mapping | None):
            raise OptionError(f"set({numbers!r}): give numbers by name, set(x=1.0)")
        self._move([*(numbers or {}).items(), *named.items()])
        self._redraw()

    def refresh(self) -> None:
        """Compute and draw again, after leaves were changed elsewhere, as in training.

        Raises:
            EngineError: the expression has no value there.
        """
        self.set()

    def _move(self, numbers: Iterable[tuple[str | Value, Any]]) -> None:
        wanted = {}
        for key, x in numbers:
            name = find_name(key, self._source.leaves)
            wanted[name] = to_number(name, x)
        self._source.move(wanted)

    @traitlets.observe("_asked")  # type: ignore[untyped-decorator]
    def _answer(self, change: Mapping[str, Any]) -> None:
        """Do what the browser asks for; an error is shown, and the picture stays."""
        asked = change["new"]
        if self._follows and asked.get("theme") in THEMES:
            self._look["theme"] = asked["theme"]
        try:
            self._move(asked.get("numbers", ()))
        except Exception as problem:
            self._publish(self._svg, _describe(problem), asked.get("request"))
        else:
            self._redraw(asked.get("request"))

    def _redraw(self, request: object = None) -> None:
        """Draw; where that fails, the last picture stays, and `error` says why."""
        svg, error = self._svg, ""
        try:
            svg = self._draw()
        except Exception as problem:
            error = _describe(problem)
        self._publish(svg, error, request)

    def _draw(self) -> str:
        return encode(self.output, "svg", self._look).decode()

    def _publish(self, svg: str, error: str = "", request: object = None) -> None:
        """Put everything into the traits; what has changed is sent in one message."""
        leaves = self._source.leaves
        for name, leaf in leaves.items():
            self._ranges[name] = self._ranges[name].stretch(leaf.data)
        theme = find_theme(self._look)
        with self.hold_sync(), self.hold_trait_notifications():
            self.set_trait("values", {name: x.data for name, x in leaves.items()})
            self.set_trait("value", self.output.data)
            self.set_trait("gradients", {name: x.grad for name, x in leaves.items()})
            self.set_trait("error", error)
            self._sliders = [asdict(self._ranges[name]) for name in leaves]
            self._colors = _select_colors(theme)
            self._svg = svg
            self._shown = {
                "request": request,
                "error": error,
                "note": self._source.note,
                "label": self.output.label or "output",
                "value": self._format(self.output.data),
                "rows": self._describe_rows(theme),
            }

    def _describe_rows(self, theme: Theme) -> list[dict[str, Any]]:
        """For each slider its number, and the gradient as the picture shows it."""
        style = find_style(self._look["style"] or "wire")
        color = Painter(style, theme, 1.0).color_gradient
        return [
            {"x": x.data, "gradient": self._format(x.grad), "color": color(x.grad)}
            for x in self._source.leaves.values()
        ]

    def _format(self, x: float) -> str:
        return format_number(x, self._look["digits"])

    def __repr__(self) -> str:
        point = ", ".join(f"{k} = {self._format(x)}" for k, x in self.values.items())
        label = self.output.label or "output"
        return f"<viz.widget: {label} = {self._format(self.value)} at {point}>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and for pages that cannot run it the picture."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["image/svg+xml"] = self._svg
        return bundle


def _select_colors(theme: Theme) -> dict[str, str]:
    """The colours of the sliders and numbers around a picture."""
    names = ("background", "ink", "small", "neutral", "nonfinite")
    return {"leaf": theme.leaf[1], **{name: getattr(theme, name) for name in names}}


def _describe(problem: Exception) -> str:
    if isinstance(problem, EngineError):
        return str(problem)
    return f"{type(problem).__name__}: {problem}"
