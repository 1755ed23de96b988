"""Labels from people, drawn by every renderer in every format."""

import html
import io
import re
import subprocess
import sys
import warnings

import networkx
import pytest
from graphs import differentiated, micrograd, mlp, not_a_number
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import AWKWARD, parts
from PIL import Image

from engine import Value, scope
from viz import STYLES, draw, save, tree
from viz.formats.tikz import to_tikz
from viz.labels import shorten
from viz.render import renderers

PIECES = [
    '"', "'", "\\", "\\N", "\\G", "\\l", "\\\\", "{", "}", "|", "<b>", "</TD>", "&",
    "&amp;", "&#65;", "\n", "\t", "\x00", "\x1b[31m", "\u202e", "שלום", "عربي", ":",
    "りんご", "🍎", "👩‍👩‍👧", "e\u0301", "]]>", "--><script>", "%s", "$PATH", "`id`",
    "#", "~", "^", "_", "/*", "//", ";", "->", "[", "]", "n0",
    "\ufffe", "\ud800", " ", "x", "x" * 10_000,
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES), max_size=5).map("".join) | st.text(
    max_size=50
)
few = settings(max_examples=20, deadline=None)


def graph(label):
    """A graph with this label in every place that a person can name."""
    with scope(label or "."):
        x, p = Value(3.0, label), Value(2.0, "p")
        y = x * p
        y.label = label
    out = y + x
    out.label = label
    out.backward()
    return out


@pytest.mark.parametrize("style", STYLES)
def test_an_svg_has_every_label_as_it_is_and_nothing_else(renderer, style):
    _, *plain = parts(draw(graph("plain"), style=style, renderer=renderer).pipe())

    @few
    @given(hostile | st.sampled_from(AWKWARD))
    def check(label):
        picture = draw(graph(label), style=style, title=label, renderer=renderer)
        words, *found = parts(picture.pipe())
        assert found == plain
        if shown := shorten(label):
            assert sum(shown in word for word in words) >= 3
            assert shorten(label, 200) in words  # the title

    check()


def test_a_scope_has_its_name(renderer):
    @few
    @given(hostile)
    def check(label):
        words, nodes, _ = parts(draw(graph(label), depth=1, renderer=renderer).pipe())
        assert nodes >= 2
        assert shorten(label or ".") in words or not shorten(label)

    check()


FORMATS = ["png", "jpg", "pdf"]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_drawn(renderer, format_):
    if format_ not in renderers.RENDERERS[renderer].formats:
        pytest.skip(f"{renderer} makes no {format_}")
    width = picture_width(draw(graph("x"), renderer=renderer), format_)

    @settings(max_examples=4, deadline=None)
    @given(hostile)
    def check(label):
        picture = draw(graph(label), title="t", renderer=renderer)
        wide = picture_width(picture, format_)
        assert wide > width / 2
        assert wide < 6 * width  # a label of 10,000 characters is cut

    check()


def picture_width(picture, format_):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the bundled fonts lack some scripts
        data = picture.pipe(format_)
    if format_ == "pdf":
        assert data.startswith(b"%PDF")
        assert data.rstrip().endswith(b"%%EOF")
        box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", data)
        return float(box[1]) if box else 500  # it may be in a compressed object
    image = Image.open(io.BytesIO(data)).convert("RGB")
    assert len(image.getcolors(1 << 24)) > 20
    return image.width


@settings(max_examples=50, deadline=None)
@given(hostile)
def test_text_is_one_line_a_value_and_graphml_gives_the_label_back(label):
    root = graph(label)
    lines = tree(root).split("\n")
    assert len(lines) == 5
    assert all(c.isprintable() or c in "\u200d\u200e\u200f" or ord(c) > 127
               for c in "".join(lines))  # fmt: skip
    assert tree(root, ascii=True).isascii()


def test_graphml_gives_any_label_back(tmp_path):
    @few
    @given(hostile)
    def check(label):
        path = save(graph(label), tmp_path / "x.graphml")
        read = networkx.read_graphml(path, force_multigraph=True)
        assert read.nodes["n0"].get("label", "") == shorten(label)
        assert len(read) == 4

    check()


def test_tikz_compiles(latex, tmp_path):
    """Graphs and labels of all kinds in one document, as LaTeX takes long to start."""
    loss = differentiated(mlp(2, 9, 1))
    pages = [
        to_tikz(draw(differentiated(not_a_number()), direction="TB", theme="dark")),
        *(to_tikz(draw(loss, depth=depth)) for depth in (1, 2)),
        *(to_tikz(draw(differentiated(micrograd()), style=style)) for style in STYLES),
    ]

    @few
    @given(hostile)
    def collect(label):
        pages.append(to_tikz(draw(graph(label), title=label)))

    collect()
    bodies = []
    for page in pages:
        head, rest = page.split(r"\begin{document}")
        colors = re.findall(r"\\definecolor.*", head)
        bodies += [*colors, rest.replace(r"\end{document}", "")]
    start = re.sub(r"\\definecolor.*\n", "", head)
    text = "\n".join([start, r"\begin{document}", *bodies, r"\end{document}"])
    (tmp_path / "x.tex").write_text(text, encoding="utf-8")
    run = subprocess.run(
        [latex, "-interaction=nonstopmode", "-halt-on-error", "x.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-2000:]
    data = (tmp_path / "x.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert f"({len(pages)} pages" in run.stdout


def test_the_name_of_a_node_is_not_put_for_backslash_n(renderer):
    r"""Graphviz writes the name of a node for \N, in tables as well."""
    label = r"\N \G \\N \n"
    for style in STYLES:
        words, *_ = parts(draw(graph(label), style=style, renderer=renderer).pipe())
        assert sum(label in html.unescape(word) for word in words) >= 3


def test_no_label_is_run(tmp_path):
    """Nothing of a label reaches a shell, Python or LaTeX's \\write18."""
    target = tmp_path / "made"
    for label in (
        f"$(touch {target})", f"`touch {target}`", f"; touch {target}",
        f"__import__('os').mkdir({str(target)!r})",
        rf"\immediate\write18{{touch {target}}}", f"${{x:=$(touch {target})}}",
    ):  # fmt: skip
        for suffix in ("svg", "tex", "mmd", "txt", "graphml"):
            save(graph(label), tmp_path / f"x.{suffix}")
    assert sys.executable
    assert not target.exists()
