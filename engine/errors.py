"""The exceptions that the engine raises, each also the builtin kind it belongs to.

An expression on Values fails with the same kind of exception as on floats, so
`except ZeroDivisionError` keeps working; `except EngineError` catches them all.
"""

__all__ = [
    "DivisionByZeroError",
    "DomainError",
    "EngineError",
    "OperandError",
    "RangeError",
    "RowError",
    "StaleGraphError",
    "UnknownOperationError",
]


class EngineError(Exception):
    """The base of every error that the engine raises on purpose."""


class DomainError(EngineError, ValueError):
    """The operation has no real value at these operands, such as log(−1)."""


class DivisionByZeroError(EngineError, ZeroDivisionError):
    """A division, remainder or negative power met a zero."""


class RangeError(EngineError, OverflowError):
    """The result is too large for a float, such as exp(1000)."""


class OperandError(EngineError, TypeError):
    """Something that is neither a real number nor a Value was given."""


class RowError(EngineError, ValueError):
    """A row cannot be added to the table of operations."""


class StaleGraphError(EngineError, RuntimeError):
    """A leaf's `data` was changed after the graph that is read was built."""


class UnknownOperationError(EngineError, LookupError):
    """No row of the table has this name."""
