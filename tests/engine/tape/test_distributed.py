"""Gradients over Dask collections, with a real scheduler and two worker processes."""

import os
import random
import signal
import time

import numpy as np
import pytest

dask = pytest.importorskip("dask", reason="the extra distributed is not installed")
cluster_of = pytest.importorskip("distributed")
pytest.importorskip("dask.array")
pytest.importorskip("dask.bag")

from engine import OperandError, ShapeError, TapeError, log, nn, tanh  # noqa: E402
from engine.tape import jit  # noqa: E402
from engine.tape.distributed import distributed  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of what Dask itself is built on


@pytest.fixture(scope="module", autouse=True)
def client():
    with (
        cluster_of.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        cluster_of.Client(cluster) as client,
    ):
        yield client


def rows(count, width, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width))


def network():
    model = nn.Sequential(
        nn.Affine(3, 5, rng=random.Random(0)), nn.Tanh(),
        nn.Affine(5, 1, rng=random.Random(1)),
    )  # fmt: skip

    def loss(x, y):
        return (model(x)[0] - y) ** 2

    return model, loss


def gradients(model):
    return [p.grad for p in model.parameters()]


def on_one_machine(loss, model, *arrays):
    model.zero_grad()
    value = jit(loss).backward(*arrays)
    found = gradients(model)
    model.zero_grad()
    return value, found


def test_arrays_give_what_one_machine_gives():
    model, loss = network()
    xs = rows(1000, 3)
    ys = xs @ [1.0, -2.0, 0.5]
    expected, slopes = on_one_machine(loss, model, xs, ys)
    far = distributed(loss)
    parts = dask.array.from_array(xs, chunks=(70, 2)), dask.array.from_array(ys, 70)
    value = far.backward(*parts)
    assert value == pytest.approx(expected, rel=1e-13)
    found = gradients(model)
    assert found == pytest.approx(slopes, rel=1e-12, abs=1e-14)
    model.zero_grad()
    assert far.backward(*parts) == value  # to the bit, whoever computed what
    assert gradients(model) == found


def replayed_here():
    from engine.tape.partition import _unpack

    return _unpack.cache_info().misses


def test_it_is_the_workers_that_compute(client):
    w = nn.parameter(1.0)
    here, there = replayed_here(), sum(client.run(replayed_here).values())
    # A constant that no other test has: a worker knows a tape that it has seen.
    distributed(lambda x: 1.625 * w * x).backward(dask.array.arange(64, chunks=8))
    assert replayed_here() == here
    assert sum(client.run(replayed_here).values()) > there


def test_a_training_step_reads_the_parameters_anew():
    w = nn.parameter(0.0)
    far = distributed(lambda x, y: (w * x - y) ** 2)
    xs = dask.array.arange(1, 9, chunks=3)
    for _ in range(60):
        w.grad = 0.0
        far.backward(xs, 3 * xs)
        w.data -= 0.01 * w.grad
    assert w.data == pytest.approx(3, abs=1e-3)


def test_samples_that_go_another_way_are_recorded_and_computed():
    w, b = nn.parameter(2.0), nn.parameter(5.0)

    def loss(x):
        return w * x if x > 0 else b * x * x  # two paths with a leaf each

    xs = rows(90, 1)[:, 0]
    far = distributed(loss)
    value = far.backward(dask.array.from_array(np.sort(xs), chunks=20))
    expected = np.where(xs > 0, 2 * xs, 5 * xs**2)
    assert value == pytest.approx(expected.mean(), rel=1e-13)
    assert w.grad == pytest.approx(xs[xs > 0].sum() / 90, rel=1e-13)
    assert b.grad == pytest.approx((xs[xs < 0] ** 2).sum() / 90, rel=1e-13)
    assert len(far.f.tapes) == 2


