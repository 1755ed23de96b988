"""Every command of the terminal: its examples, its numbers, its manners."""

import io
import json
import math
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from places import ROOT

import engine
from engine import TABLE, register, unregister
from viz import cli
from viz.cli import PROGRAM, output, terminal
from viz.cli.commands import bench, repl

EXAMPLES = [
    pytest.param(example, id=f"{name}-{i}")
    for name, command in PROGRAM.commands.items()
    for i, example in enumerate(command.examples)
]


def run(capsys, *arguments):
    status = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return status, out, err


def data(capsys, *arguments):
    status, out, err = run(capsys, *arguments, "--json")
    assert err == ""
    return status, json.loads(out, parse_constant=pytest.fail)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))


def test_there_are_the_commands_that_are_promised():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promised = re.findall(r"^dotgrad (\w+)", readme, re.MULTILINE)
    assert list(PROGRAM.commands) == list(dict.fromkeys(promised))
    assert all(command.examples for command in PROGRAM.commands.values())


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_help_run(example, capfd):
    if "|" in example or ">" in example:
        shell = f'dotgrad() {{ {shlex.quote(sys.executable)} -m viz "$@"; }}\n'
        path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(["sh", "-c", shell + example], check=False, env=path)
        status = done.returncode
    else:
        status = cli.main(shlex.split(example.replace("\\\n", ""))[1:])
    out, err = capfd.readouterr()
    assert status == 0, err
    assert out or any(path.stat().st_size for path in pathlib.Path().iterdir())


@pytest.mark.parametrize("name", PROGRAM.commands)
def test_help_fits_a_terminal(name, capsys):
    status, out, _ = run(capsys, name, "--help")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 88


def test_options_may_stand_anywhere(capsys):
    status, out, _ = run(
        capsys, "draw", "-o", "x.gv", "x * y", "--theme", "dark", "x=pi/2", "--digits",
        3, "y=1/3",
    )  # fmt: skip
    assert (status, out) == (0, "x.gv: 0.524\n")


def test_a_minus_goes_behind_two(capsys):
    assert run(capsys, "draw", "-o", "x.gv", "--", "-x", "x=2")[1] == "x.gv: −2\n"


# -- draw ------------------------------------------------------------------------------


def test_draw_as_data(capsys):
    status, found = data(capsys, "draw", "y = x * x + inf", "x=3")
    assert status == 0
    assert [node["kind"] for node in found["nodes"]].count("operation") == 2
    assert found["nodes"][-1]["value"] == "inf"
    assert found["nodes"][-1]["label"] == "y"
    assert [edge["gradient"] for edge in found["edges"][:2]] == [3.0, 3.0]


