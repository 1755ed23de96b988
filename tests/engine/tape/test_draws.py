"""Random numbers on tapes: each replay draws them, and all ways of a sample share them.

Right values come from the generator itself: what it draws, in the order of samples.
"""

import math
import random
import threading

import dask
import dask.array
import numpy as np
import pytest
from backends import every_backend

from engine import EscapeError, TapeError, Value, exp, log, nn
from engine.tape import jit
from engine.tape.distributed import distributed
from engine.tape.ir.draws import Draw, Draws, draw_factor, drawing


def masks(seed, count, p=0.5):
    """The first numbers that a layer with this seed multiplies by."""
    draws = random.Random(seed)
    return [0.0 if draws.random() < p else 1 / (1 - p) for _ in range(count)]


def dropout(seed, p=0.5):
    return nn.Dropout(p, rng=random.Random(seed))


@every_backend
def test_each_replay_draws_anew(backend):
    layer = dropout(1)
    f = jit(lambda x: layer([x])[0], backend=backend)
    assert [f(3.0) for _ in range(40)] == [3 * mask for mask in masks(1, 40)]
    assert len(f.tapes) == 1


@every_backend
def test_the_samples_of_a_batch_draw_one_after_the_other(backend):
    layer = dropout(2, p=0.25)
    f = jit(lambda x: layer(x), backend=backend)
    xs = np.arange(1.0, 31.0).reshape(10, 3)
    expected = xs * np.reshape(masks(2, 60, p=0.25), (2, 10, 3))
    for part in expected:  # there are no draws between two calls
        assert np.transpose(f.batch(xs)).tolist() == part.tolist()


@every_backend
def test_gradients_belong_to_the_values(backend):
    layer, w = dropout(3), nn.parameter(2.0)
    f = jit(lambda x: w * layer([x])[0], backend=backend)
    drawn = iter(masks(3, 200))
    for _ in range(10):
        mask = next(drawn)
        assert f.value_and_grad(5.0) == (10 * mask, 2 * mask)
    values, slopes = f.value_and_grad_batch(np.full(20, 5.0))
    some = np.array([next(drawn) for _ in range(20)])
    assert (values.tolist(), slopes.tolist()) == ((10 * some).tolist(), [*2 * some])
    some = np.array([next(drawn) for _ in range(20)])
    assert f.backward(np.full(20, 5.0)) == (10 * some).mean()
    assert w.grad == (5 * some).mean()


def test_without_a_tape_the_numbers_are_the_same():
    def build():
        rng = random.Random(5)
        return nn.Sequential(
            nn.Affine(2, 6, rng=rng), nn.Tanh(), dropout(7), nn.Affine(6, 4, rng=rng),
            nn.ReLU(), dropout(8, 0.2), nn.Affine(4, 1, rng=rng),
        )  # fmt: skip

    taped, eager = build(), build()
    f = jit(lambda x: taped(x)[0])
    xs = [[0.1 * i, 1 - 0.3 * i] for i in range(30)]
    assert [f(x) for x in xs] == [eager(x)[0].data for x in xs]


def test_layers_may_share_a_generator():
    rng = random.Random(9)
    first, second = nn.Dropout(0.5, rng=rng), nn.Dropout(0.75, rng=rng)
    f = jit(lambda x: second(first([x, 10 * x])))
    draws = random.Random(9)
    for _ in range(30):
        u = [draws.random() for _ in range(4)]
        expected = [
            a * (0 if u[i] < 0.5 else 2) * (0 if u[2 + i] < 0.75 else 4)
            for i, a in enumerate((3.0, 30.0))
        ]
        assert f(3.0) == expected


@every_backend
def test_a_way_sees_the_mask_by_which_it_was_chosen(backend):
    """With fresh masks for each way some 2s would be 1s, and the tries never end."""
    layer = dropout(10)

    def f(x):
        y = layer([x])[0]
        return y * 0 + 1 if y > 0 else y * 0 + 2

    taped = jit(f, backend=backend)
    expected = [1 if mask else 2 for mask in masks(10, 600)]
    assert [taped(1.0) for _ in range(100)] == expected[:100]
    assert taped.batch(np.ones(500)).tolist() == expected[100:]
    assert len(taped.tapes) == 2


@every_backend
def test_ways_may_draw_different_numbers(backend):
    layer, other = dropout(11), dropout(12)

    def f(x):
        y = layer([x])[0]
        return other([y])[0] + 100 if y > 0 else y

    taped = jit(f, backend=backend)
    seconds = iter(masks(12, 400))
    expected = [4 * next(seconds) + 100 if m else 0.0 for m in masks(11, 100)]
    assert [taped(2.0) for _ in range(100)] == expected