def test_bags_and_delayed_partitions_with_empty_ones():
    w = nn.parameter(2.0)
    samples = [{"x": float(i), "y": [1.0, float(i)]} for i in range(30)]
    expected = np.mean([2 * i * i + 1 for i in range(30)])

    def loss(sample):
        return w * sample["x"] * sample["y"][1] + sample["y"][0]

    bag = dask.bag.from_sequence(samples, npartitions=4)
    far = distributed(loss)
    assert far.backward(bag) == pytest.approx(expected, rel=1e-13)
    few = bag.filter(lambda sample: sample["x"] >= 20)  # leaves partitions empty
    assert far.backward(few) == pytest.approx(
        np.mean([2 * i * i + 1 for i in range(20, 30)]), rel=1e-13
    )
    parts = [dask.delayed(samples[:7]), dask.delayed(samples[7:])]
    assert far.backward(parts) == pytest.approx(expected, rel=1e-13)


def test_a_cluster_may_be_restarted_between_steps(client):
    _, loss = network()
    xs = dask.array.from_array(rows(40, 3), chunks=(10, 3))
    far = distributed(loss)
    value = far.backward(xs, xs[:, 1])
    client.restart()  # in good health, so before the tests that kill workers
    assert far.backward(xs, xs[:, 1]) == value


