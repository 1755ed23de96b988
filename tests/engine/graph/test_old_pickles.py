"""Pickles that the version before wrote, when its modules had other names."""

import importlib.util
import math
import pickle
import subprocess
import sys
from base64 import b64decode

import pytest
from places import ROOT

import engine
from engine import tanh
from engine.util.moved import MOVED

# x, w, y: a parameter w, h = (x w + 2)³ in the scope "layer", y = h h + x, and swept
GRAPH = (
    "gASViAIAAAAAAABdlCiMDmVuZ2luZS5jb3B5aW5nlIwIX3Jlc3RvcmWUk5QoXZSMDGVuZ2luZS52"
    "YWx1ZZSMBVZhbHVllJOURz/gAAAAAAAAR8AmAAAAAAAATk5OTk6MDGVuZ2luZS5ub3Rlc5SMBU5v"
    "dGVzlJOUKYGUXZQojAF4lCmMBGxlYWaUTowAlE5OZWJ0lFKUaAMoXZRoB0fAAAAAAAAAAEdACAAA"
    "AAAAAE5OTk5OaAopgZRdlChOKYwJcGFyYW1ldGVylE5oD05OZWJ0lFKUaAMoXZQoaBFoF2gDKF2U"
    "aAdHv/AAAAAAAABHQBgAAAAAAACMDGVuZ2luZS50YWJsZZSMBmxvb2t1cJSTlIwDbXVslIWUUpRo"
    "EWgXR8AAAAAAAAAARz/gAAAAAAAAaAopgZRdlChOjAVsYXllcpSFlGgOTmgPTk5lYnSUUpRoAyhd"
    "lGgHR0AAAAAAAAAAR0AYAAAAAAAATk5OTk5oCimBlF2UKE5oI4wIY29uc3RhbnSUTmgPTk5lYnSU"
    "UpRoAyhdlGgHRz/wAAAAAAAAR0AYAAAAAAAAaByMA2FkZJSFlFKUaCVoK0c/8AAAAAAAAEc/8AAA"
    "AAAAAGggdJRSlGgDKF2UaAdHP/AAAAAAAABHQAAAAAAAAACMCWVuZ2luZS5vcJSMCE9wLmZpeGVk"
    "lJOUaByMA3Bvd5SFlFKUSwOGlFKUaDFOR0AIAAAAAAAATmggdJRSlGgDKF2UaAdHP/AAAAAAAABH"
    "P/AAAAAAAABoH2g8aDxHP/AAAAAAAABHP/AAAAAAAABOdJRSlGVoB0c/+AAAAAAAAEc/8AAAAAAA"
    "AGgvaD9oEUc/8AAAAAAAAEc/8AAAAAAAAE50lFKUZS4="
)
# x y while x > 0, with its guard
TAPE = (
    "gASVdwAAAAAAAACMEGVuZ2luZS50YXBlLnRhcGWUjARUYXBllJOUKYGUXZQoSwIpRwAAAAAAAAAA"
    "hZSMA211bJSFlEsASwGGlIWUSwOFlGgAjAVHdWFyZJSTlCmBlF2UKEsAjAJndJRLAoiMDXByb2dy"
    "YW0ucHk6MTKUZWKFlGViLg=="
)
# Affine(2, 1) and Tanh, with Adam after one step
MODEL = (
    "gASVfQIAAAAAAACMEGVuZ2luZS5ubi5sYXllcnOUjApTZXF1ZW50aWFslJOUKYGUfZSMBmxheWVy"
    "c5RdlChoAIwGQWZmaW5llJOUKYGUfZQojAZ3ZWlnaHSUXZQoXZSMDmVuZ2luZS5jb3B5aW5nlIwI"
    "X3Jlc3RvcmWUk5QoXZSMDGVuZ2luZS52YWx1ZZSMBVZhbHVllJOURz/smuO0c4GCR7/lmFRKPctO"
    "Tk5OTk6MDGVuZ2luZS5ub3Rlc5SMBU5vdGVzlJOUKYGUXZQojAN3MTGUKYwJcGFyYW1ldGVylE6M"
    "AJROTmVidJRSlGFdlGgQKF2UaBRHv/A+rIWYW/xHv/WYVEo9y05OTk5OTmgXKYGUXZQojAN3MjGU"
    "KWgbTmgcTk5lYnSUUpRhZYwEYmlhc5RdlGgQKF2UaBRHP7////gLZjxHv+WYVEo9y05OTk5OTmgX"
    "KYGUXZQojAJiMZQpaBtOaBxOTmVidJRSlGF1YmgAjARUYW5olJOUKYGUZXNijA9lbmdpbmUubm4u"
    "b3B0aW2UjARBZGFtlJOUKYGUfZQojApwYXJhbWV0ZXJzlF2UKGgeaCVoLWWMAmxylEc/wAAAAAAA"
    "AIwMd2VpZ2h0X2RlY2F5lEcAAAAAAAAAAIwFc3RlcHOUSwGMBXN0YXRllF2UKF2UKEe/sUap1P48"
    "PUc/PdibKRdlCkc/8AAAAAAAAGVdlChHv8FGqdT+PD1HP13YmykXZQpHP/AAAAAAAABlXZQoR7+x"
    "RqnU/jw9Rz892JspF2UKRz/wAAAAAAAAZWWMBWJldGFzlEc/7MzMzMzMzUc/7/fO2RaHK4aUjAdl"
    "cHNpbG9ulEc+RXmO4jCMOnVihpQu"
)
# the first edge of the same graph
EDGE = (
    "gASVZAEAAAAAAABdlIwMZW5naW5lLmdyYXBolIwERWRnZZSTlCiMDmVuZ2luZS5jb3B5aW5nlIwI"
    "X3Jlc3RvcmWUk5QoXZSMDGVuZ2luZS52YWx1ZZSMBVZhbHVllJOURz/gAAAAAAAAR8AmAAAAAAAA"
    "Tk5OTk6MDGVuZ2luZS5ub3Rlc5SMBU5vdGVzlJOUKYGUXZQojAF4lCmMBGxlYWaUTowAlE5OZWJ0"
    "lFKUaAYoXZRoCke/8AAAAAAAAEdAGAAAAAAAAIwMZW5naW5lLnRhYmxllIwGbG9va3VwlJOUjANt"
    "dWyUhZRSlGgUaAYoXZRoCkfAAAAAAAAAAEdACAAAAAAAAE5OTk5OaA0pgZRdlChOKYwJcGFyYW1l"
    "dGVylE5oEk5OZWJ0lFKUR8AAAAAAAAAARz/gAAAAAAAAaA0pgZRdlChOjAVsYXllcpSFlGgRTmgS"
    "Tk5lYnSUUpRLAEfAAAAAAAAAAHSUgZRhLg=="
)


