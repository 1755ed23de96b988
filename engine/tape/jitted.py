"""`jit`: record a function once, replay it from then on."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from operator import length_hint
from typing import Any

from engine.autodiff.trace import (
    flatten_numbers,
    is_tracing,
    select_arguments,
    tracing,
    unwrap,
    watching,
)
from engine.autodiff.transforms import value_and_grad
from engine.errors import OptionError, TapeError
from engine.graph.sweep import add_gradients, adjoints
from engine.graph.value import Value
from engine.tape.backends.backend import AUTO, BACKENDS
from engine.tape.calls import (
    Call,
    bind_call,
    check_function,
    check_static,
    keep_method,
    make_key,
)
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
from engine.tape.ir.draws import Draws, drawing
from engine.tape.ir.tape import Tape
from engine.tape.samples import Samples, check_finite, require_numpy
from engine.tape.specializations import (
    Part,
    Specialization,
    Specializations,
    refuse_structure,
)
from engine.util.arrays import close_array
from engine.util.nested import unflatten

CHOICES = {"backend": (AUTO, *BACKENDS), "nonfinite": ("error", "explain", "allow")}


def jit(
    f: Callable[..., Any] | None = None,
    *,
    backend: str = "auto",
    argnums: int | Sequence[int] = 0,
    max_paths: int = 64,
    nonfinite: str = "error",
    threads: int = 1,
    static: str | Sequence[str] = (),
) -> Any:
    """Record `f` at its first call, and replay the tape at every call after it.

    Comparisons of Values in `f`, and errors that it catches, are noticed: for inputs
    that go another way `f` is recorded again. Leaves that `f` closes over, such as a
    model's parameters, are read at each call. Works as a decorator, with or without
    options.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        backend: "python" gives for one sample bit for bit what the engine computes;
            "numpy" and "native" (the compiled core), both of the extra `fast`, are for
            batches, and differ in the last bits. "auto" takes "python" for one sample,
            and for a batch what is faster.
        argnums: by which arguments `value_and_grad` differentiates.
        max_paths: how many ways through its comparisons `f` may have, and how many
            states of what it reads. For so many structures of its arguments, such as
            lengths of a list, tapes are kept; then the oldest go.
        nonfinite: what a batch does about a result or a gradient that is nan or
            infinite: "error", "explain" (an error that says what `why_nan` says), or
            "allow".
        threads: how many share the samples of a large batch in the native back end;
            NumPy's matrix products have settings of their own.
        static: names of arguments that are no numbers to differentiate by: texts,
            None, flags, whole numbers for `range`. There is a tape for each value.
            In a batch they are the same for all samples.

    As a decorator of a method it keeps tapes for each object. Named tuples, dataclasses
    and arguments by keyword are as the same numbers in order; a Series or a table of
    pandas is an array. Pickles and deep copies have no tapes, and record them again.

    `f` may compare Values, loop, and catch what operations raise; it may not take a
    number out of them (`float(v)`, `v.data`), nor change them. Numbers, flags, leaves,
    lists and arrays in its closures, globals and attributes may change between calls:
    `f` is then recorded again. It is run twice for each tape, and what differs from run
    to run (random numbers, the time) is an error, but for the masks of `nn.Dropout`,
    which each replay draws. What nobody can see from outside, a file or a large table
    of a library, is read when it is recorded; and what `f` prints is printed then.

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
            nonfinite=nonfinite, threads=threads, static=static,
        )  # fmt: skip
    return Jitted(f, backend, argnums, max_paths, nonfinite, threads, static)


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
        static: str | Sequence[str] = (),
    ) -> None:
        for name, given in (("backend", backend), ("nonfinite", nonfinite)):
            if given not in CHOICES[name]:
                known = ", ".join(CHOICES[name])
                raise OptionError(f"{name}={given!r}: choose from {known}")
        if not isinstance(threads, int) or threads < 1:
            raise OptionError(f"threads={threads!r}: give a whole number from 1 on")
        check_function(f)
        self.f = f
        self.backend, self.argnums, self.max_paths = backend, argnums, max_paths
        self.threads, self.static = threads, check_static(f, static)
        self._calls: dict[Any, Jitted] = {}
        self.nonfinite = nonfinite
        self.specializations = Specializations(f, max_paths, backend, threads)
        functools.update_wrapper(self, f)

    @property
    def tapes(self) -> list[Tape]:
        """The tapes that were recorded until now."""
        own = [one.tape for _, one in self.specializations.items()]
        return own + [tape for call in self._calls.values() for tape in call.tapes]

    # -- functions, methods, keywords, copies ----------------------------------------

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """The method of an object, with tapes of its own."""
        if not hasattr(type(self.f), "__get__"):
            return self
        bound = self.f.__get__(instance, owner)
        if not hasattr(bound, "__func__") or bound is self.f:
            return self
        return keep_method(bound.__self__, bound, self._make_like)

    def _make_like(self, f: Callable[..., Any]) -> Jitted:
        """The same options for another function."""
        return Jitted(f, *self._list_options())

    def _list_options(self) -> tuple[Any, ...]:
        return (
            self.backend, self.argnums, self.max_paths, self.nonfinite, self.threads,
            self.static,
        )  # fmt: skip

    def __reduce__(self) -> Any:
        """By its name where it has one, as functions do; else f and the options."""
        found: Any = sys.modules.get(getattr(self.f, "__module__", None) or "")
        name = getattr(self.f, "__qualname__", "")
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (Jitted, (self.f, *self._list_options()))

    def __repr__(self) -> str:
        return f"jit({self.f!r})"

    def select_call(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Jitted, tuple[Any, ...]]:
        """What has the tapes for such a call, and the arguments for it."""
        if not kwargs and not self.static:
            return self, args
        call, given = bind_call(self.f, self.static, args, kwargs)
        if not call.keywords and not any(call.places):
            return self, given
        key = make_key(call)
        if key not in self._calls:
            self._calls[key] = self._make_call(call)
        return self._calls[key], given

    def _make_call(self, call: Call) -> Jitted:
        if len(self._calls) >= self.max_paths:
            raise TapeError(
                f"{self!r} has been called with more than {self.max_paths} "
                "static arguments or sets of keywords, and each has a tape: give a "
                "larger max_paths, or numbers as arguments that are not static"
            )
        chosen = select_arguments(self.argnums, call.places)
        _, *options = self._list_options()[:-1]
        options[0] = unwrap(self.argnums, [call.shift(number) for number in chosen])
        return Jitted(call.fill(self.f), self.backend, *options)

    # -- one sample ------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """f(*args), replayed; with Values among the arguments, f itself."""
        if is_tracing() or has_values(args) or (kwargs and has_values(kwargs)):
            return self.f(*args, **kwargs)
        if kwargs or self.static:
            one, args = self.select_call(args, kwargs)
            if one is not self:
                return one(*args)
        keys, numbers = flatten_arguments(args)
        draws = Draws(1)
        result = self._replay(keys, numbers, draws, gradient=False)
        if result is None:
            with drawing(draws, 0):
                output = self.f(*make_values(keys, numbers)[0])
            structure, outputs = flatten_numbers(output, "the result of f")
            return unflatten(structure, map(float, outputs), close_array)
        one, (outputs, *_) = result
        return unflatten(one.recording.output, iter(outputs), close_array)

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[float, Any]:
        """The value, and the gradient by the arguments that `argnums` names.

        It has the structure of the argument; an array's is an array.

        Raises:
            TapeError: `f` gives more than one number.
        """
        if is_tracing():
            differentiate = value_and_grad(self.f, self.argnums)
            return differentiate(*args, **kwargs)  # type: ignore[no-any-return]
        one, args = self.select_call(args, kwargs)
        if one is not self:
            return one.value_and_grad(*args)
        chosen = select_arguments(self.argnums, args)
        arrays = are_arrays(args)
        keys, numbers = join_arrays(args) if arrays else flatten_arguments(args)
        draws = Draws(1)
        result = self._replay(keys, numbers, draws, gradient=True)
        if result is None:
            with drawing(draws, 0):
                value, slopes = _differentiate_eagerly(self.f, keys, numbers)
        else:
            _, ((value,), slopes, _) = result
            slopes = slopes[: len(numbers)]
        if arrays:
            parts = split_arrays(keys, slopes)
        else:
            left = iter(slopes.tolist() if hasattr(slopes, "tolist") else slopes)
            parts = [unflatten_argument(key, left) for key in keys]
        return value, unwrap(self.argnums, [parts[i] for i in chosen])

    def _select(self, parts: list[Any]) -> Any:
        """What belongs to the arguments that `argnums` names."""
        chosen = select_arguments(self.argnums, parts)
        return unwrap(self.argnums, [parts[i] for i in chosen])

    def _replay(
        self, keys: tuple[Any, ...], numbers: list[float], draws: Draws, *,
        gradient: bool,
    ) -> Any:  # fmt: skip
        """The specialization and what it gives.

        None where the derivatives cannot be computed with floats, such as that of √ at
        0; an error of the function itself is raised when its way is recorded.
        """
        tried, raised, recorded = 0, False, False
        while True:
            known = self.specializations.of(keys)
            for one in known[tried:]:
                if gradient:
                    one.require_one_output()
                inputs = numbers
                if one.recording.draws:
                    inputs = [*numbers, *draws.convert(one.recording.draws, 0)]
                try:
                    found = one.replay_sample(inputs, gradient=gradient)
                except (ArithmeticError, ValueError, TypeError):
                    raised, found = True, None
                if found is not None:
                    return one, found
            if recorded and (raised or len(known) == tried):
                return None
            tried = len(known)
            self.specializations.record(keys, numbers, tried, draws)
            recorded = True

    # -- many samples ----------------------------------------------------------------

    def record(self, *args: Any, **kwargs: Any) -> None:
        """Record all ways that these samples go, and compute nothing yet."""
        one, args = self.select_call(args, kwargs)
        if one is not self:
            one.record(*args)
            return
        for _ in self.follow(_collect_samples(args)):
            pass

    def follow(self, samples: Samples, *, before: int = 0) -> Iterator[Part]:
        """Each way with those of the samples that go it; new ways are recorded.

        Args:
            before: how many samples of a collection there are before these.
        """
        for part in self._run_values(samples):
            if part.error is not None and self.nonfinite != "allow":
                outputs = part.outputs[: len(part.one.tape.outputs)]
                some = samples.take(part.which)
                check_finite(self.f, self.nonfinite, some, outputs, before=before)
                raise part.error
            yield part

    def _run_values(self, samples: Samples) -> Iterator[Part]:
        def compute(
            one: Specialization, which: Any, leaves: Sequence[float]
        ) -> tuple[Any, Any]:
            inputs = samples.gather(which, one.recording.draws)
            return one.batch.values(inputs, leaves), None

        keep = self.nonfinite == "allow"
        return self.specializations.run(samples, compute, keep=keep)

    def batch(self, *args: Any, **kwargs: Any) -> Any:
        """f of each sample, for arguments with a row for each sample.

        The result has the structure of f's, with an array in the place of each number.

        Raises:
            ShapeError: the arguments do not have as many samples of one shape.
            TapeError: a result is not finite (see `nonfinite`).
        """
        one, args = self.select_call(args, kwargs)
        if one is not self:
            return one.batch(*args)
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
        return stack_samples(structure, iter(results))

    def value_and_grad_batch(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """The values and gradients of each sample, as `value_and_grad` gives them.

        Arrays have a row for each sample.
        """
        one, args = self.select_call(args, kwargs)
        if one is not self:
            return one.value_and_grad_batch(*args)
        samples = _collect_samples(args)
        select_arguments(self.argnums, samples.keys)
        values, slopes, _ = self._differentiate(samples, by_inputs=True)
        rows = iter(slopes)
        return values, self._select([stack_samples(key, rows) for key in samples.keys])

    def backward(self, *args: Any, **kwargs: Any) -> float:
        """Add the mean gradient to `grad` of every leaf that `f` closes over.

        Give samples as to `batch`, or none to a function of its leaves alone. The
        result is the mean value.
        """
        one, args = self.select_call(args, kwargs)
        if one is not self:
            return one.backward(*args)
        if not args:
            return self._backward_once()
        samples = _collect_samples(args)
        values, _, sums = self._differentiate(samples, by_inputs=False)
        for leaves, gradients in sums:
            add_gradients(leaves, gradients)
        return float(values.sum() / samples.count)

    def _backward_once(self) -> float:
        draws = Draws(1)
        result = self._replay((), [], draws, gradient=True)
        if result is None:
            with drawing(draws, 0), tracing():
                output = _require_number(self.f())
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
        values = np.empty(samples.count)
        slopes = np.empty(samples.columns.shape) if by_inputs else None
        seeds = np.full(samples.count, 1.0 if by_inputs else 1 / samples.count)

        def compute(
            one: Specialization, which: Any, leaves: Sequence[float]
        ) -> tuple[Any, Any]:
            one.require_one_output()
            inputs = samples.gather(which, one.recording.draws)
            outputs, *rest = one.batch.gradient(
                inputs, leaves, seeds[which], by_inputs=by_inputs
            )
            return outputs, rest

        parts = []
        keep = self.nonfinite == "allow"
        for part in self.specializations.run(samples, compute, keep=keep):
            values[part.which] = part.outputs[0]
            if slopes is not None:
                slopes[:, part.which] = part.rest[0][: len(slopes)]
            parts.append(part)
        check_finite(self.f, self.nonfinite, samples, values[None])
        self._check_errors([part.error for part in parts])
        self._check_slopes(samples, slopes, parts)
        sums = [(part.one.recording.leaves, memoryview(part.rest[1])) for part in parts]
        return values, slopes, sums

    def _check_slopes(self, samples: Samples, slopes: Any, parts: list[Part]) -> None:
        """Check the gradients by the inputs; without them those by the leaves."""
        np = require_numpy()
        if slopes is None:
            if all(np.isfinite(part.rest[1]).all() for part in parts):
                return
            slopes = np.zeros((1, samples.count))
            for part in parts:
                inputs = samples.gather(part.which, part.one.recording.draws)
                odd = part.one.find_odd_slopes(inputs, part.one.read_leaves())
                slopes[0, part.which] = odd
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
    """Arguments with a row for each sample; Samples are what has been made of them.

    Each call draws random numbers of its own, if the samples do not bring some.
    """
    one_whole = len(args) == 1 and isinstance(args[0], Samples)
    samples = args[0] if one_whole else Samples.of(args)
    return samples if samples.draws else samples.drawing_from(Draws(samples.count))


def _differentiate_eagerly(
    f: Callable[..., Any], keys: Sequence[Any], numbers: Sequence[float]
) -> tuple[float, list[float]]:
    """With the engine's own arithmetic: what floats cannot do is an error here."""
    args, values = make_values(keys, numbers)
    with tracing(), watching(values):
        output = _require_number(f(*args))
    found = adjoints(output)
    return output.data, [found.get(value, 0.0) for value in values]


def _require_number(output: Any) -> Value:
    """The one number that a function gives, as a Value."""
    structure, numbers = flatten_numbers(output, "the result of f")
    if structure is not None:
        raise refuse_structure(len(numbers))
    [number] = numbers
    return number if isinstance(number, Value) else Value(number)
