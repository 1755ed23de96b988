"""The command line, run as a person runs it."""

import io
import os
import subprocess
import sys

import pytest
from places import ROOT

from viz import cli
from viz.cli import inputs
from viz.cli.program import describe_os_error

BILL = "subtotal = apple * n; price = subtotal * tax"
VALUES = ["apple=100", "n=2", "tax=1.1"]


def run(capsys, *arguments):
    status = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return status, out, err


def test_draw_makes_a_picture(capsys, tmp_path):
    target = tmp_path / "price.png"
    status, out, err = run(capsys, "draw", BILL, *VALUES, "-o", target)
    assert (status, err) == (0, "")
    assert out == f"{target}: price = 220\n"
    assert target.read_bytes().startswith(b"\x89PNG")


def test_as_a_program():
    command = [sys.executable, "-m", "viz", "draw", BILL, *VALUES, "-o", "-"]
    done = subprocess.run(
        [*command, "--format", "gv"], cwd=ROOT, capture_output=True, check=True
    )
    source = done.stdout.decode()
    assert source.startswith("digraph {")
    for number in (">220<", "<B>110</B>", "<B>200</B>", "<B>2.2</B>"):
        assert number in source


def test_options(capsys, tmp_path):
    target = tmp_path / "x.gv"
    status, *_ = run(
        capsys, "draw", "y = tanh(w * x)", "w=-3", "x=1e-3", "-o", target, "--style",
        "card", "--theme", "dark", "--digits", 6, "--title", "a title", "--no-legend",
        "--seed", 2,
    )  # fmt: skip
    text = target.read_text(encoding="utf-8")
    assert status == 0
    assert "a title" in text
    assert "#0d1117" in text
    assert "card:" not in text
    assert "−0.003" in text
    assert "−5.99995" in text  # 2 × −3 × (1 − tanh²(0.003))
    status, *_ = run(capsys, "draw", "x * 2", "x=1", "-o", target, "--no-backward")
    assert "values only" in target.read_text(encoding="utf-8")