@dask.delayed(traverse=False)
def suicidal(path, xs):
    """The partition; but the first worker that asks for it dies."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        os.kill(os.getpid(), signal.SIGKILL)
    except FileExistsError:
        return xs
    return None


def test_a_worker_that_dies_is_replaced(client, tmp_path):
    model, loss = network()
    xs = rows(200, 3)
    ys = xs[:, 0]
    expected, slopes = on_one_machine(loss, model, xs, ys)
    far = distributed(loss)
    far.backward(*[dask.array.from_array(a, chunks=50) for a in (xs, ys)])
    model.zero_grad()  # and now with the tape at the workers already
    before = set(client.run(os.getpid).values())
    pieces = [suicidal(str(tmp_path / "died"), xs[:50])]
    pieces += [dask.delayed(xs[i : i + 50]) for i in (50, 100, 150)]
    labels = [dask.delayed(ys[i : i + 50]) for i in (0, 50, 100, 150)]
    value = far.backward(pieces, labels)
    assert (tmp_path / "died").exists()
    assert value == pytest.approx(expected, rel=1e-13)
    assert gradients(model) == pytest.approx(slopes, rel=1e-12, abs=1e-14)
    client.wait_for_workers(2, timeout=60)
    assert set(client.run(os.getpid).values()) != before


def test_all_workers_may_die_between_steps(client):
    _, loss = network()
    xs = dask.array.from_array(rows(40, 3), chunks=(10, 3))
    far = distributed(loss)
    value = far.backward(xs, xs[:, 1])
    for pid in client.run(os.getpid).values():
        os.kill(pid, signal.SIGKILL)
    assert far.backward(xs, xs[:, 1]) == value


def test_without_a_cluster_dask_computes_in_this_process():
    w = nn.parameter(1.0)
    far = distributed(lambda x: w * x)
    with dask.config.set(scheduler="synchronous"):
        assert far.backward(dask.array.arange(10, chunks=3)) == 4.5
    assert w.grad == 4.5


def test_options_of_jit_hold():
    w = nn.parameter(1.0)
    xs = dask.array.from_array(np.array([1.0, 2.0, -3.0, 4.0]), chunks=2)

    def loss(x):
        return log(w * x)

    with pytest.raises(TapeError, match="sample 2 is nan"):
        distributed(loss).backward(xs)
    with pytest.raises(TapeError, match=r"log\(−3"):
        distributed(jit(loss, nonfinite="explain")).backward(xs)
    assert w.grad == 0.0
    value = distributed(jit(loss, nonfinite="allow")).backward(xs)
    assert np.isnan(value)


def test_samples_whose_error_is_caught_go_their_own_way():
    w = nn.parameter(3.0)

    def loss(x):
        try:
            return log(x) * w
        except ValueError:
            return w * w

    xs = dask.array.from_array(np.array([2.0, -1.0, 4.0, 0.0, -3.0]), chunks=2)
    assert distributed(loss).backward(xs) == pytest.approx((3 * np.log(8) + 27) / 5)
    assert w.grad == pytest.approx((np.log(8) + 18) / 5)
    bare = distributed(lambda x: tanh(1 / x) * w)
    with pytest.raises(ZeroDivisionError):
        bare.backward(dask.array.from_array(np.array([2.0, 0.0]), chunks=1))


def test_what_is_not_finite_is_told_with_its_number_in_the_collection():
    w = nn.parameter(1.0)
    xs = np.arange(1.0, 12.0)
    for odd in (0, 4, 10):
        some = dask.array.from_array(np.where(xs == odd + 1, 0.0, xs), chunks=3)
        with pytest.raises(TapeError, match=f"the gradient of sample {odd} is nan"):
            distributed(lambda x: (w * w * x * x) ** 0.5).backward(some)
        huge = dask.array.from_array(np.where(xs == odd + 1, 1e200, xs), chunks=1)
        with pytest.raises(TapeError, match=f"the result of sample {odd} is inf"):
            distributed(lambda x: w * x * x).backward(huge)
    assert not w.has_gradient


def test_errors_name_what_was_given():
    w = nn.parameter(1.0)
    far = distributed(lambda x, y: w * x + y)
    xs = dask.array.arange(10, chunks=5)
    with pytest.raises(ShapeError, match=r"\[2, 4\] partitions"):
        far.backward(xs, dask.array.arange(10, chunks=3))
    with pytest.raises(ShapeError, match=r"\(4, 6\)"):
        far.backward(xs, dask.array.arange(10, chunks=((4, 6),)))
    with pytest.raises(OperandError, match=r"args\[1\] is \[1, 2\].*jit"):
        far.backward(xs, [1, 2])
    with pytest.raises(ShapeError, match="needs a collection"):
        far.backward()
    with pytest.raises(ShapeError, match="no samples"):
        far.backward(xs[:0], xs[:0])
    with pytest.raises(ShapeError, match="samples"):
        far.backward([dask.delayed([1.0, 2.0])], [dask.delayed([1.0])])
    assert w.grad == 0.0


def test_the_clock_does_not_matter():
    """A slow partition changes nothing: sums are added in the order of partitions."""
    w = nn.parameter(0.1)
    far = distributed(lambda x: w * x)
    numbers = [0.1 * i for i in range(40)]

    @dask.delayed(traverse=False)
    def late(part, wait):
        time.sleep(wait)
        return part

    found = []
    for waits in ([0.2, 0, 0, 0], [0, 0, 0, 0.2]):
        parts = [late(numbers[i * 10 : i * 10 + 10], t) for i, t in enumerate(waits)]
        found.append(far.backward(parts))
    assert found[0] == found[1]


def test_keywords_and_static_arguments():
    w = nn.parameter(2.0)

    def loss(x, y, *, power=1):
        return (w * x**power - y) ** 2

    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0])
    far = distributed(jit(loss, static="power"))
    chunked = [dask.array.from_array(array, 2) for array in (x, y)]
    for power in (2, 3, 2):
        w.grad = 0.0
        value = far.backward(chunked[0], y=chunked[1], power=power)
        residuals = 2 * x**power - y
        assert value == pytest.approx((residuals**2).mean(), rel=1e-14)
        slope = (2 * residuals * x**power).mean()
        assert w.grad == pytest.approx(slope, rel=1e-14)


def test_named_tuples_and_dataclasses_in_bags():
    import collections

    pair = collections.namedtuple("pair", ["x", "y"])
    w = nn.parameter(3.0)
    bag = dask.bag.from_sequence([pair(1.0, 2.0), pair(2.0, 5.0)], npartitions=2)
    value = distributed(lambda p: (w * p.x - p.y) ** 2).backward(bag)
    assert (value, w.grad) == (1.0, (2 * 1 * 1 + 2 * 1 * 2) / 2)
