"""The strip below a frame of a film: its equation, and how far the film is."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from viz.dot.html_labels import make_table
from viz.film.frames import Frame
from viz.labels import text_width
from viz.render.picture import Picture
from viz.style.options import Look, find_theme
from viz.style.theme import Theme
from viz.style.words import Line

if TYPE_CHECKING:
    from PIL.Image import Image


SIZE = 13
"""Points of the equation's text."""

MOST_LINES = 3
_LINE = 1.35 * SIZE
_MARGIN = 14
_LEAST_WIDTH = 360


class Strip:
    """Puts the frames of one film on pages of one size, with their equations.

    The text is drawn by the renderer of the pictures, whose fonts have the signs of
    mathematics; a long equation is broken into lines.
    """

    def __init__(self, equations: Iterable[str], width: int, look: Look) -> None:
        self.theme = find_theme(look)
        self.dpi = look["dpi"]
        self.renderer = look["renderer"]
        self.width = max(width, self._to_pixels(_LEAST_WIDTH))
        lines = max(len(self._break_up(equation)) for equation in equations)
        self.height = self._to_pixels(lines * _LINE + 1.5 * _MARGIN)

    def put_below(self, image: Image, frame: Frame) -> Image:
        """The page of a frame."""
        from PIL import Image, ImageDraw

        size = (self.width, image.height + self.height)
        page = Image.new("RGB", size, self.theme.background)
        page.paste(image, ((self.width - image.width) // 2, 0))
        for place, line in enumerate(self._break_up(frame.equation)):
            text = _render(line, self.theme, self.dpi, self.renderer)
            top = image.height + self._to_pixels(place * _LINE)
            page.paste(text, (self._to_pixels(_MARGIN), top))
        top = page.height - self._to_pixels(3)
        done = round(page.width * frame.number / frame.total)
        draw = ImageDraw.Draw(page)
        draw.rectangle((0, top, *page.size), fill=self.theme.zero)
        draw.rectangle((0, top, done, page.height), fill=self.theme.output[1])
        return page

    def _to_pixels(self, points: float) -> int:
        return round(points * self.dpi / 72)

    def _break_up(self, text: str) -> list[str]:
        return _break(text, self.width * 72 / self.dpi - 2 * _MARGIN)


def _break(text: str, width: float) -> list[str]:
    """The text on lines of about this width, the last one cut when there are many."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and text_width(longer, SIZE) > width:
            lines.append(line)
            longer = word
        line = longer
    lines.append(line)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return lines


@lru_cache(maxsize=64)
def _render(text: str, theme: Theme, dpi: int, renderer: str | None) -> Image:
    from PIL import Image

    picture = Picture()
    picture.renderer = renderer
    picture.dpi = dpi
    picture.attr("graph", bgcolor=theme.background, pad="0.01")
    label = make_table(f"<TR><TD>{Line(text, SIZE, theme.ink).html}</TD></TR>")
    picture.node("n", label, shape="plain", fontname="Helvetica")
    data = picture.pipe("png")
    assert isinstance(data, bytes)
    return Image.open(io.BytesIO(data)).convert("RGB")
