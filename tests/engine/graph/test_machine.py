"""A state machine builds the same graph in the engine and in a naive twin.

All numbers are small integers, so that both have to agree exactly.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

import engine
from engine import Value

LIMIT = 10**6


class Naive:
    """An engine as plain as can be: recursion over every path, nothing shared."""

    def __init__(self, data, parents=(), partials=()):
        self.data = data
        self.parents = parents
        self.partials = partials
        self.grad = 0

    def backward(self, seed=1):
        self.grad += seed
        for parent, partial in zip(self.parents, self.partials, strict=True):
            parent.backward(seed * partial)

    def ancestors(self):
        found = [self]
        for parent in self.parents:
            found += parent.ancestors()
        return found

    def paths(self):
        return 1 + sum(parent.paths() for parent in self.parents)


def half(condition):
    return 1 if condition else 0


UNARY = {
    "neg": lambda x: (-x, (-1,)),
    "abs": lambda x: (abs(x), ((x > 0) - (x < 0),)),
    "relu": lambda x: (max(x, 0), (half(x > 0),)),
}
BINARY = {
    "add": lambda x, y: (x + y, (1, 1)),
    "sub": lambda x, y: (x - y, (1, -1)),
    "mul": lambda x, y: (x * y, (y, x)),
    "max": lambda x, y: (max(x, y), _shares(x, y)),
    "min": lambda x, y: (min(x, y), _shares(y, x)),
}


def _shares(x, y):
    return (0.5, 0.5) if x == y else (half(x > y), half(y > x))


class Machine(RuleBasedStateMachine):
    nodes = Bundle("nodes")

    def __init__(self):
        super().__init__()
        self.pairs = []

    def made(self, value, naive):
        self.pairs.append((value, naive))
        return len(self.pairs) - 1

    @rule(target=nodes, data=st.integers(-3, 3), label=st.none() | st.text(max_size=3))
    def leaf(self, data, label):
        return self.made(Value(data, label), Naive(data))

    @rule(target=nodes, name=st.sampled_from(sorted(UNARY)), x=nodes)
    def unary(self, name, x):
        value, naive = self.pairs[x]
        out, partials = UNARY[name](naive.data)
        return self.made(getattr(engine, name)(value), Naive(out, (naive,), partials))

    @rule(target=nodes, name=st.sampled_from(sorted(BINARY)), x=nodes, y=nodes)
    def binary(self, name, x, y):
        (value_x, naive_x), (value_y, naive_y) = self.pairs[x], self.pairs[y]
        out, partials = BINARY[name](naive_x.data, naive_y.data)
        if abs(out) > LIMIT or naive_x.paths() + naive_y.paths() > 300:
            return x  # keep it exact and small
        made = getattr(engine, name)(value_x, value_y)
        return self.made(made, Naive(out, (naive_x, naive_y), partials))

    @rule(x=nodes, seed=st.integers(-2, 2))
    def backward(self, x, seed):
        value, naive = self.pairs[x]
        value.backward(seed)
        naive.backward(seed)

    @rule(x=nodes)
    def zero_grad(self, x):
        value, naive = self.pairs[x]
        value.zero_grad()
        for node in naive.ancestors():
            node.grad = 0

    @rule(x=nodes, label=st.text(max_size=3))
    def relabel(self, x, label):
        self.pairs[x][0].label = label

    @rule(x=nodes, data=st.integers(-3, 3))
    def mutate(self, x, data):
        """What was recorded stays; what is built from now on sees the new number."""
        value, naive = self.pairs[x]
        if not naive.parents:
            value.data = float(data)
            naive.data = data

    @precondition(lambda self: self.pairs)
    @invariant()
    def the_two_agree(self):
        for value, naive in self.pairs:
            assert value.data == naive.data
            assert value.partials == naive.partials
            assert value.grad == naive.grad


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
