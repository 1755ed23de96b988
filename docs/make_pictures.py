"""Make the pictures, the gallery and the README's table of operations anew.

    python docs/make_pictures.py

Beside each picture lies its DOT source; a test compares it with what is drawn today.
Look at the pictures after a change: a test cannot see whether they are handsome.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import graphs  # noqa: E402

from engine import TABLE, Value, topological_order  # noqa: E402
from viz import (  # noqa: E402
    STYLES,
    THEMES,
    Picture,
    animate,
    draw,
    draw_diff,
    save,
    tree,
)
from viz.cli.commands.ops import write_markdown  # noqa: E402

Graph = Callable[[], Value]


@dataclass(frozen=True)
class Case:
    """One picture of the gallery."""

    name: str
    graph: Graph
    caption: str
    look: dict[str, Any] = field(default_factory=dict)

    @property
    def poster(self) -> bool:
        """Whether it is large: its source is then not kept."""
        return "dpi" in self.look

    def picture(self) -> Picture:
        """Drawn by the renderer that every machine has."""
        value = graphs.differentiated(self.graph())
        return draw(value, **self.look, renderer="graphviz-pure")


class Example(Case):
    """The graph that an example returns, with its gradients."""

    def picture(self) -> Picture:
        """What the example draws."""
        value = graphs.example(self.name)
        return draw(value, **self.look, renderer="graphviz-pure")


def from_example(name: str, caption: str, **look: Any) -> Example:
    """The case of `examples/<name>.py`."""
    return Example(name, partial(graphs.example, name), caption, look)


class Difference(Case):
    """Two runs of a neuron, with another weight."""

    def picture(self) -> Picture:
        """The difference of the two."""
        runs = [graphs.differentiated(graphs.neuron(w1)) for w1 in (-3.0, -2.8)]
        return draw_diff(*runs, **self.look, renderer="graphviz-pure")


class Highlight(Case):
    """The path from an input to the output."""

    def picture(self) -> Picture:
        """The values on the way from x over q stand out."""
        value = graphs.differentiated(self.graph())
        path = [v for v in topological_order(value) if v.op or v.label == "x"]
        look: dict[str, Any] = self.look | {"highlight": path}
        return draw(value, **look, renderer="graphviz-pure")


SOLARIZED = THEMES["light"].replace(
    name="solarized",
    background="#fdf6e3",
    ink="#586e75",
    small="#93a1a1",
    positive="#cb4b16",
    negative="#268bd2",
    operation=("#eee8d5", "#586e75"),
    leaf=("#eee8d5", "#859900"),
    output=("#eee8d5", "#b58900"),
)


class Training(Case):
    """A network before a step of gradient descent, and after it."""

    def picture(self) -> Picture:
        """What the step has changed."""
        return draw_diff(
            *graphs.step_of_training(), **self.look, renderer="graphviz-pure"
        )


deep = partial(graphs.mlp, 2, 16, 16, 1)
flat = partial(graphs.mlp, 2, 16, 16, 1, scoped=False)
small = partial(graphs.mlp, 2, 4, 1)

SECTIONS: dict[str, list[Case]] = {
    "The textbook's graphs": [
        Case("apple_bill", graphs.apple_bill, "The apple bill"),
        Case("apples_and_oranges", graphs.apples_and_oranges, "Apples and oranges"),
        Case("fan_out", graphs.fan_out, "x·y is used three times: gradients add up"),
        Case("tanh_neuron", graphs.neuron, "A tanh neuron"),
        Case("sigmoid", graphs.sigmoid, "A sigmoid neuron, taken apart"),
        Case("softmax", graphs.softmax_with_loss, "Softmax with cross-entropy"),
        Case(
            "micrograd_expression", graphs.micrograd, "The expression of micrograd's "
            "README, as cards", {"style": "card"},
        ),
    ],
    "The chapter's nodes and layers": [
        from_example("chain_rule", "The chain rule on z = (x + y)²"),
        from_example("relu_switch", "ReLU is a switch for gradients, too"),
        from_example("sigmoid_node", "The sigmoid as four nodes"),
        from_example("affine_layer", "An affine layer, Y = X·W + B"),
        from_example("softmax_with_loss", "Softmax with cross-entropy: y − t"),
        from_example("identity_with_loss", "Identity with half the sum of squares"),
        from_example("two_layer_network", "A network 2-3-2 with its loss: `depth=2`",
                     depth=2),
        from_example("gradient_check", "The network of the gradient check: `depth=1`",
                     depth=1),
        from_example("logistic_gate", "A logistic neuron that has learned AND"),
    ],
    "Styles and themes": [
        Case(f"fan_out_{style}_{theme}", graphs.fan_out,
             f'`style="{style}", theme="{theme}"`', {"style": style, "theme": theme})
        for style in STYLES
        for theme in THEMES
    ] + [
        Case("apple_bill_book", graphs.apple_bill, 'The apple bill in `style="book"`',
             {"style": "book"}),
        Case("tanh_neuron_dark", graphs.neuron, 'The neuron in `theme="dark"`',
             {"theme": "dark"}),
        Case("tanh_neuron_micrograd", graphs.neuron, "The neuron as micrograd's users "
             'know it: `style="micrograd"`, `draw_dot(root)`', {"style": "micrograd"}),
        Case("sigmoid_dark", graphs.sigmoid, "The sigmoid in the dark",
             {"theme": "dark"}),
    ],
    "Every size": [
        Case("mlp_small", small, "A network 2-4-1: 50 values, as cards"),
        Case("mlp_small_fused", small, "The same with each sum in one Σ: `fuse=True`",
             {"fuse": True}),
        Case("mlp_neurons", deep, "A network 2-16-16-1: 982 values, drawn by default "
             "with a node for each neuron"),
        Case("mlp_neurons_dark", deep, "The same in the dark", {"theme": "dark"}),
        Case("mlp_layers", deep, "The same with a node for each layer: `depth=1`",
             {"depth": 1}),
        Case("mlp_layers_down", deep, '`depth=1, direction="TB"`',
             {"depth": 1, "direction": "TB"}),
        Case("mlp_cut", flat, "The same network built without scopes: the values that "
             "matter most to the output, and how many are hidden behind them"),
        Case("mlp_whole", deep, "And whole, as a poster: `depth=0`",
             {"depth": 0, "dpi": 30}),
        Case("mlp_whole_fused", deep, "Whole, with each sum in one Σ: `fuse=True`",
             {"fuse": True, "dpi": 30}),
    ],
    "Directions, lines, highlights": [
        Case("fan_out_down", graphs.fan_out, '`direction="TB"`', {"direction": "TB"}),
        Case("fan_out_right_to_left", graphs.fan_out, '`direction="RL"`',
             {"direction": "RL"}),
        Case("fan_out_values", graphs.fan_out, '`show=["value"]`', {"show": ["value"]}),
        Highlight("fan_out_path", graphs.fan_out, "The path from x over q: "
                  '`highlight=[...]`, `title="..."`',
                  {"title": "What x does to L through q"}),
        Case("fan_out_theme", graphs.fan_out, "A theme and a style of one's own: "
             "`theme.replace(...)`, `style.replace(...)`, `digits=2`",
             {"theme": SOLARIZED, "style": STYLES["wire"].replace(chain=False),
              "digits": 2, "legend": False}),
    ],
    "What is unusual": [
        Case("infinities", graphs.infinities, "nan and ∞: an infinite local derivative "
             "times zero, and zero times infinity"),
        Case("infinities_card", graphs.infinities, 'nan and ∞ as cards, in the dark',
             {"style": "card", "theme": "dark"}),
        Case("second_derivative", graphs.second_derivative, "The graph of a "
             "derivative, differentiated once more"),
        Difference("difference", graphs.neuron, "Two runs of one expression: "
                   "`draw_diff(before, after)`"),
        Difference("difference_card", graphs.neuron, 'The same in `style="card"`',
                   {"style": "card", "theme": "dark"}),
        Training("difference_layers", graphs.neuron, "A step of gradient descent, with "
                 "a node for each layer: `depth=1`", {"depth": 1}),
    ],
}  # fmt: skip

CASES = {case.name: case for cases in SECTIONS.values() for case in cases}

PLOTS = {
    "linear_regression": "A line after each epoch, and its loss",
    "rosenbrock": "Three optimizers in Rosenbrock's valley",
    "iris": "Six optimizers teach a network about iris",
    "moons": "What a network 2-16-16-1 makes of two moons",
    "digits": "Handwritten digits, 64-50-10",
    "curve_fit": "SciPy fits NIST's Misra1a with gradients from a tape",
    "distributed_training": "A ring, learnt from a Dask collection",
}
"""What other examples plot with matplotlib."""

OTHERS = ("mmd", "tex", "graphml")
"""The other formats, shown with the fan-out."""

_INTRODUCTION = """\
# Gallery

