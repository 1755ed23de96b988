"""A form and a look → a picture, not rendered yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import Value
from viz.checks import check, seconds
from viz.dot.dot import to_dot
from viz.dot.highlight import highlighted
from viz.drawing.diff import compared, lit_changes, told_of
from viz.drawing.select import Form, formed
from viz.errors import OptionError
from viz.render.picture import Picture
from viz.render.renderers import TIME_LIMIT
from viz.style.options import Lit, Look, Options
from viz.style.theme import STYLES, THEMES, Style, Theme, pick

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["draw", "draw_diff", "drawn", "options_of"]


def drawn(
    form: Form,
    look: Look,
    *,
    lit: Lit | None = None,
    focus: str = "",
    told: tuple[str, ...] | None = None,
) -> Picture:
    """The picture of a form; what `look` does not say is as `viz.draw` has it.

    Args:
        lit: which parts stand out, by their names; None for all alike.
        focus: the id of the node where something happens.
        told: the lines of the legend, instead of the style's.
    """
    time_limit = look.get("time_limit", TIME_LIMIT)
    check("time_limit", time_limit, seconds, "a number of seconds above 0")
    options = replace(options_of(form, look), lit=lit, focus=focus, told=told)
    picture = to_dot(form.diagram, options)
    picture.renderer, picture.time_limit = look.get("renderer"), time_limit
    return picture


def options_of(form: Form, look: Look) -> Options:
    """What a form looks like."""
    style = pick(form.style, STYLES, "style")
    font = look.get("font")
    return Options(
        style=style if font is None else style.replace(font=font),
        theme=pick(look.get("theme", "light"), THEMES, "theme"),
        digits=look.get("digits", 4),
        legend=look.get("legend", True),
        title=look.get("title"),
        dpi=look.get("dpi", 120),
        id_prefix=look.get("id_prefix", ""),
        direction=look.get("direction", "LR"),
        show=_words(look.get("show")),
        note=form.note,
    )


def _words(show: Sequence[str] | None) -> tuple[str, ...] | None:
    if show is None:
        return None
    return (show,) if isinstance(show, str) else tuple(show)


def draw(
    value: Value,
    *,
    style: str | Style | None = None,
    theme: str | Theme = "light",
    depth: int | None = None,
    fuse: bool | None = None,
    budget: int | None = None,
    direction: str = "LR",
    show: Sequence[str] | None = None,
    highlight: Iterable[Value] | None = None,
    digits: int = 4,
    legend: bool = True,
    title: str | None = None,
    font: str | None = None,
    dpi: int = 120,
    id_prefix: str = "",
    renderer: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Picture:
    """The computational graph of `value`, as a `graphviz.Digraph`.

    On every edge stand the forward value (above) and the gradient that flows back
    along this edge (below); in the wire style, a small third line shows the chain
    rule: upstream gradient × local derivative. Without gradients (before any
    `backward`) the values stand alone, and the caption says so.

    Up to 40 values are drawn as wires and up to 150 as cards; larger graphs with sums
    fused, then a node for each scope, at last only the part that matters most to the
    output. The caption says which; `style`, `depth`, `fuse` and `budget` choose.

    Args:
        style: "wire", "book", "cs231n", "micrograd" or "card", or a Style.
        theme: "light" or "dark", or a Theme.
        depth: draw each scope of so many names as one node; 0 draws the whole graph.
        fuse: whether chains of unnamed + are drawn as one Σ.
        budget: draw about so many values, from the output back along the largest
            gradients.
        direction: "LR", "RL", "TB" or "BT": from where to where values flow.
        show: the lines to write, some of "value", "gradient" and "chain".
        highlight: values that stand out, for instance along a path.
        digits: significant digits of the numbers.
        legend: whether the legend is drawn.
        title: a line below the picture.
        font: the name of a font, instead of the style's.
        dpi: dots per inch of a png or jpg.
        id_prefix: letters and digits before all ids, for several SVGs in one page.
        renderer: "graphviz-pure", "dot" or "pygraphviz"; else the first that fits.
        time_limit: seconds that the renderer may take (pygraphviz, which runs
            inside Python, cannot be stopped).

    Raises:
        engine.OperandError: `value` is not a Value.
        OptionError: an option has a value that it cannot have.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    look: Look = {
        "theme": theme,
        "direction": direction,
        "show": show,
        "digits": digits,
        "legend": legend,
        "title": title,
        "font": font,
        "dpi": dpi,
        "id_prefix": id_prefix,
        "renderer": renderer,
        "time_limit": time_limit,
    }
    form = formed(value, style=style, depth=depth, fuse_sums=fuse, budget=budget)
    return drawn(form, look, lit=highlighted(value, form.diagram, highlight))


def draw_diff(before: Value, after: Value, **look: Unpack[Look]) -> Picture:
    """Two runs of the same expression in one picture, which shows what changed.

    Numbers that changed are written before → after; width and colour follow the change
    of the gradient; what stayed as it was is faint. Large graphs have a node for each
    scope (`depth` chooses), or only the values that changed most. The other options are
    those of `draw`, but for fuse, budget and highlight. Where both runs share leaves
    whose `data` has moved between them, give `copy.deepcopy` of the first, made then.

    >>> def run(x):
    ...     y = Value(x, label="x") * 3 + Value(1.0, label="b")
    ...     y.backward()
    ...     return y
    >>> "1 → 2" in draw_diff(run(1.0), run(2.0)).source
    True

    Raises:
        ComparisonError: the two are not runs of the same expression.
        OptionError: an option has a value that it cannot have.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    for name in ("fuse", "budget", "highlight"):
        if look.get(name) is not None:
            raise OptionError(f"draw_diff shows what changed: leave {name}= out")
    form = compared(before, after, style=look.get("style"), depth=look.get("depth"))
    look.setdefault("show", ("value", "gradient"))
    told = told_of(form.diagram)
    return drawn(form, look, lit=lit_changes(form.diagram), told=told)
