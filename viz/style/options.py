"""The options of a picture, each declared once.

An entry of `Look` is all there is to write for a new option, beside the place that
reads `look["its name"]`: from it come the checks, the signatures and the help of
`draw`, `save`, `animate`, `explore`, `widget` and `draw_diff`, the options of the
command line, and what editors complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

from engine import Value
from viz.checks import (
    BACKGROUND,
    FONT,
    PREFIX,
    SECONDS,
    SWITCH,
    TEXT,
    VALUES,
    one_of,
    or_none,
    some_of,
    whole_number,
)
from viz.render.renderers import RENDERERS, TIME_LIMIT
from viz.style.legends import Legend
from viz.style.lines import CHOICES, LINES
from viz.style.schema import Option, Schema
from viz.style.theme import STYLES, THEMES, Style, Theme

DIRECTIONS = {"LR": ("w", "e"), "RL": ("e", "w"), "TB": ("n", "s"), "BT": ("s", "n")}
"""From where to where a picture goes, and the sides at which a wire is met."""


class Look(TypedDict, total=False):
    """The options of `viz.draw`, for `**look: Unpack[Look]` elsewhere."""

    # fmt: off
    style: Annotated[str | Style | None, Option(
        None, "what is drawn, and how; by default as the size of the graph wants it",
        or_none(one_of(STYLES, "style", Style)))]
    theme: Annotated[str | Theme, Option(
        "light", "the colours", one_of(THEMES, "theme", Theme))]
    depth: Annotated[int | None, Option(
        None, "1 draws each outermost scope as one node, 2 each scope within those, "
        "and so on; 0 draws every value",
        or_none(whole_number(0, 99), "a number of scopes, 0 for the whole graph"))]
    fuse: Annotated[bool | None, Option(
        None, "whether chains of unnamed + are drawn as one Σ",
        or_none(SWITCH, "True, False"))]
    budget: Annotated[int | None, Option(
        None, "the number of values to draw, about: those from the output back along "
        "the largest gradients",
        or_none(whole_number(1, 10**5), "a number of values from 1"))]
    direction: Annotated[str, Option(
        "LR", "from where to where values flow: left, right, top, bottom",
        one_of(DIRECTIONS, "direction"))]
    show: Annotated[Sequence[str] | None, Option(
        None, "the numbers to write and no others; by default those of the style",
        or_none(some_of(CHOICES)))]
    highlight: Annotated[Iterable[Value] | None, Option(
        None, "values that stand out, for instance along a path", or_none(VALUES))]
    digits: Annotated[int, Option(
        4, "significant digits of the numbers", whole_number(1, 17))]
    legend: Annotated[bool, Option(True, "whether the legend is drawn", SWITCH)]
    title: Annotated[str | None, Option(
        None, "a line below the picture", or_none(TEXT))]
    font: Annotated[str | None, Option(
        None, "the name of a font, instead of the style's", or_none(FONT))]
    background: Annotated[str | None, Option(
        "theme", "a colour as #rrggbb; None, or transparent, for none; by default the "
        "theme's", BACKGROUND)]
    math: Annotated[bool, Option(
        False, "whether $…$ and names such as w_1 in labels are mathematics in a .tex",
        SWITCH)]
    dpi: Annotated[int, Option(
        120, "dots per inch of a png or jpg", whole_number(10, 1200))]
    id_prefix: Annotated[str, Option(
        "", "letters and digits before all ids, for several SVGs in one page", PREFIX)]
    renderer: Annotated[str | None, Option(
        None, "the program that makes the image; by default the first that is here",
        or_none(one_of(RENDERERS, "renderer")))]
    time_limit: Annotated[float, Option(
        TIME_LIMIT, "seconds that the renderer may take (pygraphviz, which runs inside "
        "Python, cannot be stopped)", SECONDS)]
    # fmt: on


def _read_declarations() -> Iterator[tuple[str, Option]]:
    for name, hint in get_type_hints(Look, include_extras=True).items():
        type_, option = get_args(hint)
        yield name, replace(option, type=type_)


DRAW = Schema("draw", dict(_read_declarations()))
"""All options; those of other functions are derived from it."""

AUTO_THEME = DRAW.vary(
    "theme",
    default="auto",
    help="the colours; auto is light or dark as the system or the notebook is",
    allowed=one_of(("auto", *THEMES), "theme", Theme),
)
"""The theme where light or dark may be up to the place that shows the picture."""

Lit = Callable[[str], bool]
"""Whether a part of the picture stands out, by its name in DOT."""


def find_theme(look: Look) -> Theme:
    """The theme of a complete look, whether by its name or given."""
    theme = look["theme"]
    return THEMES[theme] if isinstance(theme, str) else theme


def find_style(style: str | Style) -> Style:
    """The style of this name; one that is no name is taken as it is."""
    return STYLES[style] if isinstance(style, str) else style


@dataclass(frozen=True, slots=True)
class Options:
    """What a picture looks like, apart from the graph that it shows."""

    style: Style
    theme: Theme
    look: Look = field(default_factory=lambda: DRAW.complete({}))
    """All that is chosen by an option of `draw`."""
    lit: Lit | None = None
    """Which names stand out; None is all of them, equally."""
    focus: str = ""
    """The id of the node where something happens."""
    own_legend: Legend | None = None
    """Instead of the style's."""
    note: str = ""
    """A line of the caption that is there without the legend, too."""

    @classmethod
    def of(cls, look: Mapping[str, Any], style: str | Style, **rest: Any) -> Options:
        """Those of a look; what it leaves open is as `viz.draw` has it."""
        complete: Look = DRAW.complete({**look, "style": style})
        chosen = find_style(style)
        if complete["font"] is not None:
            chosen = chosen.replace(font=complete["font"])
        theme = find_theme(complete)
        if (background := complete["background"] or "").startswith("#"):
            theme = theme.replace(background=background)
        return cls(chosen, theme, complete, **rest)

    @property
    def transparent(self) -> bool:
        """Whether what is below the picture shows through."""
        return self.look["background"] in (None, "transparent")

    @property
    def lines(self) -> frozenset[str]:
        """What is written on a wire or a card: what was asked for, or by the style."""
        show = self.look["show"]
        if show is None:
            return frozenset(
                line.name for line in LINES if self.style.chain or not line.is_small
            )
        always = {line.name for line in LINES if line.always}
        return frozenset([show] if isinstance(show, str) else show) | always