@every_backend
def test_an_error_is_caught_with_the_mask_that_raised_it(backend):
    layer = dropout(13)

    def f(x):
        y = layer([x])[0]
        try:
            return 1 / y
        except ZeroDivisionError:
            return y - 1

    taped = jit(f, backend=backend)
    expected = [0.25 if mask else -1.0 for mask in masks(13, 300)]
    assert [taped(2.0) for _ in range(100)] == expected[:100]
    assert taped.batch(np.full(200, 2.0)).tolist() == expected[100:]


@every_backend
def test_an_error_that_is_not_caught_is_raised(backend):
    layer = dropout(14)
    taped = jit(lambda x: log(layer([x])[0]), backend=backend)
    for mask in masks(14, 30):
        if mask:
            assert taped(2.0) == pytest.approx(math.log(4), rel=1e-15)
        else:
            with pytest.raises(ValueError, match="log"):
                taped(2.0)


def test_explain_tells_of_the_mask_that_was_drawn():
    """Where it is kept, exp(400 · 2) overflows; the sample before it was dropped."""
    seed = next(s for s in range(99) if masks(s, 4)[:2] == [0.0, 2.0])
    for nonfinite in ("explain", "error"):
        layer = dropout(seed)
        f = jit(lambda x: exp(layer([x])[0]), nonfinite=nonfinite)  # noqa: B023
        with pytest.raises(TapeError, match="sample 1 is inf") as caught:
            f.batch([400.0, 400.0])
        assert ("exp(800)" in str(caught.value)) == (nonfinite == "explain")


def test_modes_have_tapes_of_their_own():
    layer = dropout(15)
    f = jit(lambda x: layer([x])[0])
    drawn = iter(masks(15, 100))
    for _ in range(3):
        layer.train()
        assert [f(1.0) for _ in range(5)] == [next(drawn) for _ in range(5)]
        layer.eval()
        assert [f(1.0) for _ in range(5)] == [1.0] * 5
    layer.train()
    layer.p = 0.9
    assert {f(1.0) for _ in range(200)} == {0.0, 1 / (1 - 0.9)}


@pytest.mark.parametrize("name", ["gauss", "uniform", "betavariate"])
def test_other_draws_are_errors_beside_a_layer_too(name):
    rng = random.Random(16)
    layer = nn.Dropout(0.5, rng=rng)
    with pytest.raises(TapeError, match="draws random numbers from"):
        jit(lambda x: layer([x])[0] + getattr(rng, name)(1.0, 2.0))(1.0)


def test_a_penalty_draws_as_well():
    layer, w = dropout(17), nn.parameter(1.0)
    f = jit(lambda: layer([w])[0] * 3)
    assert [f.backward() for _ in range(20)] == [3 * m for m in masks(17, 20)]
    assert w.grad == sum(3 * m for m in masks(17, 20))


def test_a_function_within_a_recorded_one_draws_with_it():
    layer = dropout(18)
    inner = jit(lambda x: layer([x])[0])
    outer = jit(lambda x: inner(x) + inner(x * 10))
    drawn = iter(masks(18, 100))
    for _ in range(20):
        assert outer(1.0) == next(drawn) + 10 * next(drawn)


def test_samples_of_a_draw():
    draws = Draws(3)
    draw = Draw(random.Random(1), 0.5)
    right = [masks(1, 3)[i] for i in (0, 1, 2)]
    assert [draws.convert([draw], i) for i in range(3)] == [[m] for m in right]
    assert draws.take([2, 0]).gather([draw], [0, 1]).tolist() == [[right[2], right[0]]]
    for _ in range(2):  # from the first number, each time
        with drawing(draws, 1):
            assert draw_factor(draw) == right[1]
    assert draws.has_drawn(draw.rng)
    assert not draws.has_drawn(random.Random(1))


# -- partitions ----------------------------------------------------------------------


def test_partitions_draw_by_sample():
    """Values and gradients are of one mask, whose share of zeros is p."""
    w, layer = nn.parameter(1.0), dropout(20, p=0.25)
    far = distributed(lambda x: layer([w * x])[0])
    xs = dask.array.ones(2000, chunks=300)
    with dask.config.set(scheduler="synchronous"):
        means = [far.backward(xs) for _ in range(5)]
    assert w.grad == pytest.approx(sum(means), rel=1e-12)
    assert len(set(means)) == 5
    for mean in means:  # 2000 draws of 0 or 4/3: their mean is 1 ± 0.013
        assert mean == pytest.approx(1.0, abs=4 * math.sqrt(0.25 / 0.75 / 2000))


def test_partitions_go_their_ways_by_what_they_draw():
    w, layer = nn.parameter(1.0), dropout(21)

    def f(x):
        y = layer([w * x])[0]
        return y * 0 + 1 if y > 0 else y * 0 + 1000

    far = distributed(f)
    xs = dask.array.ones(400, chunks=50)
    with dask.config.set(scheduler="synchronous"):
        mean = far.backward(xs)
        assert mean == (400 + 999 * round((mean - 1) * 400 / 999)) / 400
        assert len(far.f.tapes) == 2
        assert {far.backward(xs) for _ in range(3)} != {mean}


