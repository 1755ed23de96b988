"""A form and a look → a picture, not rendered yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viz.checks import check, seconds
from viz.dot import Options, to_dot
from viz.forms import Form
from viz.highlight import Lit
from viz.look import Look
from viz.picture import Picture
from viz.renderers import TIME_LIMIT
from viz.theme import STYLES, THEMES, pick

__all__ = ["drawn", "options_of"]


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
