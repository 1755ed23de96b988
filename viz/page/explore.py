"""`explore`: a page to play with, backpropagation step by step with live leaves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine import Value, topological_order
from viz.checks import one_of, or_none
from viz.diagram.diagram import assemble, check_value
from viz.drawing.select import check_choice
from viz.errors import TooLargeError
from viz.film.events import Film
from viz.formats.save import FileKind
from viz.labels import shorten
from viz.page.html import write_page
from viz.page.replay import make_replay
from viz.page.views import Layouts, make_views
from viz.style.options import AUTO_THEME, DRAW, Look
from viz.style.theme import STYLES, THEMES, Style, Theme

if TYPE_CHECKING:
    from typing_extensions import Unpack


PAGES = FileKind(("html", "htm"), ": end the name of a page in ", binary=())

MOST = 20_000
"""The most values that a page can hold."""

_STYLES = [name for name, style in STYLES.items() if style.layout != "record"]
PAGE = DRAW.derive(
    "explore",
    without=(
        "fuse",
        "show",
        "highlight",
        "legend",
        "font",
        "dpi",
        "id_prefix",
        "background",
        "math",
    ),
    why="a page has no use for it",
    style=DRAW.vary("style", allowed=or_none(one_of(_STYLES, "style", Style))),
    theme=AUTO_THEME,
    depth=DRAW.vary(
        "depth",
        help="1 begins with the outermost scopes collapsed, 2 with those within them; "
        "0 with all values in one picture; by default 0 up to 150 values, 1 above",
    ),
    direction=DRAW.vary(
        "direction",
        default=None,
        help="from where to where values flow; by default to the right, and downwards "
        "where the screen is narrow",
        type=str | None,
        allowed=or_none(DRAW.options["direction"].allowed),
    ),
    title=DRAW.vary("title", help="a line above the picture, and the page's title"),
    time_limit=120.0,
)


@PAGE.document
def explore(
    value: Value, path: str | os.PathLike[str], **options: Unpack[Look]
) -> Path:
    """Write a page of HTML in which the graph of `value` can be played with.

    One file that needs no network and no server. In it: the frames of backpropagation
    forward and back, one at a time or as a film; the rule, the numbers and the chain of
    each node; search; scopes to collapse and expand; and live leaves: drag or type the
    value of a leaf, and every value, gradient, width and colour follows, computed in
    the browser by the table's rows. The gradients are those of `value` itself (seed 1);
    no `backward` is needed before.

    Live leaves replay the recorded graph. A comparison made by Python while the graph
    was built, such as `if x > 0`, is not in it: the branch that was taken stays.

    Args:
        path: ends in .html or .htm; the file is written whole or not at all. The page
            has a switch between light and dark, unless a Theme is given.

    Raises:
        engine.OperandError: `value` is not a Value.
        FormatError: the path does not end in .html.
        OptionError: an option has a value that it cannot have.
        TooLargeError: the graph has more values than a page can hold.
        RendererError: no program here could lay the graph out.
        OSError: the file cannot be written.

    >>> import pathlib, tempfile
    >>> x = Value(3.0, label="x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = explore(x * x, pathlib.Path(folder, "square.html"))
    ...     page.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    return PAGES.write(path, lambda _: compose_page(value, options))


def compose_page(value: Value, options: Look) -> bytes:
    """The contents of the file; raises what `explore` raises."""
    look: Look = PAGE.complete(options)
    order = topological_order(check_value(value))
    if len(order) > MOST:
        raise TooLargeError(
            f"{len(order):,} values are too many for a page (the limit is {MOST:,}): "
            "explore a part of the expression, or draw it with viz.save"
        )
    check_choice(look)
    theme, title, digits = look["theme"], look["title"], look["digits"]
    film = Film(assemble(order))
    layouts = Layouts(film.diagram, look)
    data = make_views(order, layouts, look["depth"], look["budget"])
    replay, rows = make_replay(order, film)
    name = shorten(title or "", 200) or shorten(value.label or "") or "output"
    data |= replay
    data |= {"title": name, "digits": digits, "style": layouts.describe_style()}
    data["theme"] = theme if isinstance(theme, str) else "only"
    themes = dict.fromkeys(THEMES, theme) if isinstance(theme, Theme) else THEMES
    text = write_page(name, data, rows, themes, headed=bool(title))
    return text.encode()
