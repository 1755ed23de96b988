"""Layers, networks, losses and first weights against formulas and other libraries."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import (
    OperandError,
    OptionError,
    ShapeError,
    Value,
    check_gradients,
    nn,
    topological_order,
)
from engine.nn import Affine
from engine.nn import initializers as initial
from engine.tape import jit

numbers = st.floats(-5, 5)


def rows(count, width):
    return st.lists(
        st.lists(numbers, min_size=width, max_size=width),
        min_size=count,
        max_size=count,
    )


def plain(y):
    return [plain(part) for part in y] if isinstance(y, list) else float(y)


@given(rows(4, 3), rows(3, 2), rows(1, 2))
def test_affine_is_the_matrix_product(x, w, b):
    y = nn.Affine.of(w, b[0])(x)
    assert np.allclose(
        plain(y), np.array(x) @ np.array(w) + b[0], rtol=1e-13, atol=1e-12
    )


@given(rows(4, 3), rows(3, 2), rows(4, 2))
def test_affine_gradients_are_those_of_the_textbook(x, w, upstream):
    """dX = dY·Wᵀ, dW = Xᵀ·dY, dB = sum of the rows of dY."""
    layer = nn.Affine.of(w, [0.0, 0.0])
    xs = [[Value(number) for number in row] for row in x]
    loss = sum(
        y * dy
        for ys, dys in zip(layer(xs), upstream, strict=True)
        for y, dy in zip(ys, dys, strict=True)
    )
    loss.backward()
    dy = np.array(upstream)
    close = {"rtol": 1e-13, "atol": 1e-12}
    grads = [[v.grad for v in row] for row in xs]
    assert np.allclose(grads, dy @ np.array(w).T, **close)
    grads = [[v.grad for v in row] for row in layer.weight]
    assert np.allclose(grads, np.array(x).T @ dy, **close)
    assert np.allclose([v.grad for v in layer.bias], dy.sum(axis=0), **close)


def test_affine_takes_arrays():
    layer = nn.Affine.of([[1.0, 2.0], [3.0, 4.0]])
    assert plain(layer(np.array([1.0, 1.0]))) == [4.0, 6.0]
    assert plain(layer(np.array([[1.0, 1.0], [0.0, 1.0]]))) == [[4.0, 6.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("layer", "oracle"),
    [
        (nn.ReLU(), lambda x: max(x, 0.0)),
        (nn.Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
        (nn.Tanh(), math.tanh),
        (nn.Identity(), lambda x: x),
    ],
)
def test_activations(layer, oracle):
    xs = [-2.0, -0.5, 0.25, 3.0]
    y = layer([Value(x) for x in xs])
    assert plain(y) == pytest.approx([oracle(x) for x in xs], rel=1e-15)
    assert {v.scope for v in y} == {(type(layer).__name__,)}


def test_softmax_of_large_numbers():
    p = nn.Softmax()([Value(1000.0), Value(999.0)])
    assert plain(p) == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.e)])


def test_inputs_are_shared_by_all_neurons():
    y = nn.Affine(2, 5, rng=random.Random(0))([1.0, 2.0])
    leaves = [v for v in topological_order(*y) if v.kind == "leaf"]
    assert len(leaves) == 2


def test_scopes_of_a_sequential():
    rng = random.Random(0)
    relu = nn.ReLU()
    model = nn.Sequential(
        nn.Affine(2, 3, rng=rng), relu, nn.Affine(3, 3, rng=rng), relu, tuple
    )
    y = model([1.0, 2.0])
    scopes = {v.scope for v in topological_order(*y) if v.op}
    neurons = {(f"Affine {i}", f"neuron {j}") for i in (1, 2) for j in (1, 2, 3)}
    assert scopes == neurons | {("ReLU 1",), ("ReLU 2",)}


def test_modules_are_named_like_the_attributes_that_hold_them():
    class Net(nn.Module):
        def __init__(self):
            rng = random.Random(0)
            self.hidden = nn.Affine(1, 2, rng=rng)
            self.activation = nn.Tanh()
            self.out = nn.Affine(2, 1, rng=rng)

        def forward(self, x):
            return self.out(self.activation(self.hidden(x)))

    net = Net()
    [y] = net([0.5])
    scopes = {v.scope[0] for v in topological_order(y) if v.op}
    assert scopes == {"hidden", "activation", "out"}
    names = [name for name, _ in net.named_parameters()]
    assert names == [
        "hidden.weight.0.0", "hidden.weight.0.1", "hidden.bias.0", "hidden.bias.1",
        "out.weight.0.0", "out.weight.1.0", "out.bias.0",
    ]  # fmt: skip
    assert repr(net) == "Net(hidden=Affine(1, 2), activation=Tanh(), out=Affine(2, 1))"


def scopes_of(*outputs):
    return {v.scope for v in topological_order(*outputs) if v.op}


def test_modules_in_lists_and_networks_in_modules_have_scopes_of_their_own():
    class Net(nn.Module):
        def __init__(self):
            rng = random.Random(0)
            self.blocks = [nn.Affine(2, 2, rng=rng), nn.Affine(2, 1, rng=rng)]
            self.heads = {"a": nn.Affine(1, 1, rng=rng)}
            self.actor, self.critic = nn.MLP(2, [1]), nn.MLP(2, [1])
            self.layer, self.neuron = nn.Layer(2, 1), nn.Neuron(2)

        def forward(self, x, *, negative=False):
            first, second = self.blocks
            [y] = self.heads["a"](second(first(x)))
            y = y * self.actor(x) + self.critic(x) + self.layer(x) + self.neuron(x)
            return -y if negative else y

    net, one = Net(), "neuron 1"
    assert scopes_of(net([1.0, 2.0])) == {
        (), ("blocks 1", one), ("blocks 1", "neuron 2"), ("blocks 2", one),
        ("heads a", one), ("actor", "layer 1", one), ("critic", "layer 1", one),
        ("layer", one), ("neuron",),
    }  # fmt: skip
    assert net([1.0, 2.0], negative=True).data == -net([1.0, 2.0]).data
    assert scopes_of(nn.MLP(2, [1])([1.0, 2.0])) == {("layer 1", one)}


def test_a_layer_keeps_its_name_outside_of_a_sequential():
    affine = nn.Affine(2, 1, rng=random.Random(0))
    nn.Sequential(affine)
    assert scopes_of(*affine([1.0, 2.0])) == {("Affine", "neuron 1")}


def test_any_function_may_be_a_layer_of_an_mlp():
    model = nn.MLP(2, [2, 1])
    model.layers[0] = lambda x: [x[0] * 2, x[1]]
    assert scopes_of(model([Value(1.0), 2.0])) == {
        ("layer 1",),
        ("layer 2", "neuron 1"),
    }


def test_two_parameters_of_one_name_cannot_be_saved():
    class Odd(nn.Module):
        def __init__(self):
            self.w = {"a": {"b": nn.parameter(1.0)}, "a.b": nn.parameter(2.0)}

    with pytest.raises(OptionError, match=r"two parameters are named w\.a\.b"):
        Odd().state_dict()


def test_parameters_are_found_once_and_in_order():
    class Tied(nn.Module):
        def __init__(self):
            self.w = [nn.parameter(1.0), nn.parameter(2.0)]
            self.same = {"w": self.w[0], "v": nn.parameter(3.0)}
            self.text, self.number, self.me = "text", 1.5, self
            self.computed = self.w[0] * 2

    assert [p.data for p in Tied().parameters()] == [1.0, 2.0, 3.0]


def test_a_module_that_holds_itself_first_is_entered_once():
    class Node(nn.Module):
        def __init__(self, w):
            self.me, self.next = self, []
            self.w = nn.parameter(w)

    first, second = Node(1.0), Node(2.0)
    first.next, second.next = [second], [first]
    assert list(first.modules()) == [first, second]
    names = [(name, p.data) for name, p in first.named_parameters()]
    assert names == [("next.0.w", 2.0), ("w", 1.0)]
    first.eval()
    assert (first.training, second.training) == (False, False)


def test_parameters_are_labelled_as_formulas_write_them():
    layer = nn.Affine.of([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0])
    assert [[w.label for w in row] for row in layer.weight] == [
        ["w11", "w12"],
        ["w21", "w22"],
    ]
    assert [b.label for b in layer.bias] == ["b1", "b2"]
    nine, ten = nn.Affine.of([[0.0] * 9]), nn.Affine.of([[0.0] * 10])
    assert nine.weight[0][8].label == "w19"
    assert [ten.weight[0][j].label for j in (0, 9)] == ["w1,1", "w1,10"]
    neuron = nn.Neuron(2)
    assert [p.label for p in neuron.parameters()] == ["w1", "w2", "b"]


def test_biases_start_at_zero_or_are_left_out():
    rng = random.Random(0)
    assert [b.data for b in nn.Affine(2, 3, rng=rng).bias] == [0.0, 0.0, 0.0]
    assert nn.Affine(2, 3, rng=rng, bias=False).bias == []


def test_a_subclass_of_a_layer_names_its_own_scope():
    class Mine(nn.Affine):
        pass

    assert scopes_of(*Mine.of([[1.0]])([2.0])) == {("Mine", "neuron 1")}


def test_a_function_in_a_sequential_has_its_name_as_scope():
    def double(row):
        return [2 * x for x in row]

    model = nn.Sequential(double, nn.Tanh(), double)
    [y] = model([Value(1.0)])
    assert y.data == 2 * math.tanh(2.0)
    assert scopes_of(y) == {("double 1",), ("Tanh 1",), ("double 2",)}


def test_a_module_with_a_call_of_its_own_is_called_so():
    class Called(nn.Module):
        def __call__(self, x):
            return [10 * x[0]]

    class Forward(nn.Module):
        def forward(self, x):
            return [x[0] + 1]

    assert nn.Sequential(Called(), Forward())([1.0]) == [11.0]


def test_an_empty_row_goes_through_what_takes_each_number_by_itself():
    assert nn.ReLU()([]) == []
    with pytest.raises(ShapeError, match="wants 1 inputs, not 0"):
        nn.Affine.of([[1.0]])([])


def test_weights_that_lost_a_number_are_not_cut_to_fit():
    layer = nn.Affine.of([[1.0, 2.0], [3.0, 4.0]])
    layer.weight[1].pop()
    with pytest.raises(ValueError, match="shorter"):
        layer([1.0, 1.0])


def test_zero_grad_clears_the_parameters():
    model = nn.MLP(2, [3, 1])
    model([1.0, 2.0]).backward()
    assert any(p.has_gradient for p in model.parameters())
    model.zero_grad()
    assert not any(p.has_gradient for p in model.parameters())


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Net has no forward"):
        type("Net", (nn.Module,), {})()(1.0)


class OnlyGauss:
    def gauss(self, *_):
        return 0.0


class OnlyUniform:
    def uniform(self, *_):
        return 0.0


def test_wrong_rows():
    layer = nn.Affine(3, 2, rng=random.Random(0))
    with pytest.raises(ShapeError, match=r"Affine\(3, 2\) wants 3 inputs, not 2"):
        layer([1.0, 2.0])
    with pytest.raises(OperandError, match="wants a row of numbers"):
        layer(1.0)
    with pytest.raises(ShapeError, match=r"ReLUNeuron\(2\) wants 2 inputs, not 3"):
        nn.MLP(2, [1, 1])([1.0, 2.0, 3.0])
    with pytest.raises(OptionError, match=r"random\.Random"):
        nn.Affine(2, 2, rng=0)
    with pytest.raises(OptionError, match="≥ 1"):
        nn.Affine(0, 2, rng=random.Random(0))
    for generator in (random.Random(0).gauss, OnlyGauss(), OnlyUniform()):
        with pytest.raises(OptionError, match=r"random\.Random"):
            nn.Affine(2, 2, rng=generator)
    for weights, lengths in (
        ([[1.0], [1.0, 2.0]], r"\[1, 2\]"),
        ([], r"\[\]"),
        ([[], []], r"\[0, 0\]"),
    ):
        with pytest.raises(ShapeError, match=f"one length, not {lengths}"):
            nn.Affine.of(weights)
    with pytest.raises(ShapeError, match="biases"):
        nn.Affine.of([[1.0]], [1.0, 2.0])
    with pytest.raises(OptionError, match="a layer is"):
        nn.Sequential("relu")


def test_micrograd_has_the_same_network_and_numbers():
    peer = pytest.importorskip(
        "micrograd.nn", reason="the extra bench is not installed"
    )
    random.seed(7)
    theirs = peer.MLP(3, [4, 4, 1])
    random.seed(7)
    ours = nn.MLP(3, [4, 4, 1])
    assert repr(ours) == repr(theirs)
    xs = [0.3, -1.2, 2.0]
    a, b = ours(xs), theirs(xs)
    assert a.data == b.data
    a.backward()
    b.backward()
    ours_grads = [p.grad for p in ours.parameters()]
    theirs_grads = [p.grad for p in theirs.parameters()]
    assert ours_grads == pytest.approx(theirs_grads, rel=1e-12, abs=1e-15)
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]


def test_neurons_of_micrograd_by_their_formula():
    """relu(b + Σ wᵢ xᵢ), and without relu where nonlin is False."""
    for nonlin, expected in ((None, 0.0), (True, 0.0), (False, -1.5)):
        neuron = nn.Neuron(2) if nonlin is None else nn.Neuron(2, nonlin)
        for parameter, x in zip(neuron.parameters(), (1.0, -2.0, 0.5), strict=True):
            parameter.data = x
        assert neuron([2.0, 2.0]).data == expected  # 0.5 + 2 · 1 − 2 · 2 = −1.5


def test_a_generator_of_ones_own_draws_micrograds_weights():
    random.seed(11)
    expected = [p.data for p in nn.MLP(2, [2, 1]).parameters()]
    state = random.getstate()
    ours = nn.MLP(2, [2, 1], rng=random.Random(11))
    assert [p.data for p in ours.parameters()] == expected
    assert random.getstate() == state


@pytest.mark.parametrize(
    ("draw", "sigma"),
    [
        (initial.xavier, math.sqrt(2 / 50)),
        (initial.xavier_uniform, math.sqrt(2 / 50)),
        (initial.he, math.sqrt(2 / 40)),
        (initial.he_uniform, math.sqrt(2 / 40)),
        (initial.gaussian(0.01), 0.01),
    ],
)
def test_the_spread_of_first_weights(draw, sigma):
    rng = random.Random(3)
    drawn = np.array([draw(40, 10, rng) for _ in range(20_000)])
    assert abs(drawn.mean()) < 4 * sigma / math.sqrt(20_000)
    assert drawn.std() == pytest.approx(sigma, rel=0.03)
    assert draw(40, 10, random.Random(1)) == draw(40, 10, random.Random(1))


LOSSES = {
    "index": (nn.softmax_cross_entropy, [[0.3, 2.9, 4.0], [-1.0, 0.5, 0.2]], [2, 0]),
    "one hot": (
        nn.softmax_cross_entropy, [[0.3, 2.9, 4.0], [-1.0, 0.5, 0.2]],
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
    ),
    "shares": (nn.softmax_cross_entropy, [[0.3, 2.9, 4.0]], [[0.2, 0.5, 0.3]]),
    "squares": (nn.sum_of_squares, [[0.3, 2.9], [1.0, -1.0]], [[1.0, 2.0], [3.0, 0.5]]),
    "mse": (nn.mean_squared_error, [[0.3, 2.9], [1.0, -1.0]], [[1.0, 2.0], [3.0, 0.5]]),
    "hinge": (nn.hinge, [0.5, -2.0, 0.1], [1, -1, -1]),
    "binary": (nn.binary_cross_entropy, [0.5, -2.0, 30.0], [1, 0, 0.25]),
}  # fmt: skip


@pytest.mark.parametrize("case", LOSSES)
def test_losses_and_gradients_are_those_of_torch(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    loss, outputs, targets = LOSSES[case]
    y = torch.tensor(outputs, dtype=torch.float64, requires_grad=True)
    t = torch.tensor(targets, dtype=torch.int64 if case == "index" else torch.float64)
    functional = torch.nn.functional
    theirs = {
        "softmax_cross_entropy": functional.cross_entropy,
        "sum_of_squares": lambda y, t: ((y - t) ** 2).sum() / 2 / len(y),
        "mean_squared_error": functional.mse_loss,
        "hinge": lambda y, t: torch.relu(1 - t * y).mean(),
        "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
    }[loss.__name__](y, t)
    theirs.backward()
    values = as_values(outputs)
    ours = loss(values, targets)
    assert ours.data == pytest.approx(theirs.item(), rel=1e-14, abs=0)
    ours.backward()
    grads = np.vectorize(lambda v: v.grad)(np.array(values, dtype=object))
    assert np.allclose(grads, y.grad.numpy(), rtol=1e-13, atol=1e-16)
    assert {v.scope[:1] for v in topological_order(ours) if v.op} == {("loss",)}


@pytest.mark.parametrize(
    "activation", ["ReLU", "Sigmoid", "Tanh", "Identity", "Softmax"]
)
def test_networks_and_their_training_are_those_of_torch(activation):
    """Layers, loss, weight decay, schedule and optimizer together, for five steps."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = random.Random(4)
    layers = [
        nn.Linear(3, 4, rng=rng),
        getattr(nn, activation)(),
        nn.Affine(4, 2, rng=rng),
    ]
    model = nn.Sequential(*layers)
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(6)]
    ys = [rng.randrange(2) for _ in xs]
    options = {"dim": 1} if activation == "Softmax" else {}
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), getattr(torch.nn, activation)(**options),
        torch.nn.Linear(4, 2),
    ).double()  # fmt: skip
    with torch.no_grad():
        for ours, other in ((layers[0], theirs[0]), (layers[2], theirs[2])):
            other.weight.copy_(torch.tensor(plain(ours.weight), dtype=torch.float64).T)
            other.bias.zero_()
    rule = nn.Adam(model.parameters(), lr=nn.exponential(0.1, 0.9), weight_decay=0.01)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.1, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, 0.9)
    for _ in range(5):
        rule.zero_grad()
        loss = nn.softmax_cross_entropy(model(xs), ys)
        loss.backward()
        rule.step()
        adam.zero_grad()
        x = torch.tensor(xs, dtype=torch.float64)
        other = torch.nn.functional.cross_entropy(theirs(x), torch.tensor(ys))
        other.backward()
        adam.step()
        schedule.step()
        assert loss.data == pytest.approx(other.item(), rel=1e-12)
    assert np.allclose(plain(layers[0].weight), theirs[0].weight.detach().T, rtol=1e-9)
    assert np.allclose(plain(layers[2].bias), theirs[2].bias.detach(), rtol=1e-9)


