"""Optimizers: each is one rule that turns a gradient into a change.

A rule works on one parameter: from the gradient g, the rate lr and the numbers that it
remembers in `state`, it gives the change of the parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

from engine.errors import EngineError, ModelFileError, OptionError
from engine.graph.sweep import clear
from engine.graph.value import Value
from engine.nn.serialization import number
from engine.nn.training.schedules import Schedule

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
]


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

    remembers: ClassVar[int] = 0
    """How many numbers the rule keeps for each parameter."""

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise OptionError("there are no parameters to train")
        for parameter in self.parameters:
            if not isinstance(parameter, Value) or parameter.op is not None:
                raise OptionError(f"a parameter is a leaf Value, not {parameter!r:.80}")
        if len(set(self.parameters)) < len(self.parameters):
            raise OptionError("a parameter is given twice: it would move twice a step")
        if not callable(lr):
            within("lr", lr, 0, math.inf)
        within("weight_decay", weight_decay, 0, math.inf)
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        self.state = [[0.0] * self.remembers for _ in self.parameters]

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.lr(self.steps) if callable(self.lr) else self.lr

    def step(self) -> None:
        """Change every parameter by its gradient.

        Raises:
            EngineError: no parameter has a gradient; nothing is changed.
        """
        reached = [i for i, p in enumerate(self.parameters) if p.has_gradient]
        if not reached:
            raise EngineError("no parameter has a gradient: call loss.backward() first")
        lr, decay = self.rate, self.weight_decay
        self.steps += 1
        for i in reached:
            parameter = self.parameters[i]
            gradient = parameter.grad + decay * parameter.data
            parameter.data += self.change(gradient, lr, self.state[i])

    def change(self, g: float, lr: float, state: list[float]) -> float:
        """What is added to a parameter; the rule may change `state` in place."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set the gradients of the parameters to 0."""
        clear(self.parameters)

    def state_dict(self) -> dict[str, Any]:
        """What the optimizer remembers; JSON can hold it."""
        rows = [list(row) for row in self.state]
        return {"rule": type(self).__name__, "steps": self.steps, "state": rows}

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
        self.state = [[number("state", x) for x in row] for row in rows]
        self.steps = steps

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters, lr={self.lr})"


class SGD(Optimizer):
    """Stochastic gradient descent: w ← w − lr · g. Robbins & Monro (1951)."""

    def change(self, g: float, lr: float, state: list[float]) -> float:
        return -lr * g


class Momentum(Optimizer):
    """v ← μ v − lr · g; w ← w + v. Polyak (1964), as in Sutskever et al. (2013).

    Args:
        momentum: μ, the share of the speed that is kept.
    """

    remembers = 1

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay)
        within("momentum", momentum, 0, 1)
        self.momentum = momentum

    def change(self, g: float, lr: float, state: list[float]) -> float:
        state[0] = self.momentum * state[0] - lr * g
        return state[0]


class Nesterov(Momentum):
    """v ← μ v − lr · g; w ← w + μ v − lr · g.

    Nesterov's (1983) accelerated gradient, in the form of Bengio et al. (2013) where w
    is the point looked ahead to, at which the gradient is taken.
    """

    def change(self, g: float, lr: float, state: list[float]) -> float:
        state[0] = self.momentum * state[0] - lr * g
        return self.momentum * state[0] - lr * g


class AdaGrad(Optimizer):
    """h ← h + g²; w ← w − lr · g / (√h + ε). Duchi, Hazan & Singer (2011).

    Args:
        epsilon: ε, which keeps the first steps of a flat parameter finite.
    """

    remembers = 1

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        epsilon: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay)
        within("epsilon", epsilon, 0, 1)
        self.epsilon = epsilon

    def change(self, g: float, lr: float, state: list[float]) -> float:
        state[0] += g * g
        return -lr * ratio(g, math.sqrt(state[0]) + self.epsilon)


class RMSProp(Optimizer):
    """h ← ρ h + (1 − ρ) g²; w ← w − lr · g / (√h + ε). Tieleman & Hinton (2012).

    Args:
        decay: ρ, the share of the mean square that is kept.
        epsilon: ε, which keeps the steps of a flat parameter finite.
    """

    remembers = 1

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        decay: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay)
        within("decay", decay, 0, 1)
        within("epsilon", epsilon, 0, 1)
        self.decay, self.epsilon = decay, epsilon

    def change(self, g: float, lr: float, state: list[float]) -> float:
        state[0] = self.decay * state[0] + (1 - self.decay) * g * g
        return -lr * ratio(g, math.sqrt(state[0]) + self.epsilon)


class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at step t = 1, 2, ... of this parameter.
    Kingma & Ba (2015), algorithm 1.

    Args:
        betas: β₁ and β₂, the shares of the means that are kept.
        epsilon: ε, which keeps the steps of a flat parameter finite.
    """

    remembers = 3

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay)
        for beta in betas:
            within("betas", beta, 0, 1)
        within("epsilon", epsilon, 0, 1)
        self.betas, self.epsilon = betas, epsilon

    def change(self, g: float, lr: float, state: list[float]) -> float:
        beta1, beta2 = self.betas
        m, v, t = state
        m, v, t = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, t + 1
        state[:] = m, v, t
        root = math.sqrt(v / (1 - beta2**t))
        return -lr * ratio(m / (1 - beta1**t), root + self.epsilon)


def within(name: str, x: float, low: float, high: float) -> None:
    """Refuse a number that is not low ≤ x < high."""
    if not low <= x < high:
        raise OptionError(f"{name}={x!r}: a number from {low} up to below {high}")


def ratio(g: float, size: float) -> float:
    """g / size, and 0 for 0/0: with ε = 0, what never had a gradient does not move."""
    return g / size if g else 0.0
