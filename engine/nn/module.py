"""`Module`: a part of a model, which finds its own parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from os import PathLike
from typing import TYPE_CHECKING, Any

from engine.errors import OptionError
from engine.graph import context
from engine.graph.context import scope
from engine.graph.sweep import clear
from engine.graph.value import Value
from engine.nn import serialization
from engine.util.nested import walk

if TYPE_CHECKING:
    from typing import Self


class Module:
    """A part of a model: its parameters are the leaf Values that it holds.

    They are found in its attributes, in order, and in lists, tuples, dicts and
    modules within. A subclass has `forward`, or a `__call__` of its own. Nodes that
    it makes are in a scope that is named like the attribute which holds the module,
    such as "hidden", or "blocks 2" for the second of a list.

    >>> from engine.nn import parameter
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = parameter(2.0)
    ...         self.offsets = [parameter(1.0)]
    ...     def forward(self, x):
    ...         return self.slope * x + self.offsets[0]
    >>> line = Line()
    >>> line(3.0).data, line.state_dict()
    (7.0, {'slope': 2.0, 'offsets.0': 1.0})
    """

    _scope = ""
    training = True
    """Whether it is trained now; `Dropout` does nothing where it is not."""

    def __setattr__(self, name: str, value: Any) -> None:
        _name_scopes(name, value)
        object.__setattr__(self, name, value)

    def __call__(self, *args: Any, **options: Any) -> Any:
        with scope(self._scope) if self._scope else nullcontext():
            return self.forward(*args, **options)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: define forward(self, x)"
        )

    def parameters(self) -> list[Value]:
        """The parameters in order, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Pairs of a name and a parameter, such as ("hidden.weight.0.2", w)."""
        return _find_parameters(self, "", set())

    def modules(self) -> Iterator[Module]:
        """The module itself, and all modules within, each once."""
        return _find_modules(self, set())

    def train(self, mode: bool = True) -> Self:
        """Say that this and all modules within are trained from now on, or are not."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Say that they are used as they are: `Dropout` lets everything through."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Set the gradients of the parameters to 0."""
        clear(self.parameters())

    def state_dict(self) -> dict[str, float]:
        """The numbers of the parameters by name; JSON can hold it.

        Raises:
            OptionError: two parameters have one name.
        """
        parameters = self._collect_by_name()
        if context.active or context.watchers:
            for parameter in parameters.values():
                context.report_escape(parameter, "state_dict()", sys._getframe(1))
        return {name: float(p.data) for name, p in parameters.items()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters to what `state_dict` gave.

        Raises:
            ModelFileError: names are missing or unknown, or something is not a number;
                no parameter is changed then.
        """
        parameters = self._collect_by_name()
        numbers = serialization.match_numbers(state, parameters)
        for name, parameter in parameters.items():
            parameter.data = numbers[name]

    def save(self, path: str | PathLike[str]) -> None:
        """Write the parameters to a file of JSON; it is whole or not there.

        Raises:
            OSError: the file cannot be written.
        """
        serialization.write(
            path, "model", {"parameters": self.state_dict()}, repr(self)
        )

    def load(self, path: str | PathLike[str]) -> None:
        """Set the parameters to what `save` wrote, bit for bit.

        Raises:
            OSError: the file cannot be read.
            ModelFileError: it is damaged, of another kind, or of another model;
                no parameter is changed then.
        """
        with serialization.name_file(path):
            body = serialization.read(path, "model", ("parameters",))
            self.load_state_dict(body["parameters"])

    def _collect_by_name(self) -> dict[str, Value]:
        named: dict[str, Value] = {}
        for name, parameter in self.named_parameters():
            if name in named:
                raise OptionError(f"two parameters are named {name}: rename a key")
            named[name] = parameter
        return named

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{name}={part!r}"
            for name, part in vars(self).items()
            if isinstance(part, Module)
        )
        return f"{type(self).__name__}({inside})"


def call_in_scope(name: str, part: Callable[[Any], Any], x: Any) -> Any:
    """part(x) in the scope `name`, which takes the place of the module's own."""
    own = isinstance(part, Module) and type(part).__call__ is Module.__call__
    with scope(name):
        return part.forward(x) if own else part(x)  # type: ignore[attr-defined]


def _name_scopes(name: str, thing: Any) -> None:
    """Name the scope of each module in it after the attribute that held it first."""
    for keys, part in walk(thing, first=1):
        if isinstance(part, Module):
            vars(part).setdefault("_scope", " ".join([name, *map(str, keys)]))


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Let the modules be as after `eval`, and then as they were."""
    modules = model.modules() if isinstance(model, Module) else ()  # or a function
    before = [(module, vars(module).get("training")) for module in modules]
    try:
        for module, _ in before:
            module.training = False
        yield
    finally:
        for module, mode in before:
            if mode is None:  # as before: what holds a tape may look at this
                del module.training
            else:
                module.training = mode


def _find_modules(module: Module, seen: set[int]) -> Iterator[Module]:
    seen.add(id(module))
    yield module
    for thing in list(vars(module).values()):
        for _, part in walk(thing):
            if isinstance(part, Module) and id(part) not in seen:
                yield from _find_modules(part, seen)


def _find_parameters(
    module: Module, name: str, seen: set[int]
) -> Iterator[tuple[str, Value]]:
    seen.add(id(module))
    for attribute, thing in list(vars(module).items()):
        for keys, part in walk(thing):
            if id(part) in seen or not isinstance(part, (Module, Value)):
                continue
            seen.add(id(part))
            path = ".".join([*filter(None, [name]), attribute, *map(str, keys)])
            if isinstance(part, Module):
                yield from _find_parameters(part, path, seen)
            elif part.op is None:
                yield path, part
