"""Optimizers: each is one rule that turns a gradient into a change.

A rule works on one parameter: from its number w, the gradient g, the rate lr and the
numbers that the rule keeps in `state`, it gives what is added to w. An optimizer is a
dataclass: its fields are the hyperparameters, each with its default and its range.

A rule that is marked as `elementwise` is written with functions that take arrays, too.
Where there are many parameters, NumPy and the compiled core, it is then called once a
step, with arrays of all parameters in the place of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from importlib.util import find_spec
from typing import Any, ClassVar, TypeVar

from engine.errors import EngineError, ModelFileError, OptionError
from engine.graph import context
from engine.graph.sweep import clear
from engine.graph.value import Value
from engine.native.core import core
from engine.nn.serialization import read_number
from engine.nn.training.schedules import Schedule
from engine.util.numbers import is_number

POSITIVE: Mapping[str, float] = {"low": 0, "below": math.inf}
"""The range of a rate: low ≤ x < below."""

SHARE: Mapping[str, float] = {"low": 0, "below": 1}
"""The range of what is a part of something, or small."""

MANY = 64
"""So many parameters are faster on arrays."""

Rule = TypeVar("Rule", bound=Callable[..., Any])


def elementwise(change: Rule) -> Rule:
    """Say of a rule that it takes arrays in the place of numbers."""
    change.is_elementwise = True  # type: ignore[attr-defined]
    return change


@dataclass(eq=False, repr=False)
class Optimizer:
    """What all optimizers share; a subclass has `change`, the rule.

    Args:
        parameters: the leaf Values to train, such as `model.parameters()`.
        lr: the learning rate, or a schedule: a function of the step, from 0.
        weight_decay: λ of λ/2 Σw², whose gradient λw is added to each gradient.

    A parameter that no `backward` has reached is left alone.

    >>> from engine.nn import parameter
    >>> w = parameter(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8

    Raises:
        OptionError: there are no parameters, or a number is out of its range.
    """

    parameters: Sequence[Value]
    lr: float | Schedule = field(default=0.01, metadata=POSITIVE)
    _: KW_ONLY
    weight_decay: float = field(default=0.0, metadata=POSITIVE)

    remembers: ClassVar[int] = 0
    """How many numbers the rule keeps for each parameter."""
    roots: ClassVar[tuple[int, ...]] = ()
    """Which of them are roots of means of squares: a square would overflow too soon."""

    decoupled: ClassVar[bool] = False
    """Whether `change` itself makes the weights decay; g is then the plain gradient."""

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, Iterable):
            is_model = hasattr(self.parameters, "parameters")
            wanted = "model.parameters()" if is_model else "[w, b]"
            raise OptionError(
                f"{type(self).__name__} takes the parameters to train, as in "
                f"{type(self).__name__}({wanted}, lr=0.1), not {self.parameters!r:.80}"
            )
        self.parameters = list(self.parameters)
        if not self.parameters:
            raise OptionError("there are no parameters to train")
        for parameter in self.parameters:
            if not isinstance(parameter, Value) or parameter.op is not None:
                raise OptionError(f"a parameter is a leaf Value, not {parameter!r:.80}")
        if len(set(self.parameters)) < len(self.parameters):
            raise OptionError("a parameter is given twice: it would move twice a step")
        for option in fields(self):
            if option.metadata:
                check_range(option.name, getattr(self, option.name), **option.metadata)
        self.steps = 0
        self._keep([[0.0] * self.remembers for _ in self.parameters])

    def _keep(self, rows: list[list[float]]) -> None:
        """Remember these numbers, a row for each parameter."""
        self.state: Any = rows
        if self._works_on_arrays():
            import numpy as np

            self.state = np.asfortranarray(rows, dtype=float)

    def _works_on_arrays(self) -> bool:
        is_marked = getattr(type(self).change, "is_elementwise", False)
        many = len(self.parameters) >= MANY
        return (
            is_marked and many and core is not None and find_spec("numpy") is not None
        )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"state": self._rows()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._keep(self.state)

    def _rows(self) -> list[list[float]]:
        kept = self.state.tolist() if hasattr(self.state, "tolist") else self.state
        return [list(row) for row in kept]

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.lr(self.steps) if callable(self.lr) else self.lr

    def step(self) -> None:
        """Change every parameter by its gradient.

        Raises:
            EngineError: no parameter has a gradient; nothing is changed.
        """
        context.refuse_change("step()")
        if hasattr(self.state, "tolist"):
            self._step_on_arrays()
            return
        # The getters of `data` and `grad` would take longer than some rules.
        reached = [
            (parameter, parameter._grad, state)
            for parameter, state in zip(self.parameters, self.state, strict=True)
            if parameter._grad is not None
        ]
        if not reached:
            raise _refuse_step()
        lr, decay = self.rate, 0.0 if self.decoupled else self.weight_decay
        self.steps += 1
        for parameter, gradient, state in reached:
            w = parameter._number
            parameter._number = w + self.change(w, gradient + decay * w, lr, state)

    def _step_on_arrays(self) -> None:
        """The same, with all parameters at once."""
        import numpy as np

        assert core is not None, "_keep has seen to it"
        gradients = core.read_gradients(self.parameters)
        reached = np.frombuffer(gradients, dtype=np.uint64) != core.NOTHING
        if not reached.any():
            raise _refuse_step()
        which = slice(None) if reached.all() else reached
        w = np.frombuffer(core.read_numbers(self.parameters)).copy()
        g, state = np.frombuffer(gradients)[which], self.state.copy(order="F")
        lr, decay = self.rate, 0.0 if self.decoupled else self.weight_decay
        columns = [column[which] for column in state.T]
        with np.errstate(all="ignore"):  # as floats, which go on with inf and nan
            w[which] += self.change(w[which], g + decay * w[which], lr, columns)
        for column, changed in zip(state.T, columns, strict=True):
            column[which] = changed
        self.steps, self.state = self.steps + 1, state
        core.write_numbers(self.parameters, w)

    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        """What is added to a parameter w; the rule may change `state` in place."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set the gradients of the parameters to 0."""
        clear(self.parameters)

    def state_dict(self) -> dict[str, Any]:
        """What the optimizer remembers; JSON can hold it."""
        rule, rows = type(self).__name__, self._rows()
        return {"rule": rule, "version": 2, "steps": self.steps, "state": rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        Raises:
            ModelFileError: it is of another optimizer, or of other parameters; nothing
                is changed.
        """
        if not isinstance(state, dict) or not isinstance(state.get("state"), list):
            raise ModelFileError("this is not what state_dict of an optimizer gives")
        rule, own = state.get("rule"), type(self).__name__
        if rule != own:
            raise ModelFileError(f"this is the state of {rule}, not of {own}")
        rows, steps = state["state"], state.get("steps")
        if len(rows) != len(self.state):
            raise ModelFileError(
                f"this is the state of {len(rows)} parameters, not of {len(self.state)}"
            )
        if not all(isinstance(r, list) and len(r) == self.remembers for r in rows):
            raise ModelFileError(f"{own} keeps {self.remembers} numbers a parameter")
        if not isinstance(steps, int) or steps < 0:
            raise ModelFileError(f"steps is {steps!r:.80}, not a count")
        numbers = [[read_number("state", x) for x in row] for row in rows]
        for row in numbers:
            for i in self.roots:
                if row[i] < 0:
                    raise ModelFileError(
                        f"{row[i]} is no mean of squares, nor its root"
                    )
                if state.get("version", 1) == 1:  # which kept the squares
                    row[i] = math.sqrt(row[i])
        self._keep(numbers)
        self.steps = steps

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters, lr={self.lr})"


class SGD(Optimizer):
    """Stochastic gradient descent: w ← w − lr · g. Robbins & Monro (1951)."""

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        return -lr * g


@dataclass(eq=False, repr=False)
class Momentum(Optimizer):
    """v ← μ v − lr · g; w ← w + v. Polyak (1964), as in Sutskever et al. (2013).

    Args:
        momentum: μ, the share of the speed that is kept.
    """

    _: KW_ONLY
    momentum: float = field(default=0.9, metadata=SHARE)
    remembers = 1

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        state[0] = self.momentum * state[0] - lr * g
        return state[0]


class Nesterov(Momentum):
    """v ← μ v − lr · g; w ← w + μ v − lr · g.

    Nesterov's (1983) accelerated gradient, in the form of Bengio et al. (2013) where w
    is the point looked ahead to, at which the gradient is taken.
    """

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        state[0] = self.momentum * state[0] - lr * g
        return self.momentum * state[0] - lr * g


@dataclass(eq=False, repr=False)
class AdaGrad(Optimizer):
    """h ← h + g²; w ← w − lr · g / (√h + ε). Duchi, Hazan & Singer (2011).

    Args:
        epsilon: ε, which keeps the first steps of a flat parameter finite.
    """

    _: KW_ONLY
    epsilon: float = field(default=1e-10, metadata=SHARE)
    remembers = 1
    roots = (0,)

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        state[0] = hypot(state[0], g)  # √h
        return -lr * divide(g, state[0] + self.epsilon)


@dataclass(eq=False, repr=False)
class RMSProp(Optimizer):
    """h ← ρ h + (1 − ρ) g²; w ← w − lr · g / (√h + ε). Tieleman & Hinton (2012).

    Args:
        decay: ρ, the share of the mean square that is kept.
        epsilon: ε, which keeps the steps of a flat parameter finite.
    """

    _: KW_ONLY
    decay: float = field(default=0.99, metadata=SHARE)
    epsilon: float = field(default=1e-8, metadata=SHARE)
    remembers = 1
    roots = (0,)

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        state[0] = average_roots(state[0], g, self.decay)  # √h
        return -lr * divide(g, state[0] + self.epsilon)


@dataclass(eq=False, repr=False)
class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at step t = 1, 2, ... of this parameter.
    Kingma & Ba (2015), algorithm 1.

    Args:
        betas: β₁ and β₂, the shares of the means that are kept.
        epsilon: ε, which keeps the steps of a flat parameter finite.
    """

    lr: float | Schedule = field(default=0.001, metadata=POSITIVE)
    _: KW_ONLY
    betas: tuple[float, float] = field(default=(0.9, 0.999), metadata=SHARE)
    epsilon: float = field(default=1e-8, metadata=SHARE)
    remembers = 3
    roots = (1,)

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        beta1, beta2 = self.betas
        m, root, t = state  # root is √v
        m, root, t = beta1 * m + (1 - beta1) * g, average_roots(root, g, beta2), t + 1
        state[:] = m, root, t
        root = root / sqrt(1 - beta2**t)
        return -lr * divide(m / (1 - beta1**t), root + self.epsilon)


@dataclass(eq=False, repr=False)
class AdamW(Adam):
    """Adam with decoupled decay: w ← w − lr · (m̂ / (√v̂ + ε) + λ w).

    m and v are made of the plain gradient, and the weight decays beside them, by the
    same share however steep the loss is. Loshchilov & Hutter (2019), algorithm 2.

    Args:
        weight_decay: λ.
    """

    _: KW_ONLY
    weight_decay: float = field(default=0.01, metadata=POSITIVE)
    decoupled = True

    @elementwise
    def change(self, w: Any, g: Any, lr: float, state: list[Any]) -> Any:
        return super().change(w, g, lr, state) - lr * self.weight_decay * w


OPTIMIZERS = (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW)
"""All of them: the tests try each, and look for its name in the documentation."""


def check_range(name: str, option: Any, low: float, below: float) -> None:
    """Refuse numbers that are not low ≤ x < below; a schedule is no number.

    Raises:
        OptionError: there is one.
    """
    numbers = option if isinstance(option, (tuple, list)) else [option]
    for x in numbers:
        if not callable(x) and not (is_number(x) and low <= x < below):
            raise OptionError(f"{name}={x!r}: a number from {low} up to below {below}")


def _refuse_step() -> EngineError:
    return EngineError("no parameter has a gradient: call loss.backward() first")


def average_roots(root: Any, g: Any, share: float) -> Any:
    """√(share · root² + (1 − share) · g²), where the squares would overflow, too."""
    return hypot(math.sqrt(share) * root, math.sqrt(1 - share) * g)


def hypot(x: Any, y: Any) -> Any:
    """√(x² + y²), of numbers or of arrays."""
    if hasattr(x, "shape"):
        import numpy as np

        return np.hypot(x, y)
    return math.hypot(x, y)


def sqrt(x: Any) -> Any:
    """√x, of a number or of an array."""
    if hasattr(x, "shape"):
        import numpy as np

        return np.sqrt(x)
    return math.sqrt(x)


def divide(g: Any, size: Any) -> Any:
    """g / size, and 0 for 0/0: with ε = 0, what never had a gradient does not move."""
    if hasattr(g, "shape"):
        import numpy as np

        return np.divide(g, size, out=np.zeros_like(g), where=g != 0)
    return g / size if g else 0.0
