"""Nodes of either core: how much they take, and that they go when nobody needs them."""

import contextlib
import gc
import subprocess
import sys
import threading
import weakref

import pytest

import engine
from engine import Value, no_grad, register, unregister
from engine.graph.value import parameter
from engine.tape import record


def take_step(weights):
    """Every way to make and to lose a node, once."""
    x = Value(0.5, label="x")
    y = x
    for w in weights:
        y = (w * y + 1.0).tanh() - y**2 / (2 - x) + engine.max(y, w)
    y = engine.softmax([y, x, 1.0])[0].log() + engine.ops.hypot(x, y)
    y.backward()
    with no_grad():
        y = y * 2
    y.zero_grad()
    x.detach() + y
    with contextlib.suppress(engine.DomainError):
        Value(-1.0).log()
    with contextlib.suppress(engine.OperandError):
        y + "1"


def count_blocks():
    gc.collect()
    return sys.getallocatedblocks()


def test_ten_thousand_steps_leave_nothing():
    weights = [parameter(0.1 * i, label=f"w{i}") for i in range(5)]
    for _ in range(1000):  # caches fill
        take_step(weights)
    before = count_blocks()
    for _ in range(10_000):
        take_step(weights)
    assert count_blocks() - before < 1000, "something stays with each tenth step"


def test_recordings_leave_nothing_whether_they_succeed_or_fail():
    w = parameter(2.0)

    def fail(x):
        y = (w * x).exp() + x
        if y:
            raise KeyError("the program's own")
        return y

    def attempt():
        record(lambda x: (w * x).exp() + x / 3, (0.5,))
        with contextlib.suppress(KeyError):
            record(fail, (0.5,))
        with contextlib.suppress(engine.EscapeError):
            record(lambda x: float(x * w), (0.5,))

    for _ in range(300):  # caches fill
        attempt()
    before = count_blocks()
    for _ in range(1000):
        attempt()
    assert count_blocks() - before < 1000, "something stays with each attempt"


def test_a_node_takes_104_bytes():
    most = 104 if engine.core == "compiled" else 112
    assert sys.getsizeof(Value(1.0)) <= most
    assert sys.getsizeof(Value(1.0) * Value(2.0)) <= most


@pytest.fixture
def fold():
    """A row of three operands."""
    yield register(
        "fold", "fold", lambda x, y, z: x + y * z, lambda out, x, y, z: (1, z, y)
    )
    unregister("fold")


@pytest.mark.parametrize("shape", ["chain", "ladder", "comb"])
def test_a_million_nodes_are_freed_without_recursion(shape, fold):
    first = x = Value(1.0)
    for _ in range(50_000 if shape == "comb" else 500_000):
        if shape == "chain":
            x = (x + 1.0) * 0.5
        elif shape == "ladder":
            x = (x + x) * 0.5
        else:
            x = fold(x, x * 0.5, first)
    alive = weakref.ref(x)
    x.backward()
    del x
    assert alive() is None
    assert first.has_gradient


def test_a_million_nodes_are_freed_in_an_exit_of_the_program():
    program = (
        "from engine import Value\nx = Value(1.0)\n"
        "for _ in range(1_000_000): x = x + 1.0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_what_dies_may_make_values_as_it_goes():
    made = []
    x = Value(2.0)
    y = x * 3.0
    weakref.finalize(y, lambda: made.append((x * Value(5.0)).data))
    z = y + 1.0
    del y, z
    assert made == [10.0]


def test_a_cycle_through_an_attribute_is_collected():
    class Named(Value):
        pass

    x = Named(1.0)
    x.me = x * 2.0
    alive = weakref.ref(x)
    del x
    gc.collect()
    assert alive() is None


def test_values_that_many_threads_make_and_free():
    failed = []

    def work(seed):
        w = Value(float(seed))
        for i in range(2000):
            y = (w * i + 1).tanh() * w
            if y.parents[1] is not w:
                failed.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
