"""dotgrad's pictures: a graph of Values with its values and gradients on every edge.

>>> from engine import Value
>>> from viz import draw
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> picture = draw(y)  # shows itself in a notebook; picture.render() makes a file
>>> print(picture.source.splitlines()[0])
digraph {
"""

from viz.diagram.diagram import Diagram, Edge, Node
from viz.drawing.draw import draw, draw_diff
from viz.drawing.micrograd import draw_dot, trace
from viz.errors import (
    ComparisonError,
    FormatError,
    OptionError,
    RendererError,
    TooLargeError,
    VizError,
)
from viz.film.animate import animate
from viz.film.frames import Frame, Frames, frames
from viz.formats.save import save
from viz.formats.tree import show, tree
from viz.notebook.extension import load_ipython_extension, unload_ipython_extension
from viz.notebook.widget import widget
from viz.page.explore import explore
from viz.render.picture import Picture
from viz.style.options import Look
from viz.style.theme import STYLES, THEMES, Style, Theme

__all__ = [
    "STYLES", "THEMES", "ComparisonError", "Diagram", "Edge", "FormatError", "Frame",
    "Frames", "Look", "Node", "OptionError", "Picture", "RendererError", "Style",
    "Theme", "TooLargeError", "VizError", "animate", "draw", "draw_diff", "draw_dot",
    "explore", "frames", "load_ipython_extension", "save", "show", "trace", "tree",
    "unload_ipython_extension", "widget",
]  # fmt: skip
