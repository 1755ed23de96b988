"""Networks out of Values: layers, losses, optimizers, training.

>>> import random
>>> from engine.nn import SGD, Affine, ReLU, Sequential, softmax_cross_entropy
>>> rng = random.Random(0)
>>> model = Sequential(Affine(2, 3, rng=rng), ReLU(), Affine(3, 2, rng=rng))
>>> optimizer = SGD(model.parameters(), lr=0.1)
>>> for step in range(20):
...     optimizer.zero_grad()
...     loss = softmax_cross_entropy(model([1.0, -2.0]), 1)
...     loss.backward()
...     optimizer.step()
>>> loss.data < 0.1
True
"""

from engine.graph.value import parameter
from engine.nn.initializers import gaussian, he, he_uniform, xavier, xavier_uniform
from engine.nn.layers import (
    Affine,
    Dropout,
    Identity,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)
from engine.nn.losses import (
    binary_cross_entropy,
    hinge,
    mean_squared_error,
    one_hot,
    softmax_cross_entropy,
    sum_of_squares,
)
from engine.nn.metrics import accuracy
from engine.nn.micrograd import MLP, Layer, Neuron
from engine.nn.module import Module
from engine.nn.training.fit import TrainingWarning, fit
from engine.nn.training.history import History
from engine.nn.training.optim import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from engine.nn.training.schedules import cosine, exponential, linear, steps

__all__ = [
    "MLP", "SGD", "AdaGrad", "Adam", "AdamW", "Affine", "Dropout", "History",
    "Identity", "Layer", "Linear", "Module", "Momentum", "Nesterov", "Neuron",
    "Optimizer", "RMSProp", "ReLU", "Sequential", "Sigmoid", "Softmax", "Tanh",
    "TrainingWarning", "accuracy", "binary_cross_entropy", "cosine", "exponential",
    "fit", "gaussian", "he", "he_uniform", "hinge", "linear", "mean_squared_error",
    "one_hot", "parameter", "softmax_cross_entropy", "steps", "sum_of_squares",
    "xavier", "xavier_uniform",
]  # fmt: skip
