"""`explore`: a page to play with, backpropagation step by step with live leaves."""

from __future__ import annotations

import os
from pathlib import Path

from engine import Value, topological_order
from engine.util.files import write_atomically
from viz.checks import check, text_or_none
from viz.diagram.diagram import checked
from viz.drawing.select import check_choice
from viz.errors import FormatError, OptionError, TooLargeError
from viz.film.frame_view import completed
from viz.film.frames import frames
from viz.labels import capped
from viz.page.html import page
from viz.page.replay import replayed
from viz.page.views import Artist, scenes
from viz.style.theme import THEMES, Style, Theme

__all__ = ["explore"]

MOST = 20_000
"""So many values a page can hold."""


def explore(
    value: Value,
    path: str | os.PathLike[str],
    *,
    style: str | Style | None = None,
    theme: str | Theme = "auto",
    depth: int | None = None,
    budget: int | None = None,
    direction: str | None = None,
    digits: int = 4,
    title: str | None = None,
    renderer: str | None = None,
    time_limit: float = 120.0,
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
        path: ends in .html or .htm; the file is written whole or not at all.
        style: "wire", "book", "cs231n" or "card", or a Style with their layouts. By
            itself: wires up to 40 values, cards above.
        theme: "auto" follows the reader's system; "light" or "dark" is where the page
            begins; the page has a switch. A Theme is the only one of its page.
        depth: begin with the scopes of so many names collapsed; 0 begins with none,
            all values in one picture. By itself: 0 up to 150 values, 1 above.
        budget: draw about so many values of a graph without scopes, from the output
            back along the largest gradients; all are computed.
        direction: "LR", "RL", "TB" or "BT": from where to where values flow. By itself:
            to the right, and downwards where the screen is narrow.
        digits: significant digits of the numbers.
        title: a line above the picture, and the title of the page.
        renderer: "graphviz-pure", "dot" or "pygraphviz", for the layout.
        time_limit: seconds that the layout of one picture may take.

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
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise FormatError(f"{os.fspath(path)!r}: end the name of a page in .html")
    order = topological_order(checked(value))
    if len(order) > MOST:
        raise TooLargeError(
            f"{len(order):,} values are too many for a page (the limit is {MOST:,}): "
            "explore a part of the expression, or draw it with viz.save"
        )
    themes = _themes(theme)
    check("title", title, text_or_none, "a string or None")
    check_choice(depth, None, budget)
    film = frames(value, digits=digits)
    artist = Artist(completed(film), style, direction, digits, renderer, time_limit)
    data = scenes(order, artist, depth, budget)
    replay = replayed(order, film)
    name = capped(title or "", 200) or capped(value.label or "") or "output"
    data |= replay.data
    data |= {"title": name, "digits": digits, "style": artist.told()}
    data["theme"] = theme if isinstance(theme, str) else "only"
    text = page(name, data, replay.script, themes, headed=bool(title))
    write_atomically(target, text.encode())
    return target


def _themes(theme: str | Theme) -> dict[str, Theme]:
    if isinstance(theme, Theme):
        return {"light": theme, "dark": theme}
    if theme != "auto" and theme not in THEMES:
        raise OptionError(
            f"theme={theme!r}: choose from auto, {', '.join(THEMES)}, or give a "
            "viz.Theme"
        )
    return THEMES
