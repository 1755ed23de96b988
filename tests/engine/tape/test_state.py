"""What a function reads beside its arguments and leaves: seen, or an error."""

import functools
import itertools
import random
import time
import types

import numpy as np
import pytest
from backends import every_backend

from engine import TapeError, Value, nn
from engine.tape import jit

scale = 2.0
counted = 0
config = types.SimpleNamespace(scale=2.0)
module = types.ModuleType("settings")
module.scale = 2.0
table = {"scale": 2.0}
row = [2.0]
array = np.array([2.0])


class Slotted:
    __slots__ = ("scale",)


slotted = Slotted()
slotted.scale = 2.0


class Model:
    factor = 2.0

    def __init__(self):
        self.scale = 2.0
        self.ws = [Value(2.0)]

    def method(self, x):
        return x * self.scale

    @property
    def doubled(self):
        return self.scale

    def __call__(self, x):
        return x * self.doubled


class Layer(nn.Module):
    def __init__(self):
        self.scale = 2.0

    def forward(self, x):
        return x * self.scale


def scaled(x):
    return x * scale


def put(thing):
    return lambda number: setattr(thing, "scale", number)


def set_global(number):
    globals()["scale"] = number


def make_closure():
    inside = 2.0

    def change(number):
        nonlocal inside
        inside = number

    return lambda x: x * inside, change


def make_leaf():
    w = Value(2.0)

    def change(number):
        nonlocal w
        w = Value(number)

    return lambda x: x * w, change


def make_list_of_leaves():
    ws = [Value(0.5), Value(1.5)]

    def change(number):  # sometimes longer, sometimes another leaf
        if len(ws) == 2:
            ws.append(Value(number - 2.0))
        else:
            ws[2] = Value(number - 2.0)

    return lambda x: sum(w * x for w in ws), change


def make_method():
    model = Model()
    return model.method, put(model)


def make_object():
    model = Model()
    return lambda x: model(x), put(model)


def make_layer():
    layer = Layer()
    return lambda x: layer(x), put(layer)


def make_sequential():
    layer = Layer()
    model = nn.Sequential(layer, lambda x: x)
    return lambda x: model(x), put(layer)


def make_attribute_of_the_class():
    model = Model()
    return lambda x: x * model.factor, lambda number: setattr(Model, "factor", number)


def make_shadow_of_the_class():
    Model.factor = 2.0
    model = Model()
    return lambda x: x * model.factor, lambda number: setattr(model, "factor", number)


def make_leaf_of_an_object():
    model = Model()

    def change(number):
        model.ws[0] = Value(number)

    return lambda x: x * model.ws[0], change


def make_partial():
    options = {"by": 2.0}
    f = functools.partial(lambda x, options: x * options["by"], options=options)
    return f, lambda number: options.update(by=number)


def make_decorated():
    f, change = make_closure()

    @functools.wraps(f)
    def around(*args):
        return f(*args)

    return around, change


def make_array():
    def change(number):
        array[0] = number

    array[0] = 2.0
    return (lambda x: x * array[0]), change


PLACES = {
    "global": lambda: (lambda x: x * scale, set_global),
    "global of a function": lambda: (lambda x: scaled(x), set_global),
    "closure": make_closure,
    "leaf": make_leaf,
    "list of leaves": make_list_of_leaves,
    "method": make_method,
    "object with a property": make_object,
    "layer": make_layer,
    "layer in a model": make_sequential,
    "class": make_attribute_of_the_class,
    "shadow of the class": make_shadow_of_the_class,
    "leaf of an object": make_leaf_of_an_object,
    "namespace": lambda: (lambda x: x * config.scale, put(config)),
    "module": lambda: (lambda x: x * module.scale, put(module)),
    "slots": lambda: (lambda x: x * slotted.scale, put(slotted)),
    "dict": lambda: (lambda x: x * table["scale"], lambda n: table.update(scale=n)),
    "list": lambda: (lambda x: x * row[0], lambda n: row.__setitem__(0, n)),
    "array": make_array,
    "partial": make_partial,
    "decorated": make_decorated,
}


@pytest.fixture(autouse=True)
def as_before():
    yield
    for change in (set_global, put(config), put(module), put(slotted)):
        change(2.0)
    table["scale"] = row[0] = array[0] = Model.factor = 2.0


@every_backend
@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES)
def test_what_changes_is_read_anew(make, backend):
    f, change = make()
    made = jit(f, backend=backend)
    for number in (2.0, 5.0, -3.0, 2.5):
        if number != 2.0:
            change(number)
        assert made(3.0) == 3 * number
        assert made.value_and_grad(3.0) == (3 * number, number)
        assert made.batch([3.0, 1.0]).tolist() == [3 * number, number]
        values, slopes = made.value_and_grad_batch([3.0])
        assert (values.tolist(), slopes.tolist()) == ([3 * number], [number])


def test_the_sign_of_zero_and_kinds_of_numbers_are_seen():
    sign = 0.0
    f = jit(lambda x: 1 / (x * sign + 1e-300) if isinstance(sign, float) else x)
    assert f(1.0) == 1 / 1e-300
    sign = 0
    assert f(1.0) == 1.0