def as_values(x):
    return [as_values(part) for part in x] if isinstance(x, list) else Value(x)


@pytest.mark.parametrize("case", LOSSES)
def test_losses_against_their_formulas(case):
    loss, outputs, targets = LOSSES[case]
    y, t = np.array(outputs), np.array(targets)
    p = np.exp(y) / np.exp(y).sum(axis=-1, keepdims=True)
    sigmoid = 1 / (1 + np.exp(-y))
    expected = {
        "index": lambda: -np.log(p[range(len(y)), t.astype(int)]).mean(),
        "one hot": lambda: -(t * np.log(p)).sum(axis=1).mean(),
        "shares": lambda: -(t * np.log(p)).sum(axis=1).mean(),
        "squares": lambda: ((y - t) ** 2).sum(axis=1).mean() / 2,
        "mse": lambda: ((y - t) ** 2).mean(),
        "hinge": lambda: np.maximum(0, 1 - t * y).mean(),
        "binary": lambda: -(t * np.log(sigmoid) + (1 - t) * np.log1p(-sigmoid)).mean(),
    }[case]()
    # log1p(−sigmoid(30)) has lost four digits; the others have lost none to speak of.
    rel = 1e-3 if case == "binary" else 1e-14
    assert float(loss(as_values(outputs), targets)) == pytest.approx(
        expected, rel=rel, abs=0
    )
    assert loss(outputs, targets) == pytest.approx(expected, rel=rel, abs=0)
    check_gradients(lambda y: loss(y, targets), outputs)


