"""Random programs: every number is right, or an error says why not.

`HYPOTHESIS_PROFILE=thorough pytest tests/engine/test_programs.py` runs 3,000 of them.
What is right comes from `duals`, an autograd that shares nothing with the engine; on
tapes from the engine itself, to the last bit in Python.
"""

import math
import operator
import os
import random
import types
from contextlib import suppress

import duals
import numpy as np
import pytest
from backends import INSTALLED
from programs import FEATURES, POINTS, TRANSFORMS, shrink, write_program

import engine
from engine import EngineError, EscapeError, TapeError, Value
from engine.gradcheck.rounding import bound_rounding
from engine.graph.sweep import adjoints
from engine.tape import jit

COUNT = 3000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 600
CHUNKS = 12
RAISED = (ArithmeticError, ValueError)


class State:
    """What programs read beside their arguments; both sides see the same."""

    def __init__(self):
        self.box, self.table = [1.25], {"a": -0.5}
        self.holder = types.SimpleNamespace(number=0.75)
        self.rng = random.Random(7)
        self.drawn = 0

    def change(self, rng):
        self.box[0] = rng.choice(POINTS)
        self.table["a"] = rng.choice(POINTS)
        self.holder.number = rng.choice(POINTS)

    def draw(self):
        self.drawn += 1
        return self.rng.random()


def compile_program(source, names):
    space = {"__name__": "program", "suppress": suppress, "math": math, **names}
    exec(compile(source, "<program>", "exec"), space)
    return space["f"], space


def on_the_engine(source, state, w):
    at = lambda f: lambda p: f(p[0])  # noqa: E731
    transforms = {
        "slope": lambda f, x: engine.grad(f)(x),
        "slope_and_value": lambda f, x: operator.add(*engine.value_and_grad(f)(x)),
        "forward_slope": lambda f, x: engine.jvp(f, (x,), (1.0,))[1],
        "pulled_back": lambda f, x: engine.vjp(f, x)[1](1.0)[0],
        "second": lambda f, x: engine.derivative(f, n=2)(x),
        "jacobian": lambda f, x: engine.jacobian(lambda p: [f(p[0])])([x])[0][0],
        "hessian": lambda f, x: engine.hessian(at(f))([x])[0][0],
        "hvp": lambda f, x: engine.hvp(f, (x,), (1.0,))[0],
    }
    return compile_program(source, {
        **{name: getattr(engine, name) for name in duals.FUNCTIONS},
        **transforms, "w": w, "escape": float, "draw": state.draw,
        "detach": lambda x: x.detach() if isinstance(x, Value) else x,
        "box": state.box, "holder": state.holder, "table": state.table,
    })[0]  # fmt: skip


def on_duals(source, state):
    slope = duals.differentiate
    second = lambda f, x: slope(lambda t: slope(f, t), x)  # noqa: E731
    transforms = dict.fromkeys(TRANSFORMS, slope) | {
        "slope_and_value": lambda f, x: f(x) + slope(f, x),
        "second": second, "hessian": second, "hvp": second,
    }  # fmt: skip

    def escape(x):
        duals.trouble.escaped |= isinstance(x, duals.Dual)
        return duals.number(x)

    f, space = compile_program(source, {
        **duals.FUNCTIONS, **transforms, "escape": escape, "detach": duals.detach,
        "draw": state.draw, "box": state.box, "holder": state.holder,
        "table": state.table,
    })  # fmt: skip

    def run(x, y, w):
        space["w"] = w
        return f(x, y)

    return run


def outcome(compute):
    """What it gives, or the kind of what it raises."""
    try:
        return compute()
    except (TapeError, EscapeError):
        raise
    except RAISED as error:
        return next(k for k in (ZeroDivisionError, OverflowError, ValueError)
                    if isinstance(error, k))  # fmt: skip


def same(a, b):
    """Equal to the last bit; nan is nan, and −0.0 is not 0.0."""
    if isinstance(a, type) or isinstance(b, type):
        return a is b
    return repr(float(a)) == repr(float(b))


