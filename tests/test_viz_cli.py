"""The command line, run as a person runs it."""

import io
import os
import pathlib
import subprocess
import sys

import pytest

from viz import cli

ROOT = pathlib.Path(__file__).parent.parent
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x *", "x=1"], "line 1, column"),
        (["x * y", "x=1"], "'y' has no value"),
        (["x", "x=1", "y=1"], "no name 'y'"),
        (["x", "x=one"], "'one' is not a number; write one such as x=1.5"),
        (["x", "x"], "'x' should be name=value"),
        (["x", "2=3"], "'2=3' should be name=value"),
        (["log(x)", "x=-1"], "log('x' = -1.0)"),
        (["x", "x=1", "-o", "x.xyz"], "'x.xyz' does not say what to make"),
        (["x", "x=1", "-o", "no/such/x.svg"], "no/such/x.svg: No such file"),
        (["x", "x=1", "-o", "-", "--format", "bmp"], "cannot make 'bmp'"),
        (["x", "x=1", "--format", "png"], "--format goes with -o -"),
        (["x", "x=1", "--style", "cubist"], "invalid choice: 'cubist'"),
        (["x", "x=1", "--digits", "0"], "digits=0"),
        (["x", "x=1", "--digits", "many"], "invalid int value"),
        (["-f", "no_such_file"], "no_such_file: No such file"),
        (["-f", "."], "Is a directory"),
        ([], "there is no expression"),
        (["x", "x=1", "--frobnicate"], "unrecognized arguments: --frobnicate"),
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


def test_no_command_and_wrong_command(capsys):
    assert run(capsys)[0] == 2
    status, _, err = run(capsys, "drwa")
    assert status == 2
    assert "'draw'" in err


def test_no_renderer_is_status_1(capsys, tmp_path, monkeypatch):
    from viz import renderers

    monkeypatch.setattr(renderers, "RENDERERS", {})
    monkeypatch.setattr(renderers, "_able", lambda *_: [])
    status, _, err = run(capsys, "draw", "x", "x=1", "-o", tmp_path / "x.png")
    assert status == 1
    assert err.startswith("dotgrad: nothing here can make a png")
    assert list(tmp_path.iterdir()) == []


def test_help_has_examples_and_version(capsys):
    for arguments, text in (
        (["draw", "--help"], "dotgrad draw -f bill.txt"),
        (["--help"], "draw"),
        (["--version"], "."),
    ):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        assert caught.value.code == 0
        assert text in capsys.readouterr().out


def test_interrupt_is_quiet(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "evaluate", interrupted)
    assert run(capsys, "draw", "x", "x=1") == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's pipe")
def test_a_reader_that_goes_away_is_no_error():
    code = f"{sys.executable} -m viz draw 'x * 2' x=1 -o - --format gv | true"
    done = subprocess.run(
        ["sh", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_missing_characters_are_a_warning_line(capsys, tmp_path, monkeypatch):
    from viz import renderers

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