def test_softmax_with_loss_has_the_gradient_of_the_textbook():
    logits = [Value(a) for a in (0.3, 2.9, 4.0)]
    nn.softmax_cross_entropy(logits, [0.0, 0.0, 1.0]).backward()
    powers = np.exp([0.3, 2.9, 4.0])
    expected = powers / powers.sum() - [0, 0, 1]
    assert [a.grad for a in logits] == pytest.approx(list(expected), rel=1e-14)


def test_the_class_may_be_a_value():
    loss = nn.softmax_cross_entropy([0.3, 2.9, 4.0], Value(1.0))
    assert loss.data == pytest.approx(nn.softmax_cross_entropy([0.3, 2.9, 4.0], 1))


def test_cross_entropy_does_not_overflow():
    far = [Value(1000.0), Value(-1000.0)]
    loss = nn.softmax_cross_entropy(far, 1)
    loss.backward()
    assert loss.data == 2000
    assert [a.grad for a in far] == [1.0, -1.0]


def test_one_number_is_a_row_of_one():
    assert nn.binary_cross_entropy(0.5, 1) == nn.binary_cross_entropy([0.5], [1])
    assert nn.hinge(Value(0.5), -1).data == nn.hinge([[0.5]], [-1]) == 1.5
    assert nn.sum_of_squares(3.0, 1.0) == 2.0


