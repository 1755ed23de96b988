"""`%load_ext viz`, and the chapter as a notebook."""

import base64
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from places import ROOT
from traitlets.config import Config

from engine import Value
from viz import Picture
from viz.notebook import extension as notebook

pytest.importorskip("nbclient", reason="nbclient is not installed")
PATH = ROOT / "examples" / "chapter.ipynb"

RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
nbformat.write(notebook, sys.argv[2])
"""


def outputs(path):
    """For each cell of code its text, and how many pictures it shows."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            text, pictures = "", 0
            for output in cell["outputs"]:
                data = output.get("data", {})
                picture = "image/svg+xml" in data
                pictures += picture
                shown = "" if picture else data.get("text/plain", "")
                text += "".join(output.get("text", "")) + "".join(shown)
            yield text, pictures


def shell_of(kind, monkeypatch):
    for prompt in ("ps1", "ps2", "ps3"):  # which a shell sets and leaves set
        monkeypatch.setattr(sys, prompt, "", raising=False)
    config = Config({"HistoryManager": {"enabled": False}})
    shell = kind(config=config)
    shell.extension_manager.load_extension("viz")
    return shell


@pytest.fixture
def shell(monkeypatch):
    loaded = shell_of(InteractiveShell, monkeypatch)
    yield loaded
    loaded.extension_manager.unload_extension("viz")


@pytest.fixture
def fan():
    x, y = Value(3.0, label="x"), Value(-2.0, label="y")
    q = x * y
    output = (q * q + q) + x
    output.backward()
    return output


def test_a_value_is_shown_as_its_picture(shell, fan):
    data, sizes = shell.display_formatter.format(fan)
    assert set(data) == {"text/plain", "image/svg+xml", "image/png"}
    assert ">−11 × −2<" in data["image/svg+xml"].replace("&#45;", "-")
    assert "├─ x = 3  grad 23, here 22" in data["text/plain"]
    width, height = re.search(r'svg width="(\d+)pt" height="(\d+)pt"', data[
        "image/svg+xml"]).groups()  # fmt: skip
    shown = sizes["image/png"]
    assert shown["width"] == pytest.approx(int(width) * 4 / 3, rel=0.02)
    assert shown["height"] == pytest.approx(int(height) * 4 / 3, rel=0.02)
    only, _ = shell.display_formatter.format(fan, include={"image/png"})
    assert set(only) == {"image/png"}


