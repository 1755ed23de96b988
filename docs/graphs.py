"""The graphs of the gallery and of the tests, built and not yet differentiated."""

import contextlib
import copy
import io
import random
import runpy
from contextlib import nullcontext
from pathlib import Path

from engine import Value, gradients, scope
from engine.nn import SGD, parameter
from engine.nn.micrograd import MLP

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def example(name):
    """What the example of this name returns: a value with its gradients, or a plot."""
    with contextlib.redirect_stdout(io.StringIO()):
        return runpy.run_path(str(EXAMPLES / f"{name}.py"))[name]()


def named(value, label):
    value.label = label
    return value


def apple_bill():
    apple, n, tax = Value(100, "apple"), Value(2, "n"), Value(1.1, "tax")
    return named(named(apple * n, "subtotal") * tax, "price")


def fan_out():
    x, y = Value(3, "x"), Value(-2, "y")
    q = named(x * y, "q")
    return named((q * q + q) + x, "L")


def sigmoid():
    w0, x0, w1 = Value(2, "w0"), Value(-1, "x0"), Value(-3, "w1")
    x1, w2 = Value(-2, "x1"), Value(-3, "w2")
    return named(1 / (((w0 * x0 + w1 * x1 + w2) * -1).exp() + 1), "f")


def micrograd():
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return named(g, "g")


def not_a_number():
    p, zero = Value(float("inf"), "inv"), Value(0, 'x <b>&"')
    return named(p * zero + Value(3.5e8, "z"), "L")


def differentiated(value):
    value.backward()
    return value


def softmax_with_loss():
    """Cross-entropy of a softmax over three logits, the textbook's last layer."""
    logits = [Value(x, f"a{i}") for i, x in enumerate((0.3, 2.9, 4.0), 1)]
    powers = [named(a.exp(), f"e{i}") for i, a in enumerate(logits, 1)]
    total = named(sum(powers[1:], powers[0]), "S")
    return named(-(powers[2] / total).log(), "L")


def mlp(*sizes, scoped=True, seed=3):
    """A network with tanh layers and a squared error, on one sample."""
    rng = random.Random(seed)
    part = scope if scoped else nullcontext
    xs = [Value(rng.uniform(-1, 1), f"x{i}") for i in range(sizes[0])]
    for layer, width in enumerate(sizes[1:], 1):
        with part(f"layer {layer}"):
            last = layer == len(sizes) - 1
            xs = [
                _neuron(rng, part(f"neuron {i + 1}"), xs, bent=not last)
                for i in range(width)
            ]
    with part("loss"):
        return named((xs[0] - Value(1.0, "y")) ** 2, "loss")


def _neuron(rng, part, xs, *, bent):
    with part:
        weights = [parameter(rng.uniform(-1, 1), f"w{i}") for i in range(len(xs))]
        bias = parameter(rng.uniform(-0.1, 0.1), "b")
        y = sum((w * x for w, x in zip(weights, xs, strict=True)), bias)
        return y.tanh() if bent else y


def step_of_training():
    """A network's loss before and after a step of gradient descent."""
    model = MLP(2, [4, 1], rng=random.Random(4))

    def loss():
        y = model([Value(0.5, "x0"), Value(-0.3, "x1")])
        with scope("loss"):
            return differentiated(named((y - Value(1.0, "t")) ** 2, "loss"))

    before = copy.deepcopy(loss())  # a copy stays, the parameters move
    SGD(model.parameters(), 0.1).step()
    model.zero_grad()
    return before, loss()


def apples_and_oranges():
    apple_count, apple = Value(2, "apple count"), Value(100, "apple")
    orange, orange_count = Value(150, "orange"), Value(3, "orange count")
    apples = named(apple_count * apple, "apple price")
    oranges = named(orange * orange_count, "orange price")
    return named(named(apples + oranges, "total") * Value(1.1, "tax"), "price")


def neuron(w1=-3.0):
    """The neuron of micrograd's lecture."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    weight1, weight2 = Value(w1, "w1"), Value(1.0, "w2")
    n = weight1 * x1 + weight2 * x2 + Value(6.8813735870195432, "b")
    return named(named(n, "n").tanh(), "o")


def infinities():
    """A value that is not finite, and a derivative that is not."""
    p, q = Value(0.0, "p"), Value(float("inf"), "q")
    return named(p.sqrt() * Value(0.0, "zero") + q * Value(0.0, "w"), "L")


def second_derivative():
    """d²y/dx² of y = x³·sin x, with its own gradient: the third derivative."""
    x = Value(0.5, "x")
    [slope] = gradients(named(x**3 * x.sin(), "y"), [x])
    return named(slope, "dy/dx")