def test_wrong_targets():
    with pytest.raises(ShapeError, match="2 outputs and 1 targets"):
        nn.mean_squared_error([1.0, 2.0], [1.0])
    with pytest.raises(ShapeError, match="no outputs"):
        nn.hinge([], [])
    with pytest.raises(OptionError, match="−1 or 1, not 0"):
        nn.hinge([1.0], [0])
    with pytest.raises(OptionError, match="from 0 to 1, not 2"):
        nn.binary_cross_entropy([1.0], [2])
    for wrong in (2, -1, 0.5, math.nan, math.inf, "cat", None, Value(2.0)):
        with pytest.raises(OptionError, match="choose from 0 to 1"):
            nn.softmax_cross_entropy([1.0, 2.0], wrong)
    for shares in ([0.5, 0.4], [1, 1], [0, 0], [Value(1.0), 0.5]):
        with pytest.raises(OptionError, match="probabilities sum up to 1"):
            nn.softmax_cross_entropy([1.0, 2.0], shares)
    for wrong in ("yes", None, math.nan):
        with pytest.raises(OptionError, match="from 0 to 1, not"):
            nn.binary_cross_entropy([1.0], [wrong])
    with pytest.raises(ShapeError, match="2 outputs and 3 targets"):
        nn.softmax_cross_entropy([1.0, 2.0], [0, 0, 1])


