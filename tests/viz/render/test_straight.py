"""The middle of a wire, between its numbers, lies exactly between its two edges."""

import re

import pytest

from engine import Value
from viz import draw

NODE = re.compile(
    r'<g id="([^"]*)" class="(node|edge)[^"]*">(.*?)</g>\n(?=<!--|</g>)', re.S
)
PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


@pytest.fixture(scope="module")
def graph():
    """Gradients of all magnitudes, zero and infinite ones too: all pens there are."""
    x, y = Value(3.0, label="x"), Value(-2.0, label="y")
    q = x * y
    out = (q * q + q) + x
    for share in (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-5, 0.0):
        out = out + y * share
    out = out + Value(1.0, label="w") * float("inf")
    out.backward()
    return out


def read_ends(svg, axis):
    """Where each middle lies, and where the edges to it end: (name, middle, ends)."""
    middles, ends = {}, {}
    for name, kind, body in NODE.findall(svg):
        name = name.replace("&#45;", "-")
        if kind == "node" and name.startswith("w"):
            shape = re.search(r'<poly(?:gon|line)[^>]*points="([^"]*)"', body)
            places = [float(pair[axis]) for pair in PAIR.findall(shape[1])]
            middles[name] = (min(places) + max(places)) / 2
        elif kind == "edge" and (wire := re.search(r"(^|--)(w[^-]*)-m-([wens])", name)):
            path = PAIR.findall(re.search(r'<path[^>]* d="([^"]*)"', body)[1])
            # graphviz draws backwards where an edge goes to the left or down
            leaving = name.startswith("w")
            ends.setdefault(wire[2], []).append(float(path[0 if leaving else -1][axis]))
    return [(name, middles[name], found) for name, found in ends.items()]


@pytest.mark.parametrize("style", ["wire", "book", "cs231n"])
@pytest.mark.parametrize(("direction", "axis"), [("LR", 1), ("TB", 0)])
def test_wires_are_straight(graph, renderer, style, direction, axis):
    picture = draw(graph, style=style, direction=direction)
    svg = picture.pipe("svg", renderer=renderer, encoding="utf-8")
    found = read_ends(svg, axis)
    assert len(found) > 20
    for name, middle, ends in found:
        for end in ends:
            assert end == pytest.approx(middle, abs=0.02), name
