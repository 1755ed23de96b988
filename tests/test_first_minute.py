"""The README's first minute in places that are not as one would have them."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import click
import graphviz
import pytest
from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPT = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[0]
SESSION = re.findall(r"```pycon\n(.*?)```", README, flags=re.DOTALL)[0]
TYPED = "".join(f"{line}\n" for line in re.findall(r"^>>> (.*)", SESSION, re.M))
COMMAND = re.search(r"&& dotgrad (draw .*)", README)[1]


def run(args, folder, typed="", python=sys.executable, **environment):
    return subprocess.run(
        [python, *args],
        cwd=folder,
        input=typed,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def draw_command():
    """What stands behind the README's `dotgrad`, as a program for `python -c`."""
    args = re.findall(r'"[^"]*"|\S+', COMMAND)
    words = [word.strip('"') for word in args]
    return (
        f"import sys; sys.argv[1:] = {words}; import viz.cli; sys.exit(viz.cli.main())"
    )


def test_beside_an_engine_of_ones_own_there_is_a_message(tmp_path):
    (tmp_path / "engine.py").write_text("class Motor: pass\n")
    script = tmp_path / "first.py"
    script.write_text(SCRIPT, encoding="utf-8")
    for args, typed in [([script], ""), (["-i"], "import dotgrad as dg\n")]:
        done = run(args, tmp_path, typed)
        said = done.stderr.splitlines()
        [line] = [line for line in said if line.startswith("ImportError: ")]
        assert str(tmp_path / "engine.py") in line
        assert "rename" in line
    assert not list(tmp_path.glob("price.*"))


def test_beside_an_engine_of_ones_own_the_command_draws(tmp_path):
    (tmp_path / "engine.py").write_text("raise SystemExit('not yours')\n")
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("dotgrad", path=scripts)
    assert program, f"it is installed in {scripts}"
    args = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', COMMAND)]
    subprocess.run([program, *args], cwd=tmp_path, check=True)
    assert (tmp_path / "price.png").stat().st_size > 1000


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_on_any_terminal(tmp_path, encoding):
    (tmp_path / "first.py").write_text(SCRIPT, encoding="utf-8")
    done = run(["first.py"], tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.glob("price.*")} == {
        "price.png",
        "price.html",
    }
    typed = TYPED + "dg.explain(x)\ndg.show(output)\n"
    done = run(["-i"], tmp_path, typed, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert "Traceback" not in done.stderr
    assert "(23.0, -33.0)" in done.stdout
    assert ("∂" in done.stdout) == (encoding == "utf-8")
    done = run(["-c", draw_command()], tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


@pytest.fixture
def bare(tmp_path):
    """What `python -S` finds where there is no wheel of the renderer.

    It is the Python that the environment of the tests was made from: from 3.14 on one
    of an environment knows its programs even with -S.
    """
    site = tmp_path / "site"
    site.mkdir()
    for package in (click, graphviz):
        folder = Path(package.__file__).parent
        (site / folder.name).symlink_to(folder)
    path = os.pathsep.join([str(ROOT), str(site)])
    return {"PYTHONPATH": path, "python": os.path.realpath(sys.executable)}


def test_without_a_wheel_graphviz_draws(tmp_path, bare):
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("Graphviz is not installed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dot").symlink_to(dot)
    bare["PATH"] = str(tmp_path / "bin")
    done = run(["-S", "-c", SCRIPT], tmp_path, **bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "price.png").stat().st_size > 1000


def test_without_any_renderer_one_line_says_what_to_install(tmp_path, bare):
    bare["PATH"] = str(tmp_path / "nowhere")
    done = run(["-S", "-c", draw_command()], tmp_path, **bare)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "apt install graphviz" in line
    done = run(["-S", "-c", SCRIPT], tmp_path, **bare)
    assert done.stderr.splitlines()[-1].startswith("viz.errors.RendererError: ")
    assert not list(tmp_path.glob("price.*"))
    typed = (
        TYPED + "print(dg.tree(output)[:2])\n"
    )  # a picture is drawn when it is shown
    done = run(["-S", "-i"], tmp_path, typed, **bare)
    assert "Traceback" not in done.stderr
    assert "(23.0, -33.0)" in done.stdout