def test_a_terminal_gets_no_png(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for command, format_ in (("draw", "png"), ("animate", "gif")):
        status, out, err = run(
            capsys, command, "x * 2", "x=1", "-o", "-", "--format", format_
        )
        assert (status, out) == (2, "")
        assert f"A terminal cannot show a {format_}: write -o picture." in err


def test_open_shows_the_file(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(output.click, "launch", lambda path: shown.append(path) or 0)
    assert run(capsys, "draw", "x * 2", "x=1", "-o", "x.svg", "--open")[0] == 0
    assert shown == ["x.svg"]
    monkeypatch.setattr(output.click, "launch", lambda path: 1)
    status, _, err = run(capsys, "draw", "x * 2", "x=1", "-o", "x.svg", "--open")
    assert (status, err) == (0, "dotgrad: nothing here opens x.svg: open it by hand\n")


# -- explain ---------------------------------------------------------------------------


def test_explain_every_name_or_some(capsys):
    text = "q = x * y; L = (q * q + q) + x"
    status, out, _ = run(capsys, "explain", text, "x=3", "y=-2")
    assert status == 0
    assert "∂L/∂x = 23, where x = 3 is used 2 times:" in out
    assert "∂L/∂y = −33" in out
    _, out, _ = run(capsys, "explain", text, "x=3", "y=-2", "--of", "q", "--paths", 9)
    assert "∂L/∂q = −11" in out
    assert "L ← (36 + q) ← (q × q) ← q" in out
    assert "∂L/∂x" not in out


def test_explain_formats_and_data(capsys):
    line = ["explain", "z = x ** 2 * y", "x=3", "y=2", "--of", "x"]
    assert "\\begin{align*}" in run(capsys, *line, "--format", "latex")[1]
    assert "|---|---|" in run(capsys, *line, "--format", "markdown")[1]
    _, found = data(capsys, *line, "--seed", 0.5)
    assert (found["output"], found["value"]) == ("z", 18.0)
    [x] = found["explained"]
    assert (x["name"], x["value"], x["gradient"]) == ("x", 3.0, 6.0)
    [use] = x["uses"]
    assert (use["upstream"], use["local"], use["contribution"]) == (1.0, 6.0, 6.0)
    assert (use["operation"], use["formula"]) == ("pow", "2 × x")


def test_explain_goes_on_to_the_cause(capsys):
    assert "dead relu" in run(capsys, "explain", "relu(x * y)", "x=1", "y=-3")[1]
    out = run(capsys, "explain", "sqrt(x * x)", "x=0")[1]
    assert "stopped being finite on the way back through sqrt(0)" in out


def test_explain_needs_a_name(capsys):
    status, _, err = run(capsys, "explain", "sigma * 2", "sigma=1", "--of", "sgima")
    assert status == 2
    assert "There is no name 'sgima'; did you mean sigma?" in err
    status, _, err = run(capsys, "explain", "2 * 3")
    assert status == 2
    assert "has no names whose gradient" in err


# -- check -----------------------------------------------------------------------------


def test_check_names_what_it_checks(capsys):
    line = ["check", "y = x ** 3 * k", "x=2", "k=5"]
    status, out, _ = run(capsys, *line)
    assert status == 0
    assert "args[0]" not in out
    assert out.endswith("4 derivatives, all right\n")
    _, found = data(capsys, *line, "--mode", "reverse")
    rows = {row["input"]: row for row in found["rows"]}
    assert found["ok"] is True
    assert (rows["x"]["output"], rows["x"]["analytic"]) == ("y", 60.0)
    _, found = data(capsys, *line, "--order", 2, "--mode", "forward")
    second = {(row["output"], row["input"]): row["analytic"] for row in found["rows"]}
    assert second[("∂y/∂x", "x")] == 60.0
    assert second[("∂y/∂x", "k")] == second[("∂y/∂k", "x")] == 12.0


def test_check_finds_a_wrong_derivative(capsys):
    register("wrong", "wrong", lambda x: 3 * x, lambda out, x: (2,))
    try:
        status, out, err = run(capsys, "check", "wrong(x)", "x=1")
        assert (status, err) == (1, "")
        assert "2 of 2 derivatives are WRONG" in out
        status, found = data(capsys, "check", "wrong(x)", "x=1")
        assert (status, found["ok"]) == (1, False)
    finally:
        unregister("wrong")


def test_check_at_a_kink(capsys):
    status, found = data(capsys, "check", "relu(x)", "x=0", "--mode", "reverse")
    [row] = found["rows"]
    assert (status, row["note"], row["from"], row["to"]) == (0, "kink", 0.0, 1.0)


# -- animate ---------------------------------------------------------------------------


def test_animate_to_a_file_and_to_a_pipe(capsysbinary):
    assert cli.main(["animate", "x * y", "x=1", "y=2", "-o", "film.webp"]) == 0
    assert pathlib.Path("film.webp").read_bytes()[8:12] == b"WEBP"
    assert capsysbinary.readouterr().out == b"film.webp: 4 frames\n"
    assert cli.main(["animate", "x * y", "x=1", "y=2", "-o", "-"]) == 0
    out, err = capsysbinary.readouterr()
    assert (out[:6], err) == (b"GIF89a", b"")


def test_animate_without_pillow(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    status, _, err = run(capsys, "animate", "x * 2", "x=1")
    assert status == 1
    assert err == "dotgrad: a film needs Pillow: pip install 'dotgrad[film]'\n"
    assert not list(pathlib.Path().iterdir())


# -- explore ---------------------------------------------------------------------------


def test_explore_writes_a_page(capsys):
    line = ["explore", "y = x * x", "x=3", "--title", "a page"]
    status, out, err = run(capsys, *line)
    assert (status, out, err) == (0, "graph.html: open it in a browser\n", "")
    page = pathlib.Path("graph.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "a page" in page
    assert run(capsys, *line, "-o", "-")[1] == page
    status, _, err = run(capsys, *line, "-o", "page.png")
    assert status == 2
    assert "'page.png' is for viz.save (dotgrad draw); here it ends in" in err
    status, _, err = run(capsys, *line, "-o", "page.xyz")
    assert "'page.xyz': end the name of a page in .html" in err
    status, out, err = run(capsys, *line)
    note = "open it in a browser (graph.html was there, and stays)"
    assert (status, out, err) == (0, f"graph-2.html: {note}\n", "")
    assert run(capsys, *line, "-o", "-", "--format", "svg")[0] == 2


# -- repl ------------------------------------------------------------------------------


def test_repl_shows_values_as_trees(capsys, monkeypatch):
    typed = "x.grad\ny.backward()\ny\ntanh(0.0)\nx.grad\noutput is y\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # IPython leaves its own
    before = sys.displayhook
    status, out, err = run(capsys, "repl", "y = x * x", "x=3")
    assert status == 0
    shown = out.replace(">>> ", "")
    assert shown.splitlines() == [
        "0.0",  # nothing has swept before: backward() would double what it gave
        "y: × = 9  grad 1",
        "├─ x = 3  grad 6, here 3",
        "└─ x ↑  here 3",
        "0.0",
        "6.0",
        "True",
    ]
    assert "Here are: x, y, output. No gradients yet: output.backward()" in err
    assert sys.displayhook is before


def test_repl_has_every_public_name():
    import viz

    names = repl._collect_names()
    assert set(names) >= {*engine.__all__, *viz.__all__, "engine", "viz"}


def test_repl_in_ipython():
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell(user_ns=repl._collect_names())
    repl.load_ipython_extension(shell)
    result = shell.run_cell("x = Value(3.0, label='x'); x * x", store_history=False)
    shown, _ = shell.display_formatter.format(result.result)
    assert shown["text/plain"].startswith("× = 9\n├─ x = 3")


def test_repl_without_ipython(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    status, _, err = run(capsys, "repl", "--ipython")
    assert status == 1
    assert "IPython is missing: pip install 'dotgrad[terminal]'" in err


# -- bench -----------------------------------------------------------------------------


def test_bench_measures_what_it_says(capsys):
    line = ["bench", "y = tanh(w * x + b)", "w=-3", "x=2", "b=6.9"]
    status, found = data(capsys, *line, "--seconds", 0.01, "--batch", 64)
    assert (status, found["nodes"], found["batch"]) == (0, 6, 64)
    ways = [row["what"] for row in found["measured"]]
    assert ways == [
        "eager", "tape, Python", "tape, NumPy, 64 samples",
        *["tape, native, 64 samples"] * (engine.core == "compiled"),
    ]  # fmt: skip
    assert all(
        math.inf > row[what] > 0
        for row in found["measured"]
        for what in ("value", "value_and_gradient")
    )


def test_bench_builds_the_same_graph():
    given = cli.inputs.Expression(
        cli.inputs.parse("leaky_relu(x ** 2 * y, 0.1) + max(x, 3)"),
        {"x": 2.0, "y": -1.0},
    )
    value = given.value()
    again = bench._make_builder(value)()
    again.backward()
    order = engine.topological_order
    assert [(v.data, v.grad, v.op) for v in order(again)] == [
        (v.data, v.grad, v.op) for v in order(value)
    ]


def test_bench_without_numpy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    status, out, err = run(capsys, "bench", "x * x", "x=2", "--seconds", 0.01)
    assert status == 0
    assert "eager" in out
    message = "no tape, NumPy here; batches need pip install 'dotgrad[fast]'\n"
    assert err == message


# -- ops -------------------------------------------------------------------------------


def test_ops_prints_every_row(capsys):
    _, out, _ = run(capsys, "ops")
    lines = out.splitlines()
    assert len(lines) == len(TABLE) + 1
    assert "tanh(x)               tanh" in out
    _, found = data(capsys, "ops")
    assert [row["name"] for row in found] == list(TABLE)
    _, [row] = data(capsys, "ops", "truediv")
    assert row["derivatives"] == ["1 ÷ y", "−out ÷ y"]
    assert row["domain"] == ["(-inf, inf)", "(-inf, 0) | (0, inf)"]


def test_ops_of_a_name(capsys):
    _, out, _ = run(capsys, "ops", "relu", "hypot")
    assert out == f"{TABLE['relu'].__doc__}\n\n{TABLE['hypot'].__doc__}\n"
    status, _, err = run(capsys, "ops", "tanhh")
    assert status == 2
    assert "no operation 'tanhh'; did you mean tanh" in err


def test_tables_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    terminal.print_table(["a", "b"], [["[red]x", "2"]])
    terminal.print_lines(["fine", "WRONG"], bad="WRONG")
    out = capsys.readouterr().out
    assert "[red]x" in out  # no markup of rich's
    assert "\x1b[1;31mWRONG" in out
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.print_lines(["WRONG"], bad="WRONG")
    assert "\x1b[1;31m" not in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "rich.console", None)
    terminal.print_table(["a", "b"], [["1", "2"]])
    assert capsys.readouterr().out == "a  b\n1  2\n"


# -- completion ------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, capsys):
    status, out, _ = run(capsys, "--completion", shell)
    assert status == 0
    assert f"_DOTGRAD_COMPLETE={shell}_complete" in out


def completed(*words):
    from click.shell_completion import get_completion_class

    kind = get_completion_class("bash")
    shell = kind(PROGRAM, {}, "dotgrad", "_DOTGRAD_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_what_is_completed():
    assert completed("e") == ["explain", "explore"]
    assert completed("draw", "x", "--th") == ["--theme"]
    assert completed("draw", "x", "--theme", "d") == ["dark"]
    assert completed("draw", "price = apple * n * tax", "n=2", "") == ["apple=", "tax="]
    assert completed("draw", "x *", "") == []
    assert completed("ops", "ta") == ["tan", "tanh"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_completion_in_bash(tmp_path):
    program = tmp_path / "dotgrad"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m viz "$@"\n')
    program.chmod(0o755)
    script = """\
compopt() { echo "compopt $@"; }
source <(./dotgrad --completion bash)
COMP_WORDS=(dotgrad explain 'x*y' ''); COMP_CWORD=3
_dotgrad_completion ./dotgrad; echo "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["compopt -o nospace", "x= y="]


def test_nothing_is_not_finite_in_json():
    from engine.util.json import json_text

    found = json.loads(json_text({"a": (math.nan, -math.inf)}))
    assert found == {"a": ["nan", "-inf"]}