def test_a_graph():
    x, w, y = pickle.loads(b64decode(GRAPH))
    assert (x.data, x.label, w.data, w.kind) == (0.5, "x", -2.0, "parameter")
    h = y.parents[0].parents[0]
    assert y.parents[0].parents == (h, h)  # shared as before
    assert (h.op.symbol, h.scope, h.label) == ("^3", ("layer",), None)
    assert (y.data, x.grad, w.grad) == (1.5, -11.0, 3.0)
    y.backward()
    assert (x.grad, w.grad) == (-22.0, 6.0)
    assert (y + x).partials == (1.0, 1.0)
    assert pickle.loads(pickle.dumps(y)).data == y.data


def test_an_edge():
    [edge] = pickle.loads(b64decode(EDGE))
    assert type(edge) is engine.Edge
    assert (edge.parent.label, edge.position, edge.partial) == ("x", 0, -2.0)


def test_a_tape():
    tape = pickle.loads(b64decode(TAPE))
    assert type(tape) is engine.tape.Tape
    assert tape == pickle.loads(pickle.dumps(tape))
    assert (tape.inputs, tape.ops, len(tape.guards)) == (2, ("mul",), 1)


def test_a_model_and_its_optimizer():
    model, adam = pickle.loads(b64decode(MODEL))
    *_, bias = model.parameters()
    [m, _, t] = adam.state[-1]
    gradient = m / (1 - adam.betas[0])
    assert (adam.lr, t, bias.grad) == (0.125, 1, pytest.approx(gradient))
    # Adam's first step is lr in the direction of the gradient, and the bias was 0
    assert bias.data == pytest.approx(-0.125 * math.copysign(1, gradient), rel=1e-6)
    first, second, _ = [p.data for p in model.parameters()]
    [output] = model([1.0, 2.0])
    assert output.data == tanh(first * 1.0 + second * 2.0 + bias.data)
    output.backward()
    adam.step()
    assert adam.steps == 2


def test_they_load_where_nothing_was_imported():
    code = f"import base64, pickle; print(pickle.loads(base64.b64decode({TAPE!r})))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.startswith("inputs v0 v1\n"), run.stderr


@pytest.mark.parametrize("old", MOVED)
def test_old_names_hide_nothing(old):
    assert importlib.util.find_spec(MOVED[old]) is not None
    package, _, name = old.rpartition(".")
    folder = ROOT.joinpath(*package.split("."))
    assert not (folder / f"{name}.py").exists() and not (folder / name).exists()
    assert name not in importlib.import_module(package).__all__


def test_other_names_are_not_found():
    assert importlib.util.find_spec("engine.values") is None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("engine.nothing")
