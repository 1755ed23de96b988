"""`animate`: backpropagation as a film."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import Value
from engine.util.progress import track
from viz.checks import SECONDS, check
from viz.drawing.draw import draw_form
from viz.drawing.select import WIRES
from viz.errors import TooLargeError
from viz.film.caption import Strip
from viz.film.frame_view import FrameView, view_frames
from viz.film.frames import Frames, count_frames, frames
from viz.formats.save import FileKind
from viz.style.options import DRAW, Look

if TYPE_CHECKING:
    from PIL.Image import Image
    from typing_extensions import Unpack


FORMATS = {"gif": "GIF", "png": "PNG", "apng": "PNG", "webp": "WEBP"}
FILMS = FileKind(tuple(FORMATS), ": end the name of a film in ", binary=tuple(FORMATS))
MOST_FRAMES = 300
PIXELS = 400_000_000
"""All frames together: they are held in memory until the film is written."""

_LONG = 40
"""The most frames of a film that is made without a bar."""

FILM = DRAW.derive(
    "animate",
    without=("depth", "fuse", "budget", "highlight", "background", "math"),
    why="a film shows the whole graph as its theme does",
    legend=False,
    dpi=96,
)


@FILM.document
def animate(
    value: Value,
    path: str | os.PathLike[str],
    *,
    pace: float = 1.2,
    progress: bool = True,
    **options: Unpack[Look],
) -> Path:
    """Film forward and backward propagation through the graph of `value`.

    One frame an event, with its equation below the picture: the values that flow
    forward through each operation, the seed, the gradients that flow back, the
    contributions that meet. The layout stays as it is; what is not known yet is faint.

    Args:
        path: ends in .gif, .webp, or .png or .apng (an animated png); see `FORMATS`.
        pace: seconds that a frame stands; the last one stands three times as long.
        progress: show a bar on a terminal when the film is long (extra `progress`).

    Raises:
        FormatError: the path has none of these suffixes.
        TooLargeError: too many frames, or too large ones.
        OptionError: an option has a value that it cannot have.
        ModuleNotFoundError: Pillow is missing (extra `film`).
    """
    return FILMS.write(
        path,
        lambda suffix: render_film(
            value, suffix, pace=pace, progress=progress, **options
        ),
    )


def render_film(
    value: Value,
    format_: str,
    *,
    pace: float = 1.2,
    progress: bool = True,
    **options: Unpack[Look],
) -> bytes:
    """The film as the contents of a file of this format, one of `FORMATS`."""
    check("pace", pace, SECONDS)
    look: Look = FILM.complete(options)
    _check_length(count_frames(value))
    _need_pillow()
    film = frames(value, digits=look["digits"])
    images = _draw_frames(film, look, progress=progress)
    return _encode(images, FORMATS[format_], pace)


def _need_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "a film needs Pillow: pip install 'dotgrad[film]'"
        ) from None


def _check_length(count: int) -> None:
    if count > MOST_FRAMES:
        raise TooLargeError(
            f"{count:,} frames are too many for a film (at most {MOST_FRAMES}): "
            "film a part of the expression, or look at viz.frames(value)"
        )


def _draw_frames(film: Frames, look: Look, *, progress: bool) -> list[Image]:
    style = look["style"] or ("wire" if len(film.diagram.nodes) <= WIRES else "card")
    made: list[Image] = []
    strip = None
    made_of = list(view_frames(film))
    show = progress and len(made_of) > _LONG
    for view in track(made_of, "film", "frame", show=show):
        image = _draw_frame(view, style, look)
        if strip is None:
            _check_size(image, film, look)
            strip = Strip([frame.equation for frame in film], image.width, look)
        made.append(strip.put_below(image, view.frame))
    return _make_same_size(made)


def _check_size(image: Image, film: Frames, look: Look) -> None:
    if image.width * image.height * len(film) > PIXELS:
        raise TooLargeError(
            f"{len(film)} frames of {image.width} × {image.height} pixels are too "
            f"many: give a smaller dpi= than {look['dpi']}"
        )


def _draw_frame(view: FrameView, style: Any, look: Look) -> Image:
    from PIL import Image

    picture = draw_form(
        view.make_form(style), look, lit=view.lit, focus=view.frame.focus
    )
    data = picture.pipe("png")
    assert isinstance(data, bytes)
    return Image.open(io.BytesIO(data)).convert("RGB")


def _make_same_size(images: list[Image]) -> list[Image]:
    """A pixel more or less, which rounding may make, is filled up."""
    from PIL import Image

    width, height = (
        max(getattr(i, side) for i in images) for side in ("width", "height")
    )
    made = []
    for image in images:
        page = Image.new("RGB", (width, height), image.getpixel((0, 0)))
        page.paste(image)
        made.append(page)
    return made


def _encode(images: list[Image], format_: str, pace: float) -> bytes:
    times = [round(1000 * pace)] * (len(images) - 1) + [round(3000 * pace)]
    if format_ == "GIF":
        images = share_palette(images)
    buffer = io.BytesIO()
    options: dict[str, Any] = {"lossless": True} if format_ == "WEBP" else {}
    images[0].save(
        buffer, format_, save_all=True, append_images=images[1:], duration=times,
        loop=0, **options,
    )  # fmt: skip
    return buffer.getvalue()


def share_palette(images: list[Image]) -> list[Image]:
    """The same 256 colours in every frame, so that nothing flickers."""
    from PIL import Image

    picked = [*images[:: max(1, len(images) // 8)], images[-1]]
    sheet = Image.new("RGB", (picked[0].width, sum(i.height for i in picked)))
    for place, image in enumerate(picked):
        sheet.paste(image, (0, place * image.height))
    palette = sheet.quantize(256, dither=Image.Dither.NONE)
    made = [i.quantize(palette=palette, dither=Image.Dither.NONE) for i in images]
    for few, image in zip(made, images, strict=True):
        _keep_background(few, image)
    return made


def _keep_background(few: Image, image: Image) -> None:
    """Put the background's own colour in the place of the one that came nearest."""
    background, place = image.getpixel((0, 0)), few.getpixel((0, 0))
    colors = few.getpalette()
    assert isinstance(background, tuple) and isinstance(place, int) and colors
    colors[3 * place : 3 * place + 3] = background
    few.putpalette(colors)
