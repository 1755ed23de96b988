"""What people do by mistake gets an answer that says what to do."""

import math
import re

import pytest

import dotgrad
import engine
import viz
from engine import Value, nn
from engine.errors import EngineError, OperandError, OptionError
from engine.tape import jit
from viz import draw


def leaf():
    return Value(3.0, label="x")


def model():
    return nn.Affine.of([[0.25, 0.5]])


def assign(name, given):
    x = leaf()
    setattr(x, name, given)


def swapped(write, path):
    return lambda: write(path, leaf())


def writes(write, path):
    return lambda: write(leaf(), path)


@pytest.mark.parametrize(
    ("mistake", "kind", "answer"),
    [
        (lambda: assign("data", "5"), OperandError, "v.data wants a real number, not"),
        (lambda: assign("data", None), OperandError, "v.data wants a real number"),
        (lambda: assign("data", [1.0]), OperandError, "not the list [1.0]"),
        (lambda: assign("data", 1j), OperandError, "not the complex 1j"),
        (lambda: assign("data", leaf()), OperandError, "v.data = other.data"),
        (lambda: assign("grad", "a"), OperandError, "v.grad wants a real number"),
        (lambda: nn.SGD(model()), OptionError, "SGD(model.parameters(), lr=0.1)"),
        (lambda: nn.Adam(model(), lr=1), OptionError, "Adam(model.parameters()"),
        (lambda: nn.SGD(leaf()), OptionError, "SGD([w, b], lr=0.1)"),
        (lambda: nn.SGD([leaf()], lr="a"), OptionError, "lr='a': a number from 0"),
        (lambda: engine.softmax([[1.0, 2.0]]), OperandError,
         "[softmax(row) for row in rows]"),
        (lambda: engine.logsumexp([[leaf()]]), OperandError, "[logsumexp(row) for"),
        (lambda: engine.mean([(1.0, 2.0)]), OperandError, "[mean(row) for row"),
        (lambda: engine.grad(leaf()), OperandError, "gradients(y, [x])"),
        (lambda: engine.grad(3), OperandError, "grad takes a function, such as"),
        (lambda: engine.value_and_grad(leaf()), OperandError, "value_and_grad takes"),
        (lambda: engine.derivative(leaf()), OperandError, "derivative takes a func"),
        (lambda: engine.jacobian(leaf()), OperandError, "jacobian takes a function"),
        (lambda: engine.hessian(leaf()), OperandError, "hessian takes a function"),
        (lambda: engine.jvp(leaf(), (1.0,), (1.0,)), OperandError, "jvp takes a fu"),
        (lambda: engine.vjp(leaf(), 1.0), OperandError, "vjp takes a function"),
        (lambda: engine.hvp(leaf(), (1.0,), (1.0,)), OperandError, "hvp takes a fu"),
        (lambda: jit(leaf()), OperandError, "jit takes a function"),
        (lambda: engine.check_gradients(leaf(), 1.0), OperandError,
         "check_gradients takes a function"),
        (lambda: engine.gradient_table("f", 1.0), OperandError, "gradient_table takes"),
        (lambda: draw(leaf(), themes="dark"), OptionError, "Did you mean theme=?"),
        (lambda: draw("a.png"), OperandError, "the value comes first, then the path"),
        (swapped(viz.save, "a.png"), OptionError, "comes after the value"),
        (swapped(viz.explore, "a.html"), OptionError, "comes after the value"),
        (swapped(viz.animate, "a.gif"), OptionError, "comes after the value"),
        (writes(viz.save, None), OptionError, "a path is a text such as"),
        (writes(viz.save, 3), OptionError, "it is not 3"),
        (writes(viz.save, "a.gif"), viz.FormatError, "is for viz.animate"),
        (writes(viz.save, "a.html"), viz.FormatError, "is for viz.explore"),
        (writes(viz.explore, "a.svg"), viz.FormatError, "is for viz.save"),
        (writes(viz.animate, "a.pdf"), viz.FormatError, "is for viz.save"),
        (lambda: engine.tahn, AttributeError, "'engine' has no attribute 'tahn'; did "
         "you mean tanh?"),
        (lambda: engine.ln, AttributeError, "did you mean log?"),
        (lambda: engine.arctan, AttributeError, "did you mean atan?"),
        (lambda: engine.sum, AttributeError, "Python's own sum takes Values"),
        (lambda: dotgrad.logistic, AttributeError, "'dotgrad' has no attribute 'logi"),
    ],
)  # fmt: skip
def test_mistakes_are_answered(mistake, kind, answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=re.escape(answer)):
        mistake()
    assert list(tmp_path.iterdir()) == []


def test_what_the_answers_advise_works():
    x = leaf()
    y = sum([x, x * 2])
    assert (y.data, math.prod([x, y]).data) == (9.0, 27.0)
    x.data = 2
    assert (x.data, type(x.data)) == (2.0, float)
    x.grad = 5
    assert type(x.grad) is float
    x.grad = None  # as in PyTorch: nothing has come there yet
    assert (x.grad, x.has_gradient) == (0.0, False)
    nn.SGD(model().parameters(), lr=0.1)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda big: engine.log(big * -1),
        lambda big: engine.grad(big),
        lambda big: nn.SGD(big),
        lambda big: engine.softmax([[big]]),
        lambda big: assign("data", big),
        lambda big: viz.save(big, "x.xyz"),
        lambda big: viz.save("x.png", big),
        lambda big: draw([big]),
        lambda big: engine.gradients(big, ["x" * 1_000_000]),
        lambda big: big + "x" * 1_000_000,
        lambda big: jit(lambda x: [big, x]).value_and_grad(1.0),
        lambda big: engine.grad(lambda x: math.sin(big * x))(1.0),
        lambda big: draw(big, style="x" * 1_000_000),
        lambda big: viz.save(big, "x" * 100_000 + ".abc"),
    ],
)
def test_a_label_of_a_megabyte_is_cut_in_messages(mistake):
    with pytest.raises((EngineError, TypeError, OSError)) as caught:
        mistake(Value(1.0, label="L" * 1_000_000))
    assert len(str(caught.value)) < 1000
