"""Terminals that have few characters, streams that are closed, names that are hostile.

The commands run as programs of their own, as a shell runs them.
"""

import os
import re
import subprocess
import sys

import pytest

from engine.text import CONTROLS

NEURON = ["y = tanh(w * x + b) / 2", "w=1", "x=2", "b=3"]
COMMANDS = {
    "explain": ["explain", *NEURON],
    "explain as JSON": ["explain", *NEURON, "--json"],
    "check": ["check", *NEURON],
    "ops": ["ops"],
    "one of ops": ["ops", "sigmoid"],
    "ops as JSON": ["ops", "--json"],
    "bench": ["bench", *NEURON, "--seconds", "0.01", "--batch", "2"],
    "a session": ["repl", *NEURON, "--python"],
    "help": ["--help"],
    "help of draw": ["draw", "--help"],
    "version": ["--version"],
    "a mistake": ["explain", "tahn(x)", "x=1"],
    "no number": ["explain", "x", "x=∂"],
}
PIPED = {
    name: ["draw", *NEURON, "-o", "-", "--format", name]
    for name in ("txt", "dot", "mmd", "svg", "json")
}
PIPED["as JSON"] = ["draw", *NEURON, "-o", "-", "--json"]
WRONG = ("a mistake", "no number")
PROGRAM = [sys.executable, "-m", "viz"]


def run(arguments, encoding="utf-8", redirect="", stdin=b""):
    environment = dict(os.environ, PYTHONIOENCODING=encoding, COLUMNS="100")
    environment.pop("PYTHONUTF8", None)
    environment["PYTHONUTF8"] = "0"
    command = [*PROGRAM, *arguments]
    if redirect:
        command = ["sh", "-c", f'"$@" {redirect}', "sh", *command]
    return subprocess.run(
        command, env=environment, input=stdin, capture_output=True, check=False
    )


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1"])
@pytest.mark.parametrize("name", COMMANDS)
def test_terminals_with_few_characters(name, encoding):
    done = run(
        COMMANDS[name],
        encoding,
        stdin=b"output\noutput.backward()\nprint(explain(output))\n",
    )
    assert done.returncode == (2 if name in WRONG else 0), done.stderr
    assert b"Traceback" not in done.stderr
    said = (done.stdout + done.stderr).decode(encoding)
    assert said.strip()
    assert not CONTROLS.search(said)


@pytest.mark.parametrize("name", PIPED)
def test_what_is_piped_is_a_file_in_utf_8(name):
    assert run(PIPED[name], "ascii").stdout == run(PIPED[name]).stdout


@pytest.mark.parametrize("redirect", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("name", [*COMMANDS, *PIPED, "standard input"])
@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_closed_streams(name, redirect):
    arguments = (COMMANDS | PIPED).get(
        name, ["draw", "-", "-o", "-", "--format", "txt"]
    )
    done = run(arguments, redirect=redirect, stdin=b"1 + 2")
    assert b"Traceback" not in done.stdout + done.stderr
    assert done.returncode in (0, 1, 2)
    is_shown = ">&-" not in redirect.replace("2>&-", "")
    if is_shown and not (name in ("a session", "standard input") and "<" in redirect):
        assert done.returncode == (2 if name in WRONG else 0)
    if done.returncode == 1 and "2>&-" not in redirect:
        assert re.search(
            r"dotgrad: standard (in|out)put is closed", done.stderr.decode()
        )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line():
    done = run(COMMANDS["ops"], redirect="> /dev/full")
    assert done.returncode == 1
    [line] = done.stderr.decode().splitlines()
    assert "space" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "x\x1b[31m"],
        ["explain", "x", "x=\x1b]0;title\x07"],
        ["explain", "x", "\x1b[2J=1"],
        ["ops", "\x1b[31mtanh"],
        ["draw", "x", "x=1", "-o", "a\x1b[31m.nope"],
        ["draw", "x", "x=1", "-o", "no\rwhere/a.svg"],
        ["explain", "x", "x=1", "\u202ey"],
        ["\x1b[31mdraw"],
        ["explain", "--\x1b[31m"],
        ["explain", "--file", "no\x1b[2Jfile"],
    ],
    ids=range(10),
)
def test_control_characters_are_written_out(arguments):
    done = run(arguments)
    assert done.returncode == 2
    said = (done.stdout + done.stderr).decode()
    assert "dotgrad: " in said
    assert not CONTROLS.search(said.replace("\t", " "))