def test_accuracy():
    rows = {0: [0.1, 0.7, 0.2], 1: [0.5, 0.4, 0.1], 2: [0.0, 0.0, 1.0]}
    assert nn.accuracy(rows.get, [0, 1, 2], [1, 1, 2]) == 2 / 3
    assert nn.accuracy(rows.get, [0, 1], [[0, 1, 0], [1, 0, 0]]) == 1
    assert nn.accuracy(lambda x: Value(x), [0.5, -2.0, -1.0], [1, -1, 1]) == 2 / 3
    assert nn.accuracy(lambda x: [x], [0.5, -2.0], [1, 0]) == 1
    with pytest.raises(ShapeError, match="0 samples"):
        nn.accuracy(abs, [], [])
    assert nn.accuracy(lambda x: [x], [0.0], [0]) == 1  # 0 is not above 0
    for labels in ([1], [1, 0, 1]):
        with pytest.raises(ShapeError, match=f"2 samples and {len(labels)} labels"):
            nn.accuracy(abs, [1, 2], labels)


XS = [i / 8 - 1 for i in range(20)]


@pytest.mark.parametrize(
    "model",
    [
        lambda x: x * x - 0.3,
        lambda x: [x * x - 0.3],
        lambda x: [0.3, x * x],
        lambda x: [1 - x, x, x * x],
        lambda x: [Value(-math.inf), x * x - 0.3],  # a class that is masked
    ],
)
@pytest.mark.parametrize("wrap", [lambda f: f, jit])
def test_the_accuracy_on_many_samples_is_that_of_each_alone(model, wrap):
    pytest.importorskip("numpy", reason="the extra fast is not installed")
    labels = [int(x > 0) for x in XS]
    alone = [
        nn.accuracy(model, [x], [label]) for x, label in zip(XS, labels, strict=True)
    ]
    assert nn.accuracy(wrap(model), XS, labels) == sum(alone) / len(XS)


