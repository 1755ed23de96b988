"""How large things are: in a file for print as it says, in a raster as dpi= says."""

import re
import subprocess

import pytest
from graphs import apple_bill, differentiated
from pictures import decoded

from viz import draw
from viz.render import renderers

RENDERERS = ["graphviz-pure", "dot", "pygraphviz"]
VECTORS = [(name, format_) for name in RENDERERS for format_ in ("svg", "pdf")
           if format_ in renderers.RENDERERS[name].formats]  # fmt: skip


def picture(renderer, **look):
    if renderers.RENDERERS[renderer].find() is None:
        pytest.skip(f"{renderer} is not here")
    return draw(differentiated(apple_bill()), renderer=renderer, **look)


def size_of_page(data):
    """In points: an svg and a pdf both say it."""
    found = re.search(
        rb'<svg width="([\d.]+)pt" height="([\d.]+)pt"'
        rb"|MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]",
        data,
    )
    return tuple(float(x) for x in found.groups() if x)


@pytest.mark.parametrize(("renderer", "format_"), VECTORS)
def test_dots_change_nothing_where_there_are_none(renderer, format_):
    """12 points are 12 points: 1/6 inch on paper, 16 pixels in a browser."""
    sizes = {
        dpi: size_of_page(picture(renderer, dpi=dpi).pipe(format_))
        for dpi in (72, 120, 300)
    }
    assert len(set(sizes.values())) == 1, sizes
    [(width, height)] = set(sizes.values())
    raster = decoded(picture(renderer, dpi=72).pipe("png"))
    assert width == pytest.approx(raster[0], abs=3)  # a dot a point, and no margin
    assert height == pytest.approx(raster[1], abs=3)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_text_of_an_svg_is_as_large_as_it_says(renderer):
    svg = picture(renderer, dpi=300).pipe("svg", encoding="utf-8")
    assert re.search(r'transform="scale\(1 1\)', svg)
    assert 'font-size="12.00"' in svg
    assert "dpi" not in picture(renderer, dpi=300).source


@pytest.mark.parametrize("renderer", RENDERERS)
def test_dots_of_a_raster(renderer):
    small, large = (
        decoded(picture(renderer, dpi=dpi).pipe("png"))[:2] for dpi in (60, 180)
    )
    assert large == pytest.approx([3 * x for x in small], abs=4)


def test_a_person_can_still_say_more():
    """Attributes of the graph's own come last, and Digraph's methods work on."""
    shown = picture("graphviz-pure", dpi=60)
    twin = shown.copy()
    shown.attr("graph", dpi="180")
    assert decoded(shown.pipe("png"))[0] > 2.9 * decoded(twin.pipe("png"))[0]
    twin.comment = "a comment that ends in {"
    assert decoded(twin.pipe("png"))[0] > 100


def test_fonts_of_a_pdf_are_whole_points(tmp_path):
    """pdftotext -bbox gives the boxes of words: as high as the font, in points."""
    try:
        subprocess.run(["pdftotext", "-v"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("poppler is not here")
    path = tmp_path / "x.pdf"
    path.write_bytes(picture("dot", dpi=300).pipe("pdf"))
    boxes = subprocess.run(
        ["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">100<', boxes)
    low, high = map(float, found.groups())
    assert 12 <= high - low <= 12 * 1.3
