"""Diagram → DOT: goldens, determinism, escaping."""

import os
import pathlib
import subprocess
import sys

import graphviz
import pytest
from graphs import (
    apple_bill,
    differentiated,
    fan_out,
    micrograd,
    not_a_number,
    sigmoid,
)
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

from engine import Value, custom_derivative, topological_order
from viz import STYLES, THEMES, OptionError, draw, draw_dot, trace
from viz.style.legends import LegendLine

GOLDENS = pathlib.Path(__file__).parent / "goldens"
CASES = {
    "wire_apple": (apple_bill, {}),
    "wire_fan": (fan_out, {}),
    "wire_dark_sigmoid": (sigmoid, {"theme": "dark"}),
    "wire_nan": (not_a_number, {"title": "nan & ∞", "legend": False}),
    "book_apple": (apple_bill, {"style": "book"}),
    "cs231n_fan": (fan_out, {"style": "cs231n"}),
    "micrograd_fan": (fan_out, {"style": "micrograd"}),
    "card_micrograd": (micrograd, {"style": "card"}),
    "card_dark_nan": (not_a_number, {"style": "card", "theme": "dark"}),
}


@pytest.mark.parametrize("name", CASES)
def test_goldens(name):
    """DOTGRAD_WRITE_GOLDENS=1 writes them anew: look at the pictures then."""
    graph, options = CASES[name]
    source = draw(differentiated(graph()), **options).source
    path = GOLDENS / f"{name}.gv"
    if os.environ.get("DOTGRAD_WRITE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


SCRIPT = """
from graphs import *
from viz import draw
import sys
for style in ("wire", "book", "card"):
    sys.stdout.write(draw(differentiated(micrograd()), style=style).source)
"""


def test_equal_graphs_give_equal_text_under_any_hash_seed():
    path = os.pathsep.join([str(ROOT), str(ROOT / "docs")])
    texts = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, check=True,
            cwd=ROOT,
            env=os.environ
            | {"PYTHONHASHSEED": seed, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("0", "1", "31337")
    }  # fmt: skip
    assert len(texts) == 1


def test_a_picture_is_a_digraph():
    picture = draw(apple_bill())
    assert isinstance(picture, graphviz.Digraph)
    assert picture.format == "svg"
    assert picture.source.startswith("digraph {")
    twin = picture.copy()
    twin.node("more")
    assert "more" in twin.source
    assert "more" not in picture.source
    assert type(twin) is type(picture)


@pytest.mark.parametrize("style", STYLES)
def test_values_only_is_said_and_no_zero_is_shown(style):
    source = draw(fan_out(), style=style, legend=False).source
    assert "values only" in source
    assert ">0<" not in source
    swept = draw(differentiated(fan_out()), style=style, legend=False).source
    assert "values only" not in swept


def test_chain_rule_sums_and_names_are_there():
    source = draw(differentiated(fan_out())).source
    for text in ("−11 × −2", "= 22 + 1", "= −6 − 6 + 1", "<I>q</I>", "<B>−33</B>"):
        assert text in source
    assert "1 × 1" not in source  # no chain line where the local derivative is 1


def test_many_uses_are_summed_up_in_a_word():
    x = Value(2.0, "x")
    source = draw(differentiated(x * x * x * x * x)).source
    assert "= Σ of 5" in source


def test_operands_keep_their_order():
    x, y = Value(5.0, "x"), Value(2.0, "y")
    for result in (x - y, x / y, x % y):
        assert "ordering=in" in draw(result).source
    assert "ordering=in" not in draw(x * y).source


def test_width_and_colour_follow_the_gradient():
    big, small, zero = Value(1.0, "big"), Value(1.0, "small"), Value(1.0, "zero")
    output = differentiated(big * 1000 + small * -0.5 + zero * 0)
    picture = draw(output)
    lines = [line for line in picture.body if " -> " in line]
    start = {
        name: next(line for line in lines if line.strip().startswith(f"{node} ->"))
        for name, node in _ids(picture).items()
    }
    assert "penwidth=4" in start["big"]
    assert "penwidth=1" in start["small"]
    assert "dashed" in start["zero"]
    assert "solid" in start["big"]


def _ids(picture):
    found = {}
    for line in picture.body:
        for name in ("big", "small", "zero"):
            if f"label={name} " in line:
                found[name] = line.split()[0]
    return found


def test_ids_have_the_prefix():
    picture = draw(differentiated(fan_out()), id_prefix="a")
    for line in picture.body:
        if " -> " in line:
            tail, head = line.split("[")[0].split(" -> ")
            assert tail.strip().startswith('"a-')
            assert head.strip().startswith('"a-')
        elif " id=" in line:
            assert ' id="a-' in line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "wires"}, "style='wires'.*wire, book, cs231n"),
        ({"theme": "blue"}, "theme='blue'.*light, dark"),
        ({"digits": 0}, "digits=0"),
        ({"digits": 2.5}, r"digits=2\.5"),
        ({"dpi": 1}, "dpi=1"),
        ({"id_prefix": "a b"}, "id_prefix='a b'"),
        ({"id_prefix": "a_"}, "id_prefix='a_'"),
        ({"id_prefix": None}, "id_prefix=None"),
        ({"digits": True}, "digits=True"),
        ({"dpi": "a"}, "dpi='a'"),
        ({"title": 3}, "title=3"),
        ({"style": 3}, r"style=3.*viz\.Style"),
        ({"theme": None}, r"theme=None.*viz\.Theme"),
        ({"style": THEMES["dark"]}, "style=Theme"),
        ({"time_limit": 0}, "time_limit=0"),
        ({"time_limit": "x"}, "time_limit='x'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        draw(apple_bill(), **options)


def test_styles_and_themes_can_be_derived():
    theme = THEMES["light"].replace(positive="#123456", name="mine")
    style = STYLES["wire"].replace(chain=False)
    source = draw(differentiated(fan_out()), style=style, theme=theme).source
    assert "#123456" in source
    assert "−11 × −2" not in source


def test_a_derived_theme_or_style_is_checked():
    with pytest.raises(OptionError, match=r"theme: positive='red'.*#rrggbb"):
        THEMES["light"].replace(positive="red")
    with pytest.raises(OptionError, match="theme: leaf='#000\"><b'"):
        THEMES["light"].replace(leaf=("#ffffff", '#000"><b'))
    with pytest.raises(OptionError, match=r"style: layout='wires'.*wire or card"):
        STYLES["wire"].replace(layout="wires")


def test_a_legend_of_ones_own():
    style = STYLES["wire"].replace(legend=("{name} {ink:value} {typo}",))
    source = draw(differentiated(fan_out()), style=style).source
    assert ">{name} {ink:value} {typo}<" in source  # text is text
    line = LegendLine(("red: ", ("more", "positive")), needs={"chain"})
    style = style.replace(legend=(line,))
    source = draw(differentiated(fan_out()), style=style).source
    positive = THEMES["light"].positive
    assert f'>red: <FONT POINT-SIZE="10" COLOR="{positive}"><B>more</B>' in source
    assert (
        "red: " not in draw(differentiated(fan_out()), style=style, show="value").source
    )


def test_micrograds_drawing_functions():
    root = differentiated(fan_out())
    nodes, pairs = trace(root)
    assert nodes == set(topological_order(root))
    assert len(pairs) == 7  # q * q is one pair in a set
    picture = draw_dot(root)
    assert isinstance(picture, graphviz.Digraph)
    assert (picture.format, draw_dot(root, "png", "TB").format) == ("svg", "png")
    assert "rankdir=TB" in draw_dot(root, rankdir="TB").source
    for text in ("data −6.0000", "grad 23.0000"):
        assert text in picture.source
    with pytest.raises(OptionError, match="rankdir='XX'"):
        draw_dot(root, rankdir="XX")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layout": "cube"}, "layout='cube'"),
        ({"value": "blue"}, "colour='blue'"),
        ({"font": "A, B"}, "font='A, B'"),
    ],
)
def test_bad_styles(changes, message):
    with pytest.raises(OptionError, match=message):
        STYLES["wire"].replace(**changes)


