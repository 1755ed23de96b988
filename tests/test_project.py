"""README, examples and pictures do what they say."""

import doctest
import importlib.metadata
import importlib.util
import math
import re
import runpy
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

from engine import topological_order
from viz import STYLES, THEMES, save
from viz.film.animate import FORMATS as FILM_FORMATS
from viz.formats.save import FORMATS
from viz.style.options import DRAW

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SMALL = {"digits": ["40", "1"], "iris": ["2"], "distributed_training": ["400", "3"]}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


class AsInARepl(doctest.OutputChecker):
    """A source line of a session is one of <stdin>."""

    def check_output(self, want, got, optionflags):
        got = re.sub(r"<doctest README\[\d+\]>", "<stdin>", got)
        return super().check_output(want, got, optionflags)


def test_readme_sessions(tmp_path, monkeypatch):
    """All the REPL sessions, in one go, as a reader types them."""
    monkeypatch.chdir(tmp_path)
    text = "\n".join(blocks("pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, "README", "README.md", 0)
    runner = doctest.DocTestRunner(
        AsInARepl(), optionflags=doctest.IGNORE_EXCEPTION_DETAIL
    )
    runner.run(test)
    assert runner.tries > 40
    assert runner.failures == 0


def test_readme_scripts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for script in blocks("python"):
        exec(compile(script, "README.md", "exec"), {})
    assert (tmp_path / "price.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "price.html").read_bytes().startswith(b"<!doctype html>")


def test_readme_commands_are_those_of_ci():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", ci)
    install, test = (block.strip() for block in blocks("sh")[:2])
    draw = install.split(" && ")[1]
    assert draw in joined
    for part in test.split(" && "):
        words = part.replace("pip install", "pip install --quiet")
        assert words in joined


def test_readme_terminal(tmp_path, monkeypatch):
    """The commands of the terminal run as they stand, each of them at least once."""
    import io
    import shlex

    from viz.cli import PROGRAM, main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y"))
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line[line.index("dotgrad ") :] for line in lines if "dotgrad " in line]
    assert {command.split()[1] for command in commands} == set(PROGRAM.commands)
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0
    made = {"price.png", "neuron.svg", "film.gif", "neuron.html"}
    assert {p.name for p in tmp_path.iterdir()} == made


def paragraph(begin, end):
    return README[README.index(begin) : README.index(end)]


def test_readme_names_every_style_theme_and_option():
    text = paragraph("## Pictures", "### Every size")
    for name in [*STYLES, *THEMES]:
        assert f'"{name}"' in text
    for option in DRAW.options:
        assert f"`{option}`" in text


def test_readme_names_every_format():
    text = paragraph("`save` writes", "## In a terminal")
    for format_ in FORMATS.values():
        assert re.search(rf"\b{format_.suffixes[0]}\b", text)
    text = paragraph("`animate(", "`frames(")
    for name in FILM_FORMATS.values():
        assert re.search(rf"\b{name.lower()}\b", text)


def test_readme_says_of_every_command_what_it_does():
    from viz.cli import PROGRAM

    text = paragraph("## In a terminal", "- An expression may use")
    for command in PROGRAM.commands:
        assert f"`{command}`" in text or command == "draw"  # said by all examples


def pictures():
    path = ROOT / "docs" / "make_pictures.py"
    spec = importlib.util.spec_from_file_location("make_pictures", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_pictures"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


MAKE = pictures()
HELP = "run python docs/make_pictures.py, and look at the pictures"


def test_readme_has_the_table_as_it_is():
    assert MAKE.readme(README) == README, HELP


def same_renderer():
    made_with = (MAKE.PICTURES / "RENDERER").read_text().strip()
    return made_with == importlib.metadata.version("graphviz-pure")


@pytest.mark.parametrize("case", MAKE.CASES.values(), ids=lambda case: case.name)
def test_pictures_are_those_of_their_source(case):
    picture = case.picture()
    stored = MAKE.PICTURES / f"{case.name}.gv"
    if not case.poster:
        assert stored.read_text(encoding="utf-8") == picture.source, HELP
    if not same_renderer():
        pytest.skip("the pictures were rendered by another graphviz-pure")
    assert stored.with_suffix(".png").read_bytes() == picture.pipe("png"), HELP


@pytest.mark.parametrize("suffix", MAKE.OTHERS)
def test_other_formats_are_as_they_are_written_today(suffix, tmp_path):
    if suffix == "tex" and not same_renderer():
        pytest.skip("the layout was made by another graphviz-pure")
    fan = MAKE.graphs.differentiated(MAKE.graphs.fan_out())
    path = save(fan, tmp_path / f"fan_out.{suffix}", renderer="graphviz-pure")
    assert (MAKE.PICTURES / path.name).read_bytes() == path.read_bytes(), HELP


def test_the_gallery_is_as_it_is_written_today():
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert page == MAKE.gallery(), HELP
    for path in re.findall(r"\]\((pictures/[^)]+)\)", page):
        assert (ROOT / "docs" / path).is_file()


def test_every_picture_of_the_readme_is_there():
    shown = re.findall(r"\]\((docs/pictures/[^)]+)\)", README)
    assert len(shown) >= 6
    for path in shown:
        assert (ROOT / path).is_file()
    made = {path.stem for path in MAKE.PICTURES.glob("*.png")}
    assert made == {*MAKE.CASES, *MAKE.PLOTS}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_run_and_draw(path, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MPLBACKEND", "agg")
    small = SMALL.get(path.stem, [])
    monkeypatch.setattr(sys, "argv", [str(path), str(tmp_path), *small])
    runpy.run_path(str(path), run_name="__main__")
    out = capsys.readouterr().out
    assert f"drawn: {tmp_path / path.stem}.png" in out
    assert (tmp_path / f"{path.stem}.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_the_chapter_shows_what_its_examples_draw():
    table = README[README.index("## The chapter") : README.index("## Networks")]
    rows = re.findall(
        r"^\| (.+) \| \[(\w+)\.py\]\((\S+)\) \| !\[\]\((\S+)\) \|$", table, re.MULTILINE
    )
    names = [name for _, name, _, _ in rows]
    assert len(names) == table.count("examples/") - 1 >= 19  # and the notebook
    assert {path.stem for path in EXAMPLES} - set(names) == {
        "curve_fit", "distributed_training",  # of other sections
    }  # fmt: skip
    for _, name, example, picture in rows:
        assert (ROOT / example).name == f"{name}.py"
        assert picture == f"docs/pictures/{name}.png"
        assert (ROOT / picture).is_file()


def figures(name):
    module = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
    value = module[name]()
    return value.data, {v.label: v.grad for v in topological_order(value) if v.label}


def test_the_figures_of_the_textbook():
    price, grads = figures("apple_bill")
    assert price == pytest.approx(220, rel=1e-15)
    expected = {"apple": 2.2, "n": 110, "tax": 200, "subtotal": 1.1, "price": 1}
    assert grads == pytest.approx(expected, rel=1e-15)
    price, grads = figures("apples_and_oranges")
    assert price == pytest.approx(715, rel=1e-15)
    expected = {
        "apple count": 110, "apple": 2.2, "orange": 3.3, "orange count": 165,
        "tax": 650,
        "apple price": 1.1, "orange price": 1.1, "total": 1.1, "price": 1,
    }  # fmt: skip
    assert grads == pytest.approx(expected, rel=1e-15)
    o, grads = figures("tanh_neuron")
    assert o == pytest.approx(0.5**0.5, rel=1e-8)
    for name, slope in {"x1": -1.5, "w1": 1, "x2": 0.5, "w2": 0, "b": 0.5}.items():
        assert grads[name] == pytest.approx(slope, rel=1e-7)


def printed(name, capsys, *args):
    """The numbers that an example prints."""
    module = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
    capsys.readouterr()
    result = module[name](*args)
    out = capsys.readouterr().out.replace("−", "-")
    return result, [float(x) for x in re.findall(r"[-+]?\d+\.?\d*(?:e-\d+)?", out)]


def test_the_layers_of_the_textbook(capsys):
    """Each number by its formula, worked out here."""
    assert printed("relu_switch", capsys)[1] == [2, 5, -3, 0]
    y = 1 / (1 + math.exp(-1.5))
    slope = y * (1 - y)
    numbers = [x for x in printed("sigmoid_node", capsys)[1] if 0.1 < x < 0.9]
    assert numbers == pytest.approx([y, slope, slope, slope], abs=1e-6)
    x, w, g = np.array([1, -2]), [[0.2, -0.4, 0.6], [0.1, 0.3, -0.5]], [1, -2, 3]
    y = x @ np.array(w) + [0.01, 0.02, 0.03]
    expected = [*y, *(np.array(w) @ g), *np.outer(x, g).flat, *g]
    assert printed("affine_layer", capsys)[1] == pytest.approx(expected, abs=1e-4)
    p = np.exp([0.3, 2.9, 4]) / np.exp([0.3, 2.9, 4]).sum() - [0, 1, 0]
    numbers = printed("softmax_with_loss", capsys)[1]
    assert numbers[0:8:3] == numbers[2:9:3] == pytest.approx(p, abs=1e-4)
    assert numbers[-2:] == pytest.approx([-math.log(p[1] + 1)] * 2, abs=1e-6)
    numbers = printed("identity_with_loss", capsys)[1]
    assert numbers[0::3] == numbers[2::3] == [-0.2, 0.8]


def test_the_gradient_check_of_the_textbook(capsys):
    out = capsys
    module = runpy.run_path(str(ROOT / "examples" / "gradient_check.py"))
    module["gradient_check"](5, 4, 3)
    lines = out.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["W1", "b1", "W2", "b2"]
    assert all(float(line.split()[1]) < 1e-9 for line in lines)


def test_the_trained_examples_learn(capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    out, _ = printed("logistic_gate", capsys)
    assert out.data > 0.9
    _, (slope, offset, loss) = printed("linear_regression", capsys)
    assert (slope, offset) == (
        pytest.approx(1.5, abs=0.1),
        pytest.approx(-0.5, abs=0.1),
    )
    assert loss < 0.1
    _, (loss, share) = printed("moons", capsys)
    assert (share, loss < 0.1) == (100, True)


def test_the_digits_are_read_by_the_network_of_the_textbook(capsys, monkeypatch):
    """64-50-10 on the fixed split; the default is twenty epochs."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    monkeypatch.setenv("MPLBACKEND", "agg")
    _, (epochs, loss, training, test) = printed("digits", capsys, 1437, 7)
    assert epochs == 7
    assert loss < 0.2
    assert training > 0.97
    assert test >= 0.96


def test_a_fitted_curve_has_the_certified_parameters(capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    _, (squares, _, _, b1, exact1, _, b2, exact2) = printed("curve_fit", capsys)
    assert (exact1, exact2) == (238.942129, 5.50156432e-4)  # NIST's
    assert (b1, b2) == pytest.approx((exact1, exact2), rel=1e-7)
    assert squares == pytest.approx(0.12455138894, rel=1e-8)  # NIST's, too


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["eager.py", "--runs", "1"], "training step, ns/node"),
        (["gpt.py", "--steps", "1"], "forward and backward"),
        (["replay.py", "--runs", "1", "one"], "one sample, arrays in and arrays out"),
    ],
)
def test_the_benchmarks_run(arguments, line):
    pytest.importorskip("micrograd", reason="the extra test is not installed")
    done = subprocess.run(
        [sys.executable, f"benchmarks/{arguments[0]}", *arguments[1:]],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert line in done.stdout
    assert "micrograd" in done.stdout or "minimal engine" in done.stdout


def test_version_is_in_one_place():
    import engine

    assert importlib.metadata.version("dotgrad") == engine.__version__