@pytest.mark.parametrize("nonfinite", ["allow", "error"])
def test_partitions_leave_a_way_where_an_error_is_caught(nonfinite):
    """1 ÷ 0 is caught for a negative w alone; 1/x is ∞ where nothing catches it."""
    w = nn.parameter(1.0)

    def f(x):
        try:
            return w / x
        except ZeroDivisionError:
            return w * 42

    far = distributed(jit(f, nonfinite=nonfinite))
    xs = np.array([1.0, 2.0, 0.0, 4.0, 0.0, 0.0, 8.0, -1.0])
    with dask.config.set(scheduler="synchronous"):
        mean = far.backward(dask.array.from_array(xs, chunks=3))
    expected = np.mean([42.0 if x == 0 else 1 / x for x in xs])
    assert mean == pytest.approx(expected, rel=1e-15)
    assert w.grad == pytest.approx(expected, rel=1e-15)


def test_partitions_stay_where_no_error_is_caught_and_infinity_is_allowed():
    w = nn.parameter(1.0)

    def f(x):
        try:
            return w / x
        except ZeroDivisionError:
            if x.detach() * 0 + 1 > 2:  # never
                return w
            raise

    far = distributed(jit(f, nonfinite="allow"))
    xs = dask.array.from_array(np.array([1.0, 0.0, 2.0, 0.0]), chunks=2)
    with dask.config.set(scheduler="synchronous"):
        assert far.backward(xs) == math.inf
    with pytest.raises(TapeError, match="sample 1 is inf"):
        distributed(jit(f)).backward(xs)


# -- what was computed outside -------------------------------------------------------


@every_backend
def test_a_result_from_outside_has_its_number(backend):
    """w was 2 when z was computed: z is 6, and ∂z/∂w is 3, whatever w is now."""
    w = Value(2.0)
    z = w * 3
    f = jit(lambda x: x * z + w, backend=backend)
    assert f(1.0) == 8.0
    w.data = 5.0
    assert f(1.0) == 1 * z.data + 5.0 == 11.0
    assert f.batch([1.0, 2.0]).tolist() == [11.0, 17.0]
    assert f.value_and_grad(4.0) == (29.0, 6.0)
    assert f.backward([1.0, 3.0]) == 17.0
    assert (z.grad, w.grad) == (2.0, 2.0 * 3 + 1)


def test_results_from_outside_with_common_parts():
    w = Value(2.0)
    u, v = w * w, w * 10
    f = jit(lambda x: x * u * v)
    assert f.backward([3.0]) == 3 * 4 * 20
    assert (u.grad, v.grad) == (60.0, 12.0)
    assert w.grad == 60 * 4 + 12 * 10  # ∂u/∂w = 4, ∂v/∂w = 10


def test_recompute_changes_a_result_from_outside():
    from engine import recompute

    w = Value(2.0)
    z = w * w
    f = jit(lambda x: x * z)
    assert f(3.0) == 12.0
    recompute(z, {w: 5.0})
    assert f(3.0) == 75.0
    assert f.backward([3.0]) == 75.0
    assert w.grad == 30.0


# -- threads that the function starts ------------------------------------------------


def in_a_thread(compute):
    found = []
    thread = threading.Thread(target=lambda: found.append(compute()))
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_computes_with_a_leaf_alone():
    w = Value(2.0)
    f = jit(lambda x: x * in_a_thread(lambda: w * 3))
    assert f(1.0) == 6.0
    w.data = 5.0
    assert f(1.0) == 15.0
    assert f.backward([2.0]) == 30.0
    assert w.grad == 6.0


def test_a_thread_compares_a_leaf_alone():
    w = Value(2.0)
    f = jit(lambda x: x * in_a_thread(lambda: 1.0 if w > 0 else -1.0))
    assert f(3.0) == 3.0
    w.data = -2.0
    assert f(3.0) == -3.0


def test_other_threads_do_not_disturb_a_recording():
    """One compares and computes with Values of its own all the time."""
    stop, seen = threading.Event(), []

    def work():
        own = Value(1.0)
        while not stop.is_set():
            own = own * 1.0 if own > 0 else own
            seen.append(float(own))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for i in range(20):
            f = jit(lambda x, i=i: x * i + 1)
            assert f(2.0) == 2 * i + 1
            assert not f.tapes[0].guards
    finally:
        stop.set()
        thread.join()
    assert seen


def test_an_escape_of_a_mask_is_an_error():
    layer = dropout(30)
    with pytest.raises(EscapeError, match="takes the number"):
        jit(lambda x: x * float(layer([1.0])[0]))(1.0)