def test_form_by_size():
    def chain(n):
        y = Value(1.0, "x")
        for _ in range(n):
            y = y.tanh()
        return y

    assert "shape=circle" in draw(chain(39)).source
    assert "shape=circle" not in draw(chain(40)).source
    assert "shape=circle" in draw(chain(40), style="wire").source


def test_the_caption_says_that_the_form_was_chosen():
    y = Value(1.0, "x")
    for _ in range(40):
        y = y.tanh()
    for legend in (True, False):
        assert "41 values, drawn as cards" in draw(y, legend=legend).source
    assert "drawn as" not in draw(y, style="card").source
    assert "drawn as" not in draw(y.parents[0]).source


@given(st.text(max_size=60))
def test_any_label_makes_valid_dot(label):
    """Nothing of a label gets out of its quotes or its cell."""
    for style in STYLES:
        value = Value(1.0, label) * Value(2.0)
        value.label = label
        source = draw(differentiated(value), style=style).source
        body = source.split("\n", 1)[1]
        assert body.rstrip().endswith("}")
        assert all(ord(c) >= 32 or c in "\n\t" for c in source)


@pytest.mark.parametrize(
    ("symbol", "shape"),
    [
        ("×", "circle"), ("acos", "circle"), ("exp2", "circle"), ("acosh", "box"),
        ("WWW", "box"), ("iiiiii", "circle"), ("leaky_relu", "box"),
    ],
)  # fmt: skip
def test_a_word_that_is_wider_than_the_circle_gets_a_box(symbol, shape):
    f = custom_derivative(lambda out, x: 1, symbol=symbol)(lambda x: x)
    [line] = [x for x in draw(f(Value(1.0, "x"))).source.splitlines() if symbol in x][
        :1
    ]
    assert f"shape={shape}" in line