@pytest.mark.parametrize("other", [0.0, -math.inf])
def test_a_model_is_recorded_for_many_samples_and_not_for_few(other):
    """Also where a class is masked, whose output is not finite."""
    pytest.importorskip("numpy", reason="the extra fast is not installed")
    calls = []

    def model(x):
        calls.append(1)
        return [Value(other), x * x - 0.3]

    nn.accuracy(model, XS[:19], [1] * 19)
    assert len(calls) == 19
    nn.accuracy(model, XS, [1] * 20)
    assert len(calls) < 19 + 10
    taped = jit(model, nonfinite="allow")
    taped.batch(XS)
    before = len(calls)
    nn.accuracy(taped, XS, [1] * 20)
    assert len(calls) == before


def test_gradients_come_as_a_matrix_like_the_weights():
    layer = Affine.of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, 0.25, 0.0])
    a, b, c = layer([2.0, -1.0])
    (a + 2 * b + 3 * c).backward()
    # ∂L/∂W = xᵀ · ∂L/∂Y, ∂L/∂B = ∂L/∂Y
    assert layer.weight_grad == [[2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]]
    assert layer.bias_grad == [1.0, 2.0, 3.0]
    assert Affine(2, 2, bias=False).bias_grad == []


def test_without_a_generator_weights_differ_from_layer_to_layer():
    random.seed(1)
    before = random.getstate()
    one, other = Affine(3, 4), Affine(3, 4)
    assert one.state_dict() != other.state_dict()
    assert random.getstate() == before, "the program's own numbers are left alone"
    with pytest.raises(OptionError, match="rng=7"):
        Affine(2, 3, rng=7)