def test_a_builtin_name_that_is_shadowed_later_is_seen():
    namespace = {}
    exec("def f(x): return abs(x) * 2", namespace)
    f = jit(namespace["f"])
    assert f(-3.0) == 6.0
    namespace["abs"] = lambda x: x + 1
    assert f(-3.0) == -4.0
    del namespace["abs"]
    assert f(-3.0) == 6.0


def test_a_global_that_goes_is_missed_and_may_come_back():
    namespace = {"w": Value(2.0)}
    exec("def f(x): return x * w", namespace)
    f = jit(namespace["f"])
    assert f(3.0) == 6.0
    w = namespace.pop("w")
    with pytest.raises(NameError):
        f(3.0)
    namespace["w"] = w
    assert f(3.0) == 6.0


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple, dict.fromkeys])
def test_what_stands_in_any_container_is_compared(kind):
    things = [kind([Value(2.0)])]
    f = jit(lambda x: x * next(iter(things[0])))
    assert f(3.0) == 6.0
    things[0] = kind([Value(5.0)])
    assert f(3.0) == 15.0
    things[0] = kind([Value(5.0), Value(1.0)])
    assert f(3.0) == 3 * next(iter(things[0])).data


def test_what_comes_back_is_not_recorded_again():
    runs = itertools.count()
    layer = Layer()

    @jit
    def f(x):
        next(runs)
        return layer(x)

    for number in (2.0, 3.0) * 5:
        layer.scale = number
        assert f(1.0) == number
    assert next(runs) == 4  # two runs for each of the two tapes


def test_a_leaf_that_is_rebound_at_each_step():
    """wₖ₊₁ = wₖ − 0.2 (wₖ − 3): the loss is 9 · 0.64ᵏ."""
    w = Value(0.0)
    loss = jit(lambda: (w - 3) ** 2)
    for k in range(10):
        assert loss.backward() == pytest.approx(9 * 0.64**k)
        w = Value(w.data - 0.1 * w.grad)


def test_what_changes_at_every_call_is_named():
    step = 0
    f = jit(lambda x: x * step, max_paths=5)
    with pytest.raises(TapeError, match=r"step, which <lambda> reads, .* 5 values"):
        for step in range(9):
            assert f(2.0) == 2.0 * step
    assert step == 5


def draws(x):
    return x * random.random()


def draws_a_choice(x):
    return x if random.random() < 0.5 else x * 2


rng, generator = random.Random(0), np.random.default_rng(0)


def counts(x):
    global counted
    counted += 1
    return x * counted


def grows(x, seen=[]):  # noqa: B006
    seen.append(x)
    return x * len(seen)


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (draws, "random numbers from random"),
        (draws_a_choice, "random numbers from random"),
        (lambda x: x * rng.gauss(0, 1), "random numbers from rng"),
        (lambda x: x * generator.normal(), "random numbers from generator"),
        (lambda x: x * np.random.normal(), "random numbers from np.random"),
        (lambda x: x * time.perf_counter(), "two runs at one point differ"),
        (counts, "it changes counted"),
        (grows, "two runs at one point differ"),
    ],
)
def test_what_differs_from_run_to_run_is_an_error(f, why):
    made = jit(f)
    for call in (made, made.value_and_grad):
        with pytest.raises(TapeError, match=f"cannot be recorded: .*{why}"):
            call(1.5)
    with pytest.raises(TapeError, match=why):
        made.batch([1.5, 2.0])
    assert made.tapes == []


def test_a_leaf_that_the_first_run_makes():
    """The first call says that it cannot be; from the second on the leaf is there."""
    made = []

    @jit
    def f(x):
        if not made:
            made.append(nn.parameter(2.0))
        return x * made[0]

    with pytest.raises(TapeError, match="two runs at one point differ"):
        f(3.0)
    assert f(3.0) == 6.0
    made[0].data = 5.0
    assert f(3.0) == 15.0


def test_random_masks_train_without_a_tape(capsys):
    """A mask drawn by hand cannot be on a tape: `fit` says so, and draws it anew."""
    masks = random.Random(0)
    drawn = []
    model = nn.Affine.of([[0.5]], [0.0])

    def loss(out, y):
        drawn.append(masks.random() < 0.5)
        return (out[0] * (2.0 if drawn[-1] else 0.0) - y) ** 2

    nn.fit(
        model, [[1.0]] * 20, [1.0] * 20, loss=loss, epochs=2, progress=False,
        optimizer=nn.SGD(model.parameters(), lr=0.01),
    )  # fmt: skip
    assert "random numbers from masks" in capsys.readouterr().err
    assert len(drawn) > 40
    assert 10 < sum(drawn[-40:]) < 30


@pytest.mark.parametrize("more", [[], [1.0, 2.0, 3.0]])
def test_a_list_that_a_function_writes_and_does_not_read(more):
    seen, after = [], list(more)

    @jit
    def f(x):
        seen.append(2.5)
        return x * len(after)

    for _ in range(3):
        assert f(2.0) == 2.0 * len(after)
    assert seen == [2.5, 2.5]
    after.append(4.0)
    assert f(2.0) == 2.0 * len(after)
