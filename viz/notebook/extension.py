"""`%load_ext viz`: IPython and Jupyter show a Value as its picture."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from engine import Value
from viz.drawing.draw import draw
from viz.drawing.select import CARDS
from viz.formats.tree import tree
from viz.notebook.values_table import make_table

LIMIT = 20_000
"""The most values of a graph that is drawn unasked: that takes seconds at most."""

LINES = 40
"""The most lines of a tree that nobody asked for."""

SECONDS = 10.0
"""The time limit of the renderer."""

DOTS = 144
"""Dots per inch of the png, which is sharp on a fine screen, too."""

CONTAINERS = (list, tuple, dict, "numpy.ndarray")
"""What is shown as a table where Values are in it."""

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""What a notebook shows of an object, by media type, and the sizes of images."""


def load_ipython_extension(shell: Any) -> None:
    """Show Values as pictures; what `%load_ext viz` calls.

    A notebook gets an svg, and a png for where it cannot show that; a terminal gets the
    tree of the graph. A list, tuple, dict or array of Values is a table in a notebook.
    """
    formatter = shell.display_formatter
    for kind in CONTAINERS:
        formatter.formatters["text/html"].for_type(kind, make_table)
    show = partial(
        make_bundle, pictures=lambda: "image/svg+xml" in formatter.active_types
    )
    formatter.mimebundle_formatter.for_type(Value, show)


def unload_ipython_extension(shell: Any) -> None:
    """Show Values as text again; what `%unload_ext viz` calls."""
    formatter = shell.display_formatter
    for kind in CONTAINERS:
        formatter.formatters["text/html"].pop(kind, None)
    formatter.mimebundle_formatter.pop(Value, None)


def make_bundle(value: Value, *, pictures: Callable[[], bool] = lambda: True) -> Bundle:
    """The picture of a Value and its text, by media type.

    A picture that cannot be made is replaced by a line that says why; nothing is
    raised, since showing a result must not look as if computing it had failed.

    >>> data, sizes = make_bundle(Value(2.0, label="x") * 3)
    >>> sorted(data), sorted(sizes["image/png"])
    (['image/png', 'image/svg+xml', 'text/plain'], ['height', 'width'])
    """
    count = _count(value, LIMIT)
    if count > LIMIT:
        why = (
            f"no picture unasked of more than {LIMIT:,} values; "
            "viz.draw(value) draws what matters most of them"
        )
        return {"text/plain": f"{value!r}\n({why})"}, {}
    text = str(tree(value, limit=LINES)) if count <= CARDS else repr(value)
    if not pictures():
        return {"text/plain": text}, {}
    try:
        return _draw_bundle(value, text)
    except Exception as error:
        return {"text/plain": f"{text}\n(no picture: {error})"}, {}


def _draw_bundle(value: Value, text: str) -> Bundle:
    picture = draw(value, dpi=DOTS, time_limit=SECONDS)
    svg = picture.pipe("svg", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the svg has what the png's fonts lack
        png = picture.pipe("png")
    assert isinstance(png, bytes)
    width, height = (round(n * 96 / DOTS) for n in struct.unpack(">II", png[16:24]))
    data = {"text/plain": text, "image/svg+xml": svg, "image/png": png}
    return data, {"image/png": {"width": width, "height": height}}


def _count(value: Value, limit: int) -> int:
    """How many values the graph has; a number above `limit` where it has more."""
    seen, waiting = {value}, [value]
    while waiting and len(seen) <= limit:
        for parent in waiting.pop().parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen)