def cells(html):
    """The texts of a table, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[dh]>(.*?)</t[dh]>", row) for row in rows]


W = Value(-3.0, label="w")


@pytest.mark.parametrize(
    ("container", "paths"),
    [
        ([W, W * 2], ["[0]", "[1]"]),
        ((W, W * 2), ["[0]", "[1]"]),
        ({"a": W, "b": [W * 2]}, ["[&#x27;a&#x27;]", "[&#x27;b&#x27;][0]"]),
        ([[W], [W * 2, 0.5]], ["[0][0]", "[1][0]", "[1][1]"]),
        (np.array([W, W * 2]), ["[0]", "[1]"]),
        (np.array([[W, W * 2]]), ["[0][0]", "[0][1]"]),
    ],
    ids=["list", "tuple", "dict", "nested", "array", "matrix"],
)
def test_values_in_a_container_are_a_table(shell, container, paths):
    data, _ = shell.display_formatter.format(container)
    assert set(data) == {"text/plain", "text/html"}
    head, *rows = cells(data["text/html"])
    assert head == ["", "label", "value", "grad", "operation"]
    assert [row[0] for row in rows] == paths
    assert rows[0][1:] == ["w", "−3", "", ""]
    assert rows[1][1:] == ["", "−6", "", "×"]


def test_a_value_of_zero_has_all_its_cells(shell):
    """A Value is false where its number is 0, and is in the table all the same."""
    x = Value(0.0, label="x")
    y = x * 3
    y.backward()
    data, _ = shell.display_formatter.format([x, y, 0.0])
    assert cells(data["text/html"])[1:] == [
        ["[0]", "x", "0", "3", ""],
        ["[1]", "", "0", "1", "×"],
        ["[2]", "", "0", "", ""],
    ]


def test_a_table_has_gradients_and_escapes_labels(shell, fan):
    fan.label = "<b>&"
    data, _ = shell.display_formatter.format([fan])
    assert cells(data["text/html"])[1] == ["[0]", "&lt;b&gt;&amp;", "33", "1", "+"]


def test_a_long_list_is_cut(shell):
    data, _ = shell.display_formatter.format([Value(float(i)) for i in range(1000)])
    rows = cells(data["text/html"])
    assert len(rows) == 1 + 100 + 1
    assert rows[-1] == ["…"]


SELF = []
SELF += [SELF, W]


@pytest.mark.parametrize(
    "container",
    [[1.0, 2.0], [], {}, ["x", W], [None, W], np.arange(3.0), np.array(["a"]), SELF],
    ids=repr,
)
def test_other_containers_are_text(shell, container):
    data, _ = shell.display_formatter.format(container)
    assert set(data) == {"text/plain"}


def test_unloading_ends_it(shell, fan):
    shell.extension_manager.unload_extension("viz")
    data, _ = shell.display_formatter.format(fan)
    assert data == {"text/plain": "Value(33.0, op='+', grad=1.0)"}
    data, _ = shell.display_formatter.format([fan])
    assert data == {"text/plain": "[Value(33.0, op='+', grad=1.0)]"}
    shell.extension_manager.load_extension("viz")


def test_a_terminal_shows_the_tree(fan, monkeypatch):
    drawn = []
    monkeypatch.setattr(Picture, "pipe", lambda *args, **_: drawn.append(args))
    terminal = shell_of(TerminalInteractiveShell, monkeypatch)
    data, _ = terminal.display_formatter.format([fan])
    assert data == {"text/plain": "[Value(33.0, op='+', grad=1.0)]"}
    data, _ = terminal.display_formatter.format(fan)
    assert set(data) == {"text/plain"}
    assert data["text/plain"].splitlines()[0] == "+ = 33  grad 1"
    assert drawn == []


def test_a_large_graph_is_drawn_small_and_a_huge_one_is_not(shell, monkeypatch):
    y = Value(1.0, label="x")
    for _ in range(1000):
        y = y * 2.0
    data, _ = shell.display_formatter.format(y)
    assert "2,001 values" in data["image/svg+xml"]
    assert data["text/plain"] == repr(y)
    monkeypatch.setattr(notebook, "LIMIT", 2000)
    data, _ = shell.display_formatter.format(y)
    assert set(data) == {"text/plain"}
    text, why = data["text/plain"].splitlines()
    assert text == repr(y)
    assert why.startswith("(no picture unasked of more than 2,000 values; viz.draw")


def test_what_cannot_be_drawn_is_text_and_one_line(shell, fan, monkeypatch, capsys):
    monkeypatch.setenv("DOTGRAD_RENDERER", "dto")
    data, _ = shell.display_formatter.format(fan)
    assert set(data) == {"text/plain"}
    last = data["text/plain"].splitlines()[-1]
    assert last.startswith("(no picture: renderer='dto': there is no such renderer")
    assert capsys.readouterr() == ("", "")


CELLS = """
import sys, nbclient, nbformat
cells = [
    "%load_ext viz\\nfrom engine import *\\nx = Value(3.0, label='x')\\ny = x * x",
    "y.backward()\\ny",
    "import viz\\nw = viz.widget(y)\\nw",
    "w['x'] = 5.0\\ny",
    "[x, y]",
    "x / 0",
    "grad(lambda x: log(x))(0.0)",
    "register('cube', '³', lambda x: x**3, lambda out, x: (3 * x**2,))(2.0)",
    "register('cube', '³', lambda x: x**3 + 1, lambda out, x: (3 * x**2,))(2.0)",
]
notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
client = nbclient.NotebookClient(
    notebook, kernel_name="python3", timeout=60, allow_errors=True
)
client.execute()
nbformat.write(notebook, sys.argv[1])
"""


def test_a_kernel_sends_pictures_and_the_widget(tmp_path):
    done = tmp_path / "done.ipynb"
    subprocess.run([sys.executable, "-c", CELLS, str(done)], check=True)
    stored = json.loads(done.read_text(encoding="utf-8"))
    shown = [
        [out.get("data", out) for out in cell["outputs"]] for cell in stored["cells"]
    ]
    assert shown[0] == []
    for [data], number in ((shown[1], "9"), (shown[3], "25")):
        assert f">{number}<" in "".join(data["image/svg+xml"])
        png = base64.b64decode("".join(data["image/png"]))
        assert png.startswith(b"\x89PNG")
        assert "".join(data["text/plain"]).startswith(f"× = {number}")
    [data] = shown[2]
    assert set(data) >= {"application/vnd.jupyter.widget-view+json", "image/svg+xml"}
    model = data["application/vnd.jupyter.widget-view+json"]["model_id"]
    states = stored["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    state = states["state"][model]["state"]
    assert (state["values"], state["_shown"]["value"]) == ({"x": 5.0}, "25")
    assert "export default" in state["_esm"]
    [table] = shown[4]
    assert [row[2] for row in cells("".join(table["text/html"]))] == [
        "value",
        "5",
        "25",
    ]
    for [error], name, most in (
        (shown[5], "DivisionByZeroError", 30),
        (shown[6], "DomainError", 60),
    ):
        assert error["ename"] == name
        text = "\n".join(error["traceback"])
        assert text.count("Traceback (most recent call last)") == 1
        assert "above exception" not in text
        assert len(text.splitlines()) <= most
    # Run again with another rule: each run of a cell is a file of its own.
    assert [data["text/plain"] for [data] in shown[7:]] == [["8.0"], ["9.0"]]


def test_the_notebook_runs_and_is_stored_with_its_results(tmp_path):
    done = tmp_path / "done.ipynb"
    subprocess.run(
        [sys.executable, "-c", RUN, str(PATH), str(done)],
        check=True, capture_output=True, cwd=PATH.parent.parent,
    )  # fmt: skip
    stored, fresh = list(outputs(PATH)), list(outputs(done))
    small = re.compile(r"\de-\d\d")  # the differences of the gradient check are noise
    assert [(small.sub("", t), n) for t, n in fresh] == [
        (small.sub("", t), n) for t, n in stored
    ]
    assert sum(n for _, n in fresh) >= 18
    [check] = [text for text, _ in fresh if text.startswith("W1")]
    found = re.findall(r": (\S+) over", check)
    assert len(found) == 4
    assert all(float(x) < 1e-9 for x in found)
