"""Themes (colours) and styles (what is drawn), as data to derive from."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from viz.checks import COLOR, FONT, Allowed, check
from viz.style.legends import CARDS, WIRES, Legend

LAYOUTS = ("wire", "card", "record")
ROLES = ("ink", "small", "positive", "negative", "red", "green")
"""The colours of a theme that text may have."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb. A pair is (fill, line).

    >>> THEMES["light"].replace(positive="#aa0000").positive
    '#aa0000'
    """

    name: str
    background: str
    ink: str
    small: str
    positive: str
    negative: str
    neutral: str
    zero: str
    nonfinite: str
    plain_wire: str
    red: str
    green: str
    operation: tuple[str, str]
    band: tuple[str, str]
    leaf: tuple[str, str]
    leaf_band: str
    parameter: tuple[str, str]
    parameter_band: str
    output: tuple[str, str]
    output_band: str
    on_gradient: str

    def __post_init__(self) -> None:
        for field in fields(self)[1:]:
            given = getattr(self, field.name)
            for each in given if isinstance(given, tuple) else (given,):
                check(f"theme: {field.name}", each, COLOR)

    def replace(self, **changes: Any) -> Theme:
        """This theme with some colours changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Style:
    """What a picture draws.

    Args:
        layout: "wire" (numbers on the edges), "card" (numbers in the nodes) or "record"
            (values and operations as nodes of their own).
        weighted: whether width and colour show the gradient's size and sign.
        chain: whether the small line `upstream × local` is drawn.
        value, gradient: the colours of their numbers, as fields of the theme; an empty
            `gradient` goes by the sign.
        bold: whether gradients are.
        font: one name; a list falls back to other metrics in some renderers.
        ranksep: inches between the ranks.
        legend: the legend, a line each: text, or a `LegendLine` with coloured words.
    """

    name: str
    layout: str = "wire"
    weighted: bool = True
    chain: bool = True
    value: str = "ink"
    gradient: str = ""
    bold: bool = True
    font: str = "Helvetica"
    ranksep: float = 0.2
    legend: Legend = ()

    def __post_init__(self) -> None:
        check("style: layout", self.layout, _any_of(LAYOUTS))
        for role in filter(None, (self.value, self.gradient)):
            check("style: colour", role, _any_of(ROLES))
        check("style: font", self.font, FONT)

    def replace(self, **changes: Any) -> Style:
        """This style with some choices changed."""
        return replace(self, **changes)


def _any_of(words: tuple[str, ...]) -> Allowed:
    return Allowed(words.__contains__, f"give {' or '.join(words)}")


LIGHT = Theme(
    "light", background="#ffffff", ink="#1f2328", small="#6e7781", positive="#c2410c",
    negative="#0b5fa5", neutral="#9aa4af", zero="#afb8c1", nonfinite="#a3007f",
    plain_wire="#57606a", red="#cf222e", green="#1a7f37",
    operation=("#ffffff", "#1f2328"), band=("#ebedf0", "#8c959f"),
    leaf=("#e8f1ea", "#4d7c5a"), leaf_band="#cfdfd3",
    parameter=("#ece8f6", "#6f5aa8"), parameter_band="#d9d1ee",
    output=("#fff3d6", "#b07d00"), output_band="#f5e0b3", on_gradient="#ffffff",
)  # fmt: skip

DARK = Theme(
    "dark", background="#0d1117", ink="#e6edf3", small="#9198a1", positive="#ff9e64",
    negative="#58a6ff", neutral="#6e7681", zero="#484f58", nonfinite="#ff7bd5",
    plain_wire="#9198a1", red="#ff7b72", green="#56d364",
    operation=("#161b22", "#e6edf3"), band=("#21262d", "#6e7681"),
    leaf=("#12261a", "#4da861"), leaf_band="#1f3d29",
    parameter=("#1f1a33", "#a48be0"), parameter_band="#33295a",
    output=("#33280a", "#d4a72c"), output_band="#4d3d10", on_gradient="#0d1117",
)  # fmt: skip

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
STYLES = {
    style.name: style
    for style in (
        Style("wire", legend=WIRES),
        Style("book", weighted=False, chain=False, gradient="red"),
        Style(
            "cs231n",
            weighted=False,
            chain=False,
            value="green",
            gradient="red",
            bold=False,
        ),
        Style("micrograd", layout="record", ranksep=0.4, font="Times"),
        Style("card", layout="card", chain=False, ranksep=0.3, legend=CARDS),
    )
}
