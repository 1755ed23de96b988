"""`jit`: record a function once, replay it from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from operator import length_hint
from typing import Any

from engine.autodiff.trace import is_tracing
from engine.autodiff.transforms import value_and_grad
from engine.errors import OptionError
from engine.graph.sweep import add_gradients, adjoints
from engine.tape.backends.backend import AUTO, BACKENDS
from engine.tape.ir.arguments import (
    are_arrays,
    flatten_arguments,
    has_values,
    join_arrays,
    make_values,
    split_arrays,
    stack_samples,
    unflatten_argument,
)
from engine.tape.ir.tape import Tape
from engine.tape.samples import Samples, check_finite, require_numpy
from engine.tape.specializations import Part, Specialization, Specializations
from engine.util.nested import map_tree, unflatten

CHOICES = {"backend": (AUTO, *BACKENDS), "nonfinite": ("error", "explain", "allow")}


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

    Comparisons of Values in `f`, and errors that it catches, are noticed: for inputs
    that go another way `f` is recorded again. Leaves that `f` closes over, such as a
    model's parameters, are read at each call. Works as a decorator, with or without
    options.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        backend: "python" gives for one sample bit for bit what the engine computes;
            "numpy" and "numba" (extra `fast`) are for batches, and differ in the last
            bits. "auto" takes "python" for one sample, and for a batch what is faster.
        argnums: by which arguments `value_and_grad` differentiates.
        max_paths: how many ways through its comparisons `f` may have, and how many
            states of what it reads.
        nonfinite: what a batch does about a result or a gradient that is nan or
            infinite: "error", "explain" (an error that says what `why_nan` says), or
            "allow".
        threads: how many share the samples of a large batch in the Numba back end;
            NumPy's matrix products have settings of their own.

    `f` may compare Values, loop, and catch what operations raise; it may not take a
    number out of them (`float(v)`, `v.data`), nor change them. Numbers, flags, leaves,
    lists and arrays in its closures, globals and attributes may change between calls:
    `f` is then recorded again. It is run twice for each tape, and what differs from run
    to run (random numbers, the time) is an error. What nobody can see from outside, a
    file or a large table of a library, is read when it is recorded; and what `f` prints
    is printed then.

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
        for name, given in (("backend", backend), ("nonfinite", nonfinite)):
            if given not in CHOICES[name]:
                known = ", ".join(CHOICES[name])
                raise OptionError(f"{name}={given!r}: choose from {known}")
        if not isinstance(threads, int) or threads < 1:
            raise OptionError(f"threads={threads!r}: give a whole number from 1 on")
        self.f = f
        self.backend, self.argnums = backend, argnums
        self.nonfinite = nonfinite
        self.specializations = Specializations(f, max_paths, backend, threads)
        functools.update_wrapper(self, f)

    @property
    def tapes(self) -> list[Tape]:
        """The tapes that were recorded until now."""
        return [one.tape for _, one in self.specializations.items()]

    # -- one sample ------------------------------------------------------------------

    def __call__(self, *args: Any) -> Any:
        """f(*args), replayed; with Values among the arguments, f itself."""
        if is_tracing() or has_values(args):
            return self.f(*args)
        keys, numbers = flatten_arguments(args)
        result = self._replay(keys, numbers, gradient=False)
        if result is None:
            return map_tree(float, self.f(*make_values(keys, numbers)[0]))
        one, (outputs, *_) = result
        return unflatten(one.recording.output, iter(outputs))

    def value_and_grad(self, *args: Any) -> tuple[float, Any]:
        """The value, and the gradient by the arguments that `argnums` names.

        It has the structure of the argument; an array's is an array.

        Raises:
            TapeError: `f` gives more than one number.
        """
        if is_tracing():
            return value_and_grad(self.f, self.argnums)(*args)  # type: ignore[no-any-return]
        arrays = are_arrays(args)
        keys, numbers = join_arrays(args) if arrays else flatten_arguments(args)
        result = self._replay(keys, numbers, gradient=True)
        if result is None:
            value, slopes = _differentiate_eagerly(self.f, keys, numbers)
        else:
            _, ((value,), slopes, _) = result
        if arrays:
            return value, self._select(split_arrays(keys, slopes))
        left = iter(slopes)
        return value, self._select([unflatten_argument(key, left) for key in keys])

    def _select(self, parts: list[Any]) -> Any:
        """What belongs to the arguments that `argnums` names."""
        if isinstance(self.argnums, int):
            return parts[self.argnums]
        return tuple([parts[i] for i in self.argnums])

    def _replay(
        self, keys: tuple[Any, ...], numbers: list[float], *, gradient: bool
    ) -> Any:
        """The specialization and what it gives; None where floats raise on the way."""
        tried, raised = 0, False
        while True:
            known = self.specializations.of(keys)
            for one in known[tried:]:
                if gradient:
                    one.require_one_output()
                try:
                    found = one.replay_sample(numbers, gradient=gradient)
                except (ArithmeticError, ValueError, TypeError):
                    raised, found = True, None
                if found is not None:
                    return one, found
            if raised:
                return None
            tried = len(known)
            self.specializations.record(keys, numbers, tried)

    # -- many samples ----------------------------------------------------------------

    def record(self, *args: Any) -> None:
        """Record all ways that these samples go, and compute nothing yet."""
        samples = _collect_samples(args)
        for part in self._run_values(samples):
            if part.error is not None and self.nonfinite != "allow":
                outputs = part.outputs[: len(part.one.tape.outputs)]
                check_finite(self.f, self.nonfinite, samples.take(part.which), outputs)
                raise part.error

    def _run_values(self, samples: Samples) -> Iterator[Part]:
        def compute(one: Specialization, which: Any) -> tuple[Any, Any]:
            inputs = samples.columns[:, which]
            return one.batch.values(inputs, one.read_leaves()), None

        keep = self.nonfinite == "allow"
        return self.specializations.run(samples, compute, keep=keep)

    def batch(self, *args: Any) -> Any:
        """f of each sample, for arguments with a row for each sample.

        The result has the structure of f's, with an array in the place of each number.

        Raises:
            ShapeError: the arguments do not have as many samples of one shape.
            TapeError: a result is not finite (see `nonfinite`).
        """
        samples = _collect_samples(args)
        results: Any = None
        errors = []
        for part in self._run_values(samples):
            if results is None:
                structure, count = part.one.recording.output, len(part.one.tape.outputs)
                results = require_numpy().empty((count, samples.count))
            results[:, part.which] = part.outputs[:count]
            errors.append(part.error)
        check_finite(self.f, self.nonfinite, samples, results)
        self._check_errors(errors)
        return unflatten(structure, iter(results))

    def value_and_grad_batch(self, *args: Any) -> tuple[Any, Any]:
        """The values and gradients of each sample, as `value_and_grad` gives them.

        Arrays have a row for each sample.
        """
        samples = _collect_samples(args)
        values, slopes, _ = self._differentiate(samples, by_inputs=True)
        rows = iter(slopes)
        return values, self._select([stack_samples(key, rows) for key in samples.keys])

    def backward(self, *args: Any) -> float:
        """Add the mean gradient to `grad` of every leaf that `f` closes over.

        Give samples as to `batch`, or none to a function of its leaves alone. The
        result is the mean value.
        """
        if not args:
            return self._backward_once()
        samples = _collect_samples(args)
        values, _, sums = self._differentiate(samples, by_inputs=False)
        for leaves, gradients in sums:
            add_gradients(leaves, gradients)
        return float(values.sum() / samples.count)

    def _backward_once(self) -> float:
        result = self._replay((), [], gradient=True)
        if result is None:
            output = self.f()
            found = adjoints(output)
            leaves = [node for node in found if node.op is None]
            add_gradients(leaves, [found[leaf] for leaf in leaves])
            return float(output.data)
        one, ((value,), _, by_leaf) = result
        add_gradients(one.recording.leaves, by_leaf)
        return float(value)

    def _differentiate(
        self, samples: Samples, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The values, the gradients by the inputs, and those by leaf for each tape.

        Without `by_inputs` the latter are those of the mean, and the former missing.
        """
        np = require_numpy()
        values, slopes = np.empty(samples.count), np.empty(samples.columns.shape)
        seeds = np.full(samples.count, 1.0 if by_inputs else 1 / samples.count)

        def compute(one: Specialization, which: Any) -> tuple[Any, Any]:
            one.require_one_output()
            outputs, *rest = one.batch.gradient(
                samples.columns[:, which], one.read_leaves(), seeds[which],
                by_inputs=by_inputs,
            )  # fmt: skip
            return outputs, rest

        parts = []
        keep = self.nonfinite == "allow"
        for part in self.specializations.run(samples, compute, keep=keep):
            values[part.which] = part.outputs[0]
            if by_inputs:
                slopes[:, part.which] = part.rest[0]
            parts.append(part)
        check_finite(self.f, self.nonfinite, samples, values[None])
        self._check_errors([part.error for part in parts])
        self._check_slopes(samples, slopes if by_inputs else None, parts)
        sums = [(part.one.recording.leaves, part.rest[1].tolist()) for part in parts]
        return values, slopes, sums

    def _check_slopes(self, samples: Samples, slopes: Any, parts: list[Part]) -> None:
        """Check the gradients by the inputs; without them those by the leaves."""
        np = require_numpy()
        if slopes is None:
            if all(np.isfinite(part.rest[1]).all() for part in parts):
                return
            slopes = np.zeros((1, samples.count))
            for part in parts:
                inputs, leaves = samples.columns[:, part.which], part.one.read_leaves()
                slopes[0, part.which] = part.one.find_odd_slopes(inputs, leaves)
        else:
            slopes = slopes[self._select_rows(samples)]
        check_finite(self.f, self.nonfinite, samples, slopes, what="gradient")

    def _select_rows(self, samples: Samples) -> list[int]:
        """The inputs that are part of the arguments that `argnums` names."""
        left, bounds = iter(range(len(samples.columns))), []
        for key in samples.keys:
            start = length_hint(left)
            unflatten_argument(key, left)
            bounds.append(range(start, length_hint(left), -1))
        chosen = self._select(bounds)
        parts = [chosen] if isinstance(self.argnums, int) else chosen
        return [len(samples.columns) - i for part in parts for i in part]

    def _check_errors(self, errors: list[Exception | None]) -> None:
        for error in errors:
            if error is not None and self.nonfinite != "allow":
                raise error


def _collect_samples(args: tuple[Any, ...]) -> Samples:
    """Arguments with a row for each sample; Samples are what has been made of them."""
    if len(args) == 1 and isinstance(args[0], Samples):
        return args[0]
    return Samples.of(args)


def _differentiate_eagerly(
    f: Callable[..., Any], keys: Sequence[Any], numbers: Sequence[float]
) -> tuple[float, list[float]]:
    """With the engine's own arithmetic: what floats cannot do is an error here."""
    args, values = make_values(keys, numbers)
    output = f(*args)
    found = adjoints(output)
    return output.data, [found.get(value, 0.0) for value in values]
