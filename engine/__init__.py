"""dotgrad's engine: scalar Values that record how they were computed.

>>> from engine import Value, tanh
>>> x = Value(0.5, label="x")
>>> y = tanh(3 * x)
>>> y.backward()
>>> round(x.grad, 4)
0.5421
"""

from typing import TYPE_CHECKING

from engine import ops as ops
from engine import ufuncs as ufuncs  # so that NumPy finds its functions on Values
from engine.autodiff.curvature import (
    gauss_newton,
    hessian,
    hessian_diagonal,
    hvp,
)
from engine.autodiff.custom import custom_derivative
from engine.autodiff.implicit import implicit
from engine.autodiff.recompute import recompute
from engine.autodiff.reverse import gradients
from engine.autodiff.taylor import taylor
from engine.autodiff.transforms import (
    derivative,
    grad,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from engine.composed import (
    celu,
    clamp,
    cot,
    csc,
    hardsigmoid,
    hardtanh,
    huber,
    log_sigmoid,
    mish,
    reciprocal,
    sec,
    selu,
)
from engine.errors import (
    DivisionByZeroError,
    DomainError,
    EngineError,
    EscapeError,
    GradientError,
    ModelFileError,
    OperandError,
    OptionError,
    RangeError,
    RowError,
    ShapeError,
    SolutionError,
    StaleGraphError,
    TapeError,
    UnknownOperationError,
)
from engine.explanation.explain import explain
from engine.explanation.labels import path_labels
from engine.explanation.why_nan import why_nan
from engine.explanation.why_zero import why_zero
from engine.functions import (
    dot,
    kl_divergence,
    log_softmax,
    logaddexp,
    logsumexp,
    mean,
    norm,
    prod,
    softmax,
)
from engine.gradcheck.check import (
    GradientRow,
    GradientTable,
    check_gradients,
    gradient_table,
)
from engine.graph.context import no_grad, record_source, scope
from engine.graph.node import Edge, edges, topological_order
from engine.graph.value import Value
from engine.native.core import name as core  # noqa: F401 -- not in a star import
from engine.operation.latex import latex_text
from engine.operation.op import Op
from engine.operation.symbol import where
from engine.ops import *  # noqa: F403 -- a new row needs no line here
from engine.ops import abs as abs  # not in a star import, which would hide a builtin
from engine.ops import max as max
from engine.ops import min as min
from engine.ops import pow as pow
from engine.registry import TABLE, register, unregister
from engine.text import explain_missing

__version__ = "0.1.0"

__all__ = [
    "TABLE",
    "DivisionByZeroError",
    "DomainError",
    "Edge",
    "EngineError",
    "EscapeError",
    "GradientError",
    "GradientRow",
    "GradientTable",
    "ModelFileError",
    "Op",
    "OperandError",
    "OptionError",
    "RangeError",
    "RowError",
    "ShapeError", "SolutionError",
    "StaleGraphError",
    "TapeError",
    "UnknownOperationError",
    "Value",
    "celu",
    "check_gradients",
    "clamp",
    "cot",
    "csc",
    "custom_derivative",
    "derivative",
    "dot",
    "edges",
    "explain",
    "gauss_newton",
    "grad",
    "gradient_table",
    "gradients",
    "hardsigmoid",
    "hardtanh",
    "hessian",
    "hessian_diagonal",
    "huber",
    "hvp", "implicit",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "kl_divergence",
    "latex_text",
    "log_sigmoid",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "mean",
    "mish",
    "no_grad",
    "norm",
    "path_labels",
    "prod",
    "reciprocal",
    "recompute",
    "record_source",
    "register",
    "scope",
    "sec",
    "selu",
    "softmax",
    "stop_gradient",
    "taylor",
    "topological_order",
    "unregister",
    "value_and_grad",
    "vjp",
    "where",
    "why_nan",
    "why_zero",
]  # fmt: skip
__all__ += ops.__all__

if not TYPE_CHECKING:  # which would take any name for a row

    def __getattr__(name: str) -> Op:
        """A row that a program has registered."""
        if name in TABLE:
            return TABLE[name]
        raise explain_missing("engine", name, __dir__())

    def __dir__() -> list[str]:
        return sorted({*globals(), *TABLE})
