"""The chapter as a notebook: it runs, and prints what it is stored with."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("nbclient", reason="nbclient is not installed")
PATH = pathlib.Path(__file__).parent.parent / "examples" / "chapter.ipynb"

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
    assert sum(n for _, n in fresh) >= 10
    [check] = [text for text, _ in fresh if text.startswith("W1")]
    found = re.findall(r": (\S+) over", check)
    assert len(found) == 4
    assert all(float(x) < 1e-9 for x in found)