class Case:
    """A program, and all that is right about it at some points."""

    def __init__(self, source, seed):
        self.source, self.rng = source, random.Random(seed)
        self.has_transforms = "lambda" in source
        self.state = State()
        self.w = Value(0.5, label="w")
        self.f = on_the_engine(source, self.state, self.w)
        self.oracle = on_duals(source, self.state)
        self.points = [
            (self.rng.choice(POINTS), self.rng.choice(POINTS)) for _ in range(6)
        ]

    def eager(self, point):
        """The value, the gradient by x, y and w, and a bound on rounding."""
        xs = [Value(float(x)) for x in point]
        out = self.f(*xs)
        if self.has_transforms:  # where they take plain numbers they give such
            value, slopes = engine.value_and_grad(self.f, (0, 1))(*point)
            out = out if isinstance(out, Value) else Value(out)
            return value, slopes, bound_rounding([out]).errors[0]
        if not isinstance(out, Value):
            return float(out), [0.0, 0.0, 0.0], 0.0
        found = adjoints(out)
        slopes = [found.get(leaf, 0.0) for leaf in (*xs, self.w)]
        return out.data, slopes, bound_rounding([out]).errors[0]

    # -- checks ----------------------------------------------------------------------

    def check_eager(self):
        for point in self.points:
            self.state.change(self.rng)
            self.w.data = self.rng.choice(POINTS)
            self.check_point(point)

    def check_point(self, point):
        xs = (*point, self.w.data)
        value = outcome(lambda: duals.run(self.oracle, xs)[0])
        trouble = duals.trouble
        if self.state.drawn:
            return
        if trouble.escaped:
            if self.has_transforms:  # a transform may refuse it
                return
            found = outcome(lambda: self.eager(point)[0])
            assert same(found, value), (point, found, value)
            return
        if trouble.singular and self.has_transforms:
            return
        found = outcome(lambda: self.eager(point))
        if isinstance(found, type):
            assert found is value, (point, found, value)
            return
        if not self.has_transforms:
            assert same(found[0], value), (point, found[0], value)
        elif not isinstance(value, type):
            self.check_close(found[0], value, found[2], (point, "value"))
        for i, slope in enumerate(found[1]):
            given = outcome(lambda i=i: duals.run(self.oracle, xs, by=i))
            if isinstance(given, type) or given[3].singular or given[3].escaped:
                continue
            _, true, size, _ = given
            if math.isfinite(true) and math.isfinite(found[0]):
                assert abs(slope - true) <= 1e-8 * size + 1e-300, (
                    point,
                    i,
                    slope,
                    true,
                )

    def check_close(self, found, true, error, what):
        if math.isfinite(true) and math.isfinite(found) and math.isfinite(error):
            scale = max(abs(true), abs(found))
            assert abs(found - true) <= 1e-7 * scale + 1e6 * error, (what, found, true)
        else:
            assert same(found, true) or not math.isfinite(error), (what, found, true)

    def check_tapes(self):
        """One sample, in Python: bit for bit; recorded anywhere, replayed anywhere."""
        f = jit(self.f, backend="python", argnums=(0, 1))
        for point in self.points * 2:
            if self.rng.random() < 0.5:
                self.state.change(self.rng)
            self.w.data = self.rng.choice(POINTS)
            drawn = self.state.drawn
            try:
                wanted = outcome(lambda p=point: self.eager(p))
            except EscapeError:
                with pytest.raises(EscapeError):
                    f.value_and_grad(*point)
                continue
            is_random, drawn = self.state.drawn > drawn, self.state.drawn
            may_fail = is_random or "escape(" in self.source
            try:
                value = outcome(lambda p=point: f(*p))
                given = outcome(lambda p=point: f.value_and_grad(*p))
            except (TapeError, EscapeError):
                assert may_fail, point
                continue
            if isinstance(wanted, type):  # computed anew, which may draw
                assert is_random or value is wanted, (point, value, wanted)
                assert is_random or given is wanted, (point, given, wanted)
                continue
            if is_random:  # computed anew, as floats raise on some way
                assert self.state.drawn > drawn, (point, "random, and no error")
                continue
            assert self.state.drawn == drawn, (point, "drawn")
            assert same(value, wanted[0]), (point, value, wanted[0])
            assert same(given[0], wanted[0]), (point, given, wanted)
            for a, b in zip(given[1], wanted[1], strict=False):
                assert same(a, b) or (a == b == 0), (point, given, wanted)

    def check_batches(self, backend):
        """Many samples at once, and gradients by the leaf."""
        if "draw()" in self.source or "escape(" in self.source:
            return
        self.state.change(self.rng)
        self.w.data = self.rng.choice(POINTS)
        eager = [(p, outcome(lambda p=p: self.eager(p))) for p in self.points]
        good = [(p, found) for p, found in eager if not isinstance(found, type)]
        f = jit(self.f, backend=backend, argnums=(0, 1), nonfinite="allow")
        if len(good) < len(eager):
            careful = jit(self.f, backend=backend)
            columns = np.array(self.points).T
            with pytest.raises((*RAISED, TapeError)):
                careful.batch(*columns)
        if not good:
            return
        columns = np.array([p for p, _ in good]).T
        if any(self.is_close_to_a_tie(p) for p, _ in good):
            return
        values, (by_x, by_y) = f.value_and_grad_batch(*columns)
        again = f.batch(*columns)
        for i, (point, (value, slopes, error)) in enumerate(good):
            for found in (values[i], again[i]):
                self.check_close(float(found), value, error, (backend, point))
            for found, slope, by in zip(
                (by_x[i], by_y[i]), slopes, (0, 1), strict=False
            ):
                self.check_slope(float(found), slope, point, by)
        self.w.grad = 0.0
        if all(math.isfinite(x) for _, (v, s, _) in good for x in (v, *s)):
            f.backward(*columns)
            by_w = [self.differentiate(p, 2) for p, _ in good]
            if None not in by_w:
                true = math.fsum(slope for slope, _ in by_w) / len(good)
                sizes = math.fsum(size for _, size in by_w)
                assert abs(self.w.grad - true) <= 1e-7 * sizes + 1e-300, backend
        self.w.grad = 0.0

    def is_close_to_a_tie(self, point):
        outcome(lambda: duals.run(self.oracle, (*point, self.w.data)))
        return duals.trouble.near_tie

    def differentiate(self, point, by):
        """The true derivative and its size; None where there is no such."""
        xs = (*point, self.w.data)
        found = outcome(lambda: duals.run(self.oracle, xs, by=by))
        if isinstance(found, type) or found[3].singular:
            return None
        return found[1:3] if math.isfinite(found[2]) else None

    def check_slope(self, found, slope, point, by):
        known = self.differentiate(point, by)
        if known and math.isfinite(slope):
            assert abs(found - slope) <= 1e-7 * known[1] + 1e-300, (
                point,
                by,
                found,
                slope,
            )

    def check(self):
        self.check_eager()
        self.check_tapes()
        for backend in INSTALLED:
            self.check_batches(backend)


