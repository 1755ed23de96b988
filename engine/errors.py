"""The exceptions that the engine raises, each also the builtin kind it belongs to.

An expression on Values fails with the same kind of exception as on floats, so
`except ZeroDivisionError` keeps working; `except EngineError` catches them all.
"""

from engine.text import escape, shorten_lines


class EngineError(Exception):
    """The base of every error that the engine raises on purpose.

    >>> from engine import Value
    >>> try:
    ...     Value(1.0) / 0
    ... except EngineError as error:
    ...     print(error)
    truediv(1.0, 0.0): division by zero

    Its text shows control characters, of a label or a file, and does not send them;
    of a line that is very long it shows both ends.
    """

    def __str__(self) -> str:
        return shorten_lines(escape(super().__str__()))


class DomainError(EngineError, ValueError):
    """The operation has no real value at these operands, such as log(−1).

    >>> from engine import Value
    >>> Value(-8.0, label="x") ** 0.5
    Traceback (most recent call last):
        ...
    engine.errors.DomainError: pow('x' = -8.0): the result is a complex number
    """


class DivisionByZeroError(EngineError, ZeroDivisionError):
    """A division, remainder or negative power met a zero.

    >>> from engine import Value
    >>> Value(0.0) ** -1
    Traceback (most recent call last):
        ...
    engine.errors.DivisionByZeroError: pow(0.0): ...
    """


class RangeError(EngineError, OverflowError):
    """The result is too large for a float, such as exp(1000).

    >>> from engine import exp
    >>> exp(1000.0)
    Traceback (most recent call last):
        ...
    engine.errors.RangeError: exp(1000.0): math range error
    """


class EscapeError(EngineError, TypeError):
    """A number leaves the graph while a tape is recorded, and would be frozen there.

    >>> import math
    >>> from engine.tape import jit
    >>> jit(lambda x: x * math.sin(x))(1.0)
    Traceback (most recent call last):
        ...
    engine.errors.EscapeError: float(v) at ... takes the number 1.0 out of the graph...
    """


class GradientError(EngineError, AssertionError):
    """Gradients and numerical differentiation disagree; `table` has the numbers.

    >>> from engine import check_gradients
    >>> check_gradients(lambda x: x * x.detach(), 3.0)
    Traceback (most recent call last):
        ...
    engine.errors.GradientError: 2 of 2 derivatives are wrong...
    """

    table: object = None
    """The whole `GradientTable`."""
    graph: object = None
    """The graph of the function at this point, a Value; a failing test draws it."""


class ModelFileError(EngineError, ValueError):
    """Saved numbers do not belong to this model, or their file is damaged.

    >>> import random
    >>> from engine.nn import Affine
    >>> Affine(1, 1, rng=random.Random(0)).load_state_dict({"weight.0.0": 1.0})
    Traceback (most recent call last):
        ...
    engine.errors.ModelFileError: the state lacks bias.0...
    """


class OperandError(EngineError, TypeError):
    """Something that is neither a real number nor a Value was given.

    >>> from engine import Value
    >>> Value("3")
    Traceback (most recent call last):
        ...
    engine.errors.OperandError: Value wants a real number, not the str...
    """


class OptionError(EngineError, ValueError):
    """An option was given a value that it cannot have.

    >>> from engine import check_gradients
    >>> check_gradients(lambda x: x, 1.0, order=3)
    Traceback (most recent call last):
        ...
    engine.errors.OptionError: order=3: 1 or 2
    """


class RowError(EngineError, ValueError):
    """A row cannot be added to the table of operations.

    >>> from engine import register
    >>> register("tanh", "tanh", lambda x: x, (1,))
    Traceback (most recent call last):
        ...
    engine.errors.RowError: the name 'tanh' is taken: choose another
    """


class ShapeError(EngineError, ValueError):
    """Rows or lists of numbers do not have the lengths that are wanted.

    >>> import random
    >>> from engine.nn import Affine
    >>> Affine(3, 1, rng=random.Random(0))([1.0, 2.0])
    Traceback (most recent call last):
        ...
    engine.errors.ShapeError: Affine(3, 1) wants 3 inputs, not 2
    """


class SolutionError(EngineError, RuntimeError):
    """What a solver gives is no solution, or not the only one near by.

    >>> from engine import grad, implicit
    >>> grad(implicit(lambda x, a: x * x - a)(lambda a: 1.0))(4.0)
    Traceback (most recent call last):
        ...
    engine.errors.SolutionError: what the solver gives is no solution: a step of ...
    """


class StaleGraphError(EngineError, RuntimeError):
    """A leaf's `data` was changed after the graph that is read was built.

    >>> from engine import Value, gradients
    >>> x = Value(2.0)
    >>> y = x * x
    >>> x.data = 5.0
    >>> gradients(y, [x])
    Traceback (most recent call last):
        ...
    engine.errors.StaleGraphError: ...
    """


class TapeError(EngineError, ValueError):
    """A tape cannot be recorded, replayed or read from a file.

    >>> from engine.tape import Tape
    >>> Tape.from_json("{}")
    Traceback (most recent call last):
        ...
    engine.errors.TapeError: this is not the JSON of a tape...
    """


class UnknownOperationError(EngineError, LookupError):
    """No row of the table has this name.

    >>> from engine import unregister
    >>> unregister("sinh2")
    Traceback (most recent call last):
        ...
    engine.errors.UnknownOperationError: the table has no operation 'sinh2'; it has ...
    """
