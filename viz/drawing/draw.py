"""`draw`, and `draw_diff`: a graph and a look → a picture, not rendered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import Value
from viz.dot.dot import to_dot
from viz.dot.highlight import light_up
from viz.drawing.diff import compare, legend_of_changes, light_changes
from viz.drawing.select import Form, select_form
from viz.render.picture import Picture
from viz.style.options import DRAW, Look, Options

if TYPE_CHECKING:
    from typing_extensions import Unpack


DIFF = DRAW.derive(
    "draw_diff",
    without=("fuse", "budget", "highlight"),
    why="draw_diff shows what changed",
    show=("value", "gradient"),
)


def draw_form(form: Form, look: Look, **rest: Any) -> Picture:
    """The picture of a form; what `look` leaves open is as `viz.draw` has it.

    `rest` are the other fields of `Options`, such as which parts stand out.
    """
    options = Options.of(look, form.style, note=form.note, **rest)
    return to_dot(form.diagram, options)


@DRAW.document
def draw(value: Value, **options: Unpack[Look]) -> Picture:
    """Draw the computational graph of `value`; the picture is a `graphviz.Digraph`.

    On every edge stand the forward value (above) and the gradient that flows back
    along this edge (below); in the wire style, a small third line shows the chain
    rule: upstream gradient × local derivative. Without gradients (before any
    `backward`) the values stand alone, and the caption says so.

    Up to 40 values are drawn as wires and up to 150 as cards; larger graphs with sums
    fused, then a node for each scope, at last only the part that matters most to the
    output. The caption says which; `style`, `depth`, `fuse` and `budget` choose.

    Raises:
        engine.OperandError: `value` is not a Value.
        OptionError: there is no such option, or it cannot have this value.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    look: Look = DRAW.complete(options)
    form = select_form(value, look)
    return draw_form(form, look, lit=light_up(value, form.diagram, look["highlight"]))


@DIFF.document
def draw_diff(before: Value, after: Value, **options: Unpack[Look]) -> Picture:
    """Draw two runs of the same expression in one picture, which shows what changed.

    Numbers that changed are written before → after; width and colour follow the change
    of the gradient; what stayed as it was is faint. Large graphs have a node for each
    scope (`depth` chooses), or only the values that changed most. Where both runs share
    leaves whose `data` has moved between them, give `copy.deepcopy` of the first, made
    then.

    >>> def run(x):
    ...     y = Value(x, label="x") * 3 + Value(1.0, label="b")
    ...     y.backward()
    ...     return y
    >>> "1 → 2" in draw_diff(run(1.0), run(2.0)).source
    True

    Raises:
        ComparisonError: the two are not runs of the same expression.
        OptionError: there is no such option here, or it cannot have this value.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    look: Look = DIFF.complete(options)
    form = compare(before, after, style=look["style"], depth=look["depth"])
    legend = legend_of_changes(form.diagram)
    lit = light_changes(form.diagram)
    return draw_form(form, look, lit=lit, own_legend=legend)
