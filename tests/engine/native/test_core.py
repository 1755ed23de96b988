"""The compiled core does what the Python code does, to the last bit."""

import itertools
import math
import random
from fractions import Fraction

import cores
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import TABLE


@pytest.fixture(scope="module")
def both():
    compiled, pure = cores.Core(pure=False), cores.Core(pure=True)
    assert pure.name == "python"
    if compiled.name != "compiled":
        pytest.skip("no compiled core was built here")
    yield compiled, pure
    compiled.close()
    pure.close()


SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -3.0, 1e-3, 700.0, -745.5, 1e16, -1e300,
    5e-324, 2.5e-308, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
    0, 1, -1, 2, 3, 2**53 + 1, 2**1023, 10**400, True, Fraction(1, 3), "1", None, 1j,
)  # fmt: skip
NODES = st.lists(st.integers(0, 50), min_size=1, max_size=1)
NUMBERS = st.sampled_from(SPECIAL) | st.floats() | st.floats(-4, 4) | st.integers(-4, 4)
OPERANDS = st.lists(NODES | NODES | NUMBERS, min_size=3, max_size=3)


def steps_on(rows, kinds):
    return st.tuples(st.sampled_from(kinds), st.sampled_from(rows), OPERANDS)


OPERATIONS = (
    steps_on(cores.OPERATORS, ["operator", "method"])
    | steps_on(sorted(TABLE), ["call"])
    | steps_on([n for n in sorted(TABLE) if n not in cores.OPERATORS], ["method"])
)
LEAVES = st.tuples(
    st.just("leaf"), st.none(), st.tuples(NUMBERS, st.none() | st.text(max_size=3))
)
CHANGES = st.tuples(
    st.sampled_from(
        ["backward", "zero_grad", "data", "grad", "detach", "copy", "label"]
    ),
    st.none() | st.text(max_size=3),
    st.tuples(NODES, NUMBERS),
)
PROGRAMS = st.lists(OPERATIONS | OPERATIONS | LEAVES | CHANGES, min_size=1, max_size=12)


@given(st.sampled_from(cores.AROUND), PROGRAMS)
def test_both_cores_do_the_same(both, around, program):
    compiled, pure = both
    program = [list(step) for step in program]
    assert compiled.ask("run", around, program) == pure.ask("run", around, program)


@pytest.mark.parametrize("name", TABLE)
def test_a_row_is_the_same_at_special_points_and_at_random_ones(both, name):
    rng = random.Random(name)
    reals = [n for n in SPECIAL if isinstance(n, float)]
    reals += [rng.choice([1, -1]) * 10 ** rng.uniform(-320, 308) for _ in range(30)]
    reals += [rng.uniform(-30, 30) for _ in range(30)]
    arity = TABLE[name].arity
    points = [[x] for x in reals] if arity == 1 else itertools.product(reals, repeat=2)
    points = [[*point, *reals[: arity - 2]] for point in points]
    compiled, pure = both
    assert compiled.ask("apply", name, points) == pure.ask("apply", name, points)