def check_program(source, seed):
    try:
        Case(source, seed).check()
    except TypeError as error:
        if "complex" not in str(error):  # of Python's own floats, (-2.0) ** 0.5
            raise


def fails(source, seed):
    try:
        check_program(source, seed)
    except (AssertionError, EngineError) as error:
        return error
    except Exception:  # a program that was cut down too far
        return None
    return None


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.filterwarnings("ignore")
def test_random_programs_are_right_or_raise(chunk):
    first = int(os.environ.get("DOTGRAD_PROGRAMS_FROM", "0"))
    for seed in range(first + chunk, first + COUNT, CHUNKS):
        source, _ = write_program(seed)
        try:
            check_program(source, seed)
        except Exception as error:
            kind = type(error)
            small = shrink(source, lambda s: type(fails(s, seed)) is kind)  # noqa: B023
            pytest.fail(
                f"program {seed}: {kind.__name__} {error}\n{small}\nof\n{source}"
            )


def test_programs_have_every_feature_often():
    """What the generator is for: no feature is a rarity."""
    counts = dict.fromkeys(FEATURES, 0)
    for seed in range(300):
        for feature in write_program(seed)[1]:
            counts[feature] += 1
    assert min(counts.values()) >= 5, counts
    assert counts["try"] > 100
    assert counts["transform"] > 60
