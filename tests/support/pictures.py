"""Awkward labels, and pictures taken apart again."""

import sys
import xml.etree.ElementTree as ET
import zlib

from viz.render import renderers

AWKWARD = [
    'quotes " and \'', "back\\slash \\N \\l", "{braces|x}", "<b>&amp;</b>", "a:b:c",
    "two\nlines", "שלום عربي", "りんご", "🍎🍏", "x" * 10_000, "\x00\x07\x1b",
    "%s$PATH",     "</TD></TR>", "]]>", "--><script>", "\u202eright", "é ü ß", "", " ",
    "]",
]  # fmt: skip


def decoded(png):
    """Width, height and the rows of pixels of an 8-bit PNG."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    return width, height, zlib.decompress(data)


def texts(svg):
    root = ET.fromstring(svg)
    return [
        "".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def parts(svg):
    """The words of an SVG, and how many nodes and edges it has."""
    space = "{http://www.w3.org/2000/svg}"
    root = ET.fromstring(svg)
    allowed = {"svg", "g", "title", "text", "polygon", "path", "ellipse", "polyline",
               "a", "defs", "clipPath", "rect"}  # fmt: skip
    assert {element.tag.removeprefix(space) for element in root.iter()} <= allowed
    words = ["".join(t.itertext()).strip() for t in root.iter(f"{space}text")]
    kinds = [g.get("class", "").split(" ")[0] for g in root.iter(f"{space}g")]
    return words, kinds.count("node"), kinds.count("edge")


def fake(monkeypatch, tmp_path, script):
    """Put a program of ours in the place of the bundled renderer."""
    program = tmp_path / "fake"
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(0o755)
    real = renderers.RENDERERS["graphviz-pure"]
    stand_in = renderers.Renderer(
        real.name, real.formats | {"pdf"}, lambda: str(program), real.run, real.hint
    )
    monkeypatch.setattr(renderers, "RENDERERS", {"graphviz-pure": stand_in})
