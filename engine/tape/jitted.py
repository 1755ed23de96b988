"""`jit`: record a function once, replay it from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import OptionError
from engine.graph import context
from engine.graph.sweep import add_gradients, adjoints
from engine.tape.batch import Samples, needs_numpy
from engine.tape.ir.arguments import (
    all_apart,
    are_arrays,
    cut,
    fresh,
    has_values,
    joined,
    rebuilt,
    rows_as,
)
from engine.tape.ir.tape import Tape
from engine.tape.nonfinite import checked
from engine.tape.specialization import Path
from engine.tape.specializations import Paths
from engine.util.nested import map_tree

__all__ = ["Jitted", "jit"]

BACKENDS = ("auto", "python", "numpy", "numba")
NONFINITE = ("error", "explain", "allow")


def jit(
    f: Callable[..., Any] | None = None,
    *,
    backend: str = "auto",
    argnums: int | Sequence[int] = 0,
    max_paths: int = 64,
    nonfinite: str = "error",
    threads: int = 1,
) -> Any:
    """Record `f` at its first call, and replay the tape at every call after it.

    Comparisons of Values in `f` are noticed: for inputs that go another way `f` is
    recorded again. Leaves that `f` closes over, such as a model's parameters, are
    read at each call. Works as a decorator, with or without options.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        backend: "python" is bit for bit what the engine computes, "numpy" and "numba"
            (extra `fast`) differ in the last bits; "auto" takes the first for one
            sample and the faster of the others for batches.
        argnums: by which arguments `value_and_grad` differentiates.
        max_paths: how many ways through its comparisons `f` may have.
        nonfinite: what a batch does about a result that is nan or infinite: "error",
            "explain" (an error with the story of `why_nan`), or "allow".
        threads: how many share the samples of a large batch in the Numba back end;
            NumPy's matrix products have settings of their own.

    >>> from engine import Value, tanh
    >>> w = Value(0.5)
    >>> @jit
    ... def f(x, y):
    ...     return (tanh(w * x) - y) ** 2
    >>> f(0.0, 2.0), f.value_and_grad(0.0, 2.0)
    (4.0, (4.0, -2.0))
    >>> f.batch([0.0, 0.0], [2.0, 3.0])
    array([4., 9.])

    Raises:
        OptionError: an option has no such value.
    """
    if f is None:
        return functools.partial(
            jit, backend=backend, argnums=argnums, max_paths=max_paths,
            nonfinite=nonfinite, threads=threads,
        )  # fmt: skip
    return Jitted(f, backend, argnums, max_paths, nonfinite, threads)


class Jitted:
    """What `jit` makes of a function."""

    def __init__(
        self,
        f: Callable[..., Any],
        backend: str,
        argnums: int | Sequence[int],
        max_paths: int,
        nonfinite: str,
        threads: int,
    ) -> None:
        if backend not in BACKENDS:
            raise OptionError(f"backend={backend!r}: choose from {', '.join(BACKENDS)}")
        if nonfinite not in NONFINITE:
            raise OptionError(
                f"nonfinite={nonfinite!r}: choose from {', '.join(NONFINITE)}"
            )
        if not isinstance(threads, int) or threads < 1:
            raise OptionError(f"threads={threads!r}: give a whole number from 1 on")
        self.f = f
        self.backend, self.argnums = backend, argnums
        self.nonfinite = nonfinite
        self.paths = Paths(f, max_paths, backend, threads)
        functools.update_wrapper(self, f)

    @property
    def tapes(self) -> list[Tape]:
        """The tapes that were recorded until now."""
        return [path.tape for _, path in self.paths.items()]

    # -- one sample ------------------------------------------------------------------

    def __call__(self, *args: Any) -> Any:
        """f(*args), replayed; with Values among the arguments, f itself."""
        if context.recorder() is not None or has_values(args):
            return self.f(*args)
        keys, numbers = all_apart(args)
        result = self._replayed(keys, numbers, gradient=False)
        if result is None:
            return map_tree(float, self.f(*fresh(keys, numbers)[0]))
        path, (outputs, *_) = result
        return _structured(path, iter(outputs))

    def value_and_grad(self, *args: Any) -> tuple[float, Any]:
        """The value, and the gradient by the arguments that `argnums` names.

        It has the structure of the argument; an array's is an array.

        Raises:
            TapeError: `f` gives more than one number.
        """
        arrays = are_arrays(args)
        keys, numbers = joined(args) if arrays else all_apart(args)
        result = self._replayed(keys, numbers, gradient=True)
        if result is None:
            value, slopes = _eagerly(self.f, keys, numbers)
        else:
            _, ((value,), slopes, _) = result
        if arrays:
            return value, self._chosen(cut(keys, slopes))
        left = iter(slopes)
        return value, self._chosen([rebuilt(key, left) for key in keys])

    def _chosen(self, parts: list[Any]) -> Any:
        if isinstance(self.argnums, int):
            return parts[self.argnums]
        return tuple([parts[i] for i in self.argnums])

    def _replayed(
        self, keys: tuple[Any, ...], numbers: list[float], *, gradient: bool
    ) -> Any:
        """The path and what it gives; None where floats raise on the way."""
        seen = 0
        while True:
            known = self.paths.of(keys)
            for path in known[seen:]:
                if gradient:
                    path.one_output()
                try:
                    found = path.one_sample(numbers, gradient=gradient)
                except (ArithmeticError, ValueError, TypeError):
                    return None
                if found is not None:
                    return path, found
            seen = len(known)
            self.paths.record(keys, numbers, seen)

    # -- many samples ----------------------------------------------------------------

    def batch(self, *args: Any) -> Any:
        """f of each sample, for arguments with a row for each sample.

        The result has the structure of f's, with an array in the place of each number.

        Raises:
            ShapeError: the arguments do not have as many samples of one shape.
            TapeError: a result is not finite (see `nonfinite`).
        """
        samples = Samples.of(args)
        results: Any = None
        for path, which in self.paths.split(samples):
            found = path.program.values(samples.columns[:, which], path.leaves())
            if results is None:
                first, results = path, needs_numpy().empty((len(found), samples.count))
            results[:, which] = found
        checked(self.f, self.nonfinite, samples, results)
        return _structured(first, iter(results))

    def value_and_grad_batch(self, *args: Any) -> tuple[Any, Any]:
        """The values and gradients of each sample, as `value_and_grad` gives them.

        Arrays have a row for each sample.
        """
        samples = Samples.of(args)
        values, slopes, _ = self._gradients(samples, by_inputs=True)
        rows = iter(slopes)
        return values, self._chosen([rows_as(key, rows) for key in samples.keys])

    def backward(self, *args: Any) -> float:
        """Add the mean gradient to `grad` of every leaf that `f` closes over.

        Give samples as to `batch`, or none to a function of its leaves alone. The
        result is the mean value.
        """
        if not args:
            return self._backward_once()
        samples = args[0] if isinstance(args[0], Samples) else Samples.of(args)
        values, _, sums = self._gradients(samples, by_inputs=False)
        for leaves, gradients in sums:
            add_gradients(leaves, gradients)
        return float(values.sum() / samples.count)

    def _backward_once(self) -> float:
        result = self._replayed((), [], gradient=True)
        if result is None:
            output = self.f()
            found = adjoints(output)
            leaves = [node for node in found if node.op is None]
            add_gradients(leaves, [found[leaf] for leaf in leaves])
            return float(output.data)
        path, ((value,), _, by_leaf) = result
        add_gradients(path.recording.leaves, by_leaf)
        return float(value)

    def _gradients(self, samples: Samples, *, by_inputs: bool) -> tuple[Any, Any, Any]:
        """The values, the gradients by the inputs, and for each path those by leaf.

        Without `by_inputs` the latter are those of the mean, and the former missing.
        """
        np = needs_numpy()
        values, slopes = np.empty(samples.count), np.empty(samples.columns.shape)
        seeds = np.full(samples.count, 1.0 if by_inputs else 1 / samples.count)
        sums = []
        for path, which in self.paths.split(samples):
            path.one_output()
            values[which], part, by_leaf = path.program.gradient(
                samples.columns[:, which], path.leaves(), seeds[which],
                by_inputs=by_inputs,
            )  # fmt: skip
            if by_inputs:
                slopes[:, which] = part
            sums.append((path.recording.leaves, by_leaf.tolist()))
        checked(self.f, self.nonfinite, samples, values[None])
        return values, slopes, sums


def _eagerly(
    f: Callable[..., Any], keys: Sequence[Any], numbers: Sequence[float]
) -> tuple[float, list[float]]:
    """With the engine's own arithmetic: what floats cannot do is an error here."""
    args, values = fresh(keys, numbers)
    output = f(*args)
    found = adjoints(output)
    return output.data, [found.get(value, 0.0) for value in values]


def _structured(path: Path, results: Any) -> Any:
    return map_tree(lambda _: next(results), path.recording.output)
