"""The background of a picture: the theme's, a colour, or none at all."""

import io

import pytest
from PIL import Image

from engine import Value
from viz import FormatError, OptionError, draw, save


@pytest.fixture
def value():
    return Value(2.0, label="x") * 3


@pytest.mark.parametrize(
    ("options", "corner"),
    [
        ({}, (255, 255, 255, 255)),
        ({"theme": "dark"}, (13, 17, 23, 255)),
        ({"background": "#ffeecc"}, (255, 238, 204, 255)),
        ({"background": None}, (0, 0, 0, 0)),
        ({"background": "transparent", "theme": "dark"}, (0, 0, 0, 0)),
    ],
)
def test_a_png_has_it_in_its_corners(value, renderer, options, corner):
    image = Image.open(io.BytesIO(draw(value, **options).pipe("png", renderer)))
    found = image.convert("RGBA").getpixel((0, 0))
    assert found[3] == corner[3]
    assert found[3] == 0 or found == corner


def test_an_svg_and_a_tex_have_nothing_behind_the_picture(value, tmp_path):
    for name in ("x.svg", "x.tex"):
        save(value, tmp_path / name, background="#12ab34")
        assert "12ab34" in (tmp_path / name).read_text(encoding="utf-8").lower()
        save(value, tmp_path / name, background=None)
        bare = (tmp_path / name).read_text(encoding="utf-8").lower()
        assert "12ab34" not in bare


def test_a_jpg_cannot_be_transparent(value, tmp_path):
    with pytest.raises(FormatError, match="cannot be transparent: choose background="):
        save(value, tmp_path / "x.jpg", background=None)
    assert not (tmp_path / "x.jpg").exists()
    copy = draw(value, background=None).copy()
    with pytest.raises(FormatError, match="transparent"):
        copy.pipe("jpeg")


@pytest.mark.parametrize("background", ["none", "#fff", "red", 0, ""])
def test_what_it_may_be_is_said(value, background):
    with pytest.raises(OptionError, match="#rrggbb, None for a transparent one"):
        draw(value, background=background)