Every style, size and format that dotgrad draws. Made by `python docs/make_pictures.py`;
the graphs are built in [graphs.py](graphs.py). Beside each picture, but for posters,
lies its source for Graphviz.
"""

_FILM = """\
## A film

`animate(value, "backprop.gif")` shows forward and backward propagation step by step;
`frames(value)` gives the same steps as data.

![Backpropagation through the fan-out](pictures/fan_out.gif)
"""


def gallery() -> str:
    """The page, without looking at any picture."""
    return "\n".join([_INTRODUCTION, *_sections(), _FILM, *_formats()])


def _sections() -> Iterator[str]:
    for title, cases in SECTIONS.items():
        yield f"## {title}\n"
        for case in cases:
            yield _shown(case.name, case.caption)
    yield "## Plots of the examples\n"
    for name, caption in PLOTS.items():
        yield _shown(name, caption)


def _shown(name: str, caption: str) -> str:
    return f"{caption}:\n\n![{name}](pictures/{name}.png)\n"


def _formats() -> Iterator[str]:
    fan = graphs.differentiated(graphs.fan_out())
    yield "## Other formats\n"
    yield f"A tree of text, `tree(value)`:\n\n```text\n{tree(fan)}\n```\n"
    mermaid = (PICTURES / "fan_out.mmd").read_text(encoding="utf-8")
    yield f"Mermaid, which a page like this one draws:\n\n```mermaid\n{mermaid}```\n"
    yield (
        "[TikZ](pictures/fan_out.tex): a LaTeX document with the same layout. "
        "[GraphML](pictures/fan_out.graphml): the graph as data."
    )
    yield ""


def readme(text: str) -> str:
    """The README with the table of operations as it is now."""
    table = write_markdown(list(TABLE.values()))
    pattern = r"(<!-- operations -->\n).*?(\n<!-- end of operations -->)"
    return re.sub(pattern, lambda m: m[1] + table + m[2], text, flags=re.DOTALL)


def main() -> None:
    """Write everything."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.iterdir():
        if old.name != "explorer.gif":  # made by make_film.py, in a browser
            old.unlink()
    for case in CASES.values():
        picture = case.picture()
        if not case.poster:
            (PICTURES / f"{case.name}.gv").write_text(picture.source, encoding="utf-8")
        (PICTURES / f"{case.name}.png").write_bytes(picture.pipe("png"))
    for name in PLOTS:
        graphs.example(name).savefig(PICTURES / f"{name}.png", dpi=100)
    fan = graphs.differentiated(graphs.fan_out())
    for suffix in OTHERS:
        save(fan, PICTURES / f"fan_out.{suffix}", renderer="graphviz-pure")
    animate(graphs.fan_out(), PICTURES / "fan_out.gif", progress=False)
    version = importlib.metadata.version("graphviz-pure")
    (PICTURES / "RENDERER").write_text(version + "\n", encoding="utf-8")
    (ROOT / "docs" / "gallery.md").write_text(gallery(), encoding="utf-8")
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