def test_expression_from_a_file_or_standard_input(capsys, tmp_path, monkeypatch):
    file = tmp_path / "bill.txt"
    file.write_text("# the bill\n" + BILL.replace("; ", "\n"), encoding="utf-8")
    target = tmp_path / "x.svg"
    assert run(capsys, "draw", "-f", file, *VALUES, "-o", target)[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("x ** 2"))
    status, out, _ = run(capsys, "draw", "-", "x=3", "-o", target)
    assert (status, out) == (0, f"{target}: 9\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("x ** 3"))
    status, out, _ = run(capsys, "draw", "-f", "-", "x=3", "-o", target)
    assert (status, out) == (0, f"{target}: 27\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x *", "x=1"], "line 1, column"),
        (["x * y", "x=1"], "'y' has no value; give y=..."),
        (["x * y + z", "x=1"], "y, z have no values; give y=... z=..."),
        (["x", "x=1", "y=1"], "no name 'y' to give a value; it has x"),
        (["apple", "aple=1"], "no name 'aple' to give a value; did you mean apple?"),
        (["x", "x=one"], "'one' is not a number; write one such as x=1.5"),
        (["x", "x=y"], "'y' is not a number"),
        (["x", "x="], "'' is not a number"),
        (["x", "x=1", "x=2"], "x is given twice"),
        (["x", "x"], "'x' should be NAME=NUMBER, such as x=3"),
        (["x", "2=3"], "'2=3' should be NAME=NUMBER"),
        (["x=3", "x**2"], "the expression comes first, as one word in quotes"),
        (["(x * 2", "x=1"], "'(' was never closed"),
        (["-x", "x=1"], "write -- before an expression that begins with a minus"),
        (["x y", "x=1"], "products are written x * y"),
        (["2x", "x=1"], "a product is written 2 * x"),
        (["x^2", "x=1"], "a power is written x ** 2"),
        (["ln(x)", "x=1"], "did you mean log?"),
        (["math.sin(x)", "x=1"], "write sin(x), without what is before"),
        (["log(x)", "x=-1"], "log('x' = -1.0)"),
        (["log(x)", "x=-1"], "it is defined for x in (0, ∞)"),
        (["x", "x=1", "-o", "x.xyz"], "'x.xyz' does not say what to make"),
        (
            ["x", "x=1", "-o", "no/such/x.svg"],
            "make the folder first: mkdir -p no/such",
        ),
        (["x", "x=1", "-o", "-", "--format", "bmp"], "cannot make 'bmp'"),
        (["x", "x=1", "--format", "png"], "--format goes with -o -"),
        (["x", "x=1", "--style", "cubist"], "'cubist' is not one of 'wire', 'book'"),
        (["x", "x=1", "--digits", "0"], "digits=0"),
        (["x", "x=1", "--digits", "many"], "'many' is not a valid integer"),
        (["-f", "no_such_file"], "no_such_file: No such file"),
        (["-f", "."], "Is a directory; give the path of a file in it"),
        ([], 'There is no expression; write one such as "x * y + 1"'),
        (["x", "x=1", "--frobnicate"], "No such option '--frobnicate'"),
        (["x", "x=1", "--them", "dark"], "Did you mean"),
        (["x", "x=1", "--renderer", "gimp"], "gimp"),
        (["x", "x=1", "--open=no"], "does not take a value"),
        (["x", "x=1", "-o"], "requires an argument"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    capsys, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, "draw", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("dotgrad: ")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_text(capsys, tmp_path):
    file = tmp_path / "x.bin"
    file.write_bytes(b"\xff\xfe\x00")
    status, _, err = run(capsys, "draw", "-f", file)
    assert status == 2
    assert "not a text in UTF-8" in err


def test_files_that_cannot_be_used(capsys, tmp_path):
    (tmp_path / "bill.txt").write_text("x * 2", encoding="utf-8")
    status, _, err = run(capsys, "draw", "-f", tmp_path / "bil.txt", "x=1")
    assert status == 2
    assert f"did you mean {tmp_path / 'bill.txt'}?" in err
    assert "of your own" in describe_os_error(
        PermissionError(13, "Permission denied", "/x.png")
    )
    assert (
        describe_os_error(OSError(28, "No space left on device"))
        == "No space left on device"
    )


def test_no_command_and_wrong_command(capsys):
    status, _, err = run(capsys)
    assert status == 2
    assert "explain" in err
    status, _, err = run(capsys, "drwa")
    assert status == 2
    assert "Did you mean 'draw'?" in err
    status, _, err = run(capsys, "x * y", "x=1", "y=2")
    assert status == 2
    assert "The commands are draw, explain," in err


def test_no_renderer_is_status_1(capsys, tmp_path, monkeypatch):
    from viz.render import renderers

    monkeypatch.setattr(renderers, "RENDERERS", {})
    monkeypatch.setattr(renderers, "_select_able", lambda *_: [])
    status, _, err = run(capsys, "draw", "x", "x=1", "-o", tmp_path / "x.png")
    assert status == 1
    assert err.startswith("dotgrad: nothing here can make a png")
    assert list(tmp_path.iterdir()) == []


def test_help_has_examples_and_version(capsys):
    for arguments, text in (
        (["draw", "--help"], 'echo "x ** 2 + 1" | dotgrad draw - x=3'),
        (["draw", "-h"], "Examples:"),
        (["--help"], "Exit status: 0 done;"),
        (["--version"], "."),
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, err) == (0, "")
        assert text in out


def test_interrupt_is_quiet(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs, "evaluate", interrupted)
    status, out, err = run(capsys, "draw", "x", "x=1")
    assert (status, out, err.strip()) == (130, "", "")  # a line after the ^C


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's pipe")
@pytest.mark.parametrize("command", ["ops", "draw x*2 x=1 -o - --format gv", "--help"])
def test_a_reader_that_goes_away_is_no_error(command):
    code = f"{sys.executable} -m viz {command} | true"
    done = subprocess.run(
        ["sh", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_missing_characters_are_a_warning_line(capsys, tmp_path, monkeypatch):
    from viz.render import renderers

    only = {"graphviz-pure": renderers.RENDERERS["graphviz-pure"]}
    monkeypatch.setattr(renderers, "RENDERERS", renderers.RENDERERS | {})
    monkeypatch.setattr(renderers, "_find_dot", lambda: None)
    monkeypatch.setenv("DOTGRAD_RENDERER", next(iter(only)))
    status, _, err = run(
        capsys, "draw", "りんご * 2", "りんご=3", "-o", tmp_path / "x.png"
    )
    assert status == 0
    assert err.startswith("dotgrad: warning: the bundled fonts lack 'りんご'")
    assert err.count("\n") == 1
