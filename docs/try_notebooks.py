"""Try the notebook's pictures and the widget in real notebooks, in a real browser.

    pip install -e '.[test]' jupyterlab marimo
    python docs/try_notebooks.py            # or only: jupyterlab, marimo

Each notebook is started on this machine, run in Chromium, and what is on the page is
compared with what Python says. The pages are in docs/screens/: look at them. The first
is the README's.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
SCREENS = ROOT / "docs" / "screens"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from chromium import chromium  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOKEN = "on-this-machine-only"
CELLS = (
    "%load_ext viz\nfrom engine import Value\n"
    '\nx, w = Value(2.0, "x"), Value(-3.0, "w")\n'
    'y = (w * x + Value(6.9, "b")).tanh()\ny.label = "y"\ny.backward()\ny',
    "from viz import widget\n\nsliders = widget(y)\nsliders",
    "sliders.value, sliders.gradients",
    'sliders["w"] = -2.5',
    "import time\n\ntime.sleep(3)",
)
MARIMO = """
import marimo

app = marimo.App()

@app.cell
def _():
    import marimo as mo
    import viz
    from engine import Value

    x, w = Value(2.0, "x"), Value(-3.0, "w")
    y = (w * x + Value(6.9, "b")).tanh()
    y.backward()
    viz.draw(y, dpi=72)
    return mo, viz, y

@app.cell
def _(mo, viz, y):
    sliders = mo.ui.anywidget(viz.widget(y))
    sliders
    return (sliders,)

@app.cell
def _(sliders):
    f"Python: {sliders.value['values']}"
    return

if __name__ == "__main__":
    app.run()
"""


@contextmanager
def server(url: str, folder: Path, *command: str) -> Iterator[None]:
    """A program that serves pages, until the block ends; settings are in a folder."""
    settings = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "XDG_CONFIG_HOME")
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **dict.fromkeys(settings, str(folder / "settings"))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(url, timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def jupyterlab(page: Page, folder: Path) -> None:
    """Pictures, sliders both ways, a busy kernel, the dark theme."""
    notebook = {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source,
             "outputs": [], "execution_count": None}
            for i, source in enumerate(CELLS)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    (folder / "neuron.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    news = folder / "settings/@jupyterlab/apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    url = "http://127.0.0.1:18731"
    options = ("--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=18731",
               f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}",
               "--LabApp.check_for_updates_class="
               "jupyterlab.NeverCheckForUpdate")  # fmt: skip
    with server(url, folder, "jupyterlab", *options):
        page.goto(f"{url}/doc/tree/neuron.ipynb?token={TOKEN}")
        page.get_by_text("(ipykernel) | Idle").wait_for(timeout=60_000)
        for cell in (0, 1):
            run(page, cell)
        page.wait_for_selector(".jp-RenderedSVG img, .jp-RenderedSVG svg")
        drag(page, "w", 0.35, 0.31)
        run(page, 2)
        said = page.locator(".jp-Cell").nth(2).locator("pre").last
        said.wait_for()
        print("  Python says", said.inner_text())
        shown = float(
            page.locator(".result").inner_text().replace("−", "-").split()[-1]
        )
        assert abs(ast.literal_eval(said.inner_text())[0] - shown) < 1e-3
        screen(page, "jupyterlab", last=".jp-Cell >> nth=2")
        run(page, 3)
        page.wait_for_function(
            "document.querySelectorAll('.number')[0].value === '−2.5'"
        )
        run(page, 4)
        slider(page, "x").press("ArrowRight")
        page.get_by_text("waiting for Python").wait_for(timeout=2000)
        page.get_by_text("waiting for Python").wait_for(state="detached", timeout=9000)
        menu = page.locator
        menu(".lm-MenuBar-itemLabel:text-is('Settings')").click()
        menu(".lm-Menu-itemLabel:text-is('Theme')").hover()
        menu(".lm-Menu-itemLabel:text-is('JupyterLab Dark')").click()
        dark(page)
        screen(page, "jupyterlab_dark", last=".jp-Cell >> nth=2")


def marimo(page: Page, folder: Path) -> None:
    """Sliders that other cells follow, in an app."""
    (folder / "neuron.py").write_text(MARIMO, encoding="utf-8")
    url = "http://127.0.0.1:18732"
    options = ("run", str(folder / "neuron.py"), "--headless", "--host", "127.0.0.1",
               "--port", "18732", "--token", "--token-password", TOKEN)  # fmt: skip
    with server(f"{url}/health", folder, "marimo", "-y", *options):
        page.goto(f"{url}/?access_token={TOKEN}")
        drag(page, "w", 0.35, 0.31)
        shown = page.get_by_role("textbox", name="w, number").input_value()
        page.get_by_text(f"'w': {shown.replace('−', '-')}").wait_for()
        screen(page, "marimo", last="text=Python:")


def run(page: Page, cell: int) -> None:
    """Run a cell of JupyterLab."""
    page.locator(".jp-Cell .cm-content").nth(cell).click()
    page.keyboard.press("Control+Enter")


def slider(page: Page, name: str):  # noqa: ANN201
    """The slider of this leaf."""
    return page.get_by_role("slider", name=name, exact=True)


def drag(page: Page, name: str, start: float, end: float) -> None:
    """Pull a slider from one share of its length to another, and wait for Python."""
    slider(page, name).wait_for(timeout=60_000)
    box = slider(page, name).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle)
    page.mouse.down()
    for i in range(1, 31):
        x = box["x"] + (start + (end - start) * i / 30) * box["width"]
        page.mouse.move(x, middle)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.wait_for_timeout(1000)
    number = page.get_by_role("textbox", name=f"{name}, number").input_value()
    picture = page.locator(".dotgrad-widget .picture").text_content()
    print(f"  dragged {name} to {number}")
    assert number in (picture or "")


def dark(page: Page) -> None:
    """Wait until the widget is dark."""
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.dotgrad-widget')).backgroundColor"
        " === 'rgb(13, 17, 23)'"
    )
    page.wait_for_timeout(500)


def screen(page: Page, name: str, *, last: str) -> None:
    """Keep what is on the page, down to its last element that matters."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    box = page.locator(last).bounding_box()
    assert box is not None
    clip = {"x": 0, "y": 0, "width": 900, "height": box["y"] + box["height"] + 12}
    page.screenshot(path=SCREENS / f"{name}.png", clip=clip)


def main() -> None:
    """Try those that are named, or all."""
    SCREENS.mkdir(exist_ok=True)
    tried = {"jupyterlab": jupyterlab, "marimo": marimo}
    with chromium() as browser:
        for name in sys.argv[1:] or tried:
            versions = (name, "anywidget", "ipywidgets")
            print(", ".join(f"{v} {importlib.metadata.version(v)}" for v in versions))
            page = browser.new_page(viewport={"width": 900, "height": 1400})
            with tempfile.TemporaryDirectory() as folder:
                tried[name](page, Path(folder))
            page.close()
        print(f"Chromium {browser.version}: all is as it should be")


if __name__ == "__main__":
    main()
